//! How sessions are kept, and what their cookie looks like.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::SessionId;
use crate::base::{Headers, IntoHeaderValue};
use crate::http::{SameSite, SetCookie};

/// Settings of all sessions of a server.
///
/// ```
/// use std::time::Duration;
/// use vernal::{SameSite, SessionConfig, server};
///
/// let server = server::new().session_config(
///     SessionConfig::new().cookie_name("__Host-shop").secure(true).same_site(SameSite::Strict).max_inactive(Duration::from_secs(900)),
/// );
/// # let _ = server;
/// ```
#[derive(Clone, Debug)]
pub struct SessionConfig {
    pub(super) cookie_name: Cow<'static, str>,
    pub(super) path: Cow<'static, str>,
    pub(super) domain: Option<Cow<'static, str>>,
    pub(super) same_site: SameSite,
    pub(super) secure: Option<bool>,
    pub(super) max_inactive: Duration,
    pub(super) max_lifetime: Option<Duration>,
    pub(super) max_size: usize,
    pub(super) refresh_unused: bool,
}

impl SessionConfig {
    /// The defaults: a cookie `vernal_session` for the whole host, `HttpOnly`, `SameSite=Lax`, `Secure` where the
    /// request came over TLS; 30 minutes without use, 64 KiB of values.
    pub fn new() -> SessionConfig {
        SessionConfig {
            cookie_name: "vernal_session".into(),
            path: "/".into(),
            domain: None,
            same_site: SameSite::Lax,
            secure: None,
            max_inactive: Duration::from_secs(30 * 60),
            max_lifetime: None,
            max_size: 64 << 10,
            refresh_unused: true,
        }
    }

    /// Names the cookie. Default `vernal_session`. Browsers hold names that begin with `__Host-` to
    /// [`SessionConfig::secure`], the path `/` and no domain, so that no other host can set them.
    #[must_use]
    pub fn cookie_name(mut self, name: impl Into<Cow<'static, str>>) -> SessionConfig {
        self.cookie_name = name.into();
        self
    }

    /// Sends the cookie for this path and all below. Default `/`.
    #[must_use]
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> SessionConfig {
        self.path = path.into();
        self
    }

    /// Sends the cookie to this host and all below. Default: to the very host that set it.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> SessionConfig {
        self.domain = Some(domain.into());
        self
    }

    /// Says on which requests from other sites the cookie is sent. Default [`SameSite::Lax`].
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> SessionConfig {
        self.same_site = same_site;
        self
    }

    /// Whether the cookie is sent over TLS only. Default: if the request came over TLS.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> SessionConfig {
        self.secure = Some(secure);
        self
    }

    /// How long a session is kept without use. Default 30 minutes; at most ten years count.
    /// [`Session::set_max_inactive`](super::Session::set_max_inactive) changes it for one.
    #[must_use]
    pub fn max_inactive(mut self, time: Duration) -> SessionConfig {
        self.max_inactive = time.min(LONGEST);
        self
    }

    /// How long a session lasts at most, however much it is used: after that whoever had it signs in again. Default: as long as it is
    /// used. Counted from when it began, which [`Session::rotate`](super::Session::rotate) does not change, by the clocks of those who
    /// began it and who look at it.
    #[must_use]
    pub fn max_lifetime(mut self, time: Duration) -> SessionConfig {
        self.max_lifetime = Some(time);
        self
    }

    /// Whether a session that began then has come to its end, though it was used.
    pub(super) fn is_over(&self, created: SystemTime) -> bool {
        self.left(created).is_some_and(|left| left.is_zero())
    }

    /// How much is left of the lifetime of a session that began then; `None`: it has no end.
    fn left(&self, created: SystemTime) -> Option<Duration> {
        let age = SystemTime::now().duration_since(created).unwrap_or_default();
        self.max_lifetime.map(|lifetime| lifetime.saturating_sub(age))
    }

    /// How many bytes the values of one session may have as JSON, with their names. Default 64 KiB.
    #[must_use]
    pub fn max_size(mut self, bytes: usize) -> SessionConfig {
        self.max_size = bytes;
        self
    }

    /// Whether a request that brings the cookie of a session keeps that session alive, though nothing looks at it.
    /// Default: yes, so that people are not logged out while they read; it costs a look into the store.
    /// The cookie is not sent again with answers for all: those that shared caches may store. Static resources that no filter
    /// runs for do not count.
    #[must_use]
    pub fn refresh_unused(mut self, refresh: bool) -> SessionConfig {
        self.refresh_unused = refresh;
        self
    }

    /// The cookie that tells a browser the id of a session that began then.
    pub(super) fn cookie(
        &self,
        id: &SessionId,
        (created, max_inactive): (SystemTime, Duration),
        is_secure: bool,
    ) -> SetCookie {
        let max_inactive = self.left(created).map_or(max_inactive, |left| left.min(max_inactive));
        let cookie = SetCookie::new(self.cookie_name.clone(), id);
        let cookie = cookie.max_age(max_inactive).expires(SystemTime::now() + max_inactive.min(LONGEST));
        self.dressed(cookie, is_secure)
    }

    /// The cookie that makes a browser forget the id.
    pub(super) fn removal(&self, is_secure: bool) -> SetCookie {
        self.dressed(SetCookie::removal(self.cookie_name.clone()), is_secure)
    }

    fn dressed(&self, mut cookie: SetCookie, is_secure: bool) -> SetCookie {
        cookie = cookie.path(self.path.clone()).same_site(self.same_site).http_only();
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.clone());
        }
        if self.secure.unwrap_or(is_secure) { cookie.secure() } else { cookie }
    }

    /// Why no session could be kept, by the server or by a browser, if none could.
    pub(crate) fn problem(&self) -> Option<String> {
        let is_never = self.max_lifetime.is_some_and(|lifetime| lifetime.is_zero());
        for (name, is_zero) in [
            ("max_inactive", self.max_inactive.is_zero()),
            ("max_lifetime", is_never),
            ("max_size", self.max_size == 0),
        ] {
            if is_zero {
                return Some(format!(
                    "`SessionConfig::{name}` is zero, so that no session could be kept: write more"
                ));
            }
        }
        // Where `Secure` depends on the request, a request over TLS is the best case.
        let mut headers = Headers::new();
        headers.append("set-cookie", self.removal(true));
        if let Some(refused) = headers.refused() {
            return Some(format!("the cookie of sessions cannot be sent: {refused}"));
        }
        let is_prefixed = ["__Host-", "__Secure-"].iter().any(|prefix| self.cookie_name.starts_with(prefix));
        let refusal = IntoHeaderValue::refusal(&self.removal(self.secure.unwrap_or(!is_prefixed)));
        refusal.map(|refusal| {
            format!("the cookie of sessions cannot be sent: {refusal} (SessionConfig::secure)")
        })
    }
}

impl Default for SessionConfig {
    fn default() -> SessionConfig {
        SessionConfig::new()
    }
}

/// The longest time without use that counts: ten years.
pub(super) const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_browsers_drop_is_a_problem_at_start() {
        let new = SessionConfig::new;
        let table = [
            (new(), None),
            (new().secure(false), None),
            (new().max_inactive(Duration::ZERO), Some("SessionConfig::max_inactive")),
            (new().max_lifetime(Duration::ZERO), Some("SessionConfig::max_lifetime")),
            (new().max_lifetime(Duration::MAX), None),
            (new().max_size(0), Some("SessionConfig::max_size")),
            (new().cookie_name("a b"), Some("name")),
            (new().path("/;"), Some("path")),
            (new().cookie_name("__Host-a"), Some(".secure()")),
            (new().cookie_name("__Host-a").secure(true), None),
            (new().cookie_name("__Host-a").secure(true).domain("a.example"), Some(".domain(")),
            (new().same_site(SameSite::None), None),
            (new().same_site(SameSite::None).secure(false), Some(".secure()")),
            (new().same_site(SameSite::None).secure(true), None),
        ];
        for (config, expected) in table {
            let problem = config.problem();
            assert_eq!(problem.is_some(), expected.is_some(), "{config:?}: {problem:?}");
            assert!(problem.unwrap_or_default().contains(expected.unwrap_or("")), "{config:?}");
        }
    }

    #[test]
    fn the_cookie_is_written_as_it_was_set_up() {
        let id = SessionId::parse("abcdefghijklmnopqrstuvwxyz012345").expect("an id");
        let config = SessionConfig::new().cookie_name("s").domain("a.example").path("/x");
        let plain = config.cookie(&id, (SystemTime::now(), Duration::from_secs(60)), false).to_string();
        assert!(
            plain.starts_with(
                "s=abcdefghijklmnopqrstuvwxyz012345; Path=/x; Domain=a.example; Max-Age=60; Expires="
            ),
            "{plain}"
        );
        assert!(plain.ends_with(" GMT; SameSite=Lax; HttpOnly"), "{plain}");
        let secure = config.cookie(&id, (SystemTime::now(), Duration::MAX), true).to_string();
        assert!(secure.ends_with("; HttpOnly; Secure"), "{secure}");
        assert_eq!(
            config.removal(false).to_string(),
            "s=; Path=/x; Domain=a.example; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax; HttpOnly"
        );
    }
}
