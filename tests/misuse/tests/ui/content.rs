use serde::Serialize;
use vernal::{Content, request_map};

struct Order {
    count: u8,
}

#[derive(Serialize)]
struct Lent<'a> {
    item: &'a str,
}

#[request_map("/a")]
fn no_serialize(count: u8) -> Content<Order> {
    Content(Order { count })
}

#[request_map("/b")]
fn borrowed<'r>(item: &'r str) -> Content<Lent<'r>> {
    Content(Lent { item })
}

#[request_map("/c", method = "POST")]
fn no_deserialize(order: Content<Order>) -> String {
    order.count.to_string()
}

fn main() {}
