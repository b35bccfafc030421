//! Where something that an attribute registered stands in the source.

use std::fmt;

/// Where an item stands: file, line, crate and name, for messages and for a deterministic order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// `file!()`
    pub file: &'static str,
    /// `line!()`
    pub line: u32,
    /// `column!()`
    pub column: u32,
    /// `module_path!()`
    pub module: &'static str,
    /// `hello`, or `Shop::buy` for a method.
    pub name: &'static str,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at {}:{}", self.name, self.file, self.line)
    }
}
