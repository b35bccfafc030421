#![allow(unused_imports)]

use vernal::{Limits, Method, StatusCode, controller, error_message, request_filter, request_map};

#[request_map("/a", method = Method::GET)]
fn method_of_a_type() {}

#[request_map("/b", method = [Method::GET, Method::POST])]
fn methods_of_a_type() {}

#[request_map("/c", GET)]
fn method_alone() {}

#[request_map(value = "/d")]
fn named_path() {}

#[request_map("/e", methods = ["GET"])]
fn plural() {}

#[request_map("/f", consumes = "application/json")]
fn consumes() {}

#[request_map("/g", data = "<order>")]
fn data() {}

#[request_map("/h", status_code = 201)]
fn status() {}

#[request_map("/i", limits = Limits { body_size: 1 << 20, ..Limits::default() })]
fn limits() {}

#[request_map("/j")]
fn required(#[arg(required = false)] name: &str) -> &str {
    name
}

#[request_map("/k")]
fn renamed(#[arg(alias = "X-Name")] name: &str) -> &str {
    name
}

#[request_filter("/**", method = "GET")]
fn filter() {}

#[error_message(404)]
fn number() {}

#[error_message(StatusCode::NOT_FOUND)]
fn named_status() {}

#[error_message("4xx")]
fn hundred() {}

#[controller(prefix = "/l")]
impl Shop {
    #[request_map("/m")]
    fn m(&self) {}
}

#[derive(Default)]
struct Shop;

#[request_map("/n", produces = "application/json", rank = 2, host = "example.org", guard = "x")]
fn more() {}

#[error_message(code = "404")]
fn status_by_name() {}

#[request_map("/o")]
fn checked(#[arg(min = 1)] page: u32) -> String {
    page.to_string()
}

fn main() {}
