//! The smallest server: `cargo run --example hello`, then `curl 'localhost:9090/hello/ann?times=2'`.

use vernal::{request_map, server};

#[request_map("/hello/{name}")]
fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
    format!("Hello, {name}! ").repeat(times)
}

fn main() -> vernal::Result {
    server::start()
}
