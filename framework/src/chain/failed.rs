//! What the log says of answers: requests that failed, and handlers that answer twice.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::pages::ErrorPages;
use crate::base::{Location, say};
use crate::http::{Error, Failed, Request, Response, Result};

/// The error that an answer has become, logged; `None` if it is a good one.
pub(crate) fn error_of(
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
    let error = match request.context.invalid_status {
        Some(status) => error.with_invalid_status(status),
        None => error,
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
pub(crate) fn tell_doubled(response: &mut Response, at: Option<&Location>) {
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

/// What a peer's bytes were refused for. Not above debug, be it a 501 or 505: else a scanner fills the log with errors that are
/// not ours.
pub(crate) fn log_refused(error: &Error) {
    say!(debug, "{}", error.with_causes());
}
