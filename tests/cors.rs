//! Cross-origin resource sharing: who is allowed what, on which answers it is said, and what is no setting.

mod both;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vernal::security::{BasicAuth, Cors, RateLimit, SecurityHeaders};
use vernal::test::{Answer, Client};
use vernal::{App, Config, Error, Headers, Limits, Request, Response, Result, Text, request_map};

const APP: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

#[request_map("/ok", app = "cors")]
fn ok() -> &'static str {
    "ok"
}

#[request_map("/age", app = "cors")]
fn age(age: u8) -> String {
    age.to_string()
}

#[request_map("/panics", app = "cors")]
fn panics() {
    panic!("on purpose")
}

#[request_map("/fails", app = "cors")]
async fn fails() -> Result {
    Err(Error::unavailable("under repair"))
}

#[request_map("/posted", method = "POST", app = "cors")]
fn posted() {}

#[request_map("/written", app = "cors")]
async fn written(res: &mut Response) -> Result {
    res.write_bytes("piece").await
}

#[request_map("/own", app = "cors")]
fn own() -> Headers {
    Headers::from([("vary", "accept"), ("access-control-allow-origin", "https://somebody.example")])
}

#[request_map("/options", method = "OPTIONS", app = "cors")]
fn options() -> &'static str {
    "mine"
}

fn client(cors: Cors) -> Client {
    Client::builder().app("cors").filter("/**", cors).build()
}

fn all<'a>(answer: &'a Answer, name: &'a str) -> Vec<&'a str> {
    answer.headers().get_all(name).collect()
}

/// What an answer says of CORS, without what it varies by.
fn said(answer: &Answer) -> Vec<String> {
    let fields = answer.headers().iter().filter(|(name, _)| name.starts_with("access-control-"));
    let mut said: Vec<_> = fields
        .map(|(name, value)| {
            format!("{}: {}", &name["access-control-".len()..], String::from_utf8_lossy(value))
        })
        .collect();
    said.sort();
    said
}

#[tokio::test]
async fn an_origin_is_told_what_it_is_allowed() {
    let listed = || Cors::new().origins([APP, "null"]);
    let allowed = |origin: &str| vec![format!("allow-origin: {origin}")];
    let table = [
        // Nothing is allowed until it is told.
        (Cors::new(), Some(APP), vec![], false),
        (Cors::new(), None, vec![], false),
        (listed(), Some(APP), allowed(APP), true),
        (listed(), Some("null"), allowed("null"), true),
        (listed(), Some(EVIL), vec![], true),
        (listed(), Some("https://app.example.evil.example"), vec![], true),
        (listed(), Some("https://app.example:8443"), vec![], true),
        (listed(), Some("http://app.example"), vec![], true),
        (listed(), Some("HTTPS://APP.EXAMPLE"), vec![], true),
        (listed(), Some("https://app.example, https://evil.example"), vec![], true),
        (listed(), Some(""), vec![], true),
        // A cache must not hand this answer to those who name an origin.
        (listed(), None, vec![], true),
        (Cors::new().any_origin(), Some(EVIL), allowed("*"), false),
        (Cors::new().any_origin(), Some("null"), allowed("*"), false),
        (Cors::new().any_origin(), None, allowed("*"), false),
        (
            Cors::new().origin_if(|origin| origin.ends_with(".app.example")),
            Some("https://a.app.example"),
            allowed("https://a.app.example"),
            true,
        ),
        (Cors::new().origin_if(|origin| origin.ends_with(".app.example")), Some(APP), vec![], true),
        (Cors::new().origin_if(|_| true), Some(""), vec![], true),
        (listed().origin_if(|origin| origin == EVIL), Some(APP), allowed(APP), true),
        (listed().origin_if(|origin| origin == EVIL), Some(EVIL), allowed(EVIL), true),
        (
            listed().credentials().expose(["x-total", "x-page"]),
            Some(APP),
            vec![
                "allow-credentials: true".to_owned(),
                format!("allow-origin: {APP}"),
                "expose-headers: x-total, x-page".to_owned(),
            ],
            true,
        ),
        (listed().credentials().expose(["x-total"]), Some(EVIL), vec![], true),
    ];
    for (index, (cors, origin, expected, varies)) in table.into_iter().enumerate() {
        let client = client(cors);
        let mut request = client.get("/ok");
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let answer = request.await;
        answer.assert_status(200).assert_text("ok");
        assert_eq!(said(&answer), expected, "row {index}, {origin:?}");
        assert_eq!(answer.header("vary"), varies.then_some("Origin"), "row {index}, {origin:?}");
    }
}

#[tokio::test]
async fn errors_and_written_answers_say_it_too() {
    let client = client(Cors::new().origins([APP]).credentials());
    let table = [
        ("GET", "/ok", 200),
        ("HEAD", "/ok", 200),
        ("GET", "/age", 400),
        ("GET", "/age?age=x", 400),
        ("GET", "/nowhere", 404),
        ("GET", "/posted", 405),
        ("GET", "/panics", 500),
        ("GET", "/fails", 503),
        ("GET", "/written", 200),
        ("GET", "/own", 200),
        ("OPTIONS", "/ok", 200),
        ("OPTIONS", "/posted", 204),
    ];
    for (method, path, status) in table {
        let answer = client.request(method, path).header("origin", APP).await;
        answer.assert_status(status);
        assert_eq!(
            said(&answer),
            ["allow-credentials: true", "allow-origin: https://app.example"],
            "{method} {path}"
        );
        let varies = all(&answer, "vary");
        assert_eq!(
            varies.iter().filter(|value| **value == "Origin").count(),
            1,
            "{method} {path}: {varies:?}"
        );
        let other = client.request(method, path).header("origin", EVIL).await;
        other.assert_status(status);
        // What a handler says itself stays where the filter has nothing to say.
        let expected: &[&str] =
            if path == "/own" { &["allow-origin: https://somebody.example"] } else { &[] };
        assert_eq!(said(&other), expected, "{method} {path}");
    }
    let repeated =
        format!("GET /ok HTTP/1.1\r\nHost: h\r\nOrigin: {APP}\r\nOrigin: {APP}\r\nConnection: close\r\n\r\n");
    assert!(!client.raw(repeated).await.contains("access-control"), "two origins are none");
}

struct Preflight {
    origin: &'static str,
    method: &'static str,
    headers: Option<&'static str>,
}

async fn ask(client: &Client, path: &str, preflight: &Preflight) -> Answer {
    let mut request = client.options(path).header("origin", preflight.origin);
    request = request.header("access-control-request-method", preflight.method);
    if let Some(headers) = preflight.headers {
        request = request.header("access-control-request-headers", headers);
    }
    request.await
}

#[tokio::test]
async fn a_preflight_is_told_what_is_allowed() {
    let some = || Cors::new().origins([APP]).methods(["PUT", "DELETE"]).headers(["content-type", "X-Key"]);
    let any = || Cors::new().any_origin().any_method().any_header();
    let preflight = |origin, method, headers| Preflight { origin, method, headers };
    let methods = "allow-methods: GET, HEAD, POST, PUT, DELETE".to_owned();
    let headers = "allow-headers: content-type, X-Key".to_owned();
    let origin = format!("allow-origin: {APP}");
    let granted = || vec![headers.clone(), methods.clone(), origin.clone()];
    let table = [
        (some(), preflight(APP, "PUT", None), granted()),
        (some(), preflight(APP, "GET", Some("x-key")), granted()),
        (some(), preflight(APP, "POST", Some("content-type,x-key")), granted()),
        (some(), preflight(APP, "DELETE", Some(" X-KEY , Content-Type,, ")), granted()),
        (
            some().credentials().max_age(Duration::from_millis(90_500)),
            preflight(APP, "PUT", None),
            vec![
                "allow-credentials: true".to_owned(),
                headers.clone(),
                methods.clone(),
                origin.clone(),
                "max-age: 90".to_owned(),
            ],
        ),
        (
            Cors::new().origins([APP]),
            preflight(APP, "POST", None),
            vec!["allow-methods: GET, HEAD, POST".to_owned(), origin.clone()],
        ),
        (
            any(),
            preflight(EVIL, "BREW", Some("x-a, x-b")),
            vec![
                "allow-headers: x-a, x-b".to_owned(),
                "allow-methods: BREW".to_owned(),
                "allow-origin: *".to_owned(),
            ],
        ),
        (
            any(),
            preflight("null", "PUT", None),
            vec!["allow-methods: PUT".to_owned(), "allow-origin: *".to_owned()],
        ),
    ];
    for (index, (cors, preflight, expected)) in table.into_iter().enumerate() {
        let client = client(cors);
        // Whether the path takes the method, or is mapped at all, is for the real request to find out.
        for path in ["/posted", "/ok", "/options", "/nowhere"] {
            let answer = ask(&client, path, &preflight).await;
            answer.assert_status(204).assert_text("");
            assert_eq!(said(&answer), expected, "row {index}, {path}");
        }
    }
}

#[tokio::test]
async fn a_preflight_is_told_what_is_not_allowed() {
    let some = || Cors::new().origins([APP]).methods(["PUT"]).headers(["x-key"]);
    let preflight = |origin, method, headers| Preflight { origin, method, headers };
    let table = [
        (Cors::new(), preflight(APP, "GET", None), "The origin `https://app.example` may not use this"),
        (some(), preflight(EVIL, "GET", None), "The origin `https://evil.example` may not use this"),
        (some(), preflight("null", "GET", None), "The origin `null` may not use this"),
        (
            some(),
            preflight(APP, "DELETE", None),
            "the method DELETE: it is not among those of `Cors::methods`",
        ),
        (some(), preflight(APP, "put", None), "the method put"),
        (some(), preflight(APP, "", None), "the method "),
        (
            some(),
            preflight(APP, "PUT", Some("x-key, content-type")),
            "the field content-type: it is not among those of `Cors::headers`",
        ),
        (some().any_header(), preflight(APP, "PUT", Some("x y")), "the field x y"),
        (some().any_method(), preflight(APP, "A B", None), "the method A B"),
    ];
    for (cors, preflight, expected) in table {
        let answer = ask(&client(cors), "/ok", &preflight).await;
        answer.assert_status(403).assert_contains(expected);
        assert_eq!(answer.header("access-control-allow-methods"), None, "{answer}");
        let is_allowed = answer.header("access-control-allow-origin").is_some();
        assert_eq!(is_allowed, !expected.contains("origin"), "{answer}");
    }
}

#[tokio::test]
async fn preflights_vary_by_all_that_they_ask() {
    for origin in [APP, EVIL] {
        let answer = ask(
            &client(Cors::new().origins([APP])),
            "/ok",
            &Preflight { origin, method: "GET", headers: None },
        )
        .await;
        let mut varies = all(&answer, "vary");
        varies.sort_unstable();
        // The error page of a refusal has a form for each who asks.
        varies.retain(|name| *name != "Accept" || origin == APP);
        assert_eq!(
            varies,
            ["Access-Control-Request-Headers", "Access-Control-Request-Method", "Origin"],
            "{origin}"
        );
    }
}

#[tokio::test]
async fn only_real_preflights_are_answered() {
    let client = client(Cors::new().origins([APP]));
    let table = [
        // Without a method it is an ordinary OPTIONS, and so it is without an origin.
        (client.options("/options").header("origin", APP), 200, "mine"),
        (client.options("/options").header("access-control-request-method", "GET"), 200, "mine"),
        (
            client.options("/options").header("origin", APP).header("access-control-request-method", "GET"),
            204,
            "",
        ),
        (client.get("/ok").header("origin", APP).header("access-control-request-method", "GET"), 200, "ok"),
    ];
    for (index, (request, status, text)) in table.into_iter().enumerate() {
        let answer = request.await;
        assert_eq!((answer.status().as_u16(), answer.text()), (status, text), "row {index}");
    }
    let answer = client.options("/posted").header("origin", APP).await;
    answer
        .assert_status(204)
        .assert_header("allow", "POST, OPTIONS")
        .assert_header("access-control-allow-origin", APP);
}

#[tokio::test]
async fn a_private_network_is_opened_when_it_is_said() {
    for (cors, expected) in
        [(Cors::new().any_origin(), None), (Cors::new().any_origin().private_network(), Some("true"))]
    {
        let request =
            client(cors).options("/ok").header("origin", APP).header("access-control-request-method", "GET");
        let answer = request.header("access-control-request-private-network", "true").await;
        assert_eq!(answer.header("access-control-allow-private-network"), expected);
    }
}

#[tokio::test]
async fn the_first_of_several_decides() {
    let builder = Client::builder().app("cors").filter("/ok", Cors::new().any_origin());
    let client = builder.filter("/**", Cors::new().origins([APP]).credentials()).build();
    for origin in [APP, EVIL] {
        let answer = client.get("/ok").header("origin", origin).await;
        assert_eq!(said(&answer), ["allow-origin: *"], "{origin}");
    }
    assert_eq!(said(&client.get("/fails").header("origin", EVIL).await), [""; 0]);
    let builder =
        Client::builder().app("cors").filter("/ok", Cors::new()).filter("/**", Cors::new().any_origin());
    assert_eq!(
        said(&builder.build().get("/ok").header("origin", APP).await),
        [""; 0],
        "the inner one opened what the outer one closed"
    );
}

#[tokio::test]
async fn refusals_of_later_filters_can_be_read_and_preflights_pass_them() {
    let builder = Client::builder().app("cors").filter("/**", Cors::new().origins([APP]));
    let client = builder.filter("/**", BasicAuth::new("r", |_, _| async { false })).build();
    let refused = client.get("/ok").header("origin", APP).await;
    refused.assert_status(401).assert_header("access-control-allow-origin", APP);
    ask(&client, "/ok", &Preflight { origin: APP, method: "GET", headers: None }).await.assert_status(204);
}

#[tokio::test]
async fn it_runs_first_wherever_it_is_given() {
    let builder = Client::builder().app("cors").filter("/**", BasicAuth::new("r", |_, _| async { false }));
    let builder = builder.filter("/**", RateLimit::new(1, Duration::from_secs(3600)));
    let client = builder.filter("/**", Cors::new().origins([APP])).build();
    for status in [401, 401, 401] {
        let refused = client.get("/ok").header("origin", APP).await;
        refused.assert_status(status).assert_header("access-control-allow-origin", APP);
    }
    ask(&client, "/ok", &Preflight { origin: APP, method: "GET", headers: None }).await.assert_status(204);
}

#[request_map("/api/stored", "/other/stored", method = "POST", app = "cors")]
fn stored(text: Text<String>) -> String {
    text.len().to_string()
}

#[request_map("/api/rest/**", "/other/rest/**", method = "GET", app = "cors")]
fn rest() {}

/// What comes back until the server closes.
async fn refusal(client: &Client, request: String) -> String {
    let mut peer = client.connect();
    peer.write_all(request.as_bytes()).await.expect("it is read");
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).await.expect("it ends");
    String::from_utf8(answer).expect("text")
}

#[tokio::test(start_paused = true)]
async fn refusals_before_other_filters_can_be_read() {
    let limits = Limits::new().body_size(100).head_size(4000).uri_length(500).header_count(20).parameters(3);
    let client = Client::builder()
        .app("cors")
        .limits(limits)
        .filter("/api/**", SecurityHeaders::new())
        .filter("/api/**", Cors::new().origins([APP]).expose(["x-total"]))
        .build();
    let (long, many) = ("x".repeat(5000), "X: y\r\n".repeat(30));
    // `{path}` is in the filters' pattern or not; `{origin}` is the line of that name.
    let table = [
        ("a body too large", "413", "POST {path}/stored", "{origin}Content-Length: 101\r\n\r\n"),
        (
            "in chunks",
            "413",
            "POST {path}/stored",
            &format!("{{origin}}Transfer-Encoding: chunked\r\n\r\nff\r\n{}", &long[..255]),
        ),
        (
            "a coding",
            "415",
            "POST {path}/stored",
            "{origin}Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
        ),
        ("a body too slow", "408", "POST {path}/stored", "{origin}Content-Length: 9\r\n\r\nabc"),
        ("a head too slow", "408", "GET {path}/rest/a", "{origin}X: "),
        ("a head too large", "431", "GET {path}/rest/a", &format!("{{origin}}Cookie: {long}\r\n\r\n")),
        ("too many fields", "431", "GET {path}/rest/a", &format!("{{origin}}{many}\r\n")),
        ("a long target", "414", &format!("GET {{path}}/rest/{}", &long[..600]), "{origin}\r\n"),
        ("a bad path", "400", "GET {path}/rest/%zz", "{origin}\r\n"),
        ("a path that is no text", "400", "GET {path}/rest/%ff", "{origin}\r\n"),
        ("a way out", "400", "GET {path}/../../..", "{origin}\r\n"),
        ("parameters", "400", "GET {path}/rest/a?a&b&c&d", "{origin}\r\n"),
        (
            "two lengths",
            "400",
            "POST {path}/stored",
            "{origin}Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ),
        ("a bad field", "400", "GET {path}/rest/a", "{origin}bad field\r\n\r\n"),
        ("two hosts", "400", "GET {path}/rest/a", "{origin}Host: b\r\n\r\n"),
        ("an unknown coding", "501", "POST {path}/stored", "{origin}Transfer-Encoding: rot13\r\n\r\n"),
        (
            "an expectation",
            "417",
            "POST {path}/stored",
            "{origin}Expect: wonders\r\nContent-Length: 1\r\n\r\n",
        ),
        ("nothing there", "404", "GET {path}/nowhere", "{origin}Connection: close\r\n\r\n"),
        ("another method", "405", "GET {path}/stored", "{origin}Connection: close\r\n\r\n"),
    ];
    for (name, status, target, fields) in table {
        let ask = |path: &str, origin: &str| {
            let line = format!("Origin: {origin}\r\n");
            let (target, fields) = (target.replace("{path}", path), fields.replace("{origin}", &line));
            refusal(&client, format!("{target} HTTP/1.1\r\nHost: a\r\n{fields}"))
        };
        let allowed = ask("/api", APP).await;
        let mark = format!("HTTP/1.1 {status} ");
        assert!(allowed.starts_with(&mark), "{name}: {allowed}");
        for field in [
            format!("access-control-allow-origin: {APP}\r\n"),
            "access-control-expose-headers: x-total\r\n".to_owned(),
            "vary: Origin\r\n".to_owned(),
            "x-content-type-options: nosniff\r\n".to_owned(),
        ] {
            assert_eq!(allowed.matches(&field).count(), 1, "{name}: {field} in {allowed}");
        }
        let other = ask("/api", EVIL).await;
        assert!(other.starts_with(&mark) && other.contains("vary: Origin\r\n"), "{name}: {other}");
        assert!(!other.contains("access-control-"), "{name}: {other}");
        let outside = ask("/other", APP).await;
        assert!(outside.starts_with(&mark), "{name}: {outside}");
        assert!(!outside.contains("access-control-") && !outside.contains("nosniff"), "{name}: {outside}");
    }
}

#[tokio::test]
async fn refusals_have_it_without_a_connection_too() {
    let config = Config::new().app("cors").limits(Limits::new().body_size(10));
    let app = App::from_registry(config.filter("/api/**", Cors::new().origins([APP]))).expect("it is whole");
    for (path, body, status) in [
        ("/api/stored", "x".repeat(11), 413),
        ("/api/%zz", String::new(), 400),
        ("/api/none", String::new(), 404),
    ] {
        let answer = app.handle(Request::post(path).header("origin", APP).body(body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers.get("access-control-allow-origin")),
            (status, Some(APP))
        );
    }
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let table = [
        (Cors::new().any_origin().credentials(), "`.credentials()` cannot stand with `.any_origin()`"),
        (
            Cors::new().credentials().any_origin(),
            "List the origins, `.origins([\"https://app.example.com\"])`",
        ),
        (Cors::new().origins(["*"]), "write `.any_origin()`"),
        (Cors::new().origins(["https://*.app.example"]), "`.origin_if(|origin| …)`"),
        (Cors::new().origins([APP, "https://app.example/"]), "`https://app.example`"),
        (Cors::new().origins(["app.example"]), "write scheme and host"),
        (Cors::new().methods(["put"]), "write `PUT`"),
        (Cors::new().methods(["*"]), "write `.any_method()`"),
        (Cors::new().methods(["A B"]), "`A B` in `.methods(…)` is no name"),
        (Cors::new().headers(["*"]), "write `.any_header()`"),
        (Cors::new().headers(["x: y"]), "`x: y` in `.headers(…)` is no name"),
        (Cors::new().expose([""]), "`` in `.expose(…)` is no name"),
        (Cors::new().expose(["*"]), "name the fields"),
    ];
    for (cors, expected) in table {
        let error =
            App::from_registry(Config::new().app("cors").filter("/api/**", cors)).expect_err(expected);
        let text = format!("{error:?}");
        assert!(text.contains(expected), "{text}\n--- should say {expected}");
        assert!(text.contains("Cors` at tests/cors.rs:"), "{text}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
