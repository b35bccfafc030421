//! Content codings (RFC 9110, section 8.4.1): [`Encoder`] compresses answers, [`Decoding`] undoes what requests came in.
//!
//! Both work piece by piece and append to buffers that the caller keeps, so that neither a body nor what it inflates
//! to has to be in memory whole. Compressors are kept by the thread: to reset one costs less than to make one.

#[cfg(feature = "brotli")]
mod brotli;
mod decoder;
mod decoding;
mod encoder;
mod gzip;
#[cfg(test)]
mod tests;
#[cfg(feature = "zstd")]
mod zstd;

pub(crate) use decoder::{MakeDecoder, decoder};
pub(crate) use decoding::{Decoding, Pulled};
pub(crate) use encoder::{Encoder, Form};

/// A coding that a request's body may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    /// RFC 1952; `x-gzip` is the same.
    Gzip,
    /// RFC 1950, or the bare RFC 1951 that some send under this name.
    Deflate,
    /// RFC 7932.
    #[cfg(feature = "brotli")]
    Brotli,
    /// RFC 8878.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl ContentCoding {
    /// Its name in Content-Encoding.
    pub(crate) const fn token(self) -> &'static str {
        match self {
            ContentCoding::Gzip => "gzip",
            ContentCoding::Deflate => "deflate",
            #[cfg(feature = "brotli")]
            ContentCoding::Brotli => "br",
            #[cfg(feature = "zstd")]
            ContentCoding::Zstd => "zstd",
        }
    }

    /// Bytes of memory that decoding may take: the largest window, which is nearly all of it.
    const fn memory(self) -> usize {
        match self {
            ContentCoding::Gzip | ContentCoding::Deflate => 32 << 10,
            #[cfg(feature = "brotli")]
            ContentCoding::Brotli => 16 << 20,
            #[cfg(feature = "zstd")]
            ContentCoding::Zstd => 8 << 20,
        }
    }

    /// Whether this is the coding of that name, in any case.
    pub(crate) fn is_named(self, token: &[u8]) -> bool {
        token.eq_ignore_ascii_case(self.token().as_bytes())
            || self == ContentCoding::Gzip && token.eq_ignore_ascii_case(b"x-gzip")
    }
}

/// What follows a piece that is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// More: the compressor may keep what it has.
    Nothing,
    /// Maybe nothing for a long time: the peer must be able to decode all that came so far.
    Piece,
    /// The end.
    End,
}

/// A library refused to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// How much is decoded at a time.
const PIECE: usize = 32 << 10;
