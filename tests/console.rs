//! What a server says on the console when no subscriber is set, by `VERNAL_LOG` and `RUST_LOG`: this test is its own child
//! process, since a subscriber is for all of one.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use vernal::{Error, Result, Settings, request_map, server};

#[request_map("/greet", app = "console")]
fn greet(name: &str) -> &'static str {
    tracing::trace!(target: "my_app::orders", name, "greeting {name}");
    "hello"
}

#[request_map("/broken", app = "console")]
fn broken() -> Result {
    Err(Error::internal("it broke\r\n[forged]"))
}

#[request_map("/stop", app = "console")]
fn stop() {
    server::stop();
}

#[request_map("/panic", app = "console")]
fn panics(text: &str) {
    panic!("{text}");
}

/// Says more than a pipe takes, and then it is over.
#[request_map("/last", app = "console")]
fn last(count: usize) {
    for number in 0..count {
        tracing::info!(target: "my_app::orders", "the last words, {number}");
    }
    server::stop();
}

/// The child.
#[tokio::test]
#[ignore = "it runs as a child"]
async fn serve() {
    if std::env::var_os("OWN_HOOK").is_some() {
        std::panic::set_hook(Box::new(|_| eprintln!("the own hook")));
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("\nport {}", listener.local_addr().expect("it is bound").port());
    // The first panic waits for a reader, which is what it would tell of.
    let mut server = server::new().app("console").watchdog(Duration::ZERO).listener(listener);
    if std::env::var_os("MAPPED").is_none() {
        server = server.show_mappings(false);
    }
    server.start_async().await.expect("a good end");
    tracing::info!(target: "my_app::orders", "after the end");
    if let Some(text) = std::env::var_os("PANIC") {
        panic!("{}", text.display());
    }
}

/// A child whose servers do not start, and which looks at no error.
#[tokio::test]
#[ignore = "it runs as a child"]
async fn start_nothing() {
    let _ = server::new().app("console").port(0).start();
    let _ = server::new().app("nobody").port(0).start_async().await;
    let unfinished = server::new().app("console").port(0).server_name(Some("a\nb"));
    let unfinished = unfinished.trusted_proxies(["one", "two"]);
    let _ = unfinished.start_async().await;
}

/// A child whose settings name no level.
#[tokio::test]
#[ignore = "it runs as a child"]
async fn ask_for_no_level() {
    let settings = Settings::toml("[log]\nlevel = 'loud'");
    let _ = server::new().app("console").port(0).settings(settings).start_async().await;
}

#[test]
fn a_level_of_the_settings_that_is_none_is_told_once() {
    let child = Command::new(std::env::current_exe().expect("the test itself"))
        .args(["--exact", "ask_for_no_level", "--ignored", "--nocapture"])
        .env_remove("VERNAL_LOG")
        .env_remove("RUST_LOG")
        .output();
    let said = String::from_utf8(child.expect("the test itself").stderr).expect("text");
    let said: Vec<_> = said.lines().filter(|line| line.contains("loud")).collect();
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("Settings::toml:2:9: `log.level`: \"loud\" is no level"), "{said:#?}");
}

/// A child whose `main` returns why its server does not start.
#[test]
#[ignore = "it runs as a child"]
fn return_the_error() -> Result {
    server::new().app("nobody").port(0).start()
}

#[test]
fn why_a_server_does_not_start_is_said_once() {
    for (log, begin) in
        [("info", "the server did not start: nothing is mapped"), ("off", "Error: nothing is mapped")]
    {
        let child = Command::new(std::env::current_exe().expect("the test itself"))
            .args(["--exact", "return_the_error", "--ignored", "--nocapture"])
            .env("VERNAL_LOG", log)
            .output()
            .expect("the test itself");
        assert!(!child.status.success());
        let said = String::from_utf8([child.stdout, child.stderr].concat()).expect("text");
        assert_eq!(said.matches("nothing is mapped with `app = \"nobody\"`").count(), 1, "{log}: {said}");
        assert!(said.contains(begin), "{log}: {said}");
    }
}

#[test]
fn a_server_that_does_not_start_says_so_though_nobody_looks_at_the_error() {
    let child = Command::new(std::env::current_exe().expect("the test itself"))
        .args(["--exact", "start_nothing", "--ignored", "--nocapture"])
        .env_remove("VERNAL_LOG")
        .env_remove("RUST_LOG")
        .output();
    let said = String::from_utf8(child.expect("the test itself").stderr).expect("text");
    let said: Vec<_> = said.lines().filter_map(|line| line.split_once("] ERROR: ")).map(|it| it.1).collect();
    let begin = "the server did not start: ";
    let expected = [
        (begin, "server::start() was called inside a tokio runtime: write `server::start_async().await`"),
        (begin, "nothing is mapped with `app = \"nobody\"`"),
        (begin, "2 problems:"),
        ("  - ", "trusted_proxies: "),
        ("  - ", "trusted_proxies: "),
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (line, (start, part)) in said.iter().zip(expected) {
        assert!(line.starts_with(start) && line[start.len()..].starts_with(part), "{line}");
    }
}

/// A child that serves.
struct Serving {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    port: String,
}

impl Serving {
    fn start(environment: &[(&str, &str)]) -> Serving {
        let mut child = Command::new(std::env::current_exe().expect("the test itself"))
            .args(["--exact", "serve", "--ignored", "--nocapture"])
            .env_remove("VERNAL_LOG")
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE")
            .env_remove("RUST_LIB_BACKTRACE")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test itself");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let port = stdout.by_ref().map(|line| line.expect("text"));
        let port = port.filter_map(|line| line.strip_prefix("port ").map(str::to_owned)).next();
        Serving { child, stdout, port: port.expect("its port") }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(format!("127.0.0.1:{}", self.port)).expect("it listens")
    }

    /// The answer to a request on a connection of its own.
    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Waits for its end; tells whether it was a good one.
    fn end(&mut self) -> bool {
        self.stdout.by_ref().for_each(drop);
        self.child.wait().expect("a child").success()
    }

    /// What it has said, and whether its end was a good one.
    fn said(mut self) -> (Vec<String>, bool) {
        let mut said = String::new();
        self.child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
        (said.split_terminator('\n').map(str::to_owned).collect(), self.end())
    }
}

/// Starts the child, sends it some requests, and returns what it has said.
fn said(environment: &[(&str, &str)]) -> Vec<String> {
    let serving = Serving::start(environment);
    for path in ["/greet?name=ann%0d%0a%1b[31m[forged]", "/nobody%0d%0a[forged]", "/broken", "/stop"] {
        serving.get(path);
    }
    let (said, is_good) = serving.said();
    assert!(is_good, "{said:#?}");
    said
}

const LISTENING: &str = "listening on http://127.0.0.1:";
const ACCESS: &str = "\"GET /broken HTTP/1.1\" 500 ";
const BROKEN: &str = "code 500, message Internal Server Error: it broke";
const NOT_FOUND: &str = "code 404, message Not Found";
const ORDERS: &str = "greeting ann";
const STOPPING: &str = ": stopping";
const ALL: [&str; 6] = [LISTENING, ACCESS, BROKEN, NOT_FOUND, ORDERS, STOPPING];

#[test]
fn levels_are_chosen_by_target() {
    type Row<'r> = (&'r [(&'r str, &'r str)], &'r [&'r str]);
    let table: &[Row<'_>] = &[
        (&[], &[LISTENING, BROKEN, STOPPING]),
        (&[("VERNAL_LOG", "error")], &[BROKEN]),
        (&[("VERNAL_LOG", "off")], &[]),
        (&[("VERNAL_LOG", "debug")], &[LISTENING, ACCESS, BROKEN, NOT_FOUND, STOPPING]),
        (&[("VERNAL_LOG", "trace")], &ALL),
        (&[("VERNAL_LOG", "info,vernal::access=debug")], &[LISTENING, ACCESS, BROKEN, STOPPING]),
        (&[("VERNAL_LOG", "debug,vernal::access=off")], &[LISTENING, BROKEN, NOT_FOUND, STOPPING]),
        (&[("VERNAL_LOG", "off,my_app=trace")], &[ORDERS]),
        (&[("RUST_LOG", "debug")], &[LISTENING, ACCESS, BROKEN, NOT_FOUND, STOPPING]),
        (&[("RUST_LOG", "trace"), ("VERNAL_LOG", "error")], &[BROKEN]),
        (&[("VERNAL_LOG", "loud,warn")], &["VERNAL_LOG: \"loud\" says nothing. Write a level", BROKEN]),
    ];
    for (environment, expected) in table {
        let said = said(environment);
        for part in ALL.iter().chain(*expected) {
            let count = said.iter().filter(|line| line.contains(part)).count();
            assert_eq!(count, usize::from(expected.contains(part)), "{part} with {environment:?}: {said:#?}");
        }
    }
}

#[test]
fn a_line_tells_when_who_and_where_and_cannot_be_forged() {
    let said = said(&[("VERNAL_LOG", "trace")]);
    for line in &said {
        // [2026-11-25 14:20:03.123Z]-[main]-[vernal::access:42] INFO : "GET / HTTP/1.1" 200 12
        let parts: Vec<_> = line.splitn(3, "]-[").collect();
        let [time, thread, rest] = parts[..] else { panic!("{line:?}") };
        let shape: String = time.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
        assert_eq!(shape, "[0000-00-00 00:00:00.000Z", "{line:?}");
        assert_eq!(thread, "serve", "{line:?}");
        let (place, rest) = rest.split_once("] ").expect(line);
        let (target, number) = place.rsplit_once(':').expect(line);
        assert!(["vernal", "vernal::access", "my_app::orders"].contains(&target), "{line:?}");
        assert!(number.parse::<u32>().is_ok(), "{line:?}");
        let (level, _) = rest.split_once(": ").expect(line);
        assert!(["ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"].contains(&level), "{line:?}");
        assert!(!line.starts_with("[forged]") && !line.contains(char::is_control), "{line:?}");
    }
    let greeting = said.iter().find(|line| line.contains(ORDERS)).expect("it is said");
    assert!(greeting.contains("greeting ann\\r\\n\\u{1b}[31m[forged]"), "{greeting}");
    assert!(said.iter().any(|line| line.contains("it broke\\r\\n[forged]")), "{said:#?}");
}

/// A debug build says by itself what is mapped.
#[test]
fn what_is_mapped_is_a_table_under_one_line() {
    let serving = Serving::start(&[("MAPPED", "1")]);
    serving.get("/stop");
    let (said, is_good) = serving.said();
    assert!(is_good, "{said:#?}");
    let first = said.iter().position(|line| line.contains("what is mapped:")).expect("it is said");
    assert!(said[first].contains("]-[vernal::mapped:"), "{said:#?}");
    let places = said[first + 2..].iter().map_while(|line| line.rsplit_once("tests/console.rs:"));
    let rows: Vec<_> = places.map(|(row, _)| row).collect();
    assert_eq!(said[first + 1], "5 mappings");
    let expected = [
        "    any  /broken  broken  ",
        "    any  /greet   greet   ",
        "    any  /last    last    ",
        "    any  /panic   panics  ",
        "    any  /stop    stop    ",
    ];
    assert_eq!(rows, expected);
    assert!(said[first + 7].contains(LISTENING), "{said:#?}");
    // Who wants less gets less.
    let serving = Serving::start(&[("MAPPED", "1"), ("VERNAL_LOG", "info,vernal::mapped=off")]);
    serving.get("/stop");
    let (said, _) = serving.said();
    assert!(!said.iter().any(|line| line.contains("what is mapped:")), "{said:#?}");
}

#[test]
fn the_last_words_are_not_lost() {
    let serving = Serving::start(&[]);
    serving.get("/last?count=3000");
    let (said, is_good) = serving.said();
    assert!(is_good, "{said:#?}");
    let words = said.iter().filter(|line| line.contains("the last words, "));
    assert!(words.enumerate().all(|(number, line)| line.ends_with(&format!(", {number}"))), "{said:#?}");
    for text in ["the last words, 2999", STOPPING, "after the end"] {
        assert_eq!(said.iter().filter(|line| line.ends_with(text)).count(), 1, "{text}: {said:#?}");
    }
    assert!(said.last().expect("a line").ends_with("after the end"), "{said:#?}");
}

/// Whoever stops it: a handler, or the system.
#[cfg(unix)]
#[test]
fn every_stop_says_the_same() {
    let stopped_by = |stop: &dyn Fn(&Serving)| {
        let serving = Serving::start(&[]);
        serving.get("/greet?name=ann");
        stop(&serving);
        let (said, is_good) = serving.said();
        assert!(is_good, "{said:#?}");
        let without_time =
            said.iter().map(|line| line.split_once("]: ").or(line.split_once("] ")).expect("a line").1);
        without_time.map(str::to_owned).filter(|line| !line.contains("listening")).collect::<Vec<_>>()
    };
    let by_handler = stopped_by(&|serving| drop(serving.get("/stop")));
    let by_signal = stopped_by(&|serving| {
        let process = serving.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().expect("kill").success());
    });
    assert_eq!(by_handler, ["INFO : stopping", "INFO : after the end"]);
    assert_eq!(by_signal, by_handler);
}

#[test]
fn a_panic_is_a_line_that_cannot_be_forged() {
    /// What is set, what is said, and whether lines of the way there follow.
    type Row = (&'static [(&'static str, &'static str)], &'static str, bool);
    let table: &[Row] = &[
        (&[], ": oh\\r\\n[forged]", false),
        (&[("VERNAL_LOG", "off")], ": oh\\r\\n[forged]", false),
        (&[("RUST_BACKTRACE", "1")], ": oh\\r\\n[forged]", true),
        (&[("OWN_HOOK", "1")], "the own hook", false),
    ];
    for (environment, text, has_way) in table {
        let serving = Serving::start(environment);
        let answer = serving.get("/panic?text=oh%0D%0A[forged]");
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        serving.get("/stop");
        let (said, is_good) = serving.said();
        assert!(is_good, "{said:#?}");
        let is_panic =
            |line: &&String| line.contains("panicked at tests/console.rs:") || *line == "the own hook";
        let [line] = said.iter().filter(is_panic).collect::<Vec<_>>()[..] else {
            panic!("{environment:?}: {said:#?}")
        };
        assert!(line.ends_with(text), "{environment:?}: {line}");
        let way = said.iter().filter(|line| line.starts_with("    ")).count();
        assert_eq!(way > 0, *has_way, "{environment:?}: {said:#?}");
        assert!(!said.iter().any(|line| line.starts_with("[forged]")), "{said:#?}");
    }

    // It is not lost where it ends the process, nor is what was said before.
    let serving = Serving::start(&[("PANIC", "the end")]);
    serving.get("/stop");
    let (said, is_good) = serving.said();
    assert!(!is_good, "{said:#?}");
    let [.., before, last] = &said[..] else { panic!("{said:#?}") };
    assert!(before.ends_with("after the end") && last.ends_with(": the end"), "{said:#?}");
}

/// More than a pipe and the queue take.
const REQUESTS: usize = 4_000;

/// Sends so many requests, and some that panic, while nobody reads what is said of them. Returns a part of each line that has
/// been said since the start, in order.
fn answered_unread(serving: &Serving) -> Vec<String> {
    let mut stream = BufReader::new(serving.connect());
    let padding = "x".repeat(1_000);
    let mappings =
        ["/broken", "/greet", "/last", "/panic", "/stop"].map(|path| format!(" {path} is mapped by "));
    let mut parts = Vec::from(mappings);
    parts.push(LISTENING.to_owned());
    for number in 0..REQUESTS {
        let request = format!("GET /greet?name={padding}&n={number} HTTP/1.1\r\nHost: h\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes()).expect("it reads");
        let mut line = String::new();
        stream.read_line(&mut line).expect("an answer");
        assert_eq!(line, "HTTP/1.1 200 OK\r\n", "{number}");
        while !line.is_empty() && line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).expect("an answer");
        }
        stream.read_exact(&mut [0; "hello".len()]).expect("a body");
        parts.push(format!("&n={number} HTTP/1.1\" 200 5"));
    }
    for _ in 0..3 {
        assert!(serving.get("/panic?text=oh").starts_with("HTTP/1.1 500 "));
        let said =
            ["panicked at tests/console.rs:", "code 500, message ", "\"GET /panic?text=oh HTTP/1.1\" 500 "];
        parts.extend(said.map(str::to_owned));
    }
    parts
}

/// How many lines this one stands for, if it is a count.
fn dropped(line: &str) -> Option<usize> {
    let count =
        line.split_once("] WARN : ")?.1.strip_suffix(" dropped here, since nobody read standard error")?;
    let (count, noun) = count.split_once(' ').expect("a count");
    let count = count.parse().expect("a count");
    assert!(count > 0 && noun == if count == 1 { "line was" } else { "lines were" }, "{line}");
    Some(count)
}

#[test]
fn a_server_goes_on_where_nobody_reads_what_it_says() {
    let mut serving = Serving::start(&[("VERNAL_LOG", "debug")]);
    let parts = answered_unread(&serving);
    let stderr = serving.child.stderr.take().expect("it is piped");
    let (says, said) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(stderr).lines().try_for_each(|line| says.send(line.expect("text")))
    });

    // Each line is written whole and in order, or counted at its place.
    let (mut place, mut counts) = (0, Vec::new());
    while let Some(part) = parts.get(place) {
        let line = said.recv_timeout(AGES);
        let line =
            line.unwrap_or_else(|_| panic!("line {place} is neither written nor counted: {part} {counts:?}"));
        match dropped(&line) {
            Some(count) => {
                counts.push(count);
                place += count;
            }
            None => {
                assert!(line.contains(part), "{place} {counts:?}: {line}");
                place += 1;
            }
        }
    }
    assert_eq!(place, parts.len(), "{counts:?}");
    assert!(!counts.is_empty());

    // Nothing waits any more, so there is room for what follows. Before, it might be one of those that are counted.
    serving.get("/stop");
    assert!(serving.end());
    let last: Vec<_> = said.iter().collect();
    let expected = [STOPPING, "\"GET /stop HTTP/1.1\" 200 ", "after the end"];
    assert_eq!(last.len(), expected.len(), "{last:#?}");
    assert!(last.iter().zip(expected).all(|(line, part)| line.contains(part)), "{last:#?}");
}

/// Longer than any line takes that comes at all.
const AGES: Duration = Duration::from_secs(60);

#[test]
fn a_server_ends_where_nobody_reads_what_it_says() {
    let mut serving = Serving::start(&[("VERNAL_LOG", "debug")]);
    answered_unread(&serving);
    serving.get("/stop");
    assert!(serving.end());
}
