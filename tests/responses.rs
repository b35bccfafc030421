//! What handlers return and what goes out: statuses, bodies and their types, fields, cookies, files, errors.

mod both;

#[cfg(debug_assertions)]
mod said;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use vernal::test::{Answer, Client};
use vernal::{
    App, Body, Config, Error, FromValue, Header, Headers, Json, OrStatus, Redirect, Request, Responder,
    Response, Result, SameSite, SetCookie, StaticFile, StatusCode, request_filter, request_map,
};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const XML: &str = "text/xml; charset=utf-8";
const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";

/// Status, content type and body.
fn gist(answer: &Answer) -> (u16, Option<&str>, &str) {
    (answer.status().as_u16(), answer.header("content-type"), answer.text())
}

fn all<'a>(answer: &'a Answer, name: &'a str) -> Vec<&'a str> {
    answer.headers().get_all(name).collect()
}

#[request_map("/text")]
fn text(number: usize) -> Option<&'static str> {
    TEXTS.get(number).map(|row| row.0)
}

/// Texts and what they are sent as.
const TEXTS: [(&str, &str); 14] = [
    ("Hello", TEXT),
    ("", TEXT),
    ("  spaces stay \r\n", TEXT),
    ("中文", TEXT),
    ("<html><body>x</body></html>", HTML),
    ("\n\t<!DOCTYPE html><p>x</p>\n>\n", HTML),
    ("<!doctype HTML>", HTML),
    ("<HTML lang='zh'>中</HTML>", HTML),
    ("<html>x", TEXT),
    ("<p>no page</p>", TEXT),
    ("see <html>", TEXT),
    ("<?xml version=\"1.0\"?><a/>", XML),
    ("<?XML?>", XML),
    ("<?xml", TEXT),
];

#[tokio::test]
async fn texts_are_sniffed_and_sent_as_they_are() {
    let client = Client::new();
    for (number, (text, content_type)) in TEXTS.into_iter().enumerate() {
        let answer = client.get("/text").query("number", number).await;
        assert_eq!(gist(&answer), (200, Some(content_type), text), "{text:?}");
        answer.assert_header("content-length", &text.len().to_string());
    }
}

#[request_map("/types/string")]
fn string() -> String {
    "a".into()
}

#[request_map("/types/long")]
fn long() -> String {
    "y".repeat(100_000)
}

#[request_map("/types/cow")]
fn cow(req: &Request) -> Cow<'_, str> {
    Cow::Borrowed(req.path())
}

#[request_map("/types/cow/owned")]
fn cow_owned() -> Cow<'static, str> {
    Cow::Owned("<html></html>".into())
}

#[request_map("/types/box")]
fn boxed() -> Box<str> {
    "a".into()
}

#[request_map("/types/arc")]
fn shared() -> Arc<str> {
    "a".into()
}

#[request_map("/types/vec")]
fn vec() -> Vec<u8> {
    b"<html></html>".to_vec()
}

#[request_map("/types/bytes")]
fn bytes() -> Bytes {
    Bytes::from_static(b"a")
}

#[request_map("/types/slice")]
fn slice(req: &Request) -> &[u8] {
    req.path().as_bytes()
}

#[request_map("/types/array")]
fn array() -> &'static [u8; 3] {
    b"abc"
}

#[request_map("/types/value")]
fn value() -> Value {
    json!({ "name": "中文", "list": [1, null, true] })
}

#[derive(Serialize)]
struct Pet<'a> {
    name: &'a str,
    age: Option<u8>,
}

#[request_map("/types/json")]
fn pet(#[arg(default = "中")] name: &str) -> Json<Pet<'_>> {
    Json(Pet { name, age: None })
}

#[request_map("/types/json/list")]
async fn pets() -> Json<Vec<u8>> {
    Json(vec![1, 2])
}

#[request_map("/types/body")]
fn body() -> Body {
    Body::from("<html></html>")
}

#[request_map("/types/none")]
fn unit() {}

#[request_map("/types/option")]
fn option(text: Option<&str>) -> Option<&str> {
    text
}

struct Tea;

impl Responder for Tea {
    fn respond(self, res: &mut Response) -> Result {
        (418, Headers::from([("x-pot", "1")]), "short and stout").respond(res)
    }
}

#[request_map("/types/own")]
fn own() -> (Tea, Headers) {
    (Tea, Headers::from([("x-cup", "2")]))
}

#[tokio::test]
async fn every_kind_of_answer_has_its_content_type() {
    let long = "y".repeat(100_000);
    let table = [
        ("/types/string", 200, Some(TEXT), "a"),
        ("/types/long", 200, Some(TEXT), &*long),
        ("/types/cow", 200, Some(TEXT), "/types/cow"),
        ("/types/cow/owned", 200, Some(HTML), "<html></html>"),
        ("/types/box", 200, Some(TEXT), "a"),
        ("/types/arc", 200, Some(TEXT), "a"),
        // Bytes are never looked into.
        ("/types/vec", 200, Some(OCTETS), "<html></html>"),
        ("/types/bytes", 200, Some(OCTETS), "a"),
        ("/types/slice", 200, Some(OCTETS), "/types/slice"),
        ("/types/array", 200, Some(OCTETS), "abc"),
        ("/types/value", 200, Some(JSON), r#"{"list":[1,null,true],"name":"中文"}"#),
        ("/types/json", 200, Some(JSON), r#"{"name":"中","age":null}"#),
        ("/types/json?name=%22", 200, Some(JSON), r#"{"name":"\"","age":null}"#),
        ("/types/json/list", 200, Some(JSON), "[1,2]"),
        ("/types/body", 200, Some(OCTETS), "<html></html>"),
        ("/types/none", 200, None, ""),
        ("/types/option?text=a", 200, Some(TEXT), "a"),
        ("/types/own", 418, Some(TEXT), "short and stout"),
    ];
    let client = Client::new();
    for (path, status, content_type, body) in table {
        let answer = client.get(path).await;
        assert_eq!(gist(&answer), (status, content_type, body), "{path}");
        answer.assert_header("content-length", &body.len().to_string());
        let head = client.head(path).await;
        assert_eq!(gist(&head), (status, content_type, ""), "HEAD {path}");
        head.assert_header("content-length", &body.len().to_string());
    }
    client.get("/types/option").await.assert_status(404).assert_contains("There is no such thing.");
    client.get("/types/own").await.assert_header("x-pot", "1").assert_header("x-cup", "2");
}

#[request_map("/number")]
fn number(status: u16) -> u16 {
    status
}

#[request_map("/status")]
fn status(status: u16) -> Result<StatusCode> {
    StatusCode::from_u16(status).or_status(400)
}

#[request_map("/status/body")]
fn status_and_body(status: u16) -> (u16, &'static str) {
    (status, "body")
}

#[tokio::test]
async fn numbers_are_statuses_from_200_to_599() {
    let client = Client::new();
    let table = [
        (200, 200, "OK", ""),
        (201, 201, "Created", ""),
        (404, 404, "Not Found", ""),
        (500, 500, "Internal Server Error", ""),
        (599, 599, "", ""),
        (0, 500, "Internal Server Error", "0 is no status to answer with: use 200 to 599"),
        (101, 500, "Internal Server Error", "101 is no status to answer with: use 200 to 599"),
        (199, 500, "Internal Server Error", "199 is no status to answer with: use 200 to 599"),
        (600, 500, "Internal Server Error", "600 is no status to answer with: use 200 to 599"),
    ];
    for (number, status, reason, explain) in table {
        let answer = client.get("/number").query("status", number).await;
        assert_eq!(answer.status().as_u16(), status, "{number}");
        answer.assert_reason(reason);
        if explain.is_empty() {
            // A plain status is no error: no page, no body.
            assert_eq!((answer.text(), answer.header("content-length")), ("", Some("0")), "{number}");
        } else {
            assert_eq!(answer.json::<Value>()["explain"], explain);
        }
    }
    let answer = client.get("/status").query("status", 799).await;
    assert_eq!((answer.status().as_u16(), answer.reason(), answer.text()), (799, "", ""));
}

/// These have no body, so that the next answer on the connection must be found right behind their heads.
#[tokio::test]
async fn some_statuses_have_no_body() {
    let client = Client::new();
    for (status, length) in [(204, None), (205, Some("0")), (304, None)] {
        for path in ["/number", "/status", "/status/body"] {
            let first = format!("GET {path}?status={status} HTTP/1.1\r\nHost: h\r\n\r\n");
            let second = "GET /types/array HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
            let answers = client.raw(first + second).await;
            let (head, rest) = answers.split_once("\r\n\r\n").expect("a head");
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            let sent = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert_eq!(sent, length, "{path} {status}");
            assert!(!head.contains("transfer-encoding"), "{head}");
            assert!(!head.contains("content-type"), "there is nothing for it to be about: {head}");
            assert!(
                rest.starts_with("HTTP/1.1 200 OK\r\n") && rest.ends_with("\r\n\r\nabc"),
                "{path} {status}: {rest}"
            );
        }
    }
}

#[request_map("/typed")]
fn typed(res: &mut Response, code: u16) -> &'static str {
    res.set_status(code);
    res.set_header("content-type", "text/css");
    "a {}"
}

/// Of an answer without a body only the handler knows whether its type is worth telling.
#[tokio::test]
async fn a_content_type_of_the_handlers_own_is_sent_without_a_body_too() {
    let client = Client::new();
    let app = App::from_registry(Config::new()).expect("an application");
    for code in [200, 204, 205, 304] {
        client
            .get("/typed")
            .query("code", code)
            .await
            .assert_status(code)
            .assert_header("content-type", "text/css");
        let answer = app.handle(Request::get(format!("/typed?code={code}"))).await;
        assert_eq!(answer.headers.get("content-type"), Some("text/css"), "{code}");
        let answer = app.handle(Request::get(format!("/status/body?status={code}"))).await;
        assert_eq!(answer.headers.contains("content-type"), code == 200, "{code}");
    }
}

#[request_map("/tuple/1")]
fn status_first() -> (u16, &'static str) {
    (201, "a")
}

#[request_map("/tuple/2")]
fn status_last() -> (&'static str, StatusCode) {
    ("a", StatusCode::CREATED)
}

#[request_map("/tuple/3")]
fn everything() -> (Headers, SetCookie, Value, u16, Headers, &'static str, u16, SetCookie) {
    let (one, two) = (SetCookie::new("one", "1"), SetCookie::new("two", "2"));
    (
        Headers::from([("X-A", "1"), ("X-List", "a"), ("X-List", "b")]),
        one,
        json!(["first"]),
        201,
        Headers::from([("x-b", "2"), ("x-a", "3")]),
        "second",
        404,
        two,
    )
}

#[request_map("/tuple/4")]
fn empty_text_first() -> (&'static str, &'static str) {
    ("", "late")
}

#[request_map("/tuple/5")]
fn nested() -> ((u16, Headers), (SetCookie, (String,))) {
    let headers = Headers::from([("x-a", "3")]);
    ((202, headers), (SetCookie::new("one", "1"), ("nested".into(),)))
}

#[request_map("/tuple/6")]
fn file_first() -> (StaticFile, &'static str) {
    (StaticFile::new("LICENSE"), "late")
}

#[tokio::test]
async fn the_parts_of_an_answer_come_in_any_order() {
    let license = std::fs::read_to_string("LICENSE").expect("there is a licence");
    let table = [
        ("/tuple/1", 201, Some(TEXT), "a", &[][..], None),
        ("/tuple/2", 201, Some(TEXT), "a", &[], None),
        ("/tuple/3", 201, Some(JSON), r#"["first"]"#, &["one=1", "two=2"], Some("3")),
        // An empty text is a body, and the first one.
        ("/tuple/4", 200, Some(TEXT), "", &[], None),
        ("/tuple/5", 202, Some(TEXT), "nested", &["one=1"], Some("3")),
        ("/tuple/6", 200, Some(OCTETS), &license, &[], None),
    ];
    let client = Client::new();
    for (path, status, content_type, body, cookies, field) in table {
        let answer = client.get(path).await;
        assert_eq!(gist(&answer), (status, content_type, body), "{path}");
        assert_eq!(all(&answer, "set-cookie"), cookies, "{path}");
        assert_eq!(answer.header("x-a"), field, "{path}");
    }
    let answer = client.get("/tuple/3").await;
    assert_eq!(all(&answer, "x-list"), ["a", "b"]);
    assert_eq!(all(&answer, "x-a"), ["3"], "a later part replaces the field of an earlier one");
    answer.assert_header("x-b", "2");
}

#[request_map("/fields")]
fn only_fields() -> Headers {
    Headers::from([("x-l", "a"), ("X-L", "b")])
}

#[request_map("/fields/ours")]
fn fields_of_the_server() -> (Headers, &'static str) {
    let ours = [
        ("Content-Length", "99"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close, x-kept"),
        ("Keep-Alive", "timeout=1"),
        ("Date", "yesterday"),
        ("Server", "other"),
        ("Upgrade", "h2c"),
        ("x-kept", "yes"),
    ];
    (ours.into(), "abc")
}

#[request_map("/fields/type")]
fn own_type(name: &str) -> (Headers, Value) {
    ([(name, "application/vnd.api+json")].into(), json!(1))
}

#[request_map("/fields/type/response")]
fn own_type_of_response() -> Response {
    Response::new(200).header("CONTENT-TYPE", "a/b").body("<html></html>")
}

#[request_map("/fields/broken")]
fn broken(name: &str, value: &str) -> (Headers, &'static str) {
    ([(name, value)].into(), "body")
}

#[tokio::test]
async fn fields_are_sent_each_on_its_line() {
    let client = Client::new();
    let answer = client.get("/fields").await;
    assert_eq!(gist(&answer), (200, None, ""));
    assert_eq!(all(&answer, "x-l"), ["a", "b"]);

    let answer = client.get("/fields/ours").await;
    answer
        .assert_status(200)
        .assert_text("abc")
        .assert_header("x-kept", "yes")
        .assert_header("server", "vernal");
    assert_eq!(all(&answer, "content-length"), ["3"]);
    for name in ["transfer-encoding", "connection", "keep-alive", "upgrade"] {
        answer.assert_no_header(name);
    }
    assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")), "{answer}");
    assert_eq!(all(&answer, "date").len(), 1);

    for name in ["Content-Type", "content-type", "CONTENT-type"] {
        let answer = client.get("/fields/type").query("name", name).await;
        assert_eq!(all(&answer, "content-type"), ["application/vnd.api+json"]);
    }
    let answer = client.get("/fields/type/response").await;
    assert_eq!(all(&answer, "content-type"), ["a/b"]);
}

/// Nothing that would break out of its line is sent; the answer is a 500 that names the field.
#[tokio::test]
async fn fields_that_break_their_line_are_refused() {
    let client = Client::new();
    let table = [
        ("x-good", "a\tb \u{ff}", 200, "body"),
        ("x-bad", "a\r\nSet-Cookie: b=c", 500, "x-bad"),
        ("x-bad", "a\nb", 500, "x-bad"),
        ("x-bad", "a\0", 500, "x-bad"),
        ("x bad", "a", 500, "x bad"),
        ("x-bad:", "a", 500, "x-bad:"),
        ("x\r\ny", "a", 500, "x\\\\r\\\\ny"),
        ("", "a", 500, ""),
    ];
    for (name, value, status, part) in table {
        let answer = client.get("/fields/broken").query("name", name).query("value", value).await;
        answer.assert_status(status).assert_contains(part).assert_no_header("set-cookie");
        assert_eq!(answer.headers().contains("x-good"), status == 200);
    }
}

#[request_map("/cookies/{kind}")]
fn cookies(kind: &str) -> Result<(SetCookie, SetCookie)> {
    let second = SetCookie::new("second", 2);
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_546_214_400);
    let first = match kind {
        "plain" => SetCookie::new("ck1", "keijack"),
        "path" => SetCookie::new("ck1", "keijack").path("/a"),
        "expires" => SetCookie::new("ck1", "keijack").path("/").expires(time),
        "all" => SetCookie::new("ck1", "keijack")
            .domain("example.com")
            .path("/")
            .max_age(Duration::from_secs(3600))
            .secure()
            .http_only()
            .same_site(SameSite::Strict),
        "removal" => SetCookie::removal("ck1"),
        "broken" => SetCookie::new("ck1", "a; Domain=evil"),
        _ => return Err(Error::not_found("no such cookie")),
    };
    Ok((first, second))
}

#[tokio::test]
async fn each_cookie_has_a_line_with_its_attributes() {
    let client = Client::new();
    let table = [
        ("plain", "ck1=keijack"),
        ("path", "ck1=keijack; Path=/a"),
        ("expires", "ck1=keijack; Path=/; Expires=Mon, 31 Dec 2018 00:00:00 GMT"),
        ("all", "ck1=keijack; Path=/; Domain=example.com; Max-Age=3600; HttpOnly; Secure; SameSite=Strict"),
        ("removal", "ck1=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    for (kind, line) in table {
        let answer = client.get(&format!("/cookies/{kind}")).await;
        let mut sent: Vec<_> = line.split("; ").collect();
        let mut cookies = all(&answer, "set-cookie").into_iter();
        let mut first: Vec<_> = cookies.next().expect("a cookie").split("; ").collect();
        assert_eq!(first[0], sent[0], "the pair comes first");
        sent.sort_unstable();
        first.sort_unstable();
        assert_eq!(first, sent, "{kind}");
        assert_eq!(cookies.collect::<Vec<_>>(), ["second=2"], "{kind}");
    }
    let answer = client.get("/cookies/broken").await;
    answer.assert_status(500).assert_contains("`ck1`").assert_contains("semicolon");
    assert_eq!(all(&answer, "set-cookie"), ["second=2"]);
}

#[request_map("/response/{kind}")]
fn response(kind: &str) -> Response {
    match kind {
        "empty" => Response::new(StatusCode::ACCEPTED),
        "text" => Response::new(200).body("<html></html>"),
        "string" => Response::new(200).body("a".to_owned()),
        "bytes" => Response::new(200).body(Bytes::from_static(b"text all the same")),
        "binary" => Response::new(200).body(&[0xff, 0xfe][..]),
        _ => Response::new(201)
            .header("x-a", "1")
            .header("x-a", "2")
            .cookie(SetCookie::new("userToken", "a").path("/"))
            .cookie(SetCookie::new("userToken", "b").path("/x"))
            .body("full"),
    }
}

#[request_map("/response/inserted")]
fn inserted() -> Response {
    let mut response = Response::new(200).header("x-a", "1").header("X-A", "2");
    response.headers.insert("x-A", "3");
    response.headers.append("x-a", "4");
    response
}

#[tokio::test]
async fn a_response_may_be_returned() {
    let client = Client::new();
    let table = [
        ("empty", 202, None, &b""[..]),
        ("text", 200, Some(HTML), b"<html></html>"),
        ("string", 200, Some(TEXT), b"a"),
        ("bytes", 200, Some(TEXT), b"text all the same"),
        ("binary", 200, Some(OCTETS), b"\xff\xfe"),
        ("full", 201, Some(TEXT), b"full"),
    ];
    for (kind, status, content_type, body) in table {
        let answer = client.get(&format!("/response/{kind}")).await;
        let sent = (answer.status().as_u16(), answer.header("content-type"), answer.bytes());
        assert_eq!(sent, (status, content_type, body), "{kind}");
    }
    let answer = client.get("/response/full").await;
    assert_eq!(all(&answer, "x-a"), ["1", "2"]);
    assert_eq!(all(&answer, "set-cookie"), ["userToken=a; Path=/", "userToken=b; Path=/x"]);
    assert_eq!(all(&client.get("/response/inserted").await, "x-a"), ["3", "4"]);
}

#[request_map("/res/parts")]
fn parts(res: &mut Response) -> &'static str {
    res.status = StatusCode::CREATED;
    res.add_header("x-a", "0");
    res.set_header("x-a", "1");
    res.add_header("x-list", "a");
    res.add_header("x-list", "b");
    res.add_cookie(SetCookie::new("a", "b"));
    "returned"
}

#[request_map("/res/body")]
async fn body_of_response(res: &mut Response) {
    res.set_status(202);
    res.set_body("set");
}

/// A body that is there stays; a status that is there too.
#[request_map("/res/both")]
fn both(res: &mut Response) -> (u16, &'static str) {
    res.set_status(202);
    res.set_body("set");
    (404, "returned")
}

#[request_map("/res/twice")]
fn twice(res: &mut Response) {
    res.set_body("first, and longer");
    res.set_body("second");
}

#[request_map("/res/error")]
fn error_of_response(res: &mut Response) -> &'static str {
    res.headers.insert("x-a", "1");
    res.set_body("never sent");
    res.send_error(Error::new(403, "Closed").explain("come back later"));
    "nor this"
}

#[request_map("/res/blocking", blocking)]
fn blocking(res: &mut Response, name: &str) -> String {
    res.headers.insert("x-a", "1");
    format!("{name} waited")
}

#[tokio::test]
async fn a_handler_may_write_onto_the_answer() {
    let client = Client::new();
    let table = [
        ("/res/parts", 201, Some(TEXT), "returned", Some("1")),
        ("/res/body", 202, Some(TEXT), "set", None),
        ("/res/both", 202, Some(TEXT), "set", None),
        ("/res/twice", 200, Some(TEXT), "second", None),
        (
            "/res/error",
            403,
            Some(JSON),
            r#"{"code":403,"message":"Closed","explain":"come back later"}"#,
            Some("1"),
        ),
        ("/res/blocking?name=ann", 200, Some(TEXT), "ann waited", Some("1")),
    ];
    for (path, status, content_type, body, field) in table {
        let answer = client.get(path).await;
        assert_eq!(gist(&answer), (status, content_type, body), "{path}");
        assert_eq!(answer.header("x-a"), field, "{path}");
    }
    let answer = client.get("/res/parts").await;
    assert_eq!((all(&answer, "set-cookie"), all(&answer, "x-list")), (vec!["a=b"], vec!["a", "b"]));
}

#[request_map("/redirect/{kind}")]
fn redirect(kind: &str, to: &str) -> (Redirect, SetCookie) {
    let redirect = match kind {
        "permanent" => Redirect::permanent(to),
        "see-other" => Redirect::see_other(to),
        "temporary" => Redirect::temporary(to),
        "same-method" => Redirect::permanent_same_method(to),
        "302" => Redirect::found(to),
        "301" => Redirect::moved_permanently(to),
        "307" => Redirect::temporary_redirect(to),
        "308" => Redirect::permanent_redirect(to),
        _ => Redirect::to(to),
    };
    (redirect, SetCookie::new("a", "b"))
}

#[request_map("/redirect/response")]
fn redirect_of_response(res: &mut Response, to: &str) {
    res.redirect(to);
}

#[tokio::test]
async fn a_redirect_has_its_location_and_no_body() {
    let client = Client::new();
    let table = [
        ("found", 302, "/a?b=c&d=%20#e"),
        ("response", 302, "/a?b=c&d=%20#e"),
        ("permanent", 301, "https://example.com/x"),
        ("see-other", 303, "../up"),
        ("temporary", 307, "//example.com"),
        ("same-method", 308, "/%E4%B8%AD"),
        ("302", 302, "/x"),
        ("301", 301, "/x"),
        ("307", 307, "/x"),
        ("308", 308, "/x"),
    ];
    for (kind, status, location) in table {
        let answer = client.get(&format!("/redirect/{kind}")).query("to", location).await;
        assert_eq!(gist(&answer), (status, None, ""), "{kind}");
        answer.assert_header("location", location).assert_header("content-length", "0");
    }
}

#[request_map("/redirect/tried/{kind}")]
fn tried(kind: &str, to: &str, res: &mut Response) -> Result<Option<Redirect>> {
    Ok(Some(match kind {
        "found" => Redirect::try_to(to)?,
        "permanent" => Redirect::try_permanent(to)?,
        "see-other" => Redirect::try_see_other(to)?,
        "temporary" => Redirect::try_temporary(to)?,
        "same-method" => Redirect::try_permanent_same_method(to)?,
        _ => {
            res.try_redirect(to)?;
            Redirect::to("/never")
        }
    }))
}

/// Whatever a peer chooses of a location, it is one, on its line.
#[tokio::test]
async fn a_location_is_encoded_or_refused() {
    let client = Client::new();
    let table = [
        ("/a b/ü", "/a%20b/%C3%BC", true),
        ("/a%20b/%C3%BC", "/a%20b/%C3%BC", true),
        ("/100%", "/100%25", true),
        ("/\\evil.example", "/%5Cevil.example", true),
        ("https://[::1]:1/?q=\"#a#b", "https://[::1]:1/?q=%22#a%23b", true),
        ("/a\r\nSet-Cookie: c=d", "/a%0D%0ASet-Cookie:%20c=d", false),
        ("/a\nb", "/a%0Ab", false),
        ("/\t/evil.example", "/%09/evil.example", false),
        ("/\0", "/%00", false),
        ("/\u{7f}\u{85}", "/%7F%C2%85", false),
    ];
    let kinds = [
        ("found", 302),
        ("permanent", 301),
        ("see-other", 303),
        ("temporary", 307),
        ("same-method", 308),
        ("response", 302),
    ];
    for (to, location, is_fit) in table {
        for (kind, status) in kinds {
            let answer = client.get(&format!("/redirect/{kind}")).query("to", to).await;
            answer.assert_status(status).assert_header("location", location);
            assert!(!all(&answer, "set-cookie").contains(&"c=d"), "{answer}");
            let answer = client.get(&format!("/redirect/tried/{kind}")).query("to", to).await;
            if is_fit {
                answer.assert_status(status).assert_header("location", location);
            } else {
                answer.assert_status(400).assert_contains("control character").assert_no_header("location");
            }
        }
    }
}

#[request_map("/file")]
fn file(path: &str, content_type: Option<&str>) -> StaticFile {
    let file = StaticFile::new(path);
    match content_type {
        Some(content_type) => file.content_type(content_type),
        None => file,
    }
}

#[request_map("/file/async")]
async fn file_later(path: &str) -> Result<(u16, StaticFile)> {
    Ok((203, StaticFile::new(path)))
}

#[cfg(debug_assertions)]
#[request_map("/file/beside/{name}")]
fn file_beside(name: &str) -> StaticFile {
    StaticFile::new(format!("tests/{name}"))
}

/// A path with a `..` is most often one that a peer has a part in.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_debug_build_tells_where_a_path_leads_up() {
    let said = said::Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    let client = Client::new();
    for (name, told) in [("ui.rs", 0), ("a..b", 0), ("..%2FLICENSE", 1), ("..%2Fother", 1)] {
        client.get(&format!("/file/beside/{name}")).await;
        let said = said.with("WARN");
        assert_eq!(said.len(), told, "{name}: {said:?}");
        let is_told = |text: &String| {
            text.contains("tests/responses.rs:")
                && text.contains("\"tests/../LICENSE\"")
                && text.contains("StaticFile::within(directory, path)")
        };
        assert!(said.iter().all(is_told), "{said:?}");
    }
}

#[tokio::test]
async fn a_file_is_sent_with_its_length() {
    let folder = std::env::temp_dir().join(format!("vernal-responses-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for this test");
    let client = Client::new();
    for size in [0, 1, 64 << 10, (64 << 10) + 1, 300_000] {
        let path = folder.join(size.to_string());
        let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        std::fs::write(&path, &bytes).expect("a file for this test");
        let path = path.to_str().expect("text");
        let answer = client.get("/file").query("path", path).await;
        answer.assert_status(200).assert_header("content-type", OCTETS);
        answer.assert_header("content-length", &size.to_string()).assert_no_header("content-disposition");
        assert!(answer.bytes() == bytes, "{size}");
        let head = client.head("/file").query("path", path).await;
        head.assert_status(200).assert_header("content-length", &size.to_string());
        client.get("/file/async").query("path", path).await.assert_status(203);
        let answer = client.get("/file").query("path", path).query("content_type", "text/css").await;
        assert_eq!(all(&answer, "content-type"), ["text/css"]);
    }
    for path in [folder.join("missing"), folder.clone(), "".into(), "a\0b".into()] {
        for route in ["/file", "/file/async"] {
            let answer =
                client.get(route).query("path", path.display()).query("content_type", "text/css").await;
            answer.assert_status(404).assert_json(
                json!({ "code": 404, "message": "Not Found", "explain": "Cannot find file for this url." }),
            );
            assert_eq!(all(&answer, "content-type"), [JSON], "the error's own type");
        }
    }
    std::fs::remove_dir_all(&folder).expect("it was made above");
}

struct Even(u32);

impl FromValue<'_> for Even {
    fn from_value(raw: &str) -> Result<Even> {
        let number: u32 = raw.parse().or_status(422)?;
        if number % 2 == 1 {
            Err(Error::new(409, "Odd").explain("odd numbers are taken"))
        } else {
            Ok(Even(number))
        }
    }
}

#[request_map("/error/binding")]
fn bound(number: Even) -> String {
    number.0.to_string()
}

#[request_map("/error/handler")]
async fn refused(code: u16, message: &str, explain: Option<String>) -> Result<&'static str> {
    let error = Error::new(code, message.to_owned());
    Err(explain.map_or(Error::status_only(code), |explain| error.explain(explain)))
}

#[request_map("/error/filtered")]
fn behind_the_filter() -> &'static str {
    "passed"
}

#[request_filter("/error/filtered")]
fn barrier(cx: &mut vernal::FilterContext<'_>) -> Result {
    match cx.request.parameter("pass") {
        Some(_) => Ok(()),
        None => Err(Error::new(400, "No Pass").explain("pass should be passed")),
    }
}

#[request_map("/error/std")]
fn std_error(number: &str) -> Result<String> {
    Ok(number.parse::<u8>()?.to_string())
}

#[request_map("/error/boxed")]
fn boxed_error(kind: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match kind {
        "text" => Err("a text".into()),
        _ => Err(Error::new(410, "Gone For Good").explain("sold out").into()),
    }
}

#[request_map("/error/string")]
fn string_error() -> Result<(), String> {
    Err("a string".into())
}

#[request_map("/error/panic")]
fn panics(kind: &str) {
    match kind {
        "text" => panic!("plain"),
        "formatted" => panic!("number {}", kind.len()),
        _ => std::panic::panic_any(7),
    }
}

#[request_map("/error/panic/async")]
async fn panics_later() {
    tokio::task::yield_now().await;
    panic!("later");
}

#[request_map("/error/panic/blocking", blocking)]
fn panics_elsewhere() {
    panic!("elsewhere");
}

#[tokio::test]
async fn errors_become_answers() {
    let client = Client::builder().show_errors(true).build();
    let table = [
        ("/error/binding?number=4", 200, "OK", "4"),
        ("/error/binding?number=x", 422, "Unprocessable Entity", "invalid digit found in string"),
        ("/error/binding?number=3", 409, "Odd", "odd numbers are taken"),
        ("/error/binding", 400, "Missing Parameter", "Parameter[number] is required: a value."),
        ("/error/handler?code=400&message=No&explain=not+so", 400, "No", "not so"),
        ("/error/handler?code=404&message=", 404, "Not Found", ""),
        // An empty message stays empty.
        ("/error/handler?code=404&message=&explain=", 404, "", ""),
        ("/error/handler?code=799&message=Own+Word&explain=x", 799, "Own Word", "x"),
        ("/error/filtered", 400, "No Pass", "pass should be passed"),
        ("/error/filtered?pass", 200, "OK", "passed"),
        ("/error/std?number=7", 200, "OK", "7"),
        ("/error/std?number=x", 500, "Internal Server Error", "invalid digit found in string"),
        ("/error/boxed?kind=text", 500, "Internal Server Error", "a text"),
        ("/error/boxed?kind=own", 410, "Gone For Good", "sold out"),
        ("/error/string", 500, "Internal Server Error", "a string"),
        ("/error/panic?kind=text", 500, "Internal Server Error", "the handler panicked: plain"),
        ("/error/panic?kind=formatted", 500, "Internal Server Error", "the handler panicked: number 9"),
        ("/error/panic?kind=other", 500, "Internal Server Error", "the handler panicked: (no text)"),
        ("/error/panic/async", 500, "Internal Server Error", "the handler panicked: later"),
        ("/error/panic/blocking", 500, "Internal Server Error", "the handler panicked: elsewhere"),
    ];
    for (path, status, message, text) in table {
        let answer = client.get(path).await;
        if status == 200 {
            assert_eq!((answer.status().as_u16(), answer.text()), (status, text), "{path}");
            continue;
        }
        assert_eq!(answer.status().as_u16(), status, "{path}: {answer}");
        answer.assert_header("content-type", JSON);
        let mut body: Value = answer.json();
        if path.starts_with("/error/binding") {
            let errors = body.as_object_mut().and_then(|body| body.remove("errors"));
            assert_eq!(errors.expect("what was wrong")[0]["parameter"], "number", "{path}");
        }
        assert_eq!(body, json!({ "code": status, "message": message, "explain": text }), "{path}");
        answer.assert_reason(message);
    }
}

/// An error is no reason to give up a connection whose framing is sound.
#[tokio::test]
async fn the_connection_goes_on_after_an_error() {
    let client = Client::new();
    for path in
        ["/nobody", "/error/string", "/error/panic?kind=text", "/error/panic/async", "/error/panic/blocking"]
    {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        let last = "GET /types/array HTTP/1.1\r\nHost: h\r\n\r\n";
        let answers = client.raw(format!("{request}{last}")).await;
        assert!(answers.ends_with("\r\n\r\nabc"), "{path}: {answers}");
        assert!(!answers.to_lowercase().contains("connection: close"), "{path}: {answers}");
    }
}

#[tokio::test]
async fn a_message_cannot_split_the_status_line() {
    let client = Client::new();
    let table = [
        ("Own Word", "Own Word"),
        ("a\tb", "a\tb"),
        ("No\r\nSet-Cookie: a=b", "Bad Request"),
        ("No\nSet-Cookie: a=b", "Bad Request"),
        ("中", "Bad Request"),
    ];
    for (message, reason) in table {
        let answer = client.get("/error/handler?code=400&explain=x").query("message", message).await;
        answer.assert_status(400).assert_no_header("set-cookie");
        answer.assert_reason(reason);
        assert_eq!(answer.json::<Value>()["message"], message, "the body says it all");
    }
}

#[tokio::test]
async fn errors_without_a_body_keep_the_head() {
    let client = Client::new();
    let full = client.get("/nobody").await;
    let head = client.head("/nobody").await;
    head.assert_status(404).assert_text("").assert_header("content-type", JSON);
    let length: usize =
        head.header("content-length").and_then(|length| length.parse().ok()).expect("a length");
    assert_eq!(length, full.bytes().len() + "HEAD".len() - "GET".len());
    for code in [204, 205, 304] {
        let answer = client.get("/error/handler?message=x&explain=y").query("code", code).await;
        answer.assert_status(code).assert_text("");
    }
    // An error cannot be an interim answer either: the peer would wait for another one.
    for code in [100, 101, 103] {
        client.get("/error/handler?message=x&explain=y").query("code", code).await.assert_status(500);
    }
}

#[request_map("/error/after")]
async fn error_after_fields(res: &mut Response, x_fail: Option<Header<&str>>) -> Result<&'static str> {
    res.status = StatusCode::CREATED;
    res.headers.insert("x-e", "kept");
    res.headers.insert("content-type", "text/css");
    res.add_cookie(SetCookie::new("a", "b"));
    match x_fail.as_deref() {
        Some(&"panic") => panic!("as told"),
        Some(_) => Err(Error::forbidden("as told").header("retry-after", 5)),
        None => Ok("fine"),
    }
}

#[tokio::test]
async fn fields_set_before_an_error_are_sent_with_it() {
    let client = Client::new();
    let table = [("panic", 500, None), ("error", 403, Some("5"))];
    for (how, status, retry) in table {
        let answer = client.get("/error/after").header("x-fail", how).await;
        answer.assert_status(status).assert_header("x-e", "kept").assert_header("set-cookie", "a=b");
        assert_eq!(answer.header("retry-after"), retry);
        assert_eq!(all(&answer, "content-type"), [JSON], "the type was that of another body");
    }
    client.get("/error/after").await.assert_status(201).assert_header("content-type", "text/css");
}

#[request_map("/fields/{how}")]
fn fields(how: &str, res: &mut Response) -> &'static str {
    res.set_header("x-tag", "first");
    match how {
        "set" => res.set_header("X-Tag", "second"),
        _ => res.add_header("X-Tag", "second"),
    };
    "fields"
}

#[request_map("/wanted")]
fn wanted(text: &str) -> Result<String> {
    let number = text.parse::<u8>().or_400("a number up to 255 is wanted")?;
    let small = Some(number).filter(|number| *number < 10).or_status_with(422, "a small number is wanted")?;
    Ok(small.to_string())
}

/// What a block in a task says of itself.
#[request_map("/spawned")]
async fn spawned() -> Result<String> {
    let task = tokio::spawn(async {
        let number: u8 = "7".parse()?;
        vernal::ok(number)
    });
    Ok(task.await??.to_string())
}

#[tokio::test]
async fn fields_statuses_and_tasks_have_short_words() {
    let files = std::env::current_dir().expect("a folder").join("tests/ui");
    let client = Client::builder().resources(format!("/{}/*", "fixtures"), files).build();
    for (path, expected) in [("/fields/set", vec!["second"]), ("/fields/add", vec!["first", "second"])] {
        assert_eq!(all(&client.get(path).await, "x-tag"), expected, "{path}");
    }
    for (path, status, text) in [
        ("/wanted?text=7", 200, "7"),
        ("/wanted?text=x", 400, "a number up to 255 is wanted"),
        ("/wanted?text=99", 422, "a small number is wanted"),
        ("/spawned", 200, "7"),
    ] {
        client.get(path).await.assert_status(status).assert_contains(text);
    }
    client.get("/fixtures/paths.rs").await.assert_status(404);
    client.get("/fixtures/patterns.rs").await.assert_status(200);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
