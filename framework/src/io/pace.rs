//! How long a peer keeps us waiting for bytes, or to take some: not too long on average, and never for long at a stretch.
//!
//! Only waits for the peer count. A handler or a disk that is slow itself does not make its peer a slow one.

use std::time::Duration;

use tokio::time::Instant;

use super::clock;
use crate::proto::Tempo;

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// In waits that have ended.
    waited: Duration,
    /// When the present wait began.
    since: Option<Instant>,
}

impl Pace {
    /// Bytes have moved.
    #[inline]
    pub(crate) fn moved(&mut self) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
    }

    /// The present wait was not the peer's; the next one may begin in a moment.
    pub(crate) fn forgive(&mut self) {
        self.since = Some(clock::after(MOMENT));
    }

    /// None move: when that is too long, after `count` bytes in all.
    pub(crate) fn due(&mut self, tempo: Tempo, count: u64) -> Instant {
        let since = *self.since.get_or_insert_with(Instant::now);
        clock::later(since, self.left(tempo, count).min(tempo.idle))
    }

    /// Whether it is too long on average, rather than at a stretch.
    pub(crate) fn is_slow(&self, tempo: Tempo, count: u64) -> bool {
        self.left(tempo, count) <= tempo.idle
    }

    /// How long the present wait may be for the average.
    fn left(&self, tempo: Tempo, count: u64) -> Duration {
        tempo.time_for(count).saturating_sub(self.waited)
    }
}

/// Until it is looked again whether a wait is the peer's, so that nobody does nothing but look.
const MOMENT: Duration = Duration::from_secs(1);
