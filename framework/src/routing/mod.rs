//! From a request's method, path and narrowing values to the one mapping that answers it.
//!
//! Built once from the registry and frozen. Paths without variables cost one hash lookup; the others go
//! through a tree of segments; regular expressions come last, in order. Nothing here knows requests or
//! answers as such, only the [`Facts`] that mappings speak of.

mod condition;
mod coverage;
mod draft;
mod filters;
mod foreign;
mod matcher;
mod methods;
mod paths;
mod pattern;
mod protocols;
mod regexp;
mod router;
mod segment;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;

pub(crate) use paths::Paths;
pub(crate) use pattern::Pattern;
pub(crate) use router::{Entry, Facts, Found, Router};

/// A pattern that is given at run time. One that was put together is kept for the life of the process: there are few, and
/// what is matched against them names their variables.
pub(crate) fn kept(pattern: impl Into<Cow<'static, str>>) -> &'static str {
    match pattern.into() {
        Cow::Borrowed(pattern) => pattern,
        Cow::Owned(pattern) => pattern.leak(),
    }
}
