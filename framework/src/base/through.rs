//! A deserializer, and all that it hands out, through which values and errors go past somebody who looks at them.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// Who looks at what goes past. Whatever it does not look at goes past as it is.
pub(crate) trait Look: Copy {
    /// What something has come to, on its way out.
    fn outcome<R, E: Error>(self, result: Result<R, E>) -> Result<R, E> {
        result
    }

    /// A floating point number on its way to whoever takes it.
    fn float<'de, V: Visitor<'de>, E: Error>(self, value: f64, visitor: V) -> Result<V::Value, E> {
        visitor.visit_f64(value)
    }

    /// Who looks where a floating point number is asked for.
    fn at_floats(self) -> Self {
        self
    }

    /// The same where it is one of 32 bits.
    fn at_singles(self) -> Self {
        self.at_floats()
    }

    /// Who looks where an integer is asked for.
    fn at_integers(self) -> Self {
        self
    }

    /// A floating point number of 32 bits on its way to whoever takes it.
    fn single<'de, V: Visitor<'de>, E: Error>(self, value: f32, visitor: V) -> Result<V::Value, E> {
        visitor.visit_f32(value)
    }

    /// A number is asked for, by `ask` if nobody knows better. Those of 128 bits come by themselves.
    fn number<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
        ask: fn(D, V) -> Result<V::Value, D::Error>,
    ) -> Result<V::Value, D::Error> {
        ask(from, to)
    }

    /// Who looks where an integer of 128 bits is asked for: one with a sign, or without.
    fn at_large(self, is_signed: bool) -> Self {
        let _ = is_signed;
        self
    }

    /// An integer that came as one of 128 bits, on its way to whoever takes it.
    fn large<'de, V: Visitor<'de>, E: Error>(self, value: Large, visitor: V) -> Result<V::Value, E> {
        value.visit(visitor)
    }

    /// What is inside an array (`true`), or an object, begins.
    fn begin(self, is_array: bool) {
        let _ = is_array;
    }

    /// It has ended.
    fn end(self) {}

    /// The next one of what is inside is asked for; `false`: there was none.
    fn next(self, is_there: bool) {
        let _ = is_there;
    }

    /// Who looks where a name is read.
    fn at_names(self) -> Self {
        self
    }

    /// A value that may be a name.
    fn name(self, name: &dyn fmt::Display) {
        let _ = name;
    }

    /// An integer of 128 bits is asked for.
    fn signed<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
    ) -> Result<V::Value, D::Error> {
        from.deserialize_i128(to)
    }

    /// The same without a sign.
    fn unsigned<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
    ) -> Result<V::Value, D::Error> {
        from.deserialize_u128(to)
    }
}

/// An integer of 128 bits.
#[derive(Clone, Copy)]
pub(crate) enum Large {
    Signed(i128),
    Unsigned(u128),
}

#[cfg(feature = "negotiation")]
impl Large {
    /// It, if there is room for its sign.
    pub(crate) fn signed(self) -> Option<i128> {
        match self {
            Large::Signed(value) => Some(value),
            Large::Unsigned(value) => i128::try_from(value).ok(),
        }
    }

    /// It, if it is none below zero.
    pub(crate) fn unsigned(self) -> Option<u128> {
        match self {
            Large::Signed(value) => u128::try_from(value).ok(),
            Large::Unsigned(value) => Some(value),
        }
    }

    /// The floating point number that is nearest.
    #[expect(clippy::cast_precision_loss, reason = "it is the nearest that is asked for")]
    pub(crate) fn float(self) -> f64 {
        match self {
            Large::Signed(value) => value as f64,
            Large::Unsigned(value) => value as f64,
        }
    }
}

impl Large {
    pub(crate) fn visit<'de, V: Visitor<'de>, E: Error>(self, visitor: V) -> Result<V::Value, E> {
        match self {
            Large::Signed(value) => visitor.visit_i128(value),
            Large::Unsigned(value) => visitor.visit_u128(value),
        }
    }
}

impl fmt::Display for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Large::Signed(value) => value.fmt(f),
            Large::Unsigned(value) => value.fmt(f),
        }
    }
}

/// Something with whoever looks at it.
pub(crate) struct Through<T, L>(pub(crate) T, pub(crate) L);

type Names = &'static [&'static str];

macro_rules! asks {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.1.outcome(self.0.$method($($argument,)* Through(visitor, self.1)))
        }
    )* };
}

macro_rules! asks_for_numbers {
    ($($method:ident $at:ident;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            let to = Through(visitor, self.1.$at());
            self.1.outcome(self.1.number(self.0, to, D::$method))
        }
    )* };
}

impl<'de, D: Deserializer<'de>, L: Look> Deserializer<'de> for Through<D, L> {
    type Error = D::Error;

    asks! {
        deserialize_any();
        deserialize_bool();
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

    asks_for_numbers! {
        deserialize_i8 at_integers;
        deserialize_i16 at_integers;
        deserialize_i32 at_integers;
        deserialize_i64 at_integers;
        deserialize_u8 at_integers;
        deserialize_u16 at_integers;
        deserialize_u32 at_integers;
        deserialize_u64 at_integers;
        deserialize_f32 at_singles;
        deserialize_f64 at_floats;
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let to = Through(visitor, self.1.at_large(true));
        self.1.outcome(self.1.signed(self.0, to))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let to = Through(visitor, self.1.at_large(false));
        self.1.outcome(self.1.unsigned(self.0, to))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! takes {
    ($($method:ident($($value:ident: $kind:ty)?);)*) => { $(
        fn $method<E: Error>(self, $($value: $kind)?) -> Result<V::Value, E> {
            self.1.outcome(self.0.$method($($value)?))
        }
    )* };
}

/// Those that may be names.
macro_rules! takes_names {
    ($($method:ident($value:ident: $kind:ty);)*) => { $(
        fn $method<E: Error>(self, $value: $kind) -> Result<V::Value, E> {
            self.1.name(&$value);
            self.1.outcome(self.0.$method($value))
        }
    )* };
}

macro_rules! goes_in {
    ($($method:ident: $part:ident;)*) => { $(
        fn $method<P: $part<'de>>(self, part: P) -> Result<V::Value, P::Error> {
            self.1.outcome(self.0.$method(Through(part, self.1)))
        }
    )* };
}

/// What has a place of its own inside.
macro_rules! goes_inside {
    ($($method:ident: $part:ident, $is_array:literal;)*) => { $(
        fn $method<P: $part<'de>>(self, part: P) -> Result<V::Value, P::Error> {
            self.1.begin($is_array);
            let made = self.1.outcome(self.0.$method(Through(part, self.1)));
            self.1.end();
            made
        }
    )* };
}

impl<'de, V: Visitor<'de>, L: Look> Visitor<'de> for Through<V, L> {
    type Value = V::Value;

    takes_names! {
        visit_bool(value: bool);
        visit_i8(value: i8);
        visit_i16(value: i16);
        visit_i32(value: i32);
        visit_i64(value: i64);
        visit_u8(value: u8);
        visit_u16(value: u16);
        visit_u32(value: u32);
        visit_u64(value: u64);
        visit_char(value: char);
        visit_str(value: &str);
        visit_borrowed_str(value: &'de str);
        visit_string(value: String);
    }

    takes! {
        visit_bytes(value: &[u8]);
        visit_borrowed_bytes(value: &'de [u8]);
        visit_byte_buf(value: Vec<u8>);
        visit_none();
        visit_unit();
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<V::Value, E> {
        self.1.name(&value);
        self.1.outcome(self.1.large(Large::Signed(value), self.0))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<V::Value, E> {
        self.1.name(&value);
        self.1.outcome(self.1.large(Large::Unsigned(value), self.0))
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<V::Value, E> {
        self.1.outcome(self.1.single(value, self.0))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.1.outcome(self.1.float(value, self.0))
    }

    goes_in! {
        visit_some: Deserializer;
        visit_newtype_struct: Deserializer;
    }

    goes_inside! {
        visit_seq: SeqAccess, true;
        visit_map: MapAccess, false;
        visit_enum: EnumAccess, false;
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

impl<'de, S: DeserializeSeed<'de>, L: Look> DeserializeSeed<'de> for Through<S, L> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.1.outcome(self.0.deserialize(Through(from, self.1)))
    }
}

impl<'de, A: SeqAccess<'de>, L: Look> SeqAccess<'de> for Through<A, L> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.1.next(true);
        let element = self.1.outcome(self.0.next_element_seed(Through(seed, self.1)))?;
        if element.is_none() {
            self.1.next(false);
        }
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, L: Look> MapAccess<'de> for Through<A, L> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.1.next(false);
        self.1.outcome(self.0.next_key_seed(Through(seed, self.1.at_names())))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.1.outcome(self.0.next_value_seed(Through(seed, self.1)))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>, L: Look> EnumAccess<'de> for Through<A, L> {
    type Error = A::Error;
    type Variant = Through<A::Variant, L>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let Through(variant, look) = self;
        let (value, variant) = look.outcome(variant.variant_seed(Through(seed, look.at_names())))?;
        Ok((value, Through(variant, look)))
    }
}

impl<'de, A: VariantAccess<'de>, L: Look> VariantAccess<'de> for Through<A, L> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.1.outcome(self.0.unit_variant())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.1.outcome(self.0.newtype_variant_seed(Through(seed, self.1)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.1.outcome(self.0.tuple_variant(length, Through(visitor, self.1)))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: Names, visitor: V) -> Result<V::Value, A::Error> {
        self.1.outcome(self.0.struct_variant(fields, Through(visitor, self.1)))
    }
}
