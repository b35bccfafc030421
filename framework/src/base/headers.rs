//! Header fields: an ordered, case-insensitive multimap over one byte buffer (RFC 9110, section 5).
//!
//! A request's head is loaded with one copy and its fields are spans of it; fields added later are appended to
//! the same buffer. Nothing that could break a line out of its field is ever stored: names are tokens, values
//! hold no CR, LF, NUL or other control characters.

mod judged;
mod lists;

use std::borrow::Cow;
use std::fmt;

use super::{Span, trim};

/// The header fields of a request or an answer.
///
/// Names compare without regard to case and keep the case they were given. Several fields may share a name;
/// their order is kept.
///
/// ```
/// use vernal::Headers;
///
/// let mut headers = Headers::from([("Accept", "text/html")]);
/// headers.append("x-tag", "a");
/// headers.append("X-Tag", "b");
/// assert_eq!(headers.get("accept"), Some("text/html"));
/// assert_eq!(headers.get_all("x-tag").collect::<Vec<_>>(), ["a", "b"]);
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    refused: Option<Box<HeaderError>>,
}

#[derive(Clone, Copy)]
struct Field {
    name: Span,
    value: Span,
}

/// Why a header field was refused: its name is not a token, its value holds a control character
/// (RFC 9110, section 5.5), or the value's own type knows it to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    name: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Name,
    Value,
    Refused(String),
}

/// What can be the value of a header field: text, bytes, numbers.
pub trait IntoHeaderValue {
    /// Appends the value's bytes.
    fn write_value(self, out: &mut Vec<u8>);

    /// Why this value must not be sent, if its type knows a reason.
    #[inline]
    fn refusal(&self) -> Option<String> {
        None
    }
}

impl Headers {
    /// No fields.
    pub const fn new() -> Headers {
        Headers { bytes: Vec::new(), fields: Vec::new(), refused: None }
    }

    /// No fields yet, and room for so many, of so many bytes.
    pub(crate) fn with_room(bytes: usize, fields: usize) -> Headers {
        Headers { bytes: Vec::with_capacity(bytes), fields: Vec::with_capacity(fields), refused: None }
    }

    /// How many fields there are; a name that stands twice counts twice.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The first value of `name`, if there is one and it is UTF-8.
    #[inline]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_bytes(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The first value of `name` as it was sent.
    #[inline]
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|field| self.is_named(field, name))
            .map(|field| field.value.bytes(&self.bytes))
    }

    /// Every value of `name` that is UTF-8, in order. Others are left out, whole: where that may hide something, ask for the
    /// bytes.
    pub fn get_all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.get_all_bytes(name).filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// Every value of `name` as it was sent, in order.
    pub fn get_all_bytes<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        let fields = self.fields.iter().filter(move |field| self.is_named(field, name));
        fields.map(|field| field.value.bytes(&self.bytes))
    }

    /// Where the values of `name` are in [`Headers::bytes`].
    pub(crate) fn values_of<'h>(&'h self, name: &'h str) -> impl Iterator<Item = Span> {
        self.fields.iter().filter(move |field| self.is_named(field, name)).map(|field| field.value)
    }

    /// Whether a field of that name exists.
    pub fn contains(&self, name: &str) -> bool {
        self.get_bytes(name).is_some()
    }

    /// All fields in order: name as it was given, and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| {
            let name = std::str::from_utf8(field.name.bytes(&self.bytes)).unwrap_or_default();
            (name, field.value.bytes(&self.bytes))
        })
    }

    /// All fields whose values are text, in order, with their names in lower case: as clients and other frameworks show them.
    ///
    /// ```
    /// let headers = vernal::Headers::from([("Accept", "text/html"), ("X-Tag", "a")]);
    /// let fields: Vec<_> = headers.text().collect();
    /// assert_eq!(fields, [("accept".into(), "text/html"), ("x-tag".into(), "a")]);
    /// ```
    pub fn text(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        self.iter().filter_map(|(name, value)| {
            let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => Cow::Owned(name.to_ascii_lowercase()),
                false => Cow::Borrowed(name),
            };
            Some((name, std::str::from_utf8(value).ok()?))
        })
    }

    /// All fields in order, as bytes.
    #[inline]
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|field| (field.name.bytes(&self.bytes), field.value.bytes(&self.bytes)))
    }

    /// Sets `name` to one value, in place of all fields of that name.
    ///
    /// A name that is no token, or a value with a control character in it, is refused: nothing is stored, and an
    /// answer that holds refused fields is sent as a 500 which names the field. Use [`Headers::try_insert`]
    /// where the value comes from outside.
    pub fn insert(&mut self, name: &str, value: impl IntoHeaderValue) {
        if let Err(error) = self.try_insert(name, value) {
            self.refuse(error);
        }
    }

    /// Adds a field, keeping those of the same name. Refuses as [`Headers::insert`] does.
    pub fn append(&mut self, name: &str, value: impl IntoHeaderValue) {
        if let Err(error) = self.try_append(name, value) {
            self.refuse(error);
        }
    }

    /// Sets `name` to one value, in place of all fields of that name.
    ///
    /// # Errors
    /// The name is no token, or the value holds a control character. Nothing is changed then.
    pub fn try_insert(&mut self, name: &str, value: impl IntoHeaderValue) -> Result<(), HeaderError> {
        let field = self.store(name, value)?;
        self.remove(name);
        self.fields.push(field);
        Ok(())
    }

    /// Adds a field, keeping those of the same name.
    ///
    /// # Errors
    /// As [`Headers::try_insert`].
    pub fn try_append(&mut self, name: &str, value: impl IntoHeaderValue) -> Result<(), HeaderError> {
        let field = self.store(name, value)?;
        self.fields.push(field);
        Ok(())
    }

    /// Takes all fields of `name` away; tells whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.fields.len();
        let bytes = &self.bytes;
        self.fields.retain(|field| !field.name.bytes(bytes).eq_ignore_ascii_case(name.as_bytes()));
        before != self.fields.len()
    }

    /// Takes all fields away and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        self.refused = None;
    }

    /// Appends all fields of `other`.
    pub fn extend(&mut self, other: &Headers) {
        // They were judged when they came into the other map.
        for field in &other.fields {
            let (name, value) = (self.copy(other, field.name), self.copy(other, field.value));
            self.fields.push(Field { name, value });
        }
        self.refuse_as(other);
    }

    /// Forgets which field was refused, and returns it.
    pub(crate) fn take_refused(&mut self) -> Option<HeaderError> {
        self.refused.take().map(|refused| *refused)
    }

    /// Takes over a refusal of `other`.
    pub(crate) fn refuse_as(&mut self, other: &Headers) {
        if self.refused.is_none() {
            self.refused.clone_from(&other.refused);
        }
    }

    /// Notes that a field was refused.
    pub(crate) fn refuse(&mut self, error: HeaderError) {
        self.refused.get_or_insert_with(|| Box::new(error));
    }

    /// The first field that [`Headers::insert`] or [`Headers::append`] refused, if any.
    pub fn refused(&self) -> Option<&HeaderError> {
        self.refused.as_deref()
    }

    /// Replaces everything by the bytes of a head; its fields follow through [`Headers::push_span`].
    #[inline]
    pub(crate) fn load(&mut self, head: &[u8]) {
        self.clear();
        self.bytes.extend_from_slice(head);
    }

    /// Declares a piece of the loaded bytes to be a field. The parser has checked name and value.
    #[inline]
    pub(crate) fn push_span(&mut self, name: Span, value: Span) {
        self.fields.push(Field { name, value });
    }

    /// The buffer all spans of this map point into; for a request it begins with its head.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A copy in buffers that are no larger than they must be. `extra`, a span of this map's buffer, is copied too.
    pub(crate) fn compact(&self, extra: Span) -> (Headers, Span) {
        let size: usize = self.fields.iter().map(|field| field.name.len() + field.value.len()).sum();
        let mut compact = Headers {
            bytes: Vec::with_capacity(size + extra.len()),
            fields: Vec::with_capacity(self.fields.len()),
            refused: None,
        };
        for field in &self.fields {
            let (name, value) = (compact.copy(self, field.name), compact.copy(self, field.value));
            compact.fields.push(Field { name, value });
        }
        let extra = compact.copy(self, extra);
        (compact, extra)
    }

    /// Gives back what is held beyond `keep` bytes.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        trim(&mut self.bytes, keep);
        trim(&mut self.fields, keep / size_of::<Field>());
    }

    fn copy(&mut self, from: &Headers, span: Span) -> Span {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(span.bytes(&from.bytes));
        Span::new(start, self.bytes.len())
    }

    #[inline]
    fn is_named(&self, field: &Field, name: &str) -> bool {
        field.name.len() == name.len() && field.name.bytes(&self.bytes).eq_ignore_ascii_case(name.as_bytes())
    }

    fn store(&mut self, name: &str, value: impl IntoHeaderValue) -> Result<Field, HeaderError> {
        if let Some(refusal) = value.refusal() {
            return Err(HeaderError::new(name, Problem::Refused(refusal)));
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_bytes());
        let middle = self.bytes.len();
        value.write_value(&mut self.bytes);
        let end = self.bytes.len();
        let in_value = !is_value(&self.bytes[middle..end]);
        if in_value || !is_token(name.as_bytes()) {
            self.bytes.truncate(start);
            return Err(HeaderError::new(name, if in_value { Problem::Value } else { Problem::Name }));
        }
        Ok(Field { name: Span::new(start, middle), value: Span::new(middle, end) })
    }
}

/// RFC 9110, section 5.6.2.
#[inline]
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| IN_TOKEN[usize::from(byte)])
}

/// What a token is made of: a look at a table costs a third of asking for each kind of character.
static IN_TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut index = 0;
    while index < marks.len() {
        table[marks[index] as usize] = true;
        index += 1;
    }
    table
};

/// RFC 9110, section 5.5: visible characters, obs-text, space and tab.
#[inline]
pub(crate) fn is_value(text: &[u8]) -> bool {
    // Without an early end, which lets many bytes be looked at together.
    !text.iter().fold(false, |is_wrong, &byte| is_wrong | (byte < b' ') & (byte != b'\t') | (byte == 0x7f))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.iter().map(|(name, value)| (name, String::from_utf8_lossy(value)));
        f.debug_map().entries(fields).finish()
    }
}

impl<N: AsRef<str>, V: IntoHeaderValue> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in fields {
            headers.append(name.as_ref(), value);
        }
        headers
    }
}

impl<N: AsRef<str>, V: IntoHeaderValue, const LENGTH: usize> From<[(N, V); LENGTH]> for Headers {
    fn from(fields: [(N, V); LENGTH]) -> Headers {
        fields.into_iter().collect()
    }
}

impl HeaderError {
    fn new(name: &str, problem: Problem) -> HeaderError {
        HeaderError { name: name.chars().take(64).collect(), problem }
    }

    /// A field that is as it should be, but must not stand where it was put.
    pub(crate) fn because(name: &str, why: &str) -> HeaderError {
        HeaderError::new(name, Problem::Refused(format!("`{}` {why}", name.escape_debug())))
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.escape_debug();
        match &self.problem {
            Problem::Name => write!(f, "`{name}` is not a header name: use letters, digits and hyphens"),
            Problem::Value => {
                write!(
                    f,
                    "the value of header `{name}` holds a control character (CR, LF, NUL …) and is not sent"
                )
            }
            Problem::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for HeaderError {}

impl IntoHeaderValue for &[u8] {
    fn write_value(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

macro_rules! text_values {
    ($($kind:ty)*) => { $(
        impl IntoHeaderValue for $kind {
            fn write_value(self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_bytes());
            }
        }
    )* };
}
text_values! { &str String &String std::borrow::Cow<'_, str> http::HeaderValue &http::HeaderValue }

macro_rules! number_values {
    ($($kind:ty)*) => { $(
        impl IntoHeaderValue for $kind {
            fn write_value(self, out: &mut Vec<u8>) {
                use std::io::Write;
                let _ = write!(out, "{self}");
            }
        }
    )* };
}
number_values! { u8 u16 u32 u64 usize i32 i64 }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_keep_order() {
        let mut headers = Headers::from([("Content-Type", "text/plain"), ("x-a", "1")]);
        headers.append("X-A", 2_u32);
        assert_eq!(headers.get("CONTENT-TYPE"), Some("text/plain"));
        assert_eq!(headers.get_all("x-a").collect::<Vec<_>>(), ["1", "2"]);
        headers.insert("X-a", "3");
        assert_eq!(headers.get_all("x-a").collect::<Vec<_>>(), ["3"]);
        assert!(headers.remove("x-A"));
        assert!(!headers.remove("x-a"));
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn what_is_no_text_hides_nothing_beside_it() {
        type Row = (&'static [&'static [u8]], &'static [&'static str], Option<&'static str>);
        let table: [Row; 6] = [
            (&[], &[], None),
            (&[b"a, b"], &["a", "b"], Some("a, b")),
            (&[b"a, \xff ,b,,"], &["a", "b"], Some("")),
            (&[b"a\xff, b"], &["b"], Some("")),
            (&[b"\xff", b"b"], &["b"], Some("")),
            (&[b"a", b"b"], &["a", "b"], Some("")),
        ];
        for (fields, elements, only) in table {
            let headers: Headers = fields.iter().map(|value| ("x", *value)).collect();
            assert_eq!(headers.elements("X").collect::<Vec<_>>(), elements, "{fields:?}");
            assert_eq!(headers.only("X"), only, "{fields:?}");
            assert_eq!(headers.get_all_bytes("X").collect::<Vec<_>>(), fields);
        }
    }

    #[test]
    fn nothing_that_breaks_a_line_is_stored() {
        let table: [(&str, &str); 8] = [
            ("x-a", "a\r\nSet-Cookie: b=c"),
            ("x-a", "a\nb"),
            ("x-a", "a\rb"),
            ("x-a", "a\0b"),
            ("x a", "b"),
            ("", "b"),
            ("x:", "b"),
            ("x\r\n", "b"),
        ];
        for (name, value) in table {
            let mut headers = Headers::new();
            assert!(headers.try_append(name, value).is_err(), "{name:?} {value:?}");
            assert!(headers.is_empty() && headers.bytes().is_empty());
            headers.insert(name, value);
            assert!(headers.is_empty() && headers.refused().is_some());
        }
        let mut headers = Headers::new();
        assert!(headers.try_insert("x-tab", "a\tb \u{e9}").is_ok());
    }

    #[test]
    fn loaded_heads_are_read_through_spans() {
        let mut headers = Headers::new();
        headers.load(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        headers.push_span(Span::new(16, 20), Span::new(22, 23));
        assert_eq!(headers.get("host"), Some("a"));
        headers.insert("x-new", "b");
        assert_eq!(headers.iter().count(), 2);
    }
}
