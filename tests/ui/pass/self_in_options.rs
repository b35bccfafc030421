use vernal::websocket::{WebSocketConfig, WebSocketSession};
use vernal::{Limits, State, controller, endpoint, request_map, websocket_handler};

struct Shop(u8);

impl Shop {
    const PAGE: u32 = 20;

    fn open(State(size): State<&u8>) -> Self {
        Self(*size)
    }

    const fn limits() -> Limits {
        Limits::new().body_size(1 << 10)
    }
}

#[controller(new = Self::open)]
impl Shop {
    #[request_map("/shop", limits = Self::limits())]
    fn list(&self, #[arg(default = Self::PAGE)] page: u32) -> String {
        format!("{} {page}", self.0)
    }
}

struct Tuple(u8);

#[controller(new = Self(3))]
impl Tuple {
    #[request_map("/tuple", limits = Limits::new().body_size(1 << 20))]
    fn get(&self) -> String {
        self.0.to_string()
    }
}

struct Unit;

#[endpoint("/unit", new = Self)]
impl Unit {
    fn get(&self, #[arg(default = Self::default_page() + 1)] page: u32) -> String {
        page.to_string()
    }

    fn default_page() -> u32 {
        1
    }
}

struct Fields {
    count: u8,
}

#[controller(new = Self { count: 1 })]
impl Fields {
    #[request_map("/fields")]
    fn get(&self) -> String {
        self.count.to_string()
    }
}

struct Chat;

const CHAT: Chat = Chat;

impl Chat {
    const ROOM: u8 = 1;
}

#[websocket_handler("/chat", config = Self::config(), new = CHAT)]
impl Chat {
    fn on_open(&self, _session: &WebSocketSession, #[arg(default = Self::ROOM)] _room: u8) {}

    fn config() -> WebSocketConfig {
        WebSocketConfig::new()
    }
}

fn main() {}
