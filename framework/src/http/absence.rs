//! Whether a request still has somebody who waits for its answer.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Set once: the peer has ended its side or is gone, or the request is over.
#[derive(Default)]
pub(crate) struct Absence {
    is_certain: AtomicBool,
    notice: Notify,
}

impl Absence {
    pub(crate) fn set(&self) {
        if !self.is_certain.swap(true, Ordering::SeqCst) {
            self.notice.notify_waiters();
        }
    }

    pub(super) async fn wait(&self) {
        loop {
            let mut notice = std::pin::pin!(self.notice.notified());
            notice.as_mut().enable();
            if self.is_certain.load(Ordering::SeqCst) {
                return;
            }
            notice.await;
        }
    }
}
