//! What types say of themselves to the description of an API: what an argument takes from a request, what an answer may
//! be, what a filter asks for, what a message holds.
//!
//! Plain words, which are always here, so that `describe` can be written whether the feature `openapi` is on or not. Nobody
//! asks for them without it.
//!
//! A type of one's own says nothing by default, and is described by what its handler's other types say. It says more through
//! [`FromRequest::describe`](crate::FromRequest::describe), [`FromValue::schema`](crate::FromValue::schema),
//! [`Responder::describe`](crate::Responder::describe), [`Filter::describe`](crate::Filter::describe) and
//! [`FromMessage::describe`](crate::websocket::FromMessage::describe) and [`IntoMessage::describe`](crate::websocket::IntoMessage::describe).

#![cfg_attr(not(feature = "openapi"), allow(dead_code, unused_imports))]

mod answers;
mod guards;
mod inputs;
mod messages;
mod schema;
#[cfg(feature = "openapi")]
mod source;

pub use answers::Answers;
pub(crate) use answers::{Answer, Statuses};
pub use guards::Guards;
pub(crate) use guards::Scheme;
pub(crate) use inputs::{Body, Place};
pub use inputs::{Inputs, Parameter, Values};
pub use messages::Messages;
pub(crate) use schema::Form;
pub use schema::Schema;
#[cfg(feature = "openapi")]
pub(crate) use schema::within;
#[cfg(feature = "openapi")]
pub(crate) use source::peels;
#[cfg(feature = "openapi")]
#[doc(hidden)]
pub use source::{
    Alone, End, Found, Listed, Probe, ProbeBehind, ProbeInside, ProbeNothing, ProbeSchema, Source,
};

/// Stands for the media types of all forms that an application knows.
pub(crate) const NEGOTIATED: &str = "negotiated";
