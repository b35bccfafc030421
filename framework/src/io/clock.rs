//! One reading of the clock serves everything that happens after one wake-up: deadlines and the `Date` line.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::date;

/// A moment: monotonic for deadlines, and the second of the calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    /// Seconds since 1970.
    pub(crate) second: u64,
}

thread_local! {
    /// When the calendar was last asked, what it said, and how far into that second it was is not needed: the
    /// calendar is asked again in every new second of the monotonic clock.
    static ASKED: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
}

/// Reads the clock.
#[inline]
pub(crate) fn now() -> Now {
    let instant = Instant::now();
    if let Some((asked, second)) = ASKED.get()
        && instant.saturating_duration_since(asked) < FRESH
    {
        return Now { instant, second };
    }
    let second = date::seconds();
    ASKED.set(Some((instant, second)));
    Now { instant, second }
}

/// How stale the second may be.
const FRESH: Duration = Duration::from_millis(200);
