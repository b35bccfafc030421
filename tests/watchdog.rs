//! Handlers that hold their thread are told of, once, while they do. Alone in its process, since a subscriber is for all of it.

use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};
use vernal::server::{self, Server};
use vernal::websocket::{WebSocketSession, connect};
use vernal::{
    Error, FilterContext, Next, Result, error_message, request_filter, request_map, websocket_handler,
};

/// What was told, and whether those that do nothing wrong may go on.
#[derive(Default)]
struct Log {
    told: Vec<String>,
    is_free: bool,
}

static LOG: Mutex<Log> = Mutex::new(Log { told: Vec::new(), is_free: false });
static CHANGED: Condvar = Condvar::new();

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds its thread until something is so.
fn hold_until(is_so: impl Fn(&Log) -> bool) -> &'static str {
    let held = CHANGED.wait_while(log(), |log| !is_so(log));
    drop(held.unwrap_or_else(PoisonError::into_inner));
    "told"
}

fn hold_until_told(name: &str) -> &'static str {
    let begin = format!("`{name}` at {}:", file!());
    hold_until(|log| log.told.iter().any(|told| told.starts_with(&begin)))
}

#[request_map("/plain", app = "watchdog")]
fn plain() -> &'static str {
    hold_until_told("plain")
}

#[request_map("/body", method = "POST", app = "watchdog")]
fn with_body(text: vernal::Text<&str>) -> &'static str {
    assert_eq!(text.0, "tea");
    hold_until_told("with_body")
}

#[request_map("/async", app = "watchdog")]
async fn between_waits() -> &'static str {
    tokio::task::yield_now().await;
    hold_until_told("between_waits")
}

#[request_map("/{which}/filtered", app = "watchdog")]
async fn behind_filters(which: &str) -> &'static str {
    if which == "handler" { hold_until_told("behind_filters") } else { "told" }
}

#[request_filter("/*/filtered", app = "watchdog")]
async fn around(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    if cx.request.path().starts_with("/filter/") {
        hold_until_told("around");
    }
    Ok(())
}

#[request_map("/page", app = "watchdog")]
fn fails() -> Result {
    Err(Error::new(418, "Teapot"))
}

#[error_message("418", app = "watchdog")]
fn page() -> &'static str {
    hold_until_told("page")
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat", app = "watchdog")]
impl Chat {
    async fn on_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.send(format!("{message} {}", hold_until_told("Chat"))).await
    }
}

#[request_map("/blocking", blocking, app = "watchdog")]
fn beside() -> &'static str {
    hold_until(|log| log.is_free)
}

#[request_map("/waits", app = "watchdog")]
async fn waits() -> &'static str {
    tokio::task::spawn_blocking(|| hold_until(|log| log.is_free)).await.expect("no panic")
}

/// Keeps the warnings.
struct Keeper;

impl tracing::Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "vernal" && *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Warning);
        CHANGED.notify_all();
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Warning;

impl Visit for Warning {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        log().told.push(format!("{value:?}"));
    }
}

/// The body of an answer.
fn ask(port: u16, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let length = body.len();
    let head =
        format!("{request} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it reads");
    stream.write_all(body.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split_once("\r\n\r\n").expect("a head").1.to_owned()
}

#[test]
fn who_holds_a_thread_is_told_of_once_and_nobody_else() {
    tracing::subscriber::set_global_default(Keeper).expect("the only one");
    let spread = |server: Server| server.threads(2);
    let shared = |server: Server| server.threads(4).share_threads(true);
    for (mode, set) in
        [("a runtime for each thread", &spread as &dyn Fn(Server) -> Server), ("one for all", &shared)]
    {
        *log() = Log::default();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let server =
            set(server::new().app("watchdog").watchdog(Duration::from_millis(40)).listener(listener));
        let server = std::thread::spawn(move || server.start());
        let innocent =
            ["GET /blocking", "GET /waits"].map(|request| std::thread::spawn(move || ask(port, request, "")));

        let table = [
            ("plain", "GET /plain", "", "`blocking`"),
            ("with_body", "POST /body", "tea", "`blocking`"),
            ("between_waits", "GET /async", "", "spawn_blocking"),
            ("behind_filters", "GET /handler/filtered", "", "spawn_blocking"),
            ("around", "GET /filter/filtered", "", "spawn_blocking"),
            ("page", "GET /page", "", "`async fn`"),
        ];
        for (name, request, body, _) in table {
            assert_eq!(ask(port, request, body), "told", "{mode}: {name}");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut ws = connect(format!("ws://127.0.0.1:{port}/chat")).await.expect("a session");
            ws.send("tea").await.expect("it is open");
            let answer = ws.next().await.expect("an answer");
            assert_eq!(answer.as_text(), Some("tea told"), "{mode}");
            ws.close(1000, "").expect("it is open");
            ws.closed().await;
        });
        log().is_free = true;
        CHANGED.notify_all();
        for innocent in innocent {
            assert_eq!(innocent.join().expect("an answer"), "told", "{mode}");
        }
        server::stop();
        server.join().expect("no panic").expect("a good end");

        let told = std::mem::take(&mut log().told);
        assert_eq!(told.len(), table.len() + 1, "{mode}: {told:#?}");
        for (name, _, _, advice) in table.into_iter().chain([("Chat", "", "", "spawn_blocking")]) {
            let of_it: Vec<_> =
                told.iter().filter(|told| told.starts_with(&format!("`{name}` at"))).collect();
            let [warning] = of_it[..] else { panic!("{mode}: {name}: {told:#?}") };
            assert!(warning.contains("more than 40ms") && warning.contains(advice), "{warning}");
            // Nothing is advised that its attribute does not take.
            let has_mark = ["plain", "with_body", "between_waits", "behind_filters"].contains(&name);
            assert_eq!(warning.contains("`blocking`"), has_mark, "{warning}");
        }
    }
}
