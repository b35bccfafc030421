//! Which value of a JSON text something is about, as a JSON Pointer (RFC 6901), for mistakes only. A text is read once from its
//! start.

#[cfg(feature = "validation")]
pub(crate) mod find;

use std::borrow::Cow;

/// Adds a name or a number to a pointer.
pub(crate) fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for char in token.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            char => pointer.push(char),
        }
    }
}

/// The value that begins at `line` and `column`, or the one around the value that ends there.
pub(crate) fn of_value_at(text: &[u8], line: usize, column: usize) -> String {
    let pointer = at(text, line, column);
    match read_to(text, line, column) {
        [.., b'[' | b'{'] => at(text, line, column.saturating_sub(1)),
        [.., b'{', b'}'] => pointer,
        [.., b']' | b'}' | b'"'] => pointer.rsplit_once('/').map_or("", |(around, _)| around).to_owned(),
        _ => pointer,
    }
}

/// The value in which the text has come to `line` and `column`, both counted from 1, the column in bytes. The text is well formed
/// up to there.
pub(crate) fn at(text: &[u8], line: usize, column: usize) -> String {
    let text = read_to(text, line, column);
    let mut open: Vec<Inside<'_>> = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let mut next = at + 1;
        match (byte, open.last_mut()) {
            (b'"', inside) => {
                next = end_of_text(text, at);
                if let Some(Inside::Object { key, is_key: is_key @ true }) = inside {
                    *key = text.get(at..next).unwrap_or_default();
                    *is_key = false;
                }
            }
            (b'{', _) => open.push(Inside::Object { key: b"", is_key: true }),
            (b'[', _) => open.push(Inside::Array(0)),
            (b'}' | b']', _) => drop(open.pop()),
            (b',', Some(Inside::Array(index))) => *index += 1,
            (b',', Some(Inside::Object { key, is_key })) => (*key, *is_key) = (b"", true),
            _ => {}
        }
        at = next;
    }
    let mut pointer = String::new();
    for inside in open {
        match inside {
            Inside::Object { key: b"", .. } => {}
            Inside::Object { key, .. } => push(&mut pointer, &name(key)),
            Inside::Array(index) => push(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

/// How many bytes there are up to there.
pub(crate) fn offset(text: &[u8], line: usize, column: usize) -> usize {
    read_to(text, line, column).len()
}

/// The text up to there.
fn read_to(text: &[u8], line: usize, column: usize) -> &[u8] {
    let lines = text.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
    let start = lines.map(<[u8]>::len).sum::<usize>();
    text.get(..start.saturating_add(column)).unwrap_or(text)
}

/// What is open at a place of a text.
enum Inside<'t> {
    Object {
        /// With its quotes; empty before it came.
        key: &'t [u8],
        /// Whether a text would be a key.
        is_key: bool,
    },
    Array(usize),
}

/// The text of a key with its quotes.
fn name(quoted: &[u8]) -> Cow<'_, str> {
    serde_json::from_slice::<String>(quoted).map_or_else(|_| String::from_utf8_lossy(quoted), Cow::Owned)
}

/// Behind the text that begins with the quote at `start`.
fn end_of_text(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_in_a_value() {
        let text = "{\"a\": {\"b/c\": [1, \"x,]\\\"\", {\"d\": 3}],\n \"~\": true}}";
        let table: [(&str, &str); 9] = [
            ("{", ""),
            ("{\"a\": {\"b/c\"", "/a/b~1c"),
            ("{\"a\": {\"b/c\": [1", "/a/b~1c/0"),
            ("{\"a\": {\"b/c\": [1, \"x,]\\\"\"", "/a/b~1c/1"),
            ("{\"a\": {\"b/c\": [1, \"x,]\\\"\", {\"d\": 3", "/a/b~1c/2/d"),
            ("{\"a\": {\"b/c\": [1, \"x,]\\\"\", {\"d\": 3}", "/a/b~1c/2"),
            ("{\"a\": {\"b/c\": [1, \"x,]\\\"\", {\"d\": 3}]", "/a/b~1c"),
            ("{\"a\": {\"b/c\": [1, \"x,]\\\"\", {\"d\": 3}],\n \"~\": true", "/a/~0"),
            (text, ""),
        ];
        for (start, expected) in table {
            let lines: Vec<_> = start.split('\n').collect();
            let column = lines.last().expect("a line").len();
            assert_eq!(at(text.as_bytes(), lines.len(), column), expected, "{start}");
        }
        assert_eq!(at(b"", 7, 9), "");
        assert_eq!(at(b"]]}{", 1, 99), "");
    }
}
