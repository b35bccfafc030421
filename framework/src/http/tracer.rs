//! How an application takes part in traces, and what joins its spans with another system.

use tracing::Span;

use crate::proto::TraceContext;

/// How an application takes part in traces.
#[derive(Default)]
pub(crate) struct Traces {
    /// Whoever asks is believed, and not trusted proxies alone.
    pub(crate) trusts_everyone: bool,
    pub(crate) tracer: Option<Box<dyn Tracer>>,
}

/// Where the spans of `tracing` are those of another system, with ids of its own: what it must be told of requests, and asked. Given to
/// [`Tracing::tracer`](crate::Tracing::tracer).
///
/// That of OpenTelemetry, whose layer is in the crate `tracing-opentelemetry`, is written in a dozen lines: `examples/telemetry` has them.
pub trait Tracer: Send + Sync + 'static {
    /// A span was made that continues this trace: makes it a child of that place. Nobody has entered the span yet, or asked for its ids.
    fn adopt(&self, span: &Span, parent: &TraceContext);

    /// The place of a span in its trace; `None` if it has none.
    fn context_of(&self, span: &Span) -> Option<TraceContext>;
}
