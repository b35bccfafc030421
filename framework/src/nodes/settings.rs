//! How rooms are shared, in plain data.

use std::time::Duration;

use super::address::RedisAddress;

/// What the parts of a node go by. The meaning of each is told where users set it.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) server: RedisAddress,
    pub(crate) prefix: String,
    pub(crate) lease: Duration,
    pub(crate) timeout: Duration,
    pub(crate) wait: Duration,
    pub(crate) queue_size: usize,
    pub(crate) inbox_size: usize,
}

impl Settings {
    pub(crate) fn new(server: RedisAddress) -> Settings {
        Settings {
            server,
            prefix: "vernal:rooms".to_owned(),
            lease: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            wait: Duration::from_secs(10),
            queue_size: 16 << 20,
            inbox_size: 32 << 20,
        }
    }

    /// What all keys begin with: in braces, so that a cluster keeps them in one place, where scripts reach them all.
    pub(crate) fn base(&self) -> String {
        if self.prefix.contains('{') { self.prefix.clone() } else { format!("{{{}}}:", self.prefix) }
    }

    /// How often a node says that it is there.
    pub(super) fn beat(&self) -> Duration {
        (self.lease / 10).clamp(Duration::from_millis(50), Duration::from_secs(1))
    }
}
