//! What the bodies of all requests of an application hold in memory together, within one bound.
//!
//! Each request has a share, which is given back when it is dropped: whatever becomes of the request, nothing stays counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::http::StatusCode;

use super::clock;
use crate::base::say;
use crate::proto::{Limit, Limits, Refusal};

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct BodyMemory {
    held: AtomicU64,
    bound: u64,
    /// When somebody was last told in the log that it is used up.
    told: AtomicU64,
}

impl BodyMemory {
    pub(crate) const fn new(bound: u64) -> BodyMemory {
        BodyMemory { held: AtomicU64::new(0), bound, told: AtomicU64::new(0) }
    }

    fn refuse(&self) -> Refusal {
        let now = clock::now().second;
        if self.told.fetch_max(now, Ordering::Relaxed) + TELLING <= now {
            say!(
                warn,
                "the bodies of requests hold {} bytes in memory together ({}): more is refused with 503",
                self.bound,
                Limit::buffered_bodies
            );
        }
        let what =
            format_args!("the bodies of all requests would be larger than {} bytes together", self.bound);
        Refusal::beyond(Limit::buffered_bodies, StatusCode::SERVICE_UNAVAILABLE, what)
    }
}

impl Default for BodyMemory {
    fn default() -> BodyMemory {
        BodyMemory::new(Limits::new().buffered_bodies)
    }
}

/// What one request holds of it.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Arc<BodyMemory>,
    bytes: u64,
}

impl Share {
    /// Nothing yet.
    pub(crate) fn of(memory: &Arc<BodyMemory>) -> Share {
        Share { memory: Arc::clone(memory), bytes: 0 }
    }

    /// Makes it this large.
    ///
    /// # Errors
    /// That is more than there is: 503. It stays as it was.
    pub(crate) fn set(&mut self, bytes: usize) -> Result<(), Refusal> {
        let (bytes, BodyMemory { held, bound, .. }) = (bytes as u64, &*self.memory);
        if bytes <= self.bytes {
            held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        } else {
            let more = bytes - self.bytes;
            let grown = |held: u64| held.checked_add(more).filter(|held| held <= bound);
            if held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_err() {
                return Err(self.memory.refuse());
            }
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Seconds between two lines in the log.
const TELLING: u64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_bounded_together_and_given_back() {
        let memory = Arc::new(BodyMemory::new(10));
        let (mut one, mut other) = (Share::of(&memory), Share::of(&memory));
        assert!(one.set(6).is_ok());
        assert!(other.set(4).is_ok(), "exactly all");
        assert_eq!(other.set(5).expect_err("one more").status, 503);
        assert!(one.set(5).is_ok());
        assert!(other.set(5).is_ok(), "what was given back");
        drop(one);
        assert!(other.set(10).is_ok());
        assert!(other.set(usize::MAX).is_err());
        assert_eq!(memory.held.load(Ordering::Relaxed), 10);
        drop(other);
        assert_eq!(memory.held.load(Ordering::Relaxed), 0);
    }
}
