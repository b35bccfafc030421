//! What a connection and the tasks of its streams share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use h2::{FlowControl, RecvStream, StreamId};

use crate::http::Way;
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
    /// What bodies hold that somebody reads, or means to.
    held: Vec<(StreamId, FlowControl)>,
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

    /// A stream has been reset before it was answered at once.
    pub(super) fn was_reset(&self) {
        self.reset.fetch_add(1, Ordering::Relaxed);
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

    /// A body of this connection may hold some of its window from now on.
    pub(super) fn hold(&self, body: &mut RecvStream) {
        let one = (body.stream_id(), body.flow_control().clone());
        self.state().held.push(one);
    }

    /// One of them no longer does.
    pub(super) fn let_go(&self, body: StreamId) {
        let mut state = self.state();
        let place = state.held.iter().rposition(|(id, _)| *id == body);
        let one = place.map(|place| state.held.swap_remove(place));
        drop(state);
        drop(one);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way for Streams {
    fn is_blocked(&self) -> bool {
        let held: usize = self.state().held.iter().map(|(_, control)| control.used_capacity()).sum();
        let window = self.counted.shared().app.0.limits.http2_connection_window as usize;
        // There are peers that send nothing smaller than a frame.
        held + FRAME > window
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

/// Bytes of the largest frame that a peer may send to us.
const FRAME: usize = 16_384;
