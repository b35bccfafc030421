//! What is no argument, and what is no message, is told once, also where both are described.

use vernal::websocket::WebSocket;
use vernal::{Request, request_map, websocket_handler, websocket_message};

#[request_map("/request")]
fn request(_id: u8, _req: Request) {}

#[request_map("/socket")]
async fn socket(_ws: &WebSocket) {}

#[request_map("/lent")]
fn lent(_name: &String) {}

struct Move;

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat", sends(Move))]
impl Chat {
    fn on_message(&self, _message: Move) {}
}

#[websocket_message("/move")]
fn moved(_message: Move) {}

fn main() {}
