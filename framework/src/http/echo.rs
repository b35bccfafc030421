//! Whether what makes a text HTML or XML came with the request: such a text is no page of ours, it is somebody's script.
//!
//! Asked once for an answer, when it is complete, and only where sniffing has found markup. Bodies that are read as they
//! come are gone by then; [`Beginnings`](super::beginnings::Beginnings) remembers which beginnings were in them. What stands anywhere in a value counts,
//! not only what it begins with: handlers trim values and take them apart by rules of their own.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::Request;
use super::sniff::{LONGEST_BEGINNING, Markup, beginning};

/// Whether the beginning of `text`, which sniffing has found to be markup, came with the request: a parameter, a value or
/// the whole of the path, a header field, a cookie, a file or the body holds it, decoded or as it was sent, or begins
/// inside of it and goes on as the text does, or several of them joined make it.
#[cold]
pub(crate) fn is_echo(text: &[u8], request: &Request) -> bool {
    let text = text.trim_ascii_start();
    let Some((markup, length)) = beginning(text) else { return false };
    if request.beginnings().is_some_and(|beginnings| beginnings.hold(markup)) {
        return true;
    }
    let mut echoed = Echoed::new(text, length);
    // Parameters have names, which come from the peer as well.
    for (name, value) in request.query().iter().chain(request.form().iter()) {
        echoed.see(name.as_bytes());
        echoed.see(value.as_bytes());
    }
    let groups = (0..request.reg_group_count()).filter_map(|group| request.reg_group(group));
    for value in request.path_values().map(|(_, value)| value).chain(request.wildcard()).chain(groups) {
        echoed.see(value.as_bytes());
    }
    for file in request.files() {
        echoed.see(file.name().as_bytes());
        echoed.see(file.filename().as_bytes());
    }
    echoed.see(request.path().as_bytes());
    echoed.see_pieces(request.path().as_bytes(), b"/");
    echoed.see_field(request.target().as_bytes());
    echoed.see(request.query_string().as_bytes());
    for (_, value) in request.headers.iter() {
        echoed.see_field(value);
    }
    // An answer in XML to XML is no echo, and no page of another site can make a browser send it.
    if markup == Markup::Html || !is_xml(request) {
        echoed.see_body(request.body());
    }
    echoed.came()
}

/// A text that begins as markup does, and what has been seen of it in a request.
struct Echoed<'t> {
    /// Without white space before it.
    text: &'t [u8],
    /// How many bytes say what it is.
    length: usize,
    /// Whether something holds the beginning.
    is_held: bool,
    /// For each place of the beginning, the places up to which some value goes on from there as the text does.
    steps: [u32; LONGEST_BEGINNING + LEAST_BEHIND],
}

impl<'t> Echoed<'t> {
    fn new(text: &'t [u8], length: usize) -> Echoed<'t> {
        Echoed { text, length, is_held: false, steps: [0; LONGEST_BEGINNING + LEAST_BEHIND] }
    }

    /// A value of the request, decoded.
    fn see(&mut self, value: &[u8]) {
        self.search(value);
        self.see_piece(value);
    }

    /// A piece of what is searched as a whole.
    fn see_piece(&mut self, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        self.step(value);
        let trimmed = trimmed(value);
        if trimmed.len() < value.len() {
            self.step(trimmed);
        }
    }

    fn see_pieces(&mut self, value: &[u8], separators: &[u8]) {
        value.split(|byte| separators.contains(byte)).for_each(|piece| self.see_piece(piece));
    }

    /// A field, and the parts of it such as cookies.
    fn see_field(&mut self, value: &[u8]) {
        self.see(value);
        self.see_pieces(value, b";=\",");
        if let Cow::Owned(decoded) = Cow::from(percent_decode(value)) {
            self.search(&decoded);
            value
                .split(|byte| b";=\",".contains(byte))
                .for_each(|piece| self.see(&Cow::from(percent_decode(piece))));
        }
    }

    /// Handlers take bodies apart by what they know of them, so every piece of one may come back.
    fn see_body(&mut self, body: &[u8]) {
        self.see(body);
        self.see_pieces(body, b"\n=,");
        for text in body.split(|byte| *byte == b'"').skip(1) {
            match unescaped(text) {
                Cow::Owned(plain) => self.see(&plain),
                Cow::Borrowed(plain) => self.see_piece(plain),
            }
        }
    }

    /// Whether it stands in there; or what follows a part of it that the handler wrote itself, as in `format!("<{name}>")`.
    fn search(&mut self, value: &[u8]) {
        let behind = self.length + LEAST_BEHIND;
        self.is_held = self.is_held
            || holds(value, &self.text[..self.length])
            || self.text.get(self.length - LEAST_BEHIND..behind).is_some_and(|seam| holds(value, seam));
    }

    fn step(&mut self, value: &[u8]) {
        let end = self.length + LEAST_BEHIND;
        for at in 0..end.min(self.text.len()) {
            let compared = value.len().min(MOST_OF_A_SEAM).min(self.text.len() - at);
            if compared > 0 && begins_with(&self.text[at..], &value[..compared]) {
                self.steps[at] |= 1 << (at + compared).min(end);
            }
        }
    }

    /// Whether it was in the request. A value that is only a part of it is there by chance, unless others lead from the start
    /// of the text to its end, or from within to what is behind it.
    fn came(&self) -> bool {
        let (start, within) = (1, (1 << self.length) - 2);
        self.is_held
            || self.reach(start) >> self.length != 0
            || self.reach(within) >> (self.length + LEAST_BEHIND) != 0
    }

    /// Where one gets to by steps from these places; a bit for each.
    fn reach(&self, from: u32) -> u32 {
        (0..).zip(self.steps).fold(
            from,
            |reached, (at, step)| {
                if reached >> at & 1 == 1 { reached | step } else { reached }
            },
        )
    }
}

/// Whether `part`, which is not empty, stands anywhere in there.
fn holds(value: &[u8], part: &[u8]) -> bool {
    let (lower, upper) = (part[0].to_ascii_lowercase(), part[0].to_ascii_uppercase());
    memchr::memchr2_iter(lower, upper, value).any(|at| begins_with(&value[at..], part))
}

/// Without what any rule calls white space at its ends, and some more: what is no visible ASCII.
fn trimmed(value: &[u8]) -> &[u8] {
    let start = value.iter().position(u8::is_ascii_graphic).unwrap_or(value.len());
    let end = value.iter().rposition(u8::is_ascii_graphic).map_or(start, |last| last + 1);
    &value[start..end]
}

fn begins_with(text: &[u8], begin: &[u8]) -> bool {
    text.get(..begin.len()).is_some_and(|start| start.eq_ignore_ascii_case(begin))
}

/// A text inside JSON without its escapes (RFC 8259, section 7).
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', text) else { return text.into() };
    let mut plain = Vec::with_capacity(text.len());
    plain.extend_from_slice(&text[..first]);
    let mut rest = &text[first..];
    while let [byte, after @ ..] = rest {
        rest = after;
        let (b'\\', [escape, behind @ ..]) = (*byte, after) else {
            plain.push(*byte);
            continue;
        };
        rest = behind;
        let digits = behind.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
        match (escape, digits.and_then(|digits| u32::from_str_radix(digits, 16).ok())) {
            (b'u', Some(code)) => {
                let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                plain.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &behind[4..];
            }
            (b'n' | b'r' | b't' | b'f' | b'b', _) => plain.push(b' '),
            (byte, _) => plain.push(*byte),
        }
    }
    plain.into()
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
    fn a_text_is_begun_by_what_came_and_not_by_chance() {
        type Row = (&'static str, &'static [&'static str], bool);
        let table: [Row; 41] = [
            ("<html><p>", &["<html><p>"], true),
            ("<html><p>", &["<HTML"], true),
            ("<html><p>", &["  <html>"], true),
            ("<html><p>", &["\u{a0}<html>"], true),
            ("<html><p>", &["a,<html>"], true),
            ("<html><script>x", &["html><script>x"], true),
            ("<html><script>x", &["ml><script>x"], true),
            ("<html><script>x", &["\u{2003}html><script>x"], true),
            ("<html><script>x", &["\u{2003}ml><script>x"], true),
            ("<html><script>x", &["a,html><script>x"], true),
            ("<!doctype html><p>", &["!doctype html><p>"], true),
            ("<html><script>", &["<ht", "ml", "><script>"], true),
            ("<html><script>", &["><script>", "ml", "<ht"], true),
            ("<html><script>", &["<", "html", "><script>"], true),
            ("<html><script>", &["<", "h", "t", "m", "l", ">", "<", "s", "c", "r"], true),
            ("<html><script>", &["\u{a0}<ht\u{b}", " ml ", "\u{feff}><script>"], true),
            ("<HTML><script>", &["<ht", "ml", "><script>"], true),
            ("<html x><script>", &["<ht", "ml"], true),
            ("<html><script>", &["html", "><script>"], true),
            ("<html><script>", &["ht", "ml", "><script>"], true),
            ("<!doctype html><script>", &["<!doctype", " ", "html", "><script>"], true),
            ("<?xml version='1.0'?><a/>", &["<", "?xml", " version"], true),
            ("<html><p>", &["<"], false),
            ("<html><p>", &["<", "l", "h"], false),
            ("<html><p>", &["<h", "ml"], false),
            ("<html><p>", &["<", "html!"], false),
            ("<html><p>", &["html", "<", "p"], true),
            ("<html><p>", &["html", ">", "p>"], false),
            ("<html><p>", &["l"], false),
            ("<html><p>", &["l>"], false),
            ("<html><p>", &["html"], false),
            ("<html><p>", &["html>"], false),
            ("<html><p>", &["html>x"], false),
            ("<html><p>", &["<p>"], false),
            ("<html><p>", &["><p>"], false),
            ("<html><p>ann", &["ann", "<html lang>"], true),
            ("<html><p>ann", &["ann", "<p>ann"], false),
            ("<html><p>", &["<!doctype html>"], false),
            ("<html>", &["l>"], false),
            ("<html", &["l", ""], false),
            ("<html><p>", &[""], false),
        ];
        for (text, values, expected) in table {
            let (_, length) = beginning(text.as_bytes()).expect("markup");
            let mut echoed = Echoed::new(text.as_bytes(), length);
            values.iter().for_each(|value| echoed.see(value.as_bytes()));
            assert_eq!(echoed.came(), expected, "{text:?} by {values:?}");
        }
    }

    #[test]
    fn texts_in_json_lose_their_escapes() {
        let table = [
            ("plain", "plain"),
            (r"\u003chtml\u003E", "<html>"),
            (r"a\u00a0\u2003\ufeff<", "a\u{a0}\u{2003}\u{feff}<"),
            (r"\ud83d\ude00", "\u{fffd}\u{fffd}"),
            (r"a\tb\/\\", r"a b/\"),
            (r"a\", r"a\"),
            (r"\u12", "u12"),
        ];
        for (text, plain) in table {
            assert_eq!(unescaped(text.as_bytes()), plain.as_bytes(), "{text}");
        }
    }
}
