//! Keeps what went wrong first while a value is read, and where.
//!
//! On its way out an error passes a boundary of `erased_serde` for each level that the value is nested, and each time the form puts it
//! into words of its own. Some forms quote them, so that the text would double with each level. Here the words of the innermost are put
//! aside, and what goes on is an error without any.
//!
//! A value that cannot be read is read again, for its numbers and for the place of the mistake: [`Way`] says how.

use std::cell::{OnceCell, RefCell};
use std::fmt::Display;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::base::{Look, Through, json_pointer};

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
}

impl Mistake {
    /// Whether a number is too large for its type, which nobody knows who takes it as it came.
    pub(super) fn is_of_range(&self) -> bool {
        self.words.ends_with(&a_single())
    }
}

/// Reads a value.
///
/// # Errors
/// What the innermost error says.
pub(super) fn read<'de, T: Deserialize<'de>>(from: impl Deserializer<'de>, way: Way) -> Result<T, Mistake> {
    let (first, path) = (OnceCell::new(), RefCell::default());
    let look = Innermost { first: &first, path: &path, way, wants: Wants::Anything };
    let read = T::deserialize(Through(from, look));
    read.map_err(|error| {
        first.into_inner().unwrap_or_else(|| Mistake { words: error.to_string(), pointer: String::new() })
    })
}

/// Where the words are put, and how far the reading has come.
#[derive(Clone, Copy)]
struct Innermost<'w> {
    first: &'w OnceCell<Mistake>,
    path: &'w RefCell<Vec<Inside>>,
    way: Way,
    wants: Wants,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Anything,
    Integer,
    Single,
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
            self.first.get_or_init(|| Mistake { words: error.to_string(), pointer: self.pointer() });
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
        #[expect(clippy::cast_possible_truncation, reason = "whether it is in range is what is asked")]
        match self.wants {
            Wants::Single if value.is_finite() && (value as f32).is_infinite() => {
                Err(E::custom(format!("invalid value: {value:e}, {}", a_single())))
            }
            // All that are so large are integers of 64 bits exactly.
            Wants::Integer if value.fract() == 0.0 && (-TWO_63..TWO_63).contains(&value) => {
                visitor.visit_i64(value as i64)
            }
            Wants::Integer if value.fract() == 0.0 && (0.0..2.0 * TWO_63).contains(&value) => {
                visitor.visit_u64(value as u64)
            }
            _ => visitor.visit_f64(value),
        }
    }

    fn at_floats(self) -> Self {
        Innermost { wants: Wants::Anything, ..self }
    }

    fn at_singles(self) -> Self {
        Innermost { wants: Wants::Single, ..self }
    }

    fn at_integers(self) -> Self {
        Innermost { wants: if self.takes_numbers() { Wants::Integer } else { Wants::Anything }, ..self }
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

/// 2⁶³.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
