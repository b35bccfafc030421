//! What a connection and the tasks of its streams share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use h2::RecvStream;

use crate::server::Counted;

/// See the head of this file.
pub(super) struct Streams {
    pub(super) counted: Counted,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Streams at work.
    open: usize,
    /// Streams that the peer has reset before they were answered, less those that were answered: never below zero.
    reset: usize,
    /// Bodies that nobody reads to their end.
    unread: Vec<RecvStream>,
    driver: Option<Waker>,
}

/// One stream at work, until it is dropped.
pub(super) struct Place {
    pub(super) streams: Arc<Streams>,
    /// It was answered to its end.
    pub(super) is_answered: bool,
}

impl Streams {
    pub(super) fn new(counted: Counted) -> Arc<Streams> {
        Arc::new(Streams { counted, state: Mutex::default() })
    }

    pub(super) fn enter(self: &Arc<Streams>) -> Place {
        self.state().open += 1;
        Place { streams: Arc::clone(self), is_answered: false }
    }

    /// A stream has been answered at once.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.reset = state.reset.saturating_sub(1);
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
        self.state().open
    }

    /// How many streams the peer has reset beyond those that were answered.
    pub(super) fn resets(&self) -> usize {
        self.state().reset
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
        let mut state = self.streams.state();
        state.open -= 1;
        if self.is_answered {
            state.reset = state.reset.saturating_sub(1);
        } else {
            state.reset += 1;
        }
        if state.open == 0 || !self.is_answered {
            state.wake();
        }
    }
}
