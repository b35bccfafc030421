//! Which errors functions may return: a bound of its own, so that the compiler says what to write where an error is none of
//! them.

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
