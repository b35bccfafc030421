//! The handle of a session: cheap to clone, usable from any task.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::Uri;
use serde::Serialize;

use super::writer::MessageWriter;
use crate::http::{Context as Application, Error, Request, Result};
use crate::proto::ws::{CloseCode, CloseReason, Extension, Extensions, OpCode};
use crate::websocket::core::config::WebSocketConfig;
use crate::websocket::core::message::{IntoMessage, Outgoing};
use crate::websocket::core::{Core, Lent};

/// A WebSocket session: who it is, what it was opened with, and everything that can be sent.
///
/// Clones stand for the same session and may be kept anywhere: messages of several tasks never mix.
///
/// ```
/// use vernal::websocket::WebSocketSession;
/// use vernal::{Result, websocket_message};
///
/// #[websocket_message("/greet/{name}")]
/// async fn greet(session: &WebSocketSession, name: &str, message: &str) -> Result {
///     session.send(format!("{name} says {message}")).await
/// }
/// ```
#[derive(Clone)]
pub struct WebSocketSession(pub(crate) Arc<Core>);

/// What tells a session from all others: 128 random bits, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 16]);

impl From<[u8; 16]> for SessionId {
    fn from(bits: [u8; 16]) -> SessionId {
        SessionId(bits)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl WebSocketSession {
    /// What tells it from all others.
    pub fn id(&self) -> SessionId {
        SessionId(self.0.id())
    }

    /// The request that opened it: path, path values, header fields, query, cookies, states, and what filters left in its
    /// extensions. A client's session has the request that it sent.
    pub fn request(&self) -> &Request {
        self.0.request()
    }

    /// The address of the peer; `None` if it came over no socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.request().peer()
    }

    /// The URL it was opened with, as far as the request tells: scheme `ws` or `wss`, host, path and query.
    pub fn url(&self) -> Uri {
        let request = self.request();
        let scheme = if request.is_secure() { "wss" } else { "ws" };
        let target = match request.target() {
            target if target.starts_with('/') => target,
            _ => request.path(),
        };
        Uri::builder()
            .scheme(scheme)
            .authority(request.host().unwrap_or("localhost"))
            .path_and_query(target)
            .build()
            .unwrap_or_default()
    }

    /// The states and controllers of the application. For generated code.
    #[doc(hidden)]
    pub fn context(&self) -> &Application {
        &self.0.folded.context
    }

    /// The subprotocol that was agreed on.
    pub fn subprotocol(&self) -> Option<&str> {
        self.0.agreed()?.subprotocol.as_deref()
    }

    /// Its bounds and times.
    pub fn config(&self) -> &WebSocketConfig {
        &self.0.config
    }

    /// Keeps a value with the session, one of each type. Returns the one it takes the place of.
    pub fn set<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        self.0.attributes().insert(value)
    }

    /// A copy of the value of this type.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.attributes().get().cloned()
    }

    /// Takes the value of this type away.
    pub fn take<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.attributes().remove()
    }

    /// Sends a message: text, bytes, [`Json`](crate::Json), a [`Message`](crate::websocket::Message). Waits while more than
    /// [`WebSocketConfig::outbox_size`] bytes wait to be sent, if the policy is to wait.
    ///
    /// # Errors
    /// The session is closed; the value is no JSON; there is no room and [`WebSocketConfig::overflow`] says to close.
    pub fn send<'m>(&self, message: impl IntoMessage<'m>) -> Sending<'_, 'm> {
        Sending { session: self, message: Some(message.into_message()) }
    }

    /// Sends a message if that needs no wait; tells whether it is on its way.
    ///
    /// # Errors
    /// As [`WebSocketSession::send`].
    pub fn try_send<'m>(&self, message: impl IntoMessage<'m>) -> Result<bool> {
        self.0.try_send(&message.into_message()?)
    }

    /// Sends a message in frames of `size` bytes, the last with what is left. No other message comes between.
    ///
    /// # Errors
    /// As [`WebSocketSession::send`].
    pub async fn send_chunked<'m>(&self, message: impl IntoMessage<'m>, size: usize) -> Result {
        let message = message.into_message()?;
        poll_fn(|cx| self.0.poll_send_chunked(&message, size, cx)).await
    }

    /// Begins a message of text that is sent in pieces, as they are made. Other messages wait until it ends.
    ///
    /// # Errors
    /// The session is closed.
    pub async fn begin_text(&self) -> Result<MessageWriter> {
        MessageWriter::begin(Arc::clone(&self.0), OpCode::Text).await
    }

    /// Begins a message of bytes that is sent in pieces.
    ///
    /// # Errors
    /// The session is closed.
    pub async fn begin_binary(&self) -> Result<MessageWriter> {
        MessageWriter::begin(Arc::clone(&self.0), OpCode::Binary).await
    }

    /// Sends a file as one message of bytes, in frames of 64 KiB, without loading it whole.
    ///
    /// # Errors
    /// The file cannot be read, or the session is closed. A file that fails in the middle closes the session with 1011, since its
    /// message cannot be taken back.
    pub async fn send_file(&self, path: impl AsRef<Path>) -> Result {
        self.send_file_chunked(path, PIECE).await
    }

    /// Sends a file as one message of bytes, in frames of `size` bytes, the last with what is left.
    ///
    /// # Errors
    /// As [`WebSocketSession::send_file`].
    pub async fn send_file_chunked(&self, path: impl AsRef<Path>, size: usize) -> Result {
        let file = tokio::fs::File::open(path).await?;
        self.begin_binary().await?.write_all_of(file, size.max(1)).await
    }

    /// Sends a value as JSON in a message of bytes, for peers that want it so; `send(Json(value))` makes text of it.
    ///
    /// # Errors
    /// The value is no JSON; else as [`WebSocketSession::send`].
    pub async fn send_json_bytes<T: Serialize + ?Sized>(&self, value: &T) -> Result {
        self.send(serde_json::to_vec(value)?).await
    }

    /// Waits until what has been sent has been handed to the operating system, or the connection is over. It does not say that the peer
    /// has got it: only an answer does.
    ///
    /// ```
    /// use vernal::websocket::WebSocket;
    /// use vernal::{Result, websocket_handler};
    ///
    /// #[websocket_handler("/slides")]
    /// async fn slides(ws: WebSocket) -> Result {
    ///     for slide in 1..=3 {
    ///         ws.send(format!("slide {slide}")).await?;
    ///         ws.flush().await;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn flush(&self) {
        poll_fn(|cx| self.0.poll_written(cx)).await;
    }

    /// Sends a ping, of at most 125 bytes.
    ///
    /// # Errors
    /// The payload is longer, or the session is closed.
    pub fn ping(&self, payload: impl AsRef<[u8]>) -> Result {
        self.0.send_control(OpCode::Ping, payload.as_ref())
    }

    /// Sends a pong, of at most 125 bytes. Pings are answered by themselves unless the handler has an `on_ping`.
    ///
    /// # Errors
    /// The payload is longer, or the session is closed.
    pub fn pong(&self, payload: impl AsRef<[u8]>) -> Result {
        self.0.send_control(OpCode::Pong, payload.as_ref())
    }

    /// Closes with a code and a text of at most 123 bytes. What was sent before still goes out. A session that is closed already stays
    /// as it is.
    ///
    /// # Errors
    /// The code may not be sent, or the text is too long.
    pub fn close(&self, code: impl Into<CloseCode>, text: impl Into<String>) -> Result {
        let reason = CloseReason::new(code, text.into())?;
        self.0.close(reason);
        Ok(())
    }

    /// Whether nothing can be sent any more.
    pub fn is_closed(&self) -> bool {
        self.0.reason().is_some()
    }

    /// How it ends or ended, once that is known.
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.0.reason()
    }

    /// Waits until both sides have closed, or the connection is lost.
    pub async fn closed(&self) -> &CloseReason {
        self.0.closed().await
    }

    /// The names of the extensions that take part.
    pub fn extensions(&self) -> Vec<String> {
        let names = |extensions: &Extensions| {
            extensions.iter().map(|extension| extension.name().to_owned()).collect()
        };
        self.0.lock_extensions().map(|extensions| names(&extensions)).unwrap_or_default()
    }

    /// Looks at, or changes, the extension of this type; `None` if it takes no part. Frames of the session wait meanwhile.
    ///
    /// ```
    /// use vernal::websocket::{Extension, WebSocket};
    /// use vernal::{Result, websocket_handler};
    ///
    /// #[derive(Default)]
    /// struct Count(u64);
    ///
    /// impl Extension for Count {
    ///     fn name(&self) -> &str {
    ///         "x-count"
    ///     }
    /// }
    ///
    /// #[websocket_handler("/counted")]
    /// async fn counted(ws: WebSocket) -> Result {
    ///     let count = ws.with_extension(|count: &mut Count| count.0);
    ///     ws.send(format!("{count:?}")).await
    /// }
    /// ```
    ///
    /// # Panics
    /// It is called inside of itself, or the session is used to send inside of it: both would wait for this very call.
    pub fn with_extension<X: Extension, R>(&self, look: impl FnOnce(&mut X) -> R) -> Option<R> {
        let mut extensions = self.0.lock_extensions()?;
        let index = extensions.position::<X>()?;
        let _lent = Lent::by(&self.0);
        Some(look(extensions.at_mut(index)))
    }
}

/// A message being sent: await it. Made by [`WebSocketSession::send`].
#[must_use = "a message is sent when this is awaited"]
pub struct Sending<'s, 'm> {
    session: &'s WebSocketSession,
    message: Option<Result<Outgoing<'m>>>,
}

impl Future for Sending<'_, '_> {
    type Output = Result;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        let session = self.session;
        match &self.message {
            Some(Ok(message)) => session.0.poll_send(message, cx),
            _ => Poll::Ready(self.message.take().map_or(Ok(()), |message| message.map(drop))),
        }
    }
}

impl PartialEq for WebSocketSession {
    fn eq(&self, other: &WebSocketSession) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for WebSocketSession {}

impl fmt::Debug for WebSocketSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketSession")
            .field("id", &self.id())
            .field("path", &self.request().path())
            .field("close_reason", &self.close_reason())
            .finish()
    }
}

/// The error of a session that ended otherwise than by a close frame.
pub(crate) fn ended(reason: &CloseReason) -> Error {
    Error::of_session(reason.to_string(), reason.clone())
}

/// How much of a file goes into a frame.
const PIECE: usize = 64 << 10;
