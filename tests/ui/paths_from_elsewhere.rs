use vernal::{controller, request_filter, request_map, websocket_handler};

#[request_map("/users/:id")]
fn colon(id: u64) -> String {
    id.to_string()
}

#[request_map("/users/<id>")]
fn angle(id: u64) -> String {
    id.to_string()
}

#[request_map("/users/<int:id>")]
fn angle_with_type(id: u64) -> String {
    id.to_string()
}

#[request_map("/users/{id:[0-9]+}")]
fn with_pattern(id: u64) -> String {
    id.to_string()
}

#[request_map("/users/{id?}")]
fn optional(id: Option<u64>) -> String {
    format!("{id:?}")
}

#[request_map("/files/{*rest}")]
fn axum(rest: &str) -> &str {
    rest
}

#[request_map("/files/*rest")]
fn star(rest: &str) -> &str {
    rest
}

#[request_map("/files/{tail:.*}")]
fn actix(tail: &str) -> &str {
    tail
}

#[request_map("/files/<rest..>")]
fn rocket(rest: &str) -> &str {
    rest
}

#[request_filter("/users/:id/**")]
fn filter() {}

#[websocket_handler("/rooms/:room")]
impl Rooms {
    fn on_open(&self, _room: &str) {}
}

#[derive(Default)]
struct Rooms;

#[controller]
#[request_map("/shops/:shop")]
impl Shop {
    #[request_map("/articles/:article")]
    fn article(&self, _shop: u64, _article: u64) {}
}

#[derive(Default)]
struct Shop;

fn main() {}
