//! The content type of a text that nobody gave one, by its first characters.
//!
//! A text that begins as HTML or XML does, white space aside, is sent as such; what a peer sends must not decide about
//! that, so [`is_echo`](super::echo::is_echo) has the last word when the answer is complete.

/// What a text begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    Html,
    Xml,
}

impl Markup {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Markup::Html => HTML,
            Markup::Xml => XML,
        }
    }
}

/// What a text is sent as if not as plain text.
#[inline]
pub(crate) fn markup(text: &str) -> Option<Markup> {
    let trimmed = text.trim_ascii_start();
    if trimmed.starts_with('<') { markup_of(trimmed.as_bytes()) } else { None }
}

#[cold]
fn markup_of(trimmed: &[u8]) -> Option<Markup> {
    let (markup, _) = beginning(trimmed)?;
    trimmed.trim_ascii_end().ends_with(b">").then_some(markup)
}

/// What these bytes begin as, and how many of them say so.
pub(super) fn beginning(trimmed: &[u8]) -> Option<(Markup, usize)> {
    let begins = |with: &&(&str, Markup)| {
        trimmed.get(..with.0.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with.0.as_bytes()))
    };
    BEGINNINGS.iter().find(begins).map(|(with, markup)| (*markup, with.len()))
}

const BEGINNINGS: [(&str, Markup); 3] =
    [("<!doctype html", Markup::Html), ("<html", Markup::Html), ("<?xml", Markup::Xml)];

/// The longest of them.
pub(super) const LONGEST_BEGINNING: usize = 14;

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const XML: &str = "text/xml; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
pub(crate) const OCTETS: &str = "application/octet-stream";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sniffed_by_a_trimmed_view() {
        let table = [
            ("Hello", None),
            ("", None),
            ("<html><body>x</body></html>", Some(Markup::Html)),
            ("  \n<!DOCTYPE html><p>", Some(Markup::Html)),
            ("<HTML>", Some(Markup::Html)),
            ("<html", None),
            ("<?xml version='1.0'?><a/>", Some(Markup::Xml)),
            ("<p>x</p>", None),
            ("中<html>", None),
        ];
        for (text, expected) in table {
            assert_eq!(markup(text), expected, "{text:?}");
        }
        let longest = BEGINNINGS.iter().map(|(with, _)| with.len()).max();
        assert_eq!(longest, Some(LONGEST_BEGINNING));
    }
}
