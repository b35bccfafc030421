//! An application among tower's: inside hyper and axum, and with tower's layers and services inside it.

mod both;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_tungstenite::tungstenite::{Error as TheirError, Message as TheirMessage};
use tokio_tungstenite::{client_async, connect_async};
use tower::{Layer, Service, ServiceExt};
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_http::set_header::{SetRequestHeaderLayer, SetResponseHeaderLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use vernal::tower::{Layered, Mounted, NextService};
use vernal::websocket::{WebSocket, WebSocketRequest};
use vernal::{
    App, Body, BodyReader, BoxFuture, Config, ConnectionInfo, Error, Filter, FilterContext, Limits, Next,
    Request, Response, Result, SetCookie, Text, Trailers, request_map, test, websocket_handler,
};

// What the applications of all tests have.

#[request_map("/hello/{name}", method = "GET", app = "tower")]
fn hello(name: &str) -> String {
    format!("Hello, {name}!")
}

#[request_map("/many", app = "tower")]
fn many() -> Response {
    Response::new(201)
        .header("x-a", "1")
        .header("x-b", "2")
        .header("x-a", "3")
        .cookie(SetCookie::new("c", "1"))
        .cookie(SetCookie::new("c", "2"))
        .body("made")
}

#[request_map("/about", app = "tower")]
fn about(req: &Request, info: ConnectionInfo) -> String {
    let values: Vec<_> = req.headers.get_all("x-a").collect();
    format!(
        "{} {} host={:?} peer={:?} x-a={values:?} body={}",
        req.method,
        req.target(),
        req.host(),
        info.peer().map(|peer| peer.ip()),
        req.body().len()
    )
}

#[request_map("/form", method = "POST", app = "tower")]
fn form(name: &str) -> String {
    format!("name is {name}")
}

/// Sends each piece back as it comes.
#[request_map("/pipe", method = "POST", app = "tower")]
async fn pipe(mut body: BodyReader, res: &mut Response) -> Result {
    while let Some(piece) = body.next().await? {
        res.write_bytes(piece).await?;
    }
    Ok(())
}

#[request_map("/fails", app = "tower")]
async fn fails() -> Result<&'static str> {
    Err(Error::new(418, "Teapot").explain("on purpose"))
}

#[websocket_handler("/echo", app = "tower")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[request_map("/by-hand", app = "tower")]
async fn by_hand(ws: Option<WebSocketRequest>, user: Option<&str>) -> Result<&'static str> {
    let Some(ws) = ws else { return Ok("plain") };
    if user.is_none() {
        return Err(ws.reject(403));
    }
    let mut ws = ws.accept().await?;
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok("")
}

static WAITS: Notify = Notify::const_new();
static WAITING: AtomicUsize = AtomicUsize::new(0);

struct Waiting;

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[request_map("/waits", app = "tower")]
async fn waits() -> &'static str {
    WAITING.fetch_add(1, Ordering::SeqCst);
    let _waiting = Waiting;
    WAITS.notified().await;
    "waited"
}

fn app() -> App {
    App::from_registry(Config::new().app("tower")).expect("it can be built")
}

fn client(configure: impl FnOnce(test::ClientBuilder) -> test::ClientBuilder) -> test::Client {
    configure(test::Client::builder().app("tower")).build()
}

// The application as a service.

#[tokio::test]
async fn the_service_answers_as_the_server_does() {
    let service = app().service();
    let table = [
        ("GET", "/hello/ann", 200, "Hello, ann!"),
        ("GET", "/hello/a%20b", 200, "Hello, a b!"),
        ("POST", "/hello/ann", 405, ""),
        ("GET", "/nope", 404, ""),
        ("GET", "/fails", 418, ""),
        ("HEAD", "/hello/ann", 200, ""),
        ("GET", "http://h:1/about?a=b", 200, "GET /about?a=b host=Some(\"h:1\") peer=None x-a=[] body=0"),
        ("POST", "/about", 200, "POST /about host=None peer=None x-a=[] body=3"),
    ];
    for (method, uri, status, expected) in table {
        let body = Full::new(Bytes::from_static(if method == "POST" { b"abc" } else { b"" }));
        let request = http::Request::builder().method(method).uri(uri).body(body).expect("a request");
        let answer = service.clone().oneshot(request).await.expect("it never fails");
        assert_eq!(answer.status(), status, "{method} {uri}");
        let is_head = method == "HEAD";
        if is_head {
            assert_eq!(answer.headers()["content-length"], "11");
        }
        let bytes = answer.into_body().into_bytes(1 << 20).await.expect("a whole body");
        assert!(
            bytes.starts_with(expected.as_bytes()) && (!is_head || bytes.is_empty()),
            "{method} {uri}: {bytes:?}"
        );
    }
}

#[tokio::test]
async fn fields_keep_their_order_and_number_both_ways() {
    let request =
        http::Request::builder().uri("/about").header("x-a", "1").header("x-b", "2").header("x-a", "3");
    let answer =
        app().service().oneshot(request.body(Body::empty()).expect("a request")).await.expect("never");
    let text = answer.into_body().into_bytes(1 << 20).await.expect("whole");
    assert!(text.ends_with(b"x-a=[\"1\", \"3\"] body=0"), "{text:?}");
    let answer = app().service().oneshot(http::Request::get("/many").body(Body::empty()).expect("a request"));
    let answer = answer.await.expect("never");
    assert_eq!(answer.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(hyper::body::Body::size_hint(answer.body()).exact(), Some(4));
}

#[request_map("/summed", method = "POST", app = "tower")]
fn summed(text: Text<&str>, trailers: &Trailers) -> (String, Trailers) {
    (text.to_string(), Trailers::from([("x-sum", trailers.get("x-sum").unwrap_or("none"))]))
}

#[request_map("/summed/pieces", method = "POST", app = "tower")]
async fn summed_pieces(mut body: BodyReader, res: &mut Response) -> Result {
    while let Some(piece) = body.next().await? {
        res.write_bytes(piece).await?;
    }
    res.set_trailers(Trailers::from([("x-sum", body.trailers().await?.get("x-sum").unwrap_or("none"))]));
    Ok(())
}

/// Fields after a body pass through services and layers, both ways; what may not stand there does not.
#[tokio::test]
async fn trailers_pass() {
    let echo = tower::service_fn(|request: http::Request<Body>| async move {
        let answer = http::Response::builder().header("trailer", "x-sum").body(request.into_body());
        Ok::<_, Infallible>(answer.expect("an answer"))
    });
    let gathered = tower::service_fn(|request: http::Request<Body>| async move {
        let whole = BodyExt::collect(request.into_body()).await.expect("whole");
        let trailers = whole.trailers().cloned();
        let body = Full::new(whole.to_bytes()).with_trailers(async move { trailers.map(Ok) });
        Ok::<_, Infallible>(http::Response::new(body))
    });
    let same = || Layered::new(MapResponseBodyLayer::new(|body: Body| body));
    let config = || {
        let config = Config::new().app("tower").filter("/echo", Mounted::new(echo));
        config.filter("/gathered", Mounted::new(gathered))
    };
    let service = App::from_registry(config()).expect("it can be built").service();
    let layered = App::from_registry(Config::new().app("tower").filter("/summed/**", same()));
    let layered = layered.expect("it can be built").service();
    for path in ["/summed", "/summed/pieces", "/echo", "/gathered"] {
        for (kind, service) in [("bare", &service), ("layered", &layered)] {
            if kind == "layered" && !path.starts_with("/summed") {
                continue;
            }
            for is_sized in [true, false] {
                let trailers = http::HeaderMap::from_iter([
                    (HeaderName::from_static("x-sum"), HeaderValue::from_static("7")),
                    (HeaderName::from_static("host"), HeaderValue::from_static("evil")),
                ]);
                let trailers = async move { Some(Ok(trailers)) };
                let (pieces, unsized_body) = channel();
                pieces.send("hello").expect("it is there");
                drop(pieces);
                let sized = Full::new(Bytes::from_static(b"hello"));
                let body = match is_sized {
                    true => sized.with_trailers(trailers).boxed_unsync(),
                    false => unsized_body.with_trailers(trailers).boxed_unsync(),
                };
                let request = http::Request::post(path).body(body).expect("a request");
                let answer = service.clone().oneshot(request).await.expect("never");
                let whole = BodyExt::collect(answer.into_body()).await.expect("whole");
                let told = whole.trailers().map(|fields| format!("{fields:?}"));
                assert_eq!(told.as_deref(), Some(r#"{"x-sum": "7"}"#), "{path} {kind} {is_sized}");
                assert_eq!(whole.to_bytes(), "hello", "{path} {kind} {is_sized}");
            }
        }
    }
    // Over a connection: a length is worth more than what may follow and was not announced.
    let client = test::Client::builder().config(config()).build();
    for (path, length, sum) in
        [("/echo", None, Some("7")), ("/gathered", Some("5"), None), ("/summed", None, Some("7"))]
    {
        let request = client.post(path).header("te", "trailers").body("hello").trailer("x-sum", 7);
        let answer = request.await;
        answer.assert_text("hello");
        // In HTTP/2 both can be had.
        let sum = if answer.version() == http::Version::HTTP_2 { Some("7") } else { sum };
        assert_eq!(
            (answer.header("content-length"), answer.trailers().get("x-sum")),
            (length, sum),
            "{path}"
        );
    }
}

/// A body in memory is passed on without being copied.
#[tokio::test]
async fn bodies_are_not_copied() {
    let large = Bytes::from(vec![b'x'; 100_000]);
    let place = large.as_ptr();
    let sent = large.clone();
    let mounted = tower::service_fn(move |_: http::Request<Body>| {
        let answer = http::Response::new(Full::new(sent.clone()));
        async move { Ok::<_, Infallible>(answer) }
    });
    let config = Config::new().app("tower").filter("/large", Mounted::new(mounted));
    let service = App::from_registry(config).expect("it can be built").service();
    let answer = service.oneshot(http::Request::get("/large").body(Body::empty()).expect("a request")).await;
    let bytes = answer.expect("never").into_body().into_bytes(1 << 20).await.expect("whole");
    assert_eq!((bytes.len(), bytes.as_ptr()), (large.len(), place));
}

/// Serves connections with hyper, as long as the test runs.
async fn hyper_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let service = app().service();
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let service =
                service.clone().connection_by(move |_| Some(ConnectionInfo::new(Some(peer), false)));
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                .with_upgrades();
            tokio::spawn(served);
        }
    });
    address
}

async fn axum_server() -> SocketAddr {
    use axum::extract::ConnectInfo;
    let service = app().service().connection_by(|extensions| {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(ConnectionInfo::new(Some(*peer), false))
    });
    let router = axum::Router::new()
        .route("/axum", axum::routing::get(|| async { "axum" }))
        .nest_service("/nested", service.clone())
        .fallback_service(service);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(async move { served.await });
    address
}

async fn both() -> [(&'static str, SocketAddr); 2] {
    [("hyper", hyper_server().await), ("axum", axum_server().await)]
}

type Sending = hyper::client::conn::http1::SendRequest<StreamBody<Pieces>>;
type Pieces = futures_util::stream::BoxStream<'static, Result<Frame<Bytes>, Infallible>>;

async fn hyper_client(address: SocketAddr) -> Sending {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (sending, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    sending
}

/// A body that the test sends piece by piece.
fn channel() -> (mpsc::UnboundedSender<&'static str>, StreamBody<Pieces>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
        let piece: &'static str = receiver.recv().await?;
        Some((Ok(Frame::data(Bytes::from_static(piece.as_bytes()))), receiver))
    });
    (sender, StreamBody::new(pieces.boxed()))
}

#[tokio::test]
async fn other_servers_stream_both_ways() {
    for (name, address) in both().await {
        let (pieces, body) = channel();
        let request = http::Request::post("/pipe").header("host", "a").body(body).expect("a request");
        let mut client = hyper_client(address).await;
        pieces.send("one").expect("it is there");
        let answer = client.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{name}");
        echoes(answer.into_body(), pieces).await;
    }
}

/// Sees the first piece come back, then each of the others before the next is sent.
async fn echoes(mut answer: hyper::body::Incoming, pieces: mpsc::UnboundedSender<&'static str>) {
    for (index, expected) in ["one", "two", "three"].into_iter().enumerate() {
        if index > 0 {
            pieces.send(expected).expect("it is there");
        }
        let frame = answer.frame().await.expect("it goes on").expect("a good one");
        assert_eq!(frame.into_data().expect("data"), expected);
    }
    drop(pieces);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn other_servers_know_the_peer() {
    for (name, address) in both().await {
        let request = http::Request::get("/about").header("host", "a").body(channel().1).expect("a request");
        let answer = hyper_client(address).await.send_request(request).await.expect("an answer");
        let text = answer.into_body().collect().await.expect("whole").to_bytes();
        assert!(text.starts_with(b"GET /about host=Some(\"a\") peer=Some(127.0.0.1)"), "{name}: {text:?}");
    }
}

#[tokio::test]
async fn an_axum_router_falls_back_to_the_application() {
    let address = axum_server().await;
    let table = [
        ("/axum", 200, "axum"),
        ("/hello/ann", 200, "Hello, ann!"),
        ("/nested/hello/b", 200, "Hello, b!"),
        ("/nope", 404, "{\"code\":404"),
    ];
    for (path, status, expected) in table {
        let request = http::Request::get(path).header("host", "a").body(channel().1).expect("a request");
        let answer = hyper_client(address).await.send_request(request).await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
        let text = answer.into_body().collect().await.expect("whole").to_bytes();
        assert!(text.starts_with(expected.as_bytes()), "{path}: {text:?}");
    }
}

#[tokio::test]
async fn websockets_work_through_other_servers() {
    for (name, address) in both().await {
        for path in ["/echo", "/by-hand?user=ann"] {
            let (mut socket, answer) = connect_async(format!("ws://{address}{path}"))
                .await
                .unwrap_or_else(|error| panic!("{name} {path}: {error}"));
            assert_eq!(answer.status(), 101);
            for message in [TheirMessage::text("hi"), TheirMessage::binary(vec![7; 100_000])] {
                socket.send(message.clone()).await.expect("it is open");
                assert_eq!(
                    socket.next().await.expect("an answer").expect("a good one"),
                    message,
                    "{name} {path}"
                );
            }
            socket.close(None).await.expect("it is open");
            let end = socket.next().await;
            assert!(matches!(end, Some(Ok(TheirMessage::Close(_)))), "{name} {path}: {end:?}");
        }
    }
}

#[tokio::test]
async fn websockets_are_refused_through_other_servers() {
    for (name, address) in both().await {
        for (path, status) in [("/by-hand", 403), ("/nope", 404), ("/hello/ann", 200)] {
            match connect_async(format!("ws://{address}{path}")).await {
                Err(TheirError::Http(answer)) => assert_eq!(answer.status(), status, "{name} {path}"),
                other => panic!("{name} {path}: {other:?}"),
            }
        }
        let old = http::Request::get("/echo")
            .header("host", "a")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "12")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
        let old = old.body(channel().1).expect("a request");
        let answer = hyper_client(address).await.send_request(old).await.expect("an answer");
        assert_eq!(answer.status(), 426, "{name}");
        for (field, value) in
            [("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-version", "13")]
        {
            assert_eq!(answer.headers()[field], value, "{name} {field}");
        }
    }
}

static LATE: Mutex<Option<oneshot::Sender<bool>>> = Mutex::new(None);

/// Answers, and tries to accept all the same.
#[request_map("/late", app = "tower")]
async fn late(ws: WebSocketRequest) -> &'static str {
    let tell = LATE.lock().expect("nobody panics").take().expect("somebody listens");
    tokio::spawn(async move { tell.send(ws.accept().await.is_err()) });
    "answered"
}

#[tokio::test]
async fn who_has_answered_cannot_accept_any_more() {
    let (tell, told) = oneshot::channel();
    *LATE.lock().expect("nobody panics") = Some(tell);
    let address = hyper_server().await;
    match connect_async(format!("ws://{address}/late")).await {
        Err(TheirError::Http(answer)) => assert_eq!(answer.status(), 200),
        other => panic!("{other:?}"),
    }
    assert!(told.await.expect("it tells"), "it was accepted");
}

/// A server that lends no connection, as those of HTTP/2 do.
#[tokio::test]
async fn a_service_without_upgrades_says_so() {
    let request = http::Request::get("/echo")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
    let answer =
        app().service().oneshot(request.body(Body::empty()).expect("a request")).await.expect("never");
    assert_eq!(answer.status(), 501);
}

/// When the server around does not hand the connection over after all, the handler is dropped.
#[tokio::test]
async fn a_lost_handover_ends_the_session() {
    let (ours, theirs) = tokio::io::duplex(4096);
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(theirs), TowerToHyperService::new(app().service()));
    // Without `with_upgrades`.
    let served = tokio::spawn(served);
    let (mut socket, _) = client_async("ws://a/echo", ours).await.expect("the head says 101");
    let end = socket.next().await;
    assert!(!matches!(end, Some(Ok(TheirMessage::Text(_)))), "{end:?}");
    let _ = served.await;
}

// Layers and services inside the application.

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

#[tokio::test]
async fn a_layer_sees_all_answers_of_its_pattern() {
    let layer = SetResponseHeaderLayer::overriding(name("x-layer"), HeaderValue::from_static("seen"));
    let matched = client(|builder| builder.filter("/**", Layered::new(layer.clone())));
    let unmatched = client(|builder| builder.filter("/**", Layered::new(layer).unmatched()));
    let table =
        [("/hello/ann", 200, true), ("/fails", 418, true), ("/many", 201, true), ("/nope", 404, false)];
    for (path, status, is_seen) in table {
        let answer = matched.get(path).await;
        answer.assert_status(status);
        assert_eq!(answer.header("x-layer"), is_seen.then_some("seen"), "{path}");
        unmatched.get(path).await.assert_status(status).assert_header("x-layer", "seen");
    }
    let many = matched.get("/many").await;
    assert_eq!(many.headers().get_all("x-a").collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(many.headers().get_all("set-cookie").count(), 2);
    many.assert_text("made").assert_header("content-length", "4");
    // The reason phrase is the error's own.
    matched.get("/fails").await.assert_reason("Teapot");
    matched
        .request("PUT", "/hello/ann")
        .await
        .assert_status(405)
        .assert_header("allow", "GET, HEAD, OPTIONS");
    matched.head("/hello/ann").await.assert_header("content-length", "11");
}

#[tokio::test]
async fn a_layer_changes_what_handlers_see() {
    let client = client(|builder| {
        builder
            .filter(
                "/**",
                Layered::new(SetRequestHeaderLayer::appending(name("x-a"), HeaderValue::from_static("2"))),
            )
            .filter("/**", Layered::new(TraceLayer::new_for_http()))
    });
    client
        .post("/about?q=1")
        .header("x-a", "1")
        .body("abc")
        .await
        .assert_text("POST /about?q=1 host=Some(\"localhost\") peer=None x-a=[\"1\", \"2\"] body=3");
    client.post("/form").form("name", "ann").await.assert_text("name is ann");
    client.post("/pipe").body("abc").await.assert_text("abc");
    // The host of an absolute target is not the field's.
    let answer =
        client.raw("GET http://target/about HTTP/1.1\r\nhost: field\r\nconnection: close\r\n\r\n").await;
    assert!(answer.contains("host=Some(\"target\")"), "{answer}");
}

#[tokio::test]
async fn a_layer_changes_bodies() {
    let upper = MapResponseBodyLayer::new(|body: Body| {
        body.map_frame(|frame| frame.map_data(|data| Bytes::from(data.to_ascii_uppercase())))
    });
    let reversed = MapRequestBodyLayer::new(|body: Body| {
        body.map_frame(|frame| frame.map_data(|data: Bytes| data.iter().rev().copied().collect::<Bytes>()))
    });
    let client =
        client(|builder| builder.filter("/**", Layered::new(upper)).filter("/**", Layered::new(reversed)));
    client.get("/hello/ann").await.assert_text("HELLO, ANN!");
    client.post("/pipe").body("abc").await.assert_text("CBA");
    client.post("/about").body("abc").await.assert_contains("BODY=3");
}

/// Pieces go through a layer while the handler writes them.
#[tokio::test]
async fn a_layer_does_not_hold_up_a_stream() {
    let upper = MapResponseBodyLayer::new(|body: Body| {
        body.map_frame(|frame| frame.map_data(|data| Bytes::from(data.to_ascii_uppercase())))
    });
    let config = Config::new().app("tower").filter("/pipe", Layered::new(upper));
    let app = App::from_registry(config).expect("it can be built");
    let (sender, body) = Body::channel(1);
    sender.send("one").await.expect("there is room");
    let answer = app.handle(Request::post("/pipe").body(body)).await;
    assert_eq!(answer.headers.get("content-type"), Some("application/octet-stream"));
    let mut body = answer.into_body();
    assert_eq!(body.next().await.expect("a piece").expect("a good one"), "ONE");
    sender.send("two").await.expect("there is room");
    assert_eq!(body.next().await.expect("a piece").expect("a good one"), "TWO");
    drop(sender);
    assert!(body.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_layer_may_end_the_wait_for_a_handler() {
    let limit = Duration::from_secs(5);
    let polite = TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limit);
    let harsh = tower::timeout::TimeoutLayer::new(limit);
    let polite =
        client(|builder| builder.filter("/**", Marks("x-outside")).filter("/**", Layered::new(polite)));
    let harsh =
        client(|builder| builder.filter("/**", Marks("x-outside")).filter("/**", Layered::new(harsh)));
    for (name, client, status) in [("polite", polite, 504), ("harsh", harsh, 500)] {
        let answer = client.get("/waits").await;
        answer.assert_status(status).assert_header("x-outside", "before");
        assert_eq!(WAITING.load(Ordering::SeqCst), 0, "{name}: the handler still waits");
        client.get("/hello/ann").await.assert_status(200).assert_header("x-outside", "before");
    }
}

/// A filter of ours, which sets a field before anything else runs.
struct Marks(&'static str);

impl Filter for Marks {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            cx.response.headers.insert(self.0, "before");
            next.run(cx).await;
            Ok(())
        })
    }
}

/// A layer that answers some requests by itself, loses others, or tries twice.
#[derive(Clone)]
struct Moody<S>(S);

impl<S> Service<http::Request<Body>> for Moody<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let mut inner = self.0.clone();
        let mood = request.uri().query().unwrap_or_default().to_owned();
        Box::pin(async move {
            match mood.as_str() {
                "alone" => {
                    let answer = http::Response::builder().status(401).header("www-authenticate", "Basic");
                    Ok(answer.body(Body::from("who are you?"))?)
                }
                "fails" => Err("on purpose".into()),
                "ours" => Err(Error::unavailable("come back later").into()),
                "loses" => {
                    request.extensions_mut().clear();
                    Ok(inner.call(request).await?)
                }
                "twice" => {
                    let mut again = http::Request::new(Body::empty());
                    *again.extensions_mut() = request.extensions().clone();
                    let _ = inner.call(request).await?;
                    Ok(inner.call(again).await?)
                }
                "elsewhere" => Ok(tokio::spawn(inner.call(request)).await??),
                _ => Ok(inner.call(request).await?),
            }
        })
    }
}

#[tokio::test]
async fn a_layer_may_do_as_it_likes() {
    let moody = tower::layer::layer_fn(Moody::<NextService>);
    let client =
        client(|builder| builder.filter("/**", Marks("x-outside")).filter("/**", Layered::new(moody)));
    let table = [
        ("", 200, "Hello, ann!"),
        ("?alone", 401, "who are you?"),
        ("?fails", 500, "on purpose"),
        ("?ours", 503, "come back later"),
        ("?loses", 500, ""),
        ("?twice", 500, ""),
        ("?elsewhere", 200, "Hello, ann!"),
    ];
    for (mood, status, expected) in table {
        let answer = client.get(&format!("/hello/ann{mood}")).await;
        answer.assert_status(status).assert_contains(expected);
        if mood != "?loses" && mood != "?twice" {
            answer.assert_header("x-outside", "before");
        }
    }
}

/// Filters outside a layer learn of the error that the answer was made of.
#[tokio::test]
async fn errors_are_known_outside_a_layer() {
    struct Learns(Arc<Mutex<Vec<u16>>>);

    impl Filter for Learns {
        fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
            Box::pin(async move {
                next.run(cx).await;
                self.0.lock().expect("nobody panics").extend(cx.error().map(|error| error.status().as_u16()));
                Ok(())
            })
        }
    }

    let learned = Arc::<Mutex<Vec<u16>>>::default();
    let layer = SetResponseHeaderLayer::overriding(name("x-layer"), HeaderValue::from_static("seen"));
    let client = client(|builder| {
        builder.filter("/**", Learns(Arc::clone(&learned))).filter("/**", Layered::new(layer))
    });
    client.get("/hello/ann").await.assert_status(200);
    client.get("/fails").await.assert_status(418);
    assert_eq!(*learned.lock().expect("nobody panics"), [418]);
}

#[tokio::test]
async fn websockets_pass_through_layers() {
    let layer = SetResponseHeaderLayer::overriding(name("x-layer"), HeaderValue::from_static("seen"));
    let config = Config::new().app("tower").filter("/**", Layered::new(layer));
    let app = App::from_registry(config).expect("it can be built");
    for path in ["/echo", "/by-hand?user=ann"] {
        let (ours, theirs) = tokio::io::duplex(4096);
        tokio::spawn(app.serve_connection(theirs));
        let (mut socket, answer) = client_async(format!("ws://a{path}"), ours).await.expect("it is accepted");
        assert_eq!(answer.headers().contains_key("x-layer"), path == "/echo", "{path}");
        socket.send(TheirMessage::text("hi")).await.expect("it is open");
        assert_eq!(
            socket.next().await.expect("an answer").expect("a good one"),
            TheirMessage::text("hi"),
            "{path}"
        );
        socket.close(None).await.expect("it is open");
        while socket.next().await.is_some() {}
    }
}

fn axum_router() -> axum::Router {
    use axum::routing::{get, post};
    axum::Router::new()
        .route("/", get(|| async { "root" }))
        .route("/users/{name}", get(|axum::extract::Path(name): axum::extract::Path<String>| async move { format!("user {name}") }))
        .route("/echo", post(|body: axum::body::Body| async move { body }))
        .route("/cookies", get(|| async { axum::response::AppendHeaders([("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-outside", "inside")]) }))
        .route("/peer", get(|info: axum::extract::Extension<ConnectionInfo>| async move { format!("{:?}", info.0.peer()) }))
        .fallback(|| async { (axum::http::StatusCode::NOT_FOUND, "axum knows no such page") })
}

#[tokio::test]
async fn an_axum_router_answers_a_part_of_the_paths() {
    let client = client(|builder| {
        builder
            .filter("/**", Marks("x-outside"))
            .filter("/api/**", Mounted::new(axum_router()).strip_prefix("/api"))
            // Mapped as well; the mounted service is what answers.
            .filter("/hello/mounted", Mounted::new(axum_router()))
            .limits(Limits::new().body_size(1 << 20))
    });
    let table = [
        ("/api/users/ann", 200, "user ann"),
        ("/api/", 200, "root"),
        ("/api", 200, "root"),
        ("/api?a=b", 200, "root"),
        ("/apis", 404, "{\"code\":404"),
        ("/api/nope", 404, "axum knows no such page"),
        ("/api/peer", 200, "None"),
        ("/hello/mounted", 404, "axum knows no such page"),
        ("/hello/ann", 200, "Hello, ann!"),
        ("/nope", 404, "{\"code\":404"),
    ];
    for (path, status, expected) in table {
        let answer = client.get(path).await;
        answer.assert_status(status).assert_contains(expected);
    }
    client
        .get("/api/users/ann")
        .await
        .assert_header("content-length", "8")
        .assert_header("content-type", "text/plain; charset=utf-8");
    client
        .head("/api/users/ann")
        .await
        .assert_status(200)
        .assert_header("content-length", "8")
        .assert_text("");
    client.request("PATCH", "/api/users/ann").await.assert_status(405).assert_header("allow", "GET,HEAD");
    // Filters run around it, and it has the last word on fields of its own.
    client.get("/api/nope").await.assert_header("x-outside", "before");
    client.get("/api/cookies").await.assert_header("x-outside", "inside");
    let cookies = client.get("/api/cookies").await;
    assert_eq!(cookies.headers().get_all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
    for size in [0, 1, 100_000] {
        client
            .post("/api/echo")
            .body("x".repeat(size))
            .await
            .assert_status(200)
            .assert_text(&"x".repeat(size));
    }
    client.post("/api/echo").body("x".repeat((1 << 20) + 1)).await.assert_status(413);
}

/// A service inside the application inside hyper may take the connection over.
#[tokio::test]
async fn a_mounted_service_upgrades_where_the_server_around_lets_it() {
    let echoes = tower::service_fn(|mut request: http::Request<Body>| async move {
        let upgrading = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let (mut reading, mut writing) =
                tokio::io::split(TokioIo::new(upgrading.await.expect("an upgrade")));
            tokio::io::copy(&mut reading, &mut writing).await
        });
        let answer =
            http::Response::builder().status(101).header("upgrade", "echo").header("connection", "upgrade");
        Ok::<_, Infallible>(answer.body(Body::empty()).expect("an answer"))
    });
    let config = Config::new().app("tower").filter("/raw", Mounted::new(echoes));
    let service = App::from_registry(config).expect("it can be built").service();
    let (mut ours, theirs) = tokio::io::duplex(4096);
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(theirs), TowerToHyperService::new(service))
        .with_upgrades();
    tokio::spawn(served);
    let head = b"GET /raw HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhi!";
    ours.write_all(head).await.expect("it is open");
    let mut came = String::new();
    while !came.ends_with("\r\n\r\nhi!") {
        let mut byte = [0];
        ours.read_exact(&mut byte).await.unwrap_or_else(|error| panic!("{error} after {came}"));
        came.push(char::from(byte[0]));
    }
    assert!(came.starts_with("HTTP/1.1 101 ") && came.contains("upgrade: echo\r\n"), "{came}");
}

/// An answer to HEAD says the length of what GET would get, through any number of layers.
#[tokio::test]
async fn head_keeps_its_length_through_layers() {
    let client = client(|builder| {
        builder
            .filter("/**", Layered::new(TraceLayer::new_for_http()))
            .filter("/api/**", Mounted::new(axum_router()).strip_prefix("/api"))
    });
    for (path, length) in [("/hello/ann", "11"), ("/api/users/ann", "8")] {
        client.head(path).await.assert_status(200).assert_header("content-length", length).assert_text("");
    }
    client.get("/api/users/ann").await.assert_text("user ann");
}

/// A mounted service gets the body while it comes.
#[tokio::test]
async fn a_mounted_service_streams() {
    let config =
        Config::new().app("tower").filter("/api/**", Mounted::new(axum_router()).strip_prefix("/api"));
    let app = App::from_registry(config).expect("it can be built");
    let (ours, theirs) = tokio::io::duplex(4096);
    tokio::spawn(app.serve_connection(theirs));
    let (mut client, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(ours)).await.expect("HTTP");
    tokio::spawn(connection);
    let (pieces, body) = channel();
    let request = http::Request::post("/api/echo").header("host", "a").body(body).expect("a request");
    pieces.send("one").expect("it is there");
    let answer = client.send_request(request).await.expect("an answer");
    echoes(answer.into_body(), pieces).await;
}

static DROPPED: AtomicBool = AtomicBool::new(false);

#[tokio::test]
async fn a_mounted_service_that_fails_is_an_error_page() {
    let fails = tower::service_fn(|request: http::Request<Body>| async move {
        DROPPED.store(true, Ordering::SeqCst);
        match request.uri().path() {
            "/fails/panics" => panic!("on purpose"),
            "/fails/ours" => Err(Error::forbidden("not you").into()),
            "/fails/empty" => Ok(http::Response::new(Empty::<Bytes>::new())),
            _ => Err(Box::<dyn std::error::Error + Send + Sync>::from("on purpose")),
        }
    });
    let client = client(|builder| builder.filter("/fails/**", Mounted::new(fails)));
    let table = [("/fails/x", 500), ("/fails/panics", 500), ("/fails/ours", 403), ("/fails/empty", 200)];
    for (path, status) in table {
        let answer = client.get(path).await;
        answer.assert_status(status);
        assert!(status == 200 || answer.text().starts_with("{\"code\":"), "{path}");
    }
    assert!(DROPPED.load(Ordering::SeqCst));
}

/// `Layer` is what users bring; nothing of it needs more than `Clone`.
#[test]
fn what_is_made_may_be_cloned_and_shown() {
    let layered = Layered::new(TraceLayer::new_for_http());
    let mounted = Mounted::new(axum_router()).strip_prefix("/a/");
    assert_eq!(format!("{layered:?} {mounted:?}"), "Layered { unmatched: false } Mounted { prefix: \"/a\" }");
    assert!(format!("{:?}", app().service().clone()).starts_with("VernalService(App"));
    let _ = TraceLayer::new_for_http().layer(axum_router());
}

#[request_map("/sniffed", app = "tower")]
fn sniffed(name: &str) -> String {
    name.to_owned()
}

#[request_map("/sniffed/page", app = "tower")]
fn sniffed_page() -> &'static str {
    "<html>a page</html>"
}

/// A layer sees the content type that the answer is sent with.
#[tokio::test]
async fn a_layer_makes_no_page_of_what_a_request_brings() {
    let client = client(|builder| builder.filter("/**", Layered::new(TraceLayer::new_for_http())));
    let table = [
        ("/sniffed?name=%3Chtml%3E", "text/plain; charset=utf-8"),
        ("/sniffed/page", "text/html; charset=utf-8"),
    ];
    for (path, content_type) in table {
        client.get(path).await.assert_status(200).assert_header("content-type", content_type);
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
