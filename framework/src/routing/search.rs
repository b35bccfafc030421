//! What is looked for among the entries that match a path: the best, the methods, all of them.

use http::Method;

use super::entry::{Entry, Fit};
use super::facts::Facts;
use super::methods::MethodSet;
use super::tree::Visitor;

/// Looks for the best entry that takes a request.
pub(super) struct Search<'s> {
    pub(super) entries: &'s [Entry],
    pub(super) facts: &'s Facts<'s>,
    pub(super) method: &'s Method,
    /// Whether any entry has the path.
    pub(super) has_met: bool,
    pub(super) best: u32,
    /// Whether the best one cannot be judged before the form is read.
    pub(super) needs_form: bool,
    /// Entries from here on are kept away by an endpoint.
    pub(super) ceiling: u32,
}

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

impl<'s> Search<'s> {
    fn entry(&self) -> Option<&'s Entry> {
        self.entries.get(self.best as usize)
    }

    /// Whether this search, for GET, found the one that answers HEAD: a more specific one, or an equally
    /// specific one where the other does not name HEAD but takes any method.
    pub(super) fn outdoes(&self, head: &Search<'_>) -> bool {
        match (self.entry(), head.entry()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(get), Some(head)) => {
                (get.group_end, get.methods.is_any()) < (head.group_end, head.methods.is_any())
            }
        }
    }
}

impl Visitor for Search<'_> {
    #[inline]
    fn bound(&self) -> u32 {
        self.best.min(self.ceiling)
    }

    fn wants(&self, entry: u32) -> bool {
        let entry = &self.entries[entry as usize];
        entry.route.endpoint || entry.methods.contains(self.method)
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        for index in entries {
            self.has_met = true;
            if index >= self.bound() {
                return;
            }
            let entry = &self.entries[index as usize];
            match entry.fit(self.facts, self.method) {
                Fit::Takes => (self.best, self.needs_form) = (index, false),
                Fit::NeedsForm => (self.best, self.needs_form) = (index, true),
                Fit::Blocks => self.ceiling = self.ceiling.min(entry.group_end),
                Fit::Not => {}
            }
        }
    }
}

/// Collects the methods of a path.
pub(super) struct Union<'r> {
    pub(super) entries: &'r [Entry],
    pub(super) ceiling: u32,
    pub(super) found: Option<MethodSet>,
}

impl Visitor for Union<'_> {
    fn bound(&self) -> u32 {
        self.ceiling
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        for index in entries.take_while(|index| *index < self.ceiling) {
            self.found.get_or_insert_default().merge(&self.entries[index as usize].methods);
        }
    }
}

/// Gathers all mappings of a path.
pub(super) struct All<'r> {
    pub(super) entries: &'r [Entry],
    pub(super) found: Vec<&'r Entry>,
}

impl Visitor for All<'_> {
    fn bound(&self) -> u32 {
        NONE
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        self.found.extend(entries.map(|index| &self.entries[index as usize]));
    }
}
