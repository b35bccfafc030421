//! Frames on their way to the peer, in order: small ones are put together in one buffer, so that many go out with one write; large
//! ones and shared ones are sent from where they lie.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};

use crate::io::{Stream, buffers};
use crate::proto::ws::{OpCode, Rsv, write_frame, write_header};

/// Frames in order. Two of these are in every session, and empty in an idle one.
#[derive(Default)]
pub(super) struct Queue(Option<Box<Frames>>);

/// What waits in a queue. Lent by the thread, and given back when it is written.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
    /// How much of `bytes` is written.
    written: usize,
    /// What comes after `bytes`; seldom anything.
    rest: VecDeque<Segment>,
    /// Bytes in all that are not written.
    size: usize,
}

struct Segment {
    bytes: Bytes,
    /// A whole message that may be dropped to make room.
    is_message: bool,
}

impl Queue {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// Bytes in all that are not written.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.0.as_ref().map_or(0, |frames| frames.size)
    }

    #[inline]
    fn frames(&mut self) -> &mut Frames {
        self.0.get_or_insert_with(|| LENT.with_borrow_mut(Vec::pop).unwrap_or_default())
    }

    /// Appends a frame.
    #[inline]
    pub(super) fn push_frame(&mut self, head: (bool, Rsv, OpCode), payload: &[u8], key: Option<[u8; 4]>) {
        self.append(|out| write_frame(out, head, payload, key));
    }

    /// Appends a frame whose payload is sent from where it lies.
    pub(super) fn push_large(&mut self, head: (bool, Rsv, OpCode), payload: Bytes) {
        let length = payload.len() as u64;
        self.append(|out| write_header(out, head, length));
        self.push_shared(payload, false);
    }

    /// Appends whole frames that are ready.
    pub(super) fn push_ready(&mut self, frames: &Bytes) {
        if frames.len() <= COPIED {
            self.append(|out| out.extend_from_slice(frames));
        } else {
            self.push_shared(frames.clone(), false);
        }
    }

    pub(super) fn push_shared(&mut self, bytes: Bytes, is_message: bool) {
        let frames = self.frames();
        frames.size += bytes.len();
        frames.rest.push_back(Segment { bytes, is_message });
    }

    #[inline]
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let frames = self.frames();
        if !frames.rest.is_empty() {
            let mut bytes = Vec::new();
            write(&mut bytes);
            return self.push_shared(bytes.into(), false);
        }
        let before = frames.bytes.len();
        write(&mut frames.bytes);
        frames.size += frames.bytes.len() - before;
    }

    /// Drops the oldest message that may be dropped.
    pub(super) fn drop_oldest(&mut self) -> bool {
        let Some(Frames { rest, size, .. }) = self.0.as_deref_mut() else { return false };
        let oldest = rest.iter().position(|segment| segment.is_message).and_then(|index| rest.remove(index));
        *size -= oldest.as_ref().map_or(0, |segment| segment.bytes.len());
        oldest.is_some()
    }

    /// Writes until nothing is left. `progress` tells whether at least something went out.
    #[inline]
    pub(super) fn poll_write(
        &mut self,
        stream: &mut Stream,
        progress: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(frames) = &mut self.0 {
            ready!(frames.poll_write(stream, progress, cx))?;
            self.clear();
        }
        stream.poll_flush(cx)
    }

    /// Gives the memory back.
    pub(super) fn clear(&mut self) {
        if let Some(frames) = self.0.take() {
            frames.give_back();
        }
    }
}

impl Frames {
    #[inline]
    fn poll_write(
        &mut self,
        stream: &mut Stream,
        progress: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.size > 0 {
            let waiting = &self.bytes[self.written..];
            let mut count = if self.rest.is_empty() {
                ready!(stream.poll_write(cx, waiting))?
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let pieces =
                    std::iter::once(waiting).chain(self.rest.iter().map(|segment| &segment.bytes[..]));
                let mut used = 0;
                for (slice, piece) in slices.iter_mut().zip(pieces.filter(|piece| !piece.is_empty())) {
                    *slice = IoSlice::new(piece);
                    used += 1;
                }
                ready!(stream.poll_write_vectored(cx, &slices[..used]))?
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *progress = true;
            self.size -= count;
            let of_bytes = count.min(waiting.len());
            self.written += of_bytes;
            count -= of_bytes;
            while let Some(first) = self.rest.front_mut()
                && (count > 0 || first.bytes.is_empty())
            {
                let of_first = count.min(first.bytes.len());
                first.bytes.advance(of_first);
                count -= of_first;
                if first.bytes.is_empty() {
                    self.rest.pop_front();
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// To the thread, unless it has become large.
    fn give_back(mut self: Box<Frames>) {
        if self.bytes.capacity() > buffers::LARGEST || self.rest.capacity() > SEGMENTS {
            return;
        }
        self.bytes.clear();
        self.rest.clear();
        (self.written, self.size) = (0, 0);
        LENT.with_borrow_mut(|lent| {
            if lent.len() < buffers::KEPT {
                lent.push(self);
            }
        });
    }
}

thread_local! {
    /// Those that nobody has.
    #[allow(clippy::vec_box, reason = "they are lent as they lie here")]
    static LENT: RefCell<Vec<Box<Frames>>> = const { RefCell::new(Vec::new()) };
}

/// Payloads up to this size are copied behind their header: cheaper than a slice more for the kernel.
pub(super) const COPIED: usize = 8 << 10;

/// How many pieces go into one write.
const SLICES: usize = 16;

/// Room for how many pieces is kept.
const SEGMENTS: usize = 64;
