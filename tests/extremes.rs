//! Every number, size and time that can be set, at nothing and at the most that it can hold: either the start says which one cannot be, or
//! the server serves. None of them panics, be it in a thread that nobody looks at.

mod authority;
mod scratch;

use std::sync::Mutex;
use std::time::Duration;

use authority::{Authority, PATIENCE, Running};
use futures_util::{SinkExt, StreamExt};
use scratch::Scratch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::DEFAULT_VERSIONS;
use tokio_tungstenite::tungstenite::Message;
use vernal::security::{Cors, RateLimit, SecurityHeaders};
use vernal::test::Client;
use vernal::tls::Tls;
use vernal::websocket::{WebSocket, WebSocketConfig};
use vernal::{
    Body, Event, Limits, MemoryStore, MultipartFile, Result, Session, SessionConfig, SetCookie, Settings,
    Sse, Text, request_map, websocket_handler,
};

#[request_map("/", app = "extremes")]
async fn index() -> &'static str {
    tokio::task::yield_now().await;
    "hello"
}

#[request_map("/echo", method = "POST", app = "extremes")]
fn echo(text: Text<String>, a: Option<&str>) -> String {
    text.0 + a.unwrap_or_default()
}

#[request_map("/form", method = "POST", app = "extremes")]
fn form(file: MultipartFile, a: Option<&str>) -> String {
    format!("{} {}", file.size(), a.unwrap_or_default())
}

#[request_map("/visits", app = "extremes")]
async fn visits(session: Session) -> Result<&'static str> {
    session.set("visits", 1)?;
    Ok("once")
}

#[request_map("/large", app = "extremes")]
fn large() -> Vec<u8> {
    vec![b'a'; 8 << 20]
}

#[request_map("/events", app = "extremes")]
fn events() -> Sse {
    let (sender, events) = Sse::channel(usize::MAX);
    tokio::spawn(async move { sender.send(Event::new("one").retry(Duration::MAX)).await });
    events.keep_alive(Duration::MAX)
}

#[request_map("/pieces", app = "extremes")]
fn pieces() -> Body {
    let (sender, body) = Body::channel(usize::MAX);
    tokio::spawn(async move { sender.send("one").await });
    body
}

#[websocket_handler("/socket", app = "extremes")]
async fn socket(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next_timeout(Duration::MAX).await {
        ws.send_chunked(message.clone(), usize::MAX).await?;
    }
    Ok(())
}

/// What was said where it panicked.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// All that has panicked since the last look.
fn panics() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().expect("a list"))
}

/// One test at a time, since a panic says nothing of whose it is.
async fn listen_to_panics() -> tokio::sync::MutexGuard<'static, ()> {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    static ONCE: std::sync::Once = std::sync::Once::new();
    let alone = ALONE.lock().await;
    ONCE.call_once(hook);
    panics();
    alone
}

fn hook() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut panics) = PANICS.lock() {
            panics.push(info.to_string());
        }
        usual(info);
    }));
}

/// Sends bytes over a connection of its own, in two pieces, and gives the status of what comes.
async fn status(running: &Running, bytes: &str, is_half_closed: bool) -> String {
    let asked = async {
        let mut stream = running.connect().await;
        let (first, rest) = bytes.split_at(bytes.len() - 1);
        stream.write_all(first.as_bytes()).await.ok()?;
        tokio::task::yield_now().await;
        stream.write_all(rest.as_bytes()).await.ok()?;
        if is_half_closed {
            stream.shutdown().await.ok()?;
        }
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        String::from_utf8_lossy(&answer).get(9..12).map(str::to_owned)
    };
    timeout(PATIENCE, asked).await.expect("it ends").unwrap_or_else(|| "nothing".to_owned())
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n")
}

fn post(path: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// A message there and back, and a close frame.
async fn talks(running: &Running) -> String {
    let talk = async {
        let stream = TcpStream::connect(running.address).await.ok()?;
        let (mut socket, _) =
            tokio_tungstenite::client_async(format!("ws://{}/socket", running.address), stream).await.ok()?;
        socket.send(Message::text("a".repeat(3_000))).await.ok()?;
        socket.send(Message::Ping("b".into())).await.ok()?;
        let mut came = Vec::new();
        while came.len() < 2 {
            came.push(socket.next().await?.ok()?.len());
        }
        socket.close(None).await.ok()?;
        while let Some(Ok(_)) = socket.next().await {}
        Some(format!("{came:?}"))
    };
    timeout(PATIENCE, talk).await.expect("it ends").unwrap_or_else(|| "nothing".to_owned())
}

/// What each kind of request gets.
async fn served(running: &Running) -> Vec<(&'static str, String)> {
    let part = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nabc\r\n--b--\r\n";
    vec![
        ("get", status(running, &get("/"), false).await),
        ("twice", status(running, &(get("/").replace("Connection: close\r\n", "") + &get("/")), false).await),
        ("half closed", status(running, &get("/"), true).await),
        ("post", status(running, &post("/echo?a=b", "text/plain", "hello"), false).await),
        ("form", status(running, &post("/form?a=b", "multipart/form-data; boundary=b", part), false).await),
        ("malformed", status(running, "what\r\n\r\n", false).await),
        ("session", status(running, &get("/visits"), false).await),
        ("large", status(running, &get("/large"), false).await),
        ("events", status(running, &get("/events"), false).await),
        ("pieces", status(running, &get("/pieces"), false).await),
        ("file", status(running, &get("/files/a.txt"), false).await),
        ("websocket", talks(running).await),
    ]
}

const USUAL: [(&str, &str); 12] = [
    ("get", "200"),
    ("twice", "200"),
    ("half closed", "200"),
    ("post", "200"),
    ("form", "200"),
    ("malformed", "400"),
    ("session", "200"),
    ("large", "200"),
    ("events", "200"),
    ("pieces", "200"),
    ("file", "200"),
    ("websocket", "[3000, 1]"),
];

/// What is otherwise with a setting at nothing, since it says so.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("limits.body_size", "post", "413"),
    ("limits.upload_size", "form", "413"),
    ("limits.parameters", "post", "400"),
    ("limits.parameters", "form", "400"),
    ("limits.half_closed_time", "half closed", "nothing"),
];

/// The values to try of a kind.
fn extremes(kind: &str) -> &'static [&'static str] {
    if kind.starts_with("number") || kind == "mode" {
        return &["0", "65535", "4294967295", "9223372036854775807", "18446744073709551615"];
    }
    match kind {
        "size" => &["0", "4294967295", "9223372036854775807", "18446744073709551615"],
        "time" | "`false`, or time" => &["'0s'", "'18446744073709551615s 999999999ns'"],
        _ => &[],
    }
}

#[tokio::test]
async fn a_setting_at_its_least_or_most_is_refused_by_name_or_serves() {
    let _alone = listen_to_panics().await;
    let files = Scratch::new();
    files.write("a.txt", "a file");
    let mut tried = 0;
    for (path, kind, _) in vernal::__private::settings_keys() {
        // TLS, and a port of its own, are not what is asked here.
        if path.starts_with("tls.") || path.ends_with("port") {
            continue;
        }
        for value in extremes(&kind) {
            tried += 1;
            let (section, name) = path.rsplit_once('.').expect("a section");
            let directory = format!("directory = {:?}\ncache = true\n", files.path());
            let mut tables = vec![
                ("actuator", "port = 0\n".to_owned()),
                ("compression", "gzip = 6\n".to_owned()),
                ("resources.PATTERN", directory),
                ("websocket.deflate", String::new()),
            ];
            match tables.iter_mut().find(|(known, _)| *known == section) {
                Some((_, lines)) if name == "gzip" => *lines = format!("gzip = {value}\n"),
                Some((_, lines)) => *lines += &format!("{name} = {value}\n"),
                None => tables.push((section, format!("{name} = {value}\n"))),
            }
            let text: String =
                tables.iter().map(|(section, lines)| format!("[{section}]\n{lines}")).collect();
            let settings = Settings::toml(text.replace("PATTERN", "\"/files/**\""));
            let mut server =
                vernal::server::new().host("127.0.0.1").port(0).app("extremes").settings(settings);
            if name != "threads" {
                server = server.threads(1);
            }
            let row = format!("{path} = {value}");
            let bound = match server.bind() {
                Ok(bound) => bound,
                Err(error) => {
                    let words = error.to_string();
                    assert!(words.contains(name) || words.contains(section), "{row}: {words}");
                    assert_eq!(panics(), [""; 0], "{row}");
                    continue;
                }
            };
            let (address, handle) = (bound.local_addr(), bound.handle());
            let serving = tokio::spawn(bound.serve());
            handle.ready().await;
            let running = Running { address, last: address, handle, serving };
            for ((what, came), (_, usual)) in served(&running).await.into_iter().zip(USUAL) {
                let otherwise =
                    OTHERWISE.iter().find(|it| it.0 == path && it.1 == what && value.contains('0'));
                let expected = otherwise.filter(|_| ["0", "'0s'"].contains(value)).map_or(usual, |it| it.2);
                assert_eq!(came, expected, "{row}: {what}; {:?}", panics());
            }
            assert_eq!(panics(), [""; 0], "{row}");
            if name == "stop_delay" && value.len() > 4 {
                running.serving.abort();
                continue;
            }
            running.stop().await;
            assert_eq!(panics(), [""; 0], "{row}");
        }
    }
    assert!(tried > 150, "{tried} values were tried");
}

/// Texts that nobody means.
fn odd_texts() -> Vec<String> {
    let odd = [
        "",
        " ",
        "\0",
        "\n",
        "a\r\nb: c",
        "a\u{202e}b",
        "ä",
        "../..",
        "/",
        "*",
        "{",
        "%",
        "\"",
        "-1",
        "unix:",
        ":::",
        "[::1",
    ];
    odd.map(str::to_owned).into_iter().chain(["x".repeat(100_000)]).collect()
}

#[tokio::test]
async fn a_text_of_any_kind_is_refused_by_name_or_serves() {
    let _alone = listen_to_panics().await;
    let files = Scratch::new();
    files.write("a.txt", "a file");
    let (mut tried, mut wrong) = (0, Vec::new());
    for (path, kind, _) in vernal::__private::settings_keys() {
        // Names would be looked up, and TLS is not what is asked here.
        if path.starts_with("tls.") || path.ends_with(".host") || !kind.contains("text") {
            continue;
        }
        let (section, name) = path.rsplit_once('.').expect("a section");
        for text in odd_texts() {
            // No file is to be left where the test runs.
            let leaves_file =
                path == "access_log.file" && !["", "\0", "/"].contains(&&*text) && text.len() < 1_000;
            if leaves_file {
                continue;
            }
            tried += 1;
            let text = serde_json::to_string(&text).expect("a text");
            let value = if kind.starts_with("list") { format!("[{text}]") } else { text };
            let mut tables = vec![
                ("actuator", "port = 0\n".to_owned()),
                ("resources.PATTERN", format!("directory = {:?}\n", files.path())),
            ];
            match tables.iter_mut().find(|(known, _)| *known == section) {
                Some((_, lines)) if name == "directory" => *lines = format!("directory = {value}\n"),
                Some((_, lines)) => *lines += &format!("{name} = {value}\n"),
                None => tables.push((section, format!("{name} = {value}\n"))),
            }
            let text: String =
                tables.iter().map(|(section, lines)| format!("[{section}]\n{lines}")).collect();
            let settings = Settings::toml(text.replace("PATTERN", "\"/files/**\""));
            let server = vernal::server::new().host("127.0.0.1").port(0).threads(1).settings(settings);
            let server = if name == "app" { server } else { server.app("extremes") };
            let row = format!("{path} = {value:.99}");
            let bound = match server.bind() {
                Ok(bound) => bound,
                Err(error) => {
                    let words = error.to_string();
                    let last = section.rsplit('.').next().unwrap_or_default();
                    let is_named = [name, section, last, &name.replace('_', " "), &name.replace('_', "-")];
                    if !is_named.iter().any(|name| words.contains(name)) {
                        wrong.push(format!("{row} is not named: {words:.500}"));
                    }
                    wrong.extend(panics().into_iter().map(|panic| format!("{row}: {panic}")));
                    continue;
                }
            };
            let (address, handle) = (bound.local_addr(), bound.handle());
            let serving = tokio::spawn(bound.serve());
            handle.ready().await;
            let running = Running { address, last: address, handle, serving };
            for target in ["/", "/visits", "/files/a.txt", "/files/"] {
                let came = status(&running, &get(target), false).await;
                if !["200", "404"].contains(&&*came) {
                    wrong.push(format!("{row}: {target} is answered with {came}"));
                }
            }
            running.stop().await;
            wrong.extend(panics().into_iter().map(|panic| format!("{row}: {panic}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 300, "{tried} texts were tried");
}

/// All times of the builders together, for ever, over TLS.
#[tokio::test]
async fn a_server_whose_times_never_end_serves() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let ever = Duration::MAX;
    let limits =
        Limits::new().header_timeout(ever).handshake_timeout(ever).idle_time(ever).write_timeout(ever);
    let limits = limits.body_grace(ever).body_idle(ever).body_rate(u32::MAX).answer_rate(u32::MAX);
    let limits = limits.half_closed_time(ever).linger_idle(ever).linger_time(ever);
    let websocket = WebSocketConfig::new().ping_period(ever).pong_timeout(ever).idle_time(ever);
    let websocket = websocket.close_timeout(ever).write_timeout(ever);
    let tls = Tls::from_pem(cert, key).expect("a certificate").watch_files(Some(ever));
    let server = authority::builder("extremes").limits(limits).websocket(websocket).tls(tls);
    let server = server.grace(ever).websocket_stop_spread(ever).watchdog(ever).start_timeout(ever);
    let running = Running::start(server.session_config(SessionConfig::new().max_inactive(ever))).await;
    let open = || authority::connect(running.address, "localhost", authority.client(DEFAULT_VERSIONS, None));
    for path in ["/", "/visits", "/large", "/events"] {
        let mut stream = open().await.expect("a handshake");
        let whole = authority::get(&mut stream, path).await.expect("an answer");
        assert!(whole.starts_with("HTTP/1.1 200 "), "{path}: {whole:.200}");
    }
    let stream = open().await.expect("a handshake");
    let (mut socket, _) =
        tokio_tungstenite::client_async("wss://localhost/socket", stream).await.expect("a session");
    socket.send(Message::text("a")).await.expect("it is open");
    assert_eq!(socket.next().await.expect("a message").expect("no error"), Message::text("a"));
    socket.close(None).await.expect("it is open");
    while let Some(Ok(_)) = socket.next().await {}
    running.stop().await;
}

#[request_map("/cookie", app = "bounds")]
fn cookie() -> SetCookie {
    SetCookie::new("a", "b").max_age(Duration::MAX)
}

/// What is no key of the settings, since it is given by code.
#[tokio::test]
async fn what_code_sets_at_its_most_serves() {
    let limit = || RateLimit::new(u32::MAX, Duration::from_secs(u64::from(u32::MAX)));
    let table: [(&str, &dyn Fn(vernal::test::ClientBuilder) -> vernal::test::ClientBuilder); 6] = [
        ("nothing", &|client| client),
        ("cors", &|client| {
            client.filter("/**", Cors::new().origins(["https://a.example"]).max_age(Duration::MAX))
        }),
        ("hsts", &|client| client.filter("/**", SecurityHeaders::new().hsts_with_subdomains(Duration::MAX))),
        ("store", &|client| client.sessions(MemoryStore::new().capacity(usize::MAX))),
        ("rate", &|client| client.filter("/**", limit().keys(1))),
        ("burst", &|client| client.filter("/**", limit().burst(1))),
    ];
    for (name, set) in table {
        let client = set(Client::builder().app("bounds")).build();
        let answer = client.get("/cookie").await;
        assert_eq!(answer.status(), 200, "{name}");
    }
    // Cannot be counted by a clock of nanoseconds, or at all.
    for (name, limit) in [
        ("time", RateLimit::new(1, Duration::MAX)),
        ("keys", limit().keys(usize::MAX)),
        ("none", limit().keys(0)),
    ] {
        let config = vernal::Config::new().app("bounds").filter("/**", limit);
        let error = vernal::App::from_registry(config).expect_err(name).to_string();
        assert!(error.contains("RateLimit") || error.contains("keys"), "{name}: {error}");
    }
}
