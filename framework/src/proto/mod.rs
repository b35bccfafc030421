//! Protocols without I/O: bytes in, events out. No tokio, no async, no clock, no log below this line.
//!
//! Feed received bytes to a parser and ask for the next event; `Ok(None)` means "not yet, come back with more".
//! A [`Refusal`] is the peer's mistake: it carries the status to answer with.

pub(crate) mod accept;
mod accept_encoding;
mod bounds;
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
mod refusal;
mod trace_context;
mod trailers;
mod weighted;
pub(crate) mod ws;

pub(crate) use accept_encoding::{AcceptEncoding, Coding};
pub(crate) use bounds::{SizeBound, Tempo};
pub(crate) use limits::Limit;
pub use limits::Limits;
#[cfg(feature = "config")]
pub(crate) use limits::{FIRST_WINDOW, LARGEST_HEAD, LARGEST_WINDOW};
pub(crate) use ranges::{ByteRange, Ranges};
pub(crate) use refusal::Refusal;
pub use trace_context::TraceContext;
pub(crate) use trailers::{may_trail, too_many_trailers, trailer_fields, trailers_too_long};
