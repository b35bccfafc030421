//! The endpoints that web servers are usually compared by: `arena --port 9090 --threads 1 --static DIR`, and with
//! `--tls-cert FILE --tls-key FILE` the same over TLS; HTTP/2 too where the feature `http2` is on. `--access-log FILE` and `--metrics PORT` show what these cost.
//!
//! Written as the README teaches, with no tricks: what is measured is what a user gets.

mod watched;
mod websocket;

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vernal::websocket::{Deflate, Origins, WebSocketConfig};
use vernal::{BodyReader, Compression, Json, OrStatus, Resources, Result, State, request_map, server};

#[derive(Serialize)]
struct Greeting {
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

struct Files(Bytes, String);

#[request_map("/plaintext", method = "GET")]
fn plaintext() -> &'static str {
    "Hello, World!"
}

#[request_map("/json", method = "GET")]
fn json() -> Json<Greeting> {
    Json(Greeting { message: "Hello, World!" })
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
fn large(State(Files(large, _)): State<&Files>) -> Bytes {
    large.clone()
}

#[request_map("/gzip", method = "GET")]
fn gzip(State(Files(_, text)): State<&Files>) -> &str {
    text
}

#[request_map("/upload", method = "POST")]
async fn upload(mut body: BodyReader) -> Result<String> {
    let mut size = 0;
    while let Some(piece) = body.read().await? {
        size += piece.len();
    }
    Ok(size.to_string())
}

fn main() -> vernal::Result {
    let port = option("--port").map_or(Ok(9090), |text| text.parse())?;
    let threads = option("--threads").map_or(Ok(1), |text| text.parse())?;
    let folder = option("--static");
    let file = |name: &str, size: usize| match &folder {
        Some(folder) => std::fs::read_to_string(format!("{folder}/{name}")).or_404("no such file"),
        None => Ok("x".repeat(size)),
    };
    let level = option("--gzip-level").map_or(Ok(6), |text| text.parse())?;
    // What conformance suites send is larger, and in more pieces, than what anybody should take by default.
    let websocket = WebSocketConfig::new().message_size(16 << 20).frame_size(16 << 20).fragments(1 << 20);
    // `--cache off` shows what reading each file anew costs.
    let files = Resources::dir(folder.as_deref().unwrap_or("examples"));
    let caches = option("--cache").is_none_or(|cache| cache != "off");
    let server = server::new()
        .resources("/static/*", files.cache(caches))
        .host("127.0.0.1")
        .port(port)
        .threads(threads)
        .state(Files(file("large.txt", 64 << 10)?.into(), file("gzip.txt", 16 << 10)?))
        .compression(Compression::gzip(level))
        .websocket(websocket.origins(Origins::Any))
        .websocket_deflate(Deflate::default());
    let server = watched::watched(server)?;
    match option("--tls-cert").zip(option("--tls-key")) {
        #[cfg(feature = "tls")]
        Some((cert, key)) => server.tls(vernal::tls::Tls::from_pem(cert, key)?).start(),
        #[cfg(not(feature = "tls"))]
        Some(_) => Err("build it with the feature `tls`".into()),
        None => server.start(),
    }
}

/// The value after an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}
