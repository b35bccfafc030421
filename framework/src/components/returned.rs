//! What a component returned: the value itself, or a `Result` of it. Told apart, while compiling, by what the type is and not by
//! how it is spelled, as answers are.

use std::any::Any;
use std::marker::PhantomData;

use crate::bind::{StateNeed, StateValue};
use crate::http::{Error, Failure, Result};

/// Asks what an `R` is: `(&&returned::<R>()).kind()`.
pub struct Returned<R>(PhantomData<fn() -> R>);

/// The question.
pub fn returned<R>() -> Returned<R> {
    Returned(PhantomData)
}

/// The question about a value.
pub fn returned_by<R>(_: &R) -> Returned<R> {
    Returned(PhantomData)
}

/// The value itself.
pub struct Plain;

/// A `Result` of it.
pub struct Fallible;

/// First choice.
pub trait FallibleKind {
    /// The tag.
    fn kind(&self) -> Fallible {
        Fallible
    }
}

impl<T, E> FallibleKind for &Returned<Result<T, E>> {}

/// What is left.
pub trait PlainKind {
    /// The tag.
    fn kind(&self) -> Plain {
        Plain
    }
}

impl<R> PlainKind for Returned<R> {}

impl Plain {
    /// The state that is made.
    pub fn made<T: Any>(self, _: &Returned<T>) -> StateNeed {
        StateNeed::of::<T>()
    }

    /// The value as a `Result`.
    ///
    /// # Errors
    /// Never.
    pub fn value<T>(self, value: T) -> Result<T> {
        Ok(value)
    }
}

impl Fallible {
    /// The state that is made.
    pub fn made<T: Any, E>(self, _: &Returned<Result<T, E>>) -> StateNeed {
        StateNeed::of::<T>()
    }

    /// The `Result`.
    ///
    /// # Errors
    /// Those of the function.
    pub fn value<T, E>(self, result: Result<T, E>) -> Result<T, E> {
        result
    }
}

/// Keeps what a component made.
///
/// # Errors
/// The function failed.
pub fn component<T: StateValue, E: Failure>(made: Result<T, E>) -> Result<Box<dyn Any + Send + Sync>> {
    Ok(Box::new(made.map_err(Failure::into_error)?))
}

/// The end of an `#[on_start]` or `#[on_stop]`.
///
/// # Errors
/// The function failed.
pub fn life_done<T: Nothing, E: Failure>(done: Result<T, E>) -> Result<(), Error> {
    done.map(drop).map_err(Failure::into_error)
}

/// What `#[on_start]` and `#[on_stop]` functions return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is returned, and nobody takes it",
    label = "return nothing, or `vernal::Result`",
    note = "what is to be kept is made by a function with `#[component]`"
)]
pub trait Nothing {}

impl Nothing for () {}
