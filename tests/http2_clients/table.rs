//! What every client is asked to do, what it must see, and what some do otherwise.

use serde_json::{Value, json};

/// Something that speaks HTTP/2.
pub trait Asks: Send {
    /// Its version, as far as its notes are about that.
    fn version(&mut self) -> String;

    /// Takes these steps, over one connection where it can, and tells what it saw of each: `status`, `body`, `fields`, `trailers`, `statuses` and `count` of
    /// many, `messages`, or `cannot` and the step's key, or `error`.
    fn row(&mut self, steps: &[Value]) -> Vec<Value>;
}

/// A client as it was when its notes were written.
pub struct Client {
    pub name: &'static str,
    pub version: &'static str,
    pub schemes: &'static [&'static str],
    pub notes: &'static [Note],
}

/// What one client does otherwise, and must do otherwise: a note that is no longer true has to go.
pub struct Note {
    rows: &'static [&'static str],
    /// What is seen of one of the steps instead, as JSON; of an error some of the words.
    sees: &'static str,
    why: &'static str,
}

const fn note(rows: &'static [&'static str], sees: &'static str, why: &'static str) -> Note {
    Note { rows, sees, why }
}

struct Row {
    name: &'static str,
    steps: Vec<Value>,
    /// What must be seen of each step, among other things.
    sees: Vec<Value>,
}

fn rows() -> Vec<Row> {
    let row = |name, steps, sees| Row { name, steps, sees };
    let get = |path| json!({ "method": "GET", "path": path });
    let hello = json!({ "status": 200, "body": "HTTP/2.0 hello" });
    let with = |mut step: Value, key: &str, value: Value| {
        step[key] = value;
        step
    };
    let post = |path| json!({ "method": "POST", "path": path });
    let upload = |path| with(post(path), "size", json!(8 << 20));
    let cookies: Vec<_> = (0..30).map(|number| json!(["cookie", format!("c{number}=v{number}")])).collect();
    let large = |count: usize| -> Vec<_> {
        (0..count).map(|number| json!([format!("x-large-{number}"), "l".repeat(8_000)])).collect()
    };
    let seven = json!({ "x-sum": "7" });
    vec![
        row("GET", vec![get("/hello")], vec![hello.clone()]),
        row(
            "HEAD",
            vec![json!({ "method": "HEAD", "path": "/hello" })],
            vec![json!({ "status": 200, "body": "", "fields": { "content-length": "14" } })],
        ),
        row(
            "POST",
            vec![with(post("/echo"), "text", json!("hello"))],
            vec![json!({ "status": 200, "body": "HELLO" })],
        ),
        row("8 MiB up", vec![upload("/size")], vec![json!({ "status": 200, "body": "8388608" })]),
        row(
            "8 MiB up, refused at once, and one more",
            vec![upload("/small"), get("/hello")],
            vec![json!({ "status": 413 }), hello.clone()],
        ),
        row(
            "30 cookies",
            vec![with(get("/cookies"), "headers", json!(cookies))],
            vec![json!({ "status": 200, "body": "1 30 v29" })],
        ),
        row(
            "trailers that are asked for",
            vec![with(get("/trailed"), "te", json!(true)), with(get("/trailed/stream"), "te", json!(true))],
            vec![
                json!({ "status": 200, "body": "hello", "trailers": seven }),
                json!({ "status": 200, "body": "hello hello hello ", "trailers": seven }),
            ],
        ),
        row(
            "trailers that nobody asks for",
            vec![get("/trailed"), get("/trailed/stream")],
            vec![
                json!({ "status": 200, "body": "hello", "fields": { "trailer": null }, "trailers": {} }),
                json!({ "status": 200, "body": "hello hello hello ", "fields": { "trailer": null }, "trailers": {} }),
            ],
        ),
        row(
            "trailers that it sends",
            vec![with(with(post("/said"), "text", json!("hello")), "sends_trailers", seven)],
            vec![json!({ "status": 200, "body": "hello 7" })],
        ),
        row(
            "24 kB of fields, and one more",
            vec![with(get("/hello"), "headers", json!(large(3))), get("/hello")],
            vec![json!({ "status": 431, "fields": { "content-type": "application/json" } }), hello.clone()],
        ),
        // More than the server has told to be borne.
        row(
            "48 kB of fields, and one more",
            vec![with(get("/hello"), "headers", json!(large(6))), get("/hello")],
            vec![json!({ "status": 431 }), hello.clone()],
        ),
        row(
            "304",
            vec![with(get("/license"), "headers", json!([["if-none-match", "*"]])), get("/hello")],
            vec![json!({ "status": 304, "body": "" }), hello],
        ),
        row(
            "events",
            vec![get("/events")],
            vec![json!({
                "status": 200,
                "body": "data: 0\n\ndata: 1\n\ndata: 2\n\n",
                "fields": { "content-type": "text/event-stream" },
            })],
        ),
        row(
            "many at once",
            vec![with(get("/hello"), "many", json!(150))],
            vec![json!({ "statuses": [200], "count": 150 })],
        ),
        row(
            "a WebSocket",
            vec![json!({ "path": "/socket", "websocket": ["one", "two"] })],
            vec![json!({ "messages": ["one", "two"] })],
        ),
    ]
}

const CANNOT_WEBSOCKET: Note =
    note(&["a WebSocket"], r#"{"cannot": "websocket"}"#, "it has no WebSockets over HTTP/2 (RFC 8441)");

/// Those from PyPI and npm.
pub const DRIVEN: &[Client] = &[
    Client {
        name: "httpx",
        version: "0.28.1",
        schemes: &["https", "http"],
        notes: &[
            note(&["trailers that are asked for"], r#"{"cannot": "te"}"#, "it gives trailers to nobody"),
            note(&["trailers that it sends"], r#"{"cannot": "sends_trailers"}"#, "it sends none"),
            CANNOT_WEBSOCKET,
        ],
    },
    Client { name: "node", version: "20", schemes: &["https", "http"], notes: &[CANNOT_WEBSOCKET] },
    Client {
        name: "undici",
        version: "7.30.2",
        schemes: &["https"],
        notes: &[
            note(
                &["trailers that are asked for"],
                r#"{"status": 200, "body": "hello", "trailers": {}}"#,
                "its `trailers` are empty over HTTP/2",
            ),
            note(&["trailers that it sends"], r#"{"cannot": "sends_trailers"}"#, "it sends none"),
        ],
    },
];

/// That of Debian 12.
pub const GO: Client = Client {
    name: "Go",
    version: "1.19",
    schemes: &["https"],
    notes: &[
        note(
            &["48 kB of fields, and one more"],
            r#"{"error": "request header list larger than peer's advertised limit"}"#,
            "it keeps to what the server has told it",
        ),
        CANNOT_WEBSOCKET,
    ],
};

pub const PROGRAMS: &[Client; 2] = &[
    Client {
        name: "curl",
        version: "7.88.1",
        schemes: &["https", "http"],
        notes: &[
            note(&["trailers that it sends"], r#"{"cannot": "sends_trailers"}"#, "it sends none"),
            note(&["many at once"], r#"{"cannot": "many"}"#, "not one after another"),
            CANNOT_WEBSOCKET,
        ],
    },
    Client {
        name: "nghttp",
        version: "1.52.0",
        schemes: &["https", "http"],
        notes: &[note(&["many at once"], r#"{"cannot": "many"}"#, "`h2load` does"), CANNOT_WEBSOCKET],
    },
];

/// Node's client behind a proxy, whose notes are of those that Debian 12 packs.
pub const BEHIND: &[Client] = &[
    Client {
        name: "apache2",
        version: "20",
        schemes: &["http"],
        notes: &[
            note(
                &["trailers that nobody asks for"],
                r#"{"status": 200, "trailers": {"x-sum": "7"}}"#,
                "it asks for them itself, and passes them on",
            ),
            CANNOT_WEBSOCKET,
        ],
    },
    Client {
        name: "caddy",
        version: "20",
        schemes: &["http"],
        notes: &[
            note(
                &["trailers that it sends"],
                r#"{"status": 200, "body": "hello none"}"#,
                "it leaves out those of requests",
            ),
            note(
                &["48 kB of fields, and one more"],
                r#"{"status": 502}"#,
                "it keeps to what the server has told it",
            ),
            CANNOT_WEBSOCKET,
        ],
    },
    Client { name: "haproxy", version: "20", schemes: &["http"], notes: &[CANNOT_WEBSOCKET] },
    Client {
        name: "nginx",
        version: "20",
        schemes: &["http"],
        notes: &[
            note(&["HEAD"], r#"{"status": 200, "fields": {"content-length": "0"}}"#, "the length is its own"),
            note(
                &["trailers that it sends"],
                r#"{"error": "Session closed with error code 1"}"#,
                "it takes those of a request for a breach of the protocol",
            ),
            CANNOT_WEBSOCKET,
        ],
    },
];

/// All that a client sees otherwise than the table and its notes say.
pub fn judge(client: &Client, scheme: &str, asking: &mut dyn Asks) -> Vec<String> {
    let (name, mut problems) = (client.name, Vec::new());
    let version = asking.version();
    if version != client.version {
        problems.push(format!("{name} is {version}, but its notes are of {}", client.version));
    }
    let rows = rows();
    for row in &rows {
        let seen = asking.row(&row.steps);
        let note = client.notes.iter().find(|note| note.rows.contains(&row.name));
        problems.extend(
            problem(row, note, &seen).map(|problem| format!("{name} over {scheme}, {}: {problem}", row.name)),
        );
    }
    for noted in client.notes.iter().flat_map(|note| note.rows) {
        if !rows.iter().any(|row| row.name == *noted) {
            problems.push(format!("{name} has a note on `{noted}`, which is no row"));
        }
    }
    problems
}

fn problem(row: &Row, note: Option<&Note>, seen: &[Value]) -> Option<String> {
    let is_right = seen.len() == row.sees.len()
        && seen.iter().zip(&row.sees).all(|(seen, expected)| holds(seen, expected));
    let told: Vec<_> = seen.iter().map(brief).collect();
    match note {
        None if is_right => None,
        None => Some(told.join(", ")),
        Some(note) if is_right => Some(format!("this is as it should be. Take out the note `{}`", note.why)),
        Some(note) => {
            let noted: Value = serde_json::from_str(note.sees).expect("JSON in a note");
            let is_noted = seen.iter().any(|seen| holds(seen, &noted));
            (!is_noted).then(|| format!("{} ({})", told.join(", "), note.why))
        }
    }
}

/// Whether what is expected is seen, perhaps among other things; of an error some of the words.
fn holds(seen: &Value, expected: &Value) -> bool {
    match expected {
        Value::Object(fields) => fields.iter().all(|(key, expected)| match (key.as_str(), expected) {
            ("error", Value::String(words)) => seen[key].as_str().is_some_and(|told| told.contains(&**words)),
            ("trailers", Value::Object(fields)) if fields.is_empty() => {
                seen[key].as_object().is_none_or(serde_json::Map::is_empty)
            }
            _ => holds(&seen[key], expected),
        }),
        _ => seen == expected,
    }
}

fn brief(seen: &Value) -> String {
    let text = seen.to_string();
    match text.char_indices().nth(600) {
        Some((at, _)) => format!("{}… of {} bytes", &text[..at], text.len()),
        None => text,
    }
}

#[test]
fn notes_hold_to_what_is_seen() {
    let rows = rows();
    let row = rows.iter().find(|row| row.name == "trailers that it sends").expect("a row");
    let noted = note(&[], r#"{"error": "no trailers"}"#, "it has none");
    let right = json!({ "status": 200, "body": "hello 7", "fields": {} });
    let table = [
        (None, right.clone(), None),
        (None, json!({ "status": 200, "body": "hello none" }), Some("hello none")),
        (None, json!({ "error": "no trailers" }), Some("no trailers")),
        (Some(&noted), json!({ "error": "there are no trailers here" }), None),
        (Some(&noted), json!({ "error": "reset" }), Some("(it has none)")),
        (Some(&noted), right, Some("Take out the note `it has none`")),
    ];
    for (note, seen, expected) in table {
        let told = problem(row, note, std::slice::from_ref(&seen));
        match expected {
            None => assert_eq!(told, None, "{seen}"),
            Some(words) => {
                assert!(told.as_ref().is_some_and(|told| told.contains(words)), "{seen}: {told:?}")
            }
        }
    }
}
