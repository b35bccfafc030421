//! A server that is replaced by another one while requests come: nobody notices. HAProxy looks at the health of both, and WebSocket
//! sessions are told over a time.

mod installed;
mod running;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vernal::server::{self, Server};
use vernal::websocket::{WebSocketSession, connect};
use vernal::{Actuator, Result, on_stop, request_map, websocket_handler};

use crate::installed::program;
use crate::running::{PATIENCE, Running, builder};

#[request_map("/work")]
async fn work() -> &'static str {
    tokio::time::sleep(Duration::from_millis(2)).await;
    "done"
}

/// Which process answers.
#[request_map("/process")]
fn process() -> String {
    std::process::id().to_string()
}

#[request_map("/", app = "hanging")]
fn hanging() {}

#[on_stop(app = "hanging")]
fn never_called() {
    println!("called after all");
}

#[on_stop(app = "hanging")]
async fn hangs() {
    println!("it hangs");
    if std::env::var_os("RESTARTING_BLOCKS").is_some() {
        std::thread::sleep(PATIENCE);
    }
    std::future::pending().await
}

/// Runs as a process of its own, for the test below.
#[test]
#[ignore = "it runs as a child"]
fn hang() {
    let server = server::new().app("hanging").listen("127.0.0.1:0").threads(2).grace(PATIENCE);
    server.share_threads(std::env::var_os("RESTARTING_SHARES").is_some()).start().expect("it serves");
}

/// Also while `#[on_stop]` functions run, whoever sends one signal more wants the end at once.
#[cfg(unix)]
#[test]
fn a_signal_cuts_what_is_called_at_the_end() {
    for (shares, blocks) in [(false, false), (true, false), (false, true)] {
        let mut command = Command::new(std::env::current_exe().expect("the test itself"));
        command.args(["--exact", "hang", "--ignored", "--nocapture"]).env_remove("VERNAL_LOG");
        for (name, is_on) in [("RESTARTING_SHARES", shares), ("RESTARTING_BLOCKS", blocks)] {
            if is_on {
                command.env(name, "");
            }
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the test itself");
        let mut process = Process(child);
        let errors = process.0.stderr.take().expect("it is piped");
        let mut errors = BufReader::new(errors).lines().map(|line| line.expect("text"));
        let output = process.0.stdout.take().expect("it is piped");
        let mut output = BufReader::new(output).lines().map(|line| line.expect("text"));
        assert!(errors.any(|line| line.contains("listening on")));
        terminate(process.0.id());
        assert!(output.any(|line| line.contains("it hangs")));
        terminate(process.0.id());
        let ended = Instant::now();
        assert!(process.0.wait().expect("it ends").success());
        assert!(ended.elapsed() < PATIENCE / 2, "it was the signal that cut it");
        let said: Vec<_> = errors.collect();
        let expected = [
            "stopping at once: no `#[on_stop]` is waited for",
            "cut `hangs` at tests/restarting.rs:",
            "an `#[on_stop]`, which is not done after ",
            "an `#[on_stop]`, is not called: it has been cut short",
        ];
        for part in expected {
            assert!(said.iter().any(|line| line.contains(part)), "{part}: {said:?}");
        }
        assert!(!output.any(|line| line.contains("called after all")));
    }
}

#[derive(Default)]
struct Idle;

#[websocket_handler("/idle")]
impl Idle {
    fn on_open(&self, session: &WebSocketSession) -> Result {
        let _ = session;
        Ok(())
    }
}

#[tokio::test]
async fn websocket_sessions_are_told_over_the_time_that_was_set() {
    const SESSIONS: usize = 40;
    const SPREAD: Duration = Duration::from_secs(20);
    let running = Running::start(builder().websocket_stop_spread(SPREAD).websocket_stop_code(1012)).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(connect(format!("ws://{}/idle", running.address)).await.expect("it accepts"));
    }
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    running.handle.stop();
    let ends = sessions.into_iter().map(|session| {
        tokio::spawn(async move {
            let mut session = session;
            while let Ok(Some(_)) = session.recv().await {}
            let code = session.close_reason().map(|reason| reason.code().value());
            (code, began.elapsed())
        })
    });
    let mut moments = BTreeSet::new();
    for end in ends.collect::<Vec<_>>() {
        let (code, after) = end.await.expect("it ends");
        assert_eq!(code, Some(1012));
        assert!(after <= SPREAD + Duration::from_secs(1), "{after:?}");
        moments.insert(after.as_secs());
    }
    assert!(moments.len() >= 8, "they are told all over the time: {moments:?}");
    tokio::time::resume();
    running.stopped().await;
}

#[test]
fn a_parting_that_makes_no_sense_is_an_error_at_start() {
    let table: [(Server, &str); 4] = [
        (builder().websocket_stop_code(1000), "1000 is no close code of a server that stops: use 1001, 1012"),
        (builder().websocket_stop_code(1006), "1006 is no close code"),
        (builder().websocket_stop_code(5000), "5000 is no close code"),
        (
            builder().websocket_stop_spread(Duration::from_secs(31)),
            "over 31s (Server::websocket_stop_spread), and cut after 30s",
        ),
    ];
    for (server, expected) in table {
        let error = server.bind().err().expect(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    builder()
        .websocket_stop_code(4001)
        .websocket_stop_spread(Duration::from_secs(30))
        .bind()
        .expect("it makes sense");
}

/// Runs as a process of its own, for the test below.
#[test]
#[ignore = "it runs as a child"]
fn serve() {
    let port = |name: &str| std::env::var(name).expect("a port").parse().expect("a number");
    server::new()
        .host("127.0.0.1")
        .port(port("RESTARTING_PORT"))
        .threads(1)
        .actuator(Actuator::new().port(port("RESTARTING_ACTUATOR")))
        .stop_delay(Duration::from_millis(1200))
        .start()
        .expect("it serves");
}

/// The same on sockets that somebody passes.
#[cfg(all(unix, feature = "systemd"))]
#[test]
#[ignore = "it runs as a child"]
fn serve_passed() {
    server::new().systemd(None).threads(1).start().expect("it serves");
}

struct Process(Child);

impl Process {
    /// One that serves.
    fn start(port: u16, actuator: u16) -> Process {
        let child = Command::new(std::env::current_exe().expect("the test itself"))
            .args(["--exact", "serve", "--ignored", "--nocapture"])
            .env("RESTARTING_PORT", port.to_string())
            .env("RESTARTING_ACTUATOR", actuator.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the test itself");
        let process = Process(child);
        until(|| is_ready(actuator), "it is ready");
        process
    }

    /// Stops it as those do who replace it, and waits for its end.
    fn stop(mut self) {
        terminate(self.0.id());
        assert!(self.0.wait().expect("it ends").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn terminate(process: u32) {
    // Every shell knows how, and nothing here is unsafe.
    let killed = Command::new("sh").args(["-c", &format!("kill -TERM {process}")]).status();
    assert!(killed.expect("a shell").success());
}

fn until(mut is_so: impl FnMut() -> bool, what: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: it never is");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_ready(actuator: u16) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", actuator))?;
        stream.write_all(b"GET /actuator/health/ready HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// The body of an answer over a connection of its own.
fn ask(to: SocketAddr, path: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(to).map_err(|error| format!("no connection: {error}"))?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let asked = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
    asked.map_err(|error| format!("no answer: {error}"))?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
        _ => Err(format!("another answer: {answer:?}")),
    }
}

/// Sends requests on one connection after the other until it is told to end; counts the good answers, and keeps what was none.
fn load(to: SocketAddr, ends: &AtomicBool, good: &AtomicUsize) -> Vec<String> {
    let mut bad = Vec::new();
    while !ends.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(to) else {
            bad.push("no connection".to_owned());
            continue;
        };
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut buffer = [0; 4096];
        for _ in 0..50 {
            let asked = stream
                .write_all(b"GET /work HTTP/1.1\r\nHost: h\r\n\r\n")
                .and_then(|()| stream.read(&mut buffer));
            match asked {
                Ok(count)
                    if buffer[..count].starts_with(b"HTTP/1.1 200 ")
                        && buffer[..count].ends_with(b"done") =>
                {
                    good.fetch_add(1, Ordering::Relaxed);
                }
                Ok(count) => {
                    bad.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
                    break;
                }
                Err(error) => {
                    bad.push(error.to_string());
                    break;
                }
            }
        }
    }
    bad
}

/// `RESTARTS` says how many restarts there are, 2 unless it does.
#[test]
fn a_rolling_restart_behind_haproxy_fails_no_request() {
    let restarts = std::env::var("RESTARTS").map_or(2, |text| text.parse().expect("a number"));
    let [front, one, other, one_health, other_health] = std::array::from_fn(|_| free_port());
    let folder = std::env::temp_dir().join(format!("vernal-restarting-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a place");
    let check = |name: &str, port: u16, health: u16| {
        format!(" server {name} 127.0.0.1:{port} check port {health} inter 200ms fall 1 rise 1\n")
    };
    let config = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n option redispatch\n\
         listen shop\n bind 127.0.0.1:{front}\n option httpchk\n http-check send meth GET uri /actuator/health/ready ver HTTP/1.1 hdr host h\n http-check expect status 200\n{}{}",
        check("one", one, one_health),
        check("other", other, other_health)
    );
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, config).expect("a file");
    let mut servers = [Some(Process::start(one, one_health)), Some(Process::start(other, other_health))];
    let proxy = Command::new(program("haproxy"))
        .args(["-db", "-f"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let proxy = Process(proxy.expect("haproxy is installed"));
    let front = SocketAddr::from(([127, 0, 0, 1], front));
    until(|| TcpStream::connect(front).is_ok(), "the proxy listens");
    let (ends, good) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients = (0..8).map(|_| {
        let (ends, good) = (Arc::clone(&ends), Arc::clone(&good));
        std::thread::spawn(move || load(front, &ends, &good))
    });
    let clients: Vec<_> = clients.collect();
    let ports = [(one, one_health), (other, other_health)];
    for restart in 0..restarts {
        let (port, health) = ports[restart % 2];
        servers[restart % 2].take().expect("it serves").stop();
        servers[restart % 2] = Some(Process::start(port, health));
        // The proxy has to see it before the other one leaves.
        let seen = good.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(500));
        until(|| good.load(Ordering::Relaxed) > seen, "requests are answered");
    }
    ends.store(true, Ordering::Relaxed);
    let bad: Vec<_> = clients.into_iter().flat_map(|client| client.join().expect("it ends")).collect();
    let good = good.load(Ordering::Relaxed);
    println!("{good} requests, {restarts} restarts, {} failed", bad.len());
    assert!(bad.is_empty(), "{} of {good} failed: {:?}", bad.len(), &bad[..bad.len().min(5)]);
    assert!(good > 100 * restarts, "{good}");
    drop(proxy);
    let _ = std::fs::remove_dir_all(folder);
}

/// Holds the sockets, and starts the server anew whenever it has ended. systemd names the process that may take them; what makes a
/// loop out of systemfd and watchexec cannot know it, and names none.
#[cfg(all(unix, feature = "systemd"))]
const LOOP: &str = r#"
while [ ! -e "$STOPPED" ]; do
    if [ "$NAMED" = yes ]; then
        sh -c 'LISTEN_PID=$$ exec "$0" "$@"' "$@"
    else
        env -u LISTEN_PID "$@"
    fi
done
"#;

/// Opens a socket at an address, and becomes the program that stands behind it.
#[cfg(all(unix, feature = "systemd"))]
const OPEN: &str = r#"
import os, socket, sys
host, port = sys.argv[1].split(":")
listening = socket.create_server((host, int(port)), backlog=128)
if listening.fileno() != 3:
    os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ["LISTEN_FDS"] = "1"
os.execvp(sys.argv[2], sys.argv[2:])
"#;

#[cfg(all(unix, feature = "systemd"))]
#[test]
fn a_server_on_sockets_of_others_is_replaced_and_no_connection_is_refused() {
    let (own, python, activate) = (
        std::env::current_exe().expect("the test itself"),
        program("python3"),
        program("systemd-socket-activate"),
    );
    let table = [
        (
            "systemd-socket-activate",
            "yes",
            vec![activate, "--setenv=STOPPED".into(), "--setenv=NAMED".into(), "--listen".into()],
        ),
        ("a loop", "no", vec![python, "-c".into(), OPEN.into()]),
    ];
    for (name, is_named, opens) in table {
        let scratch = std::env::temp_dir().join(format!("vernal-passed-{}-{is_named}", std::process::id()));
        let to = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let holder = Command::new(&opens[0])
            .args(&opens[1..])
            .args([&to.to_string(), "sh", "-c", LOOP, "sh"])
            .arg(&own)
            .args(["--exact", "serve_passed", "--ignored", "--nocapture"])
            .env("STOPPED", &scratch)
            .env("NAMED", is_named)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut holder = Process(holder.unwrap_or_else(|error| panic!("{name} is needed: {error}")));
        until(|| ask(to, "/process").is_ok(), "it serves");
        let (ends, good) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let clients = (0..4).map(|_| {
            let (ends, good) = (Arc::clone(&ends), Arc::clone(&good));
            std::thread::spawn(move || {
                let mut bad = Vec::new();
                while !ends.load(Ordering::Relaxed) {
                    match ask(to, "/work") {
                        Ok(_) => drop(good.fetch_add(1, Ordering::Relaxed)),
                        Err(problem) => bad.push(problem),
                    }
                }
                bad
            })
        });
        let clients: Vec<_> = clients.collect();
        let mut processes = BTreeSet::new();
        for _ in 0..5 {
            let seen = good.load(Ordering::Relaxed);
            until(|| good.load(Ordering::Relaxed) > seen + 200, "it serves");
            let process = ask(to, "/process").expect("an answer");
            processes.insert(process.clone());
            terminate(process.parse().expect("a number"));
            until(|| ask(to, "/process").is_ok_and(|other| other != process), "another one serves");
        }
        ends.store(true, Ordering::Relaxed);
        let bad: Vec<_> = clients.into_iter().flat_map(|client| client.join().expect("it ends")).collect();
        let good = good.load(Ordering::Relaxed);
        println!("{name}: {good} requests, {} processes, {} failed", processes.len(), bad.len());
        assert!(bad.is_empty(), "{name}: {} of {good} failed: {:?}", bad.len(), &bad[..bad.len().min(5)]);
        assert_eq!(processes.len(), 5, "{name}: {processes:?}");
        std::fs::write(&scratch, "").expect("a file");
        terminate(ask(to, "/process").expect("an answer").parse().expect("a number"));
        assert!(holder.0.wait().expect("it ends").success(), "{name}");
        let _ = std::fs::remove_file(scratch);
    }
}
