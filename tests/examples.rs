//! The lessons, as their readers run them: each example's own binary is started, and what it says of `curl` is held
//! against what comes back.
//!
//! A ```` ```console ```` block in the head of an example or in the README is a transcript: `$ cargo run --example …`
//! starts the example, each `$ curl …` is sent, and the lines below it are what must be printed. A line `...` stands for
//! any lines.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_readme_tells_the_truth() {
    let text = fs::read_to_string(root().join("README.md")).expect("there is a README");
    assert!(play(&text) >= 4, "the README shows hardly any curl lines");
}

#[test]
fn the_examples_tell_the_truth() {
    for name in examples() {
        let source = fs::read_to_string(root().join(format!("examples/{name}.rs"))).expect("it was listed");
        let head: String = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        assert!(source.lines().count() < 110, "examples/{name}.rs is no longer one idea");
        let count = play(&head);
        assert!(count > 0 || ["hello", "arena"].contains(&&*name), "examples/{name}.rs shows no curl line");
    }
}

#[test]
fn the_readme_lists_every_example() {
    let text = fs::read_to_string(root().join("README.md")).expect("there is a README");
    for name in examples() {
        assert!(text.contains(&format!("examples/{name}.rs")), "the README does not link examples/{name}.rs");
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
    ];
    for (path, body, content_type) in table {
        let answer = arena.get(path);
        assert_eq!(answer.body, body, "{path}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
        assert_eq!(answer.header("content-length"), Some(&*body.len().to_string()), "{path}");
    }
    let echo = Curl::parse(&["--json", item, "localhost:9090/echo"]);
    assert_eq!(echo.send(&arena).body, item);
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
            let Some(("curl", words)) = words.split_first().map(|(first, rest)| (*first, rest)) else {
                panic!("a transcript can only run curl: {line}");
            };
            let printed = Curl::parse(words).run(&example);
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
                "-b" => curl.fields.push(format!("cookie: {}", value())),
                "-d" => curl.add_form(value()),
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
    /// Starts the binary on ports of its own and waits until it accepts connections.
    fn start(name: &str) -> Example {
        let binary = folder_of_examples().join(format!("{name}{}", env::consts::EXE_SUFFIX));
        assert!(binary.exists(), "{} is not built: run `cargo build --examples`", binary.display());
        // Somebody else may take a port between its choice and its use.
        for _ in 0..10 {
            let (port, admin_port) = (free_port(), free_port());
            let child = Command::new(&binary)
                .args(["--port", &port.to_string()])
                .env("VERNAL_PORT", port.to_string())
                .env("ADMIN_PORT", admin_port.to_string())
                .env_remove("VERNAL_HOST")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
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

/// The names of all examples.
fn examples() -> Vec<String> {
    let files = fs::read_dir(root().join("examples")).expect("there are examples");
    let paths = files.map(|file| file.expect("a readable folder").path());
    let mut names: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().expect("a file").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Where cargo puts the examples' binaries: beside the folder of this test's.
fn folder_of_examples() -> PathBuf {
    let test = env::current_exe().expect("this test has a file");
    test.parent().and_then(Path::parent).expect("it is in target/debug/deps").join("examples")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
