//! What the connections of a server share, and how they are counted: in all and by address.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use super::departing::Departing;
use super::lifecycle::{Lifecycle, UNPLACED};
use crate::app::{App, Exchange};
use crate::http::ConnectionInfo;
use crate::http::{Peer, Request, Via};
use crate::io::stop::Mark;
use crate::proto::{Limit, Refusal};
use ::http::StatusCode;

/// What the connections of one server share.
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) lifecycle: Arc<Lifecycle>,
    /// That of the lifecycle's stop, which is looked up for each request.
    mark: Mark,
    /// What speaks TLS with the peers, if the port is one of TLS.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Arc<crate::tls::Acceptor>>,
    addresses: Addresses,
    /// Connections that are open to what this is for; the lifecycle counts those of all.
    open: AtomicUsize,
    pub(super) departing: Departing,
    /// Connections of trusted proxies begin with a header of the PROXY protocol.
    pub(super) expects_proxy_header: bool,
}

impl Shared {
    pub(crate) fn new(app: App, lifecycle: Arc<Lifecycle>) -> Arc<Shared> {
        Arc::new(Shared::alone(app, lifecycle))
    }

    /// What nobody shares yet.
    pub(super) fn alone(app: App, lifecycle: Arc<Lifecycle>) -> Shared {
        #[cfg(feature = "actuator")]
        app.0.is_served_by(&lifecycle);
        Shared {
            app,
            mark: lifecycle.mark(),
            lifecycle,
            #[cfg(feature = "tls")]
            tls: None,
            expects_proxy_header: false,
            addresses: Addresses::default(),
            open: AtomicUsize::new(0),
            departing: Departing::default(),
        }
    }

    /// Calls what runs for this server: a handler, or what it has returned.
    #[inline]
    pub(crate) fn within<T>(&self, call: impl FnOnce() -> T) -> T {
        self.mark.within(call)
    }

    /// [`Shared::within`] for what has to be waited for.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| self.within(|| future.as_mut().poll(cx))).await
    }

    /// Whether connections speak TLS first.
    pub(crate) fn is_secured(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Ends what was served from memory.
    pub(crate) async fn stop(&self, grace: std::time::Duration) {
        self.lifecycle.stop();
        let _ = tokio::time::timeout(grace, self.lifecycle.drained()).await;
        self.lifecycle.cut();
        self.app.stop(self.lifecycle.left_of(grace)).await;
        Exchange::free_all();
        self.lifecycle.enter(super::lifecycle::Phase::Stopped);
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

/// Who is at the other end of a connection.
enum Remote {
    /// It has no address, or is not known yet.
    Unknown,
    Direct(SocketAddr),
    /// A trusted proxy, or whom it speaks for.
    Proxied(Arc<Via>),
    /// It has shown who it is. Boxed with the rest, since few do.
    #[cfg(feature = "tls")]
    Identified(Arc<Identity>),
}

/// A peer with a certificate.
#[cfg(feature = "tls")]
struct Identity {
    peer: Option<SocketAddr>,
    via: Option<Arc<Via>>,
    /// As DER.
    certificates: Arc<Vec<Vec<u8>>>,
}

/// A connection that is counted until it is dropped.
pub(crate) struct Counted {
    shared: Arc<Shared>,
    peer: Remote,
    /// It is counted by the address of its peer.
    is_address_counted: bool,
    pub(super) is_secure: bool,
    /// Where [`Lifecycle::watch`] keeps its waker.
    watch: AtomicU32,
}

impl Counted {
    /// Counts a connection that came over no socket.
    pub(crate) fn without_address(shared: Arc<Shared>) -> Counted {
        Counted::given(shared, ConnectionInfo::new(None, false))
    }

    /// Counts a connection that somebody else has accepted, and who bounds how many there are.
    pub(crate) fn given(shared: Arc<Shared>, info: ConnectionInfo) -> Counted {
        shared.lifecycle.connection_opened();
        shared.open.fetch_add(1, Ordering::Relaxed);
        let mut counted = Counted::alone(shared);
        counted.is_secure = info.is_secure();
        if let Some(peer) = info.peer() {
            if counted.shared.app.0.answers.context.trusted_proxies.contain(peer.ip()) {
                counted.set_via(Via::of(Some(peer)));
            } else {
                counted.shared.addresses.open(peer.ip(), usize::MAX);
                counted.set_direct(peer);
            }
        }
        counted
    }

    /// The peer has shown who it is.
    #[cfg(feature = "tls")]
    pub(crate) fn identify(&mut self, certificates: Option<Vec<Vec<u8>>>) {
        if let Some(certificates) = certificates {
            let (peer, via) = (self.peer(), self.via().cloned());
            let identity = Identity { peer, via, certificates: Arc::new(certificates) };
            self.peer = Remote::Identified(Arc::new(identity));
        }
    }

    /// Tells a request who sends it, and how.
    // Into what serves either version: neither shall pay for a call.
    #[inline(always)]
    pub(crate) fn introduce(&self, request: &mut Request) {
        request.peer.set(self.via().map_or_else(|| self.peer().into(), Peer::via));
        request.is_secure = self.is_secure;
        #[cfg(feature = "tls")]
        {
            request.client_certificates = match &self.peer {
                Remote::Identified(identity) => Some(Arc::clone(&identity.certificates)),
                _ => None,
            };
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn share(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    #[inline]
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match &self.peer {
            Remote::Direct(peer) => Some(*peer),
            Remote::Unknown => None,
            Remote::Proxied(via) => via.client,
            #[cfg(feature = "tls")]
            Remote::Identified(identity) => identity.peer,
        }
    }

    /// What is known of a connection that a trusted proxy made.
    #[inline]
    pub(crate) fn via(&self) -> Option<&Arc<Via>> {
        match &self.peer {
            Remote::Proxied(via) => Some(via),
            #[cfg(feature = "tls")]
            Remote::Identified(identity) => identity.via.as_ref(),
            Remote::Direct(_) | Remote::Unknown => None,
        }
    }

    /// Says who it is, now that it is known.
    pub(super) fn set_via(&mut self, via: Via) {
        self.peer = Remote::Proxied(Arc::new(via));
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
    pub(super) fn open(shared: &Arc<Shared>) -> Result<Counted, Refusal> {
        let limit = shared.app.0.limits.connections;
        if shared.open.fetch_add(1, Ordering::Relaxed) >= limit {
            shared.open.fetch_sub(1, Ordering::Relaxed);
            let what = format_args!("{limit} connections are open");
            return Err(Refusal::beyond(Limit::connections, StatusCode::SERVICE_UNAVAILABLE, what));
        }
        shared.lifecycle.connection_opened();
        Ok(Counted::alone(Arc::clone(shared)))
    }

    /// Counts a session that shares this connection with others, as one of its own from the same peer; or says which limit it is over.
    #[cfg(feature = "http2")]
    pub(super) fn session(&self) -> Result<Counted, Refusal> {
        let mut session = Counted::open(&self.shared)?;
        session.is_secure = self.is_secure;
        if self.is_address_counted
            && let Some(peer) = self.peer()
        {
            session.count_by(peer)?;
        }
        Ok(session)
    }

    /// One that is counted in all, and not by an address.
    fn alone(shared: Arc<Shared>) -> Counted {
        Counted {
            is_secure: shared.is_secured(),
            shared,
            peer: Remote::Unknown,
            is_address_counted: false,
            watch: AtomicU32::new(UNPLACED),
        }
    }

    fn set_direct(&mut self, peer: SocketAddr) {
        self.peer = Remote::Direct(peer);
        self.is_address_counted = true;
    }

    /// Counts it by its address too, or says which limit it is over.
    pub(super) fn count_by(&mut self, peer: SocketAddr) -> Result<(), Refusal> {
        let limit = self.shared.app.0.limits.connections_per_address;
        if !self.shared.addresses.open(peer.ip(), limit) {
            let what = format_args!("{limit} connections are open from this address");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Err(Refusal::beyond(Limit::connections_per_address, status, what));
        }
        self.set_direct(peer);
        Ok(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.unwatch();
        if self.is_address_counted
            && let Some(peer) = self.peer()
        {
            self.shared.addresses.close(peer.ip());
        }
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        self.shared.lifecycle.connection_closed();
    }
}
