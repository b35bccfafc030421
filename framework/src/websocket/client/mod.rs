//! The client's side: the same sessions over a connection of our own.

mod connect;
mod refused;
mod url;

pub use connect::{Connect, connect};
pub use refused::Refused;
