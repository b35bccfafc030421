//! The text of a part (RFC 7578, sections 4.4 and 4.6): UTF-8 whatever is declared, since that is what nearly all send, else
//! what its content type declares, of the charsets whose characters are single bytes of an old West.

use std::borrow::Cow;
use std::fmt;

use super::parameters::{find, parse};
use crate::base::shown_bytes;

/// Why a part is no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotText {
    /// It is not UTF-8, and nothing else was declared.
    Utf8,
    /// It was declared as US-ASCII, and holds other bytes.
    Ascii,
    /// It was declared as something that is not read.
    Charset(String),
}

/// Reads the bytes of a part with this content type.
///
/// # Errors
/// They are no text of the charset, or the charset is not one that is read.
pub(crate) fn decode<'b>(bytes: &'b [u8], content_type: Option<&[u8]>) -> Result<Cow<'b, str>, NotText> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) => decode_declared(bytes, content_type.unwrap_or_default()).map(Cow::Owned),
    }
}

#[cold]
fn decode_declared(bytes: &[u8], content_type: &[u8]) -> Result<String, NotText> {
    let parameters = parse(content_type).map(|(_, parameters)| parameters).unwrap_or_default();
    let Some(charset) = find(&parameters, "charset") else { return Err(NotText::Utf8) };
    let is_any =
        |names: &[&str]| names.iter().any(|name| charset.value.eq_ignore_ascii_case(name.as_bytes()));
    if is_any(&["utf-8", "utf8"]) {
        Err(NotText::Utf8)
    } else if is_any(&["us-ascii", "ascii"]) {
        Err(NotText::Ascii)
    } else if is_any(&["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1"]) {
        Ok(bytes.iter().copied().map(char::from).collect())
    } else if is_any(&["windows-1252", "cp1252"]) {
        Ok(bytes.iter().copied().map(of_windows).collect())
    } else {
        Err(NotText::Charset(shown_bytes(&charset.value)))
    }
}

/// A character of windows-1252 (WHATWG Encoding, index windows-1252): ISO-8859-1 but for these.
fn of_windows(byte: u8) -> char {
    let place = usize::from(byte.wrapping_sub(0x80));
    FROM_0X80.get(place).copied().unwrap_or(char::from(byte))
}

const FROM_0X80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotText::Utf8 => f.write_str("is not UTF-8"),
            NotText::Ascii => f.write_str("is not US-ASCII, which its charset says, nor UTF-8"),
            NotText::Charset(charset) => write!(
                f,
                "has the charset `{charset}`; those that are read are UTF-8, ISO-8859-1, US-ASCII and windows-1252"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes, the content type of their part, and the text or what is said of it.
    type Row = (&'static [u8], Option<String>, Result<&'static str, &'static str>);

    #[test]
    fn texts_are_read_as_utf_8_else_as_declared() {
        let of = |charset: &str| format!("text/plain; charset={charset}");
        let table: [Row; 18] = [
            (b"a", None, Ok("a")),
            ("größe".as_bytes(), None, Ok("größe")),
            (b"gr\xf6\xdfe", None, Err("is not UTF-8")),
            (b"gr\xf6\xdfe", Some("text/plain".into()), Err("is not UTF-8")),
            (b"gr\xf6\xdfe", Some("text/plain; charset".into()), Err("is not UTF-8")),
            (b"gr\xf6\xdfe", Some(of("UTF-8")), Err("is not UTF-8")),
            (b"gr\xf6\xdfe", Some(of("ISO-8859-1")), Ok("größe")),
            (b"gr\xf6\xdfe", Some(of("\"iso-8859-1\"; format=flowed")), Ok("größe")),
            (b"\x80\xe4", Some(of("latin1")), Ok("\u{80}ä")),
            // What is UTF-8 is not believed to be something else.
            ("größe".as_bytes(), Some(of("iso-8859-1")), Ok("größe")),
            ("größe".as_bytes(), Some(of("koi8-r")), Ok("größe")),
            (b"\x80\x9f\xe4\xff\x81", Some(of("Windows-1252")), Ok("€Ÿäÿ\u{81}")),
            (b"\x93a\x94", Some(of("cp1252")), Ok("“a”")),
            (b"a", Some(of("us-ascii")), Ok("a")),
            (b"\xe4", Some(of("US-ASCII")), Err("is not US-ASCII, which its charset says, nor UTF-8")),
            (b"\xe4", Some(of("KOI8-R")), Err("has the charset `KOI8-R`; those that are read are UTF-8")),
            (b"\xff\xfea\0", Some(of("utf-16")), Err("has the charset `utf-16`")),
            (b"", Some(of("x")), Ok("")),
        ];
        for (bytes, content_type, expected) in table {
            let decoded = decode(bytes, content_type.as_deref().map(str::as_bytes));
            match (decoded, expected) {
                (Ok(text), Ok(expected)) => assert_eq!(text, expected, "{content_type:?}"),
                (Err(why), Err(expected)) => assert!(why.to_string().starts_with(expected), "{why}"),
                (decoded, _) => panic!("{bytes:?} {content_type:?}: {decoded:?}"),
            }
        }
    }
}
