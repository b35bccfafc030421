//! Rate limits: who is counted with whom, what is told, and that time gives back what was used.

mod both;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use vernal::security::{BasicAuth, Cors, RateLimit, UserName};
use vernal::test::{Answer, Client};
use vernal::{App, Config, request_map, server};

#[request_map("/", "/other", app = "limit")]
fn index() -> &'static str {
    "in"
}

const MINUTE: Duration = Duration::from_secs(60);

fn client(limit: RateLimit) -> Client {
    Client::builder().app("limit").filter("/**", limit).build()
}

fn told(answer: &Answer) -> (u16, Option<&str>, Option<&str>, Option<&str>) {
    let field = |name| answer.header(name);
    (answer.status().as_u16(), field("ratelimit-policy"), field("ratelimit"), field("retry-after"))
}

#[tokio::test(start_paused = true)]
async fn what_was_used_comes_back_with_time() {
    let client = client(RateLimit::new(6, MINUTE).burst(2));
    let policy = Some("\"default\";q=6;w=60");
    // Seconds to wait before, and what is told: what is left, when all is back, and how long to wait.
    let table = [
        (0, 200, "\"default\";r=1;t=10", None),
        (0, 200, "\"default\";r=0;t=20", None),
        (0, 429, "\"default\";r=0;t=10", Some("10")),
        (4, 429, "\"default\";r=0;t=6", Some("6")),
        (5, 429, "\"default\";r=0;t=1", Some("1")),
        (1, 200, "\"default\";r=0;t=20", None),
        (600, 200, "\"default\";r=1;t=10", None),
    ];
    for (index, (seconds, status, left, wait)) in table.into_iter().enumerate() {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        let answer = client.get("/").await;
        assert_eq!(told(&answer), (status, policy, Some(left), wait), "row {index}");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_as_they_are_told_may_pass() {
    let client = client(RateLimit::new(7, MINUTE).burst(1));
    client.get("/").await.assert_status(200);
    for _ in 0..20 {
        let refused = client.get("/").await;
        let seconds =
            refused.assert_status(429).header("retry-after").expect("it is told").parse().expect("a number");
        refused.assert_contains(&format!("ask again in {seconds} second"));
        tokio::time::advance(Duration::from_secs(seconds)).await;
        client.get("/").await.assert_status(200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_burst_is_the_whole_of_a_time() {
    let client = client(RateLimit::new(3, Duration::from_millis(1500)));
    for left in ["2;t=1", "1;t=1", "0;t=2"] {
        let answer = client.get("/").await;
        // A window of half a second cannot be said in whole ones.
        assert_eq!(
            told(&answer),
            (200, Some("\"default\";q=3"), Some(&*format!("\"default\";r={left}")), None)
        );
    }
    client.get("/other").await.assert_status(429).assert_header("retry-after", "1");
    client.get("/nowhere").await.assert_status(429);
    // Those who look for what is not there are counted too.
    tokio::time::advance(MINUTE).await;
    client.get("/nowhere").await.assert_status(404).assert_header("ratelimit", "\"default\";r=2;t=1");
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_what_was_said() {
    let by_key = || RateLimit::new(1, MINUTE).by_header("x-key");
    let by_path = || RateLimit::new(1, MINUTE).by(|request| Some(request.path().to_owned()));
    let not_for_ann =
        || RateLimit::new(1, MINUTE).by(|request| (request.header("x-key") != Some("ann")).then_some(()));
    // The path and the key of each request, and whether it passes.
    type Row = (&'static str, Option<&'static str>, u16);
    let table: [(RateLimit, &[Row]); 4] = [
        (RateLimit::new(1, MINUTE), &[("/", Some("a"), 200), ("/", Some("b"), 429), ("/other", None, 429)]),
        (
            by_key(),
            &[
                ("/", Some("a"), 200),
                ("/", Some("b"), 200),
                ("/", Some("a"), 429),
                ("/", None, 200),
                ("/other", None, 429),
                ("/", Some(""), 200),
                ("/", Some(""), 429),
            ],
        ),
        (by_path(), &[("/", None, 200), ("/other", None, 200), ("/", Some("a"), 429), ("/other", None, 429)]),
        (
            not_for_ann(),
            &[
                ("/", Some("ann"), 200),
                ("/", Some("ann"), 200),
                ("/", None, 200),
                ("/", None, 429),
                ("/", Some("ann"), 200),
            ],
        ),
    ];
    for (index, (limit, requests)) in table.into_iter().enumerate() {
        let client = client(limit);
        for (step, (path, key, status)) in requests.iter().enumerate() {
            let mut request = client.get(path);
            if let Some(key) = key {
                request = request.header("x-key", *key);
            }
            let answer = request.await;
            assert_eq!(answer.status().as_u16(), *status, "row {index}, request {step}");
            if *key == Some("ann") {
                answer.assert_no_header("ratelimit");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn users_that_another_filter_knows_are_counted_apart() {
    let auth = BasicAuth::new("r", |_, _| async { true });
    let limit = RateLimit::new(1, MINUTE).by(|request| request.extensions.get::<UserName>().cloned());
    let client = Client::builder().app("limit").filter("/**", auth).filter("/**", limit).build();
    // ann:x, bob:x, ann:y
    for (credentials, status) in [("YW5uOng=", 200), ("Ym9iOng=", 200), ("YW5uOnk=", 429)] {
        client.get("/").header("authorization", format!("Basic {credentials}")).await.assert_status(status);
    }
}

#[tokio::test(start_paused = true)]
async fn several_limits_tell_each_of_theirs() {
    let builder = Client::builder().app("limit").filter("/**", RateLimit::new(9, MINUTE));
    let client = builder.filter("/other", RateLimit::new(1, MINUTE).name("other")).build();
    let answer = client.get("/other").await;
    let all = |name| answer.headers().get_all(name).collect::<Vec<_>>();
    assert_eq!(all("ratelimit-policy"), ["\"default\";q=9;w=60", "\"other\";q=1;w=60"]);
    assert_eq!(all("ratelimit"), ["\"default\";r=8;t=7", "\"other\";r=0;t=60"]);
    client.get("/other").await.assert_status(429);
    client.get("/").await.assert_status(200).assert_header("ratelimit", "\"default\";r=6;t=20");
}

#[tokio::test(start_paused = true)]
async fn a_silent_limit_tells_only_how_long_to_wait() {
    let client = client(RateLimit::new(1, MINUTE).silent());
    assert_eq!(told(&client.get("/").await), (200, None, None, None));
    assert_eq!(told(&client.get("/").await), (429, None, None, Some("60")));
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_origins_can_read_the_refusal() {
    let cors = Cors::new().any_origin().expose(["retry-after"]);
    let client =
        Client::builder().app("limit").filter("/**", cors).filter("/**", RateLimit::new(1, MINUTE)).build();
    // Preflights are answered before they are counted.
    for status in [200, 429] {
        let preflight = client.options("/").header("origin", "https://a.example");
        preflight.header("access-control-request-method", "GET").await.assert_status(204);
        let answer = client.get("/").header("origin", "https://a.example").await;
        answer.assert_status(status).assert_header("access-control-allow-origin", "*");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_keys_does_not_free_those_who_used_much() {
    let limit = RateLimit::new(3, MINUTE).keys(8).by_header("x-key");
    let client = client(limit);
    for status in [200, 200, 200, 429] {
        client.get("/").header("x-key", "busy").await.assert_status(status);
    }
    for key in 0..100 {
        client.get("/").header("x-key", key).await.assert_status(200);
    }
    client.get("/").header("x-key", "busy").await.assert_status(429);
}

#[tokio::test]
async fn peers_are_counted_by_their_addresses() {
    let server = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false).app("limit");
    let bound =
        server.filter("/**", RateLimit::new(1, Duration::from_secs(86_400))).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    handle.ready().await;
    // Each from a port of its own; the whole of 127/8 is this machine.
    for (last, status) in [(1, "200"), (1, "429"), (2, "200"), (2, "429"), (1, "429"), (3, "200")] {
        let socket = TcpSocket::new_v4().expect("a socket");
        let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), 0);
        socket.bind(from).expect("an address of this machine");
        let mut stream = socket.connect(address).await.expect("it listens");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it answers");
        assert_eq!(answer.get(9..12), Some(status), "{from}: {answer}");
    }
    handle.stop();
    serving.await.expect("no panic").expect("a good end");
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let table = [
        (RateLimit::new(0, MINUTE), "0 requests in 60s with a burst of 0 let nobody pass"),
        (RateLimit::new(1, Duration::ZERO), "a time that is not zero"),
        (RateLimit::new(1, MINUTE).burst(0), "with a burst of 0"),
        (RateLimit::new(2, Duration::from_nanos(1)), "at most one in a nanosecond"),
        (RateLimit::new(1, Duration::MAX), "cannot be counted"),
        (RateLimit::new(1, MINUTE).keys(0), "`.keys(0)` cannot be kept"),
        (RateLimit::new(1, MINUTE).keys(usize::MAX), "write 1 to "),
        (RateLimit::new(1, MINUTE).name(""), "the name \"\" is empty"),
        (RateLimit::new(1, MINUTE).name("a\nb"), "holds a control character"),
        (RateLimit::new(1, MINUTE).by_header("a b"), "`.by_header(\"a b\")` names no field of a head"),
    ];
    for (limit, expected) in table {
        let error = App::from_registry(Config::new().app("limit").filter("/**", limit)).expect_err(expected);
        let text = format!("{error:?}");
        assert!(text.contains(expected), "{text}\n--- should say {expected}");
        assert!(text.contains("RateLimit` at tests/rate_limit.rs:"), "{text}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
