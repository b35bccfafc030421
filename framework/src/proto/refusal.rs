//! What a peer is refused for: its mistake, with the status to answer with.

use std::borrow::Cow;
use std::fmt::Display;

use ::http::StatusCode;

use super::limits::Limit;

/// The peer broke a rule or a limit: what to answer, and why. Framing is in doubt, so the connection closes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// What happened, which limit with which value, and the setting that changes it.
    pub(crate) explain: Cow<'static, str>,
    /// The limit that was broken, if it was one.
    pub(crate) limit: Option<Limit>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, explain: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { status, explain: explain.into(), limit: None }
    }

    pub(crate) fn bad_request(explain: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, explain)
    }

    /// What is beyond a limit. The explanation ends with the limit's name.
    #[cold]
    pub(crate) fn beyond(limit: Limit, status: StatusCode, what: impl Display) -> Refusal {
        Refusal { limit: Some(limit), ..Refusal::new(status, format!("{what} ({limit})")) }
    }
}
