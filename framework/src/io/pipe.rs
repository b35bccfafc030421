//! A bounded pipe of bytes between a handler and its connection: one side fills, the other drains.
//!
//! Both run in one task or in two; each side leaves its waker where the other finds it. Nothing is read from the
//! peer before the reading side has asked for it, so an unread body costs no memory.

use std::io;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::AsyncReadExt;

use super::{Share, Stream};
use crate::base::Headers;
use crate::proto::Refusal;

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Pipe(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: BytesMut,
    /// The reading side has asked at least once.
    is_wanted: bool,
    /// How much room is made for the next bytes of a stream; 0 before the first.
    stride: usize,
    end: Option<Result<(), Refusal>>,
    /// Fields that come after the bytes.
    trailers: Option<Box<Headers>>,
    /// What the bytes are counted with.
    share: Option<Share>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// How many bytes may wait in a pipe.
pub(crate) const ROOM: usize = 64 << 10;

/// The least that is worth a read from the stream into the pipe, and the room that is made for the first one. It grows with a peer
/// that fills it, so that whoever keeps small pieces does not hold large buffers by them.
pub(crate) const STRIDE: usize = 8 << 10;

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

    /// Adds up to `most` bytes straight from a stream, which `judge` is told the number of before anybody sees them; `Ok(Ok(0))` is
    /// the end of the stream. Ask [`Pipe::poll_room`] before.
    ///
    /// # Errors
    /// Outside: the stream failed. Inside: what was judged, or as [`Pipe::push`].
    pub(crate) fn poll_fill(
        &self,
        stream: &mut Stream,
        most: u64,
        judge: impl FnOnce(usize) -> Result<(), Refusal>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Result<usize, Refusal>>> {
        // Who waits holds no buffer.
        ready!(stream.poll_read_ready(cx));
        let mut state = self.state();
        let (held, stride) = (state.bytes.len(), state.stride.max(STRIDE));
        let room = stride.min(ROOM - held).min(usize::try_from(most).unwrap_or(usize::MAX));
        if state.bytes.capacity() - held < room.div_ceil(2) {
            state.bytes.reserve(room);
        }
        let room = room.min(state.bytes.capacity() - held);
        let mut limited = (&mut state.bytes).limit(room);
        let read = pin!(stream.read_buf(&mut limited)).poll(cx);
        let Poll::Ready(read) = read else {
            if held == 0 {
                state.bytes = BytesMut::new();
            }
            return Poll::Pending;
        };
        let count = read?;
        if let Err(refusal) = judge(count) {
            state.bytes.truncate(held);
            return Poll::Ready(Ok(Err(refusal)));
        }
        state.stride = if count == stride { (stride * 2).min(ROOM) } else { stride };
        wake(&mut state.reader);
        Poll::Ready(Ok(state.count().map(|()| count)))
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

    /// Adds fields to come after the bytes, before the [end](Pipe::end).
    pub(crate) fn set_trailers(&self, trailers: Headers) {
        self.state().trailers = Some(Box::new(trailers));
    }

    /// The fields after the bytes, once; known at the end.
    pub(crate) fn take_trailers(&self) -> Option<Headers> {
        self.state().trailers.take().map(|trailers| *trailers)
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
        pipe.set_trailers(Headers::from([("x-sum", "7")]));
        pipe.end(Ok(()));
        assert_eq!(pipe.poll_take(&mut cx), Poll::Ready(Ok(Some(Bytes::from_static(b"abc")))));
        assert_eq!(pipe.poll_take(&mut cx), Poll::Ready(Ok(None)));
        assert!(pipe.take_trailers().is_some_and(|trailers| trailers.get("x-sum") == Some("7")));
        assert!(pipe.take_trailers().is_none());
    }

    #[tokio::test]
    async fn a_stream_fills_what_it_is_judged_to() {
        use tokio::io::AsyncWriteExt;
        let (mut peer, ours) = tokio::io::duplex(1 << 20);
        let (pipe, mut stream) = (Pipe::default(), Stream::over(ours));
        let mut cx = Context::from_waker(Waker::noop());
        pipe.open();
        let mut fill =
            |most, judged: Result<(), Refusal>| pipe.poll_fill(&mut stream, most, |_| judged, &mut cx);
        assert!(fill(9, Ok(())).is_pending());
        assert_eq!(pipe.state().bytes.capacity(), 0, "who waits holds nothing");
        let sent: Vec<u8> = (0..400_000_u32).map(|at| (at % 251) as u8).collect();
        peer.write_all(&sent).await.expect("there is room");
        let mut sizes = Vec::new();
        let mut came = Vec::new();
        let mut take = || match pipe.poll_take(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(Some(piece))) => came.extend_from_slice(&piece),
            other => panic!("{other:?}"),
        };
        for most in [5, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20] {
            let Poll::Ready(Ok(Ok(count))) = fill(most, Ok(())) else { panic!("there is enough") };
            sizes.push(count);
            take();
        }
        assert_eq!(sizes, [5, STRIDE, 2 * STRIDE, 4 * STRIDE, ROOM, ROOM]);
        let refusal = Refusal::bad_request("too much");
        assert!(matches!(fill(9, Err(refusal)), Poll::Ready(Ok(Err(_)))));
        assert!(pipe.state().bytes.is_empty(), "nobody sees what is refused");
        assert!(came == sent[..came.len()]);
        drop(peer);
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
