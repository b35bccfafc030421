//! Rooms of several nodes while Redis is killed, stopped, slow, or cut off: nothing is heard twice, nothing out of order, and what is
//! not heard is told to whoever sent it, or shows as a gap.

#[path = "redis/nodes.rs"]
mod nodes;
#[path = "redis/proxy.rs"]
mod proxy;
mod redis;
mod said;
#[path = "redis/speaker.rs"]
mod speaker;

use std::time::Duration;

use tokio::time::sleep;
use vernal::test::Client;
use vernal::websocket::Rooms;
use vernal::{Result, State, request_map};

use self::nodes::{Node, heard, shared, until};
use self::proxy::{Line, Proxy};
use self::redis::Redis;
use self::said::Said;
use self::speaker::{Speaker, agree, is_unknown, numbers};

/// What happens to Redis, or to the way there, while two nodes speak.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Kill,
    Stop,
    StopForLong,
    Pause,
    Sleep,
    Cut,
    Hold,
    KillClients,
    FlushScripts,
    LoseLeases,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_shuffled_whatever_happens_to_redis() {
    for (fault, times, gaps) in [
        (Fault::Kill, 2, true),
        (Fault::Stop, 2, false),
        (Fault::StopForLong, 1, true),
        (Fault::Pause, 2, false),
        (Fault::Sleep, 2, false),
        (Fault::Cut, 20, false),
        (Fault::Hold, 2, false),
        (Fault::KillClients, 20, false),
        (Fault::FlushScripts, 10, false),
        (Fault::LoseLeases, 1, true),
    ] {
        eprintln!("{fault:?}");
        let mut redis = Redis::start();
        let proxy = Proxy::start(redis.port).await;
        let lease = Duration::from_secs(if matches!(fault, Fault::StopForLong) { 1 } else { 5 });
        let start = || Node::start(shared(&proxy.url()).lease(lease).timeout(Duration::from_millis(200)));
        let (one, other) = (start(), start());
        let (mut ann, mut bob) = (one.enter("tea").await, other.enter("tea").await);
        let speakers = [Speaker::start(&one.rooms, "ann"), Speaker::start(&other.rooms, "bob")];
        let listening = tokio::spawn(async move {
            let (from_ann, from_bob) = (numbers(&mut bob, "ann").await, numbers(&mut ann, "bob").await);
            ([from_ann, from_bob], ann, bob)
        });
        for _ in 0..times {
            speakers[0].goes_on(10).await;
            speakers[1].goes_on(10).await;
            match fault {
                Fault::Kill => {
                    redis.kill();
                    sleep(Duration::from_millis(300)).await;
                    redis.start_again();
                }
                Fault::Stop => {
                    redis.signal("STOP");
                    sleep(Duration::from_millis(700)).await;
                    redis.signal("CONT");
                }
                Fault::StopForLong => {
                    redis.signal("STOP");
                    sleep(Duration::from_millis(2500)).await;
                    redis.signal("CONT");
                }
                Fault::Pause => drop(redis.ask(&["CLIENT", "PAUSE", "700", "ALL"])),
                Fault::Sleep => drop(redis.ask(&["DEBUG", "SLEEP", "0.7"])),
                Fault::Cut => proxy.cut(),
                Fault::Hold => {
                    proxy.set(Line::Held);
                    sleep(Duration::from_millis(700)).await;
                    proxy.set(Line::Open);
                }
                Fault::KillClients => drop(redis.ask(&["CLIENT", "KILL", "TYPE", "normal"])),
                Fault::FlushScripts => drop(redis.ask(&["SCRIPT", "FLUSH"])),
                Fault::LoseLeases => {
                    let leases = redis.ask(&["KEYS", "*:lease:*"]);
                    redis.ask(&[&["DEL"], &leases.lines().collect::<Vec<_>>()[..]].concat());
                }
            }
        }
        speakers[0].goes_on(10).await;
        speakers[1].goes_on(10).await;
        let mut fates = Vec::new();
        for speaker in speakers {
            fates.push(speaker.end().await);
        }
        let (heard, mut ann, mut bob) = listening.await.expect("it ran");
        if !matches!(fault, Fault::LoseLeases) {
            agree("ann", &fates[0], &heard[0]);
            agree("bob", &fates[1], &heard[1]);
        }
        let found = (one.rooms.gaps(), other.rooms.gaps());
        assert_eq!((found.0 > 0, found.1 > 0), (gaps, gaps), "{fault:?}: {found:?}");
        until("its members", async || one.rooms.len("tea").await.ok() == Some(2)).await;
        until("its members", async || other.rooms.len("tea").await.ok() == Some(2)).await;
        ann.send("tea hello").await.expect("an open session");
        while nodes::heard(&mut bob).await != "hello" {}
        bob.send("tea hello").await.expect("an open session");
        while nodes::heard(&mut ann).await != "hello" {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_redis_is_bounded_and_refused_with_words() {
    let mut redis = Redis::start();
    let start = || {
        let shared = shared(&redis.url()).timeout(Duration::from_millis(200)).queue_size(100_000);
        Node::start(shared.wait(Duration::from_millis(400)))
    };
    let (one, other) = (start(), start());
    let (mut ann, mut bob) = (one.enter("tea").await, other.enter("tea").await);
    assert_eq!(one.say("tea", "before").await, 2);
    redis.kill();
    until("it is noticed", async || one.rooms.check().await.is_err()).await;
    // Those here hear at once, whatever becomes of it.
    let text = "x".repeat(30_000);
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let (rooms, text) = (one.rooms.clone(), text.clone());
        waiting.push(tokio::spawn(async move { rooms.to("tea").send(text).await }));
    }
    assert_eq!(heard(&mut ann).await, "before");
    for _ in 0..5 {
        assert_eq!(heard(&mut ann).await, text);
    }
    let mut refused = Vec::new();
    for task in waiting {
        let error = task.await.expect("it ran").expect_err("Redis is away");
        assert_eq!(error.status(), 503);
        assert_eq!(error.close_code().map(u16::from), Some(1013));
        refused.push(cause(&error));
    }
    let full = refused.iter().filter(|told| told.contains("queue_size")).count();
    let late = refused.iter().filter(|told| told.contains("400ms")).count();
    assert_eq!((full, late), (2, 3), "three times 30,131 bytes fit: {refused:#?}");
    let error = one.rooms.len("tea").await.expect_err("Redis is away");
    assert_eq!(error.status(), 503);
    assert!(cause(&error).contains(&redis.port.to_string()), "{}", cause(&error));
    assert!(one.rooms.check().await.is_err() && one.rooms.settled().await.is_ok());
    // A session that comes meanwhile is told of when Redis is back; what was refused is not heard.
    redis.start_again();
    until("all is well", async || one.rooms.len("tea").await.ok() == Some(2)).await;
    until("all is well", async || one.rooms.to("tea").send("after").await.is_ok()).await;
    assert_eq!(heard(&mut bob).await, "before");
    assert_eq!(heard(&mut bob).await, "after");
    assert!(one.rooms.check().await.is_ok());
}

/// What caused an error, which is for the log.
fn cause(error: &vernal::Error) -> String {
    error.source().expect("a cause").to_string()
}

#[request_map("/tell/{room}", method = "POST", app = "nodes")]
async fn tell(room: &str, rooms: State<&Rooms>) -> Result<String> {
    Ok(rooms.to(room).send("hi").await?.to_string())
}

#[request_map("/count/{room}", app = "nodes")]
async fn count(room: &str, rooms: State<&Rooms>) -> Result<String> {
    Ok(rooms.len(room).await?.to_string())
}

#[tokio::test]
async fn strangers_do_not_hear_where_redis_is_and_the_log_does() {
    const LATER: &str = "Other nodes cannot be reached at the moment; try again later.";
    for show_errors in [false, true] {
        let said = Said::default();
        let _kept = tracing::subscriber::set_default(said.clone());
        let redis = Redis::start();
        let short = Duration::from_millis(100);
        let one = Node::start(shared(&redis.url()).timeout(short).wait(short * 2));
        let other = Node::start(shared(&redis.url()));
        let client = Client::builder().app("nodes").show_errors(show_errors).state(one.rooms.clone()).build();
        let mut ann = client.websocket("/hall/tea").await;
        ann.expect_text("in").await;
        let _bob = other.enter("tea").await;
        redis.signal("STOP");
        let undelivered = "Not everybody has got the message: the members on other nodes may not get it.";
        for (answer, expected) in
            [(client.post("/tell/tea").await, undelivered), (client.get("/count/tea").await, LATER)]
        {
            answer.assert_status(503);
            assert!(answer.text().contains(expected), "{}", answer.text());
            assert!(!answer.text().contains(&redis.port.to_string()), "{}", answer.text());
        }
        ann.expect_text("hi").await;
        ann.send("tea hello").await.expect("an open session");
        let reason = ann.expect_close(1013).await;
        assert!(reason.text().starts_with("Not everybody has got the message: "), "{reason}");
        assert!(!reason.text().contains(&redis.port.to_string()), "{reason}");
        // What waits in `on_open` ends with the same code as what sends.
        let mut eve = client.websocket("/hall/milk").await;
        assert_eq!(eve.expect_close(1013).await.text(), LATER);
        let place = format!("127.0.0.1:{}", redis.port);
        for failed in ["POST /tell/tea", "GET /count/tea", "GET /hall/tea", "GET /hall/milk"] {
            let lines = said.with(failed);
            let told = lines.iter().any(|line| line.starts_with("ERROR ") && line.contains(&place));
            assert!(told, "{failed}: {lines:#?}");
        }
        redis.signal("CONT");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_leaves_it_unknown_and_still_nothing_comes_twice() {
    let redis = Redis::start();
    let proxy = Proxy::start(redis.port).await;
    let wait = Duration::from_millis(300);
    let one = Node::start(shared(&proxy.url()).timeout(Duration::from_millis(200)).wait(wait));
    let other = Node::start(shared(&redis.url()));
    let (_ann, mut bob) = (one.enter("tea").await, other.enter("tea").await);
    assert_eq!(one.say("tea", "before").await, 2);
    redis.signal("STOP");
    let error = one.rooms.to("tea").send("during").await.expect_err("Redis is stopped");
    assert!(is_unknown(&error), "{}", error.explain_text());
    redis.signal("CONT");
    until("all is well", async || one.rooms.to("tea").send("after").await.is_ok()).await;
    for expected in ["before", "during", "after"] {
        assert_eq!(heard(&mut bob).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_are_called_out() {
    let redis = Redis::start();
    let one = Node::start(shared(&redis.url()));
    let other = Node::start(shared(&redis.url()).on_gap(|rooms| {
        for session in rooms.here("tea") {
            let _ = session.try_send("load again");
        }
    }));
    let mut bob = other.enter("tea").await;
    assert_eq!(one.say("tea", "first").await, 1);
    assert_eq!(heard(&mut bob).await, "first");
    // Somebody takes entries away: the numbers show it.
    let node = redis.ask(&["SMEMBERS", "{vernal:rooms}:room:tea"]);
    redis.ask(&["HINCRBY", &format!("{{vernal:rooms}}:node:{node}"), "added", "3"]);
    assert_eq!(one.say("tea", "second").await, 1);
    let mut told = [heard(&mut bob).await, heard(&mut bob).await];
    told.sort();
    assert_eq!(told, ["load again", "second"]);
    assert_eq!((one.rooms.gaps(), other.rooms.gaps()), (0, 1));
    // Redis goes back to what it was some time ago.
    let number = redis.ask(&["HGET", &format!("{{vernal:rooms}}:node:{node}"), "added"]);
    assert_eq!(number, "5");
    redis.ask(&["HSET", &format!("{{vernal:rooms}}:node:{node}"), "added", "1"]);
    until("the gap", async || one.rooms.gaps() == 1 && other.rooms.gaps() == 2).await;
    assert_eq!(heard(&mut bob).await, "load again");
    assert_eq!(one.say("tea", "third").await, 1);
    assert_eq!(heard(&mut bob).await, "third");
    // A replica becomes the primary that was not told of a member.
    for node in redis.ask(&["SMEMBERS", "{vernal:rooms}:room:tea"]).lines() {
        redis.ask(&["HSET", &format!("{{vernal:rooms}}:node:{node}"), "changes", "0"]);
    }
    redis.ask(&["DEL", "{vernal:rooms}:room:tea"]);
    until("the gap", async || one.rooms.gaps() == 2 && other.rooms.gaps() == 3).await;
    assert_eq!(heard(&mut bob).await, "load again");
    assert_eq!(one.say("tea", "fourth").await, 1);
    assert_eq!(heard(&mut bob).await, "fourth");
}
