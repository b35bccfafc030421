use serde::Serialize;
use vernal::{Content, Request, request_map};

#[derive(Serialize)]
struct Page<'p> {
    path: &'p str,
}

#[request_map("/a")]
fn borrowed(req: &Request) -> Content<Page<'_>> {
    Content(Page { path: req.path() })
}

#[request_map("/b")]
async fn borrowed_and_waiting(name: &str) -> Content<&str> {
    Content(name)
}

fn main() {}
