//! Waiting before something is tried again.

use std::time::Duration;

/// Waits longer each time, by chance: nodes that lost Redis at once shall not come back at once.
#[derive(Default)]
pub(super) struct Backoff(u32);

impl Backoff {
    pub(super) async fn wait(&mut self) {
        let longest = FIRST.saturating_mul(1 << self.0.min(8)).min(LAST);
        self.0 += 1;
        let mut chance = [0];
        getrandom::fill(&mut chance).expect("the system has random bytes");
        tokio::time::sleep(longest.mul_f64(0.5 + f64::from(chance[0]) / 512.0)).await;
    }
}

const FIRST: Duration = Duration::from_millis(50);
const LAST: Duration = Duration::from_millis(500);
