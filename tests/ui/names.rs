use vernal::{Header, Model, request_map};

#[request_map("/a")]
fn wildcard(_: Header<&str>) {}

#[request_map("/b")]
fn value(_: u32) {}

struct Point {
    x: u32,
    y: u32,
}

impl vernal::FromValue<'_> for Point {
    fn from_value(_: &str) -> vernal::Result<Self> {
        Ok(Point { x: 0, y: 0 })
    }
}

#[request_map("/c")]
fn pattern(Point { x, y }: Point) -> String {
    format!("{x} {y}")
}

#[derive(serde::Deserialize)]
struct Pair(u8, u8);

#[request_map("/t/{a}/{b}")]
fn tuple_struct(Pair(a, b): Pair) -> String {
    format!("{a} {b}")
}

#[request_map("/tuple")]
fn tuple(id: u64, (a, b): (u8, u8)) -> String {
    format!("{id} {a} {b}")
}

#[request_map("/list")]
fn list([a, b]: [u8; 2], Model((c, d)): Model<(u8, u8)>) -> String {
    format!("{a} {b} {c} {d}")
}

fn main() {}
