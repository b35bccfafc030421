use vernal::{BodyReader, Json, Multipart, MultipartFile, Text, request_map};

#[request_map("/a", method = "POST")]
fn two(Json(order): Json<u8>, times: u8, text: Text<&str>) -> String {
    format!("{order} {times} {}", text.0)
}

#[request_map("/b", method = "POST")]
async fn streamed_too(_body: BodyReader, Json(order): Json<u8>) -> String {
    order.to_string()
}

#[request_map("/c", method = "POST")]
async fn file_too(img: MultipartFile<'_>, Json(order): Json<u8>) -> String {
    format!("{} {order}", img.name())
}

#[request_map("/d", method = "POST")]
async fn parts_twice(_one: Multipart, _other: Multipart) {}

#[request_map("/e", method = "POST")]
async fn parts_and_file(_form: Multipart, _img: Option<MultipartFile<'_>>) {}

fn main() {}
