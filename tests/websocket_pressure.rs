//! Peers that read slowly or not at all: how much waits for them, what is dropped, and that each message stays whole.

mod wire;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};
use vernal::test::{Client, ClientBuilder, TestSocket};
use vernal::websocket::{
    CloseReason, Deflate, Overflow, Rooms, WebSocket, WebSocketConfig, WebSocketSession,
};
use vernal::{Result, State, websocket_handler};

use wire::{Ends, Wire, frame, told};

const SECOND: Duration = Duration::from_secs(1);

/// What a pipe to a peer holds.
const PIPE: usize = 64 << 10;

const POLICIES: [Overflow; 4] = [Overflow::Wait, Overflow::DropOldest, Overflow::DropNewest, Overflow::Close];

/// Waits until nobody has anything to do. The clock must be paused: it only goes on when all tasks wait.
async fn quiet() {
    sleep(SECOND).await;
}

/// No compression, and compression without and with a context that is kept.
fn compressions() -> [(&'static str, Option<Deflate>); 3] {
    let always = || Deflate::default().compress_if_bigger_than(0);
    [("none", None), ("default", Some(always())), ("kept", Some(always().keep_context()))]
}

/// What handlers tell a test.
#[derive(Default)]
struct Seen {
    count: AtomicUsize,
    rooms: Rooms,
}

impl Seen {
    fn add(&self, count: usize) {
        self.count.fetch_add(count, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

fn seen() -> &'static Seen {
    Box::leak(Box::default())
}

fn builder(seen: &'static Seen, config: WebSocketConfig) -> ClientBuilder {
    Client::builder().websocket(config).state(seen)
}

fn client(seen: &'static Seen, config: WebSocketConfig) -> Client {
    told(builder(seen, config)).0
}

/// A session in which both sides compress, or none.
async fn compressing(path: &str, config: WebSocketConfig, deflate: Option<Deflate>) -> TestSocket {
    let builder = builder(seen(), config);
    match deflate {
        Some(deflate) => {
            let (client, _) = told(builder.websocket_deflate(deflate.clone()));
            client.websocket(path).deflate(deflate).await
        }
        None => told(builder).0.websocket(path).await,
    }
}

#[derive(Default)]
struct Spawns;

/// Sends from elsewhere, while the handler of the session only waits for messages.
#[websocket_handler("/spawns")]
impl Spawns {
    fn on_open(&self, session: &WebSocketSession) {
        let session = session.clone();
        tokio::spawn(async move { while session.send(&[b'x'; 10_000][..]).await.is_ok() {} });
    }

    fn on_message(&self, _message: &str) {}

    fn on_close(&self, State(ends): State<&Ends>, reason: &CloseReason) {
        ends.add(reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_is_told_that_its_peer_never_reads() {
    let config = WebSocketConfig::new().write_timeout(10 * SECOND);
    let (client, mut ends) = told(builder(seen(), config));
    let ws = Wire::open(&client, "/spawns", "").await;
    assert_eq!(ends.only().await, "1006 The peer took nothing for too long");
    drop(ws);
}

/// Sends two messages before anything can go out, the second one in some way, and writes what is said of it.
#[websocket_handler("/fill/{first}/{second}/{way}")]
async fn fill(
    first: usize,
    second: usize,
    way: &str,
    mut ws: WebSocket,
    State(seen): State<&&'static Seen>,
) -> Result {
    seen.rooms.join("all", ws.session())?;
    if first > 0 {
        assert!(ws.try_send("1".repeat(first))?);
    }
    let text = "2".repeat(second);
    let session = ws.session().clone();
    let sending = async {
        match way {
            "try" => session.try_send(&text),
            "send" => session.send(&text).await.map(|()| true),
            "chunked" => session.send_chunked(&text, 100).await.map(|()| true),
            _ => seen.rooms.to("all").send(&text).await.map(|count| count == 1),
        }
    };
    let mut sending = pin!(sending);
    let said = match poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await {
        Poll::Ready(Ok(true)) => "sent",
        Poll::Ready(Ok(false)) => "not sent",
        Poll::Ready(Err(_)) => "fails",
        Poll::Pending => {
            sending.await?;
            "waits"
        }
    };
    if ws.next().await.is_some() {
        ws.send(said).await?;
    }
    Ok(())
}

/// Sizes of the messages that come, however many frames they have, and what the handler says or the session closes with.
async fn filled(overflow: Overflow, first: usize, second: usize, way: &str) -> (Vec<usize>, String) {
    let config = WebSocketConfig::new().outbox_size(1_000).overflow(overflow);
    let client = client(seen(), config);
    let mut ws = Wire::open(&client, &format!("/fill/{first}/{second}/{way}"), "").await;
    let mut sizes = Vec::new();
    let mut size = 0;
    loop {
        let (head, payload) = ws.frame().await.expect("a frame");
        if head == 0x88 {
            return (sizes, wire::closing(&payload));
        }
        if let Some(said) = std::str::from_utf8(&payload).ok().filter(|text| !text.starts_with(['1', '2'])) {
            return (sizes, said.to_owned());
        }
        if size == 0 && sizes.is_empty() {
            ws.send(frame(0x81, "go on")).await;
        }
        size += payload.len();
        if head & 0x80 != 0 {
            sizes.push(std::mem::take(&mut size));
        }
    }
}

#[tokio::test]
async fn the_outbox_is_full_at_its_bound_and_not_before() {
    const FULL: &str = "close 1013 The outbox is full";
    let ways = ["try", "send", "chunked", "room"];
    for overflow in POLICIES {
        for way in ways {
            let last = fits(way);
            let found = filled(overflow, 496, last, way).await;
            assert_eq!(found, (vec![496, last], "sent".to_owned()), "{overflow:?} {way}");
            let found = filled(overflow, 0, 5_000, way).await;
            assert_eq!(found, (vec![5_000], "sent".to_owned()), "{overflow:?} {way}: larger, but alone");
        }
    }
    // Which of both messages come, and what is said of the second.
    for (overflow, rows) in [
        (Overflow::Wait, [("1", "not sent"), ("12", "waits"), ("12", "waits"), ("1", FULL)]),
        (Overflow::DropOldest, [("2", "sent"); 4]),
        (Overflow::DropNewest, [("1", "not sent"), ("1", "sent"), ("1", "sent"), ("1", "not sent")]),
        (Overflow::Close, [("1", FULL); 4]),
    ] {
        for (way, (come, said)) in ways.into_iter().zip(rows) {
            let last = fits(way) + 1;
            let sizes = come.chars().map(|which| if which == '1' { 496 } else { last }).collect();
            assert_eq!(
                filled(overflow, 496, last, way).await,
                (sizes, said.to_owned()),
                "{overflow:?} {way}"
            );
        }
    }
}

/// The largest message for which there is room in 1,000 bytes beside one of 496, whose header has 4: a broadcast is framed
/// before it is looked at.
fn fits(way: &str) -> usize {
    if way == "room" { 496 } else { 500 }
}

#[derive(Default)]
struct Answers;

#[websocket_handler("/answers")]
impl Answers {
    async fn on_message(&self, session: &WebSocketSession, _message: &str) -> Result {
        let sent = (0..1_000).take_while(|_| session.ping([b'p'; 125]).is_ok()).count();
        session.send(format!("{sent}")).await
    }

    fn on_ping(&self, session: &WebSocketSession, payload: &[u8]) -> Result {
        session.pong(payload)
    }
}

#[tokio::test]
async fn pings_of_a_handler_need_room() {
    let client = client(seen(), WebSocketConfig::new().outbox_size(1_000));
    let mut ws = Wire::open(&client, "/answers", "").await;
    for _ in 0..2 {
        ws.send(frame(0x81, "ping")).await;
        let mut pings = 0;
        let text = loop {
            match ws.frame().await.expect("a frame") {
                (0x89, payload) if payload == [b'p'; 125] => pings += 1,
                (0x81, text) => break text,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(text, pings.to_string().as_bytes(), "then there is room again");
        // 127 bytes each: what the pipe takes, and one more while 1,000 or less wait for it.
        let least = PIPE / 127 + 1_000 / 127;
        assert!((least..=least + 20).contains(&pings), "{pings}");
    }
}

#[tokio::test(start_paused = true)]
async fn pongs_of_a_handler_are_bounded() {
    let client = client(seen(), WebSocketConfig::new().outbox_size(10_000));
    let mut ws = Wire::open(&client, "/answers", "").await;
    let (count, filling) = (20_000u32, [b'p'; 121]);
    for number in 0..count {
        ws.send(frame(0x89, [&number.to_be_bytes()[..], &filling].concat())).await;
    }
    quiet().await;
    let mut answered = 0;
    let mut last = Vec::new();
    while last != (count - 1).to_be_bytes() {
        let (head, mut pong) = ws.frame().await.expect("a pong");
        assert_eq!((head, &pong[4..]), (0x8a, &filling[..]));
        pong.truncate(4);
        assert!(last <= pong, "in order");
        last = pong;
        answered += 1;
    }
    // What lies in the pipe, in the outbox, and what is being written.
    assert!(answered < (PIPE + 2 * 10_000) / 127 + 10, "{answered} pongs");
}

/// Echoes frames as they are.
#[websocket_handler("/frames")]
async fn frames(ws: WebSocket, State(seen): State<&&'static Seen>) -> Result {
    let mut ws = ws.into_frames();
    while let Some(frame) = ws.recv().await? {
        seen.add(frame.payload.len());
        ws.send(frame).await?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn frames_wait_for_a_peer_that_does_not_read() {
    let seen = seen();
    let client = client(seen, WebSocketConfig::new().outbox_size(20_000));
    let mut ws = Wire::open(&client, "/frames", "").await;
    let sent = frame(0x82, [7; 10_000]).repeat(500);
    let all = timeout(SECOND, ws.stream.write_all(&sent)).await;
    assert!(all.is_err(), "all is taken from a peer that does not read: {} bytes", seen.count());
    assert!(seen.count() <= PIPE + 3 * 20_000, "{} bytes wait", seen.count());
}

/// Messages in pieces, each with its number, and a small one behind each.
#[websocket_handler("/chunked")]
async fn chunked(ws: WebSocket, State(seen): State<&&'static Seen>) -> Result {
    for number in 0..20u8 {
        ws.send_chunked(&[number; 50_000][..], 1_000).await?;
        seen.add(1);
        ws.send(&[number; 10][..]).await?;
    }
    ws.closed().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn messages_in_pieces_wait_where_whole_ones_are_dropped() {
    let seen = seen();
    let config = WebSocketConfig::new().overflow(Overflow::DropOldest).outbox_size(20_000);
    let client = client(seen, config);
    let mut ws = Wire::open(&client, "/chunked", "").await;
    quiet().await;
    assert!(seen.count() * 50_000 <= PIPE + 3 * 50_000, "{} messages wait", seen.count());
    for number in 0..20 {
        for piece in 0..50 {
            let (head, payload) = loop {
                match ws.frame().await.expect("a frame") {
                    (0x82, whole) if piece == 0 => assert_eq!(whole.len(), 10),
                    other => break other,
                }
            };
            let expected = [0x02, 0x00, 0x80][usize::from(piece > 0) + usize::from(piece == 49)];
            assert_eq!((head, payload), (expected, vec![number; 1_000]), "piece {piece}");
        }
    }
    assert_eq!(ws.frame().await, Some((0x82, vec![19; 10])), "the last is the newest");
}

/// Text that is not the same twice.
fn lorem(number: usize) -> String {
    (0..200).map(|word| format!("{} ", word * word * (number + 7) % 97)).collect()
}

/// Sends in all ways while a message is sent in pieces.
#[websocket_handler("/between")]
async fn between(mut ws: WebSocket, State(seen): State<&&'static Seen>) -> Result {
    seen.rooms.join("all", ws.session())?;
    ws.send(lorem(0)).await?;
    let whole = lorem(1);
    let (first, second) = whole.split_at(300);
    let mut writer = ws.begin_text().await?;
    writer.write(first).await?;
    assert!(!ws.try_send("between")?, "it would have to wait");
    assert_eq!(seen.rooms.to("all").send(&lorem(2)).await?, 1);
    let session = ws.session().clone();
    let waits = tokio::spawn(async move { session.send(lorem(4)).await });
    let session = ws.session().clone();
    let waits_too = tokio::spawn(async move {
        let mut writer = session.begin_text().await?;
        writer.write(lorem(5)).await?;
        writer.finish().await
    });
    assert!(ws.next().await.is_some());
    assert!(!waits.is_finished() && !waits_too.is_finished());
    writer.write(second).await?;
    assert_eq!(seen.rooms.to("all").send(&lorem(3)).await?, 1);
    writer.finish().await?;
    waits.await??;
    waits_too.await??;
    ws.send("end").await?;
    ws.closed().await;
    Ok(())
}

#[tokio::test]
async fn nothing_comes_between_the_pieces_of_a_message() {
    for overflow in POLICIES {
        for (name, deflate) in compressions() {
            let config = WebSocketConfig::new().overflow(overflow);
            let mut ws = compressing("/between", config, deflate).await;
            ws.expect_text(&lorem(0)).await;
            ws.send("go on").await.expect("sent");
            for number in 1..4 {
                ws.expect_text(&lorem(number)).await;
            }
            let mut last = [ws.expect_message().await, ws.expect_message().await];
            last.sort_by_key(|message| message.as_text() == Some(&lorem(5)));
            let last = last.each_ref().map(|message| message.as_text().expect("text"));
            assert_eq!(last, [lorem(4), lorem(5)], "{name}");
            ws.expect_text("end").await;
        }
    }
}

/// Fills the outbox, begins a message in pieces, and tries a message for which older ones would have to go.
#[websocket_handler("/room/between")]
async fn room_between(ws: WebSocket) -> Result {
    assert!(ws.try_send("a".repeat(400))? && ws.try_send("b".repeat(400))?);
    let mut writer = ws.begin_text().await?;
    writer.write("in ").await?;
    assert!(!ws.try_send("c".repeat(400))?, "a message is being sent");
    writer.write("pieces").await?;
    writer.finish().await?;
    ws.closed().await;
    Ok(())
}

#[tokio::test]
async fn room_is_made_for_nothing_between_the_pieces_of_a_message() {
    let config = WebSocketConfig::new().overflow(Overflow::DropOldest).outbox_size(1_000);
    let mut ws = client(seen(), config).websocket("/room/between").await;
    for text in ["a".repeat(400), "b".repeat(400), "in pieces".to_owned()] {
        ws.expect_text(&text).await;
    }
}

/// Says much to a room while a message is sent in pieces to its only member.
#[websocket_handler("/held")]
async fn held(ws: WebSocket, State(seen): State<&&'static Seen>) -> Result {
    seen.rooms.join("all", ws.session())?;
    let writer = ws.begin_text().await?;
    for _ in 0..10 {
        seen.add(seen.rooms.to("all").send("x".repeat(496)).await?);
    }
    writer.finish().await?;
    ws.send("end").await?;
    ws.closed().await;
    Ok(())
}

#[tokio::test]
async fn what_is_held_back_counts_as_waiting() {
    for overflow in POLICIES {
        let seen = seen();
        let config = WebSocketConfig::new().overflow(overflow).outbox_size(1_000);
        let mut ws = Wire::open(&client(seen, config), "/held", "").await;
        let first = ws.shown().await;
        assert_eq!(seen.count(), 2, "{overflow:?}");
        let closes = matches!(overflow, Overflow::Wait | Overflow::Close);
        assert_eq!(first, if closes { "close 1013 The outbox is full" } else { "81 " }, "{overflow:?}");
    }
}

const ROUND: usize = 1_000;

/// Rounds of messages, each far more than the outbox takes.
#[websocket_handler("/rounds")]
async fn rounds(mut ws: WebSocket) -> Result {
    for number in 0.. {
        if number % ROUND == 0 && ws.next().await.is_none() {
            break;
        }
        ws.send(format!("{number} {}", lorem(number))).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_is_dropped_is_missed_by_no_compression() {
    for (name, deflate) in compressions() {
        let config = WebSocketConfig::new().overflow(Overflow::DropOldest).outbox_size(5_000);
        let mut ws = compressing("/rounds", config, deflate).await;
        let mut count = 0;
        for round in 1..=5 {
            ws.send("go on").await.expect("sent");
            loop {
                let message = ws.expect_message().await;
                let text = message.as_text().expect("text");
                let number = text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
                assert_eq!(text, format!("{number} {}", lorem(number)), "{name}");
                count += 1;
                if number == round * ROUND - 1 {
                    break;
                }
            }
        }
        assert!(count < 5 * ROUND / 2, "{name}: only {} of {} were dropped", 5 * ROUND - count, 5 * ROUND);
    }
}

/// Sends as many messages as it is told, in some way, without a wait that anybody could write in.
#[websocket_handler("/burst/{way}")]
async fn burst(way: &str, mut ws: WebSocket, State(seen): State<&&'static Seen>) -> Result {
    seen.rooms.join(way, ws.session())?;
    while let Some(message) = ws.next().await {
        let (count, size) = message.as_text().and_then(|text| text.split_once(' ')).expect("two numbers");
        let (count, size): (usize, usize) = (count.parse()?, size.parse()?);
        for number in 0..count {
            let text = padded(number, size);
            let is_sent = match way {
                "send" => ws.send(text).await.is_ok(),
                "try_send" => ws.session().try_send(text)?,
                _ => seen.rooms.to(way).send(text).await? == 1,
            };
            assert!(is_sent, "{number} of {count} by {way}");
        }
    }
    Ok(())
}

fn padded(number: usize, size: usize) -> String {
    let number = number.to_string();
    "x".repeat(size - number.len()) + &number
}

#[tokio::test]
async fn a_burst_reaches_who_reads() {
    // All of it fits what the kernel takes for a socket, and by far not the outbox.
    let bursts = [(100, 10_000), (10_000, 20), (3, 300_000)];
    for overflow in POLICIES {
        for deflate in [false, true] {
            let config = WebSocketConfig::new().overflow(overflow).outbox_size(32 << 10);
            let ends = Ends(tokio::sync::mpsc::unbounded_channel().0);
            let mut server =
                vernal::server::new().host("127.0.0.1").port(0).websocket(config).state(seen()).state(ends);
            if deflate {
                server = server.websocket_deflate(Deflate::default());
            }
            let bound = server.bind().expect("a free port");
            let (address, handle) = (bound.local_addr(), bound.handle());
            let serving = tokio::spawn(bound.serve());
            for way in ["send", "try_send", "room"] {
                let url = format!("ws://{address}/burst/{way}");
                let mut ws = vernal::websocket::connect(&url).await.expect("a session");
                for (count, size) in bursts {
                    ws.send(format!("{count} {size}")).await.expect("sent");
                    for number in 0..count {
                        let message = ws.recv().await.expect("an open session").expect("a message");
                        let expected = padded(number, size);
                        assert!(
                            message.as_text() == Some(&expected),
                            "{overflow:?} {way} {number} of {count} x {size}"
                        );
                    }
                }
                ws.close(1000, "").expect("closed");
            }
            handle.stop();
            serving.await.expect("no panic").expect("a good end");
        }
    }
}
