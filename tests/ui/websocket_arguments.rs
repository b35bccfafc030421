use vernal::websocket::{CloseReason, WebSocket, WebSocketRequest, WebSocketSession};
use vernal::{
    BodyReader, Form, Json, PathValue, Text, websocket_close, websocket_handler, websocket_message,
    websocket_open,
};

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    fn on_open(&self, _reason: &CloseReason) {}
    fn on_message(&self, _ws: WebSocket, _message: &str) {}
    fn on_close(&self, _reason: CloseReason) {}
}

#[websocket_open("/json")]
fn json(_body: Json<u8>) {}

#[websocket_open("/form")]
fn form(_body: Form<u8>) {}

#[websocket_open("/text")]
fn text(_body: Text<&str>) {}

#[websocket_open("/reader")]
fn reader(_body: BodyReader) {}

#[websocket_message("/room/{room}")]
fn path_value(_name: PathValue<&str>, _message: &str) {}

#[websocket_handler("/stream/{room}")]
async fn stream(_ws: WebSocket, _reason: CloseReason) {}

#[websocket_handler("/request")]
async fn request(_ws: WebSocketRequest) {}

#[websocket_close("/close")]
fn close(_session: &WebSocketSession, _ws: WebSocket) {}

fn main() {}
