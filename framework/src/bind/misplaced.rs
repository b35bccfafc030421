//! Types that stand among a handler's arguments in other frameworks, and what stands there here.
//!
//! Only words for the compiler to say: none of these is ever bound.

use std::ffi::OsString;
#[cfg(not(feature = "config"))]
use std::time::Duration;
use std::time::SystemTime;

use super::dispatch::{AtOnce, Bind, Profiled};
use super::{Arg, BindingSource, Profile, State};
use crate::contract::Inputs;
use crate::http::{Error, Params, Request, Response, Trailers};

/// A type that is no argument, but looks like one.
pub trait Misplaced {
    /// What to write.
    const INSTEAD: &'static str;
}

macro_rules! misplaced {
    ($( $kind:ty: $instead:expr; )*) => { $(
        impl $crate::bind::misplaced::Misplaced for $kind {
            const INSTEAD: &'static str = $instead;
        }
    )* };
}
pub(crate) use misplaced;

misplaced! {
    Request: REQUEST;
    Response: RESPONSE;
    &Response: RESPONSE;
    Params: PARAMS;
    &Params: PARAMS;
    Trailers: "the trailers are lent: take `trailers: &Trailers`";
    Error: "a handler runs where there is no error: an error page takes `error: &Error`, with `#[error_message]` above it";
    ::http::HeaderMap: HEADERS;
    &::http::HeaderMap: HEADERS;
    ::http::Uri: URI;
    &::http::Uri: URI;
    ::http::Extensions: "take `req: &Request` and read `req.extensions`";
    SystemTime: "a point in time has many forms as a text: take the text, or a type of your own that implements `FromValue`";
    OsString: "what comes is text: take a `String`, or a `PathBuf`";
}

#[cfg(not(feature = "config"))]
misplaced! {
    Duration: "a time is made of a text such as \"3s\" with the feature `config`: turn it on, or take a number, as in `seconds: u64`";
}

impl<T: Misplaced> Misplaced for Option<T> {
    const INSTEAD: &'static str = T::INSTEAD;
}

impl<T: Misplaced> Misplaced for Vec<T> {
    const INSTEAD: &'static str = T::INSTEAD;
}

impl<T> Misplaced for &State<T> {
    const INSTEAD: &'static str =
        "the reference stands inside: take `State<&T>`, as in `State(pool): State<&Pool>`";
}

impl<B> Misplaced for ::http::Request<B> {
    const INSTEAD: &'static str = REQUEST;
}

impl<B> Misplaced for &::http::Request<B> {
    const INSTEAD: &'static str = REQUEST;
}

/// What stands behind a reference that nothing can be bound to.
const LENT: &str = "an argument is bound by value: leave `&` out; only `&str`, `&[u8]`, `&Request`, `&Headers`, \
    `&Trailers`, `&Cookies` and `&Method` are lent, and a state of the server is `State<&T>`";

const REQUEST: &str = "the request is lent: take `req: &Request`";
const RESPONSE: &str = "the response is lent: take `res: &mut Response`, or return what to answer with";
const PARAMS: &str = "take each parameter by its name, as in `page: u32`, or all of them as a `ModelDict` or `Model<T>`; of a \
    `req: &Request` they are `req.query()` and `req.form()`";
const HEADERS: &str = "take `headers: &Headers`, or one field by its name, as in `user_agent: Header<&str>`";
const URI: &str = "take `req: &Request` and read `req.path()` and `req.query()`";

/// Not bound, for it belongs elsewhere: the profile fails with [`Misplaced::INSTEAD`].
#[derive(Clone, Copy)]
pub struct Elsewhere;

/// Not bound, for it is a reference to something that is bound by value.
#[derive(Clone, Copy)]
pub struct Lent;

/// Instead of the first choice.
pub trait MisplacedKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Elsewhere {
        Elsewhere
    }
}

impl<T: Misplaced> MisplacedKind for &&&Bind<T> {}

/// Instead of the fourth choice.
pub trait LentKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Lent {
        Lent
    }
}

impl<T> LentKind for Bind<&T> {}

impl<T: Misplaced> Profiled<T> for Elsewhere {
    const PROFILE: Profile = Profile::ANY;
    const INSTEAD: Option<&'static str> = Some(T::INSTEAD);
}

impl<T> Profiled<T> for Lent {
    const PROFILE: Profile = Profile::ANY;
    const INSTEAD: Option<&'static str> = Some(LENT);
}

/// The methods of tags whose profile has failed already.
macro_rules! never_bound {
    ($($tag:ident)*) => { $(
        impl $tag {
            /// Never called.
            pub fn bind<'r, T>(self, _: impl BindingSource<'r>, _: &'static Arg) -> AtOnce<T> {
                AtOnce(Err(never()))
            }

            /// Nothing.
            pub fn describe<T>(self, _: &mut Inputs) {}

            /// Never called.
            pub fn optional<'r, T>(self, _: impl BindingSource<'r>, _: &'static Arg) -> AtOnce<Option<T>> {
                AtOnce(Err(never()))
            }
        }
    )* };
}
never_bound! { Elsewhere Lent }

#[cold]
fn never() -> Error {
    Error::internal("an argument that does not compile was bound")
}
