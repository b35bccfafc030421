//! The endpoints that web servers are usually compared by: `arena --port 9090 --threads 1 --static DIR`.
//!
//! Written as the README teaches, with no tricks: what is measured is what a user gets.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vernal::{Json, OrStatus, State, request_map, server};

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Item<'a> {
    id: u64,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    tags: Vec<Cow<'a, str>>,
}

struct Large(Bytes);

#[request_map("/plaintext", method = "GET")]
fn plaintext() -> &'static str {
    "Hello, World!"
}

#[request_map("/json", method = "GET")]
fn json() -> Json<Message> {
    Json(Message { message: "Hello, World!" })
}

#[request_map("/hello/{name}", method = "GET")]
fn hello(name: &str, greeting: &str) -> String {
    format!("{greeting}, {name}!")
}

#[request_map("/echo", method = "POST")]
fn echo<'a>(Json(item): Json<Item<'a>>) -> Json<Item<'a>> {
    Json(item)
}

#[request_map("/large", method = "GET")]
fn large(State(large): State<&Large>) -> Bytes {
    large.0.clone()
}

fn main() -> vernal::Result {
    let port = option("--port").map_or(Ok(9090), |text| text.parse())?;
    let threads = option("--threads").map_or(Ok(1), |text| text.parse())?;
    let large = match option("--static") {
        Some(folder) => std::fs::read(format!("{folder}/large.txt")).or_404("no large.txt in that folder")?,
        None => vec![b'x'; 64 << 10],
    };
    server::new().host("127.0.0.1").port(port).threads(threads).state(Large(large.into())).start()
}

/// The value after an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}
