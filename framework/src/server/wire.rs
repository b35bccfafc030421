//! What a connection talks through: the stream, the protocol's state, and the one timer.

use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::io::{Deadline, Inbox, Outbox, Stream};
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
}

/// The connection is of no more use: the peer is gone, or took nothing for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl Wire {
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
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Gone)),
            Poll::Pending => {}
        }
        self.deadline.set(outbox.due(&self.stream, limits.answer_tempo()));
        if self.deadline.poll(cx).is_ready() {
            tracing::debug!(
                target: "vernal",
                "reset a connection whose peer took nothing for {:?} or less than {} bytes a second \
                 (Limits::write_timeout, Limits::answer_rate)",
                limits.write_timeout, limits.answer_rate
            );
            self.stream.abort_on_drop();
            return Poll::Ready(Err(Gone));
        }
        Poll::Pending
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

    /// Closes so that the peer can read the answer: a socket closed with unread bytes in it is reset, and the answer is
    /// lost (RFC 9112, section 9.6).
    pub(crate) async fn linger(&mut self, inbox: &mut Inbox) {
        let has_unread = self.is_refused || !self.h1.body_is_complete() || !inbox.is_empty();
        if self.stream.closes_by_drop() && !has_unread {
            return;
        }
        if std::future::poll_fn(|cx| self.stream.poll_shutdown(cx)).await.is_err() || !has_unread {
            return;
        }
        let mut left = LINGERED;
        self.deadline.set(Instant::now() + LINGER_TIME);
        std::future::poll_fn(|cx| {
            loop {
                let before = inbox.bytes().len();
                inbox.consume(before);
                match self.poll_fill(inbox, 0, cx) {
                    Poll::Ready(Ok(true)) => {
                        left = left.saturating_sub(inbox.bytes().len());
                        if left == 0 {
                            return Poll::Ready(());
                        }
                    }
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return self.deadline.poll(cx),
                }
            }
        })
        .await;
    }
}

/// How much of what a peer goes on sending is thrown away after the last answer, and for how long.
const LINGERED: usize = 1 << 20;
const LINGER_TIME: Duration = Duration::from_secs(2);
