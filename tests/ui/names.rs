use vernal::{Header, request_map};

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

fn main() {}
