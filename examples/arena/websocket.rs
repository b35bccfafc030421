//! Messages back to who sent them, and to all who are there.

use vernal::websocket::{Message, Rooms, WebSocket, WebSocketSession};
use vernal::{Result, websocket_handler};

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
