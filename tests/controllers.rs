//! Impl blocks: whose object answers, how block and method are joined, and endpoints.

mod both;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use vernal::test::Client;
use vernal::{
    Json, Limits, OrStatus, PathValue, RegGroup, Request, Result, State, Text, controller, endpoint,
    error_message, request_map,
};

struct Name(&'static str);

fn client() -> Client {
    Client::builder().state(Name("state")).build()
}

/// Sends `METHOD path` and compares `status body`, or `status Allow` where nothing answers the method.
async fn check(client: &Client, table: &[(&str, &str)]) {
    for (request, expected) in table {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let answer = client.request(method, path).await;
        let text = match answer.status().as_u16() {
            405 => answer.header("allow").unwrap_or_default(),
            404 => "",
            _ => answer.text(),
        };
        assert_eq!(format!("{} {text}", answer.status().as_u16()).trim_end(), *expected, "{request}");
    }
}

/// Counts the calls of one object.
#[derive(Default)]
struct Counter(AtomicU32);

impl Counter {
    fn next(&self) -> String {
        (self.0.fetch_add(1, Ordering::SeqCst) + 1).to_string()
    }
}

#[derive(Default)]
struct Plain(Counter);

#[request_map("/plain")]
impl Plain {
    #[request_map("/one")]
    fn one(&self) -> String {
        self.0.next()
    }

    #[request_map("/two")]
    async fn two(&self) -> String {
        self.0.next()
    }
}

#[derive(Default)]
struct Shared(Counter);

#[controller]
impl Shared {
    #[request_map("/shared/one")]
    fn one(&self) -> String {
        self.0.next()
    }

    #[request_map("/shared/two")]
    async fn two(&self) -> String {
        std::future::ready(()).await;
        self.0.next()
    }

    #[request_map("/shared/three", blocking)]
    fn three(&self) -> String {
        self.0.next()
    }

    /// No route.
    #[expect(dead_code, reason = "nobody calls it")]
    fn one_more(&self) {}
}

#[derive(Default)]
struct Fresh(u32);

#[controller(per_request)]
#[request_map("/fresh")]
impl Fresh {
    #[request_map("/lent")]
    fn lent(&self) -> String {
        self.0.to_string()
    }

    #[request_map("/changed")]
    fn changed(&mut self) -> String {
        self.0 += 1;
        self.0.to_string()
    }

    #[request_map("/taken")]
    async fn taken(self) -> String {
        std::future::ready(self.0).await.to_string()
    }

    #[request_map("/without")]
    fn without() -> &'static str {
        "no object"
    }
}

#[tokio::test]
async fn objects_are_shared_or_new_for_each_request() {
    let client = client();
    let table = [
        ("GET /plain/one", "200 1"),
        ("GET /plain/one", "200 1"),
        ("GET /plain/two", "200 1"),
        ("GET /shared/one", "200 1"),
        ("GET /shared/two", "200 2"),
        ("GET /shared/three", "200 3"),
        ("GET /shared/one", "200 4"),
        ("GET /fresh/lent", "200 0"),
        ("GET /fresh/changed", "200 1"),
        ("GET /fresh/changed", "200 1"),
        ("GET /fresh/taken", "200 0"),
        ("GET /fresh/without", "200 no object"),
        ("GET /one_more", "404"),
    ];
    check(&client, &table).await;
    // Another application of the process has objects of its own.
    check(&self::client(), &[("GET /shared/one", "200 1")]).await;
    check(&client, &[("GET /shared/one", "200 5")]).await;
}

struct Named {
    name: String,
    counter: Counter,
}

impl Named {
    fn new(name: &str, description: &str) -> Named {
        Named { name: format!("{name} ({description})"), counter: Counter::default() }
    }

    fn of_state(State(name): State<&Name>) -> Named {
        Named::new(name.0, "given")
    }

    fn refused() -> Result<Named> {
        None.or_status(503)
    }

    fn tell(&self) -> String {
        format!("{} {}", self.name, self.counter.next())
    }
}

struct OfValue(Named);

#[controller("/new/value", new = OfValue(Named::new("name", "desc")))]
impl OfValue {
    #[request_map]
    fn tell(&self) -> String {
        self.0.tell()
    }
}

struct OfState(Named);

impl OfState {
    fn new(state: State<&Name>) -> OfState {
        OfState(Named::of_state(state))
    }
}

#[controller("/new/state", new = OfState::new)]
impl OfState {
    #[request_map]
    fn tell(&self) -> String {
        self.0.tell()
    }
}

struct OfRequest(Named);

impl OfRequest {
    fn new(state: State<&Name>) -> Result<OfRequest> {
        Ok(OfRequest(Named::of_state(state)))
    }
}

#[controller("/new/request", per_request, new = OfRequest::new)]
impl OfRequest {
    #[request_map]
    fn tell(&self) -> String {
        self.0.tell()
    }
}

struct Refused;

impl Refused {
    fn new() -> Result<Refused> {
        Named::refused().map(|_| Refused)
    }
}

#[controller("/new/refused", per_request, new = Refused::new)]
impl Refused {
    #[request_map]
    fn tell(&self) -> &'static str {
        "never"
    }
}

struct RefusedAtStart;

impl RefusedAtStart {
    fn new() -> Result<RefusedAtStart> {
        Err(vernal::Error::internal("there is no shop"))
    }
}

#[controller("/", app = "refused at start", new = RefusedAtStart::new)]
impl RefusedAtStart {
    #[request_map]
    fn tell(&self) -> &'static str {
        "never"
    }
}

#[tokio::test]
async fn objects_are_made_as_new_says() {
    let client = client();
    let table = [
        ("GET /new/value", "200 name (desc) 1"),
        ("GET /new/value", "200 name (desc) 2"),
        ("GET /new/state", "200 state (given) 1"),
        ("GET /new/state", "200 state (given) 2"),
        ("GET /new/request", "200 state (given) 1"),
        ("GET /new/request", "200 state (given) 1"),
    ];
    check(&client, &table).await;
    client.get("/new/refused").await.assert_status(503);

    let error =
        vernal::App::from_registry(vernal::Config::new().app("refused at start")).expect_err("no object");
    let text = error.explain_text();
    assert!(text.starts_with("the controller `RefusedAtStart` at tests/controllers.rs:"), "{text}");
    assert!(text.ends_with(" cannot be built: there is no shop"), "{text}");
}

#[derive(Default)]
struct Joined;

#[controller]
#[request_map("/joined", "/also/{prefix}", method = "GET")]
impl Joined {
    #[request_map]
    fn itself(&self, prefix: Option<&str>) -> String {
        format!("itself {prefix:?}")
    }

    #[request_map("say_hello", "/hello/")]
    fn hello(&self, name: &str) -> String {
        format!("hello {name}")
    }

    #[request_map("/{name}/{more}")]
    #[request_map("/**")]
    fn rest(&self, req: &Request) -> String {
        format!("rest {:?} {:?}", req.path_values().collect::<Vec<_>>(), req.wildcard())
    }

    #[request_map("/posted", method = "POST")]
    fn posted(&self) -> &'static str {
        "posted"
    }

    #[request_map("/both", method = ["PUT", "DELETE"])]
    fn both(&self) -> &'static str {
        "both"
    }
}

#[tokio::test]
async fn prefixes_and_methods_are_joined() {
    let table = [
        ("GET /joined", "200 itself None"),
        ("GET /also/x", "200 itself Some(\"x\")"),
        ("GET /joined?prefix=q", "200 itself Some(\"q\")"),
        ("GET /joined/", "200 rest [] Some(\"\")"),
        ("GET /also/p/", "200 rest [(\"prefix\", \"p\")] Some(\"\")"),
        ("GET /joined/say_hello?name=ann", "200 hello ann"),
        ("GET /also/x/say_hello?name=ann", "200 hello ann"),
        ("GET /joined/hello/?name=ann", "200 hello ann"),
        ("GET /joined/a/b", "200 rest [(\"name\", \"a\"), (\"more\", \"b\")] None"),
        ("GET /also/p/a/b", "200 rest [(\"prefix\", \"p\"), (\"name\", \"a\"), (\"more\", \"b\")] None"),
        ("GET /joined/a/b/c", "200 rest [] Some(\"a/b/c\")"),
        ("GET /also/p/a/b/c", "200 rest [(\"prefix\", \"p\")] Some(\"a/b/c\")"),
        ("HEAD /joined", "200"),
        ("POST /joined", "405 GET, HEAD, OPTIONS"),
        ("POST /joined/posted", "200 posted"),
        ("PUT /joined/both", "200 both"),
        ("DELETE /also/p/both", "200 both"),
        // Not of `posted`, whose own method replaces the block's; the star of `rest` takes it.
        ("GET /joined/posted", "200 rest [] Some(\"posted\")"),
        ("DELETE /joined/posted", "405 GET, HEAD, POST, OPTIONS"),
    ];
    check(&client(), &table).await;
}

#[derive(Default)]
struct Methods;

#[controller]
#[request_map("/methods", method = "GET, PUT")]
impl Methods {
    #[request_map("/own", method = "POST")]
    fn own(&self) -> &'static str {
        "own"
    }

    #[request_map("/block")]
    fn block(&self) -> &'static str {
        "block"
    }

    #[request_map(regexp = "^/methods-by-regexp/(.+)$")]
    fn regexp(&self, #[arg(group = 1)] rest: RegGroup<&str>) -> String {
        format!("regexp {}", *rest)
    }
}

#[tokio::test]
async fn own_methods_replace_and_regexps_have_no_prefix() {
    let table = [
        ("POST /methods/own", "200 own"),
        ("GET /methods/own", "405 POST, OPTIONS"),
        ("GET /methods/block", "200 block"),
        ("PUT /methods/block", "200 block"),
        ("POST /methods/block", "405 GET, HEAD, PUT, OPTIONS"),
        ("GET /methods-by-regexp/a/b", "200 regexp a/b"),
        ("POST /methods-by-regexp/a/b", "405 GET, HEAD, PUT, OPTIONS"),
        ("GET /methods/methods-by-regexp/a/b", "404"),
    ];
    check(&client(), &table).await;
}

#[derive(Default)]
struct Narrowed;

#[controller]
#[request_map("/narrowed", params = "a=b", headers = "x-a")]
impl Narrowed {
    #[request_map("/all", params = "x=y", headers = ["x-b", "x-c!=no"])]
    fn all(&self) -> &'static str {
        "all"
    }

    #[request_map("/any", params = any("x=y"))]
    fn any(&self) -> &'static str {
        "any"
    }

    #[request_map("/block")]
    fn block(&self) -> &'static str {
        "block"
    }
}

#[derive(Default)]
struct NarrowedByAny;

#[controller]
#[request_map("/any", params = any("a=b", "c"))]
impl NarrowedByAny {
    #[request_map("/block")]
    fn block(&self) -> &'static str {
        "block"
    }

    #[request_map("/single", params = "x=y")]
    fn single(&self) -> &'static str {
        "single"
    }

    #[request_map("/all", params = ["x=y"])]
    fn all(&self) -> &'static str {
        "all"
    }
}

#[tokio::test]
async fn conditions_of_block_and_method_are_united() {
    let table = [
        ("/narrowed/all?a=b&x=y", "x-a x-b x-c", 200),
        ("/narrowed/all?a=b", "x-a x-b x-c", 404),
        ("/narrowed/all?x=y", "x-a x-b x-c", 404),
        ("/narrowed/all?a=b&x=y", "x-b x-c", 404),
        ("/narrowed/all?a=b&x=y", "x-a x-c", 404),
        ("/narrowed/all?a=b&x=y", "x-a x-b", 404),
        ("/narrowed/any?a=b", "x-a", 200),
        ("/narrowed/any?x=y", "x-a", 200),
        ("/narrowed/any?x=z", "x-a", 404),
        ("/narrowed/any?a=b", "", 404),
        ("/narrowed/block?a=b", "x-a", 200),
        ("/narrowed/block?a=c", "x-a", 404),
        ("/any/block?a=b", "", 200),
        ("/any/block?c=d", "", 200),
        ("/any/block", "", 404),
        // One text alone decides nothing, so the block's `any` holds; a list is `all`.
        ("/any/single?x=y", "", 200),
        ("/any/single?a=b", "", 200),
        ("/any/single?a=c", "", 404),
        ("/any/all?a=b&c&x=y", "", 200),
        ("/any/all?x=y", "", 404),
    ];
    let client = client();
    for (path, headers, status) in table {
        let request =
            headers.split_whitespace().fold(client.get(path), |request, name| request.header(name, "1"));
        assert_eq!(request.await.status(), status, "{path} {headers}");
    }
}

#[derive(Default)]
struct Items {
    counter: Counter,
    stored: Mutex<Option<String>>,
}

#[endpoint("/items/{id}", "/things/{id}/thing")]
impl Items {
    fn get(&self, id: PathValue<u32>) -> String {
        format!("{} of {}", *id, self.counter.next())
    }

    async fn post(&self, id: u32, Json(name): Json<String>) -> (u16, String) {
        std::future::ready(()).await;
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        (201, format!("{id} {:?}", stored.replace(name)))
    }

    fn query(&self, id: u32) -> String {
        self.describe(id)
    }

    fn describe(&self, id: u32) -> String {
        format!("described {id}")
    }
}

#[derive(Default)]
struct Own(u32);

#[endpoint("/own", per_request)]
impl Own {
    fn get(&mut self) -> String {
        self.0 += 1;
        self.0.to_string()
    }

    fn head(&self, res: &mut vernal::Response) {
        res.headers.insert("x-head", "own");
    }

    fn options(&self) -> &'static str {
        "own options"
    }
}

/// Less specific than the endpoint, and yet not asked for its other methods.
#[request_map("/items/**")]
fn everything() -> &'static str {
    "everything"
}

#[tokio::test]
async fn an_endpoint_answers_its_own_methods_and_no_others() {
    let client = client();
    let table = [
        ("GET /items/7", "200 7 of 1"),
        ("GET /things/8/thing", "200 8 of 2"),
        ("QUERY /items/7", "200 described 7"),
        ("HEAD /items/7", "200"),
        ("GET /items/7", "200 7 of 4"),
        ("PUT /items/7", "405 GET, HEAD, POST, OPTIONS, QUERY"),
        ("DESCRIBE /items/7", "405 GET, HEAD, POST, OPTIONS, QUERY"),
        ("PATCH /things/8/thing", "405 GET, HEAD, POST, OPTIONS, QUERY"),
        ("GET /items/x", "404"),
        ("GET /items/7/more", "200 everything"),
        ("PUT /items/7/more", "200 everything"),
        ("GET /own", "200 1"),
        ("GET /own", "200 1"),
        ("POST /own", "405 GET, HEAD, OPTIONS"),
        ("OPTIONS /own", "200 own options"),
    ];
    check(&client, &table).await;
    client.post("/items/7").json(&"one").await.assert_status(201).assert_text("7 None");
    client.post("/items/7").json(&"two").await.assert_text("7 Some(\"one\")");
    let options = client.options("/items/7").await;
    options.assert_status(204).assert_header("allow", "GET, HEAD, POST, OPTIONS, QUERY").assert_text("");
    let head = client.head("/items/7").await;
    head.assert_header("content-length", "6").assert_text("");
    client.head("/own").await.assert_header("x-head", "own");
}

#[derive(Default)]
struct Paged;

#[endpoint("/paged", app = "paged")]
impl Paged {
    fn get(&self) -> &'static str {
        "paged"
    }
}

#[error_message("405", app = "paged")]
fn wrong_method(message: &str, req: &Request) -> String {
    format!("{message}: {}", req.method)
}

#[tokio::test]
async fn a_wrong_method_has_the_page_of_its_status() {
    let client = Client::builder().app("paged").build();
    let answer = client.post("/paged").await;
    answer
        .assert_status(405)
        .assert_header("allow", "GET, HEAD, OPTIONS")
        .assert_text("Method Not Allowed: POST");
}

/// What its attributes say they say by `Self`.
struct Catalogue(&'static str);

impl Catalogue {
    const PAGE: u32 = 20;

    fn open(State(name): State<&Name>) -> Self {
        Self(name.0)
    }

    fn limits() -> Limits {
        Limits::new().body_size(4)
    }
}

#[controller(new = Self::open)]
impl Catalogue {
    #[request_map("/catalogue", limits = Self::limits())]
    fn list(&self, #[arg(default = Self::PAGE)] page: u32, text: Option<Text<&str>>) -> String {
        format!("{} {page} {}", self.0, text.map_or(0, |text| text.len()))
    }
}

struct Boxes(u8);

#[endpoint("/boxes", new = Self(3))]
impl Boxes {
    fn get(&self) -> String {
        self.0.to_string()
    }
}

struct Unit;

const UNIT: Unit = Unit;

#[controller(new = UNIT)]
impl Unit {
    #[request_map("/unit")]
    fn unit(&self) -> &'static str {
        "unit"
    }
}

#[tokio::test]
async fn attributes_of_an_impl_block_may_say_self() {
    let client = client();
    let table = [
        ("GET /catalogue", "200 state 20 0"),
        ("GET /catalogue?page=3", "200 state 3 0"),
        ("GET /boxes", "200 3"),
        ("GET /unit", "200 unit"),
    ];
    check(&client, &table).await;
    client.post("/catalogue").body("four").await.assert_text("state 20 4");
    client.post("/catalogue").body("fives").await.assert_status(413);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
