//! What serde says of a JSON text, in the words of whoever sent it: JSON has numbers, arrays and objects, and no `u8`, no sequence and
//! no `struct Order`. For mistakes only.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::json::numbers::numbers;
use super::json_pointer;
use super::shown::shown;

/// Why a text is not the JSON that it should be.
pub(crate) struct JsonMistake {
    /// All of it, with its place.
    pub(crate) text: String,
    /// What came and what was expected, where it is JSON at all. Nothing else is quoted, for it may hold a secret.
    pub(crate) misfit: Option<Misfit>,
}

/// A value in a JSON text that is not what it should be.
pub(crate) struct Misfit {
    pub(crate) got: String,
    pub(crate) expected: String,
    /// Where it is; empty for the whole text.
    pub(crate) pointer: String,
}

impl JsonMistake {
    #[cold]
    pub(crate) fn new(error: &serde_json::Error, text: &[u8]) -> JsonMistake {
        let said = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let words = said.strip_suffix(&place).unwrap_or(&said);
        let pointer = || json_pointer::at(text, error.line(), error.column());
        let is_well_formed = || serde_json::from_slice::<IgnoredAny>(text).is_ok();
        let told = |words: String, pointer: String| {
            let (got, expected) = parts(&words);
            let misfit = Misfit { got: got.to_owned(), expected: expected.to_owned(), pointer };
            // Without a line nobody knows where it is, as with what `deserialize_with` says.
            let place = if error.line() == 0 { "" } else { &place };
            JsonMistake { text: format!("{words}{place}"), misfit: Some(misfit) }
        };
        if error.is_data() {
            return told(in_json(&as_sent(words, error, text)), pointer());
        }
        // serde_json takes a value that no variant can be for a mistake of writing.
        if words == NO_VARIANT && is_well_formed() {
            let pointer = json_pointer::of_value_at(text, error.line(), error.column());
            let got = kind_at(text, &pointer);
            return told(format!("invalid type: {got}, expected {VARIANT}"), pointer);
        }
        // And a number that its type cannot hold.
        if words == OUT_OF_RANGE && is_well_formed() {
            let number = number_at(text, error.line(), error.column());
            return told(
                format!("invalid value: number `{}`, expected {}", shown(&number), range(&number)),
                pointer(),
            );
        }
        // And one that goes on behind the digits of an integer of 128 bits.
        if BEHIND_A_VALUE.contains(&words) && is_well_formed() {
            let number = number_at(text, error.line(), error.column());
            return told(
                format!("invalid type: number `{}`, expected {OF_128_BITS}", shown(&number)),
                pointer(),
            );
        }
        JsonMistake { text: said, misfit: None }
    }
}

/// serde's words with a number of floating point as the text has it, where these are of it: it was read as the next that there is, and is
/// shown in a way of its own.
fn as_sent<'w>(words: &'w str, error: &serde_json::Error, text: &[u8]) -> Cow<'w, str> {
    let split = |kind| words.strip_prefix(kind)?.split_once('`');
    let Some((kind, (read, rest))) = FLOATING.into_iter().find_map(|kind| Some((kind, split(kind)?))) else {
        return words.into();
    };
    let sent = if error.line() == 0 { String::new() } else { number_at(text, error.line(), error.column()) };
    match (sent.parse::<f64>(), read.parse::<f64>()) {
        (Ok(parsed), Ok(read)) if parsed.to_bits() == read.to_bits() => {
            format!("{kind}{}`{rest}", shown(&sent)).into()
        }
        _ => words.into(),
    }
}

const FLOATING: [&str; 2] = ["invalid type: floating point `", "invalid value: floating point `"];

/// What serde_json says of something that cannot follow a value.
const BEHIND_A_VALUE: [&str; 3] = ["expected `,` or `}`", "expected `,` or `]`", "trailing characters"];

const OF_128_BITS: &str = "an integer of 128 bits";

const OUT_OF_RANGE: &str = "number out of range";

/// The number in which a well-formed text has come to `line` and `column`.
fn number_at(text: &[u8], line: usize, column: usize) -> String {
    let at = json_pointer::offset(text, line, column);
    let number = numbers(text).take_while(|(start, _)| *start < at).last();
    number.map(|(_, number)| String::from_utf8_lossy(number).into_owned()).unwrap_or_default()
}

/// What a number is to be that its type cannot hold: one of floating point, or an integer of 128 bits.
fn range(number: &str) -> String {
    // Floating point has room for it.
    if number.parse::<f32>().is_ok_and(f32::is_finite) {
        return match (number.parse::<i128>(), number.parse::<u128>()) {
            (Ok(_), _) => expected("u128"),
            (Err(_), Ok(_)) => expected("i128"),
            (Err(_), Err(_)) => OF_128_BITS.to_owned(),
        };
    }
    match number.parse::<f64>().is_ok_and(f64::is_finite) {
        true => format!("a number from {:e} to {:e}", f32::MIN, f32::MAX),
        false => format!("a number from {:e} to {:e}", f64::MIN, f64::MAX),
    }
}

const NO_VARIANT: &str = "expected value";

const VARIANT: &str = "the name of a variant, or an object of it";

/// What a well-formed text has there.
fn kind_at(text: &[u8], pointer: &str) -> &'static str {
    let whole = serde_json::from_slice::<Value>(text).unwrap_or_default();
    match whole.pointer(pointer) {
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
        None => "another value",
    }
}

/// What serde says of a value: "invalid type: string \"x\", expected u8". Words of types of the user's own are left as they are.
pub(crate) fn in_json(words: &str) -> String {
    if words.starts_with("data did not match any variant of untagged enum ") {
        return "invalid value: none of the forms that it may have".to_owned();
    }
    let Some((got, wanted)) = words.rsplit_once(", expected ") else { return words.to_owned() };
    // A list is all that serde takes for a struct and counts.
    if let (true, Some(wanted)) = (got.starts_with("invalid length "), of_struct(wanted)) {
        return format!("invalid type: array, expected {wanted}");
    }
    let wanted = match got.starts_with("invalid type: string ") && wanted.starts_with("a borrowed str") {
        true => "a string without escapes".to_owned(),
        false => expected(wanted),
    };
    let kinds = [
        ("integer `", "number `"),
        ("floating point `", "number `"),
        ("sequence", "array"),
        ("map", "object"),
        ("unit variant", "a string"),
        ("unit value", "null"),
    ];
    let (why, got) = got.split_once(": ").unwrap_or(("", got));
    let got = kinds.iter().find_map(|(of_serde, own)| Some((own, got.strip_prefix(of_serde)?)));
    match got {
        Some((own, rest)) if !why.is_empty() => format!("{why}: {own}{rest}, expected {wanted}"),
        _ => format!("{}, expected {wanted}", words.rsplit_once(", expected ").map_or("", |(got, _)| got)),
    }
}

/// What is expected where a struct is.
fn of_struct(wanted: &str) -> Option<String> {
    let is_struct = ["struct ", "struct variant "].iter().any(|kind| wanted.starts_with(kind));
    is_struct.then(|| "an object".to_owned())
}

/// What a type expects, by the name that serde has for it.
fn expected(wanted: &str) -> String {
    if let Some(natural) = wanted.strip_prefix("a nonzero ") {
        let range = expected(natural);
        return match range.contains(" 0 to ") {
            true => range.replace(" 0 to ", " 1 to "),
            false => format!("{range} other than 0"),
        };
    }
    if let Some(object) = of_struct(wanted) {
        return object;
    }
    let counted = ["a tuple of size ", "an array of length "].iter().find_map(|of| wanted.strip_prefix(of));
    let counted = counted.or_else(|| {
        let (what, with) = wanted.rsplit_once(" with ")?;
        let count = with.strip_suffix(" elements").or(with.strip_suffix(" element"))?;
        what.starts_with("tuple ").then_some(count)
    });
    if let Some(count) = counted {
        return format!("an array of {count}");
    }
    macro_rules! integers {
        ($($kind:ident)*) => { match wanted {
            $( stringify!($kind) => format!("an integer from {} to {}", $kind::MIN, $kind::MAX), )*
            wanted => of_kind(wanted).to_owned(),
        } };
    }
    integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }
}

fn of_kind(wanted: &str) -> &str {
    let begins = [
        ("tuple ", "an array"),
        ("enum ", VARIANT),
        ("variant of enum ", "the name of a variant"),
        ("internally tagged enum ", "an object"),
        ("adjacently tagged enum ", "an object"),
        ("newtype struct ", "another value"),
        ("unit struct ", "null"),
    ];
    match wanted {
        "f32" | "f64" => "a number",
        "a borrowed string" | "string" | "path string" | "str" => "a string",
        "a character" => "a string of one character",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        "option" => "a value or null",
        "variant identifier" => "the name of a variant",
        "field identifier" => "the name of a field",
        "unit variant" => "the name of a variant alone",
        "newtype variant" | "tuple variant" | "struct variant" => "an object of the variant",
        wanted => {
            begins.iter().find(|(of_serde, _)| wanted.starts_with(of_serde)).map_or(wanted, |(_, own)| own)
        }
    }
}

/// What came and what was expected, where the words are about a value.
#[cfg(feature = "negotiation")]
pub(crate) fn said_of_value(words: &str) -> Option<(String, String)> {
    let is_of_value = words.starts_with("missing ") || words.contains(", expected ");
    let (got, expected) = parts(words);
    is_of_value.then(|| (got.to_owned(), expected.to_owned()))
}

/// What came, and what was expected.
fn parts(words: &str) -> (&str, &str) {
    let (got, expected) = match (words.strip_prefix("missing "), words.rsplit_once(", expected ")) {
        (Some(missing), _) => ("an object without it", missing),
        (None, Some(both)) => both,
        (None, None) => (words, "JSON that fits"),
    };
    let got = got.strip_prefix("invalid ").and_then(|got| got.split_once(": ")).map_or(got, |(_, got)| got);
    (got, expected)
}

#[cfg(test)]
#[expect(dead_code, reason = "what is read is only made")]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZero;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Order<'o> {
        item: &'o str,
        kind: Kind,
    }

    #[derive(Deserialize)]
    enum Kind {
        Plain,
        Named(String),
        Pair(u8, u8),
        Line { length: f32 },
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { n: u8 },
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
        Text(String),
    }

    #[derive(Deserialize)]
    struct Two(u8, u8);

    #[derive(Deserialize)]
    struct Nothing;

    /// `pointer: text | got | expected`
    fn told<'t, T: Deserialize<'t>>(text: &'t str) -> String {
        let error = serde_json::from_str::<T>(text).map(drop).expect_err("it does not fit");
        let JsonMistake { text, misfit } = JsonMistake::new(&error, text.as_bytes());
        match misfit {
            Some(Misfit { got, expected, pointer }) => format!("{pointer}: {text} | {got} | {expected}"),
            None => text,
        }
    }

    #[test]
    fn words_of_rust_are_those_of_json() {
        type Told = fn(&'static str) -> String;
        let table: [(Told, &str, &str); 50] = [
            (told::<u8>, "300", "an integer from 0 to 255, number `300`"),
            (
                told::<i64>,
                "99999999999999999999",
                "an integer from -9223372036854775808 to 9223372036854775807, number `99999999999999999999`",
            ),
            (told::<Vec<u8>>, "[1, 2.50, 3]", "/1 an integer from 0 to 255, number `2.50`"),
            (told::<(u8, bool)>, "[1, 1e20]", "/1 a boolean, number `1e20`"),
            (told::<Tagged>, "{\"kind\": \"A\", \"n\": 1e20}", "an integer from 0 to 255, number `1e+20`"),
            (
                told::<i64>,
                "\"x\"",
                "an integer from -9223372036854775808 to 9223372036854775807, string \"x\"",
            ),
            (told::<NonZero<u8>>, "0", "an integer from 1 to 255, number `0`"),
            (told::<NonZero<i8>>, "0", "an integer from -128 to 127 other than 0, number `0`"),
            (told::<u16>, "-1", "an integer from 0 to 65535, number `-1`"),
            (told::<f32>, "true", "a number, boolean `true`"),
            (
                told::<i128>,
                "170141183460469231731687303715884105728",
                "an integer from -170141183460469231731687303715884105728 to 170141183460469231731687303715884105727, number `170141183460469231731687303715884105728`",
            ),
            (
                told::<Vec<u128>>,
                "[0, -1]",
                "/1 an integer from 0 to 340282366920938463463374607431768211455, number `-1`",
            ),
            (
                told::<i128>,
                "-170141183460469231731687303715884105729",
                "an integer of 128 bits, number `-170141183460469231731687303715884105729`",
            ),
            (told::<i128>, "0.5", "an integer of 128 bits, number `0.5`"),
            (told::<Vec<i128>>, "[7, -2.5e1]", "/1 an integer of 128 bits, number `-2.5e1`"),
            (told::<BTreeMap<String, u128>>, "{\"a\": 7.5}", "/a an integer of 128 bits, number `7.5`"),
            (told::<f32>, "1e39", "a number from -3.4028235e38 to 3.4028235e38, number `1e39`"),
            (told::<bool>, "1.5", "a boolean, number `1.5`"),
            (told::<char>, "\"ab\"", "a string of one character, string \"ab\""),
            (told::<String>, "null", "a string, null"),
            (told::<&str>, "1", "a string, number `1`"),
            (told::<&str>, r#""\n""#, "a string without escapes, string \"\\n\""),
            (told::<Vec<u8>>, "{}", "an array, object"),
            (told::<BTreeMap<String, u8>>, "[]", "an object, array"),
            (told::<()>, "1", "null, number `1`"),
            (told::<Nothing>, "1", "null, number `1`"),
            (told::<Option<u8>>, "[]", "an integer from 0 to 255, array"),
            (told::<(u8, u8)>, "[1]", "an array of 2, invalid length 1"),
            (told::<[u8; 2]>, "{}", "an array of 2, object"),
            (told::<Two>, "1", "an array, number `1`"),
            (told::<Two>, "[1]", "an array of 2, invalid length 1"),
            (told::<Order<'_>>, "7", "an object, number `7`"),
            (told::<Order<'_>>, "[]", "an object, array"),
            (told::<Order<'_>>, "{}", "field `item`, an object without it"),
            (told::<Kind>, "7", "the name of a variant, or an object of it, number"),
            (told::<Kind>, "[7]", "the name of a variant, or an object of it, array"),
            (told::<Kind>, "null", "the name of a variant, or an object of it, null"),
            (told::<Kind>, "true", "the name of a variant, or an object of it, boolean"),
            (told::<Kind>, "\"Named\"", "an object of the variant, a string"),
            (told::<Kind>, "\"Other\"", "one of `Plain`, `Named`, `Pair`, `Line`, unknown variant `Other`"),
            (told::<Kind>, "{\"Plain\": 1}", "/Plain null, number `1`"),
            (told::<Kind>, "{\"Pair\": [1]}", "/Pair an array of 2, invalid length 1"),
            (told::<Kind>, "{\"Line\": 1}", "/Line an object, number `1`"),
            (told::<Tagged>, "1", "an object, number `1`"),
            (told::<Tagged>, "{\"kind\": \"A\", \"n\": \"x\"}", "an integer from 0 to 255, string \"x\""),
            (told::<Either>, "[]", "JSON that fits, none of the forms that it may have"),
            (told::<Kind>, "{}", "the name of a variant, or an object of it, object"),
            (
                told::<Kind>,
                "{\"Pair\": [1, 2], \"Plain\": null}",
                "the name of a variant, or an object of it, object",
            ),
            (told::<Vec<Kind>>, "[{}]", "/0 the name of a variant, or an object of it, object"),
            (told::<Vec<Kind>>, "[\"Plain\", 5]", "/1 the name of a variant, or an object of it, number"),
        ];
        for (told, text, expected) in table {
            let said = told(text);
            let mut parts = said.split(" | ");
            let (whole, got) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("-"));
            let wanted = parts.next().unwrap_or("-");
            let pointer = whole.split_once(": ").map_or("", |(pointer, _)| pointer);
            let said_so = format!("{pointer} {wanted}, {got}");
            assert_eq!(said_so.trim_start(), expected, "{text}: {whole}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_as_it_is() {
        for (text, expected) in [
            ("{", "EOF while parsing an object at line 1 column 1"),
            ("7 7", "expected value at line 1 column 1"),
            ("nul", "expected value at line 1 column 1"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(told::<Kind>(text), expected, "{text}");
        }
        assert_eq!(told::<Vec<u8>>("[1 2]"), "expected `,` or `]` at line 1 column 4");
        let whole = told::<Order<'_>>("{\"item\":\"tea\",\n \"kind\":5}");
        let expected = "/kind: invalid type: number, expected the name of a variant, or an object of it at line 2 column 9";
        assert!(whole.starts_with(expected), "{whole}");
    }
}
