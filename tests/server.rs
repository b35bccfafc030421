//! The life of a server, over real sockets: where it listens, how it refuses to start, how it stops, and how many
//! connections it takes.

mod running;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, RwLock, Semaphore};
use tokio::time::timeout;
use vernal::server::{self, Handle};
use vernal::{App, Config, Error, Limits, Result, State, error_message, request_filter, request_map};

use crate::running::{PATIENCE, Running, builder};

/// `server::stop()` and `server::is_ready()` are about all servers of the process: tests of these want to be alone.
static SERVERS: RwLock<()> = RwLock::const_new(());

impl Running {
    /// Sends a request on a connection of its own.
    async fn get(&self, path: &str) -> String {
        get(self.address, path).await
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    rest(stream).await
}

/// All that comes until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it answers and closes");
    read.expect("no reset");
    String::from_utf8(answer).expect("text")
}

/// Reads the answer to a request on a connection that is kept.
async fn keep(stream: &mut TcpStream, path: &str, body: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await.expect("it reads");
    let mut answer = Vec::new();
    while !answer.ends_with(format!("\r\n\r\n{body}").as_bytes()) {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await.expect("it answers");
        assert!(read.expect("no reset") > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
    }
}

/// Waits until nobody listens there.
async fn refused(address: SocketAddr) {
    let refusal = async {
        loop {
            match TcpStream::connect(address).await {
                // Accepted out of the backlog, or reset with it.
                Ok(_) => tokio::task::yield_now().await,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
                Err(_) => {}
            }
        }
    };
    timeout(PATIENCE, refusal).await.expect("nobody listens any more");
}

#[request_map("/")]
fn index() -> &'static str {
    "index"
}

#[request_map("/async")]
async fn index_async() -> &'static str {
    tokio::task::yield_now().await;
    "async"
}

#[tokio::test]
async fn a_server_listens_where_it_is_told_to() {
    let _shared = SERVERS.read().await;
    let v6 = StdListener::bind("[::1]:0").is_ok();
    let table = [
        ("127.0.0.1", "127.0.0.1", true),
        ("localhost", "localhost", true),
        ("", "127.0.0.1", true),
        ("", "[::1]", v6),
        ("0.0.0.0", "127.0.0.1", true),
        ("::1", "[::1]", v6),
        ("[::1]", "[::1]", v6),
    ];
    for (host, reached_by, is_there) in table.into_iter().filter(|row| row.2) {
        assert!(is_there);
        for threads in [1, 3] {
            let server = Running::start(builder().host(host).threads(threads)).await;
            let port = server.address.port();
            assert_ne!(port, 0, "{host:?}");
            let mut stream = TcpStream::connect(format!("{reached_by}:{port}")).await.expect("it listens");
            keep(&mut stream, "/", "index").await;
            keep(&mut stream, "/async", "async").await;
            server.handle.stop();
            server.stopped().await;
        }
    }
}

/// Whoever runs the tests may have chosen another port; whether it is free does not matter.
#[test]
fn without_a_word_it_is_port_9090_of_all_interfaces() {
    let port = std::env::var("VERNAL_PORT").unwrap_or_else(|_| "9090".to_owned());
    match server::new().bind() {
        Ok(bound) => {
            assert_eq!(bound.local_addr().port().to_string(), port);
            assert!(std::env::var("VERNAL_HOST").is_ok() || bound.local_addr().ip().is_unspecified());
        }
        Err(error) => assert!(format!("{error:?}").contains(&format!(":{port}: ")), "{error:?}"),
    }
}

#[request_map("/here", app = "named")]
fn here() {}

#[test]
fn what_cannot_start_says_what_to_do() {
    let taken = StdListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().expect("it is bound").port();
    let ours = builder().threads(3).bind().expect("a free port");
    let place = |port: u16| format!("cannot listen on 127.0.0.1:{port}: the port is taken. ");
    let advice = "choose another port: `server::new().port(…)` or the environment's VERNAL_PORT";
    let table = [
        ("taken", builder().port(taken), vec![place(taken), advice.to_owned()]),
        ("taken, threads", builder().port(taken).threads(3), vec![place(taken), advice.to_owned()]),
        ("taken by us", builder().port(ours.local_addr().port()).threads(3), vec![advice.to_owned()]),
        ("host", builder().host("no host at all"), vec!["\"no host at all\" is no address".to_owned()]),
        (
            "app",
            builder().app("nobody"),
            vec!["nothing is mapped with `app = \"nobody\"`".to_owned(), "use my_crate as _;".to_owned()],
        ),
        ("name", builder().server_name(Some("a\r\nb")), vec!["holds a control character".to_owned()]),
    ];
    for (name, server, parts) in table {
        let error = server.bind().map(|bound| bound.local_addr()).expect_err(name);
        for part in parts {
            assert!(format!("{error:?}").contains(&part), "{name}: {part:?} is not in {error:?}");
        }
    }
}

#[tokio::test]
async fn start_is_refused_inside_a_runtime() {
    let error = builder().start().expect_err("a runtime is here");
    for part in
        ["server::start() was called inside a tokio runtime", "server::start_async().await", "#[tokio::main]"]
    {
        assert!(error.to_string().contains(part), "{part} is not in {error}");
    }
}

#[request_map("/thread")]
fn thread() -> String {
    format!("{:?}", std::thread::current().id())
}

#[request_map("/flavor")]
fn flavor() -> String {
    format!("{:?}", tokio::runtime::Handle::current().runtime_flavor())
}

#[request_map("/meet")]
async fn meet() -> &'static str {
    static ARRIVED: AtomicU32 = AtomicU32::new(0);
    static MET: Notify = Notify::const_new();
    if ARRIVED.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
        MET.notified().await;
    } else {
        MET.notify_one();
    }
    "met"
}

#[request_map("/stop")]
fn stop() -> &'static str {
    server::stop();
    "stopping"
}

/// The ways to start, each on threads of its own until a request says stop.
#[tokio::test]
async fn it_serves_on_threads_of_its_own_until_it_is_stopped() {
    let _alone = SERVERS.write().await;
    let table = [("one", 1, false), ("each its own", 3, false), ("shared", 3, true)];
    for (name, threads, shares) in table {
        assert!(!server::is_ready());
        let server = move |port| builder().port(port).threads(threads).share_threads(shares);
        let (address, thread) = start_somewhere(move |port| server(port).start()).await;
        assert!(get(address, "/").await.ends_with("\r\n\r\nindex"), "{name}");
        let (one, other) = tokio::join!(get(address, "/meet"), get(address, "/meet"));
        assert!(one.ends_with("met") && other.ends_with("met"), "{name}: requests wait side by side");
        let flavor = if shares { "\r\n\r\nMultiThread" } else { "\r\n\r\nCurrentThread" };
        assert!(get(address, "/flavor").await.ends_with(flavor), "{name}");
        let mut seen = BTreeSet::new();
        for _ in 0..64 {
            seen.insert(get(address, "/thread").await.split_once("\r\n\r\n").expect("a head").1.to_owned());
        }
        // One of two threads taking all of them would be one chance in 2⁶³.
        let is_spread = if shares { !seen.is_empty() } else { (seen.len() > 1) == (threads > 1) };
        assert!(is_spread, "{name}: {seen:?}");
        let answer = get(address, "/stop").await;
        assert!(
            answer.ends_with("\r\n\r\nstopping") && answer.contains("\r\nconnection: close\r\n"),
            "{answer}"
        );
        let ended = tokio::task::spawn_blocking(move || thread.join().expect("no panic"));
        timeout(PATIENCE, ended).await.expect("it ends").expect("no panic").expect("a good end");
        refused(address).await;
        assert!(!server::is_ready(), "{name}");
    }
}

/// Starts on a free port. Somebody else may take it between its choice and its use.
async fn start_somewhere(
    start: impl Fn(u16) -> Result + Clone + Send + 'static,
) -> (SocketAddr, std::thread::JoinHandle<Result>) {
    for _ in 0..10 {
        let address = StdListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port");
        let start = start.clone();
        let thread = std::thread::spawn(move || start(address.port()));
        while !server::is_ready() && !thread.is_finished() {
            tokio::task::yield_now().await;
        }
        if server::is_ready() {
            return (address, thread);
        }
        thread.join().expect("no panic").expect_err("it has ended");
    }
    panic!("ten ports were taken");
}

#[tokio::test]
async fn it_serves_inside_a_runtime_that_is_there() {
    let _alone = SERVERS.write().await;
    // Stops nobody, and only says so.
    server::stop();
    let (address, thread) = start_somewhere(|port| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(builder().port(port).start_async())
    })
    .await;
    assert!(get(address, "/async").await.ends_with("\r\n\r\nasync"));
    // From any thread.
    std::thread::spawn(server::stop).join().expect("no panic");
    let ended = tokio::task::spawn_blocking(move || thread.join().expect("no panic"));
    timeout(PATIENCE, ended).await.expect("it ends").expect("no panic").expect("a good end");
    refused(address).await;
}

#[request_map("/", app = "two")]
fn other_index(State(name): State<&&'static str>) -> String {
    format!("other {name}")
}

#[error_message("404", app = "two")]
fn other_page() -> &'static str {
    "other page"
}

#[request_filter("/**", app = "two")]
fn other_filter(cx: &mut vernal::FilterContext<'_>) {
    cx.response.headers.insert("x-other", "1");
}

#[tokio::test]
async fn two_applications_share_nothing_but_the_process() {
    let _alone = SERVERS.write().await;
    let first = Running::start(builder().server_name(None)).await;
    let second = Running::start(builder().app("two").state("state").server_name(Some("Second/2"))).await;
    let table = [
        (first.get("/").await, "200 OK", "index", false),
        (first.get("/async").await, "200 OK", "async", false),
        (first.get("/here").await, "404 Not Found", "Nothing is mapped to GET /here.", false),
        (second.get("/").await, "200 OK", "other state", true),
        (second.get("/async").await, "404 Not Found", "other page", false),
    ];
    for (answer, status, part, is_filtered) in table {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")) && answer.contains(part), "{answer}");
        assert_eq!(answer.contains("\r\nx-other: 1\r\n"), is_filtered, "{answer}");
        let is_second = part.starts_with("other");
        assert_eq!(answer.contains("\r\nserver: Second/2\r\n"), is_second, "{answer}");
        assert_eq!(answer.contains("\r\nserver: "), is_second, "{answer}");
    }
    // Each stops by itself, and the process is ready while one of them is.
    first.handle.stop();
    first.stopped().await;
    assert!(server::is_ready() && second.handle.is_ready());
    assert!(second.get("/").await.contains("other state"));
    server::stop();
    assert!(!server::is_ready());
    second.stopped().await;
}

#[tokio::test]
async fn a_handle_tells_how_the_server_is() {
    let _shared = SERVERS.read().await;
    let bound = builder().bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    assert!(!handle.is_ready(), "bound is not serving");
    // It is bound, so this waits to be accepted.
    let mut early = TcpStream::connect(address).await.expect("it is bound");
    let serving = tokio::spawn(bound.serve());
    handle.ready().await;
    assert!(handle.is_ready());
    keep(&mut early, "/", "index").await;
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait().await }
    });
    handle.stop();
    handle.stop();
    assert!(!handle.is_ready());
    serving.await.expect("no panic").expect("a good end");
    waiting.await.expect("no panic");
    handle.ready().await;
}

#[tokio::test]
async fn a_server_that_is_given_up_has_stopped() {
    let _shared = SERVERS.read().await;
    let bound = builder().bind().expect("a free port");
    let handle = bound.handle();
    drop(bound);
    timeout(PATIENCE, handle.wait()).await.expect("dropped is stopped");

    // Stopped before it serves: who has connected by then is answered all the same.
    let bound = builder().bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let mut early = TcpStream::connect(address).await.expect("it is bound");
    early.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("room");
    handle.stop();
    timeout(PATIENCE, bound.serve()).await.expect("it stops").expect("a good end");
    let answer = rest(early).await;
    assert!(answer.ends_with("\r\n\r\nindex") && answer.contains("\r\nconnection: close\r\n"), "{answer}");

    let server = Running::start(builder()).await;
    let mut stream = server.connect().await;
    keep(&mut stream, "/", "index").await;
    server.serving.abort();
    timeout(PATIENCE, server.handle.wait()).await.expect("aborted is stopped");
    assert_eq!(rest(stream).await, "", "its connections are cut");
    refused(server.address).await;
}

static BEGUN: Notify = Notify::const_new();
static GATE: Semaphore = Semaphore::const_new(0);

#[request_map("/gate")]
async fn gate() -> &'static str {
    BEGUN.notify_one();
    GATE.acquire().await.expect("it stays open").forget();
    "open"
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_end() {
    let _alone = SERVERS.write().await;
    for stop in [|handle: &Handle| handle.stop(), |_: &Handle| server::stop()] {
        let server = Running::start(builder().grace(Duration::from_secs(3600))).await;
        let mut idle = server.connect().await;
        keep(&mut idle, "/", "index").await;
        let mut busy = server.connect().await;
        keep(&mut busy, "/", "index").await;
        busy.write_all(b"GET /gate HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
        BEGUN.notified().await;
        stop(&server.handle);
        assert_eq!(rest(idle).await, "", "an idle connection is closed without a word");
        refused(server.address).await;
        assert!(!server.serving.is_finished(), "a request is in flight");
        GATE.add_permits(1);
        let answer = rest(busy).await;
        assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("\r\n\r\nopen"), "{answer}");
        server.stopped().await;
    }
}

#[tokio::test]
async fn the_end_of_the_grace_period_cuts_what_is_left() {
    let _shared = SERVERS.read().await;
    let server = Running::start(builder().grace(Duration::ZERO)).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /endless HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
    ENDLESS.notified().await;
    server.handle.stop();
    // Closed or reset, but not answered.
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, busy.read_to_end(&mut answer)).await.expect("it is cut");
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    server.stopped().await;
    timeout(PATIENCE, DROPPED.notified()).await.expect("the handler is dropped");
}

static ENDLESS: Notify = Notify::const_new();
static DROPPED: Notify = Notify::const_new();

struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.notify_one();
    }
}

#[request_map("/endless")]
async fn endless() {
    let _dropped = Dropped;
    ENDLESS.notify_one();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn connections_over_the_limit_are_told_so() {
    let _shared = SERVERS.read().await;
    let table = [
        (Limits::new().connections(2), "2 connections are open (Limits::connections)"),
        (
            Limits::new().connections_per_address(2),
            "2 connections are open from this address (Limits::connections_per_address)",
        ),
    ];
    for (limits, explain) in table {
        let is_by_address = limits.connections_per_address == 2;
        let server = Running::start(builder().limits(limits)).await;
        let (mut first, mut second) = (server.connect().await, server.connect().await);
        keep(&mut first, "/", "index").await;
        keep(&mut second, "/", "index").await;
        let answer = rest(server.connect().await).await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        for part in [
            explain,
            "\r\nconnection: close\r\n",
            "\r\nretry-after: ",
            "\r\ncontent-type: application/json\r\n",
        ] {
            assert!(answer.contains(part), "{part:?} is not in {answer}");
        }
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{answer}");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        assert_eq!((&body["code"], &body["explain"]), (&503.into(), &explain.into()));

        // Another address has connections of its own.
        if is_by_address && cfg!(target_os = "linux") {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).expect("all of 127.0.0.0/8 is ours");
            let mut other = socket.connect(server.address).await.expect("it listens");
            keep(&mut other, "/", "index").await;
        }
        // Those that are open go on, and one that is closed makes room.
        keep(&mut second, "/", "index").await;
        drop(first);
        let room = async {
            loop {
                let mut stream = server.connect().await;
                let request = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
                let mut answer = Vec::new();
                // One that is refused may be reset before it is read.
                let _ = stream.write_all(request).await;
                let _ = stream.read_to_end(&mut answer).await;
                if answer.starts_with(b"HTTP/1.1 200 OK\r\n") {
                    return;
                }
            }
        };
        timeout(PATIENCE, room).await.expect("there is room again");
        drop(second);
        server.handle.stop();
        server.stopped().await;
    }
}

#[test]
fn an_application_counts_its_mappings() {
    let app = App::from_registry(Config::new().app("named")).expect("it is mapped");
    assert_eq!(app.route_count(), 1);
    assert_eq!(format!("{app:?}"), "App { name: Some(\"named\"), routes: 1 }");
}

static VISITS: AtomicU32 = AtomicU32::new(0);

#[request_map("/flaky")]
fn flaky() -> Result<String> {
    match VISITS.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("the first one fails"),
        1 => Err(Error::unavailable("the second one too")),
        count => Ok(count.to_string()),
    }
}

#[tokio::test]
async fn a_server_outlives_its_handlers() {
    let _shared = SERVERS.read().await;
    let server = Running::start(builder()).await;
    for status in ["500 Internal Server Error", "503 Service Unavailable", "200 OK"] {
        let answer = server.get("/flaky").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
    }
    server.handle.stop();
    server.stopped().await;
}

/// A process of an example, ended when dropped.
struct Process(Child);

impl Process {
    fn spawn(name: &str, port: &str) -> Process {
        let test = std::env::current_exe().expect("this test has a file");
        let folder =
            test.parent().and_then(Path::parent).expect("it is in target/debug/deps").join("examples");
        let binary: PathBuf = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(binary.exists(), "{} is not built: run `cargo build --examples`", binary.display());
        let child = Command::new(binary)
            .env("VERNAL_PORT", port)
            .env("VERNAL_HOST", "127.0.0.1")
            .env_remove("VERNAL_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        Process(child.expect("the example starts"))
    }

    /// What it says before it ends, and how it ends.
    fn end(&mut self) -> (String, Option<i32>) {
        let mut said = String::new();
        let stderr = self.0.stderr.as_mut().expect("it is piped");
        stderr.read_to_string(&mut said).expect("text");
        (said, self.0.wait().expect("it is our child").code())
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status();
        assert!(status.expect("there is a kill").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_main_that_cannot_start_ends_with_a_readable_line() {
    let taken = StdListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let table = [
        (&*port, "the port is taken. Stop the other program, or choose another port"),
        ("http", "VERNAL_PORT is \"http\": write a number from 0 to 65535"),
        ("65536", "VERNAL_PORT is \"65536\": write a number from 0 to 65535"),
    ];
    for (port, part) in table {
        let (said, code) = Process::spawn("hello", port).end();
        assert_eq!(code, Some(1), "{said}");
        // The log has it: nobody need look at what `start` returns, and it is not said twice.
        let [logged, returned] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
        assert!(logged.contains("] ERROR: the server did not start: ") && logged.contains(part), "{said}");
        assert_eq!(returned, "Error: the server did not start, as is said above");
    }
}

/// The port is read from what the server says of itself when it listens.
fn listening(name: &str) -> (Process, u16) {
    let mut process = Process::spawn(name, "0");
    let stderr = process.0.stderr.as_mut().expect("it is piped");
    // What is mapped is said before.
    let lines = BufReader::with_capacity(1, stderr).lines().map(|line| line.expect("text"));
    let line = { lines }.find(|line| line.contains("listening on")).expect("it listens");
    let port = line.split_once("listening on http://127.0.0.1:").expect("it says where").1;
    let port = port.split(' ').next().and_then(|port| port.parse().ok()).expect("a number");
    (process, port)
}

#[cfg(unix)]
#[test]
fn the_first_signal_stops_and_the_second_cuts() {
    for (first, second) in [("TERM", "TERM"), ("INT", "TERM"), ("TERM", "INT")] {
        let (mut process, port) = listening("streaming");
        let [mut ending, mut hanging] = std::array::from_fn(|_| {
            let mut stream = StdStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
            stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
            let head =
                "POST /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
            stream.write_all(head.as_bytes()).expect("it reads");
            let mut going_on = [0; 25];
            stream.read_exact(&mut going_on).expect("it asks for the body");
            assert_eq!(going_on, *b"HTTP/1.1 100 Continue\r\n\r\n");
            stream
        });
        process.signal(first);
        let begin = Instant::now();
        while StdStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            assert!(begin.elapsed() < PATIENCE, "it goes on to listen");
        }
        // What is in flight has time.
        ending.write_all(b"a\nb\n").expect("it reads");
        let mut answer = String::new();
        ending.read_to_string(&mut answer).expect("an answer");
        assert!(answer.ends_with("4 bytes, 2 lines"), "{answer}");
        process.signal(second);
        let mut rest = Vec::new();
        let _ = hanging.read_to_end(&mut rest);
        assert_eq!(rest, b"", "it is cut");
        let (_, code) = process.end();
        assert_eq!(code, Some(0), "SIG{first}, then SIG{second}");
        assert!(begin.elapsed() < PATIENCE, "it was the second signal that cut");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_an_idle_process_well() {
    for signal in ["TERM", "INT"] {
        let (mut process, port) = listening("hello");
        let mut idle = StdStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
        idle.set_read_timeout(Some(PATIENCE)).expect("not zero");
        process.signal(signal);
        assert_eq!(idle.read(&mut [0]).expect("closed without a word"), 0);
        let (said, code) = process.end();
        assert_eq!(code, Some(0), "SIG{signal}: {said}");
    }
}
