//! WebSockets: handlers in five styles, sessions, rooms, extensions, and a client.
//!
//! | write | for |
//! |---|---|
//! | `#[websocket_handler] async fn` with a [`WebSocket`] | a loop of your own |
//! | `#[websocket_handler] impl` with `on_open`, `on_message`, `on_close` … | events that share an object |
//! | `#[websocket_open]`, `#[websocket_message]` … on functions | events that share a path |
//! | a [`WebSocketRequest`] as an argument of a `#[request_map]` handler | deciding before accepting |
//! | `Option<WebSocketRequest>` | the same path for plain requests too |
//!
//! ```
//! use vernal::websocket::WebSocket;
//! use vernal::{Result, test, websocket_handler};
//!
//! #[websocket_handler("/echo")]
//! async fn echo(mut ws: WebSocket) -> Result {
//!     while let Some(message) = ws.next().await {
//!         ws.send(message).await?;
//!     }
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result {
//! let mut ws = test::Client::new().websocket("/echo").await;
//! ws.send("hi").await?;
//! ws.expect_text("hi").await;
//! # Ok(())
//! # }
//! ```
//!
//! Filters run on the upgrade request as on any other: this is where a login is checked.

// From below: `core` is a session without those who use it; `handles` are what users hold of one; `styles` and `handshake` lead to
// handlers; `client` opens sessions from the other side.
pub(crate) mod client;
pub(crate) mod core;
pub(crate) mod handles;
pub(crate) mod handshake;
pub(crate) mod styles;

pub use self::client::{Connect, Refused, connect};
pub use self::core::accept::Accept;
pub use self::core::config::{Compressed, Origins, Overflow, WebSocketConfig};
pub use self::core::message::{FromMessage, IntoMessage, Message, Outgoing};
#[cfg(feature = "redis")]
pub use self::handles::RedisRooms;
pub use self::handles::{
    Broadcast, FrameSocket, Member, MessageWriter, Rooms, Sending, SessionId, WebSocket, WebSocketSession,
};
pub use self::handshake::{WebSocketRequest, check_origin};
pub use self::styles::IntoAccept;

#[cfg(feature = "redis")]
pub use crate::nodes::Undelivered;
pub use crate::proto::ws::{
    CloseCode, CloseReason, CloseReasonError, ClosedBy, Deflate, Extension, ExtensionOffer,
    ExtensionResponse, Frame, OpCode, Rsv,
};
