//! Sessions in a real Redis: shared by servers, as lasting as they should be, and what is said when Redis is away, slow
//! or full.

mod redis;

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, thread};

use tokio::sync::Notify;
use vernal::test::{Answer, Client};
use vernal::{RedisStore, Result, Session, SessionConfig, request_map};

use self::redis::{Redis, free_port, until};

#[request_map("/count", app = "redis")]
async fn count(session: Session) -> Result<String> {
    let n: u64 = session.get("n").unwrap_or(0) + 1;
    session.set("n", n)?;
    Ok(n.to_string())
}

#[request_map("/update", app = "redis")]
async fn update(session: Session) -> Result<String> {
    let hits = session.update("hits", |hits: &mut u64| {
        *hits += 1;
        *hits
    });
    Ok(hits.await?.to_string())
}

#[request_map("/set/{name}", app = "redis")]
async fn set(session: Session, name: &str, value: &str) -> Result {
    session.set(name, value)
}

#[request_map("/remove/{name}", app = "redis")]
async fn remove(session: Session, name: &str) -> String {
    session.remove(name).to_string()
}

#[request_map("/value/{name}", app = "redis")]
async fn value(session: Option<Session>, name: &str) -> String {
    session.and_then(|session| session.get(name)).unwrap_or("none".to_owned())
}

#[request_map("/peek", app = "redis")]
async fn peek(session: Option<Session>) -> String {
    session.map_or("none".to_owned(), |session| session.names().join(","))
}

#[request_map("/short", app = "redis")]
async fn short(session: Session) {
    session.set_max_inactive(Duration::from_secs(20));
}

#[request_map("/rotate", app = "redis")]
async fn rotate(session: Session) -> Result {
    session.rotate()
}

#[request_map("/logout", app = "redis")]
async fn logout(session: Session) -> Result {
    session.invalidate().await
}

#[request_map("/plain", app = "redis")]
fn plain() -> &'static str {
    "plain"
}

async fn client(redis: &Redis) -> Client {
    let store = RedisStore::connect(&redis.url()).await.expect("it runs");
    Client::builder().app("redis").sessions(store.timeout(Duration::from_millis(500))).build()
}

async fn get(client: &Client, path: &str, id: &str) -> Answer {
    client.get(path).cookie("vernal_session", id).await
}

#[track_caller]
fn id_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie is set:\n{answer}"));
    let (id, _) =
        cookie.strip_prefix("vernal_session=").and_then(|rest| rest.split_once(';')).expect("a session's");
    id.to_owned()
}

#[tokio::test]
async fn a_session_is_a_hash_that_lives_as_long_as_it_is_used() {
    let redis = Redis::start();
    let client = client(&redis).await;
    let id = id_of(&client.get("/count").await);
    let key = format!("vernal:session:{id}");
    assert_eq!(redis.ask(&["HGET", &key, "v:n"]), "1");
    assert_eq!(redis.ask(&["HGET", &key, "max_inactive"]), "1800000");
    let kept = || redis.ask(&["TTL", &key]).parse::<i64>().expect("seconds");
    for path in ["/count", "/peek", "/plain"] {
        redis.ask(&["EXPIRE", &key, "100"]);
        assert_eq!(id_of(&get(&client, path, &id).await), id, "{path}");
        assert!(kept() > 1_700, "{path}: {}", kept());
    }
    get(&client, "/short", &id).await.assert_status(200);
    assert!((10..=20).contains(&kept()), "{}", kept());
    let plain = get(&client, "/plain", &id).await;
    assert!(plain.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=20;")), "{plain}");
    redis.ask(&["PEXPIRE", &key, "1"]);
    redis.until(&["EXISTS", &key], "0");
    get(&client, "/peek", &id).await.assert_text("none").assert_no_header("set-cookie");
    let anew = get(&client, "/count", &id).await;
    anew.assert_text("1");
    assert_ne!(id_of(&anew), id);
}

/// As a node writes them whose clock is an hour ahead, or behind.
#[tokio::test]
async fn a_clock_that_is_wrong_ends_no_session() {
    let redis = Redis::start();
    let client = client(&redis).await;
    for hour in ["3600000", "-3600000"] {
        let id = id_of(&client.get("/count").await);
        let key = format!("vernal:session:{id}");
        for field in ["created", "accessed"] {
            redis.ask(&["HINCRBY", &key, field, hour]);
        }
        for (path, text) in [("/peek", "n"), ("/count", "2"), ("/count", "3")] {
            let answer = get(&client, path, &id).await;
            answer.assert_status(200).assert_text(text);
            assert_eq!(id_of(&answer), id, "{hour} {path}");
        }
        let kept: i64 = redis.ask(&["TTL", &key]).parse().expect("seconds");
        assert!((1_700..=1_800).contains(&kept), "{hour}: {kept}");
    }
}

#[tokio::test]
async fn servers_share_values_ends_and_new_ids() {
    let redis = Redis::start();
    let (one, other) = (client(&redis).await, client(&redis).await);
    let text = "é \"quoted\" \u{1f980}\n\0 v:n";
    let id = id_of(&one.get("/set/text").query("value", text).await);
    get(&other, "/value/text", &id).await.assert_text(text);
    get(&other, "/remove/text", &id).await.assert_text("true");
    get(&one, "/peek", &id).await.assert_text("");
    for name in ["created", "v:", "a b"] {
        one.get(&format!("/set/{name}"))
            .query("value", "x")
            .cookie("vernal_session", &id)
            .await
            .assert_status(200);
    }
    get(&other, "/peek", &id).await.assert_text("a b,created,v:");
    let fresh = id_of(&get(&one, "/rotate", &id).await);
    get(&other, "/peek", &id).await.assert_text("none");
    get(&other, "/peek", &fresh).await.assert_text("a b,created,v:");
    // Another server may have forgotten the scripts.
    redis.ask(&["SCRIPT", "FLUSH"]);
    get(&other, "/count", &fresh).await.assert_text("1");
    get(&other, "/logout", &fresh).await.assert_status(200);
    get(&one, "/peek", &fresh).await.assert_text("none");
    // Where it went under its first id is known for some minutes, for whoever is about to end it.
    assert_eq!(redis.ask(&["KEYS", "*"]), format!("vernal:session:{id}"));
    assert_eq!(redis.ask(&["HKEYS", &format!("vernal:session:{id}")]), "moved");
    let left: i64 = redis.ask(&["TTL", &format!("vernal:session:{id}")]).parse().expect("seconds");
    assert!((1..=300).contains(&left), "{left}");
    for path in ["/peek", "/plain"] {
        get(&one, path, &id).await.assert_no_header("set-cookie");
    }
}

static HAS_LOOKED: Notify = Notify::const_new();
static MAY_GO_ON: Notify = Notify::const_new();

/// Looks at its session, and ends it later.
#[request_map("/logout/late", app = "redis")]
async fn logout_late(session: Session) -> Result {
    HAS_LOOKED.notify_one();
    MAY_GO_ON.notified().await;
    session.invalidate().await
}

#[tokio::test]
async fn a_session_ends_though_it_has_got_another_id_meanwhile() {
    let redis = Redis::start();
    let store = RedisStore::connect(&redis.url()).await.expect("it runs");
    for (name, client) in [
        ("in memory", Client::builder().app("redis").build()),
        ("in Redis", Client::builder().app("redis").sessions(store).build()),
    ] {
        let mut id = id_of(&client.get("/count").await);
        let leaving = tokio::spawn(client.get("/logout/late").cookie("vernal_session", &id).into_future());
        HAS_LOOKED.notified().await;
        for _ in 0..2 {
            id = id_of(&get(&client, "/rotate", &id).await);
            get(&client, "/peek", &id).await.assert_text("n");
        }
        MAY_GO_ON.notify_one();
        leaving.await.expect("it ran").assert_status(200);
        assert_eq!(get(&client, "/peek", &id).await.text(), "none", "{name}");
    }
}

#[tokio::test]
async fn a_session_has_an_end_however_much_it_is_used() {
    let redis = Redis::start();
    let store = RedisStore::connect(&redis.url()).await.expect("it runs");
    let config = SessionConfig::new().max_lifetime(Duration::from_secs(3600));
    let client = Client::builder().app("redis").sessions(store).session_config(config).build();
    let age = |id: &str, seconds: i64| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let created = i64::try_from(now.as_millis()).expect("a good clock") - seconds * 1000;
        redis.ask(&["HSET", &format!("vernal:session:{id}"), "created", &created.to_string()]);
    };
    for path in ["/peek", "/plain", "/count"] {
        let id = id_of(&client.get("/count").await);
        // A minute is left: the browser is told so.
        age(&id, 3540);
        let answer = get(&client, path, &id).await;
        let cookie = answer.assert_status(200).header("set-cookie").unwrap_or_default();
        let left = cookie.split("Max-Age=").nth(1).and_then(|rest| rest.split(';').next());
        let left: u64 = left.and_then(|left| left.parse().ok()).unwrap_or_else(|| panic!("{path}: {answer}"));
        assert!((1..=60).contains(&left), "{path}: {left}");
        age(&id, 3601);
        let answer = get(&client, path, &id).await;
        answer.assert_status(200);
        match path {
            "/count" => assert_ne!(id_of(&answer), id),
            _ => drop(answer.assert_no_header("set-cookie")),
        }
        assert_eq!(redis.ask(&["EXISTS", &format!("vernal:session:{id}")]), "0", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_lose_nothing() {
    let redis = Redis::start();
    let clients = [client(&redis).await, client(&redis).await];
    let id = id_of(&clients[0].get("/update").await);
    let mut requests = Vec::new();
    for number in 10..60 {
        let client = &clients[number % 2];
        requests.push(tokio::spawn(client.get("/update").cookie("vernal_session", &id).into_future()));
        let set = client.get(&format!("/set/v{number}")).query("value", number);
        requests.push(tokio::spawn(set.cookie("vernal_session", &id).into_future()));
    }
    for request in requests {
        request.await.expect("it ran").assert_status(200);
    }
    get(&clients[1], "/update", &id).await.assert_text("52");
    let names: Vec<_> = (10..60).map(|number| format!("v{number}")).collect();
    get(&clients[0], "/peek", &id).await.assert_text(&format!("hits,{}", names.join(",")));
}

#[tokio::test]
async fn redis_away_is_a_503_until_it_is_back() {
    let mut redis = Redis::start();
    let client = client(&redis).await;
    id_of(&client.get("/count").await);
    for _ in 0..2 {
        redis.kill();
        for path in ["/count", "/peek", "/update"] {
            let answer = get(&client, path, "abcdefghijklmnopqrstuvwxyz012345").await;
            answer.assert_status(503).assert_header("retry-after", "1").assert_no_header("set-cookie");
            answer.assert_contains("Sessions cannot be reached at the moment");
        }
        // What needs no session answers as always.
        get(&client, "/plain", "abcdefghijklmnopqrstuvwxyz012345").await.assert_status(200);
        redis.start_again();
        client.get("/count").await.assert_status(200).assert_text("1");
    }
    // A connection that died while nobody used it is not noticed by anybody.
    redis.kill();
    redis.start_again();
    client.get("/count").await.assert_status(200);
}

#[tokio::test]
async fn a_redis_that_hangs_is_not_waited_for_without_end() {
    let redis = Redis::start();
    let client = client(&redis).await;
    let id = id_of(&client.get("/count").await);
    redis.signal("STOP");
    for path in ["/count", "/update"] {
        get(&client, path, &id).await.assert_status(503);
    }
    let refused = RedisStore::new(&redis.url()).expect("a good URL").timeout(Duration::from_millis(200));
    let new = Client::builder().app("redis").sessions(refused).build();
    new.get("/count").await.assert_status(503);
    get(&new, "/plain", &id).await.assert_status(200);
    redis.signal("CONT");
    get(&client, "/count", &id).await.assert_status(200);
    new.get("/count").await.assert_status(200).assert_text("1");
}

#[tokio::test]
async fn a_full_redis_is_a_503_until_there_is_room() {
    let redis = Redis::start();
    let client = client(&redis).await;
    let id = id_of(&client.get("/count").await);
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    get(&client, "/count", &id).await.assert_status(503);
    client.get("/count").await.assert_status(503).assert_no_header("set-cookie");
    get(&client, "/plain", &id).await.assert_status(200);
    redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    get(&client, "/count", &id).await.assert_text("2");
}

#[tokio::test]
async fn a_hash_that_is_no_session_is_none() {
    let redis = Redis::start();
    let client = client(&redis).await;
    let id = "abcdefghijklmnopqrstuvwxyz012345";
    redis.ask(&["HSET", &format!("vernal:session:{id}"), "v:n", "7"]);
    get(&client, "/peek", id).await.assert_text("none");
    redis.ask(&["SET", &format!("vernal:session:{id}x"), "7"]);
    assert_ne!(id_of(&get(&client, "/count", id).await), id);
}

#[tokio::test]
async fn settings_are_heard_and_mistakes_are_named_at_start() {
    let redis = Redis::start();
    let store = RedisStore::connect(&redis.url()).await.expect("it runs").prefix("shop:");
    assert!(!format!("{store:?}").contains("secret"));
    let config = SessionConfig::new().max_inactive(Duration::from_secs(60));
    let client =
        Client::builder().app("redis").sessions(store.clone().prefix("mall:")).session_config(config).build();
    let id = id_of(&client.get("/count").await);
    assert_eq!(redis.ask(&["KEYS", "*"]), format!("mall:{id}"));
    assert_eq!(redis.ask(&["HGET", &format!("mall:{id}"), "max_inactive"]), "60000");
    for (url, word) in
        [("http://localhost", "URL"), ("nonsense", "URL"), ("redis://127.0.0.1:1", "127.0.0.1:1")]
    {
        let error = RedisStore::connect(url).await.expect_err(url);
        assert!(error.explain_text().contains(word), "{url}: {error}");
    }
}

/// The lesson, run twice: what one process counts the other goes on counting, and a process that is killed takes nothing
/// along.
#[test]
fn two_processes_share_sessions_and_a_killed_one_loses_none() {
    let redis = Redis::start();
    let mut one = Node::start(&redis);
    let other = Node::start(&redis);
    let (first, id) = one.count(None);
    assert_eq!(first, format!("1, counted at port {}\n", one.port));
    let id = id.expect("a cookie");
    assert_eq!(other.count(Some(&id)).0, format!("2, counted at port {}\n", other.port));
    assert_eq!(one.count(Some(&id)).0, format!("3, counted at port {}\n", one.port));
    let counting: Vec<_> = (0..20)
        .map(|number| {
            let (port, id) = (if number % 2 == 0 { one.port } else { other.port }, id.clone());
            thread::spawn(move || curl_count(port, Some(&id)).0)
        })
        .collect();
    for thread in counting {
        assert!(thread.join().expect("it ran").contains("counted at"));
    }
    one.child.kill().expect("it runs");
    one.child.wait().expect("it ended");
    assert_eq!(other.count(Some(&id)).0, format!("24, counted at port {}\n", other.port));
    let again = Node::start(&redis);
    assert_eq!(again.count(Some(&id)).0, format!("25, counted at port {}\n", again.port));
}

/// A server process.
struct Node {
    child: Child,
    port: u16,
}

impl Node {
    fn start(redis: &Redis) -> Node {
        let test = env::current_exe().expect("this test has a file");
        let folder = test.ancestors().nth(2).expect("it is in target/debug/deps").join("examples");
        let binary = folder.join(format!("redis_session{}", env::consts::EXE_SUFFIX));
        assert!(
            binary.exists(),
            "{} is not built: run `cargo build --examples --features redis`",
            binary.display()
        );
        let port = free_port();
        let mut command = Command::new(binary);
        command.env("VERNAL_PORT", port.to_string()).env("REDIS_URL", redis.url()).env_remove("VERNAL_HOST");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the example starts");
        until("the example", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        Node { child, port }
    }

    fn count(&self, id: Option<&str>) -> (String, Option<String>) {
        curl_count(self.port, id)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn curl_count(port: u16, id: Option<&str>) -> (String, Option<String>) {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-i", "--max-time", "30", &format!("http://127.0.0.1:{port}/count")]);
    if let Some(id) = id {
        curl.args(["-b", &format!("vernal_session={id}")]);
    }
    let output = curl.output().expect("curl runs");
    let answer = String::from_utf8(output.stdout).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let id = head.lines().find_map(|line| line.strip_prefix("set-cookie: vernal_session="));
    (body.to_owned(), id.and_then(|rest| rest.split(';').next()).map(str::to_owned))
}
