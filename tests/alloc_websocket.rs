//! What an echoed message may allocate on a warm WebSocket session, and what an idle one may hold: the whole server is counted, socket to
//! socket.
//!
//! The lists below are complete. A longer one is a design decision, not a detail.

mod counting;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use vernal::websocket::{Deflate, WebSocket, WebSocketSession};
use vernal::{Result, server, websocket_handler};

#[websocket_handler("/stream")]
async fn stream(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Events;

#[websocket_handler("/events")]
impl Events {
    async fn on_text_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.send(message).await
    }

    async fn on_binary_message(&self, session: &WebSocketSession, message: &[u8]) -> Result {
        session.send(message).await
    }
}

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// Name, path, extensions that are offered, first byte of the frame, messages at a time, allocations of each message.
const TABLE: [(&str, &str, &str, u8, usize, f64); 8] = [
    ("text in a stream", "/stream", "", TEXT, 1, 0.0),
    ("bytes in a stream", "/stream", "", BINARY, 1, 0.0),
    ("text in events", "/events", "", TEXT, 1, 0.0),
    ("bytes in events", "/events", "", BINARY, 1, 0.0),
    ("a stream, 16 at a time", "/stream", "", TEXT, 16, 0.0),
    ("events, 16 at a time", "/events", "", TEXT, 16, 0.0),
    ("too small to compress", "/stream", "permessage-deflate", TEXT, 1, 0.0),
    // Extensions are lent a frame that owns its payload.
    ("too small to compress, in events", "/events", "permessage-deflate", TEXT, 1, 1.0),
];

/// Name, path, and the bytes that a session may hold while it is idle, its socket's place in the runtime and its task included.
const IDLE: [(&str, &str, usize); 2] =
    [("an idle stream", "/stream", 1_320), ("idle events", "/events", 1_320)];

#[test]
fn a_warm_session_allocates_what_is_listed() {
    let bound = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false);
    let bound = bound.websocket_deflate(Deflate::default()).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = counting::serve(bound);
    let mut found = Vec::new();
    for (name, path, offers, first, depth, _) in TABLE {
        let mut session = Session::open(address, path, offers);
        let (sent, expected) = (frames(first, depth, true), frames(first, depth, false));
        for _ in 0..WARM {
            assert_eq!(session.ask(&sent, expected.len()), expected, "{name}");
        }
        let before = counting::so_far();
        for _ in 0..COUNTED {
            session.ask(&sent, expected.len());
        }
        let count = counting::so_far() - before;
        found.push((name, count as f64 / (COUNTED * depth) as f64));
    }
    for (name, path, most) in IDLE {
        let before = counting::held();
        let sessions: Vec<_> = (0..SESSIONS).map(|_| Session::warm(address, path)).collect();
        let each = (counting::held() - before) / sessions.len();
        assert!(each <= most, "{name}: {each} bytes");
    }
    handle.stop();
    serving.join().expect("no panic");
    let listed: Vec<_> = TABLE.iter().map(|row| (row.0, row.5)).collect();
    assert_eq!(found, listed);
}

/// A client whose own allocations are not counted, since it is on another thread.
struct Session {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Session {
    fn open(address: SocketAddr, path: &str, offers: &str) -> Session {
        let mut stream = TcpStream::connect(address).expect("a listener");
        stream.set_nodelay(true).expect("an option of TCP");
        let offers =
            if offers.is_empty() { String::new() } else { format!("Sec-WebSocket-Extensions: {offers}\r\n") };
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{offers}\r\n"
        );
        stream.write_all(head.as_bytes()).expect("the server reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the server answers");
            answer.extend(byte);
        }
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(answer.contains("sec-websocket-extensions"), !offers.is_empty(), "{answer}");
        Session { stream, received: Vec::new() }
    }

    /// One that has echoed, and so is in its own task.
    fn warm(address: SocketAddr, path: &str) -> Session {
        let mut session = Session::open(address, path, "");
        session.ask(&frames(TEXT, 1, true), frames(TEXT, 1, false).len());
        session
    }

    /// Sends frames, reads what is echoed, and waits for nothing else.
    fn ask(&mut self, frames: &[u8], length: usize) -> &[u8] {
        self.stream.write_all(frames).expect("the server reads");
        self.received.resize(length, 0);
        self.stream.read_exact(&mut self.received).expect("the server echoes");
        &self.received
    }
}

/// Messages of 125 bytes, as a client sends them or as a server does.
fn frames(first: u8, depth: usize, is_masked: bool) -> Vec<u8> {
    let mut frame = vec![first, 125];
    let mut payload = [b'a'; 125];
    if is_masked {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        frame[1] |= 0x80;
        frame.extend(key);
        payload.iter_mut().zip(key.into_iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    }
    frame.extend(payload);
    frame.repeat(depth)
}

const WARM: usize = 50;
const COUNTED: usize = 1000;
const SESSIONS: usize = 200;
