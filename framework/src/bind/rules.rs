//! `#[arg(valid)]`: rules of a type's own, by `garde`. What breaks them is a failed binding, told place by place.
//!
//! How a type is asked is chosen while compiling, as in `dispatch.rs`: by its own [`garde::Validate`], by that of what it lends, or
//! inside of a `Result`. All of it is for generated code.

mod told;

use std::marker::PhantomData;
use std::ops::Deref;

use garde::{Report, Validate};

use self::told::{Used, refuse};
use super::body::{Form, Json, Text};
use super::constraint::Origin;
use super::dispatch::Profiled;
use super::model::Model;
use super::profile::BodyUse;
use super::wrappers::{Cookie, Header, Param, PathValue, RegGroup};
use crate::base::secrets::Count;
use crate::http::{Arg, Error, Result};

/// Asks how a `T` is validated: `(&&&Rules::<T>::new()).kind()`.
pub struct Rules<T>(PhantomData<fn() -> T>);

impl<T> Rules<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    #[inline]
    pub const fn new() -> Rules<T> {
        Rules(PhantomData)
    }
}

/// What the question needs in scope.
pub mod asking {
    pub use super::{LentKind as _, OwnKind as _, PerhapsKind as _, UnruledKind as _};
}

/// It has rules itself.
pub struct Own;

/// What it lends has rules.
pub struct Lent;

/// The handler wants to see the error.
pub struct Perhaps;

/// There are none: the method fails with the message of [`Ruled`].
pub struct Unruled;

/// First choice.
pub trait OwnKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Own {
        Own
    }
}

impl<T: Validate<Context: Default>> OwnKind for &&Rules<T> {}

/// Second choice.
pub trait PerhapsKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Perhaps {
        Perhaps
    }
}

impl<T: Validate<Context: Default>> PerhapsKind for &&Rules<Result<T>> {}

/// Third choice.
pub trait LentKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Lent {
        Lent
    }
}

impl<T: Deref<Target: Validate<Context: Default>>> LentKind for &Rules<T> {}

/// What is left.
pub trait UnruledKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Unruled {
        Unruled
    }
}

impl<T> UnruledKind for Rules<T> {}

/// What a tag can do of the type it was given for.
pub trait Judge<T> {
    /// What breaks the rules.
    fn report(value: &T) -> Option<Report>;

    /// What becomes of a value that breaks them.
    ///
    /// # Errors
    /// The error given, unless the handler wants to see it.
    fn refused(error: Error) -> Result<T> {
        Err(error)
    }
}

impl<T: Validate<Context: Default>> Judge<T> for Own {
    #[inline]
    fn report(value: &T) -> Option<Report> {
        value.validate().err()
    }
}

impl<T: Deref<Target: Validate<Context: Default>>> Judge<T> for Lent {
    #[inline]
    fn report(value: &T) -> Option<Report> {
        (**value).validate().err()
    }
}

impl<T: Validate<Context: Default>> Judge<Result<T>> for Perhaps {
    #[inline]
    fn report(value: &Result<T>) -> Option<Report> {
        value.as_ref().ok()?.validate().err()
    }

    fn refused(error: Error) -> Result<Result<T>> {
        Ok(Err(error))
    }
}

/// A type that has rules. Implemented by nothing; its message tells what to write.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no rules that it could be `valid` by",
    label = "nothing in it is a `garde::Validate`",
    note = "derive `garde::Validate` for the type inside of `Json`, `Form` or `Model`, and write a rule for each field, like \
            `#[garde(length(min = 1))]`, or `#[garde(skip)]`",
    note = "what needs a context that has no `Default` is validated in the handler, by `validate_with`"
)]
pub trait Ruled {}

impl<T: Ruled> Judge<T> for Unruled {
    fn report(_: &T) -> Option<Report> {
        None
    }
}

/// How a value is judged: asked before it is bound.
pub struct Asked<K> {
    used: Used,
    secrets: Count,
    kind: PhantomData<K>,
}

/// A value that is bound from a request.
#[inline]
pub fn asked<T, K, B: Profiled<T>>(_: K, _: B) -> Asked<K> {
    let used = Used { body: B::PROFILE.body, is_named: B::PROFILE.named };
    Asked { used, secrets: Count::now(), kind: PhantomData }
}

/// The message of a WebSocket session.
#[inline]
pub fn asked_of_message<K>(_: K) -> Asked<K> {
    let used = Used { body: BodyUse::Buffered, is_named: false };
    Asked { used, secrets: Count::now(), kind: PhantomData }
}

/// `#[arg(valid)]`
///
/// # Errors
/// A rule is broken, or nothing was bound.
#[inline]
pub fn valid<T, K: Judge<T>>(
    asked: Asked<K>,
    bound: Result<T>,
    from: impl Origin,
    arg: &'static Arg,
) -> Result<T> {
    let value = bound?;
    match K::report(&value) {
        None => Ok(value),
        Some(report) => K::refused(refuse(&report, asked.used, asked.secrets.is_same(), from, arg)),
    }
}

/// The wrappers are validated as what is inside.
macro_rules! as_inner {
    ($($name:ident)*) => { $(
        impl<T: Validate> Validate for $name<T> {
            type Context = T::Context;

            fn validate_into(
                &self,
                context: &T::Context,
                parent: &mut dyn FnMut() -> garde::Path,
                report: &mut Report,
            ) {
                self.0.validate_into(context, parent, report);
            }
        }
    )* };
}
as_inner! { Json Form Model Text Param Header Cookie PathValue RegGroup }
