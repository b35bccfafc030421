//! The client's side: the same sessions over a connection of our own.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::StatusCode;
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::refused::Refused;
use super::url::Url;
use crate::base::{Headers, IntoHeaderValue, shown};
use crate::http::{Error, Folded, Request, Result};
use crate::io::{Deadline, Stream};
use crate::proto::TraceContext;
use crate::proto::ws::{Deflate, Extension, Extensions, Role, handshake};
#[cfg(feature = "tls")]
use crate::tls::{Pem, client::Trust, rustls::ClientConfig};
use crate::websocket::core::config::{Factory, WebSocketConfig, conflict, deflate, factory, install};
use crate::websocket::core::{Agreed, Core, random};
use crate::websocket::handles::WebSocket;

/// Opens a session as a client: await it. The URL begins with `ws://`, or with `wss://` for TLS, which needs the feature `tls`; its user
/// and password become `Authorization: Basic`, unless that field is given. A server's certificate must be signed by an authority the system trusts, or by that of [`Connect::root_certificate`].
///
/// The same [`WebSocket`] as a server's: it answers pings, asks for them, and closes when it is dropped. Needs a tokio runtime, in which
/// it is driven by a task of its own.
///
/// ```no_run
/// # async fn example() -> vernal::Result {
/// let mut ws = vernal::websocket::connect("ws://localhost:9090/echo").header("authorization", "Bearer x").await?;
/// ws.send("hello").await?;
/// while let Some(message) = ws.next().await {
///     println!("{message:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub fn connect(url: impl Into<String>) -> Connect {
    Connect {
        url: url.into(),
        headers: Headers::new(),
        subprotocols: Vec::new(),
        extensions: Vec::new(),
        config: WebSocketConfig::new(),
        timeout: Duration::from_secs(10),
        redirects: 0,
        is_over: false,
        stream: None,
        problem: None,
        #[cfg(feature = "tls")]
        trust: Trust::default(),
    }
}

/// A connection being made. Await it to open it.
#[must_use = "a connection is made when it is awaited"]
pub struct Connect {
    url: String,
    headers: Headers,
    subprotocols: Vec<String>,
    extensions: Vec<Factory>,
    config: WebSocketConfig,
    timeout: Duration,
    redirects: u8,
    /// The stream was given.
    is_over: bool,
    stream: Option<Stream>,
    /// What is wrong with the settings.
    problem: Option<String>,
    #[cfg(feature = "tls")]
    trust: Trust,
}

impl Connect {
    /// Adds a header field to the request.
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> Connect {
        self.headers.append(name, value);
        self
    }

    /// Tells the server which place of a trace it is opened for, by `traceparent` and `tracestate`: that of a request by
    /// [`Request::trace`](crate::Request::trace), as an argument of its handler.
    ///
    /// ```no_run
    /// use vernal::{Result, Trace, request_map, websocket};
    ///
    /// #[request_map("/prices/{article}")]
    /// async fn price(article: u32, trace: Trace<'_>) -> Result<String> {
    ///     let mut prices = websocket::connect("ws://prices:9090/all").trace(trace).await?;
    ///     prices.send(article.to_string()).await?;
    ///     let price = prices.next().await;
    ///     Ok(format!("{price:?}"))
    /// }
    /// ```
    pub fn trace(mut self, trace: impl Into<TraceContext>) -> Connect {
        self.headers.remove("tracestate");
        for (name, value) in trace.into().fields() {
            self.headers.insert(name, value);
        }
        self
    }

    /// Offers a subprotocol; the first offered is the most wanted.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Connect {
        self.subprotocols.push(name.into());
        self
    }

    /// Offers an extension.
    pub fn extension<X: Extension>(mut self, make: impl Fn() -> X + Send + Sync + 'static) -> Connect {
        self.extensions.push(factory(make));
        self
    }

    /// Offers permessage-deflate.
    pub fn deflate(mut self, settings: Deflate) -> Connect {
        self.problem = self.problem.or(settings.problem());
        self.extensions.push(deflate(settings));
        self
    }

    /// Sets bounds and times.
    pub fn config(mut self, config: WebSocketConfig) -> Connect {
        self.config = config;
        self
    }

    /// How long connecting and the handshake may take. Default 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Connect {
        self.timeout = timeout;
        self
    }

    /// Follows so many redirects (301, 302, 303, 307, 308). Default 0: a redirect is an error whose [`Refused`] says where it leads. Never
    /// from `wss` to `ws`; the fields Authorization, Cookie and Host are not shown to another host or port.
    pub fn redirects(mut self, redirects: u8) -> Connect {
        self.redirects = redirects;
        self
    }

    /// Trusts servers whose certificate is signed by this authority, or one of several in the file, and no others: for authorities of
    /// one's own. Needs the feature `tls`.
    ///
    /// ```no_run
    /// # async fn example() -> vernal::Result {
    /// let ws = vernal::websocket::connect("wss://intranet/chat").root_certificate("ca.pem").await?;
    /// # drop(ws);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    pub fn root_certificate(mut self, pem: impl Into<Pem>) -> Connect {
        self.trust = Trust::Authorities(pem.into());
        self
    }

    /// Speaks TLS as a configuration of one's own says: with a certificate of the client, for one. Needs the feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls_config(mut self, config: Arc<ClientConfig>) -> Connect {
        self.trust = Trust::Config(config);
        self
    }

    /// Uses a connection that is there already, whatever it is made of: TLS, a Unix socket, a proxy's tunnel. The URL still says host and path,
    /// and may begin with `wss://`.
    pub fn over(mut self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Connect {
        self.stream = Some(Stream::over(stream));
        self
    }

    async fn open(self) -> Result<WebSocket> {
        let timeout = self.timeout;
        match tokio::time::timeout(timeout, self.open_in_time()).await {
            Ok(opened) => opened,
            Err(_) => {
                Err(Error::unavailable(format!("the server did not open the session within {timeout:?}")))
            }
        }
    }

    async fn open_in_time(mut self) -> Result<WebSocket> {
        if let Some(refused) = self.headers.refused() {
            return Err(Error::internal(refused.to_string()));
        }
        let mut url = Url::parse(&self.url)?;
        self.is_over = self.stream.is_some();
        for _ in 0..self.redirects {
            let refused = match self.open_at(&url).await? {
                Ok(socket) => return Ok(socket),
                Err(refused) => refused,
            };
            let Some(location) = refused.location() else { return Err(refused.into_error()) };
            if self.is_over {
                return Err(Error::new(502, "Bad Gateway").explain(format!(
                    "the server sends the client to `{}`, and the stream that was given with `over` leads to one server: \
                     follow it with another `connect`",
                    shown(location)
                )));
            }
            let mut followed = url.follow(location)?;
            if followed.is_of_same_server(&url) {
                followed.authorization = followed.authorization.or(url.authorization);
            } else {
                // They were meant for the other server.
                for name in ["authorization", "cookie", "host"] {
                    self.headers.remove(name);
                }
            }
            url = followed;
        }
        self.open_at(&url).await?.map_err(Refused::into_error)
    }

    /// Asks one server.
    async fn open_at(&mut self, url: &Url) -> Result<Result<WebSocket, Refused>> {
        let mut peer = None;
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = connect_to(&url.address).await?;
                peer = stream.peer_addr().ok();
                secure(
                    stream,
                    url,
                    #[cfg(feature = "tls")]
                    &self.trust,
                )
                .await?
            }
        };
        let installed = install(&self.extensions, Role::Client);
        if let Some(problem) = self.problem.clone().or_else(|| conflict(&installed)) {
            return Err(Error::internal(problem));
        }
        let key = handshake::key_of(random::bits_128());
        let headers = self.request_headers(url, &key, &installed);
        let mut head = format!("GET {} HTTP/1.1\r\n", url.target).into_bytes();
        for (name, value) in headers.iter() {
            head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend_from_slice(b"\r\n");
        stream.write_all(&head).await?;
        stream.flush().await?;
        let mut inbox = BytesMut::new();
        let answer = read_head(&mut stream, &mut inbox).await?;
        if answer.status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Err(Refused::read(answer.status, answer.headers, stream, &inbox).await));
        }
        let agreed = self.agree(&answer, &key, installed)?;
        let mut request = Request::sent(&url.target, headers, peer)?;
        request.is_secure = url.is_secure;
        let folded = Box::new(Folded::whole(Box::new(request)));
        let core = Arc::new(Core::new(Role::Client, Arc::new(self.config.clone()), folded));
        core.set_agreed(agreed);
        core.open(stream, Deadline::new(Instant::now()), &inbox);
        core.conclude(Ok(()));
        let socket = WebSocket::new(Arc::clone(&core));
        tokio::spawn(drive(core));
        Ok(Ok(socket))
    }

    fn request_headers(&self, url: &Url, key: &str, installed: &[Box<dyn Extension>]) -> Headers {
        let mut headers = Headers::from([
            ("host", url.authority.as_str()),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", key),
        ]);
        if let Some(authorization) =
            url.authorization.as_deref().filter(|_| !self.headers.contains("authorization"))
        {
            headers.append("authorization", authorization);
        }
        if !self.subprotocols.is_empty() {
            headers.append("sec-websocket-protocol", self.subprotocols.join(", "));
        }
        let offers: Vec<_> =
            installed.iter().filter_map(|extension| extension.offer().text().map(str::to_owned)).collect();
        if !offers.is_empty() {
            headers.append("sec-websocket-extensions", offers.join(", "));
        }
        for (name, value) in self.headers.iter() {
            if name.eq_ignore_ascii_case("host") {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        headers
    }

    /// Judges the server's answer (RFC 6455, section 4.1).
    fn agree(&self, answer: &Head, key: &str, installed: Vec<Box<dyn Extension>>) -> Result<Agreed> {
        let headers = &answer.headers;
        let bad = |explain: String| Error::new(502, "Bad Gateway").explain(explain);
        let has = |name: &'static str, wanted: &str| {
            headers.elements(name).any(|token| token.eq_ignore_ascii_case(wanted))
        };
        if !has("upgrade", "websocket") || !has("connection", "upgrade") {
            return Err(bad("the server's 101 is for another protocol than WebSocket".to_owned()));
        }
        if headers.get("sec-websocket-accept") != Some(&handshake::accept_of(key)) {
            return Err(bad("the server's Sec-WebSocket-Accept does not answer our key".to_owned()));
        }
        let subprotocol = headers.get_bytes("sec-websocket-protocol");
        let subprotocol = subprotocol.map(|chosen| String::from_utf8_lossy(chosen).into_owned());
        if let Some(chosen) = &subprotocol
            && !self.subprotocols.contains(chosen)
        {
            return Err(bad(format!(
                "the server chose the subprotocol `{}`, which was not offered",
                shown(chosen)
            )));
        }
        let answers = handshake::extensions(headers).map_err(|refusal| bad(refusal.explain.into_owned()))?;
        let extensions = Extensions::agree(installed, &answers).map_err(bad)?;
        let extensions = (!extensions.is_empty()).then(|| Mutex::new(extensions));
        Ok(Agreed { subprotocol, extensions })
    }
}

impl IntoFuture for Connect {
    type Output = Result<WebSocket>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<WebSocket>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl fmt::Debug for Connect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

async fn connect_to(address: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await;
    // Whoever answers a request by what another server says does not tell strangers where that is.
    let stream = stream
        .map_err(|error| Error::internal(format!("cannot connect to {address}: {error}")).with_status(503))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Speaks TLS where the URL says so.
async fn secure(stream: TcpStream, url: &Url, #[cfg(feature = "tls")] trust: &Trust) -> Result<Stream> {
    if !url.is_secure {
        return Ok(Stream::Tcp(stream));
    }
    #[cfg(feature = "tls")]
    return trust.secure(stream, &url.host).await;
    #[cfg(not(feature = "tls"))]
    Err(Error::internal(
        "this build has no TLS: turn vernal's feature `tls` on, or make the TLS connection yourself and write \
         `connect(url).over(stream)`",
    ))
}

/// The head of an answer.
struct Head {
    status: StatusCode,
    headers: Headers,
}

/// Reads a head; what comes behind it stays in the inbox.
async fn read_head(stream: &mut Stream, inbox: &mut BytesMut) -> Result<Head> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Response::new(&mut fields);
        match head.parse(inbox) {
            Ok(httparse::Status::Complete(length)) => {
                let status = StatusCode::from_u16(head.code.unwrap_or(0))?;
                let headers = head.headers.iter().map(|field| (field.name, field.value)).collect();
                inbox.advance(length);
                // Early hints and the like come before the answer (RFC 9110, section 15.2).
                if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                    continue;
                }
                return Ok(Head { status, headers });
            }
            Ok(httparse::Status::Partial) if inbox.len() <= HEAD_SIZE => {}
            Ok(httparse::Status::Partial) => {
                return Err(Error::new(502, "Bad Gateway")
                    .explain(format!("the head of the server's answer is larger than {HEAD_SIZE} bytes")));
            }
            // A later minor version is one that speaks 1.1 as well (RFC 9110, section 2.5).
            Err(httparse::Error::Version)
                if matches!(inbox[..], [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9', ..]) =>
            {
                inbox[7] = b'1';
                continue;
            }
            Err(error) => {
                return Err(Error::new(502, "Bad Gateway")
                    .explain(format!("the head of the server's answer is malformed: {error}")));
            }
        }
        if stream.read_buf(inbox).await? == 0 {
            return Err(Error::unavailable("the server closed the connection without an answer"));
        }
    }
}

/// Moves the bytes of a client's session to its end.
async fn drive(core: Arc<Core>) {
    std::future::poll_fn(|cx| core.poll_driven(cx, |_| true)).await;
    core.leave_all();
}

const HEAD_SIZE: usize = 16 << 10;
