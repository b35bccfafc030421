//! The endpoints that web servers are usually compared by: `arena --port 9090 --threads 1 --static DIR`.
//!
//! Written as the README teaches, with no tricks: what is measured is what a user gets.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vernal::websocket::{Deflate, Message, Origins, Rooms, WebSocket, WebSocketConfig, WebSocketSession};
use vernal::{Compression, Json, OrStatus, Resources, Result, State, request_map, server, websocket_handler};

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Item<'a> {
    id: u64,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    tags: Vec<Cow<'a, str>>,
}

struct Files(Bytes, String);

#[request_map("/plaintext", method = "GET")]
fn plaintext() -> &'static str {
    "Hello, World!"
}

#[request_map("/json", method = "GET")]
fn json() -> Json<Greeting> {
    Json(Greeting { message: "Hello, World!" })
}

#[request_map("/hello/{name}", method = "GET")]
fn hello(name: &str, greeting: &str) -> String {
    format!("{greeting}, {name}!")
}

#[request_map("/echo", method = "POST")]
fn echo<'a>(Json(item): Json<Item<'a>>) -> Json<Item<'a>> {
    Json(item)
}

#[request_map("/large", method = "GET")]
fn large(State(Files(large, _)): State<&Files>) -> Bytes {
    large.clone()
}

#[request_map("/gzip", method = "GET")]
fn gzip(State(Files(_, text)): State<&Files>) -> &str {
    text
}

#[websocket_handler("/ws")]
async fn ws(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Chat(Rooms);

#[websocket_handler("/chat")]
impl Chat {
    fn on_open(&self, session: &WebSocketSession) -> Result {
        self.0.join("all", session)
    }

    async fn on_message(&self, message: Message) -> Result {
        self.0.to("all").send(message).await.map(drop)
    }
}

fn main() -> vernal::Result {
    let port = option("--port").map_or(Ok(9090), |text| text.parse())?;
    let threads = option("--threads").map_or(Ok(1), |text| text.parse())?;
    let folder = option("--static");
    let file = |name: &str, size: usize| match &folder {
        Some(folder) => std::fs::read_to_string(format!("{folder}/{name}")).or_404("no such file"),
        None => Ok("x".repeat(size)),
    };
    let level = option("--gzip-level").map_or(Ok(6), |text| text.parse())?;
    // What conformance suites send is larger, and in more pieces, than what anybody should take by default.
    let websocket = WebSocketConfig::new().message_size(16 << 20).frame_size(16 << 20).fragments(1 << 20);
    // `--cache off` shows what reading each file anew costs.
    let files = Resources::dir(folder.as_deref().unwrap_or("examples"));
    let caches = option("--cache").is_none_or(|cache| cache != "off");
    server::new()
        .resources("/static/*", files.cache(caches))
        .host("127.0.0.1")
        .port(port)
        .threads(threads)
        .state(Files(file("large.txt", 64 << 10)?.into(), file("gzip.txt", 16 << 10)?))
        .compression(Compression::gzip(level))
        .websocket(websocket.origins(Origins::Any))
        .websocket_deflate(Deflate::default())
        .start()
}

/// The value after an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}
