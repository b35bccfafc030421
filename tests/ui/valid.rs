use vernal::{Json, request_map};

#[request_map("/a", method = "POST")]
fn feature_is_off(#[arg(valid)] Json(count): Json<u8>) -> String {
    count.to_string()
}

#[request_map("/c", invalid = 200)]
fn no_mistake(count: u8) -> String {
    count.to_string()
}

#[request_map("/d", invalid = 422)]
#[request_map("/e")]
fn two_statuses(count: u8) -> String {
    count.to_string()
}

fn main() {}
