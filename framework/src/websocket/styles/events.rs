//! Sessions whose handler is a set of event functions: the one loop that calls them, whether they are the methods of
//! an impl block or functions that share a path.

use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;

use super::event::On;
use crate::http::{Error, Result, poll_guarded};
use crate::proto::ws::{CloseCode, CloseReason};
use crate::websocket::core::accept::Accept;
use crate::websocket::core::message::Message;
use crate::websocket::core::{Incoming, words};
use crate::websocket::handles::{EventContext, Upgrade, WebSocket, WebSocketSession};

/// Which events a handler has functions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wants {
    /// Messages of any kind.
    pub messages: bool,
    /// The frames of binary messages in pieces.
    pub fragments: bool,
    /// Pings, which are not answered by themselves then.
    pub pings: bool,
    /// Pongs.
    pub pongs: bool,
}

impl Wants {
    /// None of them.
    pub const NONE: Wants = Wants { messages: false, fragments: false, pings: false, pongs: false };
}

/// The event functions of a handler. Written by `#[websocket_handler]` on an impl block.
pub trait Events: Send + Sync {
    /// Which events there are functions for.
    fn wants(&self) -> Wants;

    /// Binds the arguments of all events once, so that what is wrong with the request is told before the 101.
    ///
    /// # Errors
    /// An argument cannot be bound.
    fn check<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result> + Send;

    /// Answers the handshake.
    ///
    /// # Errors
    /// It is refused.
    fn handshake<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result<Accept>> + Send {
        let _ = cx;
        std::future::ready(Ok(Accept::new()))
    }

    /// The session is open.
    ///
    /// # Errors
    /// The function failed.
    fn open<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }

    /// A message, ping or pong.
    ///
    /// # Errors
    /// The function failed, or the message is none that it takes.
    fn message<'e>(
        &'e mut self,
        cx: EventContext<'e>,
        on: On,
        message: &'e Message,
    ) -> impl Future<Output = Result> + Send;

    /// A frame of a binary message in pieces; tells whether it is to be kept for the whole message.
    ///
    /// # Errors
    /// The function failed.
    fn fragment<'e>(
        &'e mut self,
        cx: EventContext<'e>,
        is_final: bool,
        message: &'e Message,
    ) -> impl Future<Output = Result<bool>> + Send {
        let _ = (cx, is_final, message);
        std::future::ready(Ok(true))
    }

    /// The session has ended.
    ///
    /// # Errors
    /// The function failed.
    fn close<'e>(&'e mut self, cx: EventContext<'e>) -> impl Future<Output = Result> + Send {
        let _ = cx;
        std::future::ready(Ok(()))
    }
}

/// What is said to a message that no function takes: nothing if there is none for messages at all, else 1003.
///
/// # Errors
/// There are functions for messages, but not for this kind.
pub fn unhandled(on: On, wants: Wants) -> Result {
    let text = match on {
        On::Text => "Text is not taken here",
        On::Binary => "Bytes are not taken here",
        On::Ping | On::Pong => return Ok(()),
    };
    if wants.messages || wants.fragments {
        return Err(Error::bad_request(text).with_close_code(CloseCode::UNACCEPTABLE));
    }
    Ok(())
}

/// Runs a session from its handshake to its end. For generated code.
///
/// # Errors
/// The handshake is refused. What fails later closes the session.
// Not an `async fn`, like those below it: arguments would lie in the future twice.
#[expect(clippy::manual_async_fn, reason = "an async fn would be larger")]
pub fn serve<E: Events>(upgrade: Upgrade, mut events: E) -> impl Future<Output = Result> + Send {
    async move {
        // The beginning and the end are boxed, so that an idle session holds neither.
        Box::pin(shake_hands(&upgrade, &mut events)).await?;
        let session = &upgrade.session;
        let core = &session.0;
        let ended = {
            let mut socket = WebSocket::new(core.clone());
            let mut running = pin!(run(session, &mut events, &mut socket));
            poll_fn(|cx| poll_guarded(running.as_mut(), cx)).await
        };
        core.close(match &ended {
            Ok(()) => CloseReason::normal(),
            Err(error) => core.reason_of(error),
        });
        drop(ended);
        Box::pin(say_good_bye(session, &mut events)).await;
        Ok(())
    }
}

/// All that comes before the session is open.
async fn shake_hands<E: Events>(upgrade: &Upgrade, events: &mut E) -> Result {
    let cx = EventContext::of(&upgrade.session);
    let probe = CloseReason::normal();
    events.check(cx.closing(&probe)).await?;
    let accept = events.handshake(cx).await?;
    let wants = events.wants();
    let seen = words::Events { pings: wants.pings, pongs: wants.pongs };
    upgrade.accept_with(accept, wants.fragments, seen).await
}

/// Waits until the session is closed, and calls the last event.
async fn say_good_bye<E: Events>(session: &WebSocketSession, events: &mut E) {
    let core = &session.0;
    let reason = core.closed().await;
    core.leave_all();
    let mut closing = pin!(events.close(EventContext::of(session).closing(reason)));
    if let Err(error) = poll_fn(|cx| poll_guarded(closing.as_mut(), cx)).await {
        let _ = core.reason_of(&error);
    }
}

/// The loop. What lies over a wait is in every idle session, so it is little.
#[expect(clippy::manual_async_fn, reason = "an async fn would be larger")]
fn run<'s, E: Events>(
    session: &'s WebSocketSession,
    events: &'s mut E,
    socket: &'s mut WebSocket,
) -> impl Future<Output = Result> + Send + use<'s, E> {
    async move {
        events.open(EventContext::of(session)).await?;
        let mut pieces = None;
        while let Some(incoming) = socket.next_incoming().await {
            let (on, message) = match incoming {
                Incoming::Message(message) if message.is_text() => (On::Text, message),
                Incoming::Message(message) => (On::Binary, message),
                Incoming::Ping(payload) => (On::Ping, Message::binary(payload)),
                Incoming::Pong(payload) => (On::Pong, Message::binary(payload)),
                Incoming::Fragment { is_final, payload } => {
                    let pieces = pieces.get_or_insert_with(Box::<Pieces>::default);
                    match Box::pin(take_piece(session, events, pieces, is_final, payload)).await? {
                        Some(message) => (On::Binary, message),
                        None => continue,
                    }
                }
                Incoming::Frame(_) => continue,
            };
            events.message(EventContext::of(session), on, &message).await?;
        }
        Ok(())
    }
}

/// Shows the events a frame of a binary message in pieces; gives the whole message if this was its last.
async fn take_piece<E: Events>(
    session: &WebSocketSession,
    events: &mut E,
    pieces: &mut Pieces,
    is_final: bool,
    payload: Bytes,
) -> Result<Option<Message>> {
    let piece = Message::binary(payload);
    let is_kept = events.fragment(EventContext::of(session), is_final, &piece).await?;
    let message = pieces.add(is_final, is_kept, piece.as_bytes(), session.config().message_size)?;
    Ok(message.map(Message::binary))
}

/// The pieces of a binary message that its event function wants kept.
#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
    /// A piece was taken by the function itself, so there is no whole message.
    is_broken: bool,
}

impl Pieces {
    fn add(&mut self, is_final: bool, is_kept: bool, piece: &[u8], limit: usize) -> Result<Option<Bytes>> {
        self.is_broken |= !is_kept;
        if self.is_broken {
            self.bytes = Vec::new();
        } else if self.bytes.len() + piece.len() > limit {
            let explain = format!("Message is too big. Max size is {limit} (WebSocketConfig::message_size)");
            return Err(Error::bad_request(explain).with_close_code(CloseCode::TOO_BIG));
        } else {
            self.bytes.extend_from_slice(piece);
        }
        if !is_final {
            return Ok(None);
        }
        let Pieces { bytes, is_broken } = std::mem::take(self);
        Ok((!is_broken).then(|| bytes.into()))
    }
}
