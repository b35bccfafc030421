//! Three nodes by one command: the chat of `chat.rs`, whose rooms they share through Redis.
//!
//! ```text
//! $ cargo run --features redis --example cluster
//! node 1, process 4711: http://localhost:9090/
//! node 2, process 4712: http://localhost:9091/
//! node 3, process 4713: http://localhost:9092/
//! ```
//!
//! Open two of them in two windows, enter the same room, and talk to yourself. End a node by `kill -9 4712`: the others go on, and
//! after ten seconds no longer count who was there. `REDIS_URL` says where Redis is; without it, on this machine.

use std::process::Command;
use std::{env, thread};

use serde::{Deserialize, Serialize};
use vernal::websocket::{RedisRooms, Rooms, WebSocketSession};
use vernal::{Error, Json, Result, State, request_map, server, websocket_handler};

#[request_map("/", method = "GET")]
fn page() -> &'static str {
    include_str!("chat.html")
}

/// What the page is told.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Event<'a> {
    Joined { name: &'a str, here: usize },
    Left { name: &'a str, here: usize },
    Said { name: &'a str, text: &'a str },
}

/// What the page tells.
#[derive(Deserialize)]
struct Say {
    text: String,
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    fn on_handshake(&self, name: &str) -> Result {
        if name.trim().is_empty() || name.chars().count() > 32 {
            return Err(Error::bad_request("a name has 1 to 32 characters"));
        }
        Ok(())
    }

    async fn on_open(
        &self,
        session: &WebSocketSession,
        room: &str,
        name: &str,
        rooms: State<&Rooms>,
    ) -> Result {
        rooms.join(room, session)?;
        // From now on it hears what is said on other nodes.
        rooms.settled().await?;
        tell(&rooms, room, Event::Joined { name, here: rooms.len(room).await? }).await
    }

    async fn on_message(&self, room: &str, name: &str, rooms: State<&Rooms>, Json(say): Json<Say>) -> Result {
        tell(&rooms, room, Event::Said { name, text: &say.text }).await
    }

    async fn on_close(&self, room: &str, name: &str, rooms: State<&Rooms>) -> Result {
        tell(&rooms, room, Event::Left { name, here: rooms.len(room).await? }).await
    }
}

/// An error closes the session of whoever spoke with 1013, "try again later": not everybody has heard it.
async fn tell(rooms: &Rooms, room: &str, event: Event<'_>) -> Result {
    rooms.to(room).send(Json(event)).await?;
    Ok(())
}

fn main() -> Result {
    let redis = env::var("REDIS_URL").unwrap_or_else(|_| "redis://localhost:6379/".to_owned());
    if env::var_os("CLUSTER_NODE").is_some() {
        let shared = RedisRooms::new(&redis)?.prefix("cluster");
        return server::new().state(Rooms::redis(shared)).start();
    }
    let first = env::var("VERNAL_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(9090);
    let mut nodes = Vec::new();
    for number in 1..=3 {
        let port = first + number - 1;
        let mut node = Command::new(env::current_exe()?);
        node.env("CLUSTER_NODE", number.to_string()).env("VERNAL_PORT", port.to_string());
        let mut child = node.spawn()?;
        println!("node {number}, process {}: http://localhost:{port}/", child.id());
        nodes.push(thread::spawn(move || child.wait()));
    }
    // Ctrl-C reaches them as well.
    nodes.into_iter().for_each(|node| drop(node.join()));
    Ok(())
}
