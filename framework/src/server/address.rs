//! Where a server listens, as it is written and as it is told.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::http::{Error, Result};

/// An address a server is bound to. Shown as [`Server::listen`](super::Server::listen) takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalAddr {
    /// An address and port of TCP.
    Tcp(SocketAddr),
    /// The path of a Unix socket; `@name` for one in Linux's abstract namespace, empty for one without a name.
    Unix(PathBuf),
}

impl LocalAddr {
    /// The address and port, if it is one of TCP.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            LocalAddr::Tcp(address) => Some(*address),
            LocalAddr::Unix(_) => None,
        }
    }

    /// The path, if it is a Unix socket.
    pub fn unix(&self) -> Option<&Path> {
        match self {
            LocalAddr::Tcp(_) => None,
            LocalAddr::Unix(path) => Some(path),
        }
    }
}

impl fmt::Display for LocalAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LocalAddr::Tcp(address) => write!(f, "{address}"),
            LocalAddr::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An address to listen on, not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A host, empty for all interfaces, and a port.
    Tcp(String, u16),
    Unix(PathBuf),
}

impl Wanted {
    /// Reads `host:port`, `[v6]:port`, `:port` or `unix:path`.
    pub(super) fn parse(text: &str) -> Result<Wanted> {
        let malformed = |what: &str| {
            Error::internal(format!(
                "cannot listen on {text:?}: {what}. Write `127.0.0.1:8080`, `[::1]:8080`, `:8080` for all interfaces, \
                 or `unix:/run/my.sock`"
            ))
        };
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() || path == "@" {
                return Err(malformed("the path of the Unix socket is empty"));
            }
            return Ok(Wanted::Unix(PathBuf::from(path)));
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| malformed("there is no port"))?;
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        if host.contains(':') && !is_bracketed {
            return Err(malformed("an IPv6 address stands in brackets"));
        }
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number);
        let port = port.ok_or_else(|| malformed("the port is no number from 0 to 65535"))?;
        Ok(Wanted::Tcp(host.to_owned(), port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_mistakes_told() {
        let tcp = |host: &str, port| Ok(Wanted::Tcp(host.to_owned(), port));
        let table = [
            ("127.0.0.1:8080", tcp("127.0.0.1", 8080)),
            ("localhost:0", tcp("localhost", 0)),
            (":8080", tcp("", 8080)),
            ("[::1]:9091", tcp("[::1]", 9091)),
            ("unix:/run/x.sock", Ok(Wanted::Unix("/run/x.sock".into()))),
            ("unix:x.sock", Ok(Wanted::Unix("x.sock".into()))),
            ("unix:@name", Ok(Wanted::Unix("@name".into()))),
            ("unix:", Err("the path of the Unix socket is empty")),
            ("unix:@", Err("the path of the Unix socket is empty")),
            ("8080", Err("there is no port")),
            ("", Err("there is no port")),
            ("::1:9091", Err("an IPv6 address stands in brackets")),
            ("a:http", Err("the port is no number from 0 to 65535")),
            ("a:", Err("the port is no number from 0 to 65535")),
            ("a:65536", Err("the port is no number from 0 to 65535")),
            ("a:+1", Err("the port is no number from 0 to 65535")),
        ];
        for (text, expected) in table {
            match (Wanted::parse(text), expected) {
                (Ok(wanted), Ok(expected)) => assert_eq!(wanted, expected, "{text}"),
                (Err(error), Err(part)) => {
                    let error = format!("{error:?}");
                    assert!(error.contains(&format!("{text:?}: {part}")), "{error}");
                }
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }
}
