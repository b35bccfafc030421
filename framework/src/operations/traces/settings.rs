//! How an application takes part in traces: what the builder is told.

use std::fmt;

use super::spans;
use crate::chain::GivenFilter;
use crate::http::{Tracer, Traces};

/// Spans of requests, and traces that go through several programs. Given to [`Config::tracing`](crate::Config::tracing).
///
/// ```
/// use vernal::{Tracing, server};
///
/// let server = server::new().tracing(Tracing::new().spans(true));
/// # let _ = server;
/// ```
///
/// A span has the target `vernal::request`, the level `info`, and the names that OpenTelemetry's conventions give an HTTP server. Filters, the
/// handler, the stream that it answers with and all that they log are in it; the line of the request too. It ends with the answer.
/// A request that becomes a WebSocket ends with its 101; the session has a span of its own then, `vernal::websocket`, in the same trace.
#[derive(Default)]
pub struct Tracing {
    spans: Option<bool>,
    /// What makes them, if they are wanted: a program without them has no code for it.
    filter: Option<fn() -> GivenFilter>,
    trust_everyone: Option<bool>,
    tracer: Option<Box<dyn Tracer>>,
}

impl Tracing {
    /// No spans, and nobody but trusted proxies is believed.
    pub fn new() -> Tracing {
        Tracing::default()
    }

    /// Whether each request gets a span of `tracing`. Default: no.
    #[must_use]
    pub fn spans(mut self, makes: bool) -> Tracing {
        self.spans = Some(makes);
        self.filter = makes.then_some(spans::filter);
        self
    }

    /// Whether the `traceparent` of everybody who asks is believed. Default: that of trusted proxies alone, since who chooses a trace
    /// can put requests into those of others, and decides what is recorded. Say yes where only programs of your own can ask.
    #[must_use]
    pub fn trust_everyone(mut self, trusts: bool) -> Tracing {
        self.trust_everyone = Some(trusts);
        self
    }

    /// Makes the spans of requests those of another system, as OpenTelemetry is: see [`Tracer`].
    #[must_use]
    pub fn tracer(mut self, tracer: impl Tracer) -> Tracing {
        self.tracer = Some(Box::new(tracer));
        self
    }

    /// What is not set here is as another one has it.
    #[cfg(feature = "config")]
    pub(crate) fn or(mut self, other: Tracing) -> Tracing {
        if self.spans.is_none() {
            (self.spans, self.filter) = (other.spans, other.filter);
        }
        self.trust_everyone = self.trust_everyone.or(other.trust_everyone);
        self
    }

    /// What makes spans, if there are any.
    pub(crate) fn filter(&self) -> Option<GivenFilter> {
        self.filter.map(|filter| filter())
    }

    pub(crate) fn into_traces(self) -> Traces {
        Traces { trusts_everyone: self.trust_everyone == Some(true), tracer: self.tracer }
    }
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing")
            .field("spans", &self.spans)
            .field("trust_everyone", &self.trust_everyone)
            .finish_non_exhaustive()
    }
}
