//! Parameters as serde sees them: a map of names, each with one or more texts, or a list of pairs.
//!
//! Maps and pairs come in the order in which they were sent.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::failure::{Failure, Problem};
use super::field::{Asked, Field, Fields};
use super::missing::{ARGUMENT_NAME, FOR_EMPTY_LISTS};
use super::named::{Each, Values};
use super::pairs::Pairs;
use super::visits::visits;
use super::{brackets, buffered};
use crate::http::{Result, Source};

/// Makes a `T` of fields; `name` is the argument's.
pub(crate) fn deserialize<'r, T: Deserialize<'r>>(fields: &Fields<'r>, name: &'static str) -> Result<T> {
    let asked = Asked::default();
    let root = Root { fields, name, asked: &asked, takes_none: false, takes_pairs: false };
    let made = match buffered::deserialize(fields, &asked, || T::deserialize(root)) {
        // Only now it is known that these are pairs, or that an `Option` is one of a single value that did not come.
        Err(_) if asked.wants_pairs.get() => T::deserialize(Root { takes_pairs: true, ..root }),
        Err(_) if asked.is_absent.get() => T::deserialize(Root { takes_none: true, ..root }),
        made => made,
    };
    made.map_err(|failure| {
        let is_list = failure.is_of_list();
        let error = failure.into_error(name);
        let names = fields.all.iter().map(|field| field.name);
        let rename = if is_list { ARGUMENT_NAME } else { "#[serde(rename = …)]" };
        let error = brackets::explained(error, names, rename, fields.shows_errors);
        if !is_list || !fields.shows_errors {
            return error;
        }
        let explain = format!("{} {FOR_EMPTY_LISTS}", error.explain_text());
        error.explain(explain)
    })
}

/// All fields: a map, unless the type turns out to be one value, which is then the one of the argument's name, or a list of
/// pairs.
#[derive(Clone, Copy)]
struct Root<'a, 'r> {
    fields: &'a Fields<'r>,
    name: &'static str,
    asked: &'a Asked,
    /// Whether an `Option` is `None`: the second try, after the first found the value absent.
    takes_none: bool,
    /// Whether a list is one of pairs: the second try, after the first found that.
    takes_pairs: bool,
}

impl<'a, 'r> Root<'a, 'r> {
    fn own(self) -> Result<Values<'a, 'r>, Failure> {
        match self.fields.named(self.name) {
            [] => Err(self.absent(Problem::Missing)),
            values => Ok(Values::new(values)),
        }
    }

    fn absent(self, problem: Problem) -> Failure {
        self.asked.is_absent.set(true);
        Failure::of(problem).named(self.name, None, Source::Parameter)
    }
}

/// Hands what is asked for one value to the values of the argument's own name.
macro_rules! own {
    ($( $method:ident $(($($arg:ident: $kind:ty),+))? )*) => { $(
        fn $method<V: Visitor<'r>>(self, $($($arg: $kind,)+)? visitor: V) -> Result<V::Value, Failure> {
            let values = self.own()?;
            values.$method($($($arg,)+)? visitor).map_err(|failure| values.blame(failure))
        }
    )* };
}

impl<'r> Deserializer<'r> for Root<'_, 'r> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.asked.wants_own.get() {
            let values = self.own()?;
            return values.deserialize_any(visitor).map_err(|failure| values.blame(failure));
        }
        let mut groups: Vec<_> = self.fields.groups().collect();
        groups.sort_by_key(|fields| fields.first().map(|field| field.place));
        visitor.visit_map(Entries { rest: groups.into_iter(), current: &[] })
    }

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        name: &'static str,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        #[cfg(feature = "config")]
        if super::named::is_time(name, members) {
            let values = self.own()?;
            return values
                .deserialize_struct(name, members, visitor)
                .map_err(|failure| values.blame(failure));
        }
        let _ = (name, members);
        visitor.visit_map(Entries { rest: self.fields.groups(), current: &[] })
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.takes_none || self.fields.all.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    visits! { |root, visitor|
        deserialize_newtype_struct(&'static str) => visitor.visit_newtype_struct(root);
        deserialize_unit => visitor.visit_unit();
        deserialize_unit_struct(&'static str) => visitor.visit_unit();
    }

    fn deserialize_seq<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.takes_pairs {
            return visitor.visit_seq(Pairs::new(&self.fields.in_order()));
        }
        let values = self.fields.named(self.name);
        let each = if values.is_empty() { Each(&[]) } else { Values::new(values).each()? };
        visitor.visit_seq(List { root: self, each, is_first: true })
    }

    own! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    serde::forward_to_deserialize_any! { <V: Visitor<'r>> map identifier ignored_any }
}

/// The map of all names.
struct Entries<'a, 'r, I> {
    rest: I,
    current: &'a [Field<'r>],
}

impl<'a, 'r, I: Iterator<Item = &'a [Field<'r>]>> MapAccess<'r> for Entries<'a, 'r, I> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'r>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(fields) = self.rest.next() else { return Ok(None) };
        self.current = fields;
        let Some(first) = fields.first() else { return Ok(None) };
        let name = [Field::new(first.name, first.name, first.source, None)];
        let name = Values::new(&name);
        seed.deserialize(name).map(Some).map_err(|failure| name.blame(failure))
    }

    fn next_value_seed<V: DeserializeSeed<'r>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let values = Values::new(self.current);
        seed.deserialize(values).map_err(|failure| values.blame(failure))
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// The values of the argument's own name, unless the first element turns out to be a pair.
struct List<'a, 'r> {
    root: Root<'a, 'r>,
    each: Each<'a, 'r>,
    is_first: bool,
}

impl<'r> SeqAccess<'r> for List<'_, 'r> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'r>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        if !std::mem::take(&mut self.is_first) {
            return self.each.next_element_seed(seed);
        }
        seed.deserialize(First { root: self.root, value: self.each.take() }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.each.0.len())
    }
}

/// The first element of a list, which may be absent, or a pair in place of a value.
#[derive(Clone, Copy)]
struct First<'a, 'r> {
    root: Root<'a, 'r>,
    value: Option<Values<'a, 'r>>,
}

impl<'a, 'r> First<'a, 'r> {
    fn own(self) -> Result<Values<'a, 'r>, Failure> {
        self.value.ok_or_else(|| self.root.absent(Problem::NoElement))
    }
}

impl<'r> Deserializer<'r> for First<'_, 'r> {
    type Error = Failure;

    fn deserialize_tuple<V: Visitor<'r>>(self, length: usize, visitor: V) -> Result<V::Value, Failure> {
        if length == 2 {
            self.root.asked.wants_pairs.set(true);
            return Err(Failure::of(Problem::Nested));
        }
        self.own()?.deserialize_tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_tuple(length, visitor)
    }

    visits! { |first, visitor|
        deserialize_newtype_struct(&'static str) => visitor.visit_newtype_struct(first);
    }

    own! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_unit_struct(name: &'static str) deserialize_seq deserialize_map
        deserialize_struct(name: &'static str, names: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier deserialize_ignored_any
    }
}
