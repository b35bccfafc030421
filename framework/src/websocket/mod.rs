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

pub(crate) mod bind;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod core;
pub(crate) mod events;
mod keepalive;
mod message;
mod outbox;
mod random;
pub(crate) mod refusal;
mod refused;
pub(crate) mod request;
pub(crate) mod returned;
pub(crate) mod rooms;
mod session;
pub(crate) mod socket;
mod url;
mod writer;

pub use client::{Connect, connect};
pub use config::{Compressed, Origins, Overflow, WebSocketConfig};
pub use message::{FromMessage, IntoMessage, Message, Outgoing};
pub use refused::Refused;
pub use request::{Accept, WebSocketRequest, check_origin};
pub use returned::IntoAccept;
pub use rooms::{Broadcast, Rooms};
pub use session::{Sending, SessionId, WebSocketSession};
pub use socket::{FrameSocket, WebSocket};
pub use writer::MessageWriter;

pub use crate::proto::ws::{
    CloseCode, CloseReason, CloseReasonError, ClosedBy, Deflate, Extension, ExtensionOffer,
    ExtensionResponse, Frame, OpCode, Rsv,
};
