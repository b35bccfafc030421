use vernal::request_map;

#[request_map("/a", params = "a==b")]
fn two_signs() {}

#[request_map("/a", params = ["!a=b", "=c"])]
fn not_equal() {}

#[request_map("/a", params = "a = b")]
fn blanks() {}

#[request_map("/a", headers = any("Content Type^=text/", "Accept"))]
fn header_name() {}

#[request_map("/a", params = all("a"))]
fn all_is_a_list() {}

#[request_map("/a", params = "a=1&b=2")]
fn a_query() {}

#[request_map("/a", params = any("?a=1", "a&b"))]
fn the_sign_of_a_query() {}

fn main() {}
