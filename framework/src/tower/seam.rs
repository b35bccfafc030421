//! Where the service inside a layer hands over the request it was called with.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::http::Body;

/// A request on its way back from the layer, and where the answer goes.
pub(super) struct Call {
    pub(super) request: ::http::Request<Body>,
    pub(super) answer: oneshot::Sender<::http::Response<Body>>,
}

/// Where the layer's inner service hands the request over. Lies in the request's extensions.
#[derive(Clone)]
pub(super) struct Seam(Arc<Mutex<Option<oneshot::Sender<Box<Call>>>>>);

impl Seam {
    pub(super) fn new() -> (Seam, oneshot::Receiver<Box<Call>>) {
        let (sender, called) = oneshot::channel();
        (Seam(Arc::new(Mutex::new(Some(sender)))), called)
    }

    /// Hands the request over; tells whether that was the first time. Nobody may be there any more to take it.
    pub(super) fn call(&self, call: Box<Call>) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        sender.map(|sender| sender.send(call)).is_some()
    }
}
