//! A session at work: one request's view of it, what is to be written, and the writing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::store::{self, Saved, SessionChanges, Values, gone};
use super::{Session, SessionId, Sessions};
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

impl Session {
    /// Reads the values anew, under the changes that were not written yet. Whoever calls this holds `writing`.
    pub(super) async fn read(&self) -> Result {
        let id = {
            let state = self.state();
            state.old_id.unwrap_or(state.id)
        };
        let record = self.0.sessions.load(&id).await?;
        let mut state = self.state();
        let Some(record) = record else {
            state.standing = Standing::Gone;
            return Err(gone());
        };
        state.values = record.values;
        if !state.changes.is_empty() {
            let State { values, changes, .. } = &mut *state;
            store::apply(Arc::make_mut(values), changes);
        }
        Ok(())
    }

    /// Writes what is to be written. Whoever calls this holds `writing`.
    pub(super) async fn write(&self, expected: Option<(Arc<str>, Option<Arc<str>>)>) -> Result<Saved> {
        let sessions = &self.0.sessions;
        let (id, old_id) = {
            let state = self.state();
            if state.standing != Standing::Valid {
                return Ok(Saved::Gone);
            }
            (state.id, state.old_id)
        };
        if let Some(old_id) = old_id {
            if !sessions.rename(&old_id, &id).await? {
                return Ok(self.is_gone());
            }
            let mut state = self.state();
            // It may have been rotated once more meanwhile.
            state.old_id = (state.id != id).then_some(id);
        }
        let changes = {
            let mut state = self.state();
            state.is_written = true;
            SessionChanges {
                is_new: !state.is_stored,
                values: std::mem::take(&mut state.changes),
                expected,
                max_inactive: (!state.is_stored || state.has_new_time).then_some(state.max_inactive),
                created: self.0.created,
                now: SystemTime::now(),
            }
        };
        let saved = sessions.save(&id, &changes).await;
        match saved {
            Ok(Saved::Kept(_)) => {
                let mut state = self.state();
                state.is_stored = true;
                state.has_new_time &= changes.max_inactive != Some(state.max_inactive);
            }
            Ok(Saved::Gone) => return Ok(self.is_gone()),
            Ok(Saved::Conflict) | Err(_) => {
                let mut state = self.state();
                state.is_written = false;
                for (name, value) in changes.values {
                    state.changes.entry(name).or_insert(value);
                }
            }
        }
        saved
    }

    fn is_gone(&self) -> Saved {
        self.state().standing = Standing::Gone;
        Saved::Gone
    }
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
