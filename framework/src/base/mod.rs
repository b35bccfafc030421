//! Plain words everyone uses: ranges into buffers, header fields, the `Date` line, places in the source, what is said in the log.
//!
//! Nothing here knows HTTP messages, I/O or tokio.

pub(crate) mod date;
pub(crate) mod environment;
mod flawed_setting;
mod headers;
mod html;
mod json;
pub(crate) mod json_pointer;
mod json_words;
mod location;
mod meant;
mod places;
mod problems;
#[cfg(feature = "validation")]
pub(crate) mod secrets;
mod shown;
pub(crate) mod sorted;
mod span;
mod through;
mod type_name;
mod uri;

pub(crate) use flawed_setting::FlawedSetting;
pub use headers::{HeaderError, Headers, IntoHeaderValue};
pub(crate) use headers::{is_token, is_value};
pub(crate) use html::escape_html;
pub(crate) use json::{Zeros, from_json, integral};
#[cfg(feature = "cbor")]
pub(crate) use json_words::in_json;
#[cfg(feature = "negotiation")]
pub(crate) use json_words::said_of_value;
pub(crate) use json_words::{JsonMistake, Misfit};
pub use location::Location;
pub(crate) use meant::did_you_mean;
pub(crate) use places::Places;
pub(crate) use problems::all_of;
pub(crate) use shown::{
    Logged, LoggedLines, counted, cut, escape, needs_escape, say, say_lines, shown, shown_bytes,
};
pub(crate) use span::Span;
#[cfg(feature = "negotiation")]
pub(crate) use through::{Large, Look, Through};
pub(crate) use type_name::type_name;
#[cfg(feature = "openapi")]
pub(crate) use type_name::written;
pub(crate) use uri::uri_reference;

/// How the complaint of a secret begins: what came in its place is not to be quoted.
pub(crate) const SECRET: &str = "what stands here is secret";

/// Empties a recycled buffer that has grown beyond what is worth keeping.
#[inline]
pub(crate) fn trim<T>(buffer: &mut Vec<T>, keep: usize) {
    if buffer.capacity() > keep {
        *buffer = Vec::new();
    }
}
