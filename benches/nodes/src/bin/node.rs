//! A node: whoever is in a room hears what is said there.

use std::env;

use vernal::websocket::{RedisRooms, Rooms, WebSocketSession};
use vernal::{Result, State, server, websocket_handler};

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    async fn on_open(&self, session: &WebSocketSession, room: &str, rooms: State<&Rooms>) -> Result {
        rooms.join(room, session)?;
        rooms.settled().await?;
        session.send("in").await
    }

    async fn on_message(&self, room: &str, rooms: State<&Rooms>, message: &str) -> Result {
        rooms.to(room).send(message).await.map(drop)
    }
}

fn main() -> Result {
    let shared = RedisRooms::new(&env::var("REDIS_URL").expect("REDIS_URL is given"))?;
    let rooms = if env::var_os("LOCAL").is_some() { Rooms::new() } else { Rooms::redis(shared) };
    server::new().threads(1).state(rooms).start()
}
