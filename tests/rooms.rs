//! Rooms: who is in, who gets what, and that nobody waits for slow members.

mod both;
mod wire;

use vernal::test::{Client, TestSocket};
use vernal::websocket::{CloseReason, Overflow, Rooms, WebSocketConfig, WebSocketSession};
use vernal::{Json, Result, State, websocket_handler};

use wire::{Ends, Told, Wire, frame};

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    async fn on_open(&self, session: &WebSocketSession, room: &str, rooms: State<&Rooms>) -> Result {
        rooms.join(room, session)?;
        session.send("in").await
    }

    async fn on_message(
        &self,
        session: &WebSocketSession,
        room: &str,
        rooms: State<&Rooms>,
        message: &str,
    ) -> Result {
        let count = match message.split_once(' ') {
            Some(("join", room)) => {
                rooms.join(room, session)?;
                rooms.len(room).await?
            }
            Some(("leave", room)) => usize::from(rooms.leave(room, session)),
            Some(("others", text)) => rooms.to(room).except(session).send(text).await?,
            Some(("json", text)) => rooms.to(room).send(Json([text])).await?,
            Some(("bytes", text)) => rooms.to(room).send(text.as_bytes()).await?,
            Some((room, text)) => rooms.to(room).send(text).await?,
            None => panic!("as it should"),
        };
        session.send(format!("{count}")).await
    }

    fn on_close(
        &self,
        session: &WebSocketSession,
        rooms: State<&Rooms>,
        ends: State<&Ends>,
        reason: &CloseReason,
    ) {
        assert!(rooms.names().iter().all(|room| !rooms.here(room).contains(session)), "it has left already");
        assert!(rooms.join("late", session).is_err());
        ends.add(reason);
    }
}

fn house(config: WebSocketConfig) -> (Client, Told, Rooms) {
    let rooms = Rooms::new();
    let (client, ends) = wire::told(Client::builder().state(rooms.clone()).websocket(config));
    (client, ends, rooms)
}

async fn enter(client: &Client, room: &str) -> TestSocket {
    let mut ws = client.websocket(&format!("/chat/{room}")).await;
    ws.expect_text("in").await;
    ws
}

async fn say(ws: &TestSocket, text: &str) {
    ws.send(text).await.expect("an open session");
}

#[tokio::test]
async fn members_get_what_is_said() {
    let (client, _, rooms) = house(WebSocketConfig::new());
    let (mut ann, mut bob, mut eve) =
        (enter(&client, "red").await, enter(&client, "red").await, enter(&client, "blue").await);
    for (room, count) in [("red", 2), ("blue", 1), ("green", 0)] {
        assert_eq!(rooms.len(room).await.ok(), Some(count), "{room}");
    }
    say(&ann, "red hello").await;
    for ws in [&mut ann, &mut bob] {
        ws.expect_text("hello").await;
    }
    ann.expect_text("2").await;
    say(&ann, "others hey").await;
    bob.expect_text("hey").await;
    ann.expect_text("1").await;
    say(&eve, "red from outside").await;
    ann.expect_text("from outside").await;
    bob.expect_text("from outside").await;
    eve.expect_text("2").await;
    say(&eve, "green nobody is there").await;
    eve.expect_text("0").await;
    say(&bob, "json {").await;
    say(&bob, "bytes \u{7f}").await;
    ann.expect_text("[\"{\"]").await;
    ann.expect_binary("\u{7f}").await;
    let mut names = rooms.names();
    names.sort();
    assert_eq!(names, ["blue", "red"]);
    let members = rooms.members("red").await.expect("nothing that may fail");
    let here: Vec<_> = rooms.here("red").iter().map(|session| session.id()).collect();
    assert_eq!(members.iter().map(|member| member.id()).collect::<Vec<_>>(), here);
    assert!(members.iter().all(|member| member.session().is_some()));
    rooms.settled().await.expect("nothing to wait for");
}

#[tokio::test]
async fn members_join_and_leave() {
    let (client, mut ends, rooms) = house(WebSocketConfig::new());
    assert!(rooms.is_empty());
    let mut ann = enter(&client, "red").await;
    for (text, count, left) in [
        ("join red", "1", 1),
        ("join red", "1", 1),
        ("leave red", "1", 0),
        ("leave red", "0", 0),
        ("leave nowhere", "0", 0),
        ("join red", "1", 1),
    ] {
        say(&ann, text).await;
        ann.expect_text(count).await;
        assert_eq!(rooms.here("red").len(), left, "{text}");
        assert_eq!(rooms.is_empty(), left == 0, "a room is there while somebody is in it");
    }
    say(&ann, "join blue").await;
    ann.expect_text("1").await;
    let bob = enter(&client, "blue").await;
    assert_eq!((rooms.here("red").len(), rooms.here("blue").len()), (1, 2));
    ann.close(1000, "").expect("a good reason");
    assert_eq!(ends.only().await, "1000");
    assert_eq!(
        (rooms.here("red").len(), rooms.here("blue").len(), rooms.names()),
        (0, 1, vec!["blue".to_owned()])
    );
    drop(bob);
    assert_eq!(ends.only().await, "1000");
    assert!(rooms.is_empty());
}

#[tokio::test]
async fn members_leave_however_they_end() {
    let (client, mut ends, rooms) = house(WebSocketConfig::new());
    for (name, sent, code) in [
        ("a close frame", frame(0x88, ""), "1005"),
        ("a panic", frame(0x81, "panic"), "1011"),
        ("a broken rule", vec![0x81, 0], "1002"),
        ("the wire is cut", Vec::new(), "1006"),
    ] {
        let mut ws = Wire::open(&client, "/chat/red", "").await;
        assert_eq!(ws.shown().await, "81 in");
        assert_eq!(rooms.here("red").len(), 1);
        ws.send(sent).await;
        drop(ws);
        assert_eq!(ends.only().await[..4], *code, "{name}");
        assert!(rooms.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn slow_members_never_hold_the_rest() {
    for (overflow, end) in [
        (Overflow::Wait, Some("1013 The outbox is full")),
        (Overflow::Close, Some("1013 The outbox is full")),
        (Overflow::DropNewest, None),
        (Overflow::DropOldest, None),
    ] {
        let config = WebSocketConfig::new().outbox_size(300_000).overflow(overflow);
        let (client, mut ends, rooms) = house(config);
        let mut slow = Wire::open(&client, "/chat/red", "").await;
        assert_eq!(slow.shown().await, "81 in");
        let mut quick = enter(&client, "red").await;
        let filling = "x".repeat(100_000);
        for number in 0..50 {
            rooms.to("red").send(format!("{number} {filling}")).await.expect("a text");
            quick.expect_text(&format!("{number} {filling}")).await;
        }
        let taken = rooms.to("red").send(format!("50 {filling}")).await.ok();
        assert_eq!(taken, Some(if overflow == Overflow::DropOldest { 2 } else { 1 }), "{overflow:?}");
        let mut numbers: Vec<usize> = Vec::new();
        let mut closed;
        loop {
            let shown = slow.shown().await;
            closed = shown.starts_with("close");
            let number = shown.split(' ').nth(1).filter(|_| !closed);
            let Some(number) = number else { break };
            numbers.push(number.parse().expect("a number"));
            if numbers.len() >= 3 && end.is_none() {
                break;
            }
        }
        assert_eq!(closed, end.is_some(), "{overflow:?}");
        assert!(numbers.is_sorted() && numbers[0] == 0 && numbers.len() < 12, "{overflow:?} {numbers:?}");
        if let Some(end) = end {
            drop(slow);
            assert_eq!(ends.only().await, end);
        }
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}

#[tokio::test]
async fn a_name_that_is_too_long_is_a_mistake_of_the_peer() {
    let (client, _, rooms) = house(WebSocketConfig::new());
    let (most, beyond) = ("x".repeat(1024), "x".repeat(1025));
    let told = "The name of a room has at most 1024 bytes; this one has 1025.";
    let mut ws = client.websocket("/chat/tea").await;
    ws.expect_text("in").await;
    for (message, expected) in [(format!("join {most}"), "1"), (format!("{most} hi"), "hi")] {
        ws.send(message).await.expect("an open session");
        ws.expect_text(expected).await;
    }
    for message in [format!("join {beyond}"), format!("{beyond} hi")] {
        let mut ws = client.websocket("/chat/tea").await;
        ws.expect_text("in").await;
        ws.send(message).await.expect("an open session");
        assert_eq!(ws.expect_close(1008).await.text(), told);
    }
    let mut ws = client.websocket(&format!("/chat/{beyond}")).await;
    assert_eq!(ws.expect_close(1008).await.text(), told);
    let error = rooms.to(&beyond).send("hi").await.expect_err("too long");
    assert_eq!((error.status().as_u16(), error.explain_text()), (400, told));
}
