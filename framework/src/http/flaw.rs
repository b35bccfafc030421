//! Why a parameter could not be decoded, and what was sent.

use std::borrow::Cow;

use super::{BindingError, Error, Source, shortened};
use crate::base::Span;
use crate::proto::multipart::charset::NotText;

/// A flaw, with spans of the same text.
#[derive(Clone, Copy)]
pub(super) struct KeptFlaw {
    pub(super) kind: FlawKind,
    /// The value as it was sent.
    pub(super) raw: Span,
    /// What it was declared as, where that is the flaw.
    pub(super) charset: Span,
}

impl KeptFlaw {
    /// The flaw of a field whose spans are of `text`.
    pub(super) fn of<'p>(&self, text: &'p str) -> Flaw<'p> {
        Flaw { kind: self.kind, raw: self.raw.text(text), charset: self.charset.text(text) }
    }
}

/// Why a field could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlawKind {
    Percent,
    NotText,
    NotAscii,
    Charset,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flaw<'p> {
    kind: FlawKind,
    /// The value as it was sent.
    pub(crate) raw: &'p str,
    charset: &'p str,
}

impl Flaw<'_> {
    /// What is wrong, to stand behind the field's name.
    pub(crate) fn text(self) -> Cow<'static, str> {
        let not_text = match self.kind {
            FlawKind::Percent => {
                return Cow::Borrowed(
                    "has a `%` without two hexadecimal digits after it (a `%` itself is sent as `%25`)",
                );
            }
            FlawKind::NotText => NotText::Utf8,
            FlawKind::NotAscii => NotText::Ascii,
            FlawKind::Charset => NotText::Charset(self.charset.to_owned()),
        };
        Cow::Owned(not_text.to_string())
    }
}

/// A parameter that could not be decoded.
#[cold]
pub(crate) fn flawed(name: &str, raw: &str, flaw: &str) -> Error {
    let expected = "text in UTF-8 with well-formed percent signs";
    let shown = shortened(raw);
    Error::bad_request(format!(
        "Parameter[{}] {flaw}: `{}`.",
        crate::base::shown(name),
        crate::base::shown(&shown)
    ))
    .at_binding(BindingError::new(name, Source::Parameter, expected, Some(shown)))
}
