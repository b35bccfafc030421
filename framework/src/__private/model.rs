//! What the code of model bindings calls.

use crate::bind::{Arg, FromContext, Profile, State, StateNeed, StateReference};
use crate::http::{Failure, Request, Result};

/// What model bindings may return: a `Result` with any error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a model binding",
    label = "write `-> vernal::Result<…>`, with the type that is bound"
)]
pub trait Done<T> {
    /// The value, or our error.
    ///
    /// # Errors
    /// That error.
    fn done(self) -> Result<T>;
}

impl<T, E: Failure> Done<T> for Result<T, E> {
    fn done(self) -> Result<T> {
        self.map_err(Failure::into_error)
    }
}

/// Turns what a model binding returned into our `Result`.
///
/// # Errors
/// The function failed.
#[inline]
pub fn done<T>(result: impl Done<T>) -> Result<T> {
    result.done()
}

/// An argument of a model binding.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a model binding",
    label = "vernal does not know how to fill this argument",
    note = "a model binding takes `req: &Request`, `arg: &Arg` and `State<&T>`; read everything else from the request"
)]
pub trait ModelArgument<'r, 'a>: Sized {
    /// The state it needs.
    const STATE: Option<StateNeed> = None;

    /// Makes the argument.
    ///
    /// # Errors
    /// There is no such state.
    fn take(req: &'r Request, arg: &'a Arg) -> Result<Self>;
}

impl<'r> ModelArgument<'r, '_> for &'r Request {
    fn take(req: &'r Request, _: &Arg) -> Result<&'r Request> {
        Ok(req)
    }
}

impl<'a> ModelArgument<'_, 'a> for &'a Arg {
    fn take(_: &Request, arg: &'a Arg) -> Result<&'a Arg> {
        Ok(arg)
    }
}

impl<'r, T: StateReference<'r>> ModelArgument<'r, '_> for State<T> {
    const STATE: Option<StateNeed> = Some(T::NEED);

    fn take(req: &'r Request, _: &Arg) -> Result<State<T>> {
        State::from_context(req.context())
    }
}

/// The profile of a type with a model binding that asks for these states; the first is checked at start.
pub const fn model_profile(needed: &[Option<StateNeed>]) -> Profile {
    let mut index = 0;
    while index < needed.len() {
        if needed[index].is_some() {
            return Profile { state: needed[index], ..Profile::ANY };
        }
        index += 1;
    }
    Profile::ANY
}
