//! Whether a request still has somebody who waits for its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::Request;

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

    async fn wait(&self) {
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

impl Request {
    /// Waits until nobody seems to wait for the answer any more: the peer has ended its side of the connection, or the connection is
    /// lost, or the answer is out and the request over. Borrows nothing, so that a task of yours may wait for it.
    ///
    /// A handler whose connection is lost is dropped where it waits, without this. It is for work that the handler has given
    /// to others, and for handlers that wait long: a client that closes its connection is seen to end its side first, and
    /// whether it still reads shows when something is sent to it. A handler that goes on may answer one that does, within
    /// [`Limits::half_closed_time`](crate::Limits).
    ///
    /// ```
    /// use vernal::{Error, Request, Result, request_map};
    ///
    /// # async fn news() -> String { String::new() }
    /// #[request_map("/poll")]
    /// async fn poll(req: &Request) -> Result<String> {
    ///     tokio::select! {
    ///         news = news() => Ok(news),
    ///         () = req.gone() => Err(Error::new(499, "Client Closed Request")),
    ///     }
    /// }
    /// ```
    ///
    /// Of a WebSocket session's request it is over: that has been answered. Inside of another server
    /// ([`App::handle`](crate::App::handle)) only the end of the request is seen.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + Sync + use<> {
        let absence = self.outgoing.as_ref().map(|outgoing| {
            self.set_watched();
            Arc::clone(outgoing.absence.get_or_init(Arc::default))
        });
        async move {
            if let Some(absence) = absence {
                absence.wait().await;
            }
        }
    }
}
