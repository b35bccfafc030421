//! What event functions may return.

use crate::http::{Failure, Response, Result};
use crate::websocket::core::accept::Accept;

/// What a handshake's handler may return: nothing, an [`Accept`], a [`Response`] to refuse with, or a `Result` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer to a handshake",
    label = "return nothing, an `Accept`, a `Response` to refuse with, or a `Result` of these"
)]
pub trait IntoAccept {
    /// The answer.
    ///
    /// # Errors
    /// The handshake is refused with that error.
    fn into_accept(self) -> Result<Accept>;
}

impl IntoAccept for () {
    fn into_accept(self) -> Result<Accept> {
        Ok(Accept::new())
    }
}

impl IntoAccept for Accept {
    fn into_accept(self) -> Result<Accept> {
        Ok(self)
    }
}

impl IntoAccept for Response {
    fn into_accept(self) -> Result<Accept> {
        Ok(Accept::refuse(self))
    }
}

impl<T: IntoAccept, E: Failure> IntoAccept for Result<T, E> {
    fn into_accept(self) -> Result<Accept> {
        self.map_err(Failure::into_error)?.into_accept()
    }
}

/// Turns what answers a handshake into our `Result`.
///
/// # Errors
/// The handshake is refused.
#[inline]
pub fn into_accept(answer: impl IntoAccept) -> Result<Accept> {
    answer.into_accept()
}

/// What `on_binary_frame` may return: whether the frame is kept for the whole message; nothing is no.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned here",
    label = "return `true` to keep the frame for the whole message, `false` or nothing, or a `Result` of these"
)]
pub trait Kept {
    /// Whether it is.
    ///
    /// # Errors
    /// The function failed.
    fn kept(self) -> Result<bool>;
}

impl Kept for () {
    fn kept(self) -> Result<bool> {
        Ok(false)
    }
}

impl Kept for bool {
    fn kept(self) -> Result<bool> {
        Ok(self)
    }
}

impl<T: Kept, E: Failure> Kept for Result<T, E> {
    fn kept(self) -> Result<bool> {
        self.map_err(Failure::into_error)?.kept()
    }
}

/// Turns what `on_binary_frame` returned into our `Result`.
///
/// # Errors
/// The function failed.
#[inline]
pub fn kept(result: impl Kept) -> Result<bool> {
    result.kept()
}

/// What event functions and WebSocket handlers may return: nothing, or a `Result` of nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a WebSocket handler",
    label = "return nothing, or `vernal::Result`; what the peer shall get is sent: `session.send(…).await`",
    note = "where the last line gives a value, as a broadcast tells how many took it, write `?;` behind it and `Ok(())` below"
)]
pub trait EventDone {
    /// Our `Result`.
    ///
    /// # Errors
    /// The function failed.
    fn event_done(self) -> Result;
}

impl EventDone for () {
    fn event_done(self) -> Result {
        Ok(())
    }
}

impl<E: Failure> EventDone for Result<(), E> {
    fn event_done(self) -> Result {
        self.map_err(Failure::into_error)
    }
}

/// Turns what an event function returned into our `Result`.
///
/// # Errors
/// The function failed.
#[inline]
pub fn event_done(result: impl EventDone) -> Result {
    result.event_done()
}
