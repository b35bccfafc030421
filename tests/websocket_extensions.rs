//! Extensions: one's own on both sides, what is negotiated, and permessage-deflate on the wire (RFC 7692).

mod both;
mod wire;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use vernal::test::{Client, ClientBuilder};
use vernal::websocket::{
    CloseReason, Deflate, Extension, ExtensionOffer, ExtensionResponse, Frame, Message, OpCode, Rooms, Rsv,
    WebSocket, WebSocketConfig, WebSocketSession,
};
use vernal::{App, Config, Error, Result, State, websocket_handler};

use wire::{Ends, Wire, frame, told};

#[derive(Default)]
struct Echo;

#[websocket_handler("/echo")]
impl Echo {
    async fn on_message(&self, session: &WebSocketSession, message: &Message) -> Result {
        match message.as_text() {
            Some("extensions") => session.send(session.extensions().join(" ")).await,
            Some("count") => {
                let count = session.with_extension(|xor: &mut Xor| {
                    xor.frames += 100;
                    xor.frames
                });
                session.send(format!("{count:?}")).await
            }
            Some("chunked") => session.send_chunked("chunked ".repeat(40), 100).await,
            _ => session.send(message).await,
        }
    }

    fn on_close(&self, State(ends): State<&Ends>, reason: &CloseReason) {
        ends.add(reason);
    }
}

/// Changes every byte, and counts.
struct Xor {
    key: u8,
    frames: usize,
}

impl Xor {
    fn new(key: u8) -> Xor {
        Xor { key, frames: 0 }
    }

    fn change(&mut self, frame: &mut Frame) {
        self.frames += 1;
        frame.payload = frame.payload.iter().map(|byte| byte ^ self.key).collect();
    }
}

impl Extension for Xor {
    fn name(&self) -> &str {
        "x-xor"
    }

    fn negotiate(&mut self, offers: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        let offer = offers.iter().find(|offer| offer.name() == "x-xor")?;
        if let Some(Some(key)) = offer.parameter("key") {
            self.key = key.parse().ok()?;
        }
        Some(ExtensionResponse::new("x-xor").parameter("key", self.key))
    }

    fn offer(&self) -> ExtensionResponse {
        ExtensionResponse::new("x-xor").parameter("key", self.key)
    }

    fn agree(&mut self, answer: &ExtensionOffer<'_>) -> bool {
        answer.parameter("key") == Some(Some(&self.key.to_string()))
    }

    fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.change(frame);
        Ok(())
    }

    fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.change(frame);
        Ok(())
    }
}

/// Writes down which frames pass it.
struct Tag(&'static str, Rsv, Arc<Mutex<Vec<String>>>);

impl Tag {
    fn note(&self, way: &str) {
        self.2.lock().expect("no panic").push(format!("{way} {}", self.0));
    }
}

impl Extension for Tag {
    fn name(&self) -> &str {
        self.0
    }

    fn rsv(&self) -> Rsv {
        self.1
    }

    fn negotiate(&mut self, _: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        Some(ExtensionResponse::silent())
    }

    fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.note("in");
        frame.rsv = frame.rsv.without(self.1);
        Ok(())
    }

    fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.note("out");
        frame.rsv = frame.rsv | self.1;
        Ok(())
    }
}

fn client(builder: ClientBuilder) -> Client {
    told(builder.state(Rooms::new())).0
}

#[tokio::test]
async fn an_extension_of_ones_own_changes_the_wire() {
    let client = client(Client::builder().websocket_extension(|| Xor::new(1)));
    let mut ws = Wire::open(&client, "/echo", "Sec-WebSocket-Extensions: other, x-xor; key=32\r\n").await;
    assert_eq!(ws.field("sec-websocket-extensions"), Some("x-xor; key=32"));
    ws.send(frame(0x81, "HELLO")).await;
    assert_eq!(ws.shown().await, "81 HELLO", "there and back");
    ws.send(frame(0x81, "EXTENSIONS")).await;
    assert_eq!(ws.shown().await, "81 X\rXOR", "`x-xor` on the wire");
    // Control frames do not pass it.
    ws.send([frame(0x89, "p"), frame(0x88, b"\x03\xe8")].concat()).await;
    assert_eq!(ws.rest().await, ["8a p", "close 1000"]);

    let mut plain = Wire::open(&client, "/echo", "").await;
    assert_eq!(plain.field("sec-websocket-extensions"), None);
    plain.send(frame(0x81, "extensions")).await;
    assert_eq!(plain.shown().await, "81 ");
    plain.send(frame(0x81, "count")).await;
    assert_eq!(plain.shown().await, "81 None");
}

#[tokio::test]
async fn each_session_has_an_extension_of_its_own() {
    let client = client(Client::builder().websocket_extension(|| Xor::new(1)));
    for _ in 0..2 {
        let mut ws = client.websocket("/echo").extension(|| Xor::new(7)).await;
        assert_eq!(ws.extensions(), ["x-xor"]);
        ws.send("héllo").await.expect("sent");
        ws.expect_text("héllo").await;
        assert_eq!(ws.with_extension(|xor: &mut Xor| (xor.key, xor.frames)), Some((7, 2)));
        ws.send("count").await.expect("sent");
        ws.expect_text("Some(103)").await;
        ws.send("count").await.expect("sent");
        ws.expect_text("Some(205)").await;
    }
    // Without the offer, or with one that is not met, nothing is agreed on.
    let ws = client.websocket("/echo").await;
    assert!(ws.extensions().is_empty() && ws.with_extension(|_: &mut Xor| ()).is_none());
}

#[tokio::test]
async fn frames_go_out_in_order_and_come_in_in_reverse() {
    let notes = Arc::default();
    let make = |name, rsv| {
        let notes = Arc::clone(&notes);
        move || Tag(name, rsv, Arc::clone(&notes))
    };
    let builder =
        Client::builder().websocket_extension(make("a", Rsv::RSV2)).websocket_extension(make("b", Rsv::RSV3));
    let mut ws = Wire::open(&client(builder), "/echo", "").await;
    ws.send(frame(0xb1, "x")).await;
    assert_eq!(ws.shown().await, "b1 x");
    assert_eq!(*notes.lock().expect("no panic"), ["in b", "in a", "out a", "out b"]);
    ws.send(frame(0xc1, "x")).await;
    assert_eq!(ws.shown().await, "close 1002 A reserved bit is set that no extension has claimed");
}

#[test]
fn two_extensions_cannot_claim_one_bit() {
    let tag = |name, rsv| move || Tag(name, rsv, Arc::default());
    let config = Config::new().state(Rooms::new()).state(Ends(tokio::sync::mpsc::unbounded_channel().0));
    let config = config.websocket_deflate(Deflate::default()).websocket_extension(tag("mine", Rsv::RSV1));
    let error = App::from_registry(config).expect_err("a conflict");
    assert!(
        format!("{error:?}")
            .contains("the WebSocket extensions `permessage-deflate` and `mine` claim the same reserved bit")
    );
}

fn always() -> Deflate {
    Deflate::default().compress_if_bigger_than(0)
}

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const OURS: &str = "permessage-deflate; server_no_context_takeover";
const BOTH: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

#[tokio::test]
async fn offers_are_taken_up_or_declined() {
    let keeping = always().keep_context();
    let small = always().keep_context().server_max_window_bits(10).client_max_window_bits(11);
    let table = [
        (&always(), "permessage-deflate", Some(OURS)),
        (&always(), "permessage-deflate; client_no_context_takeover", Some(BOTH)),
        (
            &always(),
            "permessage-deflate; client_max_window_bits",
            Some("permessage-deflate; server_no_context_takeover; client_max_window_bits=9"),
        ),
        (&always(), "x, permessage-deflate; unknown, permessage-deflate", Some(OURS)),
        (&always(), "permessage-deflate; unknown", None),
        (&always(), "permessage-deflate; server_max_window_bits=8", None),
        (
            &always(),
            "permessage-deflate; server_max_window_bits=\"10\"",
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=10"),
        ),
        (&always(), "x-webkit-deflate-frame", None),
        (&keeping, "permessage-deflate", Some("permessage-deflate")),
        (
            &keeping,
            "permessage-deflate; server_no_context_takeover",
            Some("permessage-deflate; server_no_context_takeover"),
        ),
        (
            &keeping,
            "permessage-deflate; client_no_context_takeover",
            Some("permessage-deflate; client_no_context_takeover"),
        ),
        (
            &small,
            "permessage-deflate; client_max_window_bits",
            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=11"),
        ),
        (&small, "permessage-deflate", Some("permessage-deflate; server_max_window_bits=10")),
    ];
    for (deflate, offer, expected) in table {
        let client = client(Client::builder().websocket_deflate(deflate.clone()));
        let ws = Wire::open(&client, "/echo", &format!("Sec-WebSocket-Extensions: {offer}\r\n")).await;
        assert_eq!(ws.field("sec-websocket-extensions"), expected, "{offer}");
    }
    let client = client(Client::builder().websocket_deflate(always()));
    let malformed = Wire::ask(&client, "/echo", "Sec-WebSocket-Extensions: a b\r\n").await;
    assert!(malformed.head.starts_with("HTTP/1.1 400 "), "{}", malformed.head);
}

#[tokio::test]
async fn the_example_of_the_rfc_is_on_the_wire() {
    let client = client(Client::builder().websocket_deflate(always()));
    let mut ws = Wire::open(&client, "/echo", OFFER).await;
    let (first, rest) = HELLO.split_at(3);
    for sent in [
        frame(0xc1, HELLO),
        frame(0x81, "Hello"),
        [frame(0x41, first), frame(0x89, ""), frame(0x80, rest)].concat(),
        frame(0xc1, [0x00, 0x05, 0x00, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o', 0x00]),
        frame(0xc1, [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
    ] {
        let pings = sent.windows(1).count() > 0 && sent[0] == 0x41;
        ws.send(&sent).await;
        if pings {
            assert_eq!(ws.shown().await, "8a ");
        }
        assert_eq!(ws.frame().await, Some((0xc1, HELLO.to_vec())), "without a context they are all alike");
    }
    ws.send(frame(0x81, "chunked")).await;
    let firsts: Vec<u8> = [ws.frame().await, ws.frame().await, ws.frame().await, ws.frame().await]
        .into_iter()
        .map(|frame| frame.expect("a piece").0)
        .collect();
    assert_eq!(firsts, [0x41, 0x00, 0x00, 0x80], "only the first piece says so");
}

#[tokio::test]
async fn a_context_that_is_kept_makes_the_second_smaller() {
    let client = client(Client::builder().websocket_deflate(always().keep_context()));
    let mut ws = Wire::open(&client, "/echo", OFFER).await;
    // The second example of RFC 7692, section 7.2.3.2.
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    for sent in [&HELLO[..], &again] {
        ws.send(frame(0xc1, sent)).await;
        assert_eq!(ws.frame().await, Some((0xc1, sent.to_vec())));
    }
}

#[tokio::test]
async fn both_sides_understand_each_other_in_every_way() {
    let small = always().keep_context().server_max_window_bits(9).client_max_window_bits(9);
    let noise: String = (0..3_000u32).map(|number| char::from(b'a' + (number * number % 23) as u8)).collect();
    for server in [always(), always().keep_context(), small.clone()] {
        for own in [always(), always().keep_context(), small.clone()] {
            let client = client(Client::builder().websocket_deflate(server.clone()));
            let mut ws = client.websocket("/echo").deflate(own).await;
            assert_eq!(ws.extensions(), ["permessage-deflate"]);
            for text in ["", "Hello", "Hello", &noise, &noise, "κόσμε"] {
                ws.send(text).await.expect("sent");
                ws.expect_text(text).await;
                ws.send_chunked(text.as_bytes(), 7).await.expect("sent");
                ws.expect_binary(text).await;
            }
        }
    }
}

#[tokio::test]
async fn conditions_say_what_is_compressed() {
    let deflate =
        Deflate::default().compress_if_bigger_than(10).compress_if(|frame| frame.opcode == OpCode::Text);
    let client = client(Client::builder().websocket_deflate(deflate));
    let mut ws = Wire::open(&client, "/echo", OFFER).await;
    for (sent, length, expected) in
        [(0x81, 11, 0xc1), (0x81, 10, 0x81), (0x82, 11, 0x82), (0x82, 500, 0x82), (0x81, 500, 0xc1)]
    {
        ws.send(frame(sent, vec![b'x'; length])).await;
        assert_eq!(ws.frame().await.map(|(first, _)| first), Some(expected), "{sent:x} {length}");
    }
}

#[tokio::test]
async fn what_cannot_be_inflated_ends_the_session() {
    let table: [(&str, Vec<u8>, &str); 5] = [
        ("a reserved block", frame(0xc1, b"\xff\xff\xff"), "1007"),
        ("cut in a block", frame(0xc1, b"\x00\x05\x00\x00\x00"), "1007"),
        ("no UTF-8 inside", frame(0xc1, [0x00, 0x01, 0x00, 0xfe, 0xff, 0xff, 0x00]), "1007"),
        ("RSV1 in a later piece", [frame(0x41, &HELLO[..3]), frame(0xc0, &HELLO[3..])].concat(), "1002"),
        ("RSV1 of a ping", frame(0xc9, ""), "1002"),
    ];
    for (name, bytes, code) in table {
        for size in [bytes.len(), 1] {
            let config = WebSocketConfig::new().message_size(20_000);
            let builder = Client::builder().websocket_deflate(always()).websocket(config).state(Rooms::new());
            let (client, mut ends) = told(builder);
            let mut ws = Wire::open(&client, "/echo", OFFER).await;
            for piece in bytes.chunks(size) {
                ws.send(piece).await;
            }
            let closed = ws.shown().await;
            assert!(closed.starts_with(&format!("close {code}")), "{name} by {size}: {closed}");
            drop(ws);
            assert!(ends.only().await.starts_with(code), "{name} by {size}");
        }
    }
}

#[tokio::test]
async fn a_bomb_is_refused_by_what_it_would_become() {
    let config = WebSocketConfig::new().message_size(20_000);
    let client = client(Client::builder().websocket_deflate(always()).websocket(config));
    for (length, goes_well) in [(20_000, true), (20_001, false), (10_000_000, false)] {
        let mut ws = client.websocket("/echo").deflate(always()).await;
        ws.send(vec![b'0'; length]).await.expect("sent");
        if goes_well {
            assert_eq!(ws.expect_message().await.len(), length);
        } else {
            ws.expect_close(1009).await;
        }
        // In pieces it is the whole that counts.
        let mut ws = client.websocket("/echo").deflate(always()).await;
        ws.send_chunked(vec![b'0'; length], length / 2).await.expect("sent");
        if goes_well {
            assert_eq!(ws.expect_message().await.len(), length);
        } else {
            ws.expect_close(1009).await;
        }
    }
}

#[derive(Default)]
struct Member;

#[websocket_handler("/room")]
impl Member {
    fn on_open(&self, session: &WebSocketSession, rooms: State<&Rooms>) -> Result {
        rooms.join("all", session)
    }

    async fn on_message(&self, session: &WebSocketSession, message: Bytes) -> Result {
        session.send(String::from_utf8(message.to_vec()).map_err(|_| Error::internal("no text"))?).await
    }
}

#[tokio::test]
async fn a_broadcast_is_right_for_every_member() {
    let rooms = Rooms::new();
    let builder = Client::builder().websocket_deflate(always().keep_context()).state(rooms.clone());
    let (client, _) = told(builder);
    let mut members = [
        client.websocket("/room").await,
        client.websocket("/room").deflate(always()).await,
        client.websocket("/room").deflate(always().keep_context()).await,
        client.websocket("/room").deflate(always().keep_context().server_max_window_bits(9)).await,
    ];
    for round in 0..3 {
        for (index, ws) in members.iter_mut().enumerate() {
            let own = format!("own {index} and the same words again and again {round}");
            ws.send(own.as_bytes()).await.expect("sent");
            ws.expect_text(&own).await;
        }
        let text = format!("the same words again and again, for all of them {round}");
        for _ in 0..2 {
            assert_eq!(rooms.to("all").send(&text).await.ok(), Some(4));
            for ws in &mut members {
                ws.expect_text(&text).await;
            }
        }
    }
}

#[websocket_handler("/exactly", config = WebSocketConfig::new().message_size(2_000))]
async fn exactly(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message.len().to_string()).await?;
    }
    Ok(())
}

/// What cannot be compressed gets longer by it; the bound is for what it is when it is inflated.
#[tokio::test]
async fn a_message_of_exactly_the_bound_may_be_compressed() {
    let builder = Client::builder().websocket_deflate(Deflate::default()).state(Rooms::new());
    let (client, _ends) = told(builder);
    let mut ws = client.websocket("/exactly").deflate(Deflate::default()).await;
    let noise = |length| {
        let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        std::iter::successors(Some(7), next).map(|state| (state >> 56) as u8).take(length).collect::<Vec<_>>()
    };
    ws.send(noise(2_000)).await.expect("sent");
    ws.expect_text("2000").await;
    ws.send(noise(2_001)).await.expect("sent");
    ws.expect_close(1009).await;
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
