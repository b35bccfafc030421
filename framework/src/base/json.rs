//! JSON that came: a number without a fraction is an integer, however it is written (JSON Schema 2020-12, section 6.1.1), so that `2.0`
//! is taken where a schema says `integer`.
//!
//! serde_json takes such a number as floating point only. So what it refuses is read once more, with those numbers made integers;
//! what it takes costs nothing.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

/// Reads a JSON text.
///
/// # Errors
/// It is none, or not of this type.
#[inline]
pub(crate) fn from_json<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(text).or_else(|error| again(text, error))
}

/// The first error is told, for it says how the text is written.
#[cold]
fn again<'de, T: Deserialize<'de>>(
    text: &'de [u8],
    error: serde_json::Error,
) -> Result<T, serde_json::Error> {
    if !text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Err(error);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    match T::deserialize(Whole(&mut deserializer)).and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) => Err(error),
    }
}

/// Whatever reads, with numbers made integers that are some.
struct Whole<D>(D);

/// Above it, integers are no longer told apart when they are floating point.
const MOST: f64 = 9_007_199_254_740_992.0;

macro_rules! asks {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => { $(
        fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($argument,)* Whole(visitor))
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Whole<D> {
    type Error = D::Error;

    asks! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
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
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    /// serde_json reads integers of this size only as such.
    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_f32(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_f64(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! takes {
    ($($method:ident: $kind:ty;)*) => { $(
        fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Whole<V> {
    type Value = V::Value;

    takes! {
        visit_bool: bool;
        visit_i64: i64;
        visit_i128: i128;
        visit_u64: u64;
        visit_u128: u128;
        visit_str: &str;
        visit_borrowed_str: &'de str;
        visit_string: String;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if value.fract() != 0.0 || value.abs() > MOST {
            return self.0.visit_f64(value);
        }
        let whole = value as i64;
        match u64::try_from(whole) {
            Ok(whole) => self.0.visit_u64(whole),
            Err(_) => self.0.visit_i64(whole),
        }
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Whole(value))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Whole(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Whole(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Whole(members))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Whole(variant))
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Whole<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Whole(value))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Whole<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Whole(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Whole<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Whole(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Whole<A> {
    type Error = A::Error;
    type Variant = Whole<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, Whole(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Whole<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Whole(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Whole(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Whole(visitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::Deserialize;

    use super::*;

    /// What a text is read as.
    fn read<'de, T: Deserialize<'de> + Debug>(text: &'de str) -> String {
        match from_json::<T>(text.as_bytes()) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[derive(Debug, Deserialize)]
    struct Line<'l> {
        name: &'l str,
        pieces: Option<u16>,
        #[serde(flatten)]
        more: Point,
    }

    #[derive(Debug, Deserialize)]
    struct Point {
        x: i64,
        y: f64,
    }

    #[derive(Debug, Deserialize)]
    enum Shape {
        One(u8),
        Two(u8, Box<Shape>),
        Three { a: Vec<i8> },
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
        Text(String),
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { n: u8 },
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        type Read = fn(&'static str) -> String;
        let table: [(Read, &str, &str); 24] = [
            (read::<u8>, "2.0", "2"),
            (read::<u8>, "2e1", "20"),
            (read::<i8>, "-0.0", "0"),
            (read::<i8>, "-7.000", "-7"),
            (read::<i128>, "-7.0", "-7"),
            (read::<(u128, u8)>, "[7.0, 1.0]", "(7, 1)"),
            (read::<u8>, "2.0,", "invalid type: floating point `2.0`, expected u8 at line 1 column 3"),
            (read::<u8>, "2.5", "invalid type: floating point `2.5`, expected u8 at line 1 column 3"),
            (read::<u8>, "-2.0", "invalid type: floating point `-2.0`, expected u8 at line 1 column 4"),
            (read::<u8>, "256.0", "invalid type: floating point `256.0`, expected u8 at line 1 column 5"),
            (read::<u8>, "2.0 x", "invalid type: floating point `2.0`, expected u8 at line 1 column 3"),
            (read::<u64>, "9007199254740992.0", "9007199254740992"),
            (
                read::<u64>,
                "9007199254740994.0",
                "invalid type: floating point `9007199254740994.0`, expected u64 at line 1 column 18",
            ),
            (read::<f64>, "2.0", "2.0"),
            (read::<(u8, f64)>, "[1.0, 2.0]", "(1, 2.0)"),
            (read::<Option<u8>>, "3.0", "Some(3)"),
            (read::<BTreeMap<u8, Vec<u8>>>, r#"{"1": [2.0, 3]}"#, "{1: [2, 3]}"),
            (
                read::<Line>,
                r#"{"name": "a", "pieces": 2.0, "x": -3.0, "y": 4.0}"#,
                r#"Line { name: "a", pieces: Some(2), more: Point { x: -3, y: 4.0 } }"#,
            ),
            (read::<Shape>, r#"{"One": 1.0}"#, "One(1)"),
            (read::<Shape>, r#"{"Two": [1.0, {"One": 2.0}]}"#, "Two(1, One(2))"),
            (read::<Shape>, r#"{"Three": {"a": [-1.0]}}"#, "Three { a: [-1] }"),
            (read::<Either>, "2.0", "Number(2)"),
            (read::<Either>, r#""2.0""#, r#"Text("2.0")"#),
            (read::<Tagged>, r#"{"kind": "A", "n": 5.0}"#, "A { n: 5 }"),
        ];
        for (read, text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
