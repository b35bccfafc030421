//! What a `Result` does not take, and what is returned beside it.

use vernal::websocket::{Rooms, WebSocketSession};
use vernal::{Error, Result, request_map, websocket_handler, websocket_message};

fn find(id: u32) -> Option<String> {
    (id == 1).then(|| "one".to_owned())
}

#[request_map("/number")]
fn number() -> Result<String> {
    Err(404)
}

#[request_map("/text")]
fn text() -> Result<String> {
    Err("nothing here")
}

#[request_map("/option/{id}")]
fn option(id: u32) -> Result<String> {
    Ok(find(id)?)
}

#[request_map("/both/{id}")]
fn both(id: u32) -> Result<Option<String>, Error> {
    let found = find(id).ok_or(404)?;
    Ok(Some(found))
}

#[derive(Default)]
struct Chat {
    rooms: Rooms,
}

#[websocket_handler("/chat")]
impl Chat {
    async fn on_message(&self, message: &str) -> Result<usize> {
        self.rooms.to("all").send(message).await
    }

    fn on_open(&self) -> Option<String> {
        None
    }
}

#[websocket_message("/swapped")]
async fn swapped(message: &str, session: &WebSocketSession) -> Result {
    session.send(message).await
}

fn main() {}
