//! What an application tells those who run it.

mod both;
mod running;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vernal::security::BasicAuth;
use vernal::server::Server;
use vernal::test::Client;
use vernal::websocket::{Rooms, WebSocketSession};
use vernal::{
    Actuator, App, BoxFuture, Config, DiskSpace, FilterContext, Limits, Next, OpenApi, Result, Saved,
    Session, SessionChanges, SessionId, SessionRecord, SessionStore, State, component, error_message,
    request_filter, request_map, websocket_handler,
};

use crate::running::{Running, builder, get};

#[request_map("/orders/{id}", method = ["GET", "PUT"], params = "full=yes", limits = Limits::new().body_size(77))]
fn order(id: u32) -> String {
    format!("order {id}")
}

#[request_map("/login")]
async fn login(session: Session) -> Result {
    session.set("user", "ann")
}

#[request_filter("/orders/**")]
async fn looks(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    Ok(())
}

#[error_message("404")]
fn nothing_there() -> &'static str {
    "nothing there"
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}")]
impl Chat {
    fn on_open(&self, session: &WebSocketSession, rooms: State<&Rooms>, room: &str) -> Result {
        rooms.join(room, session)
    }
}

fn operators() -> BasicAuth {
    BasicAuth::new("operations", async |name: String, password: String| {
        (name, password) == ("ann".to_owned(), "secret".to_owned())
    })
}

/// `ann:secret`
const ANN: &str = "Basic YW5uOnNlY3JldA==";

fn client(actuator: Actuator) -> Client {
    Client::builder().state(Rooms::new()).filter("/actuator/**", operators()).actuator(actuator).build()
}

async fn json(client: &Client, path: &str, status: u16) -> Value {
    let answer = client.get(path).header("authorization", ANN).await;
    answer.assert_status(status).assert_header("content-type", "application/json");
    answer.assert_header("cache-control", "no-store");
    answer.json()
}

#[tokio::test]
async fn each_path_tells_what_it_is_for() {
    let client = client(Actuator::new().info("app", json!({"name": "shop"})));
    let index = json(&client, "/actuator", 200).await;
    let names = ["health", "health/live", "health/ready", "routes", "info", "sessions", "rooms"];
    assert_eq!(index["paths"], json!(names.map(|name| format!("/actuator/{name}"))));
    for name in names {
        json(&client, &format!("/actuator/{name}"), 200).await;
    }

    assert_eq!(json(&client, "/actuator/health/live", 200).await, json!({"status": "UP"}));
    assert_eq!(json(&client, "/actuator/health/ready", 200).await, json!({"status": "UP", "components": {}}));
    let info = json(&client, "/actuator/info", 200).await;
    assert_eq!(info["app"], json!({"name": "shop"}));
    assert!(info["vernal"]["began"].as_str().is_some_and(|at| at.ends_with('Z')), "{info}");

    assert_eq!(json(&client, "/actuator/sessions", 200).await, json!({"count": 0}));
    client.get("/login").await.assert_status(200);
    assert_eq!(json(&client, "/actuator/sessions", 200).await, json!({"count": 1}));

    let _one = client.websocket("/chat/blue").await;
    let _two = client.websocket("/chat/blue").await;
    assert_eq!(json(&client, "/actuator/rooms", 200).await, json!({"rooms": 1, "members": 2}));
}

#[tokio::test]
async fn routes_name_handlers_filters_conditions_and_limits() {
    let client = Client::builder().state(Rooms::new()).filter("/actuator/**", operators());
    let client = client.resources("/docs/**", "docs").openapi(OpenApi::new("Shop", "1").at("/openapi.json"));
    let client = client.asyncapi("/asyncapi.json").actuator(Actuator::new()).build();
    let routes = json(&client, "/actuator/routes", 200).await;
    let mappings = routes["mappings"].as_array().expect("a list");
    let of =
        |pattern: &str| mappings.iter().find(|it| it["pattern"] == pattern).expect("it is mapped").clone();
    let order = of("/orders/{id}");
    assert_eq!(order["methods"], json!(["GET", "PUT"]));
    assert_eq!(order["handler"]["name"], "order");
    assert_eq!(order["handler"]["file"], "tests/actuator.rs");
    assert!(order["handler"]["line"].as_u64().is_some_and(|line| line > 0));
    assert_eq!(order["params"], json!({"all": ["full=yes"]}));
    assert_eq!(order["filters"][0]["name"], "looks");
    assert_eq!(order["limits"], json!({"body_size": "77"}));
    assert_eq!(of("/login")["filters"], json!([]));
    assert_eq!(of("/login").get("limits"), None);
    let filters = routes["filters"].as_array().expect("a list");
    let named = |name: &str| filters.iter().find(|it| it["name"] == name).expect("it is there");
    assert_eq!(named("looks")["patterns"], json!(["/orders/**"]));
    assert_eq!(named("looks")["mappings"], json!(1));
    // What only shows something of the application is no filter.
    let documents = routes["documents"].as_array().expect("a list");
    let documents: Vec<_> =
        documents.iter().map(|it| (&it["pattern"], &it["document"], &it["file"])).collect();
    let here = &json!("tests/actuator.rs");
    let expected = [
        (&json!("/openapi.json"), &json!("OpenAPI"), here),
        (&json!("/asyncapi.json"), &json!("AsyncAPI"), here),
    ];
    assert_eq!(documents[..2], expected);
    assert_eq!((documents[2].0, documents[2].1), (&json!("/actuator/**"), &json!("actuator")));
    assert_eq!(filters.len(), 2, "{filters:?}");
    assert_eq!(routes["services"], json!([]));
    let resources = &routes["resources"][0];
    assert_eq!((&resources["pattern"], &resources["directory"]), (&json!("/docs/**"), &json!("docs")));
    assert!(resources["at"].as_str().is_some_and(|at| at.starts_with("tests/actuator.rs:")), "{resources}");
    assert_eq!(routes["errorPages"][0]["errors"], "404");
    assert_eq!(routes["errorPages"][0]["page"]["name"], "nothing_there");
    assert_eq!(routes["websockets"][0]["pattern"], "/chat/{room}");
    assert_eq!(routes["websockets"][0]["handler"]["name"], "Chat");
}

#[tokio::test]
async fn only_those_who_may_are_told() {
    let client = client(Actuator::new());
    for path in [
        "/actuator",
        "/actuator/",
        "//actuator/routes/",
        "/actuator/./routes/",
        "/actuator/routes%2F",
        "/actuator/health%2Fready",
        "/actuator/health",
        "/actuator/routes",
        "/actuator/nothing",
    ] {
        client.get(path).await.assert_status(401);
    }
    for path in ["/actuator/nothing", "/actuator/health/", "/actuator/health/live/x", "/actuatorx"] {
        let expected = if path.ends_with("health/") { 200 } else { 404 };
        client.get(path).header("authorization", ANN).await.assert_status(expected);
    }
    client.post("/actuator/health").header("authorization", ANN).await.assert_status(405);
    client.head("/actuator/health").header("authorization", ANN).await.assert_status(200).assert_text("");
}

/// As somebody asks who looks for a way around.
#[tokio::test]
async fn odd_requests_get_plain_answers_that_nobody_keeps() {
    let guarded = client(Actuator::new());
    let open = Client::builder().state(Rooms::new()).actuator(Actuator::new().port(0)).build();
    // Method, target, the status where operators are asked for, and that on a port of its own.
    let table = [
        ("GET", "/actuator/health", 200, 200),
        ("HEAD", "/actuator/health", 200, 200),
        ("OPTIONS", "/actuator/health", 204, 204),
        ("OPTIONS", "/actuator/nothing", 404, 404),
        ("POST", "/actuator/health", 405, 405),
        ("DELETE", "/actuator/sessions", 405, 405),
        ("BREW", "/actuator", 405, 405),
        ("GET", "/actuator/nothing", 404, 404),
        ("GET", "/actuator/HEALTH", 404, 404),
        ("GET", "/actuatorhealth", 404, 404),
        ("GET", "/actuatorx/health", 404, 404),
        ("GET", "/health", 404, 404),
        ("GET", "/", 404, 404),
        ("GET", "/actuator/%68ealth", 200, 200),
        ("GET", "/%61ctuator/health", 200, 200),
        ("GET", "/actuator/health%00", 400, 400),
        ("GET", "/actuator/health;x=1", 404, 404),
        ("GET", "/actuator/health?x=../../etc/passwd", 200, 200),
        ("GET", "/actuator/../actuator/health", 200, 200),
        ("GET", "/actuator/x/../health", 200, 200),
        ("GET", "/x/../actuator/health", 200, 200),
        ("GET", "/actuator/%2e%2e/%2e%2e/etc/passwd", 400, 400),
        ("GET", "/actuator/health/../../../etc/passwd", 400, 400),
        ("GET", "/actuator/..%2f..%2fetc/passwd", 404, 404),
        ("GET", "/actuator//health", 200, 200),
        ("GET", "/actuator/health/live/", 200, 200),
        ("GET", "/actuator/health%2flive", 404, 404),
        ("GET", "/actuator/health/%ff", 400, 400),
        ("GET", "http://other.example/actuator/health", 200, 200),
    ];
    let all = |answer: &str| {
        answer.split_once("\r\n\r\n").map(|(head, body)| (head.to_ascii_lowercase(), body.to_owned()))
    };
    for (method, target, asked, alone) in table {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
        let with = guarded.raw(format!("{head}Authorization: {ANN}\r\n\r\n")).await;
        let without = guarded.raw(format!("{head}\r\n")).await;
        let own = open.actuator().raw(format!("{head}\r\n")).await;
        let is_ours = asked < 400 || asked > 400 && target.starts_with("/actuator/");
        for (answer, expected) in [(&with, asked), (&own, alone)] {
            let (head, body) = all(answer).expect("an answer");
            let row = format!("{method} {target}: {answer}");
            assert!(head.starts_with(&format!("http/1.1 {expected} ")), "{row}");
            let tells = head.contains("allow: get, head, options\r\n");
            assert_eq!(tells, matches!(expected, 204 | 405), "{row}");
            assert!(!body.contains("root:"), "{row}");
            assert_eq!(body.is_empty(), method == "HEAD" || expected == 204, "{row}");
            if is_ours {
                assert!(head.contains("cache-control: no-store"), "{row}");
            }
        }
        let (head, _) = all(&without).expect("an answer");
        assert!(!is_ours || head.starts_with("http/1.1 401 "), "{method} {target}: {without}");
        assert!(!without.contains("\"status\":\"UP\""), "{method} {target}: {without}");
    }
}

#[test]
fn settings_that_make_no_sense_are_errors_at_start() {
    let guarded = || Config::new().state(Rooms::new()).filter("/actuator/**", operators());
    let each = |paths: &[&'static str]| {
        let config = Config::new().state(Rooms::new());
        paths.iter().fold(config, |config, path| config.filter(*path, operators())).actuator(Actuator::new())
    };
    let table: [(Config, &str); 11] = [
        (
            Config::new().state(Rooms::new()).actuator(Actuator::new()),
            "anybody may ask it: put a filter that authenticates over all of it, `.filter(\"/actuator/**\", BasicAuth::new(…))`",
        ),
        (
            Config::new()
                .state(Rooms::new())
                .filter("/actuator/health", operators())
                .actuator(Actuator::new()),
            "anybody may ask it:",
        ),
        (
            Config::new()
                .state(Rooms::new())
                .filter("/actuator/**", operators().optional())
                .actuator(Actuator::new()),
            "anybody may ask it:",
        ),
        (each(&["/actuator", "/actuator/*"]), "anybody may ask it:"),
        (each(&["/actuator", "/actuator/health", "/actuator/routes"]), "anybody may ask it:"),
        (
            guarded().actuator(Actuator::new().at("/actuator/{x}")),
            "the actuator's path \"/actuator/{x}\" is none",
        ),
        (guarded().actuator(Actuator::new().at("/")), "the actuator's path \"\" is none"),
        (
            guarded().actuator(Actuator::new().at("ops")),
            "the actuator's path \"ops\" is none: write `Actuator::new().at(\"/actuator\")`",
        ),
        (guarded().actuator(Actuator::new().timeout(Duration::ZERO)), "no indicator answers in no time"),
        (guarded().actuator(Actuator::new().host("127.0.0.1")), "name that, `Actuator::port(9091)`"),
        (
            guarded().actuator(
                Actuator::new()
                    .indicator("db", async || Ok::<_, vernal::Error>(()))
                    .indicator("db", DiskSpace::new("/")),
            ),
            "two health indicators are called \"db\"",
        ),
    ];
    for (config, expected) in table {
        let error = App::from_registry(config).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    App::from_registry(guarded().actuator(Actuator::new())).expect("it is guarded");
    App::from_registry(Config::new().state(Rooms::new()).actuator(Actuator::new().port(0)))
        .expect("strangers do not reach it");
}

#[tokio::test(start_paused = true)]
async fn an_indicator_that_fails_hangs_or_panics_is_not_well() {
    let actuator = Actuator::new()
        .indicator("fine", async || Ok::<_, vernal::Error>(()))
        .indicator("broken", async || Err("the pump is dry"))
        .indicator("hanging", async || std::future::pending::<Result>().await)
        .indicator("panicking", async || -> Result { panic!("as it should") })
        .indicator("disk", DiskSpace::new("/").minimum(u64::MAX))
        .indicator("no disk", DiskSpace::new("/nowhere"));
    let client = client(actuator);
    for path in ["/actuator/health", "/actuator/health/ready"] {
        let report = json(&client, path, 503).await;
        assert_eq!(report["status"], "DOWN");
        let table = [
            ("fine", None),
            ("broken", Some("the pump is dry")),
            ("hanging", Some("it has not answered within 800ms (Actuator::timeout)")),
            ("panicking", Some("it panicked; the log has more")),
            ("disk", Some("bytes are free, 18446744073709551615 are wanted")),
            ("no disk", Some("/nowhere: No such file or directory")),
        ];
        for (name, problem) in table {
            let component = &report["components"][name];
            assert_eq!(
                component["status"],
                if problem.is_some() { "DOWN" } else { "UP" },
                "{name}: {report}"
            );
            let said = component["details"]["error"].as_str().unwrap_or_default();
            assert!(said.contains(problem.unwrap_or_default()), "{name}: {report}");
        }
    }
    json(&client, "/actuator/health/live", 200).await;
}

/// What components make, is there when indicators are asked, and not when they are given.
struct Pump {
    is_dry: bool,
}

#[component(app = "pumps")]
async fn pump(house: State<&House>) -> Pump {
    Pump { is_dry: house.name != "wet" }
}

struct House {
    name: &'static str,
}

async fn pumps(State(pump): State<&Pump>) -> Result {
    if pump.is_dry { Err(vernal::Error::internal("the pump is dry")) } else { Ok(()) }
}

#[request_map("/", app = "pumps")]
fn of_pumps() {}

fn pumping() -> Actuator {
    Actuator::new()
        .indicator("function", pumps)
        .indicator("closure", async |pump: State<&Pump>| pumps(pump).await)
        .indicator("both", async |pump: State<&Pump>, house: State<&House>| match house.name {
            "" => Err(std::fmt::Error.into()),
            _ => pumps(pump).await,
        })
}

#[tokio::test]
async fn indicators_take_states_that_components_make() {
    for (house, status, problem) in [("wet", 200, None), ("dusty", 503, Some("the pump is dry"))] {
        let client =
            Client::builder().app("pumps").state(House { name: house }).actuator(pumping().port(0)).build();
        // It has a port of its own.
        client.get("/actuator/health").await.assert_status(404);
        let report: Value =
            client.actuator().get("/actuator/health/ready").await.assert_status(status).json();
        for name in ["function", "closure", "both"] {
            assert_eq!(report["components"][name]["details"]["error"].as_str(), problem, "{name}: {report}");
        }
    }
}

#[test]
fn a_state_that_an_indicator_takes_and_nobody_makes_is_an_error_at_start() {
    let config = Config::new().state(Rooms::new()).actuator(pumping().port(0));
    let error = App::from_registry(config).expect_err("there is no pump").to_string();
    for expected in [
        "`function` at tests/actuator.rs:",
        "asks for `State<&actuator::Pump>`, and no state of that type was given",
        "`both` at tests/actuator.rs:",
        "asks for `State<&actuator::House>`",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

/// Somebody else's server hands it its requests.
#[tokio::test]
async fn an_application_without_a_server_is_ready_until_it_is_stopped() {
    let config = Config::new().state(Rooms::new()).filter("/actuator/**", operators());
    let app = App::from_registry(config.actuator(Actuator::new())).expect("it begins");
    let status = async |path: &str| {
        let request = vernal::Request::get(path).header("authorization", ANN);
        app.handle(request).await.status.as_u16()
    };
    assert_eq!(status("/actuator/health/ready").await, 200);
    app.stop(Duration::ZERO).await;
    assert_eq!(status("/actuator/health/ready").await, 503);
    assert_eq!(status("/actuator/health/live").await, 200);
}

#[tokio::test(start_paused = true)]
async fn many_probes_ask_once() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let actuator = Actuator::new().indicator("db", async || {
        ASKED.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok::<_, vernal::Error>(())
    });
    let client = Arc::new(client(actuator));
    let probes = (0..100).map(|_| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { json(&client, "/actuator/health", 200).await })
    });
    for probe in probes.collect::<Vec<_>>() {
        probe.await.expect("an answer");
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    tokio::time::advance(Duration::from_millis(500)).await;
    json(&client, "/actuator/health", 200).await;
    assert_eq!(ASKED.load(Ordering::Relaxed), 2);
}

/// A store that is away.
struct Away;

impl SessionStore for Away {
    fn load<'s>(&'s self, _: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>> {
        Box::pin(async { Ok(None) })
    }

    fn save<'s>(&'s self, _: &'s SessionId, _: &'s SessionChanges) -> BoxFuture<'s, Result<Saved>> {
        Box::pin(async { Ok(Saved::Gone) })
    }

    fn remove<'s>(&'s self, _: &'s SessionId) -> BoxFuture<'s, Result> {
        Box::pin(async { Ok(()) })
    }

    fn health(&self) -> Option<BoxFuture<'_, Result>> {
        Some(Box::pin(async {
            Err(vernal::Error::unavailable("").explain("nobody listens at 10.0.0.7:6379"))
        }))
    }
}

#[tokio::test]
async fn a_store_of_sessions_tells_how_it_is() {
    let client = Client::builder()
        .state(Rooms::new())
        .sessions(Away)
        .filter("/actuator/**", operators())
        .actuator(Actuator::new())
        .build();
    let report = json(&client, "/actuator/health/ready", 503).await;
    assert_eq!(report["components"]["sessions"]["details"]["error"], "nobody listens at 10.0.0.7:6379");
    assert_eq!(json(&client, "/actuator/sessions", 200).await, json!({"count": null}));
}

fn server() -> Server {
    builder().state(Rooms::new())
}

#[tokio::test]
async fn a_port_of_its_own_has_the_actuator_and_nothing_else() {
    let running = Running::start(server().actuator(Actuator::new().port(0))).await;
    let (public, own) = (running.address, running.last);
    let table = [
        (public, "/actuator/health", 404),
        (public, "/orders/1?full=yes", 200),
        (own, "/actuator/health", 200),
        (own, "/actuator/health/ready", 200),
        (own, "/orders/1?full=yes", 404),
        (own, "/", 404),
    ];
    for (address, path, expected) in table {
        assert_eq!(get(address, path).await.map(|it| it.0), Some(expected), "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn who_stops_goes_on_for_a_time_and_says_that_it_is_not_ready() {
    let running =
        Running::start(server().actuator(Actuator::new().port(0)).stop_delay(Duration::from_secs(3600)))
            .await;
    let (public, own) = (running.address, running.last);
    running.handle.stop();
    // A second word does not shorten the time.
    running.handle.stop();
    assert!(!running.handle.is_ready());
    assert_eq!(
        get(own, "/actuator/health/ready").await,
        Some((503, "{\"status\":\"OUT_OF_SERVICE\"}".to_owned()))
    );
    assert_eq!(get(own, "/actuator/health/live").await.map(|it| it.0), Some(200));
    assert_eq!(get(public, "/orders/1?full=yes").await, Some((200, "order 1".to_owned())));
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3600)).await;
    running.serving.await.expect("it ends").expect("well");
    assert_eq!(get(public, "/orders/1?full=yes").await, None);
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_to_be_the_actuators() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let error = server().actuator(Actuator::new().port(port)).bind().err().expect("it is taken").to_string();
    let expected = "the port is taken: it is that of the actuator, so choose another one by `Actuator::port`";
    assert!(error.contains(expected), "{error}");
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = free.expect("an address").port();
    let both = server().port(port).actuator(Actuator::new().port(port)).bind();
    let expected = format!(
        "the server and its actuator both want the port {port} (`server.port` and `actuator.port`): give the actuator another one by \
         `Actuator::port`"
    );
    let error = both.err().expect("one of them has it").to_string();
    assert!(error.contains(&expected), "{error}");
}

#[cfg(feature = "config")]
#[test]
fn a_port_that_the_server_has_is_told_where_the_actuator_wants_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = free.expect("an address").port();
    let text = format!("[server]\nport = {port}\n[actuator]\nport = {port}");
    let error = vernal::server::new()
        .host("127.0.0.1")
        .state(Rooms::new())
        .settings(vernal::Settings::toml(text))
        .bind()
        .err()
        .expect("one of them has it")
        .to_string();
    let expected = format!(
        "Settings::toml:4:8: `actuator.port`: the server and its actuator both want the port {port} (`server.port` and `actuator.port`): give \
         the actuator another one there"
    );
    assert!(error.contains(&expected), "{error}");
}

/// The program has indicators, and the settings say where it stands.
#[cfg(feature = "config")]
#[tokio::test]
async fn settings_and_the_program_say_different_things_of_one_actuator() {
    let settings = vernal::Settings::toml("[actuator]\nat = '/ops'\ntimeout = '2s'\nport = 0");
    let actuator = Actuator::new().at("/mine").indicator("broken", async || Err("the pump is dry"));
    let running = Running::start(server().settings(settings).actuator(actuator)).await;
    let own = running.last;
    let (status, body) = get(own, "/mine/health").await.expect("an answer");
    assert!(status == 503 && body.contains("the pump is dry"), "{body}");
    assert_eq!(get(own, "/ops/health").await.map(|it| it.0), Some(404));
    running.stop().await;
}

/// Who fills the application's port does not keep probes from asking whether it lives.
#[tokio::test]
async fn a_full_application_can_still_be_asked() {
    let running =
        Running::start(server().limits(Limits::new().connections(2)).actuator(Actuator::new().port(0))).await;
    let (public, own) = (running.address, running.last);
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(public).await.expect("it listens");
        stream.write_all(b"GET /orders/1?full=yes HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
        assert!(stream.read(&mut [0; 512]).await.expect("an answer") > 0);
        idle.push(stream);
    }
    assert_eq!(get(public, "/orders/1?full=yes").await.map(|it| it.0), Some(503));
    assert_eq!(get(own, "/actuator/health/live").await.map(|it| it.0), Some(200));
    drop(idle);
    running.stop().await;
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
