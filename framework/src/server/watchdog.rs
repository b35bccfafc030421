//! Tells of handlers that hold their thread: a thread of its own looks at what runs on the others, as long as a server
//! serves.
//!
//! A `fn` holds its thread until it returns, an `async fn` until it waits, and with it all else that thread serves.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::app::{Inner, MayHold};
use crate::base::say;
use crate::io::watch::Looking;

/// Looks until it is dropped.
pub(super) struct Watchdog(Arc<Ended>);

/// Whether it is over.
#[derive(Default)]
struct Ended {
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl Watchdog {
    /// Watches the handlers, filters and error pages of an application; nothing if there is no limit.
    pub(super) fn begin(limit: Duration, app: &Inner) -> Option<Watchdog> {
        if limit.is_zero() {
            return None;
        }
        let ended = Arc::<Ended>::default();
        let watching =
            Watching { looking: Looking::begin(), watched: app.watched(), limit, threads: Vec::new() };
        let until = Arc::clone(&ended);
        let thread = std::thread::Builder::new().name("vernal-watchdog".to_owned());
        match thread.spawn(move || watching.run(&until)) {
            Ok(_) => Some(Watchdog(ended)),
            Err(error) => {
                say!(warn, "nobody watches for handlers that hold their thread (Server::watchdog): {error}");
                None
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.0.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_one();
    }
}

struct Watching {
    looking: Looking,
    /// Those that nothing has been said of, by the names that marks have for them.
    watched: HashMap<u32, MayHold>,
    limit: Duration,
    threads: Vec<Thread>,
}

/// What was seen of a thread.
#[derive(Clone, Copy, Default)]
struct Thread {
    seen: (u32, u32),
    /// How often in a row that was seen.
    looks: u32,
}

impl Watching {
    fn run(mut self, until: &Ended) {
        let pause = (self.limit / (ENOUGH - 1)).max(Duration::from_millis(1));
        let mut seen = Vec::new();
        loop {
            let is_over = until.is_over.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = until.changed.wait_timeout_while(is_over, pause, |is_over| !*is_over);
            // The log may be slow, and the end of the server must not wait for it.
            if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                return;
            }
            self.looking.look(&mut seen);
            for held in self.held(&seen) {
                say!(warn, "{}", held.warning(self.limit));
            }
        }
    }

    /// What has held its thread too long by this look, and was not told of before.
    // Looks are counted, not time: a process that was stopped for a while has not run for a while.
    fn held(&mut self, seen: &[(u32, u32)]) -> Vec<MayHold> {
        self.threads.resize(seen.len(), Thread::default());
        let mut held = Vec::new();
        for (thread, &seen) in self.threads.iter_mut().zip(seen) {
            if thread.seen != seen {
                *thread = Thread { seen, looks: 0 };
            }
            thread.looks = thread.looks.saturating_add(1);
            if thread.looks == ENOUGH {
                held.extend(self.watched.remove(&seen.0));
            }
        }
        held
    }
}

/// So many looks in a row at the same run are between them as long as the limit.
const ENOUGH: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Location;
    use crate::io::watch::name_of;

    #[test]
    fn what_is_seen_three_times_in_one_run_is_told_once() {
        static AT: Location = Location { file: "a.rs", line: 1, column: 1, module: "a", name: "slow" };
        let limit = Duration::from_millis(100);
        let name = name_of(&AT);
        let watched = HashMap::from([(name, MayHold { at: AT.to_string(), advice: "" })]);
        let mut watching = Watching { looking: Looking::begin(), watched, limit, threads: Vec::new() };
        // What is seen of two threads at each look, and whether the handler is told of.
        let table: &[(&[(u32, u32)], bool)] = &[
            (&[], false),
            (&[(name, 1)], false),
            (&[(name, 1), (name, 1)], false),
            (&[(name, 2), (name, 1)], false),
            (&[(0, 2), (name, 2)], false),
            (&[(name, 3), (name, 2)], false),
            (&[(name, 3), (7, 3)], false),
            // Something that is not of this application.
            (&[(0, 3), (7, 3)], false),
            (&[(name, 4), (7, 3)], false),
            (&[(name, 4), (name, 4)], false),
            (&[(name, 4), (name, 4)], true),
            (&[(name, 4), (name, 4)], false),
            (&[(name, 4), (name, 4)], false),
        ];
        for (look, (seen, expected)) in table.iter().enumerate() {
            let held = watching.held(seen);
            assert_eq!(held.len(), usize::from(*expected), "look {look}");
        }
    }
}
