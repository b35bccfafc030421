//! gzip and deflate over flate2.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Failed, Flush, PIECE};

/// A compressor and what it was made for.
pub(crate) struct Gzip {
    level: u8,
    state: Compress,
}

impl Gzip {
    pub(super) fn lend(level: u8) -> Gzip {
        let kept = KEPT.with_borrow_mut(|kept| {
            let index = kept.iter().position(|kept| kept.level == level)?;
            Some(kept.swap_remove(index))
        });
        kept.unwrap_or_else(|| {
            let state = Compress::new_gzip(Compression::new(u32::from(level)), WINDOW);
            Gzip { level, state }
        })
    }

    pub(super) fn give_back(mut self) {
        self.state.reset();
        KEPT.with_borrow_mut(|kept| {
            if kept.len() < MOST_KEPT {
                kept.push(self);
            }
        });
    }

    pub(super) fn encode(&mut self, piece: &[u8], flush: Flush, out: &mut Vec<u8>) -> Result<(), Failed> {
        let how = match flush {
            Flush::Nothing => FlushCompress::None,
            Flush::Piece => FlushCompress::Sync,
            Flush::End => FlushCompress::Finish,
        };
        let mut rest = piece;
        loop {
            // Texts shrink to a third or less; the header, the end and a flush need a few bytes in any case.
            out.reserve(rest.len() / 3 + 64);
            let before = self.state.total_in();
            let status = self.state.compress_vec(rest, out, how).map_err(|_| Failed)?;
            rest = rest.get((self.state.total_in() - before) as usize..).ok_or(Failed)?;
            let is_done = match flush {
                Flush::Nothing => rest.is_empty(),
                // Room that is left over says that all has been written.
                Flush::Piece => rest.is_empty() && out.len() < out.capacity(),
                Flush::End => status == Status::StreamEnd,
            };
            if is_done {
                return Ok(());
            }
        }
    }
}

/// Inflates gzip, with any number of members (RFC 1952, section 2.2), and deflate.
pub(super) struct Inflater {
    state: Decompress,
    is_gzip: bool,
    /// Nothing has come yet.
    is_fresh: bool,
    /// A member, or all of it, has ended.
    is_at_end: bool,
    /// Members that may still follow.
    members: u16,
}

impl Inflater {
    pub(super) fn gzip() -> Inflater {
        Inflater::new(Decompress::new_gzip(WINDOW), MOST_MEMBERS)
    }

    pub(super) fn deflate() -> Inflater {
        Inflater::new(Decompress::new(true), 0)
    }

    fn new(state: Decompress, members: u16) -> Inflater {
        Inflater { state, is_gzip: members > 0, is_fresh: true, is_at_end: false, members }
    }

    pub(super) fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failed> {
        let Some(first) = input.first() else { return self.step(input, out) };
        if self.is_fresh {
            self.is_fresh = false;
            // The header of zlib says here that its method is deflate; bare deflate does not begin like that.
            if !self.is_gzip && first & 15 != 8 {
                self.state = Decompress::new(false);
            }
        }
        if self.is_at_end {
            self.members = self.members.checked_sub(1).ok_or(Failed)?;
            self.state = Decompress::new_gzip(WINDOW);
            self.is_at_end = false;
        }
        self.step(input, out)
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failed> {
        if self.is_at_end || self.is_fresh {
            return Ok(0);
        }
        out.reserve(PIECE);
        let before = self.state.total_in();
        let status = self.state.decompress_vec(input, out, FlushDecompress::None).map_err(|_| Failed)?;
        self.is_at_end = status == Status::StreamEnd;
        Ok((self.state.total_in() - before) as usize)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_at_end || self.is_fresh
    }
}

thread_local! {
    static KEPT: RefCell<Vec<Gzip>> = const { RefCell::new(Vec::new()) };
}

/// How many compressors a thread keeps. One is enough but for answers that are compressed while they are sent.
const MOST_KEPT: usize = 4;

/// How many members a body may have after its first: each costs much more than its few bytes.
const MOST_MEMBERS: u16 = 1023;

/// The binary logarithm of the window: the most that there is.
const WINDOW: u8 = 15;
