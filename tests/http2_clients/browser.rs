//! Chromium over TLS: a page, what it fetches, server-sent events and a WebSocket (RFC 8441), all on one connection.

use std::fs;

use serde_json::Value;
use tokio::task::spawn_blocking;
use vernal::websocket::{Message, WebSocketSession};
use vernal::{ConnectionInfo, Event, Html, Request, Result, Sse, Version, request_map, websocket_handler};

use crate::app::Serving;
use crate::webdriver::Browser;

/// The version, and the client's port, which tells one connection from another.
fn whence(version: Version, info: ConnectionInfo) -> String {
    let port = info.peer().map_or_else(|| "?".to_owned(), |peer| peer.port().to_string());
    format!("{version:?} from {port}")
}

/// Shows whence each of its requests came, and then whether all are alike.
#[request_map("/page", app = "http2_clients")]
fn page(version: Version, info: ConnectionInfo) -> Html<String> {
    let own = whence(version, info);
    Html(format!(
        r#"<!doctype html><html><body><script>
          const put = (id, text) => document.body.append(Object.assign(document.createElement("p"), {{ id, textContent: text }}));
          const fetched = () => fetch("/whence").then((answer) => answer.text());
          const told = new Promise((resolve) => {{
            const events = new EventSource("/whence/events");
            events.onmessage = (event) => {{ events.close(); resolve(event.data); }};
          }});
          const spoken = new Promise((resolve) => {{
            const socket = new WebSocket(`wss://${{location.host}}/whence/socket`);
            socket.onopen = () => socket.send("hello");
            let whence;
            socket.onmessage = (message) => {{ whence = message.data; socket.close(1000, "done"); }};
            socket.onclose = (end) => {{ put("end", `${{end.code}} ${{end.wasClean}}`); resolve(whence); }};
          }});
          const posted = fetch("/small", {{ method: "POST", body: "b".repeat(4 << 20) }}).then((answer) => put("refused", answer.status));
          Promise.all([fetched(), fetched(), told, spoken, posted]).then(async ([one, other, event, message]) => {{
            const all = new Set(["{own}", one, other, event, message, await fetched()]);
            put("all", [...all].join(", "));
          }}).catch((error) => put("all", error));
        </script></body></html>"#
    ))
}

#[request_map("/whence", app = "http2_clients")]
fn fetched(version: Version, info: ConnectionInfo) -> String {
    whence(version, info)
}

#[request_map("/whence/events", app = "http2_clients")]
fn events(version: Version, info: ConnectionInfo) -> Sse {
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move {
        let _ = sender.send(Event::new(whence(version, info))).await;
        sender.closed().await;
    });
    events
}

#[derive(Default)]
struct Socket;

#[websocket_handler("/whence/socket", app = "http2_clients")]
impl Socket {
    async fn on_message(
        &self,
        req: &Request,
        info: ConnectionInfo,
        session: &WebSocketSession,
        _: Message,
    ) -> Result {
        session.send(whence(req.version(), info)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_has_all_of_a_page_on_one_connection() {
    let serving = Serving::start("https").await;
    let (base, log) = (serving.base(), serving.authority.path("net-log.json"));
    let file = log.clone();
    spawn_blocking(move || {
        let log = format!("--log-net-log={}", file.display());
        let browser =
            Browser::with(&["--ignore-certificate-errors", &log, "--net-log-capture-mode=Everything"]);
        let window = browser.window();
        window.open(&format!("{base}/page"));
        window.expect("//p[@id='end'][text()='1000 true']");
        window.expect("//p[@id='refused'][text()='413']");
        window.expect("//p[@id='all'][starts-with(text(), 'HTTP/2.0 from ')][not(contains(text(), ','))]");
    })
    .await
    .expect("no panic");
    let log = Log::read(&fs::read_to_string(&log).expect("a log"));
    let port = serving.address().port();
    assert_eq!(log.sessions(port), 1, "one connection to the server");
    let sent = log.sent();
    let asked = |words: [&str; 2]| sent.iter().any(|fields| words.iter().all(|word| fields.contains(word)));
    for words in [
        [":path: /page", ":method: GET"],
        [":path: /whence/events", "accept: text/event-stream"],
        [":path: /whence/socket", ":protocol: websocket"],
        [":path: /small", ":method: POST"],
    ] {
        assert!(asked(words), "{words:?} in {sent:#?}");
    }
    serving.stop().await;
}

/// What Chromium notes of its network.
struct Log(Value);

impl Log {
    fn read(text: &str) -> Log {
        // One that was not ended has no end.
        let whole = || format!("{}]}}", text.trim_end().trim_end_matches(','));
        let log = serde_json::from_str(text).or_else(|_| serde_json::from_str(&whole()));
        Log(log.expect("JSON"))
    }

    fn events(&self, name: &str) -> impl Iterator<Item = &Value> {
        let kind = &self.0["constants"]["logEventTypes"][name];
        assert!(kind.is_number(), "there are events {name}");
        self.0["events"].as_array().into_iter().flatten().filter(move |event| event["type"] == *kind)
    }

    /// How many sessions of HTTP/2 there were with this port of ours.
    fn sessions(&self, port: u16) -> usize {
        let hosts = self.events("HTTP2_SESSION").filter_map(|event| event["params"]["host"].as_str());
        hosts.filter(|host| host.ends_with(&format!(":{port}"))).count()
    }

    /// The heads of its requests, each in one line.
    fn sent(&self) -> Vec<String> {
        let heads = self.events("HTTP2_SESSION_SEND_HEADERS");
        heads.map(|event| event["params"]["headers"].to_string()).collect()
    }
}
