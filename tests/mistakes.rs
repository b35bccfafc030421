//! All that is wrong with a request is told at once, and what has an effect is not tried for it.

mod both;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};
use vernal::test::{Answer, Client};
use vernal::{
    Arg, Config, Cookie, Error, Form, FromRequest, Header, Json, ModelBinding, PathValue, Request, Response,
    Result, Session, error_message, request_map, websocket_handler,
};

#[derive(Deserialize)]
struct Order {
    item: String,
    count: u8,
    #[serde(default)]
    notes: Vec<Note>,
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[request_map("/orders/{shop}", method = "POST")]
fn order(
    page: u8,
    #[arg(range = 1..=9, default = 1)] size: u32,
    x_token: Header<&str>,
    seen: Option<Cookie<u8>>,
    shop: PathValue<u16>,
    Json(order): Json<Order>,
) -> String {
    let notes: Vec<_> = order.notes.iter().map(|note| &*note.text).collect();
    format!("{page} {size} {x_token} {seen:?} {shop} {} {} {notes:?}", order.item, order.count)
}

/// `source[parameter]pointer: expected, got`
fn list(answer: &Answer) -> Vec<String> {
    let body: Value = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mistake = |it: &Value| {
        let [source, parameter, pointer, expected, got] =
            ["source", "parameter", "pointer", "expected", "got"].map(|key| text(&it[key]));
        format!("{source}[{parameter}] {pointer}: {expected}, {got}")
    };
    body["errors"].as_array().into_iter().flatten().map(mistake).collect()
}

/// Path, query, `X-Token`, cookies and body of a request; status and mistakes of its answer.
type Row = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    &'static str,
    u16,
    &'static [&'static str],
);

#[tokio::test]
async fn every_argument_that_is_wrong_is_named() {
    let client = Client::new();
    let good = r#"{"item":"tea","count":1}"#;
    let table: [Row; 6] = [
        ("/orders/7", "page=1", Some("t"), None, good, 200, &[]),
        (
            "/orders/7",
            "page=x",
            Some("t"),
            None,
            good,
            400,
            &["Parameter[page] -: an integer from 0 to 255, x"],
        ),
        (
            "/orders/x",
            "page=x&size=0",
            None,
            Some("seen=no"),
            r#"{"item":"tea","count":1,"notes":[{"text":"a"},{"text":7}]}"#,
            400,
            &[
                "Parameter[page] -: an integer from 0 to 255, x",
                "Parameter[size] -: 1 to 9, 0",
                "Header[x_token] -: a text, -",
                "Cookie[seen] -: an integer from 0 to 255, no",
                "PathValue[shop] -: an integer from 0 to 65535, x",
                "Body[order] /notes/1/text: a string, number `7`",
            ],
        ),
        (
            "/orders/x",
            "page=1",
            Some("t"),
            None,
            "{",
            404,
            &["PathValue[shop] -: an integer from 0 to 65535, x", "Body[order] -: JSON, 1 byte"],
        ),
        (
            "/orders/7",
            "",
            Some("t"),
            None,
            r#"{"item":"tea"}"#,
            400,
            &["Parameter[page] -: an integer, -", "Body[order] -: field `count`, an object without it"],
        ),
        (
            "/orders/7",
            "page=1",
            Some("t"),
            None,
            r#"{"item":"tea","count":300}"#,
            400,
            &["Body[order] /count: an integer from 0 to 255, number `300`"],
        ),
    ];
    for (path, query, token, cookie, body, status, expected) in table {
        for accept in ["application/json", "application/problem+json"] {
            let mut request = client.post(&format!("{path}?{query}")).header("accept", accept);
            request = request.header("content-type", "application/json").body(body);
            if let Some(token) = token {
                request = request.header("x-token", token);
            }
            if let Some(cookie) = cookie {
                request = request.header("cookie", cookie);
            }
            let answer = request.await;
            assert_eq!(answer.status(), status, "{path} {query}: {}", answer.text());
            if status != 200 {
                assert_eq!(list(&answer), expected, "{path} {query} {accept}");
            }
        }
    }
}

#[request_map("/two")]
fn two(page: u8, x_token: Header<&str>) -> String {
    format!("{page} {x_token}")
}

#[tokio::test]
async fn the_words_of_several_are_joined_and_those_of_one_stay() {
    let client = Client::new();
    let one = client.get("/two").header("x-token", "t").await.json::<Value>();
    let explain = "Parameter[page] is required: an integer.";
    assert_eq!((&one["message"], &one["explain"]), (&json!("Missing Parameter"), &json!(explain)));
    let two = client.get("/two?page=x").await.json::<Value>();
    let (page, token) = (
        "Parameter[page] should be an integer from 0 to 255, not `x`.",
        "Header[x_token] is required: a text.",
    );
    assert_eq!(
        (&two["message"], &two["explain"]),
        (&json!("Bad Request"), &json!(format!("{page} {token}")))
    );
    assert_eq!((&two["errors"][0]["detail"], &two["errors"][1]["detail"]), (&json!(page), &json!(token)));
    let shown = client.get("/two?page=x").header("accept", "text/html").await;
    assert!(shown.text().contains(token), "{}", shown.text());
}

static MADE: AtomicUsize = AtomicUsize::new(0);

struct Counted;

impl FromRequest<'_> for Counted {
    fn from_request(_: &Request, _: &Arg) -> Result<Counted> {
        MADE.fetch_add(1, Ordering::Relaxed);
        Ok(Counted)
    }
}

struct Asked;

impl ModelBinding<'_> for Asked {
    async fn bind(_: &Request, _: &Arg) -> Result<Asked> {
        MADE.fetch_add(1, Ordering::Relaxed);
        Err(Error::bad_request("not asked"))
    }
}

#[request_map("/effects")]
async fn effects(
    _first: Counted,
    page: u8,
    _second: Counted,
    _third: Asked,
    session: Session,
    size: u8,
) -> String {
    session.set("page", page).expect("a number");
    size.to_string()
}

#[tokio::test]
async fn what_may_have_an_effect_is_not_tried() {
    let answer = Client::new().get("/effects?page=x&size=y").await;
    let expected =
        ["Parameter[page] -: an integer from 0 to 255, x", "Parameter[size] -: an integer from 0 to 255, y"];
    assert_eq!(list(answer.assert_status(400)), expected);
    assert_eq!(MADE.load(Ordering::Relaxed), 1, "the first argument, once");
    assert_eq!(answer.header("set-cookie"), None);
}

struct Refused;

impl FromRequest<'_> for Refused {
    fn from_request(_: &Request, _: &Arg) -> Result<Refused> {
        Err(Error::unauthorized("sign in"))
    }
}

#[request_map("/refused")]
fn refused(_first: Refused, page: u8) -> String {
    page.to_string()
}

#[request_map("/ours/{page}")]
fn ours(page: u8, _second: Refused) -> String {
    page.to_string()
}

#[tokio::test]
async fn an_error_about_no_argument_stands_alone() {
    let client = Client::new();
    let answer = client.get("/refused?page=x").await;
    answer
        .assert_status(401)
        .assert_json(json!({ "code": 401, "message": "Unauthorized", "explain": "sign in" }));
    let answer = client.get("/ours/x").await;
    assert_eq!(list(answer.assert_status(404)).len(), 1);
}

#[derive(Deserialize)]
struct Login {
    user: String,
}

#[request_map("/login", method = "POST")]
fn login(page: u8, form: Form<Login>, user: &str) -> String {
    format!("{page} {user} {}", form.user)
}

#[tokio::test]
async fn a_mistake_is_told_once_and_a_wrong_content_type_is_one() {
    let client = Client::new();
    let form = client.post("/login?page=1").form("other", 1).await;
    assert_eq!(
        list(form.assert_status(400)),
        ["Parameter[user] -: a value, -", "Parameter[user] -: a text, -"]
    );
    let text = client.post("/login?page=x&user=a").header("content-type", "text/plain").body("user=a").await;
    assert_eq!(
        list(text.assert_status(400)),
        [
            "Parameter[page] -: an integer from 0 to 255, x",
            "Body[form] -: a body of the content type application/x-www-form-urlencoded or multipart/form-data, `text/plain`",
        ]
    );
    assert_eq!(text.header("accept"), Some("application/x-www-form-urlencoded, multipart/form-data"));
}

#[request_map("/invalid", invalid = 422)]
fn invalid(page: u8) -> Result<String> {
    if page == 9 { Err(Error::bad_request("not nine")) } else { Ok(page.to_string()) }
}

#[request_map("/block", invalid = 422)]
impl Block {
    #[request_map("/inherits/{id}")]
    fn inherits(id: PathValue<u8>, page: u8, size: u8) -> String {
        format!("{id} {page} {size}")
    }

    #[request_map("/own", invalid = 400)]
    fn own(page: u8) -> String {
        page.to_string()
    }
}

#[derive(Default)]
struct Block;

#[tokio::test]
async fn what_is_invalid_has_the_status_that_was_chosen() {
    let (plain, strict) = (Client::new(), Client::builder().invalid_status(422).build());
    let table = [
        ("/invalid?page=x", 422, 422),
        ("/invalid", 422, 422),
        ("/invalid?page=9", 400, 400),
        ("/block/inherits/1?page=x&size=y", 422, 422),
        ("/block/inherits/x?page=1&size=1", 404, 404),
        ("/block/own?page=x", 400, 400),
        ("/two?page=x", 400, 422),
        ("/ours/x", 404, 404),
        ("/refused", 401, 401),
    ];
    for (target, status, strictly) in table {
        assert_eq!(plain.get(target).await.status(), status, "{target}");
        assert_eq!(strict.get(target).await.status(), strictly, "{target}");
    }
    let refused =
        std::panic::catch_unwind(|| Config::new().invalid_status(500)).err().expect("no mistake of a client");
    assert!(refused.downcast_ref::<String>().is_some_and(|text| text.contains("use 400 to 499")));
}

#[error_message("400", app = "paged")]
fn page(error: &Error, res: &mut Response) -> String {
    res.set_header("x-mistakes", error.bindings().len());
    error.bindings().iter().map(|it| format!("{}={:?} ", it.parameter, it.got)).collect()
}

#[request_map("/paged", app = "paged")]
fn paged(page: u8, size: u8) -> String {
    format!("{page} {size}")
}

#[tokio::test]
async fn an_error_page_sees_the_list() {
    let answer = Client::builder().app("paged").build().get("/paged?size=<b>").await;
    answer.assert_header("x-mistakes", "2").assert_text("page=None size=Some(\"<b>\") ");
}

#[websocket_handler("/socket")]
impl Block {
    fn on_open(&self, token: &str, #[arg(range = 1..)] page: u32) {
        println!("{token} {page}");
    }
}

#[tokio::test]
async fn a_handshake_is_refused_with_the_list() {
    let answer =
        Client::new().get("/socket?page=0").header("connection", "upgrade").header("upgrade", "websocket");
    let answer = answer
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .await;
    assert_eq!(
        list(answer.assert_status(400)),
        ["Parameter[token] -: a text, -", "Parameter[page] -: at least 1, 0"]
    );
}

/// All of it once more; a handshake of HTTP/1.1 is none in HTTP/2.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&["a_handshake_is_refused_with_the_list"]);
}
