//! What the macros submit beside a WebSocket handler: plain const data, and questions to types.

use crate::base::Location;
use crate::matching::Mapping;
use crate::openapi::operation::{DescribedArgument, DescribedMessage, DescribedOwner};

/// A handler of WebSocket sessions, or one of the functions that share a path.
pub struct Channel {
    /// Which requests it is for.
    pub mapping: Mapping,
    /// Where it stands.
    pub at: Location,
    /// Its doc comment.
    pub docs: &'static str,
    /// Whether it is marked `#[deprecated]`.
    pub is_deprecated: bool,
    /// The impl block that it is.
    pub owner: Option<DescribedOwner>,
    /// Its functions.
    pub events: &'static [DescribedEvent],
    /// `receives(…)`
    pub receives: &'static [DescribedMessage],
    /// `sends(…)`
    pub sends: &'static [DescribedMessage],
    /// `tag = "…"`
    pub tag: Option<&'static str>,
}

/// A function of a handler.
#[derive(Clone, Copy)]
pub struct DescribedEvent {
    /// Where it stands.
    pub at: Location,
    /// Its doc comment.
    pub docs: &'static str,
    /// Whether it is marked `#[deprecated]`.
    pub is_deprecated: bool,
    /// What it is called for.
    pub frames: &'static [DescribedFrame],
    /// What it takes them as, if an argument says so.
    pub message: Option<DescribedMessage>,
    /// What is bound from the request that opens the session.
    pub arguments: &'static [DescribedArgument],
}

/// What comes in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescribedFrame {
    /// A message of text.
    Text,
    /// A message of bytes, or a piece of one.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// The end.
    Close,
}

inventory::collect!(Channel);
