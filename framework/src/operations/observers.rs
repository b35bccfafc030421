//! Who is told of each request at its end, besides the subscriber of `tracing`.

use super::access::{Answered, Lines};
#[cfg(feature = "metrics")]
use super::metrics::Measures;
#[cfg(feature = "metrics")]
use crate::proto::Refusal;

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Observers {
    pub(crate) lines: Option<Box<dyn Lines>>,
    #[cfg(feature = "metrics")]
    pub(crate) measures: Option<Box<Measures>>,
}

impl Observers {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        #[cfg(feature = "metrics")]
        if self.measures.is_some() {
            return false;
        }
        self.lines.is_none()
    }

    pub(crate) fn tell(&self, answered: &Answered<'_>) {
        if let Some(lines) = &self.lines {
            lines.add(answered);
        }
        #[cfg(feature = "metrics")]
        if let Some(measures) = &self.measures {
            measures.tell(answered);
        }
    }

    /// A connection was refused.
    #[cfg(feature = "metrics")]
    pub(crate) fn refused(&self, refusal: &Refusal) {
        if let (Some(measures), Some(limit)) = (&self.measures, refusal.limit) {
            measures.refused(limit.name());
        }
    }

    /// Waits until what was told is written.
    pub(crate) fn flush(&self) {
        if let Some(lines) = &self.lines {
            lines.flush();
        }
    }
}
