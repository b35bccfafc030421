//! Components: states that functions make of states, the order they are made in, what is said where there is none, and what is called at
//! the start and at the end.

mod both;
mod said;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use said::Said;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, oneshot};
use vernal::test::Client;
use vernal::websocket::WebSocket;
use vernal::{
    App, Arg, Config, Error, FilterContext, Next, Request, Response, Result, State, component, controller,
    error_message, model_binding, on_start, on_stop, request_filter, request_map, server, websocket_handler,
};

/// What has happened, as the test that gives it sees it.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, line: impl Into<String>) {
        self.0.lock().expect("nobody panics").push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics").clone()
    }
}

/// Tells when it is dropped.
struct Named(&'static str, Diary);

impl Drop for Named {
    fn drop(&mut self) {
        self.1.write(format!("drop {}", self.0));
    }
}

struct Roof(Named);
struct Walls(Named);
struct Floor(Named);

// In the source the last one is first, and it is made last.
#[component(app = "house")]
async fn roof(State(walls): State<&Walls>, diary: State<&Diary>) -> Result<Roof> {
    tokio::task::yield_now().await;
    diary.write(format!("roof on {}", walls.0.0));
    Ok(Roof(Named("roof", diary.0.clone())))
}

#[component(app = "house")]
fn walls(State(diary): State<&Diary>, floor: State<&Floor>) -> Result<Walls, std::fmt::Error> {
    diary.write(format!("walls on {}", floor.0.0.0));
    Ok(Walls(Named("walls", diary.clone())))
}

#[component(app = "house")]
fn floor(State(diary): State<&Diary>) -> Floor {
    diary.write("floor");
    Floor(Named("floor", diary.clone()))
}

#[on_start(app = "house")]
async fn move_in(_: State<&Roof>, diary: State<&Diary>) {
    diary.write("move in");
}

#[on_start(app = "house")]
fn sweep(_: State<&Floor>, diary: State<&Diary>) -> Result {
    diary.write("sweep");
    Ok(())
}

#[on_stop(app = "house")]
async fn lock(_: State<&Floor>, diary: State<&Diary>) -> Result<(), String> {
    diary.write("lock");
    Err("the key is lost".to_owned())
}

#[on_stop(app = "house")]
fn move_out(State(roof): State<&Roof>, diary: State<&Diary>) {
    diary.write(format!("move out below {}", roof.0.0));
}

#[request_map("/", app = "house")]
fn visit(State(roof): State<&Roof>, diary: State<&Diary>) -> &'static str {
    diary.write("visit");
    roof.0.0
}

const MADE: [&str; 5] = ["floor", "walls on floor", "roof on walls", "sweep", "move in"];
const LEFT: [&str; 5] = ["move out below roof", "lock", "drop roof", "drop walls", "drop floor"];

#[tokio::test]
async fn components_are_made_in_order_and_dropped_in_reverse() {
    let said = Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    let diary = Diary::default();
    let client = Client::builder().app("house").state(diary.clone()).build();
    assert_eq!(diary.lines(), MADE);
    client.get("/").await.assert_text("roof");
    client.get("/").await.assert_text("roof");
    client.stop().await;
    client.stop().await;
    drop(client);
    assert_eq!(diary.lines(), [&MADE[..], &["visit", "visit"], &LEFT[..]].concat());
    let failed = said.with("failed");
    assert!(failed.len() == 1 && failed[0].contains("ERROR `lock` at tests/components.rs:"), "{failed:?}");
    assert!(failed[0].ends_with("an `#[on_stop]`, failed: the key is lost"), "{failed:?}");
}

#[test]
fn each_application_has_its_own_and_ends_by_itself() {
    let config = |diary: &Diary| Config::new().app("house").state(diary.clone());
    let diary = Diary::default();
    let one = App::from_registry(config(&diary)).expect("a house");
    assert_eq!(diary.lines(), MADE);
    let other = App::from_registry(config(&diary)).expect("another house");
    assert_eq!(diary.lines(), [MADE, MADE].concat());
    let clone = one.clone();
    drop(one);
    assert_eq!(diary.lines().len(), 10, "it is still held");
    drop(clone);
    drop(other);
    assert_eq!(diary.lines()[10..], [LEFT, LEFT].concat());
}

#[test]
fn a_given_state_is_taken_in_place_of_a_component() {
    let diary = Diary::default();
    let fake = Walls(Named("fake", diary.clone()));
    let config = Config::new().app("house").state(diary.clone()).state(fake);
    drop(App::from_registry(config).expect("a house"));
    let lines = [
        "roof on fake",
        "floor",
        "move in",
        "sweep",
        "lock",
        "move out below roof",
        "drop floor",
        "drop roof",
        "drop fake",
    ];
    assert_eq!(diary.lines(), lines);
}

struct Greeting(&'static str);

#[component(app = "used")]
async fn greeting() -> Greeting {
    Greeting("hello")
}

struct Greeter(&'static str);

impl Greeter {
    fn new(State(greeting): State<&Greeting>) -> Greeter {
        Greeter(greeting.0)
    }
}

#[controller("/controller", app = "used", new = Greeter::new)]
impl Greeter {
    #[request_map("/")]
    fn greet(&self) -> &'static str {
        self.0
    }
}

#[request_map("/filtered", app = "used")]
fn filtered() {}

#[request_filter("/filtered", app = "used")]
async fn filter(cx: &mut FilterContext<'_>, next: Next<'_>, State(greeting): State<&Greeting>) {
    next.run(cx).await;
    cx.response.set_body(greeting.0);
}

#[error_message("404", app = "used")]
fn page(State(greeting): State<&Greeting>, res: &mut Response) -> &'static str {
    res.set_status(404);
    greeting.0
}

struct Guest(String);

#[model_binding]
fn guest(_: &Request, _: &Arg, State(greeting): State<&Greeting>) -> Result<Guest> {
    Ok(Guest(greeting.0.to_owned()))
}

#[request_map("/model", app = "used")]
fn model(guest: Guest) -> String {
    guest.0
}

#[websocket_handler("/socket", app = "used")]
async fn socket(ws: WebSocket, State(greeting): State<&Greeting>) -> Result {
    ws.send(greeting.0).await
}

#[tokio::test]
async fn all_that_take_states_take_components() {
    let client = Client::builder().app("used").build();
    for path in ["/controller/", "/filtered", "/model", "/nowhere"] {
        assert_eq!(client.get(path).await.text(), "hello", "{path}");
    }
    let mut socket = client.websocket("/socket").await;
    socket.expect_text("hello").await;
}

/// What answers from a task of its own, whichever thread asks.
struct Adder(mpsc::Sender<(u32, oneshot::Sender<u32>)>);

#[component(app = "task")]
async fn adder() -> Adder {
    let (sender, mut asked) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(1);
    tokio::spawn(async move {
        while let Some((number, answer)) = asked.recv().await {
            let _ = answer.send(number + 1);
        }
    });
    Adder(sender)
}

#[component(app = "task")]
fn waits() -> u8 {
    tokio::runtime::Handle::current().block_on(async { 7 })
}

#[request_map("/{number}", app = "task")]
async fn add(number: u32, adder: State<&Adder>, seven: State<&u8>) -> Result<String> {
    let (answer, answered) = oneshot::channel();
    adder.0.0.send((number + u32::from(*seven.0), answer)).await?;
    Ok(answered.await?.to_string())
}

#[tokio::test]
async fn what_a_component_has_begun_goes_on() {
    let client =
        tokio::task::spawn_blocking(|| Client::builder().app("task").build()).await.expect("a client");
    client.get("/1").await.assert_text("9");
}

struct Egg;
struct Hen;
struct Nest;
struct Alone;
struct Twice;
struct Gone;
struct Elsewhere;

#[component(app = "wrong")]
fn egg(_: State<&Hen>) -> Egg {
    Egg
}

#[component(app = "wrong")]
fn nest(_: State<&Egg>) -> Nest {
    Nest
}

#[component(app = "wrong")]
async fn hen(_: State<&Nest>) -> Hen {
    Hen
}

#[component(app = "wrong")]
fn alone(_: State<&Alone>) -> Alone {
    Alone
}

#[component(app = "wrong")]
fn first() -> Twice {
    Twice
}

#[component(app = "wrong")]
fn second() -> Result<Twice> {
    Ok(Twice)
}

#[component(app = "wrong")]
fn needs(_: State<&Gone>) -> u16 {
    1
}

#[on_stop(app = "wrong")]
fn needs_too(_: State<&Elsewhere>) {}

#[component(app = "elsewhere")]
fn elsewhere() -> Elsewhere {
    Elsewhere
}

#[request_map("/", app = "wrong")]
fn wrong() {}

#[test]
fn what_cannot_be_made_is_told_with_all_places() {
    let said = App::from_registry(Config::new().app("wrong")).expect_err("all wrong").to_string();
    let place = |item: &str| {
        let (before, _) =
            include_str!("components.rs").split_once(&format!("\n{item}(")).expect("a line of this file");
        let name = item.rsplit(' ').next().unwrap_or_default();
        format!("`{name}` at tests/components.rs:{}", before.lines().count() + 1)
    };
    let expected = [
        "5 problems:".to_owned(),
        format!(
            "components in a circle, of which none can be made first: {} takes `State<&components::Hen>`, made by {} takes \
             `State<&components::Nest>`, made by {} takes `State<&components::Egg>`, which is made by the first",
            place("fn egg"),
            place("async fn hen"),
            place("fn nest"),
        ),
        format!(
            "the component {} takes `State<&components::Alone>`, which it makes itself",
            place("fn alone")
        ),
        format!(
            "{} and {} both make `components::Twice`: keep one of them",
            place("fn first"),
            place("fn second")
        ),
        format!(
            "{} asks for `State<&components::Gone>`, and no state of that type was given: write `server::new().state(…)` with a value of \
             type `components::Gone`, or a function with `#[component]` that returns one",
            place("fn needs")
        ),
        format!(
            "{} asks for `State<&components::Elsewhere>`, and no state of that type was given: write `server::new().state(…)` with a value of \
             type `components::Elsewhere`; {} makes one for `app = \"elsewhere\"` alone",
            place("fn needs_too"),
            place("fn elsewhere"),
        ),
    ];
    for part in expected {
        assert!(said.contains(&part), "{part}\n\nis not in\n\n{said}");
    }
}

/// Which of the functions below is to go wrong.
#[derive(Default, PartialEq)]
enum Fault {
    #[default]
    Nowhere,
    Error,
    Panic,
    AsyncPanic,
    Never,
    Blocks,
    Start,
    StartNever,
}

#[component(app = "faulty")]
fn plain(State(fault): State<&Fault>) -> Result<i8> {
    match fault {
        Fault::Error => Err(Error::internal("no database")),
        Fault::Panic => panic!("out of {}", "order"),
        Fault::Blocks => {
            std::thread::sleep(Duration::from_secs(1));
            Ok(1)
        }
        _ => Ok(1),
    }
}

#[component(app = "faulty")]
async fn waiting(State(fault): State<&Fault>, _: State<&i8>) -> Result<i16, std::io::Error> {
    match fault {
        Fault::AsyncPanic => panic!("awake"),
        Fault::Never => std::future::pending().await,
        _ => Ok(1),
    }
}

#[on_start(app = "faulty")]
async fn starts(State(fault): State<&Fault>) -> Result {
    match fault {
        Fault::Start => Err(Error::internal("not today")),
        Fault::StartNever => std::future::pending().await,
        _ => Ok(()),
    }
}

#[request_map("/", app = "faulty")]
fn faulty() {}

#[tokio::test]
async fn a_start_that_fails_names_who_it_was() {
    let table = [
        (Fault::Nowhere, "", ""),
        (Fault::Error, "the component `plain` at tests/components.rs:", " cannot be made: no database"),
        (Fault::Panic, "the component `plain` at", " cannot be made: it panicked: out of order"),
        (Fault::AsyncPanic, "the component `waiting` at", " cannot be made: it panicked: awake"),
        (Fault::Never, "the component `waiting` at", " is not done after 50ms: see what it waits for"),
        (Fault::Blocks, "the component `plain` at", " is not done after 50ms"),
        (Fault::Start, "`starts` at", ", an `#[on_start]`, failed: not today"),
        (Fault::StartNever, "`starts` at", ", an `#[on_start]`, is not done after 50ms"),
    ];
    for (fault, who, what) in table {
        let limit = if what.contains("50ms") { Duration::from_millis(50) } else { Duration::from_secs(60) };
        let config = Config::new().app("faulty").state(fault).start_timeout(limit);
        let said = App::from_registry(config).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(who) && said.contains(what), "{who}{what}: {said}");
        assert_eq!(said.is_empty(), who.is_empty(), "{said}");
    }
}

#[cfg(feature = "config")]
#[test]
fn the_time_of_a_start_is_a_setting() {
    let settings = vernal::Settings::toml("[server]\nstart_timeout = '40ms'");
    let config = Config::new().app("faulty").state(Fault::Never).settings(settings);
    let said = App::from_registry(config).expect_err("it never ends").to_string();
    assert!(said.contains("is not done after 40ms") && said.contains("server.start_timeout"), "{said}");
}

#[derive(Default)]
struct Stopping {
    is_called: AtomicBool,
    is_slow: bool,
}

#[on_stop(app = "hanging")]
fn never_called(stopping: State<&Arc<Stopping>>) {
    stopping.is_called.store(true, Ordering::SeqCst);
}

#[on_stop(app = "hanging")]
async fn hangs(State(stopping): State<&Arc<Stopping>>) {
    if stopping.is_slow {
        std::future::pending().await
    }
}

#[on_stop(app = "hanging")]
fn panics() {
    panic!("at the end");
}

#[request_map("/", app = "hanging")]
fn hanging() {}

#[tokio::test]
async fn a_stop_that_hangs_is_cut_and_named() {
    for is_slow in [false, true] {
        let said = Said::default();
        let _subscriber = tracing::subscriber::set_default(said.clone());
        let stopping = Arc::new(Stopping { is_slow, ..Stopping::default() });
        let app =
            App::from_registry(Config::new().app("hanging").state(Arc::clone(&stopping))).expect("an app");
        app.stop(if is_slow { Duration::from_millis(50) } else { Duration::from_secs(60) }).await;
        let lines = said.with("an `#[on_stop]`");
        assert!(
            lines[0].contains("`panics` at") && lines[0].ends_with("failed: it panicked: at the end"),
            "{lines:?}"
        );
        assert_eq!(stopping.is_called.load(Ordering::SeqCst), !is_slow);
        assert_eq!(lines.len(), if is_slow { 3 } else { 1 }, "{lines:?}");
        if is_slow {
            assert!(lines[1].contains("cut `hangs` at tests/components.rs:"), "{lines:?}");
            assert!(lines[1].contains(", an `#[on_stop]`, which is not done after "), "{lines:?}");
            assert!(lines[2].contains("`never_called` at tests/components.rs:"), "{lines:?}");
            assert!(lines[2].ends_with("is not called: the grace period is over"), "{lines:?}");
        }
    }
}

/// What panics when it goes.
struct Fragile(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Drop for Fragile {
    fn drop(&mut self) {
        self.1.lock().expect("a list").push(self.0);
        panic!("{} breaks", self.0);
    }
}

struct Given(Fragile);

struct Lower(Fragile);

struct Upper(#[expect(dead_code, reason = "only its end counts")] Fragile);

#[component(app = "fragile")]
fn lower(given: State<&Given>) -> Lower {
    Lower(Fragile("lower", Arc::clone(&given.0.0.1)))
}

#[component(app = "fragile")]
fn upper(lower: State<&Lower>) -> Upper {
    Upper(Fragile("upper", Arc::clone(&lower.0.0.1)))
}

#[request_map("/", app = "fragile")]
fn fragile(_: State<&Upper>) {}

#[tokio::test]
async fn states_that_panic_as_they_go_take_nobody_with_them() {
    let said = Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    let gone = Arc::default();
    let config = Config::new().app("fragile").state(Given(Fragile("given", Arc::clone(&gone))));
    let app = App::from_registry(config).expect("an app");
    app.stop(Duration::from_secs(60)).await;
    drop(app);
    assert_eq!(*gone.lock().expect("a list"), ["upper", "lower", "given"]);
    assert_eq!(said.with("a state panicked while it was dropped").len(), 3);
}

#[derive(Clone)]
struct Gate(Arc<Semaphore>);

#[request_map("/enter", app = "served")]
async fn enter(gate: State<&Gate>, diary: State<&Diary>) -> Result<&'static str> {
    diary.write("entered");
    drop(gate.0.0.acquire().await?);
    diary.write("left");
    Ok("done")
}

#[on_start(app = "served")]
async fn opened(diary: State<&Diary>) {
    diary.write("start");
}

#[on_stop(app = "served")]
async fn closed(gate: State<&Gate>, diary: State<&Diary>) {
    assert_eq!(gate.0.0.available_permits(), 1);
    diary.write("stop");
}

#[tokio::test]
async fn a_server_stops_its_components_after_the_last_request() {
    for shares in [false, true] {
        let (diary, gate) = (Diary::default(), Gate(Arc::new(Semaphore::new(0))));
        let bound = server::new()
            .app("served")
            .state(gate.clone())
            .state(diary.clone())
            .listen("127.0.0.1:0")
            .handle_signals(false)
            .share_threads(shares)
            .bind()
            .expect("a free port");
        assert_eq!(diary.lines(), ["start"]);
        let (address, handle) = (bound.local_addr(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET /enter HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("it is read");
        while diary.lines().len() < 2 {
            tokio::task::yield_now().await;
        }
        handle.stop();
        handle.stopping().await;
        gate.0.add_permits(1);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.ends_with("done"), "{answer}");
        serving.await.expect("no panic").expect("no error");
        assert_eq!(diary.lines(), ["start", "entered", "left", "stop"]);
    }
}

/// How often something was made.
static COUNT: AtomicUsize = AtomicUsize::new(0);

#[component]
#[component(app = "stacked")]
fn counted() -> u64 {
    COUNT.fetch_add(1, Ordering::SeqCst) as u64
}

#[request_map("/counted")]
#[request_map("/counted", app = "stacked")]
fn count(count: State<&u64>) -> String {
    count.to_string()
}

#[tokio::test]
async fn a_component_belongs_to_the_applications_it_names() {
    let client = Client::new();
    client.get("/counted").await.assert_text("0");
    client.get("/counted").await.assert_text("0");
    let other = Client::builder().app("stacked").build();
    other.get("/counted").await.assert_text("1");
}

struct Port(u16);

/// What a second start would do to what belongs to the first.
struct Reserved;

#[component(app = "reserved")]
fn reserved(State(diary): State<&Diary>, State(port): State<&Port>) -> Reserved {
    let knocked = std::net::TcpStream::connect(("127.0.0.1", port.0));
    diary.write(format!("made, and {:?}", knocked.map(drop).map_err(|error| error.kind())));
    Reserved
}

#[request_map("/", app = "reserved")]
fn of_reserved() {}

#[tokio::test]
async fn a_port_that_is_taken_is_told_before_anything_is_made() {
    for threads in [1, 3] {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("an address").port();
        let diary = Diary::default();
        let server = || {
            let server = server::new().app("reserved").host("127.0.0.1").threads(threads);
            server.state(diary.clone()).state(Port(port)).handle_signals(false)
        };
        let error = server().port(port).bind().err().expect("the port is taken").to_string();
        assert!(error.contains("the port is taken"), "{error}");
        #[cfg(feature = "actuator")]
        {
            let actuator = vernal::Actuator::new().port(port);
            let error =
                server().port(0).actuator(actuator).bind().err().expect("the port is taken").to_string();
            assert!(error.contains("the port is taken: it is that of the actuator"), "{error}");
        }
        #[cfg(unix)]
        {
            let path = std::env::temp_dir().join(format!("vernal-reserved-{}", std::process::id()));
            let _listening = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
            let error = server().port(0).listen(format!("unix:{}", path.display())).bind().err();
            let error = error.expect("somebody listens there").to_string();
            assert!(error.contains("another program listens there"), "{error}");
            std::fs::remove_file(path).expect("it is there");
        }
        assert_eq!(diary.lines(), Vec::<String>::new(), "{threads}");

        drop(taken);
        let bound = server().port(port).bind().expect("it is free");
        assert_eq!(diary.lines(), ["made, and Err(ConnectionRefused)"], "{threads}");
        TcpStream::connect(bound.local_addr()).await.expect("it listens now");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
