//! What a connection does between its requests and around them, in memory and over real sockets alike.

use std::future::IntoFuture;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use vernal::test::Client;
use vernal::{
    Body, BodyReader, Error, FilterContext, Limits, Next, Request, Response, Result, StatusCode, Text,
    error_message, request_filter, request_map, server,
};

#[request_map("/")]
fn index() -> &'static str {
    "index"
}

#[request_map("/echo", method = "POST")]
fn echo(body: Text<&str>) -> String {
    format!("<{}>", *body)
}

#[request_map("/unread", method = "POST")]
async fn unread(_: BodyReader) -> &'static str {
    "unread"
}

#[request_map("/target")]
fn target(req: &Request) -> String {
    format!("{} {} {:?}", req.path(), req.query_string(), req.host())
}

/// The two ways to reach the same mappings.
struct Server {
    client: Client,
    address: std::net::SocketAddr,
    handle: server::Handle,
    serving: tokio::task::JoinHandle<Result>,
}

impl Server {
    async fn start(limits: Limits) -> Server {
        let bound = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false);
        let bound = bound.limits(limits.clone()).bind().expect("a free port");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        handle.ready().await;
        Server { client: Client::builder().limits(limits).build(), address, handle, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a listener")
    }

    /// Sends bytes, ends its side and reads to the end: in memory, then over a socket.
    async fn ask(&self, bytes: &[u8]) -> [Vec<u8>; 2] {
        [exchange(self.client.connect(), bytes).await, exchange(self.connect().await, bytes).await]
    }

    /// The same, and what the answers say in short must be this.
    async fn expect(&self, name: &str, bytes: &str, expected: &str) {
        for (way, answers) in ["in memory", "over TCP"].iter().zip(self.ask(bytes.as_bytes()).await) {
            assert_eq!(told(&answers), expected, "{name}, {way}");
        }
    }

    /// Stops, which is at once when no connection is left.
    async fn stop(self) {
        self.handle.stop();
        let stopped = timeout(Duration::from_secs(10), self.serving).await;
        stopped.expect("no connection is left").expect("no panic").expect("served to its end");
    }
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Send + 'static, bytes: &[u8]) -> Vec<u8> {
    let (mut reading, mut writing) = split(stream);
    let bytes = bytes.to_vec();
    let writer = tokio::spawn(async move {
        let _ = writing.write_all(&bytes).await;
        let _ = writing.shutdown().await;
        writing
    });
    let mut answers = Vec::new();
    reading.read_to_end(&mut answers).await.expect("no reset");
    drop(writer.await);
    answers
}

/// One answer, taken apart.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

/// Takes answers apart. Those to HEAD have `-` for their type in these tests, since nothing else tells.
fn answers(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
        bytes = &bytes[end + 4..];
        let field = |name: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(": "));
            fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let is_head = field("x-method") == Some("HEAD");
        let mut body = Vec::new();
        if let Some(length) = field("content-length").filter(|_| !is_head) {
            let (data, rest) = bytes.split_at(length.parse().expect("a number"));
            (body, bytes) = (data.to_vec(), rest);
        } else if field("transfer-encoding") == Some("chunked") {
            loop {
                let end = bytes.windows(2).position(|two| two == b"\r\n").expect("a chunk");
                let size = std::str::from_utf8(&bytes[..end]).expect("text");
                let size = usize::from_str_radix(size, 16).expect("a number");
                body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
                bytes = &bytes[end + 2 + size + 2..];
                if size == 0 {
                    break;
                }
            }
        } else if field("connection") == Some("close") && status == 200 {
            body = std::mem::take(&mut bytes).to_vec();
        }
        answers.push(Answer { status, head, body });
    }
    answers
}

/// Status and text or explanation of each answer, and the Connection field of the last.
fn told(bytes: &[u8]) -> String {
    let mut said = Vec::new();
    let mut connection = None;
    for answer in answers(bytes) {
        assert!(!said.contains(&"close".to_owned()), "an answer after the last one: {}", answer.head);
        assert!(answer.head.starts_with("HTTP/1.1 "), "{}", answer.head);
        let body = String::from_utf8(answer.body).expect("text");
        let json = serde_json::from_str::<Value>(&body).ok();
        let explain = json.as_ref().and_then(|body| body["explain"].as_str());
        said.push(format!("{} {}", answer.status, explain.unwrap_or(&body)).trim_end().to_owned());
        connection =
            answer.head.lines().find_map(|line| line.strip_prefix("connection: ")).map(str::to_owned);
    }
    said.extend(connection);
    said.join(" | ")
}

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

#[request_map("/says/{option}")]
fn says(option: &str, res: &mut Response) -> &'static str {
    res.headers.insert("connection", option);
    res.headers.insert("keep-alive", "timeout=5");
    "said"
}

#[tokio::test]
async fn connections_are_kept_as_the_law_says() {
    let server = Server::start(Limits::new()).await;
    let get = |version: &str, fields: &str| format!("GET / HTTP/{version}\r\nHost: h\r\n{fields}\r\n{GET}");
    let (kept, closed) = ("200 index | 200 index", "200 index | close");
    let table = [
        ("1.1", get("1.1", ""), kept),
        ("1.1 close", get("1.1", "Connection: close\r\n"), closed),
        ("1.1 close in any case", get("1.1", "connection: CLOSE\r\n"), closed),
        ("1.1 close in a list", get("1.1", "Connection: x, close ,y\r\n"), closed),
        (
            "1.1 close in a second field",
            get("1.1", "Connection: keep-alive\r\nConnection: close\r\n"),
            closed,
        ),
        ("1.1 keep-alive", get("1.1", "Connection: keep-alive\r\n"), kept),
        ("1.1 unknown", get("1.1", "Connection: closed\r\n"), kept),
        ("1.0", get("1.0", ""), closed),
        ("1.0 keep-alive", get("1.0", "Connection: keep-alive\r\n"), kept),
        ("1.0 keep-alive in any case", get("1.0", "Connection: Keep-Alive\r\n"), kept),
        ("1.0 both", get("1.0", "Connection: keep-alive, close\r\n"), closed),
        (
            "1.0 keep-alive at the end",
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_owned(),
            "200 index | keep-alive",
        ),
        (
            "the handler may end it",
            format!("GET /says/close HTTP/1.1\r\nHost: h\r\n\r\n{GET}"),
            "200 said | close",
        ),
        (
            "404",
            format!("GET /x HTTP/1.1\r\nHost: h\r\n\r\n{GET}"),
            "404 Nothing is mapped to GET /x. | 200 index",
        ),
        (
            "405",
            format!("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n{GET}"),
            "405 This path does not take GET; it takes POST, OPTIONS. | 200 index",
        ),
        (
            "bad path",
            format!("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n{GET}"),
            "400 the path `/%zz` has a `%` without two hexadecimal digits | 200 index",
        ),
    ];
    for (name, request, expected) in &table {
        server.expect(name, request, expected).await;
    }
    server.stop().await;

    let server = Server::start(Limits::new().requests_per_connection(1)).await;
    let keep = "GET /says/keep-alive HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n";
    server.expect("never kept", &(keep.to_owned() + GET), "200 said | close").await;
    let answers = server.ask(keep.as_bytes()).await;
    assert!(answers.iter().all(|answer| !String::from_utf8_lossy(answer).contains("keep-alive")));
    server.stop().await;
}

#[tokio::test]
async fn heads_that_break_the_law_are_told_so_and_closed() {
    let server = Server::start(Limits::new()).await;
    let many = "a: b\r\n".repeat(101);
    let long = "x".repeat(20 << 10);
    let bare = "400 a line of the request's head ends in LF without CR | close";
    let syntax = |line: &str| format!("400 Bad request syntax ('{line}') | close");
    let table = [
        ("one word", "GET\r\n\r\n".to_owned(), syntax("GET")),
        ("two words", "GET /\r\n\r\n".to_owned(), syntax("GET /")),
        ("four words", "GET / HTTP/1.1 x\r\n\r\n".to_owned(), syntax("GET / HTTP/1.1 x")),
        (
            "word",
            "GET / HTTX/1.1\r\n\r\n".to_owned(),
            "400 Bad request version ('HTTX/1.1') | close".to_owned(),
        ),
        (
            "2.0",
            "GET / HTTP/2.0\r\n\r\n".to_owned(),
            "505 Invalid HTTP version 2.0: this server speaks HTTP/1.1 | close".to_owned(),
        ),
        ("nothing", String::new(), String::new()),
        ("empty lines", "\r\n\r\n".to_owned(), String::new()),
        (
            "half a head",
            "GET / HTTP/1.1\r\nHost: h\r\n".to_owned(),
            "400 the request ended within its head, after 25 bytes: an empty line ends it | close".to_owned(),
        ),
        (
            "a letter",
            "G".to_owned(),
            "400 the request ended within its head, after 1 byte: an empty line ends it | close".to_owned(),
        ),
        (
            "half a head after a request",
            format!("{GET}GET /"),
            "200 index | 400 the request ended within its head, after 5 bytes: an empty line ends it | close".to_owned(),
        ),
        (
            "the hello of TLS",
            "\u{16}\u{3}\u{1}\u{2}".to_owned(),
            "400 TLS is spoken to a port without TLS: write `http://` in place of `https://`, or give the server a certificate | close".to_owned(),
        ),
        ("empty line first", format!("\r\n{GET}"), "200 index".to_owned()),
        (
            "fields",
            format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n"),
            "431 there are more than 100 header fields (Limits::header_count) | close".to_owned(),
        ),
        (
            "target",
            format!("GET /{long} HTTP/1.1\r\nHost: h\r\n\r\n"),
            "414 the request target is longer than 8192 bytes (Limits::uri_length) | close".to_owned(),
        ),
        (
            "field",
            format!("GET / HTTP/1.1\r\nHost: h\r\na: {long}\r\n\r\n"),
            "431 the request's head is longer than 16384 bytes (Limits::head_size) | close".to_owned(),
        ),
        ("1.0", "GET / HTTP/1.0\r\n\r\n".to_owned(), "200 index | close".to_owned()),
        (
            "1.0 with a body",
            "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nab".to_owned(),
            "200 <ab> | close".to_owned(),
        ),
        (
            "1.0 with chunks",
            "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            "400 HTTP/1.0 has no Transfer-Encoding | close".to_owned(),
        ),
        (
            "no Host",
            "GET / HTTP/1.1\r\n\r\n".to_owned(),
            "400 an HTTP/1.1 request needs a Host field | close".to_owned(),
        ),
        ("bare LF", "GET / HTTP/1.1\nHost: h\n\n".to_owned(), bare.to_owned()),
        ("one bare LF", "GET / HTTP/1.1\r\nHost: h\r\na: b\n\r\n".to_owned(), bare.to_owned()),
        (
            "absolute form",
            "GET http://other:81/target?a=b HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
            "200 /target a=b Some(\"other:81\")".to_owned(),
        ),
        (
            "absolute form without a path",
            "GET http://other HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
            "200 index".to_owned(),
        ),
        (
            "asterisk form",
            format!("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n{GET}"),
            "204 | 200 index".to_owned(),
        ),
        ("no more after it", format!("GET\r\n\r\n{GET}"), syntax("GET")),
        ("after a good one", format!("{GET}GET\r\n\r\n{GET}"), format!("200 index | {}", syntax("GET"))),
    ];
    for (name, request, expected) in &table {
        server.expect(name, request, expected).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_is_never_the_next_request() {
    let server = Server::start(Limits::new()).await;
    let inner = "GET /inner HTTP/1.1\r\nHost: h\r\n\r\n";
    let with = |path: &str, framing: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n{body}")
    };
    let length = format!("Content-Length: {}", inner.len());
    let chunks = format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    let both = "400 there are both Content-Length and Transfer-Encoding | close";
    let table = [
        ("bound", with("/echo", &length, inner) + GET, format!("200 <{inner}> | 200 index")),
        ("unread", with("/unread", &length, inner) + GET, "200 unread | 200 index".to_owned()),
        (
            "nobody there",
            with("/nobody", &length, inner) + GET,
            "404 Nothing is mapped to POST /nobody. | 200 index".to_owned(),
        ),
        (
            "wrong method",
            with("/echo", &length, inner).replacen("POST", "PUT", 1) + GET,
            "405 This path does not take PUT; it takes POST, OPTIONS. | 200 index".to_owned(),
        ),
        (
            "bad path",
            with("/%zz", &length, inner) + GET,
            "400 the path `/%zz` has a `%` without two hexadecimal digits | 200 index".to_owned(),
        ),
        (
            "chunked",
            with("/echo", "Transfer-Encoding: chunked", &chunks) + GET,
            format!("200 <{inner}> | 200 index"),
        ),
        (
            "chunked unread",
            with("/unread", "Transfer-Encoding: chunked", &chunks) + GET,
            "200 unread | 200 index".to_owned(),
        ),
        (
            "GET with a body",
            with("/", &length, inner).replacen("POST", "GET", 1) + GET,
            "200 index | 200 index".to_owned(),
        ),
        // `cGET` is a method like any other, and the mapping takes all.
        (
            "more than declared",
            with("/echo", "Content-Length: 2", "abc") + GET,
            "200 <ab> | 200 index".to_owned(),
        ),
        (
            "both",
            with("/echo", "Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n") + GET,
            both.to_owned(),
        ),
        (
            "both turned",
            with("/echo", "Transfer-Encoding: chunked\r\nContent-Length: 3", "0\r\n\r\n") + GET,
            both.to_owned(),
        ),
        (
            "two lengths",
            with("/echo", "Content-Length: 3\r\nContent-Length: 4", "abcd") + GET,
            "400 there is more than one Content-Length field | close".to_owned(),
        ),
        (
            "ended in it",
            with("/echo", "Content-Length: 9", "abc"),
            "400 the connection ended inside the body | close".to_owned(),
        ),
        (
            "ended in a chunk",
            with("/echo", "Transfer-Encoding: chunked", "9\r\nabc"),
            "400 the connection ended inside the body | close".to_owned(),
        ),
    ];
    for (name, request, expected) in &table {
        server.expect(name, request, expected).await;
    }
    server.stop().await;
}

#[request_map("/pipe/now/{n}")]
fn pipe_now(n: u32) -> String {
    format!("now {n}")
}

#[request_map("/pipe/wait/{n}")]
async fn pipe_wait(n: u32) -> String {
    for _ in 0..n % 5 {
        tokio::task::yield_now().await;
    }
    format!("wait {n}")
}

#[request_map("/pipe/blocking/{n}", blocking)]
fn pipe_blocking(n: u32) -> String {
    format!("blocking {n}")
}

#[request_map("/pipe/error/{n}")]
fn pipe_error(n: u32) -> Result<&'static str> {
    Err(Error::conflict(format!("error {n}")))
}

#[request_map("/pipe/form/{n}", method = "POST")]
fn pipe_form(n: u32, text: &str) -> String {
    format!("form {n} {text}")
}

#[request_map("/pipe/unread/{n}", method = "POST")]
async fn pipe_unread(n: u32, _: BodyReader) -> String {
    format!("unread {n}")
}

#[request_map("/pipe/read/{n}", method = "POST")]
async fn pipe_read(n: u32, mut body: BodyReader) -> Result<String> {
    Ok(format!("read {n} {}", String::from_utf8_lossy(&body.read_to_end(100).await?)))
}

#[request_map("/pipe/written/{n}")]
async fn pipe_written(n: u32, res: &mut Response) -> Result {
    res.write_bytes("written ").await?;
    tokio::task::yield_now().await;
    res.write_bytes(n.to_string()).await
}

#[request_map("/pipe/none/{n}")]
fn pipe_none(n: u32, res: &mut Response) -> StatusCode {
    res.headers.insert("x-n", n.to_string());
    StatusCode::NO_CONTENT
}

#[request_map("/pipe/head/{n}", method = "GET")]
fn pipe_head(n: u32, req: &Request, res: &mut Response) -> String {
    res.headers.insert("x-method", req.method.as_str());
    format!("head {n}")
}

#[tokio::test]
async fn a_hundred_pipelined_requests_of_all_kinds_are_answered_in_order() {
    let server = Server::start(Limits::new()).await;
    let get = |path: &str, n: usize| format!("GET /pipe/{path}/{n} HTTP/1.1\r\nHost: h\r\n\r\n");
    let post = |path: &str, n: usize, body: &str| {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let length = body.len();
        format!(
            "POST /pipe/{path}/{n} HTTP/1.1\r\nHost: h\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let (mut bytes, mut expected) = (String::new(), Vec::new());
    for n in 0..100 {
        let (request, status, body) = match n * 7 % 11 {
            0 => (get("now", n), 200, format!("now {n}")),
            1 => (get("wait", n), 200, format!("wait {n}")),
            2 => (get("blocking", n), 200, format!("blocking {n}")),
            3 => (get("error", n), 409, format!("error {n}")),
            4 => (post("form", n, "text=a+b"), 200, format!("form {n} a b")),
            5 => (post("unread", n, GET), 200, format!("unread {n}")),
            6 => (post("read", n, "text"), 200, format!("read {n} text")),
            7 => (get("written", n), 200, format!("written {n}")),
            8 => (get("none", n), 204, String::new()),
            9 => (get("head", n).replacen("GET", "HEAD", 1), 200, String::new()),
            _ => (get("nobody", n), 404, format!("Nothing is mapped to GET /pipe/nobody/{n}.")),
        };
        bytes += &request;
        expected.push(format!("{status} {body}").trim_end().to_owned());
    }
    server.expect("all kinds", &bytes, &expected.join(" | ")).await;
    server.stop().await;
}

const LARGE: usize = 3 << 20;

#[request_map("/large/bytes")]
fn large_bytes() -> Bytes {
    Bytes::from_static(&[b'b'; LARGE])
}

#[request_map("/large/written")]
async fn large_written(res: &mut Response) -> Result {
    for _ in 0..LARGE / 1024 {
        res.write_bytes([b'w'; 1024]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn answers_larger_than_any_buffer_follow_each_other() {
    let server = Server::start(Limits::new()).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let bytes = (get("/large/bytes") + GET + &get("/large/written") + GET).repeat(2) + &get("/large/bytes");
    for received in server.ask(bytes.as_bytes()).await {
        let found: Vec<_> = answers(&received)
            .into_iter()
            .map(|answer| (answer.body.len(), answer.body.first().copied().unwrap_or(b'-') as char))
            .collect();
        let (two, one) = ([(LARGE, 'b'), (5, 'i'), (LARGE, 'w'), (5, 'i')], (LARGE, 'b'));
        assert_eq!(found, [&two[..], &two[..], &[one]].concat());
    }
    server.stop().await;
}

static GATE: Semaphore = Semaphore::const_new(0);

#[request_map("/gate")]
async fn gate() -> &'static str {
    let _pass = GATE.acquire().await;
    "open"
}

#[tokio::test]
async fn a_peer_that_has_ended_its_side_gets_its_answers() {
    let server = Server::start(Limits::new()).await;
    let ask = format!("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n{GET}");
    let (mut pipe, mut socket) = (server.client.connect(), server.connect().await);
    pipe.write_all(ask.as_bytes()).await.expect("room");
    socket.write_all(ask.as_bytes()).await.expect("room");
    pipe.shutdown().await.expect("open");
    socket.shutdown().await.expect("open");
    // Whatever is done when a peer ends its side has been done once this is answered.
    server.expect("another connection", GET, "200 index").await;
    GATE.add_permits(1);
    let (mut of_pipe, mut of_socket) = (Vec::new(), Vec::new());
    pipe.read_to_end(&mut of_pipe).await.expect("no reset");
    socket.read_to_end(&mut of_socket).await.expect("no reset");
    assert_eq!(told(&of_pipe), "200 open | 200 index");
    assert_eq!(told(&of_socket), "200 open | 200 index");
    server.stop().await;
}

/// Tells when it is dropped.
struct Dropped(&'static Notify);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

static BEGUN: Notify = Notify::const_new();
static ENDED: Notify = Notify::const_new();

#[request_map("/endless/read", method = "POST")]
async fn endless_read(mut body: BodyReader) -> Result {
    let _dropped = Dropped(&ENDED);
    while body.read().await?.is_some() {
        BEGUN.notify_one();
    }
    Ok(())
}

#[request_map("/endless/wait")]
async fn endless_wait() {
    let _dropped = Dropped(&ENDED);
    BEGUN.notify_one();
    std::future::pending::<()>().await;
}

#[request_map("/endless/written")]
async fn endless_written(res: &mut Response) -> Result {
    let _dropped = Dropped(&ENDED);
    loop {
        res.write_bytes([b'w'; 1024]).await?;
        BEGUN.notify_one();
    }
}

struct Endless(#[expect(dead_code, reason = "dropped with the stream")] Dropped);

impl futures_core::Stream for Endless {
    type Item = Result<Bytes>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes>>> {
        BEGUN.notify_one();
        std::task::Poll::Ready(Some(Ok(Bytes::from_static(&[b's'; 1024]))))
    }
}

#[request_map("/endless/stream")]
fn endless_stream() -> Body {
    Body::stream(Endless(Dropped(&ENDED)))
}

#[tokio::test]
async fn a_peer_that_vanishes_takes_its_handler_with_it() {
    let server = Server::start(Limits::new()).await;
    let get = |path: &str| format!("GET /endless/{path} HTTP/1.1\r\nHost: h\r\n\r\n");
    let post = "POST /endless/read HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc".to_owned();
    // In memory nobody can tell a peer that is gone from one that has ended its side, until something is written to it.
    let table = [
        ("in a body", post, true),
        ("before the answer", get("wait"), false),
        ("in a written answer", get("written"), true),
        ("in a streamed answer", get("stream"), true),
    ];
    for (name, request, is_told_in_memory) in table {
        if is_told_in_memory {
            let mut pipe = server.client.connect();
            pipe.write_all(request.as_bytes()).await.expect("room");
            BEGUN.notified().await;
            drop(pipe);
            let ended = timeout(Duration::from_secs(10), ENDED.notified()).await;
            ended.unwrap_or_else(|_| panic!("{name}, in memory"));
        }
        let mut socket = server.connect().await;
        socket.write_all(request.as_bytes()).await.expect("room");
        BEGUN.notified().await;
        // With this a socket is reset when it is closed.
        socket.set_zero_linger().expect("a socket");
        drop(socket);
        let ended = timeout(Duration::from_secs(10), ENDED.notified()).await;
        ended.unwrap_or_else(|_| panic!("{name}, over TCP"));
    }
    // Here no handler runs yet.
    for part in ["GET / HT", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"] {
        let mut socket = server.connect().await;
        socket.write_all(part.as_bytes()).await.expect("room");
        socket.set_zero_linger().expect("a socket");
        drop(socket);
    }
    server.stop().await;
}

#[request_map("/panic/now")]
fn panic_now() -> &'static str {
    panic!("now")
}

#[request_map("/panic/async")]
async fn panic_async(#[arg(default = 0)] after: u32) -> &'static str {
    for _ in 0..after {
        tokio::task::yield_now().await;
    }
    panic!("later")
}

#[request_map("/panic/blocking", blocking)]
fn panic_blocking() -> &'static str {
    panic!("elsewhere")
}

#[request_map("/panic/written")]
async fn panic_written(res: &mut Response) -> Result {
    res.write_bytes("half").await?;
    panic!("after the first bytes")
}

#[request_filter("/filtered/**")]
async fn panic_filter(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    if cx.request.path().ends_with("before") {
        panic!("before");
    }
    next.run(cx).await;
    cx.response.headers.insert("x-after", "1");
    panic!("after")
}

#[request_map("/filtered/{when}")]
fn filtered(when: &str) -> &str {
    when
}

#[request_map("/panic/page/{status}")]
fn panic_page(status: u16) -> Result {
    Err(Error::status_only(status).explain("its page panics"))
}

#[error_message("418")]
fn page_now() -> &'static str {
    panic!("in a page")
}

#[error_message("420")]
async fn page_async() -> &'static str {
    tokio::task::yield_now().await;
    panic!("in a page")
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_connection_goes_on() {
    let server = Server::start(Limits::new()).await;
    let table = [
        ("/panic/now", 500),
        ("/panic/async", 500),
        ("/panic/async?after=3", 500),
        ("/panic/blocking", 500),
        ("/filtered/before", 500),
        ("/filtered/after", 500),
        // The status stays the error's when it is the page that fails.
        ("/panic/page/418", 418),
        ("/panic/page/420", 420),
    ];
    for (path, status) in table {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n{GET}");
        for bytes in server.ask(request.as_bytes()).await {
            let found: Vec<_> = answers(&bytes).iter().map(|answer| answer.status).collect();
            assert_eq!(found, [status, 200], "{path}: {}", String::from_utf8_lossy(&bytes));
        }
    }
    // Half an answer is cut, so that nobody takes it for a whole one.
    for bytes in server.ask(format!("GET /panic/written HTTP/1.1\r\nHost: h\r\n\r\n{GET}").as_bytes()).await {
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.ends_with("\r\n4\r\nhalf\r\n"), "{text}");
    }
    server.stop().await;
}

static MEETING: Barrier = Barrier::new(2);
static MEETINGS: AtomicUsize = AtomicUsize::new(0);

#[request_map("/meet/{name}", method = "POST", blocking)]
fn meet(name: &str, body: Text<&str>, res: &mut Response) -> String {
    // On the runtime's own thread the first of the two would wait for ever.
    MEETING.wait();
    MEETINGS.fetch_add(1, Ordering::SeqCst);
    res.headers.insert("x-met", name);
    format!("{name} {}", *body)
}

async fn meet_twice() {
    let client = Client::new();
    let one = tokio::spawn(client.post("/meet/ann").body("hi").into_future());
    let other = client.post("/meet/bob").body("ho").await;
    other.assert_status(200).assert_text("bob ho").assert_header("x-met", "bob");
    one.await.expect("no panic").assert_text("ann hi").assert_header("x-met", "ann");
}

#[test]
fn blocking_handlers_block_no_runtime_of_either_flavour() {
    let flavours = [
        tokio::runtime::Builder::new_current_thread().enable_all().build(),
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build(),
    ];
    for runtime in flavours {
        runtime.expect("a runtime").block_on(meet_twice());
    }
    assert_eq!(MEETINGS.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_at_once_when_the_server_stops() {
    let (one, other) = GET.split_at(9);
    for pieces in [vec![], vec![GET], vec![one, other], vec![GET, one, other]] {
        let client = Client::new();
        let mut peer = client.connect();
        let mut received = Vec::new();
        for piece in &pieces {
            peer.write_all(piece.as_bytes()).await.expect("room");
            sleep(Duration::from_millis(1)).await;
        }
        let count = pieces.concat().len() / GET.len();
        while received.windows(5).filter(|five| five == b"index").count() < count {
            peer.read_buf(&mut received).await.expect("an answer");
        }
        sleep(Duration::from_secs(1)).await;
        let start = Instant::now();
        client.handle().stop();
        assert_eq!(peer.read(&mut [0; 1]).await.expect("no reset"), 0);
        assert!(start.elapsed() < Duration::from_millis(10), "{pieces:?}: {:?}", start.elapsed());
    }
}
