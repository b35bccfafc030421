//! The opening handshake (RFC 6455, section 4.2): from a request that asks for WebSocket to a session.

mod agreement;
mod handover;
mod opening;
mod origin;
pub(crate) mod refusal;
mod request;
mod settings;
mod spanned;

pub(crate) use handover::{Handover, Opening, conclude, handover_of, is_asked_for, is_open};
pub(crate) use opening::begin;
pub use origin::check_origin;
pub use request::WebSocketRequest;
pub(crate) use settings::{Settings, address};
