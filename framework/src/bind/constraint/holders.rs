//! Which types hold numbers and texts, and which are lists.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::iter::once;
use std::num::NonZero;
use std::ops::Deref;
use std::sync::Arc;

use super::super::defaults::Wrapper;
use super::{Items, Numbers, Texts};
use crate::http::{Error, Result, Source};

macro_rules! numbers {
    ($($kind:ty)*) => { $(
        impl Numbers for $kind {
            type Number = $kind;

            #[inline]
            fn numbers(&self) -> impl Iterator<Item = $kind> {
                once(*self)
            }
        }
    )* };
}
numbers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 }

macro_rules! non_zero {
    ($($kind:ty)*) => { $(
        impl Numbers for NonZero<$kind> {
            type Number = $kind;

            #[inline]
            fn numbers(&self) -> impl Iterator<Item = $kind> {
                once(self.get())
            }
        }
    )* };
}
non_zero! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

macro_rules! texts {
    ($($kind:ty)*) => { $(
        impl Texts for $kind {
            #[inline]
            fn texts(&self) -> impl Iterator<Item = &str> {
                once(&**self)
            }
        }
    )* };
}
texts! { &str String Cow<'_, str> Box<str> Arc<str> }

/// Whatever may hold one, and what is refused by it.
macro_rules! holders {
    ($( [$($generics:tt)*] $kind:ty: $refused:expr; )*) => { $(
        impl<T: Numbers $($generics)*> Numbers for $kind {
            type Number = T::Number;

            const SOURCE: Option<Source> = T::SOURCE;

            #[inline]
            fn numbers(&self) -> impl Iterator<Item = T::Number> {
                self.iter().flat_map(T::numbers)
            }

            fn refused(error: Error) -> Result<Self> {
                $refused(error)
            }
        }

        impl<T: Texts $($generics)*> Texts for $kind {
            const SOURCE: Option<Source> = T::SOURCE;

            #[inline]
            fn texts(&self) -> impl Iterator<Item = &str> {
                self.iter().flat_map(T::texts)
            }

            fn refused(error: Error) -> Result<Self> {
                $refused(error)
            }
        }
    )* };
}
holders! {
    [] Option<T>: Err;
    [] Result<T>: |error| Ok(Err(error));
    [] Vec<T>: Err;
    [] Box<[T]>: Err;
    [] VecDeque<T>: Err;
    [] BTreeSet<T>: Err;
    [, S] HashSet<T, S>: Err;
}

macro_rules! lists {
    ($( [$($generics:tt)*] $kind:ty; )*) => { $(
        impl<$($generics)*> Items for $kind {
            #[inline]
            fn items(&self) -> Option<usize> {
                Some(self.len())
            }
        }
    )* };
}
lists! {
    [T] Vec<T>;
    [T] Box<[T]>;
    [T] VecDeque<T>;
    [T] BTreeSet<T>;
    [T, S] HashSet<T, S>;
    [K, V] BTreeMap<K, V>;
    [K, V, S] HashMap<K, V, S>;
}

impl<T: Items> Items for Option<T> {
    const SOURCE: Option<Source> = T::SOURCE;

    #[inline]
    fn items(&self) -> Option<usize> {
        self.as_ref()?.items()
    }
}

impl<T: Items> Items for Result<T> {
    const SOURCE: Option<Source> = T::SOURCE;

    #[inline]
    fn items(&self) -> Option<usize> {
        self.as_ref().ok()?.items()
    }

    fn refused(error: Error) -> Result<Result<T>> {
        Ok(Err(error))
    }
}

#[diagnostic::do_not_recommend]
impl<W: Wrapper + Deref<Target = W::Inner>> Numbers for W
where
    W::Inner: Numbers,
{
    type Number = <W::Inner as Numbers>::Number;

    const SOURCE: Option<Source> = W::SOURCE;

    #[inline]
    fn numbers(&self) -> impl Iterator<Item = Self::Number> {
        (**self).numbers()
    }

    fn refused(error: Error) -> Result<W> {
        W::Inner::refused(error).map(W::wrap)
    }
}

#[diagnostic::do_not_recommend]
impl<W: Wrapper + Deref<Target = W::Inner>> Texts for W
where
    W::Inner: Texts,
{
    const SOURCE: Option<Source> = W::SOURCE;

    #[inline]
    fn texts(&self) -> impl Iterator<Item = &str> {
        (**self).texts()
    }

    fn refused(error: Error) -> Result<W> {
        W::Inner::refused(error).map(W::wrap)
    }
}

#[diagnostic::do_not_recommend]
impl<W: Wrapper + Deref<Target = W::Inner>> Items for W
where
    W::Inner: Items,
{
    const SOURCE: Option<Source> = W::SOURCE;

    #[inline]
    fn items(&self) -> Option<usize> {
        (**self).items()
    }

    fn refused(error: Error) -> Result<W> {
        W::Inner::refused(error).map(W::wrap)
    }
}
