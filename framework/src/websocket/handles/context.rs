//! What event functions can take beside what is bound from the request: the session, and why it ended.

use std::sync::{Mutex, PoisonError};

use super::session::WebSocketSession;
use super::socket::WebSocket;
use crate::bind::dispatch::{AtOnce, Bind, Profiled};
use crate::bind::misplaced::misplaced;
use crate::bind::mistakes::Attempted;
use crate::bind::{Arg, BindingSource, Profile};
use crate::contract::Inputs;
use crate::http::{Error, Request, Result};
use crate::proto::ws::CloseReason;
use crate::websocket::core::message::Message;

misplaced! {
    WebSocket: "a mapped handler opens the session itself: take `ws: WebSocketRequest` and write `let mut ws = ws.accept().await?`; \
        or write `#[websocket_handler(\"/path\")]`, which takes the `WebSocket`";
    &WebSocket: "take `ws: WebSocket`, by value";
    WebSocketSession: SESSION;
    &WebSocketSession: SESSION;
    CloseReason: "a `CloseReason` is only known when a WebSocket session has ended: take it in `on_close`";
    &CloseReason: "a `CloseReason` is only known when a WebSocket session has ended: take it in `on_close`";
    Message: MESSAGE;
    &Message: MESSAGE;
}

const SESSION: &str = "there is a session when the WebSocket is open: a mapped handler takes `ws: WebSocketRequest`, and has \
    `ws.session()` of what `ws.accept().await?` returns; events of a `#[websocket_handler]` take `&WebSocketSession`";
const MESSAGE: &str = "a message is the last argument of `on_message`, or what `ws.next().await` returns";

/// Where an event takes place. For generated code.
#[derive(Clone, Copy)]
pub struct EventContext<'e> {
    session: &'e WebSocketSession,
    reason: Option<&'e CloseReason>,
    socket: Option<&'e Mutex<Option<WebSocket>>>,
}

impl<'e> EventContext<'e> {
    /// An event of a session.
    pub fn of(session: &'e WebSocketSession) -> EventContext<'e> {
        EventContext { session, reason: None, socket: None }
    }

    /// The same with the receiving end, for the one argument that takes it.
    pub fn with_socket(self, socket: &'e Mutex<Option<WebSocket>>) -> EventContext<'e> {
        EventContext { socket: Some(socket), ..self }
    }

    /// The same at the end of the session.
    pub(crate) fn closing(self, reason: &'e CloseReason) -> EventContext<'e> {
        EventContext { reason: Some(reason), ..self }
    }
}

impl<'e> BindingSource<'e> for EventContext<'e> {
    #[inline]
    fn request(self) -> &'e Request {
        self.session.request()
    }
}

/// A type that an event function takes from its session and not from the request.
pub trait FromEvent<'e>: Sized {
    /// What the compiler should know of it.
    const PROFILE: Profile = Profile::PART;

    /// Takes it.
    ///
    /// # Errors
    /// It is not there in this event; the macro has checked that it is.
    fn from_event(cx: EventContext<'e>) -> Result<Self>;
}

impl<'e> FromEvent<'e> for &'e WebSocketSession {
    const PROFILE: Profile = Profile { sees_request: true, ..Profile::PART };

    #[inline]
    fn from_event(cx: EventContext<'e>) -> Result<&'e WebSocketSession> {
        Ok(cx.session)
    }
}

impl<'e> FromEvent<'e> for WebSocketSession {
    const PROFILE: Profile = Profile { sees_request: true, ..Profile::PART };

    fn from_event(cx: EventContext<'e>) -> Result<WebSocketSession> {
        Ok(cx.session.clone())
    }
}

impl<'e> FromEvent<'e> for &'e CloseReason {
    const PROFILE: Profile = Profile { close_reason: true, ..Profile::PART };

    fn from_event(cx: EventContext<'e>) -> Result<&'e CloseReason> {
        cx.reason.ok_or_else(|| Error::internal("there is no `CloseReason` before the session has ended"))
    }
}

impl<'e> FromEvent<'e> for CloseReason {
    const PROFILE: Profile = Profile { close_reason: true, ..Profile::PART };

    fn from_event(cx: EventContext<'e>) -> Result<CloseReason> {
        <&CloseReason>::from_event(cx).cloned()
    }
}

impl<'e> FromEvent<'e> for WebSocket {
    const PROFILE: Profile = Profile { socket: true, sees_request: true, ..Profile::PART };

    fn from_event(cx: EventContext<'e>) -> Result<WebSocket> {
        let socket =
            cx.socket.and_then(|socket| socket.lock().unwrap_or_else(PoisonError::into_inner).take());
        socket.ok_or_else(|| Error::internal("two arguments take the `WebSocket`"))
    }
}

/// Taken from the session.
#[derive(Clone, Copy)]
pub struct OfEvent;

/// The choice before all others, in event functions only.
pub trait EventKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> OfEvent {
        OfEvent
    }
}

impl<'e, T: FromEvent<'e>> EventKind for &&&&Bind<T> {}

impl OfEvent {
    /// Takes the argument.
    #[inline]
    pub fn bind<'e, T: FromEvent<'e>>(self, cx: EventContext<'e>, _: &'static Arg) -> AtOnce<T> {
        AtOnce(T::from_event(cx))
    }

    /// Takes an argument with a default.
    #[inline]
    pub fn optional<'e, T: FromEvent<'e>>(self, cx: EventContext<'e>, _: &'static Arg) -> AtOnce<Option<T>> {
        AtOnce(T::from_event(cx).map(Some))
    }

    /// Nothing of the request.
    pub fn describe<T>(self, _: &mut Inputs) {}
}

/// Taking it may be an effect.
impl<'e, T: FromEvent<'e>> Attempted<'e, T> for OfEvent {}

impl<'e, T: FromEvent<'e>> Profiled<T> for OfEvent {
    const PROFILE: Profile = <T as FromEvent<'e>>::PROFILE;
}
