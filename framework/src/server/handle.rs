//! A server as others see it while it runs: to stop it, and to ask how it is.

use std::sync::Arc;

use super::Shared;
use super::lifecycle::{Lifecycle, Phase};

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

    /// Begins to stop the server, as [`stop`](super::stop) does for all.
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

    /// Waits until it has stopped.
    pub async fn wait(&self) {
        self.0.reached(Phase::Stopped).await;
    }
}
