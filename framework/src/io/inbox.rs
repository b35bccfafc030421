//! Received bytes that nobody has taken yet.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::Stream;

/// A buffer with a beginning that is consumed and an end that is filled. It stays initialised, so that reading
/// into it needs neither `unsafe` nor zeroing.
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

/// The size an inbox has at rest.
pub(crate) const SIZE: usize = 8 << 10;

impl Inbox {
    pub(crate) fn new() -> Inbox {
        Inbox { bytes: vec![0; SIZE], start: 0, end: 0 }
    }

    /// What has been received and not been consumed.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Drops the first `count` bytes.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Reads once; `Ok(0)` is the end of the stream. Makes room first: by moving what is there to the front, and
    /// by growing up to `limit` bytes.
    ///
    /// # Errors
    /// The stream failed, or the inbox holds `limit` bytes already.
    #[inline]
    pub(crate) fn poll_fill(
        &mut self,
        stream: &mut Stream,
        limit: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.end == self.bytes.len() {
            self.make_room(limit)?;
        }
        let mut buffer = ReadBuf::new(&mut self.bytes[self.end..]);
        ready!(stream.poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }

    /// Whether nothing more can be read before something is consumed.
    pub(crate) fn is_full(&self, limit: usize) -> bool {
        self.end - self.start >= limit.max(SIZE)
    }

    #[cold]
    fn make_room(&mut self, limit: usize) -> io::Result<()> {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end < self.bytes.len() {
            return Ok(());
        }
        let grown = (self.bytes.len() * 2).min(limit.max(SIZE));
        if grown == self.bytes.len() {
            return Err(io::Error::other("the inbox is full"));
        }
        self.bytes.resize(grown, 0);
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Gives all memory back: nothing is read into it any more.
    pub(crate) fn close(&mut self) {
        *self = Inbox { bytes: Vec::new(), start: 0, end: 0 };
    }

    /// Gives back what an empty inbox grew by.
    #[inline]
    pub(crate) fn trim(&mut self) {
        if self.bytes.len() != SIZE {
            *self = Inbox::new();
        }
    }
}
