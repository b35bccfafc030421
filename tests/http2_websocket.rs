//! WebSockets over HTTP/2 (RFC 8441): the same handlers, opened by CONNECT, each in a stream of its own.

mod prior;
mod wire;

use bytes::Bytes;
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Method, Request};
use tokio::time::timeout;
use vernal::test::{Client, ClientBuilder};
use vernal::websocket::{CloseReason, Deflate, Message, WebSocket, WebSocketRequest, WebSocketSession};
use vernal::{
    App, Config, ConnectionInfo, Limits, Response, Result, State, request_map, websocket_close,
    websocket_handler, websocket_message,
};

use crate::prior::{PATIENCE, Peer, rest};
use crate::wire::{Ends, closing, frame, told};

#[websocket_message("/echo", app = "http2_websocket")]
async fn echo(session: &WebSocketSession, message: &Message) -> Result {
    session.send(message).await
}

#[websocket_close("/echo", app = "http2_websocket")]
fn ended(State(ends): State<&Ends>, reason: CloseReason) {
    ends.add(&reason);
}

#[websocket_handler("/stream", app = "http2_websocket", protocol = "tea")]
async fn stream(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[request_map("/hand", app = "http2_websocket")]
async fn by_hand(ws: WebSocketRequest) -> Result {
    if ws.request().header("x-no").is_some() {
        return Err(ws.reject(403));
    }
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[request_map("/plain", app = "http2_websocket")]
fn plain() -> &'static str {
    "plain"
}

#[request_map("/tagged", app = "http2_websocket")]
fn tagged(res: &mut Response) -> &'static str {
    for (name, value) in
        [("etag", "\"1\""), ("accept-ranges", "bytes"), ("content-language", "en"), ("x-kept", "1")]
    {
        res.headers.insert(name, value);
    }
    "tagged"
}

#[request_map("/written", app = "http2_websocket")]
async fn written(res: &mut Response, status: Option<u16>) -> Result {
    res.set_status(status.unwrap_or(200));
    res.headers.insert("x-kept", "1");
    loop {
        res.write_bytes("written").await?;
        if status.is_some() {
            return Ok(());
        }
    }
}

#[request_map("/nothing", app = "http2_websocket")]
fn nothing() -> u16 {
    204
}

#[websocket_handler("/", app = "http2_sessions")]
async fn counted(mut ws: WebSocket) -> Result {
    while ws.recv().await?.is_some() {}
    Ok(())
}

fn builder() -> ClientBuilder {
    Client::builder().app("http2_websocket").websocket_deflate(Deflate::default())
}

/// A session inside a stream.
struct Session {
    status: u16,
    headers: HeaderMap,
    sending: SendStream<Bytes>,
    receiving: RecvStream,
    inbox: Vec<u8>,
}

impl Session {
    async fn ask(peer: &Peer, path: &str, fields: &[(&str, &str)]) -> Session {
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(format!("http://localhost{path}"))
            .extension(Protocol::from_static("websocket"))
            .header("sec-websocket-version", "13");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (answer, sending) = peer.begin(request.body(()).expect("a request"), false).await;
        let answer = timeout(PATIENCE, answer).await.expect("it answers in time").expect("an answer");
        let (head, receiving) = answer.into_parts();
        Session { status: head.status.as_u16(), headers: head.headers, sending, receiving, inbox: Vec::new() }
    }

    fn send(&mut self, first: u8, payload: &[u8]) {
        self.sending.send_data(frame(first, payload).into(), false).expect("an open stream");
    }

    /// The next frame in words.
    async fn next(&mut self) -> String {
        loop {
            if let [first, length, rest @ ..] = &self.inbox[..]
                && rest.len() >= usize::from(*length)
            {
                let (first, length) = (*first, usize::from(*length));
                let payload: Vec<u8> = self.inbox.drain(..2 + length).skip(2).collect();
                return match first {
                    0x88 => closing(&payload),
                    _ => format!("{first:02x} {}", String::from_utf8_lossy(&payload)),
                };
            }
            match timeout(PATIENCE, self.receiving.data()).await.expect("something comes in time") {
                Some(Ok(piece)) => self.inbox.extend_from_slice(&piece),
                Some(Err(error)) => return format!("{error}"),
                None => return "end".to_owned(),
            }
        }
    }
}

async fn peer(client: &Client) -> Peer {
    ready(Peer::over(client.connect()).await).await
}

async fn ready(peer: Peer) -> Peer {
    // The server says that it knows extended CONNECT before any is sent (RFC 8441, section 3).
    let ready = timeout(PATIENCE, peer.send.clone().ready()).await.expect("in time").expect("open");
    while !ready.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await;
    }
    peer
}

#[tokio::test]
async fn sessions_are_opened_in_all_styles() {
    let (client, _told) = told(builder());
    let peer = peer(&client).await;
    for path in ["/echo", "/stream", "/hand"] {
        let mut session = Session::ask(&peer, path, &[("sec-websocket-protocol", "milk, tea")]).await;
        assert_eq!(session.status, 200, "{path}");
        for name in
            ["sec-websocket-accept", "upgrade", "connection", "content-length", "sec-websocket-extensions"]
        {
            assert!(!session.headers.contains_key(name), "{path}: {:?}", session.headers);
        }
        let protocol = session.headers.get("sec-websocket-protocol").map(|it| it.to_str().expect("text"));
        assert_eq!(protocol, (path == "/stream").then_some("tea"), "{path}");
        session.send(0x81, b"tea");
        assert_eq!(session.next().await, "81 tea", "{path}");
        session.send(0x89, b"?");
        assert_eq!(session.next().await, "8a ?", "{path}");
        session.send(0x88, b"\x03\xe8bye");
        assert_eq!(session.next().await, "close 1000 bye", "{path}");
        session.sending.send_data(Bytes::new(), true).expect("open");
        assert_eq!(session.next().await, "end", "{path}: the stream ends behind the close");
    }
}

#[tokio::test]
async fn a_key_is_answered_where_there_is_one() {
    let (client, _told) = told(builder());
    let peer = peer(&client).await;
    let session = Session::ask(&peer, "/echo", &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]).await;
    assert_eq!(session.status, 200);
    assert_eq!(session.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let extension = [("sec-websocket-extensions", "permessage-deflate")];
    let session = Session::ask(&peer, "/echo", &extension).await;
    assert!(
        session.headers["sec-websocket-extensions"].to_str().expect("text").starts_with("permessage-deflate")
    );
}

#[tokio::test]
async fn refusals_are_ordinary_answers() {
    let (client, _told) = told(builder());
    let peer = peer(&client).await;
    type Fields = &'static [(&'static str, &'static str)];
    let table: [(&str, Fields, u16); 11] = [
        ("/echo", &[("sec-websocket-version", "8")], 426),
        ("/echo", &[("sec-websocket-key", "short")], 400),
        ("/echo", &[("origin", "https://elsewhere.example")], 403),
        ("/hand", &[("x-no", "1")], 403),
        ("/nowhere", &[], 404),
        ("/plain", &[], 404),
        // No success is one for its peer, and what told of it is left out.
        ("/tagged", &[], 404),
        ("/nothing", &[], 404),
        ("/written", &[], 404),
        ("/written?status=206", &[], 404),
        ("/written?status=403", &[], 403),
    ];
    for (path, fields, status) in table {
        let mut session = Session::ask(&peer, path, fields).await;
        assert_eq!(session.status, status, "{path} {fields:?}");
        let body = rest(&mut session.receiving).await.expect("a body");
        assert!(!body.is_empty(), "{path} {fields:?}");
        let told = ["etag", "accept-ranges", "content-language"];
        assert!(!told.iter().any(|name| session.headers.contains_key(*name)), "{path} {:?}", session.headers);
        let is_kept = path == "/tagged" || path.starts_with("/written");
        assert_eq!(session.headers.contains_key("x-kept"), is_kept, "{path}");
        let says_so = String::from_utf8_lossy(&body).contains("Nobody here speaks WebSocket.");
        assert_eq!(says_so, status == 404 && path != "/nowhere", "{path}");
    }
    // Handlers that come after those are served as before.
    assert_eq!(peer.get("/written?status=200").await.text(), "written");
}

#[request_map("/crowded", app = "http2_websocket")]
fn crowded(res: &mut Response) -> u16 {
    for number in 0..300 {
        res.headers.append(&format!("x-{number}"), "1");
    }
    403
}

/// The client of tests waits for nothing that cannot come.
#[tokio::test(start_paused = true)]
async fn heads_of_many_fields_are_answered_in_both_versions() {
    let (taken, most) = ("", "the server answers 431");
    let table = [
        ("/echo", 10, taken),
        ("/echo", 99, most),
        ("/echo", 251, most),
        ("/echo", 300, most),
        ("/crowded", 0, "the head of the server's answer is malformed: too many headers"),
    ];
    for (path, count, expected) in table {
        for speaks in [false, true] {
            let (client, _told) = told(builder().http2(speaks));
            let mut opening = client.websocket(path);
            for number in 0..count {
                opening = opening.header(&format!("x-{number}"), "1");
            }
            let opened = timeout(PATIENCE, opening.try_open()).await.expect("an answer");
            let said = opened.err().map(|error| format!("{error:?}")).unwrap_or_default();
            let row = format!("{path} {count} HTTP/2: {speaks}: {said}");
            assert_eq!(said.is_empty(), expected.is_empty(), "{row}");
            assert!(said.contains(expected), "{row}");
        }
    }
}

#[tokio::test]
async fn a_reset_is_an_abnormal_end() {
    let (client, mut ends) = told(builder());
    let peer = peer(&client).await;
    let mut session = Session::ask(&peer, "/echo", &[]).await;
    session.send(0x81, b"tea");
    assert_eq!(session.next().await, "81 tea");
    session.sending.send_reset(Reason::CANCEL);
    assert!(ends.next().await.starts_with("1006"), "an abnormal end");
    // Others go on.
    let mut other = Session::ask(&peer, "/echo", &[]).await;
    other.send(0x81, b"milk");
    assert_eq!(other.next().await, "81 milk");
    drop(other);
    assert!(ends.next().await.starts_with("1006"), "an abnormal end");
}

#[tokio::test]
async fn a_stop_closes_them() {
    let (client, mut ends) = told(builder());
    let peer = peer(&client).await;
    let mut session = Session::ask(&peer, "/echo", &[]).await;
    session.send(0x81, b"tea");
    assert_eq!(session.next().await, "81 tea");
    let stopping = tokio::spawn(async move { client.stop().await });
    assert!(session.next().await.starts_with("close 1001"), "it is told");
    session.send(0x88, b"\x03\xe9");
    session.sending.send_data(Bytes::new(), true).expect("open");
    assert_eq!(session.next().await, "end");
    assert!(ends.next().await.starts_with("1001"));
    timeout(PATIENCE, stopping).await.expect("it stops").expect("no panic");
    timeout(PATIENCE, peer.driver).await.expect("it ends").expect("no panic").expect("a good end");
}

#[tokio::test]
async fn a_session_counts_as_a_connection() {
    let table = [
        (Limits::new().connections(3), "3 connections are open (Limits::connections)"),
        (
            Limits::new().connections_per_address(3),
            "3 connections are open from this address (Limits::connections_per_address)",
        ),
    ];
    for (limits, refusal) in table {
        let config = Config::new().app("http2_sessions").limits(limits);
        let app = App::from_registry(config).expect("an application");
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let address = "192.0.2.7:1".parse().expect("an address");
        tokio::spawn(app.serve_connection_from(theirs, ConnectionInfo::new(Some(address), false)));
        let peer = ready(Peer::over(ours).await).await;
        let mut first = Session::ask(&peer, "/", &[]).await;
        let second = Session::ask(&peer, "/", &[]).await;
        assert_eq!((first.status, second.status), (200, 200), "{refusal}");
        let mut third = Session::ask(&peer, "/", &[]).await;
        assert_eq!(third.status, 503);
        let body = rest(&mut third.receiving).await.expect("a body");
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains(refusal), "{body}");
        // One that ends makes room.
        first.send(0x88, b"\x03\xe8");
        assert_eq!(first.next().await, "close 1000");
        first.sending.send_data(Bytes::new(), true).expect("open");
        assert_eq!(first.next().await, "end");
        let has_room = async { while Session::ask(&peer, "/", &[]).await.status != 200 {} };
        timeout(PATIENCE, has_room).await.expect("there is room in time");
    }
}

#[tokio::test]
async fn resets_of_unused_sessions_are_counted() {
    for (is_used, ends_connection) in [(true, false), (false, true)] {
        let (client, mut ends) = told(builder().limits(Limits::new().http2_resets(2)));
        let peer = peer(&client).await;
        for _ in 0..3 {
            let mut session = Session::ask(&peer, "/echo", &[]).await;
            if is_used {
                session.send(0x81, b"tea");
                assert_eq!(session.next().await, "81 tea");
            }
            session.sending.send_reset(Reason::CANCEL);
            assert!(ends.next().await.starts_with("1006"), "an abnormal end");
        }
        if ends_connection {
            let ended = timeout(PATIENCE, peer.driver).await.expect("it ends").expect("no panic");
            assert_eq!(ended.expect_err("a reason").reason(), Some(Reason::ENHANCE_YOUR_CALM));
        } else {
            assert_eq!(Session::ask(&peer, "/echo", &[]).await.status, 200);
        }
    }
}
