//! What is known of the other end of a connection, be it a proxy.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use crate::proto::forwarded::Client;

/// What is known of a connection that a trusted proxy made.
#[derive(Debug)]
pub(crate) struct Via {
    /// Whom the proxy speaks for by the PROXY protocol, or the proxy itself.
    pub(crate) client: Option<SocketAddr>,
    /// The other end of the socket.
    pub(crate) socket: Option<SocketAddr>,
    /// `client` is a trusted proxy that has written the heads of the requests itself, so that their fields are to be believed.
    pub(crate) is_trusted: bool,
}

impl Via {
    /// A trusted proxy that says nothing but what is in the heads of its requests.
    pub(crate) fn of(peer: Option<SocketAddr>) -> Via {
        Via { client: peer, socket: peer, is_trusted: true }
    }
}

/// Whom a request comes from.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// It came over no socket, or one without addresses.
    Unknown,
    Direct(SocketAddr),
    /// It came over a connection that a trusted proxy made.
    Proxied(Box<Proxied>),
}

/// See [`Peer::Proxied`].
#[derive(Clone, Debug)]
pub(crate) struct Proxied {
    pub(super) via: Arc<Via>,
    /// What the fields say, read when first asked for.
    pub(super) client: OnceLock<Option<Client>>,
}

impl Peer {
    pub(crate) fn via(via: &Arc<Via>) -> Peer {
        Peer::Proxied(Box::new(Proxied { via: Arc::clone(via), client: OnceLock::new() }))
    }

    /// Puts another in this place. Most have nothing to drop, and are not worth a call that finds that out.
    #[inline]
    pub(crate) fn set(&mut self, other: Peer) {
        if let Peer::Proxied(proxied) = std::mem::replace(self, other) {
            drop(proxied);
        }
    }

    /// The connection is the same, the request another.
    #[inline]
    pub(super) fn forget_request(&mut self) {
        if let Peer::Proxied(proxied) = self {
            proxied.client = OnceLock::new();
        }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self {
            Peer::Unknown => None,
            Peer::Direct(address) => Some(*address),
            Peer::Proxied(proxied) => proxied.via.client,
        }
    }
}

impl From<Option<SocketAddr>> for Peer {
    #[inline]
    fn from(address: Option<SocketAddr>) -> Peer {
        address.map_or(Peer::Unknown, Peer::Direct)
    }
}
