//! A status for what is not there, or has failed, where `?` sends it.

use std::borrow::Cow;

use ::http::StatusCode;

use super::error::BoxError;
use super::{Error, IntoStatus, Result};

/// Gives the error or the absence inside a `Result` or an `Option` a status, for `?` to send.
///
/// ```
/// use vernal::{OrStatus, Result};
///
/// fn user(id: u64) -> Result<&'static str> {
///     [(1, "ann")].iter().find(|row| row.0 == id).map(|row| row.1).or_404("no such user")
/// }
/// assert_eq!(user(1)?, "ann");
/// assert_eq!(user(2).unwrap_err().status(), 404);
/// # Ok::<(), vernal::Error>(())
/// ```
pub trait OrStatus<T>: Sized {
    /// The value, or an error of this status. The error inside is kept for the log.
    ///
    /// # Errors
    /// There is no value.
    fn or_status(self, status: impl IntoStatus) -> Result<T>;

    /// The value, or an error of this status with this explanation, which the peer is told. The error inside is kept for the
    /// log.
    ///
    /// ```
    /// use vernal::{OrStatus, Result};
    ///
    /// fn age(text: &str) -> Result<u8> {
    ///     text.parse().or_status_with(422, "an age is a number up to 255")
    /// }
    /// let error = age("x").unwrap_err();
    /// assert_eq!((error.status().as_u16(), error.explain_text()), (422, "an age is a number up to 255"));
    /// ```
    ///
    /// # Errors
    /// There is no value.
    #[track_caller]
    fn or_status_with(self, status: impl IntoStatus, explain: impl Into<Cow<'static, str>>) -> Result<T> {
        match self.or_status(status) {
            Ok(value) => Ok(value),
            Err(error) => Err(error.explain(explain)),
        }
    }

    /// The value, or a 400 with this explanation: what came is wrong.
    ///
    /// # Errors
    /// There is no value.
    fn or_400(self, explain: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status_with(StatusCode::BAD_REQUEST, explain)
    }

    /// The value, or a 404 with this explanation.
    ///
    /// # Errors
    /// There is no value.
    fn or_404(self, explain: impl Into<Cow<'static, str>>) -> Result<T> {
        self.or_status_with(StatusCode::NOT_FOUND, explain)
    }
}

impl<T> OrStatus<T> for Option<T> {
    #[track_caller]
    fn or_status(self, status: impl IntoStatus) -> Result<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Error::status_only(status)),
        }
    }
}

impl<T, E: Into<BoxError>> OrStatus<T> for Result<T, E> {
    #[track_caller]
    fn or_status(self, status: impl IntoStatus) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(Error::from_boxed(error.into()).with_status(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn or_status_works_on_options_and_results() {
        assert_eq!(None::<u8>.or_404("no").unwrap_err().status(), 404);
        assert_eq!("x".parse::<u8>().or_status(422).unwrap_err().status(), 422);
        assert_eq!(Some(1).or_404("no").unwrap(), 1);
        let refused = [
            ("x".parse::<u8>().or_status_with(422, "no number").unwrap_err(), 422),
            ("x".parse::<u8>().or_400("no number").unwrap_err(), 400),
            (None::<u8>.or_404("no number").unwrap_err(), 404),
            ("x".parse::<u8>().or_404("no number").unwrap_err(), 404),
        ];
        for (error, status) in refused {
            assert_eq!((error.status().as_u16(), error.public_explain(false)), (status, "no number"));
        }
    }
}
