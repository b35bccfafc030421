//! Testing an application in memory: no port, and yet the real parser, dispatch and serialiser.
//!
//! ```
//! use vernal::{request_map, test};
//!
//! #[request_map("/hello/{name}")]
//! fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
//!     format!("Hello, {name}! ").repeat(times)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let client = test::Client::new();
//! let answer = client.get("/hello/ann").query("times", 2).await;
//! answer.assert_status(200).assert_text("Hello, ann! Hello, ann! ");
//! # }
//! ```

mod answer;
mod cookies;
#[cfg(feature = "http2")]
mod http2;
mod jar;
mod multipart;
mod request;
mod target;
#[cfg(feature = "http2")]
mod tunnel;
mod websocket;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::app::{App, Config, config_setters};
use crate::io::Stream;
use crate::server::connection::{self, SessionTask};
use crate::server::{Counted, Handle, Shared};

use self::jar::Jar;

pub use answer::Answer;
pub use request::RequestBuilder;
pub use websocket::{SocketBuilder, TestSocket};

/// A client of an application in the same process. Each request has a connection of its own.
///
/// Cheap to clone; the clones share their cookies, if they keep any. Its methods panic, with a text for whoever reads the failed test, where a client would return an error.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// What it keeps from answer to request, if it was asked to.
    jar: Option<Arc<Mutex<Jar>>>,
    follows: bool,
    #[cfg(feature = "http2")]
    speaks_http2: bool,
    /// The application that this one tells of.
    _of: Option<Arc<Shared>>,
}

/// How long [`Client::stop`] waits.
const GRACE: Duration = Duration::from_secs(30);

/// What says that all clients speak it.
#[cfg(feature = "http2")]
const HTTP2: &str = "VERNAL_TEST_HTTP2";

/// The settings of a [`Client`]'s application. Made by [`Client::builder`].
#[derive(Default)]
pub struct ClientBuilder {
    config: Config,
    keeps_cookies: bool,
    follows: bool,
    #[cfg(feature = "http2")]
    speaks_http2: Option<bool>,
}

impl Client {
    /// A client of everything that is mapped in this process.
    ///
    /// # Panics
    /// The application cannot be built; the panic's text says why.
    #[track_caller]
    pub fn new() -> Client {
        Client::builder().build()
    }

    /// Chooses state, limits and the like.
    ///
    /// ```
    /// # use vernal::{State, request_map, test};
    /// struct Greeting(&'static str);
    ///
    /// #[request_map("/greet")]
    /// fn greet(State(greeting): State<&Greeting>) -> &str {
    ///     greeting.0
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::builder().state(Greeting("hi")).build();
    /// client.get("/greet").await.assert_text("hi");
    /// # }
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Opens a connection, to write whatever bytes one likes. Needs a tokio runtime.
    pub fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let counted = Counted::without_address(Arc::clone(&self.shared));
        tokio::spawn(connection::serve(Stream::over(theirs), counted, SessionTask::Own));
        ours
    }

    /// Sends these bytes, ends our side, and returns all that comes back until the connection is closed.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let (mut reading, mut writing) = tokio::io::split(self.connect());
        let bytes = bytes.as_ref().to_vec();
        let writer = tokio::spawn(async move {
            // The server may close before it has read everything: that is an answer too.
            let _ = writing.write_all(&bytes).await;
            let _ = writing.shutdown().await;
            writing
        });
        let mut answer = Vec::new();
        let _ = reading.read_to_end(&mut answer).await;
        drop(writer.await);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Stops the application as a server does: no connection goes on after its answer, and when the last one has ended (30 s are waited for
    /// that), the functions with [`#[on_stop]`](macro@crate::on_stop) are called.
    ///
    /// ```
    /// # use vernal::{on_stop, request_map, test};
    /// # use std::sync::atomic::{AtomicBool, Ordering};
    /// static IS_SAVED: AtomicBool = AtomicBool::new(false);
    ///
    /// #[on_stop]
    /// fn save() {
    ///     IS_SAVED.store(true, Ordering::Relaxed);
    /// }
    /// # #[request_map("/")]
    /// # fn index() {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::new();
    /// client.get("/").await;
    /// client.stop().await;
    /// assert!(IS_SAVED.load(Ordering::Relaxed));
    /// # }
    /// ```
    pub async fn stop(&self) {
        self.shared.stop(GRACE).await;
    }

    /// A client of the application's [`Actuator`](crate::Actuator) alone, whether it has a port of its own or not, without the filters that keep
    /// strangers from it.
    ///
    /// ```
    /// # use vernal::{Actuator, request_map, test};
    /// # #[request_map("/")]
    /// # fn index() {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let actuator = Actuator::new().port(9091).indicator("stock", async || Err("it is empty"));
    /// let client = test::Client::builder().actuator(actuator).build();
    /// client.get("/actuator/health").await.assert_status(404);
    /// let health = client.actuator().get("/actuator/health").await;
    /// assert_eq!(health.assert_status(503).json::<serde_json::Value>()["components"]["stock"]["status"], "DOWN");
    /// # }
    /// ```
    ///
    /// # Panics
    /// The application has none.
    #[cfg(feature = "actuator")]
    #[track_caller]
    pub fn actuator(&self) -> Client {
        let app = &self.shared.app;
        assert!(
            app.0.actuating.is_some(),
            "the application has no actuator: give it one by `.actuator(Actuator::new())`"
        );
        let alone = app.actuator_alone().expect("its path has been looked at when the application began");
        let of = Some(Arc::clone(&self.shared));
        Client {
            shared: Shared::in_memory(alone),
            jar: None,
            follows: false,
            #[cfg(feature = "http2")]
            speaks_http2: self.speaks_http2,
            _of: of,
        }
    }

    /// A handle to stop the application as a server would.
    pub fn handle(&self) -> Handle {
        Handle::of(&self.shared)
    }
}

impl Default for Client {
    #[track_caller]
    fn default() -> Client {
        Client::new()
    }
}

config_setters!(ClientBuilder);

impl ClientBuilder {
    /// All settings of the application at once: those of a function that the server is made by too.
    ///
    /// ```
    /// # use vernal::{Config, State, request_map, server, test};
    /// struct Greeting(&'static str);
    ///
    /// #[request_map("/greeting")]
    /// fn greeting(State(greeting): State<&Greeting>) -> &str {
    ///     greeting.0
    /// }
    ///
    /// fn config() -> Config {
    ///     Config::new().state(Greeting("hi"))
    /// }
    ///
    /// fn main() -> vernal::Result {
    /// #   if false {
    ///     server::new().config(config()).start()
    /// #   } else { served(); Ok(()) }
    /// }
    ///
    /// # /*
    /// #[tokio::test]
    /// # */
    /// # #[tokio::main(flavor = "current_thread")]
    /// async fn served() {
    ///     let client = test::Client::builder().config(config()).build();
    ///     client.get("/greeting").await.assert_text("hi");
    /// }
    /// ```
    #[must_use]
    pub fn config(mut self, config: Config) -> ClientBuilder {
        self.config = config;
        self
    }

    /// Whether the client keeps the cookies of answers and sends them where they are for, by path, domain and age, as a browser does
    /// ([RFC 6265, section 5](https://www.rfc-editor.org/rfc/rfc6265#section-5)). `Secure` cookies are kept and sent too. WebSockets are
    /// opened with them. Default: no.
    ///
    /// ```
    /// # use vernal::{Result, Session, request_map, test};
    /// #[request_map("/count")]
    /// async fn count(session: Session) -> Result<String> {
    ///     let add = |n: &mut u64| {
    ///         *n += 1;
    ///         *n
    ///     };
    ///     Ok(session.update("n", add).await?.to_string())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::builder().cookies(true).build();
    /// client.get("/count").await.assert_text("1");
    /// client.get("/count").await.assert_text("2");
    /// # }
    /// ```
    pub fn cookies(mut self, keeps: bool) -> ClientBuilder {
        self.keeps_cookies = keeps;
        self
    }

    /// Whether the client follows redirects as browsers do: up to 20, with GET after a POST that is answered with 301 or 302, and after
    /// everything but GET and HEAD with 303. One that leads to another host is the answer. Default: no.
    ///
    /// ```
    /// # use vernal::{Redirect, request_map, test};
    /// #[request_map("/old")]
    /// fn old() -> Redirect {
    ///     Redirect::to("/new?from=old")
    /// }
    ///
    /// #[request_map("/new")]
    /// fn new(from: &str) -> String {
    ///     format!("new, from {from}")
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::builder().redirects(true).build();
    /// let answer = client.get("/old").await;
    /// answer.assert_text("new, from old");
    /// assert_eq!(answer.target(), "/new?from=old");
    /// # }
    /// ```
    pub fn redirects(mut self, follows: bool) -> ClientBuilder {
        self.follows = follows;
        self
    }

    /// Whether the client's requests go over HTTP/2, each over a connection of its own that begins with its preface. What that version has no
    /// place for is left out of them: `Connection`, `Transfer-Encoding` and their like ([RFC 9113, section
    /// 8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)); `Host` is `:authority`. An answer has no reason phrase. WebSockets
    /// are opened in a stream ([RFC 8441](https://www.rfc-editor.org/rfc/rfc8441)). [`Client::raw`] and [`Client::connect`] are as before. Default: no, or yes if the environment variable `VERNAL_TEST_HTTP2` is `1`, by
    /// which all tests of an application can run once more. With the feature `http2`.
    ///
    /// ```
    /// # use vernal::{Request, request_map, test};
    /// #[request_map("/version")]
    /// fn version(request: &Request) -> String {
    ///     format!("{:?}", request.version())
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let client = test::Client::builder().http2(true).build();
    /// client.get("/version").await.assert_text("HTTP/2.0");
    /// # }
    /// ```
    #[cfg(feature = "http2")]
    pub fn http2(mut self, speaks: bool) -> ClientBuilder {
        self.speaks_http2 = Some(speaks);
        self
    }

    /// Builds the application.
    ///
    /// # Panics
    /// It cannot be built; the panic's text says why.
    #[track_caller]
    pub fn build(self) -> Client {
        match App::from_registry(self.config) {
            Ok(app) => Client {
                shared: Shared::in_memory(app),
                jar: self.keeps_cookies.then(Arc::default),
                follows: self.follows,
                #[cfg(feature = "http2")]
                speaks_http2: self
                    .speaks_http2
                    .unwrap_or_else(|| std::env::var_os(HTTP2).is_some_and(|is| is == "1")),
                _of: None,
            },
            Err(error) => panic!("{error:?}"),
        }
    }
}
