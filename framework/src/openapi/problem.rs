//! What errors are answered with, unless a page of the application's own answers: problem details (RFC 9457), the short form, or a page.

use ::http::StatusCode;
use serde_json::{Value, json};

/// The schema of `application/problem+json`.
pub(super) fn problem() -> Value {
    json!({
        "title": "Problem",
        "description": "What went wrong (RFC 9457).",
        "type": "object",
        "properties": {
            "title": { "type": "string", "description": "What went wrong, in a word or two." },
            "status": { "type": "integer", "minimum": 100, "maximum": 999, "description": "The status of the answer." },
            "code": { "type": "integer", "minimum": 100, "maximum": 999, "description": "The same." },
            "detail": { "type": "string", "description": "What to do about it." },
            "errors": {
                "type": "array",
                "description": "What is wrong with the request, part by part.",
                "items": {
                    "type": "object",
                    "properties": {
                        "parameter": { "type": "string", "description": "The argument that could not be made." },
                        "source": { "type": "string", "description": "Where it is looked for." },
                        "expected": { "type": "string" },
                        "got": { "type": ["string", "null"], "description": "What came, shortened." },
                    },
                    "required": ["parameter", "source", "expected"],
                },
            },
        },
        "required": ["title", "status"],
    })
}

/// The schema of the short form.
pub(super) fn failure() -> Value {
    json!({
        "title": "Failure",
        "description": "What went wrong, in short.",
        "type": "object",
        "properties": {
            "code": { "type": "integer", "minimum": 100, "maximum": 999, "description": "The status of the answer." },
            "message": { "type": "string" },
            "explain": { "type": "string" },
        },
        "required": ["code", "message", "explain"],
    })
}

/// The forms of an error.
pub(super) fn content() -> Value {
    json!({
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
        "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } },
        "text/html": { "schema": { "type": "string" } },
    })
}

/// An error with these bodies, by the key of its status.
pub(super) fn response(status: &str, content: Value) -> Value {
    let mut response = json!({ "description": meaning(status) });
    // A page may write what its type does not tell.
    if content.as_object().is_some_and(|kinds| !kinds.is_empty()) {
        response["content"] = content;
    }
    let field = match status {
        "401" => Some(("WWW-Authenticate", "How to say who one is (RFC 9110, section 11.6.1).")),
        "415" => Some(("Accept", "The content types that are taken.")),
        "429" => Some(("Retry-After", "After how many seconds to try again.")),
        _ => None,
    };
    if let Some((name, purpose)) = field {
        response["headers"] = json!({ name: { "description": purpose, "schema": { "type": "string" } } });
    }
    response
}

/// The name under which such a response is kept.
pub(super) fn name(status: &str) -> String {
    match status {
        "4XX" => "ClientError".to_owned(),
        "default" => "Failure".to_owned(),
        status => match reason(status) {
            Some(reason) => reason.split([' ', '-', '\'']).map(capital).collect(),
            None => format!("Status{status}"),
        },
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// What an answer of this status is.
pub(super) fn meaning(status: &str) -> String {
    let text = match status {
        "2XX" => "Done.",
        "3XX" => "It is elsewhere.",
        "4XX" => "The request cannot be answered.",
        "default" => "Something went wrong.",
        "400" => "Something in the request is missing, or not what it should be.",
        "401" => "It is not known who asks.",
        "403" => "Whoever asks may not do this.",
        "404" => "There is no such thing.",
        "413" => "The body is larger than is taken here.",
        "415" => "The body is of a content type, or a coding, that is not taken here.",
        "429" => "There are too many requests.",
        status => {
            return reason(status).map_or_else(|| format!("Status {status}."), |reason| format!("{reason}."));
        }
    };
    text.to_owned()
}

fn reason(status: &str) -> Option<&'static str> {
    StatusCode::from_bytes(status.as_bytes()).ok()?.canonical_reason()
}
