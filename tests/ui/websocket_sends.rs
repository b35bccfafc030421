use std::rc::Rc;

use vernal::websocket::{Accept, WebSocket, WebSocketSession};
use vernal::{Result, websocket_handler, websocket_handshake, websocket_message};

#[websocket_handler("/held")]
async fn held(ws: WebSocket) -> Result {
    let shared = Rc::new("text");
    ws.send(*shared).await?;
    ws.send(*shared).await
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat")]
impl Chat {
    async fn on_message(&self, session: &WebSocketSession, message: &str) -> Result {
        let shared = Rc::new(message);
        session.send(*shared).await?;
        session.send(*shared).await
    }
}

#[websocket_message("/function")]
async fn function(session: &WebSocketSession, message: &str) -> Result {
    let shared = Rc::new(message);
    session.send(*shared).await?;
    session.send(*shared).await
}

#[websocket_handshake("/answer")]
fn answer() -> bool {
    true
}

#[websocket_handshake("/tuple")]
fn tuple() -> (u16, Accept) {
    (403, Accept::new())
}

#[websocket_message("/result")]
fn result(_message: &str) -> String {
    String::new()
}

fn main() {}
