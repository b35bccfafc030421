//! Ways to send and to learn what became of it: flushing, frames of a size, files, JSON in bytes, errors that say who closed.

mod both;
mod wire;

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use vernal::test::{Client, ClientBuilder};
use vernal::websocket::{
    CloseReason, Compressed, Deflate, Extension, ExtensionOffer, ExtensionResponse, Frame, Overflow, Refused,
    Rooms, WebSocket, WebSocketConfig, WebSocketRequest, WebSocketSession, connect,
};
use vernal::{Error, Json, Result, State, request_map, server, websocket_handler};

use wire::{Ends, PATIENCE, Wire, frame, told};

fn client(builder: ClientBuilder) -> Client {
    told(builder.state(Rooms::new())).0
}

/// Sends `size` bytes in some way.
#[websocket_handler("/sized/{way}/{size}")]
async fn sized(way: &str, size: usize, ws: WebSocket, State(rooms): State<&Rooms>) -> Result {
    let bytes = vec![b'x'; size];
    match way {
        "send" => ws.send(bytes).await?,
        "try_send" => assert!(ws.try_send(bytes)?),
        "chunked" => ws.send_chunked(bytes, 4).await?,
        "pieces" => {
            let mut message = ws.begin_binary().await?;
            message.write(&bytes).await?;
            message.finish_with("end").await?;
        }
        "room" => {
            rooms.join("all", ws.session())?;
            assert_eq!(rooms.to("all").send(bytes).await?, 1);
        }
        _ => {
            let path = std::env::temp_dir().join(format!("vernal-sized-{}-{size}", std::process::id()));
            std::fs::write(&path, bytes)?;
            let sent = match way {
                "file" => ws.send_file_chunked(&path, 10).await,
                _ => ws.send_file(&path).await,
            };
            std::fs::remove_file(path)?;
            sent?;
        }
    }
    Ok(())
}

/// First bytes and sizes of frames.
type Shapes = &'static [(u8, usize)];

/// The frames up to the close frame.
async fn frames(client: &Client, path: &str) -> Vec<(u8, usize)> {
    let mut ws = Wire::open(client, path, "").await;
    let mut frames = Vec::new();
    loop {
        match ws.frame().await.expect("a frame") {
            (0x88, _) => return frames,
            (first, payload) => frames.push((first, payload.len())),
        }
    }
}

#[tokio::test]
async fn messages_are_sent_in_frames_of_a_size() {
    let table: [(&str, usize, Shapes); 17] = [
        ("send/25", usize::MAX, &[(0x82, 25)]),
        ("send/25", 10, &[(0x02, 10), (0x00, 10), (0x80, 5)]),
        ("send/20", 10, &[(0x02, 10), (0x80, 10)]),
        ("send/10", 10, &[(0x82, 10)]),
        ("send/0", 10, &[(0x82, 0)]),
        ("send/2", 1, &[(0x02, 1), (0x80, 1)]),
        ("try_send/11", 10, &[(0x02, 10), (0x80, 1)]),
        ("room/25", 10, &[(0x02, 10), (0x00, 10), (0x80, 5)]),
        ("room/25", usize::MAX, &[(0x82, 25)]),
        ("chunked/10", 3, &[(0x02, 3), (0x00, 1), (0x00, 3), (0x00, 1), (0x80, 2)]),
        ("pieces/15", 10, &[(0x02, 10), (0x00, 5), (0x80, 3)]),
        ("pieces/15", usize::MAX, &[(0x02, 15), (0x80, 3)]),
        ("file/0", usize::MAX, &[(0x82, 0)]),
        ("file/9", usize::MAX, &[(0x82, 9)]),
        ("file/10", usize::MAX, &[(0x82, 10)]),
        ("file/21", usize::MAX, &[(0x02, 10), (0x00, 10), (0x80, 1)]),
        ("whole-file/65536", usize::MAX, &[(0x82, 65_536)]),
    ];
    for overflow in [Overflow::Wait, Overflow::DropOldest] {
        for (way, size, expected) in table {
            let config = WebSocketConfig::new().frame_payload(size).overflow(overflow);
            let client = client(Client::builder().websocket(config));
            assert_eq!(
                frames(&client, &format!("/sized/{way}")).await,
                expected,
                "{way} by {size} {overflow:?}"
            );
        }
    }
}

#[tokio::test]
async fn compressed_messages_are_sent_in_frames_of_a_size_too() {
    let config = WebSocketConfig::new().frame_payload(10);
    let deflate = Deflate::default().compress_if_bigger_than(0);
    let client = client(Client::builder().websocket(config).websocket_deflate(deflate.clone()));
    for way in ["send", "room", "pieces"] {
        let mut ws = client.websocket(&format!("/sized/{way}/20000")).deflate(deflate.clone()).await;
        let message = ws.expect_message().await;
        let end: &[u8] = if way == "pieces" { b"end" } else { b"" };
        assert!(message.as_bytes() == [&[b'x'; 20_000][..], end].concat(), "{way}");
    }
}

/// Sends a burst and waits until it is out, then says so elsewhere.
#[websocket_handler("/flushed/{size}")]
async fn flushed(size: usize, ws: WebSocket, State(ends): State<&Ends>) -> Result {
    ws.flush().await;
    ends.add(&CloseReason::new(4000, "nothing was to be written")?);
    ws.send(vec![b'x'; size]).await?;
    let session = ws.session().clone();
    // As well from another task.
    tokio::spawn(async move { session.flush().await }).await?;
    ws.flush().await;
    ends.add(&CloseReason::new(4001, "it is written")?);
    ws.closed().await;
    ws.flush().await;
    ends.add(&CloseReason::new(4002, "nothing will be written")?);
    Ok(())
}

#[tokio::test]
async fn a_flush_waits_until_all_is_written() {
    let (client, mut ends) = told(Client::builder().state(Rooms::new()));
    for size in [10, 60_000, 1_000_000] {
        let mut ws = Wire::open(&client, &format!("/flushed/{size}"), "").await;
        assert_eq!(ends.next().await, "4000 nothing was to be written");
        // The pipe to the peer takes 64 KiB.
        let has_room = size < 64 << 10;
        assert_eq!(!ends.others().await.is_empty(), has_room, "{size}");
        assert_eq!(ws.frame().await.map(|(_, payload)| payload.len()), Some(size));
        if !has_room {
            assert_eq!(ends.next().await, "4001 it is written");
        }
        ws.send(frame(0x88, b"\x03\xe8")).await;
        assert_eq!(ends.next().await, "4002 nothing will be written");
    }
}

/// Says with what `send` fails once the peer is gone.
#[websocket_handler("/failing")]
async fn failing(mut ws: WebSocket, State(ends): State<&Ends>) -> Result {
    while ws.next().await.is_some() {}
    for error in [ws.send("late").await.expect_err("closed"), ws.ping("late").expect_err("closed")] {
        let reason = error.close_reason().expect("how it ended");
        assert_eq!(Some(reason), ws.close_reason());
        ends.add(reason);
        let text = error.to_string();
        assert!(text.starts_with("nothing can be sent any more: ") && !text.contains("400 Bad"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn errors_say_who_ended_the_session_and_how() {
    let table: [(Option<Vec<u8>>, &str); 3] = [
        (Some(frame(0x88, b"\x0f\xa0bye")), "4000 bye"),
        (Some(frame(0x88, b"")), "1005"),
        (None, "1006 The peer went away without a close frame"),
    ];
    for (last, expected) in table {
        let (client, mut ends) = told(Client::builder().state(Rooms::new()));
        let mut ws = Wire::open(&client, "/failing", "").await;
        match last {
            Some(last) => ws.send(last).await,
            None => drop(ws),
        }
        assert_eq!((ends.next().await.as_str(), ends.next().await.as_str()), (expected, expected));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_receives_ends_with_who_closed() {
    let config =
        WebSocketConfig::new().ping_period(Duration::from_secs(1)).pong_timeout(Duration::from_secs(1));
    let stream = client(Client::builder()).connect();
    let mut ws = connect("ws://localhost/deaf").over(stream).config(config).await.expect("a session");
    let error = ws.recv().await.expect_err("nobody answers pings");
    let reason = error.close_reason().expect("how it ended");
    assert_eq!((reason.code().value(), reason.text()), (1011, "Ping timeout"));
    assert_eq!(error.to_string(), reason.to_string());
}

/// Answers no pings.
#[websocket_handler("/deaf")]
async fn deaf(ws: WebSocket) -> Result {
    let mut frames = ws.into_frames();
    while frames.recv().await?.is_some() {}
    Ok(())
}

#[websocket_handler("/json")]
async fn json(ws: WebSocket) -> Result {
    ws.send_json_bytes(&json!({ "test": "数据" })).await?;
    ws.send(Json(json!({ "test": "数据" }))).await
}

#[tokio::test]
async fn json_goes_out_as_bytes_or_text() {
    let mut ws = Wire::open(&client(Client::builder()), "/json", "").await;
    assert_eq!(ws.shown().await, "82 {\"test\":\"数据\"}");
    assert_eq!(ws.shown().await, "81 {\"test\":\"数据\"}");
}

/// Tells how many messages wait, when it is asked.
#[websocket_handler("/counted")]
async fn counted(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        let count = ws.message_count();
        ws.send(format!("{} {count}", message.as_text().unwrap_or_default())).await?;
    }
    Ok(())
}

#[tokio::test]
async fn messages_that_wait_are_counted() {
    let mut ws = Wire::open(&client(Client::builder()), "/counted", "").await;
    let begun = frame(0x01, "not whole");
    ws.send([frame(0x81, "a"), frame(0x89, "p"), frame(0x81, "b"), frame(0x82, ""), begun].concat()).await;
    assert_eq!(ws.shown().await, "8a p", "looking for messages answers pings");
    for expected in ["81 a 2", "81 b 1", "81  0"] {
        assert_eq!(ws.shown().await, expected);
    }
}

/// Writes down each frame that comes.
#[derive(Default)]
struct Seen(Vec<String>);

impl Seen {
    fn add(&mut self, frame: &Frame) {
        self.0.push(format!("{:?} {}", frame.opcode, frame.payload.len()));
    }
}

impl Extension for Seen {
    fn name(&self) -> &str {
        "x-seen"
    }

    fn negotiate(&mut self, _: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        Some(ExtensionResponse::silent())
    }

    fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        self.add(frame);
        Ok(())
    }

    fn control(&mut self, frame: &Frame) {
        assert_ne!(frame.payload, &b"panic"[..], "an extension may fail");
        self.add(frame);
    }
}

#[websocket_handler("/seen")]
async fn seen(mut ws: WebSocket, State(ends): State<&Ends>) -> Result {
    while ws.next().await.is_some() {}
    let seen = ws.with_extension(|seen: &mut Seen| seen.0.join(", ")).unwrap_or_default();
    ends.add(&CloseReason::new(4000, seen)?);
    Ok(())
}

#[tokio::test]
async fn extensions_see_every_frame() {
    let (client, mut ends) = told(Client::builder().state(Rooms::new()).websocket_extension(Seen::default));
    let mut ws = Wire::open(&client, "/seen", "").await;
    ws.send(
        [frame(0x01, "a"), frame(0x89, "p"), frame(0x80, "bc"), frame(0x8a, ""), frame(0x88, "")].concat(),
    )
    .await;
    assert_eq!(ends.next().await, "4000 Text 1, Ping 1, Continuation 2, Pong 0, Close 0");
    let mut ws = Wire::open(&client, "/seen", "").await;
    ws.send(frame(0x89, "panic")).await;
    assert_eq!(ws.shown().await, "close 1011 An extension failed");
}

/// Uses the session inside of the closure that has lent out its extension.
#[websocket_handler("/lent/{way}")]
async fn lent(way: &str, ws: WebSocket, State(rooms): State<&Rooms>) -> Result {
    rooms.join("all", ws.session())?;
    let session: &WebSocketSession = ws.session();
    let result = session.with_extension(|_: &mut Seen| match way {
        "try_send" => session.try_send("x").map(drop),
        "names" => Err(Error::internal(session.extensions().join(", "))),
        "again" => Err(Error::internal(format!("{:?}", session.with_extension(|_: &mut Seen| ())))),
        // Control frames do not pass extensions.
        _ => session.ping("x"),
    });
    result.unwrap_or(Ok(()))
}

#[tokio::test]
async fn who_sends_while_an_extension_is_lent_is_told_and_does_not_hang() {
    let client = client(Client::builder().websocket_extension(Seen::default));
    for (way, expected) in [
        ("try_send", "close 1011 The handler failed"),
        ("names", "close 1011 The handler failed"),
        ("again", "close 1011 The handler failed"),
        ("ping", "89 x"),
    ] {
        let mut ws = Wire::open(&client, &format!("/lent/{way}"), "").await;
        let shown = timeout(PATIENCE, ws.shown()).await.expect("no hang");
        assert_eq!(shown, expected, "{way}");
    }
}

#[request_map("/taken/{what}", method = "GET")]
async fn taken(what: &str, ws: Option<WebSocketRequest>) -> Result<Option<&'static str>> {
    let Some(ws) = ws else { return Ok(Some("plain")) };
    match what {
        "rejected" => Err(ws.reject(418)),
        "answered" => Ok(Some("an answer")),
        "missing" => Ok(None),
        "accepted" => {
            ws.accept().await?.send("hello").await?;
            Ok(None)
        }
        _ => Err(Error::bad_request("?")),
    }
}

#[request_map("/forgotten", method = "GET")]
async fn forgotten(_ws: WebSocketRequest) {}

#[tokio::test]
async fn a_request_that_is_taken_is_accepted_or_answered() {
    let client = client(Client::builder());
    let table = [
        ("/taken/rejected", "HTTP/1.1 418 "),
        ("/taken/answered", "HTTP/1.1 200 "),
        ("/taken/missing", "HTTP/1.1 404 "),
        ("/taken/accepted", "HTTP/1.1 101 "),
        ("/forgotten", "HTTP/1.1 500 "),
    ];
    for (path, expected) in table {
        let ws = Wire::ask(&client, path, "").await;
        assert!(ws.head.starts_with(expected), "{path}: {}", ws.head);
    }
    client.get("/taken/x").await.assert_status(200).assert_text("plain");
}

#[request_map("/told", method = "GET")]
fn is_told(request: &vernal::Request) -> String {
    request.is_websocket().to_string()
}

#[tokio::test]
async fn requests_say_whether_they_ask_for_websocket() {
    let client = client(Client::builder());
    for (field, expected) in [
        ("websocket", "true"),
        ("WebSocket", "true"),
        ("h2c, websocket", "true"),
        ("h2c", "false"),
        ("", "false"),
    ] {
        let answer = client.get("/told").header("connection", "upgrade").header("upgrade", field).await;
        answer.assert_text(expected);
    }
}

/// Closes with a code and a text.
#[websocket_handler("/coded/{kind}")]
async fn coded(kind: &str, _ws: WebSocket) -> Result {
    Err(match kind {
        "client" => Error::forbidden("signed out").with_close_code(4001),
        "internal" => Error::internal("the shop is closed").with_close_code(4002),
        "bare" => Error::status_only(409).with_close_code(4003),
        "away" => Error::unavailable("try again later"),
        "far away" => connect("ws://127.0.0.1:1/").await.expect_err("nobody listens there"),
        "long" => Error::forbidden("no ".repeat(41) + "and no").with_close_code(4005),
        _ => Error::from(std::io::Error::other("the disk is full")).with_close_code(4004),
    })
}

#[tokio::test]
async fn a_close_code_comes_with_the_text_of_its_error() {
    let long = format!("close 4005 {}…", "no ".repeat(40).trim_end());
    let refused = "close 1013 cannot connect to 127.0.0.1:1: Connection refused (os error 111)";
    let table = [
        ("client", "close 4001 signed out", "close 4001 signed out"),
        ("bare", "close 4003 Conflict", "close 4003 Conflict"),
        ("away", "close 1013 try again later", "close 1013 try again later"),
        ("long", &long, &long),
        // What is for the log only, a stranger does not hear.
        ("internal", "close 4002 The handler failed", "close 4002 the shop is closed"),
        ("io", "close 4004 The handler failed", "close 4004 the disk is full"),
        ("far%20away", "close 1013 The handler failed", refused),
    ];
    for (kind, hidden, shown) in table {
        for (show_errors, expected) in [(false, hidden), (true, shown)] {
            let client = client(Client::builder().show_errors(show_errors));
            let mut ws = Wire::open(&client, &format!("/coded/{kind}"), "").await;
            assert_eq!(ws.shown().await, expected);
        }
    }
}

#[websocket_handler("/plain", config = WebSocketConfig::new().deflate(Compressed::Never))]
async fn never_compressed(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[websocket_handler("/compressed", config = WebSocketConfig::new().deflate(Compressed::By(Deflate::default().server_max_window_bits(10))))]
async fn always_compressed(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.next().await {
        ws.send(message).await?;
    }
    Ok(())
}

#[tokio::test]
async fn compression_is_chosen_by_handler() {
    let installed = |builder: ClientBuilder| builder.websocket_deflate(Deflate::default());
    let table = [
        ("/plain", true, None),
        ("/plain", false, None),
        ("/json", false, None),
        ("/json", true, Some("permessage-deflate; server_no_context_takeover")),
        (
            "/compressed",
            false,
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=10"),
        ),
        (
            "/compressed",
            true,
            Some("permessage-deflate; server_no_context_takeover; server_max_window_bits=10"),
        ),
    ];
    for (path, is_installed, expected) in table {
        let builder = Client::builder();
        let client = client(if is_installed { installed(builder) } else { builder });
        let ws = Wire::open(&client, path, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
        assert_eq!(ws.field("sec-websocket-extensions"), expected, "{path} {is_installed}");
    }
}

#[request_map("/moved/{to}/**")]
fn moved(to: u16, request: &vernal::Request, response: &mut vernal::Response) {
    response.status = vernal::StatusCode::from_u16(to).expect("a status");
    let location = request.query().get("to").unwrap_or_default().to_owned();
    response.headers.insert("location", location);
}

#[websocket_handler("/whoami")]
async fn whoami(ws: WebSocket) -> Result {
    let request = ws.request();
    let authorization = request.header("authorization").unwrap_or("nobody").to_owned();
    ws.send(format!("{} {authorization}", request.query().get("x").unwrap_or("-"))).await
}

#[tokio::test]
async fn a_client_knows_where_it_is_and_follows_redirects() {
    let bound = server::new()
        .host("127.0.0.1")
        .port(0)
        .state(Rooms::new())
        .state(Ends(tokio::sync::mpsc::unbounded_channel().0))
        .bind()
        .expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let url = format!("ws://{address}/whoami?x=1");

    let ws = connect(&url).await.expect("a session");
    assert_eq!(ws.url().to_string(), url);
    assert_eq!(ws.request().host(), Some(address.to_string().as_str()));
    assert_eq!(ws.peer(), Some(address));

    // User and password; what is given wins.
    let table: [(String, Option<&str>, &str); 3] = [
        (format!("WS://ann:secret@{address}/whoami"), None, "- Basic YW5uOnNlY3JldA=="),
        (format!("ws://ann@{address}/whoami"), Some("Bearer x"), "- Bearer x"),
        (url.clone(), None, "1 nobody"),
    ];
    for (url, authorization, expected) in table {
        let connecting = connect(&url);
        let connecting = match authorization {
            Some(authorization) => connecting.header("Authorization", authorization),
            None => connecting,
        };
        let mut ws = connecting.await.expect("a session");
        let said = ws.recv().await.expect("an open session").expect("a message");
        assert_eq!(said.as_text(), Some(expected), "{url}");
    }

    // Redirects are followed when that is asked for.
    for (status, to) in
        [(301, "/whoami?x=2"), (302, "../../whoami?x=2"), (307, &format!("http://{address}/whoami?x=2"))]
    {
        let url = format!("ws://{address}/moved/{status}/deep?to={}", to.replace('?', "%3F"));
        let error = connect(&url).await.expect_err("a redirect");
        assert!(error.explain_text().contains(".redirects(3)"), "{}", error.explain_text());
        let mut ws = connect(&url).header("authorization", "mine").redirects(1).await.expect(to);
        let said = ws.recv().await.expect("an open session").expect("a message");
        assert_eq!(said.as_text(), Some("2 mine"), "{status} {to}");
    }
    // Nothing is shown to another server, and a circle ends.
    let path = format!("/moved/302/x?to=ws://{address}/whoami");
    for other in [
        format!("ws://localhost:{}{path}", address.port()),
        format!("ws://ann:secret@localhost:{}{path}", address.port()),
    ] {
        let given = !other.contains('@');
        let connecting = connect(&other).redirects(1);
        let connecting = if given { connecting.header("authorization", "mine") } else { connecting };
        let mut ws = connecting.await.expect("a session");
        let said = ws.recv().await.expect("an open session").expect("a message");
        assert_eq!(said.as_text(), Some("- nobody"), "{other}");
    }
    let circle = format!("ws://{address}/moved/302/x?to=%3Fto=x");
    let error = connect(&circle).redirects(5).await.expect_err("no session");
    assert!(error.source().is_some(), "{}", error.explain_text());
    handle.stop();
    serving.await.expect("no panic").expect("a good end");
}

/// A server that answers so, and keeps the connection open.
async fn answering(answer: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes())
                .await
                .expect("an open connection");
            tokio::spawn(async move {
                let _stream = stream;
                std::future::pending::<()>().await;
            });
        }
    });
    (url, serving)
}

#[tokio::test]
async fn a_refusal_is_told_though_its_connection_stays_open() {
    let table: [(&str, u16, &[u8]); 7] = [
        ("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", 403, b"no"),
        (
            "HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n1\r\n?\r\n0\r\n\r\n",
            401,
            b"who?",
        ),
        ("HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nwho", 401, b""),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        ("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", 302, b""),
        ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", 404, b""),
        ("HTTP/1.1 500 No\r\n\r\nit failed", 500, b"it failed"),
    ];
    for (answer, status, body) in table {
        let (url, serving) = answering(answer).await;
        let error = connect(&url).await.expect_err("a refusal");
        let refused = error.source().and_then(|source| source.downcast_ref::<Refused>()).expect(answer);
        assert_eq!((refused.status().as_u16(), refused.body()), (status, body), "{answer}");
        serving.abort();
    }
}

#[tokio::test]
async fn a_stream_that_was_given_leads_to_one_server() {
    let stream = client(Client::builder()).connect();
    let error = connect("ws://localhost/moved/302/x?to=/whoami").over(stream).redirects(3).await;
    let error = error.expect_err("no other connection is made");
    assert!(error.explain_text().contains("another `connect`"), "{}", error.explain_text());
}

/// All of it once more; nobody asks by `Upgrade` in HTTP/2.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&["requests_say_whether_they_ask_for_websocket"]);
}
