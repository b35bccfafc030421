//! What is said in WebSocket sessions, as AsyncAPI 3.1: a channel for each path of a handler, in whichever style it is written.
//!
//! A document speaks of the server: it receives what events take, and sends what handlers say that they send. Schemas are those of draft
//! 07, as AsyncAPI's own are.

mod channel;
mod document;
mod draft;
mod handler;
mod handshake;
mod messages;
mod settings;

pub use channel::{Channel, DescribedEvent, DescribedFrame};
pub(crate) use document::{Handshakes, asyncapi, unknown_of_channels};
pub use settings::{AsyncApi, AsyncApiVersion};
