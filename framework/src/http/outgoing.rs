//! An answer that a handler writes while it runs, and its head.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use ::http::StatusCode;

use super::Kept;
use super::absence::Absence;
use crate::base::Headers;
use crate::io::Pipe;

/// Shared with the connection, which sends it.
#[derive(Default)]
pub(crate) struct Outgoing {
    pub(crate) pipe: Pipe,
    pub(crate) head: Mutex<Option<SentHead>>,
    /// What must be written and announced before the head goes out.
    pub(crate) kept: OnceLock<Arc<dyn Kept>>,
    pub(crate) is_committed: AtomicBool,
    /// Where somebody waits for the peer to be gone.
    pub(crate) absence: OnceLock<Arc<Absence>>,
}

impl Outgoing {
    /// Tells those who want to know that nobody waits for the answer any more.
    #[cold]
    pub(crate) fn is_for_nobody(&self) {
        if let Some(absence) = self.absence.get() {
            absence.set();
        }
    }
}

/// The request is over.
impl Drop for Outgoing {
    fn drop(&mut self) {
        self.is_for_nobody();
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outgoing")
    }
}

/// The head of an answer that is being written, taken when its first bytes come.
#[derive(Debug)]
pub(crate) struct SentHead {
    pub(crate) status: StatusCode,
    pub(crate) reason: Option<Cow<'static, str>>,
    pub(crate) headers: Headers,
    pub(crate) content_type: Option<&'static str>,
}
