//! How arguments are filled: by their name and by what their type can do, through real requests.

mod both;

use std::collections::HashMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Value, json};
use vernal::test::{Answer, Client};
use vernal::{
    Arg, ConnectionInfo, Cookie, Cookies, Error, Form, FromRequest, FromValue, Header, Headers, Json, Method,
    Model, ModelBinding, ModelDict, OrStatus, Param, PathValue, RegGroup, RegGroups, Request, Result,
    SafePath, State, Text, default_model_binding, model_binding, request_map,
};

struct Pool(u32);

fn client() -> Client {
    Client::builder().state(Pool(8)).build()
}

/// Sends each request and compares what comes back; a refusal by its explanation.
async fn check(path: &str, table: &[(&str, u16, &str)]) {
    let client = client();
    for (query, status, expected) in table {
        let answer = client.get(&format!("{path}{query}")).await;
        assert_eq!(answer.status(), *status, "{path}{query}: {}", answer.text());
        assert_eq!(said(&answer), *expected, "{path}{query}");
    }
}

fn said(answer: &Answer) -> String {
    match answer.status().as_u16() {
        200 => answer.text().to_owned(),
        _ => answer.json::<Value>()["explain"].as_str().unwrap_or_default().to_owned(),
    }
}

#[request_map("/text")]
fn text(user_name: &str) -> String {
    format!("[{user_name}]")
}

#[tokio::test]
async fn a_bare_text_is_required_and_may_be_empty() {
    let table = [
        ("?user_name=ann", 200, "[ann]"),
        ("?user_name=", 200, "[]"),
        ("?user_name", 200, "[]"),
        ("?user_name=a&user_name=b", 200, "[a]"),
        ("?user_name=a+b%2Bc%26%E4%B8%AD", 200, "[a b+c&中]"),
        ("", 400, "Parameter[user_name] is required: a text."),
        ("?User_Name=ann", 400, "Parameter[user_name] is required: a text."),
        (
            "?user_name=%zz&x=1",
            400,
            "Parameter[user_name] has a `%` without two hexadecimal digits after it (a `%` itself is sent as `%25`): `%zz`.",
        ),
        ("?user_name=%ff", 400, "Parameter[user_name] is not UTF-8: `%ff`."),
        ("?other=%zz&user_name=ann", 200, "[ann]"),
    ];
    check("/text", &table).await;
}

#[request_map("/defaults")]
fn defaults(
    #[arg(default = "nick")] nick: &str,
    #[arg(default = 16)] age: i64,
    #[arg(default = true)] male: bool,
    #[arg(default)] skills: Vec<&str>,
    #[arg(default = json!({}))] extra: Value,
    #[arg(name = "userName", default = "")] user: String,
) -> String {
    format!("{nick} {age} {male} {skills:?} {extra} [{user}]")
}

#[tokio::test]
async fn defaults_stand_in_for_what_is_absent_and_for_nothing_else() {
    let table = [
        ("", 200, "nick 16 true [] {} []"),
        (
            "?nick=n&age=-3&male=FALSE&skills=1&skills=2&extra=%7B%22x%22:1%7D&userName=u",
            200,
            "n -3 false [\"1\", \"2\"] {\"x\":1} [u]",
        ),
        ("?nick=&male=", 200, " 16 false [] {} []"),
        (
            "?age=abc",
            400,
            "Parameter[age] should be an integer from -9223372036854775808 to 9223372036854775807, not `abc`.",
        ),
        (
            "?age=",
            400,
            "Parameter[age] should be an integer from -9223372036854775808 to 9223372036854775807, not ``.",
        ),
        ("?extra=x", 400, "Parameter[extra] should be JSON (expected value at line 1 column 1), not `x`."),
    ];
    check("/defaults", &table).await;
}

#[request_map("/typed")]
fn typed(a: Option<u8>, f: Option<f64>, b: Option<bool>, c: Option<char>, ip: Option<IpAddr>) -> String {
    format!("{a:?} {f:?} {b:?} {c:?} {ip:?}")
}

#[tokio::test]
async fn scalars_are_converted_and_bad_ones_refused() {
    let table = [
        ("", 200, "None None None None None"),
        ("?a=7&f=1.5&b=yes&c=x&ip=::1", 200, "Some(7) Some(1.5) Some(true) Some('x') Some(::1)"),
        ("?b=0", 200, "None None Some(false) None None"),
        ("?a=1.5", 400, "Parameter[a] should be an integer from 0 to 255, not `1.5`."),
        ("?a=256", 400, "Parameter[a] should be an integer from 0 to 255, not `256`."),
        ("?f=NaN", 400, "Parameter[f] should be a number, not `NaN`."),
        ("?c=ab", 400, "Parameter[c] should be one character, not `ab`."),
        ("?ip=x", 400, "Parameter[ip] should be an IP address, not `x`."),
    ];
    check("/typed", &table).await;
}

#[request_map("/lists")]
fn lists(s: Vec<String>, i: Option<Vec<i32>>, d: Option<Vec<Value>>) -> String {
    format!("{s:?} {i:?} {}", json!(d))
}

#[tokio::test]
async fn lists_are_required_and_each_element_is_converted() {
    let table = [
        ("?s=a&s=b", 200, "[\"a\", \"b\"] None null"),
        ("?s=a&i=1&i=-2&d=1&d=%5B%5D", 200, "[\"a\"] Some([1, -2]) [1,[]]"),
        (
            "",
            400,
            "Parameter[s] is required: a text. For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.",
        ),
        (
            "?s[]=a&s[]=b",
            400,
            "Parameter[s] is required: a text. `s[]` came: send it as `s`, or take it as it comes with \
             `#[arg(name = \"s[]\")]`. For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.",
        ),
        ("?s=a&i=1&i=x", 400, "Parameter[i] should be an integer from -2147483648 to 2147483647, not `x`."),
    ];
    check("/lists", &table).await;
}

enum Color {
    Red,
    Blue,
}

impl FromValue<'_> for Color {
    const EXPECTED: &'static str = "a colour";

    fn from_value(raw: &str) -> Result<Color> {
        match raw {
            "red" => Ok(Color::Red),
            "blue" => Ok(Color::Blue),
            _ => Err(Error::new(422, "No Such Colour").explain("there is only red and blue")),
        }
    }
}

#[request_map("/paint")]
fn paint(color: Color, more: Option<Vec<Color>>, x_color: Option<Header<Color>>) -> String {
    let is_red = |color: &Color| matches!(color, Color::Red);
    format!("{} {} {}", is_red(&color), more.map_or(0, |more| more.len()), x_color.is_some())
}

#[request_map("/fruit")]
fn fruit(fruit: Fruit, seen: Result<u8>) -> String {
    format!("{fruit:?} {}", seen.map_or_else(|error| error.status().to_string(), |seen| seen.to_string()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fruit {
    Apple,
    Pear,
}

#[tokio::test]
async fn own_types_convert_themselves() {
    let table = [
        ("?color=red", 200, "true 0 false"),
        ("?color=blue&more=red&more=blue", 200, "false 2 false"),
        ("?color=green", 422, "there is only red and blue"),
        ("", 400, "Parameter[color] is required: a colour."),
    ];
    check("/paint", &table).await;
    let table = [
        ("?fruit=pear&seen=1", 200, "Pear 1"),
        ("?fruit=apple&seen=x", 200, "Apple 400 Bad Request"),
        ("?fruit=fig", 400, "Parameter[fruit] should be one of apple, pear, not `fig`."),
        ("", 400, "Parameter[fruit] is required: a value."),
    ];
    check("/fruit", &table).await;
}

#[request_map("/users/{id}")]
fn by_path(id: u32, #[arg(name = "id")] asked: Param<Option<&str>>) -> String {
    format!("{id} {asked:?}")
}

#[request_map("/files/**")]
fn star(path: PathValue<&str>) -> &str {
    path.into_inner()
}

#[request_map("/safe/{name}/of/**")]
fn safe(name: SafePath<'_>, rest: SafePath<'_>) -> String {
    format!("{name} of [{rest}] {:?}", rest.segments().collect::<Vec<_>>())
}

#[request_map("/maybe/{name}", "/maybe")]
fn maybe_safe(name: Option<SafePath<'_>>) -> String {
    format!("{:?}", name.map(|name| name.as_str().to_owned()))
}

#[request_map("/seen/{name}")]
fn seen_safe(name: Result<SafePath<'_>>) -> String {
    format!("{}", name.is_ok())
}

#[request_map(regexp = "^/reg/([a-z]+)/([0-9]+)(/x)?$")]
fn by_regexp(word: RegGroup<&str>, #[arg(group = 2)] number: RegGroup<u8>, groups: RegGroups<'_>) -> String {
    format!("{word} {number} {groups:?}")
}

#[tokio::test]
async fn the_path_fills_arguments_and_a_bad_value_is_not_found() {
    let table = [
        ("/users/7", 200, "7 Param(None)"),
        ("/users/7?id=9", 200, "7 Param(Some(\"9\"))"),
        ("/users/abc", 404, "PathValue[id] should be an integer from 0 to 4294967295, not `abc`."),
        ("/files/c/d", 200, "c/d"),
        ("/files/%E4%B8%AD%20x", 200, "中 x"),
        ("/files", 200, ""),
        ("/files/..%2Fsecret.txt", 200, "../secret.txt"),
        ("/safe/a/of/b/c.txt", 200, "a of [b/c.txt] [\"b\", \"c.txt\"]"),
        ("/safe/a/of/b/", 200, "a of [b/] [\"b\"]"),
        ("/safe/a/of", 200, "a of [] []"),
        ("/safe/a/of/..%2Fx", 404, "PathValue[rest] should be a path that stays where it is, not `../x`."),
        ("/safe/..%2Fa/of/x", 404, "PathValue[name] should be a path that stays where it is, not `../a`."),
        ("/safe/a/of/b%2Fc", 404, "PathValue[rest] should be a path that stays where it is, not `b/c`."),
        ("/safe/a/of/.git", 404, "PathValue[rest] should be a path that stays where it is, not `.git`."),
        ("/maybe/a", 200, "Some(\"a\")"),
        ("/maybe", 200, "None"),
        ("/maybe/..%2F", 404, "PathValue[name] should be a path that stays where it is, not `../`."),
        ("/seen/a", 200, "true"),
        ("/seen/..%2Fa", 200, "false"),
        ("/reg/ab/12", 200, "ab 12 [Some(\"ab\"), Some(\"12\"), None]"),
        ("/reg/ab/300", 404, "RegGroup[number] should be an integer from 0 to 255, not `300`."),
    ];
    check("", &table).await;
}

#[request_map("/fields")]
fn fields(
    user_agent: Header<&str>,
    #[arg(name = "X-N")] n: Option<Header<Vec<u8>>>,
    cookies: Cookies,
) -> String {
    format!("{user_agent} {:?} {cookies:?}", n.map(Header::into_inner))
}

#[request_map("/cookie")]
fn cookie(#[arg(name = "userInfo")] user: Cookie<&str>, n: Option<Cookie<u8>>) -> String {
    format!("{user} {:?}", n.map(Cookie::into_inner))
}

#[tokio::test]
async fn headers_and_cookies_are_bound_by_name() {
    let client = client();
    let answer =
        client.get("/fields").header("USER-AGENT", "cli").header("x-n", "1").header("X-N", "2").await;
    answer.assert_status(200).assert_text("cli Some([1, 2]) {}");
    let answer =
        client.get("/fields").header("user-agent", "cli").header("cookie", "k=v; z=\"q w\"; p=%20").await;
    answer.assert_text("cli None {\"k\": \"v\", \"z\": \"q w\", \"p\": \"%20\"}");
    let answer = client.get("/fields").await;
    answer.assert_status(400).assert_reason("Missing Header");
    assert_eq!(said(&answer), "Header[user_agent] is required: a text.");
    let answer = client.get("/fields").header("user-agent", "x").header("x-n", "x").await;
    assert_eq!(said(&answer), "Header[X-N] should be an integer from 0 to 255, not `x`.");

    client.get("/cookie").header("cookie", "userInfo=ann; n=3").await.assert_text("ann Some(3)");
    // A cookie that is no text takes no other with it.
    for field in
        [&b"userInfo=ann; b=caf\xe9; n=3"[..], b"\xff=1; n=3; userInfo=ann", b"n=3; userInfo=ann;\xff"]
    {
        client.get("/cookie").header("cookie", field).await.assert_text("ann Some(3)");
    }
    let answer = client.get("/cookie").header("cookie", &b"userInfo=\xff; n=3"[..]).await;
    answer.assert_status(400).assert_reason("Missing Cookie");
    let answer = client.get("/cookie").await;
    answer.assert_status(400).assert_reason("Missing Cookie");
    assert_eq!(said(&answer), "Cookie[userInfo] is required: a text.");
}

#[request_map("/request", method = ["get", "post", "put"])]
fn request(req: &Request, headers: &Headers, method: Method, info: ConnectionInfo) -> Value {
    let all: Vec<_> = req.parameters("a").collect();
    json!({
        "method": method.as_str(), "path": req.path(), "query": req.query_string(), "header": headers.get("X-A"),
        "a": req.parameter("a"), "all": all, "cookie": req.cookies().get("k"), "body": req.body().len(),
        "json": req.json(), "secure": info.is_secure(),
    })
}

#[tokio::test]
async fn the_request_itself_has_everything() {
    let client = client();
    let answer = client.post("/request?a=1&b").header("x-a", "b").cookie("k", "v").form("a", "0").await;
    answer.assert_status(200).assert_json(json!({
        "method": "POST", "path": "/request", "query": "a=1&b", "header": "b", "a": "0", "all": ["0", "1"],
        "cookie": "v", "body": 3, "json": null, "secure": false,
    }));
    let answer = client
        .put("/request")
        .header("content-type", "application/json; charset=utf-8")
        .body("{\"x\":1}")
        .await;
    assert_eq!(answer.json::<Value>()["json"], json!({ "x": 1 }));
}

#[derive(Deserialize)]
struct Order<'a> {
    item: &'a str,
    count: u32,
}

#[request_map("/json", method = "POST")]
fn json_body(Json(order): Json<Order<'_>>) -> String {
    format!("{} x {}", order.count, order.item)
}

#[request_map("/json/any", method = "POST")]
async fn json_any(data: Option<Json<Value>>) -> String {
    data.map_or("nothing".to_owned(), |data| data.to_string())
}

#[tokio::test]
async fn json_bodies() {
    let kind = "application/json";
    let table = [
        ("/json", kind, "{\"item\":\"tea\",\"count\":2}", 200, "2 x tea"),
        ("/json", kind, "{\"item\":\"tea\",\"count\":2.0}", 200, "2 x tea"),
        ("/json", kind, "{\"count\":2e1,\"item\":\"tea 1.0\"}", 200, "20 x tea 1.0"),
        // What is told is how the text came.
        (
            "/json",
            kind,
            "{\"count\":2.0000,\"item\":1}",
            400,
            "the body is not the JSON it should be: invalid type: number `2.0000`, expected an integer from 0 to 4294967295 at line 1 column 15",
        ),
        ("/json", "application/merge-patch+json", "{\"item\":\"tea\",\"count\":2}", 200, "2 x tea"),
        (
            "/json",
            kind,
            "{\"item\":1}",
            400,
            "the body is not the JSON it should be: invalid type: number `1`, expected a string at line 1 column 9",
        ),
        (
            "/json",
            kind,
            "{",
            400,
            "the body is not the JSON it should be: EOF while parsing an object at line 1 column 1",
        ),
        ("/json", kind, "", 400, "Body[order] is required: JSON in the body."),
        (
            "/json",
            "text/plain",
            "{}",
            415,
            "The content type of this request must be \"application/json\" or \"application/*+json\", not `text/plain`.",
        ),
        ("/json/any", kind, "[1]", 200, "[1]"),
        ("/json/any", kind, "", 200, "nothing"),
    ];
    let client = client();
    for (path, kind, body, status, expected) in table {
        let answer = client.post(path).header("content-type", kind).body(body).await;
        assert_eq!(answer.status(), status, "{path} {body}");
        assert_eq!(said(&answer), expected, "{path} {body}");
    }
    client.post("/json/any").await.assert_text("nothing");
}

#[request_map("/body/text", method = "POST")]
fn text_body(body: Text<&str>) -> String {
    body.to_uppercase()
}

#[request_map("/body/bytes", method = "POST")]
fn bytes_body(body: &[u8], owned: Option<&str>) -> String {
    format!("{} {owned:?}", body.len())
}

#[derive(Deserialize)]
struct Login {
    user: String,
    remember: Option<bool>,
}

#[request_map("/body/form", method = "POST")]
fn form_body(Form(login): Form<Login>) -> String {
    format!("{} {:?}", login.user, login.remember)
}

#[tokio::test]
async fn other_bodies() {
    let client = client();
    client.post("/body/text").body("héllo").await.assert_text("HÉLLO");
    client.post("/body/text").body(b"\xff".to_vec()).await.assert_status(400);
    client.post("/body/bytes").header("content-type", "text/plain").body("12345").await.assert_text("5 None");
    client.post("/body/form?remember=1").form("user", "a b").await.assert_text("a b None");
    let answer = client.post("/body/form").header("content-type", "text/plain").body("user=a").await;
    answer
        .assert_status(415)
        .assert_header("accept", "application/x-www-form-urlencoded, multipart/form-data");
    let answer = client.post("/body/form").body("user=a").await;
    answer.assert_status(400).assert_contains(
        "does not say what its body is: send it with `Content-Type: application/x-www-form-urlencoded`",
    );
    let answer = client.post("/body/form").form("remember", "1").await;
    assert_eq!(said(answer.assert_status(400)), "Parameter[user] is required: a value.");
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by Debug")]
struct Search {
    q: String,
    page: Option<u32>,
    #[serde(default)]
    tag: Vec<String>,
}

#[request_map("/search/{page}", "/search")]
fn search(search: Search) -> String {
    format!("{search:?}")
}

#[request_map("/dict")]
fn dict(model: ModelDict, Model(same): Model<HashMap<String, Value>>) -> Value {
    assert_eq!(model, same);
    model.into_iter().collect()
}

#[tokio::test]
async fn structs_and_maps_take_all_parameters() {
    let table = [
        ("/search?q=x", 200, "Search { q: \"x\", page: None, tag: [] }"),
        ("/search/3?q=x&tag=a&tag=b&page=9", 200, "Search { q: \"x\", page: Some(3), tag: [\"a\", \"b\"] }"),
        ("/search", 400, "Parameter[q] is required: a value."),
        ("/search?q=x&page=y", 400, "Parameter[page] should be an integer from 0 to 4294967295, not `y`."),
        ("/dict?a=1&b=2&b=3", 200, "{\"a\":\"1\",\"b\":[\"2\",\"3\"]}"),
    ];
    check("", &table).await;
}

struct Person {
    name: String,
    age: u8,
}

#[model_binding]
fn person(req: &Request) -> Result<Person> {
    let age = req.param("age").and_then(|age| age.parse().or_status(400));
    let age = age.map_err(|error| error.message("Age is required, and must be an integer"))?;
    Ok(Person { name: req.param("name")?.to_owned(), age })
}

struct Size(u32);

#[model_binding]
async fn size(arg: &Arg, State(pool): State<&Pool>) -> Result<Size> {
    tokio::task::yield_now().await;
    Ok(Size(pool.0 + arg.name.len() as u32))
}

struct Agent<'a>(&'a str);

impl<'r> FromRequest<'r> for Agent<'r> {
    fn from_request(req: &'r Request, _: &Arg) -> Result<Agent<'r>> {
        Ok(Agent(req.header("user-agent").unwrap_or("somebody")))
    }
}

struct Found(u64);

impl ModelBinding<'_> for Found {
    async fn bind(req: &Request, _: &Arg) -> Result<Found> {
        tokio::task::yield_now().await;
        Some(req.param("id")?.parse()?).filter(|id| *id < 10).map(Found).or_404("no such user")
    }
}

#[request_map("/person")]
fn show_person(person: Person, agent: Agent<'_>) -> String {
    format!("{} {} {}", person.name, person.age, agent.0)
}

#[request_map("/waiting")]
async fn waiting(four: Size, found: Option<Found>, State(pool): State<&Pool>) -> String {
    format!("{} {:?} {}", four.0, found.map(|found| found.0), pool.0)
}

#[tokio::test]
async fn model_bindings_see_the_request_and_may_wait() {
    let client = client();
    client.get("/person?name=k&age=18").await.assert_text("k 18 somebody");
    let answer = client.get("/person?name=k&age=x").await;
    answer.assert_status(400).assert_reason("Age is required, and must be an integer");
    let table = [
        ("", 200, "12 None 8"),
        ("?id=7", 200, "12 Some(7) 8"),
        ("?id=70", 200, "12 None 8"),
        ("?id=x", 400, "Parameter[found]: invalid digit found in string."),
    ];
    check("/waiting", &table).await;
}

/// As the docs of `#[model_binding]` have it.
struct Named(String);

#[model_binding]
fn named(req: &Request, arg: &Arg) -> Result<Named> {
    let name = req.parameter(arg.name).or_status(400)?;
    Ok(Named(name.to_owned()))
}

/// Whom a token is of: only `good` is one.
struct Known(&'static str);

#[model_binding]
fn known(req: &Request) -> Result<Known> {
    match req.header("authorization") {
        Some("good") => Ok(Known("ann")),
        Some("broken") => Err(Error::internal("the key store is gone")),
        _ => Err(Error::unauthorized("send a token")),
    }
}

struct Page(u8);

#[model_binding]
fn page(req: &Request) -> Result<Page> {
    Ok(Page(req.param("page")?.parse()?))
}

#[request_map("/named")]
fn show_named(ann: Named) -> String {
    ann.0
}

#[request_map("/named/optional")]
fn show_optional(ann: Option<Named>, #[arg(default = Named("nobody".to_owned()))] bob: Named) -> String {
    format!("{:?} {}", ann.map(|ann| ann.0), bob.0)
}

#[request_map("/known")]
async fn show_known(known: Known) -> &'static str {
    known.0
}

#[request_map("/known/optional")]
async fn show_optional_known(user: Option<Known>) -> String {
    format!("{:?}", user.map(|user| user.0))
}

#[request_map("/page")]
fn show_page(#[arg(default = Page(1))] page: Page, seen: Result<Page>) -> String {
    format!("{} {}", page.0, seen.map_or_else(|error| error.status().to_string(), |page| page.0.to_string()))
}

#[request_map("/page/required")]
async fn show_required_page(page: Page, found: Result<Found>) -> String {
    format!("{} {}", page.0, found.is_ok())
}

#[tokio::test]
async fn errors_of_model_bindings_are_missing_or_bad() {
    let table = [
        ("/named?ann=a", 200, "a"),
        ("/named", 400, ""),
        ("/named/optional", 200, "None nobody"),
        ("/named/optional?ann=a&bob=b", 200, "Some(\"a\") b"),
        ("/known", 401, "send a token"),
        ("/known/optional", 200, "None"),
        ("/page", 200, "1 400 Bad Request"),
        ("/page?page=7", 200, "7 7"),
        ("/page?page=x", 400, "Parameter[page]: invalid digit found in string."),
        ("/page?page=999", 400, "Parameter[page]: number too large to fit in target type."),
        ("/page?page=%ff", 400, "Parameter[page] is not UTF-8: `%ff`."),
        ("/page/required?page=x", 400, "Parameter[page]: invalid digit found in string."),
        ("/page/required?page=1&id=1", 200, "1 true"),
        ("/page/required", 400, "Parameter[page] is required: a text."),
    ];
    check("", &table).await;
    let client = client();
    let with = |path: &str, token: &str| client.get(path).header("authorization", token);
    with("/known", "good").await.assert_text("ann");
    with("/known/optional", "good").await.assert_text("Some(\"ann\")");
    // What is ours is never taken for an absence.
    with("/known/optional", "broken").await.assert_status(500);
}

#[derive(Deserialize)]
struct Choice {
    b: bool,
}

#[request_map("/bool/argument")]
fn bool_argument(b: bool) -> String {
    b.to_string()
}

#[request_map("/bool/model")]
fn bool_model(choice: Choice) -> String {
    choice.b.to_string()
}

#[request_map("/bool/choice")]
fn bool_choice(#[arg(default)] b: bool) -> String {
    b.to_string()
}

#[request_map("/bool/{b}/path")]
fn bool_path(b: PathValue<bool>) -> String {
    b.to_string()
}

#[tokio::test]
async fn a_bool_is_true_or_false_and_nothing_else() {
    let client = client();
    let table = [
        ("b=", "false"),
        ("b=0", "false"),
        ("b=false", "false"),
        ("b=FALSE", "false"),
        ("b=False", "false"),
        ("b=off", "false"),
        ("b=No", "false"),
        ("b=1", "true"),
        ("b=true", "true"),
        ("b=True", "true"),
        // What a page sends of a box that is checked.
        ("b=on", "true"),
        ("b=yes", "true"),
        // The first of several.
        ("b=0&b=1", "false"),
        ("b=00", ""),
        ("b=+", ""),
        ("b=falsehood", ""),
        ("b=null", ""),
        ("b=2", ""),
        ("b=t", ""),
    ];
    for (query, expected) in table {
        for path in ["/bool/argument", "/bool/model", "/bool/choice"] {
            let answer = client.get(&format!("{path}?{query}")).await;
            if expected.is_empty() {
                answer.assert_status(400).assert_contains("Parameter[b] should be true or false, not `");
            } else {
                answer.assert_status(200).assert_text(expected);
            }
        }
    }
    client.get("/bool/on/path").await.assert_text("true");
    client.get("/bool/maybe/path").await.assert_status(404);
    // A box that is not checked is not sent.
    client.get("/bool/choice").await.assert_text("false");
    client
        .get("/bool/argument")
        .await
        .assert_status(400)
        .assert_contains("Parameter[b] is required: true or false.");
}

#[derive(Debug, Deserialize)]
struct Listing {
    q: String,
    #[serde(flatten)]
    page: Paging,
}

#[derive(Debug, Deserialize)]
struct Paging {
    page: u32,
    desc: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "shown by Debug")]
enum Key {
    Number(u64),
    Name(String),
}

#[request_map("/listing")]
fn listing(listing: Listing) -> String {
    format!("{} {} {:?}", listing.q, listing.page.page, listing.page.desc)
}

#[request_map("/key")]
fn key(key: Option<Key>) -> String {
    format!("{key:?}")
}

#[request_map("/pairs")]
fn pairs(Model(pairs): Model<Vec<(String, String)>>, bare: Vec<(&str, &str)>) -> String {
    assert!(pairs.iter().map(|(name, value)| (&**name, &**value)).eq(bare));
    format!("{pairs:?}")
}

#[request_map("/pairs/form", method = "POST")]
fn form_pairs(Form(pairs): Form<Vec<(String, u8)>>) -> String {
    format!("{pairs:?}")
}

#[request_map("/pairs/query")]
fn query_pairs(req: &Request) -> String {
    let pairs: Vec<_> = req.query().iter().collect();
    format!("{pairs:?} {:?}", req.query().flaw("a"))
}

#[tokio::test]
async fn pairs_and_flattened_fields_are_read_as_others_are() {
    let table = [
        ("/listing?q=1&page=2&desc=yes", 200, "1 2 Some(true)"),
        ("/listing?page=x&q=1", 400, "Parameter[page] should be an integer from 0 to 4294967295, not `x`."),
        (
            "/listing?q=1&page[]=2",
            400,
            "Parameter[page] is required: a value. `page[]` came: send it as `page`, or take it \
          as it comes with `#[serde(rename = \"page[]\")]`.",
        ),
        ("/key?key=12", 200, "Some(Number(12))"),
        ("/key?key=ann&x=1", 200, "Some(Name(\"ann\"))"),
        ("/key?x=1", 200, "None"),
        ("/key", 200, "None"),
        ("/pairs", 200, "[]"),
        ("/pairs?b=2&a=1&b=%2B", 200, "[(\"b\", \"2\"), (\"a\", \"1\"), (\"b\", \"+\")]"),
        (
            "/pairs?b=2&a=%zz",
            400,
            "Parameter[a] has a `%` without two hexadecimal digits after it (a `%` itself is sent \
          as `%25`): `%zz`.",
        ),
        // A defect is no text that could have been sent well.
        ("/pairs/query?a=%25ff", 200, "[(\"a\", \"%ff\")] None"),
        ("/pairs/query?a=%ff", 200, "[(\"a\", \"\u{fffd}\")] Some(\"is not UTF-8\")"),
    ];
    check("", &table).await;
    let client = client();
    let answer = client.post("/pairs/form?c=9").form("b", 2).form("a", 1).form("b", 3).await;
    answer.assert_text("[(\"b\", 2), (\"a\", 1), (\"b\", 3)]");
    let answer = client.post("/pairs/form").field("b", 2).field("a", 1).file("f", "f", "", "").await;
    answer.assert_text("[(\"b\", 2), (\"a\", 1)]");
    let empty = client.post("/pairs/form").header("content-type", "application/x-www-form-urlencoded");
    empty.await.assert_text("[]");
    let answer = client.post("/pairs/form").form("b", "x").await;
    assert_eq!(said(answer.assert_status(400)), "Parameter[b] should be an integer from 0 to 255, not `x`.");
}

#[derive(Debug, Deserialize)]
struct Dog {
    name: String,
}

#[default_model_binding(app = "dogs")]
fn from_parameter(req: &Request, arg: &Arg) -> Result<Value> {
    Ok(json!({ "name": req.parameter("name").unwrap_or("a dog"), "arg": arg.name }))
}

#[request_map("/dog", app = "dogs")]
fn dog(rex: Dog) -> String {
    rex.name
}

#[tokio::test]
async fn a_default_model_binding_fills_what_nothing_else_can() {
    let client = Client::builder().app("dogs").build();
    client.get("/dog?name=x").await.assert_text("x");
    client.get("/dog").await.assert_text("a dog");
}

#[tokio::test]
async fn a_problem_document_names_the_parameter() {
    let answer = client().get("/typed?a=x").header("accept", "application/problem+json").await;
    let body = answer.assert_status(400).json::<Value>();
    let expected = json!([{
        "parameter": "a", "source": "Parameter", "expected": "an integer from 0 to 255", "got": "x",
    }]);
    assert_eq!(body["errors"], expected);
}

#[request_map("/meant/text", method = "POST")]
fn body_as_text(body: String) -> String {
    body
}

#[request_map("/meant/bytes", method = "POST")]
fn body_as_bytes(body: Vec<u8>) -> String {
    format!("{body:?}")
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

#[request_map("/meant/struct", method = "POST")]
fn body_as_struct(note: Note) -> String {
    note.text
}

#[request_map("/meant/optional", method = "POST")]
fn body_as_option(body: Option<String>) -> String {
    format!("{body:?}")
}

#[tokio::test]
async fn a_parameter_that_was_meant_to_be_the_body_says_how_that_is_taken() {
    let hint = "A handler takes the body itself as `Text<String>`, `Json<T>` or `Bytes`.";
    let text = "Parameter[body] is required: a text.";
    let integer = "Parameter[body] is required: an integer.";
    let list = "For a list that may be empty write `Option<Vec<…>>` or `#[arg(default)]`.";
    let plain = "The body is `text/plain`, which holds no parameters: send a form, or a query.";
    let json = "The body is `application/json`, which holds no parameters: send a form, or a query.";
    let bare = "The body has no `Content-Type`, so it holds no parameters: send a form, or a query.";
    let form = "application/x-www-form-urlencoded";
    let table = [
        ("/meant/text", "text/plain", "hello", 400, format!("{text} {plain} {hint}")),
        ("/meant/text", "", "hello", 400, format!("{text} {bare} {hint}")),
        ("/meant/bytes", "text/plain", "hello", 400, format!("{integer} {list} {plain} {hint}")),
        (
            "/meant/struct",
            "application/json",
            r#"{"text":"hello"}"#,
            400,
            format!("Parameter[text] is required: a value. {json} {hint}"),
        ),
        ("/meant/text", "text/plain", "", 400, text.to_owned()),
        ("/meant/text", form, "x=y", 400, text.to_owned()),
        ("/meant/text", form, "body=hello", 200, "hello".to_owned()),
        ("/meant/text?body=asked", "text/plain", "hello", 200, "asked".to_owned()),
        ("/meant/optional", "text/plain", "hello", 200, "None".to_owned()),
    ];
    let client = client();
    let quiet = Client::builder().state(Pool(8)).show_errors(false).build();
    for (path, kind, body, status, expected) in table {
        let ask = |client: &Client| {
            let request = client.post(path).body(body);
            if kind.is_empty() { request } else { request.header("content-type", kind) }
        };
        let answer = ask(&client).await;
        assert_eq!(
            (answer.status().as_u16(), said(&answer)),
            (status, expected.clone()),
            "{path} {kind} {body}"
        );
        // The peer of a server in use is not told how handlers are written.
        let answer = ask(&quiet).await;
        let expected = expected.replace(&format!("{list} "), "");
        assert_eq!(said(&answer), expected.trim_end_matches(hint).trim_end(), "{path} {kind} {body}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
