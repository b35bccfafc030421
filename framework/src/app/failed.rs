//! The line of a request that failed: what was asked for, who failed, and why.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::error_page::ErrorPages;
use crate::base::{Location, say};
use crate::http::{Error, Request, Response, Result};

/// The error that an answer has become, logged; `None` if it is a good one.
pub(super) fn error_of(
    pages: &ErrorPages,
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
    // The page for its type says how bad it is.
    if response.is_committed() || !pages.choose_status(&error) {
        Failed { error: &error, request, at }.log();
    }
    if response.is_committed() {
        response.cut_written();
        return None;
    }
    Some(error)
}

/// Tells of a handler that has answered twice, once for each; what it answered first stands.
#[cold]
pub(super) fn tell_doubled(response: &mut Response, at: Option<&Location>) {
    static TOLD: Mutex<BTreeSet<Location>> = Mutex::new(BTreeSet::new());
    response.marks.is_doubled = false;
    let Some(at) = at else { return };
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(*at) {
        say!(
            warn,
            "{at} answers twice: what comes after a redirect, an error or a body is left out, but for fields and cookies. Return \
             after `res.redirect(…)` and `res.send_error(…)`, and give one body. This is told once for each handler."
        );
    }
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
    pub(super) fn log(&self) {
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
