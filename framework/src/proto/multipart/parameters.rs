//! What follows the first word of `Content-Type` and `Content-Disposition`: `; name=value; name="value"`.
//!
//! Quotes are read as browsers write them (WHATWG HTML, "multipart form data"): a backslash is itself. Only before a
//! quote that does not end its value is it an escape, as older programs write it. What is not in quotes is a token.

use std::borrow::Cow;

use memchr::memchr;

use crate::base::{is_token, shown_bytes};

/// One `name=value`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter<'t> {
    pub(super) name: &'t [u8],
    pub(super) value: Cow<'t, [u8]>,
    pub(super) is_quoted: bool,
}

/// The first word, and the parameters.
///
/// # Errors
/// What is wrong with them.
pub(super) fn parse(text: &[u8]) -> Result<(&[u8], Vec<Parameter<'_>>), Cow<'static, str>> {
    let (word, mut rest) = split_at(text, memchr(b';', text));
    let mut parameters: Vec<Parameter<'_>> = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        let Some((b';', after)) = rest.split_first() else { break };
        rest = after.trim_ascii_start();
        if rest.is_empty() || rest.starts_with(b";") {
            continue;
        }
        let Some(equals) = memchr(b'=', rest) else {
            return Err("a parameter without `=`".into());
        };
        let (name, after) = split_at(rest, Some(equals));
        let name = name.trim_ascii_end();
        if !is_token(name) {
            return Err("a parameter whose name is no word".into());
        }
        let after = after.get(1..).unwrap_or_default().trim_ascii_start();
        let (value, is_quoted);
        (value, rest, is_quoted) = match after.strip_prefix(b"\"") {
            Some(quoted) => {
                let (value, rest) = quoted_value(quoted).ok_or("a quoted value without an end")?;
                (value, rest, true)
            }
            None => {
                let (value, rest) = split_at(after, memchr(b';', after));
                let value = value.trim_ascii_end();
                if value.is_empty() {
                    return Err(format!("an empty {}", shown_bytes(name)).into());
                }
                if !is_token(value) {
                    return Err(format!(
                        "the parameter `{}` with a value that is neither a word nor in quotes",
                        shown_bytes(name)
                    )
                    .into());
                }
                (Cow::Borrowed(value), rest, false)
            }
        };
        if parameters.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
            return Err(format!("the parameter `{}` twice", shown_bytes(name)).into());
        }
        parameters.push(Parameter { name, value, is_quoted });
    }
    if rest.is_empty() {
        Ok((word.trim_ascii(), parameters))
    } else {
        Err("text after a quoted value".into())
    }
}

/// The value of a name.
pub(super) fn find<'p, 't>(parameters: &'p [Parameter<'t>], name: &str) -> Option<&'p Parameter<'t>> {
    parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()))
}

/// A value up to its quote, and what follows that.
fn quoted_value(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut value = Cow::Borrowed(&[][..]);
    let mut rest = text;
    loop {
        let (before, after) = split_at(rest, Some(memchr(b'"', rest)?));
        rest = after.get(1..).unwrap_or_default();
        let ends = matches!(rest.trim_ascii_start().first(), None | Some(b';'));
        match before.strip_suffix(b"\\") {
            Some(unescaped) if !ends => {
                value.to_mut().extend_from_slice(unescaped);
                value.to_mut().push(b'"');
            }
            _ if value.is_empty() => return Some((Cow::Borrowed(before), rest)),
            _ => {
                value.to_mut().extend_from_slice(before);
                return Some((value, rest));
            }
        }
    }
}

fn split_at(text: &[u8], at: Option<usize>) -> (&[u8], &[u8]) {
    text.split_at_checked(at.unwrap_or(text.len())).unwrap_or((text, &[]))
}
