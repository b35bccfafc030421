//! Bodies that nobody reads: they are taken in and thrown away for a while, each within its own time, but not more than so much of all together.
//!
//! Many clients lose an answer that comes before they have sent everything, if their stream is then reset.

use std::task::{Context, Poll};

use h2::RecvStream;
use tokio::time::Instant;

use super::streams::Streams;
use crate::io::clock;
use crate::proto::Limits;

/// See the head of this file.
#[derive(Default)]
pub(super) struct Draining(Vec<Unread>);

struct Unread {
    body: RecvStream,
    /// Bytes that were thrown away.
    count: u64,
    /// When it is given up, unless more comes before.
    end: Instant,
    /// When it is given up in any case.
    last: Instant,
}

impl Draining {
    /// Takes what has come. What is beyond the limits is given up, which tells the peer to stop.
    pub(super) fn poll(&mut self, streams: &Streams, limits: &Limits, cx: &mut Context<'_>) {
        let unread = streams.take_unread();
        if self.0.is_empty() && unread.is_empty() {
            return;
        }
        let now = Instant::now();
        let last = clock::later(now, limits.linger_time);
        let end = last.min(clock::later(now, limits.linger_idle));
        self.0.extend(unread.into_iter().map(|body| Unread { body, count: 0, end, last }));
        let mut left = limits.http2_drain_size.checked_sub(self.0.iter().map(|unread| unread.count).sum());
        self.0.retain_mut(|unread| unread.poll(&mut left, now, limits, cx).is_pending());
        if left.is_none() {
            self.0.clear();
        }
    }

    /// When the next of them is given up.
    pub(super) fn end(&self) -> Option<Instant> {
        self.0.iter().map(|unread| unread.end).min()
    }
}

impl Unread {
    /// Takes what has come of it, as long as there is something `left` to be taken. Ready when it has ended or is given up.
    fn poll(
        &mut self,
        left: &mut Option<u64>,
        now: Instant,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        while let Poll::Ready(next) = self.body.poll_data(cx) {
            let Some(Ok(piece)) = next else { return Poll::Ready(()) };
            let size = piece.len() as u64;
            let _ = self.body.flow_control().release_capacity(piece.len());
            self.count += size;
            *left = left.and_then(|left| left.checked_sub(size));
            if left.is_none() {
                break;
            }
            if size > 0 {
                self.end = self.last.min(clock::later(now, limits.linger_idle));
            }
        }
        if self.body.is_end_stream() || self.end <= now { Poll::Ready(()) } else { Poll::Pending }
    }
}
