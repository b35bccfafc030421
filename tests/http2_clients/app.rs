//! What the clients are served, on a TLS port and a plain one.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::timeout;
use vernal::tls::Tls;
use vernal::websocket::{Message, WebSocketSession};
use vernal::{
    Body, BodyReader, Compression, Event, Limits, Request, Result, Sse, State, StaticFile, Text, Trailers,
    request_map, websocket_handler,
};

use crate::authority::{Authority, PATIENCE, Running, builder};

#[request_map("/hello", app = "http2_clients")]
fn hello(req: &Request) -> String {
    format!("{:?} hello", req.version())
}

#[request_map("/echo", app = "http2_clients", method = "POST")]
fn echo(text: Text<&str>) -> String {
    text.to_uppercase()
}

#[request_map("/size", app = "http2_clients", method = "POST", limits = Limits::new().body_size(16 << 20))]
async fn size(mut body: BodyReader) -> Result<String> {
    let mut size = 0;
    while let Some(piece) = body.read().await? {
        size += piece.len();
    }
    Ok(size.to_string())
}

#[request_map("/small", app = "http2_clients", method = "POST", limits = Limits::new().body_size(1 << 10))]
fn small(text: Text<&str>) -> String {
    text.len().to_string()
}

/// How many fields there are, how many cookies, and the last of those.
#[request_map("/cookies", app = "http2_clients")]
fn cookies(req: &Request) -> String {
    let fields = req.headers.get_all("cookie").count();
    format!("{fields} {} {}", req.cookies().len(), req.cookies().get("c29").unwrap_or("none"))
}

#[request_map("/trailed", app = "http2_clients")]
fn trailed() -> (&'static str, Trailers) {
    ("hello", Trailers::from([("x-sum", 7)]))
}

#[request_map("/trailed/stream", app = "http2_clients")]
fn trailed_stream() -> Body {
    let (sender, body) = Body::channel(1);
    tokio::spawn(async move {
        for _ in 0..3 {
            let _ = sender.send("hello ").await;
        }
    });
    body.with_trailers(&["x-sum"], async { Ok(Trailers::from([("x-sum", 7)])) })
}

#[request_map("/said", app = "http2_clients", method = "POST")]
fn said(text: Text<&str>, trailers: &Trailers) -> String {
    format!("{} {}", text.0, trailers.get("x-sum").unwrap_or("none"))
}

#[request_map("/license", app = "http2_clients")]
fn license() -> StaticFile {
    StaticFile::new(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE"))
}

#[request_map("/events", app = "http2_clients")]
fn events() -> Sse {
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        for number in 0..3 {
            let _ = sender.send(Event::new(number.to_string())).await;
        }
    });
    events
}

#[request_map("/large", app = "http2_clients")]
fn large() -> String {
    "large ".repeat(50_000)
}

pub struct Waiting {
    pub began: Notify,
    goes_on: Notify,
}

#[request_map("/waits", app = "http2_clients")]
async fn waits(State(waiting): State<&Arc<Waiting>>) -> &'static str {
    waiting.began.notify_one();
    waiting.goes_on.notified().await;
    "waited"
}

#[derive(Default)]
struct Echo;

#[websocket_handler("/socket", app = "http2_clients")]
impl Echo {
    async fn on_message(&self, session: &WebSocketSession, message: Message) -> Result {
        session.send(message).await
    }
}

/// A server under TLS, or not.
pub struct Serving {
    pub authority: Authority,
    pub scheme: &'static str,
    pub waiting: Arc<Waiting>,
    running: Running,
}

impl Serving {
    pub async fn start(scheme: &'static str) -> Serving {
        let authority = Authority::new();
        let waiting = Arc::new(Waiting { began: Notify::new(), goes_on: Notify::new() });
        let limits = Limits::new().http2_header_list(32 << 10);
        let server = builder("http2_clients").limits(limits).compression(Compression::gzip(6));
        let server = server.state(Arc::clone(&waiting));
        let (chain, key) = authority.write("server");
        let server = match scheme {
            "https" => server.tls(Tls::from_pem(chain, key).expect("a certificate")),
            _ => server,
        };
        Serving { authority, scheme, waiting, running: Running::start(server).await }
    }

    pub fn base(&self) -> String {
        format!("{}://localhost:{}", self.scheme, self.address().port())
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Begins to stop while a request waits, lets that go on, and waits for its answer and for the end.
    pub async fn stops_within<T>(self, answered: impl Future<Output = T>) -> T {
        self.running.handle.stop();
        self.waiting.goes_on.notify_one();
        let answer = timeout(PATIENCE, answered).await.expect("it is answered");
        self.running.stopped().await;
        answer
    }
}
