//! Parameters: the fields of a query or of an `application/x-www-form-urlencoded` body (WHATWG URL, section 5.1).
//!
//! Decoded once, into one text that all fields are spans of, so that binding lends `&str` and allocates nothing. A
//! field that cannot be decoded does not fail the others: it is kept as it was sent, with its flaw.

use std::cell::RefCell;
use std::fmt;

use crate::base::{Span, trim};
use crate::proto::Refusal;

/// The decoded fields of a query or a form, in the order they were sent. `+` is a space, empty values are kept.
///
/// ```
/// use vernal::{Request, request_map};
///
/// #[request_map("/tags")]
/// fn tags(req: &Request) -> String {
///     req.query().all("tag").collect::<Vec<_>>().join(", ")
/// }
/// ```
#[derive(Clone, Default)]
pub struct Params {
    text: String,
    fields: Vec<Field>,
    has_flaws: bool,
}

thread_local! {
    /// Where a field is decoded before it is known to be text.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
    flaw: Option<Flaw>,
}

/// Why a field is kept as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Percent,
    NotText,
}

impl Params {
    /// The first value of a name.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name.text(&self.text) == name)?;
        Some(field.value.text(&self.text))
    }

    /// Takes all values of a name away.
    pub(crate) fn remove(&mut self, name: &str) {
        let text = &self.text;
        self.fields.retain(|field| field.name.text(text) != name);
    }

    /// Adds a field that is text already.
    pub(crate) fn append(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        let (name, value) = (Span::new(start, middle), Span::new(middle, self.text.len()));
        self.fields.push(Field { name, value, flaw: None });
    }

    /// Every value of a name, in order.
    #[inline]
    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let named = self.fields.iter().filter(move |field| field.name.text(&self.text) == name);
        named.map(|field| field.value.text(&self.text))
    }

    /// Every field, name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (field.name.text(&self.text), field.value.text(&self.text)))
    }

    /// What is wrong with a field of that name, if it could not be decoded. Its value is then the text as it was sent,
    /// and binding it is a 400 that says this.
    pub fn flaw(&self, name: &str) -> Option<&'static str> {
        if !self.has_flaws {
            return None;
        }
        self.fields().filter(|(known, ..)| *known == name).find_map(|(.., flaw)| flaw)
    }

    /// How many fields there are; a name that stands twice counts twice.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether [`Params::flaw`] has something to say of any name.
    #[inline]
    pub(crate) fn has_flaws(&self) -> bool {
        self.has_flaws
    }

    /// Every field, name and value, with its flaw.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str, Option<&'static str>)> {
        let text = &self.text;
        self.fields
            .iter()
            .map(|field| (field.name.text(text), field.value.text(text), field.flaw.map(Flaw::text)))
    }

    /// Appends the fields of `raw`.
    ///
    /// # Errors
    /// There would be more than `limit` fields; those before are kept.
    pub(crate) fn parse(&mut self, raw: &[u8], limit: usize) -> Result<(), Refusal> {
        self.parse_beside(0, raw, limit)
    }

    /// The same where `others` fields elsewhere count too.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub(crate) fn parse_beside(&mut self, others: usize, raw: &[u8], limit: usize) -> Result<(), Refusal> {
        // Spans have 32 bits, and each byte of a flawed field may become a replacement character of three.
        if raw.len() > MOST_BYTES || self.text.len() > MOST_BYTES {
            return Err(Refusal::bad_request(format!("parameters of more than {MOST_BYTES} bytes")));
        }
        let is_plain = !raw.iter().any(|byte| matches!(byte, b'%' | b'+'));
        match std::str::from_utf8(raw) {
            Ok(text) if is_plain => self.parse_plain(others, text, limit),
            _ => raw.split(|&byte| byte == b'&').try_for_each(|piece| self.parse_piece(others, piece, limit)),
        }
    }

    /// Appends a field of a form in parts; `others` fields elsewhere count too.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub(crate) fn push_part(
        &mut self,
        others: usize,
        (name, value): (&str, &[u8]),
        limit: usize,
    ) -> Result<(), Refusal> {
        if name.len() > MOST_BYTES || value.len() > MOST_BYTES || self.text.len() > MOST_BYTES {
            return Err(Refusal::bad_request(format!("parameters of more than {MOST_BYTES} bytes")));
        }
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        let value = String::from_utf8_lossy(value);
        // A flawed value is kept as far as it is text.
        let flaw = matches!(value, std::borrow::Cow::Owned(_)).then_some(Flaw::NotText);
        self.text.push_str(&value);
        let (name, value) = (Span::new(start, middle), Span::new(middle, self.text.len()));
        self.push(others, Field { name, value, flaw }, limit)
    }

    /// Nothing is to be decoded: one copy, and spans of it.
    #[inline]
    fn parse_plain(&mut self, others: usize, raw: &str, limit: usize) -> Result<(), Refusal> {
        let mut start = self.text.len();
        self.text.push_str(raw);
        for piece in raw.split('&') {
            let end = start + piece.len();
            let equals = piece.bytes().position(|byte| byte == b'=').map(|at| start + at);
            let name = Span::new(start, equals.unwrap_or(end));
            let value = Span::new(equals.map_or(end, |at| at + 1), end);
            if start < end {
                self.push(others, Field { name, value, flaw: None }, limit)?;
            }
            start = end + 1;
        }
        Ok(())
    }

    fn parse_piece(&mut self, others: usize, piece: &[u8], limit: usize) -> Result<(), Refusal> {
        if piece.is_empty() {
            return Ok(());
        }
        let (name, value) = match piece.iter().position(|&byte| byte == b'=') {
            Some(at) => (&piece[..at], &piece[at + 1..]),
            None => (piece, &piece[piece.len()..]),
        };
        let (name, name_flaw) = self.decode(name);
        let (value, value_flaw) = self.decode(value);
        self.push(others, Field { name, value, flaw: name_flaw.or(value_flaw) }, limit)
    }

    /// Appends the decoded bytes to the text; those that have no decoded form, as they are.
    fn decode(&mut self, raw: &[u8]) -> (Span, Option<Flaw>) {
        let start = self.text.len();
        let flaw = SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            let decoded = decode_into(scratch, raw);
            let flaw = match (decoded, std::str::from_utf8(scratch)) {
                (Err(flaw), _) => Some(flaw),
                (Ok(()), Err(_)) => Some(Flaw::NotText),
                (Ok(()), Ok(text)) => {
                    self.text.push_str(text);
                    None
                }
            };
            trim(scratch, KEPT);
            flaw
        });
        if flaw.is_some() {
            self.text.push_str(&String::from_utf8_lossy(raw));
        }
        (Span::new(start, self.text.len()), flaw)
    }

    #[inline]
    fn push(&mut self, others: usize, field: Field, limit: usize) -> Result<(), Refusal> {
        if self.fields.len() + others >= limit {
            return Err(Refusal::bad_request(format!(
                "there are more than {limit} parameters (Limits::parameters, query and form together)"
            )));
        }
        self.has_flaws |= field.flaw.is_some();
        self.fields.push(field);
        Ok(())
    }

    /// Forgets all fields and keeps the memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.has_flaws = false;
    }

    /// Gives back what is held beyond `keep` bytes. For cleared parameters.
    #[inline]
    /// Bytes of all names and values.
    pub(crate) fn text_length(&self) -> usize {
        self.text.len()
    }

    /// Gives back what it holds beyond `keep` bytes.
    pub(crate) fn trim(&mut self, keep: usize) {
        if self.text.capacity() > keep {
            *self = Params::default();
        }
        trim(&mut self.fields, keep / size_of::<Field>());
    }
}

/// What a thread keeps to decode in.
const KEPT: usize = 16 << 10;

impl Flaw {
    fn text(self) -> &'static str {
        match self {
            Flaw::Percent => {
                "has a `%` without two hexadecimal digits after it (a `%` itself is sent as `%25`)"
            }
            Flaw::NotText => "is not UTF-8",
        }
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// `+` is a space, `%xx` a byte.
fn decode_into(out: &mut Vec<u8>, raw: &[u8]) -> Result<(), Flaw> {
    let mut rest = raw;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let [high, low, after @ ..] = rest else { return Err(Flaw::Percent) };
                let (high, low) = (digit(*high)?, digit(*low)?);
                out.push(high << 4 | low);
                rest = after;
            }
            byte => out.push(*byte),
        }
    }
    Ok(())
}

fn digit(byte: u8) -> Result<u8, Flaw> {
    let digit = char::from(byte).to_digit(16).ok_or(Flaw::Percent)?;
    Ok(digit as u8)
}

const MOST_BYTES: usize = 1 << 29;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params(raw: &[u8]) -> Params {
        let mut params = Params::default();
        params.parse(raw, 1000).expect("few fields");
        params
    }

    /// What <https://url.spec.whatwg.org/#urlencoded-parsing> says, step by step.
    fn reference(raw: &[u8]) -> Vec<(String, String)> {
        let decode = |bytes: &[u8]| {
            let spaced: Vec<u8> = bytes.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
            percent_encoding::percent_decode(&spaced).decode_utf8_lossy().into_owned()
        };
        let mut fields = Vec::new();
        for sequence in raw.split(|&byte| byte == b'&').filter(|sequence| !sequence.is_empty()) {
            let mut parts = sequence.splitn(2, |&byte| byte == b'=');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            fields.push((decode(name), decode(value)));
        }
        fields
    }

    fn owned(params: &Params) -> Vec<(String, String)> {
        params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn fields_are_split_and_decoded() {
        type Row = (&'static str, &'static [(&'static str, &'static str)]);
        let table: [Row; 15] = [
            ("", &[]),
            ("&", &[]),
            ("a=1", &[("a", "1")]),
            ("a=1&b=2&b=3&c&d=%E4%B8%AD", &[("a", "1"), ("b", "2"), ("b", "3"), ("c", ""), ("d", "中")]),
            ("a=1&&b=2&", &[("a", "1"), ("b", "2")]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=a", &[("", "a")]),
            ("=", &[("", "")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=1?2", &[("a", "1?2")]),
            ("a=1;b=2", &[("a", "1;b=2")]),
            ("a+b=c+d", &[("a b", "c d")]),
            ("a%20b=c%2Bd%26%3D%25", &[("a b", "c+d&=%")]),
            ("中=文", &[("中", "文")]),
        ];
        for (raw, expected) in table {
            let params = params(raw.as_bytes());
            assert_eq!(params.iter().collect::<Vec<_>>(), expected, "{raw}");
            assert!(!params.has_flaws(), "{raw}");
        }
    }

    #[test]
    fn the_first_value_counts_and_all_are_there() {
        let params = params(b"b=2&a=0&b=3");
        assert_eq!(params.get("b"), Some("2"));
        assert_eq!(params.all("b").collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(params.get("c"), None);
        assert_eq!((params.len(), params.is_empty()), (3, false));
        assert_eq!(format!("{params:?}"), r#"[("b", "2"), ("a", "0"), ("b", "3")]"#);
    }

    #[test]
    fn a_flawed_field_spoils_no_other() {
        let table: [(&[u8], &str, &str); 7] = [
            (b"a=%", "%", "hexadecimal"),
            (b"a=%4", "%4", "hexadecimal"),
            (b"a=100%zz", "100%zz", "hexadecimal"),
            (b"a=%+1", "%+1", "hexadecimal"),
            (b"a=%ff", "%ff", "UTF-8"),
            (b"a=\xff", "\u{fffd}", "UTF-8"),
            (b"a=%E4%B8", "%E4%B8", "UTF-8"),
        ];
        for (raw, value, flaw) in table {
            let raw = [raw, b"&b=1+2"].concat();
            let params = params(&raw);
            assert_eq!((params.get("a"), params.get("b")), (Some(value), Some("1 2")), "{raw:?}");
            assert!(params.flaw("a").is_some_and(|text| text.contains(flaw)), "{raw:?}");
            assert_eq!(params.flaw("b"), None, "{raw:?}");
        }
        assert!(params(b"%zz=1").flaw("%zz").is_some());
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        for raw in ["a&b&c", "a&b&%20"] {
            let mut params = Params::default();
            params.parse(raw.as_bytes(), 3).expect("three are allowed");
            params.clear();
            let refusal = params.parse(raw.as_bytes(), 2).expect_err("three are one more");
            assert_eq!(refusal.status, 400);
            assert!(
                refusal.explain.contains("more than 2") && refusal.explain.contains("Limits::parameters")
            );
        }
    }

    #[test]
    fn a_second_parse_appends_and_clearing_forgets() {
        let mut params = params(b"a=1");
        params.parse(b"a=%32&b=%zz", 10).expect("few");
        assert_eq!(params.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert!(params.has_flaws());
        params.clear();
        params.trim(16);
        assert!(params.is_empty() && !params.has_flaws());
        params.parse(b"c=3", 10).expect("few");
        assert_eq!(params.get("c"), Some("3"));
    }

    proptest! {
        #[test]
        fn valid_input_reads_as_the_standard_says(raw in "([a-c=&+]|%2[0-9a-fA-F]|%E4%B8%AD|中){0,40}") {
            let params = params(raw.as_bytes());
            prop_assert!(!params.has_flaws());
            prop_assert_eq!(owned(&params), reference(raw.as_bytes()));
        }

        #[test]
        fn any_input_is_read(raw in proptest::collection::vec(any::<u8>(), 0..60)) {
            let params = params(&raw);
            prop_assert_eq!(params.len(), reference(&raw).len());
            if !params.has_flaws() {
                prop_assert_eq!(owned(&params), reference(&raw));
            }
        }
    }
}
