//! Who a client is behind proxies: believed are only those the server was told to, by whatever they speak. Over real
//! sockets; HAProxy and nginx are the proxies of the last tests. The configurations of the book are in `fronts`.

mod installed;
mod running;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::timeout;
use vernal::server::{self, Server};
use vernal::{App, Config, ConnectionInfo, Limits, Request, request_map};

use crate::running::{PATIENCE, Running};

/// Address and port of the client, whether over TLS, the host, and the other end of the socket.
#[request_map("/who", app = "proxies")]
fn who(req: &Request, connection: ConnectionInfo) -> String {
    let address =
        |address: Option<SocketAddr>| address.map_or_else(|| "?".to_owned(), |address| address.to_string());
    let is_secure = if req.is_secure() { "https" } else { "http" };
    assert_eq!((connection.peer(), connection.is_secure()), (req.peer(), req.is_secure()));
    let socket = req.socket_peer().map_or_else(|| "?".to_owned(), |socket| socket.ip().to_string());
    format!("{} {is_secure} {} {socket}", address(req.peer()), req.host().unwrap_or("?"))
}

/// Everything that can be read.
const ALL_FIELDS: [&str; 4] = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];

fn builder() -> Server {
    running::builder().app("proxies")
}

impl Running {
    /// Sends bytes and reads until the server closes.
    async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let (address, bytes) = (self.address, bytes.as_ref().to_vec());
        let asking = spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.write_all(&bytes).expect("it reads");
            let mut answer = Vec::new();
            // What was not read when it closes resets the connection; the answer is what came before.
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8(answer).expect("text")
        });
        timeout(PATIENCE, asking).await.expect("it closes").expect("no panic")
    }
}

fn request(fields: &str) -> String {
    format!("GET /who HTTP/1.1\r\nHost: own.example\r\nConnection: close\r\n{fields}\r\n")
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or(answer, |(_, body)| body)
}

#[tokio::test]
async fn fields_are_read_from_trusted_proxies_alone() {
    let told = "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: told.example\r\n";
    let standard = "Forwarded: for=6.6.6.6, for=\"203.0.113.7:4711\";proto=https;host=told.example\r\n";
    let straight = "127.0.0.1 http own.example 127.0.0.1";
    let table: &[(&[&str], &str, &str)] = &[
        // Nobody is trusted, or somebody else.
        (&[], told, straight),
        (&[], standard, straight),
        (&["10.0.0.0/8", "::1", "unix"], told, straight),
        (&["10.0.0.0/8", "::1", "unix"], standard, straight),
        (&["127.0.0.2"], told, straight),
        (&["203.0.113.0/24"], told, straight),
        // The peer is.
        (&["127.0.0.0/8"], told, "203.0.113.7:0 https told.example 127.0.0.1"),
        (&["127.0.0.0/8"], standard, "203.0.113.7:4711 https told.example 127.0.0.1"),
        (&["::ffff:127.0.0.1"], told, "203.0.113.7:0 https told.example 127.0.0.1"),
        (&["127.0.0.0/8"], "", straight),
        (&["127.0.0.0/8"], "X-Forwarded-Proto: https\r\n", "127.0.0.1 https own.example 127.0.0.1"),
        (&["127.0.0.0/8"], "X-Forwarded-For: secret\r\n", "? http own.example 127.0.0.1"),
        (&["127.0.0.0/8", "203.0.113.0/24"], told, "6.6.6.6:0 https told.example 127.0.0.1"),
        // What a client sends of the other kind does not decide.
        (
            &["127.0.0.0/8"],
            "Forwarded: for=10.0.0.1\r\nX-Forwarded-For: 203.0.113.7\r\n",
            "? http own.example 127.0.0.1",
        ),
    ];
    for (trusted, fields, expected) in table {
        let server = builder().trusted_proxies(trusted.iter().copied());
        let server = if trusted.is_empty() { server } else { server.proxy_fields(ALL_FIELDS) };
        let server = Running::start(server).await;
        let answer = server.send(request(fields)).await;
        let said = body(&answer);
        // The port of the socket itself is any.
        let said = if expected.starts_with("127.0.0.1 ") {
            let (address, rest) = said.split_once(' ').expect("words");
            format!("{} {rest}", address.split(':').next().expect("an address"))
        } else {
            said.to_owned()
        };
        assert_eq!(said, *expected, "{trusted:?} {fields}");
        server.stop().await;
    }
}

#[tokio::test]
async fn fields_that_the_proxy_does_not_set_are_not_read() {
    let lies = "Forwarded: for=6.6.6.6;proto=https;host=evil.example\r\nX-Forwarded-Host: evil.example\r\n";
    let told = "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n";
    let both = format!("{lies}{told}");
    let table: [(Option<&[&str]>, &str, &str); 9] = [
        (None, lies, "127.0.0.1 http own.example"),
        (None, &both, "203.0.113.7 https own.example"),
        (None, told, "203.0.113.7 https own.example"),
        (Some(&["X-Forwarded-For"]), &both, "203.0.113.7 http own.example"),
        (Some(&["x-forwarded-proto"]), &both, "127.0.0.1 https own.example"),
        (Some(&["X-Forwarded-Host"]), &both, "127.0.0.1 http evil.example"),
        (Some(&["Forwarded"]), &both, "6.6.6.6 https evil.example"),
        (Some(&[]), &both, "127.0.0.1 http own.example"),
        (Some(&ALL_FIELDS), &both, "? http own.example"),
    ];
    for (names, fields, expected) in table {
        let server = builder().trusted_proxies(["127.0.0.1"]);
        let server = match names {
            Some(names) => server.proxy_fields(names.iter().copied()),
            None => server,
        };
        let server = Running::start(server).await;
        let answer = server.send(request(fields)).await;
        let (address, rest) = body(&answer).split_once(' ').expect("words");
        let said = format!("{} {rest}", address.split(':').next().unwrap_or_default());
        assert_eq!(said, format!("{expected} 127.0.0.1"), "{names:?} {fields}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_kept_connection_forgets_what_the_request_before_told() {
    let trusting = builder().trusted_proxies(["127.0.0.1"]).proxy_fields(ALL_FIELDS);
    let server = Running::start(trusting).await;
    let first = "GET /who HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Host: told\r\n\r\n";
    let second = "GET /who HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n";
    let answer = server.send(format!("{first}{second}{}", request(""))).await;
    assert!(answer.contains("1.1.1.1:0 http told 127.0.0.1"), "{answer}");
    assert!(answer.contains("2.2.2.2:0 http h 127.0.0.1"), "{answer}");
    assert!(answer.contains("http own.example 127.0.0.1"), "{answer}");
    server.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_proxy_on_a_unix_socket_is_trusted_by_its_own_word() {
    for (trusted, expected) in [
        (&["unix"][..], "203.0.113.7:0 http own.example ?"),
        (&["0.0.0.0/0", "::/0"], "? http own.example ?"),
    ] {
        let fields = request("X-Forwarded-For: 203.0.113.7\r\n");
        let answer = over_unix_socket(|server| server.trusted_proxies(trusted.iter().copied()), fields).await;
        assert_eq!(body(&answer), expected, "{trusted:?}");
    }
}

/// What a server on a Unix socket answers to these bytes.
#[cfg(unix)]
async fn over_unix_socket(set: impl Fn(Server) -> Server, bytes: impl Into<Vec<u8>>) -> String {
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("vernal-proxies-{}-{number}.sock", std::process::id()));
    let server = server::new().app("proxies").threads(1).handle_signals(false);
    let bound = set(server.listen(format!("unix:{}", path.display()))).bind().expect("a free path");
    let (handle, bytes) = (bound.handle(), bytes.into());
    let serving = tokio::spawn(bound.serve());
    let asking = spawn_blocking(move || {
        let mut stream = UnixStream::connect(path).expect("it listens");
        stream.write_all(&bytes).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    });
    let answer = timeout(PATIENCE, asking).await.expect("it closes").expect("no panic");
    handle.stop();
    serving.await.expect("no panic").expect("a good end");
    answer
}

#[tokio::test]
async fn requests_that_come_over_no_socket_of_ours_are_judged_alike() {
    let app = App::from_registry(Config::new().app("proxies").trusted_proxies(["10.0.0.0/8"]))
        .expect("it is whole");
    let table =
        [("10.0.0.1:1", "203.0.113.7:0 https h 10.0.0.1"), ("11.0.0.1:1", "11.0.0.1:1 http h 11.0.0.1")];
    for (peer, expected) in table {
        let request = Request::get("/who")
            .header("host", "h")
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-forwarded-proto", "https")
            .peer(peer.parse().expect("an address"));
        let response = app.handle(request).await;
        let body = response.into_bytes(1000).await.expect("it is whole");
        assert_eq!(String::from_utf8_lossy(&body), expected, "{peer}");
    }
}

#[test]
fn what_is_no_network_is_an_error_at_start() {
    let config = Config::new().app("proxies").trusted_proxies(["10.0.0.0/8", "10.0.0.0/33", "proxy.example"]);
    let error = format!("{:?}", App::from_registry(config).expect_err("two are none"));
    assert!(error.contains("trusted_proxies: \"10.0.0.0/33\" is no network"), "{error}");
    assert!(error.contains("trusted_proxies: \"proxy.example\" is no network"), "{error}");
    let fields = |config: Config| config.app("proxies").proxy_fields(["X-Forwarded-For", "X-Real-IP"]);
    let error = format!("{:?}", App::from_registry(fields(Config::new())).expect_err("twice wrong"));
    assert!(error.contains("proxy_fields: nobody is trusted to set them"), "{error}");
    assert!(error.contains("proxy_fields: \"X-Real-IP\" is none of the fields that are read"), "{error}");
    let error = builder().proxy_protocol(true).bind().err().expect("nobody is trusted");
    assert!(
        format!("{error:?}").contains("name the proxies with `server::new().trusted_proxies("),
        "{error:?}"
    );
}

/// A header of version 2 with nothing but this command, family and body.
fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let head = [b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &[0x20 | command, family, 0, body.len() as u8]];
    [&head.concat(), body].concat()
}

/// HAProxy and nginx say so little of clients on Unix sockets, who write what they like into the fields.
#[tokio::test]
async fn a_header_that_names_no_client_makes_nobody_a_trusted_proxy() {
    const LIES: &str = "Forwarded: for=9.9.9.9;proto=https;host=evil.example\r\n";
    const OLD_LIES: &str =
        "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n";
    let addresses = [203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 0xbb];
    let over_tls = [&addresses[..], &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    let table = [
        ("version 1", b"PROXY UNKNOWN\r\n".to_vec()),
        ("version 1 with more", b"PROXY UNKNOWN ::1 ::1 1 1\r\n".to_vec()),
        ("LOCAL", binary(0, 0, b"")),
        ("LOCAL with addresses", binary(0, 0x11, &addresses)),
        ("LOCAL with TLS", binary(0, 0x11, &over_tls)),
        ("LOCAL with a checksum", binary(0, 0, b"\x03\0\x04\0\0\0\0")),
        ("of no family", binary(1, 0, b"")),
        ("of no protocol", binary(1, 0x10, &addresses)),
        ("a datagram", binary(1, 0x12, &addresses)),
        ("a Unix socket", binary(1, 0x31, &[b'/'; 216])),
    ];
    let tcp = Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_protocol(true)).await;
    for (name, header) in &table {
        for fields in [LIES, OLD_LIES, ""] {
            let answer = tcp.send([header, request(fields).as_bytes()].concat()).await;
            let said = body(&answer).split_once(':').map_or("", |(ip, rest)| {
                assert_eq!(ip, "127.0.0.1", "{name}, {fields}");
                rest.split_once(' ').map_or("", |(_, rest)| rest)
            });
            assert_eq!(said, "http own.example 127.0.0.1", "{name}, {fields}");
        }
    }
    tcp.stop().await;
    #[cfg(unix)]
    for (name, header) in &table {
        let proxied = |server: Server| server.trusted_proxies(["unix"]).proxy_protocol(true);
        for fields in [LIES, OLD_LIES] {
            let bytes = [header, request(fields).as_bytes()].concat();
            let answer = over_unix_socket(proxied, bytes).await;
            assert_eq!(body(&answer), "? http own.example ?", "{name}, {fields}");
        }
    }
}

/// A header of version 2 for 203.0.113.7:4711, as HAProxy sends it, with a unique id behind the addresses.
const BINARY: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\xcb\0\x71\x07\x7f\0\0\x01\x12\x67\x1f\x90\x05\0\x04uniq";

#[tokio::test]
async fn a_header_of_the_proxy_protocol_tells_the_client() {
    let server = Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_protocol(true)).await;
    let tls =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14\xcb\0\x71\x07\x7f\0\0\x01\x12\x67\x1f\x90\x20\0\x05\x01\0\0\0\0";
    let table: &[(&[u8], &str, &str)] = &[
        (b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n", "", "203.0.113.7:4711 http own.example 127.0.0.1"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 80\r\n", "", "[2001:db8::7]:4711 http own.example 127.0.0.1"),
        (BINARY, "", "203.0.113.7:4711 http own.example 127.0.0.1"),
        (tls, "", "203.0.113.7:4711 https own.example 127.0.0.1"),
        // The client itself is no trusted proxy, so its fields are its own.
        (
            BINARY,
            "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\n",
            "203.0.113.7:4711 http own.example 127.0.0.1",
        ),
        // A trusted one behind it is.
        (
            b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 80\r\n",
            "X-Forwarded-For: 9.9.9.9\r\n",
            "9.9.9.9:0 http own.example 127.0.0.1",
        ),
    ];
    for (header, fields, expected) in table {
        let answer = server.send([header, request(fields).as_bytes()].concat()).await;
        assert_eq!(body(&answer), *expected, "{:?}", String::from_utf8_lossy(header));
    }
    // What begins otherwise is closed without an answer, and so is half a header.
    for garbage in [
        &b"GET /who HTTP/1.1\r\nHost: h\r\n\r\n"[..],
        b"\x16\x03\x01",
        b"PROXY TCP4 1 2 3 4\r\n",
        &[b'P'; 4096],
    ] {
        assert_eq!(server.send(garbage).await, "", "{:?}", String::from_utf8_lossy(garbage));
    }
    assert!(
        server
            .send(b"PROXY UNKNOWN\r\nGET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            .await
            .contains("200")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_header_of_somebody_else_is_a_bad_request() {
    let server = Running::start(builder().trusted_proxies(["10.0.0.0/8"]).proxy_protocol(true)).await;
    let plain = server.send(request("")).await;
    assert!(body(&plain).ends_with("http own.example 127.0.0.1"), "{plain}");
    for header in [&b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n"[..], BINARY] {
        let answer = server.send([header, request("").as_bytes()].concat()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_header_that_does_not_come_ends_the_connection() {
    let limits = Limits::new().header_timeout(Duration::from_millis(50)).proxy_header(BINARY.len() - 1);
    let server =
        Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_protocol(true).limits(limits)).await;
    for begun in [&b""[..], b"PROXY TCP4", &BINARY[..20]] {
        assert_eq!(server.send(begun).await, "", "{:?}", String::from_utf8_lossy(begun));
    }
    // One byte more than Limits::proxy_header.
    assert_eq!(server.send([BINARY, request("").as_bytes()].concat()).await, "");
    server.stop().await;
    let limits = Limits::new().proxy_header(BINARY.len());
    let server =
        Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_protocol(true).limits(limits)).await;
    assert!(server.send([BINARY, request("").as_bytes()].concat()).await.contains("203.0.113.7"));
    // A connection that waits for its header does not keep the server from stopping.
    let idle = TcpStream::connect(server.address).expect("it listens");
    assert!(server.send([BINARY, request("").as_bytes()].concat()).await.contains("203.0.113.7"));
    server.stop().await;
    drop(idle);
}

#[tokio::test]
async fn clients_of_a_proxy_are_counted_one_by_one() {
    let limits = Limits::new().connections_per_address(1);
    let open = |address: SocketAddr, header: &'static str| {
        let asking = spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).expect("it listens");
            stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
            stream.write_all(header.as_bytes()).expect("it reads");
            stream.write_all(b"GET /who HTTP/1.1\r\nHost: h\r\n\r\n").expect("it reads");
            let mut status = [0; 12];
            stream.read_exact(&mut status).expect("an answer");
            (String::from_utf8_lossy(&status).into_owned(), stream)
        });
        async { timeout(PATIENCE, asking).await.expect("it answers").expect("no panic") }
    };
    let (one, other) = ("PROXY TCP4 1.1.1.1 2.2.2.2 1 1\r\n", "PROXY TCP4 3.3.3.3 2.2.2.2 1 1\r\n");
    let server =
        Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_protocol(true).limits(limits.clone()))
            .await;
    let (first, _first) = open(server.address, one).await;
    let (second, _second) = open(server.address, other).await;
    let (third, _third) = open(server.address, one).await;
    assert_eq!((&*first, &*second, &*third), ("HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 503"));
    drop(_first);
    // It is counted out when the server has seen that it is gone.
    let begin = Instant::now();
    while open(server.address, one).await.0 != "HTTP/1.1 200" {
        assert!(begin.elapsed() < PATIENCE, "its place is free");
    }
    server.stop().await;
    // A trusted proxy is no address to be counted, any other peer is.
    for (trusted, expected) in [("127.0.0.1", "HTTP/1.1 200"), ("10.0.0.1", "HTTP/1.1 503")] {
        let server = Running::start(builder().trusted_proxies([trusted]).limits(limits.clone())).await;
        let (first, _first) = open(server.address, "").await;
        let (second, _second) = open(server.address, "").await;
        assert_eq!((&*first, &*second), ("HTTP/1.1 200", expected));
        server.stop().await;
    }
}

/// A proxy of others in front of a server, with a folder of its own.
struct Proxy {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Proxy {
    /// Starts it with a configuration, in which `{folder}` and `{port}` stand for what it gets.
    fn start(program: &str, arguments: &[&str], configuration: &str) -> Proxy {
        let folder = std::env::temp_dir().join(format!("vernal-{program}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a writable folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let shown = folder.display().to_string();
        let configuration =
            configuration.replace("{folder}", &shown).replace("{port}", &address.port().to_string());
        let file = folder.join("configuration");
        fs::write(&file, configuration).expect("a writable folder");
        let program = installed::program(program);
        let child = Command::new(&program)
            .args(arguments)
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} is not there ({error}): .ci/run installs it"));
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begin.elapsed() < PATIENCE, "{program} listens");
            std::thread::yield_now();
        }
        Proxy { child, folder, address }
    }

    /// What a client gets that sends fields of its own.
    async fn ask(&self, fields: &str) -> String {
        let (address, request) = (self.address, request(fields));
        let asking = spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).expect("it listens");
            let own = stream.local_addr().expect("it is bound").to_string();
            stream.write_all(request.as_bytes()).expect("it reads");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            body(&answer).trim_end_matches("\r\n0\r\n\r\n").replace(&own, "client")
        });
        timeout(PATIENCE, asking).await.expect("it answers").expect("no panic")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn haproxy_tells_the_client_in_both_versions() {
    let server = Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_protocol(true)).await;
    for version in ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c"] {
        let configuration = format!(
            "defaults\n mode tcp\n timeout connect 30s\n timeout client 30s\n timeout server 30s\n\
             frontend in\n bind 127.0.0.1:{{port}}\n unique-id-format %rt\n default_backend out\n\
             backend out\n server one {} {version}\n",
            server.address
        );
        let proxy = Proxy::start("haproxy", &["-db", "-f"], &configuration);
        // HAProxy sends the client's address, which is the same host's here, so that the port is what tells.
        let said = proxy.ask("").await;
        assert_eq!(said, "client http own.example 127.0.0.1", "{version}");
    }
    server.stop().await;
}

#[tokio::test]
async fn nginx_adds_to_what_its_client_sends() {
    let fields = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];
    let server = Running::start(builder().trusted_proxies(["127.0.0.1"]).proxy_fields(fields)).await;
    let configuration = format!(
        "daemon off; master_process off; pid {{folder}}/pid; error_log stderr error;\n\
         events {{}}\n\
         http {{ access_log off;\n\
           client_body_temp_path {{folder}}; proxy_temp_path {{folder}}; fastcgi_temp_path {{folder}};\n\
           uwsgi_temp_path {{folder}}; scgi_temp_path {{folder}};\n\
           server {{ listen 127.0.0.1:{{port}};\n\
             location / {{ proxy_pass http://{};\n\
               proxy_set_header X-Forwarded-For \"$proxy_add_x_forwarded_for, 198.51.100.9, 127.0.0.1\";\n\
               proxy_set_header X-Forwarded-Proto https;\n\
               proxy_set_header X-Forwarded-Host $host; }} }} }}\n",
        server.address
    );
    let proxy = Proxy::start("nginx", &["-c"], &configuration);
    let forged =
        "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Host: evil.example\r\n";
    for fields in ["", forged] {
        assert_eq!(proxy.ask(fields).await, "198.51.100.9:0 https own.example 127.0.0.1", "{fields}");
    }
    server.stop().await;
}
