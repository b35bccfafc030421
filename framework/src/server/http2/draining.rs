//! Bodies that nobody reads: they are taken in and thrown away for a while, all of a connection together.
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
pub(super) struct Draining {
    bodies: Vec<RecvStream>,
    /// Bytes that were thrown away since the first of these came.
    count: u64,
    end: Option<Instant>,
}

impl Draining {
    /// Takes what has come. What is beyond the limits is given up, which tells the peer to stop.
    pub(super) fn poll(&mut self, streams: &Streams, limits: &Limits, cx: &mut Context<'_>) {
        let unread = streams.take_unread();
        if self.bodies.is_empty() && unread.is_empty() {
            return;
        }
        self.bodies.extend(unread);
        let now = Instant::now();
        let end = *self.end.get_or_insert_with(|| clock::later(now, limits.linger_idle));
        let count = &mut self.count;
        self.bodies.retain_mut(|body| {
            while let Poll::Ready(next) = body.poll_data(cx) {
                let Some(Ok(piece)) = next else { return false };
                *count += piece.len() as u64;
                let _ = body.flow_control().release_capacity(piece.len());
                if *count > limits.http2_drain_size {
                    break;
                }
            }
            !body.is_end_stream()
        });
        if self.bodies.is_empty() || *count > limits.http2_drain_size || end <= now {
            *self = Draining::default();
        }
    }

    /// When they are given up.
    pub(super) fn end(&self) -> Option<Instant> {
        self.end
    }
}
