//! What is said in the log of what peers do, and of what we do. Alone in its process, since a subscriber is for all of it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};
use vernal::test::Client;
use vernal::websocket::WebSocketSession;
use vernal::{
    Error, FilterContext, Next, OrStatus, Responder, Response, Result, Text, error_message, request_filter,
    request_map, websocket_handler,
};

#[request_map("/echo", method = "POST")]
fn echo(body: Text<&str>) -> String {
    body.to_string()
}

#[request_map("/panic")]
fn panics() -> &'static str {
    panic!("as it should")
}

/// An error with another one behind it.
#[derive(Debug)]
struct NoOrders(std::num::ParseIntError);

impl fmt::Display for NoOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no orders")
    }
}

impl std::error::Error for NoOrders {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn number() -> Result<u8, NoOrders> {
    "x".parse().map_err(NoOrders)
}

#[request_map("/orders/{id}")]
fn orders(id: &str) -> Result<String> {
    Ok(format!("{id}: {}", number()?))
}

#[request_map("/later/{_id}")]
async fn later() -> Result<String> {
    let number = number().or_status(503).map_err(|error| error.explain("come back later"))?;
    Ok(number.to_string())
}

#[request_map("/blocking", blocking)]
fn blocks() -> Result<String> {
    Ok(number()?.to_string())
}

#[request_map("/unknown")]
fn unknown(name: &str) -> Result<String> {
    Err(number().or_404(format!("nobody is called {name}")).expect_err("no number"))
}

#[request_map("/quoted")]
fn quotes(text: &str) -> Result {
    Err(Error::internal(format!("`{text}` broke it")))
}

#[request_map("/filtered")]
fn filtered() -> &'static str {
    "never"
}

#[request_filter("/filtered")]
async fn fails(_: &mut FilterContext<'_>, _: Next<'_>) -> Result {
    Err(Error::internal("the filter broke"))
}

#[request_map("/page")]
fn has_a_page() -> Result {
    Err(Error::new(599, "Odd"))
}

#[error_message("599")]
fn page(error: &Error) -> Result<String> {
    let _ = error;
    Ok(number()?.to_string())
}

/// An answer that cannot be made.
struct Unmade;

impl Responder for Unmade {
    fn respond(self, _: &mut Response) -> Result {
        Err(number().expect_err("no number").into())
    }
}

#[request_map("/unmade")]
fn unmade() -> Unmade {
    Unmade
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    async fn on_message(&self, _: &WebSocketSession, message: &str) -> Result {
        Err(Error::internal(format!("no {message}")))
    }
}

/// One line of the log.
#[derive(Clone, Debug)]
struct Said {
    level: Level,
    target: &'static str,
    text: String,
}

static SAID: Mutex<Vec<Said>> = Mutex::new(Vec::new());

/// Keeps all that is said.
struct Keeper;

impl tracing::Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("vernal")
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Message(String::new());
        event.record(&mut text);
        let metadata = event.metadata();
        let said = Said { level: *metadata.level(), target: metadata.target(), text: text.0 };
        SAID.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// One test after the other, since they share the log; it is empty then.
async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let guard = ONE.lock().await;
    let _ = tracing::subscriber::set_global_default(Keeper);
    SAID.lock().unwrap_or_else(PoisonError::into_inner).clear();
    guard
}

fn take() -> Vec<Said> {
    std::mem::take(&mut SAID.lock().unwrap_or_else(PoisonError::into_inner))
}

#[tokio::test]
async fn a_peer_cannot_fill_the_log() {
    let _alone = alone().await;
    let client = Client::new();
    let table = [
        ("GET\r\n\r\n", 0),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", 0),
        ("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 0),
        ("GET /nobody HTTP/1.1\r\nHost: h\r\n\r\n", 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\nabc", 0),
        // Our own mistakes are told.
        ("GET /panic HTTP/1.1\r\nHost: h\r\n\r\n", 1),
    ];
    for (request, expected) in table {
        let answer = client.raw(request).await;
        let count = take().iter().filter(|said| said.level <= Level::WARN).count();
        assert_eq!(count, expected, "{request}: {answer}");
    }
}

const NO_ORDERS: &str = "no orders; caused by: invalid digit found in string";

#[tokio::test]
async fn the_line_of_an_error_tells_who_where_and_why() {
    let _alone = alone().await;
    let client = Client::new();
    let ours = |code: u16, message: &str, why: &str| format!("code {code}, message {message}: {why}");
    let internal = |why: &str| ours(500, "Internal Server Error", why);
    let long = "x".repeat(5_000);
    let table = [
        ("/orders/7?x=1", Level::ERROR, "GET /orders/7, `orders` at", internal(NO_ORDERS)),
        ("/orders/a%20%3Cb%3E%26", Level::ERROR, "GET /orders/a <b>&, `orders` at", internal(NO_ORDERS)),
        (
            "/orders/%0D%0A%1B[31m",
            Level::ERROR,
            "GET /orders/\\r\\n\\u{1b}[31m, `orders` at",
            internal(NO_ORDERS),
        ),
        (
            "/later/7",
            Level::ERROR,
            "GET /later/7, `later` at",
            ours(503, "Service Unavailable", &format!("come back later; caused by: {NO_ORDERS}")),
        ),
        ("/blocking", Level::ERROR, "GET /blocking, `blocks` at", internal(NO_ORDERS)),
        ("/panic", Level::ERROR, "GET /panic, `panics` at", internal("the handler panicked: as it should")),
        ("/filtered", Level::ERROR, "GET /filtered, `fails` at", internal("the filter broke")),
        ("/unmade", Level::ERROR, "GET /unmade, `unmade` at", internal(NO_ORDERS)),
        (
            &format!("/quoted?text={long}"),
            Level::ERROR,
            "GET /quoted, `quotes` at",
            internal(&format!("`{long}` broke it")),
        ),
        (
            "/quoted?text=%3Ca+href%3D%22%26%27%22%3E%5Cn",
            Level::ERROR,
            "GET /quoted, `quotes` at",
            internal("`<a href=\"&'\">\\n` broke it"),
        ),
        (
            "/quoted?text=a%0D%0A%E2%80%A8%E2%80%AEb",
            Level::ERROR,
            "GET /quoted, `quotes` at",
            internal("`a\\r\\n\\u{2028}\\u{202e}b` broke it"),
        ),
        (
            "/unknown?name=ann%0A",
            Level::DEBUG,
            "GET /unknown, `unknown` at",
            ours(404, "Not Found", &format!("nobody is called ann\\n; caused by: {NO_ORDERS}")),
        ),
        (
            "/unknown",
            Level::DEBUG,
            "GET /unknown, `unknown` at",
            ours(400, "Missing Parameter", "Parameter[name] is required: a text."),
        ),
        (
            "/nobody",
            Level::DEBUG,
            "GET /nobody: code",
            ours(404, "Not Found", "Nothing is mapped to GET /nobody."),
        ),
    ];
    // What is mapped has been said.
    take();
    for (target, level, begin, end) in &table {
        client.get(target).await;
        let said: Vec<_> = take().into_iter().filter(|said| said.target == "vernal").collect();
        let [line] = &said[..] else { panic!("{target}: {said:?}") };
        assert_eq!(line.level, *level, "{target}: {line:?}");
        assert!(line.text.starts_with(begin), "{target}: {line:?}");
        assert!(line.text.ends_with(end), "{target}: {line:?}");
        let has_place = line.text.contains(&format!("` at {}:", file!()));
        assert_eq!(has_place, begin.ends_with(" at"), "{target}: {line:?}");
    }
}

#[tokio::test]
async fn a_page_and_a_websocket_that_fail_say_why() {
    let _alone = alone().await;
    let client = Client::new();
    client.get("/page").await.assert_status(599);
    let said = take();
    let expected =
        format!("the error page for 599 failed: code 500, message Internal Server Error: {NO_ORDERS}");
    assert!(said.iter().any(|said| said.text == expected), "{said:?}");

    let mut ws = client.websocket("/chat/te%0Aa").await;
    ws.send("tea\n").await.expect("it is open");
    ws.expect_close(1011).await;
    let said = take();
    let begin = "a WebSocket handler failed: GET /chat/te\\na, `Chat` at ";
    assert!(
        said.iter().any(|said| said.text.starts_with(begin) && said.text.ends_with(": no tea\\n")),
        "{said:?}"
    );
}

#[tokio::test]
async fn the_line_of_an_answer_has_the_target_as_it_came() {
    let _alone = alone().await;
    let client = Client::new();
    let long = format!("/nobody?{}", "q=1&".repeat(900));
    for target in ["/nobody?a=1&b='<c>'", "/nobody%0D%0A%1B", "/nobody/\u{fc}", "/nobody\\\u{202e}", &long] {
        client.raw(format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")).await;
        let said = take();
        let lines: Vec<_> = said.iter().filter(|said| said.target == "vernal::access").collect();
        let [line] = lines[..] else { panic!("{target}: {said:?}") };
        let (before, status) = line.text.rsplit_once("\" ").expect("a line of an answer");
        assert!(status == "404 -" || status == "400 -", "{line:?}");
        if status == "404 -" {
            assert_eq!(before, format!("\"GET {target} HTTP/1.1").replace('\u{202e}', "\\u{202e}"));
        }
    }
}

/// Quoted in JSON as JSON does, in HTML as HTML does, each once.
#[tokio::test]
async fn an_answer_escapes_as_its_own_form_does() {
    let _alone = alone().await;
    let client = Client::new();
    let get = |accept: &str| client.get("/%3Ci%3E%22&'%5C%0A").header("accept", accept.to_owned());
    let explain = "Nothing is mapped to GET /<i>\"&'\\\\n.";
    let json: serde_json::Value = get("application/json").await.json();
    assert_eq!(json["explain"], explain);
    let json: serde_json::Value = get("application/problem+json").await.json();
    assert_eq!(json["detail"], explain);
    get("text/html")
        .await
        .assert_contains("<p>Nothing is mapped to GET /&lt;i&gt;&quot;&amp;&#39;\\\\n.</p>");
}
