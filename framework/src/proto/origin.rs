//! Whose page a browser says that it acts for: origins and addresses (RFC 6454, section 6.2) against the host of a request.

/// Whether a page of this origin, or at this address, was served by a host. Over TLS the scheme must be `https`; else both are
/// taken, since TLS may end at a proxy.
pub(crate) fn is_of_host(origin: &str, host: Option<&str>, is_secure: bool) -> bool {
    let (Some((scheme, rest)), Some(host)) = (origin.split_once("://"), host) else { return false };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_same_host_is_the_same_site() {
        // The origin or address; the host; whether it is the same without TLS and with it.
        let table = [
            ("https://a.example", "a.example", true, true),
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
}
