//! The line of a request that failed: what was asked for, who failed, and why.

use std::fmt;

use super::{Error, Request};
use crate::base::{Location, say};

/// An error of a request, for the log.
pub(crate) struct Failed<'f> {
    pub(crate) error: &'f Error,
    pub(crate) request: &'f Request,
    /// Whose error it is, if anybody's of the application.
    pub(crate) at: Option<&'f Location>,
}

impl Failed<'_> {
    /// Ours are errors. What a peer did wrong is told with `debug`.
    pub(crate) fn log(&self) {
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
