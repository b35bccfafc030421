use vernal::websocket::{CloseReason, WebSocket, WebSocketSession};
use vernal::{Response, websocket_handler};

/// Blocks of their own types, so that their events are not there twice.
#[derive(Default)]
struct Chat<const NUMBER: u8>;

#[websocket_handler("/unknown")]
impl Chat<1> {
    fn on_mesage(&self, _message: &str) {}
    fn on_disconnect(&self) {}
    fn on_connect(&self) {}
}

#[websocket_handler("/no-message")]
impl Chat<2> {
    fn on_message(&self) {}
    fn on_binary_frame(&self, _payload: &[u8]) {}
}

#[websocket_handler("/shared")]
impl Chat<3> {
    fn on_open(&mut self) {}
}

#[websocket_handler("/own", per_session)]
impl Chat<4> {
    fn on_open(self) {}
}

#[websocket_handler("/nothing")]
impl Chat<5> {
    fn helper(&self) {}
}

#[websocket_handler("/response")]
impl Chat<6> {
    fn on_open(&self, _session: &WebSocketSession, _res: &mut Response) {}
}

#[websocket_handler("/option-of-message")]
impl Chat<7> {
    fn on_message(&self, #[arg(name = "m")] _message: &str) {}
}

#[websocket_handler]
impl Chat<8> {
    fn on_close(&self, _reason: &CloseReason) {}
}

#[websocket_handler("/each")]
async fn stream(_ws: WebSocket, _res: &mut Response) {}

#[derive(Default)]
struct Named;

#[websocket_handler("/named")]
impl Named {
    fn on_connect(&self) {}

    fn on_error(&self) {}

    fn on_text(&self, _text: &str) {}
}

#[websocket_handler("/lent")]
async fn lent(_ws: &mut WebSocket) {}

fn main() {}
