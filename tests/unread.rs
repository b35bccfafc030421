//! Answers that nobody reads: when a connection is given up, what the peer sees of it, and what the system keeps.

mod authority;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::{Instant, sleep, timeout};
use vernal::test::Client;
use vernal::tls::Tls;
use vernal::websocket::{WebSocket, WebSocketConfig};
use vernal::{Body, Limits, Response, Result, request_map, server, websocket_handler};

use crate::authority::{Authority, PATIENCE, Running, TLS_13, builder};

static ZEROS: [u8; 16 << 20] = [0; 16 << 20];

#[request_map("/bytes", app = "unread")]
fn bytes() -> Bytes {
    Bytes::from_static(&ZEROS)
}

#[request_map("/some", app = "unread")]
fn some() -> Bytes {
    Bytes::from_static(&ZEROS[..256 << 10])
}

#[request_map("/stream", app = "unread")]
fn endless() -> Body {
    Body::stream(stream::repeat(()).map(|()| Ok::<_, std::io::Error>(&ZEROS[..64 << 10])))
}

#[request_map("/written", app = "unread")]
async fn written(res: &mut Response) -> Result {
    loop {
        res.write_bytes(&ZEROS[..64 << 10]).await?;
    }
}

#[websocket_handler("/ws", app = "unread", config = WebSocketConfig::new().write_timeout(PAUSE))]
async fn session(ws: WebSocket) -> Result {
    loop {
        ws.send(&ZEROS[..64 << 10]).await?;
    }
}

/// Short, since these are real.
const PAUSE: Duration = Duration::from_millis(200);

fn limits() -> Limits {
    Limits::new().write_timeout(PAUSE).idle_time(PAUSE)
}

fn ask(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Waits until the server has given the connection up.
async fn given_up(stream: &TcpStream, name: &str) {
    timeout(PATIENCE, stream.ready(Interest::ERROR)).await.expect(name).expect("a socket");
}

/// The state in which the system still has the server's end of a connection, as `/proc/net/tcp` says it.
fn state_of(server: SocketAddr, client: SocketAddr) -> Option<String> {
    let shown = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("a table of connections");
    let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut ours =
        fields.filter(|fields| fields.len() > 3 && fields[1] == shown(server) && fields[2] == shown(client));
    ours.next().map(|fields| fields[3].to_owned())
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_reset_and_nothing_is_kept() {
    let running = Running::start(builder("unread").limits(limits())).await;
    let table = [
        ("/bytes", ""),
        ("/stream", ""),
        ("/written", ""),
        ("/bytes", "Connection: close\r\n"),
        ("/ws", UPGRADE),
    ];
    for (path, fields) in table {
        let mut client = TcpStream::connect(running.address).await.expect("a server");
        client.write_all(ask(path, fields).as_bytes()).await.expect("it reads");
        given_up(&client, path).await;
        let address = client.local_addr().expect("an address");
        assert_eq!(state_of(running.address, address), None, "{path}: its queue is gone too");
        let error = tokio::io::copy(&mut client, &mut tokio::io::sink()).await.expect_err(path);
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{path}");
    }
    running.handle.stop();
    running.stopped().await;
}

#[tokio::test]
async fn the_same_over_tls() {
    let authority = Authority::new();
    let (cert, key) = authority.write("server");
    let tls = Tls::from_pem(cert, key).expect("a certificate");
    let running = Running::start(builder("unread").limits(limits()).tls(tls)).await;
    for (path, fields) in [("/bytes", ""), ("/stream", ""), ("/written", ""), ("/ws", UPGRADE)] {
        let config = authority.client(TLS_13, None);
        let mut client = authority::connect(running.address, "localhost", config).await.expect("a session");
        client.write_all(ask(path, fields).as_bytes()).await.expect("it reads");
        client.flush().await.expect("it reads");
        given_up(client.get_ref().0, path).await;
        let address = client.get_ref().0.local_addr().expect("an address");
        assert_eq!(state_of(running.address, address), None, "{path}: its queue is gone too");
    }
    running.handle.stop();
    running.stopped().await;
}

/// What is written there lies with the peer, so that there is nothing to reset; but the connection is over.
#[tokio::test]
async fn a_unix_socket_is_closed() {
    let folder = std::env::temp_dir().join(format!("vernal-unread-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("socket");
    let server = server::new().app("unread").handle_signals(false).limits(limits());
    let bound = server.listen(format!("unix:{}", path.display())).bind().expect("it binds");
    let handle = bound.handle();
    let serving = tokio::spawn(bound.serve());
    handle.ready().await;
    let mut client = UnixStream::connect(&path).await.expect("a server");
    client.write_all(ask("/bytes", "").as_bytes()).await.expect("it reads");
    let ended = async {
        while !client.ready(Interest::READABLE | Interest::ERROR).await.expect("a socket").is_read_closed() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.expect("it is given up");
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest).await;
    assert!(rest.len() < ZEROS.len(), "{}", rest.len());
    handle.stop();
    timeout(PATIENCE, serving).await.expect("none is left").expect("no panic").expect("a good end");
    std::fs::remove_dir_all(folder).expect("a folder of ours");
}

/// An answer that the system took at once is no reason to keep it for minutes after the connection was closed behind it.
#[tokio::test]
async fn what_waits_behind_a_close_is_kept_no_longer() {
    let running = Running::start(builder("unread").limits(limits())).await;
    for fields in ["", "Connection: close\r\n"] {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4 << 10).expect("a small one");
        let mut client = socket.connect(running.address).await.expect("a server");
        client.write_all(ask("/some", fields).as_bytes()).await.expect("it reads");
        let address = client.local_addr().expect("an address");
        let start = Instant::now();
        while let Some(state) = state_of(running.address, address) {
            assert!(start.elapsed() < PATIENCE, "{fields:?}: state {state}");
            sleep(PAUSE / 10).await;
        }
    }
    running.handle.stop();
    running.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_too_slowly_is_cut() {
    let hour = Duration::from_secs(3600);
    let second = Duration::from_secs(1);
    // Bytes that are taken at a time, how often, the least rate, and whether the connection lasts that hour.
    let table = [
        ("a trickle", 32, 5, 256, false),
        ("too little", 1200, 5, 256, false),
        ("just enough", 1280, 5, 256, true),
        ("a trickle that is allowed", 32, 5, 6, true),
        ("seldom, but within the time", 8192, 29, 256, true),
        ("too seldom", 1 << 20, 31, 256, false),
    ];
    for path in ["/bytes", "/stream", "/written"] {
        for (name, size, pause, rate, is_kept) in table {
            let client = Client::builder().app("unread").limits(Limits::new().answer_rate(rate)).build();
            let mut peer = client.connect();
            peer.write_all(ask(path, "").as_bytes()).await.expect("it reads");
            let start = Instant::now();
            let mut piece = vec![0; size];
            let mut is_open = true;
            while is_open && start.elapsed() < hour {
                sleep(pause * second).await;
                let (mut filled, mut count) = (0, 1);
                while count > 0 && filled < size && filled < 60_000 {
                    count = peer.read(&mut piece[filled..]).await.unwrap_or(0);
                    filled += count;
                }
                // What the pipe held when the server gave up can still be read; nothing can be written any more.
                is_open = peer.write_all(b" ").await.is_ok();
            }
            assert_eq!(is_open, is_kept, "{path}, {name}, after {:?}", start.elapsed());
        }
    }
}
