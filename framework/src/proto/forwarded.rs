//! What proxies say of the requests they pass on: `Forwarded` (RFC 7239) and the older `X-Forwarded-For`, `-Proto` and
//! `-Host`.
//!
//! Every hop adds to the right, so only the right end is known to be true: it is read from there, over the hops that
//! are believed, up to the first that is not, and this is the client. What stands left of it the client may have made up.
//!
//! And so it may have with a whole field that its proxy neither sets nor takes away, as none does with all of them. Only those
//! are read that the proxy is known to set.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::networks::Networks;
use crate::base::Headers;
use crate::proto::h1::is_authority;

/// The client of a request as the proxies before us say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) source: Source,
    /// Whether it came to the first of them over TLS.
    pub(crate) is_secure: Option<bool>,
    /// The host it asked the first of them for.
    pub(crate) host: Option<String>,
}

/// Where a client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// They hide it, do not know it, or what they say makes no sense.
    #[default]
    Unknown,
    /// Nobody says anything of it: the client is the peer itself.
    Peer,
    Known(SocketAddr),
}

impl Source {
    /// What a hop says whose own address is not known to be wrong.
    fn said(text: &str) -> Source {
        address(text).map_or(Source::Unknown, Source::Known)
    }

    fn is_believed(self, believed: &Networks) -> bool {
        matches!(self, Source::Known(address) if believed.contain(address.ip()))
    }
}

/// The fields that are read: those that the proxies set themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProxyFields([bool; NAMES.len()]);

/// All fields that can be read. Of a proxy that sets others it is to be told to set one of these.
const NAMES: [&str; 4] = ["Forwarded", X_FORWARDED[0], X_FORWARDED[1], X_FORWARDED[2]];

/// The fields that everybody used before there was a standard.
const X_FORWARDED: [&str; 3] = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];

impl Default for ProxyFields {
    /// What nearly every proxy is set up to send. A client that sends the second one past its proxy deceives only itself.
    fn default() -> ProxyFields {
        ProxyFields([false, true, true, false])
    }
}

impl ProxyFields {
    /// No field.
    pub(crate) const NONE: ProxyFields = ProxyFields([false; NAMES.len()]);

    /// Adds a field.
    ///
    /// # Errors
    /// It is none that can be read; it is told which can.
    pub(crate) fn add(&mut self, name: &str) -> Result<(), String> {
        match NAMES.iter().position(|known| known.eq_ignore_ascii_case(name.trim())) {
            Some(at) => {
                self.0[at] = true;
                Ok(())
            }
            None => Err(format!(
                "{name:?} is none of the fields that are read: they are {}. Have the proxy set one of these",
                NAMES.map(|name| format!("`{name}`")).join(", ")
            )),
        }
    }

    /// A field that came though it is not read.
    pub(crate) fn passed_over(self, headers: &Headers) -> Option<&'static str> {
        let unread = NAMES.into_iter().zip(self.0).filter(|(_, is_read)| !is_read);
        unread.map(|(name, _)| name).find(|name| headers.contains(name))
    }

    fn read_of_standard(self) -> bool {
        self.0[0]
    }

    /// The fields of the custom: their values where they are read.
    fn read_of_custom(self, headers: &Headers) -> [Vec<Cow<'_, str>>; X_FORWARDED.len()] {
        let [_, hops, proto, host] = self.0;
        let read = |name, is_read: bool| if is_read { lines(headers, name) } else { Vec::new() };
        [read(X_FORWARDED[0], hops), read(X_FORWARDED[1], proto), read(X_FORWARDED[2], host)]
    }
}

/// Reads the fields of a request whose peer is believed. `None`: there are none, so the peer itself is the client.
pub(crate) fn read(headers: &Headers, believed: &Networks, fields: ProxyFields) -> Option<Client> {
    let has_standard = fields.read_of_standard() && headers.contains("forwarded");
    let standard = has_standard.then(|| read_standard(headers, believed));
    let customary = fields.read_of_custom(headers);
    let customary =
        customary.iter().any(|lines| !lines.is_empty()).then(|| read_customary(&customary, believed));
    match (standard, customary) {
        // One of them may be the client's own, which its proxy passes on; nobody knows which.
        (Some(one), Some(other)) if one != other => Some(Client::default()),
        (one, other) => one.or(other),
    }
}

fn read_standard(headers: &Headers, believed: &Networks) -> Client {
    let mut client = Client { source: Source::Peer, is_secure: None, host: None };
    for line in lines(headers, "forwarded").iter().rev() {
        let Some(elements) = elements(line) else { return Client::default() };
        for element in elements.into_iter().rev() {
            let names_client = element.client.is_some();
            client = Client {
                source: element.client.map_or(client.source, |text| Source::said(&text)),
                // A hop that does not say leaves it as the hops behind it saw it.
                is_secure: element.proto.as_deref().and_then(is_secure).or(client.is_secure),
                host: element.host.filter(|host| is_authority(host.as_bytes())).or(client.host),
            };
            if !names_client || !client.source.is_believed(believed) {
                return client;
            }
        }
    }
    client
}

fn read_customary([hops, protos, hosts]: &[Vec<Cow<'_, str>>; 3], believed: &Networks) -> Client {
    let mut source = if hops.is_empty() { Source::Peer } else { Source::Unknown };
    let mut position = 0;
    for (at, hop) in members(hops).enumerate() {
        source = Source::said(hop);
        position = at;
        if !source.is_believed(believed) {
            break;
        }
    }
    // The lists grow together. One that is shorter was only begun by a later hop, which is believed too.
    let is_secure = members(protos).take(position + 1).last().and_then(is_secure);
    let host = members(hosts).take(position + 1).last().filter(|host| is_authority(host.as_bytes()));
    Client { source, is_secure, host: host.map(str::to_owned) }
}

/// The fields of a name. Bytes that are no text are kept as such, so that they hide nothing of the rest.
fn lines<'h>(headers: &'h Headers, name: &'h str) -> Vec<Cow<'h, str>> {
    headers.get_all_bytes(name).map(String::from_utf8_lossy).collect()
}

/// The members of a list, from the right. Those that are empty count for nothing (RFC 9110, section 5.6.1).
fn members<'l>(lines: &'l [Cow<'_, str>]) -> impl Iterator<Item = &'l str> {
    lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim).filter(|value| !value.is_empty())
}

fn is_secure(proto: &str) -> Option<bool> {
    let is = |name: &str| proto.eq_ignore_ascii_case(name);
    match () {
        () if is("https") || is("wss") => Some(true),
        () if is("http") || is("ws") => Some(false),
        () => None,
    }
}

/// An address as `for` and `X-Forwarded-For` have it: with or without a port, IPv6 in brackets or not. The port is 0 where
/// none is told, or a hidden one.
fn address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(address.to_canonical(), 0));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
            (IpAddr::V6(host.parse().ok()?), port)
        }
        None => {
            let (host, port) = text.split_once(':')?;
            (IpAddr::V4(host.parse().ok()?), Some(port))
        }
    };
    let port = match port {
        None => 0,
        Some(hidden) if is_obfuscated(hidden) => 0,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    Some(SocketAddr::new(host.to_canonical(), port))
}

/// `"_" 1*(ALPHA / DIGIT / "." / "_" / "-")` (RFC 7239, section 6.3)
fn is_obfuscated(text: &str) -> bool {
    text.strip_prefix('_').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    })
}

/// What one hop says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Element {
    client: Option<String>,
    proto: Option<String>,
    host: Option<String>,
}

/// The elements of one field (RFC 7239, section 4). `None`: it is malformed, so that its end is not to be believed either.
fn elements(line: &str) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    let mut element = None::<Element>;
    let mut rest = line.trim_matches(WHITESPACE);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(',') {
            elements.extend(element.take());
            rest = after.trim_start_matches(WHITESPACE);
            continue;
        }
        if let Some(after) = rest.strip_prefix(';') {
            element.get_or_insert_default();
            rest = after.trim_start_matches(WHITESPACE);
            continue;
        }
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        let place = element.get_or_insert_default();
        let place = match () {
            () if name.eq_ignore_ascii_case("for") => Some(&mut place.client),
            () if name.eq_ignore_ascii_case("proto") => Some(&mut place.proto),
            () if name.eq_ignore_ascii_case("host") => Some(&mut place.host),
            () if crate::base::is_token(name.as_bytes()) => None,
            () => return None,
        };
        if place.is_some_and(|place| place.replace(value).is_some()) {
            return None;
        }
        rest = after.trim_start_matches(WHITESPACE);
        if !rest.is_empty() && !rest.starts_with([',', ';']) {
            return None;
        }
    }
    elements.extend(element);
    Some(elements)
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        // Addresses of IPv6 should be quoted; many are not.
        let is_value = !token.is_empty() && !token.contains(['"', '=', '\\']);
        return is_value.then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            char => value.push(char),
        }
    }
    None
}

const WHITESPACE: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: ProxyFields = ProxyFields([true; NAMES.len()]);

    fn believed() -> Networks {
        let mut networks = Networks::default();
        networks.add("10.0.0.0/8").expect("a network");
        networks.add("fd00::/8").expect("a network");
        networks
    }

    fn client(address: &str, is_secure: Option<bool>, host: &str) -> Client {
        let source = match address {
            "" => Source::Unknown,
            "peer" => Source::Peer,
            address => Source::Known(address.parse().expect("an address")),
        };
        Client { source, is_secure, host: (!host.is_empty()).then(|| host.to_owned()) }
    }

    #[test]
    fn the_first_hop_from_the_right_that_is_not_believed_is_the_client() {
        let (http, https) = (Some(false), Some(true));
        let table: &[(&[(&str, &str)], Client)] = &[
            (&[("x-forwarded-for", "203.0.113.7")], client("203.0.113.7:0", None, "")),
            (&[("x-forwarded-for", "1.1.1.1, 203.0.113.7")], client("203.0.113.7:0", None, "")),
            (&[("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.0.0.2")], client("203.0.113.7:0", None, "")),
            (
                &[("x-forwarded-for", "1.1.1.1,203.0.113.7 ,10.0.0.2,, 10.0.0.3,")],
                client("203.0.113.7:0", None, ""),
            ),
            (
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.7")],
                client("203.0.113.7:0", None, ""),
            ),
            (&[("x-forwarded-for", "10.0.0.1, 10.0.0.2")], client("10.0.0.1:0", None, "")),
            (&[("x-forwarded-for", "203.0.113.7:4711")], client("203.0.113.7:4711", None, "")),
            (&[("x-forwarded-for", "2001:db8::1")], client("[2001:db8::1]:0", None, "")),
            (&[("x-forwarded-for", "[2001:db8::1]")], client("[2001:db8::1]:0", None, "")),
            (&[("x-forwarded-for", "[2001:db8::1]:443")], client("[2001:db8::1]:443", None, "")),
            (&[("x-forwarded-for", "::ffff:203.0.113.7")], client("203.0.113.7:0", None, "")),
            (&[("x-forwarded-for", "1.1.1.1, ::ffff:10.0.0.2")], client("1.1.1.1:0", None, "")),
            (&[("x-forwarded-for", "203.0.113.7, nonsense")], client("", None, "")),
            (&[("x-forwarded-for", "203.0.113.7, nonsense, 10.0.0.2")], client("", None, "")),
            (&[("x-forwarded-for", "nonsense, 203.0.113.7")], client("203.0.113.7:0", None, "")),
            (&[("x-forwarded-for", "1.1.1.1:x")], client("", None, "")),
            (&[("x-forwarded-for", "1.1.1.1:99999")], client("", None, "")),
            (&[("x-forwarded-for", "1.1.1.1:+1")], client("", None, "")),
            (&[("x-forwarded-for", "")], client("", None, "")),
            (&[("x-forwarded-for", "[::1]x")], client("", None, "")),
            (&[("x-forwarded-for", "[1.1.1.1]")], client("", None, "")),
            (&[("x-forwarded-proto", "https")], client("peer", https, "")),
            (&[("x-forwarded-proto", "HTTP")], client("peer", http, "")),
            (&[("x-forwarded-proto", "gopher")], client("peer", None, "")),
            (
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "http, https")],
                client("1.1.1.1:0", https, ""),
            ),
            (
                &[
                    ("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2"),
                    ("x-forwarded-proto", "wss, https, http"),
                ],
                client("1.1.1.1:0", https, ""),
            ),
            (
                &[("x-forwarded-for", "1.1.1.1, 10.0.0.2, 10.0.0.3"), ("x-forwarded-proto", "https")],
                client("1.1.1.1:0", https, ""),
            ),
            (
                &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-host", "evil.example, a.example:8443")],
                client("1.1.1.1:0", None, "a.example:8443"),
            ),
            (&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-host", "a/b")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "for=203.0.113.7")], client("203.0.113.7:0", None, "")),
            (
                &[(
                    "forwarded",
                    "For=\"[2001:db8:cafe::17]:4711\";PROTO=https; host=a.example ;by=203.0.113.43",
                )],
                client("[2001:db8:cafe::17]:4711", https, "a.example"),
            ),
            (
                &[(
                    "forwarded",
                    "for=6.6.6.6;host=evil, for=1.1.1.1;proto=https, for=10.0.0.9;proto=http;host=b",
                )],
                client("1.1.1.1:0", https, "b"),
            ),
            (
                &[("forwarded", "for=6.6.6.6;host=\"evil, for"), ("forwarded", "for=1.1.1.1")],
                client("1.1.1.1:0", None, ""),
            ),
            (&[("forwarded", "for=6.6.6.6;host=\"evil, for=1.1.1.1")], client("", None, "")),
            (&[("forwarded", "for=\", for=\"[2001:db8::1]\"")], client("", None, "")),
            (&[("forwarded", "for=\"1.1.1.1\\:80\"")], client("1.1.1.1:80", None, "")),
            (&[("forwarded", "for=1.1.1.1, for=unknown;proto=https")], client("", https, "")),
            (&[("forwarded", "for=1.1.1.1, for=_hidden")], client("", None, "")),
            (&[("forwarded", "for=\"1.1.1.1:_port\"")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "for=\"1.1.1.1:_\"")], client("", None, "")),
            (&[("forwarded", ", ,for=1.1.1.1 ,")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "proto=https")], client("peer", https, "")),
            (&[("forwarded", "for=1.1.1.1, proto=https")], client("peer", https, "")),
            (&[("forwarded", "for=1.1.1.1, proto=https, for=10.0.0.9")], client("10.0.0.9:0", https, "")),
            (&[("forwarded", "")], client("peer", None, "")),
            (&[("forwarded", "for=1.1.1.1;;")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "secret=x;for=1.1.1.1")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "for=1.1.1.1;for=2.2.2.2")], client("", None, "")),
            (&[("forwarded", "for=1.1.1.1 proto=https")], client("", None, "")),
            (&[("forwarded", "for")], client("", None, "")),
            (&[("forwarded", "for=")], client("", None, "")),
            (&[("forwarded", "f r=1;for=1.1.1.1")], client("", None, "")),
            (&[("forwarded", "for=1.1.1.1;host=\"a/b\"")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "proto=https, for=fd00::1")], client("[fd00::1]:0", https, "")),
            // Both, and one of them may be the client's.
            (&[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "1.1.1.1")], client("1.1.1.1:0", None, "")),
            (&[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "1.1.1.1")], client("", None, "")),
            (&[("forwarded", "for=1.1.1.1;host=evil"), ("x-forwarded-for", "1.1.1.1")], client("", None, "")),
            (&[("forwarded", "for=1.1.1.1"), ("x-forwarded-proto", "https")], client("", None, "")),
        ];
        for (fields, expected) in table {
            let mut headers = Headers::new();
            fields.iter().for_each(|(name, value)| headers.append(name, *value));
            assert_eq!(read(&headers, &believed(), ALL).as_ref(), Some(expected), "{fields:?}");
        }
        let mut headers = Headers::new();
        headers.append("x-forwarded-for", b"\xff, 1.1.1.1".as_slice());
        let expected = client("1.1.1.1:0", None, "");
        assert_eq!(read(&headers, &believed(), ALL), Some(expected), "bytes that are no text hide nothing");
        assert_eq!(read(&Headers::new(), &believed(), ALL), None, "nobody says anything");
    }

    #[test]
    fn only_what_the_proxy_sets_is_read() {
        let everything = [
            ("forwarded", "for=6.6.6.6;proto=http;host=f.example"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "x.example"),
        ];
        let table: [(&[&str], Option<Client>, Option<&str>); 10] = [
            (&[], None, Some("Forwarded")),
            (&["Forwarded"], Some(client("6.6.6.6:0", Some(false), "f.example")), Some("X-Forwarded-For")),
            (&["X-Forwarded-For"], Some(client("1.1.1.1:0", None, "")), Some("Forwarded")),
            (&["x-forwarded-proto"], Some(client("peer", Some(true), "")), Some("Forwarded")),
            (&["X-FORWARDED-HOST "], Some(client("peer", None, "x.example")), Some("Forwarded")),
            (
                &["X-Forwarded-For", "X-Forwarded-Proto"],
                Some(client("1.1.1.1:0", Some(true), "")),
                Some("Forwarded"),
            ),
            (
                &["X-Forwarded-For", "X-Forwarded-Host"],
                Some(client("1.1.1.1:0", None, "x.example")),
                Some("Forwarded"),
            ),
            (
                &["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"],
                Some(client("1.1.1.1:0", Some(true), "x.example")),
                Some("Forwarded"),
            ),
            // Both kinds, which do not agree.
            (&["Forwarded", "X-Forwarded-For"], Some(client("", None, "")), Some("X-Forwarded-Proto")),
            (&NAMES, Some(client("", None, "")), None),
        ];
        let headers: Headers = everything.into_iter().collect();
        for (names, expected, passed_over) in table {
            let mut fields = ProxyFields::NONE;
            names.iter().for_each(|name| fields.add(name).expect("it is known"));
            assert_eq!(read(&headers, &believed(), fields), expected, "{names:?}");
            assert_eq!(fields.passed_over(&headers), passed_over, "{names:?}");
        }
        let usual = read(&headers, &believed(), ProxyFields::default());
        assert_eq!(usual, Some(client("1.1.1.1:0", Some(true), "")));
        for name in ["X-Real-IP", "CF-Connecting-IP", "X-Forwarded", "", "*"] {
            let problem = ProxyFields::default().add(name).expect_err(name);
            assert!(problem.contains("`X-Forwarded-Proto`"), "{problem}");
        }
    }
}
