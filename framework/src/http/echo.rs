//! Whether what makes a text HTML or XML came with the request: such a text is no page of ours, it is somebody's script.
//!
//! Asked once for an answer, when it is complete, and only where sniffing has found markup. Bodies that are read as they
//! come are gone by then; [`Beginnings`] remembers how they began.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use percent_encoding::percent_decode;

use super::Request;
use super::sniff::{LONGEST_BEGINNING, Markup, beginning};

/// Whether the beginning of `text`, which sniffing has found to be markup, came with the request: a parameter, a value or
/// the whole of the path, a header field, a cookie, a file or the body begins with it, decoded or as it was sent, or begins
/// inside of it and goes on as the text does.
#[cold]
pub(crate) fn is_echo(text: &[u8], request: &Request) -> bool {
    let text = text.trim_ascii_start();
    let Some((markup, length)) = beginning(text) else { return false };
    let echoed = Echoed { text, length };
    let begins = |value: &str| echoed.is_begun_by(value.as_bytes());
    // Parameters have names, which come from the peer as well.
    let pair_begins = |(name, value): (&str, &str)| begins(name) || begins(value);
    request.query().iter().any(pair_begins)
        || request.form().iter().any(pair_begins)
        || begins(request.query_string())
        || request.path_values().any(|(_, value)| begins(value))
        || request.wildcard().is_some_and(begins)
        || (0..request.reg_group_count()).filter_map(|group| request.reg_group(group)).any(begins)
        || echoed.is_held_by(request.path().as_bytes())
        || echoed.is_held_by(request.target().as_bytes())
        || request.headers.iter().any(|(_, value)| echoed.is_in_field(value))
        || request.files().any(|file| begins(file.name()) || begins(file.filename()))
        || request.beginnings().is_some_and(|beginnings| beginnings.are_markup())
        || echoed.is_in_body(markup, request)
}

/// A text that begins as markup does.
struct Echoed<'t> {
    /// Without white space before it.
    text: &'t [u8],
    /// How many bytes say what it is.
    length: usize,
}

impl Echoed<'_> {
    /// Whether this is what the text begins with; or what follows a part of the beginning that the handler wrote itself, as in
    /// `format!("<{name}>")`.
    fn is_begun_by(&self, value: &[u8]) -> bool {
        let trimmed = value.trim_ascii_start();
        if begins_with(trimmed, &self.text[..self.length]) {
            return true;
        }
        (1..self.length).any(|at| {
            let compared = value.len().min(MOST_OF_A_SEAM).min(self.text.len() - at);
            at + compared >= self.length + LEAST_BEHIND && begins_with(&self.text[at..], &value[..compared])
        })
    }

    /// Whether it stands anywhere in there.
    fn is_held_by(&self, value: &[u8]) -> bool {
        value.windows(self.length).any(|window| window.eq_ignore_ascii_case(&self.text[..self.length]))
    }

    /// A field, or a part of it such as a cookie.
    fn is_in_field(&self, value: &[u8]) -> bool {
        let decoded: Cow<'_, [u8]> = percent_decode(value).into();
        self.is_held_by(value)
            || self.is_held_by(&decoded)
            || value.split(|byte| b";=\",".contains(byte)).any(|piece| self.is_begun_by(piece))
    }

    /// Handlers take bodies apart by what they know of them, so every piece of one may come back.
    fn is_in_body(&self, markup: Markup, request: &Request) -> bool {
        let body = request.body();
        // An answer in XML to XML is no echo, and no page of another site can make a browser send it.
        if markup == Markup::Xml && is_xml(request) {
            return false;
        }
        self.is_begun_by(body)
            || body.split(|byte| b"\n=,".contains(byte)).any(|piece| self.is_begun_by(piece))
            || body.split(|byte| *byte == b'"').skip(1).any(|text| self.is_begun_by(&unescaped(text)))
    }
}

/// How the parts of a body began that was read as it came.
#[derive(Debug, Default)]
pub(crate) struct Beginnings(AtomicBool);

impl Beginnings {
    fn are_markup(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Watches one part, or one body, begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning {
    seen: Vec<u8>,
    is_known: bool,
}

impl Beginning {
    /// Takes the next piece, and notes it if the whole begins as markup does.
    #[inline]
    pub(crate) fn watch(&mut self, piece: &[u8], beginnings: &Beginnings) {
        if !self.is_known {
            self.look(piece, beginnings);
        }
    }

    fn look(&mut self, piece: &[u8], beginnings: &Beginnings) {
        let piece = if self.seen.is_empty() { piece.trim_ascii_start() } else { piece };
        if self.seen.is_empty() && piece.first().is_some_and(|first| *first != b'<') {
            self.is_known = true;
            return;
        }
        let wanted = LONGEST_BEGINNING - self.seen.len();
        self.seen.extend_from_slice(&piece[..piece.len().min(wanted)]);
        if beginning(&self.seen).is_some() {
            beginnings.0.store(true, Ordering::Relaxed);
        } else if self.seen.len() < LONGEST_BEGINNING {
            return;
        }
        *self = Beginning { seen: Vec::new(), is_known: true };
    }
}

fn begins_with(text: &[u8], begin: &[u8]) -> bool {
    text.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin))
}

/// The beginning of a text inside JSON, without its escapes (RFC 8259, section 7).
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(MOST_OF_A_SEAM);
    let mut rest = text;
    while let [byte, after @ ..] = rest
        && plain.len() < MOST_OF_A_SEAM
    {
        rest = after;
        let [escape, behind @ ..] = rest else {
            plain.push(*byte);
            break;
        };
        if *byte != b'\\' {
            plain.push(*byte);
            continue;
        }
        rest = behind;
        let digits = behind.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
        match (escape, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'u', Some(byte)) => {
                plain.push(byte);
                rest = &behind[4..];
            }
            (b'n' | b'r' | b't' | b'f' | b'b', _) => plain.push(b' '),
            (byte, _) => plain.push(*byte),
        }
    }
    plain
}

fn is_xml(request: &Request) -> bool {
    request.content_type().is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.ends_with("/xml") || kind.ends_with("+xml")
    })
}

/// A value that ends sooner behind the beginning is there by chance, and no script.
const LEAST_BEHIND: usize = 4;

/// What is compared of a value; the handler may have changed what comes later.
const MOST_OF_A_SEAM: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_known_however_it_comes() {
        let table = [
            ("<html><script>", true),
            (" \r\n<!DOCTYPE HTML>", true),
            ("<?xml?>", true),
            ("<!doctype htm", false),
            ("<p>", false),
            ("x<html>", false),
            ("", false),
        ];
        for (text, expected) in table {
            for size in [1, 3, 100] {
                let (beginnings, mut begin) = (Beginnings::default(), Beginning::default());
                text.as_bytes().chunks(size).for_each(|piece| begin.watch(piece, &beginnings));
                assert_eq!(beginnings.are_markup(), expected, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn a_text_is_begun_by_what_came_and_not_by_chance() {
        let table = [
            ("<html><p>", "<html><p>", true),
            ("<html><p>", "<HTML", true),
            ("<html><p>", "  <html>", true),
            ("<html><script>x", "html><script>x", true),
            ("<html><script>x", "ml><script>x", true),
            ("<!doctype html><p>", "!doctype html><p>", true),
            ("<html><p>", "<", false),
            ("<html><p>", "l", false),
            ("<html><p>", "l>", false),
            ("<html><p>", "html", false),
            ("<html><p>", "html>", false),
            ("<html><p>", "html>x", false),
            ("<html><p>", "<p>", false),
            ("<html><p>", "<!doctype html>", false),
            ("<html><p>", "", false),
        ];
        for (text, value, expected) in table {
            let (_, length) = beginning(text.as_bytes()).expect("markup");
            let echoed = Echoed { text: text.as_bytes(), length };
            assert_eq!(echoed.is_begun_by(value.as_bytes()), expected, "{text:?} by {value:?}");
        }
    }
}
