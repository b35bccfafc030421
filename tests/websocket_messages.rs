//! Messages on their way in and out: pings, pieces, many senders at once, files, waits that are given up, and bare frames.

mod both;
mod wire;

use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use vernal::test::Client;
use vernal::websocket::{Frame, OpCode, WebSocket, WebSocketConfig, WebSocketSession, connect};
use vernal::{Error, Json, Result, State, server, websocket_handler, websocket_message};

use wire::{Wire, frame};

fn client() -> Client {
    Client::builder().state(None::<GaveUp>).build()
}

#[derive(Default)]
struct Pings;

#[websocket_handler("/pings")]
impl Pings {
    async fn on_text_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.ping(message)
    }

    fn on_pong(&self, session: &WebSocketSession, payload: &[u8]) -> Result {
        session.try_send(format!("pong {}", String::from_utf8_lossy(payload))).map(drop)
    }
}

#[websocket_message("/pings/functions", on = "ping")]
fn on_ping(session: &WebSocketSession, payload: &[u8]) -> Result {
    session.pong([payload, b"!"].concat())
}

#[websocket_message("/pings/functions", on = "pong")]
fn on_pong(session: &WebSocketSession, payload: &[u8]) -> Result {
    session.try_send(payload).map(drop)
}

#[tokio::test]
async fn pings_are_answered_unless_the_handler_does() {
    let client = &client();
    let mut ws = Wire::open(client, "/pings", "").await;
    ws.send([frame(0x89, "a"), frame(0x8a, "unasked"), frame(0x81, "b")].concat()).await;
    assert_eq!(ws.shown().await, "8a a");
    assert_eq!(ws.shown().await, "81 pong unasked");
    assert_eq!(ws.shown().await, "89 b");
    ws.send(frame(0x81, "x".repeat(126))).await;
    assert!(ws.shown().await.starts_with("close 1011"), "no ping is longer than 125 bytes");

    let mut ws = Wire::open(client, "/pings/functions", "").await;
    ws.send([frame(0x89, "a"), frame(0x8a, "c"), frame(0x89, "")].concat()).await;
    assert_eq!(ws.shown().await, "8a a!", "and no other answer");
    assert_eq!(ws.shown().await, "82 c");
    assert_eq!(ws.shown().await, "8a !");
}

/// Keeps pieces that begin with a `k`.
#[derive(Default)]
struct Pieces;

#[websocket_handler("/pieces", config = WebSocketConfig::new().message_size(20))]
impl Pieces {
    async fn on_binary_frame(&self, session: &WebSocketSession, fin: bool, payload: &[u8]) -> Result<bool> {
        session.send(format!("piece {fin} {}", String::from_utf8_lossy(payload))).await?;
        Ok(payload.first() != Some(&b'x'))
    }

    async fn on_binary_message(&self, session: &WebSocketSession, message: &[u8]) -> Result {
        session.send(format!("whole {}", String::from_utf8_lossy(message))).await
    }

    async fn on_text_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.send(message).await
    }
}

#[websocket_message("/pieces/only", on = "binary_frame")]
async fn only_pieces(session: &WebSocketSession, fin: bool, payload: &[u8]) -> Result {
    session.send(format!("{fin} {}", payload.len())).await
}

/// Name, frames, and what is answered.
type Row<'t> = (&'t str, &'t [(u8, &'t str)], &'t [&'t str]);

#[tokio::test]
async fn pieces_are_kept_or_taken() {
    let client = &client();
    let table: [Row<'_>; 5] = [
        (
            "kept",
            &[(0x02, "ka"), (0x00, "kb"), (0x80, "")],
            &["piece false ka", "piece false kb", "piece true ", "whole kakb"],
        ),
        (
            "one is taken",
            &[(0x02, "ka"), (0x00, "x"), (0x80, "kb")],
            &["piece false ka", "piece false x", "piece true kb"],
        ),
        ("in one piece", &[(0x82, "whole")], &["whole whole"]),
        ("text in pieces", &[(0x01, "a"), (0x80, "b")], &["ab"]),
        (
            "too much is kept",
            &[(0x02, "kkkkkkkkkk"), (0x80, "kkkkkkkkkkk")],
            &[
                "piece false kkkkkkkkkk",
                "piece true kkkkkkkkkkk",
                "close 1009 Message is too big. Max size is 20 (WebSocketConfig::message_size)",
            ],
        ),
    ];
    for (name, frames, expected) in table {
        let mut ws = Wire::open(client, "/pieces", "").await;
        ws.send(frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect::<Vec<_>>()).await;
        for expected in expected {
            assert_eq!(ws.shown().await.trim_start_matches("81 "), *expected, "{name}");
        }
        ws.send(frame(0x88, "")).await;
        assert_eq!(ws.rest().await.len(), usize::from(name != "too much is kept"), "{name}");
    }
    let mut ws = Wire::open(client, "/pieces/only", "").await;
    ws.send([frame(0x02, "ab"), frame(0x80, "c"), frame(0x82, "four")].concat()).await;
    for expected in ["81 false 2", "81 true 1", "81 true 4"] {
        assert_eq!(ws.shown().await, expected);
    }
}

/// Sends as the message says.
#[websocket_handler("/out", config = WebSocketConfig::new().outbox_size(5_000))]
async fn out(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv_as::<String>().await? {
        match message.split_once(' ').unwrap_or((&message, "")) {
            ("by5", text) => ws.send_chunked(text, 5).await?,
            ("file", path) => ws.send_file(path).await?,
            ("text", words) => {
                let mut text = ws.begin_text().await?;
                for word in words.split(' ') {
                    text.write(word).await?;
                }
                text.finish().await?;
            }
            ("many", _) => many(ws.session()).await?,
            ("unfinished", text) => ws.begin_text().await?.write(text).await?,
            _ => return Err(Error::internal("as it should")),
        }
    }
    Ok(())
}

async fn many(session: &WebSocketSession) -> Result {
    let mut tasks: Vec<tokio::task::JoinHandle<Result>> = Vec::new();
    for number in 0..8u8 {
        let session = session.clone();
        let letter = char::from(b'a' + number).to_string();
        tasks.push(tokio::spawn(async move {
            for round in 0..20 {
                match (number + round) % 4 {
                    0 => session.send(letter.repeat(2_000)).await?,
                    1 => session.send_chunked(letter.repeat(2_000), 300).await?,
                    2 => {
                        let mut text = session.begin_text().await?;
                        for _ in 0..20 {
                            text.write(letter.repeat(100)).await?;
                            tokio::task::yield_now().await;
                        }
                        text.finish().await?;
                    }
                    _ => {
                        session.ping(&letter)?;
                        session.send(letter.repeat(2_000)).await?;
                    }
                }
            }
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    session.send("done").await
}

#[tokio::test]
async fn a_message_goes_out_in_the_pieces_asked_for() {
    let mut ws = Wire::open(&client(), "/out", "").await;
    for (sent, expected) in [
        ("by5 0123456789abcdef", &["01 01234", "00 56789", "00 abcde", "80 f"][..]),
        ("by5 0123456789", &["01 01234", "80 56789"]),
        ("by5 0123", &["81 0123"]),
        ("by5 ", &["81 "]),
        ("text one two", &["01 one", "00 two", "80 "]),
    ] {
        ws.send(frame(0x81, sent)).await;
        for expected in expected {
            assert_eq!(ws.shown().await, *expected, "{sent}");
        }
    }
    ws.send(frame(0x81, "unfinished half")).await;
    assert_eq!(ws.rest_after_close().await, ["01 half", "close 1011 A message was left unfinished"]);
}

#[tokio::test]
async fn senders_never_mix_their_messages() {
    let mut ws = client().websocket("/out").await;
    ws.send("many").await.expect("sent");
    let mut counts = [0; 8];
    loop {
        let message = ws.expect_message().await;
        let text = message.as_text().expect("text");
        if text == "done" {
            break;
        }
        let first = text.as_bytes()[0];
        assert!(text.len() == 2_000 && text.bytes().all(|byte| byte == first), "messages are mixed");
        counts[usize::from(first - b'a')] += 1;
    }
    assert_eq!(counts, [20; 8]);
}

#[tokio::test]
async fn a_file_is_sent_as_it_is() {
    let path = std::env::temp_dir().join(format!("vernal-file-{}", std::process::id()));
    let content: Vec<u8> = (0..150_000u32).map(|number| (number % 251) as u8).collect();
    let mut ws = client().websocket("/out").await;
    for length in [0, 1, 65_536, 150_000] {
        std::fs::write(&path, &content[..length]).expect("a file");
        ws.send(format!("file {}", path.display())).await.expect("sent");
        ws.expect_binary(&content[..length]).await;
    }
    std::fs::remove_file(&path).expect("a file");
    ws.send(format!("file {}", path.display())).await.expect("sent");
    ws.expect_close(1011).await;
}

/// Tells the test of each wait that was given up.
struct GaveUp(mpsc::UnboundedSender<()>);

#[websocket_handler("/impatient/{way}")]
async fn impatient(way: &str, mut ws: WebSocket, State(gave_up): State<&Option<GaveUp>>) -> Result {
    let short = Duration::from_millis(1);
    while !ws.is_closed() {
        let message = match way {
            "timeout" => timeout(short, ws.recv()).await.unwrap_or(Ok(None))?,
            "next" => ws.next_timeout(short).await,
            "select" => tokio::select! {
                biased;
                () = tokio::time::sleep(short) => None,
                message = ws.next() => message,
            },
            "try" => {
                tokio::time::sleep(short).await;
                ws.try_next()
            }
            _ => {
                let mut stream = pin!(&mut ws);
                timeout(short, std::future::poll_fn(|cx| stream.as_mut().poll_next(cx))).await.ok().flatten()
            }
        };
        match message {
            Some(message) => ws.send(message).await?,
            None => gave_up.iter().for_each(|gave_up| {
                let _ = gave_up.0.send(());
            }),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let (sender, mut gave_up) = mpsc::unbounded_channel();
    let client = Client::builder().state(Some(GaveUp(sender))).build();
    for way in ["timeout", "next", "select", "try", "stream"] {
        let mut ws = Wire::open(&client, &format!("/impatient/{way}"), "").await;
        let bytes = [frame(0x01, "first "), frame(0x80, "half"), frame(0x81, "second")].concat();
        for piece in bytes.chunks(9) {
            ws.send(piece).await;
            while gave_up.try_recv().is_ok() {}
            timeout(wire::PATIENCE, gave_up.recv())
                .await
                .expect("the handler waits")
                .expect("the handler runs");
        }
        assert_eq!(ws.shown().await, "81 first half", "{way}");
        assert_eq!(ws.shown().await, "81 second", "{way}");
        ws.send(frame(0x88, b"\x03\xe8")).await;
        assert_eq!(ws.rest().await, ["close 1000"], "{way}");
    }
}

#[websocket_handler("/frames")]
async fn frames(ws: WebSocket) -> Result {
    let mut ws = ws.into_frames();
    while let Some(frame) = ws.recv().await? {
        match frame.opcode {
            OpCode::Ping => ws.send(Frame::new(OpCode::Pong, [&frame.payload[..], b"!"].concat())).await?,
            opcode if !opcode.is_control() => ws.send(frame).await?,
            _ => {}
        }
    }
    Ok(())
}

#[tokio::test]
async fn bare_frames_come_one_by_one() {
    let mut ws = Wire::open(&client(), "/frames", "").await;
    ws.send(
        [frame(0x01, "a"), frame(0x89, "p"), frame(0x00, ""), frame(0x80, "b"), frame(0x82, "c")].concat(),
    )
    .await;
    for expected in ["01 a", "8a p!", "00 ", "80 b", "82 c"] {
        assert_eq!(ws.shown().await, expected);
    }
    ws.send(frame(0x80, "x")).await;
    assert!(ws.shown().await.starts_with("close 1002"), "the rules are watched over");
    let mut ws = Wire::open(&client(), "/frames", "").await;
    ws.send(frame(0x88, b"\x03\xe9bye")).await;
    assert_eq!(ws.rest().await, ["close 1001 bye"]);
}

#[websocket_handler("/at-once")]
async fn at_once(mut ws: WebSocket) -> Result {
    let mut count = usize::from(ws.next().await.is_some());
    while ws.has_message() {
        count += usize::from(ws.try_next().is_some());
    }
    assert!(ws.try_next().is_none());
    ws.send(count.to_string()).await
}

#[tokio::test]
async fn all_that_has_come_can_be_taken_without_a_wait() {
    let mut ws = Wire::open(&client(), "/at-once", "").await;
    ws.send(frame(0x81, "x").repeat(5)).await;
    assert_eq!(ws.shown().await, "81 5");
}

#[websocket_handler("/elsewhere")]
async fn elsewhere(ws: WebSocket) -> Result {
    let failed = tokio::spawn(async move {
        let _ws = ws;
        panic!("a panic that this test wants");
    });
    assert!(failed.await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_panic_closes_the_session_wherever_it_is() {
    let mut ws = client().websocket("/elsewhere").await;
    ws.expect_close(1011).await;
}

#[derive(Default)]
struct Bounded;

#[websocket_handler("/bounded", config = WebSocketConfig::new().message_size(10))]
impl Bounded {
    fn on_binary_frame(&self, _fin: bool, _payload: &[u8]) {}

    async fn on_text_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.send(message).await
    }
}

#[tokio::test]
async fn texts_are_bounded_beside_frames_that_are_not() {
    let mut ws = client().websocket("/bounded").await;
    ws.send_chunked(&[0; 30][..], 7).await.expect("frame by frame");
    ws.send("0123456789").await.expect("sent");
    ws.expect_text("0123456789").await;
    ws.send("0123456789+").await.expect("sent");
    ws.expect_close(1009).await;
}

/// Over a real socket, from many threads at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_over_tcp_sees_the_same() {
    let bound = server::new().host("127.0.0.1").port(0).handle_signals(false).state(None::<GaveUp>);
    let bound = bound.bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    handle.ready().await;
    let mut ws = connect(format!("ws://{address}/out")).await.expect("a session");
    ws.send("many").await.expect("sent");
    let mut count = 0;
    while let Some(message) = ws.recv().await.expect("a session") {
        if message.as_text() == Some("done") {
            break;
        }
        assert!(message.as_bytes().iter().all(|byte| *byte == message.as_bytes()[0]));
        count += 1;
    }
    assert_eq!(count, 160);
    let refused = connect(format!("ws://{address}/nobody")).await.expect_err("nobody is there");
    assert!(refused.explain_text().contains("404"), "{refused:?}");
    handle.stop();
    assert!(ws.recv().await.expect("a close frame is no error").is_none());
    assert_eq!(ws.closed().await.code(), 1001);
    drop(ws);
    serving.await.expect("no panic").expect("served to its end");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}

#[derive(serde::Deserialize)]
struct Say {
    text: String,
}

#[derive(Default)]
struct Patient;

#[websocket_handler("/patient")]
impl Patient {
    async fn on_message(&self, session: &WebSocketSession, say: Result<Json<Say>>) -> Result {
        match say {
            Ok(Json(say)) => session.send(say.text).await,
            Err(error) => session.send(error.explain_text().to_owned()).await,
        }
    }
}

#[tokio::test]
async fn a_message_that_does_not_fit_need_not_end_its_session() {
    let mut ws = client().websocket("/patient").await;
    for (message, expected) in [
        ("{", "Malformed JSON: EOF while parsing an object at line 1 column 1"),
        (r#"{"text":"hi"}"#, "hi"),
        (
            r#"{"text":1}"#,
            "The JSON does not fit: invalid type: number `1`, expected a string at line 1 column 9",
        ),
    ] {
        ws.send(message).await.expect("an open session");
        ws.expect_text(expected).await;
    }
}
