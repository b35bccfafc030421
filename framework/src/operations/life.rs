//! How servers are, as those see it who are told of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::io::stop;

/// What a server says of its life.
pub(crate) trait Life: Send + Sync {
    /// Whether it takes connections, and means to go on doing so.
    fn is_ready(&self) -> bool;

    /// How many connections are open.
    fn connections(&self) -> usize;
}

/// The servers that serve an application.
pub(crate) struct Lives {
    all: Mutex<Vec<Weak<dyn Life>>>,
    /// The application has been stopped.
    is_over: AtomicBool,
    /// How often the process had been told to stop when the application began.
    stops: u64,
}

impl Default for Lives {
    fn default() -> Lives {
        Lives { all: Mutex::default(), is_over: AtomicBool::new(false), stops: stop::times() }
    }
}

impl Lives {
    /// Remembers one, for as long as it is there.
    pub(crate) fn add<L: Life + 'static>(&self, life: &Arc<L>) {
        let life: Weak<dyn Life> = Arc::downgrade(life) as Weak<L>;
        let mut lives = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        lives.retain(|life| life.strong_count() > 0);
        lives.push(life);
    }

    /// The application takes no more requests.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Whether one of them takes requests. An application that somebody else serves, request by request, is ready until it, or
    /// the process, is told to stop.
    pub(crate) fn is_ready(&self) -> bool {
        if self.is_over.load(Ordering::SeqCst) {
            return false;
        }
        let all = self.all();
        if all.is_empty() { stop::times() == self.stops } else { all.iter().any(|life| life.is_ready()) }
    }

    /// How many connections are open to all of them.
    pub(crate) fn connections(&self) -> usize {
        self.all().iter().map(|life| life.connections()).sum()
    }

    fn all(&self) -> Vec<Arc<dyn Life>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }
}
