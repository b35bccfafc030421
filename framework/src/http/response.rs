//! An answer: status, header fields, body. Recycled with its buffers.

use std::borrow::Cow;
use std::sync::Arc;

use ::http::StatusCode;
use bytes::Bytes;
use serde::Serialize;

use super::body::Kind;
use super::outgoing::Outgoing;
use super::sniff::{JSON, Markup, OCTETS, TEXT, markup};
use super::trailing::Trailing;
use super::{Body, Error, IntoStatus, Result, SetCookie};
use crate::base::{Headers, IntoHeaderValue, trim};

/// What goes out.
///
/// Handlers usually return something that a [`Responder`](crate::Responder) writes here; an argument `res: &mut Response` gives the
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
    /// own; fields of these names are not sent. `Connection: close` is obeyed, but for
    /// HTTP/2.
    pub headers: Headers,
    pub(crate) reason: Option<Cow<'static, str>>,
    /// The guessed content type; a `Content-Type` among the headers beats it.
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Body,
    /// Small bodies are copied here, so that answering allocates nothing.
    pub(crate) buffer: Vec<u8>,
    /// What is to follow the body.
    pub(crate) trailing: Option<Box<Trailing>>,
    /// Somebody has answered, so that a filter need not go on.
    pub(crate) is_answered: bool,
    /// The error this answer was made of, for filters and the log.
    pub(crate) error: Option<Error>,
    /// An error that is still to become the answer.
    pub(crate) pending_error: Option<Error>,
    pub(crate) marks: Marks,
    pub(crate) outgoing: Option<Arc<Outgoing>>,
}

/// What is known of how an answer came to be.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// The content type was sniffed, and is that of markup; not if it is plain text.
    pub(crate) is_sniffed: bool,
    /// Somebody said the status, be it 200.
    pub(crate) has_status: bool,
    /// The answer was given by a redirect or an error: nothing may be added but fields.
    pub(crate) is_whole: bool,
    /// Somebody tried all the same.
    pub(crate) is_doubled: bool,
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
            trailing: None,
            is_answered: false,
            error: None,
            pending_error: None,
            marks: Marks::default(),
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
        let marks = Marks { has_status: true, ..Marks::default() };
        Response { status: status.into_status(), is_answered: true, marks, ..Response::default() }
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

    /// Sets the body, in place of one set before.
    ///
    /// A content type that the answer had said stays: that of [`Html`](crate::Html), of a page or a file, and of
    /// [`Json`](crate::Json) as long as the new body is JSON, or is not text. Otherwise it is guessed: sniffed if the body is
    /// UTF-8 text, else `application/octet-stream`. A `Content-Type` field beats all of that.
    #[doc(alias = "send", alias = "json", alias = "write_json")]
    pub fn set_body(&mut self, body: impl Into<Body>) {
        let body = body.into();
        let said = self
            .content_type
            .take()
            .filter(|known| !self.marks.is_sniffed && *known != TEXT && *known != OCTETS);
        self.marks.is_sniffed = false;
        self.content_type = match &body.0 {
            Kind::Empty => None,
            Kind::Bytes(bytes) => match (said, std::str::from_utf8(bytes)) {
                (Some(said), text) if fits(said, text.ok()) => Some(said),
                (_, Ok(text)) => Some(match markup(text) {
                    None => TEXT,
                    Some(markup) => {
                        self.marks.is_sniffed = true;
                        markup.content_type()
                    }
                }),
                (_, Err(_)) => Some(OCTETS),
            },
            _ => said.or(Some(OCTETS)),
        };
        self.place(body);
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
        self.marks.has_status = true;
    }

    /// Sets a header field, in place of all of its name: `headers.insert`.
    pub fn set_header(&mut self, name: &str, value: impl IntoHeaderValue) {
        self.headers.insert(name, value);
    }

    /// Adds a header field, keeping those of its name: `headers.append`.
    pub fn add_header(&mut self, name: &str, value: impl IntoHeaderValue) {
        self.headers.append(name, value);
    }

    /// Adds a cookie.
    #[doc(alias = "set_cookie")]
    pub fn add_cookie(&mut self, cookie: SetCookie) {
        self.headers.append("set-cookie", cookie);
    }

    /// Answers with an error, as if the handler had returned it: error pages apply, and a filter's chain ends.
    ///
    /// Return the error instead where the signature allows it; this is for filters and `res: &mut Response`. This is the whole
    /// answer: what the handler returns or redirects to after it is left out, and the log says so. After a redirect, it is the
    /// error that is left out.
    pub fn send_error(&mut self, error: Error) {
        if self.is_whole() {
            return;
        }
        self.pending_error = Some(error);
        self.is_answered = true;
        self.marks.is_whole = true;
    }

    /// Whether an answer is given: a status, a body, a redirect or an error.
    pub fn is_answered(&self) -> bool {
        self.is_answered || self.status != StatusCode::OK || self.body.is_some()
    }

    /// Whether it is what a handler that says nothing leaves behind: 200 without fields and body.
    pub(crate) fn is_bare(&self) -> bool {
        self.status == StatusCode::OK && !self.body.is_some() && self.headers.is_empty() && self.is_plain()
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

    /// Whether the answer can be sent as it is: no file to open, no error to render, no field refused.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.pending_error.is_none()
            && self.headers.refused().is_none()
            && !self.is_unfinished()
            && !self.marks.is_doubled
    }

    /// What keeps this from being sent, which is then forgotten: an error that was to be sent, or a refused field.
    pub(crate) fn take_failure(&mut self) -> Result {
        let refused = self.headers.take_refused().map(|refused| Error::internal(refused.to_string()));
        self.pending_error.take().or(refused).map_or(Ok(()), Err)
    }

    /// Whether the body is only named yet: a file to open, a view to render.
    #[inline]
    pub(crate) fn is_unfinished(&self) -> bool {
        self.body.is_unfinished()
    }

    /// Whether the answer is being written piece by piece.
    pub(crate) fn is_committed(&self) -> bool {
        matches!(self.body.0, Kind::Written)
    }

    /// Takes a text as the body unless there is one already; small ones are copied to the recycled buffer.
    #[inline]
    pub(crate) fn offer_text(&mut self, text: &str) {
        match markup(text) {
            None => drop(self.offer_slice(text.as_bytes(), TEXT)),
            Some(markup) => self.offer_markup(text, markup),
        }
    }

    #[cold]
    fn offer_markup(&mut self, text: &str, markup: Markup) {
        let is_taken = self.offer_slice(text.as_bytes(), markup.content_type());
        self.marks.is_sniffed |= is_taken;
    }

    /// Takes a text that is large, or lives for ever, as the body unless there is one already. It is not copied.
    pub(crate) fn offer_large_text(&mut self, text: Bytes, markup: Option<Markup>) {
        let is_taken = self.offer_bytes(text, markup.map_or(TEXT, Markup::content_type));
        self.marks.is_sniffed |= is_taken && markup.is_some();
    }

    /// Takes bytes as the body unless there is one already. Tells whether it did.
    #[inline]
    pub(crate) fn offer_slice(&mut self, bytes: &[u8], content_type: &'static str) -> bool {
        if self.is_taken() {
            return false;
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(bytes);
        self.body = Body(Kind::Buffer);
        self.content_type = Some(content_type);
        self.is_answered = true;
        true
    }

    /// Takes owned bytes as the body unless there is one already; copies them when that is cheaper than to hold them.
    pub(crate) fn offer_bytes(&mut self, bytes: Bytes, content_type: &'static str) -> bool {
        if bytes.len() <= COPIED {
            return self.offer_slice(&bytes, content_type);
        }
        self.offer_body(Body(Kind::Bytes(bytes)), content_type)
    }

    /// Takes any body unless there is one already.
    pub(crate) fn offer_body(&mut self, body: Body, content_type: &'static str) -> bool {
        if self.is_taken() {
            return false;
        }
        self.place(body);
        self.content_type = Some(content_type);
        self.is_answered = true;
        true
    }

    /// Puts a body, and what follows it, in their places.
    pub(crate) fn place(&mut self, body: Body) {
        let (body, trailing) = body.split();
        self.body = body;
        self.trailing = trailing.or(self.trailing.take());
    }

    /// Takes a value as the body unless there is one already: compact JSON, written into the recycled buffer.
    ///
    /// # Errors
    /// It cannot be written so.
    pub(crate) fn offer_json(&mut self, value: &(impl Serialize + ?Sized)) -> Result {
        if self.is_taken() {
            return Ok(());
        }
        self.buffer.clear();
        let written = serde_json::to_writer(&mut self.buffer, value);
        self.json_written(written)
    }

    fn json_written(&mut self, written: serde_json::Result<()>) -> Result {
        written.map_err(|error| Error::internal(format!("the answer cannot be written as JSON: {error}")))?;
        self.body = Body(Kind::Buffer);
        self.content_type = Some(JSON);
        self.is_answered = true;
        Ok(())
    }

    /// Sets the status unless one was set: the first of a tuple counts.
    pub(crate) fn offer_status(&mut self, status: StatusCode) {
        if self.is_whole() {
            return;
        }
        if self.status == StatusCode::OK && !self.marks.has_status {
            self.status = status;
        }
        self.marks.has_status = true;
        self.is_answered = true;
    }

    /// Whether somebody chose the status.
    pub(crate) fn is_status_said(&self) -> bool {
        self.marks.has_status || self.status != StatusCode::OK
    }

    /// Gives it this status, unless one was said.
    pub(crate) fn status_unless_said(&mut self, status: u16) {
        if !self.is_status_said()
            && !self.is_whole()
            && let Ok(status) = StatusCode::from_u16(status)
        {
            self.offer_status(status);
        }
    }

    /// Whether a further body is left out.
    #[inline]
    pub(crate) fn is_taken(&mut self) -> bool {
        let is_taken = self.body.is_some() || self.marks.is_whole;
        self.marks.is_doubled |= is_taken;
        is_taken
    }

    /// Whether the answer is given as a whole, so that a further one is left out.
    pub(super) fn is_whole(&mut self) -> bool {
        self.marks.is_doubled |= self.marks.is_whole;
        self.marks.is_whole
    }

    /// Drops what a failed handler left, so that an error page starts anew: header fields that filters added stay.
    pub(crate) fn reset_for(&mut self, error: &Error) {
        self.status = error.status();
        self.reason = None;
        self.content_type = None;
        self.body = Body::empty();
        self.buffer.clear();
        self.trailing = None;
        self.headers.remove("content-type");
        self.is_answered = true;
        self.marks = Marks::default();
    }

    /// Forgets the answer and keeps its memory.
    // Into what serves either version: neither shall pay for a call.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.status = StatusCode::OK;
        self.headers.clear();
        self.reason = None;
        self.content_type = None;
        self.body = Body::empty();
        self.buffer.clear();
        self.trailing = None;
        self.is_answered = false;
        self.error = None;
        self.pending_error = None;
        self.marks = Marks::default();
    }

    /// Gives back what its buffers hold beyond `keep` bytes each. For a cleared answer.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        self.headers.trim(keep);
        trim(&mut self.buffer, keep);
    }
}

/// Whether a body can be of a content type that was said of the one before it; `None` is no text.
fn fits(said: &str, text: Option<&str>) -> bool {
    let is_json = said == JSON || said.ends_with("+json");
    match text {
        Some(text) if is_json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        _ => true,
    }
}

/// Owned bodies up to this size are copied to the recycled buffer.
pub(super) const COPIED: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::super::Responder;
    use super::*;

    #[test]
    fn the_first_status_and_the_first_body_count() {
        let mut res = Response::default();
        (201_u16, "first", 404_u16, "second").respond(&mut res).expect("parts cannot fail");
        assert_eq!(res.status, 201);
        assert_eq!(res.body_bytes(), b"first");
    }
}
