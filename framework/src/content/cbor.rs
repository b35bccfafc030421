//! CBOR (RFC 8949), by `cbor4ii`, which bounds the depth of what it reads.

use cbor4ii::core::dec::Read;
use cbor4ii::core::utils::{BufWriter, SliceReader};
use erased_serde::Serialize;

use super::ContentFormat;
use crate::base::in_json;
use crate::http::{Error, Result};

/// [`Content`](crate::Content) as `application/cbor` (RFC 8949): what JSON says in fewer bytes, and with byte strings. Needs the
/// feature `cbor`.
///
/// ```
/// use vernal::{Cbor, server};
///
/// let server = server::new().content(Cbor);
/// # let _ = server;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Cbor;

impl ContentFormat for Cbor {
    fn media_type(&self) -> &'static str {
        "application/cbor"
    }

    fn write(&self, value: &dyn Serialize, to: &mut Vec<u8>) -> Result {
        let mut serializer = cbor4ii::serde::Serializer::new(BufWriter::new(std::mem::take(to)));
        let written = value.erased_serialize(&mut <dyn erased_serde::Serializer>::erase(&mut serializer));
        *to = serializer.into_inner().into_inner();
        Ok(written?)
    }

    fn read<'r>(
        &self,
        body: &'r [u8],
        make: &mut dyn FnMut(&mut dyn erased_serde::Deserializer<'r>) -> Result<(), erased_serde::Error>,
    ) -> Result {
        let body = body.strip_prefix(SELF_DESCRIBED).unwrap_or(body);
        let mut deserializer = cbor4ii::serde::Deserializer::new(SliceReader::new(body));
        let made = make(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut deserializer));
        made.map_err(|error| Error::bad_request(plain(&error.to_string())))?;
        let mut rest = deserializer.into_inner();
        let rest = rest.fill(1).map_or(0, |rest| rest.as_ref().len());
        if rest > 0 { Err(Error::bad_request("something follows the value")) } else { Ok(()) }
    }
}

/// The tag 55799, which says that what follows is CBOR, and nothing of the value (RFC 8949, section 3.4.6).
const SELF_DESCRIBED: &[u8] = &[0xd9, 0xd9, 0xf7];

/// What went wrong, in words for whoever sent it. The decoder has none: it shows the names of its variants, which are what is read here.
/// Words of types are those of JSON.
fn plain(words: &str) -> String {
    let Some(shown) = words.strip_prefix("Core(") else { return in_json(words) };
    let variant = shown.split(|char: char| !char.is_alphanumeric()).next().unwrap_or_default();
    let after = |key: &str| shown.split_once(key).map_or("", |(_, rest)| rest);
    let name = after("name: \"").split('"').next().unwrap_or_default();
    match variant {
        "Mismatch" | "Unsupported" => {
            let found = after("found: ").split(|char: char| !char.is_ascii_digit()).next();
            let found = found.and_then(|number| number.parse().ok()).map_or("something else", kind);
            in_json(&format!("invalid type: {found}, expected {}", expected(name)))
        }
        "Eof" => "it ends too early".to_owned(),
        "DepthOverflow" => "it is nested too deeply".to_owned(),
        "RequireUtf8" => "a text is not UTF-8".to_owned(),
        "RequireLength" | "RequireBorrowed" => {
            format!("{} comes in pieces, which is not taken here", expected(name))
        }
        "CastOverflow" | "ArithmeticOverflow" | "LengthOverflow" => {
            "a number or a length is too large".to_owned()
        }
        _ => "it is no CBOR".to_owned(),
    }
}

/// What begins with this byte (RFC 8949, section 3.1).
fn kind(initial: u8) -> &'static str {
    match initial {
        0x00..=0x1f => "an integer",
        0x20..=0x3f => "a negative integer",
        0x40..=0x5f => "bytes",
        0x60..=0x7f => "a text",
        0x80..=0x9f => "an array",
        0xa0..=0xbf => "an object",
        0xc0..=0xdf => "a tag",
        0xf4 | 0xf5 => "a boolean",
        0xf6 | 0xf7 => "nothing",
        0xf9..=0xfb => "a floating point number",
        0xff => "the end of something",
        _ => "a simple value",
    }
}

/// What the decoder wanted to read.
fn expected(name: &str) -> &str {
    match name {
        "str" => "a text",
        "bytes" => "bytes",
        "bool" => "a boolean",
        "map" => "an object",
        "array" | "seq" | "tuple" => "an array",
        "enum" => "the name of a variant",
        "unit" => "nothing",
        "any" | "ignored-any" | "raw-value" => "a value",
        name => name.split("::").next().unwrap_or(name).trim_start_matches(['+', '-']),
    }
}
