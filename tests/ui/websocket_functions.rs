use vernal::websocket::WebSocket;
use vernal::{websocket_close, websocket_handler, websocket_message, websocket_open};

#[websocket_handler("/plain")]
fn plain(_ws: WebSocket) {}

#[websocket_handler("/per-session", per_session)]
async fn per_session(_ws: WebSocket) {}

#[websocket_handler("/new", new = 1)]
async fn new(_ws: WebSocket) {}

#[websocket_message("/on", on = "txt")]
fn on(_message: &str) {}

#[websocket_message("/frame", on = "frame")]
fn on_frame(_message: &[u8]) {}

#[websocket_message("/none")]
fn no_message() {}

#[websocket_message("/two", on = "binary_frame")]
fn one_of_two(_payload: &[u8]) {}

#[websocket_open("/open", on = "text")]
fn open_on() {}

#[websocket_open("/protocol", protocol = "chat v1")]
fn protocol() {}

#[websocket_open("/protocols", protocol = ["a", "b"])]
fn protocols() {}

#[websocket_open("/config", config)]
fn config() {}

#[websocket_open("/events")]
#[websocket_close("/events")]
fn events() {}

#[websocket_message("/a", on = "text")]
#[websocket_message("/b", on = "ping")]
fn kinds(_message: &[u8]) {}

#[websocket_handler("/method", method = "GET")]
async fn method(_ws: WebSocket) {}

#[websocket_handler("/a/**/b")]
async fn pattern(_ws: WebSocket) {}

#[websocket_handler("/a", regexp = "^/b$")]
async fn both(_ws: WebSocket) {}

struct Chat;

impl Chat {
    #[websocket_handler("/method/alone")]
    async fn alone(&self, _ws: WebSocket) {}

    #[websocket_open("/open/alone")]
    fn open_alone(&self) {}
}

fn main() {}
