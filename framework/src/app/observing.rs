//! Who is told of each request at its end.

use super::application::Inner;
use crate::operations::{AccessLines, Answered, is_wanted};

/// Those who are told, besides the subscriber of `tracing`.
#[derive(Default)]
pub(crate) struct Observers {
    pub(super) lines: Option<AccessLines>,
}

impl Observers {
    #[inline]
    fn is_empty(&self) -> bool {
        self.lines.is_none()
    }
}

impl Inner {
    /// Whether anybody wants to be told of requests.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        is_wanted() || !self.observers.is_empty()
    }

    /// Tells of a request.
    #[cold]
    pub(crate) fn tell(&self, answered: &Answered<'_>) {
        if is_wanted() {
            answered.say();
        }
        if let Some(lines) = &self.observers.lines {
            lines.add(answered);
        }
    }

    /// Waits until what was told is written.
    pub(crate) fn flush_observers(&self) {
        if let Some(lines) = &self.observers.lines {
            lines.flush();
        }
    }
}
