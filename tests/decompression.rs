//! Requests whose bodies come compressed: refused unless that is on, decoded before anybody sees them, and bounded
//! after it.

mod both;

use std::io::Write;
use std::process::{Command, Stdio};

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use tokio::task::spawn_blocking;
use vernal::test::{Answer, Client};
use vernal::{
    App, BodyReader, Config, Decompression, Form, Json, Limits, Multipart, MultipartFile, Request, Result,
    Text, controller, endpoint, request_map, server,
};

const LIMIT: u64 = 100_000;

fn client_of(codings: Decompression) -> Client {
    Client::builder()
        .show_errors(true)
        .limits(Limits::new().body_size(LIMIT).upload_size(150_000))
        .decompress_requests(codings)
        .build()
}

fn client() -> Client {
    client_of(Decompression::gzip())
}

#[request_map("/text", method = "POST")]
fn text(Text(text): Text<&str>) -> &str {
    text
}

#[request_map("/read", method = "POST")]
async fn read(mut body: BodyReader) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(piece) = body.read().await? {
        assert!(!piece.is_empty(), "an empty piece is no piece");
        all.extend_from_slice(piece);
    }
    assert!(body.read().await?.is_none(), "the end stays the end");
    Ok(all)
}

/// Never looks at more than the first piece.
#[request_map("/begin", method = "POST")]
async fn begin(mut body: BodyReader) -> Result<String> {
    let first = body.next().await?;
    Ok(first.map_or(0, |piece| piece.len()).to_string())
}

#[request_map("/form", method = "POST")]
fn form(name: &str, Form(all): Form<std::collections::BTreeMap<String, String>>) -> String {
    format!("{name} of {}", all.len())
}

#[request_map("/narrowed", method = "POST", params = ["a=1"])]
fn narrowed(b: &str) -> &str {
    b
}

#[request_map("/json", method = "POST")]
fn json(Json(numbers): Json<Vec<u32>>) -> String {
    numbers.iter().sum::<u32>().to_string()
}

#[request_map("/small", method = "POST", limits = Limits::new().body_size(10))]
fn small(Text(text): Text<&str>) -> &str {
    text
}

#[request_map("/small/read", method = "POST", limits = Limits::new().body_size(10))]
async fn small_read(mut body: BodyReader) -> Result<Vec<u8>> {
    body.read_to_end(usize::MAX).await
}

#[request_map("/upload", method = "POST")]
fn upload(img: MultipartFile<'_>, title: &str) -> String {
    format!("{title}: {}", img.size())
}

#[request_map("/parts", method = "POST")]
async fn parts(mut form: Multipart) -> Result<String> {
    let mut sizes = Vec::new();
    while let Some(mut part) = form.next().await? {
        let mut size = 0;
        while let Some(piece) = part.read().await? {
            size += piece.len();
        }
        sizes.push(size.to_string());
    }
    Ok(sizes.join(", "))
}

#[request_map("/own/gzip", method = "POST", decompress = Decompression::gzip())]
fn own(Text(text): Text<&str>) -> &str {
    text
}

#[request_map("/own/read", method = "POST", decompress = Decompression::gzip())]
async fn own_read(mut body: BodyReader) -> Result<Vec<u8>> {
    body.read_to_end(usize::MAX).await
}

#[request_map("/own/upload", method = "POST", decompress = Decompression::gzip(), limits = Limits::new().upload_memory(0))]
fn own_upload(img: MultipartFile<'_>) -> String {
    img.size().to_string()
}

#[request_map("/own/none", method = "POST", decompress = Decompression::none())]
fn own_none(Text(text): Text<&str>) -> &str {
    text
}

#[request_map("/own/raw", method = "POST", decompress = Decompression::by_handlers())]
fn own_raw(req: &Request) -> Result<String> {
    assert_eq!(req.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(req.body()), &mut text)?;
    Ok(text)
}

#[request_map("/own/narrowed", method = "POST", params = "a=1", decompress = Decompression::gzip())]
fn own_narrowed(b: &str) -> &str {
    b
}

#[request_map("/own/narrowed", method = "POST", params = "a=2", decompress = Decompression::none())]
fn own_narrowed_to_none(b: &str) -> &str {
    b
}

#[request_map("/own/narrowed", method = "POST", params = "a=3")]
fn own_narrowed_as_all(b: &str) -> &str {
    b
}

struct Hooks;

#[controller(new = Hooks)]
#[request_map("/hooks", decompress = Decompression::gzip())]
impl Hooks {
    #[request_map("/of-block", method = "POST")]
    fn of_block(&self, Text(text): Text<&str>) -> String {
        text.to_owned()
    }

    #[request_map("/own", method = "POST", decompress = Decompression::none())]
    fn own(&self, Text(text): Text<&str>) -> String {
        text.to_owned()
    }
}

#[derive(Default)]
struct Fresh;

#[request_map("/fresh", decompress = Decompression::gzip())]
impl Fresh {
    #[request_map("/one", method = "POST")]
    fn one(&self, Text(text): Text<&str>) -> String {
        text.to_owned()
    }
}

#[derive(Default)]
struct Point;

#[endpoint("/point", decompress = Decompression::gzip())]
impl Point {
    fn post(&self, Text(text): Text<&str>) -> String {
        text.to_owned()
    }
}

/// A mapping's own setting counts for its bodies, in whatever way they are taken in, and that of the server for no other.
#[tokio::test]
async fn a_mapping_may_take_codings_of_its_own() {
    let form = "application/x-www-form-urlencoded";
    let parts = "multipart/form-data; boundary=b";
    let file =
        "--b\r\nContent-Disposition: form-data; name=\"img\"; filename=\"a\"\r\n\r\nhello\r\n--b--\r\n";
    // The path, its type, the body, and what comes of it where the server takes no coding, and where it takes gzip.
    let table = [
        ("/text", "text/plain", "hello", 415, 200),
        ("/own/gzip", "text/plain", "hello", 200, 200),
        ("/own/read", "text/plain", "hello", 200, 200),
        ("/own/upload", parts, file, 200, 200),
        ("/own/none", "text/plain", "hello", 415, 415),
        ("/own/raw", "text/plain", "hello", 200, 200),
        ("/own/narrowed", form, "a=1&b=hello", 200, 200),
        ("/own/narrowed", form, "a=2&b=hello", 415, 415),
        ("/own/narrowed", form, "a=3&b=hello", 415, 200),
        ("/hooks/of-block", "text/plain", "hello", 200, 200),
        ("/hooks/own", "text/plain", "hello", 415, 415),
        ("/fresh/one", "text/plain", "hello", 200, 200),
        ("/point", "text/plain", "hello", 200, 200),
    ];
    for (path, kind, body, without, with) in table {
        for (codings, expected) in [(Decompression::none(), without), (Decompression::gzip(), with)] {
            let client = client_of(codings.clone());
            let body = gzip(body);
            let request = client.post(path).header("content-encoding", "gzip").header("content-type", kind);
            let answer = request.body(body.clone()).await;
            answer.assert_status(expected);
            if expected == 200 {
                answer.assert_text(if path == "/own/upload" { "5" } else { "hello" });
            }
            // The same without a connection.
            let app = App::from_registry(Config::new().decompress_requests(codings)).expect("mappings");
            let request = Request::post(path).header("content-encoding", "gzip").header("content-type", kind);
            assert_eq!(app.handle(request.body(body)).await.status, expected, "{path}");
        }
    }
}

/// What is left of the head.
#[request_map("/seen", method = "POST")]
fn seen(req: &Request) -> String {
    format!("{:?} {:?} {}", req.header("content-encoding"), req.content_length(), req.body().len())
}

fn gzip(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain.as_ref()).expect("into memory");
    encoder.finish().expect("into memory")
}

fn zlib(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain.as_ref()).expect("into memory");
    encoder.finish().expect("into memory")
}

fn deflate(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain.as_ref()).expect("into memory");
    encoder.finish().expect("into memory")
}

async fn post(client: &Client, path: &str, coding: &str, body: Vec<u8>) -> Answer {
    client.post(path).header("content-encoding", coding).body(body).await
}

#[tokio::test]
async fn it_is_off_unless_it_is_on() {
    let off = client_of(Decompression::none());
    let unset = Client::builder().build();
    for client in [off, unset] {
        for path in ["/text", "/read", "/form"] {
            let answer = post(&client, path, "gzip", gzip("hello")).await;
            answer.assert_status(415).assert_header("accept-encoding", "identity");
            answer.assert_contains("The body's Content-Encoding is `gzip`.");
            answer.assert_contains(
                "Taken here: no compressed bodies (Config::decompress_requests, or `decompress = …` of the mapping).",
            );
        }
        post(&client, "/text", "identity", b"plain".to_vec()).await.assert_status(200).assert_text("plain");
    }
}

#[tokio::test]
async fn a_body_is_what_it_was_before_it_was_compressed() {
    let client = client();
    let codings = [
        ("gzip", gzip("hello")),
        ("GZip", gzip("hello")),
        ("x-gzip", gzip("hello")),
        ("deflate", zlib("hello")),
        ("deflate", deflate("hello")),
        ("identity, gzip", gzip("hello")),
        (" gzip ,", gzip("hello")),
        ("deflate, gzip", gzip(zlib("hello"))),
        ("gzip", [gzip("hel"), gzip(""), gzip("lo")].concat()),
        ("identity", b"hello".to_vec()),
    ];
    for (coding, body) in codings {
        for path in ["/text", "/read"] {
            let answer = post(&client, path, coding, body.clone()).await;
            answer.assert_status(200).assert_text("hello");
        }
    }
    let two_fields =
        client.post("/text").header("content-encoding", "deflate").header("content-encoding", "gzip");
    two_fields.body(gzip(zlib("hello"))).await.assert_text("hello");
    let json =
        client.post("/json").header("content-type", "application/json").header("content-encoding", "gzip");
    json.body(gzip("[1,2,3]")).await.assert_text("6");
    // A body of no bytes is no body.
    for path in ["/text", "/read"] {
        post(&client, path, "gzip", Vec::new()).await.assert_status(200).assert_text("");
    }
}

#[tokio::test]
async fn forms_are_decoded_before_they_are_parsed() {
    let client = client();
    let form = |path: &str, text: &str| {
        let request = client.post(path).header("content-type", "application/x-www-form-urlencoded");
        request.header("content-encoding", "gzip").body(gzip(text))
    };
    form("/form", "name=ann&age=7").await.assert_text("ann of 2");
    form("/narrowed", "a=1&b=2").await.assert_text("2");
    form("/narrowed", "a=2&b=2").await.assert_status(404);
}

#[tokio::test]
async fn uploads_are_decoded_while_they_come() {
    let client = client();
    let send = |path: &str, size: usize| {
        let file = "x".repeat(size);
        let form = format!(
            "--B\r\nContent-Disposition: form-data; name=title\r\n\r\nfour\r\n--B\r\nContent-Disposition: form-data; \
             name=img; filename=a.txt\r\n\r\n{file}\r\n--B--\r\n"
        );
        let request = client.post(path).header("content-type", "multipart/form-data; boundary=B");
        request.header("content-encoding", "gzip").body(gzip(form))
    };
    send("/upload", 140_000).await.assert_status(200).assert_text("four: 140000");
    send("/parts", 140_000).await.assert_status(200).assert_text("4, 140000");
    for path in ["/upload", "/parts"] {
        let answer = send(path, 150_000).await;
        answer.assert_status(413).assert_contains("150000 bytes (Limits::upload_size) when decompressed");
    }
}

#[tokio::test]
async fn it_takes_no_connection_to_decompress() {
    let limits = Limits::new().body_size(LIMIT).upload_size(150_000);
    let config = Config::new().show_errors(true).limits(limits).decompress_requests(Decompression::gzip());
    let app = App::from_registry(config).expect("it is complete");
    let send = |path: &str, kind: &str, coding: &str, body: Vec<u8>| {
        let request = Request::post(path).header("content-type", kind).header("content-encoding", coding);
        app.handle(request.body(body))
    };
    let (text, form, parts) =
        ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B");
    let upload = "--B\r\nContent-Disposition: form-data; name=title\r\n\r\nfour\r\n--B\r\n\
                  Content-Disposition: form-data; name=img; filename=a.txt\r\n\r\nhello\r\n--B--\r\n";
    let table = [
        ("/text", text, "gzip", gzip("hello"), 200, "hello"),
        ("/read", text, "deflate, gzip", gzip(zlib("hello")), 200, "hello"),
        ("/narrowed", form, "gzip", gzip("a=1&b=2"), 200, "2"),
        ("/upload", parts, "gzip", gzip(upload), 200, "four: 5"),
        ("/parts", parts, "gzip", gzip(upload), 200, "4, 5"),
        ("/text", text, "br", gzip("hello"), 415, "Taken here: gzip, deflate."),
        ("/read", text, "br", gzip("hello"), 415, "Taken here: gzip, deflate."),
        ("/text", text, "gzip", zlib("hello"), 400, "its gzip data is corrupt"),
        ("/read", text, "gzip", zlib("hello"), 400, "its gzip data is corrupt"),
        (
            "/text",
            text,
            "gzip",
            gzip(vec![0; 1 << 20]),
            413,
            "100000 bytes (Limits::body_size) when decompressed",
        ),
        (
            "/read",
            text,
            "gzip",
            gzip(vec![0; 1 << 20]),
            413,
            "100000 bytes (Limits::body_size) when decompressed",
        ),
    ];
    for (path, kind, coding, body, status, part) in table {
        let answer = send(path, kind, coding, body).await;
        assert_eq!(answer.status, status, "{path} {coding}");
        let bytes = answer.into_bytes(1 << 20).await.expect("it does not fail");
        assert!(String::from_utf8_lossy(&bytes).contains(part), "{path} {coding}: {bytes:?}");
    }
}

#[tokio::test]
async fn handlers_see_no_coding() {
    let body = gzip("hello");
    let answer = post(&client(), "/seen", "gzip", body.clone()).await;
    answer.assert_text("None None 5");
    // Unless they want to.
    let by_handlers = client_of(Decompression::by_handlers());
    let answer = post(&by_handlers, "/seen", "gzip", body.clone()).await;
    answer.assert_text(&format!("Some(\"gzip\") Some({}) {0}", body.len()));
    let answer = post(&by_handlers, "/read", "whatever", body.clone()).await;
    assert_eq!(answer.assert_status(200).bytes(), body);
}

#[tokio::test]
async fn what_is_not_taken_is_refused_before_it_is_read() {
    let client = client();
    let table = [
        ("br", "The body's Content-Encoding is `br`. Taken here: gzip, deflate."),
        ("zstd", "`zstd`"),
        ("compress", "`compress`"),
        ("gzip, br", "`br`"),
        ("gzip;q=1", "`gzip;q=1`"),
        ("gzip, gzip, gzip", "The body has more than 2 codings."),
    ];
    for (coding, part) in table {
        for path in ["/text", "/read"] {
            let answer = post(&client, path, coding, gzip("hello")).await;
            answer.assert_status(415).assert_header("accept-encoding", "gzip, deflate").assert_contains(part);
        }
    }
    // The peer waits for a 100 that would be a lie.
    let head = "POST /text HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    let answer = client.raw(head).await;
    assert!(answer.starts_with("HTTP/1.1 415 Unsupported Media Type\r\n"), "{answer}");
    // Where nobody wants the body, nobody minds its coding.
    post(&client, "/nowhere", "br", gzip("hello")).await.assert_status(404);
}

#[tokio::test]
async fn what_is_corrupt_or_cut_off_is_refused() {
    let client = client();
    let whole = gzip("hello, hello, hello");
    let mut sum = whole.clone();
    let place = sum.len() - 8;
    sum[place] ^= 1;
    let table = [
        ("garbage", "gzip", b"garbage".to_vec(), "its gzip data is corrupt"),
        ("another coding", "gzip", zlib("hello"), "its gzip data is corrupt"),
        ("sum", "gzip", sum, "its gzip data is corrupt"),
        ("more", "gzip", [&whole[..], b"more"].concat(), "its gzip data is corrupt"),
        ("more", "deflate", [&zlib("hello")[..], b"more"].concat(), "its deflate data is corrupt"),
        ("cut off", "gzip", whole[..whole.len() - 1].to_vec(), "the body's gzip data ends too early"),
        ("its head", "gzip", whole[..5].to_vec(), "the body's gzip data ends too early"),
        ("cut off", "deflate", deflate("hello")[..4].to_vec(), "the body's deflate data ends too early"),
        ("inside", "deflate, gzip", gzip(&zlib("hello")[..6]), "the body's deflate data ends too early"),
        (
            "outside",
            "deflate, gzip",
            gzip(zlib("hello"))[..20].to_vec(),
            "the body's gzip data ends too early",
        ),
    ];
    for (name, coding, body, part) in table {
        for path in ["/text", "/read"] {
            let answer = post(&client, path, coding, body.clone()).await;
            answer.assert_status(400);
            assert!(answer.text().contains(part), "{name} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_connection_goes_on_after_a_bad_body() {
    let client = client();
    let body = zlib("hello");
    let head = format!(
        "POST /text HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let next = "POST /text HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext";
    let answers = client.raw([head.as_bytes(), &body, next.as_bytes()].concat()).await;
    assert!(
        answers.starts_with("HTTP/1.1 400 Bad Request\r\n") && answers.ends_with("\r\n\r\nnext"),
        "{answers}"
    );
}

#[tokio::test]
async fn size_counts_after_inflation() {
    let client = client();
    let exact = "x".repeat(LIMIT as usize);
    let bomb = gzip(vec![0; 64 << 20]);
    assert!(bomb.len() < LIMIT as usize, "it is small before");
    let table =
        [("exactly", gzip(&exact), 200), ("one more", gzip(exact.clone() + "x"), 413), ("a bomb", bomb, 413)];
    for (name, body, status) in &table {
        for path in ["/text", "/read"] {
            let answer = post(&client, path, "gzip", body.clone()).await;
            assert_eq!(answer.status(), *status, "{name} {path}");
            match status {
                200 => assert_eq!(answer.bytes().len() as u64, LIMIT),
                _ => drop(answer.assert_contains(
                    "the body is larger than 100000 bytes (Limits::body_size) when decompressed",
                )),
            }
        }
    }
    // What lies between two codings is bounded as well: here a header with a name that is far too long.
    let mut named =
        flate2::GzBuilder::new().filename(vec![b'x'; 200_000]).write(Vec::new(), flate2::Compression::best());
    named.write_all(b"hello").expect("into memory");
    let named = gzip(named.finish().expect("into memory"));
    for path in ["/text", "/read"] {
        post(&client, path, "gzip, gzip", named.clone()).await.assert_status(413);
        post(&client, path, "gzip", gzip("").repeat(2_000)).await.assert_status(400);
    }
    // Before inflation it counts too.
    let noise: Vec<u8> =
        (0..LIMIT as u32 + 1).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let answer = post(&client, "/text", "gzip", gzip(&noise[..])).await;
    answer.assert_status(413);
    // A mapping's own limit is the one that counts.
    for path in ["/small", "/small/read"] {
        post(&client, path, "deflate", deflate("xxxxxxxxxx"))
            .await
            .assert_status(200)
            .assert_text("xxxxxxxxxx");
        let answer = post(&client, path, "deflate", deflate("xxxxxxxxxxx")).await;
        answer.assert_status(413).assert_contains("10 bytes (Limits::body_size) when decompressed");
    }
}

#[tokio::test]
async fn a_reader_decodes_no_more_than_it_is_asked_for() {
    // What follows the first piece is far beyond the limit, and is never looked at.
    let bomb = gzip(vec![0; 64 << 20]);
    let answer = post(&client(), "/begin", "gzip", bomb).await;
    let size: usize = answer.assert_status(200).text().parse().expect("a number");
    assert!((1..=64 << 10).contains(&size), "{size}");
}

#[tokio::test]
async fn a_body_may_come_in_any_pieces() {
    let client = client();
    let plain = "a line that comes again and again\n".repeat(100);
    let body = gzip(&plain);
    for path in ["/text", "/read"] {
        for size in [1, 7, body.len()] {
            let mut request = format!(
                "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            )
            .into_bytes();
            for piece in body.chunks(size) {
                request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                request.extend_from_slice(&[piece, b"\r\n"].concat());
            }
            request.extend_from_slice(b"0\r\n\r\n");
            let answer = client.raw(request).await;
            assert!(answer.ends_with(&plain), "{path} by {size}: {answer}");
        }
    }
}

#[cfg(all(feature = "brotli", feature = "zstd"))]
#[tokio::test]
async fn brotli_and_zstd_are_taken_when_they_are_on() {
    // Made by the tools of their authors.
    let brotli = b"\x0b\x02\x80hello\x03".to_vec();
    let zstd = b"\x28\xb5\x2f\xfd\x04\x58\x29\x00\x00hello\xa3\x6d\x9f\x88".to_vec();
    let on = client_of(Decompression::gzip().brotli().zstd());
    for (coding, body) in
        [("br", brotli), ("zstd", zstd), ("zstd, gzip", gzip(b"\x28\xb5\x2f\xfd\x00\x58\x29\x00\x00hello"))]
    {
        for path in ["/text", "/read"] {
            post(&on, path, coding, body.clone()).await.assert_status(200).assert_text("hello");
            post(&on, path, coding, body[..body.len() - 2].to_vec()).await.assert_status(400);
            // A feature alone turns nothing on.
            post(&client(), path, coding, body.clone()).await.assert_status(415);
        }
    }
    let answer = post(&on, "/text", "compress", Vec::from("x")).await;
    answer.assert_status(415).assert_header("accept-encoding", "gzip, deflate, br, zstd");
    // A window of 128 MiB is more than anybody has to take (RFC 9659).
    let wide = post(&on, "/text", "zstd", b"\x28\xb5\x2f\xfd\x00\x88\x29\x00\x00hello".to_vec()).await;
    wide.assert_status(400).assert_contains("its zstd data is corrupt");
}

/// What `gzip` of the system makes of a text, sent by curl.
#[tokio::test]
async fn curl_sends_what_gzip_compressed() {
    let bound = server::new()
        .host("127.0.0.1")
        .port(0)
        .handle_signals(false)
        .decompress_requests(Decompression::gzip());
    let bound = bound.bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let plain = "a line that comes again and again\n".repeat(10_000);
    for path in ["text", "read"] {
        let (plain, url) = (plain.clone(), format!("http://{address}/{path}"));
        let sent = spawn_blocking(move || {
            let mut gzip =
                Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let mut stdin = gzip.stdin.take().expect("it is piped");
            let text = plain.clone();
            let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
            let curl = Command::new("curl")
                .args(["-sSf", "-m", "60", "-H", "Content-Encoding: gzip", "-T", "-", "-X", "POST", &url])
                .stdin(gzip.stdout.take().expect("it is piped"))
                .output()?;
            writer.join().expect("no panic")?;
            gzip.wait()?;
            std::io::Result::Ok((curl, plain))
        });
        let (curl, plain) = sent.await.expect("no panic").expect("gzip and curl run: install them");
        assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
        assert!(curl.stdout == plain.as_bytes(), "{path}: {} bytes", curl.stdout.len());
    }
    handle.stop();
    serving.await.expect("no panic").expect("served to its end");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
