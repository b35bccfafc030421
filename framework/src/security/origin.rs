//! Origins as browsers write them (RFC 6454, section 6.2; WHATWG HTML, "serialization of an origin"): scheme, host and
//! port in lower case, without the scheme's own port, or `null`.

use crate::http::Request;
use crate::proto::origin::{is_of_host, without_default_port};

/// Judges an origin of the settings: one that no browser would send never matches, which nobody would notice.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(origin: &str) -> Result<(), String> {
    if origin == "null" {
        return Ok(());
    }
    let wrong =
        |why: &str| Err(format!("`{}` is not an origin that browsers send: {why}", origin.escape_debug()));
    let Some((scheme, authority)) = origin.split_once("://") else {
        return wrong("write scheme and host, as in `https://app.example.com`");
    };
    if origin.contains('*') {
        return wrong("stars are not understood here");
    }
    if scheme.is_empty() || authority.is_empty() {
        return wrong("write scheme and host, as in `https://app.example.com`");
    }
    if let Some(at) = authority.find(['/', '?', '#']) {
        let (host, _) = authority.split_at(at);
        return wrong(&format!("end it after host and port, `{scheme}://{host}`"));
    }
    if authority.contains('@') {
        return wrong("leave out the user");
    }
    if origin.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return wrong(&format!("write it in lower case, `{}`", origin.to_ascii_lowercase()));
    }
    if !origin.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
        return wrong("write it in ASCII, a host of other letters as `xn--…`");
    }
    let plain = without_default_port(scheme, authority);
    if plain != authority {
        return wrong(&format!("leave out the port that is the scheme's own, `{scheme}://{plain}`"));
    }
    Ok(())
}

/// The request's `Origin`, if there is one: one that came several times or is no text matches nothing.
pub(super) fn of(request: &Request) -> Option<&str> {
    request.headers.only("origin")
}

/// Whether a page of this origin, or at this address, was served by the host that the request is for. Over TLS the
/// scheme must be `https`; else both are taken, since TLS may end at a proxy.
pub(super) fn is_same(origin: &str, request: &Request) -> bool {
    is_of_host(origin, request.host(), request.is_secure())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::http::Context;

    #[test]
    fn origins_that_never_match_are_refused() {
        let table = [
            ("https://a.example", ""),
            ("http://localhost:3000", ""),
            ("https://[::1]:8443", ""),
            ("http://a.example:443", ""),
            ("app://local", ""),
            ("null", ""),
            ("*", "write scheme and host"),
            ("a.example", "write scheme and host"),
            ("https://", "write scheme and host"),
            ("https://a.example/", "`https://a.example`"),
            ("https://a.example/x?y", "`https://a.example`"),
            ("https://u@a.example", "the user"),
            ("https://A.example", "`https://a.example`"),
            ("https://ä.example", "xn--"),
            ("https://a b", "in ASCII"),
            ("https://a.example:443", "`https://a.example`"),
            ("http://a.example:80", "`http://a.example`"),
            ("https://*.example", "stars"),
        ];
        for (origin, problem) in table {
            match check(origin) {
                Ok(()) => assert!(problem.is_empty(), "{origin} passed"),
                Err(said) => assert!(!problem.is_empty() && said.contains(problem), "{origin}: {said}"),
            }
        }
    }

    #[test]
    fn the_origin_of_a_request_is_its_only_one() {
        let table: [(&[&[u8]], Option<&str>); 4] = [
            (&[], None),
            (&[b"https://a"], Some("https://a")),
            (&[b"https://a", b"https://a"], Some("")),
            (&[b"\xff"], Some("")),
        ];
        for (fields, expected) in table {
            let mut request = Request::new(Arc::new(Context::default()));
            for field in fields {
                request.headers.append("Origin", *field);
            }
            assert_eq!(of(&request), expected, "{fields:?}");
        }
    }
}
