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
mod multipart;
mod request;
mod websocket;

use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::app::{App, Config, config_setters};
use crate::base::Headers;
use crate::io::Stream;
use crate::server::connection::{self, SessionTask};
use crate::server::{Counted, Handle, Shared};

pub use answer::Answer;
pub use request::RequestBuilder;
pub use websocket::{SocketBuilder, TestSocket};

/// A client of an application in the same process. Each request has a connection of its own.
///
/// Cheap to clone. Its methods panic, with a text for whoever reads the failed test, where a client would return an error.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// The settings of a [`Client`]'s application. Made by [`Client::builder`].
#[derive(Default)]
pub struct ClientBuilder {
    config: Config,
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

    /// A GET request.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request("GET", path)
    }

    /// A HEAD request.
    pub fn head(&self, path: &str) -> RequestBuilder {
        self.request("HEAD", path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }

    /// A PUT request.
    pub fn put(&self, path: &str) -> RequestBuilder {
        self.request("PUT", path)
    }

    /// A PATCH request.
    pub fn patch(&self, path: &str) -> RequestBuilder {
        self.request("PATCH", path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.request("DELETE", path)
    }

    /// An OPTIONS request.
    pub fn options(&self, path: &str) -> RequestBuilder {
        self.request("OPTIONS", path)
    }

    /// A request of any method. The path may have a query; what is not allowed in a target is percent-encoded.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        RequestBuilder {
            client: self.clone(),
            method: method.to_owned(),
            target: utf8_percent_encode(path, NOT_IN_TARGET).to_string(),
            headers: Headers::new(),
            cookies: String::new(),
            body: Vec::new(),
            has_body: false,
        }
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
    /// Builds the application.
    ///
    /// # Panics
    /// It cannot be built; the panic's text says why.
    #[track_caller]
    pub fn build(self) -> Client {
        match App::from_registry(self.config) {
            Ok(app) => Client { shared: Shared::in_memory(app) },
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// What a request target cannot hold as it is.
const NOT_IN_TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'#');
