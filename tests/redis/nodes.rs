//! Nodes that share rooms: applications in one process, each with a Redis connection and members of its own.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::time::Duration;

use tokio::time::timeout;
use vernal::test::{Client, TestSocket};
use vernal::websocket::{RedisRooms, Rooms, WebSocketConfig, WebSocketSession};
use vernal::{Result, State, websocket_handler};

struct Hall;

#[websocket_handler("/hall/{room}", new = Hall, app = "nodes")]
impl Hall {
    async fn on_open(&self, session: &WebSocketSession, room: &str, rooms: State<&Rooms>) -> Result {
        rooms.join(room, session)?;
        rooms.settled().await?;
        session.send("in").await
    }

    async fn on_message(&self, session: &WebSocketSession, rooms: State<&Rooms>, message: &str) -> Result {
        match message.split_once(' ') {
            Some(("leave", room)) => {
                rooms.leave(room, session);
                rooms.settled().await?;
                session.send("out").await
            }
            Some((room, text)) => rooms.to(room).except(session).send(text).await.map(drop),
            None => session.send(message).await,
        }
    }
}

/// One of them.
pub struct Node {
    pub client: Client,
    pub rooms: Rooms,
}

impl Node {
    pub fn start(shared: RedisRooms) -> Node {
        let rooms = Rooms::redis(shared);
        let client = Client::builder().app("nodes").state(rooms.clone()).build();
        Node { client, rooms }
    }

    /// A session in a room.
    pub async fn enter(&self, room: &str) -> TestSocket {
        let config = WebSocketConfig::new().message_size(16 << 20).frame_size(16 << 20);
        let mut ws = self.client.websocket(&format!("/hall/{room}")).config(config).await;
        ws.expect_text("in").await;
        ws
    }

    /// Sends to a room, and tells how many get it.
    pub async fn say(&self, room: &str, text: &str) -> usize {
        self.rooms.to(room).send(text).await.unwrap_or_else(|error| panic!("{text}: {error}"))
    }
}

/// Settings for tests, which wait no longer than they must.
pub fn shared(url: &str) -> RedisRooms {
    let shared = RedisRooms::new(url).expect("a good URL");
    shared.timeout(Duration::from_millis(500)).wait(Duration::from_secs(30))
}

/// What a session hears next.
pub async fn heard(ws: &mut TestSocket) -> String {
    let message = timeout(Duration::from_secs(30), ws.expect_message()).await.expect("something is heard");
    message.as_text().expect("a text").to_owned()
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("{what}: it took too long"));
}
