//! Limits of rate: what is counted for whom, and what those over it are told. Time stands still unless a test moves it.

use std::time::Duration;

use tokio::time::advance;
use vernal::security::{BearerAuth, Identity, RateLimit};
use vernal::test::{Answer, Client};
use vernal::{App, Config, Request, request_map};

const MINUTE: Duration = Duration::from_secs(60);

#[request_map("/ok", app = "rate")]
fn ok() -> &'static str {
    "ok"
}

#[request_map("/mine", app = "rate")]
fn mine(Identity(name): Identity<&String>) -> &str {
    name
}

fn client(limit: RateLimit) -> Client {
    Client::builder().app("rate").filter("/**", limit).build()
}

/// Status, `RateLimit` and `Retry-After` of an answer.
fn said(answer: &Answer) -> (u16, &str, &str) {
    let field = |name| answer.header(name).unwrap_or("");
    (answer.status().as_u16(), field("ratelimit"), field("retry-after"))
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_and_then_one_at_a_time() {
    let client = client(RateLimit::new(6, MINUTE).burst(3));
    let table = [
        (0, (200, "\"default\";r=2;t=10", "")),
        (0, (200, "\"default\";r=1;t=20", "")),
        (0, (200, "\"default\";r=0;t=30", "")),
        (0, (429, "\"default\";r=0;t=10", "10")),
        (9, (429, "\"default\";r=0;t=1", "1")),
        (1, (200, "\"default\";r=0;t=30", "")),
        (60, (200, "\"default\";r=2;t=10", "")),
    ];
    for (index, (seconds, expected)) in table.into_iter().enumerate() {
        advance(Duration::from_secs(seconds)).await;
        let answer = client.get("/ok").await;
        assert_eq!(said(&answer), expected, "row {index}");
        answer.assert_header("ratelimit-policy", "\"default\";q=6;w=60");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_look_for_nothing_are_counted_too() {
    let client = client(RateLimit::new(1, MINUTE));
    client.get("/nowhere").await.assert_status(404);
    let refused = client.get("/ok").await;
    refused.assert_status(429).assert_contains("That was too often; ask again in 60 seconds.");
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_own() {
    let by_header = client(RateLimit::new(1, MINUTE).by_header("x-key"));
    let by_query =
        client(RateLimit::new(1, MINUTE).by(|req: &Request| req.parameter("key").map(str::to_owned)));
    for key in ["a", "b"] {
        for expected in [200, 429] {
            let answer = by_header.get("/ok").header("x-key", key).await;
            assert_eq!(answer.status().as_u16(), expected, "{key}");
            let answer = by_query.get("/ok").query("key", key).await;
            assert_eq!(answer.status().as_u16(), expected, "{key}");
        }
    }
    // Without the field the address counts; without a key nothing does.
    for expected in [200, 429] {
        assert_eq!(by_header.get("/ok").await.status().as_u16(), expected);
        by_query.get("/ok").await.assert_status(200);
    }
}

#[tokio::test(start_paused = true)]
async fn identities_of_filters_before_are_keys() {
    let client = Client::builder()
        .app("rate")
        .filter("/mine", BearerAuth::new(|token: String| async move { Some(token) }))
        .filter("/mine", RateLimit::new(1, MINUTE).by(|req| req.extensions.get::<String>().cloned()).silent())
        .build();
    for name in ["ann", "bob"] {
        let ask = || client.get("/mine").header("authorization", format!("Bearer {name}"));
        ask().await.assert_text(name).assert_no_header("ratelimit");
        ask().await.assert_status(429).assert_no_header("ratelimit").assert_header("retry-after", "60");
    }
}

#[tokio::test(start_paused = true)]
async fn several_limits_are_told_apart() {
    let client = Client::builder()
        .app("rate")
        .filter("/**", RateLimit::new(100, MINUTE))
        .filter("/ok", RateLimit::new(2, Duration::from_secs(1)).name("short"))
        .build();
    let answer = client.get("/ok").await;
    let all: Vec<_> = answer.headers().get_all("ratelimit").collect();
    assert_eq!(all, ["\"default\";r=99;t=1", "\"short\";r=1;t=1"]);
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let table = [
        (RateLimit::new(0, MINUTE), "0 requests in 60s"),
        (RateLimit::new(1, Duration::ZERO), "1 requests in 0ns"),
        (RateLimit::new(1, MINUTE).burst(0), "a burst of 0"),
        (RateLimit::new(1, MINUTE).keys(0), "`.keys(0)`"),
        (RateLimit::new(1, MINUTE).name(""), "the name \"\""),
        (RateLimit::new(1, MINUTE).by_header("a b"), "`.by_header(\"a b\")`"),
    ];
    for (limit, part) in table {
        let error = App::from_registry(Config::new().app("rate").filter("/**", limit)).expect_err(part);
        let text = format!("{error:?}");
        assert!(text.contains(part) && text.contains("tests/rate_limit.rs:"), "{text}");
    }
}
