//! Zstandard (RFC 8878) over the `zstd` crate, with the window of 8 MiB that RFC 9659 allows under this name.

use std::cell::RefCell;

use zstd::stream::raw::{DParameter, Decoder, Encoder, InBuffer, Operation, OutBuffer};

use super::{Failed, Flush, PIECE};

/// A compressor and what it was made for.
pub(crate) struct ZstdEncoder {
    level: u8,
    state: Encoder<'static>,
}

impl ZstdEncoder {
    pub(super) fn lend(level: u8, size: Option<u64>) -> Result<ZstdEncoder, Failed> {
        let kept = KEPT.with_borrow_mut(|kept| {
            let index = kept.iter().position(|kept| kept.level == level)?;
            Some(kept.swap_remove(index))
        });
        let mut encoder = match kept {
            Some(kept) => kept,
            None => ZstdEncoder { level, state: Encoder::new(i32::from(level)).map_err(|_| Failed)? },
        };
        encoder.state.set_pledged_src_size(size).map_err(|_| Failed)?;
        Ok(encoder)
    }

    pub(super) fn give_back(mut self) {
        if self.state.reinit().is_err() {
            return;
        }
        KEPT.with_borrow_mut(|kept| {
            if kept.len() < MOST_KEPT {
                kept.push(self);
            }
        });
    }

    pub(super) fn encode(&mut self, piece: &[u8], flush: Flush, out: &mut Vec<u8>) -> Result<(), Failed> {
        let mut input = InBuffer::around(piece);
        while input.pos() < piece.len() {
            self.step(out, |state, output| state.run(&mut input, output))?;
        }
        match flush {
            Flush::Nothing => {}
            Flush::Piece => while self.step(out, |state, output| state.flush(output))? > 0 {},
            Flush::End => while self.step(out, |state, output| state.finish(output, true))? > 0 {},
        }
        Ok(())
    }

    fn step(
        &mut self,
        out: &mut Vec<u8>,
        run: impl FnOnce(&mut Encoder<'static>, &mut OutBuffer<'_, Vec<u8>>) -> std::io::Result<usize>,
    ) -> Result<usize, Failed> {
        out.reserve(PIECE / 8);
        let start = out.len();
        run(&mut self.state, &mut OutBuffer::around_pos(out, start)).map_err(|_| Failed)
    }
}

/// A decompressor.
pub(super) struct ZstdDecoder {
    state: Decoder<'static>,
    is_between_frames: bool,
}

impl ZstdDecoder {
    pub(super) fn new() -> Result<ZstdDecoder, Failed> {
        let mut state = Decoder::new().map_err(|_| Failed)?;
        state.set_parameter(DParameter::WindowLogMax(WINDOW)).map_err(|_| Failed)?;
        Ok(ZstdDecoder { state, is_between_frames: true })
    }

    pub(super) fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failed> {
        if self.is_between_frames && input.is_empty() {
            return Ok(0);
        }
        out.reserve(PIECE);
        let start = out.len();
        let mut input = InBuffer::around(input);
        let hint = self.state.run(&mut input, &mut OutBuffer::around_pos(out, start)).map_err(|_| Failed)?;
        self.is_between_frames = hint == 0;
        Ok(input.pos())
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_between_frames
    }
}

thread_local! {
    static KEPT: RefCell<Vec<ZstdEncoder>> = const { RefCell::new(Vec::new()) };
}

/// How many compressors a thread keeps.
const MOST_KEPT: usize = 4;

/// The binary logarithm of the largest window: RFC 9659, section 3.
const WINDOW: u32 = 23;
