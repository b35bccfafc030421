use vernal::{BodyReader, Multipart, Text, Trailers, request_map};

#[request_map("/a", method = "POST")]
async fn too_early(_body: BodyReader, _trailers: &Trailers) {}

#[request_map("/b", method = "POST")]
async fn too_early_in_any_order(sums: &Trailers, _form: Multipart) {
    drop(sums.get("x-sum"));
}

#[request_map("/c", method = "POST")]
async fn by_value(_text: Text<&str>, _trailers: Trailers) {}

fn main() {}
