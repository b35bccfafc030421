use vernal::websocket::{CloseReason, WebSocket, WebSocketSession};
use vernal::{Response, State, controller, websocket_handler, websocket_open};

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

struct Typo;

#[websocket_handler("/typo/{room}", new = Typo)]
impl Typo {
    fn on_open(&self, _session: &WebSocketSession, rom: &str) {}
}

struct Unseen;

#[websocket_handler("/unseen/{room}/{_kind}", new = Unseen)]
impl Unseen {
    fn on_open(&self, name: &str) {}
}

struct Nothing;

#[websocket_handler("/nothing/{room}", new = Nothing)]
impl Nothing {
    fn on_message(&self, _message: &str) {}
}

#[websocket_open("/functions/{room}")]
fn open_typo(rom: &str) {}

/// Well: it is seen by one event, or by the session.
struct Seen;

#[websocket_handler("/seen/{room}", "/seen/{_other}/by/{room}", new = Seen)]
impl Seen {
    fn on_open(&self, rooms: State<&String>) {}
    fn on_close(&self, room: &str) {}
}

#[websocket_handler("/session/{room}")]
async fn by_session(_ws: WebSocket) {}

struct Selfless;

#[websocket_handler("/selfless", new = Selfless)]
impl Selfless {
    async fn on_message(_session: &WebSocketSession, _message: &str) {}
}

struct Ended;

#[websocket_handler("/ended", new = Ended)]
impl Ended {
    fn on_close(&self, code: u16, _reason: &CloseReason, #[arg(name = "reason")] _of_query: &str) {}
}

struct Above;

#[controller]
#[websocket_handler("/above", new = Above)]
impl Above {
    fn on_message(&self, _message: &str) {}
}

struct Below;

#[websocket_handler("/below", new = Below)]
#[controller("/c")]
impl Below {
    fn on_message(&self, _message: &str) {}
}

#[websocket_handler("/alone")]
async fn alone() {}

#[websocket_handler("/handle")]
async fn handle(_ws: WebSocketSession) {}

#[vernal::websocket("/no/such")]
async fn no_such(_ws: WebSocket) {}

#[websocket_handler("/lent")]
async fn lent(_ws: &mut WebSocket) {}

fn main() {}
