//! What became of a message that other nodes may not have got.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Why a message was not handed over to the other nodes. The source of the error that a broadcast ends with; the members on this
/// node have the message.
///
/// ```
/// use vernal::websocket::{Rooms, Undelivered};
///
/// # async fn tell(rooms: &Rooms) {
/// if let Err(error) = rooms.to("tea").send("hello").await {
///     let undelivered = error.source().and_then(|source| source.downcast_ref::<Undelivered>());
///     if undelivered.is_some_and(|undelivered| !undelivered.is_unknown()) {
///         println!("only those on this node have heard it: say it again later");
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    is_unknown: bool,
    why: Cow<'static, str>,
}

impl Undelivered {
    /// Nobody on another node has it, or will.
    pub(crate) fn refused(why: impl Into<Cow<'static, str>>) -> Undelivered {
        Undelivered { is_unknown: false, why: why.into() }
    }

    /// It may be there, or come there.
    pub(crate) fn unknown(why: impl Into<Cow<'static, str>>) -> Undelivered {
        Undelivered { is_unknown: true, why: why.into() }
    }

    /// Whether it may have got there all the same, or still will: Redis was given it and has not answered. `false`: no other node
    /// gets it.
    pub fn is_unknown(&self) -> bool {
        self.is_unknown
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = if self.is_unknown { "may not get" } else { "do not get" };
        write!(f, "the members on other nodes {fate} the message: {}", self.why)
    }
}

impl StdError for Undelivered {}
