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

/// Types that are asked one by one: a list that ends in [`End`].
pub struct Probe<L>(PhantomData<fn(&L)>);

/// A type, and those behind it.
pub struct Listed<T: ?Sized, L>(PhantomData<fn(&T) -> L>);

/// No further type.
pub struct End;

/// What is asked of one type.
pub type Alone<T> = Probe<Listed<T, End>>;

impl<L> Probe<L> {
    /// The question.
    #[expect(clippy::new_without_default, reason = "only ever written by macros")]
    pub const fn new() -> Probe<L> {
        Probe(PhantomData)
    }
}

/// The first type of a list, with a schema.
pub trait ProbeSchema {
    /// Adds it.
    fn add(&self, found: &mut Found);
}

impl<T: JsonSchema + ?Sized, L> ProbeSchema for &Probe<Listed<T, L>> {
    fn add(&self, found: &mut Found) {
        found.0.push(Source::of::<T>());
    }
}

/// One without.
pub trait ProbeNothing {
    /// Adds nothing.
    fn add(&self, _: &mut Found) {}
}

impl<L> ProbeNothing for Probe<L> {}

/// The first type of a list, which is around others.
pub trait ProbeInside {
    /// Those inside of it, and all behind it.
    type Next;

    /// Asks for them.
    fn next(&self) -> Probe<Self::Next> {
        Probe::new()
    }
}

/// One that is not known to be around others.
pub trait ProbeBehind {
    /// All behind it.
    type Next;

    /// Asks for them.
    fn next(&self) -> Probe<Self::Next> {
        Probe::new()
    }
}

impl<T: ?Sized, L> ProbeBehind for Probe<Listed<T, L>> {
    type Next = L;
}

impl ProbeBehind for Probe<End> {
    type Next = End;
}

/// Says what a type is around; each room adds its own.
macro_rules! peels {
    ($($outer:ty),* $(,)?) => { $(
        impl<T, L> $crate::contract::ProbeInside for &$crate::contract::Probe<$crate::contract::Listed<$outer, L>> {
            type Next = $crate::contract::Listed<T, L>;
        }
    )* };
}
pub(crate) use peels;

peels!(Option<T>, Vec<T>);

impl<T, E, L> ProbeInside for &Probe<Listed<Result<T, E>, L>> {
    type Next = Listed<T, Listed<E, L>>;
}

/// The parts of an answer.
macro_rules! tuples {
    ($( ($($part:ident)+) )*) => { $(
        impl<$($part,)+ L> ProbeInside for &Probe<Listed<($($part,)+), L>> {
            type Next = listed!($($part)+);
        }
    )* };
}

macro_rules! listed {
    () => { L };
    ($part:ident $($more:ident)*) => { Listed<$part, listed!($($more)*)> };
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
}
