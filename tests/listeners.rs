//! Where a server listens: several addresses at once, Unix sockets and their files, sockets that were given or that systemd
//! passes. Over real sockets; curl is the client of Unix sockets, and a Python parent plays systemd.
#![cfg(unix)]

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::RwLock;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;
use vernal::server::{self, Handle, LocalAddr, Server};
use vernal::{ConnectionInfo, Result, request_map};

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// `server::stop()` is about all servers of the process.
static SERVERS: RwLock<()> = RwLock::const_new(());

#[request_map("/", app = "listeners")]
fn index(connection: ConnectionInfo) -> String {
    match connection.peer() {
        Some(peer) => format!("hello {}", peer.ip()),
        None => "hello somebody".to_owned(),
    }
}

fn builder() -> Server {
    server::new().app("listeners").threads(1).handle_signals(false)
}

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("vernal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a writable folder");
        Folder(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

struct Running {
    addresses: Vec<LocalAddr>,
    handle: Handle,
    serving: JoinHandle<Result>,
}

impl Running {
    async fn start(server: Server) -> Running {
        let bound = server.bind().expect("it binds");
        let (addresses, handle) = (bound.local_addrs().cloned().collect(), bound.handle());
        let serving = tokio::spawn(bound.serve());
        handle.ready().await;
        Running { addresses, handle, serving }
    }

    async fn stop(self) {
        self.handle.stop();
        timeout(PATIENCE, self.serving).await.expect("it stops").expect("no panic").expect("a good end");
    }
}

/// Anything with two ends.
trait Duplex: Read + Write {}
impl<T: Read + Write> Duplex for T {}

fn connect(address: &LocalAddr) -> std::io::Result<Box<dyn Duplex + Send>> {
    Ok(match (address.tcp(), address.unix()) {
        (Some(address), _) => Box::new(TcpStream::connect(address)?),
        (None, path) => Box::new(UnixStream::connect(path.expect("TCP or Unix"))?),
    })
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

fn rest(mut stream: impl Read) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

async fn get(address: &LocalAddr) -> String {
    let address = address.clone();
    let asking = spawn_blocking(move || {
        let mut stream = connect(&address).expect("it listens");
        stream.write_all(REQUEST).expect("it reads");
        rest(stream)
    });
    timeout(PATIENCE, asking).await.expect("it answers").expect("no panic")
}

#[tokio::test]
async fn every_address_answers() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    for threads in [1, 3] {
        let path = folder.join("a.sock");
        let given = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = builder()
            .threads(threads)
            .host("127.0.0.1")
            .port(0)
            .listen("127.0.0.2:0")
            .listen(unix(&path))
            .listener(given);
        let server = Running::start(server).await;
        let shown: Vec<_> = server.addresses.iter().map(ToString::to_string).collect();
        assert!(shown[0].starts_with("127.0.0.1:") && shown[1].starts_with("127.0.0.2:"), "{shown:?}");
        assert_eq!(shown[2], unix(&path));
        assert!(shown[3].starts_with("127.0.0.1:") && shown[3] != shown[0], "{shown:?}");
        for address in &server.addresses {
            let expected = if address.tcp().is_some() { "hello 127.0.0.1" } else { "hello somebody" };
            for _ in 0..threads * 4 {
                let answer = get(address).await;
                assert!(
                    answer.starts_with("HTTP/1.1 200") && answer.ends_with(expected),
                    "{address}: {answer}"
                );
            }
        }
        let addresses = server.addresses.clone();
        server.stop().await;
        for address in addresses {
            assert!(connect(&address).is_err(), "{address} is closed");
        }
    }
}

#[tokio::test]
async fn listen_takes_the_place_of_the_default_and_comes_beside_what_is_said() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    let path = folder.join("a.sock");
    let addresses = |server: Server| {
        let bound = server.bind().expect("it binds");
        let shown = |address: &LocalAddr| address.tcp().map_or("unix".to_owned(), |tcp| tcp.ip().to_string());
        bound.local_addrs().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(addresses(builder().listen(unix(&path))), ["unix"]);
    assert_eq!(addresses(builder().listen("127.0.0.1:0")), ["127.0.0.1"]);
    assert_eq!(addresses(builder().listen(unix(&path)).host("127.0.0.1").port(0)), ["127.0.0.1", "unix"]);
}

/// The way of `start()`: threads of its own, which share the Unix socket and the given one.
#[tokio::test]
async fn threads_of_its_own_share_what_cannot_be_bound_twice() {
    let _alone = SERVERS.write().await;
    let folder = Folder::new();
    let path = folder.join("a.sock");
    let given = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addresses = [LocalAddr::Unix(path.clone()), LocalAddr::Tcp(given.local_addr().expect("it is bound"))];
    let server = builder().threads(3).listen(unix(&path)).listener(given);
    let thread = spawn_blocking(|| std::thread::spawn(|| server.start()).join().expect("no panic"));
    let begin = Instant::now();
    while !server::is_ready() {
        assert!(begin.elapsed() < PATIENCE, "it starts");
        tokio::task::yield_now().await;
    }
    for address in addresses.iter().cycle().take(24) {
        let answer = get(address).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{address}: {answer}");
    }
    server::stop();
    timeout(PATIENCE, thread).await.expect("it stops").expect("no panic").expect("a good end");
    assert!(!path.exists());
    for address in addresses {
        assert!(connect(&address).is_err(), "{address} is closed");
    }
}

#[tokio::test]
async fn what_waits_in_every_backlog_is_answered_at_stop() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    let path = folder.join("a.sock");
    let server = builder().threads(2).host("127.0.0.1").port(0).listen("127.0.0.1:0").listen(unix(&path));
    let bound = server.bind().expect("it binds");
    let mut waiting = Vec::new();
    let addresses: Vec<_> = bound.local_addrs().collect();
    for &address in addresses.iter().cycle().take(15) {
        let mut stream = connect(address).expect("the system takes it");
        stream.write_all(REQUEST).expect("the system takes it");
        waiting.push(stream);
    }
    bound.handle().stop();
    let serving = tokio::spawn(bound.serve());
    for stream in waiting {
        let asking = timeout(PATIENCE, spawn_blocking(move || rest(stream)));
        let answer = asking.await.expect("it answers").expect("no reset");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    timeout(PATIENCE, serving).await.expect("it stops").expect("no panic").expect("a good end");
    assert!(!path.exists());
}

#[tokio::test]
async fn curl_speaks_over_a_unix_socket() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    let path = folder.join("a.sock");
    let server = Running::start(builder().listen(unix(&path)).unix_mode(0o620)).await;
    let metadata = fs::symlink_metadata(&path).expect("the file is there");
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o620);
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "30", "--unix-socket"]).arg(&path).args(["http://h/", "http://h/"]);
    let output = spawn_blocking(move || curl.output()).await.expect("no panic").expect("there is a curl");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello somebodyhello somebody");
    server.stop().await;
    assert!(!path.exists(), "the file goes with the server");
}

#[tokio::test]
async fn a_file_that_was_left_is_replaced_and_any_other_is_not() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    // The listener goes, its file stays.
    let left = folder.join("left.sock");
    drop(UnixListener::bind(&left).expect("a free path"));
    assert!(left.exists());
    let server = Running::start(builder().listen(unix(&left))).await;
    assert!(get(&server.addresses[0]).await.starts_with("HTTP/1.1 200"));

    let file = folder.join("file");
    fs::write(&file, "precious").expect("a writable folder");
    let foreign = folder.join("foreign.sock");
    let listener = UnixListener::bind(&foreign).expect("a free path");
    let long = folder.join(&"x".repeat(120));
    let table = [
        (unix(&left), "another program listens there. Stop it, or choose another path"),
        (unix(&foreign), "another program listens there. Stop it, or choose another path"),
        (unix(&file), "there is a file that is no socket. Remove it, or choose another path"),
        (unix(&folder.join("no/such.sock")), "/no. Make it first"),
        (unix(&long), "the path is too long for a Unix socket"),
        ("127.0.0.1".to_owned(), "there is no port"),
        ("203.0.113.1:0".to_owned(), "no interface of this machine has the address"),
        ("no.such.host.invalid:80".to_owned(), "is no address to listen on"),
    ];
    for (address, part) in table {
        let error = builder().listen(&*address).bind().err().expect("refused");
        let error = format!("{error:?}");
        let shown = address.rsplit_once(':').map_or(&*address, |(before, _)| before.trim_end_matches("unix"));
        assert!(error.contains(part) && error.contains(shown), "{address}: {error}");
    }
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "precious");
    assert!(UnixStream::connect(&foreign).is_ok() && listener.accept().is_ok());

    // Whoever has put another file there in the meantime keeps it.
    fs::remove_file(&left).expect("it is there");
    fs::write(&left, "other").expect("a writable folder");
    server.stop().await;
    assert_eq!(fs::read_to_string(&left).expect("it is there"), "other");
}

#[tokio::test]
async fn a_server_that_never_served_leaves_no_file() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    let path = folder.join("a.sock");
    drop(builder().listen(unix(&path)).bind().expect("it binds"));
    assert!(!path.exists());
    // The second address cannot be bound.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let error = builder().listen(unix(&path)).listen(&*address).bind().err().expect("it is taken");
    assert!(
        format!("{error:?}").contains(&format!("cannot listen on {address}: the port is taken")),
        "{error:?}"
    );
    assert!(!path.exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn abstract_names_have_no_file() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let _shared = SERVERS.read().await;
    let name = format!("vernal-{}", std::process::id());
    let server = Running::start(builder().listen(format!("unix:@{name}"))).await;
    assert_eq!(server.addresses[0].to_string(), format!("unix:@{name}"));
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let asking = spawn_blocking(move || {
        let mut stream = UnixStream::connect_addr(&address).expect("it listens");
        stream.write_all(REQUEST).expect("it reads");
        rest(stream)
    });
    assert!(asking.await.expect("no panic").starts_with("HTTP/1.1 200"));
    let error = builder().listen(format!("unix:@{name}")).bind().err().expect("it is taken");
    assert!(format!("{error:?}").contains("another program listens there"), "{error:?}");
    server.stop().await;
}

#[tokio::test]
async fn given_sockets_are_served_and_their_files_stay() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    let path = folder.join("given.sock");
    let given = UnixListener::bind(&path).expect("a free path");
    let server = Running::start(builder().listener(given)).await;
    assert_eq!(server.addresses, [LocalAddr::Unix(path.clone())]);
    assert!(get(&server.addresses[0]).await.ends_with("hello somebody"));
    server.stop().await;
    assert!(path.exists(), "it is not ours to remove");
    assert_eq!(UnixStream::connect(&path).expect_err("closed").kind(), ErrorKind::ConnectionRefused);
}

/// Plays systemd: binds sockets, puts them where they are expected, and becomes the program.
#[cfg(feature = "systemd")]
const PARENT: &str = r#"
import os, socket, sys
tcp = socket.create_server(("127.0.0.1", 0), backlog=16)
unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1])
unix.listen(16)
print(tcp.getsockname()[1], flush=True)
fds = [os.dup(tcp.fileno()), os.dup(unix.fileno())]
high = [os.dup2(fd, 100 + at) for at, fd in enumerate(fds)]
for at, fd in enumerate(high):
    os.dup2(fd, 3 + at)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="web:local")
os.execv(sys.argv[2], sys.argv[2:])
"#;

#[cfg(feature = "systemd")]
#[tokio::test]
async fn sockets_that_systemd_passes_take_the_place_of_others() {
    let _shared = SERVERS.read().await;
    let folder = Folder::new();
    let path = folder.join("passed.sock");
    let program = std::env::current_exe().expect("the test itself");
    let mut child = Command::new("python3")
        .args(["-c", PARENT])
        .arg(&path)
        .arg(program)
        .args(["--exact", "passed_sockets", "--ignored", "--nocapture"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("there is a Python");
    let mut said = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("text");
    let port: u16 = line.trim().parse().expect("a port");
    // They were bound before the program was there, so nobody is refused.
    let web = get(&LocalAddr::Tcp(([127, 0, 0, 1], port).into())).await;
    assert!(web.ends_with("hello 127.0.0.1"), "{web}");
    let local = get(&LocalAddr::Unix(path.clone())).await;
    assert!(local.ends_with("hello somebody"), "{local}");
    drop(child.stdin.take());
    let all = spawn_blocking(move || (rest(said), child.wait()));
    let (said, status) = timeout(PATIENCE, all).await.expect("it ends").expect("no panic");
    assert!(status.expect("a child").success(), "{said}");
    assert!(said.contains(&format!("local: unix:{}", path.display())), "{said}");
    assert!(said.contains(&format!("others: 127.0.0.1:{port}")), "{said}");
    assert!(said.contains("nothing is left: 127.0.0.1"), "{said}");
    assert!(path.exists(), "it is systemd's to remove");
}

/// The program of the test above.
#[cfg(feature = "systemd")]
#[tokio::test]
#[ignore = "it runs as a child"]
async fn passed_sockets() {
    let with = |name| builder().host("127.0.0.1").port(0).systemd(name).bind().expect("they are passed");
    let (local, others, nothing) = (with(Some("local")), with(None), with(None));
    let shown =
        |bound: &server::Bound| bound.local_addrs().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    println!("local: {}", shown(&local));
    println!("others: {}", shown(&others));
    println!("nothing is left: {}", shown(&nothing));
    let handles = [local.handle(), others.handle()];
    let serving = [tokio::spawn(local.serve()), tokio::spawn(others.serve())];
    // Until the parent has seen enough.
    spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .expect("no panic")
        .expect("readable");
    handles.iter().for_each(Handle::stop);
    for serving in serving {
        serving.await.expect("no panic").expect("a good end");
    }
}
