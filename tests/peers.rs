//! Peers that leave while their request is answered: by a reset, by ending their side, or by asking for a head alone. In memory and
//! over real sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use vernal::server::{self, Handle, Server};
use vernal::test::{Client, ClientBuilder};
use vernal::{
    App, Body, BodyReader, Config, Event, FilterContext, Limits, Next, Request, Response, Result, Sse, State,
    request_filter, request_map,
};

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

/// What handlers tell: that they have begun, and how they ended.
struct Told(UnboundedSender<&'static str>);

impl Told {
    fn begin(&self) -> Running {
        let _ = self.0.send("begun");
        Running(self.0.clone())
    }
}

/// A handler at work.
struct Running(UnboundedSender<&'static str>);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[request_map("/")]
fn index() -> &'static str {
    "index"
}

#[request_map("/written/{way}")]
async fn written(way: &str, State(told): State<&Told>, res: &mut Response) -> Result {
    let _running = told.begin();
    if way == "no-content" {
        res.status = vernal::StatusCode::NO_CONTENT;
    }
    res.headers.insert("x-way", way);
    res.write_bytes("first").await?;
    loop {
        match way {
            "waits" => std::future::pending().await,
            "sleeps" => sleep(SECOND).await,
            _ => res.write_bytes([b'w'; 1024]).await?,
        }
    }
}

#[request_filter("/written/filtered")]
async fn filtered(cx: &mut FilterContext<'_>, next: Next<'_>) {
    cx.response.headers.insert("x-filtered", "yes");
    next.run(cx).await;
}

#[request_map("/waits", method = ["GET", "POST"])]
async fn waits(#[arg(default = 1_000_000)] ms: u64, State(told): State<&Told>) -> &'static str {
    let _running = told.begin();
    sleep(Duration::from_millis(ms)).await;
    "waited"
}

#[request_map("/unread", method = "POST")]
async fn unread(_body: BodyReader, State(told): State<&Told>) {
    let _running = told.begin();
    std::future::pending::<()>().await;
}

#[request_map("/pieces")]
async fn pieces(res: &mut Response) -> Result {
    for _ in 0..5 {
        res.write_bytes("piece ").await?;
        sleep(20 * SECOND).await;
    }
    Ok(())
}

#[request_map("/stream")]
fn stream(#[arg(default = 20)] seconds: u64) -> Body {
    let (sender, body) = Body::channel(1);
    tokio::spawn(async move {
        for _ in 0..5 {
            sleep(Duration::from_secs(seconds)).await;
            if sender.send(Bytes::from_static(b"piece ")).await.is_err() {
                return;
            }
        }
    });
    body
}

#[request_map("/events")]
fn events(State(told): State<&Told>) -> Sse {
    let running = told.begin();
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        let _running = running;
        let _ = sender.send(Event::new("hello")).await;
        sender.closed().await;
    });
    events
}

/// Ends when nobody waits for it any more.
#[request_map("/polls", method = ["GET", "POST"])]
async fn polls(req: &Request, State(told): State<&Told>) -> &'static str {
    let _running = told.begin();
    req.gone().await;
    "gone"
}

type Ends = Arc<Mutex<Vec<JoinHandle<()>>>>;

/// Leaves a task that learns when its request is over.
#[request_map("/leaves")]
fn leaves(req: &Request, State(ends): State<&Ends>) -> &'static str {
    ends.lock().expect("no panic").push(tokio::spawn(req.gone()));
    "left"
}

#[request_map("/leaves/blocking", blocking)]
fn leaves_blocking(req: &Request) -> &'static str {
    tokio::runtime::Handle::current().block_on(req.gone());
    "gone"
}

/// What handlers tell, in order.
struct Ear(UnboundedReceiver<&'static str>);

impl Ear {
    async fn hears(&mut self, word: &str) {
        let heard = timeout(PATIENCE, self.0.recv()).await;
        assert_eq!(heard.unwrap_or_else(|_| panic!("nobody says {word}")), Some(word));
    }

    fn nothing(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

fn ends() -> Ends {
    Arc::default()
}

fn listening(builder: ClientBuilder) -> (Client, Ear) {
    let (told, heard) = unbounded_channel();
    (builder.state(Told(told)).state(ends()).build(), Ear(heard))
}

struct Serving {
    address: SocketAddr,
    handle: Handle,
    serving: JoinHandle<Result>,
    ear: Ear,
}

impl Serving {
    async fn start(change: impl FnOnce(Server) -> Server) -> Serving {
        let (told, heard) = unbounded_channel();
        let server = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false);
        let bound = change(server).state(Told(told)).state(ends()).bind().expect("it binds");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        handle.ready().await;
        Serving { address, handle, serving, ear: Ear(heard) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    async fn stop(self) {
        self.handle.stop();
        timeout(PATIENCE, self.serving).await.expect("it stops").expect("no panic").expect("a good end");
    }
}

fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

const LAST: &str = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/// The head is all there is to send, so nobody needs the handler any more.
#[tokio::test]
async fn a_handler_that_writes_is_dropped_when_nothing_more_is_sent() {
    let mut serving = Serving::start(|server| server).await;
    let (client, mut ear) = listening(Client::builder());
    let table = [
        ("HEAD", "endless"),
        ("HEAD", "waits"),
        ("HEAD", "sleeps"),
        ("HEAD", "filtered"),
        ("GET", "no-content"),
    ];
    for (method, way) in table {
        let bytes = request(method, &format!("/written/{way}")) + LAST;
        let answers = client.raw(&bytes).await;
        ear.hears("begun").await;
        ear.hears("dropped").await;
        let mut socket = serving.connect().await;
        socket.write_all(bytes.as_bytes()).await.expect("room");
        let mut received = String::new();
        timeout(PATIENCE, socket.read_to_string(&mut received)).await.expect("an end").expect("text");
        serving.ear.hears("begun").await;
        serving.ear.hears("dropped").await;
        for answers in [answers, received] {
            let status = if way == "no-content" { "HTTP/1.1 204 " } else { "HTTP/1.1 200 " };
            assert!(
                answers.starts_with(status) && answers.contains(&format!("x-way: {way}\r\n")),
                "{way}: {answers}"
            );
            assert_eq!(answers.contains("x-filtered: yes"), way == "filtered", "{way}: {answers}");
            assert!(!answers.contains("first") && answers.ends_with("index"), "{way}: {answers}");
        }
        // And without a connection.
        let (told, heard) = unbounded_channel();
        let config = Config::new().state(Told(told)).state(ends());
        let app = App::from_registry(config).expect("it is mapped");
        let asked = match method {
            "HEAD" => Request::head(format!("/written/{way}")),
            _ => Request::get(format!("/written/{way}")),
        };
        let answer = timeout(PATIENCE, app.handle(asked)).await.expect("it answers");
        assert_eq!(answer.headers.get("x-way"), Some(way));
        let mut ear = Ear(heard);
        ear.hears("begun").await;
        ear.hears("dropped").await;
    }
    serving.stop().await;
}

/// All that comes after the peer has ended its side, and after how long.
async fn half_closed(mut stream: DuplexStream, bytes: &str) -> (String, Duration) {
    let start = Instant::now();
    stream.write_all(bytes.as_bytes()).await.expect("room");
    stream.shutdown().await.expect("our side ends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    (answer, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_ended_its_side_still_gets_its_answer_for_a_while() {
    assert_eq!(Limits::new().half_closed_time, 30 * SECOND);
    let own = |time| Limits::new().half_closed_time(time);
    let waits = |ms: u64| request("GET", &format!("/waits?ms={ms}"));
    let pieces = "piece piece piece piece piece ";
    let table = [
        ("at once", Limits::new(), request("GET", "/"), Some("index"), 0),
        ("soon", Limits::new(), waits(29_900), Some("waited"), 29_900),
        ("too late", Limits::new(), waits(30_100), None, 30_000),
        ("never", Limits::new(), waits(1_000_000), None, 30_000),
        ("soon, by its own limit", own(100 * SECOND), waits(99_900), Some("waited"), 99_900),
        ("too late, by its own limit", own(SECOND / 2), waits(600), None, 500),
        ("not at all", own(Duration::ZERO), waits(10), None, 0),
        ("what is there at once is sent", own(Duration::ZERO), request("GET", "/"), Some("index"), 0),
        ("while it is written", Limits::new(), request("GET", "/pieces"), Some(pieces), 100_000),
        ("while it is streamed", Limits::new(), request("GET", "/stream"), Some(pieces), 100_000),
        ("a stream that is too slow", Limits::new(), request("GET", "/stream?seconds=40"), Some(""), 30_000),
        (
            "each of several",
            Limits::new(),
            waits(20_000) + &waits(20_000) + &waits(20_000) + &request("GET", "/"),
            Some("index"),
            60_000,
        ),
    ];
    for (name, limits, bytes, expected, ms) in table {
        let (client, _ear) = listening(Client::builder().limits(limits));
        let (answer, time) = half_closed(client.connect(), &bytes).await;
        let text: String = answer.split("\r\n").filter(|line| line.starts_with("piece")).collect();
        match expected {
            Some("") => assert!(answer.starts_with("HTTP/1.1 200 ") && text.is_empty(), "{name}: {answer}"),
            Some(expected) if expected == pieces => assert_eq!(text, pieces, "{name}: {answer}"),
            Some(expected) => assert!(answer.ends_with(expected), "{name}: {answer}"),
            None => assert_eq!(answer, "", "{name}"),
        }
        let late = time.saturating_sub(Duration::from_millis(ms));
        assert!(time >= Duration::from_millis(ms) && late < SECOND / 10, "{name}: after {time:?}");
    }
}

/// Which requests wait, and the bytes that are sent with them.
fn waiting() -> [(&'static str, String); 6] {
    let post = |path: &str, fields: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}")
    };
    let body = "b".repeat(1000);
    [
        ("a handler", request("GET", "/waits")),
        ("after a body", post("/waits", "Content-Length: 1000\r\n", &body)),
        ("before a body", post("/unread", "Content-Length: 1000\r\n", &body)),
        ("before half a body", post("/unread", "Content-Length: 100000\r\n", &body)),
        ("with many requests behind", request("GET", "/waits") + &request("GET", "/").repeat(1000)),
        ("a stream of events", request("GET", "/events")),
    ]
}

#[tokio::test]
async fn a_peer_that_ends_its_side_and_resets_takes_its_handler_with_it() {
    let mut serving = Serving::start(|server| server).await;
    for (name, bytes) in waiting() {
        for ends_its_side in [false, true] {
            let mut socket = serving.connect().await;
            socket.write_all(bytes.as_bytes()).await.expect("room");
            serving.ear.hears("begun").await;
            if ends_its_side {
                socket.shutdown().await.expect("our side ends");
                // It has been seen when this much has been done since.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                assert!(serving.ear.nothing(), "{name}: it may still read");
            }
            // With this a socket is reset when it is closed.
            socket.set_zero_linger().expect("a socket");
            drop(socket);
            serving.ear.hears("dropped").await;
        }
    }
    serving.stop().await;
}

/// What is closed is closed there: nobody has to write to learn of it.
#[cfg(unix)]
#[tokio::test]
async fn the_other_end_of_a_unix_socket_is_seen_to_close() {
    let path = std::env::temp_dir().join(format!("vernal-peers-{}", std::process::id()));
    let mut serving = Serving::start(|server| server.listen(format!("unix:{}", path.display()))).await;
    for (_, bytes) in waiting() {
        let mut socket = tokio::net::UnixStream::connect(&path).await.expect("it listens");
        socket.write_all(bytes.as_bytes()).await.expect("room");
        serving.ear.hears("begun").await;
        drop(socket);
        serving.ear.hears("dropped").await;
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_handler_may_wait_for_its_peer_to_be_gone() {
    let mut serving = Serving::start(|server| server).await;
    let (client, mut ear) = listening(Client::builder());
    let asked = [
        request("GET", "/polls"),
        "POST /polls HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".to_owned(),
        request("GET", "/leaves/blocking"),
    ];
    for bytes in asked {
        let tells = !bytes.contains("blocking");
        // One that has ended its side may still read what is answered then.
        let answer = client.raw(&bytes).await;
        assert!(answer.ends_with("gone"), "{answer}");
        let mut socket = serving.connect().await;
        socket.write_all(bytes.as_bytes()).await.expect("room");
        if tells {
            ear.hears("begun").await;
            ear.hears("dropped").await;
            serving.ear.hears("begun").await;
            assert!(serving.ear.nothing(), "the peer is there");
        }
        socket.shutdown().await.expect("our side ends");
        let mut answer = String::new();
        timeout(PATIENCE, socket.read_to_string(&mut answer)).await.expect("an answer").expect("text");
        assert!(answer.ends_with("gone"), "{answer}");
        if tells {
            serving.ear.hears("dropped").await;
        }
    }
    serving.stop().await;
}

#[tokio::test]
async fn a_task_learns_that_its_request_is_over() {
    let left = ends();
    let (told, _heard) = unbounded_channel();
    let client = Client::builder().state(Told(told)).state(Arc::clone(&left)).build();
    let over = || std::mem::take(&mut *left.lock().expect("no panic"));
    let mut stream = client.connect();
    for round in 0..3 {
        stream.write_all(request("GET", "/leaves").as_bytes()).await.expect("room");
        let mut answer = Vec::new();
        while !answer.ends_with(b"left") {
            stream.read_buf(&mut answer).await.expect("an answer");
        }
        // The connection goes on, the request does not.
        let tasks = over();
        assert_eq!(tasks.len(), 1, "round {round}");
        for task in tasks {
            timeout(PATIENCE, task).await.expect("it is over").expect("no panic");
        }
    }
    let (told, _heard) = unbounded_channel();
    let app =
        App::from_registry(Config::new().state(Told(told)).state(Arc::clone(&left))).expect("it is mapped");
    let answer = app.handle(Request::get("/leaves")).await;
    for task in over() {
        timeout(PATIENCE, task).await.expect("it is over").expect("no panic");
    }
    drop(answer);
    // A handler that is not waited for any more is gone, and so is its request.
    let (told, heard) = unbounded_channel();
    let app = App::from_registry(Config::new().state(Told(told)).state(ends())).expect("it is mapped");
    let mut ear = Ear(heard);
    let mut handled = Box::pin(app.handle(Request::get("/polls")));
    tokio::select! {
        biased;
        _ = &mut handled => panic!("nobody is gone"),
        () = ear.hears("begun") => {}
    }
    drop(handled);
    ear.hears("dropped").await;
}
