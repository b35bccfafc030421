//! What answers cost in memory that nobody reads: data that lives for ever nothing, all else once. Alone in its process, for
//! that is what is measured.

mod measuring;

use std::borrow::Cow;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};
use vernal::{Body, Html, Json, Limits, Response, Result, State, controller, request_map, server};

const SIZE: usize = 8 << 20;

static BYTES: [u8; SIZE] = [b'x'; SIZE];

fn text() -> &'static str {
    std::str::from_utf8(&BYTES).expect("letters")
}

#[request_map("/static/slice")]
fn slice() -> &'static [u8] {
    &BYTES
}

#[request_map("/static/array")]
fn array() -> &'static [u8; SIZE] {
    &BYTES
}

#[request_map("/static/text")]
fn static_text(_number: Option<u8>) -> &'static str {
    text()
}

#[request_map("/static/async")]
async fn later(_name: Option<&str>) -> Result<(u16, &'static [u8])> {
    tokio::task::yield_now().await;
    Ok((201, &BYTES))
}

#[request_map("/static/cow")]
fn cow() -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(text()))
}

#[request_map("/static/html")]
fn html() -> Html<&'static str> {
    Html(text())
}

type Page = &'static [u8];

#[request_map("/static/alias")]
fn alias() -> Page {
    &BYTES
}

#[derive(Default)]
struct Pages;

#[controller]
#[request_map("/static/controller")]
impl Pages {
    #[request_map]
    fn page(&self) -> &'static str {
        text()
    }
}

#[request_map("/static/body")]
fn body() -> Body {
    Body::from(&BYTES[..])
}

#[request_map("/static/response")]
fn response() -> Response {
    Response::new(200).body(&BYTES[..])
}

#[request_map("/static/shared")]
fn shared(State(text): State<&Arc<str>>) -> Arc<str> {
    Arc::clone(text)
}

#[request_map("/none")]
fn none() {}

#[request_map("/once/string")]
fn string() -> String {
    text().to_owned()
}

#[request_map("/once/pushed")]
fn pushed() -> String {
    let mut text = String::new();
    (0..SIZE).for_each(|_| text.push('x'));
    text
}

#[request_map("/once/vec")]
async fn vec() -> Vec<u8> {
    BYTES.to_vec()
}

#[request_map("/once/box")]
fn boxed() -> Box<str> {
    text().into()
}

#[request_map("/once/json")]
fn json_text() -> Json<&'static str> {
    Json(text())
}

#[request_map("/once/value")]
fn value() -> Value {
    json!({ "text": text() })
}

#[request_map("/once/borrowed")]
fn borrowed(State(text): State<&Arc<str>>) -> &str {
    text
}

#[request_map("/once/bytes")]
fn borrowed_bytes(State(text): State<&Arc<str>>) -> (&[u8], u16) {
    (text.as_bytes(), 201)
}

#[test]
fn answers_are_held_once_or_not_at_all() {
    let limits = Limits::new().connections_per_address(1_000);
    let bound = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false).limits(limits);
    let bound = bound.state::<Arc<str>>(text().into()).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = measuring::serve(bound);
    // Path, how many answers, MiB that they may hold.
    let table = [
        ("/static/slice", 200, 50),
        ("/static/array", 20, 4),
        ("/static/text", 20, 4),
        ("/static/async", 20, 4),
        ("/static/cow", 20, 4),
        ("/static/html", 20, 4),
        ("/static/alias", 20, 4),
        ("/static/controller", 20, 4),
        ("/static/body", 20, 4),
        ("/static/response", 20, 4),
        ("/static/shared", 20, 4),
        ("/once/string", 5, 41),
        // While it grows there is more.
        ("/once/pushed", 5, 60),
        ("/once/vec", 5, 41),
        ("/once/box", 5, 41),
        ("/once/json", 5, 60),
        ("/once/value", 5, 68),
        ("/once/borrowed", 5, 41),
        ("/once/bytes", 5, 41),
    ];
    drop(ask(address, "/none"));
    let idle = measuring::begin();
    for (path, count, most) in table {
        // Those of the row before are let go of when the server has seen that nobody is there any more, but for what it
        // keeps for the connections to come.
        while measuring::begin() > idle + SIZE {
            drop(ask(address, "/none"));
        }
        let before = measuring::begin();
        let unread: Vec<_> = (0..count).map(|_| ask(address, path)).collect();
        let peak = measuring::peak() - before;
        assert!(peak <= most << 20, "{path}: {} KiB at the peak, {most} MiB at most", peak >> 10);
        drop(unread);
    }
    handle.stop();
    serving.join().expect("no panic");
}

/// Asks, and reads no more than the head of the answer: by then the handler has run.
fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").expect("sent");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 20"), "{path}: {}", String::from_utf8_lossy(&head));
    stream
}
