//! Listening sockets and the loops that accept from them.
//!
//! Connections are counted, in all and by address, before anything is read from them. When stopping begins, what
//! waits in the backlog is still accepted and answered.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connection;
use super::lifecycle::{Lifecycle, UNPLACED};
use crate::app::App;
use crate::http::{Error, Result};
use crate::io::Stream;

/// What the connections of one server share.
pub(crate) struct Shared {
    pub(crate) app: App,
    pub(crate) lifecycle: Arc<Lifecycle>,
    addresses: Addresses,
}

impl Shared {
    pub(crate) fn new(app: App, lifecycle: Arc<Lifecycle>) -> Arc<Shared> {
        Arc::new(Shared { app, lifecycle, addresses: Addresses::default() })
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
    /// Where [`Lifecycle::watch`] keeps its waker.
    watch: AtomicU32,
}

impl Counted {
    /// Counts a connection that came over no socket.
    pub(crate) fn without_address(shared: Arc<Shared>) -> Counted {
        shared.lifecycle.connection_opened();
        Counted { shared, peer: None, watch: AtomicU32::new(UNPLACED) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
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
    fn open(shared: &Arc<Shared>, peer: SocketAddr) -> Result<Counted, String> {
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
        Ok(Counted { shared: Arc::clone(shared), peer: Some(peer), watch: AtomicU32::new(UNPLACED) })
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

/// Binds `count` sockets to one address. More than one share the port with `SO_REUSEPORT`; so that a port taken by
/// somebody else is an error all the same, it is first bound without.
pub(crate) fn bind(host: &str, port: u16, count: usize) -> Result<Vec<StdListener>> {
    let mut last = None;
    for address in resolve(host, port)? {
        match bind_all(address, count) {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = Some((address, error)),
        }
    }
    Err(match last {
        Some((address, error)) if error.kind() == io::ErrorKind::AddrInUse => Error::internal(format!(
            "cannot listen on {address}: the port is taken. Stop the other program, or choose another port: \
             `server::new().port(…)` or the environment's VERNAL_PORT"
        )),
        Some((address, error)) => Error::internal(format!("cannot listen on {address}: {error}")),
        None => Error::internal(format!("the host {host:?} has no address")),
    })
}

/// All interfaces are IPv6 and IPv4 together where the machine has IPv6.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    if host.is_empty() {
        return Ok(vec![(IpAddr::from([0_u16; 8]), port).into(), (IpAddr::from([0_u8; 4]), port).into()]);
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| Error::internal(format!("the host {host:?} is no address to listen on: {error}")))?;
    Ok(addresses.collect())
}

fn bind_all(address: SocketAddr, count: usize) -> io::Result<Vec<StdListener>> {
    if count == 1 {
        return Ok(vec![listen(address, false)?]);
    }
    let alone = socket(address, false)?;
    alone.bind(&address.into())?;
    let address = alone.local_addr()?.as_socket().unwrap_or(address);
    drop(alone);
    (0..count).map(|_| listen(address, true)).collect()
}

fn listen(address: SocketAddr, shares_port: bool) -> io::Result<StdListener> {
    let socket = socket(address, shares_port)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr, shares_port: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    if shares_port {
        socket.set_reuse_port(true)?;
    }
    #[cfg(not(unix))]
    let _ = shares_port;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts and serves until stopping begins. Connections are tasks of the current runtime; `tasks` holds them where the
/// runtime is not ours and they must be cut with the server.
pub(crate) async fn accept(
    listener: StdListener,
    shared: Arc<Shared>,
    mut tasks: Option<&mut JoinSet<()>>,
) -> Result {
    let listener = TcpListener::from_std(listener)?;
    let lifecycle = Arc::clone(&shared.lifecycle);
    let mut stop = pin!(lifecycle.stop_notice());
    stop.as_mut().enable();
    let start = |stream, peer, tasks: &mut Option<&mut JoinSet<()>>| {
        let Some(connection) = admit(stream, peer, &shared) else { return };
        match tasks {
            Some(tasks) => drop(tasks.spawn(connection)),
            None => drop(tokio::spawn(connection)),
        }
    };
    loop {
        let accepted = std::future::poll_fn(|cx| {
            if let Some(tasks) = &mut tasks {
                while let Poll::Ready(Some(_)) = tasks.poll_join_next(cx) {}
            }
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(Some(accepted));
            }
            if lifecycle.is_stopping() || stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        });
        match accepted.await {
            Some(Ok((stream, peer))) => start(stream, peer, &mut tasks),
            Some(Err(error)) if is_of_the_peer(&error) => {}
            Some(Err(error)) => {
                tracing::error!(target: "vernal", "cannot accept connections: {error}; trying again in {BACK_OFF:?}");
                tokio::time::sleep(BACK_OFF).await;
            }
            None => break,
        }
    }
    // The runtime may not have told of those that wait in the backlog, so the system itself is asked.
    let listener = listener.into_std()?;
    loop {
        match listener.accept() {
            Ok((stream, peer)) => {
                stream.set_nonblocking(true)?;
                start(TcpStream::from_std(stream)?, peer, &mut tasks);
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(_) => return Ok(()),
        }
    }
}

/// Counts the connection and makes its task; one over a limit is told so and closed.
fn admit(
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Arc<Shared>,
) -> Option<impl Future<Output = ()> + Send + 'static> {
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    match Counted::open(shared, peer) {
        Ok(counted) => {
            let _ = stream.set_nodelay(true);
            Some(connection::serve(Stream::Tcp(stream), counted))
        }
        Err(limit) => {
            tracing::warn!(target: "vernal", "refused a connection from {peer}: {limit}");
            let body =
                format!("{{\"code\":503,\"message\":\"Service Unavailable\",\"explain\":\"{limit}\"}}");
            let answer = format!(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 retry-after: 1\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.try_write(answer.as_bytes());
            None
        }
    }
}

/// Errors of a connection that died before it was accepted; the listener is well.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Connections the kernel keeps waiting for us.
const BACKLOG: i32 = 4096;

/// Pause after an error of the listener itself, such as no file descriptors left.
const BACK_OFF: Duration = Duration::from_millis(100);
