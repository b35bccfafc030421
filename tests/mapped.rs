//! What a debug build says at its start: one table of what is mapped, in the order of paths.

mod running;
mod said;

use vernal::security::SecurityHeaders;
use vernal::server::Server;
use vernal::websocket::WebSocketSession;
use vernal::{
    BoxFuture, Error, Filter, FilterContext, Limits, Next, OpenApi, Result, error_message, request_filter,
    request_map, websocket_handler,
};

use crate::running::{Running, builder};
use crate::said::Said;

#[request_map("/orders/{id}", method = ["GET", "PUT"], params = "full=yes", app = "mapped")]
fn order(id: u32) -> String {
    id.to_string()
}

#[request_map("/orders", method = "POST", app = "mapped")]
fn buy() {}

#[request_map("/", app = "mapped")]
fn index() {}

mod admin {
    pub mod desk {
        use vernal::request_map;

        #[derive(Default)]
        pub struct Desk;

        #[vernal::controller]
        #[request_map("/desk", app = "mapped")]
        impl Desk {
            #[request_map("/open")]
            fn open(&self) {}
        }
    }
}

#[request_filter("/orders/**", app = "mapped")]
#[request_filter("/desk/**", app = "mapped")]
async fn looks(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    Ok(())
}

#[error_message("404", app = "mapped")]
fn nothing_there() -> &'static str {
    "nothing there"
}

#[derive(Debug)]
struct SoldOut;

impl std::fmt::Display for SoldOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sold out")
    }
}

impl std::error::Error for SoldOut {}

#[error_message(app = "mapped")]
fn sold_out(error: &SoldOut) -> (u16, String) {
    (409, error.to_string())
}

/// Answers all below its path.
struct Proxy;

impl Filter for Proxy {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            cx.response.set_body("from elsewhere");
            Ok(())
        })
    }

    fn answers(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat/{room}", app = "mapped")]
impl Chat {
    fn on_open(&self, session: &WebSocketSession) -> Result<(), Error> {
        let _ = session;
        Ok(())
    }
}

fn server() -> Server {
    builder()
        .app("mapped")
        .limits(Limits::new())
        .filter("/**", SecurityHeaders::new())
        .filter("/proxied/**", Proxy)
        .openapi(OpenApi::new("Mapped", "1").at("/openapi.json").ui("/ui"))
        .asyncapi("/asyncapi.json")
        .resources("/docs/**", "docs")
}

/// The tables that it says, without the numbers of their lines.
async fn tables(server: Server) -> Vec<String> {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    Running::start(server).await.stop().await;
    let lines = said.take_if(|line| line.target == "vernal::mapped");
    let lines = lines.into_iter().map(|line| {
        let rows =
            line.text.lines().map(|row| row.trim_end_matches(|char: char| char.is_ascii_digit()).to_owned());
        rows.collect::<Vec<_>>().join("\n")
    });
    lines.collect()
}

const TABLE: &str = "\
what is mapped:
4 mappings
    any      /                        index       tests/mapped.rs:
    any      /desk/open               Desk::open  tests/mapped.rs:
    POST     /orders                  buy         tests/mapped.rs:
    GET PUT  /orders/{id} [full=yes]  order       tests/mapped.rs:
1 WebSocket
    GET  /chat/{room}  Chat  tests/mapped.rs:
1 service
    /proxied/**  mapped::Proxy  tests/mapped.rs:
2 filters
    SecurityHeaders  /**                  for all                          tests/mapped.rs:
    looks            /desk/** /orders/**  for 3 of 5, not /, /chat/{room}  tests/mapped.rs:
resources
    /docs/**  docs  tests/mapped.rs:
documents
    /openapi.json   OpenAPI     tests/mapped.rs:
    /ui/**          Swagger UI  tests/mapped.rs:
    /asyncapi.json  AsyncAPI    tests/mapped.rs:
error pages
    404              nothing_there  tests/mapped.rs:
    mapped::SoldOut  sold_out       tests/mapped.rs:";

#[tokio::test]
async fn a_debug_build_says_once_what_is_mapped() {
    let table: [(&str, Server, bool); 5] = [
        ("by itself", server(), cfg!(debug_assertions)),
        ("by itself, and not for the first time", server(), false),
        ("asked to", server().show_mappings(true), true),
        ("asked not to", server().show_mappings(false), false),
        (
            "by the settings",
            server().settings(vernal::Settings::toml("[server]\nshow_mappings = false")),
            false,
        ),
    ];
    for (name, server, is_said) in table {
        let said = tables(server).await;
        assert_eq!(said.len(), usize::from(is_said), "{name}: {said:#?}");
        if let [said] = &said[..] {
            assert_eq!(said, TABLE, "{name}:\n{said}");
        }
    }
}
