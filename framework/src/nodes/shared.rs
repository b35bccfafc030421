//! What the parts of a node share: what is to be sent, how Redis knows the node, and what is wrong.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::connection::Connection;
use redis::{Cmd, Value};
use tokio::sync::{Notify, watch};

use super::envelope::Sender;
use super::local::Local;
use super::queue::Queue;
use super::script::Script;
use super::settings::Settings;
use crate::base::say;
use crate::http::{Error, Result};

/// See the head of this file.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) base: String,
    pub(super) sender: Sender,
    pub(super) local: Weak<dyn Local>,
    queue: Mutex<Queue>,
    /// Something is to be done: for the writer.
    pub(super) bell: Notify,
    /// As other nodes know it, while Redis is there.
    pub(super) standing: watch::Sender<Option<Standing>>,
    /// How many changes of members all nodes may know of.
    pub(super) known: watch::Sender<u64>,
    /// What is wrong with Redis.
    trouble: Mutex<Option<String>>,
    pub(super) is_running: AtomicBool,
    pub(super) is_closed: AtomicBool,
    suspicion: Mutex<Option<(Arc<str>, Suspicion)>>,
    pub(super) gaps: AtomicU64,
}

/// What somebody else than the writer has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// Redis does not know the node, or spoils what is its own.
    Unknown,
    /// Redis has forgotten something.
    Forgotten,
}

/// A node as Redis knows it.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) node: Arc<str>,
    pub(super) epoch: Arc<str>,
    pub(super) connection: Connection,
}

impl Shared {
    /// What all of it begins with.
    pub(super) fn new(settings: Settings, local: Weak<dyn Local>) -> Shared {
        let mut sender = [0; 16];
        getrandom::fill(&mut sender).expect("the system has random bytes");
        Shared {
            base: settings.base(),
            sender,
            local,
            queue: Mutex::new(Queue::new(settings.queue_size)),
            bell: Notify::new(),
            standing: watch::Sender::new(None),
            known: watch::Sender::new(0),
            trouble: Mutex::default(),
            is_running: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            suspicion: Mutex::default(),
            gaps: AtomicU64::new(0),
            settings,
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a script of a node, within the time of an answer. Gives its status, and what follows.
    pub(super) async fn call(
        &self,
        standing: &Standing,
        script: &Script,
        fill: impl Fn(&mut Cmd),
    ) -> Result<(i64, Vec<Value>), String> {
        let fill = |command: &mut Cmd| {
            command.arg(&*self.base).arg(&*standing.node).arg(&*standing.epoch);
            fill(command);
        };
        let key = self.key("epoch");
        let asking = script.run(&standing.connection, &key, fill);
        let answer = match tokio::time::timeout(self.settings.timeout, asking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(format!("{} failed: {error}", self.settings.server.name())),
            Err(_) => return Err(self.silent()),
        };
        let Value::Array(mut answer) = answer else { return Err(self.odd()) };
        if answer.is_empty() {
            return Err(self.odd());
        }
        match answer.remove(0) {
            Value::Int(status) => Ok((status, answer)),
            _ => Err(self.odd()),
        }
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.base)
    }

    pub(super) fn silent(&self) -> String {
        let Settings { server, timeout, .. } = &self.settings;
        format!("{} does not answer within {timeout:?} (timeout)", server.name())
    }

    pub(super) fn odd(&self) -> String {
        format!("{} has given an answer that no script gives", self.settings.server.name())
    }

    /// Tells the writer what is wrong with a node.
    pub(super) fn suspect(&self, node: &Arc<str>, suspicion: Suspicion) {
        let mut known = self.suspicion.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Arc::clone(node), suspicion));
        drop(known);
        self.bell.notify_one();
    }

    /// What is wrong with this node; what was said of others is forgotten.
    pub(super) fn suspicion(&self, node: &str) -> Option<Suspicion> {
        let known = self.suspicion.lock().unwrap_or_else(PoisonError::into_inner).take();
        known.filter(|(of, _)| **of == *node).map(|(_, suspicion)| suspicion)
    }

    /// Messages may have been missed.
    pub(super) fn gap(&self, why: &str) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
        say!(warn, "messages of other nodes may have been missed: {why}");
        if let Some(local) = self.local.upgrade() {
            local.gap();
        }
    }

    /// Remembers what is wrong, and says it once.
    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        let mut known = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*known, &trouble) {
            (None, Some(why)) => say!(error, "rooms do not reach other nodes: {why}"),
            (Some(_), None) => say!(info, "rooms reach other nodes again"),
            _ => {}
        }
        *known = trouble;
    }

    pub(super) fn trouble_told(&self) -> String {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().map(|why| format!("; {why}")).unwrap_or_default()
    }

    /// Other nodes cannot be reached.
    pub(super) fn unavailable(&self) -> Error {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        unreachable(trouble.unwrap_or_else(|| self.silent()))
    }
}

/// What strangers may hear of it; why is for the log.
#[cold]
pub(super) fn unreachable(why: String) -> Error {
    Error::unavailable("Other nodes cannot be reached at the moment; try again later.")
        .header("retry-after", "1")
        .caused_by(why)
}
