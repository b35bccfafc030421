//! Bytes on their way to the peer.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Stream;

/// A buffer for heads and small bodies, and one large body that is sent from where it lies.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) bytes: Vec<u8>,
    /// How much of `bytes` is written.
    written: usize,
    /// Sent after `bytes`, without being copied.
    tail: Bytes,
    /// The peer has been slow to take this; kept for whoever watches the time.
    pub(crate) is_stalled: bool,
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

    /// Writes until nothing waits. `progress` tells whether at least something went out.
    #[inline]
    pub(crate) fn poll_flush(
        &mut self,
        stream: &mut Stream,
        progress: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
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
            *progress = true;
            let of_bytes = count.min(waiting.len());
            self.written += of_bytes;
            if count > of_bytes {
                let _ = self.tail.split_to(count - of_bytes);
            }
        }
        self.bytes.clear();
        self.written = 0;
        self.tail = Bytes::new();
        self.is_stalled = false;
        stream.poll_flush(cx)
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
        self.tail = Bytes::new();
        self.is_stalled = false;
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
