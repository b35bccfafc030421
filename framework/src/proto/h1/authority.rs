//! The authority a request is meant for: `host [":" port]` (RFC 3986, section 3.2; RFC 9110, section 7.2).
//!
//! Nothing else: no user, path, query or fragment, for whatever reads the host later must not see two of them.

use std::net::Ipv6Addr;

/// Whether `text` is a host that is not empty, with or without a port.
#[inline]
pub(crate) fn is_authority(text: &[u8]) -> bool {
    let end = text.iter().position(|&byte| !NAME_BYTES[usize::from(byte)]).unwrap_or(text.len());
    match text.get(end..) {
        Some([]) => end > 0,
        Some([b':', port @ ..]) => end > 0 && is_port(port),
        Some([b'[', literal @ ..]) => end == 0 && is_literal(literal),
        Some([b'%', ..]) => is_encoded_name(text),
        _ => false,
    }
}

/// Whether `text` is a host with a port, as CONNECT wants it (RFC 9110, section 9.3.6).
pub(super) fn is_authority_with_port(text: &[u8]) -> bool {
    is_authority(text) && text.contains(&b':') && text.last().is_some_and(u8::is_ascii_digit)
}

/// A port may be empty.
fn is_port(text: &[u8]) -> bool {
    let number = text.iter().try_fold(0_u32, |number, &byte| {
        let digit = (byte as char).to_digit(10)?;
        Some(number * 10 + digit).filter(|&number| number <= u32::from(u16::MAX))
    });
    number.is_some()
}

/// What follows an opening bracket.
#[cold]
fn is_literal(text: &[u8]) -> bool {
    let Some(end) = text.iter().position(|&byte| byte == b']') else { return false };
    let (Some(literal), Some(after)) = (text.get(..end), text.get(end + 1..)) else { return false };
    let has_good_end = match after {
        [] => true,
        [b':', port @ ..] => is_port(port),
        _ => false,
    };
    let is_address = std::str::from_utf8(literal).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok());
    has_good_end && (is_address || is_future_address(literal))
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`
fn is_future_address(text: &[u8]) -> bool {
    let [b'v' | b'V', text @ ..] = text else { return false };
    let Some(dot) = text.iter().position(|&byte| byte == b'.') else { return false };
    let (version, address) = text.split_at(dot);
    let address = address.strip_prefix(b".").unwrap_or_default();
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && address.iter().all(|&byte| byte == b':' || NAME_BYTES[usize::from(byte)])
}

/// A name with percent-encoded bytes in it.
#[cold]
fn is_encoded_name(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return true,
            [b':', port @ ..] => return is_port(port),
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if NAME_BYTES[usize::from(*byte)] => rest,
            _ => return false,
        };
    }
}

/// `unreserved / sub-delims` of RFC 3986, section 2.
static NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-._~!$&'()*+,;=";
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_a_host_and_perhaps_a_port() {
        let table = [
            ("a", true),
            ("example.com", true),
            ("EXAMPLE.com:80", true),
            ("example.com:", true),
            ("example.com:65535", true),
            ("example.com:00080", true),
            ("127.0.0.1:8080", true),
            ("a_b-c~d", true),
            ("[::1]", true),
            ("[::1]:8080", true),
            ("[2001:db8::ff00:42:8329]:", true),
            ("[::ffff:127.0.0.1]", true),
            ("[v1.fe80::a+en1]", true),
            ("%e4%B8%ad.example:80", true),
            ("", false),
            (":80", false),
            ("a:65536", false),
            ("a:99999999999999999999", false),
            ("a:+80", false),
            ("a:8x", false),
            ("a:80:80", false),
            ("a b", false),
            ("a\tb", false),
            ("user@a", false),
            ("user:secret@a", false),
            ("a/b", false),
            ("a?b", false),
            ("a#b", false),
            ("a\\b", false),
            ("a,b\u{e9}", false),
            ("a%", false),
            ("a%4", false),
            ("a%4g", false),
            ("a%41:x", false),
            ("%41@b", false),
            ("[::1", false),
            ("::1", false),
            ("[]", false),
            ("[::1]x", false),
            ("[::1]:x", false),
            ("[::1%25eth0]", false),
            ("[1.2.3.4]", false),
            ("[v.a]", false),
            ("[v1.]", false),
            ("[v1]", false),
            ("a[::1]", false),
            ("http://a", false),
            ("<a>", false),
            ("a\"", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_authority(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn connect_wants_a_port() {
        let table = [
            ("a:80", true),
            ("[::1]:443", true),
            ("a", false),
            ("a1", false),
            ("a:", false),
            ("[::1]", false),
            ("[::1]:", false),
            ("1.2.3.4", false),
        ];
        for (text, expected) in table {
            assert_eq!(is_authority_with_port(text.as_bytes()), expected, "{text:?}");
        }
    }
}
