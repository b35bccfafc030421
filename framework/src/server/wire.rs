//! What a connection talks through: the stream, the protocol's state, and the one timer.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use crate::io::{Deadline, Inbox, Outbox, Stream};
use crate::proto::Limits;
use crate::proto::h1::H1;

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

    /// Writes until nothing waits; gives up when the peer takes nothing for [`Limits::write_timeout`].
    pub(crate) fn poll_flush(
        &mut self,
        outbox: &mut Outbox,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Gone>> {
        let mut progress = false;
        match outbox.poll_flush(&mut self.stream, &mut progress, cx) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Gone)),
            Poll::Pending => {}
        }
        if progress || !outbox.is_stalled {
            outbox.is_stalled = true;
            self.deadline.set(Instant::now() + limits.write_timeout);
        }
        if self.deadline.poll(cx).is_ready() {
            tracing::debug!(target: "vernal", "a peer took nothing for {:?} (Limits::write_timeout)", limits.write_timeout);
            return Poll::Ready(Err(Gone));
        }
        Poll::Pending
    }

    /// Waits until nothing waits to be written.
    pub(crate) async fn flush(&mut self, outbox: &mut Outbox, limits: &Limits) -> Result<(), Gone> {
        std::future::poll_fn(|cx| self.poll_flush(outbox, limits, cx)).await
    }
}
