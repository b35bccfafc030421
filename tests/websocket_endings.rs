//! How sessions end: whatever the peer, the handler, the server or an extension does, each ends once, in time, and leaves
//! nothing behind.

mod both;
mod wire;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};
use vernal::test::{Client, ClientBuilder};
use vernal::websocket::{
    CloseReason, Extension, ExtensionOffer, ExtensionResponse, Frame, OpCode, Rooms, WebSocket,
    WebSocketConfig, WebSocketRequest, WebSocketSession, connect,
};
use vernal::{Error, Result, State, request_map, server, websocket_handler};

use wire::{Ends, Told, Wire, frame};

const SECOND: Duration = Duration::from_secs(1);

/// What a test shares with handlers.
#[derive(Clone, Default)]
struct Shared(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// How often a handler was polled.
    polls: AtomicUsize,
    /// The sessions that were opened, and those of their marks that are left.
    sessions: Mutex<Vec<WebSocketSession>>,
    marks: Arc<()>,
    rooms: Rooms,
    opened: Notify,
    go_on: Notify,
}

fn client(builder: ClientBuilder) -> (Client, Told, Shared) {
    let shared = Shared::default();
    let (client, ends) = wire::told(builder.state(shared.clone()));
    (client, ends, shared)
}

/// Closes when it is told to, and tells how it ended.
#[websocket_handler("/stream")]
async fn stream(mut ws: WebSocket, State(ends): State<&Ends>) -> Result {
    while let Some(message) = ws.next().await {
        if message.as_text() == Some("close") {
            ws.close(4000, "go")?;
        }
    }
    ends.add(ws.closed().await);
    Ok(())
}

#[derive(Default)]
struct Events;

#[websocket_handler("/events")]
impl Events {
    async fn on_message(&self, session: &WebSocketSession, shared: State<&Shared>, message: &str) -> Result {
        match message {
            "close" => session.close(4000, "go"),
            "fail" => {
                shared.0.0.go_on.notified().await;
                Err(Error::internal("as it should"))
            }
            "wait" => {
                shared.0.0.opened.notify_one();
                shared.0.0.go_on.notified().await;
                Ok(())
            }
            other => session.send(other).await,
        }
    }

    fn on_close(&self, State(ends): State<&Ends>, reason: &CloseReason) {
        ends.add(reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_that_is_never_answered_ends_the_session() {
    let config = WebSocketConfig::new().close_timeout(3 * SECOND);
    for path in ["/stream", "/events"] {
        let (client, mut ends, _) = client(Client::builder().websocket(config.clone()));
        let mut ws = Wire::open(&client, path, "").await;
        ws.send(frame(0x81, "close")).await;
        assert_eq!(ws.shown().await, "close 4000 go");
        let start = Instant::now();
        assert_eq!(ends.only().await, "4000 go", "{path}");
        assert_eq!(start.elapsed().as_secs(), 3, "{path}");
        assert_eq!(ws.rest().await, [""; 0], "{path}: the connection has ended");
        assert_eq!(start.elapsed().as_secs(), 3, "{path}");
    }
}

/// Takes one message, and is done when it is told to.
#[websocket_handler("/one")]
async fn one(mut ws: WebSocket, State(shared): State<&Shared>) -> Result {
    ws.next().await;
    shared.0.go_on.notified().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_does_not_hide_the_peers_close_frame() {
    for (path, closed) in [("/one", "close 1000"), ("/events", "close 1011 as it should")] {
        let (client, mut ends, shared) = client(Client::builder());
        let mut ws = Wire::open(&client, path, "").await;
        ws.send([frame(0x81, "fail"), frame(0x81, "waits")].concat()).await;
        ends.others().await;
        shared.0.go_on.notify_one();
        assert_eq!(ws.shown().await, closed);
        ws.send(frame(0x88, b"\x03\xe8")).await;
        let start = Instant::now();
        assert_eq!(ws.rest().await, [""; 0]);
        assert_eq!(start.elapsed(), Duration::ZERO, "{path}: nobody waits for anything");
        if path == "/events" {
            assert_eq!(ends.only().await, "1011 as it should");
        }
    }
}

/// Counts how often its task is polled, and goes on until nothing comes.
#[websocket_handler("/counted")]
async fn counted(mut ws: WebSocket, State(shared): State<&Shared>, State(ends): State<&Ends>) -> Result {
    if !ws.request().query_string().is_empty() {
        ws.close(4000, "go")?;
    }
    poll_fn(|cx| {
        shared.0.polls.fetch_add(1, Ordering::SeqCst);
        pin!(ws.next()).poll(cx)
    })
    .await;
    ends.add(ws.closed().await);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_session_that_closes_sleeps_until_it_ends() {
    let never = Duration::ZERO;
    let config = WebSocketConfig::new().ping_period(never).idle_time(never).close_timeout(20 * SECOND);
    for (name, config, path, closed, end) in [
        (
            "idle",
            config.clone().idle_time(SECOND),
            "/counted",
            "close 1001 Idle timeout",
            "1001 Idle timeout",
        ),
        (
            "idle while closing",
            config.clone().idle_time(SECOND),
            "/counted?closes",
            "close 4000 go",
            "4000 go",
        ),
        (
            "pings while closing",
            config.clone().ping_period(SECOND),
            "/counted?closes",
            "close 4000 go",
            "4000 go",
        ),
    ] {
        let (client, mut ends, shared) = client(Client::builder().websocket(config));
        let mut ws = Wire::open(&client, path, "").await;
        assert_eq!(ws.shown().await, closed, "{name}");
        tokio::time::advance(2 * SECOND).await;
        let before = shared.0.polls.load(Ordering::SeqCst);
        for _ in 0..1_000 {
            yield_now().await;
        }
        let polls = shared.0.polls.load(Ordering::SeqCst) - before;
        assert!(polls < 5, "{name}: {polls} polls, and nothing happens");
        let start = Instant::now();
        assert_eq!(ends.only().await, end, "{name}");
        assert!((18..=20).contains(&start.elapsed().as_secs()), "{name}: {:?}", start.elapsed());
        assert_eq!(ws.rest().await, [""; 0], "{name}");
    }
}

/// Keeps its session elsewhere, and stays when it has ended.
#[websocket_handler("/stays")]
async fn stays(mut ws: WebSocket, State(shared): State<&Shared>) -> Result {
    shared.0.sessions.lock().expect("no panic").push(ws.session().clone());
    shared.0.rooms.join("all", ws.session())?;
    shared.0.opened.notify_one();
    while ws.next().await.is_some() {}
    std::future::pending().await
}

#[tokio::test]
async fn a_session_that_is_cut_with_its_server_ends_for_all() {
    let (shared, mut lines) = (Shared::default(), Vec::new());
    let server = server::new().host("127.0.0.1").port(0).handle_signals(false).grace(Duration::ZERO);
    let bound = server.state(shared.clone()).state(ends()).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let mut peer = TcpStream::connect(address).await.expect("a listener");
    peer.write_all(wire::request("/stays", "").as_bytes()).await.expect("open");
    shared.0.opened.notified().await;
    let session = shared.0.sessions.lock().expect("no panic").pop().expect("a session");
    assert_eq!(shared.0.rooms.here("all").len(), 1);
    handle.stop();
    serving.await.expect("no panic").expect("served to its end");
    let reading = timeout(wire::PATIENCE, peer.read_to_end(&mut lines)).await;
    assert!(reading.is_ok(), "the connection is open");
    let closed = timeout(wire::PATIENCE, session.closed()).await.expect("the session knows");
    assert!([1001, 1006].contains(&closed.code().value()), "{closed}");
    assert!(session.send("more").await.is_err());
    assert!(shared.0.rooms.is_empty());
}

/// Panics at some messages, whichever way they go.
struct Panics;

impl Extension for Panics {
    fn name(&self) -> &str {
        "x-panics"
    }

    fn negotiate(&mut self, _: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        Some(ExtensionResponse::silent())
    }

    fn decode(&mut self, frame: &mut Frame) -> std::result::Result<(), CloseReason> {
        assert_ne!(frame.payload, "decode", "as it should");
        Ok(())
    }

    fn encode(&mut self, frame: &mut Frame) -> std::result::Result<(), CloseReason> {
        assert_ne!(frame.payload, "encode", "as it should");
        Ok(())
    }
}

#[tokio::test]
async fn an_extension_that_panics_fails_its_session_alone() {
    for (name, sent) in [
        ("received", &["decode"][..]),
        ("received twice", &["decode", "decode"]),
        ("received while the handler works", &["wait", "decode"]),
        ("sent", &["encode"]),
        ("sent, and another waits", &["encode", "decode"]),
    ] {
        let (client, mut ends, shared) = client(Client::builder().websocket_extension(|| Panics));
        let mut other = Wire::open(&client, "/events", "").await;
        let mut ws = Wire::open(&client, "/events", "").await;
        ws.send(sent.iter().flat_map(|text| frame(0x81, text)).collect::<Vec<_>>()).await;
        if sent[0] == "wait" {
            shared.0.opened.notified().await;
        }
        assert_eq!(ws.shown().await, "close 1011 An extension failed", "{name}");
        shared.0.go_on.notify_one();
        ws.send(frame(0x88, b"\x03\xe8")).await;
        assert_eq!(ws.rest().await, [""; 0], "{name}");
        drop(ws);
        assert_eq!(ends.only().await, "1011 An extension failed", "{name}");
        other.send(frame(0x81, "still here")).await;
        assert_eq!(other.shown().await, "81 still here", "{name}");
    }
}

/// Sends in some way what the extension panics at.
#[websocket_handler("/encodes/{way}")]
async fn encodes(way: &str, ws: WebSocket, State(shared): State<&Shared>) -> Result {
    shared.0.rooms.join("all", ws.session())?;
    let failed = match way {
        "send" => ws.send("encode").await.is_err(),
        "try" => ws.try_send("encode").is_err(),
        "chunked" => ws.send_chunked("encode", 100).await.is_err(),
        "writer" => ws.begin_text().await?.write("encode").await.is_err(),
        "room" => shared.0.rooms.to("all").send("encode").await? == 0,
        _ => {
            let mut writer = ws.begin_text().await?;
            writer.write("piece").await?;
            let _held = shared.0.rooms.to("all").send("encode").await?;
            writer.finish().await.is_err()
        }
    };
    assert!(failed && ws.is_closed(), "whoever sends is told");
    ws.closed().await;
    Ok(())
}

#[tokio::test]
async fn an_extension_that_panics_is_told_to_whoever_sends() {
    for way in ["send", "try", "chunked", "writer", "room", "held"] {
        let (client, ..) = client(Client::builder().websocket_extension(|| Panics));
        let mut ws = Wire::open(&client, &format!("/encodes/{way}"), "").await;
        let frames = ws.rest_after_close().await;
        assert_eq!(frames.last().map(String::as_str), Some("close 1011 An extension failed"), "{way}");
    }
}

/// Goes on with bare frames when it is told to.
#[websocket_handler("/frames")]
async fn frames(ws: WebSocket, State(shared): State<&Shared>) -> Result {
    shared.0.opened.notify_one();
    shared.0.go_on.notified().await;
    let mut ws = ws.into_frames();
    while let Some(frame) = ws.recv().await? {
        if frame.payload == "close" {
            ws.send(Frame::new(OpCode::Close, "")).await?;
        } else if !frame.opcode.is_control() {
            ws.send(frame).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn bare_frames_begin_with_what_has_come() {
    for (name, sent, expected) in [
        ("messages", [frame(0x81, "1"), frame(0x82, "2")].concat(), ["81 1", "82 2"]),
        ("half a message", [frame(0x01, "1"), frame(0x00, "2")].concat(), ["01 12", "80 3"]),
        ("half a frame", frame(0x81, "1")[..3].to_vec(), ["81 1", "82 2"]),
    ] {
        let (client, mut ends, shared) = client(Client::builder());
        let mut ws = Wire::open(&client, "/frames", "").await;
        shared.0.opened.notified().await;
        ws.send(&sent).await;
        ends.others().await;
        shared.0.go_on.notify_one();
        match name {
            "half a message" => ws.send(frame(0x80, "3")).await,
            "half a frame" => ws.send([&frame(0x81, "1")[3..], &frame(0x82, "2")].concat()).await,
            _ => {}
        }
        for expected in expected {
            assert_eq!(ws.shown().await, expected, "{name}");
        }
        ws.send(frame(0x81, "close")).await;
        assert_eq!(ws.rest_after_close().await, ["close 1000"], "{name}");
    }
}

fn mark(session: &WebSocketSession, shared: &Shared) -> Result {
    session.set(Arc::clone(&shared.0.marks));
    shared.0.rooms.join("all", session)
}

#[websocket_handler("/left/stream")]
async fn left_stream(ws: WebSocket, State(shared): State<&Shared>) -> Result {
    mark(ws.session(), shared)?;
    echo(ws).await
}

async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        match message.as_text() {
            Some("close") => ws.close(4000, "")?,
            Some("fail") => return Err(Error::internal("as it should")),
            _ => ws.send(message).await?,
        }
    }
    Ok(())
}

#[derive(Default)]
struct LeftEvents;

#[websocket_handler("/left/events")]
impl LeftEvents {
    fn on_open(&self, session: &WebSocketSession, State(shared): State<&Shared>) -> Result {
        mark(session, shared)
    }

    async fn on_message(&self, session: &WebSocketSession, message: &str) -> Result {
        match message {
            "close" => session.close(4000, ""),
            "fail" => Err(Error::internal("as it should")),
            other => session.send(other).await,
        }
    }
}

#[request_map("/left/hand")]
async fn left_hand(ws: WebSocketRequest, State(shared): State<&Shared>) -> Result {
    let ws = ws.accept().await?;
    mark(ws.session(), shared)?;
    echo(ws).await
}

#[request_map("/left/spawned")]
async fn left_spawned(ws: WebSocketRequest, State(shared): State<&Shared>) -> Result {
    let ws = ws.accept().await?;
    mark(ws.session(), shared)?;
    tokio::spawn(echo(ws));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_session_leaves_anything_behind() {
    let broken = frame(0x83, "");
    for path in ["/left/stream", "/left/events", "/left/hand", "/left/spawned"] {
        for (name, sent, is_answered) in [
            ("gone", Vec::new(), false),
            ("gone in a frame", frame(0x81, "hi")[..4].to_vec(), false),
            ("closes", frame(0x88, b"\x03\xe8"), false),
            ("breaks a rule", broken.clone(), false),
            ("is closed", frame(0x81, "close"), true),
            ("is closed, and does not answer", frame(0x81, "close"), false),
            ("handler fails", frame(0x81, "fail"), true),
        ] {
            let config = WebSocketConfig::new().ping_period(Duration::ZERO);
            let (client, _, shared) = client(Client::builder().websocket(config));
            let tasks = tokio::runtime::Handle::current().metrics();
            let mut sessions = Vec::new();
            for _ in 0..10 {
                let mut ws = Wire::open(&client, path, "").await;
                ws.send(frame(0x81, "hi")).await;
                assert_eq!(ws.shown().await, "81 hi");
                sessions.push(ws);
            }
            assert_eq!((Arc::strong_count(&shared.0.marks), shared.0.rooms.here("all").len()), (11, 10));
            for mut ws in sessions {
                ws.send(&sent).await;
                if !name.starts_with("gone") {
                    assert!(ws.shown().await.starts_with("close "), "{path} {name}");
                    if is_answered {
                        ws.send(frame(0x88, b"\x03\xe8")).await;
                    }
                    assert_eq!(ws.rest().await, [""; 0], "{path} {name}");
                }
            }
            tokio::time::sleep(SECOND).await;
            assert_eq!(Arc::strong_count(&shared.0.marks), 1, "{path} {name}: a session is left");
            assert!(shared.0.rooms.is_empty(), "{path} {name}: a room is left");
            assert_eq!(tasks.num_alive_tasks(), 0, "{path} {name}: a connection is left");
        }
    }
}

#[tokio::test]
async fn a_server_counts_no_session_that_has_ended() {
    let shared = Shared::default();
    let server = server::new().host("127.0.0.1").port(0).handle_signals(false).grace(600 * SECOND);
    let bound = server.state(shared.clone()).state(ends()).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    for path in ["/left/stream", "/left/events", "/left/hand", "/left/spawned"] {
        for way in ["closes", "close", "fail"] {
            let mut ws = connect(format!("ws://{address}{path}")).await.expect("a session");
            match way {
                "closes" => ws.close(1000, "").expect("a code"),
                message => ws.send(message).await.expect("sent"),
            }
            assert!(ws.next().await.is_none());
            ws.closed().await;
        }
    }
    handle.stop();
    let served = timeout(wire::PATIENCE, serving).await.expect("a connection is left");
    served.expect("no panic").expect("served to its end");
    assert_eq!(Arc::strong_count(&shared.0.marks), 1, "a session is left");
}

/// A state for servers on which nobody asks how sessions end.
fn ends() -> Ends {
    Ends(tokio::sync::mpsc::unbounded_channel().0)
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
