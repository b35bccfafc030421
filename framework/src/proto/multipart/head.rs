//! The boundary of a form and the heads of its parts: `Content-Disposition` with the part's name and its file's.
//!
//! Names in quotes are read as browsers write them: `%22`, `%0D` and `%0A` stand for a quote and line ends, any other
//! percent sign for itself. A `filename*` (RFC 8187) is preferred to a `filename`, and a `name*` to a `name`. Folded lines are
//! unfolded (RFC 5322, section 2.2.3).

use std::borrow::Cow;

use ::http::StatusCode;

use super::bounds::Bounds;
use super::parameters::{self, Parameter, find};
use crate::base::{Headers, is_value, shown_bytes};
use crate::proto::{Limit, Refusal};

/// What separates the parts of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Boundary(Vec<u8>);

/// The head of a part.
#[derive(Clone, Debug)]
pub(crate) struct PartHead {
    pub(crate) headers: Headers,
    pub(crate) name: String,
    /// As it was sent. There is one exactly if the part is a file.
    pub(crate) filename: Option<String>,
}

impl Boundary {
    /// The boundary that a content type names.
    ///
    /// # Errors
    /// It names none, or one that cannot be one (RFC 2046, section 5.1.1): 400.
    pub(crate) fn of(content_type: &[u8]) -> Result<Boundary, Refusal> {
        let refused = |why: &str| {
            Refusal::bad_request(format!(
                "the content type `{}` {why}: it is written as `multipart/form-data; boundary=…`, and what sends the \
                 form has to choose the boundary",
                shown_bytes(content_type)
            ))
        };
        let (_, parameters) =
            parameters::parse(content_type).map_err(|why| refused(&format!("has {why}")))?;
        let boundary = find(&parameters, "boundary").ok_or_else(|| refused("has no boundary"))?;
        let bytes: &[u8] = &boundary.value;
        let is_visible = |byte: &u8| matches!(byte, b' '..=b'~');
        match bytes {
            [] => Err(refused("has an empty boundary")),
            [.., b' '] => Err(refused("has a boundary that ends with a space")),
            bytes if bytes.len() > LONGEST => Err(refused("has a boundary of more than 70 characters")),
            bytes if !bytes.iter().all(is_visible) => Err(refused("has a boundary that is not ASCII")),
            bytes => Ok(Boundary(bytes.to_vec())),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// RFC 2046, section 5.1.1.
const LONGEST: usize = 70;

impl PartHead {
    /// Reads the lines of a head, each with its end; `number` is the part's, from 1.
    ///
    /// # Errors
    /// They are malformed, too many, or without a name: 400.
    pub(super) fn parse(lines: &[u8], number: usize, bounds: &Bounds) -> Result<PartHead, Refusal> {
        let said = |why: &str| format!("in the multipart body, the head of part {number} has {why}");
        let refused = |why: &str| Refusal::bad_request(said(why));
        let mut headers = Headers::new();
        let mut disposition = None;
        let lines = unfolded(lines);
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let line = without_end(line);
            if headers.len() == bounds.header_count {
                let what = said(&format!("more than {} fields", bounds.header_count));
                return Err(Refusal::beyond(Limit::part_header_count, StatusCode::BAD_REQUEST, what));
            }
            let bad_line = || {
                // To some a CR alone ends a line too: what is shown ends there.
                let shown = line.split(|&byte| byte == b'\r').next().unwrap_or_default();
                refused(&format!("a line that is no header field: `{}`", shown_bytes(shown.trim_ascii_end())))
            };
            let colon = memchr::memchr(b':', line).ok_or_else(bad_line)?;
            let (name, value) = line.split_at(colon);
            let name = std::str::from_utf8(name).map_err(|_| bad_line())?;
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            if !name.eq_ignore_ascii_case("content-disposition") {
                headers.try_append(name, value).map_err(|_| bad_line())?;
                continue;
            }
            let value = without_nul(value);
            headers.try_append(name, &*without_controls(&value)).map_err(|_| bad_line())?;
            if disposition.replace(value).is_some() {
                return Err(refused("two fields `Content-Disposition`"));
            }
        }
        let disposition =
            disposition.ok_or_else(|| refused("no `Content-Disposition`, which names the part"))?;
        let (name, filename) =
            names_of(&disposition).map_err(|why| refused(&format!("{why} in its `Content-Disposition`")))?;
        Ok(PartHead { headers, name, filename })
    }
}

/// Browsers write names with all their control characters but line ends (WHATWG HTML, "multipart form data"). In quotes they may be kept,
/// anywhere else they are spaces (RFC 9110, section 5.5). CR remains what no field may hold.
fn without_controls(value: &[u8]) -> Cow<'_, [u8]> {
    if is_value(value) {
        return Cow::Borrowed(value);
    }
    let space = |byte: &u8| if matches!(*byte, 1..=12 | 14..=31 | 127) { b' ' } else { *byte };
    Cow::Owned(value.iter().map(space).collect())
}

/// A NUL is a space wherever it stands, by the same section.
fn without_nul(value: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(0, value) {
        None => Cow::Borrowed(value),
        Some(_) => Cow::Owned(value.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect()),
    }
}

/// The name of the field, and that of the file if it is one.
fn names_of(disposition: &[u8]) -> Result<(String, Option<String>), Cow<'static, str>> {
    let (word, parameters) = parameters::parse(disposition)?;
    if !word.eq_ignore_ascii_case(b"form-data") {
        return Err(format!("`{}` where `form-data` should be", shown_bytes(word)).into());
    }
    let name = value_of(&parameters, "name", "name*")?.ok_or("no `name`")?;
    Ok((name, value_of(&parameters, "filename", "filename*")?))
}

/// The value of a parameter, which may also come in its extended form; that counts if it can be read.
fn value_of(
    parameters: &[Parameter<'_>],
    name: &str,
    extended_name: &str,
) -> Result<Option<String>, Cow<'static, str>> {
    let plain = find(parameters, name).map(text);
    let Some(extended) = find(parameters, extended_name) else { return Ok(plain) };
    match extended_text(&extended.value).or(plain) {
        None => {
            Err(format!("a `{extended_name}` that is not written as `utf-8''text` with percent signs").into())
        }
        value => Ok(value),
    }
}

/// Lines of which none continues the one before: the line end before a space or tab is taken out. A line of nothing but
/// white space stays, since it may be meant as the end of the head.
fn unfolded(lines: &[u8]) -> Cow<'_, [u8]> {
    let is_folded = |line: &[u8]| matches!(line.first(), Some(b' ' | b'\t')) && !line.trim_ascii().is_empty();
    let each = || lines.split_inclusive(|&byte| byte == b'\n');
    if !each().skip(1).any(is_folded) {
        return Cow::Borrowed(lines);
    }
    let mut unfolded: Vec<u8> = Vec::with_capacity(lines.len());
    for line in each() {
        if is_folded(line) {
            unfolded.truncate(without_end(&unfolded).len());
        }
        unfolded.extend_from_slice(line);
    }
    Cow::Owned(unfolded)
}

/// A line without its end, be it CRLF or LF alone.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A value as text. What is not UTF-8 becomes replacement characters: an old program's name is no reason to refuse its
/// file.
fn text(parameter: &Parameter<'_>) -> String {
    let text = String::from_utf8_lossy(&parameter.value);
    if !parameter.is_quoted || !text.contains('%') {
        return text.into_owned();
    }
    let mut unescaped = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once('%') {
        unescaped.push_str(before);
        let (char, after) = match after.split_at_checked(2) {
            Some(("22", after)) => ('"', after),
            Some(("0D" | "0d", after)) => ('\r', after),
            Some(("0A" | "0a", after)) => ('\n', after),
            _ => ('%', after),
        };
        unescaped.push(char);
        rest = after;
    }
    unescaped + rest
}

/// `charset'language'value` (RFC 8187, section 3.2), in UTF-8 or ISO-8859-1. `None` if it is not that.
fn extended_text(value: &[u8]) -> Option<String> {
    let mut pieces = value.splitn(3, |&byte| byte == b'\'');
    let (charset, _, encoded) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    if charset.eq_ignore_ascii_case(b"utf-8") {
        return String::from_utf8(bytes).ok();
    }
    charset.eq_ignore_ascii_case(b"iso-8859-1").then(|| bytes.into_iter().map(char::from).collect())
}
