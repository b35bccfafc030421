//! Where the schema of a type comes from, and which types of a signature have one.
//!
//! What a signature consists of is asked of the compiler, level by level: method lookup on `&&Probe<T>` takes what a type is known to
//! hold, and else leaves the type as it is. So a type that derives no `JsonSchema` is no error. For generated code.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A type that has a schema.
#[derive(Clone, Copy)]
pub struct Source {
    /// As the compiler calls it.
    pub(crate) type_name: &'static str,
    pub(crate) id: fn() -> Cow<'static, str>,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Source {
    /// That of a type.
    pub(crate) fn of<T: JsonSchema + ?Sized>() -> Source {
        Source {
            type_name: std::any::type_name::<T>(),
            id: T::schema_id,
            schema: SchemaGenerator::subschema_for::<T>,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name)
    }
}

/// The types with schemas that a signature consists of.
#[derive(Debug, Default)]
pub struct Found(pub(crate) Vec<Source>);

/// A type that is asked for its schema.
pub struct Probe<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Probe<T> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    pub const fn new() -> Probe<T> {
        Probe(PhantomData)
    }

    /// The type that a value is of.
    pub fn of(_: &T) -> Probe<T>
    where
        T: Sized,
    {
        Probe(PhantomData)
    }
}

/// A type with a schema.
pub trait ProbeSchema {
    /// Adds it.
    fn add(&self, found: &mut Found);
}

impl<T: JsonSchema + ?Sized> ProbeSchema for &Probe<T> {
    fn add(&self, found: &mut Found) {
        found.0.push(Source::of::<T>());
    }
}

/// A type without.
pub trait ProbeNothing {
    /// Adds nothing.
    fn add(&self, _: &mut Found) {}
}

impl<T: ?Sized> ProbeNothing for Probe<T> {}

/// A type around another.
pub trait ProbePeel {
    /// The other.
    type Inner: ?Sized;

    /// Asks for it.
    fn peel(&self) -> Probe<Self::Inner> {
        Probe::new()
    }
}

/// A type that is not known to be around another.
pub trait ProbeWhole {
    /// The type itself.
    type Inner: ?Sized;

    /// Asks for it.
    fn peel(&self) -> Probe<Self::Inner> {
        Probe::new()
    }
}

impl<T: ?Sized> ProbeWhole for Probe<T> {
    type Inner = T;
}

/// Says what a type is around; each room adds its own.
macro_rules! peels {
    ($($outer:ty),* $(,)?) => { $(
        impl<T> $crate::contract::ProbePeel for &$crate::contract::Probe<$outer> {
            type Inner = T;
        }
    )* };
}
pub(crate) use peels;

peels!(Option<T>, Vec<T>);

impl<T, E> ProbePeel for &Probe<Result<T, E>> {
    type Inner = T;
}

/// A `Result` or an `Option`, which answers are.
pub trait ProbeUnwrap {
    /// What is inside.
    type Good;

    /// Asks for it.
    fn unwrapped(&self) -> Probe<Self::Good> {
        Probe::new()
    }
}

impl<T> ProbeUnwrap for &Probe<Option<T>> {
    type Good = T;
}

impl<T, E> ProbeUnwrap for &Probe<Result<T, E>> {
    type Good = T;
}

/// What is neither.
pub trait ProbeBare {
    /// The type itself.
    type Good: ?Sized;

    /// Asks for it.
    fn unwrapped(&self) -> Probe<Self::Good> {
        Probe::new()
    }
}

impl<T: ?Sized> ProbeBare for Probe<T> {
    type Good = T;
}

/// The error of a `Result` that can answer for itself.
pub trait ProbeError {
    /// The error's type.
    type Error;

    /// Asks for it.
    fn error(&self) -> Probe<Self::Error> {
        Probe::new()
    }
}

impl<T, E> ProbeError for &Probe<Result<T, E>> {
    type Error = E;
}

/// What has no error.
pub trait ProbeNoError {
    /// Asks for nothing.
    fn error(&self) -> Probe<()> {
        Probe::new()
    }
}

impl<T: ?Sized> ProbeNoError for Probe<T> {}

/// Parts of tuples: as many as anybody gives a body beside.
macro_rules! parts {
    ($( $ask:ident $known:ident $else:ident: $part:ident, [$($more:tt)*]; )*) => { $(
        /// A tuple with such a part.
        pub trait $known {
            /// The part's type.
            type Part;

            /// Asks for it.
            fn $ask(&self) -> Probe<Self::Part> {
                Probe::new()
            }
        }

        /// What is no such tuple.
        pub trait $else {
            /// Asks for nothing.
            fn $ask(&self) -> Probe<()> {
                Probe::new()
            }
        }

        impl<T: ?Sized> $else for Probe<T> {}

        tuples! { $known $part: $($more)* }
    )* };
}

macro_rules! tuples {
    ($known:ident $part:ident: $(($($all:ident)*))*) => { $(
        impl<$($all),*> $known for &Probe<($($all,)*)> {
            type Part = $part;
        }
    )* };
}

parts! {
    first ProbeFirst ProbeNoFirst: A, [(A B) (A B C) (A B C D) (A B C D E)];
    second ProbeSecond ProbeNoSecond: B, [(A B) (A B C) (A B C D) (A B C D E)];
    third ProbeThird ProbeNoThird: C, [(A B C) (A B C D) (A B C D E)];
}
