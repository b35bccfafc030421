//! What serves a session gets.

use std::sync::Mutex;

use super::session::WebSocketSession;
use super::socket::WebSocket;
use crate::http::Result;
use crate::websocket::core::accept::Accept;
use crate::websocket::core::words::Events;

/// A session before its handshake is through. For generated code.
pub struct Upgrade {
    pub(crate) session: WebSocketSession,
    /// What its route is known by.
    pub(crate) address: usize,
}

impl Upgrade {
    pub(crate) fn new(session: WebSocketSession, address: usize) -> Upgrade {
        Upgrade { session, address }
    }

    /// The session's handle.
    pub fn session(&self) -> &WebSocketSession {
        &self.session
    }

    /// The receiving end, for the one argument that takes it.
    pub fn socket(&self) -> Mutex<Option<WebSocket>> {
        Mutex::new(Some(WebSocket::new(self.session.0.clone())))
    }

    /// Accepts at once, and waits until the 101 is sent.
    ///
    /// # Errors
    /// The connection was lost.
    pub fn accept(&self) -> impl Future<Output = Result> + Send {
        self.accept_with(Accept::new(), false, Events::default())
    }

    /// Accepts with an answer, for a handler that wants to see these events, and fragments if so; waits until the 101 is sent.
    // Not an `async fn`: the answer would lie in each handler's future as long as that lasts.
    pub(crate) fn accept_with(
        &self,
        accept: Accept,
        fragments: bool,
        events: Events,
    ) -> impl Future<Output = Result> + Send {
        self.session.0.accept(accept, fragments, events);
        self.session.0.opened()
    }
}
