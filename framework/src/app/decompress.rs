//! Request bodies that come compressed: which codings are taken, and undoing them before anybody sees the body.
//!
//! A handler sees the plain body and no Content-Encoding. The limit of a body's size holds before and after.

use super::{Inner, Target};
use crate::base::shown_bytes;
use crate::http::{Error, Request, Result};
use crate::proto::coding::{ContentCoding, Decoding};
use crate::proto::{Refusal, SizeBound};

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
    codings: Vec<ContentCoding>,
    is_left_alone: bool,
}

impl Decompression {
    /// Takes no coding: every body that has one is refused with 415. The default.
    pub fn none() -> Decompression {
        Decompression::default()
    }

    /// Takes gzip and deflate.
    pub fn gzip() -> Decompression {
        Decompression { codings: vec![ContentCoding::Gzip, ContentCoding::Deflate], is_left_alone: false }
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
        Decompression { codings: Vec::new(), is_left_alone: true }
    }

    #[cfg(any(feature = "brotli", feature = "zstd"))]
    fn and(mut self, coding: ContentCoding) -> Decompression {
        if !self.codings.contains(&coding) {
            self.codings.push(coding);
        }
        self
    }

    /// The codings of a request's body in the order they were applied.
    ///
    /// # Errors
    /// One of them is not taken here: 415.
    fn codings_of(&self, request: &Request) -> Result<Vec<ContentCoding>> {
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

    fn unsupported(&self, what: String) -> Error {
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

impl Inner {
    /// Judges the codings of a body that somebody wants, before any of it is read.
    ///
    /// # Errors
    /// One of them is not taken here: 415.
    pub(crate) fn check_codings(&self, request: &Request, target: Option<&Target<'_>>) -> Result<()> {
        if !request.headers.contains(CONTENT_ENCODING) {
            return Ok(());
        }
        self.decompression_of(target, request).codings_of(request).map(drop)
    }

    /// Judges the codings of a form again that was read before its mapping was known.
    ///
    /// # Errors
    /// The mapping does not take one of them: 415.
    pub(crate) fn check_undone(&self, request: &Request, target: &Target<'_>) -> Result<()> {
        let Some(Undone(codings)) = request.extensions.get() else { return Ok(()) };
        let decompression = self.decompression_of(Some(target), request);
        let missing = codings.iter().find(|coding| !decompression.codings.contains(coding));
        match missing.filter(|_| !decompression.is_left_alone) {
            Some(coding) => {
                Err(decompression
                    .unsupported(format!("The body's Content-Encoding is `{}`.", coding.token())))
            }
            None => Ok(()),
        }
    }

    /// What holds for a target. Without one, for a form that has to be read before its mapping is known: the most that a
    /// mapping of its path takes.
    #[cold]
    fn decompression_of<'a>(&'a self, target: Option<&Target<'a>>, request: &Request) -> &'a Decompression {
        match target {
            Some(Target::Entry(entry)) => entry.decompression.as_ref().unwrap_or(&self.decompression),
            Some(_) => &self.decompression,
            None => {
                let candidates = self.router.candidates(request.path.matched());
                let given = candidates.iter().filter_map(|entry| entry.decompression.as_ref());
                let widest = given.max_by_key(|given| given.codings.len());
                let least = self.decompression.codings.len();
                widest.filter(|widest| widest.codings.len() > least).unwrap_or(&self.decompression)
            }
        }
    }

    /// What undoes the codings of a body, if it has any that are undone here. The request has none from then
    /// on.
    ///
    /// # Errors
    /// There is no memory for it: 503.
    pub(crate) fn take_codings(
        &self,
        request: &mut Request,
        target: Option<&Target<'_>>,
        bound: SizeBound,
    ) -> Result<Option<Decoding>, Refusal> {
        if !request.headers.contains(CONTENT_ENCODING) {
            return Ok(None);
        }
        let codings = self.decompression_of(target, request).codings_of(request).unwrap_or_default();
        if codings.is_empty() {
            return Ok(None);
        }
        if target.is_none() {
            request.extensions.insert(Undone(codings.clone()));
        }
        request.headers.remove(CONTENT_ENCODING);
        request.headers.remove("content-length");
        Decoding::new(codings.into_iter(), bound).map(Some)
    }

    /// Decodes a body that has been read whole, within the limits of its target.
    ///
    /// # Errors
    /// It is corrupt or cut off (400), or too large when decoded (413).
    pub(crate) fn decode_body(
        &self,
        request: &mut Request,
        target: Option<&Target<'_>>,
    ) -> Result<(), Refusal> {
        let limits = match target {
            Some(target) => self.limits_of(target),
            None => self.limits_until_found(request),
        };
        let bound = limits.body_bound();
        let Some(mut decoding) = self.take_codings(request, target, bound)? else { return Ok(()) };
        let mut plain = Vec::new();
        decoding.decode_whole(&request.body, &mut plain)?;
        request.body = plain;
        Ok(())
    }
}

/// The codings of a form that were undone before its mapping was known.
#[derive(Clone)]
struct Undone(Vec<ContentCoding>);

/// The field that names the codings of a body.
const CONTENT_ENCODING: &str = "content-encoding";

/// How many codings a body may have.
const MOST: usize = 2;
