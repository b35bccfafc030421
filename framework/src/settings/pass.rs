//! What is known of a struct of settings while it is read, once more for each mistake.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::origin::Origin;

/// See the head of this file.
#[derive(Default)]
pub(super) struct Pass {
    /// The paths of values that are made up.
    pub(super) made_up: BTreeSet<String>,
    /// The paths of those that are passed over.
    pub(super) skipped: BTreeSet<String>,
    /// Names that nobody has read.
    pub(super) unread: RefCell<Vec<Unread>>,
}

/// A name that nobody has read.
pub(super) struct Unread {
    /// That of its table.
    pub(super) path: String,
    pub(super) name: String,
    pub(super) origin: Origin,
    /// The names that would have been read.
    pub(super) known: &'static [&'static str],
}
