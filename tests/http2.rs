//! HTTP/2: the same application over another version, by a client that others wrote.

mod authority;
mod prior;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;
use vernal::test::Client;
use vernal::tls::Tls;
use vernal::{
    Body, BodyReader, Compression, Error, Event, Headers, Json, Limits, Request, Response, Result, Session,
    Sse, State, StaticFile, Text, Trailers, request_map,
};

use crate::authority::{Authority, Running, builder};
use crate::prior::{PATIENCE, Peer, request, rest, whole};

#[request_map("/", app = "http2")]
fn index(req: &Request) -> String {
    format!("{:?} {} {}", req.version(), req.host().unwrap_or("?"), req.is_secure())
}

#[request_map("/hello/{name}", app = "http2")]
fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
    format!("Hello, {name}! ").repeat(times)
}

#[request_map("/async/{name}", app = "http2")]
async fn greet(name: &str) -> String {
    tokio::task::yield_now().await;
    format!("Hello, {name}!")
}

#[request_map("/blocking", app = "http2", blocking)]
fn blocked() -> &'static str {
    "blocked"
}

#[request_map("/json", app = "http2", method = "POST")]
fn echo(Json(value): Json<Value>) -> Json<Value> {
    Json(json!({ "got": value }))
}

#[request_map("/text", app = "http2", method = "POST")]
fn text(Text(text): Text<&str>) -> String {
    text.to_uppercase()
}

#[request_map("/form", app = "http2", method = "POST")]
fn form(name: &str) -> String {
    format!("form of {name}")
}

#[request_map("/cookies", app = "http2")]
fn cookies(req: &Request) -> String {
    let all = req.headers.get_all("cookie").collect::<Vec<_>>().join("|");
    format!("{all} {:?} {:?}", req.cookies().get("a"), req.cookies().get("c"))
}

#[request_map("/count", app = "http2")]
async fn count(session: Session) -> Result<String> {
    let add = |n: &mut u64| {
        *n += 1;
        *n
    };
    Ok(session.update("n", add).await?.to_string())
}

#[request_map("/nothing", app = "http2")]
fn nothing() -> Response {
    Response::new(204).header("x-a", "1").body("nobody sees it")
}

#[request_map("/fields", app = "http2")]
fn fields() -> (Headers, &'static str) {
    let own = [
        ("X-Upper", "a"),
        ("x-upper", "b"),
        ("Connection", "close"),
        ("Keep-Alive", "timeout=1"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("Content-Length", "99"),
        ("Proxy-Connection", "close"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ];
    (Headers::from(own), "fields")
}

#[request_map("/written", app = "http2")]
async fn written(res: &mut Response) -> Result {
    res.set_header("x-written", "yes");
    for piece in ["one ", "two ", "three"] {
        res.write_bytes(piece).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[request_map("/events", app = "http2")]
fn events() -> Sse {
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        for number in 0..3 {
            let _ = sender.send(Event::new(number.to_string())).await;
        }
    });
    events
}

#[request_map("/file", app = "http2")]
fn file() -> StaticFile {
    StaticFile::new("tests/http2.rs")
}

#[request_map("/large", app = "http2")]
fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|at| (at % 251) as u8).collect()
}

#[request_map("/broken", app = "http2")]
fn broken() -> Result<String> {
    Err(Error::new(418, "short").explain("and stout"))
}

#[request_map("/panics", app = "http2")]
fn panics() -> String {
    panic!("as it is meant to")
}

#[request_map("/upload", app = "http2", method = "PUT", limits = Limits::new().body_size(64 << 20))]
async fn upload(mut body: BodyReader) -> Result<String> {
    let mut size = 0;
    while let Some(piece) = body.read().await? {
        size += piece.len();
    }
    Ok(size.to_string())
}

#[request_map("/unread", app = "http2", method = "POST")]
fn unread() -> &'static str {
    "not read"
}

struct Waiting {
    began: Notify,
    dropped: Notify,
    goes_on: Notify,
}

struct Told<'w>(&'w Waiting);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

#[request_map("/waits", app = "http2")]
async fn waits(State(waiting): State<&Arc<Waiting>>) -> &'static str {
    let _told = Told(waiting);
    waiting.began.notify_one();
    waiting.goes_on.notified().await;
    "waited"
}

#[request_map("/trailed", app = "http2", method = "POST")]
fn trailed(text: Text<&str>, trailers: &Trailers) -> (String, Trailers) {
    let said = trailers.get("x-length").unwrap_or("unknown");
    (format!("said {said}"), Trailers::from([("x-length", text.len())]))
}

#[request_map("/trailed/empty", app = "http2")]
fn trailed_alone() -> Trailers {
    Trailers::from([("x-status", "0")])
}

/// Its pieces must not be asked for behind the last one, though the trailers take their time.
#[request_map("/trailed/stream", app = "http2")]
fn trailed_stream() -> Body {
    let piece = |at| async move { (at < 2).then(|| (Ok::<_, Error>(Bytes::from("piece ")), at + 1)) };
    Body::stream(futures_util::stream::unfold(0, piece)).with_trailers(&["x-sum"], async {
        tokio::task::yield_now().await;
        Ok(Trailers::from([("x-sum", 2)]))
    })
}

#[request_map("/trailed/written", app = "http2")]
async fn trailed_in_pieces(res: &mut Response) -> Result {
    res.write_bytes("one ").await?;
    tokio::task::yield_now().await;
    res.write_bytes("two").await?;
    res.set_trailers(Trailers::from([("x-sum", 2)]));
    Ok(())
}

fn client() -> (Client, Arc<Waiting>) {
    let waiting = Arc::new(Waiting { began: Notify::new(), dropped: Notify::new(), goes_on: Notify::new() });
    (
        Client::builder().app("http2").compression(Compression::gzip(6)).state(Arc::clone(&waiting)).build(),
        waiting,
    )
}

async fn peer() -> Peer {
    Peer::over(client().0.connect()).await
}

#[tokio::test]
async fn requests_are_answered_as_in_http_1() {
    let peer = peer().await;
    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
    const PLAIN: &[(&str, &str)] = &[("content-type", "text/plain")];
    const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
    type Row = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        Option<&'static str>,
        u16,
        &'static str,
    );
    let table: &[Row] = &[
        ("GET", "/", &[], None, 200, "HTTP/2.0 localhost false"),
        ("GET", "/hello/ann?times=2", &[], None, 200, "Hello, ann! Hello, ann! "),
        ("GET", "/hello/%C3%BC%20b", &[], None, 200, "Hello, ü b! "),
        ("GET", "/async/ann", &[], None, 200, "Hello, ann!"),
        ("GET", "/blocking", &[], None, 200, "blocked"),
        ("POST", "/json", JSON, Some("{\"a\":1}"), 200, "{\"got\":{\"a\":1}}"),
        ("POST", "/json", JSON, Some("{\"a\":"), 400, "JSON"),
        ("POST", "/json", PLAIN, Some("{}"), 415, ""),
        ("POST", "/text", PLAIN, Some("tea"), 200, "TEA"),
        ("POST", "/text", PLAIN, Some(""), 200, ""),
        ("POST", "/form", FORM, Some("name=ann"), 200, "form of ann"),
        ("POST", "/unread", &[], Some("tea"), 200, "not read"),
        ("PUT", "/upload", &[], Some("12345"), 200, "5"),
        ("GET", "/written", &[], None, 200, "one two three"),
        ("GET", "/events", &[], None, 200, "data: 0\n\ndata: 1\n\ndata: 2\n\n"),
        ("GET", "/nowhere", &[], None, 404, "/nowhere"),
        ("DELETE", "/json", &[], None, 405, ""),
        ("OPTIONS", "/json", &[], None, 204, ""),
        ("GET", "/nothing", &[], None, 204, ""),
        ("GET", "/broken", &[], None, 418, "and stout"),
        ("GET", "/panics", &[], None, 500, ""),
        ("HEAD", "/hello/ann", &[], None, 200, ""),
        ("HEAD", "/written", &[], None, 200, ""),
        ("HEAD", "/large", &[], None, 200, ""),
        ("GET", "/", &[("expect", "tea")], None, 417, "100-continue"),
        ("GET", "/", &[("host", "elsewhere")], None, 400, "elsewhere"),
    ];
    for (method, path, fields, body, status, expected) in table {
        let answer = peer.ask(request(method, path, fields), body.map(str::as_bytes)).await;
        assert_eq!(answer.status, *status, "{method} {path}: {answer:?}");
        assert!(answer.text().contains(expected), "{method} {path}: {answer:?}");
        assert!(!expected.is_empty() || answer.status >= 400 || answer.body.is_empty(), "{method} {path}");
        assert!(answer.headers.contains_key("date"), "{answer:?}");
        assert!(answer.status != 204 || !answer.headers.contains_key("content-type"), "{answer:?}");
    }
    let answer = peer.ask(request("HEAD", "/hello/ann", &[]), None).await;
    assert_eq!(answer.field("content-length"), Some("12"));
    let answer = peer.get("/large").await;
    assert_eq!((answer.body.len(), answer.field("content-length")), (3_000_000, Some("3000000")));
    assert!(answer.body.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
    let answer = peer.get("/file").await;
    assert_eq!(answer.body, std::fs::read("tests/http2.rs").expect("this file"));
    let answer = peer.ask(request("GET", "/file", &[("range", "bytes=0-2")]), None).await;
    assert_eq!((answer.status, answer.text()), (206, "//!"));
    let answer = peer.ask(request("GET", "/file", &[("accept-encoding", "gzip")]), None).await;
    assert_eq!(answer.field("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn fields_of_the_connection_stay_where_they_are() {
    let peer = peer().await;
    let answer = peer.get("/fields").await;
    let names: Vec<_> = answer.headers.keys().map(http::HeaderName::as_str).collect();
    for name in ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"] {
        assert!(!names.contains(&name), "{names:?}");
    }
    let all =
        |name| answer.headers.get_all(name).iter().map(|it| it.to_str().expect("text")).collect::<Vec<_>>();
    assert_eq!(all("x-upper"), ["a", "b"]);
    assert_eq!(all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(all("content-length"), ["6"]);
    // The connection goes on, whatever a handler said of it.
    assert_eq!(peer.get("/").await.status, 200);
}

#[tokio::test]
async fn cookies_are_one_field_again() {
    let peer = peer().await;
    let table: [(&[(&str, &str)], &str); 3] = [
        (&[("cookie", "a=1")], "a=1 Some(\"1\") None"),
        (
            &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3; d=4")],
            "a=1; b=2; c=3; d=4 Some(\"1\") Some(\"3\")",
        ),
        (&[], " None None"),
    ];
    for (fields, expected) in table {
        assert_eq!(peer.ask(request("GET", "/cookies", fields), None).await.text(), expected);
    }
    let first = peer.get("/count").await;
    let cookie = first.field("set-cookie").expect("a session").split(';').next().expect("a pair");
    let second = peer.ask(request("GET", "/count", &[("cookie", cookie)]), None).await;
    assert_eq!((first.text(), second.text()), ("1", "2"));
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let peer = peer().await;
    let (answer, mut sending) = peer.begin(request("PUT", "/upload", &[]), false).await;
    let piece = Bytes::from(vec![b'x'; 256 << 10]);
    for _ in 0..40 {
        let mut rest = piece.clone();
        while !rest.is_empty() {
            sending.reserve_capacity(rest.len());
            let room = std::future::poll_fn(|cx| sending.poll_capacity(cx));
            let room = timeout(PATIENCE, room).await.expect("room in time").expect("open").expect("no reset");
            sending.send_data(rest.split_to(room.min(rest.len())), false).expect("open");
        }
    }
    sending.send_data(Bytes::new(), true).expect("open");
    assert_eq!(whole(answer).await.expect("an answer").text(), (40 * (256 << 10)).to_string());
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let peer = peer().await;
    type Field = (&'static str, &'static str);
    type Row = (&'static str, &'static str, &'static [Field], &'static str, Option<Field>);
    let table: [Row; 8] = [
        ("POST", "/trailed", &[("te", "trailers")], "said 3", Some(("x-length", "3"))),
        ("POST", "/trailed", &[], "said 3", None),
        ("GET", "/trailed/empty", &[("te", "trailers")], "", Some(("x-status", "0"))),
        ("GET", "/trailed/empty", &[], "", None),
        ("GET", "/trailed/stream", &[("te", "trailers")], "piece piece ", Some(("x-sum", "2"))),
        ("GET", "/trailed/stream", &[], "piece piece ", None),
        ("GET", "/trailed/written", &[("te", "trailers")], "one two", Some(("x-sum", "2"))),
        ("GET", "/trailed/written", &[], "one two", None),
    ];
    for (method, path, fields, text, expected) in table {
        let mut all = vec![("content-type", "text/plain")];
        all.extend(fields);
        let (answer, mut sending) = peer.begin(request(method, path, &all), method == "GET").await;
        if method == "POST" {
            sending.send_data(Bytes::from("tea"), false).expect("open");
            let trailers = [("x-length", "3"), ("host", "elsewhere")];
            let trailers = trailers
                .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
            sending.send_trailers(http::HeaderMap::from_iter(trailers)).expect("open");
        }
        let answer = whole(answer).await.expect("an answer");
        assert_eq!(answer.text(), text, "{path} {fields:?}");
        let trailers = answer.trailers.unwrap_or_default();
        let found =
            trailers.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).next();
        assert_eq!(found, expected, "{path} {fields:?}");
        assert_eq!(answer.headers.contains_key("trailer"), expected.is_some() && path != "/trailed/written");
        // There are clients that look no further than to the length.
        let is_in_memory = matches!(path, "/trailed" | "/trailed/empty");
        let has_length = answer.headers.contains_key("content-length");
        assert_eq!(has_length, expected.is_none() && is_in_memory, "{path} {fields:?}");
    }
    // As HTTP/1.1 counts them: each with its colon, a space and its end, and the empty line behind them.
    let (name, empty) = ("x-long", "x-long: \r\n\r\n".len());
    let long = |size: usize| vec![(name.to_owned(), "y".repeat(size - empty))];
    let many = |count: usize| (0..count).map(|at| (format!("x-{at}"), "1".to_owned())).collect::<Vec<_>>();
    let table = [
        (many(100), 200, "said unknown"),
        (many(101), 431, "there are more than 100 trailer fields (Limits::header_count)"),
        (long(16_384), 200, "said unknown"),
        (long(16_385), 431, "the trailers are longer than 16384 bytes (Limits::head_size)"),
    ];
    for (fields, status, text) in table {
        let plain = [("content-type", "text/plain")];
        let (answer, mut sending) = peer.begin(request("POST", "/trailed", &plain), false).await;
        let fields = fields.iter().map(|(name, value)| {
            let name = http::HeaderName::try_from(name).expect("a name");
            (name, http::HeaderValue::try_from(value).expect("a value"))
        });
        sending.send_trailers(fields.collect()).expect("open");
        let answer = whole(answer).await.expect("an answer");
        assert!(answer.status == status && answer.text().contains(text), "{answer:?}");
    }
}

#[tokio::test]
async fn a_reset_stream_drops_its_handler() {
    let (client, waiting) = client();
    let peer = Peer::over(client.connect()).await;
    let (answer, mut sending) = peer.begin(request("GET", "/waits", &[]), true).await;
    waiting.began.notified().await;
    sending.send_reset(h2::Reason::CANCEL);
    timeout(PATIENCE, waiting.dropped.notified()).await.expect("the handler is dropped");
    drop(answer);
    assert_eq!(peer.get("/").await.status, 200);
}

#[tokio::test]
async fn a_lost_connection_drops_its_handlers() {
    let (client, waiting) = client();
    let peer = Peer::over(client.connect()).await;
    let (_answer, _sending) = peer.begin(request("GET", "/waits", &[]), true).await;
    waiting.began.notified().await;
    peer.driver.abort();
    timeout(PATIENCE, waiting.dropped.notified()).await.expect("the handler is dropped");
}

#[tokio::test]
async fn streams_do_not_wait_for_each_other() {
    let (client, waiting) = client();
    let peer = Peer::over(client.connect()).await;
    let (answer, _) = peer.begin(request("GET", "/waits", &[]), true).await;
    waiting.began.notified().await;
    assert_eq!(peer.get("/hello/ann").await.text(), "Hello, ann! ");
    waiting.goes_on.notify_one();
    assert_eq!(whole(answer).await.expect("an answer").text(), "waited");
}

#[tokio::test]
async fn early_answers_come_whole_and_the_rest_is_taken_in() {
    let peer = peer().await;
    let large = vec![b'x'; 5 << 20];
    let plain = [("content-type", "text/plain")];
    let table = [("/text", 413), ("/unread", 200), ("/nowhere", 404)];
    for (path, status) in table {
        let (answer, mut sending) = peer.begin(request("POST", path, &plain), false).await;
        sending.send_data(Bytes::from(large.clone()), true).expect("open");
        let answer = whole(answer).await.expect("an answer");
        assert_eq!(answer.status, status, "{answer:?}");
        if status == 413 {
            assert!(answer.text().contains("Limits::body_size"), "{answer:?}");
        }
        // What was sent is not held against the connection.
        let answer = peer.ask(request("PUT", "/upload", &[]), Some(&vec![b'x'; 3 << 20])).await;
        assert_eq!(answer.text(), (3 << 20).to_string(), "{path}");
    }
}

#[tokio::test]
async fn a_stop_lets_what_is_open_end() {
    let (client, waiting) = client();
    let peer = Peer::over(client.connect()).await;
    let (answer, _) = peer.begin(request("GET", "/waits", &[]), true).await;
    waiting.began.notified().await;
    let stopping = tokio::spawn(async move { client.stop().await });
    tokio::task::yield_now().await;
    // It goes on as long as a stream is open.
    assert_eq!(peer.get("/").await.status, 200);
    waiting.goes_on.notify_one();
    assert_eq!(whole(answer).await.expect("an answer").text(), "waited");
    timeout(PATIENCE, stopping).await.expect("it stops").expect("no panic");
    timeout(PATIENCE, peer.driver).await.expect("it ends").expect("no panic").expect("a good end");
}

#[tokio::test]
async fn an_idle_connection_is_told_of_a_stop() {
    let (client, _) = client();
    let peer = Peer::over(client.connect()).await;
    assert_eq!(peer.get("/").await.status, 200);
    timeout(PATIENCE, client.stop()).await.expect("it stops");
    timeout(PATIENCE, peer.driver).await.expect("it ends").expect("no panic").expect("a good end");
}

#[tokio::test]
async fn both_versions_are_spoken_on_one_port() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let waiting = Arc::new(Waiting { began: Notify::new(), dropped: Notify::new(), goes_on: Notify::new() });
    let plain = Running::start(builder("http2").state(Arc::clone(&waiting))).await;
    let tls = Tls::from_pem(cert, key).expect("a certificate");
    let secured = Running::start(builder("http2").state(waiting).tls(tls)).await;

    let peer = Peer::over(plain.connect().await).await;
    assert_eq!(peer.get("/").await.text(), "HTTP/2.0 localhost false");
    let answer = running_get(
        &plain,
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("HTTP/1.1 h false"), "{answer}");

    let mut config = (*authority.plain_client()).clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream =
        authority::connect(secured.address, "localhost", Arc::new(config)).await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let peer = Peer::over(stream).await;
    let mut secure = request("GET", "/", &[]);
    *secure.uri_mut() = "https://localhost/".parse().expect("a URI");
    assert_eq!(peer.ask(secure, None).await.text(), "HTTP/2.0 localhost true");
    let stream = authority::connect(secured.address, "localhost", authority.plain_client()).await;
    let answer = authority::get(&mut stream.expect("a handshake"), "/").await.expect("an answer");
    assert!(answer.ends_with("HTTP/1.1 localhost true"), "{answer}");
    drop(peer);
    plain.stop().await;
    secured.stop().await;
}

async fn running_get(running: &Running, fields: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = running.connect().await;
    let request = format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    stream.shutdown().await.expect("open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_told_and_closed() {
    let (client, _) = client();
    let peer = Peer::over(client.connect()).await;
    assert_eq!(peer.get("/").await.status, 200);
    let end = timeout(Duration::from_secs(700), peer.driver).await.expect("it ends");
    end.expect("no panic").expect("a good end");
}

#[tokio::test]
async fn ten_thousand_streams_leave_nothing() {
    let peer = peer().await;
    for number in 0..10_000 {
        let path = if number % 2 == 0 { "/hello/ann" } else { "/async/ann" };
        assert_eq!(peer.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn events_come_one_by_one() {
    let peer = peer().await;
    let (answer, _) = peer.begin(request("GET", "/events", &[]), true).await;
    let mut body = timeout(PATIENCE, answer).await.expect("in time").expect("an answer").into_body();
    let text = rest(&mut body).await.expect("events");
    assert_eq!(text, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
}
