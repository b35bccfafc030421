//! Functions for the events of sessions, as the attributes submit them.

use crate::http::{BoxFuture, Result};
use crate::route::Route;
use crate::websocket::core::accept::Accept;
use crate::websocket::core::message::Message;
use crate::websocket::handles::EventContext;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
}

/// A function for one event of WebSocket sessions. Those that share a path make one handler.
pub struct WebSocketEvent {
    /// The route it would have alone; that of the first in the source is the handler's.
    pub route: Route,
    /// Binds its arguments, to tell what is wrong with the request before the 101.
    pub check: for<'e> fn(EventContext<'e>) -> BoxFuture<'e, Result>,
    /// What it is for, and its adapter.
    pub function: EventFunction,
}

/// An event of a session as a whole.
pub type EventCall<T> = for<'e> fn(EventContext<'e>) -> BoxFuture<'e, Result<T>>;
/// A message, ping or pong.
pub type MessageCall = for<'e> fn(EventContext<'e>, &'e Message) -> BoxFuture<'e, Result>;
/// A frame of a binary message in pieces, and whether it is the last.
pub type FragmentCall = for<'e> fn(EventContext<'e>, bool, &'e Message) -> BoxFuture<'e, Result<bool>>;

/// How an event's adapter is called.
#[derive(Clone, Copy)]
pub enum EventFunction {
    /// `#[websocket_handshake]`
    Handshake(EventCall<Accept>),
    /// `#[websocket_open]`
    Open(EventCall<()>),
    /// `#[websocket_message]`, for these kinds of messages.
    Message(&'static [On], MessageCall),
    /// `#[websocket_message(on = "binary_frame")]`
    Fragment(FragmentCall),
    /// `#[websocket_close]`
    Close(EventCall<()>),
}

impl EventFunction {
    /// Whether both are for the same event.
    pub(crate) fn overlaps(&self, other: &EventFunction) -> bool {
        match (self, other) {
            (EventFunction::Message(ours, _), EventFunction::Message(theirs, _)) => {
                ours.iter().any(|on| theirs.contains(on))
            }
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}
