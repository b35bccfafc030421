//! What is said instead of an answer.

use schemars::JsonSchema;
use serde::Serialize;
use vernal::{Json, error_message};

#[derive(Serialize, JsonSchema)]
struct Missing<'e> {
    sorry: &'e str,
    /// Where there may be something like it.
    look_at: &'static str,
}

/// There is no such thing here.
#[error_message("404")]
fn missing(explain: &str) -> Json<Missing<'_>> {
    Json(Missing { sorry: explain, look_at: "/articles" })
}
