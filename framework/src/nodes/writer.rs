//! Speaks for a node: registers it, renews its lease, tells who is in, and sends. One thing after the other, over one connection,
//! so that all comes in its order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::connection::Connection;
use redis::{Cmd, FromRedisValue, Value};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::backoff::Backoff;
use super::envelope::Head;
use super::name::fresh_id;
use super::queue::{BATCH, Change};
use super::reader;
use super::script::{BEAT, CHANGE, LEAVE, PUBLISH, REGISTER, Script, status};
use super::shared::{Shared, Standing, Suspicion};
use crate::io::clock;

/// Works until the node is closed.
pub(super) async fn write(shared: Arc<Shared>) {
    let reading = tokio::spawn(reader::read(Arc::clone(&shared)));
    let _running = Running { shared: Arc::clone(&shared), reading };
    let mut writer = Writer {
        shared,
        standing: None,
        node: "".into(),
        epoch: "".into(),
        news: (0, Vec::new()),
        mark: None,
        reached: Instant::now(),
        has_forgotten: false,
        next_beat: Instant::now(),
    };
    let mut backoff = Backoff::default();
    while !writer.shared.is_closed.load(Ordering::Acquire) {
        match writer.work(&mut backoff).await {
            Ok(()) => return,
            Err(Stopped::Anew) => writer.standing = None,
            Err(Stopped::Failed(why)) => {
                writer.shared.standing.send_replace(None);
                writer.shared.set_trouble(Some(why));
                backoff.wait().await;
            }
        }
    }
}

/// Ends with the task, however that ends.
struct Running {
    shared: Arc<Shared>,
    reading: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.reading.abort();
        self.shared.standing.send_replace(None);
        self.shared.is_running.store(false, Ordering::Release);
    }
}

struct Writer {
    shared: Arc<Shared>,
    /// As Redis knows the node; its connection may be dead. `None`: it is to be registered.
    standing: Option<Standing>,
    /// The names that were used last; empty before.
    node: Arc<str>,
    epoch: Arc<str>,
    /// News on their way, and how many were sent before.
    news: (u64, Vec<Change>),
    /// What was sent up to here, and what each node has to read until it has read that.
    mark: Option<(u64, HashMap<String, i64>)>,
    /// When Redis last knew the node.
    reached: Instant,
    has_forgotten: bool,
    next_beat: Instant,
}

/// Why work has stopped.
enum Stopped {
    /// The connection is no good.
    Failed(String),
    /// The node must register anew.
    Anew,
}

impl Writer {
    /// Works over one connection. Ends well only when the node is closed.
    async fn work(&mut self, backoff: &mut Backoff) -> Result<(), Stopped> {
        let connection = self.connect().await?;
        let standing = match self.standing.clone() {
            Some(standing) => {
                let standing = Standing { connection, ..standing };
                // It may not be known any more.
                self.beat(&standing).await?;
                standing
            }
            None => self.register(connection).await?,
        };
        self.standing = Some(standing.clone());
        let shared = Arc::clone(&self.shared);
        shared.standing.send_replace(Some(standing.clone()));
        shared.set_trouble(None);
        *backoff = Backoff::default();
        loop {
            if shared.is_closed.load(Ordering::Acquire) {
                let _ = shared.call(&standing, &LEAVE, |_| {}).await;
                return Ok(());
            }
            match shared.suspicion(&standing.node) {
                Some(Suspicion::Forgotten) => return Err(self.forgotten()),
                Some(Suspicion::Unknown) => return Err(Stopped::Anew),
                None if shared.queue().news.is_lost => return Err(Stopped::Anew),
                None => {}
            }
            if Instant::now() >= self.next_beat {
                self.beat(&standing).await?;
            }
            let has_told = self.tell_news(&standing).await?;
            match self.send(&standing).await? {
                Some(pause) => tokio::time::sleep(pause).await,
                None if has_told || shared.queue().has_posts() => {}
                None => drop(timeout_at(self.next_beat, shared.bell.notified()).await),
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Stopped> {
        let within = self.shared.settings.timeout;
        let server = &self.shared.settings.server;
        match timeout(within, server.connect(within, Some(within))).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(Stopped::Failed(format!("{} cannot be used: {error}", server.name()))),
            Err(_) => Err(Stopped::Failed(self.shared.silent())),
        }
    }

    /// Makes the node known under a new name, with all its members.
    async fn register(&mut self, connection: Connection) -> Result<Standing, Stopped> {
        let shared = Arc::clone(&self.shared);
        let (node, before): (Arc<str>, _) = (fresh_id().into(), std::mem::replace(&mut self.node, "".into()));
        self.node = Arc::clone(&node);
        self.news = (0, Vec::new());
        self.mark = None;
        let (all, rest) = {
            let queue = shared.queue();
            (queue.oldest_number() - 1, queue.first_number() - 1)
        };
        let is_known = !self.epoch.is_empty();
        // Others could not renew their leases either, if Redis was away for so long: they are given time to come back.
        let settles = is_known && self.reached.elapsed() >= shared.settings.lease / 2;
        let (key, fresh_epoch) = (shared.key("epoch"), fresh_id());
        let asking = REGISTER.run(&connection, &key, |command| {
            command.arg(&*shared.base).arg(&*node).arg(&fresh_epoch).arg(&*self.epoch);
            command.arg(i32::from(self.has_forgotten)).arg(i32::from(settles)).arg(millis(SETTLING));
            command.arg(millis(shared.settings.lease)).arg(all).arg(rest).arg(&*before);
        });
        let answer = match timeout(shared.settings.timeout, asking).await {
            Ok(Ok(answer)) => String::from_redis_value(answer).map_err(|_| Stopped::Failed(shared.odd()))?,
            Ok(Err(error)) => {
                return Err(Stopped::Failed(format!("{} failed: {error}", shared.settings.server.name())));
            }
            Err(_) => return Err(Stopped::Failed(shared.silent())),
        };
        let is_other = is_known && *answer != *self.epoch;
        if is_other {
            shared.queue().repeat_kept();
        }
        (self.epoch, self.has_forgotten) = (answer.into(), false);
        let standing = Standing { node, epoch: Arc::clone(&self.epoch), connection };
        self.introduce(&standing).await?;
        if is_known {
            let why =
                if is_other { "Redis has lost what it knew" } else { "the lease of this node has run out" };
            shared.gap(why);
        }
        Ok(standing)
    }

    /// Tells all who are in rooms.
    async fn introduce(&mut self, standing: &Standing) -> Result<(), Stopped> {
        let shared = Arc::clone(&self.shared);
        let told = shared.queue().news.restart();
        let rooms = shared.local.upgrade().map(|local| local.members()).unwrap_or_default();
        let mut batch = Vec::new();
        for (room, members) in rooms {
            for member in members {
                batch.push(Change { room: Arc::clone(&room), member, is_in: true });
                if batch.len() == BATCH {
                    self.change(standing, &batch).await?;
                    batch.clear();
                }
            }
        }
        if !batch.is_empty() {
            self.change(standing, &batch).await?;
        }
        let mut queue = shared.queue();
        queue.news.known = told;
        shared.known.send_replace(told);
        Ok(())
    }

    /// Tells some of those who came and went; `false`: there are none.
    async fn tell_news(&mut self, standing: &Standing) -> Result<bool, Stopped> {
        if self.news.1.is_empty() {
            // What was sent once must be repeated as it was, under its number.
            self.news.1 = self.shared.queue().news.batch();
        }
        let batch = std::mem::take(&mut self.news.1);
        if batch.is_empty() {
            return Ok(false);
        }
        let done = self.change(standing, &batch).await;
        if let Err(stopped) = done {
            self.news.1 = batch;
            return Err(stopped);
        }
        let mut queue = self.shared.queue();
        queue.news.done(batch.len());
        self.shared.known.send_replace(queue.news.known);
        Ok(true)
    }

    async fn change(&mut self, standing: &Standing, batch: &[Change]) -> Result<(), Stopped> {
        let (lease, number) = (millis(self.shared.settings.lease), self.news.0 + 1);
        self.ask(standing, &CHANGE, |command| {
            command.arg(lease).arg(number);
            for Change { room, member, is_in } in batch {
                command.arg(&**room).arg(&member[..]).arg(i32::from(*is_in));
            }
        })
        .await?;
        self.news.0 = number;
        Ok(())
    }

    /// Sends some messages. Gives how long to wait before more are sent.
    async fn send(&mut self, standing: &Standing) -> Result<Option<Duration>, Stopped> {
        let batch = self.shared.queue().batch(Instant::now());
        if batch.is_empty() {
            return Ok(None);
        }
        let (limit, sender) = (self.shared.settings.inbox_size, self.shared.sender);
        let asking = self.call(standing, &PUBLISH, |command| {
            command.arg(limit);
            for (number, room, is_text, payload) in &batch {
                let head = Head { is_text: *is_text, sender, number: *number };
                command.arg(*number).arg(&head.encode()[..]).arg(&**room).arg(&payload[..]);
            }
        });
        match asking.await? {
            (status::DONE, fates) => {
                let fates: Vec<_> =
                    fates.iter().filter_map(|fate| i64::from_redis_value_ref(fate).ok()).collect();
                if fates.len() != batch.len() {
                    return Err(Stopped::Failed(self.shared.odd()));
                }
                self.shared.queue().answered(&fates);
                Ok(None)
            }
            (status::SETTLING, left) => {
                let left = left.first().and_then(|left| u64::from_redis_value_ref(left).ok()).unwrap_or(0);
                Ok(Some(Duration::from_millis(left.clamp(1, 50))))
            }
            (status::FORGOTTEN, _) => Err(self.forgotten()),
            _ => Err(Stopped::Anew),
        }
    }

    /// Renews the lease, and learns what others have read.
    async fn beat(&mut self, standing: &Standing) -> Result<(), Stopped> {
        let lease = millis(self.shared.settings.lease);
        let answer = self
            .ask(standing, &BEAT, |command| {
                command.arg(lease);
            })
            .await?;
        self.next_beat = clock::after(self.shared.settings.beat());
        let mut answer = answer.into_iter();
        let mut number = || answer.next().and_then(|number| u64::from_redis_value(number).ok()).unwrap_or(0);
        let (taken, news) = (number(), number());
        let mut counts = HashMap::new();
        while let (Some(node), Some(added), Some(read)) = (answer.next(), answer.next(), answer.next()) {
            let (Ok(node), Value::Int(added), Value::Int(read)) =
                (String::from_redis_value(node), added, read)
            else {
                continue;
            };
            counts.insert(node, (added, read));
        }
        let mut queue = self.shared.queue();
        // A replica that has become the primary may not have been told all.
        if taken < queue.last_taken() || news < self.news.0 {
            drop(queue);
            return Err(self.forgotten());
        }
        match self.mark.take() {
            Some((number, marks)) => {
                // A node that is gone reads nothing any more.
                let is_read =
                    marks.iter().all(|(node, added)| counts.get(node).is_none_or(|(_, read)| read >= added));
                if is_read {
                    queue.confirm(number);
                } else {
                    self.mark = Some((number, marks));
                }
            }
            None if queue.has_kept() => {
                let marks = counts.into_iter().map(|(node, (added, _))| (node, added)).collect();
                self.mark = Some((queue.last_taken(), marks));
            }
            None => {}
        }
        Ok(())
    }

    /// Redis has lost something: all shall notice.
    fn forgotten(&mut self) -> Stopped {
        self.has_forgotten = true;
        Stopped::Anew
    }

    /// Runs a script that either does what it shall, or does not know the node.
    async fn ask(
        &mut self,
        standing: &Standing,
        script: &Script,
        fill: impl Fn(&mut Cmd),
    ) -> Result<Vec<Value>, Stopped> {
        match self.call(standing, script, fill).await? {
            (status::DONE, answer) => Ok(answer),
            _ => Err(Stopped::Anew),
        }
    }

    async fn call(
        &mut self,
        standing: &Standing,
        script: &Script,
        fill: impl Fn(&mut Cmd),
    ) -> Result<(i64, Vec<Value>), Stopped> {
        let answer = self.shared.call(standing, script, fill).await.map_err(Stopped::Failed)?;
        if matches!(answer.0, status::DONE | status::SETTLING) {
            self.reached = Instant::now();
        }
        Ok(answer)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How long nothing is sent when Redis has lost what it knew, so that all nodes can register before.
const SETTLING: Duration = Duration::from_secs(2);
