//! Filters and the chain they form. Errors become answers at the nearest link, so header fields that a filter adds
//! after `next` reach error pages too.

use std::panic;
use std::sync::Arc;

use super::answers::Answers;
use super::context::FilterContext;
use super::end::End;
use crate::base::{Location, type_name};
use crate::bind::StateNeed;
use crate::bind::misplaced::misplaced;
use crate::contract::Guards;
use crate::http::{BoxFuture, Context, Error, Result, Watched};
use crate::matching::Mapping;
#[cfg(feature = "tower")]
use crate::proto::Limits;

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
    /// other filters run around it, and the request's body is left to it: [`Request::take_body`](crate::Request::take_body) gives it as it comes, while the
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

    /// What is doubtful about its settings, though it may be meant: told in the log at start, with the place where the filter was given.
    /// Default: nothing.
    fn doubt(&self) -> Option<String> {
        None
    }

    /// Says what it asks of requests, for the description of the API that the feature `openapi` makes. Default: nothing.
    fn describe(&self, guards: &mut Guards) {
        let _ = guards;
    }
}

/// The rest of the chain: further filters, then the handler. Running it takes it, so that nothing runs twice.
#[must_use = "a filter either answers or runs the rest of the chain with `next.run(cx).await`"]
pub struct Next<'c> {
    pub(crate) answers: &'c Answers,
    pub(crate) filters: &'c [AnyFilter],
    pub(crate) end: End,
    /// Those for the request's body.
    #[cfg(feature = "tower")]
    pub(crate) limits: &'c Limits,
}

impl<'c> Next<'c> {
    /// Runs the rest of the chain. Afterwards `cx.response` holds the answer; errors and panics have become one.
    pub async fn run(self, cx: &mut FilterContext<'_>) {
        let Some((filter, rest)) = self.filters.split_first() else {
            self.answers.finish(self.end, cx.request, cx.response).await;
            return;
        };
        let answers = self.answers;
        let result = Watched::new(filter.at(), filter.call(cx, Next { filters: rest, ..self })).await;
        let result = match result {
            Ok(()) if !cx.response.is_answered() => Err(Error::internal(format!(
                "the filter {} neither answered nor ran `next`: call `next.run(cx).await`, or set an answer on `cx.response`",
                filter.at()
            ))),
            result => result,
        };
        answers.settle_for(Some(filter.at()), result, cx.request, cx.response).await;
    }

    /// The states and controllers behind the chain.
    pub(super) fn context(&self) -> &'c Context {
        &self.answers.context
    }

    /// Ends the chain here with an error.
    #[cfg(feature = "tower")]
    pub(crate) async fn fail(self, error: Error, cx: &mut FilterContext<'_>) {
        self.answers.settle(Err(error), cx.request, cx.response).await;
    }
}

misplaced! {
    Next<'_>: "a handler is the end of the chain: what runs around it is a `#[request_filter(\"/path/**\")]`";
    FilterContext<'_>: "a handler takes `req: &Request` and `res: &mut Response`; a `FilterContext` is a filter's";
}

/// An attribute of a request filter. A function may have several, and is one filter all the same.
pub struct DeclaredFilter {
    /// Which paths it filters; methods and conditions are not used.
    pub mapping: Mapping,
    /// Also runs for paths that nothing else matches.
    pub unmatched: bool,
    /// The function, the same one for all its attributes.
    pub function: &'static FilterFunction,
}

/// The function of a request filter.
pub struct FilterFunction {
    /// States it asks for.
    pub states: &'static [StateNeed],
    /// Its adapter.
    pub call: for<'c> fn(&'c mut FilterContext<'_>, Next<'c>) -> BoxFuture<'c, Result>,
    /// Where it stands.
    pub at: Location,
}

/// A filter that was given to the server as a value.
pub(crate) struct GivenFilter {
    /// The pattern of its paths.
    pub(crate) path: &'static str,
    pub(crate) filter: Box<dyn Filter>,
    pub(crate) at: Location,
    /// What of the application it shows, if it is one of ours that only does so.
    pub(crate) shows: Option<&'static str>,
}

impl GivenFilter {
    /// One that is given by the caller of the function this is called in.
    #[track_caller]
    pub(crate) fn new<F: Filter>(path: &'static str, filter: F) -> GivenFilter {
        let at = panic::Location::caller();
        let name = type_name::<F>();
        let at = Location { file: at.file(), line: at.line(), column: at.column(), module: "", name };
        GivenFilter { path, filter: Box::new(filter), at, shows: None }
    }

    /// One that shows this of the application.
    #[cfg(any(feature = "actuator", feature = "openapi"))]
    #[track_caller]
    pub(crate) fn showing<F: Filter>(what: &'static str, path: &'static str, filter: F) -> GivenFilter {
        GivenFilter { shows: Some(what), ..GivenFilter::new(path, filter) }
    }

    /// What is wrong with its settings.
    pub(crate) fn problem(&self) -> Option<String> {
        self.filter.check().err().map(|problem| format!("the filter {}: {problem}", self.at))
    }
}

/// A filter of an application.
#[derive(Clone)]
pub(crate) enum AnyFilter {
    /// Written with an attribute.
    Declared(&'static DeclaredFilter),
    /// Given to the server; these run first, in the order they were given in.
    Given(Arc<GivenFilter>),
}

impl AnyFilter {
    pub(crate) fn at(&self) -> &Location {
        match self {
            AnyFilter::Declared(filter) => &filter.function.at,
            AnyFilter::Given(filter) => &filter.at,
        }
    }

    /// The patterns of its paths.
    pub(crate) fn paths(&self) -> &[&'static str] {
        match self {
            AnyFilter::Declared(filter) => filter.mapping.paths,
            AnyFilter::Given(filter) => std::slice::from_ref(&filter.path),
        }
    }

    /// What of the application it shows, if that is all that it does.
    pub(crate) fn shows(&self) -> Option<&'static str> {
        match self {
            AnyFilter::Declared(_) => None,
            AnyFilter::Given(filter) => filter.shows,
        }
    }

    /// What is doubtful about its settings.
    pub(crate) fn doubt(&self) -> Option<String> {
        match self {
            AnyFilter::Declared(_) => None,
            AnyFilter::Given(filter) => filter.filter.doubt(),
        }
    }

    /// Whether it also runs for paths that nothing else matches.
    pub(crate) fn is_unmatched(&self) -> bool {
        match self {
            AnyFilter::Declared(filter) => filter.unmatched,
            AnyFilter::Given(filter) => {
                filter.filter.unmatched() || filter.filter.answers() || filter.filter.every_answer()
            }
        }
    }

    /// Whether it makes sense where no mapping is: it answers by itself, or says in its attribute that it is for such paths.
    pub(crate) fn is_for_others(&self) -> bool {
        match self {
            AnyFilter::Declared(filter) => filter.unmatched,
            AnyFilter::Given(filter) => filter.filter.answers(),
        }
    }

    /// Whether it has a say in every answer of its pattern.
    pub(crate) fn is_on_every_answer(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => false,
            AnyFilter::Given(filter) => filter.filter.every_answer(),
        }
    }

    /// Whether it answers all requests of its pattern by itself, and reads their bodies as they come.
    pub(crate) fn answers(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => false,
            AnyFilter::Given(filter) => filter.filter.answers(),
        }
    }

    /// Whether it may look at the body of a request.
    pub(crate) fn reads_body(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => true,
            AnyFilter::Given(filter) => filter.filter.reads_body(),
        }
    }

    pub(crate) fn is_same(&self, other: &AnyFilter) -> bool {
        match (self, other) {
            (AnyFilter::Declared(one), AnyFilter::Declared(other)) => std::ptr::eq(*one, *other),
            (AnyFilter::Given(one), AnyFilter::Given(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Whether both are one function, by two of its attributes.
    pub(crate) fn is_same_function(&self, other: &AnyFilter) -> bool {
        match (self, other) {
            (AnyFilter::Declared(one), AnyFilter::Declared(other)) => {
                std::ptr::eq(one.function, other.function)
            }
            (one, other) => one.is_same(other),
        }
    }

    pub(crate) fn call<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        match self {
            AnyFilter::Declared(filter) => (filter.function.call)(cx, next),
            AnyFilter::Given(filter) => filter.filter.filter(cx, next),
        }
    }
}
