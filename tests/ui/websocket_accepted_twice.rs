//! A session is accepted once.

use vernal::websocket::WebSocket;
use vernal::{Result, websocket_handler};

#[websocket_handler("/chat")]
async fn chat(ws: WebSocket) -> Result {
    let ws = ws.accept().await?;
    ws.send("hello").await
}

fn main() {}
