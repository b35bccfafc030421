//! One coding of a body on its way in.

use super::gzip::Inflater;
use super::{ContentCoding, Failed};

/// Undoes one coding.
pub(crate) trait Decode: Send {
    /// Decodes from the beginning of `input` to the end of `out`, and returns how much of the input that took. A call
    /// adds no more than `out` has room for, or a piece; what stays inside comes out of further calls, be it with an
    /// empty input.
    ///
    /// # Errors
    /// This is not what the coding looks like.
    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failed>;

    /// Whether what has come so far may be all: its end was seen, or nothing has come at all.
    fn is_complete(&self) -> bool;
}

/// What makes a decoder. Settings that take a coding hand it over, so that a program without them has no decoders.
pub(crate) type MakeDecoder = fn(ContentCoding) -> Result<Box<dyn Decode>, Failed>;

/// The decoder of a coding.
///
/// # Errors
/// There is no memory for it.
pub(crate) fn decoder(coding: ContentCoding) -> Result<Box<dyn Decode>, Failed> {
    Ok(Box::new(Decoder::new(coding)?))
}

/// Each coding's own.
enum Decoder {
    Inflater(Inflater),
    #[cfg(feature = "brotli")]
    Brotli(super::brotli::BrotliDecoder),
    #[cfg(feature = "zstd")]
    Zstd(super::zstd::ZstdDecoder),
}

impl Decoder {
    fn new(coding: ContentCoding) -> Result<Decoder, Failed> {
        Ok(match coding {
            ContentCoding::Gzip => Decoder::Inflater(Inflater::gzip()),
            ContentCoding::Deflate => Decoder::Inflater(Inflater::deflate()),
            #[cfg(feature = "brotli")]
            ContentCoding::Brotli => Decoder::Brotli(super::brotli::BrotliDecoder::new()),
            #[cfg(feature = "zstd")]
            ContentCoding::Zstd => Decoder::Zstd(super::zstd::ZstdDecoder::new()?),
        })
    }
}

impl Decode for Decoder {
    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Failed> {
        let start = out.len();
        let consumed = match self {
            Decoder::Inflater(inflater) => inflater.decode(input, out),
            #[cfg(feature = "brotli")]
            Decoder::Brotli(brotli) => brotli.decode(input, out),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(zstd) => zstd.decode(input, out),
        }?;
        if consumed == 0 && out.len() == start && !input.is_empty() {
            return Err(Failed);
        }
        Ok(consumed)
    }

    fn is_complete(&self) -> bool {
        match self {
            Decoder::Inflater(inflater) => inflater.is_complete(),
            #[cfg(feature = "brotli")]
            Decoder::Brotli(brotli) => brotli.is_complete(),
            #[cfg(feature = "zstd")]
            Decoder::Zstd(zstd) => zstd.is_complete(),
        }
    }
}
