//! A panic in a handler, filter or page is an error like others: the server goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{BoxFuture, Error, Result};
use crate::base::Location;
use crate::io::watch::{self, Runner};

/// A handler's future whose panics are errors.
pub(crate) struct Guard<'r>(pub(crate) BoxFuture<'r, Result>);

impl Future for Guard<'_> {
    type Output = Result;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        poll_guarded(self.0.as_mut(), cx)
    }
}

/// A [`Guard`] that a watchdog sees while it holds its thread, as what stands there.
pub(crate) struct Watched<'r> {
    guard: Guard<'r>,
    runner: Runner,
}

impl<'r> Watched<'r> {
    #[inline]
    pub(crate) fn new(at: &Location, future: BoxFuture<'r, Result>) -> Watched<'r> {
        Watched { guard: Guard(future), runner: Runner::at(at) }
    }
}

impl Future for Watched<'_> {
    type Output = Result;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        watch::marked(self.runner, || Pin::new(&mut self.guard).poll(cx))
    }
}

/// Calls a plain function whose panics are errors, and which a watchdog sees, as what stands there.
#[inline]
pub(crate) fn watched(at: &Location, call: impl FnOnce() -> Result) -> Result {
    watch::marked(Runner::at(at), || guarded(call))
}

/// Polls a future whose panics are errors.
#[inline]
pub(crate) fn poll_guarded<F, T>(future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Result<T>>
where
    F: Future<Output = Result<T>> + ?Sized,
{
    caught(|| future.poll(cx)).unwrap_or_else(|panic| Poll::Ready(Err(panic)))
}

/// Calls a plain function whose panics are errors.
#[inline]
pub(crate) fn guarded(call: impl FnOnce() -> Result) -> Result {
    caught(call).unwrap_or_else(Err)
}

/// What a call gives, or its panic as an error.
#[inline]
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Error::from_panic(&*payload))
}
