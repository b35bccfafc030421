//! What to say about a head that cannot be parsed: which rule or limit it broke, and where.
//!
//! Cold code: it may look at everything again, and it never decides whether a head is accepted.

use ::http::StatusCode;
use httparse::Error;

use super::super::{Limit, Limits, Refusal};
use crate::base::{Span, is_token, shown_bytes as shown};

/// Explains why the parser refused `head`, which begins with the request line or with empty lines before it.
#[cold]
pub(super) fn explain(error: Error, head: &[u8], limits: &Limits) -> Refusal {
    match error {
        Error::TooManyHeaders => too_many_fields(limits),
        Error::HeaderName | Error::HeaderValue => {
            target_too_long(head, limits).unwrap_or_else(|| explain_fields(head))
        }
        Error::Token | Error::Version | Error::NewLine | Error::Status => explain_request_line(head, limits),
    }
}

/// The 414, if the request target is too long as far as it has come.
#[cold]
pub(super) fn target_too_long(head: &[u8], limits: &Limits) -> Option<Refusal> {
    let target = request_line(head).0.split(|&byte| byte == b' ').nth(1)?;
    (target.len() > limits.uri_length).then(|| long_target(limits))
}

/// 414.
#[cold]
pub(super) fn long_target(limits: &Limits) -> Refusal {
    let what = format_args!("the request target is longer than {} bytes", limits.uri_length);
    Refusal::beyond(Limit::uri_length, StatusCode::URI_TOO_LONG, what)
}

/// The refusal of a request line that is known to be bad.
#[cold]
pub(super) fn explain_request_line(head: &[u8], limits: &Limits) -> Refusal {
    if head.starts_with(TLS_HANDSHAKE) {
        return Refusal::bad_request(
            "TLS is spoken to a port without TLS: write `http://` in place of `https://`, or give the server a certificate",
        );
    }
    if let Some(refusal) = target_too_long(head, limits) {
        return refusal;
    }
    let (line, is_whole) = request_line(head);
    let syntax = || Refusal::bad_request(format!("Bad request syntax ({})", quoted(line)));
    let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let &[method, target, version] = words.as_slice() else { return syntax() };
    if !is_token(method) || target.is_empty() {
        return syntax();
    }
    if target.iter().any(u8::is_ascii_control) || std::str::from_utf8(target).is_err() {
        let text = format!("a request target holds control characters or is not UTF-8: {}", quoted(target));
        return Refusal::bad_request(text);
    }
    match version {
        b"HTTP/1.0" | b"HTTP/1.1" => explain_fields(head),
        _ if is_later_minor(version) => explain_fields(head),
        _ if is_version(version, is_whole) => {
            let number = version.get(5..).unwrap_or_default();
            let text = format!("Invalid HTTP version {}: this server speaks HTTP/1.1", shown(number));
            Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, text)
        }
        _ => Refusal::bad_request(format!("Bad request version ({})", quoted(version))),
    }
}

/// The same head as one of HTTP/1.1, if it is of a later minor version: whoever speaks that speaks 1.1 as well (RFC 9110, section
/// 2.5).
#[cold]
pub(super) fn as_1_1(head: &[u8]) -> Option<Vec<u8>> {
    let (line, _) = request_line(head);
    let version = line.rsplit(|&byte| byte == b' ').next().filter(|version| is_later_minor(version))?;
    let minor = Span::of(version, head).end as usize - 1;
    let mut head = head.to_vec();
    *head.get_mut(minor)? = b'1';
    Some(head)
}

/// Whether the word is a version from HTTP/1.2 to HTTP/1.9.
fn is_later_minor(word: &[u8]) -> bool {
    matches!(word.strip_prefix(b"HTTP/1."), Some([b'2'..=b'9']))
}

/// Whether the method is HEAD, as far as a head that may break every rule can be read: its answer has no content.
#[cold]
pub(super) fn asks_for_head(head: &[u8]) -> bool {
    let (line, _) = request_line(head);
    matches!(line.strip_prefix(b"HEAD"), Some(rest) if rest.first().is_none_or(|byte| !is_token(&[*byte])))
}

/// 431 for the number of fields.
#[cold]
pub(super) fn too_many_fields(limits: &Limits) -> Refusal {
    let what = format_args!("there are more than {} header fields", limits.header_count);
    Refusal::beyond(Limit::header_count, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, what)
}

/// 431 for the size of the head, or 414 if it is the target that takes so much.
#[cold]
pub(super) fn head_too_long(head: &[u8], limits: &Limits) -> Refusal {
    target_too_long(head, limits).unwrap_or_else(|| long_head(limits))
}

/// 431 for the size of the head.
#[cold]
pub(super) fn long_head(limits: &Limits) -> Refusal {
    let what = format_args!("the request's head is longer than {} bytes", limits.head_size);
    Refusal::beyond(Limit::head_size, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, what)
}

/// RFC 9112, section 2.2 lets a recipient take a bare LF for a line end; one that does disagrees with one that does not.
#[cold]
pub(super) fn bare_line_feed() -> Refusal {
    Refusal::bad_request("a line of the request's head ends in LF without CR")
}

/// How every client of TLS begins: a record of a handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: &[u8] = &[22, 3];

/// What came, in quotes, up to a CR that ends no line: to some that is an end, and what follows the next line.
fn quoted(text: &[u8]) -> String {
    match memchr::memchr(b'\r', text).and_then(|end| text.get(..end)) {
        Some(line) => format!("'{}', up to a CR that no LF follows", shown(line)),
        None => format!("'{}'", shown(text)),
    }
}

/// The request line without its end, and whether the end has come.
fn request_line(head: &[u8]) -> (&[u8], bool) {
    let start = head.iter().position(|&byte| byte != b'\r' && byte != b'\n').unwrap_or(head.len());
    let head = head.get(start..).unwrap_or_default();
    match memchr::memchr(b'\n', head).and_then(|end| head.get(..end)) {
        Some(line) => (line.strip_suffix(b"\r").unwrap_or(line), true),
        None => (head.strip_suffix(b"\r").unwrap_or(head), false),
    }
}

/// Whether the word is `HTTP/x.y`, as far as it has come.
fn is_version(word: &[u8], is_whole: bool) -> bool {
    let pattern = b"HTTP/0.0";
    let fits =
        |(&byte, &wanted): (&u8, &u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    let has_good_length = if is_whole { word.len() == pattern.len() } else { (6..=8).contains(&word.len()) };
    has_good_length && word.iter().zip(pattern).all(fits)
}

fn explain_fields(head: &[u8]) -> Refusal {
    let start = head.iter().position(|&byte| byte != b'\r' && byte != b'\n').unwrap_or(head.len());
    if head.get(..start).unwrap_or_default().chunks(2).any(|line| line != b"\r\n") {
        return Refusal::bad_request("an empty line before the request does not end in CR LF");
    }
    let lines = head.get(start..).unwrap_or_default().split(|&byte| byte == b'\n').skip(1);
    for (index, line) in lines.enumerate() {
        if let Some(fault) = field_fault(line.strip_suffix(b"\r").unwrap_or(line)) {
            return Refusal::bad_request(format!("header line {} {fault}: {}", index + 1, quoted(line)));
        }
    }
    Refusal::bad_request("the request's head is malformed")
}

fn field_fault(line: &[u8]) -> Option<&'static str> {
    let (name, value) = match line.iter().position(|&byte| byte == b':') {
        _ if line.is_empty() => return None,
        _ if line.starts_with(b" ") || line.starts_with(b"\t") => {
            return Some("begins with a space, and folded lines are not accepted (RFC 9112, section 5.2)");
        }
        None => return Some("has no colon"),
        Some(colon) => line.split_at(colon),
    };
    match name {
        [.., b' ' | b'\t'] => Some("has a space before its colon"),
        name if !is_token(name) => Some("has a name that is no token"),
        _ if value.iter().any(|&byte| byte.is_ascii_control() && byte != b'\t') => {
            Some("has a control character in its value")
        }
        _ => None,
    }
}
