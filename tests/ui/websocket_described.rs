use vernal::websocket::{WebSocket, WebSocketRequest, WebSocketSession};
use vernal::{Json, Result, request_map, websocket_handler, websocket_message};

struct Said;

#[websocket_handler("/a", sends())]
async fn sends_nothing(_ws: WebSocket) {}

#[websocket_handler("/b", receives("text"))]
async fn receives_a_text(_ws: WebSocket) {}

#[websocket_handler("/c", sends = String)]
async fn sends_without_parentheses(_ws: WebSocket) {}

#[websocket_handler("/d", tag = "", hidden = true)]
async fn no_tag(_ws: WebSocket) {}

#[websocket_handler("/e", sends(u8, Said))]
async fn sends_no_message(_ws: WebSocket) {}

#[websocket_handler("/f", receives(Said, Json<Said>))]
async fn receives_no_message(_ws: WebSocket) {}

#[derive(Default)]
struct Chat;

#[websocket_handler("/g", receives(String), sends(Json<Self>))]
impl Chat {
    fn on_message(&self, _message: &str) {}
}

#[websocket_message("/h", receives(String))]
async fn received_twice(session: &WebSocketSession, message: &str) -> Result {
    session.send(message).await
}

#[request_map("/i", sends(String))]
fn opens_nothing() {}

#[request_map("/j", receives(String))]
fn opens_nothing_either(_x: u8) {}

#[request_map("/k", sends(Said))]
fn opens(_ws: Option<WebSocketRequest>) {}

#[derive(Default)]
struct Shop;

#[request_map("/l", sends(String))]
impl Shop {
    #[request_map("/m")]
    fn talk(&self, _ws: WebSocketRequest) {}
}

fn main() {}
