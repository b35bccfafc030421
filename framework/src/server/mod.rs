//! Starting and stopping: `server::start()` in `main` is all it takes.
//!
//! ```no_run
//! use vernal::{request_map, server};
//!
//! #[request_map("/hello/{name}")]
//! fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
//!     format!("Hello, {name}! ").repeat(times)
//! }
//!
//! fn main() -> vernal::Result {
//!     server::start()
//! }
//! ```

mod address;
mod admission;
mod arrived;
pub(crate) mod connection;
mod console;
mod counted;
mod embedded;
mod handle;
mod lifecycle;
mod lingering;
mod listener;
mod listening;
mod pump;
mod receiver;
mod scanned;
#[cfg(feature = "tls")]
mod secured;
mod sender;
mod signals;
mod socket;
#[cfg(all(unix, feature = "systemd"))]
mod systemd;
#[cfg(unix)]
mod unix;
mod upgraded;
mod uploading;
mod watchdog;
mod wire;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;
use tokio::task::JoinSet;

pub use self::address::LocalAddr;
pub(crate) use self::counted::{Counted, Shared};
pub use self::handle::{Handle, stopping};
use self::lifecycle::{Lifecycle, Phase};
use self::listener::Entrance;
pub use self::listening::Given;
use self::listening::{Listening, Place};
use self::signals::{begin, stop_on_signals};
#[cfg(feature = "tower")]
pub(crate) use self::upgraded::drive;
use self::watchdog::Watchdog;
use crate::app::{App, Config, config_setters};
use crate::base::{counted, say};
use crate::http::{Error, Result};

/// Serves everything that is mapped, on port 9090 of all interfaces or where the environment's `VERNAL_HOST` and
/// `VERNAL_PORT` say, until SIGINT, SIGTERM or [`stop`].
///
/// # Errors
/// The port is taken, nothing is mapped, or a mapping is wrong; the text says what to do.
pub fn start() -> Result {
    new().start()
}

/// [`start`] for callers inside a tokio runtime.
///
/// # Errors
/// As [`start`].
pub async fn start_async() -> Result {
    new().start_async().await
}

/// Begins to stop every server of the process: no new connections, idle ones are closed, requests in flight are
/// answered with `Connection: close`, and after the grace period what is left is cut.
pub fn stop() {
    if lifecycle::stop_all() == 0 {
        say!(warn, "server::stop(): no server is running");
    }
}

/// Whether a server of the process accepts connections.
pub fn is_ready() -> bool {
    lifecycle::any_serving()
}

/// The builder of a server. What it sets wins over the environment.
pub fn new() -> Server {
    Server::default()
}

/// The settings of a server. Made by [`new`].
///
/// ```no_run
/// use vernal::{Limits, server};
///
/// fn main() -> vernal::Result {
///     server::new().host("127.0.0.1").port(8080).limits(Limits::new().body_size(8 << 20)).start()
/// }
/// ```
pub struct Server {
    config: Config,
    listening: Listening,
    expects_proxy_header: bool,
    threads: Option<usize>,
    shares_threads: bool,
    grace: Duration,
    watchdog: Duration,
    handles_signals: bool,
    #[cfg(feature = "tls")]
    tls: Option<crate::tls::Tls>,
}

impl Default for Server {
    fn default() -> Server {
        Server {
            config: Config::default(),
            listening: Listening::default(),
            expects_proxy_header: false,
            threads: None,
            shares_threads: false,
            grace: Duration::from_secs(30),
            watchdog: Duration::from_millis(100),
            handles_signals: true,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
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

    /// How many threads [`Server::start`] serves with, each with a runtime and a listener of its own. Default: as many
    /// as the machine has cores.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Server {
        self.threads = Some(threads.max(1));
        self
    }

    /// Whether the threads share one runtime, in which any thread may go on with any request. Default: no, since
    /// threads that share nothing answer more. Choose it when some requests compute for long.
    #[must_use]
    pub fn share_threads(mut self, shares: bool) -> Server {
        self.shares_threads = shares;
        self
    }

    /// How long requests in flight may take after stopping began. Default 30 s.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Server {
        self.grace = grace;
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
        self.watchdog = limit;
        self
    }

    /// Whether SIGINT and SIGTERM stop the server. Default: yes.
    #[must_use]
    pub fn handle_signals(mut self, handles: bool) -> Server {
        self.handles_signals = handles;
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
        self.expects_proxy_header = expects;
        self
    }

    /// All settings of the application at once.
    #[must_use]
    pub fn config(mut self, config: Config) -> Server {
        self.config = config;
        self
    }

    /// Builds the application and binds its port, without serving yet.
    ///
    /// # Errors
    /// As [`start`].
    pub fn bind(self) -> Result<Bound> {
        scanned::warn_of_unnamed();
        let app = App::from_registry(self.config)?;
        if self.expects_proxy_header && app.0.context.trusted_proxies.is_empty() {
            return Err(Error::internal(
                "the PROXY protocol is expected, and nobody is trusted to speak it: name the proxies with \
                 `server::new().trusted_proxies([\"10.0.0.0/8\"])`",
            ));
        }
        #[cfg(feature = "tls")]
        let tls = self.tls.map(crate::tls::Tls::build).transpose()?;
        let threads = match self.threads {
            Some(threads) => threads,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let places = self.listening.bind(if self.shares_threads { 1 } else { threads })?;
        let lifecycle = Lifecycle::new();
        let stopped = Stopped(Arc::clone(&lifecycle));
        let mut shared = Shared::alone(app, lifecycle);
        shared.expects_proxy_header = self.expects_proxy_header;
        #[cfg(feature = "tls")]
        let redirecting = match tls {
            Some((acceptor, from)) => secured::secure(&mut shared, acceptor, from, &places)?,
            None => None,
        };
        #[cfg(not(feature = "tls"))]
        let redirecting = None;
        let shared = Arc::new(shared);
        let mut places: Vec<_> = places.into_iter().map(|place| (place, Arc::clone(&shared))).collect();
        places.extend(redirecting);
        Ok(Bound {
            shared,
            places,
            threads,
            shares_threads: self.shares_threads,
            grace: self.grace,
            watchdog: self.watchdog,
            handles_signals: self.handles_signals,
            stopped,
        })
    }

    /// Binds and serves on threads of its own until the server is stopped.
    ///
    /// # Errors
    /// As [`start`]; also when called inside a tokio runtime, where [`Server::start_async`] is meant.
    #[doc(alias = "run", alias = "listen", alias = "launch", alias = "serve")]
    pub fn start(self) -> Result {
        if runtime::Handle::try_current().is_ok() {
            return Err(Error::internal(
                "server::start() was called inside a tokio runtime: write `server::start_async().await`, or take \
                 `#[tokio::main]` off `main`",
            ));
        }
        console::install();
        self.bind()?.run()
    }

    /// Binds and serves inside the caller's runtime until the server is stopped.
    ///
    /// # Errors
    /// As [`start`].
    pub async fn start_async(self) -> Result {
        console::install();
        self.bind()?.serve().await
    }
}

/// A server that is bound to its port and does not serve yet.
pub struct Bound {
    shared: Arc<Shared>,
    places: Vec<(Place, Arc<Shared>)>,
    threads: usize,
    shares_threads: bool,
    grace: Duration,
    watchdog: Duration,
    handles_signals: bool,
    stopped: Stopped,
}

impl Bound {
    /// The first address of TCP it listens on, with the port the system chose.
    ///
    /// # Panics
    /// It listens on Unix sockets alone; [`Bound::local_addrs`] tells of all.
    pub fn local_addr(&self) -> SocketAddr {
        let first = self.local_addrs().find_map(LocalAddr::tcp);
        first.expect("the server listens on Unix sockets alone: ask `local_addrs()`")
    }

    /// All addresses it listens on: first that of [`Server::host`] and [`Server::port`], then those of [`Server::listen`], then
    /// the sockets that were given, and last the port that redirects to TLS.
    pub fn local_addrs(&self) -> impl Iterator<Item = &LocalAddr> {
        self.places.iter().map(|(place, _)| &place.address)
    }

    /// A handle to stop the server with and to ask how it is.
    pub fn handle(&self) -> Handle {
        Handle::of(&self.shared)
    }

    /// Serves inside the caller's runtime until the server is stopped.
    ///
    /// # Errors
    /// The listener could not be used.
    pub async fn serve(self) -> Result {
        let _serving = console::Serving::begin();
        let _watchdog = Watchdog::begin(self.watchdog, &self.shared.app.0);
        let lifecycle = Arc::clone(&self.shared.lifecycle);
        let addresses = shown(&self.places);
        let _stopped = self.stopped;
        let mut signals = pin!(stop_on_signals(&lifecycle, self.handles_signals));
        begin(signals.as_mut()).await;
        announce(&self.shared, &addresses);
        let entrances = self.places.into_iter().flat_map(|(place, shared)| place.entrances(shared)).collect();
        let mut tasks = JoinSet::new();
        let mut accepting = pin!(listener::accept(entrances, Arc::clone(&lifecycle), Some(&mut tasks)));
        std::future::poll_fn(|cx| {
            let _ = signals.as_mut().poll(cx);
            accepting.as_mut().poll(cx)
        })
        .await?;
        let mut drained = pin!(drain(&lifecycle, self.grace));
        std::future::poll_fn(|cx| {
            let _ = signals.as_mut().poll(cx);
            drained.as_mut().poll(cx)
        })
        .await;
        Ok(())
    }

    /// Serves on threads of its own until the server is stopped.
    fn run(self) -> Result {
        let lifecycle = Arc::clone(&self.shared.lifecycle);
        if self.shares_threads {
            let runtime =
                runtime::Builder::new_multi_thread().worker_threads(self.threads).enable_all().build()?;
            return runtime.block_on(self.serve());
        }
        let _serving = console::Serving::begin();
        let _watchdog = Watchdog::begin(self.watchdog, &self.shared.app.0);
        let addresses = shown(&self.places);
        let _stopped = self.stopped;
        let mut sets = Place::share_out(self.places, self.threads)?.into_iter();
        let first = sets.next().ok_or_else(|| Error::internal("no listener"))?;
        let mut threads = Vec::new();
        for (index, entrances) in sets.enumerate() {
            let (shared, grace) = (Arc::clone(&self.shared), self.grace);
            let thread = std::thread::Builder::new().name(format!("vernal-{}", index + 1));
            threads.push(thread.spawn(move || serve_on_thread(entrances, &shared, grace, false, || ()))?);
        }
        let shared = &self.shared;
        let result =
            serve_on_thread(first, shared, self.grace, self.handles_signals, || announce(shared, &addresses));
        lifecycle.enter(Phase::Stopping);
        for thread in threads {
            thread.join().map_err(|payload| Error::from_panic(&*payload))??;
        }
        result
    }
}

/// Says that the server is there. Signals are listened to by then, so that whoever reads this can send one.
fn announce(shared: &Shared, addresses: &str) {
    shared.lifecycle.enter(Phase::Serving);
    say!(info, "listening on {addresses} with {}", counted(shared.app.route_count() as u64, "mapping"));
}

/// The addresses as they are announced.
fn shown(places: &[(Place, Arc<Shared>)]) -> String {
    let shown = places.iter().map(|(place, shared)| match &place.address {
        LocalAddr::Tcp(address) if shared.is_secured() => format!("https://{address}"),
        LocalAddr::Tcp(address) => format!("http://{address}"),
        address @ LocalAddr::Unix(_) => address.to_string(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// One thread of a server whose threads share nothing: a runtime, its listeners, and the connections it accepts. Leaving
/// the runtime cuts what is left of them.
fn serve_on_thread(
    entrances: Vec<Entrance>,
    shared: &Arc<Shared>,
    grace: Duration,
    handles_signals: bool,
    ready: impl FnOnce(),
) -> Result {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let lifecycle = &shared.lifecycle;
        let mut signals = pin!(stop_on_signals(lifecycle, handles_signals));
        begin(signals.as_mut()).await;
        ready();
        let mut serving = pin!(async {
            listener::accept(entrances, Arc::clone(lifecycle), None).await?;
            drain(lifecycle, grace).await;
            Ok(())
        });
        std::future::poll_fn(|cx| {
            let _ = signals.as_mut().poll(cx);
            serving.as_mut().poll(cx)
        })
        .await
    });
    runtime.shutdown_background();
    result
}

/// Waits until the connections have ended, or the grace period has.
async fn drain(lifecycle: &Lifecycle, grace: Duration) {
    if let Ok(0) = tokio::time::timeout(grace, lifecycle.drained()).await {
        return;
    }
    let left = lifecycle.connection_count();
    if left > 0 && lifecycle.cut() {
        let left = counted(left as u64, "connection");
        say!(warn, "cut {left} not done {grace:?} after the stop");
    }
}

/// Says that the server has stopped, however it did: also when it is given up before it serves.
struct Stopped(Arc<Lifecycle>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.enter(Phase::Stopped);
    }
}
