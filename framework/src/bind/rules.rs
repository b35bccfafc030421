//! `#[arg(valid)]`: rules of a type's own, by `garde`. What breaks them is a failed binding, told place by place.
//!
//! How a type is asked is chosen while compiling, as in `dispatch.rs`: by its own [`garde::Validate`], by that of what it lends, or
//! inside of a `Result`. All of it is for generated code.

use std::marker::PhantomData;
use std::ops::Deref;

use garde::{Report, Validate};
use serde_json::Value;

use super::body::{Form, Json, Text};
use super::constraint::{From, Origin};
use super::dispatch::Profiled;
use super::model::Model;
use super::profile::BodyUse;
use super::wrappers::{Cookie, Header, Param, PathValue, RegGroup};
use crate::base::json_pointer::find::{Step, find, is_similar};
use crate::base::json_pointer::push;
use crate::http::{Arg, BindingError, Error, Request, Result, Source, shortened};

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

/// How the body is used by what binds a `T`.
#[inline]
pub fn body_use<T, K: Profiled<T>>(_: K) -> BodyUse {
    K::PROFILE.body
}

/// `#[arg(valid)]`
///
/// # Errors
/// A rule is broken, or nothing was bound.
#[inline]
pub fn valid<T, K: Judge<T>>(
    _: K,
    bound: Result<T>,
    body: BodyUse,
    from: impl Origin,
    arg: &'static Arg,
) -> Result<T> {
    let value = bound?;
    match K::report(&value) {
        None => Ok(value),
        Some(report) => K::refused(refuse(&report, body, from, arg)),
    }
}

/// Mistakes that one report may add to an answer.
const MOST_TOLD: usize = 20;
/// Those among them that stand in the explanation too.
const MOST_EXPLAINED: usize = 3;

#[cold]
fn refuse(report: &Report, body: BodyUse, from: impl Origin, arg: &Arg) -> Error {
    let count = report.iter().count();
    let told = from.look(|from| {
        let mistake = |(path, error): &(garde::Path, garde::Error)| {
            let steps = Steps::of(path);
            let mut binding = match from {
                From::Message(text) => inside(text, &steps, Source::Message, arg),
                From::Request(req) if body == BodyUse::Buffered => {
                    inside(req.body(), &steps, Source::Body, arg)
                }
                From::Request(req) => parameter(req, &steps, body, arg),
            };
            binding.rule = Some(shortened(error.message()));
            binding
        };
        report.iter().take(MOST_TOLD).map(mistake).collect::<Vec<_>>()
    });
    let mut explain: Vec<_> = told.iter().take(MOST_EXPLAINED).map(ToString::to_string).collect();
    if count > MOST_EXPLAINED {
        explain.push(format!("And {} more.", count - MOST_EXPLAINED));
    }
    Error::of_bindings(told, count - count.min(MOST_TOLD)).explain(explain.join(" "))
}

/// The way to what breaks a rule, from the outside.
struct Steps(Vec<(bool, String)>);

impl Steps {
    /// A path tells its parts to serializers alone: the kind of each, and its text.
    fn of(path: &garde::Path) -> Steps {
        let parts = serde_json::to_value(path).unwrap_or_default();
        let part = |part: &Value| {
            let (kind, text) = (part.get(0)?.as_str()?, part.get(1)?.as_str()?);
            (kind != "none").then(|| (kind == "index", text.to_owned()))
        };
        Steps(parts.as_array().into_iter().flatten().filter_map(part).collect())
    }

    fn iter(&self) -> impl Iterator<Item = Step<'_>> {
        self.0.iter().map(|(is_index, text)| match text.parse() {
            Ok(index) if *is_index => Step::Index(index),
            _ => Step::Name(text),
        })
    }
}

const EXPECTED: &str = "a value that keeps its rules";

/// In a JSON text: where it stands, and what came.
fn inside(text: &[u8], steps: &Steps, source: Source, arg: &Arg) -> BindingError {
    let steps: Vec<_> = steps.iter().collect();
    let (pointer, value) = find(text, &steps);
    let got = value.map(|value| {
        let start = value.get(..MOST_SHOWN).unwrap_or(value);
        shortened(&String::from_utf8_lossy(start))
    });
    let mut binding = BindingError::new(arg.name, source, EXPECTED, got);
    binding.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
    binding
}

/// Among parameters: which one, and what came.
fn parameter(req: &Request, steps: &Steps, body: BodyUse, arg: &Arg) -> BindingError {
    let mut steps = steps.iter().peekable();
    let Some(Step::Name(field)) = steps.peek().copied() else {
        let got = req.parameter(arg.name).map(shortened);
        return BindingError::new(arg.name, Source::Parameter, EXPECTED, got);
    };
    steps.next();
    let of_path = (body != BodyUse::Form)
        .then(|| req.path_values().find(|(name, _)| is_similar(name, field)))
        .flatten();
    let came = || req.form().iter().chain(req.query().iter());
    let named =
        came().find(|(name, _)| *name == field).or_else(|| came().find(|(name, _)| is_similar(name, field)));
    let (name, source) = match (of_path, named) {
        (Some((name, _)), _) => (name, Source::Path),
        (None, Some((name, _))) => (name, Source::Parameter),
        (None, None) => (field, Source::Parameter),
    };
    let got = match (of_path, steps.peek()) {
        (Some((_, value)), _) => Some(value),
        (None, Some(Step::Index(index))) => req.parameters(name).nth(*index),
        (None, _) => named.map(|(_, value)| value),
    };
    let mut pointer = String::new();
    for step in steps {
        match step {
            Step::Name(name) => push(&mut pointer, name),
            Step::Index(index) => push(&mut pointer, &index.to_string()),
        }
    }
    let mut binding = BindingError::new(name, source, EXPECTED, got.map(shortened));
    binding.pointer = Some(pointer).filter(|pointer| !pointer.is_empty());
    binding
}

/// Bytes of a value that an error looks at.
const MOST_SHOWN: usize = 256;

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
