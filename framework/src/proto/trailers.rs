//! Fields after a body (RFC 9110, section 6.5): which may stand there, and those of a request that has come.

use ::http::StatusCode;

use super::{Limit, Refusal};
use crate::base::Headers;

/// Whether a field may come after a body (RFC 9110, section 6.5.1). What frames a message, routes it, asks for something
/// under a condition, says who somebody is, governs the answer or tells what the body is must be known before the body.
pub(crate) fn may_trail(name: &str) -> bool {
    let is = |other: &&str| name.eq_ignore_ascii_case(other);
    let begins = |prefix: &&str| {
        name.get(..prefix.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix))
    };
    ALLOWED.iter().any(is) || !(FORBIDDEN.iter().any(is) || FORBIDDEN_BEGINNINGS.iter().any(begins))
}

/// The fields of lines that [`BodyDecoder`](super::h1::BodyDecoder) has checked, each with its CR LF. Those that may not be there are left out.
pub(crate) fn trailer_fields(lines: &[u8]) -> Headers {
    let mut fields = Headers::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        let name = std::str::from_utf8(name).unwrap_or_default();
        if may_trail(name) {
            // Both have been looked at, byte by byte.
            let _ = fields.try_append(name, value.trim_ascii());
        }
    }
    fields
}

/// 431 for the number of fields: more than `count`.
#[cold]
pub(crate) fn too_many_trailers(count: usize) -> Refusal {
    let what = format_args!("there are more than {count} trailer fields");
    Refusal::beyond(Limit::header_count, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, what)
}

/// 431 for the size of them all, as lines of HTTP/1.1 with the empty one at their end: more than `size` bytes.
#[cold]
pub(crate) fn trailers_too_long(size: usize) -> Refusal {
    let what = format_args!("the trailers are longer than {size} bytes");
    Refusal::beyond(Limit::head_size, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, what)
}

/// RFC 9530, section 2.
const ALLOWED: &[&str] = &["content-digest"];

const FORBIDDEN: &[&str] = &[
    "accept",
    "age",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "expect",
    "expires",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-real-ip",
];

const FORBIDDEN_BEGINNINGS: &[&str] =
    &["accept-", "access-control-", "content-", "if-", "sec-", "x-forwarded-"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_known_before_the_body_does_not_follow_it() {
        let table = [
            ("x-sum", true),
            ("etag", true),
            ("server-timing", true),
            ("grpc-status", true),
            ("content-digest", true),
            ("Repr-Digest", true),
            ("authentication-info", true),
            ("accept-encoding", false),
            ("Content-Length", false),
            ("transfer-encoding", false),
            ("HOST", false),
            ("x-forwarded-for", false),
            ("if-none-match", false),
            ("authorization", false),
            ("Cookie", false),
            ("set-cookie", false),
            ("content-type", false),
            ("content-encoding", false),
            ("trailer", false),
            ("te", false),
        ];
        for (name, expected) in table {
            assert_eq!(may_trail(name), expected, "{name}");
        }
    }

    #[test]
    fn lines_become_fields() {
        let table: [(&[u8], &str); 5] = [
            (b"", "{}"),
            (b"X-Sum:7\r\n", r#"{"X-Sum": "7"}"#),
            (b"a: \tb: c \r\nA:\r\n", r#"{"a": "b: c", "A": ""}"#),
            (b"host: evil\r\nx: 1\r\nContent-Length: 3\r\n", r#"{"x": "1"}"#),
            (b"x: \xff\r\n", "{\"x\": \"\u{fffd}\"}"),
        ];
        for (lines, expected) in table {
            assert_eq!(format!("{:?}", trailer_fields(lines)), expected);
        }
    }
}
