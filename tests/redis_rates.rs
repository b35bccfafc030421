//! Rate limits that several nodes count together, in a real Redis: what is told, what comes back, and what is done while Redis is away.

mod redis;

use std::time::Duration;

use vernal::request_map;
use vernal::security::{Away, RateLimit, RedisRates};
use vernal::test::{Answer, Client};

use self::redis::{Redis, free_port};

#[request_map("/", app = "rates")]
fn index() -> &'static str {
    "in"
}

const MINUTE: Duration = Duration::from_secs(60);

fn client(limit: RateLimit) -> Client {
    Client::builder().app("rates").filter("/**", limit).build()
}

fn rates(redis: &Redis) -> RedisRates {
    RedisRates::new(&redis.url()).expect("a good URL").timeout(Duration::from_secs(5))
}

async fn get(client: &Client, user: &str) -> Answer {
    client.get("/").header("x-user", user).await
}

#[tokio::test]
async fn nodes_count_together() {
    let redis = Redis::start();
    let limit = || RateLimit::new(4, MINUTE).by_header("x-user").shared(rates(&redis));
    let nodes = [client(limit()), client(limit())];
    for (index, (node, user, status, left)) in [
        (0, "ann", 200, "\"default\";r=3;t="),
        (1, "ann", 200, "\"default\";r=2;t="),
        (1, "bob", 200, "\"default\";r=3;t="),
        (0, "ann", 200, "\"default\";r=1;t="),
        (1, "ann", 200, "\"default\";r=0;t="),
        (0, "ann", 429, "\"default\";r=0;t="),
        (1, "ann", 429, "\"default\";r=0;t="),
        (0, "bob", 200, "\"default\";r=2;t="),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = get(&nodes[node], user).await;
        answer.assert_status(status).assert_header("ratelimit-policy", "\"default\";q=4;w=60");
        assert!(
            answer.header("ratelimit").is_some_and(|told| told.starts_with(left)),
            "row {index}: {answer}"
        );
        assert_eq!(answer.header("retry-after").is_some(), status == 429, "row {index}");
    }
    // Other limits, and other applications, do not meet.
    for other in [
        RateLimit::new(4, MINUTE).name("login").by_header("x-user").shared(rates(&redis)),
        RateLimit::new(5, MINUTE).by_header("x-user").shared(rates(&redis)),
        RateLimit::new(4, MINUTE).by_header("x-user").shared(rates(&redis).prefix("shop:")),
    ] {
        get(&client(other), "ann").await.assert_status(200);
    }
    // What is kept tells nobody, and not for longer than it takes.
    let keys = redis.ask(&["KEYS", "*"]);
    assert_eq!(keys.lines().count(), 5, "{keys}");
    assert!(
        !keys.contains("ann") && keys.contains("shop:default:") && keys.contains("vernal:rate:login:"),
        "{keys}"
    );
    for key in keys.lines() {
        let left: i64 = redis.ask(&["TTL", key]).parse().expect("seconds");
        assert!((0..=60).contains(&left), "{key}: {left}");
    }
    // A script that Redis has forgotten, a number that is none, a clock that was set back by an hour.
    redis.ask(&["SCRIPT", "FLUSH"]);
    let bob = get(&nodes[0], "bob").await;
    assert!(bob.assert_status(200).header("ratelimit").is_some_and(|told| told.contains("r=1;")), "{bob}");
    for (value, status) in [("nonsense", 200), ("99999999999999999", 429)] {
        for key in keys.lines().filter(|key| key.contains("vernal:rate:default:15000000")) {
            redis.ask(&["SET", key, value]);
        }
        let answer = get(&nodes[1], "ann").await;
        answer.assert_status(status);
        if status == 429 {
            let wait: u64 = answer.header("retry-after").and_then(|told| told.parse().ok()).expect("seconds");
            assert!(wait <= 15, "an hour is not waited for: {wait}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn together_no_more_pass_than_may() {
    let redis = Redis::start();
    let nodes: Vec<_> =
        (0..3).map(|_| client(RateLimit::new(50, Duration::from_secs(3600)).shared(rates(&redis)))).collect();
    let mut asking = Vec::new();
    for number in 0..120 {
        asking.push(tokio::spawn(nodes[number % 3].get("/").into_future()));
    }
    let mut passed = 0;
    for task in asking {
        passed += usize::from(task.await.expect("it ran").status() == 200);
    }
    assert_eq!(passed, 50);
}

#[tokio::test]
async fn what_is_done_without_redis_is_a_setting() {
    for (away, statuses) in
        [(Away::Local, [200, 200, 429, 429]), (Away::Open, [200; 4]), (Away::Closed, [503; 4])]
    {
        let mut redis = Redis::start();
        let limit = || RateLimit::new(2, MINUTE).shared(rates(&redis).away(away));
        let nodes = [client(limit()), client(limit())];
        nodes[0].get("/").await.assert_status(200);
        nodes[1].get("/").await.assert_status(200);
        nodes[1].get("/").await.assert_status(429);
        redis.kill();
        for node in &nodes {
            for status in statuses {
                let answer = node.get("/").await;
                answer.assert_status(status);
                if status == 503 {
                    answer.assert_header("retry-after", "1").assert_contains("cannot be counted");
                }
            }
        }
        redis.start_again();
        let counted = async || {
            let answer = nodes[0].get("/").await;
            answer.status() == 200 && answer.header("ratelimit").is_some_and(|left| left.contains("r=1"))
        };
        let waiting = async {
            while !counted().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it counts again");
    }
}

#[tokio::test]
async fn a_redis_that_hangs_holds_one_request_up_and_no_more() {
    let redis = Redis::start();
    let limit = RateLimit::new(1000, MINUTE).shared(rates(&redis).timeout(Duration::from_secs(1)));
    let client = client(limit);
    client.get("/").await.assert_status(200);
    redis.signal("STOP");
    let begun = std::time::Instant::now();
    for _ in 0..300 {
        client.get("/").await.assert_status(200);
    }
    let waited = begun.elapsed();
    redis.signal("CONT");
    assert!(waited < Duration::from_secs(60), "all would have waited for 300 seconds: {waited:?}");
}

#[tokio::test]
async fn mistakes_are_named_at_start() {
    let port = free_port();
    for (url, word) in [
        ("nonsense".to_owned(), "URL"),
        ("http://localhost".to_owned(), "URL"),
        (format!("redis://127.0.0.1:{port}"), "cannot be used"),
    ] {
        let Err(error) = RedisRates::connect(&url).await else { panic!("{url}") };
        assert!(error.explain_text().contains(word), "{url}: {error}");
    }
}
