//! A request that has been answered, and the event that tells of it.
//!
//! The fields are named by the semantic conventions of OpenTelemetry for HTTP, where those have a name.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::time::Duration;

use tracing::Span;

use crate::base::Logged;
use crate::http::Request;
use crate::proto::TraceContext;
use crate::security::UserName;

/// What is told of a request at its end.
pub(crate) struct Answered<'r> {
    pub(crate) request: &'r Request,
    pub(crate) status: u16,
    /// The bytes of the body that went out; `None` if they are not known yet.
    pub(crate) bytes: Option<u64>,
    /// From its first byte to the end of the answer.
    pub(crate) took: Duration,
    /// The limit that refused it, if one did.
    #[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "for those who count refusals"))]
    pub(crate) limit: Option<&'static str>,
    pub(crate) end: End,
}

/// How a request came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    /// Its head was refused before it was understood: nothing is known of it but whom it came from.
    Refused,
    /// The connection ended before the answer did.
    Cut,
}

/// Whether somebody listens to the lines of requests.
#[inline]
pub(crate) fn is_wanted() -> bool {
    tracing::event_enabled!(target: "vernal::access", tracing::Level::INFO)
}

impl<'r> Answered<'r> {
    /// One that has become a WebSocket.
    pub(crate) fn opened(request: &'r Request, took: Duration) -> Answered<'r> {
        Answered { request, status: 101, bytes: Some(0), took, limit: None, end: End::Answered }
    }

    /// Says it to whoever listens.
    pub(crate) fn say(&self) {
        let request = self.understood();
        let trace = request.and_then(Request::known_trace).map(TraceContext::digits);
        let span = self.request.span();
        let _in_span = span.as_ref().map(Span::enter);
        tracing::info!(
            target: "vernal::access",
            {
                client.address = self.client().map(display),
                user.name = self.user().map(|name| display(Logged(name))),
                http.request.method = request.map(|it| display(&it.method)),
                url.path = self.path().map(|path| display(Logged(path))),
                url.query = self.query().map(|query| display(Logged(query))),
                http.route = request.and_then(Request::pattern),
                http.response.status_code = self.status,
                http.response.body.size = self.bytes,
                duration = self.took.as_secs_f64(),
                request.id = request.map(|it| display(it.id_for_log())),
                trace_id = trace.as_ref().map(|(trace, _)| display(trace)),
                span_id = trace.as_ref().map(|(_, span)| display(span)),
                user_agent.original = self.field("user-agent").map(|agent| display(Logged(agent))),
                "error.type" = self.error_type()
            },
            "{}",
            Logged(self)
        );
    }

    /// The request, if its head was understood.
    pub(crate) fn understood(&self) -> Option<&'r Request> {
        (self.end != End::Refused).then_some(self.request)
    }

    /// What kind of failure it was, if it was one of the connection.
    pub(super) fn error_type(&self) -> Option<&'static str> {
        (self.end == End::Cut).then_some("aborted")
    }

    pub(super) fn client(&self) -> Option<IpAddr> {
        self.request.peer().map(|peer| peer.ip())
    }

    pub(super) fn user(&self) -> Option<&'r str> {
        self.understood()?.extensions.get::<UserName>().map(|name| &**name)
    }

    pub(super) fn path(&self) -> Option<&'r str> {
        self.understood().map(|request| request.target().split('?').next().unwrap_or_default())
    }

    pub(super) fn query(&self) -> Option<&'r str> {
        self.understood().map(Request::query_string).filter(|query| !query.is_empty())
    }

    /// The first value of a field of the request; what is no text is none.
    pub(super) fn field(&self, name: &str) -> Option<&'r str> {
        self.understood()?.header(name)
    }
}

/// As in the forms that everybody knows: `"GET /hello HTTP/1.1" 200 12`.
impl Display for Answered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.understood() {
            Some(request) => write!(
                f,
                "\"{} {} {:?}\" {}",
                request.method,
                request.target(),
                request.version(),
                self.status
            )?,
            None => write!(f, "\"-\" {}", self.status)?,
        }
        match self.bytes {
            Some(bytes) => write!(f, " {bytes}"),
            None => f.write_str(" -"),
        }
    }
}
