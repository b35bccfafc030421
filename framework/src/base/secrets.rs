//! Whether what was just read holds a secret: nobody can see it in a type, so those that are read are counted.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A secret was read.
#[cfg(feature = "config")]
pub(crate) fn note() {
    READ.fetch_add(1, Ordering::Relaxed);
}

/// How many were read so far, by whomever.
#[derive(Clone, Copy)]
pub(crate) struct Count(usize);

impl Count {
    pub(crate) fn now() -> Count {
        Count(READ.load(Ordering::Relaxed))
    }

    /// Whether none was read since.
    pub(crate) fn is_same(self) -> bool {
        READ.load(Ordering::Relaxed) == self.0
    }
}

static READ: AtomicUsize = AtomicUsize::new(0);
