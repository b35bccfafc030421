//! What a request may allocate on a warm connection: the whole server is counted, socket to socket.
//!
//! The list below is complete. A longer one is a design decision, not a detail.

mod counting;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vernal::{Error, Header, Json, Resources, Result, State, StatusCode, controller, request_map, server};

#[request_map("/hello/{name}")]
fn hello<'a>(
    name: &'a str,
    times: u32,
    user_agent: Header<&'a str>,
    nick: Option<&'a str>,
) -> (StatusCode, &'a str) {
    let text = if times == 2 { name } else { nick.unwrap_or(*user_agent) };
    (StatusCode::ACCEPTED, text)
}

#[request_map("/text")]
fn text() -> &'static str {
    "Hello, World!"
}

#[request_map("/wait/{name}")]
async fn wait<'a>(name: &'a str, times: u32, user_agent: Header<&'a str>) -> &'a str {
    tokio::task::yield_now().await;
    if times == 2 { name } else { *user_agent }
}

#[request_map("/state")]
fn state(State(greeting): State<&String>) -> &str {
    greeting
}

#[derive(Default)]
struct Shared(String);

#[controller]
#[request_map("/shared")]
impl Shared {
    #[request_map]
    fn get(&self) -> &str {
        &self.0
    }
}

#[derive(Serialize, Deserialize)]
struct Item<'a> {
    id: u64,
    name: &'a str,
}

#[request_map("/json")]
fn json() -> Json<Item<'static>> {
    Json(Item { id: 7, name: "ann" })
}

#[request_map("/echo", method = "POST")]
fn echo<'a>(Json(item): Json<Item<'a>>) -> Json<Item<'a>> {
    Json(item)
}

#[request_map("/form", method = "POST")]
fn form(name: &str, age: u8) -> Result<&str> {
    if age > 100 { Err(Error::bad_request("too old")) } else { Ok(name) }
}

#[request_map("/owned")]
fn owned(name: &str) -> String {
    name.to_owned()
}

/// Name, request, what the answer ends with, allocations of each request.
const TABLE: [(&str, &str, &str, usize); 13] = [
    ("text", "GET /text", "Hello, World!", 0),
    ("a `fn` that borrows", "GET /hello/ann?times=2&nick=n", "ann", 0),
    ("without the option", "GET /hello/ann?times=3", "agent", 0),
    ("decoded path and query", "GET /hello/a%20b?times=%32", "a b", 2),
    ("state", "GET /state", "hi", 0),
    ("a shared controller", "GET /shared", "", 0),
    ("an `async fn` that waits", "GET /wait/ann?times=2", "ann", 1),
    ("a `String`", "GET /owned?name=ann", "ann", 1),
    ("JSON out", "GET /json", r#"{"id":7,"name":"ann"}"#, 0),
    ("JSON in and out", "POST /echo {\"id\":7,\"name\":\"ann\"}", r#"{"id":7,"name":"ann"}"#, 0),
    ("a form", "POST /form name=ann&age=7", "ann", 0),
    ("a file in memory", "GET /files/index.html", "<h1>embedded</h1>\n", 0),
    ("nothing is there", "GET /nothing", "GET /nothing.\"}", 8),
];

/// What is asked of the disk each time, where the system has it in memory: the fields of its answer.
#[cfg(all(feature = "sendfile", target_os = "linux"))]
const OF_DISK: &[(&str, &str, &str, usize)] = &[
    ("a file of the disk", "GET /disk/index.html", "<h1>embedded</h1>\n", 5),
    ("none of the disk", "GET /disk/none", "for this url.\"}", 5),
];

#[cfg(not(all(feature = "sendfile", target_os = "linux")))]
const OF_DISK: &[(&str, &str, &str, usize)] = &[];

#[test]
fn a_warm_connection_allocates_what_is_listed() {
    let bound = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false);
    let files = Resources::dir("tests/embedded").cache(true).check_every(Duration::from_secs(3600));
    // Not every file system says what is in memory, but memory itself does.
    let memory = PathBuf::from(format!("/dev/shm/vernal-alloc-{}", std::process::id()));
    let of_disk = match OF_DISK {
        rows @ [_, ..] if std::fs::create_dir(&memory).is_ok() => rows,
        _ => &[],
    };
    let memory = if of_disk.is_empty() { PathBuf::from("tests/embedded") } else { memory };
    if !of_disk.is_empty() {
        std::fs::copy("tests/embedded/index.html", memory.join("index.html")).expect("ours");
    }
    let disk = Resources::dir(&memory).cache(false).check_every(Duration::from_secs(3600));
    let bound = bound
        .state("hi".to_owned())
        .resources("/files/*", files)
        .resources("/disk/*", disk)
        .bind()
        .expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = counting::serve(bound);
    let mut found = Vec::new();
    let table = TABLE.iter().chain(of_disk);
    for (name, request, expected, _) in table.clone().copied() {
        let mut connection = Connection::open(address);
        let request = bytes_of(request);
        for _ in 0..WARM {
            let answer = connection.ask(&request);
            assert!(answer.ends_with(expected), "{name}: {answer}");
        }
        let before = counting::so_far();
        for _ in 0..COUNTED {
            connection.ask(&request);
        }
        let count = counting::so_far() - before;
        found.push((name, count as f64 / COUNTED as f64));
    }
    handle.stop();
    serving.join().expect("no panic");
    if !of_disk.is_empty() {
        std::fs::remove_dir_all(&memory).expect("ours");
    }
    let listed: Vec<_> = table.map(|row| (row.0, row.3 as f64)).collect();
    assert_eq!(found, listed);
}

/// A client whose own allocations are not counted, since it is on another thread.
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    fn open(address: std::net::SocketAddr) -> Connection {
        Connection { stream: TcpStream::connect(address).expect("a listener"), received: Vec::new() }
    }

    /// Sends a request, reads its answer, and waits for nothing else.
    fn ask(&mut self, request: &[u8]) -> String {
        self.stream.write_all(request).expect("the server reads");
        self.received.clear();
        let length = loop {
            let text = String::from_utf8_lossy(&self.received);
            if let Some((head, _)) = text.split_once("\r\n\r\n") {
                let length = head.split_once("content-length: ").expect("a length").1;
                let length: usize = length.split("\r\n").next().unwrap_or("").parse().expect("a number");
                break head.len() + 4 + length;
            }
            self.read();
        };
        while self.received.len() < length {
            self.read();
        }
        String::from_utf8_lossy(&self.received).into_owned()
    }

    fn read(&mut self) {
        let mut piece = [0; 4096];
        let count = self.stream.read(&mut piece).expect("the server answers");
        assert!(count > 0, "the connection was closed");
        self.received.extend_from_slice(&piece[..count]);
    }
}

/// `GET /path` or `POST /path body` as it is sent.
fn bytes_of(request: &str) -> Vec<u8> {
    let mut words = request.splitn(3, ' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: agent\r\n");
    if let Some(body) = words.next() {
        let kind =
            if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
        text += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    } else {
        text += "\r\n";
    }
    text.into_bytes()
}

const WARM: usize = 50;
const COUNTED: usize = 1000;
