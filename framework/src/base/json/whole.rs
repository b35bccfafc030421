//! Tells integers from other floating point numbers while JSON is read.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

use super::super::through::Look;
use super::integers::Integers;

/// Knows the integers of the text; where floating point numbers are wanted, none.
#[derive(Clone, Copy)]
pub(super) struct Whole<'t>(pub(super) Option<&'t Integers>);

impl Whole<'_> {
    fn integer(self, value: f64) -> Option<i128> {
        self.0.and_then(|integers| integers.get(value))
    }
}

impl Look for Whole<'_> {
    fn float<'de, V: Visitor<'de>, E: Error>(self, value: f64, visitor: V) -> Result<V::Value, E> {
        let Some(integer) = self.integer(value) else { return visitor.visit_f64(value) };
        if let Ok(integer) = u64::try_from(integer) {
            return visitor.visit_u64(integer);
        }
        match i64::try_from(integer) {
            Ok(integer) => visitor.visit_i64(integer),
            Err(_) => visitor.visit_f64(value),
        }
    }

    fn at_floats(self) -> Self {
        Whole(None)
    }

    /// serde_json reads integers of this size only as such.
    fn signed<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
    ) -> Result<V::Value, D::Error> {
        from.deserialize_any(Large(to, self))
    }

    fn unsigned<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
    ) -> Result<V::Value, D::Error> {
        from.deserialize_any(Large(to, self))
    }
}

/// A visitor that takes integers of 128 bits.
struct Large<'t, V>(V, Whole<'t>);

impl<'de, V: Visitor<'de>> Visitor<'de> for Large<'_, V> {
    type Value = V::Value;

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        match self.1.integer(value) {
            Some(integer) => self.0.visit_i128(integer),
            None => self.0.visit_f64(value),
        }
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}
