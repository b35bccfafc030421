//! Who a request comes from: the other end of its connection, or the client that the proxies in between tell of.
//!
//! Proxies are believed by their address alone ([`Config::trusted_proxies`](crate::Config::trusted_proxies)). Their fields
//! are read when somebody asks, so that requests which came straight cost nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::via::{Peer, Via};
use super::{Context, Request};
use crate::base::say;
use crate::proto::forwarded::{Client, Source, read};

/// Where it comes from.
impl Request {
    /// The address of the client. That is the other end of the connection; or, if that is a trusted proxy
    /// ([`Config::trusted_proxies`]), whom it speaks for: by the PROXY protocol, and by `X-Forwarded-For` or `Forwarded`, whichever
    /// [`Config::proxy_fields`] names, read from the right over all trusted proxies up to the first address that is none.
    ///
    /// The port is 0 where a proxy does not tell it. `None`: the request came over a Unix socket or none, or a trusted proxy
    /// says nothing that makes sense: it hides the client, or both kinds of fields are read and they differ.
    ///
    /// [`Config::trusted_proxies`]: crate::Config::trusted_proxies
    /// [`Config::proxy_fields`]: crate::Config::proxy_fields
    pub fn peer(&self) -> Option<SocketAddr> {
        match self.forwarded().map(|client| client.source) {
            None | Some(Source::Peer) => self.peer.address(),
            Some(Source::Known(address)) => Some(address),
            Some(Source::Unknown) => None,
        }
    }

    /// The address at the other end of the socket, be it a proxy's or the client's; `None` for Unix sockets.
    pub fn socket_peer(&self) -> Option<SocketAddr> {
        match &self.peer {
            Peer::Proxied(proxied) => proxied.via.socket,
            peer => peer.address(),
        }
    }

    /// Whether the client's request was under TLS: on its way to us, or, if a trusted proxy says so, on its way to the first
    /// of them (`X-Forwarded-Proto`, `Forwarded: proto=…` where [`Config::proxy_fields`](crate::Config::proxy_fields) names it, or the PROXY
    /// protocol's word of TLS).
    pub fn is_secure(&self) -> bool {
        let told = self.forwarded().and_then(|client| client.is_secure);
        told.unwrap_or(self.is_secure)
    }

    /// Whether a trusted proxy has written the head, so that what only such may say of a request is believed.
    pub(super) fn is_of_trusted_proxy(&self) -> bool {
        matches!(&self.peer, Peer::Proxied(proxied) if proxied.via.is_trusted)
    }

    /// Says whom somebody else has accepted it from. A trusted proxy is believed here too.
    pub(super) fn set_peer(&mut self, peer: Option<SocketAddr>) {
        let is_trusted = peer.is_some_and(|peer| self.context.trusted_proxies.contain(peer.ip()));
        self.peer = if is_trusted { Peer::via(&Arc::new(Via::of(peer))) } else { peer.into() };
    }

    pub(super) fn forwarded_host(&self) -> Option<&str> {
        self.forwarded()?.host.as_deref()
    }

    #[cold]
    fn read_forwarded(&self) -> Option<Client> {
        static IS_TOLD: AtomicBool = AtomicBool::new(false);
        let Context { trusted_proxies, proxy_fields, .. } = &*self.context;
        // Once, since a client may have sent it.
        if let Some(name) = proxy_fields.passed_over(&self.headers)
            && !IS_TOLD.swap(true, Ordering::Relaxed)
        {
            say!(
                info,
                "a trusted proxy has passed on the field {name}, which is not read: if the proxy sets it itself, say so by \
                 Config::proxy_fields"
            );
        }
        read(&self.headers, trusted_proxies, *proxy_fields)
    }

    /// What trusted proxies say in the head.
    #[inline]
    fn forwarded(&self) -> Option<&Client> {
        match &self.peer {
            Peer::Proxied(proxied) if proxied.via.is_trusted => {
                proxied.client.get_or_init(|| self.read_forwarded()).as_ref()
            }
            _ => None,
        }
    }
}
