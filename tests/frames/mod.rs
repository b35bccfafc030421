//! HTTP/2 frame by frame (RFC 9113, section 4): a connection on which every byte is ours.

#![allow(dead_code, reason = "each suite takes what it needs")]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::time::timeout;
use vernal::test::Client;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// A frame that came.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// See the head of this file.
pub struct Frames {
    reading: ReadHalf<DuplexStream>,
    writing: Option<WriteHalf<DuplexStream>>,
    inbox: Vec<u8>,
}

impl Frames {
    /// A connection on which nothing has been sent.
    pub fn fresh(client: &Client) -> Frames {
        Frames::of(client.connect())
    }

    fn of(stream: DuplexStream) -> Frames {
        let (reading, writing) = split(stream);
        Frames { reading, writing: Some(writing), inbox: Vec::new() }
    }

    /// A connection whose preface is through.
    pub async fn open(client: &Client) -> Frames {
        Frames::over(client.connect()).await
    }

    /// The same over a stream of one's own.
    pub async fn over(stream: DuplexStream) -> Frames {
        let mut frames = Frames::of(stream);
        frames.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
        let first = frames.next().await.expect("its settings");
        assert_eq!((first.kind, first.flags, first.stream), (SETTINGS, 0, 0), "{first:?}");
        frames.send(&frame(SETTINGS, ACK, 0, &[])).await;
        frames
    }

    /// Sends bytes; that the server may have gone already shows when it is read.
    pub async fn send(&mut self, bytes: &[u8]) {
        let writing = self.writing.as_mut().expect("nobody else writes");
        let _ = timeout(PATIENCE, writing.write_all(bytes)).await.expect("it reads in time");
    }

    /// Sends what `each` makes of numbers from zero on, in a task, until the server takes no more.
    pub fn flood(&mut self, most: u32, each: impl Fn(u32) -> Vec<u8> + Send + 'static) {
        let mut writing = self.writing.take().expect("nobody else writes");
        tokio::spawn(async move {
            for number in 0..most {
                if writing.write_all(&each(number)).await.is_err() {
                    return;
                }
            }
            // The other half must find no end before the server has said all.
            std::future::pending::<()>().await;
        });
    }

    /// The next frame; `None` at the end.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let [a, b, c, kind, flags, d, e, f, g, rest @ ..] = &self.inbox[..] {
                let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
                if rest.len() >= length {
                    let stream = u32::from_be_bytes([*d, *e, *f, *g]);
                    let frame =
                        Frame { kind: *kind, flags: *flags, stream, payload: rest[..length].to_vec() };
                    self.inbox.drain(..9 + length);
                    return Some(frame);
                }
            }
            let mut piece = [0; 16 << 10];
            let read =
                timeout(PATIENCE, self.reading.read(&mut piece)).await.expect("something comes in time");
            match read.unwrap_or(0) {
                0 => return None,
                count => self.inbox.extend_from_slice(&piece[..count]),
            }
        }
    }

    /// What comes next of that which is told in words: an answer's head, a reset, a GOAWAY, an answered PING, the end.
    pub async fn outcome(&mut self) -> String {
        loop {
            let Some(Frame { kind, flags, stream, payload }) = self.next().await else {
                return "closed".to_owned();
            };
            let number = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().expect("four bytes"));
            match (kind, flags & ACK) {
                (HEADERS, _) => return format!("{} on {stream}", status(&payload)),
                (RST_STREAM, _) => return format!("reset {} on {stream}", number(0)),
                (GOAWAY, _) => return format!("goaway {}", number(4)),
                (PING, ACK) => return format!("pong {}", String::from_utf8_lossy(&payload)),
                _ => {}
            }
        }
    }
}

/// A frame as bytes.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields as they are written without any compression (RFC 7541, section 6.2.2).
pub fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            integer(&mut block, text.len());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// RFC 7541, section 5.1, with a prefix of seven bits.
fn integer(block: &mut Vec<u8>, value: usize) {
    if value < 127 {
        return block.push(value as u8);
    }
    block.push(127);
    let mut rest = value - 127;
    while rest >= 128 {
        block.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    block.push(rest as u8);
}

/// The fields of a request.
pub fn head(method: &str, path: &str) -> Vec<u8> {
    fields(&[(":method", method), (":scheme", "http"), (":path", path), (":authority", "localhost")])
}

/// A whole request without a body.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &head("GET", path))
}

/// The status at the beginning of a head: by index, or as digits that are coded by Huffman.
fn status(block: &[u8]) -> String {
    let known = ["200", "204", "206", "304", "400", "404", "500"];
    // The size of the table may come first.
    let block = match block {
        [first, rest @ ..] if first & 0xe0 == 0x20 => rest,
        other => other,
    };
    match block {
        [index @ 0x88..=0x8e, ..] => known[usize::from(index - 0x88)].to_owned(),
        [0x08 | 0x48, length, digits @ ..] => {
            let digits = &digits[..usize::from(length & 0x7f)];
            if length & 0x80 == 0 {
                return String::from_utf8_lossy(digits).into_owned();
            }
            let bits: String = digits.iter().map(|byte| format!("{byte:08b}")).collect();
            let mut rest = &bits[..];
            let mut text = String::new();
            while rest.len() >= 5 && text.len() < 3 {
                let (digit, length) = match u8::from_str_radix(&rest[..5], 2).expect("bits") {
                    short @ 0..=2 => (short, 5),
                    _ => (u8::from_str_radix(&rest[..6], 2).expect("bits") - 0b01_1001 + 3, 6),
                };
                text.push((b'0' + digit) as char);
                rest = &rest[length..];
            }
            text
        }
        other => format!("{other:?}"),
    }
}
