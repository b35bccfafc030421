//! Bodies that nobody takes: their handlers run at once, and what comes of them is thrown away.

#![allow(clippy::duplicate_underscore_argument, reason = "two arguments of one name are what is asked")]

mod both;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use vernal::security::{BasicAuth, Cors, Csrf, RateLimit, SecurityHeaders};
use vernal::test::{Client, ClientBuilder};
use vernal::{
    Body, Cookie, FilterContext, Header, Json, Limits, Model, MultipartFile, Next, Param, PathValue,
    RegGroup, Request, Response, Result, Session, State, controller, endpoint, error_message, request_filter,
    request_map,
};

#[request_map("/ignore")]
fn ignore() -> &'static str {
    "at once"
}

#[request_map("/waiting")]
async fn waiting() -> &'static str {
    "at once"
}

#[request_map("/blocking", blocking)]
fn blocking() -> &'static str {
    "at once"
}

#[request_map("/response")]
fn response(res: &mut Response) {
    res.set_body("at once");
}

#[request_map("/path/{id}")]
fn path(id: u64) -> String {
    format!("at once {id}")
}

#[request_map("/optional/{id}")]
fn optional(id: Option<u64>, value: Option<PathValue<&str>>) -> String {
    format!("at once {id:?} {}", value.is_none())
}

#[request_map(regexp = "^/group/(.*)$")]
fn group(of: RegGroup<&str>) -> String {
    format!("at once {}", *of)
}

#[request_map("/parts")]
async fn parts(
    host: Header<&str>,
    c: Option<Cookie<&str>>,
    state: State<&u8>,
    session: Option<Session>,
) -> String {
    format!("at once {} {} {} {}", *host, c.is_none(), *state, session.is_none())
}

#[request_map("/session")]
async fn session(session: Session) -> Result<&'static str> {
    session.set("a", 1)?;
    Ok("at once")
}

#[request_map("/parameter")]
fn parameter(q: Option<&str>) -> String {
    format!("at once {q:?}")
}

#[request_map("/model")]
fn model(Model(search): Model<Search>) -> String {
    format!("at once {:?}", search.q)
}

#[derive(Deserialize)]
struct Search {
    q: Option<String>,
}

#[request_map("/two/{a}", "/two")]
fn two(a: Option<&str>) -> String {
    format!("at once {a:?}")
}

#[request_map("/both/{a}")]
fn both(a: Param<Option<&str>>, _a: PathValue<&str>) -> String {
    format!("at once {:?}", *a)
}

#[request_map("/request")]
fn request(req: &Request) -> String {
    req.body().len().to_string()
}

#[request_map("/default")]
fn default(search: Search) -> String {
    search.q.unwrap_or_default()
}

#[request_map("/json")]
fn json(json: Option<Json<Value>>) -> String {
    json.is_some().to_string()
}

#[request_map("/file")]
fn file(file: Option<MultipartFile>) -> String {
    file.is_some().to_string()
}

#[request_map("/seen/by-filter")]
fn seen() -> &'static str {
    "seen"
}

#[request_filter("/seen/**")]
async fn sees(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    let size = cx.request.body().len();
    next.run(cx).await;
    cx.response.headers.insert("x-size", size);
    Ok(())
}

#[request_map("/narrow", params = "a=b")]
fn narrow() -> &'static str {
    "narrowed"
}

#[derive(Default)]
struct Shared;

#[controller]
#[request_map("/shared")]
impl Shared {
    #[request_map("/{id}")]
    async fn one(&self, id: u64) -> String {
        format!("at once {id}")
    }
}

#[endpoint("/endpoint/{id}")]
impl Point {
    fn post(&self, id: u64) -> String {
        format!("at once {id}")
    }
}

#[derive(Default)]
struct Point;

#[request_map("/failing")]
fn failing() -> Result<()> {
    Err(vernal::Error::status_only(418))
}

#[error_message("418")]
fn teapot(req: &Request) -> String {
    format!("at once {}", req.body().len())
}

fn builder() -> ClientBuilder {
    Client::builder().state(7_u8)
}

/// A request of a kind, with these fields and this of a body.
fn post(path: &str, fields: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}")
}

const PART: &str = "Content-Length: 1000\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Status and text of the next answer.
async fn answer(peer: &mut DuplexStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .split_once("content-length: ")
                .map_or("0", |(_, rest)| rest.lines().next().unwrap_or(""));
            if body.len() >= length.parse::<usize>().expect("a number") {
                return (head.to_owned(), body.to_owned());
            }
        }
        assert!(peer.read_buf(&mut bytes).await.expect("an answer") > 0, "closed after {text:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_without_a_body_run_at_once() {
    let table = [
        ("/ignore", PART, "at once"),
        ("/ignore", "Content-Length: 99999999999\r\n", "at once"),
        ("/ignore", "Content-Length: 1000\r\nContent-Encoding: br\r\n", "at once"),
        ("/ignore", "Content-Length: 1000\r\nContent-Type: multipart/form-data; boundary=b\r\n", "at once"),
        ("/waiting", PART, "at once"),
        ("/blocking", PART, "at once"),
        ("/response", PART, "at once"),
        ("/path/1", PART, "at once 1"),
        ("/path/1", &format!("{PART}{FORM}"), "at once 1"),
        ("/optional/1", "Content-Length: 1000\r\n", "at once Some(1) true"),
        ("/group/a", PART, "at once a"),
        ("/parts", PART, "at once h true 7 true"),
        ("/session", PART, "at once"),
        ("/parameter", PART, "at once None"),
        (
            "/parameter?q=1",
            "Content-Length: 1000\r\nContent-Type: application/json\r\n",
            "at once Some(\"1\")",
        ),
        ("/model?q=1", PART, "at once Some(\"1\")"),
        ("/two/1", PART, "at once Some(\"1\")"),
        ("/shared/1", PART, "at once 1"),
        ("/endpoint/1", PART, "at once 1"),
        ("/failing", PART, "at once 0"),
        ("/nowhere", PART, "Nothing is mapped to POST /nowhere."),
        ("/narrow", PART, "Nothing is mapped to POST /narrow."),
    ];
    for (path, fields, expected) in table {
        let mut peer = builder().build().connect();
        peer.write_all(post(path, fields, "abc").as_bytes()).await.expect("it reads");
        let (head, body) = answer(&mut peer).await;
        assert!(body.contains(expected), "{path} {fields:?}: {head}\n{body}");
        assert!(!head.starts_with("HTTP/1.1 408"), "{path} {fields:?}: {head}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_look_at_a_body_gets_it() {
    let form = format!("{PART}{FORM}");
    let table = [
        ("/parameter", &*form),
        ("/model", &form),
        ("/two", &form),
        ("/both/1", &form),
        ("/request", PART),
        ("/default", PART),
        ("/json", PART),
        ("/file", "Content-Length: 1000\r\nContent-Type: multipart/form-data; boundary=b\r\n"),
        ("/seen/by-filter", PART),
        ("/narrow", &form),
    ];
    for (path, fields) in table {
        let mut peer = builder().build().connect();
        peer.write_all(post(path, fields, "abc").as_bytes()).await.expect("it reads");
        let (head, body) = answer(&mut peer).await;
        assert!(head.starts_with("HTTP/1.1 408"), "{path} {fields:?}: {head}\n{body}");
    }
    let client = builder().build();
    client.post("/seen/by-filter").body("abc").await.assert_header("x-size", "3");
    client.post("/failing").body("abc").await.assert_text("at once 0");
}

#[tokio::test(start_paused = true)]
async fn filters_that_read_no_body_do_not_wait_for_one() {
    let client = builder()
        .filter("/**", Cors::new().any_origin())
        .filter("/**", SecurityHeaders::new())
        .filter("/**", RateLimit::new(100, Duration::from_secs(60)))
        .filter("/**", Csrf::new())
        .filter("/**", BasicAuth::new("here", |_, _| async { true }))
        .build();
    let mut peer = client.connect();
    let fields = format!("Authorization: Basic YTpi\r\n{PART}");
    peer.write_all(post("/ignore", &fields, "abc").as_bytes()).await.expect("it reads");
    let (head, body) = answer(&mut peer).await;
    assert_eq!(body, "at once", "{head}");
    // A token may come in a form.
    let mut peer = builder().filter("/**", Csrf::new().tokens()).build().connect();
    peer.write_all(post("/ignore", &format!("{PART}{FORM}"), "abc").as_bytes()).await.expect("it reads");
    assert!(answer(&mut peer).await.0.starts_with("HTTP/1.1 408"));
}

/// What follows on the connection. `^` stands for a next request.
#[tokio::test(start_paused = true)]
async fn what_comes_of_it_is_thrown_away_within_bounds() {
    let next = "GET /path/2 HTTP/1.1\r\nHost: h\r\n\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    let table: [(&str, &str, &str, &str); 12] = [
        ("whole", "Content-Length: 3\r\n", "abc^", "200 at once | 200 at once 2"),
        (
            "whole, and several",
            "Content-Length: 3\r\n",
            "abc^^",
            "200 at once | 200 at once 2 | 200 at once 2",
        ),
        ("at the bound", "Content-Length: 500\r\n", "*500^", "200 at once | 200 at once 2"),
        ("over it", "Content-Length: 501\r\n", "*501^", "200 at once closed"),
        ("cut off", "Content-Length: 1000\r\n", "abc", "200 at once closed"),
        ("chunked", chunked, "3\r\nabc\r\n0\r\n\r\n^", "200 at once | 200 at once 2"),
        ("chunked, at the bound", chunked, "1f4\r\n*500\r\n0\r\n\r\n^", "200 at once | 200 at once 2"),
        ("chunked, over it", chunked, "1f5\r\n*501\r\n0\r\n\r\n^", "200 at once"),
        ("chunked, malformed", chunked, "3\r\nabcdef\r\n0\r\n\r\n^", "200 at once"),
        ("with 100-continue", "Content-Length: 3\r\nExpect: 100-continue\r\n", "", "200 at once closed"),
        (
            "that does not wait",
            "Content-Length: 3\r\nExpect: 100-continue\r\n",
            "abc^",
            "200 at once | 200 at once 2",
        ),
        (
            "chunked with 100-continue",
            "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
            "",
            "200 at once closed",
        ),
    ];
    for path in ["/ignore", "/waiting"] {
        for (name, fields, body, expected) in table {
            let body =
                body.replace("*500", &"x".repeat(500)).replace("*501", &"x".repeat(501)).replace('^', next);
            let client = builder().limits(Limits::new().drain_size(500)).build();
            let answers = client.raw(post(path, fields, &body)).await;
            let mut told = Vec::new();
            let mut rest = &*answers;
            while let Some((head, after)) = rest.split_once("\r\n\r\n") {
                let length = head
                    .split_once("content-length: ")
                    .map_or("0", |(_, rest)| rest.lines().next().unwrap_or(""));
                let (text, after) = after.split_at(length.parse().expect("a number"));
                let closed = if head.contains("\r\nconnection: close") { " closed" } else { "" };
                told.push(format!("{} {text}{closed}", head.get(9..12).unwrap_or(head)));
                rest = after;
            }
            assert_eq!(told.join(" | "), expected, "{path}, {name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_may_come_after_the_answer() {
    let client = builder().build();
    for (fields, first, rest) in [
        ("Content-Length: 6\r\n", "abc", "def"),
        ("Transfer-Encoding: chunked\r\n", "3\r\nab", "c\r\n0\r\n\r\n"),
    ] {
        let mut peer = client.connect();
        peer.write_all(post("/ignore", fields, first).as_bytes()).await.expect("it reads");
        assert_eq!(answer(&mut peer).await.1, "at once");
        let next = format!("{rest}GET /path/2 HTTP/1.1\r\nHost: h\r\n\r\n");
        peer.write_all(next.as_bytes()).await.expect("it reads");
        assert_eq!(answer(&mut peer).await.1, "at once 2");
    }
    // One that never comes holds the connection no longer than any other body.
    let mut peer = client.connect();
    peer.write_all(post("/ignore", PART, "abc").as_bytes()).await.expect("it reads");
    assert_eq!(answer(&mut peer).await.1, "at once");
    let start = tokio::time::Instant::now();
    assert_eq!(peer.read(&mut [0]).await.expect("an end"), 0);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_same_without_a_connection() {
    let app = vernal::App::from_registry(vernal::Config::new().state(7_u8)).expect("mappings");
    let silent = || {
        Body::stream(
            stream::once(async { Ok::<_, std::io::Error>(Bytes::from("abc")) }).chain(stream::pending()),
        )
    };
    for path in ["/ignore", "/waiting", "/parameter", "/path/1"] {
        let answer = app.handle(Request::post(path).body(silent())).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    let answer = app.handle(Request::post("/request").body(silent())).await;
    assert_eq!(answer.status, 408);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
