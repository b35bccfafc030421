//! Keeps what went wrong first while a value is read.
//!
//! On its way out an error passes a boundary of `erased_serde` for each level that the value is nested, and each time the form puts it
//! into words of its own. Some forms quote them, so that the text would double with each level. Here the words of the innermost are put
//! aside, and what goes on is an error without any.

use std::cell::OnceCell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

/// Reads a value.
///
/// # Errors
/// The words of the innermost error.
pub(super) fn read<'de, T: Deserialize<'de>>(from: impl Deserializer<'de>) -> Result<T, String> {
    let words = OnceCell::new();
    let read = T::deserialize(Watched { inner: from, words: &words });
    read.map_err(|error| words.into_inner().unwrap_or_else(|| error.to_string()))
}

/// A part of reading, whose errors are looked at.
struct Watched<'w, T> {
    inner: T,
    words: &'w OnceCell<String>,
}

impl<'w, T> Watched<'w, T> {
    fn with<U>(&self, inner: U) -> Watched<'w, U> {
        Watched { inner, words: self.words }
    }
}

/// Puts the words of an error aside, unless there are some.
fn kept<R, E: Error>(result: Result<R, E>, words: &OnceCell<String>) -> Result<R, E> {
    result.map_err(|error| {
        words.get_or_init(|| error.to_string());
        E::custom("")
    })
}

macro_rules! ask {
    ($($name:ident($($argument:ident: $of:ty),*);)*) => { $(
        fn $name<V: Visitor<'de>>(self, $($argument: $of,)* visitor: V) -> Result<V::Value, D::Error> {
            let visitor = self.with(visitor);
            kept(self.inner.$name($($argument,)* visitor), self.words)
        }
    )* };
}

type Names = &'static [&'static str];

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<'_, D> {
    type Error = D::Error;

    ask! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: Names);
        deserialize_enum(name: &'static str, variants: Names);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! take {
    ($($name:ident($($argument:ident: $of:ty)?);)*) => { $(
        fn $name<E: Error>(self, $($argument: $of)?) -> Result<V::Value, E> {
            kept(self.inner.$name($($argument)?), self.words)
        }
    )* };
}

macro_rules! go_in {
    ($($name:ident: $part:ident;)*) => { $(
        fn $name<P: $part<'de>>(self, part: P) -> Result<V::Value, P::Error> {
            let part = self.with(part);
            kept(self.inner.$name(part), self.words)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    take! {
        visit_bool(value: bool);
        visit_i8(value: i8);
        visit_i16(value: i16);
        visit_i32(value: i32);
        visit_i64(value: i64);
        visit_i128(value: i128);
        visit_u8(value: u8);
        visit_u16(value: u16);
        visit_u32(value: u32);
        visit_u64(value: u64);
        visit_u128(value: u128);
        visit_f32(value: f32);
        visit_f64(value: f64);
        visit_char(value: char);
        visit_str(value: &str);
        visit_borrowed_str(value: &'de str);
        visit_string(value: String);
        visit_bytes(value: &[u8]);
        visit_borrowed_bytes(value: &'de [u8]);
        visit_byte_buf(value: Vec<u8>);
        visit_none();
        visit_unit();
    }

    go_in! {
        visit_some: Deserializer;
        visit_newtype_struct: Deserializer;
        visit_seq: SeqAccess;
        visit_map: MapAccess;
        visit_enum: EnumAccess;
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Watched<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        let from = self.with(from);
        kept(self.inner.deserialize(from), self.words)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.with(seed);
        kept(self.inner.next_element_seed(seed), self.words)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let seed = self.with(seed);
        kept(self.inner.next_key_seed(seed), self.words)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.with(seed);
        kept(self.inner.next_value_seed(seed), self.words)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'w, A: EnumAccess<'de>> EnumAccess<'de> for Watched<'w, A> {
    type Error = A::Error;
    type Variant = Watched<'w, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Watched<'w, A::Variant>), A::Error> {
        let Watched { inner, words } = self;
        let (value, variant) = kept(inner.variant_seed(Watched { inner: seed, words }), words)?;
        Ok((value, Watched { inner: variant, words }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Watched<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        kept(self.inner.unit_variant(), self.words)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.with(seed);
        kept(self.inner.newtype_variant_seed(seed), self.words)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        kept(self.inner.tuple_variant(length, visitor), self.words)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: Names, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = self.with(visitor);
        kept(self.inner.struct_variant(fields, visitor), self.words)
    }
}
