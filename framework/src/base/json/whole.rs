//! Tells integers from other floating point numbers while JSON is read.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

use super::super::through::Look;
use super::integers::Integers;
use super::numbers::Integer;

/// Knows the integers of the text; where floating point numbers are wanted, none.
#[derive(Clone, Copy)]
pub(super) struct Whole<'t> {
    integers: Option<&'t Integers>,
    /// An integer is asked for, rather than whatever there is.
    is_asked: bool,
}

impl<'t> Whole<'t> {
    pub(super) fn of(integers: &'t Integers) -> Whole<'t> {
        Whole { integers: Some(integers), is_asked: false }
    }

    fn integer(self, value: f64) -> Option<Integer> {
        self.integers.and_then(|integers| integers.get(value))
    }
}

impl Look for Whole<'_> {
    fn float<'de, V: Visitor<'de>, E: Error>(self, value: f64, visitor: V) -> Result<V::Value, E> {
        // No integer has the sign of this zero.
        let loses_sign = value == 0.0 && value.is_sign_negative() && !self.is_asked;
        let Some(integer) = self.integer(value).filter(|_| !loses_sign) else {
            return visitor.visit_f64(value);
        };
        if let Some(integer) = integer.unsigned().and_then(|integer| u64::try_from(integer).ok()) {
            return visitor.visit_u64(integer);
        }
        match integer.signed().and_then(|integer| i64::try_from(integer).ok()) {
            Some(integer) => visitor.visit_i64(integer),
            None => visitor.visit_f64(value),
        }
    }

    fn at_floats(self) -> Self {
        Whole { integers: None, ..self }
    }

    fn at_integers(self) -> Self {
        Whole { is_asked: true, ..self }
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
        let integer = self.1.integer(value);
        match (integer.and_then(Integer::signed), integer.and_then(Integer::unsigned)) {
            (Some(integer), _) => self.0.visit_i128(integer),
            (None, Some(integer)) => self.0.visit_u128(integer),
            (None, None) => self.0.visit_f64(value),
        }
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}
