//! What is told of each request at its end: as an event, and as a line in the usual forms. Alone in its process, since a subscriber is
//! for all of it.

mod both;
mod said;
mod scratch;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vernal::security::{BasicAuth, UserName};
use vernal::test::Client;
use vernal::websocket::{WebSocket, WebSocketRequest};
use vernal::{
    AccessLog, App, Body, Config, FilterContext, Redirect, Request, Response, Result, request_filter,
    request_map, websocket_handler,
};

use crate::said::{Line, Said};
use crate::scratch::Scratch;

#[request_map("/orders/{id}")]
fn order(id: u32) -> String {
    format!("order {id}")
}

#[request_map("/empty")]
fn empty() {}

#[request_map("/written")]
async fn written(res: &mut Response) -> Result {
    res.write_bytes("one").await?;
    res.write_bytes("two").await
}

#[request_map("/streamed")]
fn streamed() -> Body {
    let (sender, body) = Body::channel(2);
    tokio::spawn(async move {
        let _ = sender.send("four").await;
        let _ = sender.send("fives").await;
    });
    body
}

#[request_map("/moved")]
fn moved() -> Redirect {
    Redirect::to("/empty")
}

#[request_map("/id")]
fn id(req: &Request) -> String {
    req.id().to_owned()
}

#[request_map("/pattern/{name}/**")]
fn pattern(req: &Request) -> String {
    req.pattern().unwrap_or("none").to_owned()
}

#[request_map("/named")]
fn named() -> &'static str {
    "named"
}

#[request_filter("/named")]
fn names(cx: &mut FilterContext<'_>) {
    cx.request.extensions.insert(UserName::new("ann of \"x\""));
}

/// The handler that never ends has begun.
static BEGUN: tokio::sync::Notify = tokio::sync::Notify::const_new();

#[request_map("/forever")]
async fn forever() {
    BEGUN.notify_one();
    std::future::pending::<()>().await;
}

#[websocket_handler("/ws/{room}")]
async fn socket(mut ws: WebSocket, room: &str) -> Result {
    ws.send(room).await?;
    while ws.next().await.is_some() {}
    Ok(())
}

#[request_map("/by-hand/{room}", method = "GET")]
async fn by_hand(ws: WebSocketRequest, room: &str) -> Result {
    let mut ws = ws.accept().await?;
    ws.send(room).await?;
    while ws.next().await.is_some() {}
    Ok(())
}

/// Who listens for the whole process.
static SAID: LazyLock<Said> = LazyLock::new(|| {
    let said = Said::default();
    tracing::subscriber::set_global_default(said.clone()).expect("nobody else listens");
    said
});

/// One test at a time, since all say to one.
async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let guard = ALONE.lock().await;
    SAID.take();
    guard
}

fn told() -> Vec<Line> {
    SAID.take_if(|line| line.target == "vernal::access")
}

#[tokio::test]
async fn an_event_tells_who_what_how_long_and_how_large() {
    let _alone = alone().await;
    let client = Client::builder()
        .filter("/basic", BasicAuth::new("x", async |name: String, _: String| name == "ben"))
        .build();
    type Row = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);
    let table: &[Row] = &[
        (
            "GET",
            "/orders/7?full=yes",
            "200 7",
            &[
                ("http.request.method", "GET"),
                ("url.path", "/orders/7"),
                ("url.query", "full=yes"),
                ("http.route", "/orders/{id}"),
                ("http.response.status_code", "200"),
                ("http.response.body.size", "7"),
                ("user_agent.original", "the test"),
            ],
        ),
        ("HEAD", "/orders/7", "200 0", &[("http.request.method", "HEAD"), ("http.response.body.size", "0")]),
        ("GET", "/empty", "200 0", &[("http.route", "/empty")]),
        ("GET", "/written", "200 6", &[("http.response.body.size", "6")]),
        ("GET", "/streamed", "200 9", &[("http.response.body.size", "9")]),
        ("HEAD", "/streamed", "200 0", &[("http.response.body.size", "0")]),
        ("GET", "/moved", "302 0", &[]),
        ("GET", "/named", "200 5", &[("user.name", "ann of \"x\"")]),
    ];
    for (method, target, end, fields) in table {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: h\r\nUser-Agent: the test\r\nConnection: close\r\n\r\n"
        );
        client.raw(request).await;
        let told = told();
        let [line] = &told[..] else { panic!("{target}: {told:?}") };
        assert_eq!(line.text, format!("\"{method} {target} HTTP/1.1\" {end}"));
        for (name, expected) in *fields {
            assert_eq!(
                line.fields.get(name).map(String::as_str),
                Some(*expected),
                "{target} {name}: {line:?}"
            );
        }
        let took: f64 = line.fields["duration"].parse().expect("seconds");
        assert!((0.0..60.0).contains(&took), "{line:?}");
        assert_eq!(line.fields["request.id"].len(), 32, "{line:?}");
        assert!(!line.fields.contains_key("error.type"), "{line:?}");
    }
}

#[tokio::test]
async fn each_request_of_a_connection_is_told_once() {
    let _alone = alone().await;
    let client = Client::new();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let all =
        [get("/empty"), get("/orders/1"), get("/written"), get("/nobody"), "rubbish\r\n\r\n".to_owned()];
    client.raw(all.concat()).await;
    let texts: Vec<String> = told().into_iter().map(|line| line.text).collect();
    let begins = [
        "\"GET /empty HTTP/1.1\" 200 0",
        "\"GET /orders/1 HTTP/1.1\" 200 7",
        "\"GET /written HTTP/1.1\" 200 6",
        "\"GET /nobody HTTP/1.1\" 404 ",
        "\"-\" 400 ",
    ];
    assert_eq!(texts.len(), begins.len(), "{texts:#?}");
    for (text, begin) in texts.iter().zip(begins) {
        assert!(text.starts_with(begin), "{text}");
    }
}

#[tokio::test]
async fn who_leaves_before_the_answer_is_told_of_too() {
    let _alone = alone().await;
    let bound = vernal::server::new().host("127.0.0.1").port(0).bind().expect("a port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let mut peer = tokio::net::TcpStream::connect(address).await.expect("it listens");
    peer.write_all(b"GET /forever HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
    BEGUN.notified().await;
    let mut rubbish = tokio::net::TcpStream::connect(address).await.expect("it listens");
    rubbish.write_all(b"rubbish\r\n\r\n").await.expect("it reads");
    let _ = rubbish.read_to_end(&mut Vec::new()).await;
    let refused = told();
    assert!(
        refused
            .iter()
            .any(|line| line.text.starts_with("\"-\" 400 ") && line.fields["client.address"] == "127.0.0.1"),
        "{refused:?}"
    );
    peer.set_zero_linger().expect("a socket");
    drop(peer);
    handle.stop();
    serving.await.expect("it ends").expect("well");
    let told = told();
    let [line] = &told[..] else { panic!("{told:?}") };
    assert_eq!(line.text, "\"GET /forever HTTP/1.1\" 499 0");
    assert_eq!(line.fields["error.type"], "aborted");
}

#[tokio::test]
async fn a_websocket_is_told_of_as_its_handshake() {
    let _alone = alone().await;
    let client = Client::new();
    for (path, route) in [("/ws/blue", "/ws/{room}"), ("/by-hand/blue", "/by-hand/{room}")] {
        let mut socket = client.websocket(path).await;
        // While it is open.
        socket.expect_text("blue").await;
        let told_of = told();
        let [line] = &told_of[..] else { panic!("{told_of:?}") };
        let begin = format!("\"GET {path} HTTP/");
        let end = format!("\" {} 0", both::opened());
        assert!(line.text.starts_with(&begin) && line.text.ends_with(&end), "{}", line.text);
        assert_eq!(line.fields["http.route"], route);
        socket.close(1000, "").expect("it is open");
        socket.expect_close(1000).await;
        assert_eq!(told().len(), 0, "{path}");
    }
}

#[tokio::test]
async fn a_request_without_a_connection_is_told_of() {
    let _alone = alone().await;
    let app = App::from_registry(Config::new()).expect("an application");
    for (request, expected) in [
        (Request::get("/orders/9"), "\"GET /orders/9 HTTP/1.1\" 200 7"),
        // How much will be written nobody knows yet.
        (Request::get("/written"), "\"GET /written HTTP/1.1\" 200 -"),
    ] {
        let answer = app.handle(request).await;
        answer.into_bytes(64).await.expect("a body");
        let told = told();
        let [line] = &told[..] else { panic!("{told:?}") };
        assert_eq!(line.text, expected);
    }
}

#[tokio::test]
async fn an_id_is_believed_of_trusted_proxies_alone() {
    let _alone = alone().await;
    let long = "x".repeat(129);
    let table = [
        (&[][..], Some("chosen"), None),
        (&["127.0.0.1"][..], Some("chosen"), Some("chosen")),
        (&["127.0.0.1"][..], Some("two words"), None),
        (&["127.0.0.1"][..], Some(""), None),
        (&["127.0.0.1"][..], Some(&*long), None),
        (&["127.0.0.1"][..], Some("x\r\nX-Request-Id: y"), None),
        (&["127.0.0.1"][..], Some("a\u{202e}b"), None),
        (&["127.0.0.1"][..], Some("\"\\'<>&"), Some("\"\\'<>&")),
        (&["10.0.0.0/8"][..], Some("chosen"), None),
        (&["127.0.0.1"][..], None, None),
    ];
    for (trusted, sent, expected) in table {
        let server = vernal::server::new().host("127.0.0.1").port(0).trusted_proxies(trusted.iter().copied());
        let bound = server.bind().expect("a port");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        let mut peer = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let field = sent.map(|id| format!("X-Request-Id: {id}\r\n")).unwrap_or_default();
        let request = format!("GET /id HTTP/1.1\r\nHost: h\r\n{field}Connection: close\r\n\r\n");
        peer.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.expect("an answer");
        let id = answer.rsplit("\r\n\r\n").next().expect("a body").to_owned();
        match expected {
            Some(expected) => assert_eq!(id, expected),
            None => assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}"),
        }
        handle.stop();
        serving.await.expect("it ends").expect("well");
        let told = told();
        assert_eq!(told.iter().map(|line| &*line.fields["request.id"]).collect::<Vec<_>>(), [&*id]);
    }
}

#[tokio::test]
async fn a_pattern_is_that_of_the_mapping() {
    let _alone = alone().await;
    Client::new().get("/pattern/a/b/c").await.assert_text("/pattern/{name}/**");
}

fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file).expect("a file").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn lines_go_to_a_file_in_the_form_that_was_chosen() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    type Row = (&'static str, fn() -> AccessLog);
    let forms: [Row; 3] =
        [("common", AccessLog::common), ("combined", AccessLog::combined), ("json", AccessLog::json)];
    for (name, form) in forms {
        let file = scratch.write(name, "before\n");
        let app = App::from_registry(Config::new().access_log(form().file(&file))).expect("an application");
        let first = Request::get("/orders/7?a=%22").header("user-agent", "a \"b\"").header("referer", "/x");
        app.handle(first).await;
        app.handle(Request::get("/named").header("user-agent", "c\\")).await;
        // What was told is written when the application is gone.
        drop(app);
        let lines = lines(&file);
        assert_eq!(lines.len(), 3, "it is added to: {lines:?}");
        if name == "json" {
            let parse = |line: &str| -> BTreeMap<String, serde_json::Value> {
                serde_json::from_str(line).expect("an object")
            };
            let (first, second) = (parse(&lines[1]), parse(&lines[2]));
            assert_eq!(first["http.route"], "/orders/{id}");
            assert_eq!(first["url.query"], "a=%22");
            assert_eq!(first["http.response.body.size"], 7);
            assert_eq!(first["user_agent.original"], "a \"b\"");
            assert_eq!(second["user.name"], "ann of \"x\"");
            continue;
        }
        let (before, after) = lines[1].split_once(" \"GET ").expect("a request line");
        assert!(before.starts_with("- - - [") && before.ends_with(" +0000]"), "{before}");
        let expected = match name {
            "common" => "/orders/7?a=%22 HTTP/1.1\" 200 7",
            _ => "/orders/7?a=%22 HTTP/1.1\" 200 7 \"/x\" \"a \\\"b\\\"\"",
        };
        assert_eq!(after, expected);
        assert!(lines[2].starts_with("- - ann\\x20of\\x20\\\"x\\\" ["), "{}", lines[2]);
    }
}

/// Says its request's id whenever it is asked.
#[websocket_handler("/late")]
async fn late(mut ws: WebSocket) -> Result {
    while ws.next().await.is_some() {
        ws.send(ws.request().id()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_id_is_the_same_in_all_that_is_told_of_a_request() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    let file = scratch.write("ids", "");
    let client = Client::builder().access_log(AccessLog::json().file(&file)).build();
    client.get("/orders/7").await.assert_status(200);
    let asked = client.get("/id").await.text().to_owned();
    let mut ws = client.websocket("/late").await;
    ws.send("which?").await.expect("an open session");
    let late = ws.expect_message().await.as_text().expect("a text").to_owned();
    ws.close(1000, "").expect("an open session");
    ws.closed().await;
    drop(client);
    // What was told is written when the application is gone.
    while lines(&file).len() < 3 {
        tokio::task::yield_now().await;
    }
    let told = told();
    let of_event: Vec<_> = told.iter().map(|line| line.fields["request.id"].clone()).collect();
    let lines = lines(&file);
    let of_lines = lines.iter().map(|line| {
        let line: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).expect(line);
        line["request.id"].as_str().expect("a text").to_owned()
    });
    assert_eq!(of_event, of_lines.collect::<Vec<_>>());
    assert_eq!(of_event[1..], [asked, late]);
}

/// Whatever bytes peers send in their targets, methods and fields, each request is one line, and one that can be read.
#[tokio::test]
async fn no_byte_of_a_peer_breaks_a_line() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    type Row = (&'static str, fn() -> AccessLog);
    let forms: [Row; 3] =
        [("common", AccessLog::common), ("combined", AccessLog::combined), ("json", AccessLog::json)];
    let texts = [
        "\u{202e}",
        "\u{2028}",
        "\u{9b}31m",
        "\u{feff}",
        "\u{e0041}",
        "中",
        "\u{1f600}",
        "\\",
        "\\\"",
        "\" 200 1 \"",
    ];
    let pieces = (0..=255).map(|byte: u8| vec![byte]).chain(texts.map(|text| text.as_bytes().to_vec()));
    let pieces: Vec<_> = pieces.chain([b"x".repeat(12_000)]).collect();
    for (name, form) in forms {
        let file = scratch.write(name, "");
        let client = Client::builder().access_log(form().file(&file)).build();
        let mut count = 0;
        for piece in &pieces {
            let requests: [[&[u8]; 3]; 4] = [
                [b"GET /orders/1?a=", piece, b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"],
                [b"GET /", piece, b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"],
                [b"G", piece, b" /orders/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"],
                [
                    b"GET /orders/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nUser-Agent: a",
                    piece,
                    b"b\r\nReferer: /x\r\nX-Request-Id: y\r\n\r\n",
                ],
            ];
            for request in requests {
                client.raw(request.concat()).await;
                count += 1;
            }
        }
        drop(client);
        let whole = fs::read_to_string(&file).expect("text");
        assert!(whole.ends_with('\n'));
        // Only line feeds end lines, and nothing else looks as if it did.
        let lines: Vec<_> = whole.split_terminator('\n').collect();
        assert_eq!(lines.len(), count, "{name}");
        for line in lines {
            let is_seen = |char: char| !char.is_control() && !matches!(char, '\u{2028}'..='\u{202e}');
            assert!(line.chars().all(is_seen), "{name}: {line}");
            if name == "json" {
                let read: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).expect(line);
                assert!(read["http.response.status_code"].is_u64(), "{line}");
                assert_ne!(read.get("request.id"), Some(&"y".into()), "{line}");
                continue;
            }
            let (quoted, rest) = strings(line);
            let expected = if name == "common" { 1 } else { 3 };
            assert_eq!(quoted, expected, "{line}");
            let numbers = rest.split_once("] ").expect("a time").1.split(' ').filter(|word| !word.is_empty());
            let numbers: Vec<_> = numbers.collect();
            assert!(numbers.len() == 2 && numbers[0].parse::<u16>().is_ok(), "{line}: {rest}");
        }
    }
}

/// How many texts in quotes a line has, and what is left of it without them.
fn strings(line: &str) -> (usize, String) {
    let (mut count, mut rest, mut chars) = (0, String::new(), line.chars());
    while let Some(char) = chars.next() {
        if char != '"' {
            rest.push(char);
            continue;
        }
        count += 1;
        loop {
            match chars.next().expect("the text ends") {
                '\\' => drop(chars.next()),
                '"' => break,
                _ => {}
            }
        }
    }
    (count, rest)
}

/// Whoever waits for a reader of its pipe is told so.
#[cfg(unix)]
#[tokio::test]
async fn lines_go_through_a_pipe_to_whoever_reads_it() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    let path = scratch.path().join("access");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("there is a mkfifo");
    assert!(made.success());
    let reading = tokio::task::spawn_blocking({
        let path = path.clone();
        move || fs::read_to_string(path).expect("text")
    });
    let client = Client::builder().access_log(AccessLog::common().file(&path)).build();
    client.get("/empty").await.assert_status(200);
    drop(client);
    let line = reading.await.expect("it reads");
    assert!(line.contains("\"GET /empty HTTP/") && line.contains("\" 200 0"), "{line}");
    let told = SAID.take_if(|line| line.text.contains("access log"));
    assert!(told.len() == 1 && told[0].text.contains("is a pipe: somebody is waited for"), "{told:?}");
}

/// A disk that is full, which Linux has a file for.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_takes_no_lines_is_told_of_once() {
    let _alone = alone().await;
    let client = Client::builder().access_log(AccessLog::common().file("/dev/full")).build();
    for _ in 0..3 {
        client.get("/empty").await.assert_status(200);
    }
    drop(client);
    // A thread of its own writes, and may be at it still.
    let told = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let told = SAID.take_if(|line| line.text.contains("access log"));
            if !told.is_empty() {
                break told;
            }
            tokio::task::yield_now().await;
        }
    });
    let told = told.await.expect("it is told");
    let [line] = &told[..] else { panic!("{told:?}") };
    assert!(line.text.starts_with("the access log /dev/full takes no lines: No space left"), "{line:?}");
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_at_start() {
    let scratch = Scratch::new();
    let config = Config::new().access_log(AccessLog::common().file(scratch.path()));
    let error = App::from_registry(config).expect_err("a directory is no file").to_string();
    assert!(error.contains("the access log ") && error.contains("(Config::access_log)"), "{error}");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
