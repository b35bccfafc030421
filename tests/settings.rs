//! Settings that make no sense: outside of a range, given twice, or where they are never looked at. All are told at start.

mod both;
mod said;
mod scratch;

use std::time::Duration;

use said::Said;
use scratch::Scratch;
use vernal::test::Client;
use vernal::websocket::{Compressed, Deflate, Origins, WebSocket, WebSocketConfig};
use vernal::{
    App, Compression, Config, Limits, Result, SessionConfig, request_map, server, websocket_handler,
};

#[request_map("/one", app = "one")]
fn one() -> &'static str {
    "one"
}

fn config() -> Config {
    Config::new().app("one")
}

#[test]
fn a_setting_outside_of_its_range_is_an_error_at_start() {
    let no_time = Duration::ZERO;
    let limits = |limits| config().limits(limits);
    let websocket = |settings| config().websocket(settings);
    let origins = |origin| WebSocketConfig::new().origins(Origins::listed([origin]));
    let by = |settings| WebSocketConfig::new().deflate(Compressed::By(settings));
    let deflate = |settings| config().websocket_deflate(settings);
    let sessions = |settings| config().session_config(settings);
    let table = [
        (config().compression(Compression::gzip(0)), ""),
        (config().compression(Compression::gzip(9)), ""),
        (config().compression(Compression::gzip(10)), "gzip has the levels 0 to 9, and none of 10"),
        (config().compression(Compression::gzip(255)), "gzip has the levels 0 to 9, and none of 255"),
        (config().compression(Compression::gzip(10)).compression(Compression::gzip(1)), ""),
        (config().compression(Compression::gzip(6).brotli(11).zstd(1)), ""),
        (
            config().compression(Compression::gzip(6).brotli(12)),
            "brotli has the levels 0 to 11, and none of 12",
        ),
        (config().compression(Compression::gzip(6).zstd(0)), "zstd has the levels 1 to 19, and none of 0"),
        (config().compression(Compression::gzip(6).zstd(20)), "zstd has the levels 1 to 19, and none of 20"),
        (deflate(Deflate::default().level(9).server_max_window_bits(9).client_max_window_bits(15)), ""),
        (deflate(Deflate::default().level(10)), "`Deflate::level(10)`"),
        (deflate(Deflate::default().server_max_window_bits(8)), "`Deflate::server_max_window_bits(8)`"),
        (deflate(Deflate::default().server_max_window_bits(16)), "write a number from 9 to 15"),
        (deflate(Deflate::default().client_max_window_bits(8)), "`Deflate::client_max_window_bits(8)`"),
        (deflate(Deflate::default().client_max_window_bits(16)), "write a number from 9 to 15"),
        (limits(Limits::new().body_size(0).drain_size(0).linger_idle(no_time)), ""),
        (limits(Limits::new().upload_size(0).upload_memory(0).parameters(0)), ""),
        (limits(Limits::new().body_rate(0).answer_rate(0).half_closed_time(no_time)), ""),
        (limits(Limits::new().connections(0)), "`Limits::connections` is zero"),
        (limits(Limits::new().connections_per_address(0)), "`Limits::connections_per_address` is zero"),
        (limits(Limits::new().requests_per_connection(0)), "`Limits::requests_per_connection` is zero"),
        (limits(Limits::new().head_size(0)), "`Limits::head_size` is zero"),
        (limits(Limits::new().header_count(0)), "`Limits::header_count` is zero"),
        (limits(Limits::new().uri_length(0)), "`Limits::uri_length` is zero"),
        (limits(Limits::new().header_timeout(no_time)), "`Limits::header_timeout` is zero"),
        (
            limits(Limits::new().idle_time(no_time)),
            "write more, as its default `.idle_time(Duration::from_secs(75))`",
        ),
        (limits(Limits::new().body_idle(no_time)), "`Limits::body_idle` is zero"),
        (limits(Limits::new().body_grace(no_time)), "`Limits::body_grace` is zero"),
        (limits(Limits::new().buffered_bodies(0)), "for no bodies at all `.body_size(0)`"),
        (limits(Limits::new().parts(0)), "for no such forms `.upload_size(0)`"),
        (limits(Limits::new().proxy_header(0)), "write more, as its default `.proxy_header(16384)`"),
        (limits(Limits::new().write_timeout(no_time)), "`Limits::write_timeout` is zero"),
        (websocket(WebSocketConfig::new().ping_period(no_time).pong_timeout(no_time).idle_time(no_time)), ""),
        (websocket(WebSocketConfig::new().pong_timeout(no_time)), "`WebSocketConfig::pong_timeout` is zero"),
        (websocket(WebSocketConfig::new().message_size(0)), "`WebSocketConfig::message_size` is zero"),
        (websocket(WebSocketConfig::new().frame_size(0)), "`WebSocketConfig::frame_size` is zero"),
        (websocket(WebSocketConfig::new().fragments(0)), "`WebSocketConfig::fragments` is zero"),
        (websocket(WebSocketConfig::new().frame_payload(0)), "`WebSocketConfig::frame_payload` is zero"),
        (websocket(WebSocketConfig::new().inbox_size(0).outbox_size(0).close_timeout(no_time)), ""),
        (websocket(origins("https://app.example.com")), ""),
        (websocket(origins("https://App.example.com")), "write it in lower case"),
        (websocket(origins("app.example.com")), "`Origins::listed(…)`"),
        (websocket(by(Deflate::default().level(9))), ""),
        (websocket(by(Deflate::default().level(10))), "`Deflate::level(10)`"),
        (sessions(SessionConfig::new().max_inactive(no_time)), "`SessionConfig::max_inactive` is zero"),
        (sessions(SessionConfig::new().max_size(0)), "`SessionConfig::max_size` is zero"),
    ];
    for (config, expected) in table {
        match App::from_registry(config) {
            Ok(_) => assert_eq!(expected, "", "it should not start"),
            Err(error) => {
                let text = error.to_string();
                assert!(!expected.is_empty() && text.contains(expected), "{expected}: {text}");
                let has_place = expected.contains("levels") || expected.contains("Deflate");
                assert!(!has_place || text.contains("tests/settings.rs:"), "{text}");
            }
        }
    }
}

/// A client of ours has no start: it is told when it connects.
#[tokio::test]
async fn a_client_with_such_a_setting_does_not_connect() {
    let client = Client::builder().app("one").build();
    let refused = client.websocket("/one").deflate(Deflate::default().level(10)).try_open().await;
    let error = refused.err().expect("it does not connect").to_string();
    assert!(error.contains("`Deflate::level(10)` at tests/settings.rs:"), "{error}");
}

#[test]
fn two_resources_of_one_pattern_are_an_error_at_start() {
    let [one, other] = [Scratch::new(), Scratch::new()];
    one.write("a.css", "a{}");
    let table = [
        ("/public/**", "/public/**", true),
        ("/public/**", "public/**", true),
        ("/public/*", "/public/", true),
        ("/**", "**", true),
        ("**.css", "/**.css", true),
        ("/a%20b/*", "/a%20b/", true),
        ("/robots.txt", "/robots.txt", true),
        ("/favicon.ico", "/favicon.ico", true),
        // Some paths of one are those of the other: places are looked through in order.
        ("/public/**", "/public/*", false),
        ("/public/**", "/public/css/**", false),
        ("/public/**", "/**", false),
        ("**.css", "*.css", false),
        ("**.css", "**.js", false),
        ("/Public/**", "/public/**", false),
        // Ours stands where nothing else does.
        ("/favicon.ico", "/robots.txt", false),
    ];
    for (first, second, is_refused) in table {
        let built = App::from_registry(config().resources(first, one.path()).resources(second, other.path()));
        let Err(error) = built else {
            assert!(!is_refused, "{first} and {second}");
            continue;
        };
        let text = error.to_string();
        assert!(is_refused, "{first} and {second}: {text}");
        assert!(text.contains(&format!("the resources `{second}` at tests/settings.rs:")), "{text}");
        assert!(text.contains(&format!("of the resources `{first}` at tests/settings.rs:")), "{text}");
        assert!(text.contains("give each a pattern of its own"), "{text}");
    }
}

#[websocket_handler("/echo", app = "zeros")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[request_map("/body", app = "zeros", method = "POST")]
fn body(body: &[u8]) -> String {
    body.len().to_string()
}

#[request_map("/form", app = "zeros", method = "POST")]
fn form(size: Option<&str>) -> String {
    format!("{size:?}")
}

/// Those that are no error at start mean what `docs/limits.md` says.
#[tokio::test]
async fn zeros_that_mean_something_are_obeyed() {
    let client = Client::builder()
        .app("zeros")
        .websocket(WebSocketConfig::new().inbox_size(0).outbox_size(0))
        .limits(Limits::new().body_size(0).parameters(0).upload_size(0))
        .build();
    let mut ws = client.websocket("/echo").await;
    for message in ["one", "", "a longer one"] {
        ws.send(message).await.expect("it is open");
        ws.send("and another").await.expect("it is open");
        ws.expect_text(message).await;
        ws.expect_text("and another").await;
    }
    client.post("/body").await.assert_status(200).assert_text("0");
    client.post("/form").await.assert_status(200).assert_text("None");
    client.post("/body").body("x").await.assert_status(413).assert_contains("Limits::body_size");
    client.post("/form?size=1").await.assert_status(400).assert_contains("Limits::parameters");
    client.post("/form").field("size", 1).await.assert_status(413).assert_contains("Limits::upload_size");
}

#[request_map("/nothing", app = "nothing", limits = Limits::new().parts(0).body_idle(Duration::ZERO))]
fn nothing() {}

#[test]
fn limits_of_a_mapping_that_let_nothing_through_are_an_error_with_its_place() {
    let error = App::from_registry(Config::new().app("nothing")).expect_err("it should not start");
    let text = error.to_string();
    for part in ["2 problems", "`nothing` at tests/settings.rs:", "`Limits::parts`", "`Limits::body_idle`"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[request_map("/upload", "/upload/too", app = "limits", limits = Limits::new().upload_size(1 << 30).body_idle(Duration::from_secs(60)))]
fn upload() {}

#[request_map("/idle", "/idle/too", app = "limits", limits = Limits::new().idle_time(Duration::from_secs(5)).body_size(9))]
fn idle() {}

#[request_map("/head", app = "limits", limits = Limits::new().head_size(1 << 20).parameters(5))]
fn head() {}

#[request_map("/shared", app = "limits", limits = of_server().body_size(7))]
fn shared() {}

fn of_server() -> Limits {
    Limits::new().connections(50)
}

#[test]
fn limits_of_a_mapping_that_hold_before_it_is_known_are_told_at_start() {
    let said = Said::default();
    let _subscriber = tracing::subscriber::set_default(said.clone());
    App::from_registry(Config::new().app("limits").limits(of_server())).expect("it starts all the same");
    let table = [
        ("`upload`", &[][..]),
        ("`shared`", &[]),
        ("`idle`", &["`Limits::idle_time`"]),
        ("`head`", &["`Limits::head_size`", "`Limits::parameters`"]),
    ];
    for (name, limits) in table {
        let told = said.with(&format!("the mapping {name} at tests/settings.rs:"));
        assert_eq!(told.len(), limits.len(), "{name}: {told:?}");
        for (text, limit) in told.iter().zip(limits) {
            assert!(text.contains(limit) && text.contains("`server::new().limits(…)`"), "{text}");
        }
    }
}

#[websocket_handler("/socket", app = "socket")]
async fn socket(_: WebSocket) {}

#[request_map("/first", "/second", app = "two")]
fn two() {}

/// As the table of what is mapped counts them.
#[tokio::test]
async fn one_mapping_is_counted_as_one() {
    for (app, expected) in [
        ("one", "with 1 mapping"),
        ("two", "with 2 mappings"),
        ("none", "with 0 mappings"),
        ("zeros", "with 2 mappings and 1 WebSocket"),
        ("socket", "with 1 WebSocket"),
    ] {
        let said = Said::default();
        let _subscriber = tracing::subscriber::set_default(said.clone());
        let bound = server::new().app(app).resources("/files/*", "tests").host("127.0.0.1").port(0);
        let bound = bound.handle_signals(false).grace(Duration::ZERO).bind().expect("a free port");
        bound.handle().stop();
        bound.serve().await.expect("a good end");
        let told = said.with("listening on");
        assert!(told.len() == 1 && told[0].ends_with(expected), "{app}: {told:?}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
