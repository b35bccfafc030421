//! Telling of each request at its end.

use super::application::Inner;
use crate::http::Request;
use crate::operations::{Answered, is_wanted};

impl Inner {
    /// Whether anybody wants to be told of requests.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        #[cfg(all(debug_assertions, feature = "openapi"))]
        if self.held.is_some() {
            return true;
        }
        is_wanted() || !self.observers.is_empty()
    }

    /// Tells of a request.
    #[cold]
    pub(crate) fn tell(&self, answered: &Answered<'_>) {
        if is_wanted() {
            if self.observers.lines.is_some() {
                // Both tell the same id.
                answered.understood().map(Request::id);
            }
            answered.say();
        }
        self.observers.tell(answered);
        #[cfg(all(debug_assertions, feature = "openapi"))]
        if let Some(held) = &self.held {
            held.look(answered, || self.statuses());
        }
    }
}
