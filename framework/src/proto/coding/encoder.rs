//! One body on its way out of the compressor that its coding calls for.

use super::gzip::Gzip;
use super::{Failed, Flush};
use crate::proto::accept_encoding::Coding;

/// A coding and how hard it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) coding: Coding,
    /// In the coding's own scale.
    pub(crate) level: u8,
}

/// Compresses one body. When its end is encoded, [`Encoder::give_back`] keeps what is worth keeping.
pub(crate) enum Encoder {
    Gzip(Gzip),
    #[cfg(feature = "brotli")]
    Brotli(super::brotli::BrotliEncoder),
    #[cfg(feature = "zstd")]
    Zstd(super::zstd::ZstdEncoder),
}

impl Encoder {
    /// One for a body of `size` bytes, if that is known.
    ///
    /// # Errors
    /// There is no compressor for this coding, or no memory for it.
    pub(crate) fn lend(form: Form, size: Option<u64>) -> Result<Encoder, Failed> {
        let _ = size;
        match form.coding {
            Coding::Gzip => Ok(Encoder::Gzip(Gzip::lend(form.level))),
            #[cfg(feature = "brotli")]
            Coding::Brotli => Ok(Encoder::Brotli(super::brotli::BrotliEncoder::new(form.level, size))),
            #[cfg(feature = "zstd")]
            Coding::Zstd => super::zstd::ZstdEncoder::lend(form.level, size).map(Encoder::Zstd),
            _ => Err(Failed),
        }
    }

    /// Compresses a piece to the end of `out`.
    ///
    /// # Errors
    /// The compressor refuses to go on, which it has no reason for.
    pub(crate) fn encode(&mut self, piece: &[u8], flush: Flush, out: &mut Vec<u8>) -> Result<(), Failed> {
        match self {
            Encoder::Gzip(gzip) => gzip.encode(piece, flush, out),
            #[cfg(feature = "brotli")]
            Encoder::Brotli(brotli) => brotli.encode(piece, flush, out),
            #[cfg(feature = "zstd")]
            Encoder::Zstd(zstd) => zstd.encode(piece, flush, out),
        }
    }

    /// Leaves the compressor to the thread's next body.
    pub(crate) fn give_back(self) {
        match self {
            Encoder::Gzip(gzip) => gzip.give_back(),
            #[cfg(feature = "brotli")]
            Encoder::Brotli(_) => {}
            #[cfg(feature = "zstd")]
            Encoder::Zstd(zstd) => zstd.give_back(),
        }
    }
}
