//! Where a server listens: what its builder was told, and the sockets that this becomes.

use std::env;
use std::net::TcpListener as StdListener;
use std::sync::Arc;

use super::Server;
use super::address::{LocalAddr, Wanted};
use super::counted::Shared;
use super::listener::{Entrance, Listener};
use super::socket;
#[cfg(unix)]
use super::unix;
use crate::http::{Error, Result};

/// What the builder of a server was told of where to listen.
#[derive(Default)]
pub(super) struct Listening {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    wanted: Vec<String>,
    given: Vec<Given>,
    #[cfg_attr(not(unix), allow(dead_code))]
    unix_mode: Option<u32>,
    #[cfg(all(unix, feature = "systemd"))]
    systemd: Option<Option<String>>,
}

/// Where a server listens.
impl Server {
    /// Listens on this address too: `127.0.0.1:8080`, `[::1]:8080`, `:8080` for all interfaces, or a Unix socket as
    /// `unix:/run/my.sock` (`unix:@name` in Linux's abstract namespace). May be said several times. Who says this and neither
    /// [`Server::host`] nor [`Server::port`] listens on these alone; the environment is not asked then.
    ///
    /// ```no_run
    /// use vernal::server;
    ///
    /// fn main() -> vernal::Result {
    ///     server::new().listen("127.0.0.1:8080").listen("[::1]:8080").listen("unix:/run/my.sock").unix_mode(0o660).start()
    /// }
    /// ```
    ///
    /// The file of a Unix socket is removed when the server stops. One that is left from a server which was killed is
    /// replaced, if nobody listens on it. Peers on Unix sockets have no address, so
    /// [`Limits::connections_per_address`](crate::Limits) does not hold for them.
    ///
    /// # Errors
    /// [`Server::bind`] fails, naming the address, when it is malformed, taken or not allowed.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Server {
        self.listening.wanted.push(address.into());
        self
    }

    /// Listens on a socket that is bound already: a [`std::net::TcpListener`] or, on Unix, a
    /// [`std::os::unix::net::UnixListener`]. As with [`Server::listen`], it is the only one if no other is named. All threads
    /// accept from it.
    ///
    /// ```
    /// # use vernal::{request_map, server};
    /// # #[request_map("/")]
    /// # fn index() -> &'static str { "" }
    /// # fn main() -> vernal::Result {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let address = listener.local_addr()?;
    /// let bound = server::new().listener(listener).bind()?;
    /// assert_eq!(bound.local_addr(), address);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn listener(mut self, listener: impl Into<Given>) -> Server {
        self.listening.given.push(listener.into());
        self
    }

    /// The mode of the Unix sockets that the server makes, like `0o660`: who may write may connect. It is set before anybody
    /// can. Default: what the process's umask leaves, mostly the owner alone. Without effect elsewhere than on Unix.
    #[must_use]
    pub fn unix_mode(mut self, mode: u32) -> Server {
        self.listening.unix_mode = Some(mode);
        self
    }

    /// Listens on the sockets that systemd passes (`LISTEN_FDS`, as of a `.socket` unit), TCP and Unix. With a name only on
    /// those of this `FileDescriptorName=`, so that several servers of one process each take their own.
    ///
    /// If there are some, they take the place of [`Server::host`], [`Server::port`] and [`Server::listen`]; if there are none,
    /// these hold, so that the program also runs by hand.
    ///
    /// ```no_run
    /// use vernal::server;
    ///
    /// fn main() -> vernal::Result {
    ///     server::new().port(8080).systemd(None).start()
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Server::bind`] fails when what was passed is no socket that listens for streams.
    #[cfg(all(unix, feature = "systemd"))]
    #[must_use]
    pub fn systemd(mut self, name: Option<&str>) -> Server {
        self.listening.systemd = Some(name.map(str::to_owned));
        self
    }
}

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
impl From<std::os::unix::net::UnixListener> for Given {
    fn from(listener: std::os::unix::net::UnixListener) -> Given {
        Given(Listener::Unix(listener, None))
    }
}

/// An address and the sockets that listen on it: one for each thread, or one that all share.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) address: LocalAddr,
    pub(super) sockets: Vec<Listener>,
}

impl Listening {
    /// Binds all addresses, each with up to `count` sockets.
    pub(super) fn bind(self, count: usize) -> Result<Vec<Place>> {
        #[allow(unused_mut, reason = "systemd may pass more")]
        let mut given = self.given;
        #[cfg(all(unix, feature = "systemd"))]
        let is_passed = match &self.systemd {
            Some(name) => {
                let passed = super::systemd::take(name.as_deref())?;
                let is_passed = !passed.is_empty();
                given.extend(passed);
                is_passed
            }
            None => false,
        };
        #[cfg(not(all(unix, feature = "systemd")))]
        let is_passed = false;
        let mut wanted = Vec::new();
        if !is_passed {
            if self.host.is_some() || self.port.is_some() || (self.wanted.is_empty() && given.is_empty()) {
                wanted.push(main_address(self.host, self.port)?);
            }
            for text in &self.wanted {
                wanted.push(Wanted::parse(text)?);
            }
        }
        let mut places = Vec::new();
        for wanted in wanted {
            places.push(match wanted {
                Wanted::Tcp(host, port) => {
                    let sockets = socket::bind(&host, port, count)?;
                    Place::new(sockets.into_iter().map(Listener::Tcp).collect())?
                }
                #[cfg(unix)]
                Wanted::Unix(path) => {
                    let (socket, file) = unix::bind(&path, self.unix_mode)?;
                    Place {
                        address: LocalAddr::Unix(path),
                        sockets: vec![Listener::Unix(socket, file.map(Arc::new))],
                    }
                }
                #[cfg(not(unix))]
                Wanted::Unix(path) => {
                    let path = path.display();
                    return Err(Error::internal(format!(
                        "cannot listen on unix:{path}: this system has no Unix sockets"
                    )));
                }
            });
        }
        for Given(listener) in given {
            listener.adopt()?;
            places.push(Place::new(vec![listener])?);
        }
        Ok(places)
    }
}

impl Place {
    pub(super) fn new(sockets: Vec<Listener>) -> Result<Place> {
        let first = sockets.first().ok_or_else(|| Error::internal("no listener"))?;
        Ok(Place { address: first.local_addr()?, sockets })
    }

    /// The sockets, each with what its connections share.
    pub(super) fn entrances(self, shared: Arc<Shared>) -> impl Iterator<Item = Entrance> {
        self.sockets.into_iter().map(move |socket| (socket, Arc::clone(&shared)))
    }

    /// Gives each thread its sockets.
    pub(super) fn share_out(places: Vec<(Place, Arc<Shared>)>, threads: usize) -> Result<Vec<Vec<Entrance>>> {
        let mut sets: Vec<Vec<Entrance>> = (0..threads).map(|_| Vec::new()).collect();
        for (mut place, shared) in places {
            while let Some(first) = place.sockets.first()
                && place.sockets.len() < threads
            {
                let another = first.try_clone()?;
                place.sockets.push(another);
            }
            sets.iter_mut().zip(place.entrances(shared)).for_each(|(set, entrance)| set.push(entrance));
        }
        Ok(sets)
    }
}

/// What [`Server::host`] and [`Server::port`] say, else the environment.
fn main_address(host: Option<String>, port: Option<u16>) -> Result<Wanted> {
    let host = host.or_else(|| env::var("VERNAL_HOST").ok()).unwrap_or_default();
    let port = match port {
        Some(port) => port,
        None => port_of_environment()?,
    };
    Ok(Wanted::Tcp(host, port))
}

fn port_of_environment() -> Result<u16> {
    let Ok(text) = env::var("VERNAL_PORT") else { return Ok(9090) };
    text.parse()
        .map_err(|_| Error::internal(format!("VERNAL_PORT is {text:?}: write a number from 0 to 65535")))
}
