//! An answer: status, header fields, body. Recycled with its buffers.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ::http::StatusCode;
use bytes::Bytes;

use super::body::Kind;
use super::{Body, Error, IntoStatus, Kept, Responder, Result, SetCookie, add_private_cookie};
use crate::base::{Headers, IntoHeaderValue, trim};
use crate::io::Pipe;
use crate::proto::Refusal;

/// What goes out.
///
/// Handlers usually return something that a [`Responder`] writes here; an argument `res: &mut Response` gives the
/// answer itself, and so does returning one.
///
/// ```
/// use vernal::{Response, request_map};
///
/// #[request_map("/made")]
/// fn made() -> Response {
///     Response::new(201).header("x-made", "yes").body("made")
/// }
/// ```
#[derive(Debug)]
pub struct Response {
    /// The status; 200 unless set.
    pub status: StatusCode,
    /// The header fields. `Date`, `Server`, `Content-Length`, `Transfer-Encoding` and `Connection` are the server's
    /// own; fields of these names are not sent. `Connection: close` is obeyed.
    pub headers: Headers,
    pub(crate) reason: Option<Cow<'static, str>>,
    /// The guessed content type; a `Content-Type` among the headers beats it.
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Body,
    /// Small bodies are copied here, so that answering allocates nothing.
    pub(crate) buffer: Vec<u8>,
    /// Somebody has answered, so that a filter need not go on.
    pub(crate) is_answered: bool,
    /// The error this answer was made of, for filters and the log.
    pub(crate) error: Option<Error>,
    /// An error that is still to become the answer.
    pub(crate) pending_error: Option<Error>,
    pub(crate) outgoing: Option<Arc<Outgoing>>,
}

/// An answer that a handler writes while it runs: shared with the connection, which sends it.
#[derive(Default)]
pub(crate) struct Outgoing {
    pub(crate) pipe: Pipe,
    pub(crate) head: Mutex<Option<SentHead>>,
    /// What must be written and announced before the head goes out.
    pub(crate) kept: OnceLock<Arc<dyn Kept>>,
    pub(crate) is_committed: AtomicBool,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outgoing")
    }
}

/// The head of an answer that is being written, taken when its first bytes come.
#[derive(Debug)]
pub(crate) struct SentHead {
    pub(crate) status: StatusCode,
    pub(crate) reason: Option<Cow<'static, str>>,
    pub(crate) headers: Headers,
    pub(crate) content_type: Option<&'static str>,
}

impl Default for Response {
    fn default() -> Response {
        Response {
            status: StatusCode::OK,
            headers: Headers::new(),
            reason: None,
            content_type: None,
            body: Body::empty(),
            buffer: Vec::new(),
            is_answered: false,
            error: None,
            pending_error: None,
            outgoing: None,
        }
    }
}

impl Response {
    /// An answer of this status without a body.
    ///
    /// # Panics
    /// The number is no status: below 100 or above 999.
    #[track_caller]
    pub fn new(status: impl IntoStatus) -> Response {
        Response { status: status.into_status(), is_answered: true, ..Response::default() }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> Response {
        self.headers.append(name, value);
        self
    }

    /// Adds a cookie.
    #[must_use]
    pub fn cookie(mut self, cookie: SetCookie) -> Response {
        self.add_cookie(cookie);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Response {
        self.set_body(body);
        self
    }

    /// Sets the body, in place of one set before. The content type is guessed: sniffed if the body is UTF-8 text,
    /// else `application/octet-stream`; a `Content-Type` field beats the guess.
    pub fn set_body(&mut self, body: impl Into<Body>) {
        let body = body.into();
        self.content_type = match &body.0 {
            Kind::Bytes(bytes) => Some(match std::str::from_utf8(bytes) {
                Ok(text) => sniff(text),
                Err(_) => OCTETS,
            }),
            Kind::Empty => None,
            _ => Some(OCTETS),
        };
        self.body = body;
        self.is_answered = true;
    }

    /// Sets the status and says that the answer is given.
    ///
    /// # Panics
    /// The number is no status: below 100 or above 999.
    #[track_caller]
    pub fn set_status(&mut self, status: impl IntoStatus) {
        self.status = status.into_status();
        self.reason = None;
        self.is_answered = true;
    }

    /// Adds a cookie.
    pub fn add_cookie(&mut self, cookie: SetCookie) {
        self.headers.append("set-cookie", cookie);
    }

    /// Sends the peer elsewhere with a 302; the location is sent as it is.
    pub fn redirect(&mut self, location: &str) {
        self.set_redirect(StatusCode::FOUND, location);
    }

    /// Answers with an error, as if the handler had returned it: error pages apply, and a filter's chain ends.
    ///
    /// Return the error instead where the signature allows it; this is for filters and `res: &mut Response`.
    pub fn send_error(&mut self, error: Error) {
        self.pending_error = Some(error);
        self.is_answered = true;
    }

    /// Writes a piece of the body at once, after the head if it is the first. The answer is then sent in pieces:
    /// chunked, or to the end of the connection for HTTP/1.0. Waits while the peer is slow. Needs an `async fn`.
    ///
    /// What is set on the answer after the first piece is not sent, and neither is what the handler returns.
    ///
    /// A peer that goes away ends the handler where it waits.
    ///
    /// # Errors
    /// This is not the answer given as `res: &mut Response`, it has a body already or was closed, or a header field was
    /// refused.
    pub async fn write_bytes(&mut self, bytes: impl AsRef<[u8]>) -> Result {
        if !self.is_committed()
            && let Some(kept) = self.outgoing.as_ref().and_then(|outgoing| outgoing.kept.get())
        {
            kept.keep().await?;
        }
        let outgoing = self.commit()?;
        if outgoing.pipe.is_ended() {
            return Err(Error::internal("the answer is closed, so nothing can be written to it any more"));
        }
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            let room = std::future::poll_fn(|cx| outgoing.pipe.poll_room(cx)).await;
            let (now, later) = rest.split_at(rest.len().min(room));
            outgoing.pipe.push(now);
            rest = later;
        }
        Ok(())
    }

    /// Ends an answer begun with [`Response::write_bytes`]. The end of the handler does so too.
    ///
    /// # Errors
    /// As [`Response::write_bytes`].
    pub fn close(&mut self) -> Result {
        self.commit()?.pipe.end(Ok(()));
        Ok(())
    }

    /// Whether an answer is given: a status, a body, a redirect or an error.
    pub fn is_answered(&self) -> bool {
        self.is_answered || self.status != StatusCode::OK || self.body.is_some()
    }

    /// The error this answer was made of, if it was one. Filters see it after `next`.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The body that is held in memory; empty for files and streams.
    pub fn body_bytes(&self) -> &[u8] {
        match &self.body.0 {
            Kind::Buffer => &self.buffer,
            Kind::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// Takes the head for the connection to send, once.
    fn commit(&mut self) -> Result<Arc<Outgoing>> {
        let Some(outgoing) = self.outgoing.clone() else {
            return Err(Error::internal(
                "only the answer given as `res: &mut Response` can be written piece by piece",
            ));
        };
        if self.is_committed() {
            return Ok(outgoing);
        }
        if self.body.is_some() {
            return Err(Error::internal(
                "the answer has a body already, so it cannot be written piece by piece",
            ));
        }
        if let Some(cookie) = outgoing.kept.get().and_then(|kept| kept.announce()) {
            add_private_cookie(&mut self.headers, cookie);
        }
        if let Some(refused) = self.headers.refused() {
            return Err(Error::internal(refused.to_string()));
        }
        outgoing.is_committed.store(true, Ordering::Release);
        outgoing.pipe.open();
        *outgoing.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(SentHead {
            status: self.status,
            reason: self.reason.take(),
            headers: std::mem::take(&mut self.headers),
            content_type: self.content_type.or(Some(OCTETS)),
        });
        self.is_answered = true;
        self.body = Body(Kind::Written);
        Ok(outgoing)
    }

    /// Cuts an answer that is being written: its handler failed.
    pub(crate) fn cut_written(&self) {
        if let Some(outgoing) = &self.outgoing {
            outgoing.pipe.end(Err(Refusal::new(self.status, "the handler failed")));
        }
    }

    /// Whether the answer can be sent as it is: no file to open, no error to render, no field refused.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.pending_error.is_none() && self.headers.refused().is_none() && !self.is_unfinished()
    }

    /// What keeps this from being sent, which is then forgotten: an error that was to be sent, or a refused field.
    pub(crate) fn take_failure(&mut self) -> Result {
        let refused = self.headers.take_refused().map(|refused| Error::internal(refused.to_string()));
        self.pending_error.take().or(refused).map_or(Ok(()), Err)
    }

    /// Whether the body is only named yet: a file to open, a view to render.
    #[inline]
    pub(crate) fn is_unfinished(&self) -> bool {
        match self.body.0 {
            Kind::File(_) => true,
            #[cfg(feature = "templates")]
            Kind::View(_) => true,
            _ => false,
        }
    }

    /// Whether the answer is being written piece by piece.
    pub(crate) fn is_committed(&self) -> bool {
        matches!(self.body.0, Kind::Written)
    }

    /// Takes a text as the body unless there is one already; small ones are copied to the recycled buffer.
    #[inline]
    pub(crate) fn offer_text(&mut self, text: &str) {
        self.offer_slice(text.as_bytes(), sniff(text));
    }

    /// Takes bytes as the body unless there is one already.
    #[inline]
    pub(crate) fn offer_slice(&mut self, bytes: &[u8], content_type: &'static str) {
        if self.body.is_some() {
            return;
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(bytes);
        self.body = Body(Kind::Buffer);
        self.content_type = Some(content_type);
        self.is_answered = true;
    }

    /// Takes owned bytes as the body unless there is one already; copies them when that is cheaper than to hold them.
    pub(crate) fn offer_bytes(&mut self, bytes: Bytes, content_type: &'static str) {
        if bytes.len() <= COPIED {
            return self.offer_slice(&bytes, content_type);
        }
        self.offer_body(Body(Kind::Bytes(bytes)), content_type);
    }

    /// Takes any body unless there is one already.
    pub(crate) fn offer_body(&mut self, body: Body, content_type: &'static str) {
        if self.body.is_some() {
            return;
        }
        self.body = body;
        self.content_type = Some(content_type);
        self.is_answered = true;
    }

    /// Sets the status unless one was set: the first of a tuple counts.
    pub(crate) fn offer_status(&mut self, status: StatusCode) {
        if self.status == StatusCode::OK {
            self.status = status;
        }
        self.is_answered = true;
    }

    fn set_redirect(&mut self, status: StatusCode, location: &str) {
        self.status = status;
        self.reason = None;
        self.headers.insert("location", location);
        self.is_answered = true;
    }

    /// Drops what a failed handler left, so that an error page starts anew: header fields that filters added stay.
    pub(crate) fn reset_for(&mut self, error: &Error) {
        self.status = error.status();
        self.reason = None;
        self.content_type = None;
        self.body = Body::empty();
        self.buffer.clear();
        self.headers.remove("content-type");
        self.is_answered = true;
    }

    /// Forgets the answer and keeps its memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.status = StatusCode::OK;
        self.headers.clear();
        self.reason = None;
        self.content_type = None;
        self.body = Body::empty();
        self.buffer.clear();
        self.is_answered = false;
        self.error = None;
        self.pending_error = None;
    }

    /// Gives back what its buffers hold beyond `keep` bytes each. For a cleared answer.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        self.headers.trim(keep);
        trim(&mut self.buffer, keep);
    }
}

/// An answer may be returned whole; cookies and fields are added to those that filters have set.
impl Responder for Response {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_status(self.status);
        res.headers.extend(&self.headers);
        if res.reason.is_none() {
            res.reason = self.reason;
        }
        if !res.body.is_some() {
            res.content_type = self.content_type;
            res.body = self.body;
            res.buffer = self.buffer;
        }
        match self.pending_error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// Sends the peer elsewhere.
///
/// ```
/// use vernal::{Redirect, request_map};
///
/// #[request_map("/old")]
/// fn old() -> Redirect {
///     Redirect::to("/new")
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Redirect {
    status: StatusCode,
    location: String,
}

impl Redirect {
    /// 302 Found.
    pub fn to(location: impl Into<String>) -> Redirect {
        Redirect { status: StatusCode::FOUND, location: location.into() }
    }

    /// 301 Moved Permanently.
    pub fn permanent(location: impl Into<String>) -> Redirect {
        Redirect { status: StatusCode::MOVED_PERMANENTLY, location: location.into() }
    }

    /// 303 See Other: look there with a GET, after a POST.
    pub fn see_other(location: impl Into<String>) -> Redirect {
        Redirect { status: StatusCode::SEE_OTHER, location: location.into() }
    }

    /// 307 Temporary Redirect: repeat the same method there.
    pub fn temporary(location: impl Into<String>) -> Redirect {
        Redirect { status: StatusCode::TEMPORARY_REDIRECT, location: location.into() }
    }

    /// 308 Permanent Redirect: repeat the same method there, for ever.
    pub fn permanent_same_method(location: impl Into<String>) -> Redirect {
        Redirect { status: StatusCode::PERMANENT_REDIRECT, location: location.into() }
    }
}

impl Responder for Redirect {
    fn respond(self, res: &mut Response) -> Result {
        res.set_redirect(self.status, &self.location);
        Ok(())
    }
}

/// The content type of a text, by its first characters (white space aside).
#[inline]
pub(crate) fn sniff(text: &str) -> &'static str {
    let trimmed = text.trim_ascii_start();
    if !trimmed.starts_with('<') {
        return TEXT;
    }
    let begins = |with: &str| {
        trimmed.len() >= with.len() && trimmed.as_bytes()[..with.len()].eq_ignore_ascii_case(with.as_bytes())
    };
    if !trimmed.trim_ascii_end().ends_with('>') {
        return TEXT;
    }
    if begins("<!doctype html") || begins("<html") {
        return HTML;
    }
    if begins("<?xml") { XML } else { TEXT }
}

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const XML: &str = "text/xml; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
pub(crate) const OCTETS: &str = "application/octet-stream";

/// Owned bodies up to this size are copied to the recycled buffer.
const COPIED: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sniffed_by_a_trimmed_view() {
        let table = [
            ("Hello", TEXT),
            ("", TEXT),
            ("<html><body>x</body></html>", HTML),
            ("  \n<!DOCTYPE html><p>", HTML),
            ("<HTML>", HTML),
            ("<html", TEXT),
            ("<?xml version='1.0'?><a/>", XML),
            ("<p>x</p>", TEXT),
            ("中<html>", TEXT),
        ];
        for (text, expected) in table {
            assert_eq!(sniff(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_first_status_and_the_first_body_count() {
        let mut res = Response::default();
        (201_u16, "first", 404_u16, "second").respond(&mut res).expect("parts cannot fail");
        assert_eq!(res.status, 201);
        assert_eq!(res.body_bytes(), b"first");
    }

    #[test]
    fn a_redirect_that_breaks_its_line_is_refused() {
        let mut res = Response::default();
        Redirect::to("/a\r\nSet-Cookie: b=c").respond(&mut res).expect("refused when sent");
        assert!(res.headers.refused().is_some());
    }
}
