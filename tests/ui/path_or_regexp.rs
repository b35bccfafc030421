use vernal::{request_filter, request_map};

#[request_map]
fn neither() {}

#[request_map("/a", regexp = "^a")]
fn both() {}

#[request_filter]
fn filters_nothing() {}

#[request_map(concat!("/a", "/b"))]
fn no_literal() {}

fn main() {}
