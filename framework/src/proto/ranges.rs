//! Byte ranges (RFC 9110, section 14): which parts of a representation a request asks for.
//!
//! What cannot be read is passed over, as the RFC allows, and so is what would cost more than the whole: more than
//! [`MOST`] ranges, or ranges that overlap so much that they are longer together than the representation.

/// A part of a representation: its first byte, and the byte after its last. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// What a Range field asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ranges {
    /// Nothing that is understood: the whole.
    Whole,
    /// These, in the order they are asked for in; at least one.
    Parts(Vec<ByteRange>),
    /// Nothing that exists: 416.
    Unsatisfiable,
}

/// The most ranges of one request.
const MOST: usize = 64;

impl ByteRange {
    pub(crate) fn len(self) -> u64 {
        self.end - self.start
    }
}

impl Ranges {
    /// Reads the value of a Range field for a representation of `size` bytes.
    pub(crate) fn parse(value: &[u8], size: u64) -> Ranges {
        let Some((unit, set)) = value.split_at_checked(6) else { return Ranges::Whole };
        if !unit.eq_ignore_ascii_case(b"bytes=") {
            return Ranges::Whole;
        }
        let (mut parts, mut count, mut total) = (Vec::new(), 0, 0_u64);
        for spec in set.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if spec.is_empty() {
                continue;
            }
            count += 1;
            let Some(part) = Spec::parse(spec).filter(|_| count <= MOST) else { return Ranges::Whole };
            if let Some(range) = part.within(size) {
                total = total.saturating_add(range.len());
                parts.push(range);
            }
        }
        match parts.len() {
            0 if count == 0 => Ranges::Whole,
            0 => Ranges::Unsatisfiable,
            1 if size > 0 => Ranges::Parts(parts),
            _ if total > size || size == 0 => Ranges::Whole,
            _ => Ranges::Parts(parts),
        }
    }
}

/// One range as it is written.
enum Spec {
    /// `5-`, `5-9`.
    From { first: u64, last: Option<u64> },
    /// `-5`: so many bytes at the end.
    Suffix(u64),
}

impl Spec {
    fn parse(spec: &[u8]) -> Option<Spec> {
        let dash = spec.iter().position(|byte| *byte == b'-')?;
        let (first, last) = (&spec[..dash], &spec[dash + 1..]);
        if first.is_empty() {
            return number(last).map(Spec::Suffix);
        }
        let first = number(first)?;
        if last.is_empty() {
            return Some(Spec::From { first, last: None });
        }
        let last = number(last)?;
        (first <= last).then_some(Spec::From { first, last: Some(last) })
    }

    /// What of it there is; `None` if nothing.
    fn within(&self, size: u64) -> Option<ByteRange> {
        match *self {
            Spec::From { first, last } => {
                let end = last.map_or(size, |last| last.saturating_add(1).min(size));
                (first < size).then_some(ByteRange { start: first, end })
            }
            Spec::Suffix(0) => None,
            Spec::Suffix(count) => Some(ByteRange { start: size.saturating_sub(count), end: size }),
        }
    }
}

/// Digits; those of a number too large for us are as good as the largest.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_what_there_is() {
        // Ranges as `start..end`, separated by spaces; `-` is the whole, `!` nothing that exists.
        let table = [
            ("bytes=0-0", "0..1"),
            ("bytes=0-499", "0..500"),
            ("Bytes=500-999", "500..1000"),
            ("bytes=500-", "500..1000"),
            ("bytes=-1", "999..1000"),
            ("bytes=-5000", "0..1000"),
            ("bytes=999-5000", "999..1000"),
            ("bytes=1000-", "!"),
            ("bytes=-0", "!"),
            ("bytes=5000-6000, 7000-", "!"),
            ("bytes=0-0,-1", "0..1 999..1000"),
            ("bytes= 0-0 ,\t, 5-6,", "0..1 5..7"),
            ("bytes=9-9,0-0", "9..10 0..1"),
            ("bytes=0-0, 5000-", "0..1"),
            ("bytes=0-99999999999999999999999999", "0..1000"),
            ("bytes=99999999999999999999999999-", "!"),
            ("bytes=0-999", "0..1000"),
            ("bytes=0-499,500-999", "0..500 500..1000"),
            ("bytes=0-,0-", "-"),
            ("bytes=0-600,400-999", "-"),
            ("bytes=5-4", "-"),
            ("bytes=0-0,5-4", "-"),
            ("bytes=", "-"),
            ("bytes=,", "-"),
            ("bytes=a-b", "-"),
            ("bytes=0-0x", "-"),
            ("bytes=+0-1", "-"),
            ("bytes=-", "-"),
            ("bytes=--1", "-"),
            ("bytes=1", "-"),
            ("bytes 0-1", "-"),
            ("lines=0-1", "-"),
            ("", "-"),
        ];
        for (value, expected) in table {
            assert_eq!(shown(Ranges::parse(value.as_bytes(), 1000)), expected, "{value:?}");
        }
    }

    #[test]
    fn of_nothing_there_are_no_parts() {
        for (value, expected) in
            [("bytes=0-", "!"), ("bytes=-5", "-"), ("bytes=-5,-6", "-"), ("bytes=-0", "!")]
        {
            assert_eq!(shown(Ranges::parse(value.as_bytes(), 0)), expected, "{value:?}");
        }
    }

    #[test]
    fn there_is_an_end_to_ranges() {
        let list = |count: u64| {
            let specs: Vec<_> = (0..count).map(|at| format!("{at}-{at}")).collect();
            format!("bytes={}", specs.join(","))
        };
        for (count, parts) in [(64, Some(64)), (65, None), (10_000, None)] {
            let found = match Ranges::parse(list(count).as_bytes(), 1 << 30) {
                Ranges::Parts(parts) => Some(parts.len()),
                _ => None,
            };
            assert_eq!(found, parts, "{count}");
        }
    }

    fn shown(ranges: Ranges) -> String {
        match ranges {
            Ranges::Whole => "-".to_owned(),
            Ranges::Unsatisfiable => "!".to_owned(),
            Ranges::Parts(parts) => {
                let parts: Vec<_> =
                    parts.iter().map(|part| format!("{}..{}", part.start, part.end)).collect();
                parts.join(" ")
            }
        }
    }
}
