//! What requests are compared with: the words of a mapping, patterns of paths, regular expressions.
//!
//! Nothing here knows requests, or who answers them.

pub(crate) mod coverage;
mod foreign;
mod mapping;
pub(crate) mod matcher;
pub(crate) mod paths;
pub(crate) mod pattern;
mod regexp;
pub(crate) mod segment;

use std::borrow::Cow;

#[cfg(feature = "openapi")]
pub(crate) use mapping::shape;
pub use mapping::{Expressions, Mapping};
pub(crate) use paths::Paths;
pub(crate) use pattern::Pattern;
pub use regexp::Expression;

/// A pattern that is given at run time. One that was put together is kept for the life of the process: there are few, and
/// what is matched against them names their variables.
pub(crate) fn kept(pattern: impl Into<Cow<'static, str>>) -> &'static str {
    match pattern.into() {
        Cow::Borrowed(pattern) => pattern,
        Cow::Owned(pattern) => pattern.leak(),
    }
}
