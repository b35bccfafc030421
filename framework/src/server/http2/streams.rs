//! What a connection and the tasks of its streams share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use h2::RecvStream;

use crate::server::Counted;

/// See the head of this file.
pub(super) struct Streams {
    pub(super) counted: Counted,
    /// Streams at work.
    open: AtomicUsize,
    /// Streams that the peer has reset before they were answered, less those that were answered: never below zero.
    reset: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Bodies that nobody reads to their end.
    unread: Vec<RecvStream>,
    driver: Option<Waker>,
}

/// One stream at work, until it is dropped.
pub(super) struct Place {
    pub(super) streams: Arc<Streams>,
    /// It was answered to its end, or we gave it up.
    pub(super) is_settled: bool,
}

impl Streams {
    pub(super) fn new(counted: Counted) -> Arc<Streams> {
        Arc::new(Streams {
            counted,
            open: AtomicUsize::new(0),
            reset: AtomicUsize::new(0),
            state: Mutex::default(),
        })
    }

    pub(super) fn enter(self: &Arc<Streams>) -> Place {
        self.open.fetch_add(1, Ordering::Relaxed);
        Place { streams: Arc::clone(self), is_settled: false }
    }

    /// A stream has been answered at once.
    pub(super) fn answered(&self) {
        if self.reset.load(Ordering::Relaxed) > 0 {
            let less = |count: usize| count.checked_sub(1);
            let _ = self.reset.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    /// Wakes this task when there is something to do for the connection.
    pub(super) fn wait(&self, cx: &Context<'_>) {
        let mut state = self.state();
        if !state.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            state.driver = Some(cx.waker().clone());
        }
    }

    /// How many streams are at work.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// How many streams the peer has reset beyond those that were answered.
    pub(super) fn resets(&self) -> usize {
        self.reset.load(Ordering::Relaxed)
    }

    /// Leaves the rest of a body to the connection.
    pub(super) fn leave_unread(&self, body: RecvStream) {
        let mut state = self.state();
        state.unread.push(body);
        state.wake();
    }

    /// What was left to it.
    pub(super) fn take_unread(&self) -> Vec<RecvStream> {
        std::mem::take(&mut self.state().unread)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_settled {
            self.streams.answered();
        } else {
            self.streams.reset.fetch_add(1, Ordering::Relaxed);
        }
        let was_last = self.streams.open.fetch_sub(1, Ordering::AcqRel) == 1;
        if was_last || !self.is_settled {
            self.streams.state().wake();
        }
    }
}
