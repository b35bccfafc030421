//! Extensions of a session in the hands of its user: a thread that asks for them again would wait for itself, for ever.

use std::cell::RefCell;
use std::sync::{MutexGuard, PoisonError, TryLockError};

use super::parts::Core;
use crate::proto::ws::Extensions;

/// As long as this is there, its thread has lent out the extensions of a session.
pub(crate) struct Lent(*const Core);

impl Lent {
    pub(crate) fn by(core: &Core) -> Lent {
        LENT.with_borrow_mut(|lent| lent.push(core));
        Lent(core)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        LENT.with_borrow_mut(|lent| lent.retain(|core| *core != self.0));
    }
}

impl Core {
    /// The extensions, whose holder decides about the order of messages.
    ///
    /// # Panics
    /// This thread has lent them out.
    #[inline]
    pub(crate) fn lock_extensions(&self) -> Option<MutexGuard<'_, Extensions>> {
        let extensions = self.extensions()?;
        Some(match extensions.try_lock() {
            Ok(extensions) => extensions,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                let is_lent = LENT.with_borrow(|lent| lent.contains(&std::ptr::from_ref(self)));
                assert!(
                    !is_lent,
                    "inside of `with_extension` its session cannot be used to send or to ask for extensions: take what you \
                     need out of the closure, and send after it"
                );
                extensions.lock().unwrap_or_else(PoisonError::into_inner)
            }
        })
    }
}

thread_local! {
    static LENT: RefCell<Vec<*const Core>> = const { RefCell::new(Vec::new()) };
}
