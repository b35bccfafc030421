//! Undoing the codings of request bodies before anybody sees them.
//!
//! A handler sees the plain body and no Content-Encoding. The limit of a body's size holds before and after.

use super::application::Inner;
use super::target::Target;
use crate::http::{CONTENT_ENCODING, Decompression, Request, Result};
use crate::proto::coding::{ContentCoding, Decoding};
use crate::proto::{Refusal, SizeBound};

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
        let decompression = self.decompression_of(target, request);
        let codings = decompression.codings_of(request).unwrap_or_default();
        let Some(decoder) = decompression.decoder.filter(|_| !codings.is_empty()) else { return Ok(None) };
        if target.is_none() {
            request.extensions.insert(Undone(codings.clone()));
        }
        request.headers.remove(CONTENT_ENCODING);
        request.headers.remove("content-length");
        Decoding::new(codings.into_iter(), bound, decoder).map(Some)
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
