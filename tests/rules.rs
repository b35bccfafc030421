//! Rules of types of one's own, by `garde`: bodies, forms, models and messages that break them are refused place by place.

mod both;

use std::ops::Deref;

use garde::Validate;
use serde::Deserialize;
use serde_json::{Value, json};
use vernal::test::{Answer, Client};
use vernal::websocket::WebSocketSession;
use vernal::{
    Form, Header, Json, Limits, Model, Param, Result, request_map, websocket_handler, websocket_message,
};

#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[garde(length(min = 3))]
    customer_mail: String,
    #[garde(dive)]
    line_items: Vec<Item>,
    #[garde(dive)]
    #[serde(default)]
    gift: Option<Item>,
    #[garde(required)]
    note: Option<String>,
}

#[derive(Debug, Deserialize, Validate)]
struct Item {
    #[garde(ascii, length(chars, max = 5))]
    name: String,
    #[garde(range(min = 1, max = 9))]
    count: u8,
}

#[request_map("/orders", method = "POST")]
fn order(#[arg(valid)] Json(order): Json<Order>) -> String {
    format!("{} items", order.line_items.len())
}

#[request_map("/perhaps", method = "POST")]
fn perhaps(#[arg(valid)] order: Option<Json<Order>>, #[arg(range = 1..)] page: u8) -> String {
    format!("{} {page}", order.is_some())
}

#[request_map("/seen", method = "POST")]
fn seen(#[arg(valid)] order: Result<Json<Order>>) -> String {
    order.map_or_else(|error| error.bindings().len().to_string(), |_| "fine".to_owned())
}

/// `source[parameter]pointer: got, detail`
fn list(answer: &Answer) -> Vec<String> {
    let body: Value = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let shown = |it: &Value| {
        let text = |key: &str| it[key].as_str().unwrap_or("-").to_owned();
        format!("{}[{}] {}: {}", text("source"), text("parameter"), text("pointer"), text("got"))
    };
    errors.iter().map(shown).collect()
}

#[tokio::test]
async fn a_body_is_told_place_by_place() {
    let client = Client::new();
    let good = json!({ "customerMail": "a@b", "lineItems": [{ "name": "tea", "count": 1 }], "note": "" });
    client.post("/orders").json(&good).await.assert_status(200).assert_text("1 items");
    let bad = json!({
        "customerMail": "a",
        "lineItems": [{ "name": "tea", "count": 1 }, { "name": "té<b>lang", "count": 0 }],
        "gift": { "name": "cup", "count": 10 },
    });
    let answer = client.post("/orders").json(&bad).header("accept", "application/problem+json").await;
    let mut told = list(answer.assert_status(400));
    told.sort();
    assert_eq!(
        told,
        [
            "Body[order] /customerMail: \"a\"",
            "Body[order] /gift/count: 10",
            "Body[order] /lineItems/1/count: 0",
            "Body[order] /lineItems/1/name: \"té<b>lang\"",
            "Body[order] /lineItems/1/name: \"té<b>lang\"",
            "Body[order] /note: -",
        ]
    );
    let body: Value = answer.json();
    assert_eq!(body["title"], "Bad Request");
    let one =
        client.post("/orders").json(&json!({ "customerMail": "abc", "lineItems": [], "note": null })).await;
    assert_eq!(one.json::<Value>()["explain"], "Body[order] at /note: not set.");
}

#[tokio::test]
async fn options_results_and_other_arguments_stay_what_they_are() {
    let client = Client::new();
    client.post("/perhaps?page=1").await.assert_text("false 1");
    let bad = json!({ "customerMail": "a", "lineItems": [], "note": "" });
    let answer = client.post("/perhaps?page=0").json(&bad).await;
    assert_eq!(list(answer.assert_status(400)), ["Body[order] /customerMail: \"a\"", "Parameter[page] -: 0"]);
    client.post("/seen").json(&bad).await.assert_text("1");
}

#[derive(Deserialize, Validate)]
struct Search {
    #[garde(length(min = 2))]
    q: String,
    #[garde(range(max = 9))]
    page: Option<u8>,
    #[garde(inner(length(max = 3)))]
    #[serde(default)]
    tag: Vec<String>,
}

#[request_map("/search/{page}")]
fn search(#[arg(valid)] Model(search): Model<Search>) -> String {
    format!("{} {:?} {}", search.q, search.page, search.tag.len())
}

#[request_map("/bare")]
fn bare(#[arg(valid)] search: Search) -> String {
    search.q
}

#[request_map("/form", method = "POST")]
fn form(#[arg(valid)] search: Form<Search>) -> String {
    search.q.clone()
}

#[tokio::test]
async fn parameters_are_named_and_not_the_argument() {
    let client = Client::new();
    client.get("/search/9?q=tea&tag=a").await.assert_text("tea Some(9) 1");
    let answer = client.get("/search/10?q=t&tag=abc&tag=abcd").await;
    let mut told = list(answer.assert_status(400));
    told.sort();
    assert_eq!(told, ["Parameter[q] -: t", "Parameter[tag] /1: abcd", "PathValue[page] -: 10"]);
    assert_eq!(list(client.get("/search/10?q=tea").await.assert_status(404)), ["PathValue[page] -: 10"]);
    assert_eq!(list(client.get("/bare?q=t").await.assert_status(400)), ["Parameter[q] -: t"]);
    assert_eq!(list(client.post("/form").form("q", "x").await.assert_status(400)), ["Parameter[q] -: x"]);
}

/// A wrapper of the user's.
struct Checked(Order);

impl Deref for Checked {
    type Target = Order;

    fn deref(&self) -> &Order {
        &self.0
    }
}

impl<'r> vernal::FromRequest<'r> for Checked {
    fn from_request(req: &'r vernal::Request, arg: &vernal::Arg) -> Result<Checked> {
        Json::from_request(req, arg).map(|Json(order)| Checked(order))
    }
}

#[derive(Deserialize, Validate)]
#[garde(transparent)]
#[serde(transparent)]
struct Code(#[garde(length(min = 4))] String);

#[request_map("/wrapped", method = "POST")]
fn wrapped(#[arg(valid)] order: Checked, #[arg(valid)] code: Param<Json<Code>>) -> String {
    format!("{} {}", order.customer_mail, code.0.0.0)
}

#[request_map("/inside")]
fn inside(
    #[arg(valid)] item: Option<Param<Json<Item>>>,
    #[arg(valid)] items: Option<Param<Vec<Json<Item>>>>,
    #[arg(valid)] list: Option<Param<Json<Vec<Item>>>>,
    #[arg(valid)] x_item: Option<Header<Json<Item>>>,
) -> String {
    let items = items.map_or(0, |items| items.0.len()) + list.map_or(0, |list| list.0.0.len());
    format!("{} {items} {}", item.is_some(), x_item.is_some())
}

/// JSON inside of a value is looked into, and not quoted whole.
#[tokio::test]
async fn what_is_json_in_one_value_is_told_place_by_place() {
    let client = Client::new();
    let (good, bad) = (r#"{"name":"tea","count":1}"#, r#"{"name":"tea","count":10}"#);
    type Asked<'a> = &'a [(&'a str, &'a str)];
    let table: [(Asked<'_>, &[&str]); 5] = [
        (&[("item", good), ("items", good), ("items", good)], &[]),
        (&[("item", bad)], &["Parameter[item] /count: 10"]),
        (&[("items", good), ("items", bad)], &["Parameter[items] /1/count: 10"]),
        (&[("list", &format!("[{good},{bad}]"))], &["Parameter[list] /1/count: 10"]),
        (&[("item", r#"{"name":1,"count":1}"#)], &["Parameter[item] /name: number `1`"]),
    ];
    for (pairs, expected) in table {
        let mut request = client.get("/inside");
        for (name, value) in pairs {
            request = request.query(name, value);
        }
        let answer = request.await;
        assert_eq!(answer.status() == 200, expected.is_empty(), "{}", answer.text());
        if !expected.is_empty() {
            assert_eq!(list(&answer), expected);
        }
    }
    let answer = client.get("/inside").header("x-item", bad).await;
    assert_eq!(list(&answer), ["Header[x_item] /count: 10"]);
}

#[tokio::test]
async fn whatever_lends_a_type_with_rules_can_be_valid() {
    let bad = json!({ "customerMail": "a", "lineItems": [], "note": "" });
    let answer = Client::new().post("/wrapped?code=%22abc%22").json(&bad).await;
    assert_eq!(list(answer.assert_status(400)).len(), 2);
}

struct Chat;

#[websocket_handler("/orders", new = Chat)]
impl Chat {
    async fn on_message(&self, session: &WebSocketSession, #[arg(valid)] order: Json<Order>) -> Result {
        session.send(order.customer_mail.as_str()).await
    }
}

#[tokio::test]
async fn a_message_that_breaks_them_ends_its_session() {
    let client = Client::new();
    let mut socket = client.websocket("/orders").await;
    socket.send(r#"{"customerMail":"abc","lineItems":[],"note":""}"#).await.expect("open");
    socket.expect_text("abc").await;
    socket.send(r#"{"customerMail":"a","lineItems":[],"note":""}"#).await.expect("open");
    let reason = socket.expect_close(1003).await;
    assert_eq!(reason.text(), "Message[order] at /customerMail: length is lower than 3.");
}

#[websocket_message("/counted")]
async fn counted(session: &WebSocketSession, #[arg(valid)] Json(item): Json<Item>) -> Result {
    session.send(item.name.as_str()).await
}

/// The reason of a close is 123 bytes at most (RFC 6455, section 5.5).
#[tokio::test]
async fn several_mistakes_of_a_message_are_told_as_far_as_a_reason_goes() {
    let client = Client::new();
    let mut socket = client.websocket("/counted").await;
    socket.send(r#"{"name":"tea","count":1}"#).await.expect("open");
    socket.expect_text("tea").await;
    socket.send(r#"{"name":"n\u00e4me","count":0}"#).await.expect("open");
    let reason = socket.expect_close(1003).await;
    let mut told: Vec<_> = reason.text().split(". ").collect();
    told.sort_unstable();
    assert_eq!(told, ["Message[item] at /count: lower than 1", "Message[item] at /name: not ascii."]);
    let mut socket = client.websocket("/counted").await;
    socket.send(r#"{"name":"much t\u00f6\u00f6 long","count":10}"#).await.expect("open");
    let reason = socket.expect_close(1003).await;
    assert!(
        reason.text().starts_with("Message[item] at /") && reason.text().len() <= 123,
        "{}",
        reason.text()
    );
}

/// A body as large as it may be, of items that all break a rule: told of by a few, and by how many there are. One that is larger is not
/// looked into.
#[tokio::test]
async fn what_is_told_is_bounded() {
    let client = Client::builder().limits(Limits::new().body_size(1 << 20)).build();
    let send = |count: usize| {
        let items = vec![r#"{"name":"\u00e9","count":0}"#; count].join(",");
        let body = format!(r#"{{"customerMail":"abc","note":"","lineItems":[{items}]}}"#);
        client.post("/orders").header("content-type", "application/json").body(body)
    };
    send(1_000_000).await.assert_status(413);
    let count = 36_000;
    let answer = send(count).await;
    let told: Value = answer.assert_status(400).json();
    assert_eq!(told["errors"].as_array().map(Vec::len), Some(20));
    assert_eq!(told["untold"], 2 * count - 20);
    assert!(answer.text().len() < 8192, "{}", answer.text().len());
    let explain = told["explain"].as_str().unwrap_or_default();
    assert!(explain.ends_with(&format!("And {} more.", 2 * count - 3)), "{explain}");
}

#[derive(Deserialize, Validate)]
struct Tree {
    #[garde(dive)]
    inside: Option<Box<Tree>>,
    #[garde(length(chars, max = 9))]
    #[serde(default)]
    name: String,
}

#[request_map("/trees", method = "POST")]
fn tree(#[arg(valid)] Json(tree): Json<Tree>) -> String {
    tree.name
}

/// On a stack as small as those of servers' threads are. What is read from JSON is nested 127 levels at most.
#[test]
fn nested_deeply_it_needs_no_large_stack() {
    on_a_small_stack(async {
        let client = Client::new();
        let nested = |depth: usize, inside: &str| {
            let body = [r#"{"inside":"#.repeat(depth), inside.to_owned(), "}".repeat(depth)].concat();
            client.post("/trees").header("content-type", "application/json").body(body)
        };
        nested(126, r#"{"name":"cup"}"#).await.assert_status(200);
        let answer = nested(126, r#"{"name":"ten letters"}"#).await;
        let told = format!("Body[tree] {}/name: \"ten letters\"", "/inside".repeat(126));
        assert_eq!(list(answer.assert_status(400)), [told]);
        for depth in [127, 1000, 100_000] {
            nested(depth, "{}").await.assert_status(400).assert_contains("recursion limit exceeded");
        }
    });
}

fn on_a_small_stack(test: impl Future<Output = ()> + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(test);
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    thread.join().expect("no failure");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
