//! What is said of a session: how far its life is, what has come, what its handler wants to see.

use bytes::Bytes;

use super::message::Message;
use crate::proto::ws::{Frame, OpCode};

/// The life of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The handshake is not through.
    Connecting,
    Open,
    /// Both sides have said what they had to say, or one is gone.
    Closed,
    /// The connection is over.
    Done,
}

/// Which events the handler has functions for, beside those of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Events {
    pub(crate) pings: bool,
    pub(crate) pongs: bool,
}

/// What has come for the handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Message(Message),
    Fragment { is_final: bool, payload: Bytes },
    Ping(Bytes),
    Pong(Bytes),
    Frame(Frame),
}

/// How far [`Core::pump`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pump {
    /// The handler has something new to look at.
    Again,
    Waits,
    Done,
}

pub(crate) fn opcode(is_text: bool) -> OpCode {
    if is_text { OpCode::Text } else { OpCode::Binary }
}
