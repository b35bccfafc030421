//! What errors are answered with, unless a page of the application's own answers: problem details (RFC 9457), the short form, or a page.

use std::collections::BTreeMap;

use ::http::StatusCode;
use serde_json::{Value, json};

use super::nodes::rename_reference;

/// The schema of `application/problem+json`.
fn problem() -> Value {
    let mut schema = json!({
        "title": "Problem",
        "description": "What went wrong (RFC 9457).",
        "type": "object",
        "properties": {
            "title": { "type": "string", "description": "What went wrong, in a word or two." },
            "status": status("The status of the answer."),
            "code": status("The same."),
            "detail": { "type": "string", "description": "What to do about it." },
        },
        "required": ["title", "status", "code"],
    });
    with_mistakes(&mut schema["properties"]);
    schema
}

/// The schema of the short form.
fn failure() -> Value {
    let mut schema = json!({
        "title": "Failure",
        "description": "What went wrong, in short.",
        "type": "object",
        "properties": {
            "code": status("The status of the answer."),
            "message": { "type": "string", "description": "What went wrong, in a word or two." },
            "explain": { "type": "string", "description": "What to do about it." },
        },
        "required": ["code", "message", "explain"],
    });
    with_mistakes(&mut schema["properties"]);
    schema
}

fn status(purpose: &str) -> Value {
    json!({ "type": "integer", "minimum": 100, "maximum": 999, "description": purpose })
}

/// What both forms tell of a request that could not be bound.
fn with_mistakes(properties: &mut Value) {
    properties["errors"] = json!({
        "type": "array",
        "description": "What is wrong with the request, place by place.",
        "items": {
            "type": "object",
            "properties": {
                "parameter": { "type": "string", "description": "The name that it was looked up by." },
                "source": {
                    "type": "string",
                    "description": "Where it was looked for: PathValue, Parameter (query or form), Header, Cookie, Body or RegGroup.",
                },
                "pointer": {
                    "type": "string",
                    "format": "json-pointer",
                    "description": "Which value inside of JSON is meant (RFC 6901); absent where it is the whole.",
                },
                "expected": { "type": "string", "description": "What would have been right." },
                "got": {
                    "type": ["string", "null"],
                    "description": "What came, shortened; null where nothing did.",
                },
                "detail": {
                    "type": "string",
                    "description": "The mistake in a sentence; may be absent where it is the only one.",
                },
            },
            "required": ["parameter", "source", "expected", "got"],
        },
    });
    properties["untold"] = json!({
        "type": "integer",
        "minimum": 1,
        "description": "How many mistakes there are beside those that are told; absent where there are none.",
    });
}

/// The forms of an error.
pub(super) fn content() -> Value {
    json!({
        "application/problem+json": { "schema": { "$ref": own("Problem") } },
        "application/json": { "schema": { "$ref": own("Failure") } },
        "text/html": { "schema": { "type": "string" } },
    })
}

/// A reference to a schema of our own, until it is known whether a type has its name.
fn own(name: &str) -> String {
    format!("#vernal/own/{name}")
}

/// Adds the schemas that the document refers to, beside those of types.
pub(super) fn add_schemas(document: &mut Value, schemas: &mut BTreeMap<String, Value>) {
    for (name, schema) in [("Problem", problem()), ("Failure", failure())] {
        let shown = if schemas.contains_key(name) { format!("vernal.{name}") } else { name.to_owned() };
        if rename_reference(document, &own(name), &shown) {
            schemas.insert(shown, schema);
        }
    }
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
        "5XX" => "The server cannot answer it.",
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
