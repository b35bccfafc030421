//! One table of paths over every feature that takes a pattern: what `/x/**` is for one of them, it is for all.

mod both;
mod scratch;

use std::time::Duration;

use vernal::security::{BasicAuth, BearerAuth, Cors, Csrf, RateLimit, SecurityHeaders};
use vernal::test::{Answer, Client};
use vernal::tower::{Layered, Mounted};
use vernal::websocket::{Message, WebSocket, WebSocketSession};
use vernal::{
    BoxFuture, Filter, FilterContext, Next, PathValue, Resources, Result, controller, endpoint,
    request_filter, request_map, websocket_handler, websocket_message,
};

use scratch::Scratch;

/// What `/x/**` covers, and what it leaves alone. Slashes that come twice are one before anything is compared.
const COVERED: [(&str, bool); 10] = [
    ("/x", true),
    ("/x/", true),
    ("/x//", true),
    ("/x/.", true),
    ("/x/y", true),
    ("/x/y/", true),
    ("/x/y/z", true),
    ("/xy", false),
    ("/xy/", false),
    ("/", false),
];

/// Answers whatever it is given.
struct Answers;

impl Filter for Answers {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        cx.response.set_status(200);
        Box::pin(async { Ok(()) })
    }

    fn answers(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn the_book_says_what_each_pattern_matches() {
    let chapter = include_str!("../docs/routing.md");
    let (_, rest) =
        chapter.split_once("\n| pattern | matches | does not match |\n").expect("the table of patterns");
    let rows = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let code = |cell: &'static str| cell.split('`').skip(1).step_by(2);
        let client = code(cells[0])
            .fold(Client::builder().app("book"), |client, pattern| client.filter(pattern, Answers));
        let client = client.build();
        for (cell, expected) in [(cells[1], 200), (cells[2], 404)] {
            // What a pattern is written as elsewhere in the cell is no path to ask for.
            for path in code(cell).filter(|path| path.starts_with('/') && !path.contains('*')) {
                client.get(path).await.assert_status(expected);
                count += 1;
            }
        }
    }
    assert!(count > 40, "only {count} paths in the table");
}

/// Asks a client for all the paths; `covers` says whether an answer comes from what was given the pattern.
async fn check(what: &str, client: &Client, covers: impl Fn(&Answer) -> bool) {
    for (path, expected) in COVERED {
        assert_eq!(covers(&client.get(path).await), expected, "{what}: {path}");
        assert_eq!(
            covers(&client.get(&format!("{path}?a=/x/y")).await),
            expected,
            "{what}: {path} with a query"
        );
    }
}

fn app(name: &str) -> vernal::test::ClientBuilder {
    Client::builder().app(name).show_errors(true)
}

// Mappings

#[request_map("/x/**", app = "function")]
fn function(rest: PathValue<&str>) -> String {
    format!("[{rest}]")
}

#[derive(Default)]
struct Prefixed;

#[controller("/x", app = "controller")]
impl Prefixed {
    #[request_map("/**")]
    fn rest(&self, rest: PathValue<&str>) -> String {
        format!("[{rest}]")
    }
}

#[derive(Default)]
struct Ended;

#[endpoint("/x/**", app = "endpoint")]
impl Ended {
    fn get(&self, rest: PathValue<&str>) -> String {
        format!("[{rest}]")
    }
}

#[tokio::test]
async fn mappings() {
    for name in ["function", "controller", "endpoint"] {
        let client = app(name).build();
        check(name, &client, |answer| answer.status() == 200).await;
        let table = [
            ("/x", "[]"),
            ("/x/", "[]"),
            ("/x//", "[]"),
            ("/x/y", "[y]"),
            ("/x/y/", "[y/]"),
            ("/x/y/z", "[y/z]"),
        ];
        for (path, expected) in table {
            client.get(path).await.assert_status(200).assert_text(expected);
        }
    }
    let client = app("endpoint").build();
    for path in ["/x", "/x/", "/x/y"] {
        client.post(path).await.assert_status(405).assert_header("allow", "GET, HEAD, OPTIONS");
    }
}

#[request_map("/x/**", app = "specific")]
fn below(rest: PathValue<&str>) -> String {
    format!("below [{rest}]")
}

#[request_map("/x", method = "GET", app = "specific")]
fn itself() -> &'static str {
    "itself"
}

#[request_map("/{name}", app = "specific")]
fn named(name: &str) -> &str {
    name
}

#[request_map("/**", app = "specific")]
fn everything(rest: PathValue<&str>) -> String {
    format!("everything [{rest}]")
}

#[request_map("**/end", app = "specific")]
fn ends(rest: PathValue<&str>) -> String {
    format!("ends [{rest}]")
}

#[tokio::test]
async fn what_is_mapped_itself_comes_first() {
    let client = app("specific").build();
    let table = [
        ("GET", "/x", "itself"),
        ("POST", "/x", "below []"),
        ("GET", "/x/", "below []"),
        ("GET", "/x/end", "below [end]"),
        ("GET", "/xy", "xy"),
        ("GET", "/end", "end"),
        ("GET", "/a/end", "ends [a]"),
        ("GET", "/end/", "everything [end/]"),
        ("GET", "/", "everything []"),
    ];
    for (method, path, expected) in table {
        client.request(method, path).await.assert_status(200).assert_text(expected);
    }
}

// WebSocket

#[websocket_handler("/x/**", app = "socket")]
async fn socket(ws: WebSocket, rest: PathValue<&str>) -> Result {
    ws.send(format!("[{rest}]")).await
}

#[derive(Default)]
struct Events;

#[websocket_handler("/x/**", app = "events")]
impl Events {
    async fn on_message(&self, session: &WebSocketSession, rest: PathValue<&str>, _: &Message) -> Result {
        session.send(format!("[{rest}]")).await
    }
}

#[websocket_message("/x/**", app = "message")]
async fn message(session: &WebSocketSession, rest: PathValue<&str>, _: &Message) -> Result {
    session.send(format!("[{rest}]")).await
}

#[tokio::test]
async fn websocket_routes() {
    for name in ["socket", "events", "message"] {
        let client = app(name).build();
        for (path, expected) in COVERED {
            if !expected {
                client.websocket(path).expect_refusal(404).await;
                continue;
            }
            let mut ws = client.websocket(path).await;
            let _ = ws.send("hi").await;
            let rest = path.trim_start_matches("/x").replace("//", "/").replace("/.", "/");
            ws.expect_text(&format!("[{}]", rest.trim_start_matches('/'))).await;
        }
    }
}

// Filters

/// Everything is mapped, so that only the filter decides.
#[request_map("/", "/x", "/x/", "/x/y", "/x/y/", "/x/y/z", "/xy", "/xy/", app = "plain")]
fn plain() -> &'static str {
    "open"
}

#[request_map("/**", app = "wide")]
fn wide() -> &'static str {
    "open"
}

#[derive(Default)]
struct Root;

/// Guarded from outside: its own root is `/x`.
#[controller("/x", app = "root")]
impl Root {
    #[request_map]
    fn root(&self) -> &'static str {
        "open"
    }

    #[request_map("/")]
    fn with_slash(&self) -> &'static str {
        "open"
    }

    #[request_map("/y", "/y/", "/y/z")]
    fn below(&self) -> &'static str {
        "open"
    }
}

#[request_filter("/x/**", app = "declared")]
fn declared(cx: &mut FilterContext<'_>) {
    cx.response.headers.insert("x-seen", "yes");
}

#[request_map("/**", "/", app = "declared")]
fn under_declared() {}

/// Leaves a mark on the answer.
#[derive(Clone)]
struct Mark;

impl Filter for Mark {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            next.run(cx).await;
            cx.response.headers.insert("x-seen", "yes");
            Ok(())
        })
    }

    fn unmatched(&self) -> bool {
        true
    }
}

fn seen(answer: &Answer) -> bool {
    answer.header("x-seen") == Some("yes")
}

#[tokio::test]
async fn filters() {
    check("declared", &app("declared").build(), seen).await;
    for name in ["plain", "wide", "root", "nothing is mapped"] {
        let client = match name {
            "nothing is mapped" => app("function").filter("/x/**", Mark).build(),
            name => app(name).filter("/x/**", Mark).build(),
        };
        check(name, &client, seen).await;
        let guarded = app(if name == "nothing is mapped" { "function" } else { name });
        let client = guarded.filter("/x/**", BasicAuth::new("r", |_, _| async { false })).build();
        check(name, &client, |answer| answer.status() == 401).await;
    }
}

#[tokio::test]
async fn filters_of_the_house() {
    for name in ["plain", "wide"] {
        let bearer = BearerAuth::new(|_| async { None::<()> });
        check("bearer", &app(name).filter("/x/**", bearer).build(), |answer| answer.status() == 401).await;
        let headers = SecurityHeaders::new();
        let is_careful = |answer: &Answer| answer.header("x-content-type-options").is_some();
        check("headers", &app(name).filter("/x/**", headers).build(), is_careful).await;
        let client =
            app(name).filter("/x/**", RateLimit::new(1, Duration::from_secs(86_400)).name("x")).build();
        client.get("/x/y").await.assert_status(200);
        check("rate", &client, |answer| answer.status() == 429).await;
        let client = app(name).filter("/x/**", Cors::new().any_origin()).build();
        check("cors", &client, |answer| {
            // A list of origins that varies would be `Vary`; any origin is one field for all.
            answer.header("access-control-allow-origin") == Some("*")
        })
        .await;
        let layer = tower_http::set_header::SetResponseHeaderLayer::overriding(
            http::HeaderName::from_static("x-seen"),
            http::HeaderValue::from_static("yes"),
        );
        check("layer", &app(name).filter("/x/**", Layered::new(layer)).build(), seen).await;
        let guarded = app(name).filter("/x/**", Csrf::new()).build();
        let exempt = app(name).filter("/**", Csrf::new().exempt("/x/**")).build();
        for (path, is_covered) in COVERED {
            for (client, refused) in [(&guarded, is_covered), (&exempt, !is_covered)] {
                let answer = client.post(path).header("sec-fetch-site", "cross-site").await;
                assert_eq!(answer.status() == 403, refused, "csrf: {path}");
            }
        }
    }
}

#[tokio::test]
async fn mounted_services() {
    let service =
        axum::Router::new().fallback(|uri: http::Uri| async move { format!("axum {}", uri.path()) });
    for name in ["plain", "function"] {
        let mounted = Mounted::new(service.clone()).strip_prefix("/x");
        let client = app(name).filter("/x/**", mounted).build();
        let is_axums = |answer: &Answer| answer.text().starts_with("axum /");
        check("mounted", &client, is_axums).await;
        client.get("/x").await.assert_text("axum /");
        client.get("/x?a=b").await.assert_text("axum /");
        client.post("/x/").await.assert_text("axum /");
        client.get("/x/y").await.assert_text("axum /y");
    }
}

// Resources

#[tokio::test]
async fn resources() {
    let scratch = Scratch::new();
    scratch.write("index.html", "home");
    let fallback = || Resources::dir(scratch.path()).fallback("index.html");
    // The directory itself is asked for with a slash: without it, the answer says so.
    check("resources", &app("specific-none").resources("/x/**", fallback()).build(), |answer| {
        matches!(answer.status().as_u16(), 200 | 301 | 302 | 307 | 308)
    })
    .await;
    let guarded = app("specific-none").resources("/**", fallback()).filter("/x/**", Mark).build();
    check("filters of resources", &guarded, seen).await;
}

#[tokio::test]
async fn everything_is_the_root_too() {
    let scratch = Scratch::new();
    scratch.write("index.html", "home");
    let service = axum::Router::new().fallback(|| async { "axum" });
    let clients = [
        ("mapping", app("specific").build(), "everything []"),
        ("resources", app("specific-none").resources("/**", scratch.path()).build(), "home"),
        ("mounted", app("plain").filter("/**", Mounted::new(service)).build(), "axum"),
    ];
    for (what, client, expected) in clients {
        assert_eq!(client.get("/").await.text(), expected, "{what}");
    }
    assert!(seen(&app("plain").filter("/**", Mark).build().get("/").await));
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
