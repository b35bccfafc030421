//! The head of a request: httparse, then the law of framing (RFC 9112, sections 2, 3, 5 and 6; RFC 9110, section 7.2).
//!
//! httparse checks the bytes of methods, targets and fields. It takes a bare LF for a line end and does not judge
//! Host, Content-Length, Transfer-Encoding or the form of the target: that is done here, in one pass over the fields.

use std::mem::MaybeUninit;

use ::http::{Method, StatusCode, Version};
use httparse::Status;

use super::super::{Limits, Refusal};
use super::malformed;
use super::target::{TargetForm, check_host, parse_target};
use crate::base::shown_bytes as shown;
use crate::base::{Headers, Span};

/// A head that keeps the law. Its spans point into the target and the [`Headers`] it was parsed into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// HTTP/1.0 or HTTP/1.1; a later minor version is one that speaks 1.1 as well (RFC 9110, section 2.5).
    pub(crate) version: Version,
    /// The raw path, a span of the target. Empty where an absolute form has none, which means `/`; empty for the
    /// authority form, and `*` for the asterisk form.
    pub(crate) path: Span,
    /// Nothing in the path is encoded and no segment is empty or begins with a dot: it is what it stands for.
    pub(crate) path_is_plain: bool,
    /// The raw query without its `?`, a span of the target; empty if there is none.
    pub(crate) query: Span,
    /// The authority of an absolute or authority form, else the value of Host; empty if there is neither.
    pub(crate) authority: Span,
    pub(crate) form: TargetForm,
    pub(crate) framing: Framing,
    /// Whether the peer lets the connection go on after the answer.
    pub(crate) keep_alive: bool,
    /// Whether the peer waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
    /// Whether the peer offers to change the protocol: `Connection: upgrade` and an Upgrade field, and no body, since
    /// it would come before the next protocol's bytes.
    pub(crate) upgrade: bool,
    /// Whether the peer takes fields after the body of its answer (RFC 9110, section 10.1.4).
    pub(crate) takes_trailers: bool,
    /// There is more than one Content-Type, and nobody knows which of them others go by.
    pub(crate) has_many_types: bool,
    /// Bytes of the head, to be dropped from the inbox.
    pub(crate) length: usize,
}

/// How a body is delimited (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// Content-Length said so.
    Length(u64),
    /// Transfer-Encoding is `chunked`.
    Chunked,
}

/// Parses the head at the beginning of `inbox`: loads its bytes and fields into `headers`, and the request target into
/// `target`. `Ok(None)`: it has not ended yet. May be called again with more bytes; [`super::H1`] takes care not to do so for every byte.
///
/// # Errors
/// The head breaks the law or a limit. The text says which.
#[inline]
pub(crate) fn parse(
    inbox: &[u8],
    limits: &Limits,
    headers: &mut Headers,
    target: &mut String,
) -> Result<Option<Head>, Refusal> {
    let mut on_stack = [const { MaybeUninit::uninit() }; FIELDS_ON_STACK];
    match on_stack.get_mut(..limits.header_count) {
        Some(room) => parse_with(inbox, limits, (headers, target), room),
        None => {
            // No more fields than there are bytes for: a name, a colon and an end of line.
            let most = limits.header_count.min(inbox.len() / 3 + 1);
            parse_with(inbox, limits, (headers, target), &mut vec![MaybeUninit::uninit(); most])
        }
    }
}

fn parse_with<'b>(
    inbox: &'b [u8],
    limits: &Limits,
    (headers, target_text): (&mut Headers, &mut String),
    room: &mut [MaybeUninit<httparse::Header<'b>>],
) -> Result<Option<Head>, Refusal> {
    let window = inbox.get(..limits.head_size).unwrap_or(inbox);
    let mut request = httparse::Request::new(&mut []);
    let length = match request.parse_with_uninit_headers(window, room) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if window.len() == limits.head_size => {
            return Err(malformed::head_too_long(window, limits));
        }
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::Version) => {
            return match malformed::as_1_1(window) {
                Some(head) => parse(&head, limits, headers, target_text),
                None => Err(malformed::explain(httparse::Error::Version, window, limits)),
            };
        }
        Err(error) => return Err(malformed::explain(error, window, limits)),
    };
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(malformed::explain_request_line(window, limits));
    };
    if target.len() > limits.uri_length {
        return Err(malformed::explain_request_line(window, limits));
    }
    let bytes = window.get(..length).unwrap_or(window);
    if !bytes.ends_with(b"\r\n\r\n") || !is_preceded_by_line_ends(method, bytes) {
        return Err(malformed::bare_line_feed());
    }

    headers.load(bytes);
    let mut notes = Notes::default();
    for field in request.headers.iter() {
        let name = Span::of(field.name.as_bytes(), bytes);
        // The byte before the LF before the name; the end of the last line was looked at above.
        if bytes.get((name.start as usize).wrapping_sub(2)) != Some(&b'\r') {
            return Err(malformed::bare_line_feed());
        }
        headers.push_span(name, Span::of(field.value, bytes));
        notes.take(field)?;
    }

    let is_1_1 = version == 1;
    if notes.has_unknown_expectation {
        let text = "the only expectation that can be met is `Expect: 100-continue`";
        return Err(Refusal::new(StatusCode::EXPECTATION_FAILED, text));
    }
    let framing = match (notes.content_length, notes.codings) {
        (None, 0) => Framing::None,
        (Some(length), 0) => Framing::Length(length),
        (None, 1) if notes.is_chunked && is_1_1 => Framing::Chunked,
        _ => return Err(explain_framing(request.headers, is_1_1)),
    };
    let host = notes.host.unwrap_or_default();
    if is_1_1 || notes.host.is_some() {
        check_host(notes.host)?;
    }
    let method = parse_method(method)?;
    let parts = parse_target(target.as_bytes(), &method)?;
    target_text.clear();
    target_text.push_str(target);
    let has_body = !matches!(framing, Framing::None | Framing::Length(0));
    Ok(Some(Head {
        method,
        version: if is_1_1 { Version::HTTP_11 } else { Version::HTTP_10 },
        path: parts.path,
        path_is_plain: parts.path_is_plain,
        query: parts.query,
        authority: match parts.authority {
            Some(authority) => Span::of(authority, bytes),
            None if host.is_empty() => Span::default(),
            None => Span::of(host, bytes),
        },
        form: parts.form,
        framing,
        keep_alive: !notes.close && (is_1_1 || notes.keep_alive),
        expects_continue: notes.expects_continue && is_1_1 && has_body,
        upgrade: notes.connection_upgrade && notes.has_upgrade && is_1_1 && !has_body,
        takes_trailers: notes.takes_trailers && is_1_1,
        has_many_types: notes.content_types > 1,
        length,
    }))
}

/// Whether nothing but empty lines comes before the request line (RFC 9112, section 2.2).
#[inline]
fn is_preceded_by_line_ends(method: &str, head: &[u8]) -> bool {
    let start = Span::of(method.as_bytes(), head).start as usize;
    start == 0 || head.get(..start).is_some_and(|before| before.chunks(2).all(|line| line == b"\r\n"))
}

/// What the fields say that the connection itself needs, noted in one pass.
#[derive(Default)]
struct Notes<'b> {
    host: Option<&'b [u8]>,
    content_length: Option<u64>,
    /// Number of Transfer-Encoding fields.
    codings: u32,
    is_chunked: bool,
    close: bool,
    keep_alive: bool,
    connection_upgrade: bool,
    has_upgrade: bool,
    expects_continue: bool,
    has_unknown_expectation: bool,
    takes_trailers: bool,
    /// Number of Content-Type fields.
    content_types: u32,
}

impl<'b> Notes<'b> {
    #[inline]
    fn take(&mut self, field: &httparse::Header<'b>) -> Result<(), Refusal> {
        let (name, value) = (field.name, field.value);
        match name.len() {
            2 if name.eq_ignore_ascii_case("te") => self.take_transfer_codings(value),
            4 if name.eq_ignore_ascii_case("host") => {
                return once(&mut self.host, value, "there is more than one Host field");
            }
            6 if name.eq_ignore_ascii_case("expect") => {
                let is_known = value.eq_ignore_ascii_case(b"100-continue");
                self.expects_continue |= is_known;
                self.has_unknown_expectation |= !is_known;
            }
            7 if name.eq_ignore_ascii_case("upgrade") => self.has_upgrade = true,
            10 if name.eq_ignore_ascii_case("connection") => self.take_connection(value),
            12 if name.eq_ignore_ascii_case("content-type") => self.content_types += 1,
            14 if name.eq_ignore_ascii_case("content-length") => {
                let length = parse_length(value)?;
                return once(&mut self.content_length, length, "there is more than one Content-Length field");
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                self.codings += 1;
                self.is_chunked = value.eq_ignore_ascii_case(b"chunked");
            }
            _ => {}
        }
        Ok(())
    }

    #[cold]
    fn take_transfer_codings(&mut self, value: &[u8]) {
        let mut codings = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        self.takes_trailers |= codings.any(|coding| coding.eq_ignore_ascii_case(b"trailers"));
    }

    fn take_connection(&mut self, value: &[u8]) {
        for option in value.split(|&byte| byte == b',') {
            let option = option.trim_ascii();
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.connection_upgrade |= option.eq_ignore_ascii_case(b"upgrade");
        }
    }
}

#[inline]
fn once<T>(place: &mut Option<T>, value: T, otherwise: &'static str) -> Result<(), Refusal> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::bad_request(otherwise)),
    }
}

#[inline]
fn parse_method(method: &str) -> Result<Method, Refusal> {
    match method {
        "GET" => Ok(Method::GET),
        _ => Method::from_bytes(method.as_bytes()).map_err(|_| {
            Refusal::bad_request(format!("the method `{}` is no token", shown(method.as_bytes())))
        }),
    }
}

/// `1*DIGIT` and nothing else; a list of equal numbers would be a second way to say one thing.
fn parse_length(value: &[u8]) -> Result<u64, Refusal> {
    let number = value.iter().try_fold(0_u64, |number, &byte| {
        let digit = (byte as char).to_digit(10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    });
    number.filter(|_| !value.is_empty()).ok_or_else(|| {
        Refusal::bad_request(format!("the Content-Length '{}' is not a number of bytes", shown(value)))
    })
}

#[cold]
fn explain_framing(fields: &[httparse::Header<'_>], is_1_1: bool) -> Refusal {
    if fields.iter().any(|field| field.name.eq_ignore_ascii_case("content-length")) {
        return Refusal::bad_request("there are both Content-Length and Transfer-Encoding");
    }
    if !is_1_1 {
        return Refusal::bad_request("HTTP/1.0 has no Transfer-Encoding");
    }
    let lines = fields.iter().filter(|field| field.name.eq_ignore_ascii_case("transfer-encoding"));
    let codings: Vec<&[u8]> =
        lines.flat_map(|field| field.value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii).collect();
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let before_last = codings.split_last().map_or(&[][..], |(_, before)| before);
    if before_last.iter().any(is_chunked) {
        return Refusal::bad_request("in Transfer-Encoding, `chunked` stands once and last");
    }
    match codings.iter().find(|coding| !is_chunked(coding)) {
        Some(coding) if !coding.is_empty() => {
            let text =
                format!("the transfer coding '{}' is not supported: send `chunked` alone", shown(coding));
            Refusal::new(StatusCode::NOT_IMPLEMENTED, text)
        }
        _ => Refusal::bad_request("a member of the list in Transfer-Encoding is empty"),
    }
}

/// Room for fields that costs no allocation: what [`Limits::header_count`] is by default.
const FIELDS_ON_STACK: usize = 100;
