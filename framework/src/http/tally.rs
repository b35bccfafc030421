//! What is counted of an application's WebSockets, for its metrics.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    sessions: AtomicI64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Tally {
    pub(crate) fn opened(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.sessions.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Sessions that are open, messages that came, messages that went.
    pub(crate) fn numbers(&self) -> (i64, u64, u64) {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (self.sessions.load(Ordering::Relaxed), number(&self.received), number(&self.sent))
    }
}
