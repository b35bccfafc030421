//! The example that exports its spans, with a collector that is played here: OTLP over HTTP, in the JSON form. It is a workspace of its
//! own, which is built first.

#![cfg(unix)]

mod apart;
mod running;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vernal::websocket::{WebSocket, connect};
use vernal::{Json, Limits, Result, TraceContext, request_map, websocket_handler};

use crate::running::{Running, builder};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What the collector was sent.
static SPANS: Mutex<Vec<Value>> = Mutex::new(Vec::new());

#[request_map("/v1/traces", method = "POST", limits = Limits::new().body_size(16 << 20))]
fn collect(Json(export): Json<Value>) -> Json<Value> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    for resource in list(&export, "resourceSpans") {
        for scope in list(&resource, "scopeSpans") {
            SPANS.lock().unwrap_or_else(PoisonError::into_inner).extend(list(&scope, "spans"));
        }
    }
    Json(json!({}))
}

/// What the shop asks, and the trace that it was asked in.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[websocket_handler("/stock")]
async fn stock(mut ws: WebSocket) -> Result {
    let field = |name| ws.session().request().header(name).unwrap_or("none").to_owned();
    ASKED.lock().unwrap_or_else(PoisonError::into_inner).extend([field("traceparent"), field("tracestate")]);
    while ws.next().await.is_some() {
        ws.send("5").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_through_the_example_from_its_caller_to_whom_it_asks() {
    let collector = Running::start(builder()).await;
    let shop = tokio::task::spawn_blocking({
        let address = collector.address;
        move || Shop::start(address)
    });
    let shop = shop.await.expect("no panic");
    let answer = ask(shop.port, &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: a=1\r\n")).await;
    assert!(answer.ends_with("\r\n\r\n7: 5 left"), "{answer}");
    // Its own WebSocket, in the same trace, and then a request of nobody's trace.
    let place = TraceContext::parse(&format!("00-{TRACE}-{PARENT}-01"), "").expect("a place");
    let mut ws = connect(format!("ws://127.0.0.1:{}/stock", shop.port)).trace(place).await.expect("it opens");
    ws.send("7").await.expect("it is open");
    assert_eq!(ws.recv().await.expect("it answers").expect("a message").as_text(), Some("3"));
    ws.close(1000, "").expect("it is open");
    assert!(ws.next().await.is_none(), "it closes");
    ask(shop.port, "").await;
    let said = tokio::task::spawn_blocking(move || shop.stop()).await.expect("no panic");
    collector.stop().await;
    let spans = SPANS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner).clone();

    let text = |span: &Value, name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let named = |name: &str, is_ours: bool| {
        let is_it = |span: &&Value| text(span, "name") == name && (text(span, "traceId") == TRACE) == is_ours;
        let found: Vec<_> = spans.iter().filter(is_it).collect();
        let [span] = found[..] else { panic!("{name}: {found:?} of {spans:#?}\n{said}") };
        span.clone()
    };
    let (request, handler) = (named("GET /orders/{id}", true), named("order", true));
    let (opening, session) = (named("GET /stock", true), named("WebSocket /stock", true));
    let table = [
        ("the request", &request, PARENT.to_owned()),
        ("its handler", &handler, text(&request, "spanId")),
        ("the handshake", &opening, PARENT.to_owned()),
        ("the session", &session, text(&opening, "spanId")),
    ];
    for (name, span, parent) in table {
        assert_eq!(text(span, "parentSpanId"), parent, "{name}: {spans:#?}");
    }
    // Whom it asks is told of the handler's span.
    assert_eq!(asked[0], format!("00-{TRACE}-{}-01", text(&handler, "spanId")), "{asked:?}");
    assert_eq!(asked[1], "a=1", "{asked:?}");
    // A server's span is told as such, with what was asked and answered.
    assert_eq!(request["kind"], 2, "{request:#}");
    for (span, name, value) in [
        (&request, "http.route", json!({"stringValue": "/orders/{id}"})),
        (&request, "http.request.method", json!({"stringValue": "GET"})),
        (&request, "url.path", json!({"stringValue": "/orders/7"})),
        (&request, "http.response.status_code", json!({"intValue": "200"})),
        (&opening, "http.response.status_code", json!({"intValue": "101"})),
        (&session, "http.route", json!({"stringValue": "/stock"})),
    ] {
        let found = span["attributes"].as_array().into_iter().flatten().find(|it| it["key"] == name);
        let found = found.map(|it| it["value"].clone());
        assert_eq!(found, Some(value), "{name}: {span:#}");
    }
    // What is logged lies in its span, the line of the request in that of the request.
    for (span, said) in [
        (&handler, "asked the stock"),
        (&session, "counting"),
        (&request, "\"GET /orders/7 HTTP/1.1\" 200 9"),
    ] {
        let events = span["events"].as_array().cloned().unwrap_or_default();
        assert!(events.iter().any(|event| event["name"] == said), "{said}: {span:#}");
    }
    // And the other one began a trace of its own.
    let other = named("GET /orders/{id}", false);
    assert_eq!(text(&other, "parentSpanId"), "", "{other:#}");
    assert!(asked[2].contains(&text(&named("order", false), "spanId")), "{asked:?}");
}

/// The example while it runs.
struct Shop {
    child: Child,
    said: BufReader<ChildStderr>,
    port: u16,
}

impl Shop {
    /// One that exports to the collector, and asks a stock at the same address.
    fn start(collector: SocketAddr) -> Shop {
        let mut child = Command::new(program())
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
            .env("OTEL_BSP_SCHEDULE_DELAY", "100")
            .env("STOCK", format!("ws://{collector}/stock"))
            .env("VERNAL_HOST", "127.0.0.1")
            .env("VERNAL_PORT", "0")
            .env("NO_PROXY", "*")
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut shop = Shop { child, said, port: 0 };
        let mut all = String::new();
        while shop.port == 0 {
            let begin = all.len();
            assert!(shop.said.read_line(&mut all).expect("text") > 0, "it ends before it listens:\n{all}");
            if let Some((_, rest)) = all[begin..].split_once("http://127.0.0.1:") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                shop.port = digits.parse().expect("a port");
            }
        }
        shop
    }

    /// Stops it, which sends what waits; returns what it has said.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        let mut said = String::new();
        self.said.read_to_string(&mut said).expect("text");
        assert!(self.child.wait().expect("it is our child").success(), "{said}");
        said
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(port: u16, fields: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
    let request = format!("GET /orders/7 HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// The example, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| apart::built("telemetry"))
}
