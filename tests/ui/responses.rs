use vernal::{Request, Response, request_map};

#[request_map("/a")]
fn two(_one: &mut Response, _two: &mut Response) {}

#[request_map("/b")]
fn request(_req: &mut Request) {}

fn main() {}
