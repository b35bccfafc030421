//! One reading of the clock serves everything that happens after one wake-up: deadlines and the `Date` line. Here alone a time is added to a
//! moment.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::LazyLock;
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

/// A moment in half the room, for what lies in each of very many idle connections. Sooner or later than others, it is the [`Instant`] it
/// was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(NonZero<u64>);

impl From<Instant> for Moment {
    fn from(at: Instant) -> Moment {
        let nanoseconds = at.saturating_duration_since(*BEGINNING).as_nanos();
        Moment(NonZero::<u64>::MIN.saturating_add(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
    }
}

impl From<Moment> for Instant {
    fn from(moment: Moment) -> Instant {
        *BEGINNING + Duration::from_nanos(moment.0.get() - 1)
    }
}

/// Before all moments of which one is made: a clock that stands still for a test may stand before what is asked first.
static BEGINNING: LazyLock<Instant> = LazyLock::new(|| {
    let now = std::time::Instant::now();
    now.checked_sub(Duration::from_secs(86_400)).unwrap_or(now).into()
});

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_instant_it_was_made_of() {
        let now = Instant::now();
        let table = [
            ("now", now),
            ("a while ago", now - Duration::from_secs(3_600)),
            ("a nanosecond later", now + Duration::from_nanos(1)),
            ("never", later(now, Duration::MAX)),
        ];
        for (name, at) in table {
            assert_eq!(Instant::from(Moment::from(at)), at, "{name}");
        }
        assert_eq!(size_of::<Option<Moment>>(), 8);
    }
}
