//! The trace that a request is a part of: whose word is taken for it, and what is passed on.

use tracing::Span;

use super::Request;
use crate::proto::TraceContext;

/// The trace that a request is a part of, as an argument of handlers and by [`Request::trace`].
///
/// ```
/// use vernal::{Trace, request_map};
/// # use vernal::test;
///
/// #[request_map("/orders/{id}")]
/// fn order(id: u32, trace: Trace<'_>) -> String {
///     // As header fields of a call that is made for this request.
///     let fields: Vec<_> = trace.fields().map(|(name, value)| format!("{name}: {value}")).collect();
///     format!("{id}\n{}", fields.join("\n"))
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # test::Client::new().get("/orders/7").await.assert_contains("7\ntraceparent: 00-");
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Trace<'r>(&'r Request);

impl Trace<'_> {
    /// The place to pass on to whom something is asked for this request: that of the span which is current where this is called, if a
    /// [`Tracer`](crate::Tracer) knows it, else that of the request.
    pub fn context(&self) -> TraceContext {
        let tracer = self.0.context.traces.tracer.as_ref();
        let current = tracer.and_then(|tracer| tracer.context_of(&Span::current()));
        current.unwrap_or_else(|| self.0.own_trace().clone())
    }

    /// The header fields to pass on: those of [`Trace::context`].
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        self.context().fields()
    }

    /// The place that came with the request, if whoever sent it is believed; see [`Tracing::trust_everyone`](crate::Tracing::trust_everyone).
    pub fn parent(&self) -> Option<TraceContext> {
        self.0.trace_of_peer()
    }
}

impl From<Trace<'_>> for TraceContext {
    fn from(trace: Trace<'_>) -> TraceContext {
        trace.context()
    }
}

/// Which trace it is a part of.
impl Request {
    /// The trace that the request is a part of: the one that its `traceparent` names, if whoever sent it is believed, which trusted proxies
    /// ([`Config::trusted_proxies`](crate::Config::trusted_proxies)) are, and others if
    /// [`Tracing::trust_everyone`](crate::Tracing::trust_everyone) says so; else one that begins here.
    pub fn trace(&self) -> Trace<'_> {
        Trace(self)
    }

    /// The place of the request itself.
    pub(crate) fn own_trace(&self) -> &TraceContext {
        self.rare().trace.get_or_init(|| match self.trace_of_peer() {
            Some(parent) => parent.child(random()),
            None => begun(),
        })
    }

    /// The place of the request, if it is known or somebody who is believed has told it.
    pub(crate) fn known_trace(&self) -> Option<&TraceContext> {
        let known = self.rare.get().and_then(|rare| rare.trace.get());
        known.or_else(|| self.trace_of_peer().map(|_| self.own_trace()))
    }

    /// Sets the place of the request, unless it is known.
    pub(crate) fn set_own_trace(&self, trace: TraceContext) {
        let _ = self.rare().trace.set(trace);
    }

    /// What the head says, if whoever sent it is believed.
    pub(crate) fn trace_of_peer(&self) -> Option<TraceContext> {
        let is_believed = self.is_of_trusted_proxy() || self.context.traces.trusts_everyone;
        is_believed.then(|| TraceContext::read(&self.headers)).flatten()
    }
}

/// A trace that begins here. It is recorded, at least in the lines of requests, so those that are asked next record it too.
fn begun() -> TraceContext {
    let halves = [random(), random()];
    let trace_id = u128::from(halves[0]) << 64 | u128::from(halves[1]);
    TraceContext::new(trace_id, random(), SAMPLED | RANDOM).expect("no id is zero")
}

/// A number that is not zero.
fn random() -> u64 {
    getrandom::u64().expect("the system has random bytes").max(1)
}

const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
