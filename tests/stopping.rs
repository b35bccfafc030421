//! Handlers, streams and tasks that learn of a stop: of their own server's, in memory, over sockets and embedded.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::RwLock;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vernal::server::{self, Handle};
use vernal::test::Client;
use vernal::websocket::WebSocket;
use vernal::{
    App, Body, Config, Event, FilterContext, Next, Request, Response, Result, Sse, State, Text,
    request_filter, request_map, websocket_handler,
};

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// `server::stop()` is about all servers of the process, and so is what runs for none.
static SERVERS: RwLock<()> = RwLock::const_new(());

/// Tasks that a handler has left.
#[derive(Default)]
struct Tasks(Mutex<Vec<JoinHandle<()>>>);

#[request_map("/waits")]
async fn waits() -> &'static str {
    server::stopping().await;
    "stopping"
}

#[request_map("/waits/blocking", blocking)]
fn waits_blocking() -> &'static str {
    tokio::runtime::Handle::current().block_on(server::stopping());
    "stopping"
}

#[request_map("/waits/filter")]
fn behind_a_filter() -> &'static str {
    "stopping"
}

#[request_filter("/waits/filter")]
async fn filter(cx: &mut FilterContext<'_>, next: Next<'_>) {
    server::stopping().await;
    next.run(cx).await;
}

#[request_map("/waits/body", method = "POST")]
async fn waits_with_a_body(body: Text<&str>) -> String {
    server::stopping().await;
    body.to_string()
}

#[request_map("/waits/written")]
async fn written(res: &mut Response) -> Result {
    res.write_bytes("begun ").await?;
    server::stopping().await;
    res.write_bytes("stopping").await
}

/// A plain `fn`, whose stream asks when it is polled.
#[request_map("/waits/stream")]
fn streamed() -> Body {
    let stopping = futures_util::stream::once(async {
        server::stopping().await;
        Ok::<_, vernal::Error>(Bytes::from_static(b"stopping"))
    });
    Body::stream(stopping)
}

/// A task that was given what its handler was told.
#[request_map("/waits/task")]
fn by_a_task() -> Body {
    let (sender, body) = Body::channel(1);
    let stopping = server::stopping();
    tokio::spawn(async move {
        stopping.await;
        let _ = sender.send(Bytes::from_static(b"stopping")).await;
    });
    body
}

/// Nothing of these says that they end.
#[request_map("/events/{kind}")]
fn events(kind: &str) -> Sse {
    match kind {
        "endless" => {
            Sse::new(futures_util::stream::repeat_with(|| Ok::<_, vernal::Error>(Event::new("tick"))))
        }
        "silent" => Sse::new(futures_util::stream::pending::<Result<Event>>()).keep_alive(Duration::ZERO),
        _ => {
            let (sender, events) = Sse::channel(1);
            tokio::spawn(async move {
                let _ = sender.send(Event::new("hello")).await;
                sender.closed().await;
            });
            events
        }
    }
}

#[request_map("/leaves")]
fn leaves(State(tasks): State<&Tasks>) -> &'static str {
    tasks.0.lock().expect("no panic").push(tokio::spawn(async { server::stopping().await }));
    "left"
}

#[websocket_handler("/socket")]
async fn socket(ws: WebSocket) -> Result {
    ws.send("open").await?;
    server::stopping().await;
    ws.send("stopping").await
}

const WAITING: [&str; 10] = [
    "/waits",
    "/waits/blocking",
    "/waits/filter",
    "/waits/body",
    "/waits/written",
    "/waits/stream",
    "/waits/task",
    "/events/channel",
    "/events/silent",
    "/events/endless",
];

fn request(path: &str) -> String {
    match path {
        "/waits/body" => {
            format!(
                "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nstopping"
            )
        }
        _ => format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"),
    }
}

/// An answer that comes to its end when its server stops.
struct Waiting {
    path: &'static str,
    answer: JoinHandle<String>,
}

impl Waiting {
    /// Asks on a connection, which lasts as long as the server lets it.
    async fn begin(
        path: &'static str,
        mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Waiting {
        stream.write_all(request(path).as_bytes()).await.expect("room");
        let answer = tokio::spawn(async move {
            let mut answer = Vec::new();
            // What is endless would fill the memory while the others begin.
            let mut piece = [0; 4096];
            loop {
                match stream.read(&mut piece).await.expect("no reset") {
                    0 => return String::from_utf8(answer).expect("text"),
                    count if answer.len() < 1 << 20 => answer.extend_from_slice(&piece[..count]),
                    count => {
                        answer.truncate(1 << 10);
                        answer.extend_from_slice(&piece[..count]);
                    }
                }
            }
        });
        Waiting { path, answer }
    }

    async fn ends_well(self, way: &str) {
        let Waiting { path, answer } = self;
        let answer = timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("{path}, {way}: it ends"));
        let answer = answer.expect("no panic");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}, {way}: {answer}");
        let end = if answer.contains("chunked") { "\r\n0\r\n\r\n" } else { "stopping" };
        assert!(answer.ends_with(end), "{path}, {way}: {answer}");
        assert!(path.starts_with("/events") || answer.contains("stopping"), "{path}, {way}: {answer}");
    }

    fn goes_on(&self) -> bool {
        !self.answer.is_finished()
    }
}

/// Everything that can run has run. For runtimes of one thread.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

fn client() -> Client {
    Client::builder().state(Tasks::default()).build()
}

struct Serving {
    address: SocketAddr,
    handle: Handle,
    serving: JoinHandle<Result>,
}

impl Serving {
    /// With a grace that nobody lives to see.
    async fn start() -> Serving {
        let server = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false);
        let bound =
            server.grace(Duration::from_secs(1_000_000)).state(Tasks::default()).bind().expect("it binds");
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        handle.ready().await;
        Serving { address, handle, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }
}

#[tokio::test]
async fn what_waits_learns_of_the_stop_of_its_own_server() {
    let _shared = SERVERS.read().await;
    let (one, other) = (client(), client());
    let (here, there) = (Serving::start().await, Serving::start().await);
    let mut waiting = Vec::new();
    let mut not_yet = Vec::new();
    for path in WAITING {
        waiting.push(Waiting::begin(path, one.connect()).await);
        waiting.push(Waiting::begin(path, here.connect().await).await);
        not_yet.push(Waiting::begin(path, other.connect()).await);
        not_yet.push(Waiting::begin(path, there.connect().await).await);
    }
    settle().await;
    assert!(waiting.iter().chain(&not_yet).all(Waiting::goes_on), "nothing stops yet");
    one.handle().stop();
    here.handle.stop();
    for (waiting, way) in waiting.into_iter().zip(["in memory", "over TCP"].into_iter().cycle()) {
        waiting.ends_well(way).await;
    }
    timeout(PATIENCE, here.serving).await.expect("it stops").expect("no panic").expect("a good end");
    settle().await;
    assert!(not_yet.iter().all(Waiting::goes_on), "others do not stop");
    other.handle().stop();
    there.handle.stop();
    for waiting in not_yet {
        waiting.ends_well("later").await;
    }
    timeout(PATIENCE, there.serving).await.expect("it stops").expect("no panic").expect("a good end");
}

#[tokio::test]
async fn a_handler_that_begins_after_the_stop_need_not_wait() {
    let _shared = SERVERS.read().await;
    let client = client();
    for path in WAITING {
        // A request that has come by the time of the stop is answered.
        let mut stream = client.connect();
        stream.write_all(request(path).as_bytes()).await.expect("room");
        client.handle().stop();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it ends").expect("text");
        assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("tick"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_websocket_learns_of_it_too() {
    let _shared = SERVERS.read().await;
    let serving = Serving::start().await;
    let url = format!("ws://{}/socket", serving.address);
    let mut ws = vernal::websocket::connect(&url).await.expect("a session");
    assert_eq!(ws.next().await.expect("open").as_text(), Some("open"));
    settle().await;
    serving.handle.stop();
    // The session is being closed by then, so nothing more is sent, but the handler has ended.
    while ws.next().await.is_some() {}
    timeout(PATIENCE, serving.serving).await.expect("it stops").expect("no panic").expect("a good end");
}

/// Handles say so from outside, whoever stops.
#[tokio::test]
async fn a_handle_waits_for_the_beginning_of_the_stop() {
    let _shared = SERVERS.read().await;
    let client = client();
    let handle = client.handle();
    let stopping = tokio::spawn(async move { handle.stopping().await });
    settle().await;
    assert!(!stopping.is_finished());
    client.handle().stop();
    timeout(PATIENCE, stopping).await.expect("it is told").expect("no panic");
}

/// What runs for no server waits for all of them; so does what runs in somebody else's.
#[tokio::test]
async fn what_runs_for_no_server_waits_for_all() {
    let _alone = SERVERS.write().await;
    let (one, other) = (client(), client());
    let tasks = Client::builder().state(Tasks::default());
    let leaving = tasks.build();
    leaving.get("/leaves").await.assert_text("left");
    let outside = tokio::spawn(async { server::stopping().await });
    let app = App::from_registry(Config::new().state(Tasks::default())).expect("it is mapped");
    let handled = tokio::spawn(app.handle(Request::get("/waits")));
    let streamed = tokio::spawn(async move {
        app.handle(Request::get("/events/silent")).await.into_bytes(1 << 10).await.expect("an end")
    });
    settle().await;
    one.handle().stop();
    leaving.handle().stop();
    settle().await;
    assert!(!outside.is_finished() && !handled.is_finished() && !streamed.is_finished(), "one goes on");
    other.handle().stop();
    timeout(PATIENCE, outside).await.expect("all have stopped").expect("no panic");
    assert_eq!(timeout(PATIENCE, handled).await.expect("all have stopped").expect("no panic").status, 200);
    assert_eq!(timeout(PATIENCE, streamed).await.expect("all have stopped").expect("no panic"), "");
    // Asked after that, it is so at once.
    timeout(PATIENCE, server::stopping()).await.expect("all have stopped");
    drop((one, other, leaving));

    // Where there is no server at all, or only embedded connections, `server::stop` is what says it.
    let app = App::from_registry(Config::new().state(Tasks::default())).expect("it is mapped");
    let handled = tokio::spawn(app.handle(Request::get("/waits")));
    let (peer, ours) = tokio::io::duplex(1 << 16);
    let connection = tokio::spawn(app.serve_connection(ours));
    let embedded = Waiting::begin("/waits/written", peer).await;
    settle().await;
    assert!(!handled.is_finished() && embedded.goes_on());
    server::stop();
    embedded.ends_well("embedded").await;
    timeout(PATIENCE, connection).await.expect("it ends").expect("no panic");
    assert_eq!(timeout(PATIENCE, handled).await.expect("it is told").expect("no panic").status, 200);
}
