//! The cookies that an answer sets (RFC 6265).
//!
//! Writing is strict: a cookie that would not come back as it was sent, or that browsers drop, is refused, and the answer becomes
//! a 500 that names it; a 400 where a peer has chosen it, and it is asked about in time.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Error, Result};
use crate::base::IntoHeaderValue;

/// A cookie for the peer to keep: a part of an answer.
///
/// Nothing is added that is not asked for: without [`SetCookie::path`] the browser sends it only below the folder of
/// the request's path, and without an age it goes with the browser's session.
///
/// Names are tokens; values hold no spaces, quotes, commas, semicolons, backslashes, control characters or
/// non-ASCII text: encode them first. Both together have 4096 bytes at most. A cookie that breaks this, or that browsers would drop, is not sent; the answer
/// becomes a 500 that says why. For what comes from outside there are [`SetCookie::try_new`] and [`SetCookie::checked`].
///
/// ```
/// use std::time::Duration;
/// use vernal::{SameSite, SetCookie, request_map};
///
/// #[request_map("/remember")]
/// fn remember(name: &str) -> (SetCookie, &'static str) {
///     let cookie = SetCookie::new("user", name).path("/").max_age(Duration::from_secs(3600));
///     (cookie.http_only().secure().same_site(SameSite::Lax), "remembered")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a cookie is set by returning it, or with `Response::add_cookie`"]
pub struct SetCookie {
    name: Cow<'static, str>,
    value: Cow<'static, str>,
    path: Option<Cow<'static, str>>,
    domain: Option<Cow<'static, str>>,
    max_age: Option<u64>,
    expires: Option<SystemTime>,
    same_site: Option<SameSite>,
    is_http_only: bool,
    is_secure: bool,
    is_partitioned: bool,
}

/// On which requests from other sites a cookie is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// On none.
    Strict,
    /// When the user follows a link.
    Lax,
    /// On all; only for [`SetCookie::secure`] cookies.
    None,
}

impl SetCookie {
    /// A cookie with a name and a value. The value has no quotes, around it neither: who reads a cookie takes them off.
    pub fn new(name: impl ToString, value: impl ToString) -> SetCookie {
        SetCookie {
            name: name.to_string().into(),
            value: value.to_string().into(),
            path: None,
            domain: None,
            max_age: None,
            expires: None,
            same_site: None,
            is_http_only: false,
            is_secure: false,
            is_partitioned: false,
        }
    }

    /// The same for a name and a value that come from outside.
    ///
    /// A name that begins with `__Host-` or `__Secure-` in any case promises what only attributes can keep, and is refused. Where such a
    /// name is your own, write `SetCookie::new(name, value).path("/").secure().checked()?`.
    ///
    /// ```
    /// use vernal::{Result, SetCookie, request_map};
    ///
    /// #[request_map("/remember/name")]
    /// fn remember(name: &str) -> Result<(SetCookie, &'static str)> {
    ///     Ok((SetCookie::try_new("user", name)?.path("/"), "remembered"))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let client = vernal::test::Client::new();
    /// # client.get("/remember/name?name=ann").await.assert_header("set-cookie", "user=ann; Path=/");
    /// # client.get("/remember/name?name=a+b").await.assert_status(400).assert_contains("space");
    /// # }
    /// ```
    ///
    /// # Errors
    /// The name is no token or begins with a prefix, the value holds what cookies cannot, or both are longer than 4096 bytes: 400.
    pub fn try_new(name: impl ToString, value: impl ToString) -> Result<SetCookie> {
        SetCookie::new(name, value).checked_by(SetCookie::refusal_from_outside)
    }

    /// The cookie, with all that was set, if it will be sent.
    ///
    /// # Errors
    /// It would not come back as it was sent, or browsers would drop it: 400.
    pub fn checked(self) -> Result<SetCookie> {
        self.checked_by(SetCookie::refusal)
    }

    /// The cookie, if one of its name and value can be sent with some attributes.
    pub(crate) fn checked_pair(self) -> Result<SetCookie> {
        self.checked_by(SetCookie::refusal_of_pair)
    }

    fn checked_by(self, refusal: fn(&SetCookie) -> Option<&'static str>) -> Result<SetCookie> {
        match refusal(&self) {
            None => Ok(self),
            Some(why) => Err(Error::bad_request(self.refused(why))),
        }
    }

    fn refused(&self, why: &str) -> String {
        format!("the cookie `{}` is not sent: {why}", self.name.escape_debug())
    }

    /// Makes the peer forget a cookie. Path and domain must be those it was set with.
    pub fn removal(name: impl ToString) -> SetCookie {
        SetCookie::new(name, "").max_age(Duration::ZERO).expires(UNIX_EPOCH)
    }

    /// Sends it for this path and all below. An empty path leaves the attribute out.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> SetCookie {
        self.path = Some(path.into()).filter(|path| !path.is_empty());
        self
    }

    /// Sends it to this host and all below; without it, to the very host that set it. It is a host's name, without a port. An empty
    /// domain leaves the attribute out.
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> SetCookie {
        self.domain = Some(domain.into()).filter(|domain| !domain.is_empty());
        self
    }

    /// Keeps it this long, in whole seconds.
    pub fn max_age(mut self, age: Duration) -> SetCookie {
        self.max_age = Some(age.as_secs());
        self
    }

    /// Keeps it until then. [`SetCookie::max_age`] beats it and does not depend on the peer's clock.
    pub fn expires(mut self, time: SystemTime) -> SetCookie {
        self.expires = Some(time);
        self
    }

    /// Hides it from scripts.
    pub fn http_only(mut self) -> SetCookie {
        self.is_http_only = true;
        self
    }

    /// Sends it over TLS only.
    pub fn secure(mut self) -> SetCookie {
        self.is_secure = true;
        self
    }

    /// Says on which requests from other sites it is sent.
    pub fn same_site(mut self, same_site: SameSite) -> SetCookie {
        self.same_site = Some(same_site);
        self
    }

    /// Keeps one for each site that embeds this one; only for [`SetCookie::secure`] cookies.
    pub fn partitioned(mut self) -> SetCookie {
        self.is_partitioned = true;
        self
    }

    /// Why no cookie of this name and value can be sent, whatever else is set, if none can.
    fn refusal_of_pair(&self) -> Option<&'static str> {
        if !crate::base::is_token(self.name.as_bytes()) {
            return Some("its name must be a token: ASCII letters, digits and any of !#$%&'*+-.^_`|~");
        }
        if !self.value.bytes().all(is_cookie_octet) {
            return Some(
                "its value holds a space, quote, comma, semicolon, backslash, control character or non-ASCII text; \
                 encode the value, for example with percent signs or Base64",
            );
        }
        (self.name.len() + self.value.len() > MOST_OF_A_PAIR)
            .then_some("its name and value are longer than 4096 bytes, and browsers drop it")
    }

    /// Why a peer may not choose this name and value, if it may not.
    fn refusal_from_outside(&self) -> Option<&'static str> {
        self.refusal_of_pair().or_else(|| {
            let is_prefixed = self.has_prefix("__Host-") || self.has_prefix("__Secure-");
            is_prefixed.then_some(
                "its name begins with a prefix that asks for attributes; if the name is your own, write \
                 `SetCookie::new(…)`, the attributes and `.checked()`",
            )
        })
    }

    /// Why it cannot be sent, if it cannot.
    fn refusal(&self) -> Option<&'static str> {
        if let Some(why) = self.refusal_of_pair() {
            return Some(why);
        }
        let is_path = |path: &str| path.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b';');
        if self.path.as_deref().is_some_and(|path| !is_path(path)) {
            return Some("its path holds a semicolon, a control character or non-ASCII text");
        }
        if self.domain.as_deref().is_some_and(|domain| !is_domain(domain)) {
            return Some(
                "its domain must be the name of a host, without a port: ASCII letters, digits, `-` and `_` between dots",
            );
        }
        if [&self.path, &self.domain].into_iter().flatten().any(|value| value.len() > MOST_OF_AN_ATTRIBUTE) {
            return Some("its path or domain is longer than 1024 bytes, and browsers pass it over");
        }
        if self.is_secure {
            let fits_host = self.domain.is_none() && self.path.as_deref() == Some("/");
            return (self.has_prefix("__Host-") && !fits_host)
                .then_some("a `__Host-` cookie needs `.path(\"/\")` and no `.domain(…)`");
        }
        if self.same_site == Some(SameSite::None) || self.is_partitioned {
            return Some(
                "with `SameSite::None` or `.partitioned()` it needs `.secure()`, else browsers drop it",
            );
        }
        (self.has_prefix("__Host-") || self.has_prefix("__Secure-"))
            .then_some("with this prefix in its name it needs `.secure()`, else browsers drop it")
    }

    fn has_prefix(&self, prefix: &str) -> bool {
        self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }
}

/// The value of a `Set-Cookie` field.
impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)?;
        if let Some(path) = &self.path {
            write!(f, "; Path={path}")?;
        }
        if let Some(domain) = &self.domain {
            write!(f, "; Domain={domain}")?;
        }
        if let Some(seconds) = self.max_age {
            write!(f, "; Max-Age={seconds}")?;
        }
        if let Some(time) = self.expires {
            let writable = time.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST_DATE);
            write!(f, "; Expires={}", httpdate::HttpDate::from(writable))?;
        }
        if let Some(same_site) = self.same_site {
            write!(f, "; SameSite={same_site:?}")?;
        }
        let flags = [
            (self.is_http_only, "; HttpOnly"),
            (self.is_secure, "; Secure"),
            (self.is_partitioned, "; Partitioned"),
        ];
        flags.into_iter().filter(|(is_set, _)| *is_set).try_for_each(|(_, flag)| f.write_str(flag))
    }
}

impl IntoHeaderValue for SetCookie {
    fn write_value(self, out: &mut Vec<u8>) {
        use std::io::Write;
        let _ = write!(out, "{self}");
    }

    fn refusal(&self) -> Option<String> {
        SetCookie::refusal(self).map(|why| self.refused(why))
    }
}

/// RFC 6265, section 4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// The name of a host; a dot before it says nothing (section 5.2.3).
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    domain.strip_prefix('.').unwrap_or(domain).split('.').all(is_label)
}

/// Browsers keep no longer name and value (RFC 6265bis, section 5.6).
const MOST_OF_A_PAIR: usize = 4096;

/// Browsers pass over longer attributes, as if they were not there (RFC 6265bis, section 5.6).
const MOST_OF_AN_ATTRIBUTE: usize = 1024;

/// The last second that an HTTP date can say: the end of the year 9999.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Headers;

    #[test]
    fn a_cookie_is_written_with_what_was_asked_for() {
        let hour = Duration::from_secs(3600);
        let table = [
            (SetCookie::new("sc", 1), "sc=1"),
            (SetCookie::new("a", "b").path("/"), "a=b; Path=/"),
            (
                SetCookie::new("a", "b").domain("example.com").max_age(hour),
                "a=b; Domain=example.com; Max-Age=3600",
            ),
            (SetCookie::new("a", "b").http_only().secure(), "a=b; HttpOnly; Secure"),
            (SetCookie::new("a", "b").path("").domain(""), "a=b"),
            (SetCookie::new("a", "b").path("/x").path("").domain("x").domain(String::new()), "a=b"),
            (SetCookie::new("__Host-a", "b").secure().path("/").domain(""), "__Host-a=b; Path=/; Secure"),
            (SetCookie::new("!#$%&'*+-.^_`|~aZ09", "b"), "!#$%&'*+-.^_`|~aZ09=b"),
            (SetCookie::new("a", "").same_site(SameSite::Strict), "a=; SameSite=Strict"),
            (
                SetCookie::new("a", "b").same_site(SameSite::None).secure().partitioned(),
                "a=b; SameSite=None; Secure; Partitioned",
            ),
            (
                SetCookie::removal("a").path("/x"),
                "a=; Path=/x; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            ),
            (
                SetCookie::new("a", "b").expires(UNIX_EPOCH - hour),
                "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            ),
            (
                SetCookie::new("a", "b").expires(UNIX_EPOCH + LAST_DATE + hour),
                "a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
            ),
        ];
        for (cookie, expected) in table {
            let mut headers = Headers::new();
            headers.append("set-cookie", cookie);
            assert_eq!(headers.get("set-cookie"), Some(expected));
        }
    }

    #[test]
    fn what_would_not_come_back_is_refused() {
        let long = |length| "y".repeat(length);
        let table = [
            (SetCookie::new("", "b"), "name"),
            (SetCookie::new("a b", "c"), "name"),
            (SetCookie::new("a=", "c"), "name"),
            (SetCookie::new("a\r\n", "c"), "name"),
            (SetCookie::new("a", "b c"), "value"),
            (SetCookie::new("a", "b;c"), "value"),
            (SetCookie::new("a", "b,c"), "value"),
            (SetCookie::new("a", "b\r\nx: y"), "value"),
            (SetCookie::new("a", "\"b"), "value"),
            // Whoever reads it takes the quotes off.
            (SetCookie::new("a", "\"b\""), "value"),
            (SetCookie::new("a", "\"\""), "value"),
            (SetCookie::new("a@b", "c"), "name"),
            (SetCookie::new("a", "b\\c"), "value"),
            (SetCookie::new("a", "é"), "value"),
            (SetCookie::new("a", "b").path("/; Domain=x"), "path"),
            (SetCookie::new("a", "b").path(format!("/{}", long(1024))), "path"),
            (SetCookie::new("a", "b").domain("x\n"), "domain"),
            (SetCookie::new("a", "b").domain("a b"), "domain"),
            (SetCookie::new("a", "b").domain("x; Secure"), "domain"),
            (SetCookie::new("a", "b").domain("x.example:8080"), "domain"),
            (SetCookie::new("a", "b").domain("https://x.example"), "domain"),
            (SetCookie::new("a", "b").domain("x..example"), "domain"),
            (SetCookie::new("a", "b").domain("x.example,y.example"), "domain"),
            (SetCookie::new("a", "b").domain("."), "domain"),
            (SetCookie::new("a", "b").domain("ü.example"), "domain"),
            (SetCookie::new("a", "b").domain(long(1025)), "domain"),
            (SetCookie::new("a", long(4096)), "name and value are longer"),
            (SetCookie::new(long(4096), "b"), "name and value are longer"),
            (SetCookie::new("a", "b").same_site(SameSite::None), ".secure()"),
            (SetCookie::new("__Secure-a", "b"), ".secure()"),
            (SetCookie::new("__host-a", "b").path("/"), ".secure()"),
            (SetCookie::new("__Host-a", "b").secure(), ".path("),
            (SetCookie::new("__Host-a", "b").secure().path("/").domain("x"), ".domain("),
        ];
        for (cookie, why) in table {
            let shown = format!("{cookie:?}");
            let error = cookie.clone().checked().expect_err(&shown);
            assert_eq!(error.status(), 400, "{shown}");
            assert!(error.explain_text().contains(why), "{shown}: {error}");
            let tried = SetCookie::try_new(&cookie.name, &cookie.value);
            let is_outside = why.contains("name") || why == "value" || cookie.name.starts_with("__");
            assert_eq!(tried.is_err(), is_outside, "{shown}");
            assert!(tried.err().is_none_or(|error| error.status() == 400), "{shown}");
            let mut headers = Headers::new();
            headers.append("set-cookie", cookie);
            assert!(headers.is_empty(), "{shown}");
            let refusal = headers.refused().expect("refused").to_string();
            assert!(refusal.contains("cookie") && refusal.contains(why), "{shown}: {refusal}");
        }
        let error = SetCookie::try_new("a@b", "c").expect_err("no token");
        let token = "its name must be a token: ASCII letters, digits and any of !#$%&'*+-.^_`|~";
        assert!(error.explain_text().contains(token), "{error}");
        for name in ["__Host-a", "__Secure-", "__HOST-a", "__secure-a"] {
            let error = SetCookie::try_new(name, "b").expect_err(name);
            assert_eq!(error.status(), 400, "{name}");
            assert!(error.explain_text().contains("prefix"), "{name}: {error}");
        }
        let sent = [
            SetCookie::new("__Host-a", "b").secure().path("/"),
            SetCookie::new("__Secure-a", "b").secure(),
            SetCookie::new("__Hosta", "b"),
            SetCookie::new("a", long(4095)),
            SetCookie::new("a", "b").path(format!("/{}", long(1023))),
            SetCookie::new("a", "b").domain(".x-y_z.1.example"),
            SetCookie::new("a", "b").domain("127.0.0.1"),
        ];
        for cookie in sent {
            let mut headers = Headers::new();
            headers.append("set-cookie", cookie.clone());
            assert!(headers.refused().is_none(), "{cookie}");
            assert_eq!(cookie.clone().checked().expect("it is sent"), cookie);
        }
    }
}
