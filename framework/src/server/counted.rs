//! What the connections of a server share, and how they are counted: in all and by address.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use super::lifecycle::{Lifecycle, UNPLACED};
use crate::app::App;
use crate::bind::ConnectionInfo;

/// What the connections of one server share.
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// What speaks TLS with the peers, if the port is one of TLS.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Arc<crate::tls::Acceptor>>,
    addresses: Addresses,
}

impl Shared {
    pub(crate) fn new(app: App, lifecycle: Arc<Lifecycle>) -> Arc<Shared> {
        Arc::new(Shared {
            app,
            lifecycle,
            #[cfg(feature = "tls")]
            tls: None,
            addresses: Addresses::default(),
        })
    }

    /// For connections that speak TLS first.
    #[cfg(feature = "tls")]
    pub(crate) fn secured(
        app: App,
        lifecycle: Arc<Lifecycle>,
        tls: Arc<crate::tls::Acceptor>,
    ) -> Arc<Shared> {
        Arc::new(Shared { app, lifecycle, tls: Some(tls), addresses: Addresses::default() })
    }

    /// Whether connections speak TLS first.
    pub(crate) fn is_secured(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// For connections that come over no socket: there is nothing to start.
    pub(crate) fn in_memory(app: App) -> Arc<Shared> {
        let shared = Shared::new(app, Lifecycle::new());
        shared.lifecycle.enter(super::lifecycle::Phase::Serving);
        shared
    }
}

/// Open connections by address, in shards so that threads rarely meet.
#[derive(Default)]
struct Addresses([Mutex<HashMap<IpAddr, usize>>; 16]);

impl Addresses {
    /// Counts a connection in, unless `limit` are open from this address.
    fn open(&self, address: IpAddr, limit: usize) -> bool {
        let mut counts = self.shard(address).lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= limit {
            return false;
        }
        *count += 1;
        true
    }

    fn close(&self, address: IpAddr) {
        let mut counts = self.shard(address).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&address);
            }
        }
    }

    fn shard(&self, address: IpAddr) -> &Mutex<HashMap<IpAddr, usize>> {
        let last = match address {
            IpAddr::V4(address) => address.octets()[3],
            IpAddr::V6(address) => address.octets()[7] ^ address.octets()[15],
        };
        &self.0[usize::from(last) % self.0.len()]
    }
}

/// A connection that is counted until it is dropped.
pub(crate) struct Counted {
    shared: Arc<Shared>,
    peer: Option<SocketAddr>,
    is_secure: bool,
    /// Where [`Lifecycle::watch`] keeps its waker.
    watch: AtomicU32,
    /// With which the peer has shown who it is, as DER.
    #[cfg(feature = "tls")]
    certificates: Option<Arc<Vec<Vec<u8>>>>,
}

impl Counted {
    /// Counts a connection that came over no socket.
    pub(crate) fn without_address(shared: Arc<Shared>) -> Counted {
        Counted::given(shared, ConnectionInfo::new(None, false))
    }

    /// Counts a connection that somebody else has accepted, and who bounds how many there are.
    pub(crate) fn given(shared: Arc<Shared>, info: ConnectionInfo) -> Counted {
        shared.lifecycle.connection_opened();
        let peer = info.peer();
        if let Some(peer) = peer {
            shared.addresses.open(peer.ip(), usize::MAX);
        }
        Counted::new(shared, peer, info.is_secure())
    }

    fn new(shared: Arc<Shared>, peer: Option<SocketAddr>, is_secure: bool) -> Counted {
        Counted {
            shared,
            peer,
            is_secure,
            watch: AtomicU32::new(UNPLACED),
            #[cfg(feature = "tls")]
            certificates: None,
        }
    }

    /// The peer has shown who it is.
    #[cfg(feature = "tls")]
    pub(crate) fn identify(&mut self, certificates: Option<Vec<Vec<u8>>>) {
        self.certificates = certificates.map(Arc::new);
    }

    /// Tells a request who sends it.
    #[cfg(feature = "tls")]
    #[inline]
    pub(crate) fn introduce(&self, request: &mut crate::http::Request) {
        request.client_certificates.clone_from(&self.certificates);
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether the connection is one over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Wakes this task when the server begins to stop.
    pub(crate) fn watch(&self, waker: &Waker) {
        self.shared.lifecycle.watch(&self.watch, waker);
    }

    /// The task that watched is at its end; another one goes on.
    pub(crate) fn unwatch(&self) {
        self.shared.lifecycle.unwatch(&self.watch);
    }

    pub(crate) fn is_watching(&self) -> bool {
        self.watch.load(Ordering::Relaxed) != UNPLACED
    }

    /// Counts a connection in, or says which limit it is over.
    pub(super) fn open(shared: &Arc<Shared>, peer: SocketAddr) -> Result<Counted, String> {
        let limits = &shared.app.0.limits;
        if shared.lifecycle.connection_opened() >= limits.connections {
            shared.lifecycle.connection_closed();
            return Err(format!("{} connections are open (Limits::connections)", limits.connections));
        }
        if !shared.addresses.open(peer.ip(), limits.connections_per_address) {
            shared.lifecycle.connection_closed();
            let limit = limits.connections_per_address;
            return Err(format!(
                "{limit} connections are open from this address (Limits::connections_per_address)"
            ));
        }
        Ok(Counted::new(Arc::clone(shared), Some(peer), shared.is_secured()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.unwatch();
        if let Some(peer) = self.peer {
            self.shared.addresses.close(peer.ip());
        }
        self.shared.lifecycle.connection_closed();
    }
}
