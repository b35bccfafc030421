//! What a request keeps for its answer: a cookie that must be in the head, and changes to write before the head goes out.

use std::any::Any;

use super::{BoxFuture, Result, SetCookie};
use crate::base::Headers;

/// See the head of this file. It is a session; the floors above know more of it.
pub(crate) trait Kept: Any + Send + Sync {
    /// Writes what has changed.
    fn keep(&self) -> BoxFuture<'_, Result>;

    /// The cookie to send, once: the head goes out.
    fn announce(&self) -> Option<SetCookie>;
}

/// Adds a cookie that is for one browser alone, and keeps the answer out of caches that others share: whoever got the cookie
/// from one would be in somebody else's session (RFC 9111, section 5.2.2.7).
pub(crate) fn add_private_cookie(headers: &mut Headers, cookie: SetCookie) {
    headers.append("set-cookie", cookie);
    let mut value = b"private".to_vec();
    for directive in headers.element_bytes("cache-control") {
        if is_unshared(directive) {
            return;
        }
        let name = directive.split(|byte| *byte == b'=').next().unwrap_or(directive).trim_ascii_end();
        if !["public", "s-maxage"].iter().any(|shared| name.eq_ignore_ascii_case(shared.as_bytes())) {
            value.extend_from_slice(b", ");
            value.extend_from_slice(directive);
        }
    }
    headers.insert("cache-control", &value[..]);
}

/// Whether an answer looks as if it were the same for all, to be stored by caches they share: it says so, or has a validator
/// and does not say otherwise.
pub(crate) fn is_for_all(headers: &Headers) -> bool {
    if headers.element_bytes("cache-control").any(is_unshared) {
        return false;
    }
    headers.contains("cache-control") || headers.contains("etag") || headers.contains("last-modified")
}

fn is_unshared(directive: &[u8]) -> bool {
    ["private", "no-store"].iter().any(|unshared| directive.eq_ignore_ascii_case(unshared.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_a_cookie_are_kept_from_shared_caches() {
        let table = [
            (None, "private", false),
            (Some("no-store"), "no-store", false),
            (Some("Private, max-age=60"), "Private, max-age=60", false),
            (Some("public, max-age=60"), "private, max-age=60", true),
            (Some("max-age=60, s-maxage=600,, Public"), "private, max-age=60", true),
            (Some("no-cache"), "private, no-cache", true),
        ];
        for (value, expected, for_all) in table {
            let mut headers = Headers::new();
            if let Some(value) = value {
                headers.append("cache-control", value);
            }
            assert_eq!(is_for_all(&headers), for_all, "{value:?}");
            add_private_cookie(&mut headers, SetCookie::new("a", "b"));
            assert_eq!(headers.get_all("cache-control").collect::<Vec<_>>(), [expected], "{value:?}");
            assert!(headers.contains("set-cookie"));
        }
        assert!(is_for_all(&Headers::from([("etag", "\"x\"")])));
        assert!(!is_for_all(&Headers::from([("etag", "\"x\""), ("cache-control", "private")])));
    }
}
