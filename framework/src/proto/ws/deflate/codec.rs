//! Compressing and inflating over flate2: objects of the thread for one message; what a session keeps of its context.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::super::close::{CloseCode, CloseReason};

/// Compresses a whole message with a fresh context of this form.
pub(super) fn compress_alone((level, window): (u32, u8), payload: &[u8]) -> Result<Bytes, CloseReason> {
    let mut compressor = Compressor::lend(level, window);
    let compressed = compressor.compress(payload, true);
    compressor.take_back();
    compressed
}

/// A compressor and what it was made for.
pub(super) struct Compressor {
    level: u32,
    window: u8,
    pub(super) state: Compress,
}

impl Compressor {
    /// One with a fresh context.
    pub(super) fn lend(level: u32, window: u8) -> Box<Compressor> {
        let kept = COMPRESSORS.with_borrow_mut(|kept| {
            let index = kept.iter().position(|kept| kept.level == level && kept.window == window)?;
            Some(Box::new(kept.swap_remove(index)))
        });
        kept.unwrap_or_else(|| {
            let state = Compress::new_with_window_bits(Compression::new(level), false, window);
            Box::new(Compressor { level, window, state })
        })
    }

    pub(super) fn take_back(mut self: Box<Compressor>) {
        self.state.reset();
        COMPRESSORS.with_borrow_mut(|kept| {
            if kept.len() < KEPT {
                kept.push(*self);
            }
        });
    }

    /// Compresses a piece up to a byte's end; of the last piece the four bytes are left out that every message ends with
    /// (section 7.2.1).
    pub(super) fn compress(&mut self, payload: &[u8], is_last: bool) -> Result<Bytes, CloseReason> {
        let mut out = Vec::with_capacity(payload.len() / 2 + 64);
        let mut rest = payload;
        loop {
            let before = self.state.total_in();
            self.state.compress_vec(rest, &mut out, FlushCompress::Sync).map_err(|_| {
                CloseReason::shortened(CloseCode::INTERNAL_ERROR, "A message cannot be compressed")
            })?;
            rest = &rest[(self.state.total_in() - before) as usize..];
            if rest.is_empty() && out.len() < out.capacity() {
                break;
            }
            out.reserve(rest.len() / 2 + 64);
        }
        if is_last {
            match out.strip_suffix(&TAIL) {
                Some(rest) => out.truncate(rest.len()),
                // Nothing has come since the last flush: an empty block stands for the end (section 7.2.3.6).
                None => out.push(0),
            }
        }
        Ok(out.into())
    }
}

/// The decompressors of a thread, which know every window.
pub(super) struct Decompressors;

impl Decompressors {
    /// One that begins behind what a window holds.
    pub(super) fn lend(window: &Window) -> Result<Box<Decompress>, CloseReason> {
        let mut decompressor = DECOMPRESSORS
            .with_borrow_mut(Vec::pop)
            .map_or_else(|| Box::new(Decompress::new_with_window_bits(false, 15)), Box::new);
        begin_behind(&mut decompressor, &window.bytes)?;
        Ok(decompressor)
    }

    pub(super) fn take_back(mut decompressor: Box<Decompress>) {
        decompressor.reset(false);
        DECOMPRESSORS.with_borrow_mut(|kept| {
            if kept.len() < KEPT {
                kept.push(*decompressor);
            }
        });
    }
}

/// The last bytes that were inflated, which what comes next may refer to. It holds as many as there were, up to its size:
/// a whole decompressor would cost a session some 10 KiB more.
#[derive(Debug, Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
}

impl Window {
    /// Takes what has been inflated since.
    pub(super) fn push(&mut self, inflated: &[u8], bits: u8) {
        let size = 1_usize << bits;
        let kept = size.saturating_sub(inflated.len()).min(self.bytes.len());
        self.bytes.drain(..self.bytes.len() - kept);
        let inflated = &inflated[inflated.len().saturating_sub(size)..];
        self.bytes.reserve_exact(inflated.len());
        self.bytes.extend_from_slice(inflated);
    }

    /// How many bytes it holds.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives the memory back.
    pub(super) fn clear(&mut self) {
        self.bytes = Vec::new();
    }

    /// The last bytes of it and of what has been inflated since.
    fn behind(&self, inflated: &[u8]) -> Vec<u8> {
        let mut behind = Window { bytes: self.bytes.clone() };
        behind.push(inflated, LARGEST);
        behind.bytes
    }
}

/// Lets a fresh decompressor know what came before.
fn begin_behind(decompressor: &mut Decompress, bytes: &[u8]) -> Result<(), CloseReason> {
    if bytes.is_empty() {
        return Ok(());
    }
    decompressor.set_dictionary(bytes).map(drop).map_err(|_| corrupt())
}

/// Inflates a piece that follows `window` to the end of `out`, which may have `room` bytes.
pub(super) fn inflate(
    decompressor: &mut Decompress,
    window: &Window,
    piece: &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<(), CloseReason> {
    let mut rest = piece;
    loop {
        if out.len() == out.capacity() {
            if out.len() > room {
                return Err(CloseReason::too_big(room));
            }
            // One byte more than there is room for, so that its end can be told from its bound.
            let more = (rest.len() * 4).max(out.len()).max(256);
            out.reserve_exact(more.min(room.saturating_add(1) - out.len()));
        }
        let (before, length) = (decompressor.total_in(), out.len());
        let status = decompressor.decompress_vec(rest, out, FlushDecompress::Sync).map_err(|_| corrupt())?;
        rest = &rest[(decompressor.total_in() - before) as usize..];
        if out.len() > room {
            return Err(CloseReason::too_big(room));
        }
        match status {
            // A block that says to be the last is followed by others all the same (section 7.2.3.5), which may refer to
            // what was before it.
            Status::StreamEnd => {
                decompressor.reset(false);
                begin_behind(decompressor, &window.behind(out))?;
            }
            _ if out.len() < out.capacity() && (rest.is_empty() || out.len() == length) => {
                return if rest.is_empty() { Ok(()) } else { Err(corrupt()) };
            }
            _ => continue,
        }
        if rest.is_empty() {
            return Ok(());
        }
    }
}

#[cold]
fn corrupt() -> CloseReason {
    CloseReason::corrupt("The compressed data is corrupt")
}

thread_local! {
    static COMPRESSORS: RefCell<Vec<Compressor>> = const { RefCell::new(Vec::new()) };
    static DECOMPRESSORS: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
}

/// How many of each a thread keeps. One is enough unless messages come in pieces.
const KEPT: usize = 4;

/// What a flush ends with and no message shows.
pub(super) const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// The largest window there is, as the power of two of its bytes.
const LARGEST: u8 = 15;
