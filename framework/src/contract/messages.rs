//! What WebSocket messages hold.

use super::Schema;

/// What a type takes of WebSocket messages, or is sent as, for the description of the API. What is said several times are several
/// messages.
#[derive(Debug, Default)]
pub struct Messages {
    /// Media type and schema of each payload.
    pub(crate) payloads: Vec<(&'static str, Schema)>,
}

impl Messages {
    /// It is text.
    pub fn text(&mut self, schema: Schema) {
        self.payloads.push(("text/plain", schema));
    }

    /// It is JSON.
    pub fn json(&mut self, schema: Schema) {
        self.payloads.push(("application/json", schema));
    }

    /// It is bytes.
    pub fn binary(&mut self) {
        self.payloads.push(("application/octet-stream", Schema::binary()));
    }
}
