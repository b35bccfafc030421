//! Who answers an error: the page for its status, or the default body in the form the peer prefers.
//!
//! Each `app` is a set of pages of its own; the default application has none.

mod both;

use serde_json::{Value, json};
use vernal::test::{Answer, Client};
use vernal::{
    App, Config, Error, Headers, OrStatus, Request, Response, Result, SetCookie, State, StaticFile,
    StatusCode, error_message, request_filter, request_map,
};

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

fn client_of(app: &str) -> Client {
    Client::builder().app(app).build()
}

fn gist(answer: &Answer) -> (u16, Option<&str>, &str) {
    (answer.status().as_u16(), answer.header("content-type"), answer.text())
}

#[request_map("/fail")]
#[request_map("/fail", app = "precedence")]
#[request_map("/fail", app = "arguments")]
#[request_map("/fail", app = "answers")]
#[request_map("/fail", app = "failing")]
#[request_map("/fail", app = "filtered")]
fn fail(
    code: u16,
    #[arg(default = "told")] message: String,
    #[arg(default = "why")] explain: String,
) -> Result {
    Err(Error::new(code, message).explain(explain))
}

#[request_map("/unknown")]
#[request_map("/unknown", app = "arguments")]
fn unknown(number: Option<&str>) -> Result<String> {
    Ok(number
        .unwrap_or("<secret>")
        .parse::<u8>()
        .map_err(|error| std::io::Error::other(format!("<b> {error}")))?
        .to_string())
}

#[request_map("/panic")]
fn panics() {
    panic!("<secret>");
}

#[request_map("/internal")]
fn internal() -> Result {
    Err(Error::internal("<secret>"))
}

#[request_map("/age")]
fn age(age: u8) -> String {
    age.to_string()
}

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";

#[tokio::test]
async fn the_default_body_is_in_the_form_the_peer_prefers() {
    let client = Client::new();
    let json = r#"{"code":404,"message":"No <b>Such</b>","explain":"<i>&\""}"#;
    let problem = r#"{"code":404,"detail":"<i>&\"","status":404,"title":"No <b>Such</b>"}"#;
    let html = "<!doctype html><html><head><title>404 No &lt;b&gt;Such&lt;/b&gt;</title></head>\
                <body><h1>404 No &lt;b&gt;Such&lt;/b&gt;</h1><p>&lt;i&gt;&amp;&quot;</p></body></html>";
    let problem_json = "application/problem+json";
    let table = [
        (None, JSON, json),
        (Some(""), JSON, json),
        (Some("*/*"), JSON, json),
        (Some("application/json"), JSON, json),
        (Some("image/png"), JSON, json),
        (Some(problem_json), problem_json, problem),
        (Some("Application/Problem+JSON"), problem_json, problem),
        (Some("application/json;q=0.5, application/problem+json;q=0.9"), problem_json, problem),
        (Some("application/json;q=0.9, application/problem+json; q=0.5"), JSON, json),
        (Some("text/html"), HTML, html),
        (Some(BROWSER), HTML, html),
        (Some("text/html;q=0, */*"), JSON, json),
        (Some("text/html;q=nonsense"), JSON, json),
    ];
    for (accept, content_type, body) in table {
        let request = client.get("/fail?code=404&message=No+%3Cb%3ESuch%3C/b%3E&explain=%3Ci%3E%26%22");
        let answer = match accept {
            Some(accept) => request.header("accept", accept).await,
            None => request.await,
        };
        assert_eq!(gist(&answer), (404, Some(content_type), body), "{accept:?}");
        answer.assert_reason("No <b>Such</b>");
    }
}

#[request_map("/bare")]
fn bare(how: &str) -> Result<&'static str> {
    match how {
        "new" => Err(Error::new(404, "page not found")),
        "status" => Err(Error::status_only(404)),
        "option" => None.or_status(404),
        "result" => "x".parse::<u8>().or_status(404).map(|_| ""),
        "said" => "x".parse::<u8>().or_404("no such page").map(|_| ""),
        "with" => "x".parse::<u8>().or_status_with(404, "no such page").map(|_| ""),
        "again" => Err(Error::from("x".parse::<u8>().unwrap_err()).with_status(404).explain("no such page")),
        _ => Err(Error::new(404, "page not found").explain("no such page")),
    }
}

/// Nobody is told what nobody said.
#[tokio::test]
async fn an_error_has_the_explanation_that_was_given() {
    let client = Client::builder().show_errors(false).build();
    let table = [
        ("new", "page not found", None),
        ("status", "Not Found", None),
        ("option", "Not Found", None),
        ("result", "Not Found", None),
        ("said", "Not Found", Some("no such page")),
        ("with", "Not Found", Some("no such page")),
        ("again", "Not Found", Some("no such page")),
        ("both", "page not found", Some("no such page")),
    ];
    for (how, message, explain) in table {
        let ask = |accept| client.get("/bare").query("how", how).header("accept", accept);
        let told = explain.unwrap_or_default();
        ask("*/*").await.assert_json(json!({ "code": 404, "message": message, "explain": told }));
        let problem = ask("application/problem+json").await.json::<Value>();
        assert_eq!(
            (&problem["title"], problem.get("detail")),
            (&json!(message), explain.map(Value::from).as_ref()),
            "{how}"
        );
        let page = ask("text/html").await;
        assert!(page.text().contains(message), "{how}: {page}");
        assert_eq!(page.text().contains("<p>"), explain.is_some(), "{how}: {page}");
    }
}

#[tokio::test]
async fn a_problem_names_the_parameters_that_are_wrong() {
    let client = Client::new();
    let expected = "an integer from 0 to 255";
    let table = [
        (
            "/age",
            json!({
                "title": "Missing Parameter", "status": 400, "code": 400,
                "detail": "Parameter[age] is required: an integer.",
                "errors": [{ "parameter": "age", "source": "Parameter", "expected": "an integer", "got": null }],
            }),
        ),
        (
            "/age?age=x",
            json!({
                "title": "Bad Request", "status": 400, "code": 400,
                "detail": "Parameter[age] should be an integer from 0 to 255, not `x`.",
                "errors": [{ "parameter": "age", "source": "Parameter", "expected": expected, "got": "x" }],
            }),
        ),
        (
            "/nobody",
            json!({
                "title": "Not Found", "status": 404, "code": 404,
                "detail": "Nothing is mapped to GET /nobody.",
            }),
        ),
    ];
    for (path, problem) in table {
        let answer = client.get(path).header("accept", "application/problem+json").await;
        let sent = answer.json::<Value>();
        for key in ["title", "status", "code", "detail", "errors"] {
            assert_eq!(sent[key], problem[key], "{path} {key}");
        }
    }
}

/// The text of an error nobody gave a status to may hold anything: it is for the log.
#[tokio::test]
async fn unknown_errors_are_told_only_when_the_server_shows_errors() {
    let sentence = "The server failed to answer this request.";
    let table = [
        ("/unknown?number=x", "<b> invalid digit found in string"),
        ("/panic", "the handler panicked: <secret>"),
        ("/internal", "<secret>"),
        ("/fail?code=500&explain=public", "public"),
    ];
    for (path, text) in table {
        for (shows, expected) in [(true, text), (false, if text == "public" { text } else { sentence })] {
            let client = Client::builder().show_errors(shows).build();
            let answer = client.get(path).await;
            answer.assert_status(500);
            assert_eq!(answer.json::<Value>()["explain"], expected, "{path}, {shows}");
            let answer = client.get(path).header("accept", BROWSER).await;
            let escaped = expected.replace('<', "&lt;").replace('>', "&gt;");
            answer.assert_status(500).assert_contains(&format!("<p>{escaped}</p>"));
        }
    }
}

/// Errors of the protocol have bodies like others, as far as the request could be read.
#[tokio::test]
async fn protocol_errors_have_the_default_body_too() {
    let client = Client::new();
    let table = [
        ("nonsense\r\n\r\n", 400, "application/json"),
        ("GET / HTTP/9.9\r\nHost: h\r\n\r\n", 505, "application/json"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "application/json"),
        ("GET /fail?code=%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400, "application/json"),
        (
            "POST /age HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999999999\r\n\r\n",
            413,
            "text/html",
        ),
    ];
    for (request, status, content_type) in table {
        let answer = client.raw(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
        assert!(answer.contains(&format!("\r\ncontent-type: {content_type}")), "{request:?}: {answer}");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(body.contains(&status.to_string()), "{request:?}: {answer}");
    }
}

#[request_map("/plain", app = "precedence")]
fn plain() -> u16 {
    404
}

#[request_map("/posted", method = "POST", app = "precedence")]
fn posted() {}

#[error_message("403", "404", app = "precedence")]
fn exact(code: u16) -> String {
    format!("exact {code}")
}

#[error_message("50X", "40x", app = "precedence")]
fn range(code: u16) -> String {
    format!("range {code}")
}

#[error_message(app = "precedence")]
fn every(code: u16) -> String {
    format!("all {code}")
}

#[error_message("503", app = "precedence")]
#[error_message("200", app = "precedence")]
fn exact_within_a_range(code: u16) -> String {
    format!("exact too {code}")
}

#[tokio::test]
async fn exact_pages_come_before_ranges_before_all() {
    let client = client_of("precedence");
    let table = [
        (403, "exact 403"),
        (404, "exact 404"),
        (400, "range 400"),
        (409, "range 409"),
        (410, "all 410"),
        (418, "all 418"),
        (499, "all 499"),
        (500, "range 500"),
        (503, "exact too 503"),
        (509, "range 509"),
        (510, "all 510"),
        (799, "all 799"),
        (999, "all 999"),
        (201, "all 201"),
        // Up to 200 only exact pages count.
        (200, "exact too 200"),
    ];
    for (code, text) in table {
        let answer = client.get(&format!("/fail?code={code}")).await;
        assert_eq!(gist(&answer), (code, Some(TEXT), text));
        // That of the error.
        answer.assert_reason("told");
    }
    client.get("/nobody").await.assert_status(404).assert_text("exact 404");
    client
        .get("/posted")
        .await
        .assert_status(405)
        .assert_text("range 405")
        .assert_header("allow", "POST, OPTIONS");
    client.get("/fail").await.assert_status(400).assert_text("range 400");
    client.get("/plain").await.assert_status(404).assert_text("");
    let head = client.head("/nobody").await;
    head.assert_status(404).assert_text("").assert_header("content-length", "9");
}

#[tokio::test]
async fn pages_answer_protocol_errors_too() {
    let client = client_of("precedence");
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "y".repeat(9000));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a: b\r\n".repeat(101));
    let table = [
        ("nonsense\r\n\r\n", "range 400"),
        (&*long, "all 414"),
        (&*many, "all 431"),
        ("GET / HTTP/9.9\r\nHost: h\r\n\r\n", "range 505"),
        (
            "POST /fail HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999999999\r\n\r\n",
            "all 413",
        ),
    ];
    for (request, text) in table {
        let answer = client.raw(request).await;
        assert!(answer.ends_with(&format!("\r\n\r\n{text}")), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

struct Name(&'static str);

#[error_message("460", app = "arguments")]
fn takes_nothing() -> &'static str {
    "nothing"
}

#[error_message("461", app = "arguments")]
fn takes_texts(explain: &str, message: String, code: StatusCode) -> String {
    format!("{code:?} {message} {explain}")
}

#[error_message("462", app = "arguments")]
async fn takes_everything(
    State(name): State<&Name>,
    req: &Request,
    error: &Error,
    res: &mut Response,
    code: u16,
) -> String {
    tokio::task::yield_now().await;
    res.headers.insert("x-page", "462");
    format!("{} {} {code} {}", name.0, req.path(), error.message_text())
}

#[error_message("500", app = "arguments")]
fn takes_an_unknown_error(explain: &str, error: &Error) -> String {
    format!("{explain} {}", error.source().is_some())
}

#[tokio::test]
async fn arguments_are_filled_by_type_and_texts_by_name() {
    let client = Client::builder().app("arguments").state(Name("state")).show_errors(false).build();
    let table = [
        ("/fail?code=460", "nothing"),
        ("/fail?code=461", "461 told why"),
        // Pages get texts as they are: only HTML that we write ourselves is escaped by us.
        ("/fail?code=461&message=%3Cb%3E&explain=%26", "461 <b> &"),
        ("/fail?code=462", "state /fail 462 told"),
        ("/unknown", "The server failed to answer this request. true"),
    ];
    for (path, text) in table {
        client.get(path).await.assert_text(text);
    }
    client.get("/fail?code=462").await.assert_header("x-page", "462");
}

#[error_message("500", app = "answers")]
fn answers_with_json() -> Value {
    json!({ "oh": "no" })
}

#[error_message("501", app = "answers")]
fn answers_with_bytes() -> &'static [u8] {
    b"raw"
}

#[error_message("502", app = "answers")]
fn answers_with_a_file() -> StaticFile {
    StaticFile::new("LICENSE").content_type("text/x-licence")
}

#[error_message("503", app = "answers")]
fn answers_with_parts(code: u16) -> (u16, Headers, SetCookie, String) {
    let headers = Headers::from([("retry-after", "5"), ("content-type", "text/x-own")]);
    (202, headers, SetCookie::new("seen", "1"), format!("parts {code}"))
}

#[error_message("504", app = "answers")]
fn answers_with_a_response() -> Response {
    Response::new(200).header("x-a", "1").body("<html></html>")
}

#[error_message("505", app = "answers")]
fn answers_with_nothing() {}

#[error_message("506", app = "answers")]
fn answers_with_a_result(message: &str) -> Result<String> {
    Ok(format!("fine: {message}"))
}

#[error_message("507", app = "answers")]
async fn answers_with_a_file_later() -> StaticFile {
    tokio::task::yield_now().await;
    StaticFile::new("LICENSE")
}

#[tokio::test]
async fn a_page_answers_like_a_handler_but_for_the_status() {
    let license = std::fs::read_to_string("LICENSE").expect("there is a licence");
    let client = client_of("answers");
    let table = [
        (500, Some(JSON), r#"{"oh":"no"}"#),
        (501, Some("application/octet-stream"), "raw"),
        (502, Some("text/x-licence"), &license),
        (503, Some("text/x-own"), "parts 503"),
        (504, Some(HTML), "<html></html>"),
        (505, None, ""),
        (506, Some(TEXT), "fine: told"),
        (507, Some("application/octet-stream"), &license),
    ];
    for (code, content_type, body) in table {
        let answer = client.get(&format!("/fail?code={code}")).await;
        assert_eq!(gist(&answer), (code, content_type, body));
        answer.assert_reason("told");
    }
    client
        .get("/fail?code=503")
        .await
        .assert_header("retry-after", "5")
        .assert_header("set-cookie", "seen=1");
    client.get("/fail?code=504").await.assert_header("x-a", "1");
}

#[error_message("500", app = "failing")]
fn fails_by_panic() -> String {
    panic!("a page that panics");
}

#[error_message("501", app = "failing")]
async fn fails_by_panic_later() -> String {
    tokio::task::yield_now().await;
    panic!("a page that panics");
}

#[error_message("502", app = "failing")]
fn fails_by_error() -> Result<(Headers, &'static str)> {
    Err(Error::new(404, "Other").explain("an error of the page"))
}

#[error_message("503", app = "failing")]
fn fails_with_a_missing_file() -> StaticFile {
    StaticFile::new("there/is/no/such/file").content_type("text/css")
}

#[error_message("504", app = "failing")]
async fn fails_with_a_missing_file_later() -> StaticFile {
    StaticFile::new("there/is/no/such/file")
}

#[error_message("505", app = "failing")]
fn fails_with_a_broken_field() -> (Headers, &'static str) {
    (Headers::from([("x-a", "a\r\nb: c")]), "body")
}

#[error_message("506", app = "failing")]
fn fails_by_a_further_error(res: &mut Response) {
    res.send_error(Error::new(404, "Other"));
}

#[error_message("400", "507", app = "failing")]
fn declines() -> Option<String> {
    None
}

#[error_message("508", app = "failing")]
async fn declines_later(req: &Request) -> Result<Option<StaticFile>> {
    Ok(req.query().get("file").map(StaticFile::new))
}

#[error_message(app = "failing")]
fn declines_errors_of_a_type(error: &std::num::ParseIntError) -> Option<(u16, String)> {
    let _ = error;
    None
}

#[request_map("/digit", app = "failing")]
fn digit(digit: &str) -> Result<String> {
    Ok(digit.parse::<u8>()?.to_string())
}

#[tokio::test]
async fn a_page_that_fails_or_is_none_gives_way_to_the_default_body() {
    let client = client_of("failing");
    for code in 500..=508 {
        let ask = |accept| client.get(&format!("/fail?code={code}")).header("accept", accept);
        let answer = ask("*/*").await;
        let json = format!(r#"{{"code":{code},"message":"told","explain":"why"}}"#);
        assert_eq!(gist(&answer), (code, Some(JSON), &*json));
        answer.assert_reason("told").assert_no_header("x-a").assert_header("vary", "Accept");
        let answer = ask("application/problem+json").await;
        let problem = format!(r#"{{"code":{code},"detail":"why","status":{code},"title":"told"}}"#);
        assert_eq!(gist(&answer), (code, Some("application/problem+json"), &*problem));
        let answer = ask(BROWSER).await;
        answer.assert_status(code).assert_header("content-type", HTML).assert_contains("<p>why</p>");
    }
    // Nothing of what is said without a page is lost.
    let body = client.get("/fail?code=x").await.assert_status(400).json::<Value>();
    assert_eq!(body["errors"][0]["parameter"], "code", "{body}");
    client.get("/digit?digit=x").await.assert_status(500).assert_header("content-type", JSON);
    client
        .get("/fail?code=508&file=LICENSE")
        .await
        .assert_status(508)
        .assert_contains("Permission is hereby granted");
    // And the connection is well.
    let request = "GET /fail?code=500 HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_eq!(client.raw(request.repeat(2)).await.matches(r#""explain":"why""#).count(), 2);
}

#[request_filter("/fail", app = "filtered")]
async fn mark(cx: &mut vernal::FilterContext<'_>, next: vernal::Next<'_>) {
    cx.response.headers.insert("x-before", "1");
    next.run(cx).await;
    let code = cx.error().map_or(0, |error| error.status().as_u16());
    cx.response.headers.insert("x-after", code);
}

#[error_message("40x", app = "filtered")]
fn shown_behind_a_filter(res: &mut Response, message: &str) -> String {
    res.headers.insert("x-page", "1");
    format!("page {message}")
}

#[error_message("503", app = "filtered")]
fn file_behind_a_filter() -> StaticFile {
    StaticFile::new("LICENSE")
}

#[error_message("504", app = "filtered")]
fn fails_behind_a_filter() -> StaticFile {
    StaticFile::new("there/is/no/such/file")
}

#[tokio::test]
async fn pages_work_behind_filters() {
    let license = std::fs::read_to_string("LICENSE").expect("there is a licence");
    let client = client_of("filtered");
    let default = r#"{"code":504,"message":"told","explain":"why"}"#;
    for (code, text) in [(404, "page told"), (503, &*license), (504, default)] {
        let answer = client.get(&format!("/fail?code={code}")).await;
        answer.assert_status(code).assert_text(text);
        answer.assert_header("x-before", "1").assert_header("x-after", &code.to_string());
        assert_eq!(answer.headers().contains("x-page"), code == 404);
    }
}

#[request_map("/", app = "twice")]
fn index() {}

#[error_message("404", "50x", app = "twice")]
fn one() {}

#[error_message("500", "404", app = "twice")]
fn another() {}

#[error_message(app = "twice")]
fn all_of_them() {}

#[error_message("50X", app = "twice")]
#[error_message(app = "twice")]
fn all_of_them_again() {}

#[test]
fn two_pages_for_one_code_are_refused_with_both_places() {
    let error = App::from_registry(Config::new().app("twice")).expect_err("pages are there twice");
    let text = format!("{error:?}");
    let table = [
        ("two error pages for 404", "`one`", "`another`"),
        ("two error pages for 50x", "`one`", "`all_of_them_again`"),
        ("two error pages for every status", "`all_of_them`", "`all_of_them_again`"),
    ];
    for (problem, first, second) in table {
        let line = text.lines().find(|line| line.contains(problem));
        let line = line.unwrap_or_else(|| panic!("{problem} is not in {text}"));
        assert!(line.contains(first) && line.contains(second), "{line}");
        assert_eq!(line.matches("tests/error_pages.rs:").count(), 2, "{line}");
    }
    assert_eq!(text.matches("two error pages").count(), 3, "{text}");
}

#[request_map("/", app = "needy")]
fn needy_index() {}

#[error_message(app = "needy")]
fn needy(State(_): State<&Name>) {}

#[test]
fn a_page_that_asks_for_a_state_nobody_gave_is_an_error_at_start() {
    let error = App::from_registry(Config::new().app("needy")).expect_err("there is no state");
    let text = format!("{error:?}");
    for part in ["`needy` at tests/error_pages.rs:", "State<&error_pages::Name>", "server::new().state("] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(App::from_registry(Config::new().app("needy").state(Name(""))).is_ok());
}

#[request_map("/", app = "written")]
fn written_index() {}

#[error_message("400", app = "written")]
async fn written_page(res: &mut Response) -> Result {
    for _ in 0..4 {
        res.write_bytes([b'x'; 64 << 10]).await?;
    }
    Ok(())
}

/// No handler runs beside a refused head, so nothing would drain what a page writes; it gives way instead of hanging.
#[tokio::test]
async fn a_page_for_a_refused_head_cannot_write_piece_by_piece() {
    let answer = Client::builder().app("written").build().raw("GET / HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.len() < 1_000, "{}", answer.len());
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
