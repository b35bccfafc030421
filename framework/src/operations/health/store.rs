//! The store of sessions.

use std::sync::Arc;

use super::indicator::HealthIndicator;
use crate::http::{BoxFuture, Result};
use crate::session::Sessions;

/// The store of sessions as an indicator.
pub(crate) struct StoreHealth(Arc<Sessions>);

impl StoreHealth {
    /// `None` where the store has nothing to tell.
    pub(crate) fn of(sessions: &Arc<Sessions>) -> Option<StoreHealth> {
        sessions.store().health().is_some().then(|| StoreHealth(Arc::clone(sessions)))
    }
}

impl HealthIndicator for StoreHealth {
    fn check(&self) -> BoxFuture<'_, Result> {
        self.0.store().health().unwrap_or_else(|| Box::pin(async { Ok(()) }))
    }
}
