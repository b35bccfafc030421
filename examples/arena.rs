//! The endpoints that web servers are usually compared by: `arena --port 9090 --threads 1 --static DIR`.
//!
//! Written as the README teaches, with no tricks: what is measured is what a user gets.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vernal::websocket::{Deflate, Message, Origins, Rooms, WebSocket, WebSocketConfig, WebSocketSession};
use vernal::{Json, OrStatus, Result, State, request_map, server, websocket_handler};

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

struct Large(Bytes);

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
fn large(State(large): State<&Large>) -> Bytes {
    large.0.clone()
}

#[websocket_handler("/ws")]
async fn ws(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Chat {
    rooms: Rooms,
}

#[websocket_handler("/chat")]
impl Chat {
    fn on_open(&self, session: &WebSocketSession) -> Result {
        self.rooms.join("all", session)
    }

    async fn on_message(&self, message: Message) -> Result {
        self.rooms.to("all").send(message).await?;
        Ok(())
    }
}

fn main() -> vernal::Result {
    let port = option("--port").map_or(Ok(9090), |text| text.parse())?;
    let threads = option("--threads").map_or(Ok(1), |text| text.parse())?;
    let large = match option("--static") {
        Some(folder) => std::fs::read(format!("{folder}/large.txt")).or_404("no large.txt in that folder")?,
        None => vec![b'x'; 64 << 10],
    };
    // What conformance suites send is larger, and in more pieces, than what anybody should take by default.
    let websocket = WebSocketConfig::new()
        .message_size(16 << 20)
        .frame_size(16 << 20)
        .fragments(1 << 20)
        .origins(Origins::Any);
    server::new()
        .host("127.0.0.1")
        .port(port)
        .threads(threads)
        .state(Large(large.into()))
        .websocket(websocket)
        .websocket_deflate(Deflate::default())
        .start()
}

/// The value after an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}
