use vernal::websocket::{WebSocket, WebSocketSession};
use vernal::{Result, websocket_handler, websocket_message};

struct Move;

#[websocket_message("/move")]
fn taken(_message: Move) {}

#[websocket_message("/number")]
fn number(_message: u64) {}

#[websocket_message("/session", on = "text")]
fn session_last(_message: &str, _session: &WebSocketSession) {}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat")]
impl Chat {
    fn on_message(&self, _message: Move) {}
}

#[websocket_handler("/sent")]
async fn sent(ws: WebSocket) -> Result {
    ws.send(Move).await
}

fn main() {}
