//! Parameters as serde sees them: a map of names, each with one or more texts.
//!
//! Fields are sorted by name once, so that making a type costs no more than that, however many there are.

use std::cell::Cell;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::failure::{Failure, Problem};
use super::{FromValue, Source};
use crate::http::{Flaw, Params, Request, Result};

/// Makes a `T` of fields; `name` is the argument's.
pub(crate) fn deserialize<'r, T: Deserialize<'r>>(fields: &Fields<'r>, name: &'static str) -> Result<T> {
    let is_absent = Cell::new(false);
    let root = Root { fields, name, is_absent: &is_absent, takes_none: false };
    let made = match T::deserialize(root) {
        // An `Option` of a single value that did not come. Only now it is known that the value is a single one.
        Err(_) if is_absent.get() => T::deserialize(Root { takes_none: true, ..root }),
        made => made,
    };
    made.map_err(|failure| failure.into_error(name))
}

/// Names with their values, sorted by name so that equal ones stand together; values keep their order.
pub(crate) struct Fields<'r>(Vec<Field<'r>>);

#[derive(Clone, Copy)]
struct Field<'r> {
    name: &'r str,
    value: &'r str,
    source: Source,
    flaw: Option<Flaw<'r>>,
}

impl<'r> Fields<'r> {
    /// Variables of the path, then those parameters that are not hidden by them: of the form, of the query.
    pub(crate) fn of_request(req: &'r Request) -> Fields<'r> {
        let variables =
            req.path_values().map(|(name, value)| Field { name, value, source: Source::Path, flaw: None });
        let variables: Vec<_> = variables.collect();
        let is_hidden = |field: &Field<'_>| variables.iter().any(|variable| variable.name == field.name);
        let params =
            [&req.form, &req.query].into_iter().flat_map(of_params).filter(|field| !is_hidden(field));
        Fields::sorted(variables.iter().copied().chain(params).collect())
    }

    /// The fields of the form alone.
    pub(crate) fn of_form(req: &'r Request) -> Fields<'r> {
        Fields::sorted(of_params(&req.form).collect())
    }

    fn sorted(mut fields: Vec<Field<'r>>) -> Fields<'r> {
        fields.sort_by_key(|field| field.name);
        Fields(fields)
    }

    fn named(&self, name: &str) -> &[Field<'r>] {
        let start = self.0.partition_point(|field| field.name < name);
        let rest = self.0.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|field| field.name == name).count();
        rest.get(..count).unwrap_or_default()
    }
}

fn of_params(params: &Params) -> impl Iterator<Item = Field<'_>> {
    params.fields().map(|(name, value, flaw)| Field { name, value, source: Source::Parameter, flaw })
}

/// All fields: a map, unless the type turns out to be one value, which is then the one of the argument's name.
#[derive(Clone, Copy)]
struct Root<'a, 'r> {
    fields: &'a Fields<'r>,
    name: &'static str,
    /// Set when the one value did not come.
    is_absent: &'a Cell<bool>,
    /// Whether an `Option` is `None`: the second try, after the first found the value absent.
    takes_none: bool,
}

impl<'a, 'r> Root<'a, 'r> {
    fn own(self) -> Result<Values<'a, 'r>, Failure> {
        let values = self.fields.named(self.name);
        if values.is_empty() {
            self.is_absent.set(true);
            return Err(Failure::of(Problem::Missing).named(self.name, None, Source::Parameter));
        }
        Ok(Values(values))
    }
}

/// Hands single values and lists to the values of the argument's own name.
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
        visitor.visit_map(Entries { rest: &self.fields.0, current: &[] })
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.takes_none || self.fields.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    own! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_seq
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    serde::forward_to_deserialize_any! { <V: Visitor<'r>> map struct identifier ignored_any }
}

/// The map of all names.
struct Entries<'a, 'r> {
    rest: &'a [Field<'r>],
    current: &'a [Field<'r>],
}

impl<'r> MapAccess<'r> for Entries<'_, 'r> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'r>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(first) = self.rest.first() else { return Ok(None) };
        let count = self.rest.iter().take_while(|field| field.name == first.name).count();
        (self.current, self.rest) = self.rest.split_at(count);
        let name = BorrowedStrDeserializer::<Failure>::new(first.name);
        seed.deserialize(name).map(Some).map_err(|failure| Values(self.current).blame(failure))
    }

    fn next_value_seed<V: DeserializeSeed<'r>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let values = Values(self.current);
        seed.deserialize(values).map_err(|failure| values.blame(failure))
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// The values of one name; never empty.
#[derive(Clone, Copy)]
struct Values<'a, 'r>(&'a [Field<'r>]);

impl<'r> Values<'_, 'r> {
    /// Says of a failure that it happened here, unless that is known more exactly.
    fn blame(self, failure: Failure) -> Failure {
        let flawed = self.0.iter().find_map(|field| Some((field, field.flaw?.raw)));
        match flawed.or(self.0.first().map(|field| (field, field.value))) {
            Some((field, got)) => failure.named(field.name, Some(got), field.source),
            None => failure,
        }
    }

    /// The first value, if all could be decoded.
    fn first(self) -> Result<&'r str, Failure> {
        match self.0.iter().find_map(|field| field.flaw) {
            Some(flaw) => Err(Failure::of(Problem::Flawed(flaw.text()))),
            None => self.0.first().map(|field| field.value).ok_or_else(|| Failure::of(Problem::Missing)),
        }
    }

    fn each(self) -> Result<Each<Self>, Failure> {
        self.first()?;
        Ok(Each { rest: self, index: 0 })
    }

    /// Parameters are flat.
    fn nested<T>(self) -> Result<T, Failure> {
        Err(Failure::of(Problem::Nested))
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $kind:ty;)*) => { $(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
            let converted = <$kind>::from_value(self.first()?);
            visitor.$visit(converted.map_err(|error| Failure::of_conversion(&error))?)
        }
    )* };
}

macro_rules! texts {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.visit_borrowed_str(self.first()?)
        }
    )* };
}

macro_rules! byte_texts {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.visit_borrowed_bytes(self.first()?.as_bytes())
        }
    )* };
}

impl<'r> Deserializer<'r> for Values<'_, 'r> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.0.len() > 1 {
            visitor.visit_seq(self.each()?)
        } else {
            visitor.visit_borrowed_str(self.first()?)
        }
    }

    scalars! {
        deserialize_bool visit_bool bool;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
        deserialize_char visit_char char;
    }

    texts! { deserialize_str deserialize_string deserialize_identifier }
    byte_texts! { deserialize_bytes deserialize_byte_buf }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.each()?)
    }

    fn deserialize_tuple<V: Visitor<'r>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.each()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.each()?)
    }

    fn deserialize_map<V: Visitor<'r>>(self, _: V) -> Result<V::Value, Failure> {
        self.nested()
    }

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Failure> {
        self.nested()
    }

    fn deserialize_enum<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(Variant(self.first()?))
    }

    fn deserialize_ignored_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

/// The values of one name, one by one.
struct Each<T> {
    rest: T,
    index: usize,
}

impl<'r> SeqAccess<'r> for Each<Values<'_, 'r>> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'r>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some(one) = self.rest.0.get(self.index..=self.index) else { return Ok(None) };
        self.index += 1;
        seed.deserialize(Values(one)).map(Some).map_err(|failure| Values(one).blame(failure))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.0.len() - self.index)
    }
}

/// An enum by the name of its variant, which holds nothing.
struct Variant<'r>(&'r str);

impl<'r> EnumAccess<'r> for Variant<'r> {
    type Error = Failure;
    type Variant = UnitOnly;

    fn variant_seed<V: DeserializeSeed<'r>>(self, seed: V) -> Result<(V::Value, UnitOnly), Failure> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<Failure>::new(self.0))?, UnitOnly))
    }
}

struct UnitOnly;

impl<'r> VariantAccess<'r> for UnitOnly {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'r>>(self, _: T) -> Result<T::Value, Failure> {
        Err(Failure::of(Problem::Nested))
    }

    fn tuple_variant<V: Visitor<'r>>(self, _: usize, _: V) -> Result<V::Value, Failure> {
        Err(Failure::of(Problem::Nested))
    }

    fn struct_variant<V: Visitor<'r>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Failure> {
        Err(Failure::of(Problem::Nested))
    }
}
