//! What a WebSocket message holds.

use super::Schema;

/// What a type takes of WebSocket messages, for the description of the API.
#[derive(Debug, Default)]
pub struct Messages {
    /// Media type and schema of its payload.
    pub(crate) payload: Option<(&'static str, Schema)>,
}

impl Messages {
    /// It takes text.
    pub fn text(&mut self, schema: Schema) {
        self.payload = Some(("text/plain", schema));
    }

    /// It takes JSON.
    pub fn json(&mut self, schema: Schema) {
        self.payload = Some(("application/json", schema));
    }

    /// It takes bytes.
    pub fn binary(&mut self) {
        self.payload = Some(("application/octet-stream", Schema::binary()));
    }
}
