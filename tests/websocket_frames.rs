//! What peers do wrong, byte by byte: which close frame they get, and that `on_close` runs once with the same code.

mod both;
mod wire;

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use vernal::test::Client;
use vernal::websocket::{CloseReason, Overflow, WebSocketConfig, WebSocketSession};
use vernal::{Result, State, websocket_handler};

use wire::{Ends, Wire, frame, header, told};

#[derive(Default)]
struct Echo;

#[websocket_handler("/echo")]
impl Echo {
    async fn on_text_message(&self, session: &WebSocketSession, message: &str) -> Result {
        assert_ne!(message, "panic", "as it should");
        session.send(message).await
    }

    async fn on_binary_message(&self, session: &WebSocketSession, message: &[u8]) -> Result {
        session.send(format!("{} bytes", message.len())).await
    }

    fn on_close(&self, State(ends): State<&Ends>, reason: &CloseReason) {
        ends.add(reason);
    }
}

/// Small bounds, so that they are hit with few bytes.
fn bounds() -> WebSocketConfig {
    WebSocketConfig::new().message_size(1_000).frame_size(600).fragments(4)
}

/// What the server sends and what `on_close` is told, when these bytes come in pieces of a size.
async fn answers(config: WebSocketConfig, bytes: &[u8], size: usize) -> (Vec<String>, String) {
    let (client, mut ends) = told(Client::builder().websocket(config).show_errors(false));
    let mut ws = Wire::open(&client, "/echo", "").await;
    for piece in bytes.chunks(size) {
        // A server that has seen enough may be gone before the last byte.
        if ws.stream.write_all(piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut frames = Vec::new();
    loop {
        match ws.shown().await {
            end if end == "end" => break,
            frame => {
                let is_close = frame.starts_with("close");
                frames.push(frame);
                if is_close {
                    let _ = ws.stream.shutdown().await;
                }
            }
        }
    }
    (frames, ends.only().await)
}

/// nhooyr's client of Go sends what it compresses in frames of 242 and 4 bytes in turn.
#[tokio::test]
async fn a_message_may_have_as_many_frames_as_its_size_excuses() {
    let size = WebSocketConfig::new().message_size;
    let text = vec![b'x'; size];
    let (mut rest, mut bytes, mut frames) = (&text[..], Vec::new(), 0);
    while !rest.is_empty() {
        let length = [242, 4][frames % 2].min(rest.len());
        let first = u8::from(frames == 0) | if length == rest.len() { 0x80 } else { 0 };
        bytes.extend(frame(first, &rest[..length]));
        rest = &rest[length..];
        frames += 1;
    }
    assert!(frames > WebSocketConfig::new().fragments * 2, "{frames}");
    let client = Client::builder().state(Ends(tokio::sync::mpsc::unbounded_channel().0)).build();
    let mut ws = Wire::open(&client, "/echo", "").await;
    let (mut reading, mut writing) = tokio::io::split(ws.stream);
    let sending = tokio::spawn(async move {
        writing.write_all(&bytes).await.expect("an open connection");
        writing
    });
    let mut back = vec![0; size + 10];
    tokio::io::AsyncReadExt::read_exact(&mut reading, &mut back).await.expect("the message");
    assert_eq!(back[..2], [0x81, 127]);
    assert!(back[10..] == text);
    ws.stream = reading.unsplit(sending.await.expect("no panic"));
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_code() {
    let piece = |first| frame(first, "x");
    let unmasked = |first: u8, payload: &[u8]| [&[first, payload.len() as u8], payload].concat();
    let reserved = "A reserved bit is set that no extension has claimed";
    let long = frame(0x89, [b'x'; 126]);
    let table: Vec<(&str, Vec<u8>, String)> = vec![
        ("unmasked text", unmasked(0x81, b"hi"), "1002 A client masks its frames".into()),
        ("unmasked close", unmasked(0x88, b"\x03\xe8"), "1002 A client masks its frames".into()),
        ("RSV1", piece(0xc1), format!("1002 {reserved}")),
        ("RSV2", piece(0xa1), format!("1002 {reserved}")),
        ("RSV3", piece(0x91), format!("1002 {reserved}")),
        ("RSV1 of a ping", piece(0xc9), format!("1002 {reserved}")),
        ("opcode 3", piece(0x83), "1002".into()),
        ("opcode 7", piece(0x87), "1002".into()),
        ("opcode 11", piece(0x8b), "1002".into()),
        ("opcode 15", piece(0x8f), "1002".into()),
        ("a ping in pieces", piece(0x09), "1002".into()),
        ("a close in pieces", frame(0x08, b"\x03\xe8"), "1002".into()),
        ("a long ping", long, "1002".into()),
        ("continuation first", piece(0x80), "1002 A message cannot begin with a continuation frame".into()),
        (
            "a message inside",
            [piece(0x01), piece(0x81)].concat(),
            "1002 The message before has not ended".into(),
        ),
        (
            "bytes inside text",
            [piece(0x01), piece(0x02)].concat(),
            "1002 The message before has not ended".into(),
        ),
        ("continuation after the end", [piece(0x01), piece(0x80), piece(0x80)].concat(), "1002".into()),
        ("16 bits for 125", [&[0x82, 0xfe, 0, 125][..], &[0; 129]].concat(), "1002".into()),
        (
            "64 bits for 65535",
            [&[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff][..], &[0; 4]].concat(),
            "1002".into(),
        ),
        ("64 bits with the top bit", [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1].to_vec(), "1002".into()),
        ("no UTF-8", frame(0x81, b"a\xff"), "1007 The text is not UTF-8".into()),
        ("half a character", frame(0x81, b"\xce"), "1007".into()),
        ("half a character in two pieces", [frame(0x01, b"\xce"), frame(0x80, "")].concat(), "1007".into()),
        ("a surrogate", frame(0x81, b"\xed\xa0\x80"), "1007".into()),
        ("above all characters", frame(0x81, b"\xf4\x90\x80\x80"), "1007".into()),
        ("an overlong slash", frame(0x81, b"\xc0\xaf"), "1007".into()),
        ("a close of one byte", frame(0x88, b"\x03"), "1002".into()),
        ("a close text without UTF-8", frame(0x88, b"\x03\xe8\xff"), "1007".into()),
        ("close 0", frame(0x88, b"\x00\x00"), "1002".into()),
        ("close 999", frame(0x88, b"\x03\xe7"), "1002".into()),
        ("close 1004", frame(0x88, b"\x03\xec"), "1002".into()),
        ("close 1005", frame(0x88, b"\x03\xed"), "1002".into()),
        ("close 1006", frame(0x88, b"\x03\xee"), "1002".into()),
        ("close 1015", frame(0x88, b"\x03\xf7"), "1002".into()),
        ("close 1016", frame(0x88, b"\x03\xf8"), "1002".into()),
        ("close 2999", frame(0x88, b"\x0b\xb7"), "1002".into()),
        ("close 5000", frame(0x88, b"\x13\x88"), "1002".into()),
        ("close 65535", frame(0x88, b"\xff\xff"), "1002".into()),
        (
            "a large frame",
            frame(0x82, [0; 601]),
            "1009 Frame is too big: 601. Max size is 600 (WebSocketConfig::frame_size)".into(),
        ),
        (
            "a huge frame",
            header(0x82, 1 << 40),
            format!("1009 Frame is too big: {}. Max size is 600 (WebSocketConfig::frame_size)", 1u64 << 40),
        ),
        (
            "a large message",
            [frame(0x02, [0; 500]), frame(0x80, [0; 501])].concat(),
            "1009 Message is too big: 1001. Max size is 1000 (WebSocketConfig::message_size)".into(),
        ),
        (
            "many pieces",
            [piece(0x01), piece(0), piece(0), piece(0), piece(0x80)].concat(),
            "1008 Message has more than 4 frames and one for each 64 bytes (WebSocketConfig::fragments)"
                .into(),
        ),
        (
            "many pieces, one of them excused",
            [frame(0x01, [b'x'; 63]), piece(0), frame(0, "y"), piece(0), piece(0), piece(0x80)].concat(),
            "1008 Message has more than 4 frames and one for each 64 bytes (WebSocketConfig::fragments)"
                .into(),
        ),
    ];
    for (name, bytes, expected) in &table {
        for size in [bytes.len(), 1] {
            let (frames, end) = answers(bounds(), bytes, size).await;
            let [.., close] = &frames[..] else { panic!("{name} by {size}: no frame comes") };
            assert_eq!(close.strip_prefix("close "), Some(end.as_str()), "{name} by {size}");
            assert!(end.starts_with(expected), "{name} by {size}: {end}");
            let before = usize::from(name == &"continuation after the end");
            assert_eq!(frames.len(), before + 1, "{name} by {size}: {frames:?}");
        }
    }
}

#[tokio::test]
async fn what_is_right_is_taken_however_it_comes() {
    let bye = frame(0x88, b"\x03\xe8bye");
    let table: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("text", frame(0x81, "κόσμε"), vec!["81 κόσμε"]),
        ("nothing", [frame(0x81, ""), frame(0x82, "")].concat(), vec!["81 ", "81 0 bytes"]),
        (
            "125 and 126",
            [frame(0x82, [0; 125]), frame(0x82, [0; 126])].concat(),
            vec!["81 125 bytes", "81 126 bytes"],
        ),
        ("as large as a frame may be", frame(0x82, [0; 600]), vec!["81 600 bytes"]),
        (
            "as large as a message may be",
            [frame(0x02, [0; 600]), frame(0x80, [0; 400])].concat(),
            vec!["81 1000 bytes"],
        ),
        (
            "as many pieces as may be, with pings between",
            [
                frame(0x01, b"\xce"),
                frame(0x89, "1"),
                frame(0, b"\xba"),
                frame(0, ""),
                frame(0x8a, "unasked"),
                frame(0x89, "2"),
                frame(0x80, "!"),
            ]
            .concat(),
            vec!["8a 1", "8a 2", "81 κ!"],
        ),
        (
            "a full ping",
            frame(0x89, [b'p'; 125]),
            vec![
                "8a ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp",
            ],
        ),
        (
            "five pings",
            (b'1'..=b'5').flat_map(|n| frame(0x89, [n])).collect(),
            vec!["8a 1", "8a 2", "8a 3", "8a 4", "8a 5"],
        ),
    ];
    for (name, bytes, expected) in &table {
        for size in [usize::MAX, 1, 3] {
            let bytes = [&bytes[..], &bye].concat();
            let (mut frames, end) = answers(bounds(), &bytes, size).await;
            assert_eq!(end, "1000 bye", "{name} by {size}");
            assert_eq!(frames.pop().as_deref(), Some("close 1000 bye"), "{name} by {size}");
            assert_eq!(&frames, expected, "{name} by {size}");
        }
    }
    for code in [1000u16, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] {
        let (frames, end) = answers(bounds(), &frame(0x88, code.to_be_bytes()), 4).await;
        assert_eq!((frames, end), (vec![format!("close {code}")], code.to_string()));
    }
}

#[tokio::test]
async fn nothing_of_a_payload_is_needed_to_refuse_it() {
    let first_half = |bytes: Vec<u8>, length: usize| bytes[..length].to_vec();
    let table = [
        ("a large frame", header(0x82, 601), "1009"),
        ("a large message", [frame(0x02, [0; 600]), header(0x80, 401)].concat(), "1009"),
        ("a long ping", first_half(header(0x89, 126), 2), "1002"),
        ("an unmasked frame", vec![0x81, 0x05], "1002"),
        (
            "a piece too many",
            [frame(1, ""), frame(0, ""), frame(0, ""), frame(0, ""), header(0x80, 9)].concat(),
            "1008",
        ),
        ("text that is wrong early", first_half(frame(0x81, b"a\xffbcdefgh"), 8), "1007"),
        (
            "text in pieces that is wrong early",
            [frame(1, b"a\xce"), first_half(frame(0x80, b"xyz"), 7)].concat(),
            "1007",
        ),
    ];
    for (name, bytes, code) in table {
        let (client, mut ends) = told(Client::builder().websocket(bounds()));
        let mut ws = Wire::open(&client, "/echo", "").await;
        ws.send(bytes).await;
        assert!(ws.shown().await.starts_with(&format!("close {code}")), "{name}");
        let _ = ws.stream.shutdown().await;
        assert!(ends.only().await.starts_with(code), "{name}");
    }
}

#[tokio::test]
async fn a_peer_that_is_gone_is_noticed_wherever_it_stops() {
    let gone = "1006 The peer went away without a close frame";
    let text = frame(0x81, "hello");
    for length in 0..text.len() {
        let (client, mut ends) = told(Client::builder());
        let mut ws = Wire::open(&client, "/echo", "").await;
        ws.send(&text[..length]).await;
        drop(ws);
        assert_eq!(ends.only().await, gone, "after {length} bytes");
    }
    // One that ends its side only is gone as well: nothing can be agreed on with it any more.
    let (client, mut ends) = told(Client::builder());
    let mut ws = Wire::open(&client, "/echo", "").await;
    ws.send(frame(0x81, "a")).await;
    assert_eq!(ws.shown().await, "81 a");
    ws.stream.shutdown().await.expect("an open connection");
    assert_eq!(ws.rest().await, [""; 0]);
    assert_eq!(ends.only().await, gone);
}

#[tokio::test]
async fn a_handler_that_fails_leaves_the_others_alone() {
    let (client, mut ends) = told(Client::builder().show_errors(false));
    let mut other = Wire::open(&client, "/echo", "").await;
    let mut ws = Wire::open(&client, "/echo", "").await;
    ws.send(frame(0x81, "panic")).await;
    assert_eq!(ws.shown().await, "close 1011 The handler failed");
    drop(ws);
    assert_eq!(ends.only().await, "1011 The handler failed");
    other.send(frame(0x81, "still here")).await;
    assert_eq!(other.shown().await, "81 still here");
    let mut new = Wire::open(&client, "/echo", "").await;
    new.send(frame(0x81, "new")).await;
    assert_eq!(new.shown().await, "81 new");
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_peer_must_answer_pings() {
    let config = WebSocketConfig::new().ping_period(10 * SECOND).pong_timeout(4 * SECOND);
    let (client, mut ends) = told(Client::builder().websocket(config));
    let mut ws = Wire::open(&client, "/echo", "").await;
    let mut pings = Vec::new();
    for _ in 0..3 {
        let (first, payload) = ws.frame().await.expect("a ping");
        assert_eq!(first, 0x89);
        assert!(!pings.contains(&payload), "each ping is another one");
        ws.send(frame(0x8a, &payload)).await;
        pings.push(payload);
    }
    assert_eq!(ws.frame().await.map(|(first, _)| first), Some(0x89));
    // An answer to an older ping, or to none, says nothing.
    ws.send([frame(0x8a, &pings[0]), frame(0x8a, "other")].concat()).await;
    assert_eq!(ws.shown().await, "close 1011 Ping timeout");
    assert_eq!(ends.only().await, "1011 Ping timeout");
    drop(ws);

    // Messages, but no pongs; then nothing.
    for sent in [frame(0x81, "x"), frame(0x89, "x")] {
        let mut ws = Wire::open(&client, "/echo", "").await;
        let start = tokio::time::Instant::now();
        while start.elapsed() < 100 * SECOND {
            ws.send(sent.clone()).await;
            tokio::time::sleep(SECOND).await;
        }
        let mut shown = ws.shown().await;
        while !shown.starts_with("close") {
            shown = ws.shown().await;
        }
        assert_eq!(shown, "close 1011 Ping timeout");
        assert!(start.elapsed() < 120 * SECOND, "{:?}", start.elapsed());
        assert_eq!(ends.only().await, "1011 Ping timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_is_not_alive() {
    let (client, mut ends) = told(Client::builder());
    let mut ws = Wire::open(&client, "/echo", "").await;
    let long = frame(0x82, [b'x'; 10_000]);
    for byte in long {
        if ws.stream.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(SECOND).await;
    }
    let frames = ws.rest().await;
    assert!(frames[0].starts_with("89 "), "{frames:?}");
    assert_eq!(frames[1..], ["close 1011 Ping timeout"]);
    assert_eq!(ends.only().await, "1011 Ping timeout");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_left() {
    let config = WebSocketConfig::new().ping_period(Duration::ZERO).idle_time(12 * SECOND);
    let (client, mut ends) = told(Client::builder().websocket(config.close_timeout(5 * SECOND)));
    let mut ws = Wire::open(&client, "/echo", "").await;
    for _ in 0..3 {
        tokio::time::sleep(9 * SECOND).await;
        ws.send(frame(0x81, "x")).await;
        assert_eq!(ws.shown().await, "81 x");
    }
    assert_eq!(ws.shown().await, "close 1001 Idle timeout");
    // The close frame is not answered, so the connection is cut in the end.
    assert_eq!(ws.rest().await, [""; 0]);
    assert_eq!(ends.only().await, "1001 Idle timeout");
}

#[derive(Default)]
struct Flood;

/// Sends more than anybody takes.
#[websocket_handler("/flood")]
impl Flood {
    async fn on_open(&self, session: &WebSocketSession) -> Result {
        let piece = vec![b'x'; 10_000];
        for number in 0..1_000 {
            session.send(format!("{number} {}", String::from_utf8_lossy(&piece))).await?;
        }
        Ok(())
    }

    fn on_close(&self, State(ends): State<&Ends>, reason: &CloseReason) {
        ends.add(reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_is_cut_off() {
    let config = WebSocketConfig::new().outbox_size(100_000).ping_period(Duration::ZERO);
    let (client, mut ends) = told(Client::builder().websocket(config.write_timeout(10 * SECOND)));
    let ws = Wire::open(&client, "/flood", "").await;
    assert_eq!(ends.only().await, "1006 The peer took nothing for too long");
    drop(ws);
}

/// The numbers of the messages that come, and how it ends.
async fn flooded(overflow: Overflow) -> (Vec<usize>, String) {
    let config = WebSocketConfig::new().outbox_size(100_000).ping_period(Duration::ZERO).overflow(overflow);
    let (client, mut ends) = told(Client::builder().websocket(config));
    let mut ws = Wire::open(&client, "/flood", "").await;
    ends.others().await;
    let mut numbers = Vec::new();
    while let Some((first, payload)) = ws.frame().await {
        if first == 0x88 {
            drop(ws);
            return (numbers, ends.only().await);
        }
        let text = String::from_utf8(payload).expect("text");
        let (number, rest) = text.split_once(' ').expect("a number");
        assert_eq!(rest.len(), 10_000, "whole messages");
        numbers.push(number.parse().expect("a number"));
        if numbers.last() == Some(&999) || numbers.len() == 1 && overflow == Overflow::DropNewest {
            ws.send(frame(0x88, b"\x03\xe8")).await;
        }
    }
    (numbers, ends.only().await)
}

#[tokio::test]
async fn a_full_outbox_is_dealt_with_as_configured() {
    let (numbers, end) = flooded(Overflow::Wait).await;
    assert_eq!((numbers, end.as_str()), ((0..1_000).collect(), "1000"), "nothing is lost");

    let (numbers, end) = flooded(Overflow::DropOldest).await;
    assert!(numbers.len() < 40 && numbers.is_sorted() && end == "1000", "{numbers:?} {end}");
    assert_eq!(numbers, (1_000 - numbers.len()..1_000).collect::<Vec<_>>(), "the newest are kept");

    let (numbers, end) = flooded(Overflow::DropNewest).await;
    assert!(numbers.len() < 40 && end == "1000", "{numbers:?} {end}");
    assert_eq!(numbers, (0..numbers.len()).collect::<Vec<_>>(), "the oldest are kept");

    let (numbers, end) = flooded(Overflow::Close).await;
    assert!(numbers.len() < 40 && end == "1013 The outbox is full", "{numbers:?} {end}");
}

#[tokio::test]
async fn a_flood_of_pings_is_answered_within_bounds() {
    let config = WebSocketConfig::new().outbox_size(10_000);
    let (client, mut ends) = told(Client::builder().websocket(config));
    let mut ws = Wire::open(&client, "/echo", "").await;
    let (count, payload) = (100_000u32, [b'p'; 121]);
    let mut pings = Vec::new();
    for number in 0..count {
        pings.extend(frame(0x89, [&number.to_be_bytes()[..], &payload].concat()));
    }
    ws.send(pings).await;
    ends.others().await;
    let mut answered = 0;
    loop {
        let (first, pong) = ws.frame().await.expect("a pong");
        assert_eq!((first, &pong[4..]), (0x8a, &payload[..]));
        answered += 1;
        if pong[..4] == (count - 1).to_be_bytes() {
            break;
        }
    }
    // What lies in the pipe, in the outbox, and what is being written.
    assert!(answered < (64 << 10) / 127 + 2 * 10_000 / 127 + 10, "{answered} pongs");
    ws.send(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(ws.rest().await, ["close 1000"]);
    assert_eq!(ends.only().await, "1000");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
