//! HTTP/1.1 on the server's side, without I/O (RFC 9112): heads, bodies, answers, and the state that ties them.
//!
//! [`H1`] is fed the received bytes and says what they mean; nothing here keeps bytes of its own. Whatever leaves
//! the length of a message in doubt is refused, never guessed: a guess is what request smuggling is made of.

mod authority;
mod body;
mod connection;
pub(crate) mod encode;
#[cfg(any(test, fuzzing))]
pub(crate) mod exercise;
mod glimpse;
mod head;
mod malformed;
mod parts;
mod scan;
mod target;

pub(crate) use authority::is_authority;
pub(crate) use body::Progress;
pub(crate) use connection::{Answer, BodyMode, H1, Next};
pub(crate) use glimpse::Glimpse;
pub(crate) use head::{Framing, Head};
pub(crate) use target::TargetForm;
#[cfg(fuzzing)]
pub(crate) use {body::BodyDecoder, head::parse};

#[cfg(test)]
mod tests;
