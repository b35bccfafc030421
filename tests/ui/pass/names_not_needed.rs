//! A handler may look at the whole request without a name, and take the body in parts.

#![deny(warnings)]

use serde_json::Value;
use vernal::{ConnectionInfo, Headers, Json, Request, State, request_map};

#[derive(serde::Deserialize)]
struct Point {
    x: u32,
    y: u32,
}

#[request_map("/point", method = "POST")]
fn point(Json(Point { x, y }): Json<Point>, _: &Request) -> String {
    format!("{x} {y}")
}

#[request_map("/all")]
fn all(Json(_): Json<Value>) {}

#[request_map("/parts")]
fn parts(_: &Headers, _: ConnectionInfo, _: State<&u8>) {}

fn main() {}
