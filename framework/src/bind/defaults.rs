//! What `#[arg(default = …)]` gives, typed: for a wrapper such as `Header<u32>` the default is the value inside.
//!
//! The same dispatch as in `dispatch.rs`, with two levels. All of it is for generated code.

use std::marker::PhantomData;

use crate::http::Source;

/// A type that only says where its inner value comes from, so that a default is given for the inner one.
pub trait Wrapper {
    /// What is inside.
    type Inner;

    /// Where its values come from, if all come from one place.
    const SOURCE: Option<Source>;

    /// Puts it inside.
    fn wrap(inner: Self::Inner) -> Self;
}

/// Asks what `#[arg(default = …)]` gives for `T`: `(&&DefaultOf::<T>::new()).kind().of(…)`, or `.empty()` for the
/// bare `default`.
pub struct DefaultOf<T>(PhantomData<fn() -> T>);

impl<T> DefaultOf<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    #[inline]
    pub const fn new() -> DefaultOf<T> {
        DefaultOf(PhantomData)
    }
}

/// The default is the inner value.
pub struct WrappedDefault<T>(PhantomData<fn() -> T>);

/// The default is the value itself.
pub struct PlainDefault<T>(PhantomData<fn() -> T>);

/// First choice.
pub trait WrappedKind {
    /// The wrapper.
    type Of;

    /// The tag.
    #[inline]
    fn kind(&self) -> WrappedDefault<Self::Of> {
        WrappedDefault(PhantomData)
    }
}

impl<T: Wrapper> WrappedKind for &DefaultOf<T> {
    type Of = T;
}

/// What is left.
pub trait PlainKind {
    /// The type.
    type Of;

    /// The tag.
    #[inline]
    fn kind(&self) -> PlainDefault<Self::Of> {
        PlainDefault(PhantomData)
    }
}

impl<T> PlainKind for DefaultOf<T> {
    type Of = T;
}

impl<T: Wrapper> WrappedDefault<T> {
    /// `default = …`
    #[inline]
    pub fn of(self, inner: T::Inner) -> T {
        T::wrap(inner)
    }

    /// `default`
    #[inline]
    pub fn empty(self) -> T
    where
        T::Inner: Default,
    {
        T::wrap(T::Inner::default())
    }
}

impl<T> PlainDefault<T> {
    /// `default = …`
    #[inline]
    pub fn of(self, value: T) -> T {
        value
    }

    /// `default`
    #[inline]
    pub fn empty(self) -> T
    where
        T: Default,
    {
        T::default()
    }
}
