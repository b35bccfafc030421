//! An element of a list with weights (RFC 9110, section 12.4.2), as Accept-Encoding and its like have them.

/// What is accepted, and how much it is liked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weighted<'h> {
    /// What stands before the first semicolon.
    pub(crate) token: &'h [u8],
    /// In thousandths, 0 to 1000; 1000 if nothing is said.
    pub(crate) quality: u16,
}

impl<'h> Weighted<'h> {
    /// Reads one element; `None` if it is empty or its weight cannot be read. Other parameters are passed over.
    pub(crate) fn parse(element: &'h [u8]) -> Option<Weighted<'h>> {
        let mut parts = element.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let token = parts.next().filter(|token| !token.is_empty())?;
        for part in parts {
            match part {
                [b'q' | b'Q', b'=', value @ ..] => return Some(Weighted { token, quality: quality(value)? }),
                [b'q' | b'Q'] => return None,
                _ => {}
            }
        }
        Some(Weighted { token, quality: 1000 })
    }
}

/// `0`, `1`, and up to three digits after a point; not above 1.
fn quality(value: &[u8]) -> Option<u16> {
    let (whole, digits) = match value {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', digits @ ..] => (whole, digits),
        _ => return None,
    };
    if digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |place: usize| digits.get(place).map_or(0, |digit| u16::from(digit - b'0'));
    let thousandths = u16::from(whole - b'0') * 1000 + digit(0) * 100 + digit(1) * 10 + digit(2);
    (thousandths <= 1000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_three_digits_at_most() {
        let table = [
            ("a", Some(1000)),
            ("a;q=1", Some(1000)),
            ("a;q=1.", Some(1000)),
            ("a;q=1.000", Some(1000)),
            ("a;q=0.", Some(0)),
            ("a;q=0.25", Some(250)),
            (" a ; x=y ; Q=0.025 ", Some(25)),
            ("a;q=1.001", None),
            ("a;q=0.0001", None),
            ("a;q=00", None),
            ("a;q=.5", None),
            ("a;q=0,5", None),
            ("a;q =0.5", Some(1000)),
            ("", None),
            (" ;q=1", None),
        ];
        for (element, expected) in table {
            let read = Weighted::parse(element.as_bytes());
            assert_eq!(read.map(|weighted| weighted.quality), expected, "{element:?}");
            assert!(read.is_none_or(|weighted| weighted.token == b"a"), "{element:?}");
        }
    }
}
