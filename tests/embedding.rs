//! An application without a port: requests handled in the process, and connections that somebody else has accepted.

mod both;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{SinkExt, StreamExt, stream};
use http::{Method, StatusCode, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message as TheirMessage;
use tokio_tungstenite::{WebSocketStream, client_async};
use vernal::websocket::{WebSocket, WebSocketRequest};
use vernal::{
    App, Body, BodyReader, BoxFuture, Config, ConnectionInfo, Cookies, Error, Filter, FilterContext, Json,
    Limits, MultipartFile, Next, Redirect, Request, Response, Result, State, StaticFile, error_message,
    request_filter, request_map, websocket_handler,
};

#[request_map("/hello/{name}", app = "embedded", method = "GET")]
fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
    format!("Hello, {name}! ").repeat(times)
}

#[request_map("/json", app = "embedded", method = "POST")]
async fn json(Json(value): Json<serde_json::Value>) -> Json<serde_json::Value> {
    Json(serde_json::json!([value]))
}

#[request_map("/form", app = "embedded", method = "POST")]
fn form(name: &str, age: u8) -> String {
    format!("{name} is {age}")
}

#[request_map("/form", app = "embedded", method = "POST", params = "a=b")]
fn narrowed() -> &'static str {
    "narrowed"
}

#[request_map("/upload", app = "embedded", method = "POST")]
async fn upload(title: &str, photo: MultipartFile<'_>) -> Result<String> {
    Ok(format!("{title}: {} is {} bytes", photo.safe_name(), photo.bytes().await?.len()))
}

#[request_map("/state", app = "embedded")]
fn state(State(text): State<&String>) -> &str {
    text
}

#[request_map("/blocking", app = "embedded", blocking)]
fn blocking(req: &Request) -> String {
    req.query_string().to_owned()
}

#[request_map("/about", app = "embedded")]
fn about(req: &Request, info: ConnectionInfo, cookies: &Cookies) -> String {
    format!(
        "{} {:?} host={:?} peer={:?} tls={} cookie={:?} length={:?} note={:?}",
        req.method,
        req.version(),
        req.host(),
        info.peer(),
        info.is_secure(),
        cookies.get("a"),
        req.content_length(),
        req.extensions.get::<Note>().map(|note| note.0),
    )
}

#[derive(Clone)]
struct Note(&'static str);

#[request_map("/go", app = "embedded")]
fn go() -> Redirect {
    Redirect::to("/hello/ann")
}

#[request_map("/file", app = "embedded")]
fn file() -> StaticFile {
    StaticFile::new(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE")).content_type("text/plain")
}

#[request_map("/nothing", app = "embedded")]
fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

#[request_map("/own", app = "embedded")]
fn own_fields() -> Response {
    Response::new(200)
        .header("content-length", "99")
        .header("transfer-encoding", "chunked")
        .header("x-own", "1")
        .header("x-own", "2")
        .header("connection", "close")
        .body("own")
}

#[request_map("/other", app = "embedded")]
fn other() -> http::Response<String> {
    let answer = http::Response::builder().status(202).header("x-own", "1").header("x-own", "2");
    answer.header("content-type", "text/other").body("other".to_owned()).expect("an answer")
}

#[request_map("/fails", app = "embedded")]
async fn fails() -> Result<&'static str, std::fmt::Error> {
    Err(std::fmt::Error)
}

#[request_map("/panics", app = "embedded")]
fn panics() -> &'static str {
    panic!("on purpose")
}

#[request_map("/count", app = "embedded", method = "PUT", limits = Limits::new().body_size(100))]
async fn count(mut body: BodyReader) -> Result<String> {
    let mut sizes = Vec::new();
    while let Some(piece) = body.read().await? {
        sizes.push(piece.len());
    }
    Ok(format!("{sizes:?}"))
}

#[request_map("/refused", app = "embedded")]
fn refused() -> Response {
    Response::new(200).header("x-bad", "a\nb").body("never sent")
}

#[request_filter("/**", app = "embedded")]
async fn stamped(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    cx.request.extensions.insert(Seen);
    next.run(cx).await;
    cx.response.headers.insert("x-filter", "seen");
    Ok(())
}

#[derive(Clone)]
struct Seen;

#[error_message("404", app = "embedded")]
fn no_such_page(req: &Request) -> String {
    format!("no page: {}", req.path())
}

#[websocket_handler("/socket", app = "embedded")]
async fn socket(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

fn app() -> App {
    app_with(Limits::new().uri_length(64).header_count(8).body_size(1000))
}

fn app_with(limits: Limits) -> App {
    let config = Config::new().app("embedded").state("a state".to_owned()).limits(limits).show_errors(false);
    App::from_registry(config).expect("it can be built")
}

async fn text(response: Response) -> String {
    let bytes = response.into_bytes(1 << 20).await.expect("a whole body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn requests_are_answered_as_behind_a_port() {
    let long = "x".repeat(64);
    let license =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE")).expect("it is there");
    let peer: SocketAddr = "192.0.2.1:99".parse().expect("an address");
    let table = [
        (Request::get("/hello/ann"), 200, "Hello, ann! "),
        (Request::get("/hello/ann?times=2"), 200, "Hello, ann! Hello, ann! "),
        (Request::get("/hello/a b").query("times", 1), 200, "Hello, a b! "),
        (Request::get("/hello/ä").query("times", "x"), 400, r#"{"code":400,"#),
        (Request::post("/json").json(&7), 200, "[7]"),
        (Request::post("/json").header("content-type", "application/json").body("{"), 400, r#"{"code":400,"#),
        (Request::post("/form").form("name", "a&b").form("age", 7), 200, "a&b is 7"),
        (Request::post("/form").form("a", "b"), 200, "narrowed"),
        (Request::post("/form").form("name", "x".repeat(2000)).form("age", 7), 413, r#"{"code":413,"#),
        (Request::get("/state"), 200, "a state"),
        (Request::get("/blocking?a=b"), 200, "a=b"),
        (Request::put("/hello/ann"), 405, r#"{"code":405,"#),
        (Request::get("/nope"), 404, "no page: /nope"),
        (Request::get("/go"), 302, ""),
        (Request::get("/file"), 200, &license),
        (Request::get("/nothing"), 204, ""),
        (Request::head("/hello/ann"), 200, ""),
        (Request::builder(Method::OPTIONS, "/hello/ann"), 204, ""),
        (Request::get("/own"), 200, "own"),
        (Request::get("/other"), 202, "other"),
        (
            Request::get("/fails"),
            500,
            r#"{"code":500,"message":"Internal Server Error","explain":"The server"#,
        ),
        (Request::get("/panics"), 500, r#"{"code":500,"#),
        (Request::get("/refused"), 500, r#"{"code":500,"#),
        (Request::get(format!("/{long}")), 414, r#"{"code":414,"#),
        (Request::get("/.."), 400, r#"{"code":400,"#),
        (Request::get("nope"), 400, r#"{"code":400,"#),
        (Request::get("/%zz"), 400, r#"{"code":400,"#),
        (Request::get("/about").header("x-bad", "a\nb"), 400, r#"{"code":400,"#),
        (Request::get("/about").header("host", "a b"), 400, r#"{"code":400,"#),
        (
            Request::get("/about").header("host", "h:1").header("cookie", "a=b").peer(peer).secure(true),
            200,
            "GET HTTP/1.1 host=Some(\"h:1\") peer=Some(192.0.2.1:99) tls=true cookie=Some(\"b\") length=None note=None",
        ),
        (
            Request::post("/about").body("abc").extension(Note("n")),
            200,
            "POST HTTP/1.1 host=None peer=None tls=false cookie=None length=Some(3) note=Some(\"n\")",
        ),
    ];
    let app = app();
    for (request, status, expected) in table {
        let shown = format!("{request:?}");
        let response = app.handle(request).await;
        assert_eq!(response.status, status, "{shown}");
        let text = text(response).await;
        if expected.starts_with("{\"code\"") {
            assert!(text.starts_with(expected), "{shown}: {text}");
        } else {
            assert_eq!(text, expected, "{shown}");
        }
    }
    let many = (0..9).fold(Request::get("/state"), |request, _| request.header("x", "y"));
    assert_eq!(app.handle(many).await.status, 431);
    let heavy = Request::get("/state").header("x", "y".repeat(17 << 10));
    assert_eq!(app.handle(heavy).await.status, 431);
}

#[tokio::test]
async fn answers_stand_for_themselves() {
    let app = app();
    type Fields = &'static [(&'static str, Option<&'static str>)];
    let table: [(_, Fields); 8] = [
        (
            Request::get("/hello/ann"),
            &[
                ("content-type", Some("text/plain; charset=utf-8")),
                ("x-filter", Some("seen")),
                ("date", None),
                ("server", None),
                ("content-length", None),
            ],
        ),
        (Request::head("/hello/ann"), &[("content-length", Some("12")), ("x-filter", Some("seen"))]),
        (Request::put("/hello/ann"), &[("allow", Some("GET, HEAD, OPTIONS")), ("x-filter", Some("seen"))]),
        (Request::get("/go"), &[("location", Some("/hello/ann"))]),
        (Request::get("/file"), &[("content-type", Some("text/plain"))]),
        (
            Request::get("/own"),
            &[
                ("content-length", None),
                ("transfer-encoding", None),
                ("x-own", Some("1")),
                ("connection", Some("close")),
            ],
        ),
        (Request::get("/nothing"), &[("content-length", None)]),
        (Request::get("/nope").header("accept", "text/html"), &[("x-filter", None)]),
    ];
    for (request, fields) in table {
        let shown = format!("{request:?}");
        let response = app.handle(request).await;
        for (name, value) in fields {
            assert_eq!(response.headers.get(name), *value, "{shown} {name}");
        }
    }
    for path in ["/own", "/other"] {
        let own = app.handle(Request::get(path)).await;
        assert_eq!(own.headers.get_all("x-own").collect::<Vec<_>>(), ["1", "2"], "{path}");
    }
    let other: http::Response<Body> = app.handle(Request::get("/other")).await.into();
    assert_eq!(other.headers()["content-type"], "text/other");
    assert_eq!(other.headers().get_all("x-own").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(other.into_body().into_bytes(9).await.expect("a body"), "other");
}

#[tokio::test]
async fn requests_of_the_http_crate_are_taken() {
    let app = app();
    let table = [
        ("/about", None, "host=None"),
        ("/about", Some("h"), "host=Some(\"h\")"),
        // The target's own host is the one that counts.
        ("https://uri:8/about", Some("h"), "host=Some(\"uri:8\")"),
    ];
    for (uri, host, expected) in table {
        let mut request = http::Request::builder().uri(uri).version(Version::HTTP_2).extension(Note("x"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let text = text(app.handle(request.body("").expect("a request")).await).await;
        assert!(
            text.contains(expected) && text.contains("HTTP/2.0") && text.contains("Some(\"x\")"),
            "{uri}: {text}"
        );
        // What a peer claims of its scheme is no proof.
        assert!(text.contains("tls=false"), "{uri}: {text}");
    }
    let star = http::Request::options("*").body(Body::empty()).expect("a request");
    let answer = app.handle(star).await;
    assert_eq!(answer.status, 204);
    assert!(answer.headers.contains("allow"));
}

#[tokio::test]
async fn a_websocket_needs_a_connection() {
    let app = app();
    let plain = app.handle(Request::get("/socket")).await;
    assert_eq!(plain.status, 404);
    let asking = Request::get("/socket")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
    let answer = app.handle(asking).await;
    assert_eq!((answer.status.as_u16(), answer.headers.get("x-filter")), (501, Some("seen")));
}

type Piece = Result<Bytes, std::io::Error>;

fn pieces(pieces: &[&'static str]) -> Body {
    Body::stream(stream::iter(
        pieces.iter().map(|piece| Piece::Ok(Bytes::from_static(piece.as_bytes()))).collect::<Vec<_>>(),
    ))
}

#[tokio::test]
async fn forms_in_parts_are_taken_apart() {
    let form = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nsea\r\n--x\r\n\
                Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\nabc\r\n--x--\r\n";
    let table = [
        (form, 1000, 200, "sea: a.png is 3 bytes"),
        (&form[..form.len() - 6], 1000, 400, "the multipart body is cut off in part 2"),
        (form, 50, 413, "Limits::upload_size"),
    ];
    for (body, size, status, part) in table {
        let config =
            Config::new().app("embedded").limits(Limits::new().upload_size(size)).state(String::new());
        let app = App::from_registry(config).expect("nothing is missing");
        let request = Request::post("/upload").header("content-type", "multipart/form-data; boundary=x");
        let pieces = body.as_bytes().chunks(7).map(|piece| Ok::<_, Error>(Bytes::from_static(piece)));
        let answer = app.handle(request.body(Body::stream(stream::iter(pieces.collect::<Vec<_>>())))).await;
        assert_eq!(answer.status, status, "{size}");
        let text = answer.into_bytes(1000).await.expect("in memory");
        assert!(String::from_utf8_lossy(&text).contains(part), "{text:?}");
    }
}

#[tokio::test]
async fn bodies_come_as_streams_within_their_limits() {
    let broken = || {
        let broken = std::io::Error::other("the line is dead");
        Body::stream(stream::iter([Piece::Ok(Bytes::from_static(b"abc")), Err(broken)]))
    };
    let of_ours = || Body::stream(stream::iter([Err::<Bytes, Error>(Error::unprocessable("a bad zip"))]));
    let long: &'static str = Box::leak("x".repeat(60).into_boxed_str());
    let type_of = |request: vernal::RequestBuilder| request.header("content-type", "application/json");
    let table = [
        ("pieces", Request::put("/count").body(pieces(&["a", "bc", "d"])), 200, "[1, 2, 1]"),
        ("whole", Request::put("/count").body("abc"), 200, "[3]"),
        ("none", Request::put("/count"), 200, "[]"),
        (
            "the size is known",
            Request::put("/count").body("x".repeat(101)),
            413,
            "100 bytes (Limits::body_size)",
        ),
        (
            "it shows later",
            Request::put("/count").body(pieces(&[long, long])),
            413,
            "100 bytes (Limits::body_size)",
        ),
        ("cut off", Request::put("/count").body(broken()), 400, "the line is dead"),
        ("its own status", Request::put("/count").body(of_ours()), 422, "a bad zip"),
        ("bound whole", type_of(Request::post("/json")).body(pieces(&["[", "1", "]"])), 200, "[[1]]"),
        ("bound whole, cut off", type_of(Request::post("/json")).body(broken()), 400, "the line is dead"),
        ("nobody reads it", Request::get("/nope").body(pieces(&["a"])), 404, "no page"),
    ];
    let app = app();
    for (name, request, status, expected) in table {
        let response = app.handle(request).await;
        assert_eq!(response.status, status, "{name}");
        let text = text(response).await;
        assert!(text.contains(expected), "{name}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_given_up() {
    let limits = Limits::new().body_grace(Duration::from_secs(3));
    let app = app_with(limits);
    for path in ["/count", "/json"] {
        let method = if path == "/count" { Method::PUT } else { Method::POST };
        let request = Request::builder(method, path)
            .header("content-type", "application/json")
            .body(Body::stream(stream::pending::<Piece>()));
        let answer = app.handle(request).await;
        assert_eq!(answer.status, 408, "{path}");
    }
    // However fast it came before.
    let app = app_with(Limits::new().body_rate(1));
    let began = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(&[b'1'; 1000]))]);
    let silent = Body::stream(began.chain(stream::pending()));
    let request = Request::post("/json").header("content-type", "application/json").body(silent);
    let start = tokio::time::Instant::now();
    let text = text(app.handle(request).await).await;
    assert!(text.contains("no byte of the body came for 15s (Limits::body_idle)"), "{text}");
    assert_eq!(start.elapsed().as_secs(), 15);
}

/// What tells a test how far the handler of `/written` has come.
#[derive(Clone, Default)]
struct Progress(Arc<Inside>);

#[derive(Default)]
struct Inside {
    go_on: Notify,
    is_over: AtomicBool,
    is_dropped: AtomicBool,
}

struct OnDrop(Progress);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.0.is_dropped.store(true, Ordering::SeqCst);
    }
}

#[request_map("/written", app = "written")]
async fn written(req: &Request, how: Option<&str>, res: &mut Response) -> Result {
    let progress = req.extensions.get::<Progress>().cloned().unwrap_or_default();
    let _dropped = OnDrop(progress.clone());
    res.headers.insert("x-written", "yes");
    res.set_status(202);
    res.write_bytes("first").await?;
    progress.0.go_on.notified().await;
    match how {
        Some("fails") => return Err(Error::internal("on purpose")),
        Some("much") => res.write_bytes(vec![b'x'; 1 << 20]).await?,
        Some("closes") => res.close()?,
        _ => res.write_bytes("second").await?,
    }
    progress.0.is_over.store(true, Ordering::SeqCst);
    Ok(())
}

fn written_app() -> App {
    App::from_registry(Config::new().app("written")).expect("it can be built")
}

async fn next(body: &mut std::pin::Pin<&mut Body>) -> Option<Result<Bytes>> {
    poll_fn(|cx| body.as_mut().poll_next(cx)).await
}

#[tokio::test]
async fn an_answer_is_written_while_its_handler_runs() {
    let table = [("", "second", true), ("?how=closes", "", true), ("?how=fails", "error", false)];
    for (query, rest, is_over) in table {
        let progress = Progress::default();
        let request = Request::get(format!("/written{query}")).extension(progress.clone());
        let response = written_app().handle(request).await;
        assert_eq!((response.status.as_u16(), response.headers.get("x-written")), (202, Some("yes")));
        assert_eq!(response.headers.get("content-type"), Some("application/octet-stream"));
        let mut body = pin!(response.into_body());
        assert_eq!(next(&mut body).await.expect("a piece").expect("a good one"), "first");
        assert!(!progress.0.is_over.load(Ordering::SeqCst), "{query}");
        progress.0.go_on.notify_one();
        let mut came = String::new();
        while let Some(piece) = next(&mut body).await {
            came += &piece
                .map_or_else(|_| "error".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
        }
        assert_eq!(came, rest, "{query}");
        assert_eq!(progress.0.is_over.load(Ordering::SeqCst), is_over, "{query}");
        assert!(next(&mut body).await.is_none());
    }
}

#[tokio::test]
async fn a_written_answer_waits_for_its_reader() {
    let progress = Progress::default();
    let request = Request::get("/written?how=much").extension(progress.clone());
    let response = written_app().handle(request).await;
    let mut body = pin!(response.into_body());
    progress.0.go_on.notify_one();
    let mut sizes = Vec::new();
    while let Some(piece) = next(&mut body).await {
        sizes.push(piece.expect("it goes on").len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 5 + (1 << 20));
    assert!(sizes.iter().all(|&size| size <= 64 << 10), "{sizes:?}");
}

#[tokio::test]
async fn who_drops_the_body_ends_the_handler() {
    let progress = Progress::default();
    let response = written_app().handle(Request::get("/written").extension(progress.clone())).await;
    assert!(!progress.0.is_dropped.load(Ordering::SeqCst));
    drop(response);
    assert!(progress.0.is_dropped.load(Ordering::SeqCst) && !progress.0.is_over.load(Ordering::SeqCst));
}

#[tokio::test]
async fn head_ends_a_writing_handler() {
    let progress = Progress::default();
    progress.0.go_on.notify_one();
    let response = written_app().handle(Request::head("/written?how=much").extension(progress.clone())).await;
    assert_eq!((response.status.as_u16(), response.headers.get("x-written")), (202, Some("yes")));
    assert!(progress.0.is_dropped.load(Ordering::SeqCst) && !progress.0.is_over.load(Ordering::SeqCst));
    assert!(response.into_bytes(0).await.expect("an empty body").is_empty());
}

/// Answers by itself, with the sizes of the pieces that come.
struct Counts;

impl Filter for Counts {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let mut body = cx.request.take_body();
            let mut sizes = Vec::new();
            while let Some(piece) = body.next().await {
                sizes.push(piece?.len());
            }
            cx.response.set_body(format!("{sizes:?} {}", cx.request.take_body().is_empty()));
            Ok(())
        })
    }

    fn answers(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_filter_may_answer_and_read_the_body_as_it_comes() {
    let limits = Limits::new().body_size(1000);
    let config = Config::new().app("embedded").state(String::new()).limits(limits.clone());
    let app = App::from_registry(config.filter("/**", Counts)).expect("it can be built");
    let client = vernal::test::Client::builder().app("embedded").state(String::new()).limits(limits);
    let client = client.filter("/**", Counts).build();
    // Mapped, mapped with a form, mapped otherwise, and not at all.
    for path in ["/json", "/form", "/hello/ann", "/nope"] {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let response = app.handle(request.body(pieces(&["a", "bc"]))).await;
        assert_eq!(response.headers.get("x-filter"), Some("seen"), "{path}: other filters run around it");
        assert_eq!(
            (response.status.as_u16(), text(response).await),
            (200, "[1, 2] true".to_owned()),
            "{path}"
        );
        let request = client.post(path).header("content-type", "application/x-www-form-urlencoded");
        request.body("abc").await.assert_status(200).assert_text("[3] true");
        client.post(path).body("x".repeat(1001)).await.assert_status(413);
    }
    // What answers makes an application, without any mapping.
    App::from_registry(Config::new().app("nothing")).expect_err("nothing is mapped");
    App::from_registry(Config::new().app("nothing").filter("/**", Counts)).expect("something answers");
}

#[request_map("/sized", app = "sized")]
fn sized(size: u64) -> Body {
    Body::sized(size, stream::iter([Piece::Ok(Bytes::from_static(b"abc")), Ok(Bytes::from_static(b"de"))]))
}

#[tokio::test]
async fn a_stream_of_a_known_size_is_sent_with_its_length() {
    let client = vernal::test::Client::builder().app("sized").build();
    let answer = client.get("/sized?size=5").await;
    answer.assert_header("content-length", "5").assert_no_header("transfer-encoding").assert_text("abcde");
    // One that is too short or too long is cut, so that nobody takes it for whole.
    for (size, sent) in [(6, "abcde"), (4, "abc")] {
        let answer = client.raw(format!("GET /sized?size={size} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{sent}")), "{answer}");
    }
}

// Connections that somebody else has accepted.

#[request_map("/", app = "connection")]
fn who(info: ConnectionInfo) -> String {
    format!("{:?} {}", info.peer(), info.is_secure())
}

#[websocket_handler("/echo", app = "connection")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[request_map("/by-hand", app = "connection")]
async fn by_hand(ws: WebSocketRequest) -> Result {
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

fn connection_app() -> App {
    App::from_registry(Config::new().app("connection")).expect("it can be built")
}

#[tokio::test]
async fn a_connection_in_memory_is_served() {
    let app = connection_app();
    let peer: SocketAddr = "192.0.2.7:1".parse().expect("an address");
    let table = [
        (None, "None false"),
        (Some(ConnectionInfo::new(Some(peer), true)), "Some(192.0.2.7:1) true"),
        (None, "None false"),
    ];
    for (info, expected) in table {
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let served = match info {
            Some(info) => tokio::spawn(app.serve_connection_from(theirs, info)),
            None => tokio::spawn(app.serve_connection(theirs)),
        };
        // Two requests, so that the connection is kept.
        let request =
            b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        ours.write_all(request).await.expect("it is open");
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.expect("text");
        assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
        assert_eq!(answer.matches(expected).count(), 2, "{answer}");
        served.await.expect("it ends with the connection");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_served() {
    let (mut ours, theirs) = tokio::net::UnixStream::pair().expect("a pair");
    tokio::spawn(connection_app().serve_connection(theirs));
    ours.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("it is open");
    let mut answer = String::new();
    ours.read_to_string(&mut answer).await.expect("text");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("None false"), "{answer}");
}

async fn connect(app: &App, path: &str) -> (WebSocketStream<DuplexStream>, tokio::task::JoinHandle<()>) {
    let (ours, theirs) = tokio::io::duplex(1024);
    let served = tokio::spawn(app.serve_connection(theirs));
    let (socket, answer) = client_async(format!("ws://a{path}"), ours).await.expect("it is accepted");
    assert_eq!(answer.status(), 101);
    (socket, served)
}

#[tokio::test]
async fn a_websocket_on_such_a_connection_lasts_as_long_as_it() {
    let app = connection_app();
    for path in ["/echo", "/by-hand"] {
        let (mut socket, served) = connect(&app, path).await;
        socket.send(TheirMessage::text("hi")).await.expect("it is open");
        assert_eq!(
            socket.next().await.expect("an answer").expect("a good one"),
            TheirMessage::text("hi"),
            "{path}"
        );
        assert!(!served.is_finished(), "{path}");
        socket.close(None).await.expect("it is open");
        while socket.next().await.is_some() {}
        served.await.expect("it ends with the session");
    }
}

#[tokio::test]
async fn who_drops_the_future_cuts_the_connection() {
    let app = connection_app();
    for path in ["/echo", "/by-hand"] {
        let (mut socket, served) = connect(&app, path).await;
        served.abort();
        let end = socket.next().await;
        assert!(end.is_none_or(|end| end.is_err()), "{path}");
    }
}

static CALLS: AtomicUsize = AtomicUsize::new(0);
static SENT: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[request_map("/once", app = "shared")]
fn once() -> String {
    let call = CALLS.fetch_add(1, Ordering::SeqCst);
    SENT.lock().expect("nobody panics").push(format!("call {call}"));
    call.to_string()
}

/// One application may be handled, served and cloned at the same time.
#[tokio::test]
async fn all_ways_in_share_one_application() {
    let app = App::from_registry(Config::new().app("shared")).expect("it can be built");
    let (mut ours, theirs) = tokio::io::duplex(1024);
    let served = tokio::spawn(app.clone().serve_connection(theirs));
    assert_eq!(text(app.handle(Request::get("/once")).await).await, "0");
    ours.write_all(b"GET /once HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.expect("it is open");
    let mut answer = String::new();
    ours.read_to_string(&mut answer).await.expect("text");
    assert!(answer.ends_with("\r\n\r\n1"), "{answer}");
    served.await.expect("it ends");
    assert_eq!(text(app.handle(Request::get("/once")).await).await, "2");
    assert_eq!(SENT.lock().expect("nobody panics").len(), 3);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
