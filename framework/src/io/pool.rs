//! A pool of boxed objects for each thread: lent while a connection works, given back when it idles.

use std::cell::RefCell;

/// Objects waiting to be used again. Lives in a `thread_local!`, so nothing is locked.
pub(crate) struct Pool<T>(RefCell<Vec<Box<T>>>);

/// How many objects a thread keeps. Beyond that they are freed: a burst does not stay in memory for ever.
const KEPT: usize = 256;

impl<T> Pool<T> {
    pub(crate) const fn new() -> Pool<T> {
        Pool(RefCell::new(Vec::new()))
    }

    /// One that was given back, if there is one.
    #[inline]
    pub(crate) fn take(&self) -> Option<Box<T>> {
        self.0.borrow_mut().pop()
    }

    /// Frees all that wait.
    pub(crate) fn empty(&self) {
        // Freed when the pool can be used again, for it may be.
        let kept = self.0.take();
        drop(kept);
    }

    /// Gives an object back, cleared by the caller.
    #[inline]
    pub(crate) fn give(&self, object: Box<T>) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < KEPT {
            kept.push(object);
        }
    }
}
