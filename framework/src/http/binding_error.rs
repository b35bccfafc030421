//! What is wrong with a request: which argument, from where, what was expected and what came.

use std::borrow::Cow;
use std::fmt;

use crate::base::shown;

/// Where a bound value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A variable of the path.
    Path,
    /// Query or form.
    Parameter,
    /// A header field.
    Header,
    /// A cookie.
    Cookie,
    /// The body.
    Body,
    /// A group of the mapping's regular expression.
    RegGroup,
    /// A message of a WebSocket session.
    Message,
}

/// A failed binding: which argument, from where, what was expected and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindingError {
    /// The name it was looked up by.
    pub parameter: String,
    /// Where it was looked for.
    pub source: Source,
    /// Which value inside of JSON is meant, as a JSON Pointer (RFC 6901): `/items/0/count`. `None` where it is the whole, or where
    /// that is not known.
    pub pointer: Option<String>,
    /// What would have been right: "an integer from 0 to 255".
    pub expected: Cow<'static, str>,
    /// What came, shortened; `None` when nothing did.
    pub got: Option<String>,
    /// What a rule of the type's own says, in its own words.
    pub rule: Option<String>,
}

impl BindingError {
    /// One about the whole value of a parameter.
    pub(crate) fn new(
        parameter: impl Into<String>,
        source: Source,
        expected: impl Into<Cow<'static, str>>,
        got: Option<String>,
    ) -> BindingError {
        BindingError {
            parameter: parameter.into(),
            source,
            pointer: None,
            expected: expected.into(),
            got,
            rule: None,
        }
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.source, shown(&self.parameter))?;
        if let Some(pointer) = &self.pointer {
            write!(f, " at {}", shown(pointer))?;
        }
        match (&self.rule, &self.got) {
            (Some(rule), _) => write!(f, ": {}.", shown(rule)),
            (None, None) => write!(f, " is required: {}.", self.expected),
            (None, Some(got)) => write!(f, " should be {}, not `{}`.", self.expected, shown(got)),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Path => "PathValue",
            Source::Parameter => "Parameter",
            Source::Header => "Header",
            Source::Cookie => "Cookie",
            Source::Body => "Body",
            Source::RegGroup => "RegGroup",
            Source::Message => "Message",
        })
    }
}

/// As much of a value as an error should repeat.
pub(crate) fn shortened(raw: &str) -> String {
    match raw.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", raw.get(..end).unwrap_or_default()),
        None => raw.to_owned(),
    }
}

const MOST_SHOWN: usize = 64;
