//! How many connections of a server are at their end and read on.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The connections of a server that are at their end and read on.
#[derive(Default)]
pub(super) struct Departing(AtomicUsize);

/// One of them.
pub(super) struct Place<'l>(&'l Departing);

impl Departing {
    /// Counts one in, unless there are `most` already; one there may always be.
    pub(super) fn enter(&self, most: usize) -> Option<Place<'_>> {
        let place = Place(self);
        (self.0.fetch_add(1, Ordering::Relaxed) < most.max(1)).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
