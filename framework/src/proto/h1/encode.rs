//! Answers as bytes (RFC 9112, sections 4 and 7.1): status line, fields, chunks. Everything is appended to `out`.
//!
//! Framing and the connection belong to the server: fields of an answer that speak of them are not sent.

use ::http::StatusCode;

use crate::base::Headers;

/// How the body of an answer is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    /// There can be no body: 1xx, 204, 304.
    None,
    Known(u64),
    Chunked,
    /// The body ends where the connection does; all that HTTP/1.0 has for an unknown length.
    UntilClose,
}

/// What the Connection field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionOption {
    /// Nothing: HTTP/1.1 goes on by itself.
    None,
    Close,
    /// For HTTP/1.0, which does not.
    KeepAlive,
}

/// The head of an answer.
pub(crate) struct HeadParts<'h> {
    pub(crate) status: StatusCode,
    /// In place of the standard phrase, unless it could break the status line.
    pub(crate) reason: Option<&'h str>,
    pub(crate) headers: &'h Headers,
    /// Sent if `headers` have none of their own.
    pub(crate) content_type: Option<&'h str>,
    pub(crate) length: BodyLength,
    pub(crate) connection: ConnectionOption,
    /// Ready lines of the server's own: `date: …\r\nserver: …\r\n`.
    pub(crate) fixed: &'h [u8],
}

/// The interim answer that asks for the body (RFC 9110, section 15.2.1).
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What follows the data of a chunk begun by [`chunk_head`].
pub(crate) const CHUNK_END: &[u8] = b"\r\n";

/// Appends status line and fields, up to the empty line.
pub(crate) fn head(out: &mut Vec<u8>, parts: &HeadParts<'_>) {
    status_line(out, parts.status, parts.reason);
    out.extend_from_slice(parts.fixed);
    // 101 and 426 name the protocols to change to, which only counts together with `Connection: upgrade`.
    let offers_upgrade =
        matches!(parts.status, StatusCode::SWITCHING_PROTOCOLS | StatusCode::UPGRADE_REQUIRED);
    let mut has_content_type = false;
    for (name, value) in parts.headers.iter() {
        if is_ours(name, offers_upgrade) {
            continue;
        }
        has_content_type |= name.len() == 12 && name.eq_ignore_ascii_case("content-type");
        field(out, name, value);
    }
    if let Some(content_type) = parts.content_type
        && !has_content_type
    {
        field(out, "content-type", content_type.as_bytes());
    }
    match (parts.connection, offers_upgrade) {
        (ConnectionOption::None, false) => {}
        (ConnectionOption::Close, false) => out.extend_from_slice(b"connection: close\r\n"),
        (ConnectionOption::KeepAlive, false) => out.extend_from_slice(b"connection: keep-alive\r\n"),
        (ConnectionOption::Close, true) => out.extend_from_slice(b"connection: Upgrade, close\r\n"),
        (ConnectionOption::None | ConnectionOption::KeepAlive, true) => {
            out.extend_from_slice(b"connection: Upgrade\r\n");
        }
    }
    match parts.length {
        BodyLength::None | BodyLength::UntilClose => out.extend_from_slice(b"\r\n"),
        BodyLength::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n"),
        BodyLength::Known(length) => {
            out.extend_from_slice(b"content-length: ");
            digits(out, length);
            out.extend_from_slice(b"\r\n\r\n");
        }
    }
}

/// Appends a whole chunk. No data is no chunk, since an empty one would end the body.
pub(crate) fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    chunk_head(out, data.len());
    out.extend_from_slice(data);
    out.extend_from_slice(CHUNK_END);
}

/// Appends the line before `length` bytes of data, which must not be none; [`CHUNK_END`] follows them.
pub(crate) fn chunk_head(out: &mut Vec<u8>, length: usize) {
    debug_assert!(length > 0, "an empty chunk ends the body");
    let significant = (usize::BITS - length.leading_zeros()).div_ceil(4);
    for place in (0..significant).rev() {
        out.push(b"0123456789abcdef"[length >> (place * 4) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the end of a chunked body.
pub(crate) fn last_chunk(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}

/// The same, with fields before it (RFC 9112, section 7.1.2).
pub(crate) fn trailers(out: &mut Vec<u8>, trailers: &Headers) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.iter() {
        field(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether fields of this name are the server's alone. An Upgrade field stands only where it means something.
#[inline]
fn is_ours(name: &str, offers_upgrade: bool) -> bool {
    let is = |ours: &str| name.eq_ignore_ascii_case(ours);
    match name.len() {
        4 => is("date"),
        6 => is("server"),
        7 => !offers_upgrade && is("upgrade"),
        10 => is("connection") || is("keep-alive"),
        14 => is("content-length"),
        17 => is("transfer-encoding"),
        _ => false,
    }
}

#[inline]
fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[inline]
fn status_line(out: &mut Vec<u8>, status: StatusCode, reason: Option<&str>) {
    let line: &[u8] = match (status, reason) {
        (StatusCode::OK, None) => b"HTTP/1.1 200 OK\r\n",
        (StatusCode::CREATED, None) => b"HTTP/1.1 201 Created\r\n",
        (StatusCode::NO_CONTENT, None) => b"HTTP/1.1 204 No Content\r\n",
        (StatusCode::FOUND, None) => b"HTTP/1.1 302 Found\r\n",
        (StatusCode::NOT_MODIFIED, None) => b"HTTP/1.1 304 Not Modified\r\n",
        (StatusCode::BAD_REQUEST, None) => b"HTTP/1.1 400 Bad Request\r\n",
        (StatusCode::NOT_FOUND, None) => b"HTTP/1.1 404 Not Found\r\n",
        (StatusCode::INTERNAL_SERVER_ERROR, None) => b"HTTP/1.1 500 Internal Server Error\r\n",
        _ => return format_status_line(out, status, reason),
    };
    out.extend_from_slice(line);
}

fn format_status_line(out: &mut Vec<u8>, status: StatusCode, reason: Option<&str>) {
    let is_printable = |reason: &&str| reason.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let reason = reason.filter(is_printable).or(status.canonical_reason()).unwrap_or_default();
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
}

#[inline]
fn digits(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [b'0'; 20];
    let mut start = text.len();
    for place in text.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<'h>(status: u16, change: impl FnOnce(&mut HeadParts<'h>)) -> String {
        static NONE: Headers = Headers::new();
        let mut parts = HeadParts {
            status: StatusCode::from_u16(status).expect("a status"),
            reason: None,
            headers: &NONE,
            content_type: None,
            length: BodyLength::None,
            connection: ConnectionOption::None,
            fixed: b"",
        };
        change(&mut parts);
        let mut out = Vec::new();
        head(&mut out, &parts);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn status_lines() {
        let table = [
            (200, None, "200 OK"),
            (201, None, "201 Created"),
            (204, None, "204 No Content"),
            (302, None, "302 Found"),
            (304, None, "304 Not Modified"),
            (400, None, "400 Bad Request"),
            (404, None, "404 Not Found"),
            (500, None, "500 Internal Server Error"),
            (418, None, "418 I'm a teapot"),
            (599, None, "599 "),
            (200, Some("Fine"), "200 Fine"),
            (422, Some("Bad Age"), "422 Bad Age"),
            (200, Some(""), "200 "),
            (200, Some("a\r\nx: y"), "200 OK"),
            (200, Some("a\nb"), "200 OK"),
            (404, Some("a\0"), "404 Not Found"),
            (404, Some("nicht schön"), "404 Not Found"),
            (404, Some("\u{7f}"), "404 Not Found"),
            (599, Some("\r"), "599 "),
        ];
        for (status, reason, expected) in table {
            let line = written(status, |parts| parts.reason = reason);
            assert_eq!(line, format!("HTTP/1.1 {expected}\r\n\r\n"), "{reason:?}");
        }
    }

    #[test]
    fn common_lines_are_the_standard_ones() {
        for status in 100..=599 {
            let phrase =
                StatusCode::from_u16(status).expect("a status").canonical_reason().unwrap_or_default();
            let fields = if matches!(status, 101 | 426) { "connection: Upgrade\r\n" } else { "" };
            assert_eq!(written(status, |_| {}), format!("HTTP/1.1 {status} {phrase}\r\n{fields}\r\n"));
        }
    }

    #[test]
    fn lengths_and_connections() {
        let table = [
            (BodyLength::Known(0), ConnectionOption::None, "content-length: 0\r\n"),
            (BodyLength::Known(13), ConnectionOption::Close, "connection: close\r\ncontent-length: 13\r\n"),
            (BodyLength::Known(u64::MAX), ConnectionOption::None, "content-length: 18446744073709551615\r\n"),
            (BodyLength::Chunked, ConnectionOption::None, "transfer-encoding: chunked\r\n"),
            (BodyLength::None, ConnectionOption::KeepAlive, "connection: keep-alive\r\n"),
            (BodyLength::UntilClose, ConnectionOption::Close, "connection: close\r\n"),
        ];
        for (length, connection, expected) in table {
            let head = written(200, |parts| (parts.length, parts.connection) = (length, connection));
            assert_eq!(head, format!("HTTP/1.1 200 OK\r\n{expected}\r\n"));
        }
    }

    #[test]
    fn the_servers_own_fields_are_not_taken_from_answers() {
        let headers = Headers::from([
            ("Content-Length", "1"),
            ("TRANSFER-ENCODING", "gzip"),
            ("Connection", "x"),
            ("Keep-Alive", "y"),
            ("Upgrade", "websocket"),
            ("Date", "yesterday"),
            ("Server", "other"),
            ("X-Tag", "a"),
            ("x-tag", ""),
        ]);
        let table = [
            (200, ConnectionOption::None, ""),
            (101, ConnectionOption::None, "connection: Upgrade\r\n"),
            (426, ConnectionOption::None, "connection: Upgrade\r\n"),
            (426, ConnectionOption::Close, "connection: Upgrade, close\r\n"),
        ];
        for (status, connection, expected) in table {
            let head = written(status, |parts| {
                parts.headers = &headers;
                parts.fixed = b"date: now\r\n";
                parts.connection = connection;
            });
            let upgrade = if status == 200 { "" } else { "Upgrade: websocket\r\n" };
            let fields = head.split_once("\r\n").expect("a status line").1;
            assert_eq!(fields, format!("date: now\r\n{upgrade}X-Tag: a\r\nx-tag: \r\n{expected}\r\n"));
        }
    }

    #[test]
    fn the_answers_own_content_type_wins() {
        let headers = Headers::from([("Content-Type", "text/csv")]);
        let guessed = written(200, |parts| parts.content_type = Some("text/plain"));
        assert_eq!(guessed, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
        let own = written(200, |parts| (parts.headers, parts.content_type) = (&headers, Some("text/plain")));
        assert_eq!(own, "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n");
    }

    #[test]
    fn chunks() {
        let mut out = Vec::new();
        chunk(&mut out, b"");
        chunk(&mut out, b"a");
        chunk(&mut out, &[b'x'; 16]);
        last_chunk(&mut out);
        trailers(&mut out, &Headers::from([("x-sum", "7"), ("X-Sum", "")]));
        trailers(&mut out, &Headers::new());
        assert_eq!(
            out,
            b"1\r\na\r\n10\r\nxxxxxxxxxxxxxxxx\r\n0\r\n\r\n0\r\nx-sum: 7\r\nX-Sum: \r\n\r\n0\r\n\r\n"
        );
        for length in [1, 9, 15, 16, 255, 256, 4096, 65_535, 65_536, usize::MAX] {
            let mut out = Vec::new();
            chunk_head(&mut out, length);
            assert_eq!(out, format!("{length:x}\r\n").as_bytes());
        }
    }
}
