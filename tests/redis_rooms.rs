//! Rooms of several nodes: who hears what, who is there, what a node is spared, and what is refused.

#[cfg(feature = "tls")]
mod authority;
#[path = "redis/nodes.rs"]
mod nodes;
mod redis;

use std::time::Duration;

use vernal::test::TestSocket;
use vernal::websocket::{RedisRooms, Undelivered};

use self::nodes::{Node, heard, shared, until};
use self::redis::Redis;

/// All messages of all senders, each once, those of one sender in order.
async fn hears_all(ws: &mut TestSocket, senders: &[&str], count: usize) {
    let mut next = vec![0; senders.len()];
    for _ in 0..senders.len() * count {
        let text = heard(ws).await;
        let (name, number) = text.split_once(' ').expect("a name and a number");
        let sender = senders.iter().position(|sender| *sender == name).expect("a sender");
        assert_eq!(number.parse(), Ok(next[sender]), "of {name}");
        next[sender] += 1;
    }
    assert!(next.iter().all(|next| *next == count));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_on_all_nodes_hear_once_and_in_order() {
    const COUNT: usize = 300;
    let redis = Redis::start();
    let nodes: Vec<_> = (0..3).map(|_| Node::start(shared(&redis.url()))).collect();
    let mut members = Vec::new();
    for node in &nodes {
        members.push(node.enter("tea").await);
        members.push(node.enter("tea").await);
    }
    let mut other = nodes[0].enter("milk").await;
    let mut sending = Vec::new();
    for (node, name) in nodes.iter().zip(["ann", "bob", "eve"]) {
        let rooms = node.rooms.clone();
        sending.push(tokio::spawn(async move {
            for number in 0..COUNT {
                let count = rooms.to("tea").send(format!("{name} {number}")).await.expect("Redis is there");
                assert_eq!(count, 6, "{name} {number}");
            }
        }));
    }
    for ws in &mut members {
        hears_all(ws, &["ann", "bob", "eve"], COUNT).await;
    }
    for task in sending {
        task.await.expect("it ran");
    }
    assert_eq!(nodes[1].say("milk", "moo").await, 1);
    assert_eq!(heard(&mut other).await, "moo");
    // Nothing has come twice: what is said next is heard next.
    members[0].send("tea the end").await.expect("an open session");
    for ws in &mut members[1..] {
        assert_eq!(heard(ws).await, "the end");
    }
    assert!(nodes.iter().all(|node| node.rooms.gaps() == 0));
}

#[tokio::test]
async fn bytes_and_large_messages_arrive_as_they_are() {
    let redis = Redis::start();
    let (one, other) = (Node::start(shared(&redis.url())), Node::start(shared(&redis.url())));
    let mut ws = other.enter("tea").await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 1 << 20, (8 << 20) + 1] {
        let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        assert_eq!(one.rooms.to("tea").send(&bytes).await.ok(), Some(1), "{size}");
        ws.expect_binary(&bytes).await;
        let text = "é".repeat(size / 2);
        assert_eq!(one.say("tea", &text).await, 1, "{size}");
        ws.expect_text(&text).await;
    }
    // What has been read takes no room any more.
    until("the inbox", async || {
        let inboxes = redis.ask(&["KEYS", "*inbox*"]);
        inboxes.lines().all(|inbox| redis.ask(&["XLEN", inbox]) == "0")
    })
    .await;
}

#[tokio::test]
async fn members_are_known_everywhere() {
    let redis = Redis::start();
    let (one, other) = (Node::start(shared(&redis.url())), Node::start(shared(&redis.url())));
    let mut ann = one.enter("tea").await;
    let bob = other.enter("tea").await;
    let _eve = other.enter("tea").await;
    for node in [&one, &other] {
        assert_eq!(node.rooms.len("tea").await.expect("Redis is there"), 3);
        assert_eq!(node.rooms.len("milk").await.expect("Redis is there"), 0);
    }
    assert_eq!((one.rooms.here("tea").len(), other.rooms.here("tea").len()), (1, 2));
    let mut ids = Vec::new();
    for node in [&one, &other] {
        let members = node.rooms.members("tea").await.expect("Redis is there");
        let here: Vec<_> = members.iter().filter_map(|member| member.session()).cloned().collect();
        assert_eq!(here, node.rooms.here("tea"));
        let mut all: Vec<_> = members.iter().map(|member| member.id()).collect();
        all.sort();
        ids.push(all);
    }
    assert_eq!((ids[0].len(), &ids[0]), (3, &ids[1]));
    ann.send("leave tea").await.expect("an open session");
    assert_eq!(heard(&mut ann).await, "out");
    assert_eq!(other.rooms.len("tea").await.expect("Redis is there"), 2);
    drop(bob);
    until("bob", async || one.rooms.len("tea").await.ok() == Some(1)).await;
    // A node that ends as it should takes its members along.
    drop(other);
    drop(_eve);
    until("the node", async || one.rooms.len("tea").await.ok() == Some(0)).await;
}

#[test]
fn members_of_a_killed_node_are_gone_after_its_lease() {
    let redis = Redis::start();
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let (ours, theirs) = (runtime().expect("a runtime"), runtime().expect("a runtime"));
    let lease = Duration::from_secs(1);
    let killed = theirs.block_on(async {
        let node = Node::start(shared(&redis.url()).lease(lease));
        let sessions = [node.enter("tea").await, node.enter("tea").await, node.enter("milk").await];
        (node, sessions)
    });
    ours.block_on(async {
        let node = Node::start(shared(&redis.url()).lease(lease));
        let mut ann = node.enter("tea").await;
        assert_eq!(node.rooms.len("tea").await.expect("Redis is there"), 3);
        // Nothing of it runs any more, and it has told nobody.
        theirs.shutdown_background();
        until("the lease", async || node.rooms.len("tea").await.ok() == Some(1)).await;
        assert_eq!(node.rooms.members("tea").await.expect("Redis is there").len(), 1);
        assert_eq!(node.say("tea", "still here").await, 1);
        assert_eq!(heard(&mut ann).await, "still here");
        // Nor is anything left of it.
        until("its keys", async || redis.ask(&["SCARD", "{vernal:rooms}:nodes"]) == "1").await;
        let left = redis.ask(&["KEYS", "*"]);
        assert!(!left.contains("milk"), "{left}");
    });
    drop(killed);
}

#[tokio::test]
async fn a_node_is_spared_what_none_of_its_members_hears() {
    let redis = Redis::start();
    let (one, other) = (Node::start(shared(&redis.url())), Node::start(shared(&redis.url())));
    let mut ann = one.enter("tea").await;
    let mut bob = other.enter("milk").await;
    for number in 0..50 {
        assert_eq!(other.say("tea", &number.to_string()).await, 1);
        assert_eq!(one.say("tea", "here").await, 1);
        assert_eq!(one.say("nowhere", "nobody").await, 0);
    }
    assert_eq!(one.say("milk", "moo").await, 1);
    assert_eq!(heard(&mut bob).await, "moo");
    assert_eq!(heard(&mut ann).await, "0");
    let added: Vec<_> =
        redis.ask(&["KEYS", "*:node:*"]).lines().map(|node| redis.ask(&["HGET", node, "added"])).collect();
    assert_eq!(added.len(), 2);
    assert!(added.contains(&"50".to_owned()) && added.contains(&"1".to_owned()), "{added:?}");
}

#[tokio::test]
async fn redis_is_not_told_of_each_message_that_is_read() {
    let redis = Redis::start();
    let (one, other) = (Node::start(shared(&redis.url())), Node::start(shared(&redis.url())));
    let mut bob = other.enter("tea").await;
    for number in 0..600 {
        assert_eq!(one.say("tea", &number.to_string()).await, 1);
        assert_eq!(heard(&mut bob).await, number.to_string());
    }
    let told = redis.ask(&["INFO", "commandstats"]);
    let calls = told.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls=")?.split(',').next());
    let calls: usize = calls.and_then(|calls| calls.parse().ok()).expect("scripts have run");
    assert!(calls < 300, "{calls} times");
    // Soon it is, without another message.
    let node = redis.ask(&["SMEMBERS", "{vernal:rooms}:room:tea"]);
    let read = format!("{{vernal:rooms}}:node:{node}");
    until("it is told", async || redis.ask(&["HGET", &read, "read"]) == "600").await;
    let inbox = format!("{{vernal:rooms}}:inbox:{node}");
    until("it is empty", async || redis.ask(&["XLEN", &inbox]) == "0").await;
}

#[tokio::test]
async fn applications_with_prefixes_of_their_own_share_nothing() {
    let redis = Redis::start();
    let one = Node::start(shared(&redis.url()).prefix("shop"));
    let other = Node::start(shared(&redis.url()).prefix("{mall}/"));
    let (mut ann, mut bob) = (one.enter("tea").await, other.enter("tea").await);
    assert_eq!(one.say("tea", "shop").await, 1);
    assert_eq!(other.say("tea", "mall").await, 1);
    assert_eq!((heard(&mut ann).await, heard(&mut bob).await), ("shop".to_owned(), "mall".to_owned()));
    let keys = redis.ask(&["KEYS", "*"]);
    assert!(keys.lines().all(|key| key.starts_with("{shop}:") || key.starts_with("{mall}/")), "{keys}");
}

#[tokio::test]
async fn what_is_foreign_is_passed_over() {
    let redis = Redis::start();
    let (one, other) = (Node::start(shared(&redis.url())), Node::start(shared(&redis.url())));
    let mut bob = other.enter("tea").await;
    assert_eq!(one.say("tea", "first").await, 1);
    assert_eq!(heard(&mut bob).await, "first");
    let node = redis.ask(&["SMEMBERS", "{vernal:rooms}:room:tea"]);
    let inbox = format!("{{vernal:rooms}}:inbox:{node}");
    for fields in [
        &["user", "ann"][..],
        &["h", "V\u{2}and what only the next version knows", "r", "tea", "p", "later"],
        &["n", "x", "b", "-1", "h", "V", "r", "tea", "p", "cut"],
    ] {
        redis.ask(&[&["XADD", &inbox, "*"], fields].concat());
    }
    for number in 0..3 {
        assert_eq!(one.say("tea", &format!("then {number}")).await, 1);
        assert_eq!(heard(&mut bob).await, format!("then {number}"));
    }
    assert_eq!(other.rooms.gaps(), 0);
    // The inbox itself is taken for something else: the node gets another.
    redis.ask(&["SET", &inbox, "mine"]);
    until("another inbox", async || other.rooms.gaps() == 1).await;
    until("its members", async || one.rooms.len("tea").await.ok() == Some(1)).await;
    assert_eq!(one.say("tea", "and on").await, 1);
    assert_eq!(heard(&mut bob).await, "and on");
    // So is a room: who sends is told.
    redis.ask(&["SET", "{vernal:rooms}:room:milk", "mine"]);
    let error = one.rooms.to("milk").send("moo").await.expect_err("it cannot be known who is there");
    assert!(cause(&error).contains("prefix"), "{error}");
    assert_eq!(one.say("tea", "at last").await, 1);
    assert_eq!(heard(&mut bob).await, "at last");
}

/// Why, which is for the log.
fn cause(error: &vernal::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn names_have_a_bound_and_it_is_told() {
    let redis = Redis::start();
    let node = Node::start(shared(&redis.url()));
    let mut ws = node.enter("tea").await;
    let session = node.rooms.here("tea").remove(0);
    let most = "x".repeat(1024);
    node.rooms.join(&most, &session).expect("a good name");
    assert_eq!(node.say(&most, "hi").await, 1);
    assert_eq!(heard(&mut ws).await, "hi");
    for length in [1025, 1 << 20] {
        let name = "x".repeat(length);
        let errors = [node.rooms.join(&name, &session).err(), node.rooms.to(&name).send("hi").await.err()];
        for error in errors {
            let error = error.expect("too long");
            assert_eq!(error.status(), 400);
            let told = error.explain_text();
            assert!(
                told.contains("1024") && told.contains(&length.to_string()) && told.len() < 200,
                "{told}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rooms_are_carried() {
    const ROOMS: usize = 100_000;
    let mut redis = Redis::start();
    let (one, other) = (Node::start(shared(&redis.url())), Node::start(shared(&redis.url())));
    let mut ws = one.enter("0").await;
    let session = one.rooms.here("0").remove(0);
    let name = |number: usize| format!("room {number}");
    let rooms = one.rooms.clone();
    let joining = tokio::task::spawn_blocking(move || {
        for number in 0..ROOMS {
            rooms.join(&name(number), &session).expect("an open session");
        }
    });
    joining.await.expect("it ran");
    one.rooms.settled().await.expect("Redis is there");
    let check = async |ws: &mut TestSocket| {
        for number in [0, ROOMS / 2, ROOMS - 1] {
            assert_eq!(other.rooms.len(&name(number)).await.expect("Redis is there"), 1, "{number}");
            assert_eq!(other.say(&name(number), "hi").await, 1, "{number}");
            assert_eq!(heard(ws).await, "hi");
        }
    };
    check(&mut ws).await;
    // A Redis that begins anew is told of all of them.
    redis.kill();
    redis.start_again();
    until("the node", async || one.rooms.gaps() == 1 && other.rooms.gaps() == 1).await;
    check(&mut ws).await;
    // Each is found at once, however many there are.
    let (rooms, session) = (one.rooms.clone(), one.rooms.here("0").remove(0));
    let leaving = tokio::task::spawn_blocking(move || {
        for number in ROOMS / 2..ROOMS {
            assert!(rooms.leave(&name(number), &session));
        }
    });
    tokio::time::timeout(Duration::from_secs(20), leaving).await.expect("it takes a second").expect("it ran");
    assert_eq!(one.rooms.names().len(), ROOMS / 2 + 1);
    drop(ws);
    until("the session ends", async || one.rooms.is_empty()).await;
    one.rooms.settled().await.expect("Redis is there");
    let keys: usize = redis.ask(&["DBSIZE"]).parse().expect("a number");
    assert!(keys < 20, "{keys} keys are left");
}

#[tokio::test]
async fn a_node_that_does_not_keep_up_is_told_of() {
    let redis = Redis::start();
    let node = Node::start(shared(&redis.url()).inbox_size(100_000));
    let mut ann = node.enter("tea").await;
    // A node that lives and never reads.
    redis.ask(&["SADD", "{vernal:rooms}:nodes", "stuck"]);
    redis.ask(&["SET", "{vernal:rooms}:lease:stuck", "1"]);
    redis.ask(&["SADD", "{vernal:rooms}:room:tea", "stuck"]);
    redis.ask(&["SADD", "{vernal:rooms}:in:stuck:tea", "0123456789abcdef"]);
    redis.ask(&["SADD", "{vernal:rooms}:rooms:stuck", "tea"]);
    let text = "x".repeat(10_000);
    let mut taken = 0;
    let error = loop {
        match node.rooms.to("tea").send(text.as_str()).await {
            Ok(count) => assert_eq!(count, 2),
            Err(error) => break error,
        }
        taken += 1;
        assert_eq!(heard(&mut ann).await, text);
    };
    assert_eq!(heard(&mut ann).await, text, "those on this node have it");
    assert_eq!((taken, error.status().as_u16()), (9, 503), "9 times 10,131 bytes fit");
    let undelivered = error.source().and_then(|source| source.downcast_ref::<Undelivered>());
    assert_eq!(undelivered.map(Undelivered::is_unknown), Some(false));
    assert!(cause(&error).contains("inbox_size"), "{error}");
    assert_eq!(node.say("milk", "others are not held up").await, 0);
    redis.ask(&["DEL", "{vernal:rooms}:lease:stuck"]);
    assert_eq!(node.say("tea", &text).await, 1, "it is gone");
}

#[tokio::test]
async fn mistakes_are_named_at_start() {
    let redis = Redis::start_with(|_| ["--requirepass", "secret"].map(str::to_owned).to_vec());
    let with = |user: &str| redis.url().replace("redis://", &format!("redis://{user}@"));
    for (url, words) in [
        ("http://localhost".to_owned(), "URL"),
        ("redis://127.0.0.1:1".to_owned(), "127.0.0.1:1"),
        (redis.url(), "uthentication"),
        (with(":wrong"), "assword"),
        (with(":wrong") + "?protocol=resp3", "WRONGPASS"),
        (with(":secret") + "99", "DB index"),
    ] {
        let Err(error) = RedisRooms::connect(&url).await else { panic!("{url}") };
        let told = error.to_string() + error.explain_text();
        assert!(told.contains(words) || told.contains("NOAUTH"), "{url}: {told}");
        assert!(!told.contains("wrong@") && !told.contains("secret"), "{told}");
    }
    // Later, whoever sends is told, and whoever listens here hears.
    let node = Node::start(shared(&with(":wrong")).wait(Duration::from_millis(500)));
    let error = node.rooms.to("tea").send("hi").await.expect_err("Redis refuses");
    assert!(cause(&error).contains("assword"), "{}", cause(&error));
    let good = [with(":secret"), with(":secret") + "?protocol=resp3"].map(|url| Node::start(shared(&url)));
    let mut ws = good[0].enter("tea").await;
    assert_eq!(good[1].say("tea", "hi").await, 1);
    assert_eq!(heard(&mut ws).await, "hi");
    let mut back = good[1].enter("tea").await;
    assert_eq!(good[0].say("tea", "hello").await, 2);
    assert_eq!(heard(&mut back).await, "hello");
}

#[cfg(feature = "tls")]
mod tls {
    use std::process::Command;

    use vernal::RedisStore;
    use vernal::redis::{Client, TlsCertificates};
    use vernal::security::{Away, RateLimit, RedisRates};
    use vernal::websocket::RedisRooms;

    use super::authority::Authority;
    use super::nodes::{Node, heard, shared};
    use super::redis::{Redis, free_port};

    #[tokio::test]
    async fn redis_is_spoken_to_by_tls() {
        let authority = Authority::new();
        let (chain, key) = authority.write("localhost");
        let port = free_port();
        let redis = Redis::start_with(|_| {
            let [chain, key, roots] = [chain, key, authority.ca()].map(|path| path.display().to_string());
            let files = ["--tls-cert-file", &chain, "--tls-key-file", &key, "--tls-ca-cert-file", &roots];
            let words = ["--tls-port", &port.to_string(), "--tls-auth-clients", "no"];
            words.iter().chain(&files).map(|word| (*word).to_owned()).collect()
        });
        let url = format!("rediss://localhost:{port}/");
        // Nobody here trusts that authority.
        for error in [RedisRooms::connect(&url).await.err(), RedisStore::connect(&url).await.err()] {
            let error = error.expect("a stranger");
            assert!(error.explain_text().contains("certificate"), "{}", error.explain_text());
        }
        let plain = format!("rediss://localhost:{}/", redis.port);
        assert!(RedisRooms::connect(&plain).await.is_err(), "there is no TLS");
        // A client of one's own knows whom to trust.
        let root_cert = Some(std::fs::read(authority.ca()).expect("it was written"));
        let client = Client::build_with_tls(&*url, TlsCertificates { client_tls: None, root_cert });
        let client = client.expect("a good URL");
        let node = || Node::start(RedisRooms::of(client.clone()).prefix("own"));
        let (one, other) = (node(), node());
        let mut ws = one.enter("tea").await;
        assert_eq!(other.say("tea", "hi").await, 1);
        assert_eq!(heard(&mut ws).await, "hi");
        let limit = RateLimit::new(1, std::time::Duration::from_secs(60));
        let limit = limit.shared(RedisRates::of(client.clone()).away(Away::Closed));
        let web = vernal::test::Client::builder().app("nodes").state(one.rooms.clone());
        let web = web.sessions(RedisStore::of(client)).filter("/**", limit).build();
        web.get("/").await.assert_status(404);
        web.get("/").await.assert_status(429);
        // A process that does: what it trusts is asked for once.
        let mut child = Command::new(std::env::current_exe().expect("this test has a file"));
        child.args(["--exact", "tls::speaks_as_a_process_of_its_own", "--ignored", "--nocapture"]);
        child.env("REDIS_URL", &url).env("SSL_CERT_FILE", authority.ca());
        let ended =
            tokio::task::spawn_blocking(move || child.output()).await.expect("it ran").expect("it starts");
        let told =
            String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && told.contains("1 passed"), "{told}");
    }

    #[tokio::test]
    #[ignore = "run by the test above, which says whom to trust"]
    async fn speaks_as_a_process_of_its_own() {
        let url = std::env::var("REDIS_URL").expect("it is given");
        RedisStore::connect(&url).await.expect("it is trusted");
        RedisRooms::connect(&url).await.expect("it is trusted");
        let (one, other) = (Node::start(shared(&url)), Node::start(shared(&url)));
        let mut ws = one.enter("tea").await;
        assert_eq!(other.say("tea", "hi").await, 1);
        assert_eq!(heard(&mut ws).await, "hi");
    }
}
