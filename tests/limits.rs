//! Every limit, hit exactly and by one more; and what a peer is told that breaks it.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};
use vernal::test::Client;
use vernal::websocket::WebSocketConfig;
use vernal::{BodyReader, Json, Limits, request_map};

#[request_map("/")]
fn index() -> &'static str {
    "index"
}

#[request_map("/size", method = "POST")]
fn size(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/unread", method = "POST")]
async fn unread(_: BodyReader) -> &'static str {
    "unread"
}

#[request_map("/read", method = "POST")]
async fn read(mut body: BodyReader) -> vernal::Result<String> {
    let mut size = 0;
    while let Some(piece) = body.read().await? {
        size += piece.len();
    }
    Ok(size.to_string())
}

fn client(limits: Limits) -> Client {
    Client::builder().limits(limits).build()
}

/// Sends bytes, and tells of each answer its status and its text or explanation; `closed` if the last one says so.
async fn said(client: &Client, bytes: &str) -> String {
    told(&client.raw(bytes).await)
}

fn told(mut answers: &str) -> String {
    let mut said = Vec::new();
    let mut is_closed = false;
    while !answers.is_empty() {
        assert!(!is_closed, "there is something after the last answer: {answers}");
        let (head, rest) = answers.split_once("\r\n\r\n").expect("a whole head");
        let status = head.get(9..12).expect("a status");
        if status == "100" {
            said.push("100".to_owned());
            answers = rest;
            continue;
        }
        let length = head.split_once("content-length: ").expect("a length").1;
        let (body, rest) = rest.split_at(length.lines().next().unwrap_or("").parse().expect("a number"));
        let explain = serde_json::from_str::<Value>(body).ok();
        let explain = explain.as_ref().and_then(|body| body["explain"].as_str());
        said.push(format!("{status} {}", explain.unwrap_or(body)));
        is_closed = head.contains("\r\nconnection: close");
        answers = rest;
    }
    if is_closed {
        said.push("closed".to_owned());
    }
    said.join(" | ")
}

/// A connection that is written to and read from at one's own pace.
struct Peer(DuplexStream);

impl Peer {
    fn of(limits: Limits) -> Peer {
        Peer(client(limits).connect())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("the server reads");
    }

    /// All that comes until the server closes.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).expect("text")
    }

    /// The next answer, whose body is this.
    async fn expect(&mut self, body: &str) {
        let mut bytes = Vec::new();
        while !bytes.ends_with(format!("\r\n\r\n{body}").as_bytes()) {
            let count = self.0.read_buf(&mut bytes).await.expect("an answer");
            assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
        }
    }

    /// Whether the server has given the connection up.
    async fn is_cut(&mut self) -> bool {
        self.0.write_all(b"x").await.is_err()
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// A GET request whose head is so long, with so many fields.
fn head(length: usize, fields: usize) -> String {
    let mut text = "GET / HTTP/1.1\r\nHost: h\r\n".to_owned();
    (2..fields).for_each(|_| text += "a: b\r\n");
    let filler = length.checked_sub(text.len() + "x: \r\n\r\n".len()).expect("a longer head");
    text + &format!("x: {}\r\n\r\n", "y".repeat(filler))
}

fn post(path: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn chunked(path: &str, chunks: &[usize]) -> String {
    let mut text = format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for size in chunks {
        text += &format!("{size:x}\r\n{}\r\n", "y".repeat(*size));
    }
    text + "0\r\n\r\n"
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn heads_targets_fields_and_bodies_are_bounded() {
    let limits = Limits::new().head_size(200).header_count(5).uri_length(50).body_size(10);
    let target = |length: usize| format!("GET /?{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(length - 2));
    let trailers = |count: usize| {
        let chunks = chunked("/size", &[2]);
        chunks.replace("\r\n0\r\n\r\n", &format!("\r\n0\r\n{}\r\n", "a: b\r\n".repeat(count)))
    };
    let trailer = |length: usize| {
        let text = format!("a: {}\r\n", "y".repeat(length - "a: \r\n\r\n".len()));
        chunked("/size", &[2]).replace("\r\n0\r\n\r\n", &format!("\r\n0\r\n{text}\r\n"))
    };
    let too_large = "413 the body is larger than 10 bytes (Limits::body_size)";
    let table = [
        ("head", head(200, 3), "200 index".to_owned()),
        (
            "head, one more",
            head(201, 3),
            "431 the request's head is longer than 200 bytes (Limits::head_size) | closed".to_owned(),
        ),
        ("fields", head(100, 5), "200 index".to_owned()),
        (
            "fields, one more",
            head(100, 6),
            "431 there are more than 5 header fields (Limits::header_count) | closed".to_owned(),
        ),
        ("target", target(50), "200 index".to_owned()),
        (
            "target, one more",
            target(51),
            "414 the request target is longer than 50 bytes (Limits::uri_length) | closed".to_owned(),
        ),
        ("trailers", trailers(5), "200 2".to_owned()),
        (
            "trailers, one more",
            trailers(6),
            "431 there are more than 5 trailer fields (Limits::header_count) | closed".to_owned(),
        ),
        ("trailer", trailer(200), "200 2".to_owned()),
        (
            "trailer, one more",
            trailer(201),
            "431 the trailers are longer than 200 bytes (Limits::head_size) | closed".to_owned(),
        ),
        ("body", post("/size", "a/b", "0123456789") + GET, "200 10 | 200 index".to_owned()),
        // What is drained is known to be little, so the connection stays.
        ("body, one more", post("/size", "a/b", "0123456789a") + GET, format!("{too_large} | 200 index")),
        ("chunks", chunked("/size", &[3, 7]) + GET, "200 10 | 200 index".to_owned()),
        ("chunks, one more", chunked("/size", &[3, 8]) + GET, format!("{too_large} | closed")),
        ("body read by pieces", post("/read", "a/b", "0123456789") + GET, "200 10 | 200 index".to_owned()),
        (
            "by pieces, one more",
            post("/read", "a/b", "0123456789a") + GET,
            format!("{too_large} | 200 index"),
        ),
        ("chunks by pieces", chunked("/read", &[3, 7]) + GET, "200 10 | 200 index".to_owned()),
        ("chunks by pieces, one more", chunked("/read", &[3, 8]) + GET, format!("{too_large} | closed")),
    ];
    let client = client(limits);
    for (name, request, expected) in table {
        assert_eq!(said(&client, &request).await, expected, "{name}");
    }
}

#[request_map("/count", method = "GET, POST")]
fn count(req: &vernal::Request) -> String {
    (req.query().len() + req.form().len()).to_string()
}

#[tokio::test]
async fn parameters_are_bounded_in_query_and_form_together() {
    let too_many = |limit: usize| {
        format!("400 there are more than {limit} parameters in query and form together (Limits::parameters)")
    };
    let get = |query: &str| format!("GET /count?{query} HTTP/1.1\r\nHost: h\r\n\r\n");
    let table = [
        ("query", get("a&b&c&d&e"), "200 5".to_owned()),
        ("query, one more", get("a&b&c&d&e&f") + GET, too_many(5) + " | 200 index"),
        ("empty ones do not count", get("a&&b&c&&&d&e&"), "200 5".to_owned()),
        ("form", post("/count", FORM, "a&b&c&d&e"), "200 5".to_owned()),
        ("form, one more", post("/count", FORM, "a&b&c&d&e&f") + GET, too_many(5) + " | 200 index"),
        ("both", post("/count?a&b", FORM, "c&d&e"), "200 5".to_owned()),
        ("both, one more", post("/count?a&b", FORM, "c&d&e&f") + GET, too_many(5) + " | 200 index"),
    ];
    let client = client(Limits::new().parameters(5));
    for (name, request, expected) in table {
        assert_eq!(said(&client, &request).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_flood_of_parameters_is_refused() {
    let client = client(Limits::new());
    let flood = "a=1&".repeat(100_000);
    let expected =
        "400 there are more than 1000 parameters in query and form together (Limits::parameters) | 200 index";
    assert_eq!(said(&client, &(post("/count", FORM, &flood) + GET)).await, expected);
}

#[request_map("/json", method = "POST")]
fn json(Json(value): Json<Value>) -> String {
    value.as_array().map_or(0, Vec::len).to_string()
}

#[tokio::test]
async fn json_nested_too_deep_is_refused() {
    let client = client(Limits::new());
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let ask = async |body: &str| said(&client, &(post("/json", "application/json", body) + GET)).await;
    assert_eq!(ask(&nested(127)).await, "200 1 | 200 index");
    for depth in [128, 100_000] {
        let said = ask(&nested(depth)).await;
        assert!(said.starts_with("400 the body is not the JSON it should be: recursion limit"), "{said}");
        assert!(said.ends_with(" | 200 index"), "{said}");
    }
}

#[request_map("/smaller", method = "POST", limits = Limits::new().body_size(5))]
fn smaller(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/larger", method = "POST", limits = Limits::new().body_size(20))]
fn larger(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/larger/pieces", method = "POST", limits = Limits::new().body_size(20))]
async fn larger_by_pieces(mut body: BodyReader) -> vernal::Result<String> {
    Ok(body.read_to_end(1000).await?.len().to_string())
}

#[request_map("/narrowed", method = "POST", params = "a=s", limits = Limits::new().body_size(5))]
fn smaller_if(a: &str) -> String {
    format!("smaller {a}")
}

#[request_map("/narrowed", method = "POST", params = "a=l", limits = Limits::new().body_size(20))]
fn larger_if(a: &str) -> String {
    format!("larger {a}")
}

#[request_map("/narrowed", method = "POST", params = "a=n")]
fn neither(a: &str) -> String {
    format!("neither {a}")
}

#[tokio::test]
async fn a_mapping_may_have_limits_of_its_own() {
    let fields = |a: char, length: usize| {
        let body = format!("a={a}&");
        post("/narrowed", FORM, &format!("{body}{}", "x".repeat(length - body.len())))
    };
    let too_large = |limit: usize| format!("413 the body is larger than {limit} bytes (Limits::body_size)");
    let of = |length: usize| "y".repeat(length);
    let table = [
        ("server", post("/size", "a/b", &of(10)), "200 10".to_owned()),
        ("server, one more", post("/size", "a/b", &of(11)), too_large(10)),
        ("smaller", post("/smaller", "a/b", &of(5)), "200 5".to_owned()),
        ("smaller, one more", post("/smaller", "a/b", &of(6)), too_large(5)),
        ("smaller, chunks", chunked("/smaller", &[5]), "200 5".to_owned()),
        ("smaller, chunks, one more", chunked("/smaller", &[5, 1]), too_large(5) + " | closed"),
        ("larger", post("/larger", "a/b", &of(20)), "200 20".to_owned()),
        ("larger, one more", post("/larger", "a/b", &of(21)), too_large(20)),
        ("larger by pieces", post("/larger/pieces", "a/b", &of(20)), "200 20".to_owned()),
        ("larger by pieces, one more", chunked("/larger/pieces", &[20, 1]), too_large(20) + " | closed"),
        ("found by the form, smaller", fields('s', 5), "200 smaller s".to_owned()),
        ("found by the form, smaller, one more", fields('s', 6), too_large(5)),
        ("found by the form, larger", fields('l', 20), "200 larger l".to_owned()),
        ("found by the form, larger, one more", fields('l', 21), too_large(20)),
        ("found by the form, server", fields('n', 10), "200 neither n".to_owned()),
        ("found by the form, server, one more", fields('n', 11), too_large(10)),
        ("found by no form", fields('?', 10), "404 Nothing is mapped to POST /narrowed.".to_owned()),
        ("found by no form, one more", fields('?', 11), too_large(10)),
    ];
    let client = client(Limits::new().body_size(10));
    for (name, request, expected) in table {
        assert_eq!(said(&client, &request).await, expected, "{name}");
    }
}

/// Nothing of the body has come, and it will not: the peer waits for an answer.
#[tokio::test]
async fn a_declared_length_is_refused_before_the_body_comes() {
    for path in ["/size", "/read", "/unread"] {
        let mut peer = Peer::of(Limits::new().body_size(1 << 20));
        peer.send(&format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n")).await;
        let expected = "413 the body is larger than 1048576 bytes (Limits::body_size) | closed";
        assert_eq!(told(&peer.rest().await), expected, "{path}");
    }
}

#[tokio::test]
async fn what_is_expected_is_told_before_the_body_comes() {
    let expecting = |path: &str, framing: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n{framing}\r\n\r\n")
    };
    let too_large = "413 the body is larger than 10 bytes (Limits::body_size) | closed";
    let table = [
        ("bound", expecting("/size", "Content-Length: 3"), "abc", "100 | 200 3"),
        ("read", expecting("/read", "Content-Length: 3"), "abc", "100 | 200 3"),
        ("chunked", expecting("/size", "Transfer-Encoding: chunked"), "3\r\nabc\r\n0\r\n\r\n", "100 | 200 3"),
        ("sent all the same", expecting("/size", "Content-Length: 3") + "abc", "", "200 3"),
        ("no body", expecting("/size", "Content-Length: 0"), "", "200 0"),
        ("too large", expecting("/size", "Content-Length: 11"), "", too_large),
        ("too large to read", expecting("/read", "Content-Length: 11"), "", too_large),
        ("unread", expecting("/unread", "Content-Length: 3"), "", "200 unread | closed"),
        (
            "nobody there",
            expecting("/nobody", "Content-Length: 3"),
            "",
            "404 Nothing is mapped to POST /nobody. | closed",
        ),
        (
            "HTTP/1.0",
            expecting("/size", "Content-Length: 3").replace("/1.1", "/1.0") + "abc",
            "",
            "200 3 | closed",
        ),
        (
            "too large in chunks",
            expecting("/size", "Transfer-Encoding: chunked"),
            "b\r\nabcdefghijk\r\n",
            &format!("100 | {too_large}"),
        ),
    ];
    for (name, head, body, expected) in table {
        let mut peer = Peer::of(Limits::new().body_size(10));
        peer.send(&head).await;
        let mut before = String::new();
        if expected.starts_with("100") {
            let mut interim = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
            peer.0.read_exact(&mut interim).await.expect("an interim answer");
            before = String::from_utf8_lossy(&interim).into_owned();
        }
        peer.send(body).await;
        let _ = peer.0.shutdown().await;
        assert_eq!(told(&(before + &peer.rest().await)), expected, "{name}");
    }
}

#[tokio::test]
async fn the_last_request_of_a_connection_is_answered_with_close() {
    let client = client(Limits::new().requests_per_connection(3));
    let table = [
        (2, "200 index | 200 index"),
        (3, "200 index | 200 index | 200 index | closed"),
        (4, "200 index | 200 index | 200 index | closed"),
    ];
    for (count, expected) in table {
        assert_eq!(said(&client, &GET.repeat(count)).await, expected);
    }
}

#[tokio::test]
async fn an_unread_body_is_drained_within_its_bound_and_never_the_next_request() {
    // Each body is full of requests.
    let of = |length: usize| GET.repeat(length / GET.len() + 1)[..length].to_owned();
    let chunks = |length: usize| {
        let (half, rest) = (length / 2, length - length / 2);
        let body = of(length);
        format!(
            "POST /unread HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{half:x}\r\n{}\r\n{rest:x}\r\n{}\r\n0\r\n\r\n",
            &body[..half],
            &body[half..],
        )
    };
    let table = [
        ("drained", post("/unread", "a/b", &of(500)), "200 unread | 200 index"),
        ("closed", post("/unread", "a/b", &of(501)), "200 unread | closed"),
        ("chunks drained", chunks(500), "200 unread | 200 index"),
        ("chunks closed", chunks(501), "200 unread"),
        (
            "nobody there, drained",
            post("/nobody", "a/b", &of(500)),
            "404 Nothing is mapped to POST /nobody. | 200 index",
        ),
        (
            "nobody there, closed",
            post("/nobody", "a/b", &of(501)),
            "404 Nothing is mapped to POST /nobody. | closed",
        ),
        (
            "too large, drained",
            post("/size", "a/b", &of(500)),
            "413 the body is larger than 400 bytes (Limits::body_size) | 200 index",
        ),
        (
            "too large, closed",
            post("/size", "a/b", &of(501)),
            "413 the body is larger than 400 bytes (Limits::body_size) | closed",
        ),
    ];
    let small = Limits::new().drain_size(500);
    for (name, request, expected) in table {
        let limits = if name.starts_with("too") { small.clone().body_size(400) } else { small.clone() };
        assert_eq!(said(&client(limits), &(request + GET)).await, expected, "{name}");
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_head_that_takes_too_long_is_refused() {
    let slow = "408 the head took longer than 10s (Limits::header_timeout) | closed";
    let table = [
        ("at its time", 10 * SECOND - MILLISECOND, "200 index"),
        ("one more", 10 * SECOND + MILLISECOND, slow),
    ];
    for (name, pause, expected) in table {
        for served in [0, 1] {
            let mut peer = Peer::of(Limits::new());
            for _ in 0..served {
                peer.send(GET).await;
                peer.expect("index").await;
                sleep(30 * SECOND).await;
            }
            let (one, other) = GET.split_at(10);
            peer.send(one).await;
            sleep(pause).await;
            let _ = peer.0.write_all(other.as_bytes()).await;
            let _ = peer.0.shutdown().await;
            assert_eq!(told(&peer.rest().await), expected, "{name}, after {served}");
        }
    }
    // A byte a second does not help.
    let mut peer = Peer::of(Limits::new());
    let start = Instant::now();
    for byte in GET.chars().take(12) {
        peer.0.write_all(byte.to_string().as_bytes()).await.expect("it is told, and may go on for a while");
        sleep(SECOND).await;
    }
    assert_eq!(told(&peer.rest().await), slow);
    assert_eq!(start.elapsed().as_secs(), 12, "the answer was there already");
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_without_a_word() {
    // The shorter one bounds the wait for the very first byte.
    let table = [
        (Limits::new(), 10),
        (Limits::new().header_timeout(7 * SECOND), 7),
        (Limits::new().idle_time(3 * SECOND), 3),
        (Limits::new().idle_time(3 * SECOND).header_timeout(7 * SECOND), 3),
        (Limits::new().idle_time(7 * SECOND).header_timeout(3 * SECOND), 3),
    ];
    for (limits, seconds) in table {
        let start = Instant::now();
        let mut peer = Peer::of(limits);
        assert_eq!(peer.rest().await, "");
        assert_eq!(start.elapsed().as_secs(), seconds, "nothing was ever sent");
    }

    for (pause, is_kept) in [(75 * SECOND - MILLISECOND, true), (75 * SECOND + MILLISECOND, false)] {
        let mut peer = Peer::of(Limits::new());
        for _ in 0..3 {
            peer.send(GET).await;
            peer.expect("index").await;
        }
        sleep(pause).await;
        let _ = peer.0.write_all(GET.as_bytes()).await;
        let _ = peer.0.shutdown().await;
        assert_eq!(told(&peer.rest().await), if is_kept { "200 index" } else { "" });
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_comes_too_slowly_is_refused() {
    let slow = "408 the body came slower than 100 bytes a second after the 5s of Limits::body_grace (Limits::body_rate) | closed";
    let table = [
        ("nothing", 0, slow.to_owned(), 5),
        ("half the rate", 50, slow.to_owned(), 9),
        ("the rate", 100, "200 3000".to_owned(), 30),
        ("faster", 300, "200 3000".to_owned(), 10),
    ];
    for path in ["/size", "/read"] {
        for (name, rate, expected, seconds) in &table {
            let start = Instant::now();
            let connection = client(Limits::new().body_rate(100).body_grace(5 * SECOND)).connect();
            let (mut reading, mut writing) = tokio::io::split(connection);
            let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n");
            let (piece, count) = ("y".repeat(*rate), 3000_usize.checked_div(*rate).unwrap_or(60));
            let writer = tokio::spawn(async move {
                writing.write_all(head.as_bytes()).await?;
                for _ in 0..count {
                    writing.write_all(piece.as_bytes()).await?;
                    sleep(SECOND).await;
                }
                writing.shutdown().await
            });
            let mut answer = String::new();
            reading.read_to_string(&mut answer).await.expect("text");
            assert_eq!(told(&answer), *expected, "{path}, {name}");
            assert_eq!(start.elapsed().as_secs(), *seconds, "{path}, {name}");
            writer.abort();
        }
    }
}

#[request_map("/field", method = "POST")]
fn field(f: &str) -> String {
    f.len().to_string()
}

#[request_map("/late", method = "POST")]
async fn late(mut body: BodyReader) -> vernal::Result<String> {
    body.read().await?;
    sleep(3600 * SECOND).await;
    read(body).await
}

#[tokio::test(start_paused = true)]
async fn a_body_that_falls_silent_is_refused() {
    let silent = "408 no byte of the body came for 15s (Limits::body_idle) | closed";
    // What has come gives it time for hours by its rate.
    let part = "--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n";
    let whole = |path: &str, kind: &str, before: &str, after: &str| {
        let (before, after) = (format!("{before}{}", "y".repeat(1 << 20)), format!("y{after}"));
        let length = before.len() + after.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
        );
        (path.to_owned(), head + &before, after)
    };
    let chunked = |path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        (
            format!("{path}, chunked"),
            format!("{head}100000\r\n{}\r\n", "y".repeat(1 << 20)),
            "1\r\ny\r\n0\r\n\r\n".to_owned(),
        )
    };
    let table = [
        whole("/size", "a/b", "", ""),
        whole("/read", "a/b", "", ""),
        whole("/field", "application/x-www-form-urlencoded", "f=", ""),
        whole("/field", "multipart/form-data; boundary=b", part, "\r\n--b--\r\n"),
        chunked("/size"),
        chunked("/read"),
    ];
    for (name, before, after) in table {
        for (pause, is_refused) in [(15 * SECOND - MILLISECOND, false), (15 * SECOND + MILLISECOND, true)] {
            let mut peer = Peer::of(Limits::new());
            peer.send(&before).await;
            sleep(pause).await;
            let _ = peer.0.write_all(after.as_bytes()).await;
            let _ = peer.0.shutdown().await;
            let expected = if is_refused { silent.to_owned() } else { format!("200 {}", (1 << 20) + 1) };
            assert_eq!(told(&peer.rest().await), expected, "{name}");
        }
    }
    // A handler that is late itself is no fault of the peer's, who has not been able to send more meanwhile.
    let (_, before, after) = whole("/late", "a/b", "", "");
    let peer = Peer::of(Limits::new());
    let (mut reading, mut writing) = tokio::io::split(peer.0);
    let writer = tokio::spawn(async move {
        writing.write_all(before.as_bytes()).await?;
        sleep(SECOND).await;
        writing.write_all(after.as_bytes()).await?;
        Ok::<_, std::io::Error>(writing)
    });
    let mut answer = vec![0; 4 << 10];
    let count = reading.read(&mut answer).await.expect("an answer");
    assert!(answer[..count].starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&answer[..count]));
    writer.await.expect("no panic").expect("the server reads");
}

#[request_map("/megabyte")]
fn megabyte() -> Bytes {
    Bytes::from_static(&[b'y'; 1 << 20])
}

static TEXT: &str = match str::from_utf8(&[b'y'; 60_000]) {
    Ok(text) => text,
    Err(_) => "",
};

#[request_map("/text")]
fn text() -> &'static str {
    TEXT
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_cut() {
    let ask = "GET /megabyte HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut peer = Peer::of(Limits::new());
    peer.send(ask).await;
    sleep(30 * SECOND - MILLISECOND).await;
    assert!(!peer.is_cut().await);
    sleep(2 * MILLISECOND).await;
    assert!(peer.is_cut().await);

    // Taking some of it now and then is enough, and takes nothing from the time to idle afterwards: be it an answer that is
    // written from where it lies, or one in the buffer that more answers would have joined.
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    for (asks, size) in [(vec![get("/megabyte")], 1 << 20), (vec![get("/text"); 2], 2 * TEXT.len())] {
        let mut peer = Peer::of(Limits::new());
        for ask in asks {
            peer.send(&ask).await;
            sleep(SECOND).await;
        }
        let (mut received, mut room) = (0, vec![0; 20_000]);
        while received < size {
            if size - received > 60_000 {
                sleep(25 * SECOND).await;
            }
            received += peer.0.read(&mut room).await.expect("some of it");
        }
        sleep(10 * SECOND).await;
        peer.send(GET).await;
        peer.expect("index").await;
    }
}

/// Rows of a part of `docs/limits.md`: the name and its default.
fn documented(part: &'static str) -> Vec<(&'static str, &'static str)> {
    let rows = part.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let name = cells.next()?.trim_matches('*').strip_prefix('`')?.strip_suffix('`')?;
        Some((name, cells.next()?))
    });
    rows.collect()
}

/// What `docs/limits.md` says of requests, and of WebSocket sessions.
fn parts() -> (&'static str, &'static str) {
    let (before, rest) =
        include_str!("../docs/limits.md").split_once("\n## WebSocket sessions\n").expect("a part of its own");
    let (of_sessions, after) = rest.split_once("\n## ").expect("a part after it");
    assert!(documented(after).is_empty(), "limits of requests after those of sessions");
    (before, of_sessions)
}

/// A default as the table says it, in the words of `Debug`.
fn meant(text: &str) -> String {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number = number.replace(',', "");
    let times = |size: u64| (number.parse::<u64>().expect("a number") * size).to_string();
    match unit {
        "" => number,
        "s" => format!("{number}s"),
        "KiB" => times(1 << 10),
        "MiB" => times(1 << 20),
        "`upload_size`" => u64::MAX.to_string(),
        _ => panic!("{text}"),
    }
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    let shown = format!("{:?}", Limits::new());
    let fields = shown.strip_prefix("Limits { ").and_then(|rest| rest.strip_suffix(" }")).expect("a struct");
    let mut of_code: Vec<_> =
        fields.split(", ").map(|field| field.split_once(": ").expect("a field")).collect();
    let table = documented(parts().0);
    let mut of_table: Vec<_> = table.iter().map(|(name, default)| (*name, meant(default))).collect();
    of_code.sort_unstable();
    of_table.sort_unstable();
    let of_table: Vec<_> = of_table.iter().map(|(name, default)| (*name, &**default)).collect();
    assert_eq!(of_table, of_code, "docs/limits.md beside proto/limits.rs");
    // The docs of the fields say the same.
    let source = include_str!("../framework/src/proto/limits.rs");
    let source = source
        .split_once("\nlimits! {\n")
        .and_then(|(_, rest)| rest.split_once("\n}\n"))
        .expect("the fields")
        .0;
    let mut docs = String::new();
    for line in source.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("/// ") {
            docs.push_str(doc);
            docs.push(' ');
            continue;
        }
        let name = line.split(':').next().unwrap_or_default();
        let default = table.iter().find(|row| row.0 == name).expect("in the table").1;
        let is_said = docs.contains(&format!("Default {default}"))
            || default.contains('`') && docs.contains("Default: as");
        assert!(is_said, "the docs of `{name}` say no `Default {default}`: {docs}");
        docs.clear();
    }
    // Those in bold are those that a mapping may set.
    let bold = include_str!("../docs/limits.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| **`")?.split('`').next());
    let of_mappings = source_list("OF_MAPPINGS");
    let mut bold: Vec<_> = bold.collect();
    bold.sort_unstable();
    assert_eq!(bold, of_mappings);
}

#[test]
fn the_table_of_zeros_is_that_of_the_code() {
    let (_, rest) = include_str!("../docs/limits.md").split_once("\n## Zero\n").expect("a part of its own");
    let (meant, _) = rest.split_once("\n| of any other of `Limits` | an error at start").expect("the others");
    let rows = meant.lines().filter_map(|line| line.strip_prefix("| of ")?.split(" | ").next());
    let mut meant: Vec<_> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    meant.sort_unstable();
    let needed = source_list("NEEDED");
    let mut others: Vec<_> = documented(parts().0).into_iter().map(|(name, _)| name).collect();
    others.retain(|name| !needed.contains(name));
    others.sort_unstable();
    assert_eq!(meant, others, "docs/limits.md beside proto/limits.rs");
}

#[test]
fn the_table_of_websocket_sessions_is_that_of_the_code() {
    let shown = format!("{:?}", WebSocketConfig::new());
    let fields =
        shown.strip_prefix("WebSocketConfig { ").and_then(|rest| rest.strip_suffix(" }")).expect("a struct");
    let of_code: Vec<_> = fields.split(", ").map(|field| field.split_once(": ").expect("a field")).collect();
    let of_table: Vec<_> = documented(parts().1)
        .into_iter()
        .map(|(name, default)| match default {
            "none" => (name, usize::MAX.to_string()),
            word if word.starts_with('`') => (name, word.trim_matches('`').to_owned()),
            size => (name, meant(size)),
        })
        .collect();
    let of_table: Vec<_> = of_table.iter().map(|(name, default)| (*name, &**default)).collect();
    assert_eq!(of_table, of_code, "docs/limits.md beside websocket/config.rs");
}

/// The texts of a list in the source of the limits.
fn source_list(name: &str) -> Vec<&'static str> {
    let source = include_str!("../framework/src/proto/limits.rs");
    let start = source.find(&format!("const {name}")).expect("a list");
    let list = source[start..].split_once("];").expect("its end").0;
    let mut texts: Vec<_> = list.split('"').skip(1).step_by(2).collect();
    texts.sort_unstable();
    texts
}
