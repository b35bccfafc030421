//! The opening handshake of WebSockets: who may connect, which handler it is for, and what is answered.

mod said;
mod wire;

use said::Said;
use serde_json::Value;
use vernal::test::Client;
use vernal::websocket::{Accept, Origins, WebSocket, WebSocketConfig, WebSocketRequest, WebSocketSession};
use vernal::{
    App, Config, Error, FilterContext, Next, RegGroup, RegGroups, Response, Result, State, request_filter,
    request_map, websocket_close, websocket_handler, websocket_handshake, websocket_message, websocket_open,
};

use wire::{Wire, frame, request};

/// A handler that says its name.
macro_rules! names {
    ($($name:ident $text:literal ($($options:tt)*);)*) => {
        $(
            #[websocket_handler($($options)*)]
            async fn $name(ws: WebSocket) -> Result {
                ws.send($text).await
            }
        )*
    };
}

/// Status, and the explanation or the first message.
async fn answer(client: &Client, path: &str, fields: &str) -> String {
    let mut ws = Wire::ask(client, path, fields).await;
    let status = ws.head[9..12].to_owned();
    if status == "101" {
        return format!("101 {}", ws.shown().await.trim_start_matches("81 "));
    }
    let whole = client.raw(request(path, &format!("Accept: application/json\r\n{fields}"))).await;
    let body = whole.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let json: Option<Value> = serde_json::from_str(body).ok();
    let explain = json.as_ref().and_then(|body| body["explain"].as_str()).unwrap_or(body);
    format!("{status} {explain}")
}

names! {
    exact "exact" ("/which/x");
    variable "variable" ("/which/{_a}");
    rest "rest" ("/which/**");
    by_regexp "regexp" (regexp = "^/which-[a-z]+$");
    narrowed "narrowed" ("/which/x", params = "kind=narrow");
    by_header "header" ("/which/x", headers = "X-Kind=header");
    chat "chat" ("/protocol", protocol = "chat.v2");
    other "other" ("/protocol");
    only "only" ("/only", protocol = "chat.v2");
    shared "socket" ("/shared");
}

#[request_map("/shared", method = "GET")]
fn shared_page() -> &'static str {
    "page"
}

#[websocket_handler(regexp = "^/reg/([a-z]+)/([0-9]+)$")]
async fn groups(
    ws: WebSocket,
    word: RegGroup<&str>,
    #[arg(group = 2)] number: RegGroup<u8>,
    all: RegGroups<'_>,
) -> Result {
    let count = all.len();
    ws.send(format!("{} {} {count}", *word, *number)).await
}

#[tokio::test]
async fn the_most_specific_handler_is_taken() {
    let client = Client::new();
    let table = [
        ("/which/x", "", "101 exact"),
        ("/which/y", "", "101 variable"),
        ("/which/y/z", "", "101 rest"),
        ("/which-y", "", "101 regexp"),
        ("/which/x?kind=narrow", "", "101 narrowed"),
        ("/which/x", "X-Kind: header\r\n", "101 header"),
        ("/protocol", "", "101 other"),
        ("/protocol", "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n", "101 chat"),
        ("/only", "Sec-WebSocket-Protocol: chat.v2\r\n", "101 only"),
        ("/shared", "", "101 socket"),
        ("/reg/ab/12", "", "101 ab 12 2"),
        ("/reg/ab/300", "", "404 RegGroup[number] should be an integer from 0 to 255, not `300`."),
    ];
    for (path, fields, expected) in table {
        assert_eq!(answer(&client, path, fields).await, expected, "{path} {fields}");
    }
    assert!(answer(&client, "/nobody", "").await.starts_with("404 "));
    client.get("/shared").await.assert_text("page");
    client.get("/only").await.assert_status(404);
    let plain = client.get("/which/x").header("accept", "application/json").await;
    let explain = "/which/x speaks WebSocket: connect to it with `ws://` or `wss://`.";
    assert_eq!(plain.assert_status(404).json::<Value>()["explain"], explain);
}

#[tokio::test]
async fn the_law_of_the_handshake() {
    let client = Client::new();
    let ws = Wire::open(&client, "/which/x", "").await;
    assert_eq!(ws.field("upgrade"), Some("websocket"));
    assert_eq!(ws.field("connection").map(str::to_ascii_lowercase).as_deref(), Some("upgrade"));
    assert_eq!(ws.field("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    for absent in [
        "content-length",
        "content-type",
        "transfer-encoding",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    ] {
        assert_eq!(ws.field(absent), None);
    }
    let good = request("/which/x", "");
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from));
        good.replace(from, to)
    };
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let table = [
        ("as it should be", good.clone(), 101),
        (
            "any case",
            changed("Upgrade: websocket", "uPGRADE: WebSocket")
                .replace("Connection: Upgrade", "connection: uPGRADE"),
            101,
        ),
        ("a list", changed("Connection: Upgrade", "Connection: keep-alive, Upgrade"), 101),
        ("no version", changed(version, ""), 426),
        ("version 8", changed(version, "Sec-WebSocket-Version: 8\r\n"), 426),
        ("no key", changed(key, ""), 400),
        ("a short key", changed(key, "Sec-WebSocket-Key: dGhl\r\n"), 400),
        ("no base64", changed("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ!=="), 400),
        ("two keys", changed(key, &key.repeat(2)), 400),
        ("no Connection", changed("Connection: Upgrade\r\n", ""), 400),
        ("another protocol", changed("Upgrade: websocket", "Upgrade: h2c"), 400),
        ("POST", changed("GET ", "POST "), 400),
        ("HTTP/1.0", changed("HTTP/1.1", "HTTP/1.0"), 400),
        ("HTTP/1.2", changed("HTTP/1.1", "HTTP/1.2"), 101),
    ];
    for (name, bytes, status) in table {
        let answer = client.raw(bytes).await;
        assert_eq!(answer.get(9..12), Some(&*status.to_string()), "{name}: {answer}");
        if status == 426 {
            let has = |field: &str| answer.to_ascii_lowercase().contains(field);
            assert!(
                has("\r\nsec-websocket-version: 13\r\n") && has("\r\nupgrade: websocket\r\n"),
                "{answer}"
            );
        }
    }
}

#[request_map("/posts", method = "POST")]
fn posts() -> &'static str {
    "posted"
}

names! {
    beside_posts "socket" ("/posts");
    two_protocols "v1" ("/two", protocol = "chat.v1");
    two_protocols_more "v2" ("/two", protocol = "chat.v2");
    narrow_only "narrow" ("/narrow", params = "kind=narrow");
}

#[request_map("/by/hand")]
async fn by_hand(ws: WebSocketRequest) -> Result {
    ws.accept().await.map(drop)
}

/// A client's own tools show little more than the status, so the answer says what is wrong.
#[tokio::test]
async fn a_refused_upgrade_says_what_is_wrong() {
    let client = Client::new();
    let to = |path: &str| request(path, "Accept: application/json\r\n");
    let changed = |path: &str, from: &str, to_what: &str| {
        let good = to(path);
        assert!(good.contains(from));
        good.replace(from, to_what)
    };
    let connection = "Connection: Upgrade\r\n";
    let upgrade = "Upgrade: websocket\r\n";
    let faults: [(&str, &str, String, u16, &str); 12] = [
        ("no Connection", connection, String::new(), 400, "The field Connection is missing"),
        ("another", connection, "Connection: close\r\n".into(), 400, "does not say `upgrade`, but `close`"),
        ("no Upgrade", upgrade, String::new(), 400, "The field Upgrade is missing. A proxy in front"),
        (
            "neither",
            "Connection: Upgrade\r\nUpgrade: websocket\r\n",
            String::new(),
            400,
            "The field Upgrade is missing",
        ),
        ("h2c", upgrade, "Upgrade: h2c\r\n".into(), 400, "does not say `websocket`, but `h2c`"),
        (
            "HTTP/1.0",
            "HTTP/1.1",
            "HTTP/1.0".into(),
            400,
            "A WebSocket needs HTTP/1.1, and this request is HTTP/1.0",
        ),
        ("a body", "\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc".into(), 400, "has no body"),
        (
            "a chunked body",
            "\r\n\r\n",
            "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(),
            400,
            "has no body",
        ),
        ("a version", "Version: 13", "Version: 8".into(), 426, "speaks version 13"),
        ("a key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhl".into(), 400, "is not 16 bytes in base64"),
        ("no key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", String::new(), 400, "Key is missing"),
        ("HEAD", "GET ", "HEAD ".into(), 400, ""),
    ];
    for path in ["/which/x", "/posts", "/by/hand"] {
        for (name, from, to, status, explain) in &faults {
            if path == "/by/hand" && *name == "HEAD" {
                continue;
            }
            let answer = client.raw(changed(path, from, to)).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}, {name}: {answer}");
            assert!(answer.contains(explain), "{path}, {name}: {answer}");
        }
    }
    let offers = |names: &str| format!("Sec-WebSocket-Protocol: {names}\r\n");
    let table = [
        (
            "/only",
            String::new(),
            "400 This WebSocket speaks the subprotocol `chat.v2`, and the request offers none (Sec-WebSocket-Protocol).",
        ),
        (
            "/only",
            offers("chat.v1, CHAT.V2"),
            "400 This WebSocket speaks the subprotocol `chat.v2`, and the request offers `chat.v1`, `CHAT.V2` (Sec-WebSocket-Protocol).",
        ),
        (
            "/two",
            offers("x"),
            "400 This WebSocket speaks the subprotocol `chat.v1` or `chat.v2`, and the request offers `x` (Sec-WebSocket-Protocol).",
        ),
        ("/two", offers("x, chat.v2"), "101 v2"),
        (
            "/only",
            offers("chat.v1 chat.v2"),
            "400 the field Sec-WebSocket-Protocol is malformed: `chat.v1 chat.v2` is no token; names of subprotocols are parted by commas",
        ),
        (
            "/door/one",
            offers("b, a b c"),
            "400 the field Sec-WebSocket-Protocol is malformed: `a b c` is no token; names of subprotocols are parted by commas",
        ),
        (
            "/by/hand",
            offers("a b c"),
            "400 the field Sec-WebSocket-Protocol is malformed: `a b c` is no token; names of subprotocols are parted by commas",
        ),
        ("/by/hand", offers(""), "101 close 1000"),
        (
            "/door/one",
            offers("a"),
            "400 This WebSocket speaks the subprotocol `b`, and the request offers `a` (Sec-WebSocket-Protocol).",
        ),
        (
            "/hand/one",
            String::new(),
            "400 This WebSocket speaks the subprotocol `b`, and the request offers none (Sec-WebSocket-Protocol).",
        ),
        (
            "/narrow",
            String::new(),
            "404 No WebSocket handler of /narrow takes a request with these parameters and header fields.",
        ),
    ];
    for (path, fields, expected) in table {
        assert_eq!(answer(&client, path, &fields).await, expected, "{path} {fields}");
    }
}

/// An offer need not be taken (RFC 9110, section 7.8): HTTP is what the path speaks.
#[tokio::test]
async fn an_offer_where_only_http_is_spoken_is_answered_as_plain_http() {
    let client = Client::builder().resources("/files/**", "tests").build();
    let h2c = "GET /plain HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
               HTTP2-Settings: AAEAAEAAAAIAAAAB\r\n\r\n";
    let table = [
        ("WebSocket", request("/plain", ""), "200", "plain"),
        ("h2c", h2c.to_owned(), "200", "plain"),
        ("POST beside WebSocket", request("/posts", "").replacen("GET", "POST", 1), "200", "posted"),
        (
            "a page beside WebSocket",
            request("/shared", "").replace("Connection: Upgrade\r\n", ""),
            "200",
            "page",
        ),
        ("another method", request("/plain", "").replacen("GET", "DELETE", 1), "405", ""),
        ("a file", request("/files/wire/mod.rs", ""), "200", ""),
        ("nobody there", request("/nobody", ""), "404", ""),
    ];
    for (name, bytes, status, text) in table {
        let next = "GET /plain HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let answers = client.raw(format!("{bytes}{next}")).await;
        assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answers}");
        assert!(answers.contains(&format!("\r\n\r\n{text}")), "{name}: {answers}");
        assert!(answers.ends_with("\r\n\r\nplain"), "{name}, the connection goes on: {answers}");
    }
}

#[request_map("/plain", method = "GET")]
fn plain() -> &'static str {
    "plain"
}

#[tokio::test]
async fn a_refusal_keeps_the_connection() {
    let client = Client::new();
    let bytes = request("/which/x", "").replace("Version: 13", "Version: 7");
    let page = "GET /shared HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answers = client.raw(format!("{bytes}{page}")).await;
    assert!(answers.starts_with("HTTP/1.1 426 ") && answers.ends_with("page"), "{answers}");
}

/// Frames right behind the request are the session's.
#[tokio::test]
async fn nobody_has_to_wait_for_the_101() {
    let client = Client::new();
    for path in ["/early", "/early/hand"] {
        let bytes = [request(path, "").as_bytes(), &frame(0x81, "early"), &frame(0x88, b"\x03\xe8")].concat();
        let answer = client.raw(bytes).await;
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains("early"), "{path}: {answer}");
    }
}

#[websocket_message("/early")]
async fn early(session: &WebSocketSession, message: &str) -> Result {
    session.send(message).await
}

#[request_map("/early/hand")]
async fn early_by_hand(ws: WebSocketRequest) -> Result {
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Door;

#[websocket_handler("/door/{what}")]
impl Door {
    async fn on_handshake(&self, what: &str, session: &WebSocketSession) -> Result<Accept> {
        assert!(session.try_send("too early").is_ok(), "what is sent before the 101 waits for it");
        Ok(match what {
            "field" => Accept::new().header("x-room", "blue").header("x-room", "red"),
            "one" => Accept::new().subprotocol("b"),
            "best" => Accept::new().subprotocols(["z", "b", "a"]),
            "bad field" => Accept::new().header("x-bad", "a\r\nb: c"),
            "page" => Accept::refuse(Response::new(409).header("x-why", "full").body("no room")),
            "error" => return Err(Error::new(402, "Payment Required").explain("pay first")),
            "status" => return Err(Error::status_only(401)),
            "fails" => return Err(Error::internal("as it should")),
            "panics" => panic!("as it should"),
            _ => Accept::new(),
        })
    }

    async fn on_open(&self, session: &WebSocketSession) -> Result {
        session.send(format!("{:?}", session.subprotocol())).await
    }

    fn on_close(&self, what: &str) {
        assert!(!["page", "error", "status", "fails", "panics"].contains(&what), "never after a refusal");
    }
}

#[request_map("/hand/{what}")]
async fn door_by_hand(what: &str, ws: WebSocketRequest) -> Result<Response> {
    let offered: Vec<_> = ws.subprotocols().map(str::to_owned).collect();
    let accept = match what {
        "field" => Accept::new().header("x-room", "blue").header("x-room", "red"),
        "one" => Accept::new().subprotocol("b"),
        "best" => Accept::new().subprotocols(["z", "b", "a"]),
        "page" => return Ok(Response::new(409).header("x-why", "full").body("no room")),
        "error" => return Err(Error::new(402, "Payment Required").explain("pay first")),
        "status" => return Err(ws.reject(401)),
        "fails" => return Err(Error::internal("as it should")),
        "panics" => panic!("as it should"),
        _ => Accept::new(),
    };
    let ws = ws.accept_with(accept).await?;
    ws.send(format!("{:?} {offered:?}", ws.subprotocol())).await?;
    Ok(Response::new(200))
}

#[tokio::test]
async fn the_handshake_is_answered_as_the_handler_says() {
    let client = Client::builder().show_errors(false).build();
    let protocols = "Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n";
    for door in ["door", "hand"] {
        let path = |what: &str| format!("/{door}/{what}");
        let mut ws = Wire::open(&client, &path("field"), "").await;
        assert!(ws.head.to_ascii_lowercase().contains("\r\nx-room: blue\r\nx-room: red\r\n"), "{}", ws.head);
        let early = if door == "door" { "81 too early" } else { "81 None []" };
        assert_eq!(ws.shown().await, early);
        for (what, chosen) in [("one", Some("b")), ("best", Some("b")), ("plain", None)] {
            let ws = Wire::open(&client, &path(what), protocols).await;
            assert_eq!(ws.field("sec-websocket-protocol"), chosen, "{door} {what}");
        }
        let ws = Wire::open(&client, &path("best"), "Sec-WebSocket-Protocol: x\r\n").await;
        assert_eq!(ws.field("sec-websocket-protocol"), None, "nothing fits");
        let table = [
            ("page", "409 no room"),
            ("error", "402 pay first"),
            ("status", "401 "),
            ("fails", "500 The server failed to answer this request."),
            ("panics", "500 The server failed to answer this request."),
        ];
        for (what, expected) in table {
            assert_eq!(answer(&client, &path(what), "").await, expected, "{door}");
        }
        assert_eq!(Wire::ask(&client, &path("page"), "").await.field("x-why"), Some("full"));
        assert_eq!(&answer(&client, &path("one"), "").await[..3], "400", "not offered");
    }
    assert_eq!(&answer(&client, "/door/bad%20field", "").await[..3], "500", "no field can be smuggled in");
    let mut ws = client.websocket("/hand/best").subprotocol("a").subprotocol("b").await;
    assert_eq!(ws.subprotocol(), Some("b"));
    ws.expect_text(r#"Some("b") ["a", "b"]"#).await;
}

#[request_filter("/guarded/**")]
async fn guard(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    if cx.request.parameter("user").is_none() {
        return Err(Error::unauthorized("sign in first"));
    }
    let before = cx.request.path().len();
    next.run(cx).await;
    let status = cx.response.status.as_u16();
    cx.response.headers.insert("x-seen", format!("{status} {before}"));
    Ok(())
}

#[websocket_handler("/guarded/ws")]
async fn guarded(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[tokio::test]
async fn filters_run_on_the_upgrade() {
    let client = Client::new();
    assert_eq!(answer(&client, "/guarded/ws", "").await, "401 sign in first");
    let mut ws = Wire::open(&client, "/guarded/ws?user=ann", "").await;
    assert_eq!(ws.field("x-seen"), Some("101 11"));
    ws.send(frame(0x81, "in")).await;
    assert_eq!(ws.shown().await, "81 in");
}

names! {
    open_to_all "in" ("/origin/any", config = WebSocketConfig::new().origins(Origins::Any));
    open_to_some "in" ("/origin/listed", config = WebSocketConfig::new().origins(Origins::listed(["https://app.example.com"])));
    open_to_own "in" ("/origin/same");
}

#[tokio::test]
async fn pages_of_other_origins_may_not_connect() {
    let client = Client::new();
    let forbidden = |origin: &str| {
        format!(
            "403 pages of the origin {origin} may not connect to the host localhost (WebSocketConfig::origins)"
        )
    };
    let table = [
        ("same", None, "101 in".to_owned()),
        ("same", Some("http://localhost"), "101 in".to_owned()),
        ("same", Some("http://localhost:81"), forbidden("http://localhost:81")),
        ("same", Some("http://localhost:80"), "101 in".to_owned()),
        ("same", Some("https://localhost:443"), "101 in".to_owned()),
        ("same", Some("https://localhost:80"), forbidden("https://localhost:80")),
        ("same", Some("http://localhost\r\nOrigin: http://localhost"), forbidden("")),
        ("listed", Some("https://app.example.com\r\nOrigin: http://localhost"), forbidden("")),
        ("same", Some("http://localhost.evil.example"), forbidden("http://localhost.evil.example")),
        ("same", Some("null"), forbidden("null")),
        ("listed", Some("https://app.example.com"), "101 in".to_owned()),
        ("listed", Some("http://localhost"), "101 in".to_owned()),
        ("listed", Some("https://evil.example"), forbidden("https://evil.example")),
        ("any", Some("https://evil.example"), "101 in".to_owned()),
    ];
    for (path, origin, expected) in table {
        let fields = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        assert_eq!(answer(&client, &format!("/origin/{path}"), &fields).await, expected, "{path} {origin:?}");
    }
}

#[tokio::test]
async fn a_refused_origin_is_told_once_with_the_host() {
    let said = Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    let client = Client::new();
    let fields = "Origin: https://app.example.com\r\n";
    for _ in 0..3 {
        let answer = answer(&client, "/origin/same", fields).await;
        assert!(answer.ends_with("to the host localhost (WebSocketConfig::origins)"), "{answer}");
    }
    let told = said.with("the origin https://app.example.com may not connect to the host localhost");
    assert!(told.len() == 1 && told[0].starts_with("WARN /origin/same"), "{told:?}");
    // A proxy may have written a Host of its own.
    for field in [
        "X-Forwarded-For: 1.2.3.4",
        "Via: 1.1 proxy",
        "Forwarded: for=1.2.3.4",
        "X-Forwarded-Host: app.example.com",
    ] {
        let answer = answer(&client, "/origin/same", &format!("{fields}{field}\r\n")).await;
        assert!(answer.contains("let it pass the client's Host on"), "{answer}");
    }
    // Whoever connects may name any origin: not all are remembered, nor told.
    for number in 0..200 {
        answer(&client, "/origin/same", &format!("Origin: https://{number}.example\r\n")).await;
    }
    let told = said.with("may not connect to the host");
    assert_eq!(told.len(), 64, "{told:?}");
}

mod twice {
    use super::*;

    #[websocket_open("/twice", app = "twice")]
    fn one() {}

    #[websocket_open("/twice", app = "twice")]
    fn other() {}

    #[websocket_message("/kinds", app = "twice")]
    fn any(_message: &[u8]) {}

    #[websocket_message("/kinds", on = "binary", app = "twice")]
    fn binary(_message: &[u8]) {}

    #[websocket_message("/fine", on = "text", app = "twice")]
    fn fine(_message: &str) {}

    #[websocket_message("/fine", on = "binary", app = "twice")]
    fn fine_too(_message: &[u8]) {}

    #[websocket_handler("/both", app = "twice")]
    async fn stream(_ws: WebSocket) {}

    #[websocket_handshake("/both", app = "twice")]
    fn event() {}

    #[websocket_open("/names/{room}", app = "twice")]
    fn by_room(_room: &str) {}

    #[websocket_close("/names/{name}", app = "twice")]
    fn by_name(_name: &str) {}

    #[websocket_open("/state", app = "twice")]
    fn without() {}

    #[websocket_close("/state", app = "twice")]
    fn with(_: State<&u64>) {}
}

#[test]
fn one_event_of_a_path_has_one_function() {
    let error = App::from_registry(Config::new().app("twice")).expect_err("duplicates");
    let text = format!("{error:?}");
    let line = |of: &[&str]| text.lines().any(|line| of.iter().all(|part| line.contains(part)));
    assert!(line(&["two functions are for the same event of one path", "`one` at", "`other` at"]), "{text}");
    assert!(line(&["two functions are for the same event of one path", "`any` at", "`binary` at"]), "{text}");
    assert!(
        line(&["call its variables otherwise", "`by_room` at", "{room}", "`by_name` at", "{name}"]),
        "{text}"
    );
    assert!(line(&["`with` at", "asks for `State<&u64>`"]), "{text}");
    assert!(line(&["/both", "`stream` at", "`event` at", "not to a `#[websocket_handler]`"]), "{text}");
    assert!(!text.contains("fine"), "{text}");
}
#[websocket_handshake("/joined/{who}")]
fn joined(who: &str) -> Result {
    if who == "bob" { Err(Error::forbidden("no bobs")) } else { Ok(()) }
}

#[websocket_open("/joined/{who}")]
async fn joined_open(session: &WebSocketSession, who: &str) -> Result {
    session.send(format!("hi {who}")).await
}

#[websocket_message("/joined/{who}", on = "ping")]
fn joined_ping(session: &WebSocketSession, payload: &[u8]) -> Result {
    session.pong([payload, b"!"].concat())
}

#[tokio::test]
async fn event_functions_share_a_path() {
    let client = Client::new();
    assert_eq!(answer(&client, "/joined/bob", "").await, "403 no bobs");
    let mut ws = Wire::open(&client, "/joined/ann", "").await;
    assert_eq!(ws.shown().await, "81 hi ann");
    // There is no function for messages, so they are taken and forgotten.
    ws.send([frame(0x81, "x"), frame(0x82, "y"), frame(0x89, "p")].concat()).await;
    assert_eq!(ws.shown().await, "8a p!");
}
