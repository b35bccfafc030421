//! A host of a URL, with its port if it has one (RFC 3986, section 3.2.2).

use std::fmt;
use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

/// See the head of this file.
pub(super) struct Host {
    /// As the system is asked for it: of an IPv6 address without brackets.
    pub(super) name: String,
    pub(super) port: Option<u16>,
}

impl Host {
    /// Hosts with commas between them. Tells which is wrong, and why.
    pub(super) fn several(text: &str) -> Result<Vec<Host>, String> {
        let texts: Vec<_> = text.split(',').collect();
        let number = |index: usize| match texts.len() {
            1 => "the host".to_owned(),
            _ => format!("host {}", index + 1),
        };
        texts.iter().enumerate().map(|(index, text)| Host::new(text, &number(index))).collect()
    }

    /// `which` it is, for errors. What has no `:` before it may be quoted: a port may be a password that has lost its host.
    fn new(text: &str, which: &str) -> Result<Host, String> {
        let (name, port) = match text.strip_prefix('[').map(|text| text.split_once(']')) {
            Some(Some((address, end))) if end.is_empty() || end.starts_with(':') => {
                let Ok(address) = address.parse::<Ipv6Addr>() else {
                    return Err(format!("in the brackets of {which} stands no IPv6 address"));
                };
                (address.to_string(), end.strip_prefix(':'))
            }
            Some(_) => return Err(format!("{which} is no IPv6 address with a port: `[::1]:6379`")),
            None if text.parse::<Ipv6Addr>().is_ok() => {
                return Err(format!("{which} is an IPv6 address without brackets, as in `[::1]:6379`"));
            }
            None => match text.split_once(':') {
                Some((name, port)) => (named(name, which)?, Some(port)),
                None => (named(text, which)?, None),
            },
        };
        if matches!(&*name, "0.0.0.0" | "::") {
            return Err(format!("{which}, `{name}`, means all addresses of a machine; name one of them"));
        }
        let port = match port.filter(|port| !port.is_empty()) {
            None => None,
            Some(port) => match port.parse() {
                Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Some(number),
                _ => return Err(format!("the port of {which}, `{name}`, is no number from 1 to 65535")),
            },
        };
        Ok(Host { name, port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Host { name, port } = self;
        if name.contains(':') { write!(f, "[{name}]") } else { f.write_str(name) }?;
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// A name, or an IPv4 address.
fn named(text: &str, which: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!(
            "{which} is missing: behind user and password, which an `@` ends, stands `host:port`"
        ));
    }
    let name = percent_decode_str(text).decode_utf8_lossy();
    match name.chars().find(|char| !char.is_ascii_alphanumeric() && !"-._".contains(*char)) {
        None => Ok(name.into_owned()),
        // It may be a password whose `@` is forgotten, so it is not shown.
        Some(char) => Err(format!(
            "{which} has {char:?} in it; names have letters, digits, `-`, `.` and `_`, others are \
             written as `xn--…`"
        )),
    }
}
