//! Brotli (RFC 7932) over the `brotli` crate.

use brotli::enc::StandardAlloc;
use brotli::enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};

use super::{Failed, Flush, PIECE};

/// A compressor. It cannot be reset, so each body has its own.
pub(crate) struct BrotliEncoder(Box<BrotliEncoderStateStruct<StandardAlloc>>);

impl BrotliEncoder {
    pub(super) fn new(level: u8, size: Option<u64>) -> BrotliEncoder {
        let mut state = Box::new(BrotliEncoderStateStruct::new(StandardAlloc::default()));
        // A window larger than the body costs memory and gains nothing.
        let window =
            size.map_or(WINDOW_OF_STREAMS, |size| (u64::BITS - size.leading_zeros()).clamp(16, MOST_WINDOW));
        state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_QUALITY, u32::from(level));
        state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, window);
        if let Some(size) = size {
            let hint = u32::try_from(size).unwrap_or(u32::MAX);
            state.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_SIZE_HINT, hint);
        }
        BrotliEncoder(state)
    }

    pub(super) fn encode(&mut self, piece: &[u8], flush: Flush, out: &mut Vec<u8>) -> Result<(), Failed> {
        let operation = match flush {
            Flush::Nothing => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
            Flush::Piece => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
            Flush::End => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
        };
        let (mut unread, mut read) = (piece.len(), 0);
        loop {
            // Without room for output it stays inside, to be taken from there without a copy in between.
            let went = self.0.compress_stream(
                operation,
                &mut unread,
                piece,
                &mut read,
                &mut 0,
                &mut [],
                &mut 0,
                &mut None,
                &mut |_, _, _, _| {},
            );
            if !went {
                return Err(Failed);
            }
            while self.0.has_more_output() {
                let mut size = 0;
                // It lends more than there is.
                let output = self.0.take_output(&mut size);
                out.extend_from_slice(output.get(..size).ok_or(Failed)?);
            }
            let is_done = match flush {
                Flush::End => self.0.is_finished(),
                Flush::Nothing | Flush::Piece => unread == 0,
            };
            if is_done {
                return Ok(());
            }
        }
    }
}

/// A decompressor.
pub(super) struct BrotliDecoder {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    /// What a step writes to, since the library asks for bytes that are there already.
    piece: Vec<u8>,
    is_fresh: bool,
    is_at_end: bool,
}

impl BrotliDecoder {
    pub(super) fn new() -> BrotliDecoder {
        let alloc = StandardAlloc::default;
        // Strict: without the large windows that the coding `br` does not have.
        let state = Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()));
        BrotliDecoder { state, piece: vec![0; PIECE], is_fresh: true, is_at_end: false }
    }

    pub(super) fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failed> {
        if self.is_at_end {
            return if input.is_empty() { Ok(0) } else { Err(Failed) };
        }
        self.is_fresh &= input.is_empty();
        let (mut unread, mut read) = (input.len(), 0);
        let (mut room, mut written) = (PIECE, 0);
        let result = BrotliDecompressStream(
            &mut unread,
            &mut read,
            input,
            &mut room,
            &mut written,
            &mut self.piece,
            &mut 0,
            &mut self.state,
        );
        out.extend_from_slice(self.piece.get(..written).ok_or(Failed)?);
        match result {
            BrotliResult::ResultFailure => Err(Failed),
            BrotliResult::ResultSuccess => {
                self.is_at_end = true;
                Ok(read)
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(read),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_at_end || self.is_fresh
    }
}

/// Binary logarithms: of the largest window, and of the one for bodies whose size is not known.
const MOST_WINDOW: u32 = 22;
const WINDOW_OF_STREAMS: u32 = 19;
