//! Whether patterns, methods, expressions and regular expressions are well formed: everything that can be known
//! before the server starts is told while compiling, at the literal that is wrong.

mod narrowing;
mod pattern;
mod regexp;

pub(crate) use narrowing::{expression, is_token, methods};
pub(crate) use pattern::{Pattern, join, prefix};
pub(crate) use regexp::{Regexp, paths_or_regexp};
