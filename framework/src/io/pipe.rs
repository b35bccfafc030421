//! A bounded pipe of bytes between a handler and its connection: one side fills, the other drains.
//!
//! Both run in one task or in two; each side leaves its waker where the other finds it. Nothing is read from the
//! peer before the reading side has asked for it, so an unread body costs no memory.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};

use super::Share;
use crate::proto::Refusal;

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: BytesMut,
    /// The reading side has asked at least once.
    is_wanted: bool,
    end: Option<Result<(), Refusal>>,
    /// What the bytes are counted with.
    share: Option<Share>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// How many bytes may wait in a pipe.
pub(crate) const ROOM: usize = 64 << 10;

impl Pipe {
    /// The next bytes; `None` at the end.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Refusal>> {
        let mut state = self.state();
        if !state.is_wanted {
            state.is_wanted = true;
            wake(&mut state.writer);
        }
        if !state.bytes.is_empty() {
            wake(&mut state.writer);
            let bytes = state.bytes.split().freeze();
            let _ = state.count();
            return Poll::Ready(Ok(Some(bytes)));
        }
        match &state.end {
            Some(Ok(())) => Poll::Ready(Ok(None)),
            Some(Err(refusal)) => Poll::Ready(Err(refusal.clone())),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Ready with the room left, which is never 0, once the reading side has asked.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<usize> {
        let mut state = self.state();
        if state.is_wanted && state.bytes.len() < ROOM {
            return Poll::Ready(ROOM - state.bytes.len());
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Adds bytes. Ask [`Pipe::poll_room`] before, so that the pipe stays bounded.
    ///
    /// # Errors
    /// They are counted, and too much is held: 503.
    pub(crate) fn push(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let mut state = self.state();
        state.bytes.extend_from_slice(bytes);
        wake(&mut state.reader);
        state.count()
    }

    /// Counts what waits in it from now on.
    pub(crate) fn count(&self, share: Share) {
        self.state().share = Some(share);
    }

    /// No more bytes will come; `Err` tells the reading side why.
    pub(crate) fn end(&self, end: Result<(), Refusal>) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        wake(&mut state.reader);
    }

    /// Whether no more bytes may come.
    pub(crate) fn is_ended(&self) -> bool {
        self.state().end.is_some()
    }

    /// Whether nothing more is to be filled in for now.
    pub(crate) fn is_full(&self) -> bool {
        let state = self.state();
        !state.is_wanted || state.bytes.len() >= ROOM
    }

    /// The draining side is there from the start: filling need not wait for the first question.
    pub(crate) fn open(&self) {
        self.state().is_wanted = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self) -> Result<(), Refusal> {
        let length = self.bytes.len();
        self.share.as_mut().map_or(Ok(()), |share| share.set(length))
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_before_somebody_asks() {
        let (pipe, mut cx) = (Pipe::default(), Context::from_waker(Waker::noop()));
        assert!(pipe.poll_room(&mut cx).is_pending());
        assert!(pipe.poll_take(&mut cx).is_pending());
        assert_eq!(pipe.poll_room(&mut cx), Poll::Ready(ROOM));
        pipe.push(b"abc").expect("not counted");
        pipe.end(Ok(()));
        assert_eq!(pipe.poll_take(&mut cx), Poll::Ready(Ok(Some(Bytes::from_static(b"abc")))));
        assert_eq!(pipe.poll_take(&mut cx), Poll::Ready(Ok(None)));
    }

    #[test]
    fn a_full_pipe_waits() {
        let (pipe, mut cx) = (Pipe::default(), Context::from_waker(Waker::noop()));
        pipe.open();
        pipe.push(&[0; ROOM]).expect("not counted");
        assert!(pipe.poll_room(&mut cx).is_pending());
        assert!(pipe.poll_take(&mut cx).is_ready());
        assert_eq!(pipe.poll_room(&mut cx), Poll::Ready(ROOM));
    }
}
