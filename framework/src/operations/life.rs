//! How servers are, as those see it who are told of them.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What a server says of its life.
pub(crate) trait Life: Send + Sync {
    /// Whether it takes connections, and means to go on doing so.
    fn is_ready(&self) -> bool;

    /// How many connections are open.
    fn connections(&self) -> usize;
}

/// The servers that serve an application. Clones stand for the same ones.
#[derive(Clone, Default)]
pub(crate) struct Lives(Arc<Mutex<Vec<Weak<dyn Life>>>>);

impl Lives {
    /// Remembers one, for as long as it is there.
    pub(crate) fn add<L: Life + 'static>(&self, life: &Arc<L>) {
        let life: Weak<dyn Life> = Arc::downgrade(life) as Weak<L>;
        let mut lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lives.retain(|life| life.strong_count() > 0);
        lives.push(life);
    }

    /// Whether one of them takes requests.
    pub(crate) fn is_ready(&self) -> bool {
        self.all().iter().any(|life| life.is_ready())
    }

    /// How many connections are open to all of them.
    pub(crate) fn connections(&self) -> usize {
        self.all().iter().map(|life| life.connections()).sum()
    }

    fn all(&self) -> Vec<Arc<dyn Life>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }
}
