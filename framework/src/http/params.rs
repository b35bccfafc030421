//! Parameters: the fields of a query or of an `application/x-www-form-urlencoded` body (WHATWG URL, section 5.1).
//!
//! Decoded once, into one text that all fields are spans of, so that binding lends `&str` and allocates nothing. A
//! field that cannot be decoded does not fail the others: it is kept with its flaw.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::num::NonZero;

use ::http::StatusCode;

use super::flaw::{Flaw, FlawKind, KeptFlaw};
use crate::base::{Span, trim};
use crate::proto::multipart::charset::NotText;
use crate::proto::{Limit, Refusal};

/// The decoded fields of a query or a form, in the order they were sent. `+` is a space, empty values are kept.
///
/// What could not be decoded stands as the replacement character, U+FFFD, so that it is never taken for other text:
/// `?a=%ff` is `"\u{fffd}"`, and `?a=%25ff` is `"%ff"`. [`Params::flaw`] says what was wrong; binding such a field is a 400.
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
    #[expect(
        clippy::box_collection,
        reason = "few have any, and what is kept for a long time has to be small"
    )]
    flaws: Option<Box<Vec<KeptFlaw>>>,
}

thread_local! {
    /// Where a field is decoded before it is known to be text.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
    /// Its place in `flaws`, from 1.
    flaw: Option<NonZero<u32>>,
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
        self.values(name)
    }

    /// The same.
    #[inline]
    pub(crate) fn values<'p>(&'p self, name: &'p str) -> ParamValues<'p> {
        ParamValues { text: &self.text, name, fields: self.fields.iter() }
    }

    /// Every field, name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (field.name.text(&self.text), field.value.text(&self.text)))
    }

    /// What is wrong with a field of that name, if it could not be decoded: "is not UTF-8". Its value has U+FFFD in the
    /// places that could not be decoded, and binding it is a 400 that says this.
    pub fn flaw(&self, name: &str) -> Option<Cow<'static, str>> {
        self.flaw_of(name).map(Flaw::text)
    }

    /// The same with the value as it was sent.
    pub(crate) fn flaw_of(&self, name: &str) -> Option<Flaw<'_>> {
        if !self.has_flaws() {
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
        self.flaws.is_some()
    }

    /// Every field, name and value, with its flaw.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str, Option<Flaw<'_>>)> {
        let text = &self.text;
        let flaw = |place: NonZero<u32>| Some(self.flaws.as_ref()?.get(place.get() as usize - 1)?.of(text));
        self.fields
            .iter()
            .map(move |field| (field.name.text(text), field.value.text(text), field.flaw.and_then(flaw)))
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

    /// Appends a text field of a form in parts, and as what its bytes were read; `others` fields elsewhere count too.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub(crate) fn push_part(
        &mut self,
        others: usize,
        (name, bytes): (&str, &[u8]),
        decoded: Result<Cow<'_, str>, NotText>,
        limit: usize,
    ) -> Result<(), Refusal> {
        if name.len() > MOST_BYTES || bytes.len() > MOST_BYTES || self.text.len() > MOST_BYTES {
            return Err(Refusal::bad_request(format!("parameters of more than {MOST_BYTES} bytes")));
        }
        let name = self.keep(name);
        let (value, flaw) = match decoded {
            Ok(value) => (self.keep(&value), None),
            Err(why) => {
                let value = self.keep(&String::from_utf8_lossy(bytes));
                let (kind, charset) = match &why {
                    NotText::Utf8 => (FlawKind::NotText, ""),
                    NotText::Ascii => (FlawKind::NotAscii, ""),
                    NotText::Charset(charset) => (FlawKind::Charset, charset.as_str()),
                };
                let charset = self.keep(charset);
                (value, self.keep_flaw(KeptFlaw { kind, raw: value, charset }))
            }
        };
        self.push(others, Field { name, value, flaw }, limit)
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span::new(start, self.text.len())
    }

    fn keep_flaw(&mut self, flaw: KeptFlaw) -> Option<NonZero<u32>> {
        let flaws = self.flaws.get_or_insert_default();
        flaws.push(flaw);
        u32::try_from(flaws.len()).ok().and_then(NonZero::new)
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
        let raw = value;
        let (name, name_flaw) = self.decode(name);
        let (value, value_flaw) = self.decode(value);
        let flaw = name_flaw.or(value_flaw).and_then(|kind| {
            let raw = self.keep(&String::from_utf8_lossy(raw));
            self.keep_flaw(KeptFlaw { kind, raw, charset: Span::default() })
        });
        self.push(others, Field { name, value, flaw }, limit)
    }

    /// Appends the decoded bytes to the text, with a replacement character for each that has no decoded form.
    fn decode(&mut self, raw: &[u8]) -> (Span, Option<FlawKind>) {
        let start = self.text.len();
        let flaw = SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            let mut flaw = decode_into(scratch, raw).err();
            match std::str::from_utf8(scratch) {
                Ok(text) => self.text.push_str(text),
                Err(_) => {
                    self.text.push_str(&String::from_utf8_lossy(scratch));
                    flaw = flaw.or(Some(FlawKind::NotText));
                }
            }
            trim(scratch, KEPT);
            flaw
        });
        (Span::new(start, self.text.len()), flaw)
    }

    #[inline]
    fn push(&mut self, others: usize, field: Field, limit: usize) -> Result<(), Refusal> {
        if self.fields.len() + others >= limit {
            let what = format_args!("there are more than {limit} parameters in query and form together");
            return Err(Refusal::beyond(Limit::parameters, StatusCode::BAD_REQUEST, what));
        }
        self.fields.push(field);
        Ok(())
    }

    /// Forgets all fields and keeps the memory.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        if self.flaws.is_some() {
            self.flaws = None;
        }
    }

    /// Gives back what is held beyond `keep` bytes. For cleared parameters.
    #[inline]
    /// Bytes of all names and values.
    pub(crate) fn text_length(&self) -> usize {
        self.text.len()
    }

    /// Gives back what it holds beyond `keep` bytes.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        if self.text.capacity() > keep {
            *self = Params::default();
        }
        trim(&mut self.fields, keep / size_of::<Field>());
    }
}

/// The values of a name.
pub(crate) struct ParamValues<'p> {
    text: &'p str,
    name: &'p str,
    fields: std::slice::Iter<'p, Field>,
}

impl<'p> Iterator for ParamValues<'p> {
    type Item = &'p str;

    #[inline]
    fn next(&mut self) -> Option<&'p str> {
        let field = self.fields.find(|field| field.name.text(self.text) == self.name)?;
        Some(field.value.text(self.text))
    }
}

/// What a thread keeps to decode in.
const KEPT: usize = 16 << 10;

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// `+` is a space, `%xx` a byte. A `%` without digits becomes a replacement character.
fn decode_into(out: &mut Vec<u8>, raw: &[u8]) -> Result<(), FlawKind> {
    let mut rest = raw;
    let mut decoded = Ok(());
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match rest {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    out.push(digit(*high) << 4 | digit(*low));
                    rest = after;
                }
                _ => {
                    out.extend_from_slice("\u{fffd}".as_bytes());
                    decoded = Err(FlawKind::Percent);
                }
            },
            byte => out.push(*byte),
        }
    }
    decoded
}

fn digit(byte: u8) -> u8 {
    char::from(byte).to_digit(16).unwrap_or_default() as u8
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
        let table: [(&[u8], &str, &str, &str); 9] = [
            (b"a=%", "\u{fffd}", "%", "hexadecimal"),
            (b"a=%4", "\u{fffd}4", "%4", "hexadecimal"),
            (b"a=100%zz", "100\u{fffd}zz", "100%zz", "hexadecimal"),
            (b"a=%+1", "\u{fffd} 1", "%+1", "hexadecimal"),
            (b"a=%+%31%ff", "\u{fffd} 1\u{fffd}", "%+%31%ff", "hexadecimal"),
            (b"a=%ff", "\u{fffd}", "%ff", "UTF-8"),
            (b"a=\xff", "\u{fffd}", "\u{fffd}", "UTF-8"),
            (b"a=%E4%B8", "\u{fffd}", "%E4%B8", "UTF-8"),
            (b"a=%41%c3%28", "A\u{fffd}(", "%41%c3%28", "UTF-8"),
        ];
        for (raw, value, sent, flaw) in table {
            let raw = [raw, b"&b=1+2"].concat();
            let params = params(&raw);
            assert_eq!((params.get("a"), params.get("b")), (Some(value), Some("1 2")), "{raw:?}");
            assert!(params.flaw("a").is_some_and(|text| text.contains(flaw)), "{raw:?}");
            assert_eq!(params.flaw_of("a").map(|flaw| flaw.raw), Some(sent), "{raw:?}");
            assert_eq!(params.flaw("b"), None, "{raw:?}");
        }
        assert!(params(b"%zz=1").flaw("\u{fffd}zz").is_some());
    }

    #[test]
    fn what_cannot_be_decoded_is_never_taken_for_other_text() {
        // A flawed field and the good one that says in its decoded form what the flawed one says as it was sent.
        let table = [("a=%ff", "a=%25ff"), ("a=%zz", "a=%25zz"), ("%ff=1", "%25ff=1"), ("a=%", "a=%25")];
        for (flawed, good) in table {
            let (flawed, good) = (params(flawed.as_bytes()), params(good.as_bytes()));
            assert!(flawed.has_flaws() && !good.has_flaws());
            assert_ne!(owned(&flawed), owned(&good));
            assert_ne!(format!("{flawed:?}"), format!("{good:?}"));
        }
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
