//! A span around each request: a filter with a say in every answer, so that an application without spans has nothing to pass by.
//!
//! Names are those of OpenTelemetry's semantic conventions for HTTP servers.

use std::future::poll_fn;
use std::pin::pin;

use tracing::Span;
use tracing::field::{Empty, display};

use crate::base::Logged;
use crate::chain::{Filter, FilterContext, GivenFilter, Next};
use crate::http::{BoxFuture, Named, Request, Response, Result, record_ids};
use crate::operations::method::{known, version};
use crate::websocket::handshake::handover_of;

/// See the head of this file.
struct Spans;

/// The filter, for all paths.
pub(super) fn filter() -> GivenFilter {
    GivenFilter::new("/**", Spans)
}

impl Filter for Spans {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let span = begin(cx.request);
            if span.is_disabled() {
                next.run(cx).await;
                return Ok(());
            }
            cx.request.set_span(span.clone());
            let handover = handover_of(cx.request);
            let mut around = Around { span, is_session: false, is_over: false };
            {
                let mut rest = pin!(next.run(cx));
                poll_fn(|task| {
                    if !around.is_session
                        && let Some(session) = handover.as_ref().and_then(|handover| handover.opened())
                    {
                        around.open(session.request().session_span());
                    }
                    around.span.in_scope(|| rest.as_mut().poll(task))
                })
                .await;
            }
            around.end(cx.response);
            Ok(())
        })
    }

    fn every_answer(&self) -> bool {
        true
    }

    fn reads_body(&self) -> bool {
        false
    }
}

/// What a request, or the session that it has become, runs in.
struct Around {
    span: Span,
    is_session: bool,
    is_over: bool,
}

impl Around {
    /// Its handler has opened a WebSocket by hand, and goes on as that of the session.
    fn open(&mut self, session: Span) {
        answered(&self.span, 101);
        self.span = session;
        self.is_session = true;
    }

    fn end(mut self, response: &mut Response) {
        self.is_over = true;
        if !self.is_session {
            answered(&self.span, response.status.as_u16());
            // What comes piece by piece is still to come.
            response.body.run_in(&self.span);
            if let Some(trailing) = &mut response.trailing {
                trailing.run_in(&self.span);
            }
        }
    }
}

/// The connection has ended before the answer.
impl Drop for Around {
    fn drop(&mut self) {
        if !self.is_over && !self.is_session {
            self.span.record("error.type", "aborted");
        }
    }
}

/// Makes the span of a request that has just come.
fn begin(request: &Request) -> Span {
    // Of a head that was refused nothing is known.
    let understood = Some(request).filter(|request| !request.target().is_empty());
    let method = understood.map_or(OTHER, |request| known(&request.method));
    let route = request.pattern();
    let host = understood.and_then(Request::host).map(parts);
    let span = tracing::info_span!(
        target: "vernal::request",
        "request",
        otel.name = route.map(|route| display(Named(method, route))),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.request.method_original = understood.filter(|_| method == OTHER).map(|it| display(Logged(&it.method))),
        url.scheme = if request.is_secure() { "https" } else { "http" },
        url.path = understood.map(|it| display(Logged(it.target().split('?').next().unwrap_or_default()))),
        url.query = understood.map(Request::query_string).filter(|it| !it.is_empty()).map(|it| display(Logged(it))),
        http.route = route,
        http.response.status_code = Empty,
        "error.type" = Empty,
        network.protocol.version = understood.map(|it| version(it.version())),
        server.address = host.map(|(name, _)| display(Logged(name))),
        server.port = host.and_then(|(_, port)| port).map(i64::from),
        client.address = request.peer().map(|peer| display(peer.ip())),
        user_agent.original = understood.and_then(|it| it.header("user-agent")).map(|agent| display(Logged(agent))),
        request.id = Empty,
        trace_id = Empty,
        span_id = Empty
    );
    if !span.is_disabled() {
        let parent = request.trace_of_peer();
        match request.trace_span(&span, parent.as_ref()) {
            Some(own) => request.set_own_trace(own),
            None => record_ids(&span, request.own_trace()),
        }
        span.record("request.id", request.id());
    }
    span
}

/// Says how it was answered.
fn answered(span: &Span, status: u16) {
    // Some take unsigned numbers for texts.
    span.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", display(status));
    }
}

/// The name and the port of a host.
fn parts(host: &str) -> (&str, Option<u16>) {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let (name, port) = host.rsplit_once(':').filter(|(_, port)| is_port(port)).unwrap_or((host, ""));
    (name.trim_matches(['[', ']']), port.parse().ok())
}

/// A method that is not registered.
const OTHER: &str = "_OTHER";
