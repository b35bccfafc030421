//! A session at work: one request's view of it, and what is to be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::id::SessionId;
use super::record::{Values, gone};
use super::sessions::Sessions;
use crate::base::say;
use crate::http::{Error, Result};

/// What the handles of a session share.
pub(super) struct Live {
    pub(super) sessions: Arc<Sessions>,
    pub(super) is_new: bool,
    pub(super) created: SystemTime,
    pub(super) accessed: SystemTime,
    pub(super) state: Mutex<State>,
    /// Held while the session is written, so that writes keep their order.
    pub(super) writing: tokio::sync::Mutex<()>,
}

/// One request's view of a session.
pub(super) struct State {
    pub(super) id: SessionId,
    /// The id the store knows it by, until it is written under its new one.
    pub(super) old_id: Option<SessionId>,
    /// This request's view.
    pub(super) values: Arc<Values>,
    /// What is to be written.
    pub(super) changes: BTreeMap<Arc<str>, Option<Arc<str>>>,
    pub(super) max_inactive: Duration,
    pub(super) has_new_time: bool,
    pub(super) standing: Standing,
    pub(super) is_stored: bool,
    /// Nothing has changed since it was written.
    pub(super) is_written: bool,
    /// The answer has been made, so nobody writes it any more but those who say so.
    pub(super) is_concluded: bool,
}

/// Whether a session lasts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Valid,
    /// This request ended it.
    Invalidated,
    /// Something else ended it.
    Gone,
}

impl State {
    pub(super) fn check_standing(&self) -> Result {
        match self.standing {
            Standing::Valid => Ok(()),
            Standing::Invalidated => Err(Error::internal(
                "the session was invalidated, so nothing can be changed in it; `request.session()` begins another",
            )),
            Standing::Gone => Err(gone()),
        }
    }

    pub(super) fn put(&mut self, name: Arc<str>, value: Option<Arc<str>>) {
        self.is_written = false;
        let values = Arc::make_mut(&mut self.values);
        match &value {
            Some(value) => values.insert(Arc::clone(&name), Arc::clone(value)),
            None => values.remove(&name),
        };
        self.changes.insert(name, value);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.is_concluded && state.standing == Standing::Valid && !state.changes.is_empty() {
            let names: Vec<_> = state.changes.keys().collect();
            say!(
                warn,
                "changes to a session are lost, since they came after the answer had begun: {names:?}; call `session.save().await`"
            );
        }
    }
}
