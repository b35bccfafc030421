//! Waiting for a peer to be gone.

use std::sync::Arc;

use super::Request;

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
