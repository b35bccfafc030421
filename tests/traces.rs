//! Spans of requests, and traces that go through several programs. Alone in its process, since a subscriber is for all of it.

mod running;
mod traced;

use std::sync::LazyLock;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tracing::info;
use tracing_subscriber::layer::SubscriberExt;
use vernal::test::{Client, TestSocket};
use vernal::websocket::{WebSocket, WebSocketRequest, WebSocketSession, connect};
use vernal::{
    App, Body, Config, Error, FilterContext, Limits, Next, Request, Result, Trace, TraceContext, Tracing,
    request_filter, request_map, websocket_handler,
};

use crate::running::{PATIENCE, Running, builder};
use crate::traced::{SaidIn, Seen, Traced};

#[request_map("/orders/{id}")]
async fn order(id: u32) -> String {
    info!("before");
    tokio::task::yield_now().await;
    info!("after");
    format!("order {id}")
}

#[request_map("/plain")]
fn plain() {
    info!("plain");
}

#[request_map("/blocking", blocking)]
fn blocking() {
    info!("blocking");
}

#[request_map("/fails")]
fn fails() -> Result {
    Err(Error::internal("no orders"))
}

#[request_map("/streams")]
fn streams() -> Body {
    struct Pieces(u8);
    impl futures_core::Stream for Pieces {
        type Item = Result<String>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<String>>> {
            self.0 += 1;
            info!("piece {}", self.0);
            std::task::Poll::Ready((self.0 < 3).then(|| Ok(format!("{} ", self.0))))
        }
    }
    Body::stream(Pieces(0))
}

#[request_map("/text", method = "POST", limits = Limits::new().body_size(4))]
fn text(text: vernal::Text<&str>) -> String {
    text.to_string()
}

#[request_map("/filtered")]
fn filtered() {}

#[request_filter("/filtered")]
async fn filter(cx: &mut FilterContext<'_>, next: Next<'_>) {
    info!("filter");
    next.run(cx).await;
    info!("filter again");
}

/// The handler that never ends has begun.
static BEGUN: Notify = Notify::const_new();

#[request_map("/forever")]
async fn forever() {
    BEGUN.notify_one();
    std::future::pending::<()>().await;
}

#[websocket_handler("/ws/{room}")]
async fn socket(mut ws: WebSocket, room: &str, trace: Trace<'_>) -> Result {
    ws.send(trace.context().to_string()).await?;
    while ws.next().await.is_some() {
        info!("message in {room}");
        ws.send("told").await?;
    }
    Ok(())
}

#[request_map("/by-hand/{room}", method = "GET")]
async fn by_hand(ws: WebSocketRequest, room: &str, trace: Trace<'_>) -> Result {
    let mut ws = ws.accept().await?;
    ws.send(trace.context().to_string()).await?;
    while ws.next().await.is_some() {
        info!("message in {room}");
        ws.send("told").await?;
    }
    Ok(())
}

#[derive(Default)]
struct Events;

#[websocket_handler("/events")]
impl Events {
    async fn on_message(&self, session: &WebSocketSession, trace: Trace<'_>, text: &str) -> Result {
        info!("message: {text}");
        session.send(trace.context().to_string()).await
    }
}

/// What would be passed on, and what came.
#[request_map("/trace")]
fn trace(trace: Trace<'_>) -> String {
    let parent = trace.parent().map(|parent| parent.to_string()).unwrap_or_default();
    let fields: Vec<_> = trace.fields().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{parent}\n{}", fields.join("\n"))
}

/// The fields of a handshake.
#[websocket_handler("/shows")]
async fn shows(ws: WebSocket) -> Result {
    let field = |name| ws.request().header(name).unwrap_or("none").to_owned();
    ws.send(format!("{} {}", field("traceparent"), field("tracestate"))).await
}

/// Asks the WebSocket above for its handshake.
#[request_map("/asks")]
async fn asks(req: &Request, port: u16) -> Result<String> {
    let mut ws = connect(format!("ws://127.0.0.1:{port}/shows")).trace(req.trace()).await?;
    let shown = ws.recv().await?.and_then(|message| Some(message.as_text()?.to_owned()));
    Ok(format!("{}\n{}", req.trace().context(), shown.unwrap_or_default()))
}

/// Who listens for the whole process.
static TRACED: LazyLock<Traced> = LazyLock::new(|| {
    let traced = Traced::default();
    let all = tracing_subscriber::registry().with(traced.clone());
    tracing::subscriber::set_global_default(all).expect("nobody else listens");
    traced
});

/// One test at a time, since all say to one.
async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let guard = ALONE.lock().await;
    TRACED.forget();
    guard
}

fn spans() -> Vec<Seen> {
    TRACED.spans()
}

/// The only span there is, which must be over.
fn only() -> Seen {
    let spans = spans();
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert!(span.is_over, "{span:?}");
    span.clone()
}

/// What was said, by handlers and in access lines.
fn said() -> Vec<SaidIn> {
    let mut lines = TRACED.lines();
    lines.retain(|line| ["traces", "vernal::access"].contains(&&*line.target));
    lines
}

fn client() -> Client {
    Client::builder().tracing(Tracing::new().spans(true)).build()
}

/// The text that comes next.
async fn place(ws: &mut TestSocket) -> String {
    ws.expect_message().await.as_text().expect("a text").to_owned()
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn a_span_tells_what_was_asked_and_how_it_was_answered() {
    let _alone = alone().await;
    let client = client();
    type Row = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);
    let table: &[Row] = &[
        (
            "an answer",
            "GET /orders/7?full=yes HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: cli\r\n\r\n",
            "200",
            &[
                ("otel.name", "GET /orders/{id}"),
                ("otel.kind", "server"),
                ("otel.status_code", ""),
                ("http.request.method", "GET"),
                ("http.request.method_original", ""),
                ("url.scheme", "http"),
                ("url.path", "/orders/7"),
                ("url.query", "full=yes"),
                ("http.route", "/orders/{id}"),
                ("error.type", ""),
                ("network.protocol.version", "1.1"),
                ("server.address", "shop.example"),
                ("server.port", "8080"),
                ("user_agent.original", "cli"),
            ],
        ),
        (
            "an address",
            "GET /plain HTTP/1.1\r\nHost: [::1]\r\n\r\n",
            "200",
            &[("server.address", "::1"), ("server.port", ""), ("user_agent.original", "")],
        ),
        (
            "an error of the server",
            "GET /fails HTTP/1.0\r\nHost: h\r\n\r\n",
            "500",
            &[("otel.status_code", "ERROR"), ("error.type", "500"), ("network.protocol.version", "1.0")],
        ),
        (
            "one of the client",
            "GET /orders/none HTTP/1.1\r\nHost: h\r\n\r\n",
            "404",
            &[("otel.status_code", ""), ("error.type", ""), ("http.route", "/orders/{id}")],
        ),
        (
            "nothing there",
            "GET /nobody HTTP/1.1\r\nHost: h\r\n\r\n",
            "404",
            &[("otel.name", ""), ("http.route", "")],
        ),
        (
            "a method that nobody knows",
            "BREW /plain HTTP/1.1\r\nHost: h\r\n\r\n",
            "200",
            &[
                ("http.request.method", "_OTHER"),
                ("http.request.method_original", "BREW"),
                ("otel.name", "_OTHER /plain"),
            ],
        ),
        (
            "a body that is too large",
            "POST /text HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nfives",
            "413",
            &[("http.request.method", "POST"), ("url.path", "/text")],
        ),
        (
            "no head",
            "rubbish\r\n\r\n",
            "400",
            &[("http.request.method", "_OTHER"), ("url.path", ""), ("network.protocol.version", "")],
        ),
        (
            "what would break a line",
            "GET /orders/1?\x1b HTTP/1.1\r\nHost: h\r\n\r\n",
            "400",
            &[("url.query", "")],
        ),
    ];
    for (name, request, status, expected) in table {
        client.raw(request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)).await;
        let span = only();
        assert_eq!((&*span.target, &*span.name, span.parent), ("vernal::request", "request", None), "{name}");
        assert_eq!(span.field("http.response.status_code"), *status, "{name}: {span:?}");
        for (field, value) in *expected {
            assert_eq!(span.field(field), *value, "{name}, {field}: {span:?}");
        }
        assert_eq!((span.field("trace_id").len(), span.field("span_id").len()), (32, 16), "{name}");
        assert_eq!(span.field("request.id").len(), 32, "{name}");
        TRACED.forget();
    }
}

#[tokio::test]
async fn what_is_said_for_a_request_lies_in_its_span() {
    let _alone = alone().await;
    let client = client();
    let table: [(&str, &[&str]); 5] = [
        ("/orders/7", &["before", "after"]),
        ("/plain", &["plain"]),
        ("/blocking", &["blocking"]),
        ("/filtered", &["filter", "filter again"]),
        ("/streams", &["piece 1", "piece 2", "piece 3"]),
    ];
    for (path, expected) in table {
        client.get(path).await.assert_status(200);
        let span = only();
        let lines = said();
        let access = format!("\"GET {path} HTTP/1.1\" 200");
        let texts: Vec<_> = lines.iter().map(|line| &*line.text).collect();
        assert_eq!(texts[..texts.len() - 1], *expected, "{path}");
        assert!(texts.last().is_some_and(|last| last.starts_with(&access)), "{path}: {texts:?}");
        assert!(lines.iter().all(|line| line.span == Some(0)), "{path}: {lines:?}");
        let line = lines.last().expect("the access line");
        for field in ["trace_id", "span_id", "request.id"] {
            assert_eq!(
                line.fields.get(field).map(String::as_str),
                Some(span.field(field)),
                "{path}, {field}"
            );
        }
        TRACED.forget();
    }
}

#[tokio::test]
async fn there_are_no_spans_unless_they_are_asked_for() {
    let _alone = alone().await;
    for client in [Client::new(), Client::builder().tracing(Tracing::new()).build()] {
        client.get("/orders/7").await.assert_status(200);
        let mut ws = client.websocket("/ws/blue").await;
        place(&mut ws).await;
        ws.close(1000, "").expect("it is open");
        ws.expect_close(1000).await;
        assert_eq!(spans().len(), 0);
        assert!(said().iter().all(|line| !line.fields.contains_key("span_id")), "{:?}", said());
    }
    #[cfg(feature = "config")]
    {
        let settings = vernal::Settings::toml("[tracing]\nspans = true\n");
        Client::builder().settings(settings).build().get("/plain").await.assert_status(200);
        assert_eq!(only().field("url.path"), "/plain");
    }
}

#[tokio::test]
async fn a_websocket_has_a_span_of_its_own_from_its_101_on() {
    let _alone = alone().await;
    for (path, route) in [("/ws/blue", "/ws/{room}"), ("/by-hand/blue", "/by-hand/{room}")] {
        opens_a_websocket(path, route, client().connect()).await;
    }
}

/// Nothing of that depends on who serves the connection.
#[cfg(feature = "tower")]
#[tokio::test]
async fn a_websocket_through_another_server_has_a_span_of_its_own_too() {
    use hyper_util::{rt::TokioIo, service::TowerToHyperService};
    let _alone = alone().await;
    let app = App::from_registry(Config::new().tracing(Tracing::new().spans(true))).expect("an application");
    for (path, route) in [("/ws/blue", "/ws/{room}"), ("/by-hand/blue", "/by-hand/{room}")] {
        let (ours, theirs) = tokio::io::duplex(4096);
        let served = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(theirs), TowerToHyperService::new(app.service()))
            .with_upgrades();
        tokio::spawn(served);
        opens_a_websocket(path, route, ours).await;
    }
}

/// Looks at the spans while a session is open over this connection, and after it.
async fn opens_a_websocket(path: &str, route: &str, over: tokio::io::DuplexStream) {
    let mut ws = connect(format!("ws://h{path}")).over(over).await.expect("it opens");
    let trace = ws.next().await.and_then(|place| TraceContext::parse(place.as_text()?, "")).expect("a place");
    ws.send("x").await.expect("it is open");
    assert_eq!(ws.next().await.expect("an answer").as_text(), Some("told"));
    let open = spans();
    let [request, session] = &open[..] else { panic!("{path}: {open:?}") };
    assert_eq!(request.field("http.response.status_code"), "101", "{path}: {request:?}");
    assert_eq!((request.is_over, session.is_over), (true, false), "{path}: {open:?}");
    assert_eq!((&*session.target, session.field("http.route")), ("vernal::websocket", route), "{path}");
    assert_eq!((session.parent, session.follows), (None, Some(0)), "{path}");
    for span in [request, session] {
        assert_eq!(span.field("trace_id"), format!("{:032x}", trace.trace_id()), "{path}: {span:?}");
    }
    let lines = said();
    let [access, message] = &lines[..] else { panic!("{path}: {lines:?}") };
    assert_eq!((access.span, message.span), (Some(0), Some(1)), "{path}: {lines:?}");
    ws.close(1000, "").expect("it is open");
    drop(ws);
    let over = async {
        while spans().iter().any(|span| !span.is_over) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, over).await.expect("the session's span ends");
    TRACED.forget();
}

#[tokio::test]
async fn a_request_whose_peer_leaves_is_aborted() {
    let _alone = alone().await;
    let server = Running::start(builder().tracing(Tracing::new().spans(true))).await;
    let mut peer = tokio::net::TcpStream::connect(server.address).await.expect("it listens");
    peer.write_all(b"GET /forever HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
    BEGUN.notified().await;
    peer.set_zero_linger().expect("a socket");
    drop(peer);
    server.stop().await;
    let span = only();
    assert_eq!(
        (span.field("error.type"), span.field("http.response.status_code")),
        ("aborted", ""),
        "{span:?}"
    );
}

#[tokio::test]
async fn a_trace_goes_on_where_its_peer_is_believed() {
    let _alone = alone().await;
    let tracing = |everyone| Tracing::new().trust_everyone(everyone);
    let proxied = || Config::new().trusted_proxies(["10.0.0.0/8"]);
    let table = [
        ("a stranger", proxied(), "192.0.2.7:1", Some(PARENT), false),
        ("a trusted proxy", proxied(), "10.0.0.1:1", Some(PARENT), true),
        ("nobody is trusted", Config::new(), "10.0.0.1:1", Some(PARENT), false),
        ("everybody is", Config::new().tracing(tracing(true)), "192.0.2.7:1", Some(PARENT), true),
        ("everybody, and says nothing", Config::new().tracing(tracing(true)), "192.0.2.7:1", None, false),
        ("rubbish of a proxy", proxied(), "10.0.0.1:1", Some("00-1-2-01"), false),
        ("with spans", proxied().tracing(tracing(false).spans(true)), "10.0.0.1:1", Some(PARENT), true),
        (
            "with spans, a stranger",
            proxied().tracing(tracing(false).spans(true)),
            "192.0.2.7:1",
            Some(PARENT),
            false,
        ),
    ];
    for (name, config, peer, parent, goes_on) in table {
        let app = App::from_registry(config).expect("an application");
        let mut request = Request::get("/trace").peer(peer.parse().expect("an address"));
        if let Some(parent) = parent {
            request =
                request.header("traceparent", parent).header("tracestate", "a=1").header("tracestate", "b=2");
        }
        let answer = app.handle(request).await.into_bytes(1 << 10).await.expect("a body");
        let answer = String::from_utf8(answer.to_vec()).expect("text");
        let mut lines = answer.lines();
        let came = lines.next().unwrap_or_default();
        assert_eq!(came, if goes_on { PARENT } else { "" }, "{name}");
        let own = lines.next().and_then(|line| line.strip_prefix("traceparent: ")).expect("a field");
        let own = TraceContext::parse(own, "").expect("well formed");
        assert_eq!(format!("{:032x}", own.trace_id()) == TRACE, goes_on, "{name}");
        assert!(own.is_sampled() && !PARENT.contains(&format!("{:016x}", own.span_id())), "{name}: {own}");
        assert_eq!(lines.next(), goes_on.then_some("tracestate: a=1,b=2"), "{name}");
        let lines = said();
        let [line] = &lines[..] else { panic!("{name}: {lines:?}") };
        assert_eq!(line.fields["trace_id"], format!("{:032x}", own.trace_id()), "{name}");
        assert_eq!(line.fields["span_id"], format!("{:016x}", own.span_id()), "{name}");
        TRACED.forget();
    }
}

#[tokio::test]
async fn a_line_tells_a_trace_that_is_known_and_makes_none_up() {
    let _alone = alone().await;
    let app = App::from_registry(Config::new().trusted_proxies(["10.0.0.1"])).expect("an application");
    for (peer, expected) in [("10.0.0.1:1", Some(TRACE)), ("192.0.2.7:1", None)] {
        let peer = peer.parse().expect("an address");
        let request = Request::get("/plain").peer(peer).header("traceparent", PARENT);
        app.handle(request).await;
        let lines = said();
        let line = lines.last().expect("a line");
        assert_eq!(line.fields.get("trace_id").map(String::as_str), expected, "{peer}");
        TRACED.forget();
    }
}

#[tokio::test]
async fn a_websocket_that_is_opened_for_a_request_is_told_its_trace() {
    let _alone = alone().await;
    let server = Running::start(builder().tracing(Tracing::new().trust_everyone(true))).await;
    let mut peer = tokio::net::TcpStream::connect(server.address).await.expect("it listens");
    let request = format!(
        "GET /asks?port={} HTTP/1.1\r\nHost: h\r\ntraceparent: {PARENT}\r\ntracestate: a=1\r\nConnection: close\r\n\r\n",
        server.address.port()
    );
    peer.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.expect("an answer");
    let (own, shown) =
        answer.rsplit("\r\n\r\n").next().and_then(|body| body.split_once('\n')).expect("two lines");
    assert!(own.contains(TRACE), "{answer}");
    assert_eq!(shown, format!("{own} a=1"), "{answer}");
    server.stop().await;
    TRACED.forget();
}

#[tokio::test]
async fn events_of_a_session_know_the_trace_of_its_request() {
    let _alone = alone().await;
    let client = Client::builder().tracing(Tracing::new().trust_everyone(true)).build();
    let mut ws = client.websocket("/events").header("traceparent", PARENT).await;
    let mut places = Vec::new();
    for text in ["one", "two"] {
        ws.send(text).await.expect("it is open");
        places.push(place(&mut ws).await);
    }
    assert!(places[0].contains(TRACE) && places[0] == places[1], "{places:?}");
}
