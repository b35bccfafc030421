//! A session without those who use it: what it is made of, what moves its bytes, and the words of both.

pub(crate) mod accept;
pub(crate) mod config;
mod drive;
mod keepalive;
mod lent;
pub(crate) mod message;
mod outbox;
pub(crate) mod parts;
mod queue;
pub(crate) mod random;
mod receive;
pub(crate) mod room;
mod send;
mod waiting;
mod wire;
pub(crate) mod words;

pub(crate) use lent::Lent;
pub(crate) use parts::{Agreed, Core};
pub(crate) use words::{Incoming, opcode};
