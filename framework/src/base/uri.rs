//! What a URI-reference may hold (RFC 3986, sections 2 and 4.1).

use std::borrow::Cow;

/// The text as a URI-reference: what may not stand in one is percent-encoded, what is encoded already stays.
pub(crate) fn uri_reference(text: &str) -> Cow<'_, str> {
    let authority = authority(text);
    let bytes = text.as_bytes();
    let mut fragment = None;
    let mut may_stand = |at: usize| match bytes[at] {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        // Around an address of IPv6.
        b'[' | b']' => authority.contains(&at),
        b'#' => *fragment.get_or_insert(at) == at,
        byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte),
    };
    if (0..bytes.len()).all(&mut may_stand) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(bytes.len() + 16);
    for (at, byte) in bytes.iter().enumerate() {
        if may_stand(at) {
            encoded.push(char::from(*byte));
        } else {
            encoded.push_str(percent_encoding::percent_encode_byte(*byte));
        }
    }
    Cow::Owned(encoded)
}

/// Where the authority is: behind `//` at the beginning or behind a scheme.
fn authority(text: &str) -> std::ops::Range<usize> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let begin = if is_scheme(scheme) { scheme.len() + 1 } else { 0 };
    let Some(rest) = text[begin..].strip_prefix("//") else { return 0..0 };
    let length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    begin + 2..begin + 2 + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_stand_is_encoded_once() {
        let table = [
            ("", ""),
            ("/a?b=c&d=%20#e", "/a?b=c&d=%20#e"),
            ("/a b/ü", "/a%20b/%C3%BC"),
            ("/%C3%BC/ü", "/%C3%BC/%C3%BC"),
            ("/100%", "/100%25"),
            ("/%4", "/%254"),
            ("/%zz", "/%25zz"),
            ("/%é", "/%25%C3%A9"),
            ("/a\r\nSet-Cookie: b=c", "/a%0D%0ASet-Cookie:%20b=c"),
            ("/\0\t\u{7f}", "/%00%09%7F"),
            ("/\"<>\\^`{|}", "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
            // Browsers take a backslash for a slash.
            ("/\\evil.example", "/%5Cevil.example"),
            ("/#a#b", "/#a%23b"),
            ("?q=[1]", "?q=%5B1%5D"),
            ("http://[::1]:80/[x]", "http://[::1]:80/%5Bx%5D"),
            ("//[::1]", "//[::1]"),
            ("http://müller.example/", "http://m%C3%BCller.example/"),
            ("../up?x#y", "../up?x#y"),
            ("mailto:a@b", "mailto:a@b"),
            ("中:/x", "%E4%B8%AD:/x"),
        ];
        for (text, expected) in table {
            assert_eq!(uri_reference(text), expected, "{text:?}");
            assert_eq!(uri_reference(expected), expected, "{text:?} twice");
        }
    }
}
