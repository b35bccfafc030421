//! Where a client connects to: `ws://` and `wss://` URLs (RFC 6455, section 3), and what a redirect makes of one.

use ::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::shown;
use crate::http::{Error, Result};

/// A URL of a WebSocket server, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_secure: bool,
    /// Host and port as they stand in the URL.
    pub(super) authority: String,
    /// `authority` with the port of the scheme where it has none.
    pub(super) address: String,
    /// The host alone; of an IPv6 address with its brackets.
    pub(super) host: String,
    /// Path and query.
    pub(super) target: String,
    /// What the field Authorization says of the URL's user and password.
    pub(super) authorization: Option<String>,
}

impl Url {
    /// # Errors
    /// It is no URL, or not one of a WebSocket server.
    pub(super) fn parse(text: &str) -> Result<Url> {
        let uri: Uri =
            text.parse().map_err(|error| Error::internal(format!("`{}` is no URL: {error}", shown(text))))?;
        let wrong = || {
            Error::internal(format!(
                "`{}` is no WebSocket URL: write `ws://host/path`, or `wss://host/path` for TLS",
                shown(text)
            ))
        };
        let is_secure = match uri.scheme_str() {
            Some(scheme) if scheme.eq_ignore_ascii_case("ws") => false,
            Some(scheme) if scheme.eq_ignore_ascii_case("wss") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?.as_str();
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let port = authority.strip_prefix(host).unwrap_or_default();
        let port = match port.strip_prefix(':') {
            None | Some("") => {
                if is_secure {
                    443
                } else {
                    80
                }
            }
            Some(digits) => digits.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| {
                Error::internal(format!(
                    "`{}` has the port `{}`: a port is 1 to 65535",
                    shown(text),
                    shown(digits)
                ))
            })?,
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Ok(Url {
            is_secure,
            authority: authority.trim_end_matches(':').to_owned(),
            address: format!("{host}:{port}"),
            host: host.to_owned(),
            target: if target.starts_with('/') { target.to_owned() } else { format!("/{target}") },
            authorization: user.map(basic),
        })
    }

    /// Where a redirect leads to: a URL, or a part of one that is completed by this one (RFC 3986, section 5.2). Servers that do
    /// not know better write `http` and `https`.
    ///
    /// # Errors
    /// It leads to no WebSocket server, or away from TLS.
    pub(super) fn follow(&self, location: &str) -> Result<Url> {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        let location = location.split('#').next().unwrap_or_default();
        let is_absolute = location.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty()
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
        let authority = &self.authority;
        let path = self.target.split('?').next().unwrap_or_default();
        let url = if is_absolute {
            let (scheme, rest) = location.split_once("://").unwrap_or_default();
            let scheme = match scheme.to_ascii_lowercase().as_str() {
                "http" => "ws".to_owned(),
                "https" => "wss".to_owned(),
                other => other.to_owned(),
            };
            format!("{scheme}://{rest}")
        } else if let Some(rest) = location.strip_prefix("//") {
            format!("{scheme}://{rest}")
        } else if location.starts_with('?') {
            format!("{scheme}://{authority}{path}{location}")
        } else {
            let (relative, query) = match location.find('?') {
                Some(at) => location.split_at(at),
                None => (location, ""),
            };
            let folder = if relative.starts_with('/') { "" } else { &path[..=path.rfind('/').unwrap_or(0)] };
            let whole = if relative.is_empty() { path.to_owned() } else { format!("{folder}{relative}") };
            format!("{scheme}://{authority}{}{query}", without_dots(&whole))
        };
        let followed = Url::parse(&url)?;
        if self.is_secure && !followed.is_secure {
            return Err(Error::new(502, "Bad Gateway")
                .explain(format!("the server redirects from TLS to `{}`, which is without", shown(&url))));
        }
        Ok(followed)
    }

    /// Whether what is meant for this server may be shown to the other one.
    pub(super) fn is_of_same_server(&self, other: &Url) -> bool {
        self.is_secure == other.is_secure && self.address.eq_ignore_ascii_case(&other.address)
    }
}

/// User and password as the field Authorization has them (RFC 7617).
fn basic(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |part: &str| percent_encoding::percent_decode_str(part).collect::<Vec<u8>>();
    format!("Basic {}", STANDARD.encode([&decoded(name)[..], b":", &decoded(password)].concat()))
}

/// A path without `.` and `..` segments (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.trim_start_matches('/').split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is TLS, Host, address, target and Authorization.
    type Parts = (bool, &'static str, &'static str, &'static str, Option<&'static str>);

    #[test]
    fn urls_are_taken_apart() {
        let table: [(&str, Result<Parts, &str>); 16] = [
            ("ws://h", Ok((false, "h", "h:80", "/", None))),
            ("WS://H/a", Ok((false, "H", "H:80", "/a", None))),
            ("wss://h/a?b=c", Ok((true, "h", "h:443", "/a?b=c", None))),
            ("Wss://h:9090?b", Ok((true, "h:9090", "h:9090", "/?b", None))),
            ("ws://h:/a", Ok((false, "h", "h:80", "/a", None))),
            ("ws://[::1]:8080/", Ok((false, "[::1]:8080", "[::1]:8080", "/", None))),
            ("ws://[::1]/", Ok((false, "[::1]", "[::1]:80", "/", None))),
            ("ws://ann:secret@h/", Ok((false, "h", "h:80", "/", Some("Basic YW5uOnNlY3JldA==")))),
            ("ws://ann@h:1/", Ok((false, "h:1", "h:1", "/", Some("Basic YW5uOg==")))),
            ("ws://a%40b:c%3Ad@h/", Ok((false, "h", "h:80", "/", Some("Basic YUBiOmM6ZA==")))),
            ("ws://h:99999/", Err("the port `99999`")),
            ("ws://h:0/", Err("the port `0`")),
            ("http://h/", Err("no WebSocket URL")),
            ("h/a", Err("no URL")),
            ("/a", Err("no WebSocket URL")),
            ("ws://", Err("no URL")),
        ];
        for (text, expected) in table {
            match (Url::parse(text), expected) {
                (Ok(url), Ok((is_secure, authority, address, target, authorization))) => {
                    assert_eq!(
                        (
                            url.is_secure,
                            &*url.authority,
                            &*url.address,
                            &*url.target,
                            url.authorization.as_deref()
                        ),
                        (is_secure, authority, address, target, authorization),
                        "{text}"
                    );
                }
                (Err(error), Err(problem)) => {
                    assert!(error.explain_text().contains(problem), "{text}: {}", error.explain_text());
                }
                (found, expected) => panic!("{text}: {found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn redirects_are_followed() {
        let table = [
            ("ws://h:1/a/b?c", "/x", Some("ws://h:1/x")),
            ("ws://h:1/a/b?c", "x?y", Some("ws://h:1/a/x?y")),
            ("ws://h:1/a/b?c", "../x", Some("ws://h:1/x")),
            ("ws://h:1/a/b?c", "./x/..", Some("ws://h:1/a/")),
            ("ws://h:1/a/b?c", "?d", Some("ws://h:1/a/b?d")),
            ("ws://h:1/a/b?c", "", Some("ws://h:1/a/b")),
            ("ws://h:1/a/b?c", "/x#part", Some("ws://h:1/x")),
            ("ws://h:1/a", "//other/x", Some("ws://other/x")),
            ("ws://h/a", "http://other/x", Some("ws://other/x")),
            ("ws://h/a", "HTTPS://other/x", Some("wss://other/x")),
            ("wss://h/a", "/x?u=http://y", Some("wss://h/x?u=http://y")),
            ("wss://h/a", "ws://h/x", None),
            ("wss://h/a", "http://h/x", None),
            ("ws://h/a", "ftp://h/x", None),
            ("ws://h/a", "ws://h:99999/", None),
        ];
        for (from, location, expected) in table {
            let followed = Url::parse(from).expect("a URL").follow(location);
            let expected = expected.map(|expected| Url::parse(expected).expect("a URL"));
            assert_eq!(followed.ok(), expected, "{from} {location}");
        }
    }
}
