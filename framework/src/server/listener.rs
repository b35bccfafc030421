//! A socket that listens, whoever has bound it, before it is in a runtime.

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;

#[cfg(unix)]
use std::os::unix::net::UnixListener as StdUnixListener;

use socket2::SockRef;

use super::address::LocalAddr;
use super::counted::Shared;
#[cfg(unix)]
use super::unix::SocketFile;
use crate::http::{Error, Result};

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(StdListener),
    /// With the file that goes when nobody listens on it any more.
    #[cfg(unix)]
    Unix(StdUnixListener, Option<Arc<SocketFile>>),
}

impl Listener {
    /// Another handle of the same socket.
    pub(super) fn try_clone(&self) -> io::Result<Listener> {
        Ok(match self {
            Listener::Tcp(socket) => Listener::Tcp(socket.try_clone()?),
            #[cfg(unix)]
            Listener::Unix(socket, file) => Listener::Unix(socket.try_clone()?, file.clone()),
        })
    }

    /// The socket, if it is one of TCP.
    pub(super) fn tcp(&self) -> Option<&StdListener> {
        match self {
            Listener::Tcp(socket) => Some(socket),
            #[cfg(unix)]
            Listener::Unix(..) => None,
        }
    }

    pub(super) fn local_addr(&self) -> io::Result<LocalAddr> {
        Ok(match self {
            Listener::Tcp(socket) => LocalAddr::Tcp(socket.local_addr()?),
            #[cfg(unix)]
            Listener::Unix(socket, _) => {
                let address = SockRef::from(socket).local_addr()?;
                let name =
                    address.as_abstract_namespace().map(|name| format!("@{}", String::from_utf8_lossy(name)));
                LocalAddr::Unix(match name {
                    Some(name) => name.into(),
                    None => address.as_pathname().map(Into::into).unwrap_or_default(),
                })
            }
        })
    }

    /// Makes a socket that somebody else has bound fit to be waited for.
    ///
    /// # Errors
    /// It does not listen.
    pub(super) fn adopt(&self) -> Result {
        let socket = match self {
            Listener::Tcp(socket) => SockRef::from(socket),
            #[cfg(unix)]
            Listener::Unix(socket, _) => SockRef::from(socket),
        };
        #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
        if !socket.is_listener()? {
            let address = self.local_addr()?;
            return Err(Error::internal(format!(
                "cannot accept from the given socket at {address}: it does not listen. With systemd, `Accept=no` is meant"
            )));
        }
        Ok(socket.set_nonblocking(true)?)
    }
}

/// A listener, and what its connections share.
pub(super) type Entrance = (Listener, Arc<Shared>);

/// A socket that somebody else has bound. Made from a [`std::net::TcpListener`] or, on Unix, a
/// [`std::os::unix::net::UnixListener`].
#[derive(Debug)]
pub struct Given(pub(super) Listener);

impl From<StdListener> for Given {
    fn from(listener: StdListener) -> Given {
        Given(Listener::Tcp(listener))
    }
}

#[cfg(unix)]
impl From<StdUnixListener> for Given {
    fn from(listener: StdUnixListener) -> Given {
        Given(Listener::Unix(listener, None))
    }
}
