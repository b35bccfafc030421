use vernal::{BodyReader, Json, Text, request_map};

#[request_map("/a", method = "POST")]
fn two(Json(order): Json<u8>, times: u8, text: Text<&str>) -> String {
    format!("{order} {times} {}", text.0)
}

#[request_map("/b", method = "POST")]
async fn streamed_too(_body: BodyReader, Json(order): Json<u8>) -> String {
    order.to_string()
}

fn main() {}
