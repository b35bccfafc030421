//! The lessons, as their readers run them: each example's own binary is started, and what it says of `curl` is held
//! against what comes back.
//!
//! A ```` ```console ```` block in the head of an example or in the README is a transcript: `$ cargo run --example …`
//! starts the example, each `$ curl …` is sent, and the lines below it are what must be printed. So is what comes first over a
//! WebSocket, for `$ echo … | websocat -n1 ws://…`. A line `...` stands for any lines.

mod chat_page;
mod webdriver;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vernal::websocket::{Deflate, Message, WebSocket, connect};

use crate::chat_page::{enter, say};
use crate::webdriver::Browser;

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_readme_tells_the_truth() {
    let text = fs::read_to_string(root().join("README.md")).expect("there is a README");
    assert!(play(&text) >= 4, "the README shows hardly any curl lines");
}

#[test]
fn the_examples_tell_the_truth() {
    for (name, file) in examples() {
        let source = fs::read_to_string(root().join(&file)).expect("it was listed");
        let head: String = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        let count = play(&head);
        assert!(
            count > 0 || ["hello", "arena", "cluster", "redis_session", "tls"].contains(&&*name),
            "{file} shows no curl line"
        );
    }
}

#[test]
fn the_book_lists_every_example() {
    let text = fs::read_to_string(root().join("docs/examples.md")).expect("there is a chapter");
    for (_, file) in examples() {
        assert!(text.contains(&file), "docs/examples.md does not list {file}");
    }
}

#[test]
fn each_file_of_an_example_is_one_idea() {
    let mut folders = vec![root().join("examples")];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = fs::read_to_string(&path).expect("it was listed").lines().count();
                assert!(lines < 110, "{} has {lines} lines", path.display());
            }
        }
    }
}

#[test]
fn hello_listens_where_the_environment_says() {
    let hello = Example::start("hello");
    let table = [
        ("/hello/ann?times=2", "Hello, ann! Hello, ann! "),
        ("/hello/ann", "Hello, ann! "),
        ("/hello/%E4%B8%AD?times=1", "Hello, 中! "),
    ];
    for (path, expected) in table {
        assert_eq!(hello.get(path).body, expected, "{path}");
    }
    assert!(hello.stop().success());
}

#[test]
fn the_arena_answers_as_its_peers_do() {
    let arena = Example::start("arena");
    let item = r#"{"id":7,"name":"a \"quoted\" name","tags":["x","y"]}"#;
    let table = [
        ("/plaintext", "Hello, World!", "text/plain; charset=utf-8"),
        ("/json", r#"{"message":"Hello, World!"}"#, "application/json"),
        ("/hello/ann?greeting=Good+day", "Good day, ann!", "text/plain; charset=utf-8"),
        ("/large", &"x".repeat(64 << 10), "application/octet-stream"),
        ("/gzip", &"x".repeat(16 << 10), "text/plain; charset=utf-8"),
    ];
    for (path, body, content_type) in table {
        let answer = arena.get(path);
        assert_eq!(answer.body, body, "{path}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
        assert_eq!(answer.header("content-length"), Some(&*body.len().to_string()), "{path}");
    }
    assert_eq!(arena.get("/gzip").header("vary"), Some("accept-encoding"), "it is compressed for others");
    let echo = Curl::parse(&["--json", item, "localhost:9090/echo"]);
    assert_eq!(echo.send(&arena).body, item);
    let upload = Curl::parse(&["-d", item, "localhost:9090/upload"]);
    assert_eq!(upload.send(&arena).body, item.len().to_string());
    run(async {
        let (mut one, mut other) = (arena.websocket("/ws").await, arena.websocket("/chat").await);
        for message in [Message::text("héllo"), Message::binary(vec![0; 64 << 10])] {
            one.send(&message).await.expect("it is open");
            assert_eq!(one.next().await.as_ref(), Some(&message));
        }
        // What comes back to the one who said it tells that it is in the room.
        other.send("in").await.expect("it is open");
        assert_eq!(other.next().await, Some(Message::text("in")));
        let third = arena.websocket("/chat").await;
        third.send("hi").await.expect("it is open");
        assert_eq!(other.next().await, Some(Message::text("hi")));
    });
    assert!(arena.stop().success());
}

#[test]
fn a_counter_goes_on_where_its_browser_left_it() {
    let streaming = Example::start("streaming");
    let page = streaming.get("/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let again = Curl::parse(&["-H", "Last-Event-ID: 41", "localhost:9090/events?to=42"]).send(&streaming);
    assert_eq!(again.header("content-type"), Some("text/event-stream"));
    assert_eq!(again.body, "data: 42\nid: 42\n\n");
    assert!(streaming.stop().success());
}

#[test]
fn a_browser_uploads_files_and_shows_how_far_it_is() {
    let upload = Example::start("upload");
    let browser = Browser::start();
    let window = browser.window();
    window.open(&format!("http://localhost:{}/", upload.port));
    // Names as people give them, and one file that needs more than a moment.
    let folder = uploads(upload.port);
    let files = [("sommer \"ü\" 50% 中.txt", 5), ("large.bin", 20_000_000)];
    let chosen = folder.join("chosen");
    fs::create_dir_all(&chosen).expect("a folder");
    let paths = files.map(|(name, size)| {
        let path = chosen.join(name);
        fs::write(&path, vec![b'x'; size]).expect("a file");
        path.display().to_string()
    });
    window.fill("//*[@id='album']", "süß & \"fein\"");
    window.choose("//*[@id='files']", &paths);
    window.click("//button");
    window.expect("//p[text()='Stored in süß & \"fein\".']");
    assert_eq!(window.count("//progress[@value='1']"), 1, "the bar is at its end");
    window.expect("//li[text()='large.bin: 20000000 bytes']");
    // What stands in the name of a file on Windows for something else does not.
    assert_eq!(window.count("//li[text()='sommer _ü_ 50% 中.txt: 5 bytes']"), 1);
    assert_eq!(fs::metadata(folder.join("large.bin")).expect("it is stored").len(), 20_000_000);
    drop(browser);
    assert!(upload.stop().success());
    fs::remove_dir_all(folder).expect("it is there");
}

#[test]
fn chat_works_in_two_browser_windows() {
    let chat = Example::start("chat");
    let browser = Browser::start();
    let url = format!("http://localhost:{}/", chat.port);
    let ann = browser.window();
    ann.open(&url);
    enter(&ann, "ann", "tea & cake");
    ann.expect("//*[@id='here' and .='1 here']");
    let bob = browser.new_window();
    bob.open(&url);
    enter(&bob, "bob", "tea & cake");
    ann.expect("//li[.='bob joined']");
    ann.expect("//*[@id='here' and .='2 here']");

    say(&bob, "héllo");
    ann.expect("//li[@class='said'][b='bob']/text()[.='héllo']/..");
    say(&ann, "<b>bold</b><img src=x> &amp;");
    bob.expect("//li[b='ann']/text()[.='<b>bold</b><img src=x> &amp;']/..");
    assert_eq!(bob.count("//li//img"), 0, "what others say is HTML");

    // What is said in another room stays there.
    bob.click("//*[@id='leave']");
    ann.expect("//li[.='bob left']");
    ann.expect("//*[@id='here' and .='1 here']");
    enter(&bob, "bob", "coffee");
    say(&bob, "a secret");
    bob.expect("//li/text()[.='a secret']/..");
    bob.click("//*[@id='leave']");
    enter(&bob, "bob", "tea & cake");
    ann.expect("//li[.='bob joined'][2]");
    assert_eq!(ann.count("//li/text()[.='a secret']"), 0, "rooms are not apart");

    // A window that is closed says good-bye as well, and so does a server that stops.
    bob.close();
    ann.expect("//li[.='bob left'][2]");
    assert!(chat.stop().success());
    ann.expect("//*[@id='problem' and .!='']");
    ann.expect("//form[@id='enter' and not(@hidden)]");
}

#[test]
fn chat_refuses_those_without_a_name() {
    let chat = Example::start("chat");
    for query in ["", "?name=", "?name=+", &format!("?name={}", "x".repeat(33))] {
        let refused = run(async { connect(chat.url(&format!("/chat/tea{query}"))).await });
        assert!(format!("{:?}", refused.expect_err("it has no name")).contains("400"), "{query}");
    }
    assert!(chat.stop().success());
}

#[test]
fn the_echo_is_the_same_in_all_styles() {
    let echo = Example::start("echo");
    run(async {
        for path in ["/loop", "/events", "/functions?user=ann", "/by-hand?user=ann"] {
            let mut ws = echo.websocket(path).await;
            if path.starts_with("/functions") {
                assert_eq!(ws.next().await, Some(Message::text("Hello, ann.")));
            }
            for message in [Message::text("héllo"), Message::text(""), Message::binary(vec![0, 255])] {
                let is_taken = message.is_text() || !path.starts_with("/functions");
                ws.send(&message).await.expect("it is open");
                match ws.next().await {
                    Some(echoed) => assert!(is_taken && echoed == message, "{path}: {echoed:?}"),
                    None => assert!(!is_taken && closed_with(&ws, 1003), "{path}: {ws:?}"),
                }
            }
        }
        let mut ws = echo.websocket("/json").await;
        ws.send(r#"{ "y": 2, "x": 1 }"#).await.expect("it is open");
        assert_eq!(ws.next().await, Some(Message::text(r#"{"x":1,"y":2}"#)));
        ws.send("{").await.expect("it is open");
        assert_eq!(ws.next().await, None);
        assert!(closed_with(&ws, 1003), "{ws:?}");
        let refused = connect(echo.url("/by-hand")).await.expect_err("it tells no user");
        assert!(format!("{refused:?}").contains("401"), "{refused:?}");
    });
    assert!(echo.stop().success());
}

#[test]
fn the_frame_log_shows_both_sides_of_the_compression() {
    let mut frame_log = Example::launch("frame_log", Stdio::piped);
    let text = "tell me ".repeat(100);
    run(async {
        let mut ws = connect(frame_log.url("/echo")).deflate(Deflate::default()).await.expect("it listens");
        assert_eq!(ws.extensions(), ["permessage-deflate"]);
        ws.send(&text).await.expect("it is open");
        assert_eq!(ws.next().await, Some(Message::text(&*text)));
        ws.send("count").await.expect("it is open");
        assert_eq!(ws.next().await, Some(Message::text("3 frames so far")));
    });
    let log = frame_log.child.stderr.take().expect("it is piped");
    let lines = BufReader::new(log).lines().map(|line| line.expect("the log is UTF-8"));
    assert!(frame_log.stop().success());
    let log: Vec<_> = lines
        .filter_map(|line| Some(line.split_once("-[frames:")?.1.split_once(": ")?.1.to_owned()))
        .collect();
    assert!(log[0].starts_with("plain: the client offers [\"permessage-deflate"), "{log:#?}");
    let frames: Vec<_> = log.iter().filter_map(|line| line.split_once(": Text, ")).take(4).collect();
    let places: Vec<_> = frames.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, ["wire in", "plain in", "plain out", "wire out"], "{log:#?}");
    assert!(
        frames.iter().all(|(place, size)| place.starts_with("plain") == (*size == "800 bytes")),
        "{log:#?}"
    );
}

/// Whether a session ended with this code.
fn closed_with(ws: &WebSocket, code: u16) -> bool {
    ws.close_reason().is_some_and(|reason| reason.code() == code)
}

/// Runs every transcript of a text; how many curl lines there were.
fn play(text: &str) -> usize {
    let mut count = 0;
    for transcript in transcripts(text) {
        let mut commands =
            transcript.split("\n$ ").map(|command| command.strip_prefix("$ ").unwrap_or(command));
        let Some(name) = commands.next().and_then(|line| line.strip_prefix("cargo run --example ")) else {
            continue;
        };
        let example = Example::start(name.split_whitespace().next().expect("the name of an example"));
        for command in commands {
            let (line, expected) = command.split_once('\n').unwrap_or((command, ""));
            let words = words(line);
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let printed = match &words[..] {
                ["curl", words @ ..] => Curl::parse(words).run(&example),
                ["echo", text, "|", "websocat", "-n1", url] => websocat(&example, url, text),
                _ => panic!("a transcript can only run curl and `echo … | websocat -n1 …`: {line}"),
            };
            assert!(
                fits(expected, &printed),
                "{name}: $ {line}\n{printed}\n--- should have been\n{expected}"
            );
            count += 1;
        }
        let status = example.stop();
        assert!(status.success(), "{name} ended with {status}");
    }
    count
}

/// Sends a text over a WebSocket; what comes first.
fn websocat(example: &Example, url: &str, text: &str) -> String {
    let path =
        url.strip_prefix("ws://localhost:9090").unwrap_or_else(|| panic!("transcripts cannot reach {url}"));
    run(async {
        let mut ws = example.websocket(path).await;
        ws.send(text).await.expect("it is open");
        match ws.next().await {
            Some(message) => message.as_text().expect("examples send text").to_owned(),
            None => format!("{:?}", ws.close_reason()),
        }
    })
}

/// Runs a future to its end, which must come in time.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(PATIENCE, future).await.expect("it takes too long") })
}

/// The ```` ```console ```` blocks of a Markdown text.
fn transcripts(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.by_ref().any(|line| line == "```console") {
        let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

/// Splits a command as a shell does, as far as transcripts need it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').expect("a quote is closed"),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// Whether the printed lines are the expected ones, where `...` stands for any.
fn fits(expected: &str, printed: &str) -> bool {
    fn lines_fit(expected: &[&str], printed: &[&str]) -> bool {
        match expected.split_first() {
            None => printed.is_empty(),
            Some((&"...", rest)) => (0..=printed.len()).any(|skipped| lines_fit(rest, &printed[skipped..])),
            Some((first, rest)) => printed.first() == Some(first) && lines_fit(rest, &printed[1..]),
        }
    }
    let expected: Vec<_> = expected.trim_end().lines().map(str::trim_end).collect();
    let printed: Vec<_> = printed.trim_end().lines().map(str::trim_end).collect();
    lines_fit(&expected, &printed)
}

/// A curl command: the options that the transcripts use.
#[derive(Debug, Default)]
struct Curl {
    method: Option<String>,
    host: String,
    target: String,
    fields: Vec<String>,
    body: Option<Vec<u8>>,
    shows_head: bool,
}

impl Curl {
    fn parse(words: &[&str]) -> Curl {
        let mut curl = Curl::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} has a value"));
            match word {
                "-i" => curl.shows_head = true,
                "-N" => {}
                "-X" => curl.method = Some(value().to_owned()),
                "-H" => curl.fields.push(value().to_owned()),
                "-A" => curl.fields.push(format!("user-agent: {}", value())),
                "-u" => curl.fields.push(format!("authorization: Basic {}", STANDARD.encode(value()))),
                "-b" => curl.fields.push(format!("cookie: {}", value())),
                "-d" => curl.add_form(value()),
                "-F" => curl.add_part(value()),
                "--json" => {
                    curl.fields.push("content-type: application/json".to_owned());
                    curl.body = Some(value().into());
                }
                "-T" => {
                    curl.method = Some("PUT".to_owned());
                    curl.body = Some(fs::read(root().join(value())).expect("a file that is there"));
                }
                option if option.starts_with('-') => panic!("transcripts cannot use curl's {option} yet"),
                url => {
                    let (host, path) = url.split_once('/').unwrap_or((url, ""));
                    curl.host = host.to_owned();
                    curl.target = format!("/{path}");
                }
            }
        }
        curl
    }

    fn add_form(&mut self, field: &str) {
        match &mut self.body {
            Some(body) => body.extend_from_slice(format!("&{field}").as_bytes()),
            None => {
                self.fields.push("content-type: application/x-www-form-urlencoded".to_owned());
                self.body = Some(field.into());
            }
        }
    }

    fn add_part(&mut self, field: &str) {
        const END: &[u8] = b"--example--\r\n";
        if self.body.is_none() {
            self.fields.push("content-type: multipart/form-data; boundary=example".to_owned());
        }
        let (name, value) = field.split_once('=').expect("a field has a name");
        let (filename, content) = match value.strip_prefix('@') {
            None => (String::new(), value.into()),
            Some(path) => {
                let content = fs::read(root().join(path)).expect("a file that is there");
                (format!("; filename=\"{path}\""), content)
            }
        };
        let head = format!("--example\r\ncontent-disposition: form-data; name=\"{name}\"{filename}\r\n\r\n");
        let body = self.body.get_or_insert_default();
        body.truncate(body.len().saturating_sub(END.len()));
        body.extend_from_slice(&[head.as_bytes(), &content, b"\r\n", END].concat());
    }

    /// What curl would print.
    fn run(&self, example: &Example) -> String {
        let answer = self.send(example);
        if self.shows_head { format!("{}\n\n{}", answer.head, answer.body) } else { answer.body }
    }

    fn send(&self, example: &Example) -> Answer {
        let port = match &*self.host {
            "localhost:9090" => example.port,
            "localhost:9091" => example.admin_port,
            host => panic!("transcripts cannot reach {host}"),
        };
        let method = self.method.as_deref().unwrap_or(if self.body.is_some() { "POST" } else { "GET" });
        let mut request =
            format!("{method} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n", self.target);
        for field in &self.fields {
            let _ = write!(request, "{field}\r\n");
        }
        if let Some(body) = &self.body {
            let _ = write!(request, "content-length: {}\r\n", body.len());
        }
        request.push_str("\r\n");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the example listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout that is not zero");
        stream.write_all(request.as_bytes()).expect("the example reads");
        stream.write_all(self.body.as_deref().unwrap_or_default()).expect("the example reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the example answers and closes");
        Answer::parse(&bytes)
    }
}

#[derive(Debug)]
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Answer {
        let text = std::str::from_utf8(bytes).expect("the examples answer in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let mut answer = Answer { head: head.replace("\r\n", "\n"), body: body.to_owned() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = join_chunks(body);
        }
        answer
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn join_chunks(mut rest: &str) -> String {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n").expect("a chunk has its size");
        let size = usize::from_str_radix(size, 16).expect("a size is hexadecimal");
        if size == 0 {
            return body;
        }
        body.push_str(&after[..size]);
        rest = after[size..].strip_prefix("\r\n").expect("a chunk has its end");
    }
}

/// A running example; ended when dropped.
struct Example {
    child: Child,
    port: u16,
    admin_port: u16,
}

impl Example {
    fn start(name: &str) -> Example {
        Example::launch(name, Stdio::null)
    }

    /// Starts the binary on ports of its own and waits until it accepts connections.
    fn launch(name: &str, log: fn() -> Stdio) -> Example {
        let binary = folder_of_examples().join(format!("{name}{}", env::consts::EXE_SUFFIX));
        assert!(binary.exists(), "{} is not built: run `cargo build --examples`", binary.display());
        // Somebody else may take a port between its choice and its use.
        for _ in 0..10 {
            let (port, admin_port) = (free_port(), free_port());
            let child = Command::new(&binary)
                .args(["--port", &port.to_string()])
                .env("VERNAL_PORT", port.to_string())
                .env("ADMIN_PORT", admin_port.to_string())
                .env("UPLOADS", uploads(port))
                .env_remove("VERNAL_HOST")
                .stdout(Stdio::null())
                .stderr(log())
                .current_dir(root())
                .spawn()
                .expect("the example starts");
            let mut example = Example { child, port, admin_port };
            let needs_admin = name == "two_apps";
            if example.accepts(port) && (!needs_admin || example.accepts(admin_port)) {
                return example;
            }
        }
        panic!("{name} ended ten times before it accepted a connection: run it by hand to see why");
    }

    /// Waits until the example accepts connections; false when it has ended instead.
    fn accepts(&mut self, port: u16) -> bool {
        let begin = Instant::now();
        loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                Ok(_) => return self.child.try_wait().expect("it is our child").is_none(),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error) => panic!("cannot connect to the example: {error}"),
            }
            if self.child.try_wait().expect("it is our child").is_some() {
                return false;
            }
            assert!(begin.elapsed() < PATIENCE, "the example accepts no connections");
            // The process tells nobody that it is ready.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn get(&self, target: &str) -> Answer {
        Curl::parse(&[&format!("localhost:9090{target}")]).send(self)
    }

    fn url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    async fn websocket(&self, path: &str) -> WebSocket {
        connect(self.url(path)).await.unwrap_or_else(|error| panic!("{path}: {error:?}"))
    }

    /// Asks it to stop, as a service manager does.
    fn stop(mut self) -> ExitStatus {
        // It may have ended by itself, as `two_apps` does when told to.
        let _ =
            Command::new("kill").args(["-TERM", &self.child.id().to_string()]).stderr(Stdio::null()).status();
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(begin.elapsed() < PATIENCE, "the example did not end after SIGTERM");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Where the upload example stores files.
fn uploads(port: u16) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("example-uploads-{port}"))
}

/// The names of all examples, and the file in which each begins.
fn examples() -> Vec<(String, String)> {
    let mut names: Vec<_> = entries(&root().join("examples"))
        .into_iter()
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            if path.join("main.rs").exists() {
                return Some((name.clone(), format!("examples/{name}/main.rs")));
            }
            let is_example = path.extension().is_some_and(|extension| extension == "rs");
            is_example.then(|| (name.clone(), format!("examples/{name}.rs")))
        })
        .collect();
    names.sort();
    names
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("there are examples");
    files.map(|file| file.expect("a readable folder").path()).collect()
}

/// Where cargo puts the examples' binaries: beside the folder of this test's.
fn folder_of_examples() -> PathBuf {
    let test = env::current_exe().expect("this test has a file");
    test.parent().and_then(Path::parent).expect("it is in target/debug/deps").join("examples")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
