//! The numbers of a JSON text, as they are written in it.

use std::fmt;

/// Each number, and where it begins. What only looks like one is handed out too.
pub(in crate::base) fn numbers(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let Some((byte, after)) = rest.split_first() {
            match byte {
                b'"' => rest = after_text(after),
                b'-' | b'0'..=b'9' => {
                    let start = text.len() - rest.len();
                    let is_more = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                    let length = rest.iter().position(|byte| !is_more(byte)).unwrap_or(rest.len());
                    let (number, after) = rest.split_at(length);
                    rest = after;
                    return Some((start, number));
                }
                _ => rest = after,
            }
        }
        None
    })
}

/// What it is read as, if it is one.
pub(super) fn floating(number: &[u8]) -> Option<f64> {
    serde_json::from_slice(number).ok()
}

/// The value of a number that has no fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integer {
    is_negative: bool,
    /// Without the sign.
    size: u128,
}

impl Integer {
    /// It, if it is none below zero.
    pub(super) fn unsigned(self) -> Option<u128> {
        (!self.is_negative).then_some(self.size)
    }

    /// It, if there is room for its sign.
    pub(super) fn signed(self) -> Option<i128> {
        if self.is_negative { 0_i128.checked_sub_unsigned(self.size) } else { i128::try_from(self.size).ok() }
    }

    /// Whether a type of 64 bits may hold it.
    pub(super) fn is_small(self) -> bool {
        u64::try_from(self.size).is_ok()
    }

    /// Whether it is a zero with a sign.
    pub(super) fn is_negative_zero(self) -> bool {
        self.is_negative && self.size == 0
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With its sign zero would be read as floating point.
        let sign = if self.is_negative && self.size != 0 { "-" } else { "" };
        write!(f, "{sign}{}", self.size)
    }
}

/// The value of a number that has no fraction, unless it is too large for every type of integers that is asked for.
pub(super) fn integer(number: &[u8]) -> Option<Integer> {
    let (is_negative, number) = match number.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let exponent = number.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (digits, exponent) = match exponent.map(|at| number.split_at(at)) {
        Some((digits, exponent)) => {
            (digits, std::str::from_utf8(exponent.get(1..)?).ok()?.parse::<i32>().ok()?)
        }
        None => (number, 0),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let fraction = point.map_or(0, |at| digits.len() - at - 1);
    let mut shift = exponent.checked_sub(i32::try_from(fraction).ok()?)?;
    let mut digits: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
    let zeros = digits.iter().rev().take_while(|digit| **digit == b'0').count();
    if zeros == digits.len() {
        return Some(Integer { is_negative, size: 0 });
    }
    digits.truncate(digits.len() - zeros);
    shift = shift.checked_add(i32::try_from(zeros).ok()?)?;
    let shift = u32::try_from(shift).ok()?;
    let size: u128 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    let size = size.checked_mul(10_u128.checked_pow(shift)?)?;
    let integer = Integer { is_negative, size };
    (integer.unsigned().is_some() || integer.signed().is_some()).then_some(integer)
}

/// Behind a text whose first quote was read.
fn after_text(mut rest: &[u8]) -> &[u8] {
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => return after,
            b'\\' => after.get(1..).unwrap_or_default(),
            _ => after,
        };
    }
    rest
}
