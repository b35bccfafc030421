//! What became of a message that other nodes may not have got.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Why a message was not handed over to the other nodes. The source of the error that a broadcast ends with; the members on this
/// node have the message. Its text is for the log: it says where Redis is, and what is wrong with it.
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

    /// What strangers may hear of it: neither where Redis is nor what it says.
    pub(crate) fn told(&self) -> String {
        format!("Not everybody has got the message: {}.", self.fate())
    }

    fn fate(&self) -> &'static str {
        match self.is_unknown {
            true => "the members on other nodes may not get it",
            false => "the members on other nodes do not get it",
        }
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fate(), self.why)
    }
}

impl StdError for Undelivered {}
