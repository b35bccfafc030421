//! Targets of requests: what a test writes, as a browser would send it, and where a redirect leads.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// A path, perhaps with a query, as it is sent: without the fragment, and with everything encoded that browsers encode (WHATWG
/// URL, "percent-encode sets"), and every `%` of the path that begins no escape.
pub(super) fn encoded(given: &str) -> String {
    let given = given.split('#').next().unwrap_or_default();
    let (path, query) = match given.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (given, None),
    };
    let mut target = String::with_capacity(given.len() + 1);
    if path.is_empty() {
        target.push('/');
    }
    let mut pieces = path.split('%');
    target.extend(utf8_percent_encode(pieces.next().unwrap_or_default(), PATH));
    for piece in pieces {
        let is_escape = piece.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        target.push_str(if is_escape { "%" } else { "%25" });
        target.extend(utf8_percent_encode(piece, PATH));
    }
    if let Some(query) = query {
        target.push('?');
        target.extend(utf8_percent_encode(query, QUERY));
    }
    target
}

/// Where a `Location` leads from a target, if that is still on the same host (RFC 3986, section 5.2).
pub(super) fn resolved(location: &str, host: &str, target: &str) -> Option<String> {
    let location = location.trim();
    let (scheme, rest) = match location.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", location),
    };
    if !["", "http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let rest = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, rest) = rest.split_at(end);
            if !authority.eq_ignore_ascii_case(host) {
                return None;
            }
            if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
        }
        None if scheme.is_empty() => rest.to_owned(),
        None => return None,
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (base, _) = target.split_once('?').unwrap_or((target, ""));
    let whole = match rest.chars().next() {
        None => target.to_owned(),
        Some('/') => rest.to_owned(),
        Some('?') => format!("{base}{rest}"),
        Some(_) => format!("{}{rest}", &base[..base.rfind('/').map_or(0, |slash| slash + 1)]),
    };
    let (path, query) = match whole.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (&*whole, String::new()),
    };
    Some(encoded(&format!("{}{query}", without_dots(path))))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Whom requests are for that say nothing of it.
pub(super) const HOST: &str = "localhost";

/// The path percent-encode set.
const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'^').add(b'`').add(b'{').add(b'}');

/// The special-query percent-encode set.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\'');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_encoded_once() {
        let table = [
            ("/hello/100%", "/hello/100%25"),
            ("/100%/%zz/%4", "/100%25/%25zz/%254"),
            ("/a%20b/%C3%BC", "/a%20b/%C3%BC"),
            ("/a b/ü/中", "/a%20b/%C3%BC/%E4%B8%AD"),
            ("/%ü", "/%25%C3%BC"),
            ("/<b>\"`{x}^", "/%3Cb%3E%22%60%7Bx%7D%5E"),
            ("/it's|[1];a=b,c@d:e!$&()*+~\\", "/it's|[1];a=b,c@d:e!$&()*+~\\"),
            ("/a\r\nb", "/a%0D%0Ab"),
            ("/s?q=it's <b>&r={1}^|%&t=?/%zz", "/s?q=it%27s%20%3Cb%3E&r={1}^|%&t=?/%zz"),
            ("/a#b?c", "/a"),
            ("/a?b#c", "/a?b"),
            ("", "/"),
            ("?a=1", "/?a=1"),
            ("*", "*"),
            ("http://h/a b", "http://h/a%20b"),
        ];
        for (given, expected) in table {
            assert_eq!(encoded(given), expected, "{given}");
            assert_eq!(encoded(&encoded(given)), expected, "{given}");
        }
    }

    #[test]
    fn a_location_is_resolved() {
        // From `http://localhost/a/b?c`.
        let table = [
            ("/x", Some("/x")),
            ("/x?y#z", Some("/x?y")),
            ("x", Some("/a/x")),
            ("./x", Some("/a/x")),
            ("../x/./y/..", Some("/x/")),
            ("../../../x", Some("/x")),
            ("?d", Some("/a/b?d")),
            ("", Some("/a/b?c")),
            ("#d", Some("/a/b?c")),
            (".", Some("/a/")),
            ("//localhost/x", Some("/x")),
            ("http://localhost/x", Some("/x")),
            ("HTTPS://LOCALHOST", Some("/")),
            ("http://localhost?y", Some("/?y")),
            ("/ü b", Some("/%C3%BC%20b")),
            ("/a:b", Some("/a:b")),
            ("//elsewhere/x", None),
            ("http://localhost:8080/x", None),
            ("http:x", None),
            ("mailto:ann@example.org", None),
        ];
        for (location, expected) in table {
            assert_eq!(resolved(location, "localhost", "/a/b?c").as_deref(), expected, "{location}");
        }
    }
}
