//! Chooses, while compiling, how a type is bound: from what it can do, never from how it is spelled.
//!
//! Tagged autoref dispatch: method lookup on `&&&&Bind<T>` tries the impl with the most references first, and each
//! level only returns a tag. The tag has the methods that bind: `bind` and, for arguments with a default, `optional`.
//! All of it is for generated code.

mod outcome;
mod profiled;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::marker::PhantomData;

use serde::Deserialize;

use super::{Arg, BindingSource, FromRequest, FromValues, ModelBinding, came, judged, model};
use crate::contract::{Inputs, Place, Schema, Values};
use crate::http::Result;
pub use outcome::{AtOnce, Later};
pub use profiled::{Profiled, profile};

/// Asks how `T` is bound: `(&&&&Bind::<T>::new()).kind()`.
pub struct Bind<T>(PhantomData<fn() -> T>);

impl<T> Bind<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    #[inline]
    pub const fn new() -> Bind<T> {
        Bind(PhantomData)
    }
}

impl<T> Clone for Bind<T> {
    fn clone(&self) -> Bind<T> {
        *self
    }
}

impl<T> Copy for Bind<T> {}

/// Bound from the whole request, at once.
#[derive(Clone, Copy)]
pub struct Extract;

/// Bound from the whole request, with a wait.
#[derive(Clone, Copy)]
pub struct Wait;

/// Bound from the values of its name.
#[derive(Clone, Copy)]
pub struct Named;

/// Bound through serde.
#[derive(Clone, Copy)]
pub struct Fallback;

/// Not bound: the methods fail with the message of [`FromRequest`].
#[derive(Clone, Copy)]
pub struct Unbound;

/// First choice.
pub trait ExtractKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Extract {
        Extract
    }
}

impl<'r, T: FromRequest<'r>> ExtractKind for &&&Bind<T> {}

/// Second choice.
pub trait WaitKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Wait {
        Wait
    }
}

impl<'r, T: ModelBinding<'r>> WaitKind for &&Bind<T> {}

/// Third choice.
pub trait NamedKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Named {
        Named
    }
}

impl<'r, T: FromValues<'r>> NamedKind for &Bind<T> {}

/// Fourth choice.
pub trait FallbackKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Fallback {
        Fallback
    }
}

impl<'r, T: Deserialize<'r>> FallbackKind for Bind<T> {}

/// What is left.
pub trait UnboundKind: Sized {
    /// The tag.
    #[inline]
    fn kind(self) -> Unbound {
        Unbound
    }
}

impl<T> UnboundKind for Bind<T> {}

impl Extract {
    /// Binds the argument.
    #[inline]
    pub fn bind<'r, T: FromRequest<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<T> {
        AtOnce(T::from_request(source.request(), arg).map_err(|error| judged::of_client(error, arg)))
    }

    /// Binds an argument with a default.
    #[inline]
    pub fn optional<'r, T: FromRequest<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<Option<T>> {
        AtOnce(T::optional(source.request(), arg))
    }

    /// What such an argument takes.
    pub fn describe<'r, T: FromRequest<'r>>(self, inputs: &mut Inputs) {
        T::describe(inputs);
    }
}

impl Wait {
    /// Binds the argument.
    #[inline]
    pub fn bind<'r, T: ModelBinding<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> Later<impl Future<Output = Result<T>> + Send> {
        let req = source.request();
        Later(async move { T::bind(req, arg).await.map_err(|error| T::failed(error, arg)) })
    }

    /// Binds an argument with a default.
    #[inline]
    pub fn optional<'r, T: ModelBinding<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> Later<impl Future<Output = Result<Option<T>>> + Send> {
        Later(<Option<T> as ModelBinding<'r>>::bind(source.request(), arg))
    }

    /// What such an argument takes.
    pub fn describe<'r, T: ModelBinding<'r>>(self, inputs: &mut Inputs) {
        T::describe(inputs);
    }
}

impl Named {
    /// Binds the argument. A variable of the path has precedence over parameters.
    #[inline]
    pub fn bind<'r, T: FromValues<'r>>(self, source: impl BindingSource<'r>, arg: &'static Arg) -> AtOnce<T> {
        AtOnce(came::named(source.request(), arg.name))
    }

    /// Binds an argument with a default.
    #[inline]
    pub fn optional<'r, T: FromValues<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<Option<T>> {
        self.bind(source, arg)
    }

    /// What such an argument takes.
    pub fn describe<'r, T: FromValues<'r>>(self, inputs: &mut Inputs) {
        inputs.values(Place::Bare, T::values());
    }
}

impl Fallback {
    /// Binds the argument.
    pub fn bind<'r, T: Deserialize<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<T> {
        AtOnce(model::bind_default(source.request(), arg))
    }

    /// Binds an argument with a default.
    pub fn optional<'r, T: Deserialize<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<Option<T>> {
        let req = source.request();
        AtOnce(judged::unless_missing(model::bind_default(req, arg), req, arg))
    }

    /// What such an argument takes.
    pub fn describe<'r, T: Deserialize<'r>>(self, inputs: &mut Inputs) {
        inputs.values(Place::Members, Values::one(Schema::of::<T>()));
    }
}

/// None of these compiles, for `T` is no [`FromRequest`].
impl Unbound {
    /// Says what `T` is not.
    pub fn bind<'r, T: FromRequest<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<T> {
        Extract.bind(source, arg)
    }

    /// Says what `T` is not.
    pub fn optional<'r, T: FromRequest<'r>>(
        self,
        source: impl BindingSource<'r>,
        arg: &'static Arg,
    ) -> AtOnce<Option<T>> {
        Extract.optional(source, arg)
    }

    /// Nothing.
    pub fn describe<T>(self, _: &mut Inputs) {}
}
