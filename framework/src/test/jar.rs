//! The cookies that a client keeps from answer to request, as browsers do (RFC 6265, section 5).
//!
//! All requests are those of one site, and every host is trusted with `Secure` cookies, as browsers trust `localhost`.

use std::time::{Duration, SystemTime};

use crate::base::is_token;

/// What a client has been given.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    name: String,
    value: String,
    domain: String,
    /// Whether it is for this very host, not for those below it.
    is_host_only: bool,
    path: String,
    /// `None`: as long as the client lasts.
    until: Option<SystemTime>,
}

impl Jar {
    /// Keeps, replaces or forgets a cookie by the value of a `Set-Cookie` field; one that browsers drop is dropped.
    pub(super) fn take(&mut self, host: &str, path: &str, field: &str, now: SystemTime) {
        let Some(cookie) = Kept::read(host, path, field, now) else { return };
        let same = |other: &Kept| {
            (&other.name, &other.domain, &other.path) == (&cookie.name, &cookie.domain, &cookie.path)
        };
        match self.0.iter().position(same) {
            // It keeps its place among the others.
            Some(index) => self.0[index] = cookie,
            None => self.0.push(cookie),
        }
        self.0.retain(|cookie| !cookie.is_over(now));
    }

    /// The cookies for a request, those of longer paths first (section 5.4).
    pub(super) fn cookies_for(&self, host: &str, path: &str, now: SystemTime) -> Vec<(&str, &str)> {
        let mut fit: Vec<_> =
            self.0.iter().filter(|cookie| !cookie.is_over(now) && cookie.is_for(host, path)).collect();
        fit.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        fit.into_iter().map(|cookie| (&*cookie.name, &*cookie.value)).collect()
    }
}

/// A host without its port.
pub(super) fn name_of(host: &str) -> String {
    let end = host.rfind(':').filter(|colon| !host[*colon..].contains(']')).unwrap_or(host.len());
    host[..end].to_ascii_lowercase()
}

pub(super) fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

impl Kept {
    fn read(host: &str, request_path: &str, field: &str, now: SystemTime) -> Option<Kept> {
        let mut parts = field.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim_end(), value.trim_start());
        if !is_token(name.as_bytes()) || value.contains(char::is_control) || name.len() + value.len() > MOST {
            return None;
        }
        let mut cookie = Kept {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: host.to_owned(),
            is_host_only: true,
            path: default_path(request_path).to_owned(),
            until: None,
        };
        let (mut has_age, mut is_secure) = (false, false);
        for part in parts {
            let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match attribute.trim_end().to_ascii_lowercase().as_str() {
                "max-age" => {
                    if let Some(until) = until(value, now) {
                        (has_age, cookie.until) = (true, until);
                    }
                }
                "expires" if !has_age => {
                    if let Ok(time) = httpdate::parse_http_date(value) {
                        cookie.until = Some(time);
                    }
                }
                "domain" => {
                    let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                    cookie.is_host_only = domain.is_empty();
                    cookie.domain = if domain.is_empty() { host.to_owned() } else { domain };
                }
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "path" => default_path(request_path).clone_into(&mut cookie.path),
                "secure" => is_secure = true,
                _ => {}
            }
        }
        let starts =
            |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let fits_prefix = !starts("__Secure-") && !starts("__Host-")
            || is_secure && (!starts("__Host-") || cookie.is_host_only && cookie.path == "/");
        (fits_prefix && is_within(host, &cookie.domain)).then_some(cookie)
    }

    fn is_over(&self, now: SystemTime) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn is_for(&self, host: &str, path: &str) -> bool {
        let is_host = if self.is_host_only { host == self.domain } else { is_within(host, &self.domain) };
        let is_below = |rest: &str| rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/');
        is_host && path.strip_prefix(&*self.path).is_some_and(is_below)
    }
}

/// When an age is over; `None` if it is no number.
#[expect(clippy::option_option, reason = "an end that no clock can say is none")]
fn until(age: &str, now: SystemTime) -> Option<Option<SystemTime>> {
    let (is_negative, digits) = age.strip_prefix('-').map_or((false, age), |digits| (true, digits));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = if is_negative { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    Some(now.checked_add(Duration::from_secs(seconds)))
}

/// Whether a host is a domain or lies below it (section 5.1.3).
fn is_within(host: &str, domain: &str) -> bool {
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    host == domain || !is_address && host.strip_suffix(domain).is_some_and(|below| below.ends_with('.'))
}

/// The path of a cookie that names none (section 5.1.4).
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(slash) if slash > 0 => &path[..slash],
        _ => "/",
    }
}

/// Browsers keep no larger cookie.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_where_they_are_for() {
        let now = SystemTime::now();
        // What was set for `http://www.example.org/a/b`, where the next request goes, and what it sends.
        let table: &[(&[&str], &str, &str, &str)] = &[
            (&["k=v"], "www.example.org", "/a/c", "k=v"),
            (&["k=v"], "www.example.org", "/a", "k=v"),
            (&["k=v"], "www.example.org", "/ab", ""),
            (&["k=v"], "www.example.org", "/", ""),
            (&["k=v"], "example.org", "/a/b", ""),
            (&["k=v; Path=/"], "www.example.org", "/", "k=v"),
            (&["k=v; Path=/a/"], "www.example.org", "/a", ""),
            (&["k=v; Path=x"], "www.example.org", "/a/b", "k=v"),
            (&["k=v; Path=/; Domain=example.org"], "example.org", "/", "k=v"),
            (&["k=v; Path=/; Domain=.Example.org"], "api.example.org", "/", "k=v"),
            (&["k=v; Path=/; Domain=example.org"], "badexample.org", "/", ""),
            (&["k=v; Path=/; Domain="], "www.example.org", "/", "k=v"),
            (&["k=v; Path=/; Domain=other.org"], "other.org", "/", ""),
            (&["a=1; Path=/", "b=2; Path=/a", "c=3; Path=/"], "www.example.org", "/a/b", "b=2; a=1; c=3"),
            (&["a=1", "b=2", "a=3"], "www.example.org", "/a/b", "a=3; b=2"),
            (&["a=1", "a=; Max-Age=0"], "www.example.org", "/a/b", ""),
            (&["a=1", "a=; max-age=-1"], "www.example.org", "/a/b", ""),
            (&["a=1; Max-Age=x"], "www.example.org", "/a/b", "a=1"),
            (&["a=1; Max-Age=99999999999999999999"], "www.example.org", "/a/b", "a=1"),
            (&["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "www.example.org", "/a/b", ""),
            (&["a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "www.example.org", "/a/b", "a=1"),
            (&["a=1; Secure; HttpOnly; SameSite=Strict"], "www.example.org", "/a/b", "a=1"),
            (
                &["__Host-a=1; Secure; Path=/", "__Secure-b=2; Secure"],
                "www.example.org",
                "/a/b",
                "__Secure-b=2; __Host-a=1",
            ),
            (&["__Host-a=1; Secure", "__Host-b=1; Path=/", "__Secure-c=1"], "www.example.org", "/a/b", ""),
            (&["__Host-a=1; Secure; Path=/; Domain=example.org"], "www.example.org", "/a/b", ""),
            (&["novalue", "=v", "a b=c", "", ";", "k=\u{1}"], "www.example.org", "/a/b", ""),
            (&[" k = v = w "], "www.example.org", "/a/b", "k=v = w"),
            (&["k=\"quoted\""], "www.example.org", "/a/b", "k=\"quoted\""),
        ];
        for (fields, host, path, expected) in table {
            let mut jar = Jar::default();
            fields.iter().for_each(|field| jar.take("www.example.org", "/a/b", field, now));
            let cookies = jar.cookies_for(host, path, now);
            let cookies: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(cookies.join("; "), *expected, "{fields:?} for {host}{path}");
        }
    }

    #[test]
    fn addresses_have_no_domains_above_them_and_time_goes_by() {
        let now = SystemTime::now();
        let mut jar = Jar::default();
        jar.take("127.0.0.1", "/", "a=1; Domain=0.0.1", now);
        jar.take("127.0.0.1", "/", "b=1; Domain=127.0.0.1; Max-Age=10", now);
        assert_eq!(jar.cookies_for("127.0.0.1", "/", now + Duration::from_secs(9)), [("b", "1")]);
        assert_eq!(jar.cookies_for("127.0.0.1", "/", now + Duration::from_secs(10)), []);
    }
}
