//! All that is wrong with a request, at once: when one argument fails, those behind it are tried too.
//!
//! Only what a binding reads is tried: whatever may have an effect, or wait, is left alone, and nothing is bound twice. All of it is
//! cold, and for generated code.

use ::http::StatusCode;
use serde::Deserialize;

use super::dispatch::{Extract, Fallback, Named, Unbound, Wait};
use super::from_request::{FromRequest, ModelBinding};
use super::misplaced::{Elsewhere, Lent};
use super::value::FromValues;
use crate::http::{Arg, Error, Request, Result};

/// The error of one argument, and those of the arguments behind it.
pub struct Mistakes<'r> {
    error: Error,
    request: &'r Request,
    /// The first that is tried; none is where the error is one that others cannot stand beside: not the client's, or not about an
    /// argument.
    first: usize,
}

/// Tries to bind an argument that is not looked at any more: what is wrong with it.
pub type Attempt<'r> = fn(&'r Request, &'static Arg) -> Option<Error>;

impl<'r> Mistakes<'r> {
    /// The error of the argument that failed first, and the number of the one behind it.
    #[cold]
    pub fn new(error: Error, request: &'r Request, behind: usize) -> Mistakes<'r> {
        let first = if is_mistake(&error) { behind } else { usize::MAX };
        Mistakes { error, request, first }
    }

    /// Whether the argument of this number is to be tried.
    pub fn tries(&self, number: usize) -> bool {
        self.first <= number
    }

    /// Tries the argument of this number.
    #[cold]
    pub fn then(self, number: usize, attempt: Attempt<'r>, arg: &'static Arg) -> Mistakes<'r> {
        if !self.tries(number) {
            return self;
        }
        match attempt(self.request, arg) {
            Some(error) => self.with(error),
            None => self,
        }
    }

    /// Adds what is wrong with an argument that was tried.
    pub fn also<T>(self, tried: Result<T>) -> Mistakes<'r> {
        match tried {
            Ok(_) => self,
            Err(error) => self.with(error),
        }
    }

    #[cold]
    fn with(mut self, error: Error) -> Mistakes<'r> {
        if is_mistake(&error) {
            self.error.add_bindings(error);
        }
        self
    }

    /// All of them.
    pub fn finish(self) -> Error {
        self.error
    }
}

/// `#[request_map(…, invalid = 422)]`: the status of a failed binding that would be a 400.
#[cold]
pub fn invalid(error: Error, status: u16) -> Error {
    let status = StatusCode::from_u16(status).expect("the macro has checked it");
    error.with_invalid_status(status)
}

fn is_mistake(error: &Error) -> bool {
    error.status().is_client_error() && error.binding().is_some()
}

/// Tries to bind an argument that is not looked at any more, if that has no effect.
#[cold]
pub fn attempt<'r, T, K: Attempted<'r, T>>(_: K, req: &'r Request, arg: &'static Arg) -> Option<Result<T>> {
    K::attempt(req, arg)
}

/// The same with a default.
#[cold]
pub fn attempt_optional<'r, T, K: Attempted<'r, T>>(
    _: K,
    req: &'r Request,
    arg: &'static Arg,
) -> Option<Result<Option<T>>> {
    K::attempt_optional(req, arg)
}

/// How an argument is tried of which nothing but its binding can be wrong.
pub fn attempted<'r, T, K: Attempted<'r, T>>(_: K) -> Attempt<'r> {
    |req, arg| K::attempt(req, arg)?.err()
}

/// The same with a default.
pub fn attempted_optional<'r, T, K: Attempted<'r, T>>(_: K) -> Attempt<'r> {
    |req, arg| K::attempt_optional(req, arg)?.err()
}

/// What a tag can do of a type without an effect.
pub trait Attempted<'r, T> {
    /// Binds it; `None` where that may have an effect.
    fn attempt(_: &'r Request, _: &'static Arg) -> Option<Result<T>> {
        None
    }

    /// Binds it, or finds it absent.
    fn attempt_optional(_: &'r Request, _: &'static Arg) -> Option<Result<Option<T>>> {
        None
    }
}

impl<'r, T: FromRequest<'r>> Attempted<'r, T> for Extract {
    fn attempt(req: &'r Request, arg: &'static Arg) -> Option<Result<T>> {
        T::PROFILE.only_reads.then(|| Extract.bind(req, arg).0)
    }

    fn attempt_optional(req: &'r Request, arg: &'static Arg) -> Option<Result<Option<T>>> {
        T::PROFILE.only_reads.then(|| Extract.optional(req, arg).0)
    }
}

impl<'r, T: FromValues<'r>> Attempted<'r, T> for Named {
    fn attempt(req: &'r Request, arg: &'static Arg) -> Option<Result<T>> {
        Some(Named.bind(req, arg).0)
    }

    fn attempt_optional(req: &'r Request, arg: &'static Arg) -> Option<Result<Option<T>>> {
        Some(Named.optional(req, arg).0)
    }
}

/// A default binding is the application's own, and may do anything.
impl<'r, T: Deserialize<'r>> Attempted<'r, T> for Fallback {
    fn attempt(req: &'r Request, arg: &'static Arg) -> Option<Result<T>> {
        req.context.default_binding.is_none().then(|| Fallback.bind(req, arg).0)
    }

    fn attempt_optional(req: &'r Request, arg: &'static Arg) -> Option<Result<Option<T>>> {
        req.context.default_binding.is_none().then(|| Fallback.optional(req, arg).0)
    }
}

impl<'r, T: ModelBinding<'r>> Attempted<'r, T> for Wait {}
impl<T> Attempted<'_, T> for Unbound {}
impl<T> Attempted<'_, T> for Elsewhere {}
impl<T> Attempted<'_, T> for Lent {}
