//! JSON that came: a number without a fraction is an integer, however it is written (JSON Schema 2020-12, section 6.1.1), so that `2.0`
//! is taken where a schema says `integer`.
//!
//! serde_json takes such a number as floating point only, and not exactly so. What it refuses is therefore read once more, with those numbers made
//! integers as their text says; what it takes costs nothing.
//!
//! Whoever can keep a second text as long as what is read of it may borrow from it has them rewritten in the text by [`integral`], and
//! reads that by the same code. For whoever has only the text that came, [`from_json`] makes integers of them while it reads, by code of its own
//! for each type.

mod integers;
mod integral;
pub(super) mod numbers;
mod whole;

use serde::de::Deserialize;

use self::integers::Integers;
use self::whole::Whole;
use super::through::Through;

pub(crate) use integral::{Zeros, integral};

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
    let integers = Integers::of(text);
    if integers.is_empty() {
        return Err(error);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = T::deserialize(Through(&mut deserializer, Whole::of(&integers)));
    value.and_then(|value| deserializer.end().map(|()| value)).map_err(|_| error)
}

#[cfg(test)]
#[expect(dead_code, reason = "what is read is only shown")]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::Deserialize;

    use super::*;

    /// What a text is read as, both ways.
    fn read<'de, T: Deserialize<'de> + Debug>(text: &'de str) -> String {
        let told = |read: Result<T, serde_json::Error>| match read {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        };
        let rewritten = |zeros| -> &'de [u8] { integral(text.as_bytes(), zeros).unwrap_or_default().leak() };
        let first = serde_json::from_slice::<T>(text.as_bytes());
        let again = |zeros| move |first| serde_json::from_slice(rewritten(zeros)).map_err(|_| first);
        let other = first.or_else(again(Zeros::WithSign)).or_else(again(Zeros::Integers));
        let read = told(from_json(text.as_bytes()));
        assert_eq!(told(other), read, "rewritten: {text}");
        read
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
        let table: [(Read, &str, &str); 41] = [
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
            (read::<u64>, "4432477574912178.0", "4432477574912178"),
            (read::<u64>, "18446744073709551615.00", "18446744073709551615"),
            (
                read::<u64>,
                "4432477574912177.5",
                "invalid type: floating point `4432477574912177.5`, expected u64 at line 1 column 18",
            ),
            (read::<Vec<u64>>, "[9007199254740993.0, 3.0]", "[9007199254740993, 3]"),
            (
                read::<(u128, u8)>,
                "[340282366920938463463374607431768211455, 1]",
                "(340282366920938463463374607431768211455, 1)",
            ),
            (read::<(u128, u8)>, "[18446744073709551616, 1.0]", "(18446744073709551616, 1)"),
            (read::<u64>, "1e-400", "invalid type: floating point `0.0`, expected u64 at line 1 column 6"),
            (read::<u64>, "1e99", "invalid type: floating point `1e+99`, expected u64 at line 1 column 4"),
            (
                read::<(u8, serde_json::Value)>,
                "[2.0, 125920556930502400000000.0]",
                "(2, Number(1.259205569305024e+23))",
            ),
            (read::<(u8, String)>, r#"[2.0, "3.5 \" 2.5"]"#, r#"(2, "3.5 \" 2.5")"#),
            (read::<f64>, "2.0", "2.0"),
            // A zero keeps its sign where it can have one.
            (read::<(u8, f64)>, "[2.0, -0.0]", "(2, -0.0)"),
            (read::<(u8, serde_json::Value)>, "[2.0, -0.0]", "(2, Number(-0.0))"),
            (read::<(u8, i8)>, "[2.0, -0.0]", "(2, 0)"),
            (
                read::<(i128, i128, u8)>,
                "[-170141183460469231731687303715884105728.0, 170141183460469231731687303715884105727.0, 1.0]",
                "(-170141183460469231731687303715884105728, 170141183460469231731687303715884105727, 1)",
            ),
            (
                read::<u128>,
                "340282366920938463463374607431768211455.0",
                "340282366920938463463374607431768211455",
            ),
            (read::<f32>, "3.4028235e38", "3.4028235e38"),
            (read::<f32>, "1e39", "number out of range at line 1 column 4"),
            (
                read::<(u8, f32)>,
                "[2.0, -1e39]",
                "invalid type: floating point `2.0`, expected u8 at line 1 column 4",
            ),
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
        // Of two that are read as one number nobody knows which is which.
        let alike = b"[9007199254740993.0, 9007199254740992.0]";
        assert!(from_json::<Vec<u64>>(alike).is_err());
    }
}
