//! WebSockets with peers that others wrote, over real sockets: one table for clients of many libraries; and in depth tokio-tungstenite,
//! and the Python package `websockets` for permessage-deflate, as clients and as servers.
//!
//! Those of Debian, and of Go, are ignored unless they are asked for: `.ci/interop` installs them.

mod app;
mod clients;
mod crates;
mod debian;
mod install;
#[path = "../installed/mod.rs"]
mod installed;
mod npm;
mod pypi;
mod table;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message as Theirs};
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};
use vernal::websocket::{Accept, Deflate, Message, WebSocketConfig, WebSocketSession, connect};
use vernal::{Result, websocket_handler};

use app::Server;
use install::{python, root};
use table::filled;

#[derive(Default)]
struct Echo;

#[websocket_handler("/echo")]
impl Echo {
    fn on_handshake(&self) -> Accept {
        Accept::new().subprotocols(["chat.v1"])
    }

    async fn on_message(&self, session: &WebSocketSession, message: Message) -> Result {
        match message.as_text() {
            Some("close") => session.close(4001, "as asked"),
            Some("ping") => session.ping("are you there?"),
            Some("pieces") => session.send_chunked("in three pieces", 5).await,
            _ => session.send(message).await,
        }
    }
}

const LENGTHS: [usize; 10] = [0, 1, 125, 126, 127, 1_000, 65_535, 65_536, 70_000, 1 << 20];

#[tokio::test]
async fn tungstenite_is_a_client() {
    let server = Server::start(Deflate::default()).await;
    let mut request = server.url("/echo").into_client_request().expect("a URL");
    request.headers_mut().insert("sec-websocket-protocol", "chat.v2, chat.v1".parse().expect("a value"));
    let (mut ws, answer) = connect_async(request).await.expect("a session");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat.v1");
    for length in LENGTHS {
        let text = String::from_utf8(filled(length)).expect("text");
        for message in [Theirs::text(text), Theirs::binary(filled(length))] {
            ws.send(message.clone()).await.expect("sent");
            assert_eq!(next(&mut ws).await, message, "{length} bytes");
        }
    }
    ws.send(Theirs::text("pieces")).await.expect("sent");
    assert_eq!(next(&mut ws).await, Theirs::text("in three pieces"));
    ws.send(Theirs::Ping("p".into())).await.expect("sent");
    assert_eq!(next(&mut ws).await, Theirs::Pong("p".into()));
    ws.send(Theirs::text("ping")).await.expect("sent");
    assert_eq!(next(&mut ws).await, Theirs::Ping("are you there?".into()));
    ws.send(Theirs::text("close")).await.expect("sent");
    let reason = CloseFrame { code: CloseCode::from(4001), reason: "as asked".into() };
    assert_eq!(next(&mut ws).await, Theirs::Close(Some(reason)));
    assert!(ws.next().await.is_none(), "the end of the connection comes behind it");

    let (mut ws, _) = connect_async(server.url("/echo")).await.expect("a session");
    let bye = CloseFrame { code: CloseCode::Normal, reason: "bye".into() };
    ws.close(Some(bye.clone())).await.expect("sent");
    assert_eq!(next(&mut ws).await, Theirs::Close(Some(bye)));
    assert!(ws.next().await.is_none());
    let refused = connect_async(server.url("/nobody")).await.expect_err("nobody");
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 404));
    server.stop().await;
}

async fn next<S>(ws: &mut WebSocketStream<S>) -> Theirs
where
    WebSocketStream<S>: StreamExt<Item = Result<Theirs, tungstenite::Error>> + Unpin,
{
    ws.next().await.expect("a message").expect("a good one")
}

/// Echoes as a server; says how the session ended.
async fn tungstenite_server(stream: TcpStream) -> Option<CloseFrame> {
    let mut ws = accept_async(stream).await.expect("a handshake");
    while let Some(message) = ws.next().await {
        match message.expect("a good message") {
            Theirs::Text(text) if text == "close" => {
                let reason = CloseFrame { code: CloseCode::from(4001), reason: "as asked".into() };
                ws.close(Some(reason)).await.expect("sent");
            }
            Theirs::Text(text) if text == "ping" => ws.send(Theirs::Ping("p".into())).await.expect("sent"),
            Theirs::Pong(payload) => ws.send(Theirs::binary(payload)).await.expect("sent"),
            Theirs::Close(reason) => return reason,
            message if message.is_text() || message.is_binary() => ws.send(message).await.expect("sent"),
            _ => {}
        }
    }
    None
}

#[tokio::test]
async fn tungstenite_is_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        let mut ends = Vec::new();
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.expect("a client");
            ends.push(tungstenite_server(stream).await.map(|reason| u16::from(reason.code)));
        }
        ends
    });
    // What it does not know is not agreed on.
    let ws = connect(format!("ws://{address}/")).deflate(Deflate::default()).config(large());
    let mut ws = ws.await.expect("a session");
    assert!(ws.extensions().is_empty());
    for length in LENGTHS {
        let text = Message::text(String::from_utf8(filled(length)).expect("text"));
        for message in [text, Message::binary(filled(length))] {
            ws.send(&message).await.expect("sent");
            assert_eq!(ws.next().await, Some(message));
        }
    }
    ws.send_chunked("in pieces", 2).await.expect("sent");
    assert_eq!(ws.next().await, Some(Message::text("in pieces")));
    ws.send("ping").await.expect("sent");
    assert_eq!(ws.next().await, Some(Message::binary("p")), "the ping was answered");
    ws.send("close").await.expect("sent");
    assert_eq!(ws.recv().await.expect("a close frame is no error"), None);
    let reason = ws.closed().await.clone();
    assert_eq!((reason.code().value(), reason.text()), (4001, "as asked"));

    let ws = connect(format!("ws://{address}/")).await.expect("a session");
    ws.close(4002, "bye").expect("a good reason");
    assert_eq!(ws.closed().await.code(), 4002);
    assert_eq!(serving.await.expect("no panic"), [Some(4001), Some(4002)]);
}

fn large() -> WebSocketConfig {
    WebSocketConfig::new().message_size(2 << 20).frame_size(2 << 20)
}

fn peer(role: &str) -> Command {
    let mut command = Command::new(python());
    command.arg(root().join("tests/interop/peer.py")).arg(role);
    command
}

#[tokio::test]
async fn python_is_a_client_with_deflate() {
    for deflate in [Deflate::default(), Deflate::default().keep_context()] {
        let server = Server::start(deflate).await;
        let mut client = spawn_blocking(|| peer("client")).await.expect("no panic");
        client.arg(server.url("/echo"));
        let output = spawn_blocking(move || client.output()).await.expect("no panic").expect("a Python");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok", "{told}");
        server.stop().await;
    }
}

/// The server in Python; ends with it.
struct Python(Child, String);

impl Python {
    fn start() -> Python {
        let mut server = peer("server");
        let mut child =
            server.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a Python to start");
        let mut port = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut port).expect("a port");
        Python(child, format!("ws://127.0.0.1:{}/", port.trim()))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn python_is_a_server_with_deflate() {
    let python = spawn_blocking(Python::start).await.expect("a server");
    let keeping = || Deflate::default().keep_context();
    for (deflate, agreed) in [
        (None, ""),
        (Some(Deflate::default()), "permessage-deflate"),
        (Some(keeping()), "permessage-deflate"),
        (Some(keeping().client_max_window_bits(9).server_max_window_bits(9)), "permessage-deflate"),
    ] {
        let mut ws = connect(&python.1).subprotocol("chat.v2").subprotocol("chat.v1").config(large());
        if let Some(deflate) = deflate {
            ws = ws.deflate(deflate);
        }
        let mut ws = ws.await.expect("a session");
        assert_eq!((ws.extensions().join(" ").as_str(), ws.subprotocol()), (agreed, Some("chat.v1")));
        for (sent, expected) in
            [("extensions", agreed), ("frames", "in three frames"), ("ping", "pong"), ("κόσμε", "κόσμε")]
        {
            ws.send(sent).await.expect("sent");
            assert_eq!(ws.next().await, Some(Message::text(expected)));
        }
        for length in LENGTHS {
            let text = Message::text(String::from_utf8(filled(length)).expect("text"));
            for message in [text, Message::binary(filled(length))] {
                ws.send(&message).await.expect("sent");
                assert_eq!(ws.next().await, Some(message.clone()), "{length} bytes");
                ws.send_chunked(message.clone(), 50_000).await.expect("sent");
                assert_eq!(ws.next().await, Some(message), "{length} bytes in pieces");
            }
        }
        ws.send("close").await.expect("sent");
        assert_eq!(ws.next().await, None);
        assert_eq!((ws.closed().await.code().value(), ws.closed().await.text()), (4001, "as asked"));
    }
}
