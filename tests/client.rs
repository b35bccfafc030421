//! The client of tests itself: what it sends, keeps and follows.

mod both;

use std::panic::AssertUnwindSafe;

use vernal::test::Client;
use vernal::websocket::WebSocketSession;
use vernal::{
    Header, MultipartFile, Redirect, Request, Response, Result, SetCookie, request_map, websocket_handler,
};

/// The target as it came.
#[request_map("/seen/**", app = "client")]
fn seen(req: &Request) -> String {
    req.target().to_owned()
}

#[request_map("/hello/{name}", app = "client")]
fn hello(name: &str) -> String {
    format!("Hello, {name}!")
}

#[request_map("/echo", app = "client")]
fn echo(text: &str) -> String {
    format!("[{text}]")
}

#[request_map("/set", app = "client")]
fn set(field: &str, res: &mut Response) {
    res.headers.append("set-cookie", field);
}

#[request_map("/login", method = "POST", app = "client")]
fn login() -> (SetCookie, Redirect) {
    (SetCookie::new("user", "ann").path("/").http_only(), Redirect::to("/cookie"))
}

#[request_map("/logout", app = "client")]
fn logout() -> (SetCookie, Redirect) {
    (SetCookie::removal("user").path("/"), Redirect::to("/cookie"))
}

#[request_map("/cookie", "/a/cookie", app = "client")]
fn cookie(req: &Request) -> String {
    req.header("cookie").unwrap_or("none").to_owned()
}

/// Answers with a status and a place to go to.
#[request_map("/go", "/a/b/go", app = "client")]
fn go(status: u16, to: &str, res: &mut Response) {
    res.set_status(status);
    res.headers.insert("location", to);
}

#[request_map("/method", "/a/method", "/a/b/method", app = "client")]
fn method(req: &Request) -> Result<String> {
    let body = String::from_utf8(req.body().to_vec())?;
    Ok(format!("{} {} {body} {}", req.method, req.target(), req.header("content-type").unwrap_or("-")))
}

#[request_map("/loop", app = "client")]
fn round() -> Redirect {
    Redirect::to("/loop")
}

#[request_map("/down/{count}", app = "client")]
fn down(count: usize) -> Result<Redirect, &'static str> {
    match count.checked_sub(1) {
        Some(next) => Ok(Redirect::to(format!("/down/{next}"))),
        None => Err("the end"),
    }
}

#[request_map("/upload", method = "POST", app = "client")]
fn upload(file: MultipartFile<'_>, title: &str) -> String {
    format!("{title}: {}, {}, {} bytes", file.filename(), file.content_type(), file.size())
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/chat", app = "client")]
impl Chat {
    async fn on_open(&self, session: &WebSocketSession, cookie: Option<Header<&str>>) -> Result {
        session.send(cookie.map_or("none", |cookie| cookie.0)).await
    }
}

fn client() -> Client {
    Client::builder().app("client").build()
}

#[tokio::test]
async fn targets_are_encoded_as_browsers_do() {
    let client = client();
    let table = [
        ("/seen/100%", "/seen/100%25"),
        ("/seen/a b/ü?q=<it's>&p=50%#part", "/seen/a%20b/%C3%BC?q=%3Cit%27s%3E&p=50%"),
        ("/seen/%41%2F", "/seen/%41%2F"),
        ("/seen?", "/seen?"),
    ];
    for (given, sent) in table {
        client.get(given).await.assert_text(sent);
    }
    client.get("/hello/100%").await.assert_text("Hello, 100%!");
    for text in ["a b", "1+1=2&3", "100%", "ü ~*-._'", "<a href=\"#\">", ""] {
        client.get("/echo").query("text", text).await.assert_text(&format!("[{text}]"));
        client.post("/echo").form("text", text).await.assert_text(&format!("[{text}]"));
    }
    client.get("/seen").query("a b", "c+d*").await.assert_text("/seen?a+b=c%2Bd*");
}

#[tokio::test]
async fn cookies_are_kept_if_asked_for() {
    let forgets = client();
    forgets.get("/set").query("field", "a=1; Path=/").await;
    forgets.get("/cookie").await.assert_text("none");

    let client = Client::builder().app("client").cookies(true).build();
    let clone = client.clone();
    // What is set, and what the next request sends, there and below `/a`.
    let table = [
        ("a=1; Path=/", "a=1", "a=1"),
        ("b=2; Path=/a", "a=1", "b=2; a=1"),
        ("a=3; Path=/; HttpOnly; SameSite=Strict; Secure", "a=3", "b=2; a=3"),
        ("b=; Path=/a; Max-Age=0", "a=3", "a=3"),
        ("c=4; Path=/; Domain=elsewhere.org", "a=3", "a=3"),
    ];
    for (field, expected, below) in table {
        client.get("/set").query("field", field).await;
        clone.get("/cookie").await.assert_text(expected);
        client.get("/a/cookie").await.assert_text(below);
    }
    client.get("/cookie").cookie("a", "mine").cookie("d", "5").await.assert_text("a=mine; d=5");
    client.get("/cookie").header("host", "elsewhere.org").await.assert_text("none");
    client.websocket("/chat").await.expect_text("a=3").await;
}

#[tokio::test]
async fn redirects_are_followed_if_asked_for() {
    let to = |client: &Client, method: &str, path: &str, status: u16, to: &str| {
        client.request(method, path).query("status", status).query("to", to)
    };
    to(&client(), "GET", "/go", 302, "/method").await.assert_status(302).assert_header("location", "/method");

    let client = Client::builder().app("client").redirects(true).build();
    // Method, path, status, location and body, and what came of it in the end.
    let table = [
        ("GET", "/go", 301, "/method", "", "GET /method  -"),
        ("GET", "/go", 303, "/method?a=b#c", "", "GET /method?a=b  -"),
        ("GET", "/a/b/go", 302, "method", "", "GET /a/b/method  -"),
        ("GET", "/a/b/go", 302, "../method", "", "GET /a/method  -"),
        ("GET", "/go", 302, "http://localhost/method", "", "GET /method  -"),
        ("POST", "/go", 301, "/method", "tea", "GET /method  -"),
        ("POST", "/go", 302, "/method", "tea", "GET /method  -"),
        ("POST", "/go", 303, "/method", "tea", "GET /method  -"),
        ("POST", "/go", 307, "/method", "tea", "POST /method tea text/plain"),
        ("PUT", "/go", 302, "/method", "tea", "PUT /method tea text/plain"),
        ("PUT", "/go", 303, "/method", "tea", "GET /method  -"),
        ("PUT", "/go", 308, "/method", "tea", "PUT /method tea text/plain"),
    ];
    for (method, path, status, location, body, expected) in table {
        let mut request = to(&client, method, path, status, location);
        if !body.is_empty() {
            request = request.header("content-type", "text/plain").body(body);
        }
        let answer = request.await;
        answer.assert_status(200).assert_text(expected);
        assert_eq!(answer.target(), expected.split(' ').nth(1).expect("a target"));
    }
    let head = to(&client, "HEAD", "/go", 303, "/method").await;
    assert_eq!((head.status().as_u16(), head.target(), head.bytes()), (200, "/method", &b""[..]));
    // What leads elsewhere, nowhere, or is none, is the answer.
    for (status, location) in
        [(302, "https://example.org/"), (302, "mailto:ann@example.org"), (300, "/method"), (304, "/method")]
    {
        to(&client, "GET", "/go", status, location).await.assert_status(status);
    }

    client.get("/down/19").await.assert_status(500);
    for path in ["/down/20", "/loop"] {
        let endless = client.get(path);
        let failed = tokio::spawn(async move { endless.await }).await;
        if path == "/loop" {
            let panic = failed.expect_err("it is endless").into_panic();
            let text = panic.downcast_ref::<String>().expect("a text");
            assert_eq!(text, "more than 20 redirects, the last to /loop");
        } else {
            failed.expect("20 are followed").assert_status(500);
        }
    }
}

/// What a browser does after a login: it keeps the cookie of the redirect, and sends it along.
#[tokio::test]
async fn a_login_is_one_line() {
    let client = Client::builder().app("client").cookies(true).redirects(true).build();
    client.post("/login").form("name", "ann").await.assert_text("user=ann");
    client.get("/cookie").await.assert_text("user=ann");
    client.get("/logout").await.assert_text("none");
}

#[test]
fn what_is_no_cookie_is_refused() {
    let client = client();
    let table = [
        ("user", "ann", true),
        ("user", "", true),
        ("user", "\"ann\"", true),
        ("__Host-id", "a=b", true),
        ("", "ann", false),
        ("a b", "ann", false),
        ("a=b", "ann", false),
        ("user", "a;b", false),
        ("user", "a,b", false),
        ("user", "a b", false),
        ("user", "ü", false),
        ("user", "a\r\nb", false),
        ("user", "a\"b", false),
    ];
    for (name, value, is_one) in table {
        let request = AssertUnwindSafe(client.get("/cookie"));
        let built = std::panic::catch_unwind(move || drop({ request }.0.cookie(name, value)));
        assert_eq!(built.is_ok(), is_one, "{name:?} {value:?}");
        if let Err(panic) = built {
            let text = panic.downcast_ref::<String>().expect("a text");
            assert!(
                text.contains("cookie")
                    && text.contains(if value == "ann" { "its name" } else { "its value" }),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn files_are_uploaded_from_disk() {
    let client = client();
    let upload = |path: &str| client.post("/upload").field("title", "it").file_from("file", path);
    let size = |path: &str| std::fs::metadata(path).expect("a file").len();
    for (path, name, content_type) in [
        ("Cargo.toml", "Cargo.toml", "text/x-toml"),
        ("framework/src/resources/favicon.png", "favicon.png", "image/png"),
        ("LICENSE", "LICENSE", "application/octet-stream"),
    ] {
        let expected = format!("it: {name}, {content_type}, {} bytes", size(path));
        upload(path).await.assert_text(&expected);
    }
    let missing = std::panic::catch_unwind(AssertUnwindSafe(|| drop(upload("no/such/file"))));
    let text = missing.expect_err("there is none").downcast::<String>().expect("a text");
    assert!(text.starts_with("the file no/such/file cannot be read: "), "{text}");
}

/// What a server sees of a request.
#[request_map("/whole", app = "client")]
fn whole(req: &Request) -> String {
    let field = |name| req.header(name).unwrap_or("-");
    let fields = ["connection", "transfer-encoding", "te", "x-tea", "cookie", "content-length"].map(field);
    format!("{:?} {} {} {}", req.version(), req.method, req.host().unwrap_or("-"), fields.join(" "))
}

/// What has no place in HTTP/2 is left out, and nothing else.
#[cfg(feature = "http2")]
#[tokio::test]
async fn the_version_is_chosen() {
    // The version, what is sent, and what comes of it.
    let table = [
        (false, "localhost", "", "HTTP/1.1 POST localhost keep-alive - trailers, gzip green a=b 3", "OK"),
        (true, "localhost", "", "HTTP/2.0 POST localhost - - - green a=b 3", ""),
        (true, "Example.org:81", "", "HTTP/2.0 POST Example.org:81 - - - green a=b 3", ""),
        (true, "localhost", "http://example.org", "HTTP/2.0 POST example.org - - - green a=b 3", ""),
    ];
    for (is_http2, host, absolute, expected, reason) in table {
        let client = Client::builder().app("client").http2(is_http2).build();
        let request = client.post(&format!("{absolute}/whole")).header("connection", "keep-alive");
        let request = request.header("te", "trailers, gzip").header("X-Tea", "green").cookie("a", "b");
        let answer = request.header("host", host).body("tea").await;
        answer.assert_text(expected).assert_reason("OK");
        assert_eq!(answer.reason(), reason);
    }
    let client = Client::builder().app("client").http2(true).build();
    for (name, request) in [
        ("no host", client.get("/whole").header("host", "a b")),
        ("two hosts", client.get("/whole").header("host", "a").header("host", "b")),
    ] {
        assert_eq!(request.await.status(), 400, "{name}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
