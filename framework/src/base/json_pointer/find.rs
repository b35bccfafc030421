//! The value of a JSON text that names lead to.

use std::borrow::Cow;

use super::{end_of_text, name, push};

/// A step from a value to one inside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'p> {
    /// To what has this name.
    Name(&'p str),
    /// To the element of this number.
    Index(usize),
}

/// The value that steps lead to, as it stands in a well-formed text, and the pointer to it. A name of the text that differs from
/// a step's in case and in separators only is meant by it, for names of fields are often written otherwise in JSON. `None` for a
/// value that is not there.
pub(crate) fn find<'t>(text: &'t [u8], steps: &[Step<'_>]) -> (String, Option<&'t [u8]>) {
    let mut pointer = String::new();
    let mut value = Some(skip_blanks(text, 0));
    for step in steps {
        let inside = value.and_then(|start| match step {
            Step::Name(name) => member(text, start, name),
            Step::Index(index) => {
                element(text, start, *index).map(|start| (Cow::Owned(index.to_string()), start))
            }
        });
        match (inside, step) {
            (Some((token, start)), _) => {
                push(&mut pointer, &token);
                value = Some(start);
            }
            (None, Step::Name(name)) => {
                push(&mut pointer, name);
                value = None;
            }
            (None, Step::Index(index)) => {
                push(&mut pointer, &index.to_string());
                value = None;
            }
        }
    }
    (pointer, value.and_then(|start| text.get(start..end_of_value(text, start))))
}

/// The member of an object that begins at `start`.
fn member<'t>(text: &'t [u8], start: usize, wanted: &str) -> Option<(Cow<'t, str>, usize)> {
    let mut at = skip_blanks(text, opened(text, start, b'{')?);
    let mut similar = None;
    while text.get(at) == Some(&b'"') {
        let end = end_of_text(text, at);
        let key = name(text.get(at..end)?);
        let value = skip_blanks(text, skip_blanks(text, end) + 1);
        if key == wanted {
            return Some((key, value));
        }
        if similar.is_none() && is_similar(&key, wanted) {
            similar = Some((key, value));
        }
        at = skip_blanks(text, end_of_value(text, value));
        if text.get(at) != Some(&b',') {
            break;
        }
        at = skip_blanks(text, at + 1);
    }
    similar
}

/// The element of an array that begins at `start`.
fn element(text: &[u8], start: usize, index: usize) -> Option<usize> {
    let mut at = skip_blanks(text, opened(text, start, b'[')?);
    for _ in 0..index {
        at = skip_blanks(text, end_of_value(text, at));
        if text.get(at) != Some(&b',') {
            return None;
        }
        at = skip_blanks(text, at + 1);
    }
    text.get(at).is_some_and(|byte| *byte != b']').then_some(at)
}

fn opened(text: &[u8], start: usize, bracket: u8) -> Option<usize> {
    (text.get(start) == Some(&bracket)).then_some(start + 1)
}

/// `customer_mail`, `customerMail` and `Customer-Mail` are one name.
pub(crate) fn is_similar(one: &str, other: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = char> {
        name.chars().filter(|char| !matches!(char, '_' | '-')).flat_map(char::to_lowercase)
    }
    letters(one).eq(letters(other))
}

fn skip_blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Behind the value that begins at `start`.
fn end_of_value(text: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_text(text, at),
            b'{' | b'[' => (at, depth) = (at + 1, depth + 1),
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => (at, depth) = (at + 1, depth - 1),
            _ if depth == 0 && byte.is_ascii_whitespace() => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at.min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lead_to_a_value() {
        use Step::{Index, Name};
        let text = r#" { "customerMail" : "x\"}" , "list":[ [], {"n": 12 , "\u006d":null}], "list2":{} }"#;
        let table: [(&[Step<'_>], &str, Option<&str>); 8] = [
            (&[Name("customer_mail")], "/customerMail", Some(r#""x\"}""#)),
            (&[Name("list"), Index(0)], "/list/0", Some("[]")),
            (&[Name("list"), Index(1), Name("n")], "/list/1/n", Some("12")),
            (&[Name("list"), Index(1), Name("m")], "/list/1/m", Some("null")),
            (&[Name("list"), Index(2)], "/list/2", None),
            (&[Name("absent"), Name("a/b")], "/absent/a~1b", None),
            (&[Name("list2")], "/list2", Some("{}")),
            (&[], "", Some(text.trim())),
        ];
        for (steps, pointer, value) in table {
            let found = find(text.as_bytes(), steps);
            assert_eq!(
                (&*found.0, found.1.map(|it| std::str::from_utf8(it).expect("a text"))),
                (pointer, value)
            );
        }
        for broken in ["", "{", "{\"a", "{\"a\"", "{\"a\":", "[", "[1", "[\"\\", "{\"a\":{\"b\":[", "}", "]"]
        {
            for steps in [&[Name("a")][..], &[Index(0)], &[Index(1)], &[Name("a"), Name("b"), Index(3)]] {
                let _ = find(broken.as_bytes(), steps);
            }
        }
    }
}
