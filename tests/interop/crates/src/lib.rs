//! Drives the client of a crate: reads a session in a line of JSON, plays it, and prints in a line what was seen, until there
//! are no more lines.

use std::error::Error;
use std::future::Future;
use std::io::{BufRead, stdin};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::time::timeout;

/// What a client is asked to send.
pub enum Sent {
    Text(String),
    Binary(Vec<u8>),
    Fragments(Vec<String>),
    Ping(String),
    /// In its plainest way, or with code and reason.
    Close(Option<(u16, String)>),
}

/// What came; pings are none of its user's business.
pub enum Event {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

/// Why a session goes no further.
pub enum Stop {
    Refused(u16, Option<String>),
    /// The client has no means for this.
    Cannot(&'static str),
    Failed(String),
}

impl<E: Error> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Failed(format!("{error} ({error:?})"))
    }
}

pub trait Client: Sized {
    /// As Cargo.lock has it.
    const CRATE: &'static str;
    fn connect(
        url: &str,
        deflate: bool,
        subprotocols: &str,
    ) -> impl Future<Output = Result<(Self, Option<String>), Stop>>;
    fn send(&mut self, sent: Sent) -> impl Future<Output = Result<(), Stop>>;
    fn next(&mut self) -> impl Future<Output = Result<Event, Stop>>;
}

#[tokio::main(flavor = "current_thread")]
pub async fn drive<C: Client>() {
    println!("{}", json!({ "version": version(C::CRATE) }));
    for line in stdin().lock().lines() {
        let session = serde_json::from_str(&line.expect("a line")).expect("a session in JSON");
        let mut seen = Vec::new();
        match timeout(Duration::from_secs(30), play::<C>(&session, &mut seen)).await {
            Ok(Ok(())) => {}
            Ok(Err(Stop::Refused(status, body))) => seen.push(json!(["refused", status, body])),
            Ok(Err(Stop::Cannot(step))) => seen.push(json!(["cannot", step])),
            Ok(Err(Stop::Failed(error))) => seen.push(json!(["error", error])),
            Err(_) => seen.push(json!(["silent"])),
        }
        println!("{}", Value::from(seen));
    }
}

/// The version of a crate that this was compiled with.
fn version(name: &str) -> Option<&'static str> {
    let (_, package) = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    package.split('"').next()
}

const LOCK: &str = include_str!("../Cargo.lock");

async fn play<C: Client>(session: &Value, seen: &mut Vec<Value>) -> Result<(), Stop> {
    let offers: Vec<_> = session["subprotocols"].as_array().expect("a list").iter().map(text).collect();
    let deflate = session["deflate"] == true;
    let (mut ws, subprotocol) = C::connect(&text(&session["url"]), deflate, &offers.join(", ")).await?;
    let mut is_closing = false;
    for step in session["steps"].as_array().expect("a list") {
        match step[0].as_str().expect("a verb") {
            "text" => ws.send(Sent::Text(text(&step[1]))).await?,
            "binary" => ws.send(Sent::Binary(BASE64.decode(text(&step[1])).expect("base64"))).await?,
            "fragments" => {
                ws.send(Sent::Fragments(step[1].as_array().expect("a list").iter().map(text).collect()))
                    .await?
            }
            "ping" => {
                ws.send(Sent::Ping(text(&step[1]))).await?;
                seen.push(shown(ws.next().await?));
            }
            "close" => {
                is_closing = true;
                ws.send(Sent::Close(step[1].as_u64().map(|code| (code as u16, text(&step[2]))))).await?;
            }
            "next" => {
                let event = ws.next().await?;
                let is_end = matches!(event, Event::Close(..));
                seen.push(shown(event));
                if is_end {
                    return Ok(());
                }
            }
            "subprotocol" => match &subprotocol {
                Some(name) => seen.push(json!(["subprotocol", name])),
                None => return Err(Stop::Cannot("subprotocol")),
            },
            other => panic!("no step `{other}`"),
        }
    }
    if !is_closing {
        ws.send(Sent::Close(None)).await?;
    }
    // How it ends was not asked for.
    while let Ok(event) = ws.next().await {
        if matches!(event, Event::Close(..)) {
            break;
        }
    }
    Ok(())
}

fn shown(event: Event) -> Value {
    match event {
        Event::Text(text) => json!(["text", text]),
        Event::Binary(bytes) => json!(["binary", BASE64.encode(bytes)]),
        Event::Pong(payload) => json!(["pong", String::from_utf8_lossy(&payload)]),
        Event::Close(code, reason) => json!(["close", code, reason]),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
