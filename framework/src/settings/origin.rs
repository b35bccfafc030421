//! Where a value was written.

use std::fmt;
use std::sync::Arc;

/// How the names of variables begin.
pub(super) const PREFIX: &str = "VERNAL__";

/// See the head of this file. Shown as it begins a line about the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A place in a file, or in a text of the program's; line and column count from one, the column in characters.
    File { name: Arc<str>, line: usize, column: usize },
    /// A variable of the environment.
    Variable(Arc<str>),
    /// An argument, without its value.
    Argument(Arc<str>),
    /// Nobody wrote it.
    Nowhere,
}

impl Origin {
    /// The name of the variable for a key.
    pub(crate) fn variable_of(key: &str) -> String {
        format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
    }

    /// Whether it was written for this run of the program alone.
    pub(crate) fn is_of_run(&self) -> bool {
        matches!(self, Origin::Variable(_) | Origin::Argument(_))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Origin::Variable(name) => write!(f, "the variable {name}"),
            Origin::Argument(name) => write!(f, "the argument {name}"),
            Origin::Nowhere => f.write_str("nowhere"),
        }
    }
}
