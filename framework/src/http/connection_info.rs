//! How a request came.

use std::net::SocketAddr;

/// How the request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    peer: Option<SocketAddr>,
    is_secure: bool,
}

impl ConnectionInfo {
    /// What somebody who has accepted a connection knows of it, for [`App::serve_connection`](crate::App::serve_connection).
    pub fn new(peer: Option<SocketAddr>, is_secure: bool) -> ConnectionInfo {
        ConnectionInfo { peer, is_secure }
    }

    /// The address of the peer; `None` for requests that came over no socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether it came over TLS.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }
}
