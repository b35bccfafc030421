//! Bodies that come and go in pieces: readers, answers written while they are made, streams, channels, events; each side
//! waits for the other, and half an answer is never taken for a whole one.

mod both;

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep};
use vernal::test::Client;
use vernal::{
    Body, BodyReader, Error, Event, FilterContext, Headers, Limits, Next, Responder, Response, Result,
    SetCookie, Sse, State, request_filter, request_map,
};

/// What may lie between a handler and its peer: the connection in memory, the inbox or outbox, and the pipe.
const BETWEEN: usize = 512 << 10;

fn client() -> Client {
    Client::builder().state(Kept::default()).limits(Limits::new().body_size(64 << 20)).build()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// Sends a request, and nothing more for now.
async fn ask(request: &str) -> DuplexStream {
    let mut peer = client().connect();
    peer.write_all(request.as_bytes()).await.expect("the server reads");
    peer
}

/// Reads until what has come ends with `end`.
async fn until(peer: &mut DuplexStream, end: &str) -> String {
    let mut received = Vec::new();
    while !received.ends_with(end.as_bytes()) {
        let count = peer.read_buf(&mut received).await.expect("no reset");
        assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&received));
    }
    String::from_utf8(received).expect("text")
}

async fn rest(mut peer: DuplexStream) -> String {
    let mut received = String::new();
    peer.read_to_string(&mut received).await.expect("no reset");
    received
}

/// Waits until nobody has anything to do. The clock must be paused: it only goes on when all tasks wait.
async fn quiet() {
    sleep(Duration::from_secs(1)).await;
}

fn body_of(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head").1
}

/// A chunked body, joined; and what follows it.
fn join(mut chunks: &str) -> (String, &str) {
    let mut body = String::new();
    loop {
        let (size, after) = chunks.split_once("\r\n").expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a hexadecimal size");
        let (data, after) = after.split_at(size);
        body.push_str(data);
        chunks = after.strip_prefix("\r\n").expect("the end of a chunk");
        if size == 0 {
            return (body, chunks);
        }
    }
}

#[request_map("/collect", method = "POST")]
async fn collect(mut body: BodyReader) -> Result<String> {
    let mut text = String::new();
    while let Some(piece) = body.read().await? {
        assert!(!piece.is_empty(), "an empty piece is no piece");
        text += std::str::from_utf8(piece)?;
    }
    assert!(body.read().await?.is_none(), "the end stays the end");
    Ok(format!("[{text}]"))
}

#[tokio::test]
async fn a_body_is_the_same_however_it_comes() {
    let head = "POST /collect HTTP/1.1\r\nHost: h\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let table = [
        ("none", format!("{head}\r\n"), "[]"),
        ("empty", format!("{head}Content-Length: 0\r\n\r\n"), "[]"),
        ("length", format!("{head}Content-Length: 5\r\n\r\nabcde"), "[abcde]"),
        ("no chunks", format!("{chunked}0\r\n\r\n"), "[]"),
        ("chunk", format!("{chunked}5\r\nabcde\r\n0\r\n\r\n"), "[abcde]"),
        ("chunks", format!("{chunked}1\r\na\r\n2;x=y\r\nbc\r\n02\r\nde\r\n000\r\nx: y\r\n\r\n"), "[abcde]"),
        (
            "chunk of a chunk",
            format!("{chunked}b\r\n1\r\na\r\n0\r\n\r\n\r\n0\r\n\r\n"),
            "[1\r\na\r\n0\r\n\r\n]",
        ),
    ];
    let client = client();
    for (name, request, expected) in table {
        let request = request + "GET /written HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        for size in [1, 3, 7, request.len()] {
            let (mut reading, mut writing) = tokio::io::split(client.connect());
            let send = async {
                for piece in request.as_bytes().chunks(size) {
                    writing.write_all(piece).await.expect("the server reads");
                    tokio::task::yield_now().await;
                }
            };
            let mut answers = String::new();
            let (_, received) = tokio::join!(send, reading.read_to_string(&mut answers));
            received.expect("no reset");
            let body = body_of(&answers);
            assert!(
                body.starts_with(&format!("{expected}HTTP/1.1 200 OK\r\n")),
                "{name} by {size}: {answers}"
            );
        }
    }
}

#[tokio::test]
async fn a_broken_body_is_told_to_its_reader() {
    let head = "POST /collect HTTP/1.1\r\nHost: h\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let table = [
        ("cut off", format!("{head}Content-Length: 5\r\n\r\nabc"), "the connection ended inside the body"),
        (
            "cut off before",
            format!("{head}Content-Length: 5\r\n\r\n"),
            "the connection ended inside the body",
        ),
        ("cut off in a chunk", format!("{chunked}5\r\nabc"), "the connection ended inside the body"),
        ("cut off after a chunk", format!("{chunked}3\r\nabc\r\n"), "the connection ended inside the body"),
        ("no size", format!("{chunked}3\r\nabc\r\nx\r\n"), "chunk"),
        ("too long a chunk", format!("{chunked}3\r\nabcd\r\n0\r\n\r\n"), "chunk"),
    ];
    for (name, request, explain) in table {
        let answer = client().raw(&request).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{name}: {answer}");
        assert!(answer.contains("\r\nconnection: close\r\n") && answer.contains(explain), "{name}: {answer}");
    }
}

#[request_map("/copied", method = "POST")]
async fn copied(mut body: BodyReader) -> Result<Vec<u8>> {
    let mut first = [0; 2];
    body.read_exact(&mut first).await?;
    let mut all = first.to_vec();
    tokio::io::copy(&mut body, &mut all).await?;
    Ok(all)
}

#[request_map("/bounded", method = "POST")]
async fn bounded(mut body: BodyReader) -> Result<Vec<u8>> {
    body.read_to_end(5).await
}

#[request_map("/spool", method = "POST")]
async fn spool(mut body: BodyReader) -> Result<String> {
    let mut sizes = 0;
    while let Some(piece) = body.next().await? {
        sizes += piece.len();
    }
    Ok(sizes.to_string())
}

#[tokio::test]
async fn a_reader_has_several_ways_to_read() {
    let client = client();
    client.post("/copied").body("abcdef").await.assert_status(200).assert_text("abcdef");
    client.post("/copied").body("a").await.assert_status(500);
    client.post("/bounded").body("abcde").await.assert_status(200).assert_text("abcde");
    let answer = client.post("/bounded").body("abcdef").await;
    answer.assert_status(413).assert_contains("larger than the 5 bytes");
    client.post("/spool").body("y".repeat(1_000_000)).await.assert_text("1000000");
}

static SENT: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[request_map("/large", method = "POST")]
async fn large(mut body: BodyReader) -> Result<String> {
    let (mut read, mut sum) = (0, 0_u64);
    while let Some(piece) = body.read().await? {
        read += piece.len();
        sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        MOST.fetch_max(SENT.load(Ordering::SeqCst).saturating_sub(read), Ordering::SeqCst);
    }
    Ok(format!("{read} {sum}"))
}

/// 20 MB go through, and what lies between the peer and the handler stays little.
#[tokio::test]
async fn a_large_body_needs_little_memory() {
    const PIECE: usize = 10_000;
    for chunked in [false, true] {
        SENT.store(0, Ordering::SeqCst);
        let framing = if chunked { "Transfer-Encoding: chunked" } else { "Content-Length: 20000000" };
        let request = format!("POST /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{framing}\r\n\r\n");
        let (mut reading, mut writing) = tokio::io::split(ask(&request).await);
        let send = async {
            for number in 0..2_000 {
                let mut piece = vec![(number % 251) as u8; PIECE];
                if chunked {
                    piece = [format!("{PIECE:x}\r\n").as_bytes(), &piece, b"\r\n"].concat();
                }
                writing.write_all(&piece).await.expect("the server reads");
                SENT.fetch_add(PIECE, Ordering::SeqCst);
            }
            if chunked {
                writing.write_all(b"0\r\n\r\n").await.expect("the server reads");
            }
        };
        let mut answer = String::new();
        let (_, received) = tokio::join!(send, reading.read_to_string(&mut answer));
        received.expect("no reset");
        let sum: u64 = (0..2_000).map(|number| number % 251 * PIECE as u64).sum();
        assert_eq!(body_of(&answer), format!("20000000 {sum}"));
        assert!(MOST.load(Ordering::SeqCst) < BETWEEN, "{MOST:?} bytes between peer and handler");
    }
}

static MAY_READ: Semaphore = Semaphore::const_new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);

#[request_map("/later", method = "POST")]
async fn later(mut body: BodyReader) -> Result<String> {
    let _permit = MAY_READ.acquire().await?;
    Ok(body.read_to_end(64 << 20).await?.len().to_string())
}

/// A handler that does not read stops its peer.
#[tokio::test(start_paused = true)]
async fn a_body_waits_for_its_reader() {
    let request = "POST /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4000000\r\n\r\n";
    let (mut reading, mut writing) = tokio::io::split(ask(request).await);
    let writer = tokio::spawn(async move {
        for _ in 0..1_000 {
            writing.write_all(&[b'y'; 4_000]).await.expect("the server reads");
            TAKEN.fetch_add(4_000, Ordering::SeqCst);
        }
    });
    quiet().await;
    let taken = TAKEN.load(Ordering::SeqCst);
    assert!(taken < BETWEEN, "{taken} bytes of an unread body were taken");
    quiet().await;
    assert_eq!(TAKEN.load(Ordering::SeqCst), taken, "and it stays so");
    MAY_READ.add_permits(1);
    writer.await.expect("all is sent");
    let mut answer = String::new();
    reading.read_to_string(&mut answer).await.expect("no reset");
    assert_eq!(body_of(&answer), "4000000");
}

/// A reader that a handler gave away.
#[derive(Default)]
struct Kept(Mutex<Option<BodyReader>>);

impl Kept {
    fn take(&self) -> Option<BodyReader> {
        self.0.lock().expect("nobody panics").take()
    }
}

#[request_map("/keep", method = "POST")]
async fn keep(mut body: BodyReader, State(kept): State<&Kept>) -> Result<&'static str> {
    body.read().await?;
    *kept.0.lock().expect("nobody panics") = Some(body);
    Ok("kept")
}

#[request_map("/kept")]
async fn kept(State(kept): State<&Kept>) -> Result<String> {
    let mut body = kept.take().ok_or_else(|| Error::not_found("nobody kept a reader"))?;
    match body.read().await {
        Ok(piece) => Ok(format!("{:?}", piece.map(<[u8]>::len))),
        Err(error) => Ok(format!("{error:?}")),
    }
}

#[tokio::test]
async fn a_reader_that_outlives_its_handler_learns_so() {
    let client = client();
    let mut peer = client.connect();
    peer.write_all(b"POST /keep HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc").await.expect("room");
    until(&mut peer, "kept").await;
    client.get("/kept").await.assert_contains("answered before its body was read");
    // A whole body has its end.
    client.post("/keep").body("abc").await.assert_text("kept");
    client.get("/kept").await.assert_text("None");
}

#[request_map("/echo", method = "POST")]
async fn echo(mut body: BodyReader, res: &mut Response) -> Result {
    while let Some(piece) = body.next().await? {
        res.write_bytes(piece).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_body_may_go_out_while_it_comes_in() {
    // Piece by piece: each is answered before the next one is sent.
    let mut peer = ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for text in ["a", "bc", "def"] {
        peer.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await.expect("room");
        until(&mut peer, &format!("{:x}\r\n{text}\r\n", text.len())).await;
    }
    peer.write_all(b"0\r\n\r\n").await.expect("room");
    until(&mut peer, "0\r\n\r\n").await;
    // And more than all buffers hold.
    let text: String = (0..200_000).map(|number| format!("{number},")).collect();
    let answer = client().post("/echo").body(text.clone()).await;
    assert!(answer.text() == text, "{} bytes of {}", answer.text().len(), text.len());
}

#[request_map("/written")]
async fn written(res: &mut Response) -> Result {
    res.headers.insert("x-before", "1");
    res.add_cookie(SetCookie::new("a", "b"));
    for piece in ["ab", "", "cde", "fg"] {
        res.write_bytes(piece).await?;
        res.headers.insert("x-after", "1");
    }
    res.close()
}

#[request_map("/written/typed")]
async fn written_typed(res: &mut Response) -> Result<&'static str> {
    res.status = vernal::StatusCode::CREATED;
    res.headers.insert("content-type", "text/css");
    res.write_bytes("body{}").await?;
    Ok("what is returned is too late")
}

#[request_map("/written/empty")]
async fn written_empty(res: &mut Response) -> Result {
    res.write_bytes("").await
}

#[request_map("/written/large")]
async fn written_large(res: &mut Response) -> Result {
    res.write_bytes("y".repeat(1_000_000)).await?;
    res.write_bytes("z").await
}

#[request_map("/written/none")]
async fn written_without_content(res: &mut Response) -> Result {
    res.set_status(204);
    res.write_bytes("nobody sees this").await
}

#[tokio::test]
async fn pieces_make_one_chunked_body() {
    let client = client();
    let answer = client.get("/written").await;
    answer
        .assert_status(200)
        .assert_text("abcdefg")
        .assert_header("x-before", "1")
        .assert_header("set-cookie", "a=b");
    answer.assert_header("content-type", "application/octet-stream").assert_no_header("x-after");
    both::assert_in_pieces(&answer);
    let answer = client.get("/written/typed").await;
    answer.assert_status(201).assert_text("body{}").assert_header("content-type", "text/css");
    client.get("/written/empty").await.assert_status(200).assert_text("");
    let answer = client.get("/written/large").await;
    assert!(answer.text().len() == 1_000_001 && answer.text().ends_with("yz"));
    client
        .get("/written/none")
        .await
        .assert_status(204)
        .assert_no_header("transfer-encoding")
        .assert_text("");
}

/// The same answer for others than GET over HTTP/1.1: what follows it on the connection is found.
#[tokio::test(start_paused = true)]
async fn written_and_streamed_answers_end_as_the_protocol_lets_them() {
    let start = Instant::now();
    for path in ["/written", "/stream/good"] {
        let (whole, old) = (client(), client());
        let two = whole.raw(get(path) + &get(path)).await;
        let (first, rest) = join(body_of(&two));
        let (second, rest) = join(body_of(rest));
        assert_eq!((&*first, &*second, rest), ("abcdefg", "abcdefg", ""), "{path}");

        let heads = whole.raw(get(path).replace("GET", "HEAD") + &get("/written/none")).await;
        assert!(body_of(&heads).starts_with("HTTP/1.1 204 No Content\r\n"), "{path}: {heads}");
        assert!(heads.contains("transfer-encoding: chunked\r\n"), "{path}: {heads}");

        for keeps in ["", "Connection: keep-alive\r\n"] {
            let answer = old.raw(format!("GET {path} HTTP/1.0\r\n{keeps}\r\n{}", get(path))).await;
            assert_eq!(body_of(&answer), "abcdefg", "{path}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{path}: {answer}");
            assert!(!answer.contains("transfer-encoding"), "{path}: {answer}");
        }
    }
    assert_eq!(start.elapsed(), Duration::ZERO, "nothing had to wait for a deadline");
}

static MAY_WRITE: Semaphore = Semaphore::const_new(0);

#[request_map("/written/slowly")]
async fn written_slowly(res: &mut Response) -> Result {
    for piece in ["", "a", "b"] {
        res.write_bytes(piece).await?;
        MAY_WRITE.acquire().await?.forget();
    }
    Ok(())
}

#[tokio::test]
async fn each_piece_goes_out_at_once() {
    let mut peer = ask(&get("/written/slowly")).await;
    assert!(until(&mut peer, "\r\n\r\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
    MAY_WRITE.add_permits(1);
    assert_eq!(until(&mut peer, "a\r\n").await, "1\r\na\r\n");
    MAY_WRITE.add_permits(1);
    assert_eq!(until(&mut peer, "b\r\n").await, "1\r\nb\r\n");
    MAY_WRITE.add_permits(1);
    assert_eq!(until(&mut peer, "0\r\n\r\n").await, "0\r\n\r\n");
}

#[request_map("/misuse/{how}")]
async fn misuse(how: &str, res: &mut Response) -> Result {
    match how {
        "own" => Response::new(200).write_bytes("a").await,
        "body" => {
            res.set_body("a body");
            res.write_bytes("a").await
        }
        "field" => {
            res.headers.insert("x-a", "a\r\nb");
            res.write_bytes("a").await
        }
        "closed" => {
            res.close()?;
            // More than any buffer holds: nobody would ever take it.
            let refused = res.write_bytes("y".repeat(1_000_000)).await;
            assert!(refused.is_err(), "an answer that was closed took more");
            Ok(())
        }
        _ => Ok(()),
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_said() {
    let client = Client::builder().state(Kept::default()).show_errors(true).build();
    let table = [
        ("own", 500, "only the answer given as `res: &mut Response` can be written piece by piece"),
        ("body", 500, "has a body already"),
        ("field", 500, "`x-a` holds a control character"),
        ("closed", 200, ""),
    ];
    for (how, status, explain) in table {
        let answer = client.get(&format!("/misuse/{how}")).await;
        answer.assert_status(status).assert_contains(explain);
        assert_eq!(answer.text().is_empty(), explain.is_empty(), "{how}");
    }
}

#[request_map("/cut/{how}")]
async fn cut(how: &str, res: &mut Response) -> Result {
    res.write_bytes("half").await?;
    match how {
        "error" => Err(Error::new(418, "Too Late")),
        "panic" => panic!("too late"),
        _ => Ok(()),
    }
}

#[request_filter("/cut/filter")]
async fn fail_too_late(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    Err(Error::new(418, "Too Late"))
}

/// The end of a chunked body is missing, so that the peer does not take a part for the whole.
#[tokio::test]
async fn an_answer_that_fails_after_its_first_bytes_is_cut() {
    for path in ["/cut/error", "/cut/panic", "/cut/filter", "/stream/error", "/stream/panic", "/sse/error"] {
        let answer = client().raw(get(path) + &get("/written")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(!body.contains("0\r\n\r\n") && !body.contains("HTTP/1.1"), "{path}: {body}");
        assert!(!body.contains("418") && !body.contains("Too Late"), "{path}: {body}");
    }
    // A good end, for comparison.
    let answer = client().raw(get("/cut/no")).await;
    assert!(answer.ends_with("4\r\nhalf\r\n0\r\n\r\n"), "{answer}");
}

static PRODUCED: AtomicUsize = AtomicUsize::new(0);

#[request_map("/endless/written")]
async fn endless_written(res: &mut Response) -> Result {
    loop {
        res.write_bytes([b'y'; 1_000]).await?;
        PRODUCED.fetch_add(1_000, Ordering::SeqCst);
    }
}

#[request_map("/endless/stream")]
fn endless_stream() -> Body {
    Body::stream(Pieces::endless())
}

#[request_map("/endless/channel")]
fn endless_channel() -> Body {
    let (sender, body) = Body::channel(4);
    tokio::spawn(async move {
        while sender.send(Bytes::from_static(&[b'y'; 1_000])).await.is_ok() {
            PRODUCED.fetch_add(1_000, Ordering::SeqCst);
        }
        GONE.notify_one();
    });
    body
}

static GONE: Notify = Notify::const_new();

/// A peer that does not read stops whoever makes its answer, and one that reads again starts it again.
#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_its_peer() {
    for path in ["/endless/written", "/endless/stream", "/endless/channel"] {
        PRODUCED.store(0, Ordering::SeqCst);
        let mut peer = ask(&get(path)).await;
        quiet().await;
        let produced = PRODUCED.load(Ordering::SeqCst);
        assert!((1..BETWEEN).contains(&produced), "{path}: {produced} bytes for a peer that reads nothing");
        quiet().await;
        assert_eq!(PRODUCED.load(Ordering::SeqCst), produced, "{path}: and it stays so");
        let mut left = vec![0; 2_000_000];
        peer.read_exact(&mut left).await.expect("it goes on");
        quiet().await;
        let more = PRODUCED.load(Ordering::SeqCst);
        assert!((1_500_000..2_000_000 + BETWEEN).contains(&more), "{path}: {more} bytes for 2000000 read");
        drop(peer);
    }
    GONE.notified().await;
}

#[request_map("/closed")]
fn closed() -> Sse {
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        sender.send(Event::new("hello")).await.expect("the peer is there");
        sender.closed().await;
        let refused = sender.send(Event::new("too late")).await.expect_err("the peer is gone");
        assert_eq!(refused.status(), 499);
        CLOSED.notify_one();
    });
    events
}

static CLOSED: Notify = Notify::const_new();

/// Nothing is sent to this peer but comments; they tell that it is gone.
#[tokio::test(start_paused = true)]
async fn a_sender_learns_that_its_peer_is_gone() {
    let mut peer = ask(&get("/closed")).await;
    until(&mut peer, "data: hello\n\n\r\n").await;
    drop(peer);
    CLOSED.notified().await;
}

/// A stream of these; an empty list is an endless one.
struct Pieces(std::vec::IntoIter<Piece>, bool);

type Piece = Result<&'static str, &'static str>;

impl Pieces {
    fn of(pieces: impl Into<Vec<Piece>>) -> Pieces {
        Pieces(pieces.into().into_iter(), false)
    }

    fn endless() -> Pieces {
        Pieces(Vec::new().into_iter(), true)
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.1 {
            PRODUCED.fetch_add(1_000, Ordering::SeqCst);
            return Poll::Ready(Some(Ok(Bytes::from_static(&[b'y'; 1_000]))));
        }
        Poll::Ready(match self.0.next() {
            Some(Ok("panic")) => panic!("a stream that panics"),
            Some(Ok(piece)) => Some(Ok(Bytes::from_static(piece.as_bytes()))),
            Some(Err(error)) => Some(Err(error.into())),
            None => None,
        })
    }
}

#[request_map("/stream/{kind}")]
async fn stream(kind: &str) -> (Headers, Body) {
    let pieces = match kind {
        "good" => vec![Ok("ab"), Ok(""), Ok("cde"), Ok("fg")],
        "error" => vec![Ok("half"), Err("Too Late")],
        "at-once" => vec![Err("Too Late")],
        "panic" => vec![Ok("half"), Ok("panic")],
        "large" => vec![Ok(LARGE), Ok("-"), Ok(LARGE)],
        _ => vec![],
    };
    (Headers::from([("x-kind", kind)]), Body::stream(Pieces::of(pieces)))
}

const LARGE: &str = match std::str::from_utf8(&[b'y'; 100_000]) {
    Ok(text) => text,
    Err(_) => "",
};

#[tokio::test]
async fn a_stream_is_sent_chunk_by_chunk() {
    let large = format!("186a0\r\n{LARGE}\r\n1\r\n-\r\n186a0\r\n{LARGE}\r\n0\r\n\r\n");
    let table = [
        ("good", "2\r\nab\r\n3\r\ncde\r\n2\r\nfg\r\n0\r\n\r\n"),
        ("none", "0\r\n\r\n"),
        ("error", "4\r\nhalf\r\n"),
        ("at-once", ""),
        ("panic", "4\r\nhalf\r\n"),
        ("large", &large),
    ];
    for (kind, body) in table {
        let answer = client().raw(get(&format!("/stream/{kind}"))).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{kind}: {answer}");
        assert!(answer.contains("\r\ncontent-type: application/octet-stream\r\n"), "{kind}: {answer}");
        assert!(answer.contains(&format!("\r\nx-kind: {kind}\r\n")), "{kind}: {answer}");
        assert!(body_of(&answer) == body, "{kind}: {answer}");
    }
}

#[request_map("/sse/{kind}")]
fn sse(kind: &str) -> Sse {
    let (sender, events) = Sse::channel(8);
    let kind = kind.to_owned();
    let keep_alive = match &*kind {
        "short" => Some(Duration::from_secs(10)),
        "off" => Some(Duration::ZERO),
        "error" => return Sse::new(Pieces::of([Ok("half"), Err("Too Late")]).map_events()),
        _ => None,
    };
    tokio::spawn(async move {
        if kind == "fields" {
            let event = Event::json(&json!({ "a": "b\nc" })).expect("it is JSON");
            sender.send(event.name("news").id("7").retry(Duration::from_millis(1500))).await?;
            sender.send("two\nlines").await?;
            return sender.send(Event::comment("psst")).await;
        }
        for seconds in [5, 35, 1] {
            sleep(Duration::from_secs(seconds)).await;
            sender.send(seconds.to_string()).await?;
        }
        Ok::<_, Error>(())
    });
    match keep_alive {
        Some(silence) => events.keep_alive(silence),
        None => events,
    }
}

impl Pieces {
    fn map_events(self) -> Events {
        Events(self)
    }
}

struct Events(Pieces);

impl Stream for Events {
    type Item = Result<Event, Box<dyn std::error::Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = |piece: Bytes| Event::new(String::from_utf8_lossy(&piece));
        Pin::new(&mut self.0).poll_next(cx).map(|next| next.map(|piece| piece.map(event)))
    }
}

/// Silences are filled with comments, the first one after 15 s of it unless told otherwise.
#[tokio::test(start_paused = true)]
async fn events_are_kept_alive_by_comments() {
    let fields =
        "data: {\"a\":\"b\\nc\"}\nevent: news\nid: 7\nretry: 1500\n\ndata: two\ndata: lines\n\n: psst\n\n";
    let comment = ": keep-alive\n\n";
    let table = [
        ("default", format!("data: 5\n\n{}data: 35\n\ndata: 1\n\n", comment.repeat(2))),
        ("short", format!("data: 5\n\n{}data: 35\n\ndata: 1\n\n", comment.repeat(3))),
        ("off", "data: 5\n\ndata: 35\n\ndata: 1\n\n".to_owned()),
        ("fields", fields.to_owned()),
    ];
    for (kind, expected) in table {
        let answer = client().get(&format!("/sse/{kind}")).await;
        answer.assert_status(200).assert_text(&expected);
        answer.assert_header("content-type", "text/event-stream").assert_header("cache-control", "no-cache");
    }
}

#[request_map("/buffering/{way}")]
fn buffering(way: &str, res: &mut Response) -> Result<Response> {
    let own = || Headers::from([("Cache-Control", "no-store"), ("X-Accel-Buffering", "yes")]);
    let events = || Sse::new(Pieces::of([Ok("one")]).map_events());
    let mut made = Response::new(200);
    match way {
        "nothing" => events().respond(&mut made)?,
        "before" => (own(), events()).respond(&mut made)?,
        "after" => (events(), own()).respond(&mut made)?,
        "one of them" => (events(), Headers::from([("cache-control", "private")])).respond(&mut made)?,
        "argument" => {
            res.headers.extend(&own());
            events().respond(res)?;
            made = std::mem::take(res);
        }
        _ => ("text", events()).respond(&mut made)?,
    }
    Ok(made)
}

/// nginx gathers what is not told to it, and any cache may keep it; what the handler says stands.
#[tokio::test]
async fn events_are_not_to_be_gathered_or_kept() {
    let table = [
        ("nothing", Some("no-cache"), Some("no")),
        ("before", Some("no-store"), Some("yes")),
        ("after", Some("no-store"), Some("yes")),
        ("one%20of%20them", Some("private"), Some("no")),
        ("argument", Some("no-store"), Some("yes")),
        ("another%20body", None, None),
    ];
    for (way, cache, buffering) in table {
        let answer = client().get(&format!("/buffering/{way}")).await;
        let all = |name: &str| answer.headers().get_all(name).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all("cache-control"), Vec::from_iter(cache), "{way}");
        assert_eq!(all("x-accel-buffering"), Vec::from_iter(buffering), "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_go_out_at_once_and_a_silence_is_no_reason_to_close() {
    let mut peer = ask(&get("/sse/off")).await;
    let start = Instant::now();
    until(&mut peer, "data: 5\n\n\r\n").await;
    assert_eq!(start.elapsed().as_secs(), 5);
    until(&mut peer, "data: 35\n\n\r\n").await;
    assert_eq!(start.elapsed().as_secs(), 40);
    // And the connection goes on with the next request.
    until(&mut peer, "\r\n0\r\n\r\n").await;
    peer.write_all(get("/written").replace("Host", "Connection: close\r\nHost").as_bytes())
        .await
        .expect("room");
    assert_eq!(join(body_of(&rest(peer).await)).0, "abcdefg");
}

/// The sum of all bytes, weighed by their places, and the largest piece.
#[request_map("/weigh", method = "POST")]
async fn weigh(mut body: BodyReader) -> Result<String> {
    let (mut place, mut sum, mut largest) = (0, 0_u64, 0);
    while let Some(piece) = body.read().await? {
        for byte in piece {
            place += 1;
            sum = sum.wrapping_add(place * u64::from(*byte));
        }
        largest = largest.max(piece.len());
    }
    Ok(format!("{place} {sum} {largest}"))
}

/// What is large comes in large pieces, however it is framed, and nothing of the next request with it.
#[tokio::test(start_paused = true)]
async fn a_body_is_read_straight_to_its_reader() {
    let body: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 251) as u8).collect();
    let sum = (1..).zip(&body).fold(0_u64, |sum, (place, byte)| sum.wrapping_add(place * u64::from(*byte)));
    let table = [
        ("by length", 0),
        ("one chunk", 1_000_000),
        ("chunks", 100_000),
        ("small chunks", 8192),
        ("odd chunks", 8191),
    ];
    for (name, chunk) in table {
        let mut peer = client().connect();
        let mut request = b"POST /weigh HTTP/1.1\r\nHost: h\r\n".to_vec();
        if chunk == 0 {
            request.extend_from_slice(b"Content-Length: 1000000\r\n\r\n");
            request.extend_from_slice(&body);
        } else {
            request.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for piece in body.chunks(chunk) {
                request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                request.extend_from_slice(piece);
                request.extend_from_slice(b"\r\n");
            }
            request.extend_from_slice(b"0\r\n\r\n");
        }
        request.extend_from_slice(b"GET /nowhere HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        peer.write_all(&request).await.expect("it reads");
        let answers = rest(peer).await;
        let weighed = answers
            .split_once("\r\n\r\n")
            .expect("a head")
            .1
            .split_once("HTTP/1.1 404 ")
            .expect("and the next")
            .0;
        let largest =
            weighed.strip_prefix(&format!("1000000 {sum} ")).unwrap_or_else(|| panic!("{name}: {weighed}"));
        let largest: usize = largest.parse().expect("a size");
        assert!(largest <= 64 << 10, "{name}: {largest}");
        assert!(largest > 32 << 10 || (1..100_000).contains(&chunk), "{name}: {largest}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
