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

mod multipart;
mod websocket;

use std::fmt::{Display, Write};
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use http::StatusCode;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::app::{App, Config, config_setters};
use crate::base::{Headers, IntoHeaderValue};
use crate::io::Stream;
use crate::server::connection::{self, SessionTask};
use crate::server::{Counted, Handle, Shared};

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

/// A request being made. Await it to send it.
#[must_use = "a request is sent when it is awaited"]
pub struct RequestBuilder {
    client: Client,
    method: String,
    target: String,
    headers: Headers,
    cookies: String,
    body: Vec<u8>,
    has_body: bool,
}

impl RequestBuilder {
    /// Adds a field to the query.
    pub fn query(mut self, name: &str, value: impl Display) -> RequestBuilder {
        let separator = if self.target.contains('?') { '&' } else { '?' };
        self.target.push(separator);
        push_field(&mut self.target, name, &value.to_string());
        self
    }

    /// Adds a header field.
    ///
    /// # Panics
    /// Name or value cannot stand in a head.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> RequestBuilder {
        if let Err(error) = self.headers.try_append(name, value) {
            panic!("{error}");
        }
        self
    }

    /// Adds a cookie.
    pub fn cookie(mut self, name: &str, value: &str) -> RequestBuilder {
        let separator = if self.cookies.is_empty() { "" } else { "; " };
        let _ = write!(self.cookies, "{separator}{name}={value}");
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        self.body = body.into();
        self.has_body = true;
        self
    }

    /// Sets a JSON body and its content type.
    ///
    /// # Panics
    /// The value cannot be written as JSON.
    #[track_caller]
    pub fn json(self, value: &impl Serialize) -> RequestBuilder {
        match serde_json::to_vec(value) {
            Ok(body) => self.header("content-type", "application/json").body(body),
            Err(error) => panic!("the body of the request cannot be written as JSON: {error}"),
        }
    }

    /// Adds a field to a form body, and sets its content type.
    pub fn form(mut self, name: &str, value: impl Display) -> RequestBuilder {
        if !self.headers.contains("content-type") {
            self.headers.insert("content-type", "application/x-www-form-urlencoded");
        }
        let mut text = String::from(if self.body.is_empty() { "" } else { "&" });
        push_field(&mut text, name, &value.to_string());
        self.body.extend_from_slice(text.as_bytes());
        self.has_body = true;
        self
    }

    async fn send(self) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        if !self.headers.contains("host") {
            head.extend_from_slice(b"host: localhost\r\n");
        }
        for (name, value) in self.headers.iter() {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if !self.cookies.is_empty() {
            head.extend_from_slice(format!("cookie: {}\r\n", self.cookies).as_bytes());
        }
        let declares_length =
            self.headers.contains("content-length") || self.headers.contains("transfer-encoding");
        if self.has_body && !declares_length {
            head.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        let (reading, mut writing) = tokio::io::split(self.client.connect());
        let body = self.body;
        let writer = tokio::spawn(async move {
            // The server may answer and close before it has read everything.
            let _ = writing.write_all(&head).await;
            let _ = writing.write_all(&body).await;
            writing
        });
        let answer = Answer::read(reading, self.method == "HEAD").await;
        writer.abort();
        answer
    }
}

impl IntoFuture for RequestBuilder {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An answer, read to its end. Its asserts panic with the whole answer in their text, and return the answer for the next.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    reason: String,
    headers: Headers,
    body: Vec<u8>,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The first value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body, without its chunks.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    /// It is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        match std::str::from_utf8(&self.body) {
            Ok(text) => text,
            Err(error) => panic!("the body is not UTF-8: {error}"),
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is no such JSON.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body is no such JSON: {error}\n{self}"),
        }
    }

    /// Asserts the status.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Answer {
        assert_eq!(self.status.as_u16(), status, "the status is another one:\n{self}");
        self
    }

    /// Asserts that the first value of a header field is this.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Answer {
        assert_eq!(self.header(name), Some(value), "the header {name} is another one:\n{self}");
        self
    }

    /// Asserts that there is no such header field.
    #[track_caller]
    pub fn assert_no_header(&self, name: &str) -> &Answer {
        assert_eq!(self.header(name), None, "there is a header {name}:\n{self}");
        self
    }

    /// Asserts the whole body.
    #[track_caller]
    pub fn assert_text(&self, text: &str) -> &Answer {
        assert_eq!(self.text(), text, "the body is another one:\n{self}");
        self
    }

    /// Asserts a part of the body.
    #[track_caller]
    pub fn assert_contains(&self, part: &str) -> &Answer {
        assert!(self.text().contains(part), "the body does not contain {part:?}:\n{self}");
        self
    }

    /// Asserts the body as JSON; order and white space do not matter.
    #[track_caller]
    pub fn assert_json(&self, value: impl Serialize) -> &Answer {
        match serde_json::to_value(value) {
            Ok(expected) => {
                assert_eq!(self.json::<serde_json::Value>(), expected, "the body is another one:\n{self}")
            }
            Err(error) => panic!("what is expected cannot be written as JSON: {error}"),
        }
        self
    }

    /// Reads one final answer; interim ones are passed over.
    async fn read(mut stream: impl tokio::io::AsyncRead + Unpin, is_head: bool) -> Answer {
        let mut inbox = BytesMut::new();
        loop {
            let mut fields = [httparse::EMPTY_HEADER; 256];
            let mut head = httparse::Response::new(&mut fields);
            let length = match head.parse(&inbox) {
                Ok(httparse::Status::Complete(length)) => length,
                Ok(httparse::Status::Partial) => {
                    let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
                    assert!(count > 0, "the connection was closed without an answer; it sent {inbox:?}");
                    continue;
                }
                Err(error) => panic!("the head of the answer is malformed: {error}\n{inbox:?}"),
            };
            let status = StatusCode::from_u16(head.code.unwrap_or(0)).unwrap_or_default();
            let reason = head.reason.unwrap_or("").to_owned();
            let headers: Headers = head.headers.iter().map(|field| (field.name, field.value)).collect();
            inbox.advance(length);
            if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                continue;
            }
            let has_body = !is_head && !matches!(status.as_u16(), 101 | 204 | 304);
            let body = if has_body { read_body(&mut stream, inbox, &headers).await } else { Vec::new() };
            return Answer { status, reason, headers, body };
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {}", self.status.as_u16(), self.reason)?;
        for (name, value) in self.headers.iter() {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value))?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

async fn read_body(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    mut inbox: BytesMut,
    headers: &Headers,
) -> Vec<u8> {
    if let Some(length) = headers.get("content-length") {
        let length: usize =
            length.parse().unwrap_or_else(|_| panic!("the content length {length:?} is no number"));
        while inbox.len() < length {
            let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
            assert!(count > 0, "the connection was closed after {} of {length} bytes", inbox.len());
        }
        return inbox[..length].to_vec();
    }
    if !headers.contains("transfer-encoding") {
        while stream.read_buf(&mut inbox).await.unwrap_or(0) > 0 {}
        return inbox.to_vec();
    }
    let mut body = Vec::new();
    loop {
        let line_end = loop {
            if let Some(at) = inbox.windows(2).position(|two| two == b"\r\n") {
                break at;
            }
            let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
            assert!(count > 0, "the connection was closed inside a chunked body");
        };
        let line = String::from_utf8_lossy(&inbox[..line_end]).into_owned();
        let size = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("{line:?} is no chunk size"));
        inbox.advance(line_end + 2);
        while inbox.len() < size + 2 {
            let count = stream.read_buf(&mut inbox).await.unwrap_or(0);
            assert!(count > 0, "the connection was closed inside a chunk");
        }
        body.extend_from_slice(&inbox[..size]);
        inbox.advance(size + 2);
        if size == 0 {
            return body;
        }
    }
}

fn push_field(text: &mut String, name: &str, value: &str) {
    let _ = write!(
        text,
        "{}={}",
        utf8_percent_encode(name, NON_ALPHANUMERIC),
        utf8_percent_encode(value, NON_ALPHANUMERIC)
    );
}

/// What a request target cannot hold as it is.
const NOT_IN_TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'#');
