//! A primary is lost: Sentinels, or a cluster, make its replica the new one, and sessions, rates and rooms go on there.

#[path = "redis/nodes.rs"]
mod nodes;
mod redis;
#[path = "redis/speaker.rs"]
mod speaker;

use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use vernal::security::{Away, RateLimit, RedisRates};
use vernal::test::{Answer, Client};
use vernal::websocket::RedisRooms;
use vernal::{
    App, Config, RedisAddress, RedisStore, Result, Session, SessionStore, Settings, State, config,
    request_map,
};

use self::nodes::{Node, shared, until};
use self::redis::{Redis, free_port};
use self::speaker::{Speaker, agree, numbers};

#[request_map("/count", app = "failover")]
async fn count(session: Session) -> Result<String> {
    let count: u64 = session.get("count").unwrap_or(0) + 1;
    session.set("count", count)?;
    Ok(count.to_string())
}

#[request_map("/rotate", app = "failover")]
async fn rotate(session: Session) -> Result {
    session.rotate()
}

#[request_map("/logout", app = "failover")]
async fn logout(session: Session) -> Result {
    session.invalidate().await
}

#[request_map("/limited", app = "failover")]
fn limited() -> &'static str {
    "in"
}

/// A node that has its sessions and rates at an address.
fn client(url: &str) -> Client {
    let address: RedisAddress = url.parse().expect("a good URL");
    let sessions = RedisStore::of(address.clone());
    let rates = RedisRates::of(address).timeout(Duration::from_secs(2)).away(Away::Closed);
    let limit = RateLimit::new(2, Duration::from_secs(3600)).shared(rates);
    Client::builder().app("failover").sessions(sessions).filter("/limited", limit).build()
}

async fn get(client: &Client, path: &str, id: &str) -> Answer {
    client.get(path).cookie("vernal_session", id).await
}

fn id_of(answer: &Answer) -> Option<String> {
    let (id, _) = answer.header("set-cookie")?.strip_prefix("vernal_session=")?.split_once(';')?;
    Some(id.to_owned())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Whether all replicas of this primary have all that it has.
fn is_copied(primary: &Redis) -> bool {
    let told = primary.ask(&["INFO", "replication"]);
    let offset = told.lines().find_map(|line| line.strip_prefix("master_repl_offset:")).map(str::trim);
    let replicas: Vec<_> = told.lines().filter(|line| line.starts_with("slave")).collect();
    !replicas.is_empty()
        && replicas.iter().all(|line| {
            line.contains("state=online")
                && offset.is_some_and(|offset| line.contains(&format!("offset={offset},")))
        })
}

/// Two nodes at an address, of which `kill` ends the primary that has the rooms; `is_copied` tells whether nothing would be lost.
async fn goes_on(url: &str, is_copied: impl Fn() -> bool, kill: impl FnOnce()) {
    // Longer than a failover takes.
    let lease = Duration::from_secs(20);
    let start = || Node::start(shared(url).lease(lease).timeout(Duration::from_secs(1)));
    let (one, other) = (start(), start());
    let clients = [client(url), client(url)];
    let mut ids = Vec::new();
    for number in 0..20 {
        let answer = clients[number % 2].get("/count").await;
        ids.push(id_of(answer.assert_status(200)).expect("a session"));
    }
    for status in [200, 200, 429] {
        clients[0].get("/limited").await.assert_status(status);
    }
    let (mut ann, mut bob) = (one.enter("tea").await, other.enter("tea").await);
    until("the replicas", async || is_copied()).await;
    let speakers = [Speaker::start(&one.rooms, "ann"), Speaker::start(&other.rooms, "bob")];
    let listening = tokio::spawn(async move {
        let (from_ann, from_bob) = (numbers(&mut bob, "ann").await, numbers(&mut ann, "bob").await);
        ([from_ann, from_bob], ann, bob)
    });
    speakers[0].goes_on(20).await;
    speakers[1].goes_on(20).await;
    kill();
    for (number, id) in ids.iter().enumerate() {
        let client = &clients[number % 2];
        until("a session", async || {
            let answer = get(client, "/count", id).await;
            let is_there = answer.status() == 200;
            if is_there {
                // Whether the last request was counted may be unknown.
                assert!(answer.text().parse::<u64>().expect("a number") > 1, "it was lost: {answer}");
            } else {
                answer.assert_status(503);
            }
            is_there
        })
        .await;
    }
    until("the rates", async || clients[1].get("/limited").await.status() == 429).await;
    speakers[0].goes_on(20).await;
    speakers[1].goes_on(20).await;
    let mut fates = Vec::new();
    for speaker in speakers {
        fates.push(speaker.end().await);
    }
    let (heard, mut ann, mut bob) = listening.await.expect("it ran");
    agree("ann", &fates[0], &heard[0]);
    agree("bob", &fates[1], &heard[1]);
    for node in [&one, &other] {
        until("its members", async || node.rooms.len("tea").await.ok() == Some(2)).await;
    }
    ann.send("tea hello").await.expect("an open session");
    while nodes::heard(&mut bob).await != "hello" {}
    bob.send("tea hello").await.expect("an open session");
    while nodes::heard(&mut ann).await != "hello" {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_lead_to_the_new_primary() {
    for hangs in [false, true] {
        eprintln!("hangs: {hangs}");
        let mut primary = Redis::start();
        let replica = Redis::start_with(|_| words(&["--replicaof", "127.0.0.1", &primary.port.to_string()]));
        let settings = format!(
            "sentinel monitor main 127.0.0.1 {} 2\nsentinel down-after-milliseconds main 700\n\
             sentinel failover-timeout main 3000\n",
            primary.port
        );
        let sentinel = || {
            Redis::start_with(|folder| {
                let file = folder.join("sentinel.conf");
                std::fs::write(&file, &settings).expect("it can be written");
                words(&[&file.display().to_string(), "--sentinel"])
            })
        };
        let sentinels = [sentinel(), sentinel(), sentinel()];
        for sentinel in &sentinels {
            sentinel.until(
                &["SENTINEL", "CKQUORUM", "main"],
                "OK 3 usable Sentinels. Quorum and failover authorization can be reached",
            );
            redis::until("the replica is known", || {
                sentinel.ask(&["SENTINEL", "REPLICAS", "main"]).contains(&replica.port.to_string())
            });
        }
        redis::until("the replica", || is_copied(&primary));
        let hosts: Vec<_> = sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
        let url = format!("redis+sentinel://{}/main", hosts.join(","));
        let primary_ref = std::cell::RefCell::new(&mut primary);
        goes_on(
            &url,
            || is_copied(&primary_ref.borrow()),
            || if hangs { primary_ref.borrow().signal("STOP") } else { primary_ref.borrow_mut().kill() },
        )
        .await;
        assert!(replica.ask(&["ROLE"]).starts_with("master"));
        // A name that nobody knows, and Sentinels that are none.
        for (url, told) in [
            (url.replace("/main", "/other"), "other"),
            (format!("redis+sentinel://127.0.0.1:{}/main", replica.port), "main"),
            ("redis+sentinel://127.0.0.1:1/main".to_owned(), "127.0.0.1:1"),
        ] {
            let Err(error) = RedisRooms::connect(&url).await else { panic!("{url}") };
            assert!(error.explain_text().contains(told), "{url}: {}", error.explain_text());
        }
    }
}

/// What each of those that ask at start is told of a Redis at an address.
async fn connected(url: &str) -> [Option<String>; 3] {
    let told = |error: vernal::Error| error.explain_text().to_owned();
    [
        RedisStore::connect(url).await.err().map(told),
        RedisRates::connect(url).await.err().map(told),
        RedisRooms::connect(url).await.err().map(told),
    ]
}

#[tokio::test]
async fn all_that_connect_at_start_find_a_redis_that_does_not_let_them_in() {
    let locked = Redis::start_with(|_| words(&["--requirepass", "5e/cr@t"]));
    let cli = |more: &[&str]| locked.ask(&[&["-a", "5e/cr@t", "--no-auth-warning"], more].concat());
    for user in [
        &["guest", "on", "nopass", "+@all", "~*"][..],
        &["few", "on", ">5ecret", "+eval", "~chat:*"],
        &["none", "on", ">5ecret", "-@all"],
    ] {
        assert_eq!(cli(&[&["ACL", "SETUSER"], user].concat()), "OK");
    }
    let port = locked.port.to_string();
    let replica = Redis::start_with(|_| {
        words(&["--replicaof", "127.0.0.1", &port, "--masterauth", "5e/cr@t", "--replica-read-only", "yes"])
    });
    let settings = format!(
        "sentinel monitor \"my main\" 127.0.0.1 {port} 1\nsentinel auth-pass \"my main\" 5e/cr@t\nrequirepass w#5e/cret\n"
    );
    let sentinel = |settings: String| {
        Redis::start_with(move |folder| {
            let file = folder.join("sentinel.conf");
            std::fs::write(&file, settings).expect("it can be written");
            words(&[&file.display().to_string(), "--sentinel"])
        })
    };
    let watching = sentinel(settings.clone());
    let open = sentinel(settings.replace("requirepass w#5e/cret\n", ""));
    let alone = Redis::start_with(|_| {
        words(&["--cluster-enabled", "yes", "--cluster-port", &free_port().to_string()])
    });
    let at = |redis: &Redis, user: &str| redis.url().replace("redis://", &format!("redis://{user}"));
    let sentinels = format!("redis+sentinel://:5e%2Fcr@t@127.0.0.1:{}/my%20main", watching.port);
    for (url, told) in [
        (at(&locked, ""), "its URL has no password: `:password@`"),
        (at(&locked, ":5e%2Fcrt@"), "assword"),
        (at(&locked, ":5e%2Fcrt@") + "?protocol=resp3", "assword"),
        (at(&locked, "guest:5e%2Fcr%40t@"), ""),
        (at(&locked, "guest:@"), ""),
        (at(&locked, "few:5ecret@"), ""),
        (at(&locked, "none:5ecret@"), ""),
        (at(&locked, "nobody:5ecret@"), "assword"),
        (at(&locked, ":5e%2Fcr@t@"), ""),
        (at(&replica, ""), "it is a replica: the URL has to lead to its primary"),
        (
            at(&open, ""),
            "it may be a Sentinel, which knows where the primary is: `redis+sentinel://host/name`",
        ),
        (at(&watching, ""), "it may be a Sentinel"),
        (at(&watching, ":w%235e%2Fcret@"), "it may be a Sentinel"),
        (at(&alone, ""), "ClusterDown"),
        (format!("{sentinels}?sentinel_password=w%235e/cret"), ""),
        (format!("{sentinels}?sentinel_password=w5e/cret"), "my main"),
        (sentinels.clone(), "my main"),
        (
            sentinels.replace(":5e%2Fcr@t@", "") + "?sentinel_password=w%235e%2Fcret",
            "its URL has no password",
        ),
    ] {
        for (who, said) in ["sessions", "rates", "rooms"].iter().zip(connected(&url).await) {
            let said = said.unwrap_or_default();
            assert_eq!(said.is_empty(), told.is_empty(), "{who} at {url}: {said}");
            assert!(said.contains(told), "{who} at {url}: {said}");
            assert!(!said.contains("5e") && !said.contains("cr@t"), "{who} at {url}: {said}");
        }
        let store = RedisStore::new(&url).expect("a good URL");
        let health = store.health().expect("it can tell").await;
        assert_eq!(health.is_ok(), told.is_empty(), "the health of {url}: {health:?}");
    }
    assert_eq!(cli(&["DBSIZE"]), "0", "nothing is left behind");
}

/// Servers of a cluster: three primaries, and a replica of each.
struct Cluster(Vec<Redis>);

impl Cluster {
    fn start() -> Cluster {
        let servers: Vec<_> = (0..6)
            .map(|_| {
                // Nodes speak with each other at a port of their own.
                let bus = free_port();
                Redis::start_with(|_| {
                    words(&[
                        "--cluster-enabled",
                        "yes",
                        "--cluster-node-timeout",
                        "1000",
                        "--cluster-port",
                        &bus.to_string(),
                    ])
                })
            })
            .collect();
        let hosts = servers.iter().map(|server| format!("127.0.0.1:{}", server.port));
        let mut command = Command::new("redis-cli");
        command.args(["--cluster", "create"]).args(hosts).args(["--cluster-replicas", "1", "--cluster-yes"]);
        let output = command.output().expect("redis-cli runs");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("All 16384 slots covered"), "{told}");
        for server in &servers {
            redis::until("the cluster", || server.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
        }
        Cluster(servers)
    }

    fn url(&self) -> String {
        let hosts: Vec<_> =
            self.0.iter().take(3).map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// The primaries, and which has the rooms.
    fn primaries(&self) -> impl Iterator<Item = (usize, bool)> {
        let primaries =
            self.0.iter().enumerate().filter(|(_, server)| server.ask(&["ROLE"]).starts_with("master"));
        primaries.map(|(index, server)| (index, server.ask(&["EXISTS", "{vernal:rooms}:epoch"]) == "1"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_goes_on_without_one_of_its_primaries() {
    let cluster = Cluster::start();
    let url = cluster.url();
    let cell = std::cell::RefCell::new(cluster);
    goes_on(
        &url,
        || {
            let cluster = cell.borrow();
            cluster.primaries().all(|(index, _)| is_copied(&cluster.0[index]))
        },
        || {
            let mut cluster = cell.borrow_mut();
            let found = cluster.primaries().find(|(_, has_rooms)| *has_rooms);
            cluster.0[found.expect("one has the rooms").0].kill();
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_get_other_ids_across_the_servers_of_a_cluster() {
    let cluster = Cluster::start();
    let url = cluster.url();
    RedisStore::connect(&url).await.expect("it lets us in");
    // One alone has the key that is tried; the others say who has it.
    for server in &cluster.0 {
        match RedisStore::connect(&server.url()).await {
            Ok(_) => assert!(server.ask(&["DEL", "vernal:session:check"]) == "0"),
            Err(error) => assert!(error.explain_text().contains("`redis+cluster://host`"), "{error:?}"),
        }
    }
    let clients = [client(&url), client(&url)];
    // By chance two of three ids lie in another server.
    for _ in 0..20 {
        let first = id_of(clients[0].get("/count").await.assert_status(200)).expect("a session");
        let second = id_of(get(&clients[1], "/rotate", &first).await.assert_status(200)).expect("another id");
        assert_ne!(first, second);
        let answer = get(&clients[0], "/count", &second).await;
        answer.assert_status(200).assert_text("2");
        let old = get(&clients[0], "/count", &first).await;
        old.assert_status(200).assert_text("1");
        let third = id_of(get(&clients[0], "/rotate", &second).await.assert_status(200)).expect("another id");
        get(&clients[1], "/logout", &third).await.assert_status(200);
        get(&clients[0], "/count", &third).await.assert_text("1");
    }
    let keys: Vec<_> = cluster.primaries().map(|(index, _)| cluster.0[index].ask(&["DBSIZE"])).collect();
    assert!(keys.iter().all(|keys| keys != "0"), "sessions are spread: {keys:?}");
}

#[config("chat", app = "address")]
#[derive(Deserialize)]
struct Chat {
    redis: RedisAddress,
}

#[request_map("/address", app = "address")]
fn address(chat: State<&Chat>) -> String {
    format!("{:?}", chat.redis)
}

#[test]
fn an_address_is_a_setting() {
    for (url, told) in [
        ("redis://:secret@localhost/2", ""),
        ("redis+sentinel://:secret@a,b:26380/main", ""),
        ("redis+cluster://:secret@a,b", ""),
        ("redis+sentinel://:secret@a,b", "the name of the primary is missing"),
        ("http://:secret@localhost", "its scheme is none of"),
    ] {
        let settings = Settings::toml(format!("[chat]\nredis = '{url}'\n"));
        let error = App::from_registry(Config::new().app("address").settings(settings)).err();
        let said = error.map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(said.is_empty(), told.is_empty(), "{url}: {said}");
        assert!(said.contains(told) && !said.contains("secret"), "{url}: {said}");
        assert!(said.is_empty() || said.contains("chat") && said.contains("redis"), "{url}: {said}");
    }
}
