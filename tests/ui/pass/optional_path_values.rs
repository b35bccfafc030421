//! A path value that not every path of the mapping has.

#![deny(warnings)]

use vernal::{PathValue, RegGroup, request_map};

#[request_map("/users", "/users/{name}")]
fn user(name: Option<PathValue<&str>>) -> String {
    name.map(|name| name.to_string()).unwrap_or_default()
}

#[request_map("/teams", "/teams/{name}")]
fn team(#[arg(default = "all")] name: PathValue<&str>) -> String {
    name.to_string()
}

#[request_map(regexp = "^/x/(a)?")]
fn x(a: Option<RegGroup<&str>>) -> String {
    a.map(|a| a.to_string()).unwrap_or_default()
}

fn main() {}
