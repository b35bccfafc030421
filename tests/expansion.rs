//! What the attributes expand to compiles wherever handlers may stand, and under the strictest lints.

#![deny(warnings, clippy::all, clippy::pedantic)]
#![allow(clippy::many_single_char_names, clippy::unnecessary_wraps)]
#![forbid(unsafe_code)]

mod both;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use vernal::test::Client;
use vernal::{
    Arg, Error, FilterContext, Header, Json, Next, OrStatus, Param, PathValue, RegGroup, Request, Response,
    Result, State, controller, endpoint, error_message, model_binding, request_filter, request_map, route,
};

#[request_map("/plain/{name}", "/plain")]
fn plain(#[arg(default = "nobody")] name: &str, #[arg(default = 1)] times: usize) -> String {
    name.repeat(times)
}

#[request_map("/many", method = "get, post")]
fn many(
    a: &str,
    b: u8,
    c: Option<u8>,
    d: Vec<u8>,
    e: Result<u8>,
    f: Header<&str>,
    g: Param<String>,
    h: &Request,
    i: char,
    res: &mut Response,
) -> Result<String> {
    res.headers.insert("x-many", "10");
    Ok(format!("{a} {b} {c:?} {d:?} {} {} {} {} {i}", e.is_ok(), *f, *g, h.path()))
}

#[request_map("/raw/{type}")]
fn r#match(r#type: &str) -> &str {
    r#type
}

#[request_map("/lifetimes")]
fn lifetimes<'a, 'b: 'a>(x: &'a str, host: Header<&'b str>) -> (&'a str, &'b str) {
    (x, host.0)
}

/// Deprecated, but still mapped.
#[request_map("/old")]
#[deprecated]
fn old() -> &'static str {
    "old"
}

#[request_map("/nowhere")]
#[cfg(any())]
fn nowhere(x: NoSuchType) -> NoSuchType {
    x
}

#[cfg_attr(all(), request_map("/conditional"))]
#[cfg_attr(any(), request_map("/never"))]
#[request_map("/unconditional")]
#[cfg_attr(all(), allow(dead_code), request_map("/conditional/too"))]
#[cfg_attr(any(), request_map("/never/too"))]
fn conditional(#[arg(default = 7)] n: u8) -> String {
    n.to_string()
}

use vernal::request_map as get;

#[request_map("/alias/first")]
#[get("/alias/second")]
fn aliased(#[arg(default = 3)] n: u8) -> String {
    n.to_string()
}

#[route("/unused/{id}")]
fn unused(_id: u32, _: &Request) -> u16 {
    204
}

#[request_map("/ignored/{_id}")]
fn ignored() -> u16 {
    204
}

/// Names of the prelude that generated code must not rely on.
mod hostile {
    #![allow(dead_code, non_camel_case_types)]

    pub(super) struct Option;
    pub(super) struct Result;
    pub(super) struct Box;
    pub(super) struct Some;
    pub(super) struct Ok;
    pub(super) struct Send;
    pub(super) struct Default;
    pub(super) struct String;
    pub(super) struct str;
    pub(super) struct Value;
    pub(super) struct Request;
    pub(super) struct Response;

    mod core {}
    mod std {}
    mod vernal {}

    #[::vernal::request_map("/hostile/{id}")]
    async fn handler(id: u8, #[arg(default = 3)] other: u8) -> u16 {
        ::std::future::ready(200 + u16::from(id) + u16::from(other)).await
    }

    #[::vernal::request_filter("/hostile/**")]
    fn filter(_: &mut ::vernal::FilterContext<'_>) {}

    #[::vernal::error_message("499")]
    fn page(code: u16) -> u16 {
        code
    }
}

#[request_map("/borrowed/{name}")]
async fn borrowed<'a>(name: &'a str, res: &mut Response, body: &[u8]) -> &'a str {
    res.headers.insert("x-body", body.len().to_string());
    std::future::ready(name).await
}

#[request_map("/impl", limits = vernal::Limits::default(), blocking)]
fn implied(host: Header<&str>) -> impl vernal::Responder + use<> {
    (202, host.len().to_string())
}

#[request_map("/defaults")]
fn defaults(
    #[arg(default = "a")] text: Header<&str>,
    #[arg(default = "b")] owned: Header<String>,
    #[arg(default = "c")] either: std::borrow::Cow<'_, str>,
    #[arg(default = 3)] number: Param<u8>,
    #[arg(default)] list: Vec<u8>,
    #[arg(default, name = "X-Y")] empty: Header<String>,
    #[arg(default = vec![1])] given: Vec<u8>,
) -> String {
    format!("{} {} {either} {} {list:?} {:?} {given:?}", *text, *owned, *number, *empty)
}

macro_rules! handlers {
    ($($name:ident $path:literal $ty:ty, $default:expr;)*) => {
        $(
            #[request_map($path)]
            fn $name(#[arg(default = $default)] value: $ty) -> String {
                value.to_string()
            }
        )*
    };
}

handlers! {
    generated_text "/generated/text" String, "text";
    generated_number "/generated/number" u64, 1 << 3;
}

mod deep {
    pub(super) mod deeper {
        pub(crate) struct Bind(pub(crate) u8);

        /// A name that generated code uses too.
        impl vernal::FromValue<'_> for Bind {
            fn from_value(raw: &str) -> vernal::Result<Self> {
                Ok(Bind(raw.parse()?))
            }
        }

        #[vernal::request_map("/deep")]
        fn deep(value: Bind) -> String {
            value.0.to_string()
        }
    }
}

#[allow(dead_code)]
fn inside_a_body() {
    struct Local(u8);

    impl vernal::FromValue<'_> for Local {
        fn from_value(raw: &str) -> Result<Self> {
            Ok(Local(raw.parse()?))
        }
    }

    #[request_map("/inside")]
    fn inside(value: Local) -> String {
        value.0.to_string()
    }
}

#[derive(Default)]
struct Shop {
    hits: AtomicU32,
}

type Anything = Shop;

#[controller]
#[request_map("/shop", method = "GET")]
impl Anything {
    const STEP: u32 = 1;

    #[request_map]
    fn hits(&self) -> String {
        self.hits.fetch_add(Self::STEP, Ordering::Relaxed).to_string()
    }

    #[request_map("/who/{name}")]
    #[request_map("/also/{name}", method = "POST")]
    async fn who<'a>(&self, name: &'a str, #[arg(default = "!")] end: &'a str) -> String {
        self.helper(&format!("{name}{end}")).await
    }

    #[request_map("/static")]
    fn without_self() -> &'static str {
        "static"
    }

    #[cfg(any())]
    #[request_map("/nowhere")]
    fn nowhere(&self, x: NoSuchType) -> NoSuchType {}

    async fn helper(&self, text: &str) -> String {
        std::future::ready(text.to_owned()).await
    }
}

struct Fresh {
    count: u32,
}

impl Fresh {
    fn new(State(start): State<&u32>) -> Fresh {
        Fresh { count: *start }
    }
}

#[request_map("/fresh")]
#[controller(per_request, new = Fresh::new)]
impl Fresh {
    #[request_map("/mutable")]
    fn mutable(&mut self) -> String {
        self.count += 1;
        self.count.to_string()
    }

    #[request_map("/value")]
    async fn value(self) -> String {
        std::future::ready(self.count).await.to_string()
    }
}

#[derive(Clone)]
struct Users {
    prefix: &'static str,
}

#[endpoint("/users/{id}", "/people/{id}", new = Users { prefix: "user" })]
impl Users {
    fn get(&self, id: u32) -> String {
        format!("{} {id}", self.prefix)
    }

    async fn put(&self, id: u32, Json(body): Json<Value>) -> (u16, Json<Value>) {
        self.log(id);
        std::future::ready((201, Json(body))).await
    }

    fn log(&self, id: u32) {
        assert!(!self.prefix.is_empty(), "{id}");
    }
}

#[request_map(regexp = "^/reg/([a-z]+)/(.+)$")]
fn by_regexp(
    a: RegGroup<&str>,
    #[arg(group = 2)] b: RegGroup<String>,
    #[arg(group = 0)] all: RegGroup<&str>,
) -> String {
    format!("{} {} {}", *a, *b, *all)
}

#[request_map("/star/**")]
fn star(rest: PathValue<&str>) -> &str {
    rest.0
}

#[request_filter("/filtered/**", order = -1)]
async fn around(cx: &mut FilterContext<'_>, next: Next<'_>, State(start): State<&u32>) -> Result {
    cx.response.headers.insert("x-around", start.to_string());
    next.run(cx).await;
    Ok(())
}

#[request_filter("/filtered/**")]
fn before(cx: &mut FilterContext<'_>) {
    cx.response.headers.insert("x-before", "1");
}

#[request_filter("/filtered/no/**")]
async fn refusing(cx: &mut FilterContext<'_>) -> Result<(), String> {
    std::future::ready(if cx.request.path().ends_with("yes") { Ok(()) } else { Err("no".to_owned()) }).await
}

#[request_map("/filtered/{what}", "/filtered/no/{what}")]
fn filtered(what: &str) -> &str {
    what
}

#[error_message("418")]
fn teapot(code: u16, message: &str, explain: String, _req: &Request, error: &Error) -> String {
    format!("{code} {message} {explain} {}", error.status().as_u16())
}

#[error_message("41x")]
async fn short(code: u16) -> Json<u16> {
    std::future::ready(Json(code)).await
}

#[request_map("/fails/{code}")]
fn fails(code: u16) -> Result {
    Err(Error::new(code, "Failed").explain("on purpose"))
}

struct Agent<'a>(&'a str);

#[model_binding]
fn agent<'r>(req: &'r Request, _arg: &Arg) -> Result<Agent<'r>> {
    req.header("user-agent").map(Agent).or_status(400)
}

struct Person(String);

#[model_binding]
async fn person(req: &Request, arg: &Arg, State(start): State<&u32>) -> Result<Person> {
    let name = req.parameter(arg.name).or_status(400)?;
    Ok(Person(std::future::ready(format!("{name} {start}")).await))
}

#[request_map("/models")]
async fn models(agent: Agent<'_>, ann: Person) -> String {
    format!("{} {}", agent.0, ann.0)
}

#[tokio::test]
async fn handlers_answer_wherever_they_stand() {
    let client = Client::builder().state(41_u32).build();
    let table = [
        ("/plain", "nobody"),
        ("/plain/ann?times=2", "annann"),
        ("/raw/x", "x"),
        ("/old", "old"),
        ("/conditional", "7"),
        ("/unconditional?n=1", "1"),
        ("/conditional/too", "7"),
        ("/alias/first", "3"),
        ("/alias/second", "3"),
        ("/alias/second?n=4", "4"),
        ("/generated/text", "text"),
        ("/generated/number", "8"),
        ("/borrowed/ann", "ann"),
        ("/defaults", "a b c 3 [] \"\" [1]"),
        ("/deep?value=3", "3"),
        ("/inside?value=4", "4"),
        ("/shop", "0"),
        ("/shop", "1"),
        ("/shop/who/ann", "ann!"),
        ("/shop/static", "static"),
        ("/fresh/mutable", "42"),
        ("/fresh/mutable", "42"),
        ("/fresh/value", "41"),
        ("/users/3", "user 3"),
        ("/people/4", "user 4"),
        ("/reg/abc/d/e", "abc d/e /reg/abc/d/e"),
        ("/star/a/b", "a/b"),
        ("/filtered/a", "a"),
        ("/filtered/no/yes", "yes"),
    ];
    for (path, expected) in table {
        client.get(path).await.assert_status(200).assert_text(expected);
    }
    for path in ["/never", "/never/too", "/nowhere", "/shop/nowhere"] {
        client.get(path).await.assert_status(404);
    }
    for path in ["/unused/3", "/ignored/3"] {
        client.get(path).await.assert_status(204);
    }
    client.get("/hostile/1").await.assert_status(204);
    client.get("/impl").await.assert_status(202);
    client.post("/shop/also/bob").await.assert_status(200).assert_text("bob!");
    client.post("/shop").await.assert_status(405);
    client.post("/users/3").await.assert_status(405);
    client.get("/filtered/a").await.assert_header("x-around", "41").assert_header("x-before", "1");
    client.get("/filtered/no/no").await.assert_status(500).assert_header("x-around", "41");
    client.get("/fails/418").await.assert_status(418).assert_text("418 Failed on purpose 418");
    client.get("/fails/411").await.assert_status(411).assert_text("411");
    client.get("/models?ann=ann").header("user-agent", "me").await.assert_text("me ann 41");
}

#[test]
fn a_handler_stays_a_function() {
    assert_eq!(plain("ab", 2), "abab");
    assert_eq!(conditional(1), "1");
    assert_eq!(r#match("x"), "x");
    assert_eq!(Shop::without_self(), "static");
    assert_eq!(Shop::default().hits(), "0");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
