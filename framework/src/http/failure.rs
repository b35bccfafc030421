//! Which errors are taken: those that functions may return, and those that `?` turns into an [`Error`].
//!
//! Bounds of their own, so that the compiler says what to write where an error is neither.

use std::error::Error as StdError;

use super::Error;

/// The error of a `Result` that a handler, a filter, a binding or an event returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of what is returned here",
    label = "write `vernal::Result<…>`, or an error that is `Send` and `Sync`",
    note = "in a function that returns `vernal::Result` `?` takes every `std::error::Error`",
    note = "a boxed error is written whole: `Box<dyn std::error::Error + Send + Sync>`",
    note = "the error of a handler may answer for itself: implement `vernal::Responder` for it",
    note = "to choose the status, make a `vernal::Error`: `.map_err(|_| vernal::Error::status_only(404))`"
)]
pub trait Failure {
    /// As our own error, which keeps its status; any other is a 500 that only the log explains.
    fn into_error(self) -> Error;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn StdError + Send + Sync>>> Failure for E {
    #[inline]
    fn into_error(self) -> Error {
        Error::from_boxed(self.into())
    }
}

/// What `?` turns into an [`Error`]: a `std::error::Error` that is `Send`, `Sync` and `'static`. Of the words below the compiler
/// shows the label where it is `?` that fails.
#[diagnostic::on_unimplemented(
    message = "no `vernal::Error` can be made of `{Self}`",
    label = "no `std::error::Error + Send + Sync`: write `.or_status(500)?`, or make an error of it, as by \
             `vernal::Error::bad_request(…)`",
    note = "`or_status` (of `vernal::OrStatus`) takes texts and boxed errors too; of a boxed error write the whole type, \
            `Box<dyn std::error::Error + Send + Sync>`"
)]
pub trait SendSyncError: StdError + Send + Sync + Sized + 'static {}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> SendSyncError for E {}
