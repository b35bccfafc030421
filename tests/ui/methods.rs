use vernal::request_map;

#[request_map("/a", method = "GTE")]
fn slip() {}

#[request_map("/a", method = "purge")]
fn lower_case() {}

#[request_map("/a", method = ["GET", "get"])]
fn twice() {}

#[request_map("/a", method = [])]
fn none() {}

#[request_map("/a", method = GET)]
fn no_text() {}

#[request_map("/a", method = any("GET", "POST"))]
fn any_of_them() {}

#[request_map("/a", methods = "GET")]
fn other_key() {}

#[request_map("/a", method = "GET,")]
fn missing_one() {}

#[request_map("/a", method = "GET POST")]
fn blank_between() {}

#[request_map("/a", method("GET"))]
fn in_parentheses() {}

fn main() {}
