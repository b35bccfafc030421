//! What RFC 9113 demands of a server, frame by frame: each row is one MUST, and what is done to who breaks it.
//!
//! The crate `h2` ends a connection where RFC 9113 would have a stream reset, which section 5.4 allows, and calls it PROTOCOL_ERROR (1) where
//! section 7 has a name of its own: for frames of a wrong size, blocks that cannot be decoded, a window beyond all, streams that have ended. It passes over pseudo
//! fields in trailers, which nobody sees, and takes a request before the first SETTINGS.

mod frames;
mod running;

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use vernal::test::Client;
use vernal::{Body, Event, Limits, Result, Sse, Text, request_map, server};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS, PADDED, PING, PREFACE,
    PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, fields, frame, get, head,
};
use crate::running::{Running, builder};

#[request_map("/", app = "http2_frames")]
fn index() -> &'static str {
    "Hello"
}

#[request_map("/text", app = "http2_frames", method = "POST")]
fn text(Text(text): Text<&str>) -> String {
    text.to_uppercase()
}

#[request_map("/waits", app = "http2_frames")]
async fn waits() {
    std::future::pending::<()>().await;
}

/// Gives a piece, and panics where the next is asked for.
struct Torn(bool);

impl Stream for Torn {
    type Item = Result<&'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        assert!(!self.0, "as it is meant to");
        self.0 = true;
        Poll::Ready(Some(Ok("a piece")))
    }
}

#[request_map("/torn", app = "http2_frames")]
fn torn() -> Body {
    Body::stream(Torn(false))
}

#[request_map("/torn/at_once", app = "http2_frames")]
fn torn_at_once() -> Body {
    Body::stream(Torn(true))
}

#[request_map("/torn/events", app = "http2_frames")]
fn torn_events() -> Sse {
    Sse::new(TornEvents)
}

struct TornEvents;

impl Stream for TornEvents {
    type Item = Result<Event>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        panic!("as it is meant to")
    }
}

#[request_map("/torn/trailers", app = "http2_frames")]
fn torn_trailers() -> Body {
    Body::from("text").with_trailers(&["x-sum"], async { panic!("as it is meant to") })
}

#[request_map("/torn/later", app = "http2_frames")]
async fn torn_later() -> Body {
    tokio::task::yield_now().await;
    Body::stream(Torn(false))
}

/// Answers as soon as the server stops.
#[request_map("/stops", app = "http2_frames")]
async fn stops() {
    server::stopping().await;
}

fn client() -> Client {
    Client::builder().app("http2_frames").build()
}

/// A head of these fields behind those that every request has.
fn with(more: &[(&str, &str)]) -> Vec<u8> {
    let mut all = head("GET", "/");
    all.extend(fields(more));
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &all)
}

fn only(all: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &fields(all))
}

/// A request whose body follows.
fn post(more: &[(&str, &str)]) -> Vec<u8> {
    let mut all = head("POST", "/text");
    all.extend(fields(&[("content-type", "text/plain")]));
    all.extend(fields(more));
    frame(HEADERS, END_HEADERS, 1, &all)
}

fn setting(number: u16, value: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&number.to_be_bytes()[..], &value.to_be_bytes()].concat())
}

#[tokio::test]
async fn the_law_is_kept_frame_by_frame() {
    // The section, what it is about, what is sent, and what comes of it.
    let table: Vec<(&str, &str, Vec<Vec<u8>>, &str)> = vec![
        ("4.1", "unknown frames are ignored", vec![frame(0x2a, 0xff, 0, b"tea"), get(1, "/")], "200 on 1"),
        ("4.1", "unknown flags are ignored", vec![frame(PING, 0xfe, 0, b"12345678")], "pong 12345678"),
        ("4.2", "a frame larger than was told", vec![post(&[]), frame(DATA, 0, 1, &[0; 16_385])], "goaway 6"),
        ("4.2", "a head larger than was told", vec![frame(HEADERS, 5, 1, &[0; 16_385])], "goaway 6"),
        ("4.3", "a block that cannot be decoded", vec![frame(HEADERS, 5, 1, &[0xff; 12])], "goaway 1"),
        ("4.3", "an index that is not in the table", vec![frame(HEADERS, 5, 1, &[0xc6])], "goaway 1"),
        ("4.3", "a table larger than was told", vec![frame(HEADERS, 5, 1, &[0x3f, 0xe2, 0x7f])], "goaway 1"),
        (
            "4.3",
            "a block parted by another stream",
            vec![frame(HEADERS, 1, 1, &head("GET", "/")), get(3, "/")],
            "goaway 1",
        ),
        (
            "4.3",
            "a block parted by a ping",
            vec![frame(HEADERS, 1, 1, &head("GET", "/")), frame(PING, 0, 0, &[0; 8])],
            "goaway 1",
        ),
        ("5.1", "data on an idle stream", vec![frame(DATA, 1, 1, b"tea")], "goaway 1"),
        ("5.1", "a reset of an idle stream", vec![frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])], "goaway 1"),
        ("5.1", "a window of an idle stream", vec![frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 8])], "goaway 1"),
        (
            "5.1",
            "priority of an idle stream",
            vec![frame(PRIORITY, 0, 5, &[0, 0, 0, 0, 1]), get(7, "/")],
            "200 on 7",
        ),
        ("5.1", "data after the end", vec![get(1, "/waits"), frame(DATA, 1, 1, b"tea")], "goaway 1"),
        ("5.1", "a head after the end", vec![get(1, "/waits"), get(1, "/waits")], "goaway 1"),
        ("5.1.1", "a stream of an even number", vec![get(2, "/")], "goaway 1"),
        ("5.1.1", "a stream lower than those before", vec![get(5, "/waits"), get(3, "/")], "goaway 1"),
        ("5.1.1", "streams may be left out", vec![get(13, "/")], "200 on 13"),
        ("6.1", "data on the connection", vec![frame(DATA, 1, 0, b"tea")], "goaway 1"),
        ("6.1", "more padding than data", vec![post(&[]), frame(DATA, PADDED, 1, &[9, 0])], "goaway 1"),
        (
            "6.1",
            "padding is no data",
            vec![post(&[]), frame(DATA, PADDED | END_STREAM, 1, b"\x02tea\0\0")],
            "200 on 1",
        ),
        ("6.2", "a head on the connection", vec![frame(HEADERS, 5, 0, &head("GET", "/"))], "goaway 1"),
        ("6.2", "more padding than head", vec![frame(HEADERS, 5 | PADDED, 1, &[200, 0x82])], "goaway 1"),
        ("6.3", "priority on the connection", vec![frame(PRIORITY, 0, 0, &[0, 0, 0, 0, 1])], "goaway 1"),
        ("6.3", "priority of another size", vec![frame(PRIORITY, 0, 1, &[0; 4])], "goaway 1"),
        ("6.4", "a reset of the connection", vec![frame(RST_STREAM, 0, 0, &[0, 0, 0, 8])], "goaway 1"),
        (
            "6.4",
            "a reset of another size",
            vec![get(1, "/waits"), frame(RST_STREAM, 0, 1, &[0; 3])],
            "goaway 1",
        ),
        ("6.5", "settings on a stream", vec![frame(SETTINGS, 0, 1, &[])], "goaway 1"),
        ("6.5", "settings of another size", vec![frame(SETTINGS, 0, 0, &[0; 5])], "goaway 1"),
        ("6.5", "an acknowledgement that says something", vec![frame(SETTINGS, ACK, 0, &[0; 6])], "goaway 1"),
        ("6.5.2", "a push that is neither on nor off", vec![setting(2, 2)], "goaway 1"),
        ("6.5.2", "a window beyond all", vec![setting(4, 1 << 31)], "goaway 1"),
        ("6.5.2", "a frame size below the least", vec![setting(5, 16_383)], "goaway 1"),
        ("6.5.2", "a frame size above the most", vec![setting(5, 1 << 24)], "goaway 1"),
        ("6.5.2", "unknown settings are ignored", vec![setting(0xeeee, 7), get(1, "/")], "200 on 1"),
        ("6.6", "a push by a client", vec![frame(PUSH_PROMISE, 4, 1, &[0, 0, 0, 2, 0x82])], "goaway 1"),
        ("6.7", "a ping", vec![frame(PING, 0, 0, b"pingpong")], "pong pingpong"),
        ("6.7", "a ping on a stream", vec![frame(PING, 0, 1, &[0; 8])], "goaway 1"),
        ("6.7", "a ping of another size", vec![frame(PING, 0, 0, &[0; 7])], "goaway 1"),
        ("6.8", "a farewell on a stream", vec![frame(GOAWAY, 0, 1, &[0; 8])], "goaway 1"),
        ("6.9", "no window for the connection", vec![frame(WINDOW_UPDATE, 0, 0, &[0; 4])], "goaway 1"),
        (
            "6.9",
            "no window for a stream",
            vec![get(1, "/waits"), frame(WINDOW_UPDATE, 0, 1, &[0; 4])],
            "goaway 1",
        ),
        ("6.9", "a window of another size", vec![frame(WINDOW_UPDATE, 0, 0, &[0; 3])], "goaway 1"),
        (
            "6.9.1",
            "a window of the connection beyond all",
            vec![frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff])],
            "goaway 3",
        ),
        (
            "6.9.1",
            "a window of a stream beyond all",
            vec![get(1, "/waits"), frame(WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff])],
            "reset 3 on 1",
        ),
        ("6.10", "a continuation of nothing", vec![frame(CONTINUATION, 4, 1, &head("GET", "/"))], "goaway 1"),
        (
            "6.10",
            "a continuation on the connection",
            vec![frame(HEADERS, 1, 1, &head("GET", "/")), frame(CONTINUATION, 4, 0, &[])],
            "goaway 1",
        ),
        (
            "6.10",
            "a head in two",
            vec![
                frame(HEADERS, 1, 1, &head("GET", "/")[..9]),
                frame(CONTINUATION, 4, 1, &head("GET", "/")[9..]),
            ],
            "200 on 1",
        ),
        (
            "8.1",
            "trailers that are not the end",
            vec![post(&[]), frame(HEADERS, 4, 1, &fields(&[("x", "y")]))],
            "reset 1 on 1",
        ),
        (
            "8.1",
            "trailers",
            vec![post(&[]), frame(DATA, 0, 1, b"tea"), frame(HEADERS, 5, 1, &fields(&[("x", "y")]))],
            "200 on 1",
        ),
        (
            "8.1.1",
            "more than the length says",
            vec![post(&[("content-length", "2")]), frame(DATA, 1, 1, b"tea")],
            "reset 1 on 1",
        ),
        (
            "8.1.1",
            "less than the length says",
            vec![post(&[("content-length", "4")]), frame(DATA, 1, 1, b"tea")],
            "reset 1 on 1",
        ),
        ("8.1.1", "a length without a body", vec![with(&[("content-length", "4")])], "reset 1 on 1"),
        ("8.1.1", "a length that is none", vec![with(&[("content-length", "four")])], "reset 1 on 1"),
        ("8.2.1", "a name in upper case", vec![with(&[("X-Tea", "green")])], "goaway 1"),
        ("8.2.1", "a name that is no token", vec![with(&[("x tea", "green")])], "goaway 1"),
        ("8.2.1", "a value with a line end", vec![with(&[("x-tea", "gr\r\neen")])], "goaway 1"),
        ("8.2.2", "connection", vec![with(&[("connection", "close")])], "reset 1 on 1"),
        ("8.2.2", "keep-alive", vec![with(&[("keep-alive", "1")])], "reset 1 on 1"),
        ("8.2.2", "proxy-connection", vec![with(&[("proxy-connection", "close")])], "reset 1 on 1"),
        ("8.2.2", "transfer-encoding", vec![with(&[("transfer-encoding", "chunked")])], "reset 1 on 1"),
        ("8.2.2", "upgrade", vec![with(&[("upgrade", "websocket")])], "reset 1 on 1"),
        ("8.2.2", "te with more than trailers", vec![with(&[("te", "trailers, deflate")])], "reset 1 on 1"),
        ("8.2.2", "te with trailers", vec![with(&[("te", "trailers")])], "200 on 1"),
        ("8.3", "an unknown pseudo field", vec![with(&[(":tea", "green")])], "goaway 1"),
        ("8.3", "that of an answer", vec![with(&[(":status", "200")])], "reset 1 on 1"),
        (
            "8.3",
            "a pseudo field behind others",
            vec![with(&[("x", "y"), (":authority", "a")])],
            "reset 1 on 1",
        ),
        (
            "8.3",
            "a pseudo field in trailers",
            vec![post(&[]), frame(HEADERS, 5, 1, &fields(&[(":path", "/")]))],
            "200 on 1",
        ),
        ("8.3", "a path twice", vec![with(&[(":path", "/")])], "reset 1 on 1"),
        (
            "8.3.1",
            "no method",
            vec![only(&[(":scheme", "http"), (":path", "/"), (":authority", "a")])],
            "reset 1 on 1",
        ),
        (
            "8.3.1",
            "no scheme",
            vec![only(&[(":method", "GET"), (":path", "/"), (":authority", "a")])],
            "reset 1 on 1",
        ),
        (
            "8.3.1",
            "no path",
            vec![only(&[(":method", "GET"), (":scheme", "http"), (":authority", "a")])],
            "reset 1 on 1",
        ),
        (
            "8.3.1",
            "an empty path",
            vec![only(&[(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "a")])],
            "reset 1 on 1",
        ),
        (
            "8.3.1",
            "a path with a character of none",
            vec![frame(HEADERS, 5, 1, &head("GET", "/a<b"))],
            "reset 1 on 1",
        ),
        ("8.3.1", "a path with a fragment", vec![frame(HEADERS, 5, 1, &head("GET", "/#a"))], "200 on 1"),
        (
            "8.3.1",
            "no host at all",
            vec![only(&[(":method", "GET"), (":scheme", "http"), (":path", "/")])],
            "400 on 1",
        ),
        (
            "8.3.1",
            "a host in place of the authority",
            vec![only(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "a")])],
            "200 on 1",
        ),
        (
            "8.3.1",
            "an authority with a user",
            vec![only(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "me@a")])],
            "400 on 1",
        ),
        ("8.2.1", "a blank before a value", vec![with(&[("x-user", " admin")])], "400 on 1"),
        ("8.2.1", "a tab behind a value", vec![with(&[("x-user", "admin\t")])], "400 on 1"),
        ("8.2.1", "a blank within a value", vec![with(&[("x-user", "ad min")])], "200 on 1"),
        (
            "8.2.1",
            "a blank behind a value in trailers",
            vec![
                post(&[]),
                frame(DATA, 0, 1, b"text"),
                frame(HEADERS, END_STREAM | END_HEADERS, 1, &fields(&[("x-user", "admin ")])),
            ],
            "400 on 1",
        ),
        ("8.3.1", "another host than the authority", vec![with(&[("host", "elsewhere")])], "400 on 1"),
        (
            "8.3.1",
            "all of the server",
            vec![only(&[(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"), (":authority", "a")])],
            "204 on 1",
        ),
        (
            "8.5",
            "a tunnel to somewhere",
            vec![frame(HEADERS, 4, 1, &fields(&[(":method", "CONNECT"), (":authority", "a:1")]))],
            "405 on 1",
        ),
    ];
    let client = client();
    let mut problems = Vec::new();
    for (section, name, sent, expected) in table {
        let mut frames = Frames::open(&client).await;
        frames.send(&sent.concat()).await;
        let outcome = frames.outcome().await;
        if outcome != expected {
            problems.push(format!("{section} {name}: {outcome}, not {expected}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Others on the connection have nothing to do with it (RFC 9113, section 5.4.2).
#[tokio::test]
async fn a_panic_in_the_midst_of_a_body_ends_its_stream_alone() {
    let client = client();
    for path in ["/torn", "/torn/at_once", "/torn/events", "/torn/trailers", "/torn/later"] {
        let mut frames = Frames::open(&client).await;
        let asking = [head("GET", path), fields(&[("te", "trailers")])].concat();
        let asking = frame(HEADERS, END_STREAM | END_HEADERS, 3, &asking);
        frames.send(&[get(1, "/stops"), asking].concat()).await;
        // What had not gone out by then does not.
        let begun = frames.outcome().await;
        let reset = if begun == "200 on 3" { frames.outcome().await } else { begun };
        assert_eq!(reset, "reset 2 on 3", "{path}");
        frames.send(&get(5, "/")).await;
        assert_eq!(frames.outcome().await, "200 on 5", "{path}");
    }
}

#[tokio::test]
async fn what_begins_otherwise_is_no_http_2() {
    let client = client();
    let table: [(&str, &[u8], &str); 4] = [
        ("another preface", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "HTTP/1.1 505 "),
        ("a request", b"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 "),
        (
            "after another request",
            b"GET / HTTP/1.1\r\nHost: h\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "HTTP/1.1 200 ",
        ),
        ("after an empty line", b"\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 "),
    ];
    for (name, sent, expected) in table {
        let answer = client.raw(sent).await;
        assert!(answer.starts_with(expected), "{name}: {answer}");
    }
    assert!(client.raw(table[2].1).await.contains("HTTP/1.1 505 "));
    // The preface may come byte by byte.
    let mut frames = Frames::fresh(&client);
    for byte in PREFACE {
        frames.send(&[*byte]).await;
        tokio::task::yield_now().await;
    }
    frames.send(&[frame(SETTINGS, 0, 0, &[]), get(1, "/")].concat()).await;
    assert_eq!(frames.outcome().await, "200 on 1");
}

#[tokio::test]
async fn the_limits_are_told() {
    let limits = Limits::new().http2_streams(7).http2_header_list(12_345).http2_window(70_000);
    let client =
        Client::builder().app("http2_frames").limits(limits.http2_connection_window(100_000)).build();
    let mut frames = Frames::fresh(&client);
    frames.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
    let told = frames.next().await.expect("settings").payload;
    let told: Vec<_> = told
        .chunks(6)
        .map(|it| (u16::from_be_bytes([it[0], it[1]]), u32::from_be_bytes([it[2], it[3], it[4], it[5]])))
        .collect();
    for expected in [(3, 7), (4, 70_000), (6, 12_345), (8, 1)] {
        assert!(told.contains(&expected), "{expected:?} is not in {told:?}");
    }
    loop {
        let next = frames.next().await.expect("a window");
        if next.kind == WINDOW_UPDATE {
            assert_eq!(next.payload, (100_000_u32 - 65_535).to_be_bytes());
            break;
        }
    }
}

#[tokio::test]
async fn floods_end_their_connection() {
    // What is sent again and again, and how it ends.
    type Flood = fn(u32) -> Vec<u8>;
    let reset =
        |at: u32| [get(2 * at + 1, "/waits"), frame(RST_STREAM, 0, 2 * at + 1, &[0, 0, 0, 8])].concat();
    let table: [(&str, Flood, &str); 4] = [
        ("rapid resets", reset, "goaway 11"),
        (
            "continuations",
            |at| match at {
                0 => frame(HEADERS, END_STREAM, 1, &head("GET", "/")),
                _ => frame(CONTINUATION, 0, 1, &fields(&[("x", "y")])),
            },
            "goaway 11",
        ),
        (
            "faults that reset their streams",
            |at| {
                let block = [head("GET", "/"), fields(&[("connection", "close")])].concat();
                frame(HEADERS, END_STREAM | END_HEADERS, 2 * at + 1, &block)
            },
            "goaway 11",
        ),
        (
            "empty data",
            |at| match at {
                0 => post(&[]),
                _ => frame(DATA, 0, 1, &[]),
            },
            "goaway 11",
        ),
    ];
    let client = client();
    for (name, flood, expected) in table {
        let mut frames = Frames::open(&client).await;
        frames.flood(200_000, flood);
        let outcome = loop {
            let outcome = frames.outcome().await;
            if !outcome.starts_with("reset") {
                break outcome;
            }
        };
        assert_eq!(outcome, expected, "{name}");
    }
}

/// A connection that is closed while more comes is reset, which takes with it what has been said.
#[tokio::test]
async fn who_sends_on_reads_why_the_connection_ends() {
    let running = Running::start(builder().app("http2_frames")).await;
    let resets = |at: u32| [get(at, "/waits"), frame(RST_STREAM, 0, at, &[0, 0, 0, 8])].concat();
    let table = [
        ("a fault", frame(DATA, 1, 1, b"tea"), 1),
        ("too many resets", (0..500).flat_map(|at| resets(2 * at + 1)).collect(), 11),
    ];
    for (name, sent, expected) in table {
        let mut client = running.connect().await;
        client.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &sent].concat()).await.expect(name);
        // More than lies between them, and nothing is read before.
        let more = frame(0x2a, 0, 0, &[0; 16_000]).repeat(64);
        for _ in 0..16 {
            client.write_all(&more).await.expect(name);
        }
        let mut came = Vec::new();
        client.read_to_end(&mut came).await.expect(name);
        let mut rest = &came[..];
        let mut last = None;
        while let [0, high, low, kind, _, _, _, _, _, more @ ..] = rest {
            let (payload, behind) = more.split_at(usize::from(*high) << 8 | usize::from(*low));
            (last, rest) = (Some((*kind, payload.get(4..8))), behind);
        }
        assert_eq!(last, Some((GOAWAY, Some(&[0, 0, 0, expected][..]))), "{name}");
    }
    running.stop().await;
}

#[tokio::test]
async fn large_heads_are_refused_on_their_stream() {
    let client = client();
    let long = "x".repeat(20_000);
    // The limit says which one it is; beyond what the peer was told nobody looks at it.
    let table = [
        ("beyond our limit", long.clone(), "431 on 1"),
        ("beyond what was told", long.repeat(4), "431 on 1"),
    ];
    for (name, value, expected) in table {
        let mut frames = Frames::open(&client).await;
        let mut block = head("GET", "/");
        block.extend(fields(&[("x-long", &value)]));
        let pieces: Vec<_> = block.chunks(16_384).collect();
        let last = pieces.len() - 1;
        for (at, piece) in pieces.iter().enumerate() {
            let (kind, begin) = if at == 0 { (HEADERS, END_STREAM) } else { (CONTINUATION, 0) };
            frames.send(&frame(kind, begin | if at == last { END_HEADERS } else { 0 }, 1, piece)).await;
        }
        assert_eq!(frames.outcome().await, expected, "{name}");
        frames.send(&get(3, "/")).await;
        let mut outcome = frames.outcome().await;
        if outcome.starts_with("reset") {
            outcome = frames.outcome().await;
        }
        assert_eq!(outcome, "200 on 3", "{name}");
    }
}

/// Some clients lose an answer that they read together with what tells of the end.
#[tokio::test]
async fn who_is_answered_in_a_stop_is_told_of_the_end_when_it_has_seen_the_answer() {
    let client = client();
    let mut peer = Frames::open(&client).await;
    peer.send(&[get(1, "/stops"), get(3, "/")].concat()).await;
    assert_eq!(peer.outcome().await, "200 on 3");
    let stopping = tokio::spawn(async move { client.stop().await });
    assert_eq!(peer.outcome().await, "200 on 1");
    let asked = loop {
        let frame = peer.next().await.expect("it is open");
        assert_ne!(frame.kind, GOAWAY, "{frame:?}");
        if frame.kind == PING && frame.flags & ACK == 0 {
            break frame;
        }
    };
    peer.send(&frame(PING, ACK, 0, &asked.payload)).await;
    assert_eq!(peer.outcome().await, "goaway 0");
    drop(peer);
    stopping.await.expect("no panic");
}
