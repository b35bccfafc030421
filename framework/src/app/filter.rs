//! Filters and the chain they form. Errors become answers at the nearest link, so header fields that a filter adds
//! after `next` reach error pages too.

use std::borrow::Cow;

use super::application::Inner;
use super::target::Target;
use crate::bind::misplaced::misplaced;
use crate::bind::{FromContext, State, StateNeed, StateReference};
use crate::http::{BoxFuture, Context, Error, Request, Response, Result, Watched};
#[cfg(feature = "tower")]
use crate::proto::Limits;
use crate::registry::AnyFilter;

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

/// A filter that is a value: one with settings, or of another crate. Given to [`Config::filter`](crate::Config::filter).
///
/// Filters of one's own are usually functions with [`#[request_filter]`](macro@crate::request_filter).
///
/// ```
/// use vernal::{BoxFuture, Filter, FilterContext, Next, Result, server};
///
/// struct PoweredBy(&'static str);
///
/// impl Filter for PoweredBy {
///     fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
///         Box::pin(async move {
///             next.run(cx).await;
///             cx.response.headers.insert("x-powered-by", self.0);
///             Ok(())
///         })
///     }
/// }
///
/// let server = server::new().filter("/**", PoweredBy("tea"));
/// # let _ = server;
/// ```
pub trait Filter: Send + Sync + 'static {
    /// Answers, or runs the rest of the chain with `next.run(cx).await`.
    ///
    /// # Errors
    /// What becomes the answer.
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result>;

    /// Whether it also runs for paths that nothing else matches. Default: no.
    fn unmatched(&self) -> bool {
        false
    }

    /// Whether it has a say in every answer of its pattern: for fields that answers are of no use without. It runs before all
    /// filters that have none, whatever the order they are given in, so that their refusals are among those answers; for paths that nothing
    /// else matches; and around requests that are refused before any other filter runs, since they are malformed, too large or too slow.
    /// Default: no.
    ///
    /// `next.run(cx).await` then ends in the refusal. Of such a request little may be known: where the head itself could not be taken, it is a
    /// GET without fields, but for an `Origin` that came. What is refused before anything is read of it, because of
    /// [`Limits::connections`](crate::Limits), is beyond the reach of filters.
    fn every_answer(&self) -> bool {
        false
    }

    /// Whether it answers every request of its pattern by itself, as a proxy does. Then its paths count as mapped, all
    /// other filters run around it, and the request's body is left to it: [`Request::take_body`] gives it as it comes, while the
    /// filter runs. A handler that it runs all the same finds no body. Default: no.
    ///
    /// ```
    /// use vernal::{BoxFuture, Filter, FilterContext, Next, Result};
    ///
    /// struct Counts;
    ///
    /// impl Filter for Counts {
    ///     fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
    ///         Box::pin(async move {
    ///             let size = cx.request.take_body().into_bytes(1 << 20).await?.len();
    ///             cx.response.set_body(format!("{size} bytes"));
    ///             Ok(())
    ///         })
    ///     }
    ///
    ///     fn answers(&self) -> bool {
    ///         true
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let client = vernal::test::Client::builder().app("none").filter("/count", Counts).build();
    /// # client.post("/count").body("abc").await.assert_text("3 bytes");
    /// # }
    /// ```
    fn answers(&self) -> bool {
        false
    }

    /// Whether it may look at the request's body, or at the parameters of a form. Default: yes. Then the body is read, within its limits, before
    /// it runs; else a request to a handler that takes no body is not kept waiting for one.
    fn reads_body(&self) -> bool {
        true
    }

    /// Whether its settings make sense, asked once at start. Default: they do.
    ///
    /// # Errors
    /// What is wrong and what to write instead. With the place where the filter was given it is the error at start.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The rest of the chain: further filters, then the handler. Running it takes it, so that nothing runs twice.
#[must_use = "a filter either answers or runs the rest of the chain with `next.run(cx).await`"]
pub struct Next<'c> {
    pub(super) app: &'c Inner,
    pub(super) filters: &'c [AnyFilter],
    pub(super) target: Target<'c>,
}

impl<'c> Next<'c> {
    /// Runs the rest of the chain. Afterwards `cx.response` holds the answer; errors and panics have become one.
    pub async fn run(self, cx: &mut FilterContext<'_>) {
        let Next { app, filters, target } = self;
        let Some((filter, rest)) = filters.split_first() else {
            app.finish_chain(target, cx.request, cx.response).await;
            return;
        };
        let next = Next { app, filters: rest, target };
        let result = Watched::new(filter.at(), filter.call(cx, next)).await;
        let result = match result {
            Ok(()) if !cx.response.is_answered() => Err(Error::internal(format!(
                "the filter {} neither answered nor ran `next`: call `next.run(cx).await`, or set an answer on `cx.response`",
                filter.at()
            ))),
            result => result,
        };
        app.settle_for(Some(filter.at()), result, cx.request, cx.response).await;
    }
}

#[cfg(feature = "tower")]
impl<'c> Next<'c> {
    pub(crate) fn app(&self) -> &'c Inner {
        self.app
    }

    /// The limits for the request's body.
    pub(crate) fn limits(&self) -> &Limits {
        self.app.limits_of(&self.target)
    }

    /// Ends the chain here with an error.
    pub(crate) async fn fail(self, error: Error, cx: &mut FilterContext<'_>) {
        self.app.settle(Err(error), cx.request, cx.response).await;
    }
}

impl Inner {
    /// Runs filters, then the handler.
    pub(super) async fn run_chain(
        &self,
        filters: Cow<'_, [AnyFilter]>,
        target: Target<'_>,
        request: &mut Request,
        response: &mut Response,
    ) {
        let next = Next { app: self, filters: &filters, target };
        next.run(&mut FilterContext { request: &mut *request, response: &mut *response }).await;
        self.settle_and_keep(Ok(()), request, response).await;
    }
}

misplaced! {
    Next<'_>: "a handler is the end of the chain: what runs around it is a `#[request_filter(\"/path/**\")]`";
    FilterContext<'_>: "a handler takes `req: &Request` and `res: &mut Response`; a `FilterContext` is a filter's";
}

/// An argument of a filter besides its context: the rest of the chain, or a state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a filter",
    label = "vernal does not know how to fill this argument",
    note = "a filter takes `cx: &mut FilterContext<'_>`, `next: Next<'_>` and `State<&T>`; read everything else from `cx.request`"
)]
pub trait FilterArgument<'c>: Sized {
    /// Whether this takes the rest of the chain.
    const TAKES_NEXT: bool;
    /// The state this needs.
    const STATE: Option<StateNeed>;

    /// Makes the argument.
    ///
    /// # Errors
    /// There is no such state, or two arguments take the rest of the chain.
    fn take(next: &mut Option<Next<'c>>, context: &'c Context) -> Result<Self>;
}

impl<'c> FilterArgument<'c> for Next<'c> {
    const TAKES_NEXT: bool = true;
    const STATE: Option<StateNeed> = None;

    fn take(next: &mut Option<Next<'c>>, _: &'c Context) -> Result<Next<'c>> {
        next.take().ok_or_else(|| Error::internal("two arguments of a filter take `Next`"))
    }
}

impl<'c, T: StateReference<'c>> FilterArgument<'c> for State<T> {
    const TAKES_NEXT: bool = false;
    const STATE: Option<StateNeed> = Some(T::NEED);

    fn take(_: &mut Option<Next<'c>>, context: &'c Context) -> Result<State<T>> {
        State::from_context(context)
    }
}

/// The states and controllers behind a chain. For generated code.
pub fn context_of<'c>(next: &Next<'c>) -> &'c Context {
    next.app.context_ref()
}

/// Goes on after a filter that takes no `next`, unless it has answered. For generated code.
pub async fn go_on(cx: &mut FilterContext<'_>, next: Next<'_>) {
    if !cx.response.is_answered() {
        next.run(cx).await;
    }
}
