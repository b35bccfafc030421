//! What a kind of binding hands to generated code: a value there at once, or one to wait for.
//!
//! An `async fn` asks either whether it is there `at_once`, and awaits what it gets otherwise; of the first kind the compiler knows that this never
//! is, and leaves the waiting out. A `fn` takes either `now`, which compiles for the first only.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::http::Result;

/// Bound already.
pub struct AtOnce<V>(pub Result<V>);

impl<V> AtOnce<V> {
    /// In a `fn`. `T` is the type that is bound.
    #[expect(
        clippy::extra_unused_type_parameters,
        reason = "generated code tells it, since `Later::now` needs it"
    )]
    #[inline]
    pub fn now<T>(self) -> Result<V> {
        self.0
    }

    /// In an `async fn`: it is.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn at_once(self) -> std::result::Result<Result<V>, Never<V>> {
        Ok(self.0)
    }
}

/// A future that there never is.
pub struct Never<V>(Infallible, PhantomData<fn() -> V>);

impl<V> Future for Never<V> {
    type Output = Result<V>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<V>> {
        match self.0 {}
    }
}

/// To be waited for.
pub struct Later<F>(pub F);

impl<F: Future> Later<F> {
    /// In a `fn`: refused.
    pub fn now<T: BindsNow>(self) -> F::Output {
        T::never()
    }

    /// In an `async fn`: it is not.
    ///
    /// # Errors
    /// What is to be awaited.
    #[inline]
    pub fn at_once(self) -> std::result::Result<F::Output, F> {
        Err(self.0)
    }
}

/// Implemented by nothing; its message tells what to write.
#[diagnostic::on_unimplemented(
    message = "binding `{Self}` has to wait, so its handler must be `async fn`",
    label = "`{Self}` is a `ModelBinding`: write `async fn`",
    note = "in place of `blocking`, too: an `async fn` hands what blocks to `tokio::task::spawn_blocking`"
)]
pub trait BindsNow: Sized {
    /// Never called.
    #[doc(hidden)]
    fn never<V>() -> V;
}
