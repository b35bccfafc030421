//! What is known of a struct of settings while it is read, once more for each mistake.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::failure::{Failure, What};
use super::origin::Origin;
use crate::base::SECRET;

/// See the head of this file.
#[derive(Default)]
pub(super) struct Pass {
    /// The paths of values that are made up.
    pub(super) made_up: BTreeSet<String>,
    /// The paths of those that are passed over.
    pub(super) skipped: BTreeSet<String>,
    /// Names that nobody has read.
    pub(super) unread: RefCell<Vec<Unread>>,
    /// The path of the secret that is being read.
    secret: RefCell<Option<String>>,
    /// The first mistake in it that may be told.
    in_secret: RefCell<Option<Failure>>,
}

impl Pass {
    /// Reads a secret, whose own mistake says nothing beyond that: one in what it is made of is told in its place, if it gives nothing away.
    pub(super) fn read_secret<T>(
        &self,
        path: &str,
        read: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // One in another is a part of that.
        let is_outer = self.secret.borrow().is_none();
        if is_outer {
            *self.secret.borrow_mut() = Some(path.to_owned());
        }
        let read = read();
        if !is_outer {
            return read;
        }
        self.secret.take();
        let told = self.in_secret.take();
        read.map_err(|failure| told.unwrap_or(failure))
    }

    /// The failure as whoever reads the value above may have it.
    pub(super) fn passed_on(&self, failure: Failure) -> Failure {
        let is_told = match &*self.secret.borrow() {
            Some(secret) => failure.is_within(secret),
            None => false,
        };
        if !is_told || self.in_secret.borrow().is_some() {
            return failure;
        }
        *self.in_secret.borrow_mut() = Some(failure.without_value());
        Failure::new(What::Words(SECRET.to_owned()))
    }
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
