//! The receiving end of a session, which one task owns.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::session::{WebSocketSession, ended};
use crate::http::{Error, Result};
use crate::proto::ws::{CloseCode, Frame, OpCode};
use crate::websocket::core::message::{FromMessage, Message};
use crate::websocket::core::{Core, Incoming};

/// A WebSocket connection: receives here, and sends as the [`WebSocketSession`] that it derefs to.
///
/// It is a [`Stream`] of messages, and [`WebSocket::next`] needs no import. Dropping it closes the session, with 1000.
///
/// ```
/// use vernal::websocket::WebSocket;
/// use vernal::{Result, websocket_handler};
///
/// #[websocket_handler("/echo")]
/// async fn echo(mut ws: WebSocket) -> Result {
///     while let Some(message) = ws.next().await {
///         ws.send(message).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct WebSocket {
    session: WebSocketSession,
}

impl WebSocket {
    pub(crate) fn new(core: Arc<Core>) -> WebSocket {
        WebSocket { session: WebSocketSession(core) }
    }

    /// The handle of the session, to clone and keep.
    pub fn session(&self) -> &WebSocketSession {
        &self.session
    }

    /// The next message; `None` when the session ends, however it does. [`WebSocketSession::close_reason`] says how.
    ///
    /// A wait that is given up loses nothing.
    #[inline]
    pub async fn next(&mut self) -> Option<Message> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// The next message; `Ok(None)` when a close frame of either side ends the session.
    ///
    /// A wait that is given up loses nothing.
    ///
    /// # Errors
    /// The connection was lost, the peer broke a rule or a bound, or did not answer pings: 1006, 1002, 1007, 1008, 1009, 1011.
    pub async fn recv(&mut self) -> Result<Option<Message>> {
        match self.next().await {
            Some(message) => Ok(Some(message)),
            None => match self.close_reason() {
                Some(reason)
                    if is_failure(reason.code()) && reason.by() != crate::proto::ws::ClosedBy::Peer =>
                {
                    Err(ended(reason))
                }
                _ => Ok(None),
            },
        }
    }

    /// The next message as a `T`; see [`FromMessage`] for what that can be. `Ok(None)` as for [`WebSocket::recv`].
    ///
    /// ```
    /// use vernal::websocket::WebSocket;
    /// use vernal::{Json, Result, websocket_handler};
    ///
    /// #[websocket_handler("/sum")]
    /// async fn sum(mut ws: WebSocket) -> Result {
    ///     while let Some(Json(numbers)) = ws.recv_as::<Json<Vec<i64>>>().await? {
    ///         ws.send(Json(numbers.iter().sum::<i64>())).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`WebSocket::recv`]; and when the message is no `T`: the session is closed with 1003.
    pub async fn recv_as<T: for<'m> FromMessage<'m>>(&mut self) -> Result<Option<T>> {
        let Some(message) = self.recv().await? else { return Ok(None) };
        match take_as(&message) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.session.0.close(self.session.0.reason_of(&error));
                Err(error)
            }
        }
    }

    /// The next message, if it comes within `timeout`. `None` when it does not, or when the session ends; then
    /// [`WebSocketSession::is_closed`] is true.
    pub async fn next_timeout(&mut self, timeout: Duration) -> Option<Message> {
        tokio::time::timeout(timeout, self.next()).await.ok().flatten()
    }

    /// A message that has come already.
    pub fn try_next(&mut self) -> Option<Message> {
        loop {
            if let Incoming::Message(message) = self.session.0.try_receive()? {
                return Some(message);
            }
        }
    }

    /// Whether a message is there already, so that [`WebSocket::next`] will not wait.
    pub fn has_message(&self) -> bool {
        self.session.0.has_ready()
    }

    /// How many messages are there already, parts of messages not counted. What is behind a bound
    /// ([`WebSocketConfig::inbox_size`](crate::websocket::WebSocketConfig::inbox_size)) has not been looked at.
    pub fn message_count(&self) -> usize {
        self.session.0.count_waiting()
    }

    /// Says while compiling that there is nothing to accept any more.
    #[doc(hidden)]
    #[expect(clippy::unused_async, reason = "what is written for a request is awaited")]
    pub async fn accept(self) -> Result<WebSocket>
    where
        for<'a> WebSocket: StillToAccept<'a>,
    {
        Ok(self)
    }

    /// Goes on with bare frames: see [`FrameSocket`].
    pub fn into_frames(self) -> FrameSocket {
        self.session.0.want_frames();
        FrameSocket { socket: self }
    }

    #[inline]
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            match std::task::ready!(self.session.0.poll_receive(cx)) {
                Some(Incoming::Message(message)) => return Poll::Ready(Some(message)),
                // Only handlers with event functions ask for anything else.
                Some(_) => {}
                None => return Poll::Ready(None),
            }
        }
    }

    /// What comes next, events beside messages included.
    #[inline]
    pub(crate) async fn next_incoming(&mut self) -> Option<Incoming> {
        poll_fn(|cx| self.session.0.poll_receive(cx)).await
    }
}

/// What makes [`WebSocket::accept`] a message of the compiler. Nothing implements it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this session has been accepted already",
    label = "a `#[websocket_handler]` accepts before its function runs",
    note = "leave `.accept()` out; or, to look at the request before, take `ws: WebSocketRequest` in a `#[request_map]` and write \
            `let ws = ws.accept().await?`"
)]
pub trait StillToAccept<'a> {}

/// Takes a message as a `T`. For generated code.
///
/// # Errors
/// It is none: the session is to be closed with 1003.
pub fn take_as<'m, T: FromMessage<'m>>(message: &'m Message) -> Result<T> {
    acceptable(T::from_message(message))
}

/// The same of one that was taken, and held against what it must be.
///
/// # Errors
/// As [`take_as`].
pub fn acceptable<T>(taken: Result<T>) -> Result<T> {
    taken.map_err(|error| match error.close_code() {
        Some(_) => error,
        None => error.with_close_code(CloseCode::UNACCEPTABLE),
    })
}

fn is_failure(code: CloseCode) -> bool {
    matches!(
        code,
        CloseCode::ABNORMAL
            | CloseCode::PROTOCOL_ERROR
            | CloseCode::INVALID_DATA
            | CloseCode::POLICY
            | CloseCode::TOO_BIG
            | CloseCode::INTERNAL_ERROR
    )
}

impl Deref for WebSocket {
    type Target = WebSocketSession;

    fn deref(&self) -> &WebSocketSession {
        &self.session
    }
}

/// As [`WebSocket::next`].
impl Stream for WebSocket {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.poll_message(cx)
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.session.0.drop_socket();
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocket").field(&self.session).finish()
    }
}

/// A WebSocket as bare frames, for those who want to see each: pieces of messages, pings and pongs. Frames have
/// passed the extensions. The rules of the protocol are still watched over, and a close frame is answered; pings are yours to
/// answer, and text is yours to check.
///
/// ```
/// use vernal::websocket::{Frame, OpCode, WebSocket};
/// use vernal::{Result, websocket_handler};
///
/// #[websocket_handler("/frames")]
/// async fn frames(ws: WebSocket) -> Result {
///     let mut ws = ws.into_frames();
///     while let Some(frame) = ws.recv().await? {
///         match frame.opcode {
///             OpCode::Ping => ws.send(Frame::new(OpCode::Pong, frame.payload)).await?,
///             opcode if !opcode.is_control() => ws.send(frame).await?,
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct FrameSocket {
    socket: WebSocket,
}

impl FrameSocket {
    /// The next frame; `Ok(None)` after a close frame. A wait that is given up loses nothing.
    ///
    /// # Errors
    /// As [`WebSocket::recv`].
    pub async fn recv(&mut self) -> Result<Option<Frame>> {
        loop {
            match self.socket.next_incoming().await {
                Some(Incoming::Frame(frame)) => return Ok(Some(frame)),
                Some(_) => {}
                None => return self.socket.recv().await.map(|_| None),
            }
        }
    }

    /// Sends a frame, past the extensions: its reserved bits are sent as they are. A control frame is whole and has at most 125 bytes;
    /// that messages are not mixed is up to you. Waits while the outbox has no room.
    ///
    /// # Errors
    /// The frame breaks these rules, or the session is closed.
    pub async fn send(&self, frame: Frame) -> Result {
        if frame.opcode.is_control() && (!frame.is_final || frame.payload.len() > 125) {
            return Err(Error::internal("a control frame is whole and has at most 125 bytes"));
        }
        if frame.opcode == OpCode::Close {
            let reason = crate::proto::ws::CloseReason::parse(&frame.payload)
                .map_err(|reason| Error::internal(reason.to_string()))?;
            if frame.payload.is_empty() {
                self.socket.session.0.close(crate::proto::ws::CloseReason::normal());
                return Ok(());
            }
            return self.socket.close(reason.code(), reason.text());
        }
        poll_fn(|cx| self.socket.session.0.poll_send_frame(&frame, cx)).await
    }

    /// The handle of the session.
    pub fn session(&self) -> &WebSocketSession {
        &self.socket.session
    }
}
