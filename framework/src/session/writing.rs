//! Reading a session anew, and writing what was changed in it.

use std::sync::Arc;
use std::time::SystemTime;

use super::Session;
use super::live::{Standing, State};
use super::record::{self, Saved, SessionChanges, gone};
use crate::http::Result;

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
            record::apply(Arc::make_mut(values), changes);
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
        if sessions.config.is_over(self.0.created) {
            sessions.remove(&old_id.unwrap_or(id)).await?;
            return Ok(self.is_gone());
        }
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
