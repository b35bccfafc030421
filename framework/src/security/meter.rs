//! How much each key has used, in bounded memory: the generic cell rate algorithm (ITU-T I.371) over a table of fixed size.
//!
//! A key is one number, the time at which it will have its whole allowance back. Keys hash to buckets of eight with a lock
//! each, so threads hardly meet; in a full bucket a new key takes the place of the one that has used least, which those
//! who use too much never are.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a key may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Nanoseconds in which one request is earned.
    cost: u64,
    /// Nanoseconds that may be used ahead.
    burst: u64,
}

/// How a request fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metered {
    /// It may pass; so many more may at once, and after that long all are earned back.
    Passes { remaining: u64, whole_in: Duration },
    /// One may pass after that long.
    Waits(Duration),
}

pub(super) struct Meter {
    allowance: Allowance,
    buckets: Box<[Mutex<Bucket>]>,
}

type Bucket = [Slot; WAYS];

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    /// When the key has its whole allowance back, in nanoseconds of the meter's clock. One whose time has passed is free.
    whole_at: u64,
}

impl Allowance {
    /// So many requests in a time, and at most `burst` at once. `None`: one of them is zero, or too much for a clock of
    /// nanoseconds.
    pub(super) fn new(requests: u64, time: Duration, burst: u64) -> Option<Allowance> {
        let cost = u64::try_from(time.as_nanos()).ok()?.checked_div(requests)?;
        let burst = cost.checked_mul(burst)?;
        (burst > 0 && burst < u64::MAX / 4).then_some(Allowance { cost, burst })
    }

    /// The same two in microseconds.
    #[cfg(feature = "redis")]
    pub(super) fn micros(self) -> (f64, f64) {
        (self.cost as f64 / 1e3, self.burst as f64 / 1e3)
    }
}

impl Meter {
    /// One for at least so many keys; each takes 17 bytes.
    pub(super) fn new(allowance: Allowance, keys: usize) -> Meter {
        let buckets = keys.div_ceil(WAYS).max(1);
        Meter { allowance, buckets: (0..buckets).map(|_| Mutex::default()).collect() }
    }

    #[cfg(feature = "redis")]
    pub(super) fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Counts a request of a key at a time.
    pub(super) fn count(&self, key: u64, now: u64) -> Metered {
        // The high bits choose the bucket, all bits the slot.
        let index = ((u128::from(key) * self.buckets.len() as u128) >> 64) as usize;
        let mut bucket = self.buckets[index].lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match bucket.iter().position(|slot| slot.key == key && slot.whole_at > now) {
            Some(known) => known,
            None => {
                let least = bucket.iter().enumerate().min_by_key(|(_, slot)| slot.whole_at);
                let place = least.map_or(0, |(place, _)| place);
                bucket[place] = Slot { key, whole_at: 0 };
                place
            }
        };
        let Allowance { cost, burst } = self.allowance;
        let used = bucket[slot].whole_at.saturating_sub(now) + cost;
        if used > burst {
            return Metered::Waits(Duration::from_nanos(used - burst));
        }
        bucket[slot].whole_at = now + used;
        Metered::Passes { remaining: (burst - used) / cost, whole_in: Duration::from_nanos(used) }
    }
}

/// Keys of a bucket.
const WAYS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn meter(requests: u64, burst: u64, keys: usize) -> Meter {
        let allowance = Allowance::new(requests, Duration::from_secs(1), burst).expect("not zero");
        Meter::new(allowance, keys)
    }

    fn passes(meter: &Meter, key: u64, now: u64) -> bool {
        matches!(meter.count(key, now), Metered::Passes { .. })
    }

    #[test]
    fn a_burst_passes_and_then_what_is_earned() {
        let meter = meter(10, 3, 8);
        let tenth = SECOND / 10;
        let wait = |tenths: u64| Metered::Waits(Duration::from_nanos(tenths * tenth));
        let pass = |remaining, tenths: u64| Metered::Passes {
            remaining,
            whole_in: Duration::from_nanos(tenths * tenth),
        };
        let table = [
            (0, pass(2, 1)),
            (0, pass(1, 2)),
            (0, pass(0, 3)),
            (0, wait(1)),
            (0, wait(1)),
            (1, pass(0, 3)),
            (1, wait(1)),
            (3, pass(1, 2)),
            (30, pass(2, 1)),
        ];
        for (index, (tenths, expected)) in table.into_iter().enumerate() {
            assert_eq!(meter.count(7, tenths * tenth), expected, "row {index}");
        }
    }

    #[test]
    fn keys_do_not_use_each_others_allowance() {
        let meter = meter(1, 1, 8);
        for key in 0..8 {
            assert!(passes(&meter, key, 0), "{key}");
            assert!(!passes(&meter, key, 0), "{key}");
        }
    }

    #[test]
    fn the_rate_is_exact_in_the_long_run() {
        let meter = meter(7, 7, 8);
        let passed = (0..10_000).filter(|step| passes(&meter, 1, step * SECOND / 1000)).count();
        // Ten seconds of seven, and the burst at the beginning.
        assert!((76..=77).contains(&passed), "{passed}");
    }

    #[test]
    fn a_flood_of_keys_takes_no_memory_and_frees_nobody_who_used_much() {
        let meter = meter(1, 100, 8);
        for _ in 0..100 {
            assert!(passes(&meter, u64::MAX, 0));
        }
        for key in 0..10_000 {
            passes(&meter, key, 0);
        }
        assert_eq!(meter.buckets.len(), 1);
        assert!(!passes(&meter, u64::MAX, 0), "a flood of other keys gave back what was used");
    }

    #[test]
    fn threads_together_pass_no_more_than_the_burst() {
        let meter = meter(1, 100, 64);
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..200).filter(|_| passes(&meter, 5, 0)).count())).collect();
            threads.into_iter().map(|thread| thread.join().expect("it counts")).sum()
        });
        assert_eq!(passed, 100);
    }

    #[test]
    fn an_allowance_of_nothing_is_none() {
        let second = Duration::from_secs(1);
        let table = [
            (1, second, 1, true),
            (1_000_000_000, second, 1, true),
            (0, second, 1, false),
            (1, Duration::ZERO, 1, false),
            (1, second, 0, false),
            (1_000_000_001, second, 1, false),
            (1, Duration::MAX, 1, false),
            (1, Duration::from_secs(1 << 32), 1 << 32, false),
        ];
        for (requests, time, burst, expected) in table {
            assert_eq!(
                Allowance::new(requests, time, burst).is_some(),
                expected,
                "{requests} {time:?} {burst}"
            );
        }
    }
}
