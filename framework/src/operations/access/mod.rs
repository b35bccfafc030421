//! The line of a request: who asked for what, and how it was answered.
//!
//! It is an event of `tracing`, and where an [`AccessLog`] is set also a line in one of the usual forms. Nothing of it is computed
//! when nobody wants it.

mod answered;
mod form;
mod lines;
mod log;
mod to;

pub(crate) use answered::{Answered, End, is_wanted};
pub use log::AccessLog;
pub(crate) use to::Lines;
