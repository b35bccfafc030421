//! What a server says on the console when no subscriber is set, by `VERNAL_LOG` and `RUST_LOG`: this test is its own child
//! process, since a subscriber is for all of one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use vernal::{Error, Result, request_map, server};

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

/// The child.
#[tokio::test]
#[ignore = "it runs as a child"]
async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("\nport {}", listener.local_addr().expect("it is bound").port());
    server::new().app("console").listener(listener).start_async().await.expect("a good end");
}

/// Starts the child, sends it some requests, and returns what it has said.
fn said(environment: &[(&str, &str)]) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("the test itself"))
        .args(["--exact", "serve", "--ignored", "--nocapture"])
        .env_remove("VERNAL_LOG")
        .env_remove("RUST_LOG")
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test itself");
    let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut lines = stdout.lines().map(|line| line.expect("text"));
    let port = lines.find_map(|line| line.strip_prefix("port ").map(str::to_owned)).expect("its port");
    for path in ["/greet?name=ann%0d%0a%1b[31m[forged]", "/nobody%0d%0a[forged]", "/broken", "/stop"] {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        stream.read_to_end(&mut Vec::new()).expect("an answer");
    }
    lines.for_each(drop);
    let mut said = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
    assert!(child.wait().expect("a child").success(), "{said}");
    said.split_terminator('\n').map(str::to_owned).collect()
}

const LISTENING: &str = "listening on http://127.0.0.1:";
const ACCESS: &str = "\"GET /broken HTTP/1.1\" 500 -";
const BROKEN: &str = "code 500, message Internal Server Error: it broke";
const NOT_FOUND: &str = "code 404, message Not Found";
const ORDERS: &str = "greeting ann";
const ALL: [&str; 5] = [LISTENING, ACCESS, BROKEN, NOT_FOUND, ORDERS];

#[test]
fn levels_are_chosen_by_target() {
    type Row<'r> = (&'r [(&'r str, &'r str)], &'r [&'r str]);
    let table: &[Row<'_>] = &[
        (&[], &[LISTENING, BROKEN]),
        (&[("VERNAL_LOG", "error")], &[BROKEN]),
        (&[("VERNAL_LOG", "off")], &[]),
        (&[("VERNAL_LOG", "debug")], &[LISTENING, ACCESS, BROKEN, NOT_FOUND]),
        (&[("VERNAL_LOG", "trace")], &ALL),
        (&[("VERNAL_LOG", "info,vernal::access=debug")], &[LISTENING, ACCESS, BROKEN]),
        (&[("VERNAL_LOG", "debug,vernal::access=off")], &[LISTENING, BROKEN, NOT_FOUND]),
        (&[("VERNAL_LOG", "off,my_app=trace")], &[ORDERS]),
        (&[("RUST_LOG", "debug")], &[LISTENING, ACCESS, BROKEN, NOT_FOUND]),
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
        // [2026-11-25 14:20:03.123Z]-[main]-[vernal::access:42] INFO : "GET / HTTP/1.1" 200 -
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
