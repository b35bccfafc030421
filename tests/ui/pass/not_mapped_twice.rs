//! Mappings that look alike but are told apart: by method, narrowing, application, order, prefix or condition.

#![deny(warnings)]

use vernal::{controller, request_map};

#[request_map("/a", method = "GET")]
fn get() {}

#[request_map("/a", method = "POST")]
fn post() {}

#[request_map("/a")]
fn any_method() {}

#[request_map("/a", method = "GET", params = "b")]
fn narrowed() {}

#[request_map("/a", method = "GET", headers = "B")]
fn narrowed_by_header() {}

#[request_map("/a", method = "GET", app = "other")]
fn of_another_application() {}

#[request_map("/a", method = "GET", order = 1)]
fn ordered() {}

#[request_map("/a/", method = "GET")]
fn with_a_slash() {}

#[cfg_attr(any(), request_map("/a", method = "GET"))]
pub fn conditional() {}

#[cfg(any())]
#[request_map("/a", method = "GET")]
fn left_out() {}

#[derive(Default)]
struct Shop;

#[controller("/a")]
impl Shop {
    #[request_map(method = "PUT")]
    fn put(&self) {}
}

fn main() {}
