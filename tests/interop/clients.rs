//! Runs a client's driver through the table, and judges what it and the server saw.
//!
//! A driver (`clients/NAME`) prints its client's version in a line of JSON, then reads a session in a line of JSON and prints
//! in a line what it saw, until there are no more. It knows nothing of the table.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;
use vernal::websocket::Deflate;

use crate::app::Server;
use crate::table::{Outcome, Row, rows};

/// A client as it was when its notes were written.
pub struct Client {
    pub name: &'static str,
    pub version: &'static str,
    pub notes: &'static [Note],
}

/// What one client does otherwise, and must do otherwise: a note that is no longer true has to go.
pub struct Note {
    rows: &'static [&'static str],
    why: &'static str,
    client: Otherwise,
    server: Option<(u16, &'static str)>,
}

enum Otherwise {
    /// It has no means for this step.
    Cannot(&'static str),
    /// It shows the status of a refusal, but not its words.
    Wordless,
    /// JSON.
    Sees(&'static str),
    /// Nothing else; the server does.
    Likewise,
}

/// The client has no means for a step of these rows.
pub const fn cannot(rows: &'static [&'static str], step: &'static str, why: &'static str) -> Note {
    Note { rows, why, client: Otherwise::Cannot(step), server: None }
}

/// The client does not show the body of a refusal.
pub const fn wordless(why: &'static str) -> Note {
    Note { rows: REFUSALS, why, client: Otherwise::Wordless, server: None }
}

/// The client sees something else, which is given as JSON; of an error, some of its words.
pub const fn sees(rows: &'static [&'static str], client: &'static str, why: &'static str) -> Note {
    Note { rows, why, client: Otherwise::Sees(client), server: None }
}

/// A plain close of this client is something else to the server.
pub const fn closes(code: u16, text: &'static str, why: &'static str) -> Note {
    Note { rows: &["plain close of it"], why, client: Otherwise::Likewise, server: Some((code, text)) }
}

pub const COMPRESSED: &[&str] =
    &["five alike, compressed", "1 MiB, compressed", "fragments to it, compressed"];
const REFUSALS: &[&str] = &["refusal with 403", "refusal with 400"];

impl Note {
    /// The server sees something else as well.
    pub const fn served(mut self, code: u16, text: &'static str) -> Note {
        self.server = Some((code, text));
        self
    }

    fn outcome(&self, row: &Row) -> Outcome {
        let mut client = row.sees.client.clone();
        match self.client {
            Otherwise::Cannot(step) => client = json!([["cannot", step]]),
            Otherwise::Wordless => client[0][2] = Value::Null,
            Otherwise::Sees(other) => client = serde_json::from_str(other).expect("JSON in a note"),
            Otherwise::Likewise => {}
        }
        let server =
            self.server.map(|(code, text)| (code, text.to_owned())).or_else(|| row.sees.server.clone());
        Outcome { client, server }
    }
}

/// Puts these clients to the table, side by side, and tells of all that is not as expected.
pub async fn judge(clients: Vec<(&'static Client, Command)>) {
    let server = Server::start(Deflate::default()).await;
    let base = server.url("");
    let mut running = JoinSet::new();
    for (place, (client, command)) in clients.into_iter().enumerate() {
        let (ends, base) = (server.ends.clone(), base.clone());
        running.spawn(async move {
            let rows = rows();
            let case = |index: usize| (place * 1_000 + index) as u32;
            let sessions = rows.iter().enumerate().map(|(index, row)| {
                let url = format!("{base}{}/{}", row.path, case(index));
                json!({ "url": url, "deflate": row.deflate, "subprotocols": ["chat.v2", "chat.v1"], "steps": row.steps })
            });
            let lines = drive(client, command, sessions.collect()).await?;
            let mut problems = of_version(client, &lines);
            for (index, row) in rows.iter().enumerate() {
                let server = match row.sees.server {
                    Some(_) => ends.of(case(index)).await,
                    None => None,
                };
                let told = lines.get(index + 1).cloned();
                let seen = Outcome { client: told.unwrap_or_else(|| json!([["silent"]])), server };
                problems.extend(problem(client, row, seen));
            }
            for noted in client.notes.iter().flat_map(|note| note.rows) {
                if !rows.iter().any(|row| row.name == *noted) {
                    problems.push(format!("{} has a note on `{noted}`, which is no row", client.name));
                }
            }
            if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
        });
    }
    let results: Vec<Result<(), String>> = running.join_all().await;
    server.stop().await;
    let problems: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn of_version(client: &Client, lines: &[Value]) -> Vec<String> {
    let version = lines.first().and_then(|line| line["version"].as_str()).unwrap_or("of no version");
    if version == client.version {
        return Vec::new();
    }
    vec![format!("{} is {version}, but its notes are of {}", client.name, client.version)]
}

fn problem(client: &Client, row: &Row, seen: Outcome) -> Option<String> {
    let who = format!("{} {}, {}", client.name, client.version, row.name);
    let Some(note) = client.notes.iter().find(|note| note.rows.contains(&row.name)) else {
        let is_right = seen == row.sees;
        return (!is_right).then(|| format!("{who}: {} instead of {}", shown(&seen), shown(&row.sees)));
    };
    if seen == row.sees {
        return Some(format!("{who}: this is as it should be. Take out the note `{}`", note.why));
    }
    let noted = note.outcome(row);
    (!is_noted(&seen, &noted))
        .then(|| format!("{who}: {} instead of {} ({})", shown(&seen), shown(&noted), note.why))
}

/// Whether this is what was noted. Of an error the note has some of the words.
fn is_noted(seen: &Outcome, noted: &Outcome) -> bool {
    let is_event_noted = |(seen, noted): (&Value, &Value)| match noted[1].as_str() {
        Some(some) if noted[0] == "error" => {
            seen[0] == "error" && seen[1].as_str().is_some_and(|words| words.contains(some))
        }
        _ => seen == noted,
    };
    let (Some(events), Some(notes)) = (seen.client.as_array(), noted.client.as_array()) else { return false };
    events.len() == notes.len() && events.iter().zip(notes).all(is_event_noted) && seen.server == noted.server
}

fn shown(outcome: &Outcome) -> String {
    let events: Vec<_> = outcome.client.as_array().into_iter().flatten().map(Value::to_string).collect();
    let events: Vec<_> = events.iter().map(|event| brief(event)).collect();
    match &outcome.server {
        Some((code, text)) => format!("[{}] and {code} `{text}` at the server", events.join(", ")),
        None => format!("[{}]", events.join(", ")),
    }
}

fn brief(event: &str) -> String {
    match event.char_indices().nth(50) {
        Some((at, _)) => format!("{}… of {} bytes", &event[..at], event.len()),
        None => event.to_owned(),
    }
}

/// What a driver printed, line by line.
async fn drive(client: &Client, mut command: Command, sessions: Vec<Value>) -> Result<Vec<Value>, String> {
    let name = client.name;
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("{name}: {command:?}: {error}"))?;
    let (mut stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let stderr = child.stderr.take().expect("piped");
    let writing = spawn_blocking(move || {
        // A driver that has failed reads no more.
        let _ = sessions.iter().try_for_each(|session| writeln!(stdin, "{session}"));
    });
    let told =
        thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>());
    let reading = spawn_blocking(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).map(|line| parsed(&line)).collect::<Vec<_>>()
    });
    let lines = timeout(PATIENCE, reading).await;
    if lines.is_err() {
        child.kill().expect("it runs still");
    }
    let status = child.wait().expect("a child of ours");
    writing.await.expect("no panic");
    let told = told.join().expect("no panic").join("\n");
    match lines {
        Ok(lines) if status.success() => Ok(lines.expect("no panic")),
        Ok(lines) => {
            let count = lines.expect("no panic").len();
            Err(format!("{name}: {status} after {count} lines\n{told}"))
        }
        Err(_) => Err(format!("{name}: not done in {PATIENCE:?}\n{told}")),
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| json!([["error", format!("{error} in {line}")]]))
}

/// Beyond it a driver hangs.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn notes_hold_to_what_is_seen() {
    const CLIENT: &Client = &Client {
        name: "a client",
        version: "1",
        notes: &[
            cannot(&["ping of it"], "ping", "it has none"),
            sees(&["text"], r#"[["error", "too large"]]"#, "its bound is small"),
            wordless("it shows the status"),
            closes(1005, "", "it is empty"),
        ],
    };
    let table = [
        (
            "binary",
            None,
            json!([["text", "?"]]),
            Some("a client 1, binary: [[\"text\",\"?\"]] instead of [[\"binary\""),
        ),
        ("ping of it", None, json!([["cannot", "ping"]]), None),
        ("ping of it", None, json!([["cannot", "text"]]), Some("(it has none)")),
        ("ping of it", None, json!([["pong", "are you there?"]]), Some("Take out the note `it has none`")),
        ("text", None, json!([["error", "A frame is too large for this"]]), None),
        ("text", None, json!([["error", "reset by peer"]]), Some("(its bound is small)")),
        ("refusal with 403", None, json!([["refused", 403, null]]), None),
        ("refusal with 400", None, json!([["refused", 403, null]]), Some("(it shows the status)")),
        ("plain close of it", Some((1005, "")), json!([]), None),
        ("plain close of it", Some((1000, "")), json!([]), Some("Take out the note `it is empty`")),
        ("plain close of it", Some((1006, "")), json!([]), Some("1006 `` at the server")),
        ("close of it", Some((4002, "")), json!([["close", 4002, "bye"]]), Some("instead of")),
    ];
    let rows = rows();
    for (name, server, client, expected) in table {
        let row = rows.iter().find(|row| row.name == name).expect("a row");
        let seen = Outcome { client, server: server.map(|(code, text)| (code, text.to_owned())) };
        let told = problem(CLIENT, row, seen);
        match expected {
            None => assert_eq!(told, None, "{name}"),
            Some(words) => {
                assert!(told.as_ref().is_some_and(|told| told.contains(words)), "{name}: {told:?}")
            }
        }
    }
}
