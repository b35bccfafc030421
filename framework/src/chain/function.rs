//! What a function with `#[request_filter]` takes by `&mut`, and what it returns. For generated code.

use super::context::FilterContext;
use crate::http::{Failure, Result};

/// The value behind the `&mut` argument of a filter.
#[diagnostic::on_unimplemented(
    message = "`&mut {Self}` cannot be an argument of a filter",
    label = "take `cx: &mut FilterContext<'_>`",
    note = "the request is `cx.request`, the answer `cx.response`; `next.run(cx).await` goes on"
)]
pub trait ContextArgument<'c> {
    /// Lends it.
    fn of<'a>(cx: &'a mut FilterContext<'c>) -> &'a mut Self;
}

impl<'c> ContextArgument<'c> for FilterContext<'c> {
    #[inline]
    fn of<'a>(cx: &'a mut FilterContext<'c>) -> &'a mut FilterContext<'c> {
        cx
    }
}

/// Lends the context to the `&mut` argument of a filter.
#[inline]
pub fn context_argument<'a, 'c, T: ContextArgument<'c>>(cx: &'a mut FilterContext<'c>) -> &'a mut T {
    T::of(cx)
}

/// What a filter may return: nothing, or a `Result` of nothing with any error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a filter",
    label = "return nothing or `vernal::Result`: a filter answers through `cx.response`, and goes on by `next.run(cx).await`"
)]
pub trait FilterDone {
    /// Our `Result`.
    ///
    /// # Errors
    /// The filter failed.
    fn filter_done(self) -> Result;
}

impl FilterDone for () {
    #[inline]
    fn filter_done(self) -> Result {
        Ok(())
    }
}

impl<E: Failure> FilterDone for Result<(), E> {
    #[inline]
    fn filter_done(self) -> Result {
        self.map_err(Failure::into_error)
    }
}

/// Turns what a filter returned into our `Result`.
///
/// # Errors
/// The filter failed.
#[inline]
pub fn filter_done(result: impl FilterDone) -> Result {
    result.filter_done()
}
