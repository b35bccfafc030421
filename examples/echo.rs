//! The same echo in five styles. Which one? A loop of your own is the shortest; events share an object or a path; by hand the
//! handler decides first.
//!
//! ```console
//! $ cargo run --example echo
//! $ echo hi | websocat -n1 ws://localhost:9090/loop
//! hi
//! $ echo hi | websocat -n1 ws://localhost:9090/events
//! hi
//! $ echo hi | websocat -n1 ws://localhost:9090/functions
//! Hello, visitor.
//! $ echo hi | websocat -n1 'ws://localhost:9090/by-hand?user=ann'
//! hi
//! $ curl localhost:9090/by-hand
//! This path speaks WebSocket too.
//! $ echo '{ "x": 1, "y": 2 }' | websocat -n1 ws://localhost:9090/json
//! {"x":1,"y":2}
//! ```

use serde::{Deserialize, Serialize};
use vernal::websocket::{CloseReason, WebSocket, WebSocketRequest, WebSocketSession};
use vernal::{
    Json, Result, request_map, server, websocket_close, websocket_handler, websocket_message, websocket_open,
};

/// 1. A loop of your own. When it ends, so does the session: with 1000, or with 1011 after an error.
#[websocket_handler("/loop")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

/// 2. Events that share an object: one for all sessions, or one for each with `per_session`.
#[derive(Default)]
struct Events;

#[websocket_handler("/events")]
impl Events {
    async fn on_text_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.send(message).await
    }

    async fn on_binary_message(&self, session: &WebSocketSession, message: &[u8]) -> Result {
        session.send(message).await
    }
}

/// 3. Functions that share a path. Any of them may be missing; arguments are bound in all of them.
#[websocket_open("/functions")]
async fn welcome(session: &WebSocketSession, #[arg(default = "visitor")] user: &str) -> Result {
    session.send(format!("Hello, {user}.")).await
}

#[websocket_message("/functions", on = "text")]
async fn answer(session: &WebSocketSession, message: &str) -> Result {
    session.send(message).await
}

#[websocket_close("/functions")]
fn gone(session: &WebSocketSession, reason: &CloseReason) {
    println!("{} is gone: {reason}", session.id());
}

/// 4. By hand, in an ordinary handler: it looks at the request, and accepts or answers something else. With `Option` it serves plain
///    requests of the same path as well.
#[request_map("/by-hand", method = "GET")]
async fn by_hand(ws: Option<WebSocketRequest>, user: Option<&str>) -> Result<&'static str> {
    let Some(ws) = ws else { return Ok("This path speaks WebSocket too.\n") };
    if user.is_none() {
        return Err(ws.reject(401));
    }
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok("") // The connection is a WebSocket by now, so nobody gets this.
}

/// 5. Typed: a message that is no `Point` closes the session with 1003 and says why.
#[derive(Default)]
struct Points;

#[derive(Serialize, Deserialize)]
struct Point {
    x: i64,
    y: i64,
}

#[websocket_handler("/json")]
impl Points {
    async fn on_message(&self, session: &WebSocketSession, Json(point): Json<Point>) -> Result {
        session.send(Json(point)).await
    }
}

fn main() -> Result {
    server::start()
}
