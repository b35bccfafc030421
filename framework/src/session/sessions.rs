//! What keeps the sessions of an application, and how.

use std::any::TypeId;
use std::sync::Arc;

use super::config::SessionConfig;
use super::id::SessionId;
use super::memory::MemoryStore;
use super::record::{Saved, SessionChanges, SessionRecord};
use super::store::SessionStore;
use crate::http::{Context, Result};

/// See the head of this file.
pub(crate) struct Sessions {
    store: Box<dyn SessionStore>,
    pub(super) config: SessionConfig,
}

impl Sessions {
    /// Makes an application able to keep sessions.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn install(
        store: Option<Box<dyn SessionStore>>,
        config: Option<SessionConfig>,
        context: &mut Context,
    ) -> Result<(), String> {
        let config = config.unwrap_or_default();
        if let Some(problem) = config.problem() {
            return Err(problem);
        }
        // Other servers may have begun the sessions of a shared store; one in memory is empty until it is used.
        if store.as_ref().is_some_and(|store| store.in_memory().is_none()) {
            watch(context, &config);
        }
        let store = store.unwrap_or_else(|| Box::new(MemoryStore::new()));
        let sessions = Arc::new(Sessions { store, config });
        let _ = context.add_state(TypeId::of::<Arc<Sessions>>(), Box::new(sessions));
        Ok(())
    }

    /// The name of the cookie that keeps the sessions of an application.
    #[cfg(feature = "openapi")]
    pub(crate) fn cookie_name(context: &Context) -> &str {
        context.state::<Arc<Sessions>>().map_or("", |sessions| &sessions.config.cookie_name)
    }

    /// Those of an application.
    #[cfg(feature = "actuator")]
    pub(crate) fn of(context: &Context) -> Option<&Arc<Sessions>> {
        context.state()
    }

    /// What keeps them.
    #[cfg(feature = "actuator")]
    pub(crate) fn store(&self) -> &dyn SessionStore {
        &*self.store
    }

    /// A session that has not come to its end; one that has goes.
    pub(super) async fn load(&self, id: &SessionId) -> Result<Option<SessionRecord>> {
        let record = match self.store.in_memory() {
            Some(memory) => memory.find(id),
            None => self.store.load(id).await?,
        };
        if record.as_ref().is_some_and(|record| self.config.is_over(record.created)) {
            self.remove(id).await?;
            return Ok(None);
        }
        Ok(record)
    }

    pub(super) async fn save(&self, id: &SessionId, changes: &SessionChanges) -> Result<Saved> {
        match self.store.in_memory() {
            Some(memory) => Ok(memory.change(id, changes)),
            None => self.store.save(id, changes).await,
        }
    }

    pub(super) async fn remove(&self, id: &SessionId) -> Result {
        match self.store.in_memory() {
            Some(memory) => {
                memory.forget(id);
                Ok(())
            }
            None => self.store.remove(id).await,
        }
    }

    pub(super) async fn rename(&self, from: &SessionId, to: &SessionId) -> Result<bool> {
        match self.store.in_memory() {
            Some(memory) => Ok(memory.move_to(from, to)),
            None => self.store.rename(from, to).await,
        }
    }
}

/// From now on, requests that bring the cookie are of interest though nothing looks at their session.
pub(super) fn watch(context: &Context, config: &SessionConfig) {
    if config.refresh_unused && context.session_cookie.get().is_none() {
        let _ = context.session_cookie.set(config.cookie_name.as_ref().into());
    }
}
