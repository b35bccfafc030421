//! A JSON text whose numbers without a fraction are written as integers.

use std::io::Write as _;

use super::numbers::{Integer, floating, integer, numbers};

/// What becomes of `-0.0`, which is an integer and, as such, has no sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// It stays as it is.
    WithSign,
    /// It is written as an integer: where nothing else helps.
    Integers,
}

/// The text with `2.0` as `2` and `2e1` as `20`; `None` if there is no such number in it, and where zeros lose their sign, if none has
/// one. Nothing that is no JSON becomes JSON by it.
///
/// It is at most seven times as long.
pub(crate) fn integral(text: &[u8], zeros: Zeros) -> Option<Vec<u8>> {
    if zeros == Zeros::Integers && !numbers(text).any(|(_, number)| is_negative_zero(number)) {
        return None;
    }
    let mut written = Vec::new();
    let mut copied = 0;
    for (start, number) in numbers(text) {
        if let Some(integer) = rewritten(number, zeros) {
            written.extend_from_slice(text.get(copied..start)?);
            let _ = write!(written, "{integer}");
            copied = start + number.len();
        }
    }
    if copied == 0 {
        return None;
    }
    written.extend_from_slice(text.get(copied..)?);
    Some(written)
}

/// The value of a number that is written with a fraction or an exponent, and has none.
fn rewritten(number: &[u8], zeros: Zeros) -> Option<Integer> {
    let is_floating = number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    if !is_floating || floating(number).is_none() {
        return None;
    }
    // What no type of 64 bits can hold is seldom asked for as an integer, and would make a short text a long one.
    let integer = integer(number).filter(|integer| integer.is_small() || number.contains(&b'.'))?;
    (zeros == Zeros::Integers || !integer.is_negative_zero()).then_some(integer)
}

/// Whether it is a zero with a sign that is not written as an integer.
fn is_negative_zero(number: &[u8]) -> bool {
    number.starts_with(b"-0") && rewritten(number, Zeros::Integers).is_some_and(Integer::is_negative_zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_written_as_such() {
        let table = [
            ("2.0", Some("2")),
            (" [2e1, -7.000 ,1e-400]", Some(" [20, -7 ,1e-400]")),
            (r#"{"2.0": "3.0 \" 4.0", "n": 5.0}"#, Some(r#"{"2.0": "3.0 \" 4.0", "n": 5}"#)),
            ("[18446744073709551615.00, 1e19]", Some("[18446744073709551615, 10000000000000000000]")),
            ("[-9007199254740993.0,1.5]", Some("[-9007199254740993,1.5]")),
            ("1.0e30", Some("1000000000000000000000000000000")),
            ("[2, -3, 2.5, 1e99, 1e30, 99999999999999999999999999999999999999999.0]", None),
            // No numbers, and not made such.
            ("[2.0.0, 01.0, -, 1., .0, 2.e1, 1e, +2.0e]", None),
            ("\"2.0", None),
            ("\"2.0\\", None),
            ("", None),
            (
                "[-170141183460469231731687303715884105728.0]",
                Some("[-170141183460469231731687303715884105728]"),
            ),
            (
                "[340282366920938463463374607431768211455.0]",
                Some("[340282366920938463463374607431768211455]"),
            ),
            ("[340282366920938463463374607431768211456.0]", None),
            ("[-0.0, 2.0, -0e9]", Some("[-0.0, 2, -0e9]")),
            ("[-0.0]", None),
        ];
        assert_eq!(integral(b"[-0.0, 2.0, -0e9]", Zeros::Integers).as_deref(), Some(&b"[0, 2, 0]"[..]));
        // Once is enough where no zero has a sign.
        for text in ["[2.0]", "-0", "[-0.5, 2e1]", "\"-0.0\"", "-0.0.0"] {
            assert_eq!(integral(text.as_bytes(), Zeros::Integers), None, "{text}");
        }
        for (text, expected) in table {
            let written = integral(text.as_bytes(), Zeros::WithSign);
            assert_eq!(
                written.map(|it| String::from_utf8(it).expect("a text")).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
