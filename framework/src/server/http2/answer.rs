//! The head of an answer as fields of its stream (RFC 9113, section 8.3.2). What speaks of the connection is not sent, since there is
//! none that would be the stream's own.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, SERVER};
use http::{Method, Response as Fields, StatusCode};

use crate::base::{Headers, date};
use crate::http::{Request, Response, SentHead, guessed_type};
use crate::io::clock;
use crate::server::Shared;

/// The parts of an answer's head.
pub(super) struct Parts<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a Headers,
    /// Sent if `headers` have none.
    pub(super) content_type: Option<&'static str>,
    /// Bytes of the body; `None` if only its end will tell. For HEAD what GET would have.
    pub(super) length: Option<u64>,
    /// Fields follow the body, be it empty.
    pub(super) has_trailers: bool,
    /// The second of the calendar, for who has just read the clock.
    pub(super) second: Option<u64>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(response: &'a Response, length: Option<u64>) -> Parts<'a> {
        let Response { status, headers, content_type, .. } = response;
        let has_trailers = response.trailing.is_some();
        Parts { status: *status, headers, content_type: *content_type, length, has_trailers, second: None }
    }

    pub(super) fn of_written(head: &'a SentHead) -> Parts<'a> {
        let SentHead { status, headers, content_type, .. } = head;
        let (length, has_trailers, second) = (None, false, None);
        Parts { status: *status, headers, content_type: *content_type, length, has_trailers, second }
    }

    /// The head as it goes out, and whether a body follows (RFC 9110, section 6.4.1).
    pub(super) fn fields(&self, method: &Method, shared: &Shared) -> (Fields<()>, bool) {
        // The peer would take it for an interim answer.
        let status = match self.status.is_informational() {
            true => StatusCode::INTERNAL_SERVER_ERROR,
            false => self.status,
        };
        let mut fields = HeaderMap::with_capacity(self.headers.len() + 4);
        fields.insert(DATE, date::value(self.second.unwrap_or_else(|| clock::now().second)));
        if let Some(server) = shared.app.0.server_line.value() {
            fields.insert(SERVER, server.clone());
        }
        let mut has_type = false;
        for (name, value) in self.headers.fields() {
            if is_ours(name) {
                continue;
            }
            has_type |= name.eq_ignore_ascii_case(b"content-type");
            // Both are tokens and values already.
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                fields.append(name, value);
            }
        }
        if let Some(content_type) = guessed_type(status, self.content_type)
            && !has_type
        {
            fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let (length, has_body) = delimit(status, method, self.length, self.has_trailers);
        if let Some(length) = length {
            fields.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let mut head = Fields::new(());
        (*head.status_mut(), *head.headers_mut()) = (status, fields);
        (head, has_body)
    }
}

/// The length that is told, and whether there is a body.
fn delimit(
    status: StatusCode,
    method: &Method,
    length: Option<u64>,
    has_trailers: bool,
) -> (Option<u64>, bool) {
    match status {
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => (None, false),
        StatusCode::RESET_CONTENT => (Some(0), false),
        // The peer takes what follows for the tunnel, and there is none.
        _ if *method == Method::CONNECT && status.is_success() => (None, false),
        _ => (length, *method != Method::HEAD && (length != Some(0) || has_trailers)),
    }
}

/// Whether fields may follow the body of an answer: the peer says that it takes them, and there is a body.
pub(super) fn takes_trailers(request: &Request, status: StatusCode) -> bool {
    let has_none = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
    !has_none.contains(&status)
        && !matches!(request.method, Method::HEAD | Method::CONNECT)
        && request.headers.elements("te").any(|it| it.eq_ignore_ascii_case("trailers"))
}

/// Fields as `h2` takes them. Both names and values are tokens and values already.
pub(super) fn map_of(headers: &Headers) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.fields() {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            fields.append(name, value);
        }
    }
    fields
}

/// Whether fields of this name are the server's alone, or have no meaning here (RFC 9113, section 8.2.2).
fn is_ours(name: &[u8]) -> bool {
    let is = |ours: &[u8]| name.eq_ignore_ascii_case(ours);
    match name.len() {
        2 => is(b"te"),
        4 => is(b"date"),
        6 => is(b"server"),
        7 => is(b"upgrade"),
        10 => is(b"connection") || is(b"keep-alive"),
        14 => is(b"content-length"),
        16 => is(b"proxy-connection"),
        17 => is(b"transfer-encoding"),
        _ => false,
    }
}
