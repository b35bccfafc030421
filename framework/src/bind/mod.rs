//! How an argument of a handler is filled: by its name and by what its type can do, never by how it is spelled.
//!
//! Three traits: [`FromValue`] turns one raw value into a type, [`FromRequest`] the whole request at once, and
//! [`ModelBinding`] the whole request with a wait. `dispatch.rs` chooses between them while compiling.

/// What every wrapper around one public field has: `into_inner`, and lending the value as if it were bare.
macro_rules! lends_inner {
    ($name:ident) => {
        impl<T> $name<T> {
            /// The value.
            pub fn into_inner(self) -> T {
                self.0
            }
        }

        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> std::ops::DerefMut for $name<T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }
    };
}

mod body;
mod brackets;
mod buffered;
pub mod defaults;
pub mod dispatch;
mod failure;
mod fields;
mod judged;
pub mod misplaced;
mod missing;
mod model;
mod multipart;
mod named;
mod pairs;
#[cfg(test)]
mod requests;
#[cfg(feature = "signed-cookies")]
mod sealed;
mod state;
mod value;
mod wrappers;

use std::any::TypeId;
use std::future::Future;

use crate::http::{Error, Request, Result};

pub use crate::http::{BindingError, Source};
pub use body::{Form, Json, Text};
pub use model::{Model, ModelDict};
pub use state::{FromContext, State, StateReference, construct};
pub(crate) use value::flawed;
pub use value::{FromValue, FromValues};
pub use wrappers::{ConnectionInfo, Cookie, Header, Param, PathValue, RegGroup, RegGroups};

/// An argument of a handler: the name it is bound by and what `#[arg(…)]` says of it.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// The argument's name, or the one given as `#[arg(name = "…")]`.
    pub name: &'static str,
    /// Whether the name was given; else a header's underscores also mean hyphens.
    pub renamed: bool,
    /// The group of the regular expression, `#[arg(group = n)]`: 0 is the whole match, 1 (the default) the first parenthesis.
    pub group: usize,
}

impl Arg {
    /// An argument bound by its own name.
    pub const fn named(name: &'static str) -> Arg {
        Arg { name, renamed: false, group: 1 }
    }

    /// Says that the name was given by `#[arg(name = "…")]`.
    #[must_use]
    pub const fn renamed(mut self) -> Arg {
        self.renamed = true;
        self
    }

    /// Chooses the group.
    #[must_use]
    pub const fn group(mut self, group: usize) -> Arg {
        self.group = group;
        self
    }
}

/// How a type uses the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyUse {
    /// It does not look at it. A request to a handler that takes nothing else is answered without its body: what comes of that is
    /// thrown away, or the connection closes.
    None,
    /// It looks at parameters, which the body brings where it is a form. Any other body is as good as none.
    Parameters,
    /// It may look at it, as at anything else: the body is read before binding. Several of these may stand in one handler.
    Any,
    /// It takes the form that the body is: `Form`, `MultipartFile`. Several of these may stand in one handler, but no other
    /// that takes the body.
    Form,
    /// It takes the body, read before binding: `Json`, `Text`, `Bytes`. Two of these are a compile error.
    Buffered,
    /// It takes the body as it comes: `BodyReader`. The route does not read it before binding.
    Streamed,
    /// It takes a form in parts as it comes: `Multipart`.
    Parts,
}

/// A state that an argument needs.
#[derive(Clone, Copy, Debug)]
pub struct StateNeed {
    /// Its type.
    pub type_id: fn() -> TypeId,
    /// The type's name, for the message at start.
    pub type_name: fn() -> &'static str,
}

/// What the compiler should know about a type that binds from the whole request. Constant, so that misuse is a
/// compile error and routing needs no look at run time.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// How it uses the body.
    pub body: BodyUse,
    /// The state it needs.
    pub state: Option<StateNeed>,
    /// It reads the path variable of its name, so that the mapping must have it.
    pub path_value: bool,
    /// It reads a group of the mapping's regular expression.
    pub group: bool,
    /// It may look at anything, path variables included (`&Request`, types of users).
    pub sees_request: bool,
    /// It is found by the name of its argument, so that the argument must have one.
    pub named: bool,
    /// A variable of the path comes before a parameter of that name.
    pub path_first: bool,
    /// It tells how a WebSocket session ended, so that only `on_close` can take it.
    pub close_reason: bool,
    /// It is the receiving end of a WebSocket session, so that no event function can take it.
    pub socket: bool,
    /// It answers the handshake of a WebSocket session, so that no handler of open sessions can take it.
    pub handshake: bool,
}

impl Profile {
    /// The profile of types that say nothing: they may look at anything, the body among it.
    pub const ANY: Profile = Profile {
        body: BodyUse::Any,
        state: None,
        path_value: false,
        group: false,
        sees_request: true,
        named: false,
        path_first: false,
        close_reason: false,
        socket: false,
        handshake: false,
    };
    /// A type that looks at one part of the request, whatever its argument is called, and not at the body.
    pub const PART: Profile = Profile { body: BodyUse::None, sees_request: false, ..Profile::ANY };
    /// A type that looks at the value of its argument's name only, and not at the body.
    pub const VALUE: Profile = Profile { named: true, ..Profile::PART };
    /// A type that looks at the parameter of its argument's name only.
    pub const PARAMETER: Profile = Profile { body: BodyUse::Parameters, ..Profile::VALUE };
}

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
}

/// `None` when nothing came.
impl<'r, T: FromRequest<'r>> FromRequest<'r> for Option<T> {
    /// It may be read from a path that has no such variable.
    const PROFILE: Profile = Profile { path_value: false, ..T::PROFILE };

    #[inline]
    fn from_request(req: &'r Request, arg: &Arg) -> Result<Option<T>> {
        T::optional(req, arg)
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
}

/// The handler wants to see the error.
impl<'r, T: ModelBinding<'r>> ModelBinding<'r> for Result<T> {
    const PROFILE: Profile = T::PROFILE;

    async fn bind(req: &'r Request, arg: &Arg) -> Result<Result<T>> {
        Ok(T::bind(req, arg).await.map_err(|error| T::failed(error, arg)))
    }
}
