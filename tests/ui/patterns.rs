use vernal::request_map;

#[request_map("/a/*/b")]
fn star_in_the_middle() {}

#[request_map("**/a/**")]
fn star_at_both_ends() {}

#[request_map("/a*")]
fn star_inside_a_segment() {}

#[request_map("/a/{b")]
fn open_brace(b: &str) -> &str {
    b
}

#[request_map("/a/{}")]
fn empty_name() {}

#[request_map("/{a}/{a}")]
fn same_name_twice(a: &str) -> &str {
    a
}

#[request_map("/{a}{b}")]
fn names_that_touch(a: &str, b: &str) -> String {
    format!("{a}{b}")
}

#[request_map("/{id:[0-9]+}")]
fn typed_name(id: u32) -> String {
    id.to_string()
}

#[request_map("/files/{*rest}")]
fn catch_all(rest: &str) -> &str {
    rest
}

#[request_map("/a?b=c")]
fn query() {}

#[request_map("/a b")]
fn blank() {}

#[request_map("/a%2")]
fn half_an_escape() {}

#[request_map("/a//b")]
fn empty_segment() {}

#[request_map("/a", "a")]
fn listed_twice() {}

#[request_map("/a#part")]
fn fragment() {}

#[request_map("/a/{path:path}/b")]
fn rest_in_the_middle() {}

fn main() {}
