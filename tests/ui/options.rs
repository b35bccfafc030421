use vernal::request_map;

#[request_map("/a", ordre = 1)]
fn unknown() {}

#[request_map("/a", colour = 1)]
fn far_from_all() {}

#[request_map("/a", order = 1, order = 2)]
fn twice() {}

#[request_map(order = 1, "/a")]
fn path_last() {}

#[request_map("/a", order = "first")]
fn no_number() {}

#[request_map("/a", order = 99999999999)]
fn too_large() {}

#[request_map("/a", app)]
fn no_value() {}

#[request_map("/a", blocking = true)]
fn value() {}

#[request_map("/a", method("GET"))]
fn parentheses() {}

#[request_map("/a" "/b", metod = "GET")]
fn all_mistakes_at_once() {}

#[request_map("/a", blocking)]
async fn blocking() {}

#[request_map("/a", limits = 3)]
fn limits() {}

#[request_map("/b", decompress = true)]
fn decompress() {}

#[request_map("/c", decompress)]
fn decompress_what() {}

fn main() {}
