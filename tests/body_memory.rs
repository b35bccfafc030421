//! What the bodies of all requests hold in memory together: bounded, and given back whatever becomes of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;
use tokio::time::sleep;
use vernal::test::{Client, ClientBuilder};
use vernal::{
    App, Body, BodyReader, Config, Decompression, Error, FilterContext, Limits, Multipart, MultipartFile,
    Next, Request, Result, State, request_filter, request_map,
};

#[request_map("/size", method = "POST")]
fn size(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/later", method = "POST")]
async fn later(body: &[u8]) -> String {
    body.len().to_string()
}

/// Runs until it is let go, with the body it was given.
#[request_map("/kept", method = "POST")]
async fn kept(body: &[u8], go: State<&Arc<Notify>>) -> String {
    go.notified().await;
    body.len().to_string()
}

#[request_map("/unread", method = "POST")]
async fn unread(mut body: BodyReader, go: State<&Arc<Notify>>) -> Result<String> {
    let size = body.read().await?.map_or(0, <[u8]>::len);
    go.notified().await;
    let rest = body.read_to_end(1 << 20).await?;
    Ok((size + rest.len()).to_string())
}

#[request_map("/read", method = "POST")]
async fn read(mut body: BodyReader) -> Result<String> {
    Ok(body.read_to_end(1 << 20).await?.len().to_string())
}

#[request_map("/field", method = "POST")]
async fn field(f: &str) -> String {
    f.len().to_string()
}

#[request_map("/file", method = "POST")]
async fn file(f: MultipartFile<'_>) -> String {
    f.size().to_string()
}

#[request_map("/parts", method = "POST")]
async fn parts(mut form: Multipart) -> Result<String> {
    let mut size = 0;
    while let Some(mut part) = form.next().await? {
        size += part.read_to_end(1 << 20).await?.len();
    }
    Ok(size.to_string())
}

#[request_map("/fails", method = "POST")]
async fn fails(_body: &[u8]) -> Result<()> {
    Err(Error::status_only(418))
}

#[request_map("/panics", method = "POST")]
async fn panics(body: &[u8]) {
    assert!(body.is_empty(), "as it shall");
}

#[request_map("/filtered/panics", method = "POST")]
async fn never(_body: &[u8]) {}

#[request_filter("/filtered/**")]
async fn panics_first(_cx: &mut FilterContext<'_>, _next: Next<'_>) -> Result {
    panic!("as it shall")
}

/// The bound of these tests.
const ALL: usize = 10_000;

fn limits() -> Limits {
    Limits::new().buffered_bodies(ALL as u64)
}

fn builder() -> ClientBuilder {
    Client::builder().limits(limits()).state(Arc::new(Notify::new()))
}

fn post(path: &str, length: usize, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// Opens a connection and sends this. All that can be done about it is done then.
async fn open(client: &Client, bytes: impl AsRef<[u8]>) -> DuplexStream {
    let mut peer = client.connect();
    peer.write_all(bytes.as_ref()).await.expect("it reads");
    settle().await;
    peer
}

/// Time stands still until nothing else can run.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

/// Whether just so many bytes are free, and not one more.
async fn assert_free(client: &Client, bytes: usize, name: &str) {
    for (length, status) in [(bytes, "200"), (bytes + 1, "503")] {
        // One that comes in two pieces is counted while it is waited for.
        let mut peer = open(client, post("/size", length, &"y".repeat(length - 1))).await;
        let _ = peer.write_all(b"y").await;
        let _ = peer.shutdown().await;
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.expect("text");
        assert_eq!(answer.get(9..12), Some(status), "{name}: {length} bytes\n{answer}");
        if status == "503" {
            assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
            assert!(answer.contains("10000 bytes together (Limits::buffered_bodies)"), "{answer}");
        }
    }
}

const TYPE: &str = "multipart/form-data; boundary=b";

fn part(filename: &str, size: usize) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"f\"{filename}\r\n\r\n{}", "y".repeat(size))
}

fn chunked(path: &str, kind: &str, body: &str) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    format!("{head}{:x}\r\n{body}\r\n", body.len())
}

#[tokio::test(start_paused = true)]
async fn what_is_held_counts_and_goes_with_its_connection() {
    let form = "application/x-www-form-urlencoded";
    let table = [
        ("nothing", String::new(), 0),
        ("half a body", post("/size", 6000, &"y".repeat(4000)), 4000),
        ("half a body in chunks", chunked("/later", "a/b", &"y".repeat(4000)), 4000),
        ("half a form", chunked("/field", form, &format!("f={}", "y".repeat(3998))), 4000),
        ("a handler that keeps it", post("/kept", 4000, &"y".repeat(4000)), 4000),
        (
            "what a reader has not taken",
            chunked("/unread", "a/b", "y") + &format!("^fa0\r\n{}\r\n", "y".repeat(4000)),
            4000,
        ),
        ("half a text field", chunked("/field", TYPE, &part("", 4000)), 4000),
        ("half a small file", chunked("/file", TYPE, &part("; filename=\"a\"", 4000)), 4000),
        ("parts as they come", chunked("/parts", TYPE, &part("", 4000)), 0),
        ("a body that is read", chunked("/read", "a/b", &"y".repeat(4000)), 0),
        ("one that nobody takes", post("/nowhere", 6000, &"y".repeat(4000)), 0),
    ];
    for (name, request, held) in table {
        let go = Arc::new(Notify::new());
        let client = Client::builder().limits(limits()).state(Arc::clone(&go)).build();
        let (first, then) = request.split_once('^').unwrap_or((&request, ""));
        let mut peer = open(&client, first).await;
        peer.write_all(then.as_bytes()).await.expect("it reads");
        settle().await;
        assert_free(&client, ALL - held, name).await;
        let (one, other) = (open(&client, post("/size", 6000, &"y".repeat(1000))).await, peer);
        assert_free(&client, ALL - held - 1000, name).await;
        drop((one, other));
        go.notify_waiters();
        settle().await;
        assert_free(&client, ALL, name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_given_back_whatever_becomes_of_the_request() {
    let body = "y".repeat(4000);
    let table = [
        ("answered", post("/later", 4000, &body), "200"),
        ("answered at once", post("/size", 4000, &body), "200"),
        ("an error", post("/fails", 4000, &body), "418"),
        ("a panic", post("/panics", 4000, &body), "500"),
        ("a panic before", post("/filtered/panics", 4000, &body), "500"),
        ("too large", chunked("/size", "a/b", &body) + &format!("1389\r\n{}", "y".repeat(5001)), "413"),
        ("malformed", chunked("/size", "a/b", &body) + "x", "400"),
        ("cut off", post("/size", 6000, &body), "400"),
        ("a form that is cut off", chunked("/file", TYPE, &part("; filename=\"a\"", 4000)), "400"),
        (
            "a text field too many",
            chunked("/field", TYPE, &(part("", 9001) + "\r\n--b--\r\n")) + "0\r\n\r\n",
            "413",
        ),
        (
            "a form",
            chunked("/file", TYPE, &(part("; filename=\"a\"", 4000) + "\r\n--b--\r\n")) + "0\r\n\r\n",
            "200",
        ),
        ("more than all", post("/size", 10_001, &"y".repeat(10_001)), "413"),
    ];
    let client = builder().limits(limits().body_size(9000)).build();
    for (name, request, status) in table {
        let answer = client.raw(request).await;
        assert_eq!(answer.get(9..12), Some(status), "{name}: {answer}");
        settle().await;
        let mut all = open(&client, post("/size", 9000, &"y".repeat(8999))).await;
        assert_free(&client, 1001, name).await;
        all.write_all(b"y").await.expect("it reads");
        settle().await;
        drop(all);
        settle().await;
    }
    // One that is silent for too long, and a stop in the midst of it.
    let peer = open(&client, post("/size", 6000, &body)).await;
    sleep(Duration::from_secs(60)).await;
    assert_free_of(&client, 9000).await;
    drop(peer);
}

/// Whether so many bytes of one body are free.
async fn assert_free_of(client: &Client, bytes: usize) {
    let answer = client.raw(post("/size", bytes, &"y".repeat(bytes))).await;
    assert_eq!(answer.get(9..12), Some("200"), "{answer}");
}

/// A file that lies on the disk is held by its buffers alone, and only while it comes.
#[tokio::test]
async fn files_on_the_disk_are_not_counted() {
    let limits = Limits::new().buffered_bodies(2 << 20).upload_memory(1000);
    let client = builder().limits(limits).build();
    let size = 8 << 20;
    for _ in 0..3 {
        client.post("/file").file("f", "a.bin", "a/b", vec![b'y'; size]).await.assert_text(&size.to_string());
    }
    // What waits for the disk is.
    let client = builder().limits(Limits::new().buffered_bodies(300_000).upload_memory(1000)).build();
    let answer = client.post("/file").file("f", "a.bin", "a/b", vec![b'y'; size]).await;
    assert_eq!(answer.status(), 503);
    client.post("/file").file("f", "a.bin", "a/b", vec![b'y'; 90_000]).await.assert_text("90000");
}

fn gzipped(size: usize) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b'y'; size]).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test(start_paused = true)]
async fn bodies_count_as_they_are_when_decompressed() {
    let go = Arc::new(Notify::new());
    let client = Client::builder().limits(limits()).state(Arc::clone(&go));
    let client = client.decompress_requests(Decompression::gzip()).build();
    let encoded = |path: &str, size: usize| {
        let body = gzipped(size);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    };
    for (size, status) in [(ALL, "200"), (ALL + 1, "503")] {
        let answer = client.raw(encoded("/later", size)).await;
        assert_eq!(answer.get(9..12), Some(status), "{size}: {answer}");
    }
    let peer = open(&client, encoded("/kept", 4000)).await;
    assert_free(&client, ALL - 4000, "kept").await;
    drop(peer);
    go.notify_waiters();
    settle().await;
    assert_free(&client, ALL, "gone").await;
    // The window is all that one has which is decompressed as it comes.
    assert!(client.raw(encoded("/read", 1000)).await.starts_with("HTTP/1.1 503"));
    let client =
        builder().limits(limits().buffered_bodies(40_000)).decompress_requests(Decompression::gzip()).build();
    assert!(client.raw(encoded("/read", 500_000)).await.ends_with("\r\n\r\n500000"));
}

#[tokio::test(start_paused = true)]
async fn the_same_without_a_connection() {
    let app =
        App::from_registry(Config::new().limits(limits()).state(Arc::new(Notify::new()))).expect("mappings");
    let some = |size: usize| stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'y'; size]))]);
    let stalled = tokio::spawn(
        app.handle(Request::post("/size").body(Body::stream(some(4000).chain(stream::pending())))),
    );
    settle().await;
    for (size, status) in [(6000, 200), (6001, 503)] {
        for body in [Body::stream(some(size)), Body::from(vec![b'y'; size])] {
            assert_eq!(app.handle(Request::post("/size").body(body)).await.status, status, "{size}");
        }
    }
    stalled.abort();
    settle().await;
    assert_eq!(app.handle(Request::post("/size").body(Body::stream(some(ALL)))).await.status, 200);
}
