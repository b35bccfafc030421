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

mod accepting;
mod address;
mod admission;
mod arrived;
#[cfg(feature = "actuator")]
mod beside;
mod bound;
mod builder;
pub(crate) mod connection;
mod console;
mod counted;
mod departing;
mod embedded;
mod handle;
#[cfg(feature = "http2")]
pub(crate) mod http2;
mod lifecycle;
mod lingering;
mod listener;
mod listening;
mod parting;
mod pump;
mod receiver;
#[cfg(feature = "tls")]
mod redirecting;
mod scanned;
#[cfg(feature = "tls")]
mod secured;
mod sender;
#[cfg(feature = "config")]
mod settings;
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

pub use self::address::LocalAddr;
pub use self::bound::Bound;
pub use self::builder::Server;
pub(crate) use self::counted::{Counted, Shared};
pub use self::handle::{Handle, stopping};
pub use self::listener::Given;
#[cfg(feature = "tower")]
pub(crate) use self::upgraded::drive;
use crate::base::say;
use crate::http::Result;
#[doc(hidden)]
pub use scanned::unnamed;

/// Serves everything that is mapped, on port 9090 of all interfaces or where the environment's `VERNAL_HOST` and
/// `VERNAL_PORT` say, until SIGINT, SIGTERM or [`stop`].
///
/// # Errors
/// The port is taken, nothing is mapped, or a mapping is wrong; the text says what to do, and stands in the log too.
#[must_use = "a server that cannot start says why in this `Result`: return it from `main`, or write `server::start()?`"]
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

/// A server with the settings of `vernal.toml`, of the file of the profile that `VERNAL_PROFILE` names, and of the environment. What the
/// builder sets afterwards wins over them. More is said by [`Settings`](crate::Settings) and
/// [`Config::settings`](crate::Config::settings); all keys are in `docs/settings.md`.
///
/// ```no_run
/// use vernal::server;
///
/// fn main() -> vernal::Result {
///     server::configured().server_name(None).start()
/// }
/// ```
///
/// # Errors
/// [`Server::bind`] and [`Server::start`] fail, and name all that is wrong with the settings, each with its place.
#[cfg(feature = "config")]
pub fn configured() -> Server {
    new().settings(crate::settings::Settings::new())
}

/// The builder of a server. What it sets wins over the environment.
pub fn new() -> Server {
    Server::default()
}
