//! One reading of the clock serves everything that happens after one wake-up: deadlines and the `Date` line. Here alone a time is added to a
//! moment.

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
    /// The second the calendar last said, and until when that is taken for true.
    static KNOWN: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
}

/// Reads the clock.
#[inline]
pub(crate) fn now() -> Now {
    let instant = Instant::now();
    match KNOWN.get() {
        Some((until, second)) if instant < until => Now { instant, second },
        _ => ask(instant),
    }
}

/// The moment after this time, from another one on. Every deadline comes from here: a time that no clock holds, as whoever wants none at all
/// writes `Duration::MAX`, is one that never comes.
#[inline]
pub(crate) fn later(from: Instant, time: Duration) -> Instant {
    from + time.min(FOR_EVER)
}

/// The moment after this time, from now on.
#[inline]
pub(crate) fn after(time: Duration) -> Instant {
    later(Instant::now(), time)
}

/// A time that never comes.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 86_400);

#[cold]
fn ask(instant: Instant) -> Now {
    let second = date::seconds();
    KNOWN.set(Some((later(instant, FRESH), second)));
    Now { instant, second }
}

/// How stale the second may be.
const FRESH: Duration = Duration::from_millis(100);
