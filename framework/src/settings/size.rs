//! Counts of bytes as people write them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bind::{FromValue, unfit};
use crate::contract::Schema;

/// A count of bytes in a struct of settings, or in a parameter, a header field or a body of a request: `"10 MiB"`, `"1.5 GB"`, or a
/// plain number of bytes. In a request anything else is a 400, or a 404 where it is of the path.
///
/// The units are `B`, `KiB`, `MiB`, `GiB` and `TiB`, powers of 1024, and `kB`, `MB`, `GB` and `TB`, powers of 1000, in any case. `10 M` is
/// refused, for nobody knows which it is, and so is what is no whole number of bytes.
///
/// ```
/// use vernal::{Settings, Size};
///
/// #[derive(serde::Deserialize)]
/// struct Album {
///     largest: Size,
/// }
///
/// # fn main() -> vernal::Result {
/// let album: Album = Settings::toml("[album]\nlargest = '10 MiB'").section("album")?;
/// assert_eq!(album.largest.bytes(), 10 << 20);
/// assert_eq!(album.largest.to_string(), "10 MiB");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub const fn of(bytes: u64) -> Size {
        Size(bytes)
    }

    /// How many bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Reads a number and its unit.
    pub(super) fn read(text: &str) -> Option<Size> {
        let text = text.trim();
        let end = text.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = unit.trim_start().to_ascii_lowercase();
        let factor = match unit.as_str() {
            "" if number.contains('.') => return None,
            "" => 1,
            unit => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1,
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        // More digits than make a byte of any unit are no whole number of them.
        let (scale, digits) =
            (10_u128.pow(u32::try_from(part.len()).ok()?.min(12)), part.get(..12).unwrap_or(part));
        let parsed = |digits: &str| digits.parse::<u128>().ok();
        let bytes = u128::from(factor) * parsed(digits)?;
        if bytes % scale != 0 || part.len() > 12 {
            return None;
        }
        let whole = parsed(whole)?.checked_mul(factor.into())?;
        whole.checked_add(bytes / scale)?.try_into().ok().map(Size)
    }
}

const UNITS: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// In the largest unit of powers of 1024 that it is a whole number of.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits =
            |unit: &&(&str, u64)| unit.0.len() != 2 && self.0 >= unit.1 && self.0.is_multiple_of(unit.1);
        let (unit, factor) = UNITS.iter().find(fits).unwrap_or(&("B", 1));
        write!(f, "{} {unit}", self.0 / factor)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        deserializer.deserialize_any(Sizes)
    }
}

impl FromValue<'_> for Size {
    const EXPECTED: &'static str = SIZE;

    fn from_value(raw: &str) -> crate::http::Result<Size> {
        Size::read(raw).ok_or_else(|| unfit(SIZE, raw))
    }

    fn schema() -> Schema {
        Schema::from_json(schema())
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let written = serde_json::json!({ "anyOf": [schema(), { "type": "integer", "minimum": 0 }] });
        written.try_into().expect("an object")
    }
}

/// As it is written in a text.
fn schema() -> serde_json::Value {
    serde_json::json!({
        "type": "string",
        "pattern": "^ *[0-9]+((\\.[0-9]{1,12})? *([kKmMgGtT][iI]?)?[bB])? *$",
        "examples": ["10 MiB"],
    })
}

/// As it is shown.
impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct Sizes;

impl Visitor<'_> for Sizes {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SIZE)
    }

    fn visit_u64<E: Error>(self, bytes: u64) -> Result<Size, E> {
        Ok(Size(bytes))
    }

    fn visit_i64<E: Error>(self, bytes: i64) -> Result<Size, E> {
        let unexpected = serde::de::Unexpected::Signed(bytes);
        u64::try_from(bytes).map(Size).map_err(|_| E::invalid_value(unexpected, &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
        Size::read(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

/// What is to be written.
pub(super) const SIZE: &str = "a size such as \"10 MiB\", or a number of bytes";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_exactly_or_not_at_all() {
        let table = [
            ("0", Some(0)),
            ("1024", Some(1024)),
            ("10 MiB", Some(10 << 20)),
            ("10MiB", Some(10 << 20)),
            (" 64 kib ", Some(64 << 10)),
            ("1.5 GiB", Some(3 << 29)),
            ("1.5 kB", Some(1500)),
            ("0.5 KiB", Some(512)),
            ("10 mb", Some(10_000_000)),
            ("7 b", Some(7)),
            ("16777215 TiB", Some(16_777_215 << 40)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("16777216 TiB", None),
            ("99999999999999999999999999999999999999999 TiB", None),
            ("10 M", None),
            ("10 K", None),
            ("1.5", None),
            ("1.0001 KiB", None),
            ("0.0000000000001 TB", None),
            ("1.2.3 MB", None),
            ("1. MB", None),
            (".5 MB", None),
            ("-1", None),
            ("1e3", None),
            ("", None),
            ("MiB", None),
            ("10 MiB/s", None),
            ("ten", None),
        ];
        for (text, bytes) in table {
            assert_eq!(Size::read(text), bytes.map(Size), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_as_it_is_read() {
        for (bytes, text) in [
            (0, "0 B"),
            (7, "7 B"),
            (1 << 10, "1 KiB"),
            (1500, "1500 B"),
            (3 << 29, "1536 MiB"),
            (1 << 40, "1 TiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), text);
            assert_eq!(Size::read(text), Some(Size(bytes)));
        }
    }
}
