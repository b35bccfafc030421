//! A failed binding in words.

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
}

/// A failed binding: which argument, from where, what was expected and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BindingError {
    /// The name it was looked up by.
    pub parameter: String,
    /// Where it was looked for.
    pub source: Source,
    /// What would have been right: "an integer from 0 to 255".
    pub expected: Cow<'static, str>,
    /// What came, shortened; `None` when nothing did.
    pub got: Option<String>,
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = shown(&self.parameter);
        match &self.got {
            None => write!(f, "{}[{name}] is required: {}.", self.source, self.expected),
            Some(got) => {
                write!(f, "{}[{name}] should be {}, not `{}`.", self.source, self.expected, shown(got))
            }
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
