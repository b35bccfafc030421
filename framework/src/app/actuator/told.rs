//! What an application says of itself.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::application::Inner;
use crate::base::date::Rfc3339;
use crate::operations::{Actuating, Life};
use crate::session::Sessions;

impl Inner {
    /// Remembers a server that serves the application, for those who ask how it is.
    pub(crate) fn is_served_by<L: Life + 'static>(&self, life: &Arc<L>) {
        if let Some(actuating) = &self.actuating {
            actuating.lives.add(life);
        }
    }

    /// What is to be known of it.
    pub(super) fn info(&self, actuating: &Actuating) -> Value {
        let mut info: Map<String, Value> = actuating.info.iter().cloned().collect();
        let began = Rfc3339(actuating.began).to_string();
        let own = json!({"version": env!("CARGO_PKG_VERSION"), "began": began, "connections": actuating.lives.connections()});
        info.insert("vernal".to_owned(), own);
        info.into()
    }

    /// How many sessions there are.
    pub(super) fn sessions(&self) -> Value {
        let count = Sessions::of(&self.answers.context).and_then(|sessions| sessions.store().count());
        json!({"count": count})
    }
}
