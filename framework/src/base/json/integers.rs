//! Which numbers of a JSON text have no fraction, seen in the text itself.

use std::collections::HashMap;

/// The integers of a text that are read as floating point, by what is read.
pub(super) struct Integers(HashMap<u64, i128>);

impl Integers {
    pub(super) fn of(text: &[u8]) -> Integers {
        let mut integers = HashMap::new();
        let mut others = Vec::new();
        let mut rest = text;
        while let Some((byte, after)) = rest.split_first() {
            match byte {
                b'"' => rest = after_text(after),
                b'-' | b'0'..=b'9' => {
                    let is_more = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                    let length = rest.iter().position(|byte| !is_more(byte)).unwrap_or(rest.len());
                    let (number, after) = rest.split_at(length);
                    rest = after;
                    let Ok(read) = serde_json::from_slice::<f64>(number) else { continue };
                    match integer(number) {
                        Some(integer)
                            if integers.insert(read.to_bits(), integer).is_none_or(|it| it == integer) => {}
                        // Several are read as this number.
                        _ => others.push(read.to_bits()),
                    }
                }
                _ => rest = after,
            }
        }
        for other in others {
            integers.remove(&other);
        }
        Integers(integers)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, read: f64) -> Option<i128> {
        self.0.get(&read.to_bits()).copied()
    }
}

/// The value of a number that has no fraction, unless it is too large for every type of integers that is asked for.
fn integer(number: &[u8]) -> Option<i128> {
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
        return Some(0);
    }
    digits.truncate(digits.len() - zeros);
    shift = shift.checked_add(i32::try_from(zeros).ok()?)?;
    let shift = u32::try_from(shift).ok()?;
    let value: i128 = std::str::from_utf8(&digits).ok()?.parse().ok()?;
    let value = value.checked_mul(10_i128.checked_pow(shift)?)?;
    Some(if is_negative { -value } else { value })
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
