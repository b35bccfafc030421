//! Frames as bytes, for suites that speak WebSocket without vernal's client: a connection on which every byte is
//! ours.

#![allow(dead_code, reason = "each suite takes what it needs")]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use vernal::test::{Client, ClientBuilder};
use vernal::websocket::CloseReason;

/// A state in which `on_close` writes down what it was told.
pub struct Ends(pub UnboundedSender<String>);

impl Ends {
    pub fn add(&self, reason: &CloseReason) {
        let text = format!("{} {}", reason.code(), reason.text());
        let _ = self.0.send(text.trim_end().to_owned());
    }
}

/// What `on_close` was told.
pub struct Told(UnboundedReceiver<String>);

impl Told {
    /// The next end.
    pub async fn next(&mut self) -> String {
        timeout(PATIENCE, self.0.recv()).await.expect("on_close runs in time").expect("on_close runs")
    }

    /// What else it was told by now: everything that can run has run. For runtimes of one thread.
    pub async fn others(&mut self) -> Vec<String> {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }

    /// One end, and no other.
    pub async fn only(&mut self) -> String {
        let end = self.next().await;
        assert_eq!(self.others().await, [""; 0], "on_close runs once, and it has run with {end}");
        end
    }
}

/// A client whose application writes down all ends.
pub fn told(builder: ClientBuilder) -> (Client, Told) {
    let (sender, receiver) = unbounded_channel();
    (builder.state(Ends(sender)).build(), Told(receiver))
}

/// An open connection.
pub struct Wire {
    pub stream: DuplexStream,
    /// The head of the 101.
    pub head: String,
    inbox: Vec<u8>,
}

impl Wire {
    /// Opens a session, with more header fields, each with its line end.
    pub async fn open(client: &Client, path: &str, fields: &str) -> Wire {
        let wire = Wire::ask(client, path, fields).await;
        assert!(wire.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{}", wire.head);
        wire
    }

    /// Asks for a session; what is answered is in the head.
    pub async fn ask(client: &Client, path: &str, fields: &str) -> Wire {
        let mut stream = client.connect();
        stream.write_all(request(path, fields).as_bytes()).await.expect("a connection");
        let mut wire = Wire { stream, head: String::new(), inbox: Vec::new() };
        loop {
            if let Some(end) = wire.inbox.windows(4).position(|four| four == b"\r\n\r\n") {
                wire.head = String::from_utf8(wire.inbox.drain(..end + 4).collect()).expect("text");
                return wire;
            }
            assert!(wire.fill().await, "an answer");
        }
    }

    /// A field of the answer.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("an open connection");
    }

    /// First byte and payload of the next frame; `None` at the end of the stream.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let [first, length, rest @ ..] = &self.inbox[..] {
                assert!(length & 0x80 == 0, "a server does not mask");
                let (length, from) = match (length, rest) {
                    (126, [a, b, ..]) => (u16::from_be_bytes([*a, *b]).into(), 4),
                    (127, long) if long.len() >= 8 => {
                        (u64::from_be_bytes(long[..8].try_into().expect("eight")) as usize, 10)
                    }
                    (126 | 127, _) => (usize::MAX >> 1, 0),
                    (short, _) => (usize::from(*short), 2),
                };
                if self.inbox.len() >= from + length {
                    let first = *first;
                    let frame = self.inbox.drain(..from + length).skip(from).collect();
                    return Some((first, frame));
                }
            }
            if !self.fill().await {
                assert_eq!(self.inbox, b"", "half a frame");
                return None;
            }
        }
    }

    /// The next frame as text: what it is, and what is in it.
    pub async fn shown(&mut self) -> String {
        match self.frame().await {
            Some((0x88, payload)) => closing(&payload),
            Some((first, payload)) => format!("{first:02x} {}", String::from_utf8_lossy(&payload)),
            None => "end".to_owned(),
        }
    }

    /// All that comes until the end.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            match self.shown().await {
                end if end == "end" => return all,
                frame => all.push(frame),
            }
        }
    }

    /// All that comes up to a close frame, which is answered, and until the end.
    pub async fn rest_after_close(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while !all.last().is_some_and(|last: &String| last.starts_with("close")) {
            all.push(self.shown().await);
        }
        self.send(frame(0x88, b"\x03\xe8")).await;
        all.extend(self.rest().await);
        all
    }

    async fn fill(&mut self) -> bool {
        let mut piece = [0; 16 << 10];
        let reading = timeout(PATIENCE, self.stream.read(&mut piece)).await;
        let count = reading.expect("something comes in time").unwrap_or(0);
        self.inbox.extend_from_slice(&piece[..count]);
        count > 0
    }
}

/// A request for a session.
pub fn request(path: &str, fields: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
    )
}

/// A client's frame: its first byte, and its payload, which is masked.
pub fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// The header of a client's frame, with its key.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = match length {
        0..126 => vec![first, 0x80 | length as u8],
        126..65_536 => [&[first, 0xfe][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, 0xff][..], &length.to_be_bytes()].concat(),
    };
    bytes.extend_from_slice(&KEY);
    bytes
}

/// The payload of a close frame, in words.
pub fn closing(payload: &[u8]) -> String {
    match payload {
        [high, low, text @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            format!("close {code} {}", String::from_utf8_lossy(text)).trim_end().to_owned()
        }
        _ => format!("close {payload:?}"),
    }
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Nothing takes that long unless it never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);
