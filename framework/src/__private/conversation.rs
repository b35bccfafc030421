//! What generated code asks of WebSocket handlers: of their arguments, and of the types that `receives(…)` and `sends(…)` list,
//! whether anybody describes them or not.

use super::takes_body;
use crate::bind::Profile;
use crate::websocket::{FromMessage, IntoMessage};

/// A type that messages can be taken as.
#[diagnostic::on_unimplemented(
    message = "no message can be received as `{Self}`",
    label = "list what messages are taken as: `String`, `Bytes`, `Json<T>`, or a type that implements `vernal::websocket::FromMessage`",
    note = "the `T` of a `Json<T>` derives `serde::Deserialize`"
)]
pub trait Received<'m> {}

#[diagnostic::do_not_recommend]
impl<'m, T: FromMessage<'m>> Received<'m> for T {}

/// A type that can be sent.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a message",
    label = "list what is sent: `String`, `Bytes`, `Json<T>`, or a type that implements `vernal::websocket::IntoMessage`",
    note = "the `T` of a `Json<T>` derives `serde::Serialize`"
)]
pub trait Sent<'m> {}

#[diagnostic::do_not_recommend]
impl<'m, T: IntoMessage<'m>> Sent<'m> for T {}

/// `receives(…)`
pub const fn check_received<'m, T: Received<'m>>() {}

/// `sends(…)`
pub const fn check_sent<'m, T: Sent<'m>>() {}

/// Refuses both for a mapping that opens no session.
#[track_caller]
pub const fn check_opens(profiles: &[Profile], problem: &str) {
    let mut index = 0;
    while index < profiles.len() {
        if profiles[index].handshake {
            return;
        }
        index += 1;
    }
    panic!("{}", problem)
}

/// Refuses an argument that a WebSocket event has not.
#[track_caller]
pub const fn check_event(profile: Profile, is_stream: bool, is_close: bool) {
    if takes_body(profile) {
        panic!(
            "the request that opens a WebSocket session has no body: take messages, or a parameter of the query"
        );
    }
    if profile.close_reason && !is_close {
        panic!("a `CloseReason` is only known when the session has ended: take it in `on_close`");
    }
    if profile.socket && !is_stream {
        panic!(
            "event functions get their messages one by one: take `session: &WebSocketSession` to send, or write the loop \
             yourself: `#[websocket_handler(…)] async fn name(mut ws: WebSocket)`"
        );
    }
    if profile.handshake {
        panic!(
            "a WebSocket handler accepts by itself: take the `WebSocket`; to decide before, write `on_handshake`, or take the \
             `WebSocketRequest` in a `#[request_map]` handler"
        );
    }
}

/// Refuses a value in `on_close` that is called as what a `CloseReason` tells.
#[track_caller]
pub const fn check_close(profile: Profile) {
    if profile.path_first {
        panic!(
            "`on_close` is told how the session ended by `reason: &CloseReason`, which has `code()` and `text()`: take that. A \
             parameter of the query that is called so has `#[arg(name = \"…\")]` before it"
        );
    }
}

/// Refuses a handler that is to wait for messages, and takes nothing that receives them.
#[track_caller]
pub const fn check_socket(profiles: &[Profile]) {
    let mut index = 0;
    while index < profiles.len() {
        // What is wrong with a `WebSocketRequest` is told already.
        if profiles[index].socket || profiles[index].handshake {
            return;
        }
        index += 1;
    }
    panic!(
        "a WebSocket handler waits for messages, and its session ends with it: take `mut ws: WebSocket` in place of a session, \
         and write the loop, `while let Some(message) = ws.next().await {{ … }}`"
    )
}

/// Refuses a variable of the path that no argument of a handler's events takes: with other words if one is nearly called so. A session
/// shows its request, where it may be seen.
#[track_caller]
pub const fn check_taken(nearly: &[Profile], typo: &str, all: &[Profile], problem: &str) {
    let mut index = 0;
    while index < nearly.len() {
        if nearly[index].path_first {
            panic!("{}", typo)
        }
        index += 1;
    }
    let mut index = 0;
    while index < all.len() {
        if all[index].sees_request {
            return;
        }
        index += 1;
    }
    if !all.is_empty() {
        panic!("{}", problem)
    }
}
