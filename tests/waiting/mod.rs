//! Handlers that wait for ever, for suites that look at what becomes of them.

use tokio::sync::Notify;

/// Tells when a handler begins, and when it is dropped.
#[derive(Default)]
pub struct Seen {
    pub began: Notify,
    pub dropped: Notify,
}

struct Told<'s>(&'s Seen);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

/// Waits until it is dropped.
pub async fn wait(seen: &Seen) {
    let _told = Told(seen);
    seen.began.notify_one();
    std::future::pending::<()>().await;
}
