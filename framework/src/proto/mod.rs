//! Protocols without I/O: bytes in, events out. No tokio, no async, no clock, no log below this line.
//!
//! Feed received bytes to a parser and ask for the next event; `Ok(None)` means "not yet, come back with more".
//! A [`Refusal`] is the peer's mistake: it carries the status to answer with.

pub(crate) mod accept;
mod accept_encoding;
pub(crate) mod coding;
pub(crate) mod conditions;
pub(crate) mod forwarded;
pub(crate) mod h1;
mod limits;
pub(crate) mod multipart;
pub(crate) mod networks;
pub(crate) mod origin;
pub(crate) mod proxy;
mod ranges;
mod weighted;
pub(crate) mod ws;

pub(crate) use accept_encoding::{AcceptEncoding, Coding};
pub use limits::Limits;
pub(crate) use limits::{SizeBound, Tempo};
pub(crate) use ranges::{ByteRange, Ranges};

use std::borrow::Cow;

use ::http::StatusCode;

/// The peer broke a rule or a limit: what to answer, and why. Framing is in doubt, so the connection closes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// What happened, which limit with which value, and the setting that changes it.
    pub(crate) explain: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, explain: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { status, explain: explain.into() }
    }

    pub(crate) fn bad_request(explain: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, explain)
    }
}
