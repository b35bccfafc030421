//! A chat with rooms: everybody in a room is told who comes, who goes, and what is said.
//!
//! Open <http://localhost:9090/> in two windows, and talk to yourself.
//!
//! ```console
//! $ cargo run --example chat
//! $ curl -i localhost:9090/
//! HTTP/1.1 200 OK
//! ...
//! content-type: text/html; charset=utf-8
//! ...
//! $ echo '{"text":"hi"}' | websocat -n1 'ws://localhost:9090/chat/tea?name=ann'
//! {"kind":"joined","name":"ann","here":1}
//! $ curl localhost:9090/chat/tea
//! {"code":404,"message":"Not Found","explain":"/chat/tea speaks WebSocket: connect to it with `ws://` or `wss://`."}
//! ```

use serde::{Deserialize, Serialize};
use vernal::websocket::{Rooms, WebSocketConfig, WebSocketSession};
use vernal::{Error, Json, Result, request_map, server, websocket_handler};

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

/// One object for all sessions: the rooms are in it.
#[derive(Default)]
struct Chat {
    rooms: Rooms,
}

/// `room` comes from the path and `name` from the query of the request that opened the session, in every event.
#[websocket_handler("/chat/{room}", config = WebSocketConfig::new().message_size(4 << 10))]
impl Chat {
    /// Before the 101, so an error refuses the handshake.
    fn on_handshake(&self, name: &str) -> Result {
        if name.trim().is_empty() || name.chars().count() > 32 {
            return Err(Error::bad_request("a name has 1 to 32 characters"));
        }
        Ok(())
    }

    async fn on_open(&self, session: &WebSocketSession, room: &str, name: &str) -> Result {
        self.rooms.join(room, session)?;
        self.tell(room, Event::Joined { name, here: self.rooms.len(room).await? }).await
    }

    async fn on_message(&self, room: &str, name: &str, Json(say): Json<Say>) -> Result {
        self.tell(room, Event::Said { name, text: &say.text }).await
    }

    /// However the session ended, it has left its rooms by now.
    async fn on_close(&self, room: &str, name: &str) -> Result {
        self.tell(room, Event::Left { name, here: self.rooms.len(room).await? }).await
    }
}

impl Chat {
    async fn tell(&self, room: &str, event: Event<'_>) -> Result {
        self.rooms.to(room).send(Json(event)).await?;
        Ok(())
    }
}

fn main() -> Result {
    server::start()
}
