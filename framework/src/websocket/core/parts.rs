//! What one session is made of, and who touches which part.
//!
//! `wire` belongs to the task that drives the connection; the handler, which runs in the same task, reads through it.
//! `outbox` is for everybody who sends. Nobody waits for `wire` while holding `outbox`.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use ::http::StatusCode;

use super::accept::Accept;
use super::config::WebSocketConfig;
use super::keepalive::Keepalive;
use super::outbox::Outbox;
use super::room::Memberships;
use super::wire::Wire;
use super::words::{Events, Phase};
use crate::base::say;
use crate::http::{Error, Failed, Folded, Request, Result};
use crate::io::{Deadline, Stream, buffers, clock};
use crate::proto::ws::{CloseCode, CloseReason, Extensions, OpCode, Role, Wants};

/// See the head of this file.
pub(crate) struct Core {
    pub(crate) config: Arc<WebSocketConfig>,
    /// The request that opened the session, which few look at again.
    pub(crate) folded: Box<Folded>,
    belongings: OnceLock<Box<Belongings>>,
    pub(super) reason: OnceLock<Box<CloseReason>>,
    pub(super) wire: Mutex<Wire>,
    outbox: Mutex<Outbox>,
}

/// What a session has when it is first asked for; most have nothing of it.
#[derive(Default)]
struct Belongings {
    id: OnceLock<[u8; 16]>,
    attributes: Mutex<::http::Extensions>,
    memberships: Mutex<Memberships<Core>>,
    /// Known once the handshake has been agreed on.
    agreed: OnceLock<Box<Agreed>>,
}

/// What both sides agreed on beside the bare protocol.
#[derive(Default)]
pub(crate) struct Agreed {
    pub(crate) subprotocol: Option<String>,
    pub(crate) extensions: Option<Mutex<Extensions>>,
}

impl Core {
    /// Counts something of the session, where somebody counts.
    #[cfg(feature = "metrics")]
    #[inline]
    pub(crate) fn count(&self, what: fn(&crate::http::Tally)) {
        if let Some(tally) = &self.folded.context.tally {
            what(tally);
        }
    }

    pub(crate) fn new(role: Role, config: Arc<WebSocketConfig>, mut folded: Box<Folded>) -> Core {
        folded.role = role;
        Core {
            wire: Mutex::new(Wire::new(role, &config)),
            config,
            folded,
            belongings: OnceLock::new(),
            reason: OnceLock::new(),
            outbox: Mutex::new(Outbox::new()),
        }
    }

    /// The request that opened the session.
    pub(crate) fn request(&self) -> &Request {
        self.folded.request()
    }

    pub(super) fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn belongings(&self) -> &Belongings {
        self.belongings.get_or_init(Box::default)
    }

    /// What tells it from all others.
    pub(crate) fn id(&self) -> [u8; 16] {
        *self.belongings().id.get_or_init(super::random::bits_128)
    }

    /// Values that its users keep with it, one of each type.
    pub(crate) fn attributes(&self) -> MutexGuard<'_, ::http::Extensions> {
        self.belongings().attributes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the handshake came to; later ones change nothing.
    pub(crate) fn set_agreed(&self, agreed: Agreed) {
        let _ = self.belongings().agreed.set(Box::new(agreed));
    }

    /// Nothing if both sides speak the bare protocol.
    #[inline]
    pub(crate) fn agreed(&self) -> Option<&Agreed> {
        self.belongings.get()?.agreed.get().map(|agreed| &**agreed)
    }

    #[inline]
    pub(crate) fn extensions(&self) -> Option<&Mutex<Extensions>> {
        self.agreed()?.extensions.as_ref()
    }

    /// Says what the handler wants to see, and takes its answer to the handshake.
    pub(crate) fn accept(&self, accept: Accept, fragments: bool, events: Events) {
        let mut wire = self.wire();
        wire.wants = events;
        wire.protocol.wants = Wants { fragments, frames: false };
        wire.accept = Some(Box::new(accept));
    }

    /// The handler's answer to the handshake, once it has given one.
    pub(crate) fn take_accept(&self) -> Option<Box<Accept>> {
        self.wire().accept.take()
    }

    /// The handshake is through: from now on this session owns the stream. `leftover` has come behind the handshake.
    pub(crate) fn open(&self, stream: Stream, deadline: Deadline, leftover: &[u8]) {
        let mut wire = self.wire();
        let now = clock::now().instant;
        wire.stream = Some(stream);
        wire.phase = Phase::Open;
        if !leftover.is_empty() {
            wire.inbox.get_or_insert_with(buffers::lend_for_reading).extend_from_slice(leftover);
        }
        if let Some(extensions) = self.extensions() {
            wire.protocol.claim(lock(extensions).claimed());
        }
        wire.deadline = deadline;
        wire.keepalive = Keepalive::new(&self.config, now);
        wire.set_deadline();
        wire.wake_receiver();
    }

    /// Whoever drove the connection is gone: nothing moves any more.
    pub(crate) fn cut(&self) {
        let mut wire = self.wire();
        if wire.phase != Phase::Done {
            self.lose(&mut wire, "The connection was cut");
            wire.finish();
            self.outbox().retire();
        }
    }

    /// The connection ended before the session was opened.
    pub(crate) fn abort(&self) {
        let mut wire = self.wire();
        if wire.phase == Phase::Connecting {
            self.lose(&mut wire, "The connection was lost in the handshake");
            wire.phase = Phase::Done;
        }
    }

    /// Waits until the session is open. An error if it will never be.
    pub(crate) async fn opened(&self) -> Result {
        poll_fn(|cx| {
            let mut wire = self.wire();
            match wire.phase {
                Phase::Connecting => {
                    wire.wait(cx);
                    Poll::Pending
                }
                Phase::Done if wire.stream.is_none() => {
                    Poll::Ready(Err(Error::bad_request("the connection ended before the session was open")))
                }
                _ => Poll::Ready(Ok(())),
            }
        })
        .await
    }

    /// The rooms that it is in.
    pub(crate) fn memberships(&self) -> MutexGuard<'_, Memberships<Core>> {
        self.belongings().memberships.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a session that has ended out of all its rooms.
    pub(crate) fn leave_all(self: &Arc<Core>) {
        let left = std::mem::take(&mut *self.memberships());
        left.end(self);
    }

    /// Begins to close. The first reason counts; later ones do nothing.
    pub(crate) fn close(&self, reason: CloseReason) {
        let payload = reason.payload();
        if self.reason.set(Box::new(reason)).is_err() {
            return;
        }
        let mut outbox = self.outbox();
        outbox.push_control(self.folded.role, OpCode::Close, &payload);
        outbox.wake_waiting();
        release(outbox, None);
    }

    /// Why the session ends or ended, once that is known.
    pub(crate) fn reason(&self) -> Option<&CloseReason> {
        self.reason.get().map(|reason| &**reason)
    }

    /// Waits until both sides have closed, and tells why.
    pub(crate) async fn closed(&self) -> &CloseReason {
        poll_fn(|cx| {
            let mut wire = self.wire();
            // Who waits for the end has no more to answer.
            wire.is_working = false;
            if wire.phase >= Phase::Closed
                && let Some(reason) = self.reason.get()
            {
                return Poll::Ready(reason);
            }
            self.outbox().wait(cx.waker());
            Poll::Pending
        })
        .await
    }

    /// The `WebSocket` is gone.
    pub(crate) fn drop_socket(&self) {
        let mut wire = self.wire();
        wire.is_dropped = true;
        let is_concluded = wire.is_concluded;
        let driver = wire.driver.clone();
        drop(wire);
        if std::thread::panicking() {
            self.close(failed(CloseCode::INTERNAL_ERROR));
        } else if is_concluded {
            self.close(CloseReason::normal());
        }
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// The handler has run to its end.
    pub(crate) fn conclude(&self, result: Result) {
        let mut wire = self.wire();
        wire.is_concluded = true;
        let is_dropped = wire.is_dropped;
        drop(wire);
        match result {
            Ok(()) if is_dropped => self.close(CloseReason::normal()),
            Ok(()) => {}
            Err(error) => self.close(self.reason_of(&error)),
        }
    }

    /// What an error of the handler closes with; it goes to the log if it is ours.
    pub(crate) fn reason_of(&self, error: &Error) -> CloseReason {
        let is_ours = error.status().is_server_error();
        let code = error.close_code().or_else(|| {
            (error.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(CloseCode::TRY_AGAIN_LATER)
        });
        match code {
            Some(code) if !is_ours => {
                say!(debug, "a WebSocket session is closed with {code}: {}", error.with_causes());
            }
            // The session has ended, and this is how the handler noticed.
            None if self.reason.get().is_some() && !is_ours => return failed(CloseCode::INTERNAL_ERROR),
            _ => {
                let request = self.request();
                say!(error, "a WebSocket handler failed: {}", Failed { error, request, at: request.handler });
            }
        }
        let is_told = self.shows_errors() || code.is_some() && !error.is_private();
        let code = code.unwrap_or(CloseCode::INTERNAL_ERROR);
        if is_told { CloseReason::shortened(code, error.words().to_owned()) } else { failed(code) }
    }

    /// The error of whoever sends when nothing is sent any more.
    #[cold]
    pub(crate) fn closed_error(&self) -> Error {
        let reason =
            self.reason().cloned().unwrap_or_else(|| CloseReason::lost("The session was never opened"));
        Error::of_session(format!("nothing can be sent any more: {reason}"), reason)
    }

    fn shows_errors(&self) -> bool {
        self.folded.context.show_errors
    }
}

/// Lets the outbox go, and wakes the driver if it sleeps and is another task than the one that asks.
pub(super) fn release(mut outbox: MutexGuard<'_, Outbox>, asking: Option<&Waker>) {
    let sleeper = outbox.sleeper(asking);
    drop(outbox);
    if let Some(driver) = sleeper {
        driver.wake();
    }
}

pub(crate) fn lock(extensions: &Mutex<Extensions>) -> MutexGuard<'_, Extensions> {
    extensions.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(code: CloseCode) -> CloseReason {
    CloseReason::shortened(code, "The handler failed")
}
