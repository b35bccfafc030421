//! What is measured, as those see it who read it: the page itself, `promtool`, and a Prometheus.

mod both;
mod running;

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use vernal::prometheus_client::metrics::counter::Counter;
use vernal::prometheus_client::metrics::family::Family;
use vernal::prometheus_client::metrics::gauge::Gauge;
use vernal::prometheus_client::metrics::histogram::{Histogram, NativeHistogramConfig};
use vernal::prometheus_client::registry::Unit;
use vernal::security::{BasicAuth, RateLimit};
use vernal::test::Client;
use vernal::websocket::{WebSocketRequest, WebSocketSession};
use vernal::{
    Actuator, App, Config, Error, Limits, Metrics, Resources, Result, Text, request_map, websocket_handler,
};

use crate::running::{PATIENCE, Running, builder, get};

#[request_map("/orders/{id}")]
fn order(id: u32) -> String {
    format!("order {id}")
}

#[request_map("/body", method = "POST", limits = Limits::new().body_size(4))]
fn body(text: Text<&str>) -> String {
    text.to_string()
}

/// What a handler waits for, and what it says when it does.
static WAITING: Notify = Notify::const_new();
static GOES_ON: Notify = Notify::const_new();

#[request_map("/waits")]
async fn waits() -> &'static str {
    WAITING.notify_one();
    GOES_ON.notified().await;
    "waited"
}

#[request_map("/limited")]
fn limited() {}

/// What a handler says is no refusal by a limit, whatever its status.
#[request_map("/busy")]
fn busy() -> Result {
    Err(Error::new(429, "Too Many Requests").explain("later (Limits::connections)"))
}

#[request_map("/by-hand", method = "GET")]
async fn by_hand(ws: WebSocketRequest) -> Result {
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Echo;

#[websocket_handler("/echo")]
impl Echo {
    async fn on_message(&self, session: &WebSocketSession, text: &str) -> Result {
        session.send(text).await
    }
}

fn client(metrics: Metrics) -> Client {
    Client::builder()
        .filter(
            "/actuator/**",
            BasicAuth::new("operations", async |_: String, password: String| password == "secret"),
        )
        .filter("/limited", RateLimit::new(1, Duration::from_secs(3600)))
        .actuator(Actuator::new())
        .metrics(metrics)
        .build()
}

async fn page(client: &Client) -> String {
    let request = client.get("/actuator/metrics").header("authorization", "Basic YW5uOnNlY3JldA==");
    let answer =
        request.header("accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    answer
        .assert_status(200)
        .assert_header("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
    answer.text().to_owned()
}

/// The value of a series, 0 if it is not there.
fn value(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

fn count(method: &str, route: &str, status: u16) -> String {
    format!(
        "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
    )
}

#[tokio::test]
async fn requests_are_counted_by_method_route_and_status() {
    let client = client(Metrics::new());
    for id in 0..3 {
        client.get(&format!("/orders/{id}")).await.assert_status(200);
    }
    client.head("/orders/1").await.assert_status(200);
    client.delete("/orders/1").await.assert_status(200);
    client.get("/orders/none").await.assert_status(404);
    client.post("/body").header("content-type", "text/plain").body("four").await.assert_status(200);
    client.post("/body").header("content-type", "text/plain").body("fives").await.assert_status(413);
    client.get("/nobody").await.assert_status(404);
    client.raw("BREW /orders/1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
    client.raw("rubbish\r\n\r\n").await;
    client.get("/busy").await.assert_status(429);
    client.get(&format!("/orders/1?{}", "a&".repeat(1001))).await.assert_status(400);
    client.get(&format!("/{}", "a".repeat(9000))).await.assert_status(414);
    // What a peer says is no refusal by a limit.
    client.get("/orders/(Limits::connections)").await.assert_status(404);
    let page = page(&client).await;
    let table = [
        (count("GET", "/orders/{id}", 200), 3.0),
        (count("HEAD", "/orders/{id}", 200), 1.0),
        (count("DELETE", "/orders/{id}", 200), 1.0),
        (count("GET", "/orders/{id}", 404), 2.0),
        ("vernal_refusals_total{limit=\"connections\"}".to_owned(), 0.0),
        (count("POST", "/body", 200), 1.0),
        (count("POST", "/body", 413), 1.0),
        (count("GET", "", 404), 1.0),
        (count("_OTHER", "/orders/{id}", 200), 1.0),
        (count("_OTHER", "", 400), 1.0),
        ("vernal_refusals_total{limit=\"body_size\"}".to_owned(), 1.0),
        ("vernal_refusals_total{limit=\"parameters\"}".to_owned(), 1.0),
        ("vernal_refusals_total{limit=\"uri_length\"}".to_owned(), 1.0),
        ("vernal_refusals_total{limit=\"rate_limit\"}".to_owned(), 0.0),
        ("http_server_active_requests{http_request_method=\"GET\"}".to_owned(), 1.0),
    ];
    for (series, expected) in table {
        assert_eq!(value(&page, &series), expected, "{series}\n{page}");
    }
    let sent = value(&page, "http_server_response_body_bytes_total");
    assert!(sent > 7.0 * 5.0, "{sent}");
    assert!(page.ends_with("# EOF\n"), "{page}");
}

/// By the pattern of the place that has the file, whatever the file; of those that have none, by the first place of the path.
#[tokio::test]
async fn files_are_counted_by_the_pattern_of_their_place() {
    let operators = BasicAuth::new("operations", async |_: String, password: String| password == "secret");
    let docs = env!("CARGO_MANIFEST_DIR").to_owned() + "/docs";
    let client = Client::builder()
        .filter("/actuator/**", operators)
        .resources("/files/**", docs.clone())
        .resources("/**", Resources::dir(docs).fallback("limits.md"))
        .actuator(Actuator::new())
        .metrics(Metrics::new())
        .build();
    for (method, path, status) in [
        ("GET", "/files/limits.md", 200),
        ("GET", "/files/settings.md", 200),
        ("HEAD", "/files/limits.md", 200),
        // The first place has none, the second answers.
        ("GET", "/files/none.md", 200),
        ("GET", "/anything", 200),
        ("POST", "/files/limits.md", 405),
        ("OPTIONS", "/files/limits.md", 204),
        ("GET", "/favicon.ico", 200),
    ] {
        client.request(method, path).await.assert_status(status);
    }
    client.get("/files/limits.md").header("range", "bytes=9999999-").await.assert_status(416);
    let page = page(&client).await;
    let table = [
        (count("GET", "/files/**", 200), 2.0),
        (count("HEAD", "/files/**", 200), 1.0),
        (count("GET", "/**", 200), 3.0),
        (count("POST", "/files/**", 405), 1.0),
        (count("OPTIONS", "/files/**", 204), 1.0),
        (count("GET", "/files/**", 416), 1.0),
        (count("GET", "", 200), 0.0),
    ];
    for (series, expected) in table {
        assert_eq!(value(&page, &series), expected, "{series}\n{page}");
    }
}

/// What answers without a mapping: documents, services of others, filters that leave it to nobody.
#[cfg(all(feature = "openapi-ui", feature = "tower"))]
mod others {
    use vernal::tower::Mounted;
    use vernal::{AsyncApi, BoxFuture, Filter, FilterContext, Next, OpenApi};

    use super::*;

    #[request_map("/left/{name}")]
    fn left(name: &str) -> &str {
        name
    }

    #[request_map("/hidden/{_name}")]
    fn hidden() {}

    /// Is to answer, and lets the handler.
    struct LeavesIt;

    impl Filter for LeavesIt {
        fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
            Box::pin(async move {
                next.run(cx).await;
                Ok(())
            })
        }

        fn answers(&self) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn what_else_has_a_path_is_counted_by_its_pattern() {
        let operators =
            || BasicAuth::new("operations", async |_: String, password: String| password == "secret");
        let router: axum::Router =
            axum::Router::new().route("/users", axum::routing::get(|| async { "ann" }));
        let client = Client::builder()
            .filter("/actuator/**", operators())
            .filter("/api/closed/**", operators())
            .filter("/api/**", Mounted::new(router.clone()).strip_prefix("/api"))
            .filter("/hidden/**", Mounted::new(router).strip_prefix("/hidden"))
            .filter("/left/**", LeavesIt)
            .resources("/docs/**", env!("CARGO_MANIFEST_DIR").to_owned() + "/docs")
            .openapi(OpenApi::new("Shop", "1").at("/openapi.json").ui("/ui"))
            .asyncapi(AsyncApi::new("Shop", "1").at("/asyncapi.json"))
            .actuator(Actuator::new())
            .metrics(Metrics::new())
            .build();
        let table = [
            ("GET", "/openapi.json", 200, "/openapi.json"),
            ("HEAD", "/openapi.json", 200, "/openapi.json"),
            ("OPTIONS", "/openapi.json", 204, "/openapi.json"),
            ("POST", "/openapi.json", 405, "/openapi.json"),
            ("GET", "/asyncapi.json", 200, "/asyncapi.json"),
            ("GET", "/ui/index.html", 200, "/ui/**"),
            ("GET", "/ui/none", 404, "/ui/**"),
            ("GET", "/api/users", 200, "/api/**"),
            ("GET", "/api/none", 404, "/api/**"),
            ("GET", "/api/closed/x", 401, "/api/**"),
            // Whoever stands before a handler is the one that answers.
            ("GET", "/hidden/users", 200, "/hidden/**"),
            ("GET", "/left/tea", 200, "/left/{name}"),
            ("GET", "/left/tea/none", 404, "/left/**"),
            ("GET", "/docs/limits.md", 200, "/docs/**"),
            ("GET", "/actuator/health", 401, "/actuator/**"),
            ("GET", "/orders/1", 200, "/orders/{id}"),
            ("GET", "/nobody", 404, ""),
        ];
        for (method, path, status, _) in table {
            client.request(method, path).await.assert_status(status);
        }
        let page = page(&client).await;
        for (method, path, status, route) in table {
            let alike =
                |other: &&(&str, &str, u16, &str)| (other.0, other.2, other.3) == (method, status, route);
            let expected = table.iter().filter(alike).count();
            let counted = value(&page, &count(method, route, status));
            assert_eq!(counted, expected as f64, "{path}\n{page}");
        }
    }
}

#[tokio::test]
async fn what_peers_make_up_adds_no_series() {
    let client = client(Metrics::new());
    let send = async |number: usize| {
        client.get(&format!("/nobody/{number}")).await.assert_status(404);
        client.get(&format!("/orders/{number}")).await.assert_status(200);
        let request = format!("M{number} /orders/1 HTTP/1.1\r\nHost: h{number}\r\nConnection: close\r\n\r\n");
        client.raw(request).await;
    };
    send(0).await;
    page(&client).await;
    let before = page(&client).await.lines().count();
    for number in 1..200 {
        send(number).await;
    }
    assert_eq!(page(&client).await.lines().count(), before);
}

#[tokio::test]
async fn websockets_and_limits_are_counted() {
    let client = client(Metrics::new());
    client.get("/limited").await.assert_status(200);
    client.get("/limited").await.assert_status(429);
    let mut socket = client.websocket("/echo").await;
    for text in ["one", "two", "three"] {
        socket.send(text).await.expect("it is open");
        socket.expect_text(text).await;
    }
    let open = page(&client).await;
    socket.close(1000, "").expect("it is open");
    socket.expect_close(1000).await;
    let table = [
        ("vernal_websocket_sessions", 1.0),
        ("vernal_websocket_messages_total{direction=\"received\"}", 3.0),
        ("vernal_websocket_messages_total{direction=\"sent\"}", 3.0),
        ("vernal_refusals_total{limit=\"rate_limit\"}", 1.0),
    ];
    for (series, expected) in table {
        assert_eq!(value(&open, series), expected, "{series}\n{open}");
    }
    assert_eq!(value(&open, &count("GET", "/echo", both::opened())), 1.0, "{open}");
}

#[tokio::test]
async fn a_websocket_accepted_by_hand_is_a_request_until_its_101() {
    let client = client(Metrics::new());
    let mut socket = client.websocket("/by-hand").await;
    socket.send("one").await.expect("it is open");
    socket.expect_text("one").await;
    let open = page(&client).await;
    socket.close(1000, "").expect("it is open");
    socket.expect_close(1000).await;
    let closed = page(&client).await;
    for (page, sessions) in [(open, 1.0), (closed, 0.0)] {
        let table = [
            // The one that asks for the page.
            ("http_server_active_requests{http_request_method=\"GET\"}", 1.0),
            ("vernal_websocket_sessions", sessions),
            (&count("GET", "/by-hand", both::opened()), 1.0),
            ("http_server_aborted_requests_total{http_route=\"/by-hand\"}", 0.0),
        ];
        for (series, expected) in table {
            assert_eq!(value(&page, series), expected, "{series}\n{page}");
        }
    }
}

type Later = Family<Vec<(String, String)>, Counter>;

#[tokio::test]
async fn what_would_break_the_page_is_an_error_at_start_or_left_out() {
    let gauge = |name: &'static str| {
        Metrics::new().register(move |registry| registry.register(name, "x", Gauge::<i64>::default()))
    };
    let labelled = |label: &'static str| {
        Metrics::new().register(move |registry| {
            let registry = registry.sub_registry_with_label((label.into(), "x".into()));
            registry.register("sold", "x", Counter::<u64>::default());
        })
    };
    let native = || {
        Metrics::new().register(|registry| {
            registry.register("sizes", "x", Histogram::new_native(NativeHistogramConfig::new(1.1)))
        })
    };
    let unit = |unit: &'static str| {
        Metrics::new().register(move |registry| {
            registry.register_with_unit("sold", "x", Unit::Other(unit.to_owned()), Gauge::<i64>::default());
        })
    };
    let counter = |name: &'static str, help: &'static str| {
        Metrics::new().register(move |registry| registry.register(name, help, Counter::<u64>::default()))
    };
    let table = [
        (counter("sold", "Articles\nthat were sold"), "a help text has one line"),
        (counter("bad-name", "x"), "\"bad-name\" is no name of a metric"),
        (counter("1st", "x"), "\"1st\" is no name of a metric"),
        (counter("vernal_refusals", "x"), "two metrics are called \"vernal_refusals\""),
        (
            counter("sold_total", "x"),
            "the counter \"sold_total\" gets its `_total` by itself: register it as \"sold\"",
        ),
        (gauge("vernal_refusals_total"), "two metrics are called \"vernal_refusals_total\""),
        (gauge("http_server_request_duration_seconds_count"), "two metrics are called"),
        (labelled("a-b"), "a name of a label is made of letters, digits and `_` and stands there once"),
        (labelled("__name__"), "a name of a label"),
        (labelled("a b"), "a name of a label"),
        (native(), "a native histogram needs buckets too"),
        (unit("two words"), "has a unit that is none"),
        (Metrics::new().buckets([0.1, 0.1]), "in ascending order (Metrics::buckets)"),
        (Metrics::new().buckets([f64::NAN]), "in ascending order (Metrics::buckets)"),
        (Metrics::new().buckets([]), "in ascending order (Metrics::buckets)"),
    ];
    // Names that show only later do not break the page either: they are left out.
    let later = Later::default();
    let family = later.clone();
    let metrics = Metrics::new().register(move |registry| registry.register("visits", "x", family));
    let client = client(metrics);
    later.get_or_create(&vec![("good".to_owned(), "a \"b\"\\\n".to_owned())]).inc();
    for name in ["a-b", "", "1", "__a"] {
        later.get_or_create(&vec![(name.to_owned(), "x".to_owned())]).inc();
    }
    let twice = vec![("a".to_owned(), "x".to_owned()), ("a".to_owned(), "y".to_owned())];
    later.get_or_create(&twice).inc();
    for accept in ["text/plain", "application/openmetrics-text"] {
        let request = client.get("/actuator/metrics").header("authorization", "Basic YW5uOnNlY3JldA==");
        let answer = request.header("accept", accept).await;
        let page = answer.assert_status(200).text();
        let visits: Vec<_> = page.lines().filter(|line| line.starts_with("visits")).collect();
        assert_eq!(visits, [r#"visits_total{good="a \"b\"\\\n"} 1"#], "{page}");
        assert!(page.contains("vernal_rooms "), "{page}");
    }
    for (metrics, expected) in table {
        let config = Config::new().actuator(Actuator::new().port(0)).metrics(metrics);
        let error = App::from_registry(config).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    // All that stands on the page by itself is taken.
    let page = page(&client).await;
    let families: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|name| *name != "visits")
        .map(str::to_owned)
        .collect();
    assert!(families.len() > 6, "{page}");
    for name in families {
        let told = format!("two metrics are called {name:?}");
        let metrics =
            Metrics::new().register(move |registry| registry.register(&name, "x", Gauge::<i64>::default()));
        let config = Config::new().actuator(Actuator::new().port(0)).metrics(metrics);
        let error = App::from_registry(config).expect_err(&told).to_string();
        assert!(error.contains(&told), "{error}");
    }
    let error =
        App::from_registry(Config::new().metrics(Metrics::new())).expect_err("nobody shows them").to_string();
    assert!(error.contains("give one too, `.actuator(Actuator::new().port(9091))`"), "{error}");
}

/// A server with its actuator and metrics.
async fn start() -> Running {
    Running::start(builder().actuator(Actuator::new().port(0)).metrics(Metrics::new())).await
}

async fn page_of(running: &Running) -> String {
    get(running.last, "/actuator/metrics").await.expect("a page").1
}

/// The page, as soon as it says this.
async fn page_with(running: &Running, series: &str, expected: f64) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = page_of(running).await;
        if value(&page, series) == expected {
            return page;
        }
        assert!(Instant::now() < deadline, "{series} is never {expected}:\n{page}");
        tokio::task::yield_now().await;
    }
}

/// The body of an answer.
async fn body_of(address: SocketAddr, path: &str) -> String {
    get(address, path).await.expect("it listens").1
}

#[tokio::test]
async fn a_request_that_waits_is_in_flight_until_it_is_answered_or_given_up() {
    let running = start().await;
    let gauge = "http_server_active_requests{http_request_method=\"GET\"}";
    let public = running.address;
    let answered = tokio::spawn(async move { body_of(public, "/waits").await });
    WAITING.notified().await;
    page_with(&running, gauge, 1.0).await;
    GOES_ON.notify_one();
    assert_eq!(answered.await.expect("an answer"), "waited");
    page_with(&running, gauge, 0.0).await;

    let mut stream = TcpStream::connect(public).await.expect("it listens");
    stream.write_all(b"GET /waits HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
    WAITING.notified().await;
    stream.set_zero_linger().expect("a socket");
    drop(stream);
    let page = page_with(&running, "http_server_aborted_requests_total{http_route=\"/waits\"}", 1.0).await;
    assert_eq!(value(&page, &count("GET", "/waits", 200)), 1.0, "{page}");
    page_with(&running, gauge, 0.0).await;
    running.stop().await;
}

#[tokio::test]
async fn the_form_of_the_page_is_the_one_that_is_liked_best() {
    let client = client(Metrics::new());
    let table = [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("APPLICATION/OPENMETRICS-TEXT", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text;q=0, text/plain", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text;q=0.2, text/plain;q=0.5", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        ("image/png", "text/plain; version=0.0.4; charset=utf-8"),
        ("x-application/openmetrics-text", "text/plain; version=0.0.4; charset=utf-8"),
    ];
    for (accept, expected) in table {
        let request = client.get("/actuator/metrics").header("authorization", "Basic YW5uOnNlY3JldA==");
        let request = if accept.is_empty() { request } else { request.header("accept", accept) };
        let answer = request.await;
        answer.assert_status(200).assert_header("content-type", expected).assert_header("vary", "accept");
        assert_eq!(answer.text().ends_with("# EOF\n"), expected.starts_with("application"), "{accept}");
    }
}

#[tokio::test]
async fn a_hundred_scrapes_at_once_are_answered() {
    let running = Arc::new(start().await);
    let scrapes = (0..100).map(|_| {
        let running = Arc::clone(&running);
        tokio::spawn(async move { page_of(&running).await })
    });
    for scrape in scrapes.collect::<Vec<_>>() {
        assert!(scrape.await.expect("a page").contains("vernal_connections "));
    }
}

#[tokio::test]
async fn promtool_accepts_the_page() {
    let client = client(Metrics::new());
    client.get("/orders/1").await.assert_status(200);
    // In the older form, which it reads.
    let page = client.get("/actuator/metrics").header("authorization", "Basic YW5uOnNlY3JldA==").await;
    page.assert_header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    let page = page.text().to_owned();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("promtool is installed (Debian's package prometheus)");
    std::io::Write::write_all(&mut promtool.stdin.take().expect("a pipe"), page.as_bytes())
        .expect("it reads");
    let output = promtool.wait_with_output().expect("it ends");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{page}");
}

/// A Prometheus that scrapes a server of ours.
struct Prometheus(std::process::Child, std::path::PathBuf);

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = std::fs::remove_dir_all(&self.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prometheus_knows_how_many_requests_each_route_had() {
    let running = start().await;
    let folder = std::env::temp_dir().join(format!("vernal-prometheus-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a place");
    let config = format!(
        "global: {{scrape_interval: 200ms}}\nscrape_configs:\n- job_name: shop\n  metrics_path: /actuator/metrics\n  static_configs: [{{targets: ['{}']}}]\n",
        running.last
    );
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={free}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus is installed (Debian's package)");
    let _prometheus = Prometheus(child, folder);
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(free).await.is_err() {
        assert!(Instant::now() < deadline, "it does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..30 {
        body_of(running.address, "/orders/1").await;
    }
    for _ in 0..20 {
        body_of(running.address, "/nobody").await;
    }
    let query = "sum%20by%20(http_route)%20(http_server_request_duration_seconds_count%7Bhttp_request_method%3D%22GET%22%7D)";
    let expected = [("/orders/{id}", "30"), ("", "20")];
    loop {
        let body = body_of(free, &format!("/api/v1/query?query={query}")).await;
        let json: serde_json::Value =
            serde_json::from_str(body.trim_matches(|char: char| char != '{' && char != '}'))
                .unwrap_or_default();
        let results = json["data"]["result"].as_array().cloned().unwrap_or_default();
        let of = |route: &str| {
            let is_it =
                |result: &&serde_json::Value| result["metric"]["http_route"].as_str().unwrap_or("") == route;
            results.iter().find(is_it).and_then(|result| result["value"][1].as_str().map(str::to_owned))
        };
        if expected.iter().all(|(route, count)| of(route).as_deref() == Some(*count)) {
            break;
        }
        assert!(Instant::now() < deadline, "{body}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // A rate needs two looks; what it says is the sum over its window.
    let rate = "sum%20by%20(http_route)%20(increase(http_server_request_duration_seconds_count%5B1m%5D))";
    loop {
        let body = body_of(free, &format!("/api/v1/query?query={rate}")).await;
        if body.contains("/orders/{id}") {
            break;
        }
        assert!(Instant::now() < deadline, "{body}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    running.stop().await;
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
