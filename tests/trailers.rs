//! Fields after a body, both ways: which of a request's a handler sees and where, and which answers send theirs to whom.

mod both;

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vernal::test::Client;
use vernal::{
    Body, BodyReader, Compression, Error, FilterContext, Form, Json, Limits, Multipart, MultipartFile, Next,
    Responder, Response, Result, Sse, StaticFile, Text, Trailers, request_filter, request_map,
};

/// How a test shows them.
fn shown(trailers: &vernal::Headers) -> String {
    trailers
        .iter()
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
        .collect::<Vec<_>>()
        .join(" ")
}

// What comes.

#[request_map("/text", method = "POST")]
fn text(text: Text<&str>, trailers: &Trailers) -> String {
    format!("{}|{}", text.0, shown(trailers))
}

#[request_map("/json", method = "POST")]
async fn json(Json(number): Json<u8>, trailers: &Trailers) -> String {
    format!("{number}|{}", shown(trailers))
}

#[request_map("/form", method = "POST")]
fn form(trailers: &Trailers, Form(pairs): Form<Vec<(String, String)>>) -> String {
    format!("{pairs:?}|{}", shown(trailers))
}

#[request_map("/alone", method = "POST")]
fn alone(trailers: &Trailers) -> String {
    shown(trailers)
}

#[request_map("/file", method = "POST")]
fn file(photo: MultipartFile<'_>, trailers: &Trailers) -> String {
    format!("{}|{}", photo.size(), shown(trailers))
}

#[request_map("/parts", method = "POST")]
async fn parts(mut form: Multipart) -> Result<String> {
    Ok(shown(form.trailers().await?))
}

#[request_map("/reader", method = "POST")]
async fn reader(mut body: BodyReader) -> Result<String> {
    let text = String::from_utf8_lossy(&body.read_to_end(1 << 20).await?).into_owned();
    let first = shown(body.trailers().await?);
    assert_eq!(first, shown(body.trailers().await?), "asked again");
    Ok(format!("{text}|{first}"))
}

#[request_map("/reader/unread", method = "POST")]
async fn unread(mut body: BodyReader) -> Result<String> {
    Ok(shown(body.trailers().await?))
}

#[request_map("/filtered", method = "POST")]
fn filtered(_text: Text<&str>) -> &'static str {
    "ok"
}

#[request_filter("/filtered")]
async fn seen(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    let trailers = shown(cx.request.trailers());
    cx.response.headers.insert("x-seen", trailers);
    next.run(cx).await;
    Ok(())
}

#[request_map("/fields", method = "POST")]
fn fields(_text: Text<&str>, headers: &vernal::Headers) -> String {
    format!("{:?} {:?}", headers.get("x-sum"), headers.get("x-own"))
}

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=b";
const PHOTO: &str = "--b\r\ncontent-disposition: form-data; name=photo; filename=a\r\n\r\nabc\r\n--b--\r\n";

#[tokio::test]
async fn handlers_see_those_of_their_request() {
    let client = Client::new();
    let table = [
        ("/text", "text/plain", "hi", "hi|x-sum=7 x-own=a"),
        ("/json", "application/json", "5", "5|x-sum=7 x-own=a"),
        ("/form", FORM, "a=b", r#"[("a", "b")]|x-sum=7 x-own=a"#),
        ("/alone", "text/plain", "", "x-sum=7 x-own=a"),
        ("/alone", "text/plain", "unseen", "x-sum=7 x-own=a"),
        ("/file", PARTS, PHOTO, "3|x-sum=7 x-own=a"),
        ("/parts", PARTS, PHOTO, "x-sum=7 x-own=a"),
        ("/reader", "text/plain", "hi", "hi|x-sum=7 x-own=a"),
        ("/reader/unread", "text/plain", "hi", "x-sum=7 x-own=a"),
        // They are not header fields.
        ("/fields", "text/plain", "", "None None"),
    ];
    for (path, kind, body, expected) in table {
        let request = client.post(path).header("content-type", kind).body(body);
        // What must be known before the body is left out.
        let request = request.trailer("x-sum", "7").trailer("host", "evil").trailer("content-type", "a/b");
        request.trailer("cookie", "a=b").trailer("x-own", "a").await.assert_status(200).assert_text(expected);
    }
    let answer = client.post("/filtered").body("a").trailer("x-sum", "7").await;
    answer.assert_status(200).assert_header("x-seen", "x-sum=7");
    client.post("/text").body("none").await.assert_text("none|");
    client.post("/reader").body("none").await.assert_text("none|");
}

/// Sends a request to `path` in pieces of this many bytes, and another one behind it.
async fn sent(path: &str, piece: usize, body: &str) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let last = "POST /alone HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let input = format!("{head}{body}{last}");
    let mut peer = Client::builder().limits(Limits::new().head_size(300).header_count(5)).build().connect();
    for piece in input.as_bytes().chunks(piece) {
        // The server may have answered and closed.
        let _ = peer.write_all(piece).await;
        tokio::task::yield_now().await;
    }
    let mut received = String::new();
    let _ = peer.read_to_string(&mut received).await;
    let answers = received.split("HTTP/1.1 ").skip(1).map(|answer| {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let body =
            body.split(r#""detail":""#).nth(1).map_or(body, |rest| rest.split('"').next().unwrap_or(""));
        format!("{} {body}", &head[..3])
    });
    answers.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn they_are_the_same_however_they_come() {
    let many = format!("0\r\n{}\r\n", "a: b\r\n".repeat(6));
    let long = format!("0\r\na: {}\r\n\r\n", "y".repeat(300));
    let table = [
        ("/text", "2\r\nhi\r\n0\r\nX-Sum:  7 \r\nb:\r\n\r\n", "200 hi|X-Sum=7 b=, 200 "),
        ("/reader", "2\r\nhi\r\n0\r\nX-Sum:  7 \r\nb:\r\n\r\n", "200 hi|X-Sum=7 b=, 200 "),
        ("/reader", "2\r\nhi\r\n0\r\nhost: a\r\n\r\n", "200 hi|, 200 "),
        ("/nowhere", "2\r\nhi\r\n0\r\nX: 1\r\n\r\n", "404 "),
        ("/text", &many, "431 "),
        ("/text", &long, "431 "),
        ("/reader", &many, "431 "),
        ("/reader", &long, "431 "),
        ("/text", "0\r\nbad name: 1\r\n\r\n", "400 "),
        ("/reader", "0\r\nx: \u{1}\r\n\r\n", "400 "),
    ];
    for (path, body, expected) in table {
        for piece in [usize::MAX, 1, 7] {
            let got = sent(path, piece, body).await;
            let is_right = if expected.len() == 4 { got.starts_with(expected) } else { got == expected };
            assert!(is_right, "{path} {body:?} by {piece}: {got}");
        }
    }
}

#[tokio::test]
async fn a_compressed_body_may_have_them() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"hi").expect("memory");
    let packed = encoder.finish().expect("memory");
    let client = Client::builder().decompress_requests(vernal::Decompression::gzip()).build();
    for path in ["/text", "/reader"] {
        let request = client.post(path).header("content-encoding", "gzip").body(packed.clone());
        request.trailer("x-sum", "7").await.assert_text("hi|x-sum=7");
    }
}

// What goes.

#[request_map("/part")]
fn part() -> (&'static str, Trailers) {
    ("hello", Trailers::from([("x-sum", 7), ("X-Other", 8), ("x-other", 9)]))
}

#[request_map("/parted")]
fn parted() -> (&'static str, Trailers) {
    ("hello", Trailers::from([("x-sum", 7), ("x-other", 8), ("X-Sum", 9)]))
}

#[request_map("/first")]
fn first() -> (Trailers, Json<u8>) {
    (Trailers::from([("x-sum", 7)]), Json(5))
}

#[request_map("/large")]
fn large() -> (String, Trailers) {
    ("large ".repeat(20_000), Trailers::from([("x-sum", 7)]))
}

#[request_map("/digest")]
fn digest() -> (String, Trailers) {
    ("large ".repeat(20_000), Trailers::from([("repr-digest", "sha-256=:AAAA:")]))
}

#[request_map("/stream")]
fn stream() -> Body {
    let (sender, body) = Body::channel(1);
    let sum = Arc::new(Mutex::new(0));
    let summed = Arc::clone(&sum);
    tokio::spawn(async move {
        for number in 1..=3_u32 {
            *summed.lock().expect("no panic") += number;
            sender.send(format!("{number} ")).await.expect("the peer is there");
        }
    });
    body.with_trailers(&["x-sum", "x-more"], async move {
        tokio::task::yield_now().await;
        let sum = *sum.lock().expect("no panic");
        Ok(Trailers::from([("x-sum", sum), ("x-unannounced", 1)]))
    })
}

/// Its pieces must not be asked for behind the last one, though the trailers take their time.
#[request_map("/once")]
fn once() -> Body {
    let piece = |at| async move { (at < 2).then(|| (Ok::<_, Error>("piece "), at + 1)) };
    Body::stream(futures_util::stream::unfold(0, piece)).with_trailers(&["x-sum"], async {
        tokio::task::yield_now().await;
        Ok(Trailers::from([("x-sum", 2)]))
    })
}

#[request_map("/sized")]
fn sized() -> Body {
    Body::from("hello").with_trailers(&["x-sum"], async { Ok(Trailers::from([("x-sum", 7)])) })
}

#[request_map("/nothing")]
fn nothing() -> Body {
    Body::empty().with_trailers(&["x-sum"], async { Ok(Trailers::from([("x-sum", 7)])) })
}

#[request_map("/given")]
async fn given() -> Response {
    let mut response = Response::new(201).header("trailer", "x-mine").body("hello");
    response.set_trailers(Trailers::from([("x-sum", 7)]));
    response
}

#[request_map("/written")]
async fn written(res: &mut Response) -> Result {
    res.write_bytes("a").await?;
    res.write_bytes("b").await?;
    res.set_trailers(Trailers::from([("x-sum", 7)]));
    Ok(())
}

#[request_map("/written/announced")]
async fn announced(res: &mut Response) -> Result {
    res.set_trailers(Trailers::from([("x-sum", 6)]));
    res.write_bytes("ab").await?;
    res.set_trailers(Trailers::from([("x-sum", 7)]));
    res.close()
}

#[request_map("/static")]
fn on_disk() -> (StaticFile, Trailers) {
    (StaticFile::new(concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE")), Trailers::from([("x-sum", 7)]))
}

#[request_map("/status/{status}")]
fn status(status: u16) -> (u16, Trailers) {
    (status, Trailers::from([("x-sum", 7)]))
}

#[request_map("/failing")]
fn failing(res: &mut Response) -> Result {
    res.set_trailers(Trailers::from([("x-sum", 7)]));
    Err(Error::bad_request("no"))
}

#[request_map("/events")]
fn events() -> (Sse, Trailers) {
    let (sender, events) = Sse::channel(1);
    tokio::spawn(async move { sender.send(vernal::Event::new("a")).await });
    (events, Trailers::from([("x-sum", 7)]))
}

/// Status, framing, what is announced, the body, what follows it.
fn told(answer: &vernal::test::Answer) -> String {
    let framing = match (answer.header("content-length"), answer.header("transfer-encoding")) {
        (Some(length), None) => length,
        (None, Some(coding)) => coding,
        // An answer in pieces is no more than one without a length.
        (None, None)
            if answer.version() == http::Version::HTTP_2
                && !matches!(answer.status().as_u16(), 204 | 304) =>
        {
            "chunked"
        }
        (None, None) => "none",
        both => panic!("{both:?}"),
    };
    let announced = answer.header("trailer").unwrap_or("-");
    let body = answer.text();
    let body = if body.len() > 20 { &body[..5] } else { body };
    format!("{} {framing} [{announced}] {body}|{}", answer.status().as_u16(), shown(answer.trailers()))
}

#[tokio::test]
async fn answers_send_theirs_to_those_who_take_them() {
    let client = Client::new();
    let table = [
        ("/part", "200 5 [-] hello|", "200 chunked [x-sum, x-other] hello|x-sum=7 X-Other=8 x-other=9"),
        ("/first", "200 1 [-] 5|", "200 chunked [x-sum] 5|x-sum=7"),
        ("/large", "200 120000 [-] large|", "200 chunked [x-sum] large|x-sum=7"),
        ("/stream", "200 chunked [-] 1 2 3 |", "200 chunked [x-sum, x-more] 1 2 3 |x-sum=6 x-unannounced=1"),
        ("/once", "200 chunked [-] piece piece |", "200 chunked [x-sum] piece piece |x-sum=2"),
        ("/sized", "200 5 [-] hello|", "200 chunked [x-sum] hello|x-sum=7"),
        ("/nothing", "200 0 [-] |", "200 chunked [x-sum] |x-sum=7"),
        ("/given", "201 5 [-] hello|", "201 chunked [x-mine] hello|x-sum=7"),
        ("/written", "200 chunked [-] ab|", "200 chunked [-] ab|x-sum=7"),
        ("/written/announced", "200 chunked [-] ab|", "200 chunked [x-sum] ab|x-sum=7"),
        ("/status/201", "201 0 [-] |", "201 chunked [x-sum] |x-sum=7"),
        ("/status/204", "204 none [-] |", "204 none [-] |"),
        ("/status/205", "205 0 [-] |", "205 0 [-] |"),
        ("/status/304", "304 none [-] |", "304 none [-] |"),
        ("/events", "200 chunked [-] data: a\n\n|", "200 chunked [x-sum] data: a\n\n|x-sum=7"),
    ];
    let parted = client.get("/parted").header("te", "trailers").await;
    parted.assert_header("trailer", "x-sum, x-other");
    for (path, plain, trailed) in table {
        assert_eq!(told(&client.get(path).await), plain, "{path}");
        let answer = client.get(path).header("te", "trailers").await;
        let has_lower_names = answer.version() == http::Version::HTTP_2;
        let trailed = if has_lower_names { trailed.to_lowercase() } else { trailed.to_owned() };
        assert_eq!(told(&answer), trailed, "{path}");
        // Nothing follows a body that is not there.
        let head = client.head(path).header("te", "trailers").await;
        assert_eq!((head.header("trailer"), head.trailers().len()), (None, 0), "{path}");
    }
    let license = client.get("/static").header("te", "trailers").await;
    assert_eq!(license.trailers().get("x-sum"), Some("7"));
    license.assert_contains("MIT").assert_no_header("content-length");
    let plain = client.get("/static").await;
    assert_eq!(plain.text(), license.text());
    plain.assert_header("content-length", &license.bytes().len().to_string());
    let failed = client.get("/failing").header("te", "trailers").await;
    failed.assert_status(400).assert_no_header("trailer");
    assert!(failed.trailers().is_empty());
}

#[tokio::test]
async fn the_connection_goes_on_behind_them() {
    let asked = "GET /part HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n";
    let last = "GET /sized HTTP/1.0\r\nTE: trailers\r\n\r\n";
    let mut peer = Client::new().connect();
    peer.write_all(format!("{asked}{asked}{last}").as_bytes()).await.expect("the server reads");
    let mut received = String::new();
    peer.read_to_string(&mut received).await.expect("no reset");
    let bodies: Vec<_> = received
        .split("HTTP/1.1 200 OK\r\n")
        .skip(1)
        .map(|answer| answer.split_once("\r\n\r\n").expect("a head").1)
        .collect();
    let trailed = "5\r\nhello\r\n0\r\nx-sum: 7\r\nX-Other: 8\r\nx-other: 9\r\n\r\n";
    // HTTP/1.0 has no place for them.
    assert_eq!(bodies, [trailed, trailed, "hello"]);
}

#[tokio::test]
async fn compressed_answers_have_them_unless_they_are_of_the_very_bytes() {
    let client = Client::builder().compression(Compression::gzip(6)).build();
    let table = [
        ("/large", true, Some("gzip"), "x-sum=7"),
        ("/large", false, Some("gzip"), ""),
        // A sum of the plain bytes would be wrong.
        ("/digest", true, None, "repr-digest=sha-256=:AAAA:"),
        ("/digest", false, Some("gzip"), ""),
    ];
    for (path, takes, coding, trailers) in table {
        let request = client.get(path).header("accept-encoding", "gzip");
        let answer = if takes { request.header("te", "trailers").await } else { request.await };
        assert_eq!(answer.header("content-encoding"), coding, "{path}");
        assert_eq!(shown(answer.trailers()), trailers, "{path}");
        let plain = match coding {
            Some(_) => std::io::read_to_string(flate2::read::GzDecoder::new(answer.bytes())).expect("gzip"),
            None => answer.text().to_owned(),
        };
        assert_eq!(plain.len(), 120_000, "{path}");
    }
}

// What cannot be sent.

#[request_map("/bad")]
fn bad() -> (&'static str, Trailers) {
    ("hello", Trailers::from([("content-length", 7)]))
}

#[request_map("/bad/late")]
fn bad_late() -> Body {
    Body::from("hello").with_trailers(&[], async { Ok(Trailers::from([("set-cookie", "a=b")])) })
}

#[request_map("/bad/failed")]
fn bad_failed() -> Body {
    Body::from("hello").with_trailers(&[], async { Err(Error::internal("no sum")) })
}

#[request_map("/bad/written")]
async fn bad_written(res: &mut Response) -> Result {
    res.write_bytes("hello").await?;
    res.set_trailers(Trailers::from([("host", "a")]));
    Ok(())
}

#[tokio::test]
async fn what_cannot_come_after_a_body_is_not_sent_there() {
    let client = Client::builder().show_errors(true).build();
    for te in ["trailers", ""] {
        let answer = client.get("/bad").header("te", te).await;
        answer.assert_status(500).assert_contains("`content-length` cannot come after the body");
        assert!(answer.trailers().is_empty());
    }
    for path in ["/bad/late", "/bad/failed", "/bad/written"] {
        let mut peer = client.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n");
        peer.write_all(request.as_bytes()).await.expect("the server reads");
        let mut received = String::new();
        let _ = peer.read_to_string(&mut received).await;
        assert!(received.starts_with("HTTP/1.1 200 OK"), "{path} {received}");
        assert!(!received.contains("\r\n0\r\n"), "{path}: half an answer is not taken for a whole one");
    }
}

#[tokio::test]
async fn an_application_within_a_program_passes_them_on() -> Result {
    let app = vernal::App::from_registry(vernal::Config::new())?;
    let asked = vernal::Request::post("/text");
    let body = Body::from("hi").with_trailers(&[], async { Ok(Trailers::from([("x-sum", 7)])) });
    let answer = app.handle(asked.body(body)).await;
    assert_eq!(answer.into_bytes(100).await?, "hi|x-sum=7");
    let mut inner = Response::default();
    app.handle(vernal::Request::get("/part")).await.respond(&mut inner)?;
    assert_eq!(inner.headers.get("trailer"), Some("x-sum, x-other"));
    Ok(())
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
