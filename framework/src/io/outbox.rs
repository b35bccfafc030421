//! Bytes on their way to the peer.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::Instant;

use super::{Pace, Stream};
use crate::proto::Tempo;

/// A buffer for heads and small bodies, and one large body that is sent from where it lies.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) bytes: Vec<u8>,
    /// How much of `bytes` is written.
    written: usize,
    /// Sent after `bytes`, without being copied.
    tail: Bytes,
    /// The bytes of the answer's body that have been put here, as they were before they were framed.
    pub(crate) body_size: u64,
    /// Bytes that have been written in all.
    total: u64,
    /// How the peer takes an answer that has had to wait for it.
    slowness: Option<Slowness>,
}

struct Slowness {
    pace: Pace,
    /// Bytes that had been taken when the answer first had to wait, and up to now.
    before: u64,
    until_now: u64,
}

impl Outbox {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.len() == self.written && self.tail.is_empty()
    }

    /// Adds a body: copies it when small, else keeps it to be sent from where it lies. The tail must be empty, which
    /// it is after [`Outbox::poll_flush`].
    pub(crate) fn push(&mut self, body: Bytes) {
        debug_assert!(self.tail.is_empty());
        if body.len() <= COPIED {
            self.bytes.extend_from_slice(&body);
            return;
        }
        self.tail = body;
    }

    /// Whether it should be written before more is added.
    #[inline]
    pub(crate) fn must_be_flushed(&self) -> bool {
        !self.tail.is_empty() || self.bytes.len() > ENOUGH
    }

    /// Writes until nothing waits. Ask [`Outbox::due`] when it has to wait.
    #[inline]
    pub(crate) fn poll_flush(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let waiting = &self.bytes[self.written..];
            let count = if self.tail.is_empty() {
                ready!(stream.poll_write(cx, waiting))?
            } else if waiting.is_empty() {
                ready!(stream.poll_write(cx, &self.tail))?
            } else {
                ready!(stream.poll_write_vectored(cx, &[IoSlice::new(waiting), IoSlice::new(&self.tail)]))?
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.total += count as u64;
            let of_bytes = count.min(waiting.len());
            self.written += of_bytes;
            if count > of_bytes {
                let _ = self.tail.split_to(count - of_bytes);
            }
        }
        self.bytes.clear();
        self.written = 0;
        self.tail = Bytes::new();
        ready!(stream.poll_flush(cx))?;
        if let Some(slowness) = &mut self.slowness {
            slowness.pace.moved();
        }
        Poll::Ready(Ok(()))
    }

    /// So many bytes of the answer's body have been sent by other means.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn sent_apart(&mut self, count: u64) {
        self.body_size += count;
        self.total += count;
    }

    /// The answer does not wait for the peer now.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn rests(&mut self) {
        if let Some(slowness) = &mut self.slowness {
            slowness.pace.moved();
        }
    }

    /// The answer waits for the peer: when that is too long.
    #[cold]
    pub(crate) fn due(&mut self, stream: &Stream, tempo: Tempo) -> Instant {
        let taken = stream.taken_beneath().unwrap_or(self.total);
        let fresh = || Slowness { pace: Pace::default(), before: taken, until_now: taken };
        let Slowness { pace, before, until_now } = self.slowness.get_or_insert_with(fresh);
        if *until_now != taken {
            *until_now = taken;
            pace.moved();
        }
        pace.due(tempo, taken.saturating_sub(*before))
    }

    /// Another answer begins: the time that the last one took is forgotten.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.body_size = 0;
        self.slowness = None;
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
        self.tail = Bytes::new();
        self.slowness = None;
    }

    /// Gives back what an empty outbox holds beyond `keep` bytes.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        crate::base::trim(&mut self.bytes, keep);
    }
}

/// Bodies up to this size are copied behind their head: cheaper than a second slice for the kernel.
const COPIED: usize = 4 << 10;

/// Answers to pipelined requests are collected up to this size.
const ENOUGH: usize = 64 << 10;
