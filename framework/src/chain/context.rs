//! What filters see.

use crate::http::{Error, Request, Response};

/// What a filter sees: the request before it is answered, and the answer.
///
/// ```
/// use vernal::{FilterContext, Next, Result, request_filter};
///
/// #[request_filter("/private/**")]
/// async fn not_cached(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
///     if cx.request.header("authorization").is_none() {
///         cx.response.redirect("/login");
///         return Ok(());
///     }
///     next.run(cx).await;
///     cx.response.headers.insert("cache-control", "private");
///     Ok(())
/// }
/// ```
pub struct FilterContext<'c> {
    /// The request; later filters and the handler see what is changed here.
    pub request: &'c mut Request,
    /// The answer: add to it, or give it and do not run `next`.
    pub response: &'c mut Response,
}

impl FilterContext<'_> {
    /// The error the answer was made of, if it was one; known after `next`.
    pub fn error(&self) -> Option<&Error> {
        self.response.error()
    }
}
