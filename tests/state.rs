//! States: who gets them, who shares them, and what is said at start when one is missing or given twice.
//!
//! Each `app` is a set of its own; the default application has all its states.

mod both;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use vernal::test::Client;
use vernal::{
    App, Arg, Body, BodyReader, Config, Error, FilterContext, FromRequest, Json, ModelBinding, Next, Request,
    Response, Result, State, controller, endpoint, error_message, model_binding, request_filter, request_map,
    server,
};

#[derive(Debug, PartialEq)]
struct Pool {
    size: u32,
}

#[derive(Default)]
struct Visits(AtomicU32);

trait Clock: Send + Sync {
    fn hour(&self) -> u32;
}

struct Fixed(u32);

impl Clock for Fixed {
    fn hour(&self) -> u32 {
        self.0
    }
}

type SharedClock = Arc<dyn Clock>;

struct Mailer<T>(T);

fn config(size: u32) -> Config {
    Config::new()
        .state(Pool { size })
        .state(Visits::default())
        .state::<SharedClock>(Arc::new(Fixed(7)))
        .state(Mailer("text"))
        .state(Mailer(1_u8))
        .state("a text".to_owned())
        .state(Mutex::new(HashMap::<String, u32>::new()))
}

fn client() -> Client {
    Client::builder()
        .state(Pool { size: 8 })
        .state(Visits::default())
        .state::<SharedClock>(Arc::new(Fixed(7)))
        .state(Mailer("text"))
        .state(Mailer(1_u8))
        .state("a text".to_owned())
        .state(Mutex::new(HashMap::<String, u32>::new()))
        .build()
}

#[request_map("/fn")]
fn plain(State(pool): State<&Pool>) -> String {
    pool.size.to_string()
}

/// The wrapper lends what is in it.
#[request_map("/deref")]
fn lent(pool: State<&Pool>) -> String {
    format!("{} {}", pool.size, *pool == Pool { size: 8 })
}

/// An answer may borrow from a state.
#[request_map("/borrowed")]
fn borrowed(State(text): State<&String>) -> &str {
    text
}

#[request_map("/async")]
async fn waiting(State(pool): State<&Pool>, name: &str, State(text): State<&String>) -> String {
    tokio::task::yield_now().await;
    format!("{} {name} {text}", pool.size)
}

#[request_map("/blocking", blocking)]
fn blocking(State(pool): State<&Pool>, text: State<&String>) -> String {
    format!("{} {}", pool.size, *text)
}

#[request_map("/object")]
fn object(State(clock): State<&SharedClock>) -> String {
    clock.hour().to_string()
}

/// Generic types are types of their own.
#[request_map("/generic")]
fn generic(text: State<&Mailer<&'static str>>, number: State<&Mailer<u8>>) -> String {
    format!("{} {}", text.0.0, number.0.0)
}

#[request_map("/request")]
fn through_the_request(req: &Request) -> String {
    format!("{:?} {:?}", req.state::<Pool>(), req.state::<u64>())
}

#[request_map("/body", method = "POST")]
async fn with_body(State(pool): State<&Pool>, Json(numbers): Json<Vec<u32>>) -> String {
    (numbers.iter().sum::<u32>() + pool.size).to_string()
}

#[request_map("/reader", method = "POST")]
async fn with_reader(mut body: BodyReader, State(pool): State<&Pool>, res: &mut Response) -> Result<Body> {
    res.headers.insert("x-size", pool.size);
    Ok(body.read_to_end(100).await?.into())
}

#[tokio::test]
async fn every_kind_of_handler_takes_states() {
    let client = client();
    let table = [
        ("/fn", "8"),
        ("/deref", "8 true"),
        ("/borrowed", "a text"),
        ("/async?name=ann", "8 ann a text"),
        ("/blocking", "8 a text"),
        ("/object", "7"),
        ("/generic", "text 1"),
        ("/request", "Some(Pool { size: 8 }) None"),
    ];
    for (path, text) in table {
        let answer = client.get(path).await;
        assert_eq!((answer.status().as_u16(), answer.text()), (200, text), "{path}");
    }
    client.post("/body").json(&[1, 2]).await.assert_text("11");
    client.post("/reader").body("abc").await.assert_text("abc").assert_header("x-size", "8");
}

struct Shop {
    size: u32,
    hour: u32,
    hits: AtomicU32,
}

impl Shop {
    fn new(State(pool): State<&Pool>, State(clock): State<&SharedClock>) -> Result<Shop, std::io::Error> {
        Ok(Shop { size: pool.size, hour: clock.hour(), hits: AtomicU32::new(0) })
    }
}

#[controller("/shop", new = Shop::new)]
impl Shop {
    #[request_map]
    fn index(&self, State(visits): State<&Visits>) -> String {
        visits.0.fetch_add(1, Ordering::Relaxed);
        let hits = self.hits.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{} {} {hits} {}", self.size, self.hour, visits.0.load(Ordering::Relaxed))
    }
}

struct Fresh(u32);

#[controller("/fresh", per_request, new = |State(pool): State<&Pool>| Fresh(pool.size + 1))]
impl Fresh {
    #[request_map]
    async fn index(&mut self) -> String {
        self.0 += 1;
        self.0.to_string()
    }
}

#[derive(Default)]
struct Counter;

#[endpoint("/counter")]
impl Counter {
    fn get(&self, State(visits): State<&Visits>) -> String {
        visits.0.load(Ordering::Relaxed).to_string()
    }

    async fn post(&self, State(visits): State<&Visits>) -> u16 {
        visits.0.fetch_add(1, Ordering::Relaxed);
        204
    }
}

#[tokio::test]
async fn controllers_take_states_and_are_made_of_them() {
    let (one, other) = (client(), client());
    one.get("/shop").await.assert_text("8 7 1 1");
    one.get("/shop").await.assert_text("8 7 2 2");
    one.post("/counter").await.assert_status(204);
    one.get("/counter").await.assert_text("3");
    one.get("/fresh").await.assert_text("10");
    one.get("/fresh").await.assert_text("10");
    // Another application has states and controllers of its own.
    other.get("/counter").await.assert_text("0");
    other.get("/shop").await.assert_text("8 7 1 1");
}

struct User(String);

#[model_binding]
fn user(req: &Request, State(pool): State<&Pool>) -> Result<User> {
    Ok(User(format!("{} of {}", req.param("id")?, pool.size)))
}

struct Slow(u32);

#[model_binding]
async fn slow(State(pool): State<&Pool>) -> Result<Slow> {
    tokio::task::yield_now().await;
    Ok(Slow(pool.size))
}

struct ByHand<'r>(&'r Pool);

impl<'r> FromRequest<'r> for ByHand<'r> {
    fn from_request(req: &'r Request, _: &Arg) -> Result<Self> {
        req.state().map(ByHand).ok_or_else(|| Error::internal("no pool"))
    }
}

struct ByHandLater(u32);

impl ModelBinding<'_> for ByHandLater {
    async fn bind(req: &Request, arg: &Arg) -> Result<Self> {
        let State(pool) = State::<&Pool>::from_request(req, arg)?;
        Ok(ByHandLater(pool.size))
    }
}

#[request_map("/bound")]
async fn bound(user: User, slow: Slow, hand: ByHand<'_>, later: ByHandLater) -> String {
    format!("{} {} {} {}", user.0, slow.0, hand.0.size, later.0)
}

#[request_filter("/filtered")]
async fn filter(State(visits): State<&Visits>, cx: &mut FilterContext<'_>, next: Next<'_>) {
    visits.0.fetch_add(1, Ordering::Relaxed);
    next.run(cx).await;
    let pool = cx.request.state::<Pool>().map_or(0, |pool| pool.size);
    cx.response.headers.insert("x-filter", format!("{} {pool}", visits.0.load(Ordering::Relaxed)));
}

#[request_map("/filtered")]
fn filtered(State(visits): State<&Visits>) -> Result<()> {
    visits.0.fetch_add(10, Ordering::Relaxed);
    Err(Error::new(418, "Teapot"))
}

#[error_message("418")]
fn page(State(visits): State<&Visits>) -> String {
    visits.0.fetch_add(100, Ordering::Relaxed).to_string()
}

#[tokio::test]
async fn bindings_filters_and_error_pages_see_the_same_states() {
    let client = client();
    client.get("/bound?id=7").await.assert_text("7 of 8 8 8 8");
    let answer = client.get("/filtered").await;
    answer.assert_status(418).assert_text("11").assert_header("x-filter", "111 8");
}

#[request_map("/own", app = "own")]
fn own(State(number): State<&u32>) -> String {
    number.to_string()
}

/// Tests may run side by side, each with a fake of its own.
#[tokio::test]
async fn each_application_has_states_of_its_own() {
    let clients = [1_u32, 2, 3].map(|number| Client::builder().app("own").state(number).build());
    // Twice, since what a request used is lent to the next one, which may be another application's.
    for _ in 0..2 {
        for (number, client) in (1..).zip(&clients) {
            client.get("/own").await.assert_text(&format!("{number}"));
        }
    }
}

struct Missing;
struct AlsoMissing<'t>(std::marker::PhantomData<&'t ()>);

#[request_map("/one", app = "missing")]
fn needs_one(State(_): State<&Missing>, State(pool): State<&Pool>) -> u16 {
    pool.size as u16
}

#[request_map("/two", app = "missing")]
async fn needs_two(_a: State<&Missing>, _name: &str, _b: State<&AlsoMissing<'static>>) {}

#[request_filter("/two", app = "missing")]
fn filter_needs(_cx: &mut FilterContext<'_>, State(_): State<&Missing>) {}

#[error_message("404", app = "missing")]
fn page_needs(State(_): State<&Missing>) {}

struct Needy;

impl Needy {
    fn new(State(_): State<&Missing>) -> Needy {
        Needy
    }
}

#[controller("/needy", app = "missing", new = Needy::new)]
impl Needy {
    #[request_map]
    fn index(&self) {}

    #[request_map("/more")]
    fn more(&self, State(_): State<&AlsoMissing<'static>>) {}
}

struct Model;

#[model_binding]
fn model(State(_): State<&Missing>) -> Result<Model> {
    Ok(Model)
}

#[request_map("/model", app = "missing")]
fn needs_a_model(_model: Model) {}

/// The line of this file that this stands on.
fn line_of(text: &str) -> usize {
    let (before, _) = include_str!("state.rs").split_once(&format!("\n{text}")).expect("a line of this file");
    before.lines().count() + 1
}

#[test]
fn a_missing_state_is_an_error_at_start_with_type_handler_and_line() {
    let error =
        App::from_registry(Config::new().app("missing").state(Pool { size: 1 })).expect_err("missing");
    let missing = |name: &str, line: &str, ty: &str| {
        format!(
            "`{name}` at tests/state.rs:{} asks for `State<&{ty}>`, and no state of that type was given: \
             write `server::new().state(…)` with a value of type `{ty}`, or a function with `#[component]` that returns one",
            line_of(line)
        )
    };
    // In the order of the source, which is not the linker's.
    let problems = [
        missing("needs_one", "fn needs_one", "state::Missing"),
        missing("needs_two", "async fn needs_two", "state::Missing"),
        missing("needs_two", "async fn needs_two", "state::AlsoMissing<'_>"),
        missing("Needy::more", "    fn more", "state::AlsoMissing<'_>"),
        missing("needs_a_model", "fn needs_a_model", "state::Missing"),
        missing("filter_needs", "fn filter_needs", "state::Missing"),
        missing("page_needs", "fn page_needs", "state::Missing"),
        format!(
            "the controller `Needy` at tests/state.rs:{} cannot be built: no state of type `state::Missing` was \
             given: write `server::new().state(…)` with a `state::Missing`",
            line_of("impl Needy {\n    #[request_map]")
        ),
    ];
    let text = format!("{error:?}");
    let expected = format!("{} problems:\n  - {}", problems.len(), problems.join("\n  - "));
    assert_eq!(text, expected);
    assert!(!text.contains("Pool"), "{text}");
    // The server and the client say the same.
    let server = server::new().app("missing").state(Pool { size: 1 }).port(0).bind().map(|_| ());
    assert_eq!(format!("{:?}", server.expect_err("missing")).lines().count(), text.lines().count());
    let client =
        std::panic::catch_unwind(|| Client::builder().app("missing").state(Pool { size: 1 }).build());
    let panic = client.map(|_| ()).expect_err("missing");
    assert!(panic.downcast_ref::<String>().is_some_and(|text| text.contains("state::Missing")));
}

#[request_map("/", app = "twice")]
fn twice(State(pool): State<&Pool>) -> String {
    pool.size.to_string()
}

#[test]
fn a_state_that_is_given_twice_is_an_error_at_start() {
    let twice = || Config::new().app("twice").state(Pool { size: 1 });
    let error = App::from_registry(twice().state(Pool { size: 2 })).expect_err("given twice");
    assert_eq!(
        format!("{error:?}"),
        "the state `state::Pool` was given twice; wrap one of them in a type of its own"
    );
    // Another type, even of the same make, and one that nobody asks for, are fine.
    assert!(App::from_registry(twice().state(Mailer(Pool { size: 2 })).state(7_u8)).is_ok());
    // One of the two would win by chance, so neither does.
    let error = App::from_registry(twice().state(1_u8).state(2_u8).state("a").state("b")).expect_err("twice");
    assert_eq!(format!("{error:?}").matches("was given twice").count(), 2, "{error:?}");
}

#[test]
fn a_configuration_may_be_made_elsewhere() {
    let app = App::from_registry(config(3)).expect("all states are given");
    assert!(app.route_count() > 10);
    let bound =
        server::new().config(config(3)).host("127.0.0.1").port(0).bind().expect("all states are given");
    assert_ne!(bound.local_addr().port(), 0);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
