//! What a connection talks through: the stream, the protocol's state, and the one timer.

use std::io;
use std::mem::MaybeUninit;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::ReadBuf;
use tokio::time::Instant;

use crate::base::say;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use crate::io::Transfer;
use crate::io::{Deadline, Inbox, Outbox, Stream, clock};
use crate::proto::Limits;
use crate::proto::h1::H1;
use crate::websocket::core::Core;

/// See the head of this file.
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    pub(crate) h1: H1,
    pub(crate) deadline: Deadline,
    /// The peer has ended its side: it sends nothing more, but may still read.
    pub(crate) is_half_closed: bool,
    /// The peer broke the protocol, so that nobody knows what else it has sent.
    pub(crate) is_refused: bool,
    /// The connection closes after this answer, and nobody wants what the peer still sends: it is thrown away, so that a peer
    /// which reads nothing before it has sent everything comes to read.
    pub(crate) throws_away: bool,
    /// Until when a peer that has ended its side may be kept waiting.
    given_up_at: Option<Box<Instant>>,
    /// What is left to do when the last answer is out.
    pub(crate) farewell: Farewell,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It is dropped.
    None,
    /// The peer is told.
    Close,
    /// The peer is told, and may still be sending.
    Linger,
}

/// The connection is of no more use: the peer is gone, or took nothing for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl Wire {
    pub(crate) fn new(stream: Stream, deadline: Deadline) -> Wire {
        Wire {
            stream,
            h1: H1::new(),
            deadline,
            is_half_closed: false,
            is_refused: false,
            throws_away: false,
            given_up_at: None,
            farewell: Farewell::None,
        }
    }

    /// Reads once. `Ok(false)`: the peer has ended its side.
    pub(crate) fn poll_fill(
        &mut self,
        inbox: &mut Inbox,
        limit: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        if self.is_half_closed {
            return Poll::Ready(Ok(false));
        }
        let count = ready!(inbox.poll_fill(&mut self.stream, limit, cx))?;
        self.is_half_closed = count == 0;
        Poll::Ready(Ok(count > 0))
    }

    /// Writes until nothing waits; gives up, and resets the connection, when the peer takes nothing for
    /// [`Limits::write_timeout`], or too little for [`Limits::answer_rate`].
    pub(crate) fn poll_flush(
        &mut self,
        outbox: &mut Outbox,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Gone>> {
        match outbox.poll_flush(&mut self.stream, cx) {
            Poll::Ready(Ok(())) => {
                if self.is_half_closed {
                    self.given_up_at = Some(Box::new(clock::after(limits.half_closed_time)));
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(_)) => Poll::Ready(Err(Gone)),
            Poll::Pending => self.poll_patience(outbox, limits, cx).map(Err),
        }
    }

    /// The peer takes nothing now: how long that may last.
    fn poll_patience(&mut self, outbox: &mut Outbox, limits: &Limits, cx: &mut Context<'_>) -> Poll<Gone> {
        if self.throws_away
            && let Poll::Ready(Err(gone)) = self.poll_throw_away(&mut false, cx)
        {
            return Poll::Ready(gone);
        }
        self.deadline.set(outbox.due(&self.stream, limits.answer_tempo()));
        if self.deadline.poll(cx).is_ready() {
            say!(
                debug,
                "reset a connection whose peer took nothing for {:?} or less than {} bytes a second \
                 (Limits::write_timeout, Limits::answer_rate)",
                limits.write_timeout,
                limits.answer_rate
            );
            self.stream.abort_on_drop();
            return Poll::Ready(Gone);
        }
        Poll::Pending
    }

    /// Lets the system send a part of a file; gives up as [`Wire::poll_flush`] does. Nothing may wait in the outbox.
    ///
    /// # Errors
    /// As [`Transfer::poll_send`].
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn poll_transfer(
        &mut self,
        transfer: &mut Transfer,
        outbox: &mut Outbox,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut sent = 0;
        loop {
            match transfer.poll_send(&self.stream, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(count)) => {
                    outbox.sent_apart(count);
                    sent += count;
                    if sent >= SENT_AT_ONCE {
                        // Others want to run as well.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending if transfer.waits_for_disk() => {
                    outbox.rests();
                    return Poll::Pending;
                }
                Poll::Pending => {
                    let gone = self.poll_patience(outbox, limits, cx);
                    return gone.map(|Gone| Err(io::ErrorKind::ConnectionAborted.into()));
                }
            }
        }
    }

    /// Looks whether the peer is still there while it waits for its answer; what it sends meanwhile is its next request.
    pub(crate) fn poll_peer(
        &mut self,
        inbox: &mut Inbox,
        outbox: &Outbox,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Gone>> {
        let had_ended = self.is_half_closed;
        if self.throws_away {
            ready!(self.poll_throw_away(&mut false, cx))?;
        } else {
            while !self.is_half_closed && !inbox.is_full(0) {
                if ready!(self.poll_fill(inbox, 0, cx)).is_err() {
                    return Poll::Ready(Err(Gone));
                }
            }
        }
        // Nothing more comes, or nothing more is taken in: whether the peer is there must be asked.
        if self.is_half_closed && !had_ended {
            self.given_up_at = Some(Box::new(clock::after(limits.half_closed_time)));
        }
        if !outbox.is_empty() {
            // That it takes nothing shows where it is written.
            return Poll::Pending;
        }
        self.poll_presence(cx)
    }

    /// Looks now and then whether a connection is lost from which nothing is read. One whose peer has ended its side is given
    /// up in time.
    #[cold]
    pub(crate) fn poll_presence(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        loop {
            let now = Instant::now();
            if self.stream.is_lost() || self.given_up_at.as_ref().is_some_and(|at| **at <= now) {
                return Poll::Ready(Err(Gone));
            }
            let look = clock::later(now, LOOK);
            self.deadline.bring_forward(now, self.given_up_at.as_ref().map_or(look, |at| look.min(**at)));
            ready!(self.deadline.poll(cx));
        }
    }

    /// Hands the stream over to a session, with what has been read of it.
    pub(crate) fn hand_over(&mut self, core: &Core, leftover: &[u8]) {
        let stream = std::mem::replace(&mut self.stream, Stream::handed_over());
        let deadline = std::mem::replace(&mut self.deadline, Deadline::new(Instant::now()));
        core.open(stream, deadline, leftover);
    }

    /// Waits until nothing waits to be written.
    pub(crate) async fn flush(&mut self, outbox: &mut Outbox, limits: &Limits) -> Result<(), Gone> {
        std::future::poll_fn(|cx| self.poll_flush(outbox, limits, cx)).await
    }

    /// Says goodbye to the peer of an idle connection, where dropping it does not: TLS has an alert for it. There is nothing before it on its
    /// way, so this need not be waited for.
    pub(crate) fn take_leave(&mut self, cx: &mut Context<'_>, farewell: Duration) {
        self.stream.bound_farewell(farewell);
        if let Stream::Boxed(_) = self.stream {
            let _ = self.stream.poll_shutdown(cx);
        }
    }

    /// The handler has ended. If the connection closes after its answer, what is left of the request is nobody's.
    pub(crate) fn give_up_reading(&mut self) {
        self.throws_away = self.h1.is_at_its_end();
    }

    /// Decides how to take leave when the last answer is out. With bytes unread, or more to come, the peer may be sending.
    pub(crate) fn settle_farewell(&mut self, inbox: &Inbox) {
        let may_be_sending = self.is_refused || !self.h1.body_is_complete() || !inbox.is_empty();
        self.farewell = if may_be_sending { Farewell::Linger } else { Farewell::Close };
    }

    /// Throws away what has come, without a buffer that would have to be kept. Ready when the peer has ended its side
    /// or is gone; `has_read` tells whether it was heard of.
    pub(crate) fn poll_throw_away(
        &mut self,
        has_read: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Gone>> {
        for _ in 0..READS_AT_ONCE {
            if self.is_half_closed {
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [MaybeUninit::uninit(); 16 << 10];
            let mut buffer = ReadBuf::uninit(&mut bytes);
            ready!(self.stream.poll_read(cx, &mut buffer)).map_err(|_| Gone)?;
            self.is_half_closed = buffer.filled().is_empty();
            *has_read = true;
        }
        // Others want to run as well.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// How often a connection is looked at from which nothing is read.
const LOOK: Duration = Duration::from_secs(1);

/// How many bytes of files a peer that is faster than we are is sent before others have their turn.
#[cfg(all(feature = "sendfile", target_os = "linux"))]
const SENT_AT_ONCE: u64 = 1 << 20;

/// How often a peer that is faster than we are is read from before others have their turn.
const READS_AT_ONCE: usize = 32;
