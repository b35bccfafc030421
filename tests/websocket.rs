//! WebSocket sessions: five styles of handlers, what each event gets, what is sent, and how sessions end.

mod both;
mod wire;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vernal::test::{Client, TestSocket};
use vernal::websocket::{
    CloseCode, CloseReason, FromMessage, Message, WebSocket, WebSocketRequest, WebSocketSession,
};
use vernal::{
    Error, Header, Json, Request, Result, State, model_binding, request_map, websocket_close,
    websocket_handler, websocket_message, websocket_open,
};

use wire::{Ends, Wire, frame, told};

#[derive(Default)]
struct Shared {
    messages: AtomicUsize,
}

#[websocket_handler("/styles/shared", "/styles/shared/{_name}")]
impl Shared {
    async fn on_message(&self, session: &WebSocketSession, message: Message) -> Result {
        self.messages.fetch_add(1, Ordering::Relaxed);
        session.send(message).await
    }

    fn on_ping(&self, session: &WebSocketSession, payload: &[u8]) -> Result {
        session.pong([payload, format!(" {}", self.messages.load(Ordering::Relaxed)).as_bytes()].concat())
    }
}

#[derive(Default)]
struct Own {
    messages: usize,
}

#[websocket_handler("/styles/own", per_session)]
impl Own {
    async fn on_message(&mut self, session: &WebSocketSession, message: Message) -> Result {
        self.messages += 1;
        session.send(message).await
    }

    fn on_ping(&self, session: &WebSocketSession, payload: &[u8]) -> Result {
        session.pong([payload, format!(" {}", self.messages).as_bytes()].concat())
    }
}

#[websocket_message("/styles/functions", "/styles/more")]
async fn on_message(session: &WebSocketSession, message: &Message) -> Result {
    session.send(message).await
}

#[websocket_open("/styles/functions")]
fn on_open(session: &WebSocketSession) {
    session.set("opened");
}

#[websocket_close("/styles/functions")]
fn on_close(session: WebSocketSession, State(ends): State<&Ends>, reason: CloseReason) {
    assert_eq!(session.get(), Some("opened"));
    ends.add(&reason);
}

#[websocket_handler("/styles/stream")]
async fn stream(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[request_map("/styles/hand")]
async fn by_hand(ws: WebSocketRequest) -> Result {
    stream(ws.accept().await?).await
}

#[request_map("/styles/spawned")]
async fn spawned(ws: WebSocketRequest) -> Result {
    let ws = ws.accept().await?;
    tokio::spawn(stream(ws));
    Ok(())
}

#[request_map("/styles/accepted")]
async fn accepted_elsewhere(ws: WebSocketRequest) -> Result {
    let accepting = tokio::spawn(async { stream(ws.accept().await?).await });
    accepting.await?
}

#[request_map("/styles/option")]
async fn option(ws: Option<WebSocketRequest>) -> Result<&'static str> {
    let Some(ws) = ws else { return Ok("plain") };
    stream(ws.accept().await?).await?;
    Ok("")
}

#[tokio::test]
async fn every_style_echoes() {
    let (client, mut ends) = told(Client::builder());
    for style in
        ["shared", "own", "functions", "more", "stream", "hand", "spawned", "accepted", "option", "shared/x"]
    {
        println!("{style}");
        let mut ws = client.websocket(&format!("/styles/{style}")).await;
        ws.send("héllo").await.expect("sent");
        ws.expect_text("héllo").await;
        ws.send(b"\xff\x00").await.expect("sent");
        ws.expect_binary(b"\xff\x00").await;
        ws.send("").await.expect("sent");
        ws.expect_text("").await;
        ws.send_chunked("in pieces", 2).await.expect("sent");
        ws.expect_text("in pieces").await;
        ws.close(4000, "bye").expect("a good reason");
        ws.expect_close(4000).await;
    }
    assert_eq!(ends.next().await, "4000 bye");
    client.get("/styles/option").await.assert_text("plain");
    client.get("/styles/hand").await.assert_status(400);
}

fn any_client() -> Client {
    told(Client::builder()).0
}

async fn ping(ws: &mut Wire) -> String {
    ws.send(frame(0x89, "p")).await;
    ws.shown().await
}

#[tokio::test]
async fn objects_are_shared_or_of_one_session() {
    let client = any_client();
    for (path, counts) in [("/styles/shared", ["8a p 1", "8a p 2"]), ("/styles/own", ["8a p 1", "8a p 1"])] {
        let mut sessions = [Wire::open(&client, path, "").await, Wire::open(&client, path, "").await];
        for (session, count) in sessions.iter_mut().zip(counts) {
            session.send(frame(0x81, "x")).await;
            assert_eq!(session.shown().await, "81 x");
            assert_eq!(ping(session).await, count, "{path}");
        }
    }
    // Another client's application has an object of its own.
    let mut other = Wire::open(&any_client(), "/styles/shared", "").await;
    assert_eq!(ping(&mut other).await, "8a p 0");
}

#[derive(Default)]
struct Bound;

#[websocket_handler("/bound/{id}")]
impl Bound {
    fn on_open(&self, session: &WebSocketSession, id: u8, opened: Option<u8>) -> Result {
        session.try_send(format!("{id} {opened:?}")).map(drop)
    }

    async fn on_message(&self, session: &WebSocketSession, tags: Vec<u8>, id: u8, message: &str) -> Result {
        session.send(format!("{id} {tags:?} {message}")).await
    }

    fn on_close(&self, x_who: Header<&str>, State(ends): State<&Ends>) {
        let _ = ends.0.send(x_who.to_string());
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_told_before_the_101() {
    let (client, mut ends) = told(Client::builder());
    let who = "X-Who: ann\r\n";
    let table = [
        ("/bound/7?tags=1&tags=2", who, "101"),
        ("/bound/x?tags=1", who, "404"),
        ("/bound/256?tags=1", who, "404"),
        ("/bound/7", who, "400"),
        ("/bound/7?tags=1&tags=x", who, "400"),
        ("/bound/7?tags=1&opened=x", who, "400"),
        ("/bound/7?tags=1", "", "400"),
    ];
    for (path, fields, status) in table {
        assert_eq!(Wire::ask(&client, path, fields).await.head[9..12], *status, "{path} {fields}");
    }
    assert_eq!(ends.next().await, "ann");
    let mut ws = client.websocket("/bound/9?tags=3&opened=1").header("x-who", "bob").await;
    ws.expect_text("9 Some(1)").await;
    ws.send("m").await.expect("sent");
    ws.expect_text("9 [3] m").await;
    drop(ws);
    assert_eq!(ends.next().await, "bob");
    assert_eq!(ends.others().await, [""; 0], "never after a refusal");
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Point {
    x: i32,
}

struct Even(u64);

impl FromMessage<'_> for Even {
    fn from_message(message: &Message) -> Result<Even> {
        let number = message.as_text().and_then(|text| text.parse().ok());
        let even = number.filter(|number| number % 2 == 0).map(Even);
        even.ok_or_else(|| Error::bad_request("not an even number"))
    }
}

macro_rules! typed {
    ($($path:literal $name:ident $type:ty, $message:ident => $answer:expr;)*) => {
        $(
            #[websocket_message($path)]
            async fn $name(session: &WebSocketSession, $message: $type) -> Result {
                session.send($answer).await
            }
        )*
    };
}

typed! {
    "/typed/str" of_str &str, message => message;
    "/typed/string" of_string String, message => message;
    "/typed/slice" of_slice &[u8], message => message;
    "/typed/bytes" of_bytes bytes::Bytes, message => message;
    "/typed/vec" of_vec Vec<u8>, message => message;
    "/typed/json" of_json Json<Point>, message => Json(Point { x: message.x + 1 });
    "/typed/value" of_value Json<serde_json::Value>, message => message.0;
    "/typed/own" of_own Even, message => format!("{}", message.0 / 2);
    "/typed/any" of_any Message, message => message;
}

#[websocket_handler("/typed/pulled")]
async fn pulled(mut ws: WebSocket) -> Result {
    while let Some(Json(Point { x })) = ws.recv_as::<Json<Point>>().await? {
        ws.send(Json(Point { x: x + 1 })).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_type_of_the_message_is_its_encoding() {
    let client = any_client();
    let text = |text: &str| Message::text(text);
    let bytes = |bytes: &'static str| Message::binary(bytes);
    let table = [
        ("str", text("a"), Ok(text("a"))),
        ("str", bytes("a"), Err("1003 Expected text, but got bytes")),
        ("string", text("a"), Ok(text("a"))),
        ("string", bytes("a"), Err("1003 Expected text, but got bytes")),
        ("slice", bytes("a"), Ok(bytes("a"))),
        ("slice", text("a"), Err("1003 Expected bytes, but got text")),
        ("bytes", bytes("a"), Ok(bytes("a"))),
        ("bytes", text("a"), Err("1003 Expected bytes, but got text")),
        ("vec", bytes("a"), Ok(bytes("a"))),
        ("vec", text("a"), Err("1003 Expected bytes, but got text")),
        ("json", text(r#"{"x": 1}"#), Ok(text(r#"{"x":2}"#))),
        ("json", bytes(r#"{"x":1}"#), Ok(text(r#"{"x":2}"#))),
        ("json", text("{"), Err("1003 Malformed JSON: EOF while parsing an object at line 1 column 1")),
        ("json", bytes("\u{7f}"), Err("1003 Malformed JSON: expected value at line 1 column 1")),
        ("value", text(r#"{"test":"数据"}"#), Ok(text(r#"{"test":"数据"}"#))),
        ("own", text("8"), Ok(text("4"))),
        ("own", text("7"), Err("1003 not an even number")),
        ("any", bytes("a"), Ok(bytes("a"))),
        ("pulled", text(r#"{"x":1}"#), Ok(text(r#"{"x":2}"#))),
        (
            "pulled",
            text("[]"),
            Err("1003 The JSON does not fit: invalid type: array, expected an object at line 1 column 2"),
        ),
    ];
    for (path, sent, expected) in table {
        let mut ws = client.websocket(&format!("/typed/{path}")).await;
        ws.send(&sent).await.expect("sent");
        match expected {
            Ok(answer) => assert_eq!(ws.expect_message().await, answer, "{path} {sent:?}"),
            Err(end) => {
                let reason = ws.expect_close(1003).await;
                assert_eq!(format!("{} {}", reason.code(), reason.text()), end, "{path} {sent:?}");
            }
        }
    }
}

#[derive(Default)]
struct Life;

#[websocket_handler("/life")]
impl Life {
    async fn on_open(&self, session: &WebSocketSession, fail: Option<&str>) -> Result {
        session.send("open").await?;
        fail.map_or(Ok(()), |text| Err(Error::internal(text.to_owned())))
    }

    async fn on_message(&self, session: &WebSocketSession, message: &str) -> Result {
        match message {
            "close" => session.close(4001, "enough"),
            "twice" => session.close(4001, "first").and_then(|()| session.close(4002, "second")),
            "after" => {
                session.close(4001, "")?;
                assert!(session.is_closed());
                assert_eq!(session.close_reason().map(|reason| reason.code().value()), Some(4001));
                let error = session.send("more").await.expect_err("closed");
                assert!(session.ping("").is_err() && session.begin_text().await.is_err(), "closed too");
                Err(error)
            }
            "bad code" => session.close(1006, ""),
            "fail" => Err(Error::internal("as it should")),
            "policy" => Err(Error::forbidden("go away").with_close_code(CloseCode::POLICY)),
            "long" => Err(Error::internal("ü".repeat(100))),
            "panic" => panic!("as it should"),
            other => session.send(other).await,
        }
    }

    async fn on_close(&self, session: &WebSocketSession, ends: State<&Ends>, reason: &CloseReason) -> Result {
        ends.0.add(reason);
        assert!(session.send("too late").await.is_err());
        Err(Error::internal("nobody is told, and nothing else happens"))
    }
}

#[tokio::test]
async fn on_close_runs_once_in_every_end() {
    const NOTHING: &str = "";
    let table = [
        ("the client closes", frame(0x88, b"\x03\xe9bye"), "close 1001 bye", "1001 bye"),
        ("the client closes without a code", frame(0x88, b""), "close 1000", "1005"),
        ("the handler closes", frame(0x81, "close"), "close 4001 enough", "4001 enough"),
        ("closed twice", frame(0x81, "twice"), "close 4001 first", "4001 first"),
        ("sent after the close", frame(0x81, "after"), "close 4001", "4001"),
        ("an error", frame(0x81, "fail"), "close 1011 as it should", "1011 as it should"),
        ("an error with a code", frame(0x81, "policy"), "close 1008 go away", "1008 go away"),
        (
            "a panic",
            frame(0x81, "panic"),
            "close 1011 the handler panicked: as it should",
            "1011 the handler panicked: as it should",
        ),
        ("the peer is gone", Vec::new(), NOTHING, "1006 The peer went away without a close frame"),
    ];
    for (name, sent, closed, end) in table {
        println!("{name}");
        let (client, mut ends) = told(Client::builder().show_errors(true));
        let mut ws = Wire::open(&client, "/life", "").await;
        assert_eq!(ws.shown().await, "81 open");
        if sent.is_empty() {
            drop(ws);
        } else {
            ws.send(sent).await;
            assert_eq!(ws.shown().await, closed, "{name}");
            if !name.starts_with("the client") {
                ws.send(frame(0x88, b"\x03\xe8")).await;
            }
            assert_eq!(ws.rest().await, [""; 0], "{name}: nothing comes behind a close frame");
        }
        assert_eq!(ends.only().await, end, "{name}");
    }
}

#[tokio::test]
async fn errors_are_for_the_log_unless_they_are_shown() {
    let table = [
        ("fail", "/life", 1011, "The handler failed"),
        ("panic", "/life", 1011, "The handler failed"),
        ("policy", "/life", 1008, "go away"),
        ("bad code", "/life", 1011, "The handler failed"),
        ("", "/life?fail=opening", 1011, "The handler failed"),
    ];
    for (message, path, code, text) in table {
        let (client, mut ends) = told(Client::builder().show_errors(false));
        let mut ws = client.websocket(path).await;
        ws.expect_text("open").await;
        let _ = ws.send(message).await;
        assert_eq!(ws.expect_close(code).await.text(), text, "{message} {path}");
        assert_eq!(ends.only().await, format!("{code} {text}"), "{message} {path}");
    }
    let mut ws = told(Client::builder().show_errors(true)).0.websocket("/life").await;
    ws.expect_text("open").await;
    ws.send("long").await.expect("sent");
    assert_eq!(ws.expect_close(1011).await.text(), "ü".repeat(60) + "…", "what fits");
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_all() {
    let (client, mut ends) = told(Client::builder());
    let mut sessions: Vec<TestSocket> = Vec::new();
    for path in ["/life", "/life", "/styles/functions"] {
        sessions.push(client.websocket(path).await);
    }
    for ws in &mut sessions[..2] {
        ws.expect_text("open").await;
    }
    let mut others: Vec<TestSocket> = Vec::new();
    for path in ["/styles/stream", "/styles/hand", "/styles/spawned"] {
        others.push(client.websocket(path).await);
    }
    client.handle().stop();
    for ws in sessions.iter_mut().chain(&mut others) {
        assert_eq!(ws.expect_close(1001).await.text(), "The server is going down");
    }
    let refused = Wire::ask(&client, "/life", "").await;
    assert!(refused.head.starts_with("HTTP/1.1 503 "), "{}", refused.head);
    assert_eq!(ends.others().await, ["1001 The server is going down"; 3]);
}

#[websocket_handler("/ends/{how}")]
async fn ends(how: &str, _ws: WebSocket) -> Result {
    match how {
        "returns" => Ok(()),
        "fails" => Err(Error::internal("as it should")),
        _ => panic!("as it should"),
    }
}

#[request_map("/hand/{how}")]
async fn ends_by_hand(how: &str, ws: WebSocketRequest) -> Result {
    ends(how, ws.accept().await?).await
}

#[tokio::test]
async fn a_loop_ends_its_session_however_it_ends() {
    let client = told(Client::builder().show_errors(false)).0;
    for (how, code) in [("returns", 1000), ("fails", 1011), ("panics", 1011)] {
        for style in ["ends", "hand"] {
            println!("{style} {how}");
            client.websocket(&format!("/{style}/{how}")).await.expect_close(code).await;
        }
    }
}

#[websocket_handler("/view/{room}")]
async fn view(room: &str, ws: WebSocket, req: &Request) -> Result {
    let same = req.path_value("room") == Some(room) && ws.request().path() == req.path();
    assert!(same && ws.peer().is_none() && ws.id().to_string().len() == 32);
    let told = serde_json::json!({
        "path": req.path(),
        "room": room,
        "query": req.query_string(),
        "a": req.parameters("a").collect::<Vec<_>>(),
        "cookie": req.cookies().get("who"),
        "header": req.header("X-Thing"),
        "url": ws.url().to_string(),
        "parts": [ws.url().scheme_str(), ws.url().host(), ws.url().query()],
    });
    ws.send(told).await
}

#[tokio::test]
async fn a_session_knows_its_request() {
    let client = any_client();
    let ws = client.websocket("/view/%E4%B8%AD?a=1&a=b+c");
    let mut ws = ws.header("cookie", "who=ann").header("x-thing", "y").await;
    let expected = serde_json::json!({
        "path": "/view/中", "room": "中", "query": "a=1&a=b+c", "a": ["1", "b c"], "cookie": "ann", "header": "y",
        "url": "ws://localhost/view/%E4%B8%AD?a=1&a=b+c", "parts": ["ws", "localhost", "a=1&a=b+c"],
    });
    ws.expect_json(expected).await;
    ws.expect_close(1000).await;
}

#[websocket_handler("/late")]
async fn late(mut ws: WebSocket) -> Result {
    while let Some(name) = ws.recv_as::<String>().await? {
        let req = ws.request();
        let told = serde_json::json!({
            "method": req.method.as_str(),
            "path": req.path(),
            "pattern": req.pattern(),
            "host": req.host(),
            "is_websocket": req.is_websocket(),
            "fields": req.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(&name))
                .map(|(name, value)| (name, String::from_utf8_lossy(value))).collect::<Vec<_>>(),
        });
        ws.send(told).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_session_that_looks_late_sees_the_same_request() {
    let mut ws = any_client()
        .websocket("/late")
        .header("cookie", "a=1")
        .header("x-own", "b: c")
        .header("x-own", "")
        .await;
    let table = [
        ("Cookie", serde_json::json!([["cookie", "a=1"]])),
        ("X-Own", serde_json::json!([["x-own", "b: c"], ["x-own", ""]])),
        ("upgrade", serde_json::json!([["upgrade", "websocket"]])),
        ("none", serde_json::json!([])),
    ];
    for (name, fields) in table {
        ws.send(name).await.expect("sent");
        let expected = serde_json::json!({
            "method": "GET", "path": "/late", "pattern": "/late", "host": "localhost", "is_websocket": true, "fields": fields,
        });
        ws.expect_json(expected).await;
    }
}

#[websocket_handler("/attributes")]
async fn attributes(mut ws: WebSocket) -> Result {
    let session = ws.session().clone();
    assert_eq!((session.get::<u8>(), session.set(1u8), session.set(2u8)), (None, None, Some(1)));
    while ws.next_timeout(Duration::from_millis(1)).await.is_none() && !ws.is_closed() {}
    assert_eq!((ws.take::<u8>(), ws.get::<u8>()), (Some(2), None));
    ws.send("checked").await
}

#[tokio::test]
async fn a_session_keeps_one_value_of_each_type() {
    let mut ws = any_client().websocket("/attributes").await;
    ws.send("").await.expect("sent");
    ws.expect_text("checked").await;
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}

/// How often it was bound.
static BOUND: AtomicUsize = AtomicUsize::new(0);

struct Counted(usize);

#[model_binding]
async fn counted(_req: &Request) -> Result<Counted> {
    tokio::task::yield_now().await;
    Ok(Counted(BOUND.fetch_add(1, Ordering::Relaxed) + 1))
}

#[derive(Default)]
struct Counts;

#[websocket_handler("/counts")]
impl Counts {
    async fn on_open(&self, session: &WebSocketSession, counted: Counted) -> Result {
        session.send(format!("open {}", counted.0)).await
    }

    async fn on_message(&self, session: &WebSocketSession, counted: Counted, _message: &str) -> Result {
        session.send(format!("message {}", counted.0)).await
    }

    async fn on_close(&self, _counted: Counted) {}
}

#[tokio::test]
async fn what_several_events_take_is_bound_once_before_the_101() {
    let (client, _ends) = told(Client::builder());
    let mut ws = client.websocket("/counts").await;
    ws.expect_text("open 2").await;
    for expected in ["message 3", "message 4"] {
        ws.send("which?").await.expect("an open session");
        ws.expect_text(expected).await;
    }
}
