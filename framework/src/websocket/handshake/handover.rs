//! How a connection is handed over to the handler that accepts.
//!
//! Nothing is sent before a handler accepts, so it may still give any other answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::base::Headers;
use crate::http::{Error, Folded, Guard, Request, Result};
use crate::session;
use crate::websocket::core::Core;

/// An accepted session before it is driven.
pub(crate) struct Session {
    pub(crate) core: Arc<Core>,
    pub(crate) handler: Guard<'static>,
}

/// What a handler that accepts by hand asks of its connection.
pub(crate) struct Opening {
    pub(crate) core: Arc<Core>,
    pub(crate) headers: Headers,
}

/// Where a connection and the handler of a request that asks for WebSocket meet. Lies in the request's extensions.
pub(crate) struct Handover {
    pub(super) is_stopping: bool,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    session: Option<Session>,
    opening: Option<Opening>,
    /// The session that was opened by hand.
    opened: Option<Arc<Core>>,
    /// A handler has it as `WebSocketRequest`.
    pub(super) is_taken: bool,
    /// The request has been answered, or its connection is lost.
    is_over: bool,
    connection: Option<Waker>,
}

impl Handover {
    pub(crate) fn new(is_stopping: bool) -> Arc<Handover> {
        Arc::new(Handover { is_stopping, state: Mutex::default() })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keep(&self, session: Session) {
        self.state().session = Some(session);
    }

    /// The session that was accepted, for the connection to drive.
    pub(crate) fn take_session(&self) -> Option<Session> {
        self.state().session.take()
    }

    /// The accepted session.
    pub(crate) fn core(&self) -> Option<Arc<Core>> {
        self.state().session.as_ref().map(|session| Arc::clone(&session.core))
    }

    pub(super) fn ask(&self, opening: Opening) -> Result {
        let mut state = self.state();
        if state.is_over || state.opened.is_some() {
            return Err(Error::internal(
                "the request has been answered already, so it cannot be accepted any more",
            ));
        }
        state.opened = Some(Arc::clone(&opening.core));
        state.opening = Some(opening);
        if let Some(connection) = state.connection.take() {
            connection.wake();
        }
        Ok(())
    }

    /// What the handler asks for; the connection waits for it.
    pub(crate) fn poll_opening(&self, cx: &mut Context<'_>) -> Poll<Opening> {
        let mut state = self.state();
        match state.opening.take() {
            Some(opening) => Poll::Ready(opening),
            None => {
                state.connection = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Judges a handler that has ended without an answer of its own.
    ///
    /// # Errors
    /// It took the request as `WebSocketRequest`, and neither accepted it nor answered otherwise.
    pub(crate) fn conclude(&self) -> Result {
        let state = self.state();
        if !state.is_taken || state.opened.is_some() {
            return Ok(());
        }
        Err(Error::internal(
            "the handler took a `WebSocketRequest` and neither accepted nor rejected it: write `ws.accept().await?`, or \
             return `Err(ws.reject(403))` or any answer",
        ))
    }

    /// The request is answered, or its connection is lost.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        state.session = None;
        let opening = state.opening.take();
        drop(state);
        if let Some(opening) = opening {
            opening.core.abort();
        }
    }

    /// The session that a handler opened by hand, if it did.
    pub(crate) fn opened(&self) -> Option<Arc<Core>> {
        self.state().opened.clone()
    }
}

/// That of a request; `None` for plain ones.
pub(crate) fn handover_of(request: &Request) -> Option<Arc<Handover>> {
    request.extensions.get::<Arc<Handover>>().cloned()
}

/// Whether the connection of this request has become a WebSocket in its handler's hands, so that there is nothing to answer any
/// more.
pub(crate) fn is_open(request: &Request) -> bool {
    !request.extensions.is_empty() && handover_of(request).is_some_and(|handover| handover.opened().is_some())
}

/// Closes that WebSocket if its handler failed.
pub(crate) fn conclude(request: &Request, result: &Result) {
    if let Err(error) = result
        && let Some(core) = handover_of(request).and_then(|handover| handover.opened())
    {
        core.close(core.reason_of(error));
    }
}

/// Whether these are the extensions of a request that asks for WebSocket.
pub(crate) fn is_asked_for(extensions: &::http::Extensions) -> bool {
    extensions.get::<Arc<Handover>>().is_some()
}

/// The request as the session of a route keeps it.
pub(super) fn folded(request: &Request) -> Box<Folded> {
    // One of them is the way back to the connection, which is not kept; others are what filters left.
    let folded = if request.extensions.len() > 1 { None } else { Folded::of(request) };
    Box::new(folded.unwrap_or_else(|| Folded::whole(Box::new(detached(request)))))
}

/// The request as somebody keeps it who looks at it: with what filters left in its extensions, but without the way back to the connection.
pub(super) fn detached(request: &Request) -> Request {
    let mut detached = request.detached();
    session::join(request, &detached);
    if request.extensions.len() > 1 {
        detached.extensions.clone_from(&request.extensions);
        detached.extensions.remove::<Arc<Handover>>();
    }
    detached
}
