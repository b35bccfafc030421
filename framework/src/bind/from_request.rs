//! What is made from a whole request: at once ([`FromRequest`]), or with a wait ([`ModelBinding`]).

use std::future::Future;

use super::judged;
use super::profile::Profile;
use crate::contract::Inputs;
use crate::http::{Arg, Error, Request, Result};

/// What arguments are bound from: a request, or an event of a session that was opened by one.
pub trait BindingSource<'r>: Copy {
    /// The request.
    fn request(self) -> &'r Request;
}

impl<'r> BindingSource<'r> for &'r Request {
    #[inline]
    fn request(self) -> &'r Request {
        self
    }
}

/// A type made from the whole request, at once. May borrow from the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound from a request",
    label = "vernal does not know how to fill this argument",
    note = "for one value of path, query or form implement `FromValue`; for the whole request implement `FromRequest`, \
            or `ModelBinding` if it has to wait",
    note = "for JSON take `Json<{Self}>`, for a form `Form<{Self}>`, for parameters derive `serde::Deserialize`",
    note = "for what the server was given by `.state(…)` take `State<&{Self}>`"
)]
pub trait FromRequest<'r>: Sized {
    /// What the compiler should know of this type. Leave the default unless the type takes the body.
    const PROFILE: Profile = Profile::ANY;

    /// Makes the value.
    ///
    /// # Errors
    /// The request does not hold it; the error's status is sent. What std's `parse` or serde_json failed with, and `?` made an
    /// error, is a 400. With `Option` or a default, an error with a 4xx status means that nothing came, unless something has
    /// the argument's name or the error was made from another one, as [`or_status`](crate::OrStatus::or_status) makes it of a
    /// `Result`: that is a bad value, and is sent.
    fn from_request(req: &'r Request, arg: &Arg) -> Result<Self>;

    /// Makes the value, or `None` when nothing came, where that can be told without making an error first.
    ///
    /// # Errors
    /// Something came, and it is bad.
    #[doc(hidden)]
    #[inline]
    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<Self>> {
        judged::unless_missing(Self::from_request(req, arg), req, arg)
    }

    /// Says what this takes from a request, for the description of the API that the feature `openapi` makes. Default: nothing.
    fn describe(inputs: &mut Inputs) {
        let _ = inputs;
    }
}

/// A type made from the whole request with a wait: a database, a session store. Its handlers must be `async fn`.
///
/// ```
/// use vernal::{Arg, ModelBinding, OrStatus, Request, Result, request_map};
///
/// struct User { name: &'static str }
///
/// impl ModelBinding<'_> for User {
///     async fn bind(req: &Request, _: &Arg) -> Result<User> {
///         let id: u64 = req.param("user_id")?.parse()?;
///         let name = if id == 1 { Some("ann") } else { None }; // or ask a database
///         name.map(|name| User { name }).or_404("no such user")
///     }
/// }
///
/// #[request_map("/greet")]
/// async fn greet(user: Option<User>) -> String {
///     user.map_or("who are you?".to_owned(), |user| format!("hello, {}", user.name))
/// }
/// ```
///
/// Without a `user_id`, or with one that nobody has, the `Option` above is `None`; one that is no number is a 400.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound from a request",
    label = "vernal does not know how to fill this argument"
)]
pub trait ModelBinding<'r>: Sized {
    /// What the compiler should know of this type. Leave the default unless it looks at no body.
    const PROFILE: Profile = Profile::ANY;

    /// Makes the value.
    ///
    /// # Errors
    /// As [`FromRequest::from_request`].
    fn bind(req: &'r Request, arg: &Arg) -> impl Future<Output = Result<Self>> + Send;

    /// Makes the value, or `None` when nothing came.
    ///
    /// # Errors
    /// Something came, and it is bad.
    #[doc(hidden)]
    fn optional(req: &'r Request, arg: &Arg) -> impl Future<Output = Result<Option<Self>>> + Send {
        async { judged::unless_missing(Self::bind(req, arg).await, req, arg) }
    }

    /// The error to answer with when it could not be made.
    #[doc(hidden)]
    fn failed(error: Error, arg: &Arg) -> Error {
        judged::of_client(error, arg)
    }

    /// Says what this takes from a request, for the description of the API that the feature `openapi` makes. Default: nothing.
    fn describe(inputs: &mut Inputs) {
        let _ = inputs;
    }
}

/// `None` when nothing came.
impl<'r, T: FromRequest<'r>> FromRequest<'r> for Option<T> {
    /// It may be read from a path that has no such variable.
    const PROFILE: Profile = Profile { path_value: false, ..T::PROFILE };

    #[inline]
    fn from_request(req: &'r Request, arg: &Arg) -> Result<Option<T>> {
        T::optional(req, arg)
    }

    fn describe(inputs: &mut Inputs) {
        inputs.optional(T::describe);
    }
}

/// The handler wants to see the error.
impl<'r, T: FromRequest<'r>> FromRequest<'r> for Result<T> {
    /// It may be read from a path that has no such variable.
    const PROFILE: Profile = Profile { path_value: false, ..T::PROFILE };

    #[inline]
    fn from_request(req: &'r Request, arg: &Arg) -> Result<Result<T>> {
        Ok(T::from_request(req, arg).map_err(|error| judged::of_client(error, arg)))
    }

    #[inline]
    fn optional(req: &'r Request, arg: &Arg) -> Result<Option<Result<T>>> {
        Ok(T::optional(req, arg).transpose())
    }

    fn describe(inputs: &mut Inputs) {
        inputs.optional(T::describe);
    }
}

/// `None` when nothing came.
impl<'r, T: ModelBinding<'r>> ModelBinding<'r> for Option<T> {
    const PROFILE: Profile = T::PROFILE;

    async fn bind(req: &'r Request, arg: &Arg) -> Result<Option<T>> {
        T::optional(req, arg).await
    }

    fn failed(error: Error, arg: &Arg) -> Error {
        T::failed(error, arg)
    }

    fn describe(inputs: &mut Inputs) {
        inputs.optional(T::describe);
    }
}

/// The handler wants to see the error.
impl<'r, T: ModelBinding<'r>> ModelBinding<'r> for Result<T> {
    const PROFILE: Profile = T::PROFILE;

    async fn bind(req: &'r Request, arg: &Arg) -> Result<Result<T>> {
        Ok(T::bind(req, arg).await.map_err(|error| T::failed(error, arg)))
    }

    fn describe(inputs: &mut Inputs) {
        inputs.optional(T::describe);
    }
}

impl<'r> FromRequest<'r> for &'r Request {
    #[inline]
    fn from_request(req: &'r Request, _: &Arg) -> Result<&'r Request> {
        Ok(req)
    }
}
