//! What every client is asked to do, and what it and the server must see of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// One session.
pub struct Row {
    pub name: &'static str,
    /// Where, and whether the client offers compression.
    pub path: &'static str,
    pub deflate: bool,
    /// What the client does: `["text", …]`, `["binary", base64]`, `["fragments", […]]`, `["ping", …]`, `["close", code, reason]`,
    /// `["close"]` in its plainest way, `["next"]` for what comes, `["subprotocol"]` for what was agreed on.
    pub steps: Value,
    pub sees: Outcome,
}

/// What the two sides see.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// `["text", …]`, `["binary", base64]`, `["pong", …]`, `["close", code, reason]`, `["refused", status, body]`,
    /// `["subprotocol", …]`; `["cannot", …]` and `["error", …]` end it.
    pub client: Value,
    /// Code and reason of `on_close`, for rows about closing.
    pub server: Option<(u16, String)>,
}

pub fn rows() -> Vec<Row> {
    let row = |name, path, steps, client| Row {
        name,
        path,
        deflate: path == "/deflate",
        steps,
        sees: Outcome { client, server: None },
    };
    let next = json!(["next"]);
    let (letters, large) = (letters(), BASE64.encode(filled(1 << 20)));
    let every_byte = BASE64.encode((0..=255).collect::<Vec<u8>>());
    let alike = json!(["text", "five messages that are much alike ".repeat(40)]);
    let (text, binary) = (json!(["text", "κόσμε 🌍"]), json!(["binary", every_byte]));
    let (behind, large_text, large_binary) =
        (json!(["text", "behind"]), json!(["text", letters]), json!(["binary", large]));
    vec![
        row("text", "/plain", json!([text, next]), json!([text])),
        row("binary", "/plain", json!([binary, next]), json!([binary])),
        row("empty text", "/plain", json!([["text", ""], behind, next, next]), json!([["text", ""], behind])),
        row(
            "empty binary",
            "/plain",
            json!([["binary", ""], behind, next, next]),
            json!([["binary", ""], behind]),
        ),
        row("1 MiB of text", "/plain", json!([large_text, next]), json!([large_text])),
        row("1 MiB of bytes", "/plain", json!([large_binary, next]), json!([large_binary])),
        row(
            "five alike",
            "/plain",
            json!([
                ["text", "agreed"],
                next,
                alike,
                alike,
                alike,
                alike,
                alike,
                next,
                next,
                next,
                next,
                next
            ]),
            json!([["text", ""], alike, alike, alike, alike, alike]),
        ),
        row(
            "five alike, compressed",
            "/deflate",
            json!([
                ["text", "agreed"],
                next,
                alike,
                alike,
                alike,
                alike,
                alike,
                next,
                next,
                next,
                next,
                next
            ]),
            json!([["text", "permessage-deflate"], alike, alike, alike, alike, alike]),
        ),
        row(
            "1 MiB, compressed",
            "/deflate",
            json!([large_text, next, large_binary, next]),
            json!([large_text, large_binary]),
        ),
        row(
            "fragments to it",
            "/plain",
            json!([["text", "pieces"], next]),
            json!([["text", "in three pieces"]]),
        ),
        row(
            "fragments to it, compressed",
            "/deflate",
            json!([["text", "pieces"], next, text, next]),
            json!([["text", "in three pieces"], text]),
        ),
        row(
            "fragments of it",
            "/plain",
            json!([["fragments", ["in ", "three ", "pieces"]], next]),
            json!([["text", "in three pieces"]]),
        ),
        row("ping of it", "/plain", json!([["ping", "are you there?"]]), json!([["pong", "are you there?"]])),
        row(
            "ping to it",
            "/plain",
            json!([["text", "ping"], next]),
            json!([["text", "pong are you there?"]]),
        ),
        row("subprotocol", "/plain", json!([["subprotocol"]]), json!([["subprotocol", "chat.v1"]])),
        row("greeting", "/greeting", json!([next]), json!([["text", "welcome"]])),
        row(
            "refusal with 403",
            "/refused/403",
            json!([next]),
            json!([["refused", 403, "this room is closed"]]),
        ),
        row(
            "refusal with 400",
            "/refused/400",
            json!([next]),
            json!([["refused", 400, "this room is closed"]]),
        ),
        closed("close to it", 4001, "as asked"),
        closed("close to it with 1001", 1001, "until tomorrow"),
        closed("close to it with 1012", 1012, "in a minute"),
        Row {
            sees: Outcome { client: json!([["close", 4002, "bye"]]), server: Some((4002, "bye".to_owned())) },
            ..row("close of it", "/plain", json!([["close", 4002, "bye"], next]), Value::Null)
        },
        Row {
            sees: Outcome { client: json!([]), server: Some((1000, String::new())) },
            ..row("plain close of it", "/plain", json!([["close"]]), Value::Null)
        },
    ]
}

/// The server closes.
fn closed(name: &'static str, code: u16, text: &str) -> Row {
    Row {
        name,
        path: "/plain",
        deflate: false,
        steps: json!([["text", format!("close {code} {text}")], ["next"]]),
        sees: Outcome { client: json!([["close", code, text]]), server: Some((code, text.to_owned())) },
    }
}

fn letters() -> String {
    String::from_utf8(filled(1 << 20)).expect("letters")
}

/// A payload of that length, whose bytes are not all alike.
pub fn filled(length: usize) -> Vec<u8> {
    (0..length).map(|index| b'a' + (index * index % 23) as u8).collect()
}
