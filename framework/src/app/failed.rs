//! The line of a request that failed: what was asked for, who failed, and why.

use std::fmt;

use crate::base::{Location, say};
use crate::http::{Error, Request, Response, Result};

/// The error that an answer has become, logged; `None` if it is a good one.
pub(super) fn error_of(
    result: Result,
    request: &Request,
    response: &mut Response,
    at: Option<&Location>,
) -> Option<Error> {
    let error = match result {
        Err(error) => error,
        Ok(()) if response.is_committed() => return None,
        Ok(()) => response.take_failure().err()?,
    };
    Failed { error: &error, request, at }.log();
    if response.is_committed() {
        response.cut_written();
        return None;
    }
    Some(error)
}

/// An error of a request, for the log.
pub(crate) struct Failed<'f> {
    pub(crate) error: &'f Error,
    pub(crate) request: &'f Request,
    /// Whose error it is, if anybody's of the application.
    pub(crate) at: Option<&'f Location>,
}

impl Failed<'_> {
    /// Ours are errors. What a peer did wrong is told with `debug`.
    fn log(&self) {
        if self.error.status().is_server_error() {
            say!(error, "{self}");
        } else {
            say!(debug, "{self}");
        }
    }
}

impl fmt::Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.request.method, self.request.path())?;
        if let Some(at) = self.at {
            write!(f, ", {at}")?;
        }
        write!(f, ": {}", self.error.with_causes())
    }
}

/// What a peer's bytes were refused for. Not above debug, be it a 501 or 505: else a scanner fills the log with errors that are
/// not ours.
pub(super) fn log_refused(error: &Error) {
    say!(debug, "{}", error.with_causes());
}
