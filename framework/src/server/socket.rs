//! Sockets that listen on TCP.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener, ToSocketAddrs};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::http::Error;

/// Why an address cannot be listened on.
pub(super) struct Unbound {
    pub(super) what: String,
    why: Why,
}

#[derive(Clone, Copy)]
enum Why {
    Taken,
    Absent,
    Forbidden,
    Other,
}

impl Unbound {
    fn of(what: String) -> Unbound {
        Unbound { what, why: Why::Other }
    }

    fn at(address: SocketAddr, error: &io::Error) -> Unbound {
        let (why, words) = match error.kind() {
            io::ErrorKind::AddrInUse => (Why::Taken, "the port is taken"),
            io::ErrorKind::AddrNotAvailable => (Why::Absent, "no interface of this machine has the address"),
            io::ErrorKind::PermissionDenied => (Why::Forbidden, "this user may not take the port"),
            _ => return Unbound::of(format!("cannot listen on {address}: {error}")),
        };
        Unbound { what: format!("cannot listen on {address}: {words}"), why }
    }

    /// The setting that it is about.
    pub(super) fn key(&self) -> &'static str {
        match self.why {
            Why::Taken | Why::Forbidden => "server.port",
            Why::Absent | Why::Other => "server.host",
        }
    }

    /// As the error of a start, with what whoever runs the server can do; `choose` says how another port is chosen.
    pub(super) fn into_error(self, choose: &str) -> Error {
        let remedy = match self.why {
            Why::Taken => {
                return Error::internal(format!(
                    "{}. Stop the other program, or choose another port{choose}",
                    self.what
                ));
            }
            Why::Absent => ". Leave the host empty for all of them",
            Why::Forbidden => {
                ". Choose one from 1024 on, or give the program the capability CAP_NET_BIND_SERVICE, or let systemd pass the socket"
            }
            Why::Other => "",
        };
        Error::internal(self.what + remedy)
    }
}

/// How another port is chosen where the program says it, or nobody does.
pub(super) const CHOOSE: &str = ": `server::new().port(…)` or the environment's VERNAL_PORT";

/// The same where there are settings.
pub(super) const CHOOSE_SETTING: &str = ": `server.port` of the settings or `server::new().port(…)`";

/// Binds `count` sockets to one address, which do not listen yet. More than one share the port with `SO_REUSEPORT`; so that a port taken
/// by somebody else is an error all the same, it is first bound without.
pub(super) fn bind(host: &str, port: u16, count: usize) -> Result<Vec<StdListener>, Unbound> {
    let mut last = None;
    for address in resolve(host, port)? {
        match bind_all(address, count) {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = Some(Unbound::at(address, &error)),
        }
    }
    Err(last.unwrap_or_else(|| Unbound::of(format!("the host {host:?} has no address"))))
}

/// All interfaces are IPv6 and IPv4 together where the machine has IPv6.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Unbound> {
    if host.is_empty() {
        return Ok(vec![(IpAddr::from([0_u16; 8]), port).into(), (IpAddr::from([0_u8; 4]), port).into()]);
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| Unbound::of(format!("the host {host:?} is no address to listen on: {error}")))?;
    Ok(addresses.collect())
}

fn bind_all(address: SocketAddr, count: usize) -> io::Result<Vec<StdListener>> {
    if count == 1 {
        return Ok(vec![bound(address, false)?]);
    }
    let address = bound(address, false)?.local_addr()?;
    (0..count).map(|_| bound(address, true)).collect()
}

fn bound(address: SocketAddr, shares_port: bool) -> io::Result<StdListener> {
    let socket = socket(address, shares_port)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Makes sockets listen that are bound to one address. Who has begun to listen there meanwhile is looked for once more, since it could be
/// somebody else who shares the port.
pub(super) fn listen(address: SocketAddr, sockets: &[&StdListener]) -> Result<(), Unbound> {
    let listen = || {
        if sockets.len() > 1 {
            drop(bound(address, false)?);
        }
        sockets.iter().try_for_each(|socket| SockRef::from(*socket).listen(BACKLOG))
    };
    listen().map_err(|error| Unbound::at(address, &error))
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

/// Connections the kernel keeps waiting for us.
pub(super) const BACKLOG: i32 = 4096;
