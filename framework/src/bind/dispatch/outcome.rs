//! What a kind of binding hands to generated code: a value there at once, or one to wait for.
//!
//! An `async fn` awaits either, with `.await`; a `fn` takes either `now`, which compiles for the first only.

use std::future::{Future, IntoFuture, Ready, ready};
use std::marker::PhantomData;

use crate::http::Result;

/// Bound already.
pub struct AtOnce<T>(pub Result<T>);

impl<T> AtOnce<T> {
    /// In a `fn`.
    #[inline]
    pub fn now(self) -> Result<T> {
        self.0
    }
}

/// In an `async fn`.
impl<T> IntoFuture for AtOnce<T> {
    type Output = Result<T>;
    type IntoFuture = Ready<Result<T>>;

    #[inline]
    fn into_future(self) -> Ready<Result<T>> {
        ready(self.0)
    }
}

/// A `T` to wait for, or one that may be absent.
pub struct Later<T, F>(F, PhantomData<fn() -> T>);

impl<T, F> Later<T, F> {
    #[inline]
    pub(super) fn new(waiting: F) -> Later<T, F> {
        Later(waiting, PhantomData)
    }

    /// In a `fn`: refused.
    pub fn now<V>(self) -> Result<V>
    where
        T: BindsNow,
        F: Future<Output = Result<V>>,
    {
        T::never()
    }
}

/// In an `async fn`.
impl<T, F: Future> IntoFuture for Later<T, F> {
    type Output = F::Output;
    type IntoFuture = F;

    #[inline]
    fn into_future(self) -> F {
        self.0
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
    fn never<V>() -> Result<V>;
}
