//! What a request keeps for its answer: a cookie that must be in the head, and changes to write before the head goes out.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::echo::Beginnings;
use super::{BoxFuture, Cookies, Request, Result, SetCookie};
use crate::base::Headers;

/// See the head of this file. It is a session; the floors above know more of it.
pub(crate) trait Kept: Any + Send + Sync {
    /// Writes what has changed.
    fn keep(&self) -> BoxFuture<'_, Result>;

    /// The cookie to send, once: the head goes out.
    fn announce(&self) -> Option<SetCookie>;
}

/// What is made when it is first asked for; few requests have any of it.
#[derive(Default)]
pub(super) struct Rare {
    pub(super) cookies: OnceLock<Cookies>,
    pub(super) json: OnceLock<Option<Value>>,
    beginnings: OnceLock<Arc<Beginnings>>,
    kept: OnceLock<Arc<dyn Kept>>,
    is_watched: AtomicBool,
}

impl Request {
    #[inline]
    pub(crate) fn kept(&self) -> Option<&Arc<dyn Kept>> {
        self.rare.get()?.kept.get()
    }

    /// Which beginnings of pages were in a body that is read as it comes, if it is.
    pub(super) fn beginnings(&self) -> Option<&Beginnings> {
        self.rare.get()?.beginnings.get().map(|beginnings| &**beginnings)
    }

    /// Where to note which beginnings of pages are in a body.
    pub(super) fn note_beginnings(&self) -> Arc<Beginnings> {
        Arc::clone(self.rare().beginnings.get_or_init(Arc::default))
    }

    /// Whether the other end of the answer is this request's alone: what is kept or waited for there is nobody else's.
    #[inline]
    pub(crate) fn owns_outgoing(&self) -> bool {
        let is_watched = |rare: &Rare| rare.kept.get().is_some() || rare.is_watched.load(Ordering::Relaxed);
        self.rare.get().is_some_and(|rare| is_watched(rare))
    }

    /// Somebody waits for the peer to be gone.
    pub(super) fn set_watched(&self) {
        self.rare().is_watched.store(true, Ordering::Relaxed);
    }

    /// Keeps something, unless something is kept already.
    pub(crate) fn set_kept(&self, kept: Arc<dyn Kept>) {
        if let Some(outgoing) = &self.outgoing {
            let _ = outgoing.kept.set(Arc::clone(&kept));
        }
        let _ = self.rare().kept.set(kept);
    }

    /// Whether there is something to do for a session when the answer is made: one was looked at, or its cookie came.
    #[inline]
    pub(crate) fn is_in_session(&self) -> bool {
        self.kept().is_some() || self.context.session_cookie.get().is_some_and(|name| self.brings(name))
    }

    /// Whether a cookie of that name may have come; the session is looked up by the cookies themselves.
    fn brings(&self, name: &str) -> bool {
        let name = name.as_bytes();
        self.headers
            .get_all_bytes("cookie")
            .any(|field| !name.is_empty() && field.windows(name.len()).any(|part| part == name))
    }

    /// Whether it is too late to add a field to the answer.
    pub(crate) fn head_is_out(&self) -> bool {
        let is_written = |outgoing: &Arc<super::Outgoing>| outgoing.is_committed.load(Ordering::Acquire);
        self.head_is_out.load(Ordering::Acquire) || self.outgoing.as_ref().is_some_and(is_written)
    }

    /// Says that the head of the answer goes out now.
    pub(crate) fn set_head_is_out(&self) {
        self.head_is_out.store(true, Ordering::Release);
    }
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
