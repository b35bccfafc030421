//! A node of the soak: rooms, sessions, uploads and downloads. It runs as a process of its own.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use bytes::Bytes;
use vernal::websocket::{RedisRooms, Rooms, Undelivered, WebSocketSession};
use vernal::{Actuator, RedisStore, Result, Session, State, request_map, server, websocket_handler};

struct Chat;

#[websocket_handler("/chat/{room}", new = Chat, app = "soak")]
impl Chat {
    async fn on_open(&self, session: &WebSocketSession, room: &str, rooms: State<&Rooms>) -> Result {
        rooms.join(room, session)?;
        rooms.settled().await?;
        session.send("in").await
    }

    /// Answers what became of the message.
    async fn on_message(
        &self,
        session: &WebSocketSession,
        room: &str,
        rooms: State<&Rooms>,
        message: &str,
    ) -> Result {
        let fate = match rooms.to(room).send(message).await {
            Ok(_) => "ok",
            Err(error) => {
                let undelivered = error.source().and_then(|source| source.downcast_ref::<Undelivered>());
                if undelivered.is_some_and(|undelivered| !undelivered.is_unknown()) {
                    "refused"
                } else {
                    "unknown"
                }
            }
        };
        session.send(format!("{fate} {message}")).await
    }
}

/// By `update`: what `set` has sent on its way to a Redis that does not answer may arrive after what others have set since.
#[request_map("/count", app = "soak")]
async fn count(session: Session) -> Result<String> {
    let count = session.update("count", |count: &mut u64| {
        *count += 1;
        *count
    });
    Ok(count.await?.to_string())
}

#[request_map("/upload", method = "POST", app = "soak")]
fn upload(body: Bytes) -> String {
    format!("{} {}", body.len(), sum(&body))
}

#[request_map("/download", app = "soak")]
fn download() -> Vec<u8> {
    pattern(1 << 20)
}

/// Bytes that differ at each place.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 + place / 251) as u8).collect()
}

/// A sum that tells places apart.
pub fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(7, |sum, byte| sum.rotate_left(5) ^ u64::from(*byte))
}

/// What the process does.
pub fn serve() -> Result {
    let said = |name: &str| env::var(name).expect("it is given");
    let port = |name: &str| said(name).parse().expect("a port");
    let shared = RedisRooms::new(&said("SOAK_REDIS"))?.timeout(Duration::from_secs(1)).on_gap(|rooms| {
        for room in rooms.names() {
            for session in rooms.here(&room) {
                let _ = session.try_send("gap");
            }
        }
    });
    server::new()
        .app("soak")
        .host("127.0.0.1")
        .port(port("SOAK_PORT"))
        .threads(1)
        .state(Rooms::redis(shared))
        .sessions(RedisStore::new(&said("SOAK_REDIS"))?)
        .actuator(Actuator::new().port(port("SOAK_HEALTH")))
        .stop_delay(Duration::from_millis(1200))
        .start()
}

/// The process, as the test sees it.
pub struct Node {
    child: Child,
    pub port: u16,
    pub health: u16,
    redis: String,
}

impl Node {
    pub fn start(port: u16, health: u16, redis: String) -> Node {
        let child = Node::spawn(port, health, &redis);
        Node { child, port, health, redis }
    }

    fn spawn(port: u16, health: u16, redis: &str) -> Child {
        let mut command = Command::new(env::current_exe().expect("the test itself"));
        command.args(["--exact", "serve", "--ignored", "--nocapture"]);
        command.env("SOAK_PORT", port.to_string()).env("SOAK_HEALTH", health.to_string());
        command.env("SOAK_REDIS", redis).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the test itself")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.expect("kill runs").success(), "the node runs");
    }

    /// Waits for its end, and starts another one.
    pub fn replace(&mut self) {
        self.child.wait().expect("it ends");
        self.child = Node::spawn(self.port, self.health, &self.redis);
    }

    pub fn is_up(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// Its memory in KiB, and its descriptors.
    pub fn size(&self) -> (usize, usize) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = line.and_then(|line| line.split_whitespace().next()).and_then(|text| text.parse().ok());
        let files = fs::read_dir(format!("/proc/{}/fd", self.id())).map_or(0, Iterator::count);
        (memory.unwrap_or(0), files)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
