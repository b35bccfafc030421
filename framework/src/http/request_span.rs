//! The span of a request, and that of the WebSocket session it may become.

use std::sync::{Arc, Mutex, PoisonError};

use tracing::Span;
use tracing::field::{Empty, display};

use super::Request;
use crate::base::Logged;
use crate::proto::TraceContext;

/// The span of a request, until its end or that of its handshake. Lies in the request's extensions.
#[derive(Clone)]
pub(crate) struct RequestSpan(Arc<Mutex<Option<Span>>>);

impl Request {
    /// Keeps its span.
    pub(crate) fn set_span(&mut self, span: Span) {
        self.extensions.insert(RequestSpan(Arc::new(Mutex::new(Some(span)))));
    }

    /// Its span, if it has one that goes on.
    pub(crate) fn span(&self) -> Option<Span> {
        self.kept_span()?.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has a span.
    pub(crate) fn has_span(&self) -> bool {
        self.kept_span().is_some()
    }

    fn kept_span(&self) -> Option<&RequestSpan> {
        if self.extensions.is_empty() { None } else { self.extensions.get() }
    }

    /// Makes a span continue a trace, and says where it is in that trace.
    pub(crate) fn trace_span(&self, span: &Span, parent: Option<&TraceContext>) -> Option<TraceContext> {
        let tracer = self.context.traces.tracer.as_ref()?;
        // First this: nobody can be adopted whose ids were asked for.
        if let Some(parent) = parent {
            tracer.adopt(span, parent);
        }
        tracer.context_of(span)
    }

    /// The span of the session that the request has become, whose end the request's span does not wait for: it is no child of that, but
    /// stands below it in their trace. The request's span ends here.
    pub(crate) fn session_span(&self) -> Span {
        let request =
            self.kept_span().and_then(|kept| kept.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(request) = request else { return Span::none() };
        let route = self.pattern();
        let span = tracing::info_span!(
            target: "vernal::websocket",
            parent: None,
            "websocket",
            otel.name = route.map(|route| display(Named("WebSocket", route))),
            http.route = route,
            url.path = self.target().split('?').next().map(|path| display(Logged(path))),
            client.address = self.peer().map(|peer| display(peer.ip())),
            request.id = display(self.id_for_log()),
            trace_id = Empty,
            span_id = Empty
        );
        span.follows_from(&request);
        if self.trace_span(&span, Some(self.own_trace())).is_none() {
            record_ids(&span, self.own_trace());
        }
        span
    }
}

/// Says in a span which one it is, where no other system has ids for it.
pub(crate) fn record_ids(span: &Span, trace: &TraceContext) {
    let (trace, own) = trace.digits();
    span.record("trace_id", display(trace));
    span.record("span_id", display(own));
}

/// What is done, and to what.
pub(crate) struct Named<'t>(pub(crate) &'t str, pub(crate) &'t str);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}
