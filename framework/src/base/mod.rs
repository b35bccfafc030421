//! Plain words everyone uses: ranges into buffers, header fields, the `Date` line.
//!
//! Nothing here knows HTTP messages, I/O or tokio.

pub(crate) mod date;
mod headers;
mod span;

pub use headers::{HeaderError, Headers, IntoHeaderValue};
pub(crate) use headers::{is_token, is_value};
pub(crate) use span::Span;
