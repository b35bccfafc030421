//! Compressed answers: which are, in which coding, what their heads say, and that streams stay live. What was
//! compressed is read by decoders that others wrote: flate2 in memory, and curl, Python and their libraries over
//! sockets.

mod both;
mod scratch;

use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress};
use futures_util::stream;
use scratch::Scratch;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_blocking;
use vernal::test::{Answer, Client, ClientBuilder};
use vernal::websocket::{Message, WebSocket};
use vernal::{
    App, Body, Compression, Config, Error, Event, Header, Request, Response, Result, Sse, State, StaticFile,
    StatusCode, error_message, request_map, server, websocket_handler,
};

fn builder() -> ClientBuilder {
    Client::builder().show_errors(true).state(File(file()))
}

fn client() -> Client {
    builder().compression(Compression::gzip(6)).build()
}

/// A text of `size` bytes that shrinks as texts do.
fn text_of(size: usize) -> String {
    (0..)
        .map(|number| format!("line {number} of many\n"))
        .flat_map(|line| line.into_bytes())
        .take(size)
        .map(char::from)
        .collect()
}

struct File(PathBuf);

fn file() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("compression.txt");
    static WRITTEN: std::sync::Once = std::sync::Once::new();
    WRITTEN.call_once(|| {
        // Whole at once, for the suite that runs once more over HTTP/2 beside this one.
        let new = folder.join(format!("compression-{}.txt", std::process::id()));
        std::fs::write(&new, text_of(300_000)).expect("a folder for tests");
        std::fs::rename(new, &path).expect("a folder for tests");
    });
    path
}

#[request_map("/text/{size}")]
fn text(size: usize) -> String {
    text_of(size)
}

#[request_map("/bytes/{size}")]
fn bytes(size: usize) -> (vernal::Headers, Bytes) {
    ([("content-type", "text/csv")].into(), text_of(size).into())
}

/// Any content type.
#[request_map("/typed")]
fn typed(content_type: &str) -> Response {
    Response::new(200).header("content-type", content_type).body(text_of(5_000))
}

/// Any status.
#[request_map("/status/{status}")]
fn status(status: u16) -> Response {
    Response::new(status).header("content-type", "text/plain").body(text_of(5_000))
}

/// One more field.
#[request_map("/with")]
fn with(name: &str, value: &str) -> Response {
    Response::new(200).header(name, value).body(text_of(5_000))
}

#[request_map("/varies")]
fn varies(req: &Request) -> Response {
    req.parameters("by").fold(Response::new(200).body(text_of(5_000)), |res, value| res.header("Vary", value))
}

#[request_map("/nothing")]
fn nothing() -> Response {
    Response::new(200).header("content-type", "text/plain")
}

#[request_map("/file")]
fn static_file(State(File(path)): State<&File>) -> StaticFile {
    StaticFile::new(path).content_type("text/plain; charset=utf-8")
}

#[request_map("/streamed")]
fn streamed() -> Response {
    let pieces = (0..50).map(|number| Ok::<_, Error>(format!("piece {number}, ").repeat(20)));
    Response::new(200).header("content-type", "text/plain").body(Body::stream(stream::iter(pieces)))
}

fn all_of_streamed() -> String {
    (0..50).map(|number| format!("piece {number}, ").repeat(20)).collect()
}

/// A stream whose size is known, and whose pieces still have to come.
#[request_map("/sized")]
fn sized() -> Response {
    let pieces = (0..50).map(|number| Ok::<_, Error>(format!("piece {number}, ").repeat(20)));
    let body = Body::sized(all_of_streamed().len() as u64, stream::iter(pieces));
    Response::new(200).header("content-type", "text/plain").body(body)
}

#[request_map("/written")]
async fn written(res: &mut Response) -> Result {
    res.headers.insert("content-type", "text/plain");
    res.headers.insert("etag", "\"w\"");
    for number in 0..50 {
        res.write_bytes(format!("piece {number}, ").repeat(20)).await?;
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[request_map("/fails/written")]
async fn fails_written(res: &mut Response) -> Result {
    res.headers.insert("content-type", "text/plain");
    res.write_bytes(text_of(2_000)).await?;
    Err(Error::internal("the end of it"))
}

#[request_map("/fails/{size}")]
fn fails(size: usize) -> Result {
    Err(Error::new(409, "Conflict").explain(text_of(size)))
}

#[error_message("418")]
fn teapot() -> String {
    text_of(3_000)
}

#[request_map("/teapot")]
fn tea() -> Result {
    Err(Error::status_only(418))
}

#[request_map("/tagged")]
fn tagged(if_none_match: Option<Header<&str>>) -> Response {
    let is_known = if_none_match.is_some_and(|tags| tags.trim_start_matches("W/") == "\"v1\"");
    let res = Response::new(if is_known { 304 } else { 200 })
        .header("etag", "\"v1\"")
        .header("accept-ranges", "bytes");
    if is_known { res } else { res.body(text_of(5_000)) }
}

#[websocket_handler("/echo")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

fn gunzip(bytes: &[u8]) -> String {
    let mut plain = String::new();
    MultiGzDecoder::new(bytes).read_to_string(&mut plain).expect("it is gzip, and whole");
    plain
}

async fn get(client: &Client, path: &str, accept: &str) -> Answer {
    client.get(path).header("accept-encoding", accept).await
}

fn assert_gzip(answer: &Answer, text: &str) {
    answer.assert_header("content-encoding", "gzip").assert_header("vary", "accept-encoding");
    assert_eq!(gunzip(answer.bytes()), text);
}

fn assert_plain(answer: &Answer, text: &str) {
    answer.assert_no_header("content-encoding").assert_text(text);
}

#[tokio::test]
async fn nothing_is_compressed_unless_that_is_on() {
    let client = builder().build();
    for path in ["/text/5000", "/file", "/streamed", "/written"] {
        let answer = get(&client, path, "gzip").await;
        answer.assert_status(200).assert_no_header("content-encoding").assert_no_header("vary");
    }
}

#[tokio::test]
async fn who_accepts_it_gets_it() {
    let client = client();
    // Accept-Encoding, whether it is compressed.
    let table = [
        ("gzip", true),
        ("GZIP", true),
        ("x-gzip", true),
        ("gzip ,deflate", true),
        ("deflate, br, gzip", true),
        ("gzip;q=0.001", true),
        ("*", true),
        ("br;q=1.0, *;q=0.5", true),
        ("identity;q=0, gzip", true),
        ("identity;q=0.5, gzip;q=0.8", true),
        ("", false),
        ("br", false),
        ("deflate", false),
        ("gzip;q=0", false),
        ("gzip;q=0, *", false),
        ("*;q=0", false),
        ("identity", false),
        ("identity, gzip;q=0.5", false),
        ("gzipped", false),
        // Nobody can be pleased who wants neither; it is not worth a 406.
        ("identity;q=0", false),
        ("gzip;q=2", false),
    ];
    for (accept, is_compressed) in table {
        let answer = get(&client, "/text/5000", accept).await;
        assert_eq!(answer.header("content-encoding").is_some(), is_compressed, "{accept:?}");
        answer.assert_status(200).assert_header("vary", "accept-encoding");
        match is_compressed {
            true => assert_gzip(&answer, &text_of(5_000)),
            false => assert_plain(&answer, &text_of(5_000)),
        }
    }
    let answer = client.get("/text/5000").await;
    assert_plain(answer.assert_header("vary", "accept-encoding"), &text_of(5_000));
    let answer =
        client.get("/text/5000").header("ACCEPT-encoding", "br").header("Accept-Encoding", "gzip").await;
    assert_gzip(&answer, &text_of(5_000));
}

#[tokio::test]
async fn content_types_are_compared_by_their_beginning() {
    let list = builder().compression(Compression::gzip(6).types(["text/plain", "application/json"])).build();
    let usual = client();
    // Content type, whether it is on that list, whether it is on the usual one.
    let table = [
        ("text/plain", true, true),
        ("text/plain; charset=utf-8", true, true),
        ("TEXT/Plain;charset=utf8", true, true),
        ("text/html", false, true),
        ("application/json", true, true),
        ("application/problem+json", false, true),
        ("application/javascript", false, true),
        ("image/svg+xml", false, true),
        ("text/event-stream", false, true),
        ("image/png", false, false),
        ("application/octet-stream", false, false),
        ("application/zip", false, false),
        ("text", false, false),
        ("", false, false),
    ];
    for (content_type, on_list, on_usual) in table {
        for (client, expected) in [(&list, on_list), (&usual, on_usual)] {
            let answer = client
                .get("/typed")
                .query("content_type", content_type)
                .header("accept-encoding", "gzip")
                .await;
            assert_eq!(answer.header("content-encoding").is_some(), expected, "{content_type:?}");
            // What is never compressed does not vary.
            assert_eq!(answer.header("vary").is_some(), expected, "{content_type:?}");
        }
    }
}

#[tokio::test]
async fn levels_and_sizes_are_settings() {
    for (level, least, most) in [(0, 100_000, 101_000), (1, 1, 30_000), (9, 1, 25_000)] {
        let client = builder().compression(Compression::gzip(level)).build();
        let answer = get(&client, "/text/100000", "gzip").await;
        assert!((least..most).contains(&answer.bytes().len()), "{level}: {}", answer.bytes().len());
        assert_gzip(&answer, &text_of(100_000));
    }
    let hundred = builder().compression(Compression::gzip(6).min_size(100)).build();
    let none = builder().compression(Compression::gzip(6).min_size(0)).build();
    for (client, size, is_compressed) in [
        (&client(), 1_023, false),
        (&client(), 1_024, true),
        (&hundred, 99, false),
        (&hundred, 100, true),
        (&none, 1, true),
        (&none, 0, false),
    ] {
        let answer = get(client, &format!("/text/{size}"), "gzip").await;
        assert_eq!(answer.header("content-encoding").is_some(), is_compressed, "{size}");
        assert_eq!(answer.header("vary").is_some(), is_compressed, "{size}");
    }
    assert_plain(&get(&none, "/nothing", "gzip").await, "");
}

#[tokio::test]
async fn bodies_of_every_kind_are_compressed() {
    let client = client();
    // Path, body, whether its length is told.
    let table = [
        ("/text/1500", text_of(1_500), true),
        ("/text/100000", text_of(100_000), true),
        ("/bytes/262144", text_of(262_144), true),
        // Those above 256 KiB go out in pieces.
        ("/text/262145", text_of(262_145), false),
        ("/text/3000000", text_of(3_000_000), false),
        ("/bytes/3000000", text_of(3_000_000), false),
        ("/file", text_of(300_000), false),
        ("/streamed", all_of_streamed(), false),
        ("/sized", all_of_streamed(), false),
        ("/written", all_of_streamed(), false),
    ];
    for (path, body, has_length) in table {
        let answer = get(&client, path, "gzip").await;
        assert_gzip(&answer, &body);
        assert!(answer.bytes().len() < body.len() / 2, "{path}: {}", answer.bytes().len());
        match has_length {
            true => {
                answer.assert_header("content-length", &answer.bytes().len().to_string());
            }
            false => both::assert_in_pieces(&answer),
        }
        assert_plain(get(&client, path, "br").await.assert_header("vary", "accept-encoding"), &body);
    }
}

#[tokio::test]
async fn it_takes_no_connection_to_compress() {
    let config = Config::new().state(File(file())).compression(Compression::gzip(6));
    let app = App::from_registry(config).expect("it is complete");
    let table = [
        ("/text/5000", text_of(5_000)),
        ("/bytes/3000000", text_of(3_000_000)),
        ("/file", text_of(300_000)),
        ("/streamed", all_of_streamed()),
        ("/written", all_of_streamed()),
    ];
    for (path, body) in table {
        let answer = app.handle(Request::get(path).header("accept-encoding", "gzip")).await;
        assert_eq!(answer.headers.get("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(answer.headers.get("vary"), Some("accept-encoding"), "{path}");
        let encoded = answer.into_bytes(1 << 20).await.expect("it does not fail");
        assert_eq!(gunzip(&encoded), body, "{path}");
        let head = app.handle(Request::head(path).header("accept-encoding", "gzip")).await;
        assert_eq!(head.headers.get("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(head.headers.get("content-length"), None, "{path}");
        assert_eq!(head.into_bytes(0).await.expect("no body"), "", "{path}");
    }
}

#[tokio::test]
async fn a_peer_that_knows_no_chunks_reads_to_the_end() {
    for (path, body) in
        [("/streamed", all_of_streamed()), ("/written", all_of_streamed()), ("/file", text_of(300_000))]
    {
        let mut peer = client().connect();
        let request = format!("GET {path} HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
        peer.write_all(request.as_bytes()).await.expect("the server reads");
        let mut received = Vec::new();
        peer.read_to_end(&mut received).await.expect("no reset");
        let end = received.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        assert_eq!(gunzip(&received[end..]), body, "{path}");
    }
}

#[tokio::test]
async fn error_pages_are_compressed_too() {
    let client = client();
    let answer = get(&client, "/fails/5000", "gzip").await;
    answer.assert_status(409).assert_header("content-encoding", "gzip");
    assert!(gunzip(answer.bytes()).contains("line 100 of many"));
    assert_gzip(get(&client, "/teapot", "gzip").await.assert_status(418), &text_of(3_000));
    get(&client, "/fails/10", "gzip").await.assert_status(409).assert_no_header("content-encoding");
    get(&client, "/nowhere", "gzip").await.assert_status(404).assert_no_header("content-encoding");
}

#[tokio::test]
async fn some_answers_are_left_alone() {
    let client = client();
    for status in [204, 205, 206, 304] {
        let answer = get(&client, &format!("/status/{status}"), "gzip").await;
        answer.assert_status(status).assert_no_header("content-encoding");
    }
    for status in [200, 201, 404, 500] {
        let answer = get(&client, &format!("/status/{status}"), "gzip").await;
        assert_gzip(answer.assert_status(status), &text_of(5_000));
    }
    let table = [
        ("content-encoding", "br"),
        ("Content-Encoding", "identity"),
        ("content-range", "bytes 0-4999/10000"),
        ("cache-control", "no-transform"),
        ("Cache-Control", "public, No-Transform ,max-age=5"),
        ("repr-digest", "sha-256=:AAAA:"),
        ("Content-MD5", "AAAA"),
    ];
    for (name, value) in table {
        let answer = client
            .get("/with")
            .query("name", name)
            .query("value", value)
            .header("accept-encoding", "gzip")
            .await;
        answer.assert_text(&text_of(5_000)).assert_header(name, value).assert_no_header("vary");
    }
    for (name, value) in [("cache-control", "no-cache"), ("x-a", "no-transform"), ("content-language", "en")]
    {
        let answer = client
            .get("/with")
            .query("name", name)
            .query("value", value)
            .header("accept-encoding", "gzip")
            .await;
        assert_gzip(answer.assert_header(name, value), &text_of(5_000));
    }
    let mut socket = client.websocket("/echo").header("accept-encoding", "gzip").await;
    let long = Message::text(text_of(5_000));
    socket.send(&long).await.expect("it is open");
    assert_eq!(socket.next().await, Some(long));
}

#[tokio::test]
async fn head_says_what_get_would() {
    let client = client();
    for path in [
        "/text/5000",
        "/bytes/5000",
        "/text/3000000",
        "/file",
        "/streamed",
        "/written",
        "/tagged",
        "/text/10",
    ] {
        let head = client.head(path).header("accept-encoding", "gzip").await;
        let get = get(&client, path, "gzip").await;
        assert_eq!(head.bytes(), b"", "{path}");
        for name in ["content-encoding", "vary", "etag", "content-type", "accept-ranges"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        // A length is that of the same GET, or is not told.
        if let Some(length) = head.header("content-length") {
            get.assert_header("content-length", length);
        }
        let (plain_head, plain) = (client.head(path).await, client.get(path).await);
        assert_eq!(plain_head.header("content-length"), plain.header("content-length"), "{path}");
        assert_eq!(plain_head.header("vary"), plain.header("vary"), "{path}");
    }
    // Nothing of a body follows the head.
    let both = "HEAD /text/5000 HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n\
                GET /text/3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answers = client.raw(both).await;
    assert!(answers.contains("\r\n\r\nHTTP/1.1 200 OK\r\n") && answers.ends_with("\r\n\r\nlin"), "{answers}");
}

#[tokio::test]
async fn vary_is_joined() {
    let client = client();
    let table: [(&[&str], &str); 6] = [
        (&[], "accept-encoding"),
        (&["Origin"], "Origin, accept-encoding"),
        (&["Origin", "Cookie"], "Origin, Cookie, accept-encoding"),
        (&["Accept-Encoding"], "Accept-Encoding"),
        (&["Origin, ACCEPT-ENCODING"], "Origin, ACCEPT-ENCODING"),
        (&["*"], "*"),
    ];
    for (values, expected) in table {
        for accept in ["gzip", "br"] {
            let request =
                values.iter().fold(client.get("/varies"), |request, value| request.query("by", value));
            let answer = request.header("accept-encoding", accept).await;
            assert_eq!(
                answer.headers().get_all("vary").collect::<Vec<_>>(),
                [expected],
                "{values:?} {accept}"
            );
        }
    }
}

#[tokio::test]
async fn entity_tags_become_weak_and_still_validate() {
    let client = client();
    let answer = get(&client, "/tagged", "gzip").await;
    // Ranges would be of the plain body.
    answer
        .assert_header("etag", "W/\"v1\"")
        .assert_header("content-encoding", "gzip")
        .assert_no_header("accept-ranges");
    let plain = get(&client, "/tagged", "br").await;
    plain
        .assert_header("etag", "\"v1\"")
        .assert_header("vary", "accept-encoding")
        .assert_header("accept-ranges", "bytes");
    // A 304 has the tag that the peer has.
    for (tag, expected) in [("W/\"v1\"", "W/\"v1\""), ("\"v1\"", "\"v1\"")] {
        let answer =
            client.get("/tagged").header("accept-encoding", "gzip").header("if-none-match", tag).await;
        answer.assert_status(304).assert_header("etag", expected).assert_header("vary", "accept-encoding");
        answer.assert_no_header("content-encoding");
    }
    get(&client, "/written", "gzip").await.assert_header("etag", "W/\"w\"");
    let weak =
        client.get("/with").query("name", "etag").query("value", "W/\"a\"").header("accept-encoding", "gzip");
    weak.await.assert_header("etag", "W/\"a\"").assert_header("content-encoding", "gzip");
}

/// A peer that decodes what it gets when it gets it.
struct Live {
    peer: DuplexStream,
    received: Vec<u8>,
    gzip: Decompress,
}

impl Live {
    async fn open(client: &Client, path: &str) -> Live {
        let mut peer = client.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
        peer.write_all(request.as_bytes()).await.expect("the server reads");
        let mut live = Live { peer, received: Vec::new(), gzip: Decompress::new_gzip(15) };
        let end = loop {
            match live.received.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => live.fill().await,
            }
        };
        let head = String::from_utf8_lossy(&live.received[..end]).into_owned();
        assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
        live.received.drain(..end);
        live
    }

    async fn fill(&mut self) {
        let count = self.peer.read_buf(&mut self.received).await.expect("no reset");
        assert!(count > 0, "closed after {:?}", self.received);
    }

    /// What the next chunk decodes to.
    async fn next(&mut self) -> String {
        loop {
            if let Some(line) = self.received.windows(2).position(|two| two == b"\r\n") {
                let size = std::str::from_utf8(&self.received[..line]).expect("a size");
                let size = usize::from_str_radix(size, 16).expect("a size");
                if self.received.len() >= line + size + 4 {
                    let chunk: Vec<_> =
                        self.received.drain(..line + size + 4).skip(line + 2).take(size).collect();
                    let mut plain = Vec::with_capacity(64 << 10);
                    self.gzip.decompress_vec(&chunk, &mut plain, FlushDecompress::Sync).expect("it is gzip");
                    return String::from_utf8(plain).expect("text");
                }
            }
            self.fill().await;
        }
    }
}

struct Orders(tokio::sync::Mutex<UnboundedReceiver<&'static str>>);

#[request_map("/events")]
fn events() -> Sse {
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        for number in 0.. {
            // The next one when this one is read; the test reads all.
            if sender.send(Event::new(format!("event {number}"))).await.is_err() {
                break;
            }
            if number == 2 {
                sender.closed().await;
            }
        }
    });
    events
}

#[request_map("/ordered", app = "ordered")]
async fn ordered(State(orders): State<&Orders>, res: &mut Response) -> Result {
    res.headers.insert("content-type", "text/plain");
    let mut orders = orders.0.lock().await;
    while let Some(order) = orders.recv().await {
        res.write_bytes(order).await?;
    }
    Ok(())
}

#[tokio::test]
async fn events_come_when_they_happen() {
    let mut live = Live::open(&client(), "/events").await;
    for number in 0..3 {
        // Nothing more will be sent, so this waits for ever unless each event can be decoded at once.
        assert_eq!(live.next().await, format!("data: event {number}\n\n"));
    }
}

#[tokio::test]
async fn written_pieces_come_when_they_are_written() {
    let (orders, receiver) = unbounded_channel();
    let client =
        builder().app("ordered").state(Orders(receiver.into())).compression(Compression::gzip(6)).build();
    orders.send("first").expect("it runs");
    let mut live = Live::open(&client, "/ordered").await;
    assert_eq!(live.next().await, "first");
    for piece in ["second", "third", "second"] {
        orders.send(piece).expect("it runs");
        assert_eq!(live.next().await, piece);
    }
    drop(orders);
    assert_eq!(live.next().await, "", "the end of the coding");
    while !live.received.ends_with(b"0\r\n\r\n") {
        live.fill().await;
    }
}

#[tokio::test]
async fn half_an_answer_is_not_taken_for_a_whole_one() {
    let request = "GET /fails/written HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n";
    let mut peer = client().connect();
    peer.write_all(request.as_bytes()).await.expect("the server reads");
    let mut received = Vec::new();
    let _ = peer.read_to_end(&mut received).await;
    assert!(!received.ends_with(b"0\r\n\r\n"), "the last chunk");
}

/// All codings that this was built with.
fn all() -> Compression {
    let all = Compression::gzip(6);
    #[cfg(feature = "zstd")]
    let all = all.zstd(3);
    #[cfg(feature = "brotli")]
    let all = all.brotli(4);
    all
}

#[cfg(all(feature = "brotli", feature = "zstd"))]
#[tokio::test]
async fn the_best_coding_is_chosen() {
    let client = builder().compression(all()).build();
    let table = [
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip, zstd", Some("zstd")),
        ("zstd;q=0.9, gzip", Some("gzip")),
        ("*", Some("br")),
        ("br;q=0, *", Some("zstd")),
        ("deflate", None),
    ];
    for (accept, expected) in table {
        for path in ["/text/5000", "/file", "/streamed", "/written"] {
            let answer = get(&client, path, accept).await;
            assert_eq!(answer.header("content-encoding"), expected, "{accept} {path}");
            answer.assert_header("vary", "accept-encoding");
        }
    }
    // A feature alone turns nothing on.
    get(&self::client(), "/text/5000", "br, zstd").await.assert_no_header("content-encoding");
}

/// Sends a request with curl, which decodes the answer.
async fn curl(url: String, accept: &'static str) -> (String, String) {
    let output = spawn_blocking(move || {
        let accept = format!("Accept-Encoding: {accept}");
        Command::new("curl")
            .args(["-sS", "-m", "60", "--compressed", "-H", &accept, "-D", "/dev/stderr", &url])
            .output()
    });
    let output = output.await.expect("no panic").expect("curl runs: install it");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let (body, head) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{head}");
    (body, head)
}

#[tokio::test]
async fn curl_decodes_what_we_compress() {
    let bound = server::new()
        .host("127.0.0.1")
        .port(0)
        .handle_signals(false)
        .state(File(file()))
        .compression(all())
        .bind();
    let bound = bound.expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let codings = [
        "gzip",
        #[cfg(feature = "brotli")]
        "br",
        #[cfg(feature = "zstd")]
        "zstd",
    ];
    for accept in codings {
        let table = [
            ("/text/5000", text_of(5_000)),
            ("/bytes/100000", text_of(100_000)),
            ("/text/3000000", text_of(3_000_000)),
            ("/file", text_of(300_000)),
            ("/streamed", all_of_streamed()),
            ("/written", all_of_streamed()),
        ];
        for (path, expected) in table {
            let (body, head) = curl(format!("http://{address}{path}"), accept).await;
            assert!(head.contains(&format!("content-encoding: {accept}\r\n")), "{head}");
            assert!(body == expected, "{path} {accept}: {} bytes", body.len());
        }
    }
    handle.stop();
    serving.await.expect("no panic").expect("served to its end");
}

#[tokio::test]
async fn python_decodes_what_we_compress() {
    let (client, scratch) = (client(), Scratch::new());
    for path in ["/text/5000", "/file", "/streamed"] {
        let (plain, encoded) = (client.get(path).await, get(&client, path, "gzip").await);
        let name = scratch.write("body.gz", encoded.bytes());
        let program = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
        let output = spawn_blocking(move || Command::new("python3").args(["-c", program]).arg(name).output());
        let output = output.await.expect("no panic").expect("python3 runs: install it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == plain.bytes(), "{path}");
    }
}

#[tokio::test]
async fn a_status_alone_has_no_body_to_compress() {
    #[request_map("/made")]
    fn made() -> StatusCode {
        StatusCode::CREATED
    }
    let client = builder().compression(Compression::gzip(6).min_size(0)).build();
    assert_plain(get(&client, "/made", "gzip").await.assert_status(201).assert_no_header("vary"), "");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
