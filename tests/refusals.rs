//! Requests that are answered before they have been read: the answer arrives, whatever the peer still sends. In memory and
//! over real sockets; curl and Node's fetch are the clients that others wrote.

mod running;

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use vernal::test::Client;
use vernal::{Body, BodyReader, Error, Limits, MultipartFile, Request, Result, request_map};

use crate::running::{PATIENCE, Running, builder};

#[request_map("/small", method = ["POST", "PUT"], limits = Limits::new().body_size(1 << 10))]
fn small(body: &[u8]) -> String {
    format!("{} bytes", body.len())
}

#[request_map("/form", method = "POST", limits = Limits::new().upload_size(1 << 10))]
fn form(file: MultipartFile<'_>) -> String {
    format!("{} bytes", file.size())
}

#[request_map("/unread", method = "POST", limits = Limits::new().body_size(1 << 30))]
async fn unread(_: BodyReader) -> &'static str {
    "unread"
}

/// More than a socket holds.
const LARGE: usize = 8 << 20;

#[request_map("/unread/large", method = "POST", limits = Limits::new().body_size(1 << 30))]
async fn unread_large(_: BodyReader) -> Vec<u8> {
    vec![b'a'; LARGE]
}

#[request_map("/unread/stream", method = "POST", limits = Limits::new().body_size(1 << 30))]
async fn unread_stream(_: BodyReader) -> Body {
    struct Pieces(usize);
    impl futures_core::Stream for Pieces {
        type Item = Result<Vec<u8>>;

        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Vec<u8>>>> {
            let piece = self.0.checked_sub(1 << 16).map(|left| {
                self.0 = left;
                Ok(vec![b'a'; 1 << 16])
            });
            std::task::Poll::Ready(piece)
        }
    }
    Body::stream(Pieces(LARGE))
}

/// What a peer gets that reads nothing before it has sent everything.
async fn send_all_then_read(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    head: &str,
    body: u64,
) -> String {
    let exchange = async {
        stream.write_all(head.as_bytes()).await?;
        let piece = vec![b'b'; 64 << 10];
        let mut left = body as usize;
        while left > 0 {
            let now = left.min(piece.len());
            stream.write_all(&piece[..now]).await?;
            left -= now;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, exchange).await.expect("it takes what is sent, and closes");
    String::from_utf8(answer.expect("no reset")).expect("text")
}

/// More than sockets hold, and more than anybody would count.
const MUCH: u64 = 30 << 20;

#[tokio::test]
async fn an_early_answer_arrives() {
    let head = |method: &str, path: &str, fields: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n")
    };
    let length = format!("Content-Length: {MUCH}\r\n");
    let parts = format!("Content-Type: multipart/form-data; boundary=x\r\n{length}");
    let chunked = "Transfer-Encoding: chunked\r\n";
    let table = [
        ("declared", head("PUT", "/small", &length), 413),
        ("chunked", head("PUT", "/small", chunked) + &format!("{MUCH:x}\r\n"), 413),
        ("a form in parts", head("POST", "/form", &parts), 413),
        ("nobody there", head("POST", "/nobody", &length), 404),
        ("another method", head("DELETE", "/small", &length), 405),
        ("a bad path", head("POST", "/%zz", &length), 400),
        ("a coding", head("PUT", "/small", &format!("Content-Encoding: x\r\n{chunked}")), 415),
        ("an expectation", head("PUT", "/small", &format!("Expect: tea\r\n{length}")), 417),
        ("a head that breaks the law", head("PUT", "/small", &format!("a b: c\r\n{length}")), 400),
        ("a chunk that does", head("PUT", "/small", chunked) + "tea\r\n", 400),
        ("not read by its handler", head("POST", "/unread", &length), 200),
        ("nor before a large answer", head("POST", "/unread/large", &length), 200),
        ("nor before a stream", head("POST", "/unread/stream", &length), 200),
    ];
    #[cfg(unix)]
    let path = std::env::temp_dir().join(format!("vernal-refusals-{}", std::process::id()));
    let server = builder();
    #[cfg(unix)]
    let server = server.listen(format!("unix:{}", path.display()));
    let running = Running::start(server).await;
    for (name, head, status) in &table {
        let stream = TcpStream::connect(running.address).await.expect("it listens");
        let answer = send_all_then_read(stream, head, MUCH).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{name}, over TCP: {:.200}", answer);
        assert!(!name.starts_with("nor ") || answer.len() > LARGE, "{name}: {} bytes", answer.len());
        #[cfg(unix)]
        {
            let stream = tokio::net::UnixStream::connect(&path).await.expect("it listens");
            let answer = send_all_then_read(stream, head, MUCH).await;
            assert!(answer.starts_with(&expected), "{name}, over a Unix socket: {:.200}", answer);
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn a_connection_over_the_limit_may_have_much_to_send() {
    let running = Running::start(builder().limits(Limits::new().connections(1))).await;
    let first = TcpStream::connect(running.address).await.expect("it listens");
    let head = format!("PUT /small HTTP/1.1\r\nHost: h\r\nContent-Length: {MUCH}\r\n\r\n");
    loop {
        let stream = TcpStream::connect(running.address).await.expect("it listens");
        let answer = send_all_then_read(stream, &head, MUCH).await;
        // The first one may be accepted second.
        if answer.starts_with("HTTP/1.1 503 ") {
            break;
        }
    }
    drop(first);
    running.stop().await;
}

#[request_map("/fails")]
fn fails() -> Result<&'static str> {
    Err(Error::conflict("as it should"))
}

#[request_map("/fails/async")]
async fn fails_async() -> Result<&'static str> {
    panic!("as it should")
}

/// Whatever is wrong with it: an answer to HEAD has no content (RFC 9110, section 9.3.2), and its head is that of the answer to another
/// method.
#[tokio::test]
async fn a_refusal_of_head_has_no_content() {
    let client = Client::builder().limits(Limits::new().header_count(10)).build();
    let long = "x".repeat(20 << 10);
    let head = |target: &str, rest: &str| format!("HEAD {target} HTTP/1.1\r\n{rest}\r\n");
    let many = format!("Host: h\r\n{}", "a: b\r\n".repeat(10));
    let table = [
        ("no Host", head("/", ""), 400),
        ("two Hosts", head("/", "Host: a\r\nHost: b\r\n"), 400),
        ("a bad Host", head("/", "Host: a b\r\n"), 400),
        ("an expectation", head("/", "Host: h\r\nExpect: x\r\n"), 417),
        ("a bad length", head("/", "Host: h\r\nContent-Length: x\r\n"), 400),
        ("two lengths", head("/", "Host: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n"), 400),
        ("both framings", head("/", "Host: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400),
        ("a transfer coding", head("/", "Host: h\r\nTransfer-Encoding: tea\r\n"), 501),
        ("a long target", head(&format!("/{long}"), "Host: h\r\n"), 414),
        ("a long head", head("/", &format!("Host: h\r\na: {long}\r\n")), 431),
        ("many fields", head("/", &many), 431),
        ("a bad field", head("/", "Host: h\r\na b: c\r\n"), 400),
        ("a folded field", head("/", "Host: h\r\na: b\r\n c\r\n"), 400),
        ("a bare line feed", "HEAD / HTTP/1.1\nHost: h\n\n".to_owned(), 400),
        ("another version", "HEAD / HTTP/2.5\r\nHost: h\r\n\r\n".to_owned(), 505),
        ("no version", "HEAD / HTTX/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("two words", "HEAD /\r\n\r\n".to_owned(), 400),
        ("one word", "HEAD\r\n\r\n".to_owned(), 400),
        ("a tab", "HEAD\t/ HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
        ("after an empty line", "\r\nHEAD / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("an asterisk", head("*", "Host: h\r\n"), 400),
        ("no target", head("x", "Host: h\r\n"), 400),
        ("a fragment", head("/#a", "Host: h\r\n"), 400),
        ("a bad path", head("/%zz", "Host: h\r\n"), 400),
        ("many types", head("/", "Host: h\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n"), 400),
        ("nobody there", head("/nobody", "Host: h\r\n"), 404),
        ("another method", head("/small", "Host: h\r\n"), 405),
        ("its handler fails", head("/fails", "Host: h\r\n"), 409),
        ("its handler panics", head("/fails/async", "Host: h\r\n"), 500),
    ];
    for (name, request, status) in &table {
        let answer = client.raw(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        assert!(
            answer.ends_with("\r\n\r\n") && !answer.contains("content-length: 0\r\n"),
            "{name}: {answer}"
        );
        // The same of a method that looks alike has content.
        let answer = client.raw(request.replacen("HEAD", "HEADY", 1)).await;
        assert!(!answer.ends_with("\r\n\r\n"), "{name}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_request_that_does_not_end_is_refused_without_content() {
    for (begun, has_content) in
        [("HEAD / HTTP/1.1\r\nHost:", false), ("HEAD", false), ("GET / HTTP/1.1", true), ("HEA", true)]
    {
        let mut stream = Client::new().connect();
        stream.write_all(begun.as_bytes()).await.expect("room");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{begun}: {answer}");
        assert_eq!(!answer.ends_with("\r\n\r\n"), has_content, "{begun}: {answer}");
    }
}

#[request_map("/version")]
fn version(req: &Request) -> String {
    format!("{:?} {}", req.version(), req.query_string())
}

#[tokio::test]
async fn later_minor_versions_are_answered_as_1_1() {
    let client = Client::new();
    let table = [
        ("HTTP/1.0", "200", "HTTP/1.0 a", "connection: close"),
        ("HTTP/1.1", "200", "HTTP/1.1 a", ""),
        ("HTTP/1.2", "200", "HTTP/1.1 a", ""),
        ("HTTP/1.9", "200", "HTTP/1.1 a", ""),
        ("HTTP/1.10", "400", "", "connection: close"),
        ("HTTP/0.9", "505", "", "connection: close"),
        ("HTTP/2.0", "505", "", "connection: close"),
        ("HTTP/2.5", "505", "", "connection: close"),
        ("HTTP/3.0", "505", "", "connection: close"),
        ("http/1.2", "400", "", "connection: close"),
    ];
    for (version, status, text, field) in table {
        let answer = client.raw(format!("GET /version?a {version}\r\nHost: h\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{version}: {answer}");
        assert!(answer.contains(field) && answer.ends_with(text), "{version}: {answer}");
        assert!(
            !field.is_empty() || !answer.contains("connection:"),
            "{version} keeps the connection: {answer}"
        );
    }
    // What 1.1 has, they have too: chunks, pipelining, 100 Continue.
    let post = "PUT /small HTTP/1.2\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = client.raw(format!("{post}3\r\nabc\r\n0\r\n\r\n{post}1\r\na\r\n0\r\n\r\n")).await;
    assert!(answer.contains("3 bytes") && answer.ends_with("1 bytes"), "{answer}");
}

#[tokio::test]
async fn what_says_one_thing_stands_once() {
    let client = Client::new();
    let post = |fields: &str| {
        format!(
            "PUT /small HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: 3\r\n\r\nabcGET /version?a HTTP/1.1\r\nHost: h\r\n\r\n"
        )
    };
    let table = [
        ("one type", "Content-Type: text/plain\r\n", "200"),
        ("the same twice", "Content-Type: text/plain\r\nContent-Type: text/plain\r\n", "400"),
        ("two", "content-type: application/json\r\nX: y\r\nCONTENT-TYPE: text/plain\r\n", "400"),
        ("one empty", "Content-Type:\r\nContent-Type: text/plain\r\n", "400"),
        ("a list of another field", "Accept: a/b\r\nAccept: c/d\r\nCookie: a=b\r\nCookie: c=d\r\n", "200"),
    ];
    for (name, fields, status) in table {
        let answer = client.raw(post(fields)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
        assert_eq!(
            answer.contains("there is more than one Content-Type field"),
            status == "400",
            "{name}: {answer}"
        );
        assert!(answer.ends_with("HTTP/1.1 a"), "{name}, the connection goes on: {answer}");
    }
}

/// Runs a client to its end; what it prints.
async fn run(mut client: Command) -> String {
    let program = client.get_program().to_string_lossy().into_owned();
    client.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = timeout(PATIENCE, spawn_blocking(move || client.output())).await;
    let output = output.unwrap_or_else(|_| panic!("{program} ends")).expect("no panic");
    let output = output.unwrap_or_else(|error| panic!("{program} runs ({error}): .ci/run installs it"));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn clients_of_others_see_why() {
    let running = Running::start(builder()).await;
    let url = format!("http://{}", running.address);
    let script = r#"
        const [url, size] = [process.argv[1], Number(process.argv[2])];
        const told = [];
        for (const kind of ["form", "small"]) {
          for (let round = 0; round < 3; round++) {
            let body = new Uint8Array(size);
            if (kind === "form") {
              body = new FormData();
              body.append("file", new File([new Uint8Array(size)], "x"));
            }
            await fetch(`${url}/${kind}`, { method: "POST", body })
              .then(answer => answer.text().then(() => told.push(answer.status)), error => told.push(error.cause.code));
          }
        }
        console.log(told.join(" "));
    "#;
    for size in [2 << 20, 8 << 20, 64 << 20] {
        let mut node = Command::new("node");
        node.args(["-e", script, &url, &size.to_string()]);
        assert_eq!(run(node).await.trim(), ["413"; 6].join(" "), "Node's fetch, {size} bytes");
        let file = std::env::temp_dir().join(format!("vernal-refusals-{}-{size}", std::process::id()));
        std::fs::File::create(&file).and_then(|file| file.set_len(size)).expect("a writable folder");
        for expect in ["Expect:", "X-With: expect"] {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}"])
                .args(["-H", expect, "--upload-file"])
                .arg(&file)
                .arg(format!("{url}/small"));
            assert_eq!(run(curl).await, "413", "curl, {expect}, {size} bytes");
        }
        std::fs::remove_file(&file).expect("it was there");
    }
    running.stop().await;
}

/// A connection in memory that has been refused, and read to its end.
async fn refused(client: &Client) -> tokio::io::DuplexStream {
    let mut stream = client.connect();
    let head = b"PUT /small HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n";
    stream.write_all(head).await.expect("room");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    stream
}

/// Sends a byte each `pause`; when the connection was closed.
async fn closed_after(stream: &mut tokio::io::DuplexStream, pause: Duration) -> Duration {
    let start = Instant::now();
    loop {
        sleep(pause).await;
        if stream.write_all(b"b").await.is_err() {
            return start.elapsed();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_read_from_until_it_is_silent_or_out_of_time() {
    let limits = Limits::new();
    assert_eq!((limits.linger_idle.as_secs(), limits.linger_time.as_secs()), (5, 30));
    let own = || Limits::new().linger_idle(Duration::from_secs(2)).linger_time(Duration::from_secs(7));
    let second = Duration::from_secs(1);
    let margin = Duration::from_millis(10);
    let table = [
        ("silent", limits.clone(), 5 * second + margin, 5 * second + margin),
        ("not quite silent", limits.clone(), 5 * second - margin, 35 * second - 7 * margin),
        ("busy", limits, second, 31 * second),
        ("silent, by its own limit", own(), 2 * second + margin, 2 * second + margin),
        ("busy, by its own limit", own(), second, 8 * second),
    ];
    for (name, limits, pause, expected) in table {
        let client = Client::builder().limits(limits).build();
        let mut stream = refused(&client).await;
        let closed = closed_after(&mut stream, pause).await;
        // The next attempt to send is what tells, and the clock counts in milliseconds.
        let late = closed.saturating_sub(expected);
        assert!(closed + margin >= expected && late < margin, "{name}: closed after {closed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_share_of_the_connections_may_linger() {
    for (connections, share) in [(8, 2), (12, 3), (1, 1)] {
        let client = Client::builder().limits(Limits::new().connections(connections)).build();
        let mut lingering = Vec::new();
        for _ in 0..share {
            lingering.push(refused(&client).await);
        }
        let mut beyond = refused(&client).await;
        sleep(Duration::from_millis(1)).await;
        beyond.write_all(b"b").await.expect_err("one beyond is closed at once");
        for stream in &mut lingering {
            stream.write_all(b"b").await.expect("those within go on");
        }
        lingering.pop();
        sleep(Duration::from_millis(1)).await;
        let mut next = refused(&client).await;
        sleep(Duration::from_millis(1)).await;
        next.write_all(b"b").await.expect("there is room again");
    }
}
