//! Who is told of each request at its end, besides the subscriber of `tracing`.

use super::access::{AccessLines, Answered};

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Observers {
    pub(crate) lines: Option<AccessLines>,
}

impl Observers {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_none()
    }

    pub(crate) fn tell(&self, answered: &Answered<'_>) {
        if let Some(lines) = &self.lines {
            lines.add(answered);
        }
    }

    /// Waits until what was told is written.
    pub(crate) fn flush(&self) {
        if let Some(lines) = &self.lines {
            lines.flush();
        }
    }
}
