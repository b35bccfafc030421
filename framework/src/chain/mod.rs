//! The chain that makes an answer once it is known who gives it: filters, the handler behind them, and error pages at the nearest
//! link. Here is what the registry's functions take; who is asked, and which filters run, `app` knows.

mod answers;
mod argument;
mod context;
mod end;
mod failed;
mod filter;
mod function;
mod page;
mod pages;
mod unfinished;

pub(crate) use answers::Answers;
pub use argument::{FilterArgument, context_of, go_on};
pub use context::FilterContext;
pub(crate) use end::{End, Unmapped, end_without_handler};
pub(crate) use failed::{error_of, log_refused, tell_doubled};
pub(crate) use filter::{AnyFilter, GivenFilter};
pub use filter::{DeclaredFilter, Filter, FilterFunction, Next};
pub use function::{context_argument, filter_done};
pub use page::{ErrorContext, ErrorPage, ErrorPageArgument, Page};
pub(crate) use pages::ErrorPages;
