//! Peers that are slow but alive, and handlers that take their time: nobody is thrown out for it, and nobody holds a session for
//! ever.

mod both;
mod wire;

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use vernal::test::Client;
use vernal::websocket::{CloseReason, WebSocket, WebSocketConfig, WebSocketSession};
use vernal::{Result, State, websocket_handler};

use wire::{Ends, Told, Wire, frame, told};

const SECOND: Duration = Duration::from_secs(1);

/// What a pipe to a peer holds.
const PIPE: usize = 64 << 10;

/// Lets a handler go on.
struct Gate(Semaphore);

#[derive(Default)]
struct Slow;

/// Answers each message when it is let to.
#[websocket_handler("/slow")]
impl Slow {
    async fn on_message(
        &self,
        session: &WebSocketSession,
        State(gate): State<&&'static Gate>,
        message: &str,
    ) -> Result {
        gate.0.acquire().await.expect("an open gate").forget();
        session.send(format!("answer to {}", &message[..1])).await
    }

    fn on_close(&self, State(ends): State<&Ends>, reason: &CloseReason) {
        ends.add(reason);
    }
}

fn slow(config: WebSocketConfig) -> (Client, Told, &'static Gate) {
    let gate: &'static Gate = Box::leak(Box::new(Gate(Semaphore::new(0))));
    let (client, told) = told(Client::builder().websocket(config).state(gate));
    (client, told, gate)
}

#[tokio::test(start_paused = true)]
async fn pings_behind_messages_are_answered_while_those_wait() {
    let (client, _told, gate) = slow(WebSocketConfig::new());
    let mut ws = Wire::open(&client, "/slow", "").await;
    for text in ["a", "b", "c"] {
        ws.send([frame(0x81, text), frame(0x89, text)].concat()).await;
        assert_eq!(ws.shown().await, format!("8a {text}"), "at once");
    }
    gate.0.add_permits(3);
    for text in ["a", "b", "c"] {
        assert_eq!(ws.shown().await, format!("81 answer to {text}"), "in order");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_waits_than_the_inbox_may_hold() {
    // The first message is with the handler; the others wait, each with the few bytes that its place costs.
    for (size, waiting, is_answered) in [
        (1, 0, true),
        (10_000, 1, false),
        (9_000, 1, true),
        (4_000, 2, true),
        (4_000, 3, false),
        (0, 2, false),
    ] {
        let inbox = if size == 0 { 0 } else { 10_000 };
        let config = WebSocketConfig::new().inbox_size(inbox).ping_period(Duration::ZERO);
        let (client, _told, gate) = slow(config);
        let mut ws = Wire::open(&client, "/slow", "").await;
        ws.send(frame(0x81, "f")).await;
        sleep(SECOND).await;
        let text = format!("x{}", "y".repeat(size.max(1) - 1));
        for _ in 0..waiting {
            ws.send(frame(0x81, &text)).await;
        }
        ws.send(frame(0x89, "ping")).await;
        sleep(SECOND).await;
        gate.0.add_permits(100);
        let mut seen = Vec::new();
        for _ in 0..waiting + 2 {
            seen.push(ws.shown().await);
        }
        let at = seen.iter().position(|shown| shown == "8a ping").expect("a pong");
        assert_eq!(at == 0, is_answered, "{waiting} of {size}: {seen:?}");
        seen.remove(at);
        assert!(seen.iter().all(|shown| shown.starts_with("81 answer")), "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_before_the_end_can_be_answered() {
    let broken = "close 1002 A frame of a client is not masked";
    let table: [(&str, Vec<u8>, &str, &str); 4] = [
        ("a close frame", frame(0x88, b"\x0f\xa0bye"), "close 4000 bye", "4000 bye"),
        ("a frame that breaks a rule", vec![0x81, 0x01, b'x'], broken, "1002"),
        (
            "text that is none",
            frame(0x81, [0xff]),
            "close 1007 The text is not UTF-8",
            "1007 The text is not UTF-8",
        ),
        ("the end of the stream", Vec::new(), "end", "1006 The peer went away without a close frame"),
    ];
    for (name, last, end, told) in table {
        let (client, mut ends, gate) = slow(WebSocketConfig::new());
        let mut ws = Wire::open(&client, "/slow", "").await;
        ws.send([frame(0x81, "a"), frame(0x81, "b"), frame(0x81, "c"), last.clone()].concat()).await;
        if last.is_empty() {
            ws.stream.shutdown().await.expect("an open connection");
        }
        sleep(SECOND).await;
        for text in ["a", "b", "c"] {
            gate.0.add_permits(1);
            assert_eq!(ws.shown().await, format!("81 answer to {text}"), "{name}");
        }
        let shown = ws.shown().await;
        assert!(
            shown == end || end.starts_with("close 1002") && shown.starts_with("close 1002"),
            "{name}: {shown}"
        );
        let reason = ends.next().await;
        assert!(reason.starts_with(told), "{name}: {reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_closed_is_not_kept_waiting_for_ever() {
    // A handler that goes on with something else, and sends nothing.
    let (client, mut ends, _gate) = slow(WebSocketConfig::new().close_timeout(5 * SECOND));
    let mut ws = Wire::open(&client, "/slow", "").await;
    let start = Instant::now();
    ws.send([frame(0x81, "a"), frame(0x88, b"\x03\xe8")].concat()).await;
    assert_eq!(ws.shown().await, "close 1000");
    assert!((5 * SECOND..6 * SECOND).contains(&start.elapsed()), "{:?}", start.elapsed());
    drop((client, ends.others().await));
}

/// Asks for nothing after its first message, and sends on and on.
#[websocket_handler("/feed")]
async fn feed(mut ws: WebSocket, State(ends): State<&Ends>) -> Result {
    ws.next().await;
    while ws.send("tick").await.is_ok() {
        sleep(SECOND).await;
    }
    ends.add(ws.closed().await);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_feed_is_closed_with_what_it_sends_next() {
    let (client, mut ends) = patient(WebSocketConfig::new());
    let mut ws = Wire::open(&client, "/feed", "").await;
    ws.send(frame(0x81, "subscribe")).await;
    assert_eq!(ws.shown().await, "81 tick");
    let start = Instant::now();
    ws.send(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(ws.rest().await, ["81 tick", "close 1000"]);
    assert!(start.elapsed() <= 2 * SECOND, "{:?}", start.elapsed());
    assert_eq!(ends.next().await, "1000");
}

/// Sends a number of bytes, in messages of 1,000, and ends.
#[websocket_handler("/bytes/{count}")]
async fn bytes(count: usize, ws: WebSocket, State(ends): State<&Ends>) -> Result {
    for _ in 0..count / 1_000 {
        ws.send(&[b'x'; 1_000][..]).await?;
    }
    ws.close(1000, "all")?;
    ends.add(ws.closed().await);
    Ok(())
}

fn patient(config: WebSocketConfig) -> (Client, Told) {
    let (client, told, _) = slow(config);
    (client, told)
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_gets_all_before_the_close() {
    // 300 KB at 1 KB a second, with five seconds to close.
    let (client, mut ends) = patient(WebSocketConfig::new().outbox_size(1 << 20));
    let mut ws = Wire::open(&client, "/bytes/300000", "").await;
    for _ in 0..300 {
        let mut shown = ws.frame().await.expect("a frame");
        while shown.0 == 0x89 {
            shown = ws.frame().await.expect("a frame");
        }
        assert_eq!(shown, (0x82, vec![b'x'; 1_000]));
        // What of it is still in the pipe nobody can see, but that this side is alive.
        ws.send(frame(0x8a, "")).await;
        sleep(SECOND).await;
    }
    assert_eq!(ws.shown().await, "close 1000 all");
    ws.send(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(ends.next().await, "1000 all");
}

#[tokio::test(start_paused = true)]
async fn who_still_sends_has_longer_to_close_but_not_for_ever() {
    let config = WebSocketConfig::new().close_timeout(5 * SECOND).ping_period(Duration::ZERO);
    // All of it fits the pipe, the close frame too: what the peer does not read nobody can see, but what it sends.
    let count = PIPE / 2 / 1_000 * 1_000;
    for (name, seconds, is_cut) in [("a minute", 60, false), ("two minutes", 120, true)] {
        let (client, mut ends) = patient(config.clone());
        let mut ws = Wire::open(&client, &format!("/bytes/{count}"), "").await;
        let mut is_open = true;
        for _ in 0..seconds / 3 {
            is_open &= ws.stream.write_all(&frame(0x8a, "")).await.is_ok();
            sleep(3 * SECOND).await;
        }
        assert_eq!(!is_open, is_cut, "{name}");
        if is_open {
            let frames = ws.rest_after_close().await;
            assert_eq!(frames.len(), count / 1_000 + 1, "{name}: all of it");
        }
        assert_eq!(ends.next().await, "1000 all", "{name}");
    }
    // And who does nothing has as long as was said.
    let (client, _ends) = patient(config);
    let mut ws = Wire::open(&client, "/bytes/1000", "").await;
    let start = Instant::now();
    assert_eq!(ws.rest().await.last().map(String::as_str), Some("close 1000 all"));
    assert!(start.elapsed() <= 6 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_is_alive() {
    // 8 MB wait; at 100 KB a second the ping behind them comes after 80 s, and its answer too.
    let (client, mut ends) = patient(WebSocketConfig::new().outbox_size(16 << 20));
    let mut ws = Wire::open(&client, "/kept/8000000", "").await;
    let mut left = 8_000;
    while left > 0 {
        match ws.frame().await.expect("a frame") {
            (0x82, payload) => {
                assert_eq!(payload.len(), 1_000);
                left -= 1;
                sleep(SECOND / 100).await;
            }
            (first, payload) => panic!("{first:x} {}", String::from_utf8_lossy(&payload)),
        }
    }
    for number in 1..=3 {
        assert_eq!(
            ws.shown().await,
            format!("89 {number}"),
            "in decimal digits, for each is one that has left"
        );
        ws.send(frame(0x8a, number.to_string())).await;
    }
    ws.send(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(ends.next().await, "1000");
}

/// Sends a number of bytes, and takes what comes.
#[websocket_handler("/kept/{count}")]
async fn kept(count: usize, mut ws: WebSocket, State(ends): State<&Ends>) -> Result {
    for _ in 0..count / 1_000 {
        ws.send(&[b'x'; 1_000][..]).await?;
    }
    while ws.next().await.is_some() {}
    ends.add(ws.closed().await);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn pings_come_in_their_period() {
    let config = WebSocketConfig::new().ping_period(SECOND / 2).pong_timeout(3 * SECOND);
    let (client, mut ends) = patient(config);
    let mut ws = Wire::open(&client, "/kept/0", "").await;
    let start = Instant::now();
    for number in 1..=5 {
        assert_eq!(ws.shown().await, format!("89 {number}"));
        assert_eq!(start.elapsed().as_millis().div_ceil(100), 5 * number, "each half second");
    }
    let mut shown = ws.rest().await;
    assert_eq!(shown.pop().as_deref(), Some("close 1011 Ping timeout"));
    assert_eq!(ends.next().await, "1011 Ping timeout");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
