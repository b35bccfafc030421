//! The builder of a server: what it is told, and binding.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;

#[cfg(feature = "actuator")]
use super::beside;
use super::bound::{Bound, SharedThreads, Stopped};
use super::console;
use super::counted::Shared;
use super::lifecycle::Lifecycle;
use super::listener::Given;
use super::listening::{Listening, Place};
use super::parting::Parting;
#[cfg(feature = "tls")]
use super::redirecting;
use super::scanned;
use crate::app::{App, Config, config_setters};
use crate::base::say;
use crate::http::{Error, Result};

/// The settings of a server. Made by [`new`](super::new).
///
/// ```no_run
/// use vernal::{Limits, server};
///
/// fn main() -> vernal::Result {
///     server::new().host("127.0.0.1").port(8080).limits(Limits::new().body_size(8 << 20)).start()
/// }
/// ```
#[derive(Default)]
pub struct Server {
    pub(super) config: Config,
    pub(super) listening: Listening,
    pub(super) expects_proxy_header: Option<bool>,
    pub(super) threads: Option<usize>,
    pub(super) shares_threads: Option<bool>,
    /// What serves so, if it is wanted.
    pub(super) shared_threads: Option<SharedThreads>,
    pub(super) grace: Option<Duration>,
    pub(super) stop_delay: Option<Duration>,
    pub(super) websocket_stop_code: Option<u16>,
    pub(super) websocket_stop_spread: Option<Duration>,
    pub(super) watchdog: Option<Duration>,
    pub(super) handles_signals: Option<bool>,
    pub(super) shows_mappings: Option<bool>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<crate::tls::Tls>,
}

config_setters!(Server);

impl Server {
    /// The address or name to listen on; empty is all interfaces. Default: `VERNAL_HOST`, else all. For more than one, and for
    /// Unix sockets, see [`Server::listen`].
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Server {
        self.listening.host = Some(host.into());
        self
    }

    /// The port; 0 lets the system choose, see [`Bound::local_addr`]. Default: `VERNAL_PORT`, else 9090.
    #[must_use]
    pub fn port(mut self, port: u16) -> Server {
        self.listening.port = Some(port);
        self
    }

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
        self.listening.wanted.push(Some(address.into()));
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

    /// How many threads [`Server::start`] serves with, each with a runtime and a listener of its own. Default: as many
    /// as the machine has cores; at most 4,096.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Server {
        self.threads = Some(threads.max(1));
        self
    }

    /// Whether the threads share one runtime, in which any thread may go on with any request. Default: no, since
    /// threads that share nothing answer more. Choose it when some requests compute for long.
    #[must_use]
    pub fn share_threads(mut self, shares: bool) -> Server {
        self.shares_threads = Some(shares);
        self.shared_threads = shares.then(SharedThreads::new);
        self
    }

    /// How long requests in flight may take after stopping began. Default 30 s.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Server {
        self.grace = Some(grace);
        self
    }

    /// How long the server goes on as before after a stop has begun: it accepts and answers, and [`Handle::is_ready`](super::Handle::is_ready) and the
    /// actuator's `/health/ready` say that it is not ready. So those who spread requests over several servers look elsewhere before the port
    /// closes, and none is refused: give them the time in which they look, and some more. A second signal ends it. Default: none.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use vernal::server;
    ///
    /// fn main() -> vernal::Result {
    ///     server::new().stop_delay(Duration::from_secs(5)).start()
    /// }
    /// ```
    #[must_use]
    pub fn stop_delay(mut self, delay: Duration) -> Server {
        self.stop_delay = Some(delay);
        self
    }

    /// The code that WebSocket sessions are closed with at a stop: 1001 (going away), 1012 (service restart), or one of your own from 3000 to
    /// 4999. Default 1001. Some clients see 1012 as something else: the book tells of them.
    #[must_use]
    pub fn websocket_stop_code(mut self, code: u16) -> Server {
        self.websocket_stop_code = Some(code);
        self
    }

    /// The time over which WebSocket sessions are told of a stop, each at a moment of its own, so that their clients do not all come back at
    /// once. Sessions go on until they are told. It must be shorter than [`Server::grace`], which cuts what is left. Default zero: all at
    /// once.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use vernal::server;
    ///
    /// let server = server::new().websocket_stop_spread(Duration::from_secs(10)).websocket_stop_code(1012);
    /// # let _ = server;
    /// ```
    #[must_use]
    pub fn websocket_stop_spread(mut self, spread: Duration) -> Server {
        self.websocket_stop_spread = Some(spread);
        self
    }

    /// How long a handler may hold its thread before the log warns of it, once for each handler, and says what to write instead.
    /// Default 100 ms; [`Duration::ZERO`] is never.
    ///
    /// A `fn` holds its thread until it returns, an `async fn` from one wait to the next, and everything else that this thread
    /// serves waits meanwhile; filters, error pages and WebSocket handlers are looked at too. A thread of its own looks twice in this time, 1 ms apart
    /// at least, so what holds for less than one and a half of it may go unseen. Handlers marked `blocking` hold nobody up.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use vernal::server;
    ///
    /// fn main() -> vernal::Result {
    ///     server::new().watchdog(Duration::from_millis(20)).start()
    /// }
    /// ```
    #[must_use]
    pub fn watchdog(mut self, limit: Duration) -> Server {
        self.watchdog = Some(limit);
        self
    }

    /// Whether SIGINT and SIGTERM stop the server. Default: yes.
    #[must_use]
    pub fn handle_signals(mut self, handles: bool) -> Server {
        self.handles_signals = Some(handles);
        self
    }

    /// Whether the server says, when it is about to serve, what it serves: a table of all mappings in the order of their paths, with methods,
    /// handlers and places in the source, WebSockets, services, filters with what each covers, resources, documents, and error pages. It goes to the log with the
    /// level `info` and the target `vernal::mapped`. Default: in debug builds, once in a process, with the first 100 mappings.
    ///
    /// ```no_run
    /// use vernal::server;
    ///
    /// fn main() -> vernal::Result {
    ///     server::new().show_mappings(false).start()
    /// }
    /// ```
    #[must_use]
    pub fn show_mappings(mut self, shows: bool) -> Server {
        self.shows_mappings = Some(shows);
        self
    }

    /// Speaks TLS on the port: HTTPS, and WSS for WebSockets. Needs the feature `tls`. See [`tls`](crate::tls).
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: crate::tls::Tls) -> Server {
        self.tls = Some(tls);
        self
    }

    /// Whether connections of trusted proxies ([`Config::trusted_proxies`]) begin with a header of the PROXY protocol, version
    /// 1 or 2, that says whom they speak for: HAProxy's `send-proxy-v2`, nginx's `proxy_protocol on`. Default: no.
    ///
    /// One that begins otherwise is closed, and the log says so. Those of all others begin with HTTP or TLS. With TLS the header comes
    /// before it.
    ///
    /// The client that the header names is the peer, and its fields are read only if it is a trusted proxy itself. A header that names
    /// none (`UNKNOWN`, `LOCAL`, Unix sockets), as for looks at the server's health, leaves the proxy as the peer, and no fields are read.
    ///
    /// # Errors
    /// [`Server::bind`] fails if no proxies are trusted.
    #[must_use]
    pub fn proxy_protocol(mut self, expects: bool) -> Server {
        self.expects_proxy_header = Some(expects);
        self
    }

    /// All settings of the application at once.
    #[must_use]
    pub fn config(mut self, config: Config) -> Server {
        #[cfg(feature = "config")]
        let settings = self.config.settings.take();
        self.config = config;
        #[cfg(feature = "config")]
        {
            self.config.settings = self.config.settings.take().or(settings);
        }
        self
    }

    /// Builds the application and binds its port, without serving yet.
    ///
    /// # Errors
    /// As [`start`](super::start).
    pub fn bind(#[allow(unused_mut, reason = "settings fill it")] mut self) -> Result<Bound> {
        scanned::warn_of_unnamed();
        #[cfg(feature = "config")]
        self.complete();
        let grace = self.grace.unwrap_or(Duration::from_secs(30));
        let (code, spread) = (self.websocket_stop_code, self.websocket_stop_spread);
        let mut said = |key: &str, error: Error| {
            let words = self.config.places.in_keys(key, "Server", error.words());
            self.config.also_wrong(Error::internal(words))
        };
        let parting = Parting::new(self.stop_delay, code, spread, grace)
            .map_err(|error| said("server.websocket_stop_spread", error))?;
        let threads = match self.threads {
            Some(threads) => threads,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        if threads > MOST_THREADS {
            return Err(said(
                "server.threads",
                Error::internal(format!(
                    "a server of {threads} threads is wanted (Server::threads), and {MOST_THREADS} are the most: take about as many as the machine has \
                 cores, or leave it out for that"
                )),
            ));
        }
        #[cfg(feature = "tls")]
        let tls = self
            .tls
            .map(crate::tls::Tls::build)
            .transpose()
            .map_err(|error| self.config.also_wrong(error))?;
        // Where a port is taken, it is not the turn of components: a second start leaves alone what belongs to the first.
        let count = if self.shared_threads.is_some() { 1 } else { threads };
        let places = self.listening.bind(count, &self.config.places);
        let places = places.map_err(|error| self.config.also_wrong(error))?;
        #[cfg(feature = "tls")]
        let from = match &tls {
            // Where each address is malformed, there is none to redirect to, and that is told.
            Some((_, Some(from))) if !places.is_empty() => {
                let bound = redirecting::bind(*from, &places);
                Some(bound.map_err(|error| self.config.also_wrong(error))?)
            }
            _ => None,
        };
        #[cfg(feature = "actuator")]
        let of_actuator = beside::bind(self.config.actuator.as_ref(), &places, &self.config.places)
            .map_err(|error| self.config.also_wrong(error))?;
        let before = self.config.places.before("server.proxy_protocol");
        let app = App::from_registry(self.config)?;
        let expects_proxy_header = self.expects_proxy_header.unwrap_or(false);
        if expects_proxy_header && app.0.answers.context.trusted_proxies.is_empty() {
            let how = match before.is_empty() {
                true => "with `server::new().trusted_proxies([\"10.0.0.0/8\"])`",
                false => "in `trusted_proxies = [\"10.0.0.0/8\"]`",
            };
            return Err(Error::internal(format!(
                "{before}the PROXY protocol is expected, and nobody is trusted to speak it: name the proxies {how}"
            )));
        }
        let lifecycle = Lifecycle::parting_by(parting);
        let stopped = Stopped(Arc::clone(&lifecycle));
        let mut shared = Shared::alone(app, lifecycle);
        shared.expects_proxy_header = expects_proxy_header;
        #[allow(unused_mut, reason = "features have ports of their own")]
        let mut others: Vec<(Place, Arc<Shared>)> = Vec::new();
        #[cfg(feature = "tls")]
        if let Some((acceptor, _)) = tls {
            if let Some(from) = from {
                others.push((from, redirecting::redirecting(&shared, &acceptor, &places)?));
            }
            shared.tls = Some(acceptor);
        }
        #[cfg(feature = "actuator")]
        if let Some(place) = of_actuator {
            others.push((place, beside::actuator(&shared)?));
        }
        let shared = Arc::new(shared);
        let own = places.into_iter().map(|place| (place, Arc::clone(&shared)));
        let listening = own.chain(others).map(|(place, shared)| Ok((place.listen()?, shared)));
        let places = listening.collect::<Result<Vec<_>>>()?;
        Ok(Bound {
            shared,
            places,
            threads,
            shared_threads: self.shared_threads,
            grace,
            watchdog: self.watchdog.unwrap_or(Duration::from_millis(100)),
            handles_signals: self.handles_signals.unwrap_or(true),
            shows_mappings: self.shows_mappings,
            stopped,
        })
    }

    /// Binds and serves on threads of its own until the server is stopped.
    ///
    /// # Errors
    /// As [`start`](super::start); also when called inside a tokio runtime, where [`Server::start_async`] is meant. The log tells of a
    /// server that did not start too, in case that nobody looks at the error.
    #[doc(alias = "run", alias = "listen", alias = "launch", alias = "serve")]
    #[must_use = "a server that cannot start says why in this `Result`: return it from `main`, or write `server::start()?`"]
    pub fn start(self) -> Result {
        self.listen_to_log();
        if runtime::Handle::try_current().is_ok() {
            return told(Err(Error::internal(
                "server::start() was called inside a tokio runtime: write `server::start_async().await`, or take \
                 `#[tokio::main]` off `main`",
            )));
        }
        told(self.bind())?.run()
    }

    /// Binds and serves inside the caller's runtime until the server is stopped.
    ///
    /// # Errors
    /// As [`start`](super::start).
    pub async fn start_async(self) -> Result {
        self.listen_to_log();
        told(self.bind())?.serve().await
    }

    fn listen_to_log(&self) {
        #[cfg(feature = "config")]
        console::install(self.log_level());
        #[cfg(not(feature = "config"))]
        console::install(None);
    }
}

/// More than machines have cores. Each takes some files and a stack.
const MOST_THREADS: usize = 4_096;

/// Logs why a server did not start, each line of it as one of the log. Where that is the console, `main` need not say it there once more.
fn told<T>(begun: Result<T>) -> Result<T> {
    begun.map_err(|error| {
        let mut lines = error.words().lines();
        say!(error, "the server did not start: {}", lines.next().unwrap_or_default());
        lines.for_each(|line| say!(error, "{line}"));
        if console::shows_errors() { error.told() } else { error }
    })
}
