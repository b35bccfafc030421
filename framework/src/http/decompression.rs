//! Which codings of request bodies are taken.

use super::{Error, Request, Result};
use crate::base::shown_bytes;
use crate::proto::coding::{ContentCoding, MakeDecoder, decoder};

/// What becomes of request bodies with a `Content-Encoding`:
/// [`Config::decompress_requests`](crate::Config::decompress_requests).
///
/// ```
/// use vernal::{Config, Decompression};
///
/// let config = Config::new().decompress_requests(Decompression::gzip());
/// # let _ = config;
/// ```
///
/// One mapping may take others than the rest: `#[request_map("/hook", decompress = Decompression::by_handlers())]`, on impl blocks and
/// endpoints too.
///
/// ```
/// use vernal::{Decompression, request_map};
///
/// #[request_map("/metrics", method = "POST", decompress = Decompression::gzip())]
/// fn metrics(lines: vernal::Text<&str>) -> String {
///     lines.lines().count().to_string()
/// }
/// ```
///
/// A body in a coding that is not on is refused with 415, and `Accept-Encoding` says which are (RFC 9110, section
/// 12.5.3). One that is decoded reaches the handler, streamed or not, as if it had been sent plain: the
/// `Content-Encoding` and `Content-Length` fields are gone. [`Limits::body_size`](crate::Limits) bounds it before and after decoding
/// (413), so a small body that inflates to a huge one costs no more memory than any other. What is corrupt or cut off
/// is a 400. A body may have two codings, one over the other, and gzip up to 1024 members.
#[derive(Clone, Debug, Default)]
pub struct Decompression {
    pub(crate) codings: Vec<ContentCoding>,
    pub(crate) is_left_alone: bool,
    /// What undoes them, if there are any.
    pub(crate) decoder: Option<MakeDecoder>,
}

impl Decompression {
    /// Takes no coding: every body that has one is refused with 415. The default.
    pub fn none() -> Decompression {
        Decompression::default()
    }

    /// Takes gzip and deflate.
    pub fn gzip() -> Decompression {
        Decompression {
            codings: vec![ContentCoding::Gzip, ContentCoding::Deflate],
            is_left_alone: false,
            decoder: Some(decoder),
        }
    }

    /// Brotli too. Its windows take up to 16 MiB for a body while it is decoded.
    #[cfg(feature = "brotli")]
    #[must_use]
    pub fn brotli(self) -> Decompression {
        self.and(ContentCoding::Brotli)
    }

    /// Zstandard too. Its windows take up to 8 MiB for a body while it is decoded; larger ones are refused as corrupt
    /// (RFC 9659).
    #[cfg(feature = "zstd")]
    #[must_use]
    pub fn zstd(self) -> Decompression {
        self.and(ContentCoding::Zstd)
    }

    /// Leaves bodies as they came, for handlers that look at `Content-Encoding` themselves, or store what they get.
    pub fn by_handlers() -> Decompression {
        Decompression { is_left_alone: true, ..Decompression::default() }
    }

    #[cfg(any(feature = "brotli", feature = "zstd"))]
    fn and(mut self, coding: ContentCoding) -> Decompression {
        if !self.codings.contains(&coding) {
            self.codings.push(coding);
        }
        self.decoder = Some(decoder);
        self
    }

    /// The codings of a request's body in the order they were applied.
    ///
    /// # Errors
    /// One of them is not taken here: 415.
    pub(crate) fn codings_of(&self, request: &Request) -> Result<Vec<ContentCoding>> {
        let mut codings = Vec::new();
        if self.is_left_alone {
            return Ok(codings);
        }
        let tokens = request.headers.element_bytes(CONTENT_ENCODING);
        for token in tokens.filter(|token| !token.eq_ignore_ascii_case(b"identity")) {
            match self.codings.iter().find(|coding| coding.is_named(token)) {
                Some(_) if codings.len() == MOST => {
                    return Err(self.unsupported(format!("The body has more than {MOST} codings.")));
                }
                Some(coding) => codings.push(*coding),
                None => {
                    let token = shown_bytes(token);
                    return Err(self.unsupported(format!("The body's Content-Encoding is `{token}`.")));
                }
            }
        }
        Ok(codings)
    }

    pub(crate) fn unsupported(&self, what: String) -> Error {
        let tokens: Vec<_> = self.codings.iter().map(|coding| coding.token()).collect();
        let (taken, field) = match &tokens[..] {
            [] => (
                "no compressed bodies (Config::decompress_requests, or `decompress = …` of the mapping)"
                    .to_owned(),
                "identity".to_owned(),
            ),
            tokens => (tokens.join(", "), tokens.join(", ")),
        };
        Error::status_only(415)
            .explain(format!("{what} Taken here: {taken}."))
            .header("accept-encoding", &field)
    }
}

/// The field that names the codings of a body.
pub(crate) const CONTENT_ENCODING: &str = "content-encoding";

/// How many codings a body may have.
const MOST: usize = 2;
