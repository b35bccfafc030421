//! Keeps what went wrong first while a value is read, and where.
//!
//! On its way out an error passes a boundary of `erased_serde` for each level that the value is nested, and each time the form puts it
//! into words of its own. Some forms quote them, so that the text would double with each level. Here the words of the innermost are put
//! aside, and what goes on is an error without any.
//!
//! A value that cannot be read is read again, for its numbers and for the place of the mistake: [`Way`] says how.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Display;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::base::{Large, Look, Through, json_pointer};

/// How a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As its form has it, and nothing else.
    AsItCame,
    /// With numbers taken as JSON takes them: those without a fraction for integers, and of whatever width for floating point.
    WithNumbers,
    /// As it came, with an eye on the place.
    ForItsPlace,
}

/// Why a value cannot be read.
#[derive(Debug, Default)]
pub(super) struct Mistake {
    pub(super) words: String,
    /// Where: a JSON Pointer (RFC 6901), which is empty for the whole value and where nobody has looked.
    pub(super) pointer: String,
    /// How many elements and names had been asked for.
    pub(super) reach: usize,
}

impl Mistake {
    /// Whether it is a number that is not what it should be: it is shown then, and what has room there.
    pub(super) fn is_of_number(&self) -> bool {
        let got = |why| self.words.split_once(why).map(|(_, got)| got);
        let got = got("invalid value: ").or_else(|| got("invalid type: ")).unwrap_or_default();
        ["number `", "integer `", "floating point `"].iter().any(|kind| got.starts_with(kind))
    }
}

/// Reads a value.
///
/// # Errors
/// What the innermost error says.
pub(super) fn read<'de, T: Deserialize<'de>>(from: impl Deserializer<'de>, way: Way) -> Result<T, Mistake> {
    let (first, path, reach) = (OnceCell::new(), RefCell::default(), Cell::new(0));
    let look = Innermost { first: &first, path: &path, reach: &reach, way, wants: Wants::Anything };
    let read = T::deserialize(Through(from, look));
    read.map_err(|error| {
        first.into_inner().unwrap_or_else(|| Mistake { words: error.to_string(), ..Mistake::default() })
    })
}

/// Where the words are put, and how far the reading has come.
#[derive(Clone, Copy)]
struct Innermost<'w> {
    first: &'w OnceCell<Mistake>,
    path: &'w RefCell<Vec<Inside>>,
    reach: &'w Cell<usize>,
    way: Way,
    wants: Wants,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Anything,
    /// Of 64 bits or fewer.
    Integer,
    /// Of 128 bits.
    Signed,
    Unsigned,
    /// Of 32 bits.
    Single,
    Double,
    Name,
}

/// What the reading is inside.
enum Inside {
    /// An array, of which so many elements have begun; none before and behind them.
    Array(Option<usize>),
    /// An object, at the value of this name.
    Object(Option<String>),
}

impl Innermost<'_> {
    fn pointer(self) -> String {
        let mut pointer = String::new();
        for inside in &*self.path.borrow() {
            match inside {
                Inside::Array(Some(index)) => json_pointer::push(&mut pointer, &index.to_string()),
                Inside::Object(Some(name)) => json_pointer::push(&mut pointer, name),
                Inside::Array(None) | Inside::Object(None) => {}
            }
        }
        pointer
    }

    /// Who looks where this is asked for; as it came, it goes past.
    fn at_numbers(self, wants: Wants) -> Self {
        Innermost { wants: if self.takes_numbers() { wants } else { Wants::Anything }, ..self }
    }

    /// Hands an integer out in the width that is asked for, or tells that it has no room there.
    fn integer<'de, V: Visitor<'de>, E: Error>(
        self,
        value: Large,
        shown: &dyn Fn() -> String,
        visitor: V,
    ) -> Result<V::Value, E> {
        let (signed, unsigned) = (value.signed(), value.unsigned());
        let small = signed.and_then(|value| i64::try_from(value).ok());
        match (self.wants, small, signed, unsigned) {
            (Wants::Integer, Some(value), ..) => visitor.visit_i64(value),
            (Wants::Signed, _, Some(value), _) => visitor.visit_i128(value),
            (Wants::Unsigned, _, _, Some(value)) => visitor.visit_u128(value),
            (Wants::Integer, None, _, Some(value)) if let Ok(value) = u64::try_from(value) => {
                visitor.visit_u64(value)
            }
            _ => Err(E::invalid_value(Unexpected::Other(&shown()), &visitor)),
        }
    }

    fn takes_numbers(self) -> bool {
        self.way == Way::WithNumbers
    }

    fn has_place(self) -> bool {
        self.way != Way::AsItCame
    }
}

impl Look for Innermost<'_> {
    fn outcome<R, E: Error>(self, result: Result<R, E>) -> Result<R, E> {
        result.map_err(|error| {
            self.first.get_or_init(|| Mistake {
                words: error.to_string(),
                pointer: self.pointer(),
                reach: self.reach.get(),
            });
            E::custom("")
        })
    }

    fn number<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
        ask: fn(D, V) -> Result<V::Value, D::Error>,
    ) -> Result<V::Value, D::Error> {
        if self.takes_numbers() { from.deserialize_any(to) } else { ask(from, to) }
    }

    fn single<'de, V: Visitor<'de>, E: Error>(self, value: f32, visitor: V) -> Result<V::Value, E> {
        if self.takes_numbers() { self.float(value.into(), visitor) } else { visitor.visit_f32(value) }
    }

    fn float<'de, V: Visitor<'de>, E: Error>(self, value: f64, visitor: V) -> Result<V::Value, E> {
        let shown = || format!("floating point `{value:?}`");
        #[expect(clippy::cast_possible_truncation, reason = "whether it is in range is what is asked")]
        match self.wants {
            Wants::Single if value.is_finite() && (value as f32).is_infinite() => {
                Err(E::custom(format!("invalid value: number `{value:e}`, {}", a_single())))
            }
            Wants::Anything | Wants::Name | Wants::Single | Wants::Double => visitor.visit_f64(value),
            // All that are so large are integers exactly.
            _ if value.fract() == 0.0 && (-TWO_127..TWO_127).contains(&value) => {
                self.integer(Large::Signed(value as i128), &shown, visitor)
            }
            _ if value.fract() == 0.0 && (0.0..2.0 * TWO_127).contains(&value) => {
                self.integer(Large::Unsigned(value as u128), &shown, visitor)
            }
            _ => Err(E::invalid_type(Unexpected::Other(&shown()), &visitor)),
        }
    }

    fn large<'de, V: Visitor<'de>, E: Error>(self, value: Large, visitor: V) -> Result<V::Value, E> {
        match self.wants {
            Wants::Anything | Wants::Name => value.visit(visitor),
            Wants::Single | Wants::Double => self.float(value.float(), visitor),
            Wants::Integer | Wants::Signed | Wants::Unsigned => {
                self.integer(value, &|| format!("integer `{value}`"), visitor)
            }
        }
    }

    fn signed<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
    ) -> Result<V::Value, D::Error> {
        self.number(from, to, D::deserialize_i128)
    }

    fn unsigned<'de, D: Deserializer<'de>, V: Visitor<'de>>(
        self,
        from: D,
        to: V,
    ) -> Result<V::Value, D::Error> {
        self.number(from, to, D::deserialize_u128)
    }

    fn at_floats(self) -> Self {
        self.at_numbers(Wants::Double)
    }

    fn at_singles(self) -> Self {
        Innermost { wants: Wants::Single, ..self }
    }

    fn at_integers(self) -> Self {
        self.at_numbers(Wants::Integer)
    }

    fn at_large(self, is_signed: bool) -> Self {
        self.at_numbers(if is_signed { Wants::Signed } else { Wants::Unsigned })
    }

    fn at_names(self) -> Self {
        Innermost { wants: Wants::Name, ..self }
    }

    fn begin(self, is_array: bool) {
        if self.has_place() {
            let inside = if is_array { Inside::Array(None) } else { Inside::Object(None) };
            self.path.borrow_mut().push(inside);
        }
    }

    fn end(self) {
        if self.has_place() {
            self.path.borrow_mut().pop();
        }
    }

    fn next(self, is_there: bool) {
        self.reach.set(self.reach.get() + 1);
        if !self.has_place() {
            return;
        }
        match self.path.borrow_mut().last_mut() {
            Some(Inside::Array(index)) => {
                *index = is_there.then(|| index.map_or(0, |index| index + 1));
            }
            Some(Inside::Object(name)) => *name = None,
            None => {}
        }
    }

    fn name(self, name: &dyn Display) {
        if self.has_place()
            && self.wants == Wants::Name
            && let Some(Inside::Object(of_value)) = self.path.borrow_mut().last_mut()
        {
            *of_value = Some(name.to_string());
        }
    }
}

/// That a number is to have room in 32 bits.
fn a_single() -> String {
    format!("expected a number from {:e} to {:e}", f32::MIN, f32::MAX)
}

/// 2¹²⁷.
const TWO_127: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
