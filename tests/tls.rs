//! HTTPS over real sockets, with clients that others wrote: rustls, curl and openssl.

mod authority;

use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rcgen::KeyPair;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{DEFAULT_VERSIONS, ProtocolVersion};
use vernal::security::{Csrf, CsrfToken, SecurityHeaders};
use vernal::tls::{ClientCertificate, Tls, TlsVersion};
use vernal::{ConnectionInfo, Limits, Request, Result, Session, Text, request_map};

use crate::authority::{Authority, PATIENCE, Running, TLS_12, TLS_13, Time, builder, connect, get, keep};

#[request_map("/", app = "tls")]
fn index(req: &Request, info: ConnectionInfo) -> String {
    format!("{} {} {}", req.is_secure(), info.is_secure(), req.peer().is_some())
}

#[request_map("/whoami", app = "tls")]
fn whoami(peer: ClientCertificate) -> String {
    format!(
        "{}|{}|{}|{}|{}",
        peer.subject(),
        peer.common_name().unwrap_or_default(),
        peer.names().join(","),
        peer.chain().count(),
        peer.fingerprint()
    )
}

#[request_map("/guest", app = "tls")]
fn guest(peer: Option<ClientCertificate>) -> String {
    peer.map_or_else(|| "a guest".to_owned(), |peer| format!("{} of {}", peer.subject(), peer.issuer()))
}

#[request_map("/large", app = "tls")]
fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|at| (at % 251) as u8).collect()
}

#[request_map("/echo", app = "tls", method = "POST", limits = Limits::new().body_size(8 << 20))]
fn echo(body: Text<&str>) -> String {
    body.to_string()
}

async fn start(authority: &Authority, change: impl FnOnce(Tls) -> Tls) -> Running {
    let (cert, key) = authority.write("server");
    let tls = change(Tls::from_pem(cert, key).expect("a certificate"));
    Running::start(builder("tls").tls(tls)).await
}

async fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output());
    timeout(PATIENCE, output).await.expect("it ends").expect("no panic").expect("it is installed")
}

async fn curl(authority: &Authority, arguments: &[&str]) -> (String, bool) {
    let ca = authority.ca();
    let mut all = vec!["--silent", "--show-error", "--cacert", ca.to_str().expect("a path")];
    all.extend(arguments);
    let output = run("curl", &all).await;
    (
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        output.status.success(),
    )
}

/// What `openssl s_client` says.
async fn openssl(address: SocketAddr, arguments: &[&str]) -> String {
    let address = address.to_string();
    let mut all = vec!["s_client", "-connect", &address];
    all.extend(arguments);
    let output = run("openssl", &all).await;
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn curl_is_served() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    let url = format!("https://localhost:{}", running.address.port());
    let resolve = format!("localhost:{}:127.0.0.1", running.address.port());
    for version in [&["--tlsv1.3"][..], &["--tlsv1.2", "--tls-max", "1.2"], &["--http1.0"], &["--http2"]] {
        let arguments = [&["--resolve", &resolve, &url][..], version].concat();
        assert_eq!(curl(&authority, &arguments).await, ("true true true".to_owned(), true), "{version:?}");
    }
    let body = "tea ".repeat(1_000_000);
    let file = authority.write_text("body", &body);
    let file = format!("@{}", file.display());
    let arguments = ["--resolve", &resolve, &format!("{url}/echo"), "-H", "content-type: text/plain"];
    let (answer, _) = curl(&authority, &[&arguments[..], &["--data-binary", &file]].concat()).await;
    assert!(answer == body, "{} bytes came back", answer.len());
}

#[request_map("/session", app = "tls")]
async fn session(session: Session, token: CsrfToken) -> Result<String> {
    session.set("n", 1)?;
    Ok(token.text().to_owned())
}

#[tokio::test]
async fn cookies_are_for_tls_alone_and_browsers_are_told_to_stay() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate");
    let server = builder("tls").tls(tls).filter("/**", SecurityHeaders::new());
    let running = Running::start(server.filter("/**", Csrf::new().tokens())).await;
    let port = running.address.port();
    let (url, resolve) = (format!("https://localhost:{port}/session"), format!("localhost:{port}:127.0.0.1"));
    let (answer, _) = curl(&authority, &["-i", "--resolve", &resolve, &url]).await;
    let fields: Vec<_> = answer.lines().filter_map(|line| line.split_once(": ")).collect();
    let cookies: Vec<_> =
        fields.iter().filter(|(name, _)| *name == "set-cookie").map(|(_, value)| *value).collect();
    assert_eq!(cookies.len(), 2, "{answer}");
    for cookie in cookies {
        assert!(cookie.split("; ").any(|attribute| attribute == "Secure"), "{answer}");
    }
    assert!(answer.contains("set-cookie: __Host-csrf="), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
}

#[tokio::test]
async fn large_answers_and_many_requests_come_whole() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    for versions in [TLS_12, TLS_13] {
        let mut stream =
            connect(running.address, "localhost", authority.client(versions, None)).await.expect("TLS");
        for _ in 0..3 {
            keep(&mut stream, "/", "\r\n\r\ntrue true true").await;
        }
        // Two at once, the second the last.
        let two =
            "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        stream.write_all(two.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("all of it").expect("a goodbye");
        assert!(answer.ends_with(&large()), "{} bytes", answer.len());
    }
}

static WAITING: Notify = Notify::const_new();
static DROPPED: Notify = Notify::const_new();

#[request_map("/waits", app = "tls")]
async fn waits() {
    struct Dropped;
    impl Drop for Dropped {
        fn drop(&mut self) {
            DROPPED.notify_one();
        }
    }
    let _dropped = Dropped;
    WAITING.notify_one();
    std::future::pending::<()>().await;
}

/// With the alert of its goodbye seen, the socket beneath is still looked at.
#[tokio::test]
async fn a_peer_that_says_goodbye_and_resets_takes_its_handler_with_it() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    for says_goodbye in [true, false] {
        let mut stream =
            connect(running.address, "localhost", authority.plain_client()).await.expect("a handshake");
        stream.write_all(b"GET /waits HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
        WAITING.notified().await;
        if says_goodbye {
            stream.shutdown().await.expect("our side ends");
        }
        let (socket, _) = stream.into_inner();
        // With this a socket is reset when it is closed.
        socket.set_zero_linger().expect("a socket");
        drop(socket);
        timeout(PATIENCE, DROPPED.notified()).await.expect("the handler is dropped");
    }
}

#[tokio::test]
async fn versions_are_those_that_were_set() {
    use TlsVersion::{Tls12, Tls13};
    let authority = Authority::new();
    let table = [
        (Tls12, Tls13, TLS_12, Some(ProtocolVersion::TLSv1_2)),
        (Tls12, Tls13, TLS_13, Some(ProtocolVersion::TLSv1_3)),
        (Tls12, Tls13, DEFAULT_VERSIONS, Some(ProtocolVersion::TLSv1_3)),
        (Tls12, Tls12, TLS_12, Some(ProtocolVersion::TLSv1_2)),
        (Tls12, Tls12, TLS_13, None),
        (Tls13, Tls13, TLS_12, None),
        (Tls13, Tls13, TLS_13, Some(ProtocolVersion::TLSv1_3)),
    ];
    for (oldest, newest, versions, expected) in table {
        let running = start(&authority, |tls| tls.min_version(oldest).max_version(newest)).await;
        let spoken = connect(running.address, "localhost", authority.client(versions, None)).await;
        let spoken = spoken.ok().and_then(|stream| stream.get_ref().1.protocol_version());
        assert_eq!(spoken, expected, "{oldest:?} to {newest:?}, {versions:?}");
        // The same by the words of another library.
        for (flag, wanted, its) in [("-tls1_2", "TLSv1.2", TLS_12), ("-tls1_3", "TLSv1.3", TLS_13)] {
            let said = openssl(running.address, &[flag, "-brief"]).await;
            let is_spoken = said.contains(&format!("Protocol version: {wanted}"));
            let is_set = its[0].version == ProtocolVersion::TLSv1_2 && oldest == Tls12
                || its[0].version == ProtocolVersion::TLSv1_3 && newest == Tls13;
            assert_eq!(is_spoken, is_set, "{flag} at {oldest:?} to {newest:?}: {said}");
        }
    }
}

const HAS_HTTP_2: bool = cfg!(feature = "http2");

#[tokio::test]
async fn versions_are_agreed_on_by_name() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    let table = [
        ("http/1.1", "ALPN protocol: http/1.1"),
        ("http/1.1,h2", if HAS_HTTP_2 { "ALPN protocol: h2" } else { "ALPN protocol: http/1.1" }),
        ("http/1.0", "ALPN protocol: http/1.0"),
        ("h2", if HAS_HTTP_2 { "ALPN protocol: h2" } else { "no application protocol" }),
        ("h3", "no application protocol"),
    ];
    for (offered, expected) in table {
        let said = openssl(running.address, &["-alpn", offered]).await;
        assert!(said.contains(expected), "{offered}: {said}");
    }
    let said = openssl(running.address, &[]).await;
    assert!(said.contains("No ALPN negotiated") && said.contains("Cipher is TLS_"), "{said}");
}

/// RFC 9113, section 3.2.
#[tokio::test]
async fn nothing_else_is_spoken_than_was_agreed_on() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    let table: [(&[&str], bool); 5] = [
        (&["h2"], HAS_HTTP_2),
        (&["http/1.1", "h2"], HAS_HTTP_2),
        (&["http/1.1"], false),
        (&["http/1.0"], false),
        (&[], false),
    ];
    for (offered, is_http_2) in
        table.into_iter().filter(|(offered, _)| HAS_HTTP_2 || !offered.contains(&"h2"))
    {
        let mut config = (*authority.plain_client()).clone();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut stream = connect(running.address, "localhost", Arc::new(config)).await.expect("TLS");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("open");
        let mut first = [0; 13];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.expect("in time").expect("an answer");
        let is_settings = first[3] == 4;
        let is_refused = first.starts_with(b"HTTP/1.1 505 ");
        assert_eq!((is_settings, is_refused), (is_http_2, !is_http_2), "{offered:?}: {first:?}");
    }
}

#[tokio::test]
async fn sessions_are_resumed() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    for versions in [TLS_12, TLS_13] {
        let config = authority.client(versions, None);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = connect(running.address, "localhost", Arc::clone(&config)).await.expect("TLS");
            get(&mut stream, "/").await.expect("an answer");
            kinds.push(format!("{:?}", stream.get_ref().1.handshake_kind()));
        }
        assert_eq!(kinds, ["Some(Full)", "Some(Resumed)"], "{versions:?}");
    }
}

#[tokio::test]
async fn clients_get_the_certificate_of_the_name_they_ask_for() {
    let authority = Authority::new();
    let mut tls =
        Tls::from_pem(authority.write("default").0, authority.path("default.key")).expect("a default");
    let names = ["one.example", "*.wild.example", "deep.wild.example"];
    for name in names {
        let signed = authority.sign(name, &[name], Time::Now);
        // Bytes instead of files.
        tls = tls
            .certificate_for(name, signed.chain.as_bytes(), signed.key.into_bytes())
            .expect("a certificate");
    }
    let running = Running::start(builder("tls").tls(tls)).await;
    let table = [
        ("one.example", "one.example"),
        ("ONE.example", "one.example"),
        ("a.wild.example", "*.wild.example"),
        ("deep.wild.example", "deep.wild.example"),
        ("a.b.wild.example", "default"),
        ("wild.example", "default"),
        ("other.example", "default"),
        ("", "default"),
    ];
    for (asked, expected) in table {
        let name = if asked.is_empty() { &["-noservername"][..] } else { &["-servername", asked] };
        let said = openssl(running.address, name).await;
        assert!(said.contains(&format!("subject=CN = {expected}, O = Tea")), "{asked}: {said}");
    }
}

#[tokio::test]
async fn peers_show_who_they_are() {
    let authority = Authority::new();
    let stranger = Authority::new().sign("stranger", &["localhost"], Time::Now);
    let ann = authority.sign("ann", &["ann.example"], Time::Now);
    let late = authority.sign("late", &["late.example"], Time::Past);
    let fingerprint = fingerprint_by_openssl(&authority.write_text("ann.pem", &ann.chain)).await;
    let whoami = format!("O=Tea,CN=ann|ann|ann.example,spiffe://tea/pot|2|{fingerprint}");
    let table = [
        (true, Some(&ann), "/whoami", Some((200, &*whoami))),
        (true, Some(&ann), "/guest", Some((200, "O=Tea,CN=ann of CN=Tea Authority"))),
        (true, None, "/guest", None),
        (true, Some(&stranger), "/guest", None),
        (true, Some(&late), "/guest", None),
        (false, Some(&ann), "/whoami", Some((200, &*whoami))),
        (false, None, "/guest", Some((200, "a guest"))),
        (false, None, "/whoami", Some((403, "client certificate"))),
        (false, Some(&stranger), "/guest", None),
    ];
    for (is_required, own, path, expected) in table {
        let running = start(&authority, |tls| {
            let tls = match is_required {
                true => tls.require_client_certificate(authority.ca()),
                false => tls.accept_client_certificate(authority.ca()),
            };
            tls.expect("an authority")
        })
        .await;
        for versions in [TLS_12, TLS_13] {
            let case = format!("required {is_required}, has one {}, {path}, {versions:?}", own.is_some());
            let client = authority.client(versions, own);
            // Twice: the second time the session is resumed.
            for _ in 0..2 {
                let answer = match connect(running.address, "localhost", Arc::clone(&client)).await {
                    // With TLS 1.3 a client learns of it with its first read.
                    Ok(mut stream) => get(&mut stream, path).await.ok().filter(|answer| !answer.is_empty()),
                    Err(_) => None,
                };
                match (&answer, expected) {
                    (None, None) => {}
                    (Some(answer), Some((status, text))) => {
                        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{case}: {answer}");
                        assert!(answer.contains(text), "{case}: {answer}");
                    }
                    _ => panic!("{case}: {answer:?}"),
                }
            }
        }
    }
    // What one peer has shown is not left for the next.
    let running =
        start(&authority, |tls| tls.accept_client_certificate(authority.ca()).expect("an authority")).await;
    for (own, expected) in [(Some(&ann), "ann"), (None, "a guest"), (Some(&ann), "ann"), (None, "a guest")] {
        let mut stream =
            connect(running.address, "localhost", authority.client(TLS_13, own)).await.expect("TLS");
        let answer = get(&mut stream, "/guest").await.expect("an answer");
        assert!(answer.contains(expected), "{answer}");
    }
}

async fn fingerprint_by_openssl(path: &Path) -> String {
    let path = path.to_str().expect("a path");
    let output = run("openssl", &["x509", "-in", path, "-noout", "-fingerprint", "-sha256"]).await;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_ascii_lowercase();
    text.rsplit_once('=').expect("a fingerprint").1.replace(':', "")
}

#[tokio::test]
async fn a_server_has_a_configuration_of_its_own() {
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
    let key = KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = certificate.self_signed(&key).expect("a certificate");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(TLS_12)
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("a certificate");
    let running = Running::start(builder("tls").tls(Tls::from_config(Arc::new(config)))).await;
    let said = openssl(running.address, &["-brief"]).await;
    assert!(said.contains("Protocol version: TLSv1.2"), "{said}");
}

/// A peer that reads nothing before it has sent everything gets the answer: over TLS, and where it should have spoken TLS.
#[tokio::test]
async fn an_early_answer_arrives() {
    const MUCH: usize = 30 << 20;
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    let head = format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MUCH}\r\n\r\n");
    let request = [head.as_bytes(), &vec![b'b'; MUCH]].concat();
    let mut plain = TcpStream::connect(running.address).await.expect("it listens");
    plain.write_all(&request).await.expect("it takes what is sent");
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.expect("no reset");
    assert!(answer.contains("This port speaks HTTPS"), "{answer}");
    for versions in [TLS_12, TLS_13] {
        let config = authority.client(versions, None);
        let mut stream = connect(running.address, "localhost", config).await.expect("a handshake");
        stream.write_all(&request).await.expect("it takes what is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("no reset");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

#[tokio::test]
async fn what_is_not_tls_is_told_and_the_server_goes_on() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    let told = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 65\r\n\
        connection: close\r\n\r\nThis port speaks HTTPS: write `https://` in place of `http://`.\r\n";
    let garbage: Vec<u8> = (0..1000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let table: &[(&str, &[u8], &[u8])] = &[
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", told.as_bytes()),
        (
            "a large request",
            &[b"POST / HTTP/1.1\r\nContent-Length: 30000\r\n\r\n", &[b'x'; 30_000][..]].concat(),
            told.as_bytes(),
        ),
        ("one letter", b"G", told.as_bytes()),
        ("garbage", &garbage, b"\x15\x03"),
        ("zeros", &[0; 1000], b"\x15\x03"),
        ("a record that is too long", b"\x16\x03\x01\xff\xff\x01", b"\x15\x03"),
        ("a record without a hello", b"\x16\x03\x01\x00\x04\x63\x00\x00\x00", b"\x15\x03"),
        ("an end in the hello", b"\x16\x03\x01\x02\x00\x01\x00", b""),
        ("nothing", b"", b""),
    ];
    for (name, bytes, expected) in table {
        let mut stream = TcpStream::connect(running.address).await.expect("it listens");
        stream.write_all(bytes).await.expect("it reads");
        stream.shutdown().await.expect("our side ends");
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it closes");
        read.expect("it closes without a reset");
        assert!(answer.starts_with(expected), "{name}: {:?}", String::from_utf8_lossy(&answer));
        assert!(expected.len() <= 2 || answer == *expected, "{name}: {:?}", String::from_utf8_lossy(&answer));
        let mut stream =
            connect(running.address, "localhost", authority.plain_client()).await.expect("it goes on");
        assert!(get(&mut stream, "/").await.expect("an answer").ends_with("true true true"), "{name}");
    }
    let (said, _) = curl(&authority, &[&format!("http://{}/", running.address)]).await;
    assert!(said.contains("This port speaks HTTPS"), "{said}");
}

/// Sends one byte at a time.
struct Trickling(TcpStream);

impl AsyncRead for Trickling {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Trickling {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let one = bytes.get(..1).unwrap_or_default();
        Pin::new(&mut self.0).poll_write(cx, one)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[test]
fn a_port_to_redirect_from_that_is_taken_is_said_to_be_that() {
    let taken = StdListener::bind("127.0.0.1:0").expect("a port");
    let from = taken.local_addr().expect("an address").port();
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate").redirect_http(from);
    let error = builder("tls").port(0).tls(tls).bind().err().expect("it is taken").to_string();
    let expected = "the port is taken: it is the one that redirects to HTTPS, so choose another one by `Tls::redirect_http`";
    assert!(error.contains(expected), "{error}");
}

#[tokio::test]
async fn a_server_on_threads_of_its_own_has_both_ports() {
    let authority = Authority::new();
    let free = || StdListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let (to, from) = (free(), free());
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate").redirect_http(from.port());
    // It ends with the process.
    std::thread::spawn(move || builder("tls").port(to.port()).threads(2).tls(tls).start());
    let connecting = async {
        loop {
            match connect(to, "localhost", authority.plain_client()).await {
                Ok(stream) => return stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let mut stream = timeout(PATIENCE, connecting).await.expect("it starts");
    assert!(get(&mut stream, "/").await.expect("an answer").ends_with("true true true"));
    let mut stream = TcpStream::connect(from).await.expect("it listens");
    stream
        .write_all(b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .expect("it reads");
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it closes").expect("an answer");
    assert!(answer.contains(&format!("location: https://localhost:{}/a\r\n", to.port())), "{answer}");
}

#[tokio::test]
async fn a_handshake_may_come_byte_by_byte() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    for versions in [TLS_12, TLS_13] {
        let stream = TcpStream::connect(running.address).await.expect("it listens");
        stream.set_nodelay(true).expect("bytes go at once");
        let connector = TlsConnector::from(authority.client(versions, None));
        let name = ServerName::try_from("localhost").expect("a name");
        let connected = timeout(PATIENCE, connector.connect(name, Trickling(stream))).await;
        let mut stream = connected.expect("it goes on").expect("TLS");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.expect("it reads");
        stream.flush().await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer and a goodbye");
        assert!(answer.ends_with("true true true"), "{answer}");
    }
}

#[tokio::test]
async fn half_a_handshake_is_cut_when_its_time_is_over() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate");
    let limits = Limits::new().handshake_timeout(Duration::from_millis(200));
    let running = Running::start(builder("tls").tls(tls).limits(limits)).await;
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"\x16"] {
        let mut stream = TcpStream::connect(running.address).await.expect("it listens");
        stream.write_all(bytes).await.expect("it reads");
        let mut answer = Vec::new();
        // Closed or reset, without a word.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is cut");
        assert!(answer.is_empty(), "{answer:?}");
    }
    let mut stream =
        connect(running.address, "localhost", authority.plain_client()).await.expect("it goes on");
    get(&mut stream, "/").await.expect("an answer");
}

#[tokio::test]
async fn those_over_a_limit_are_closed_before_their_handshake() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate");
    let running = Running::start(builder("tls").tls(tls).limits(Limits::new().connections(1))).await;
    let silent = TcpStream::connect(running.address).await.expect("it listens");
    // Accepted after the first, which counts although it has said nothing.
    let mut second = TcpStream::connect(running.address).await.expect("it listens");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, second.read_to_end(&mut answer)).await.expect("it is closed");
    assert!(answer.is_empty(), "no words that are not TLS: {answer:?}");
    drop(silent);
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye() {
    let authority = Authority::new();
    for versions in [TLS_12, TLS_13] {
        let running = start(&authority, |tls| tls).await;
        let mut idle =
            connect(running.address, "localhost", authority.client(versions, None)).await.expect("TLS");
        keep(&mut idle, "/", "\r\n\r\ntrue true true").await;
        let mut silent = TcpStream::connect(running.address).await.expect("it listens");
        running.handle.stop();
        // An end without an alert would be an error.
        let count = timeout(PATIENCE, idle.read(&mut [0; 8])).await.expect("it closes");
        assert_eq!(count.expect("with an alert"), 0, "{versions:?}");
        let _ = timeout(PATIENCE, silent.read(&mut [0; 8])).await.expect("it closes");
        running.stopped().await;
    }
}

#[tokio::test]
async fn a_handshake_that_has_begun_is_finished_by_a_server_that_stops() {
    let authority = Authority::new();
    let running = start(&authority, |tls| tls).await;
    let server = TcpStream::connect(running.address).await.expect("it listens");
    let (ours, between) = tokio::io::duplex(64 << 10);
    let handle = running.handle.clone();
    let relay = tokio::spawn(async move {
        let (mut from_server, mut to_server) = server.into_split();
        let (mut from_client, mut to_client) = tokio::io::split(between);
        let mut first = [0; 20];
        from_client.read_exact(&mut first).await.expect("the beginning of a hello");
        to_server.write_all(&first).await.expect("it reads");
        handle.stop();
        let there = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        there.abort();
    });
    let name = ServerName::try_from("localhost").expect("a name");
    let connecting = TlsConnector::from(authority.plain_client()).connect(name, ours);
    let mut stream = timeout(PATIENCE, connecting).await.expect("it goes on").expect("TLS");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.expect("it reads");
    stream.flush().await.expect("it reads");
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it answers").expect("a goodbye");
    assert!(answer.contains("connection: close") && answer.ends_with("true true true"), "{answer}");
    drop(stream);
    relay.await.expect("no panic");
    running.stopped().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_with_a_goodbye() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate");
    let limits = Limits::new().idle_time(Duration::from_millis(100));
    let running = Running::start(builder("tls").tls(tls).limits(limits)).await;
    let mut stream = connect(running.address, "localhost", authority.plain_client()).await.expect("TLS");
    keep(&mut stream, "/", "\r\n\r\ntrue true true").await;
    let count = timeout(PATIENCE, stream.read(&mut [0; 8])).await.expect("it closes");
    assert_eq!(count.expect("with an alert"), 0);
}

#[tokio::test]
async fn a_second_port_sends_everybody_to_the_first() {
    let authority = Authority::new();
    let from = StdListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let running = start(&authority, |tls| tls.redirect_http(from)).await;
    let to = running.address.port();
    let location = |path: &str| Some(format!("https://localhost:{to}{path}"));
    let table = [
        ("GET / HTTP/1.1\r\nHost: localhost", 308, location("/")),
        ("GET /a%20b/c?x=1&y=%2F HTTP/1.1\r\nHost: localhost:80", 308, location("/a%20b/c?x=1&y=%2F")),
        ("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", 308, location("/echo")),
        ("HEAD /? HTTP/1.1\r\nHost: localhost", 308, location("/?")),
        ("GET http://localhost/p?q HTTP/1.1\r\nHost: other", 308, location("/p?q")),
        ("GET //evil.example/ HTTP/1.1\r\nHost: localhost", 308, location("//evil.example/")),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost", 308, location("/")),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1", 308, Some(format!("https://127.0.0.1:{to}/"))),
        ("GET / HTTP/1.1\r\nHost: evil.example", 421, None),
        ("GET / HTTP/1.1\r\nHost: [::1]", 421, None),
        ("GET / HTTP/1.0", 400, None),
        ("GET / HTTP/1.1\r\nHost: a/b", 400, None),
    ];
    for (head, status, expected) in table {
        let mut stream = TcpStream::connect(("127.0.0.1", from)).await.expect("it listens");
        stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it closes").expect("an answer");
        let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        assert_eq!(location, expected.as_deref(), "{head}");
    }
    // A client follows, with its body.
    let resolve = [format!("localhost:{from}:127.0.0.1"), format!("localhost:{to}:127.0.0.1")];
    let url = format!("http://localhost:{from}/echo");
    let arguments = [
        "--resolve",
        &resolve[0],
        "--resolve",
        &resolve[1],
        "-L",
        &url,
        "-d",
        "tea",
        "-H",
        "content-type: text/plain",
    ];
    assert_eq!(curl(&authority, &arguments).await, ("tea".to_owned(), true));
    running.handle.stop();
    running.stopped().await;
    assert!(
        TcpStream::connect(("127.0.0.1", from)).await.is_err(),
        "the second port is closed with the first"
    );
}
