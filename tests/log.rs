//! What is said in the log of what peers do, and of what we do. Alone in its process, since a subscriber is for all of it.

mod both;
mod said;

use std::fmt;
use std::sync::LazyLock;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::Level;
use vernal::test::Client;
use vernal::websocket::WebSocketSession;
use vernal::{
    Error, FilterContext, Json, Limits, Next, OrStatus, Redirect, Responder, Response, Result, SetCookie,
    Text, error_message, request_filter, request_map, websocket_handler,
};

use crate::said::{Line, Said};

#[request_map("/echo", method = "POST")]
fn echo(body: Text<&str>) -> String {
    body.to_string()
}

#[request_map("/panic")]
fn panics() -> &'static str {
    panic!("as it should")
}

/// An error with another one behind it.
#[derive(Debug)]
struct NoOrders(std::num::ParseIntError);

impl fmt::Display for NoOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no orders")
    }
}

impl std::error::Error for NoOrders {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn number() -> Result<u8, NoOrders> {
    "x".parse().map_err(NoOrders)
}

#[request_map("/orders/{id}")]
fn orders(id: &str) -> Result<String> {
    Ok(format!("{id}: {}", number()?))
}

#[request_map("/later/{_id}")]
async fn later() -> Result<String> {
    let number = number().or_status(503).map_err(|error| error.explain("come back later"))?;
    Ok(number.to_string())
}

#[request_map("/blocking", blocking)]
fn blocks() -> Result<String> {
    Ok(number()?.to_string())
}

#[request_map("/unknown")]
fn unknown(name: &str) -> Result<String> {
    Err(number().or_404(format!("nobody is called {name}")).expect_err("no number"))
}

#[request_map("/quoted")]
fn quotes(text: &str) -> Result {
    Err(Error::internal(format!("`{text}` broke it")))
}

#[request_map("/filtered")]
fn filtered() -> &'static str {
    "never"
}

#[request_filter("/filtered")]
async fn fails(_: &mut FilterContext<'_>, _: Next<'_>) -> Result {
    Err(Error::internal("the filter broke"))
}

#[request_map("/page")]
fn has_a_page() -> Result {
    Err(Error::new(599, "Odd"))
}

#[error_message("599")]
fn page(error: &Error) -> Result<String> {
    let _ = error;
    Ok(number()?.to_string())
}

#[request_map("/declined")]
fn has_a_page_that_declines() -> Result {
    Err(Error::new(598, "Odd"))
}

#[error_message("598")]
fn declines() -> Option<String> {
    None
}

/// An answer that cannot be made.
struct Unmade;

impl Responder for Unmade {
    fn respond(self, _: &mut Response) -> Result {
        Err(number().expect_err("no number").into())
    }
}

#[request_map("/unmade")]
fn unmade() -> Unmade {
    Unmade
}

#[request_map("/twice/redirect/error")]
fn redirect_and_error(res: &mut Response) {
    res.redirect("/first");
    res.send_error(Error::new(403, "No"));
}

#[request_map("/twice/redirect/body")]
fn redirect_and_body(res: &mut Response) -> (u16, &'static str) {
    res.redirect("/first");
    (404, "a body")
}

#[request_map("/twice/redirect/redirect")]
async fn two_redirects(res: &mut Response) -> Redirect {
    res.redirect("/first");
    tokio::task::yield_now().await;
    Redirect::permanent("/second")
}

#[request_map("/twice/redirect/response", blocking)]
fn redirect_and_response(res: &mut Response) -> Response {
    res.redirect("/first");
    Response::new(404).header("x-a", "1").body("a body")
}

#[request_map("/twice/redirect/json")]
fn redirect_and_json(res: &mut Response) -> Json<u8> {
    res.redirect("/first");
    Json(1)
}

#[request_map("/twice/error/redirect")]
fn error_and_redirect(res: &mut Response) {
    res.send_error(Error::new(403, "No"));
    res.redirect("/never");
}

#[request_map("/twice/error/body")]
async fn error_and_body(res: &mut Response) -> Result<String> {
    res.send_error(Error::new(403, "No"));
    Ok("a body".to_owned())
}

#[request_map("/twice/error/error")]
fn two_errors(res: &mut Response) {
    res.send_error(Error::new(403, "No"));
    res.send_error(Error::new(404, "Nothing"));
}

#[request_map("/twice/body/body")]
fn two_bodies(res: &mut Response) -> &'static str {
    res.set_body("first");
    "second"
}

#[request_map("/twice/filtered")]
fn redirect_behind_a_filter(res: &mut Response) -> &'static str {
    res.redirect("/first");
    "a body"
}

/// May well put another answer in place of the handler's.
#[request_filter("/twice/filtered")]
async fn replaces(cx: &mut FilterContext<'_>, next: Next<'_>) {
    next.run(cx).await;
    cx.response.headers.insert("x-seen", cx.response.status.as_u16());
    if cx.request.parameter("replace").is_some() {
        cx.response.send_error(Error::new(410, "Gone"));
    }
}

#[request_map("/once/{how}")]
fn once(how: &str, res: &mut Response) -> Result<(SetCookie, Option<()>)> {
    match how {
        "redirect" => res.redirect("/first"),
        "error" => res.send_error(Error::new(403, "No")),
        "body" => {
            res.set_body("not this");
            res.set_body("this");
        }
        // What fails has failed, whatever was said before.
        _ => {
            res.redirect("/first");
            Err(Error::new(409, "Failed"))?;
        }
    }
    res.add_header("x-a", "1");
    Ok((SetCookie::new("a", "b"), Some(())))
}

/// An error whose page chooses the status.
#[derive(Debug)]
struct Chosen(u16);

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("chosen")
    }
}

impl std::error::Error for Chosen {}

#[request_map("/chosen/{status}")]
fn chosen(status: u16) -> Result<(), Chosen> {
    Err(Chosen(status))
}

#[error_message]
fn chooses(error: &Chosen) -> u16 {
    error.0
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    async fn on_message(&self, _: &WebSocketSession, message: &str) -> Result {
        Err(Error::internal(format!("no {message}")))
    }
}

static SAID: LazyLock<Said> = LazyLock::new(|| Said::up_to(Level::TRACE));

/// One test after the other, since they share the log; it is empty then.
async fn alone() -> tokio::sync::MutexGuard<'static, ()> {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let guard = ONE.lock().await;
    let _ = tracing::subscriber::set_global_default(SAID.clone());
    take();
    guard
}

fn take() -> Vec<Line> {
    SAID.take()
}

#[tokio::test]
async fn a_peer_cannot_fill_the_log() {
    let _alone = alone().await;
    let client = Client::new();
    let table = [
        ("GET\r\n\r\n", 0),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", 0),
        ("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 0),
        ("GET /nobody HTTP/1.1\r\nHost: h\r\n\r\n", 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc", 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\nabc", 0),
        // Our own mistakes are told.
        ("GET /panic HTTP/1.1\r\nHost: h\r\n\r\n", 1),
    ];
    for (request, expected) in table {
        let answer = client.raw(request).await;
        let count = take().iter().filter(|said| said.level <= Level::WARN).count();
        assert_eq!(count, expected, "{request}: {answer}");
    }
}

const NO_ORDERS: &str = "no orders; caused by: invalid digit found in string";

#[tokio::test]
async fn the_line_of_an_error_tells_who_where_and_why() {
    let _alone = alone().await;
    let client = Client::new();
    let ours = |code: u16, message: &str, why: &str| format!("code {code}, message {message}: {why}");
    let internal = |why: &str| ours(500, "Internal Server Error", why);
    let long = "x".repeat(5_000);
    let table = [
        ("/orders/7?x=1", Level::ERROR, "GET /orders/7, `orders` at", internal(NO_ORDERS)),
        ("/orders/a%20%3Cb%3E%26", Level::ERROR, "GET /orders/a <b>&, `orders` at", internal(NO_ORDERS)),
        (
            "/orders/%0D%0A%1B[31m",
            Level::ERROR,
            "GET /orders/\\r\\n\\u{1b}[31m, `orders` at",
            internal(NO_ORDERS),
        ),
        (
            "/later/7",
            Level::ERROR,
            "GET /later/7, `later` at",
            ours(503, "Service Unavailable", &format!("come back later; caused by: {NO_ORDERS}")),
        ),
        ("/blocking", Level::ERROR, "GET /blocking, `blocks` at", internal(NO_ORDERS)),
        ("/panic", Level::ERROR, "GET /panic, `panics` at", internal("the handler panicked: as it should")),
        ("/filtered", Level::ERROR, "GET /filtered, `fails` at", internal("the filter broke")),
        ("/unmade", Level::ERROR, "GET /unmade, `unmade` at", internal(NO_ORDERS)),
        (
            &format!("/quoted?text={long}"),
            Level::ERROR,
            "GET /quoted, `quotes` at",
            internal(&format!("`{long}` broke it")),
        ),
        (
            "/quoted?text=%3Ca+href%3D%22%26%27%22%3E%5Cn",
            Level::ERROR,
            "GET /quoted, `quotes` at",
            internal("`<a href=\"&'\">\\n` broke it"),
        ),
        (
            "/quoted?text=a%0D%0A%E2%80%A8%E2%80%AEb",
            Level::ERROR,
            "GET /quoted, `quotes` at",
            internal("`a\\r\\n\\u{2028}\\u{202e}b` broke it"),
        ),
        (
            "/unknown?name=ann%0A",
            Level::DEBUG,
            "GET /unknown, `unknown` at",
            ours(404, "Not Found", &format!("nobody is called ann\\n; caused by: {NO_ORDERS}")),
        ),
        (
            "/unknown",
            Level::DEBUG,
            "GET /unknown, `unknown` at",
            ours(400, "Missing Parameter", "Parameter[name] is required: a text."),
        ),
        (
            "/nobody",
            Level::DEBUG,
            "GET /nobody: code",
            ours(404, "Not Found", "Nothing is mapped to GET /nobody."),
        ),
    ];
    // What is mapped has been said.
    take();
    for (target, level, begin, end) in &table {
        client.get(target).await;
        let said: Vec<_> = take().into_iter().filter(|said| said.target == "vernal").collect();
        let [line] = &said[..] else { panic!("{target}: {said:?}") };
        assert_eq!(line.level, *level, "{target}: {line:?}");
        assert!(line.text.starts_with(begin), "{target}: {line:?}");
        assert!(line.text.ends_with(end), "{target}: {line:?}");
        let has_place = line.text.contains(&format!("` at {}:", file!()));
        assert_eq!(has_place, begin.ends_with(" at"), "{target}: {line:?}");
    }
}

#[tokio::test]
async fn a_page_and_a_websocket_that_fail_say_why() {
    let _alone = alone().await;
    let client = Client::new();
    client.get("/page").await.assert_status(599);
    let said = take();
    let begin = format!("the error page for 599, `page` at {}:", file!());
    let end = format!(", failed: code 500, message Internal Server Error: {NO_ORDERS}");
    assert!(said.iter().any(|said| said.text.starts_with(&begin) && said.text.ends_with(&end)), "{said:?}");
    client.get("/declined").await.assert_status(598);
    let said = take();
    assert!(!said.iter().any(|said| said.text.contains("the error page")), "{said:?}");

    let mut ws = client.websocket("/chat/te%0Aa").await;
    ws.send("tea\n").await.expect("it is open");
    ws.expect_close(1011).await;
    let said = take();
    let begin = "a WebSocket handler failed: GET /chat/te\\na, `Chat` at ";
    assert!(
        said.iter().any(|said| said.text.starts_with(begin) && said.text.ends_with(": no tea\\n")),
        "{said:?}"
    );
}

#[tokio::test]
async fn the_line_of_an_answer_has_the_target_as_it_came() {
    let _alone = alone().await;
    let client = Client::new();
    let long = format!("/nobody?{}", "q=1&".repeat(900));
    for target in ["/nobody?a=1&b='<c>'", "/nobody%0D%0A%1B", "/nobody/\u{fc}", "/nobody\\\u{202e}", &long] {
        client.raw(format!("GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")).await;
        let said = take();
        let lines: Vec<_> = said.iter().filter(|said| said.target == "vernal::access").collect();
        let [line] = lines[..] else { panic!("{target}: {said:?}") };
        let (before, status) = line.text.rsplit_once("\" ").expect("a line of an answer");
        let (status, size) = status.split_once(' ').expect("a size");
        assert!(["404", "400"].contains(&status) && size.parse::<u64>().is_ok(), "{line:?}");
        if status == "404" {
            assert_eq!(before, format!("\"GET {target} HTTP/1.1").replace('\u{202e}', "\\u{202e}"));
        }
    }
}

/// Quoted in JSON as JSON does, in HTML as HTML does, each once.
#[tokio::test]
async fn an_answer_escapes_as_its_own_form_does() {
    let _alone = alone().await;
    let client = Client::new();
    let get = |accept: &str| client.get("/%3Ci%3E%22&'%5C%0A").header("accept", accept.to_owned());
    let explain = "Nothing is mapped to GET /<i>\"&'\\\\n.";
    let json: serde_json::Value = get("application/json").await.json();
    assert_eq!(json["explain"], explain);
    let json: serde_json::Value = get("application/problem+json").await.json();
    assert_eq!(json["detail"], explain);
    get("text/html")
        .await
        .assert_contains("<p>Nothing is mapped to GET /&lt;i&gt;&quot;&amp;&#39;\\\\n.</p>");
}

/// The first answer is the answer, whole, and whoever gave two is told so once.
#[tokio::test]
async fn answering_twice_is_told_once() {
    let _alone = alone().await;
    let client = Client::new();
    let table = [
        ("redirect/error", 302, "redirect_and_error"),
        ("redirect/body", 302, "redirect_and_body"),
        ("redirect/redirect", 302, "two_redirects"),
        ("redirect/response", 302, "redirect_and_response"),
        ("redirect/json", 302, "redirect_and_json"),
        ("error/redirect", 403, "error_and_redirect"),
        ("error/body", 403, "error_and_body"),
        ("error/error", 403, "two_errors"),
        ("body/body", 200, "two_bodies"),
        ("filtered", 302, "redirect_behind_a_filter"),
    ];
    take();
    for (path, status, name) in table {
        for time in 0..3 {
            let answer = client.get(&format!("/twice/{path}")).await;
            answer.assert_status(status).assert_no_header("x-a");
            assert_eq!(answer.header("location"), (status == 302).then_some("/first"), "{path}");
            match status {
                302 => answer.assert_text("").assert_no_header("content-type"),
                403 => answer.assert_contains("No"),
                _ => answer.assert_text("first"),
            };
            let said: Vec<_> = take().into_iter().filter(|said| said.level <= Level::WARN).collect();
            assert_eq!(said.len(), usize::from(time == 0), "{path}: {said:?}");
            assert!(
                said.iter().all(|said| said.text.starts_with(&format!("`{name}` at {}:", file!()))),
                "{said:?}"
            );
        }
    }
    let replaced = client.get("/twice/filtered?replace").await;
    replaced.assert_status(410).assert_header("x-seen", "302");
    let table = [("redirect", 302), ("error", 403), ("body", 200), ("failure", 409)];
    for (how, status) in table {
        let answer = client.get(&format!("/once/{how}")).await;
        answer.assert_status(status);
        assert_eq!(answer.header("x-a").is_some(), status != 409, "{how}");
        assert_eq!(answer.header("set-cookie").is_some(), status != 409, "{how}: {answer}");
    }
    let said: Vec<_> = take().into_iter().filter(|said| said.level <= Level::WARN).collect();
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test]
async fn an_error_is_as_bad_as_its_page_says() {
    let _alone = alone().await;
    let client = Client::new();
    take();
    for (status, level) in [(404, Level::DEBUG), (503, Level::ERROR)] {
        client.get(&format!("/chosen/{status}")).await.assert_status(status);
        let said: Vec<_> = take().into_iter().filter(|said| said.target == "vernal").collect();
        let [line] = &said[..] else { panic!("{status}: {said:?}") };
        assert_eq!(line.level, level, "{line:?}");
        assert!(
            line.text.contains("`chosen` at") && line.text.contains(&format!("code {status}")),
            "{line:?}"
        );
    }
}

#[tokio::test]
async fn bodies_that_hold_too_much_are_told_of() {
    let _alone = alone().await;
    let table = [
        ("all that is mapped fits", Limits::new(), ""),
        (
            "one cannot",
            Limits::new().buffered_bodies(1000).body_size(1001),
            "takes bodies of up to 1001 bytes whole, and all requests together may hold 1000 (Limits::buffered_bodies)",
        ),
        ("it just fits", Limits::new().buffered_bodies(1000).body_size(1000), ""),
    ];
    for (name, limits, expected) in table {
        let client = Client::builder().limits(limits).build();
        let told: Vec<_> = take().into_iter().filter(|said| said.text.contains("buffered_bodies")).collect();
        assert_eq!(told.len(), usize::from(!expected.is_empty()), "{name}: {told:?}");
        assert!(
            told.iter().all(|said| said.level == Level::WARN && said.text.contains(expected)),
            "{name}: {told:?}"
        );
        drop(client);
    }
    // Once, and not by every request that is refused.
    let client = Client::builder().limits(Limits::new().buffered_bodies(10).body_size(10)).build();
    let mut held = Vec::new();
    for refused in 0..3 {
        let mut peer = client.connect();
        let request = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123456789";
        peer.write_all(request.as_bytes()).await.expect("it reads");
        if refused > 0 {
            let mut answer = String::new();
            peer.shutdown().await.expect("it reads");
            peer.read_to_string(&mut answer).await.expect("text");
            assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        } else {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        held.push(peer);
    }
    let told: Vec<_> = take().into_iter().filter(|said| said.level == Level::WARN).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].text.contains("hold 10 bytes in memory together (Limits::buffered_bodies)"), "{told:?}");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
