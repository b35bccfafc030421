//! How long a body has kept us waiting: not too slow on average, and never silent for long.
//!
//! Only waits for the peer count. A handler or a disk that is slow itself does not make its peer a slow one.

use std::time::Duration;

use tokio::time::Instant;

use crate::proto::{Limits, Refusal};

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// In waits that have ended.
    waited: Duration,
    /// When the present wait began.
    since: Option<Instant>,
}

impl Pace {
    /// Bytes have come.
    #[inline]
    pub(crate) fn came(&mut self) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
    }

    /// None have come: when that has been too long, with `received` bytes so far.
    pub(crate) fn due(&mut self, limits: &Limits, received: u64) -> Instant {
        let since = *self.since.get_or_insert_with(Instant::now);
        since + self.left(limits, received).min(limits.body_idle)
    }

    /// What is answered when it has.
    pub(crate) fn refusal(&self, limits: &Limits, received: u64) -> Refusal {
        match self.left(limits, received) <= limits.body_idle {
            true => limits.body_too_slow(),
            false => limits.body_stalled(),
        }
    }

    /// How long the present wait may be for the body not to be too slow on average.
    fn left(&self, limits: &Limits, received: u64) -> Duration {
        limits.time_for(received).saturating_sub(self.waited)
    }
}
