//! Who the request is from, as an argument of handlers.

use std::any::Any;
use std::ops::Deref;

use super::auth::Challenge;
use crate::bind::{Arg, FromRequest, Profile};
use crate::contract::Inputs;
use crate::http::{Error, Request, Result};

/// Who the request is from: what [`BasicAuth`](super::BasicAuth), [`BearerAuth`](super::BearerAuth) or a filter of one's own
/// put into `request.extensions`.
///
/// A 401 when nobody is known, so a handler that asks for it cannot be reached by strangers, whatever the filters cover.
/// `Option<Identity<&T>>` is `None` then. WebSocket handlers and events take it too.
///
/// ```
/// use vernal::security::Identity;
/// use vernal::{FilterContext, request_filter, request_map};
///
/// #[derive(Clone)]
/// struct User { name: String }
///
/// #[request_filter("/me")]
/// fn known(cx: &mut FilterContext<'_>) {
///     if let Some(name) = cx.request.cookies().get("user").map(str::to_owned) {
///         cx.request.extensions.insert(User { name });
///     }
/// }
///
/// #[request_map("/me")]
/// fn me(Identity(user): Identity<&User>) -> String {
///     user.name.clone()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<T>(
    /// A reference to it.
    pub T,
);

impl<T> Deref for Identity<&T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}

/// What stands inside `Identity<…>`: a reference to what a filter put into the request.
#[diagnostic::on_unimplemented(
    message = "an identity is lent: write `Identity<&{Self}>`",
    label = "write `Identity<&{Self}>`",
    note = "the request keeps the `{Self}` that `BasicAuth`, `BearerAuth` or a filter of yours found"
)]
pub trait IdentityReference<'r>: Sized {
    /// Finds it.
    fn find(req: &'r Request) -> Option<Self>;
}

impl<'r, T: Any + Send + Sync> IdentityReference<'r> for &'r T {
    fn find(req: &'r Request) -> Option<&'r T> {
        req.extensions.get::<T>()
    }
}

impl<'r, T: IdentityReference<'r>> FromRequest<'r> for Identity<T> {
    const PROFILE: Profile = Profile::PART;

    fn from_request(req: &'r Request, _: &Arg) -> Result<Identity<T>> {
        T::find(req).map(Identity).ok_or_else(|| {
            let error = Error::unauthorized(
                "Only those who are known may do this, and this request does not say who it is from.",
            );
            match req.extensions.get::<Challenge>() {
                Some(challenge) => error.header("www-authenticate", &*challenge.0),
                None => error,
            }
        })
    }

    fn optional(req: &'r Request, _: &Arg) -> Result<Option<Identity<T>>> {
        Ok(T::find(req).map(Identity))
    }

    fn describe(inputs: &mut Inputs) {
        inputs.needs_identity = true;
    }
}
