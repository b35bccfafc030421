//! The values of one name as serde sees them: one text, or a list of them.
//!
//! Numbers and booleans are read as a bare argument of their type would be. Where serde asks for anything, since it keeps the
//! value before it knows the type, a value is the text unless `buffered.rs` has found out what is wanted.

#[cfg(feature = "config")]
use std::time::Duration;

use serde::de::value::BorrowedStrDeserializer;
#[cfg(feature = "config")]
use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, SeqAccess, VariantAccess, Visitor};

use super::failure::{Failure, Problem};
use super::field::Field;
use super::look::Look;
use super::value::FromValue;
use super::visits::visits;

/// The values of one name; never empty.
#[derive(Clone, Copy)]
pub(super) struct Values<'a, 'r> {
    fields: &'a [Field<'r>],
    /// Whether it is an element of a list already.
    is_element: bool,
}

impl<'a, 'r> Values<'a, 'r> {
    pub(super) fn new(fields: &'a [Field<'r>]) -> Values<'a, 'r> {
        Values { fields, is_element: false }
    }

    /// Says of a failure that it happened here, unless that is known more exactly.
    pub(super) fn blame(self, failure: Failure) -> Failure {
        let flawed = self.fields.iter().find_map(|field| Some((field, field.flaw?.raw)));
        match flawed.or(self.fields.first().map(|field| (field, field.value))) {
            Some((field, got)) => failure.named(field.name, Some(got), field.source),
            None => failure,
        }
    }

    /// The first value, if all could be decoded.
    fn first(self) -> Result<&'r str, Failure> {
        match self.fields.iter().find_map(|field| field.flaw) {
            Some(flaw) => Err(Failure::of(Problem::Flawed(flaw.text()))),
            None => self.fields.first().map(|field| field.value).ok_or_else(|| Failure::of(Problem::Missing)),
        }
    }

    pub(super) fn each(self) -> Result<Each<'a, 'r>, Failure> {
        self.first()?;
        Ok(Each(self.fields))
    }

    /// A time with its unit, as in settings.
    #[cfg(feature = "config")]
    fn time<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        let time = Duration::from_value(self.first()?).map_err(|error| Failure::of_conversion(&error))?;
        let parts = [time.as_secs(), time.subsec_nanos().into()];
        visitor.visit_seq(SeqDeserializer::new(parts.into_iter()))
    }

    /// Parameters are flat.
    fn nested<V: Visitor<'r>>(self, _: V) -> Result<V::Value, Failure> {
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

impl<'r> Deserializer<'r> for Values<'_, 'r> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        let text = self.first()?;
        let Some(first) = self.fields.first() else { return visitor.visit_borrowed_str(text) };
        if !self.is_element && first.is_list.get().unwrap_or(self.fields.len() > 1) {
            return visitor.visit_seq(self.each()?);
        }
        match first.look.get() {
            Look::Text | Look::OnlyText => visitor.visit_borrowed_str(text),
            Look::Unsigned(number) => visitor.visit_u64(number),
            Look::Signed(number) => visitor.visit_i64(number),
            Look::Float(number) => visitor.visit_f64(number),
            Look::Bool(value) => visitor.visit_bool(value),
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

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        name: &'static str,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        #[cfg(feature = "config")]
        if is_time(name, members) {
            return self.time(visitor);
        }
        let _ = (name, members);
        self.nested(visitor)
    }

    visits! { |values, visitor|
        deserialize_str => visitor.visit_borrowed_str(values.first()?);
        deserialize_string => visitor.visit_borrowed_str(values.first()?);
        deserialize_identifier => visitor.visit_borrowed_str(values.first()?);
        deserialize_bytes => visitor.visit_borrowed_bytes(values.first()?.as_bytes());
        deserialize_byte_buf => visitor.visit_borrowed_bytes(values.first()?.as_bytes());
        deserialize_option => visitor.visit_some(values);
        deserialize_unit => visitor.visit_unit();
        deserialize_unit_struct(&'static str) => visitor.visit_unit();
        deserialize_newtype_struct(&'static str) => visitor.visit_newtype_struct(values);
        deserialize_seq => visitor.visit_seq(values.each()?);
        deserialize_tuple(usize) => visitor.visit_seq(values.each()?);
        deserialize_tuple_struct(&'static str, usize) => visitor.visit_seq(values.each()?);
        deserialize_map => values.nested(visitor);
        deserialize_enum(&'static str, &'static [&'static str]) => visitor.visit_enum(Variant(values.first()?));
        deserialize_ignored_any => visitor.visit_unit();
    }
}

/// Whether a struct is a [`Duration`], which has words of its own.
#[cfg(feature = "config")]
pub(super) fn is_time(name: &str, members: &[&str]) -> bool {
    name == "Duration" && members == ["secs", "nanos"]
}

/// The values of one name, one by one.
pub(super) struct Each<'a, 'r>(pub(super) &'a [Field<'r>]);

impl<'a, 'r> Each<'a, 'r> {
    /// The next one.
    pub(super) fn take(&mut self) -> Option<Values<'a, 'r>> {
        let (one, rest) = self.0.split_at_checked(1)?;
        self.0 = rest;
        Some(Values { fields: one, is_element: true })
    }
}

impl<'r> SeqAccess<'r> for Each<'_, 'r> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'r>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some(one) = self.take() else { return Ok(None) };
        seed.deserialize(one).map(Some).map_err(|failure| one.blame(failure))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
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
