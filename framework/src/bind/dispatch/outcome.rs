//! What a kind of binding hands to generated code: a value there at once, or one to wait for.
//!
//! An `async fn` awaits either, with `.await`; a `fn` takes either `now`, which compiles for the first only.

use std::future::{Future, IntoFuture, Ready, ready};

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
}

/// In an `async fn`.
impl<V> IntoFuture for AtOnce<V> {
    type Output = Result<V>;
    type IntoFuture = Ready<Result<V>>;

    #[inline]
    fn into_future(self) -> Ready<Result<V>> {
        ready(self.0)
    }
}

/// To be waited for.
pub struct Later<F>(pub F);

impl<F: Future> Later<F> {
    /// In a `fn`: refused.
    pub fn now<T: BindsNow>(self) -> F::Output {
        T::never()
    }
}

/// In an `async fn`.
impl<F: Future> IntoFuture for Later<F> {
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
    fn never<V>() -> V;
}
