//! A server as others see it while it runs: to stop it, to ask how it is, and to learn of its stop.

use std::sync::Arc;

use super::counted::Shared;
use super::lifecycle::{Lifecycle, Phase};
use crate::io::stop;

/// A handle of a server: cheap to clone, usable from any thread and task.
///
/// ```
/// # use vernal::{request_map, server};
/// # #[request_map("/")]
/// # fn index() -> &'static str { "" }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> vernal::Result {
/// let bound = server::new().host("127.0.0.1").port(0).bind()?;
/// let handle = bound.handle();
/// let serving = tokio::spawn(bound.serve());
/// handle.ready().await;
/// assert!(handle.is_ready());
/// handle.stop();
/// handle.wait().await;
/// # serving.await?
/// # }
/// ```
#[derive(Clone)]
pub struct Handle(Arc<Lifecycle>);

impl Handle {
    pub(crate) fn of(shared: &Shared) -> Handle {
        Handle(Arc::clone(&shared.lifecycle))
    }

    /// Begins to stop the server, as [`server::stop`](super::stop) does for all.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Whether it accepts connections.
    pub fn is_ready(&self) -> bool {
        self.0.is_serving()
    }

    /// Waits until it accepts connections.
    pub async fn ready(&self) {
        self.0.reached(Phase::Serving).await;
    }

    /// Waits until it begins to stop, however that comes about.
    pub async fn stopping(&self) {
        self.0.reached(Phase::Stopping).await;
    }

    /// Waits until it has stopped.
    pub async fn wait(&self) {
        self.0.reached(Phase::Stopped).await;
    }
}

/// Waits until the server begins to stop, for which this is called: in a handler, a filter, a stream that is an answer, a
/// WebSocket event. Called elsewhere, as in a task of yours, it waits until every server of the process has begun to; so a task
/// that belongs to one server is given what a handler of it was told.
///
/// What waits for long ends by itself then, in place of being cut when the grace period is over; [`Sse`](crate::Sse) does so without
/// this, and WebSockets are closed with 1001. The same for one server: [`Handle::stopping`].
///
/// It holds for [`test::Client`](crate::test::Client) and connections of [`App::serve_connection`](crate::App::serve_connection) too:
/// each is a server of its own. In [`App::handle`](crate::App::handle) the server is another one's, and only [`server::stop`](super::stop) is heard.
///
/// ```
/// use std::time::Duration;
/// use vernal::{Body, request_map, server};
///
/// #[request_map("/clock")]
/// fn clock() -> Body {
///     let (sender, body) = Body::channel(1);
///     let stopping = server::stopping();
///     tokio::spawn(async move {
///         tokio::pin!(stopping);
///         loop {
///             tokio::select! {
///                 () = &mut stopping => break,
///                 () = tokio::time::sleep(Duration::from_secs(1)) => {}
///             }
///             if sender.send("tick\n").await.is_err() {
///                 break; // The peer has gone.
///             }
///         }
///     });
///     body
/// }
/// ```
pub fn stopping() -> impl Future<Output = ()> + Send + Sync + use<> {
    stop::stopping()
}
