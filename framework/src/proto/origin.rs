//! Whose page a browser says that it acts for: origins and addresses against the host of a request.
//!
//! Browsers write origins (RFC 6454, section 6.2; WHATWG HTML, "serialization of an origin") as scheme, host and port in lower case, without the
//! scheme's own port, or as `null`.

/// Whether a page of this origin, or at this address, was served by a host. Over TLS the scheme must be `https`; else both are
/// taken, since TLS may end at a proxy.
pub(crate) fn is_of_host(origin: &str, host: Option<&str>, is_secure: bool) -> bool {
    let (Some((scheme, rest)), Some(host)) = (origin.split_once("://"), host) else { return false };
    // Some WebSocket clients write the scheme of their URL.
    let scheme = match scheme {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    if !(scheme == "https" || scheme == "http" && !is_secure) {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    without_default_port(scheme, authority).eq_ignore_ascii_case(without_default_port(scheme, host))
}

/// An authority without the port that is the scheme's own.
pub(crate) fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let port = if scheme == "https" { ":443" } else { ":80" };
    match scheme {
        "http" | "https" => authority.strip_suffix(port).unwrap_or(authority),
        _ => authority,
    }
}

/// Judges an origin of the settings: one that no browser would send never matches, which nobody would notice.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(origin: &str) -> Result<(), String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_same_host_is_the_same_site() {
        // The origin or address; the host; whether it is the same without TLS and with it.
        let table = [
            ("https://a.example", "a.example", true, true),
            ("wss://a.example", "a.example:443", true, true),
            ("ws://a.example", "a.example:80", true, false),
            ("ws://a.example:80", "a.example", true, false),
            ("ws://a.example:443", "a.example", false, false),
            ("http://a.example", "a.example", true, false),
            ("https://a.example/x?y#z", "A.example", true, true),
            ("https://a.example", "a.example:443", true, true),
            ("http://a.example", "a.example:80", true, false),
            ("https://a.example:8443", "a.example:8443", true, true),
            ("https://a.example:8443", "a.example", false, false),
            ("https://b.a.example", "a.example", false, false),
            ("https://a.example.evil.example", "a.example", false, false),
            ("https://a.example@evil.example", "a.example", false, false),
            ("ftp://a.example", "a.example", false, false),
            ("null", "a.example", false, false),
            ("", "a.example", false, false),
        ];
        for (origin, host, plain, secure) in table {
            assert_eq!(is_of_host(origin, Some(host), false), plain, "{origin} {host}");
            assert_eq!(is_of_host(origin, Some(host), true), secure, "{origin} {host} over TLS");
        }
        assert!(!is_of_host("https://a.example", None, false));
    }

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
}
