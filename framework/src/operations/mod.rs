//! What is told of an application while it runs, for those who run it: a line for each request.

mod access;

pub use access::AccessLog;
pub(crate) use access::{AccessLines, Answered, is_wanted};
