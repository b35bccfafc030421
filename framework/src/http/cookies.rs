//! The cookies that a request brings (RFC 6265).
//!
//! Reading is generous and never fails: what is no cookie is left out, and nothing beside it.

use std::fmt;

use crate::base::Span;

/// The cookies of a request, in the order they were sent.
///
/// Values are as they were sent, without the quotes around them; percent signs are left alone. Where a name stands
/// twice the first one counts: browsers send the cookie with the longer path first. A cookie that is not UTF-8 is left out; the
/// others stay.
///
/// ```
/// use vernal::{Cookies, request_map};
///
/// #[request_map("/who")]
/// fn who(cookies: &Cookies) -> String {
///     cookies.get("user").unwrap_or("nobody").to_owned()
/// }
/// ```
#[derive(Clone, Default)]
pub struct Cookies {
    text: String,
    pairs: Vec<(Span, Span)>,
}

impl Cookies {
    /// Reads the values of all `Cookie` fields. The size of the head bounds them.
    pub(crate) fn parse<'h>(fields: impl Iterator<Item = &'h [u8]>) -> Cookies {
        let mut cookies = Cookies::default();
        let pairs = fields.flat_map(|field| field.split(|byte| *byte == b';'));
        // What some other application of the same host has set may be no text.
        for pair in pairs.filter_map(|pair| std::str::from_utf8(pair).ok()) {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let (name, value) = (name.trim_matches(BLANK), unquoted(value.trim_matches(BLANK)));
            if !name.is_empty() {
                let pair = (cookies.keep(name), cookies.keep(value));
                cookies.pairs.push(pair);
            }
        }
        cookies
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span::new(start, self.text.len())
    }

    /// The value of a cookie. Names compare with regard to case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every cookie, name and value, in order; a name that was sent twice comes twice.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.text(&self.text), value.text(&self.text)))
    }

    /// How many cookies there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_generously() {
        type Row = (&'static [&'static [u8]], &'static [(&'static str, &'static str)]);
        let table: [Row; 20] = [
            (&[], &[]),
            (&[b""], &[]),
            (&[b"k=v"], &[("k", "v")]),
            (&[b"k=v; z=\"q w\""], &[("k", "v"), ("z", "q w")]),
            (&[b"a=1;b=2;  c=3 "], &[("a", "1"), ("b", "2"), ("c", "3")]),
            (&[b"a=1", b"b=2"], &[("a", "1"), ("b", "2")]),
            (&[b"a=b=c"], &[("a", "b=c")]),
            (&[b"a=%20%"], &[("a", "%20%")]),
            (&[b"a=; b"], &[("a", "")]),
            (&[b"=x; a=1"], &[("a", "1")]),
            (&[b"a=\""], &[("a", "\"")]),
            (&[b"a=\"\""], &[("a", "")]),
            (&[b"a=\xe4\xb8\xad;;"], &[("a", "中")]),
            (&[b"a=\xff"], &[]),
            (&[b"a=1; b=caf\xe9; c=3"], &[("a", "1"), ("c", "3")]),
            (&[b"a\xe9=1; c=3"], &[("c", "3")]),
            (&[b"\xff; c=3"], &[("c", "3")]),
            (&[b"a=1\xff;\xffb=2;c=\"3\""], &[("c", "3")]),
            (&[b"a=\xff", b"a=2"], &[("a", "2")]),
            // A character that is cut in two by the semicolon.
            (&[b"a=\xe4\xb8;b=\xad; c=3"], &[("c", "3")]),
        ];
        for (fields, expected) in table {
            let cookies = Cookies::parse(fields.iter().copied());
            assert_eq!(cookies.iter().collect::<Vec<_>>(), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_first_of_a_name_wins() {
        let cookies = Cookies::parse([&b"a=1; A=2; a=3"[..]].into_iter());
        assert_eq!((cookies.get("a"), cookies.get("A"), cookies.get("b")), (Some("1"), Some("2"), None));
        assert_eq!((cookies.len(), cookies.is_empty()), (3, false));
    }
}
