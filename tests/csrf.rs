//! Forged requests: where they come from, whether they bring a token, and what is told when they do not.

mod both;

use vernal::security::{Csrf, CsrfToken};
use vernal::test::{Answer, Client, RequestBuilder};
use vernal::{App, BodyReader, Config, Error, Request, Response, Result, request_map};

#[request_map("/form", method = "GET", app = "csrf")]
fn form(token: CsrfToken) -> String {
    format!("{token} {}", token.field())
}

#[request_map("/form", app = "csrf")]
fn sent(req: &Request) -> String {
    format!("{} {:?}", req.method, req.parameter("to"))
}

#[request_map("/plain", "/hooks/pay", "/hooks", app = "csrf")]
fn plain() -> &'static str {
    "done"
}

#[request_map("/stream", method = "POST", app = "csrf")]
async fn stream(mut body: BodyReader) -> Result<String> {
    Ok(String::from_utf8(body.read_to_end(1 << 10).await?)?)
}

#[request_map("/twice", method = "GET", app = "csrf")]
fn twice(one: CsrfToken, other: CsrfToken) -> String {
    format!("{one} {other}")
}

#[request_map("/cached", method = "GET", app = "csrf")]
fn cached(token: CsrfToken) -> Response {
    Response::new(200).header("cache-control", "no-store").body(token.to_string())
}

#[request_map("/fails", method = "GET", app = "csrf")]
fn fails(token: CsrfToken) -> Result<String> {
    Err(Error::unprocessable(token.text().to_owned()))
}

fn client(csrf: Csrf) -> Client {
    Client::builder().app("csrf").filter("/**", csrf).show_errors(true).build()
}

fn with(mut request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    for (name, value) in fields {
        request = request.header(name, *value);
    }
    request
}

#[tokio::test]
async fn where_a_request_comes_from_is_judged() {
    let client = client(Csrf::new().trust("https://login.example"));
    let site = |site| ("sec-fetch-site", site);
    let origin = |origin| ("origin", origin);
    let referer = |referer| ("referer", referer);
    let host = ("host", "a.example:8443");
    // The fields, and what the 403 says; an empty text is for those that pass.
    let table: [(&[(&str, &str)], &str); 27] = [
        (&[], ""),
        (&[site("same-origin")], ""),
        (&[site("none")], ""),
        (&[site("cross-site")], "A page made the browser send this (Sec-Fetch-Site: cross-site)"),
        (&[site("same-site")], "(Sec-Fetch-Site: same-site)"),
        (&[site("Same-Origin")], "(Sec-Fetch-Site: Same-Origin)"),
        (&[site("")], "(Sec-Fetch-Site: )"),
        (
            &[site("cross-site"), origin("https://evil.example")],
            "A page of `https://evil.example` made the browser send this",
        ),
        // What a page may choose does not help it.
        (&[site("cross-site"), origin("https://a.example:8443"), host], "(Sec-Fetch-Site: cross-site)"),
        (&[site("cross-site"), origin("null")], "A page of `null`"),
        (&[site("same-origin"), origin("https://public.example"), host], ""),
        (&[site("cross-site"), origin("https://login.example")], ""),
        (&[origin("https://login.example")], ""),
        (&[origin("https://login.example:444")], "(Origin: https://login.example:444)"),
        (&[origin("http://login.example")], "(Origin: http://login.example)"),
        (&[origin("http://localhost")], ""),
        (&[origin("https://a.example:8443"), host], ""),
        (&[origin("https://A.EXAMPLE:8443"), host], ""),
        (&[origin("https://a.example"), host], "(Origin: https://a.example)"),
        (
            &[origin("https://evil.example")],
            "A page of another site made the browser send this (Origin: https://evil.example)",
        ),
        (&[origin("https://localhost.evil.example")], "(Origin: https://localhost.evil.example)"),
        (&[origin("null")], "(Origin: null)"),
        (&[origin(""), referer("http://localhost/")], "(Origin: )"),
        (&[referer("http://localhost/form?x=1")], ""),
        (
            &[referer("https://evil.example/http://localhost/")],
            "(Referer: https://evil.example/http://localhost/)",
        ),
        (&[referer("https://localhost@evil.example/")], "(Referer: https://localhost@evil.example/)"),
        (&[origin("http://localhost"), referer("https://evil.example/")], ""),
    ];
    for (fields, expected) in table {
        for method in ["POST", "PUT", "DELETE", "PATCH", "BREW"] {
            let answer = with(client.request(method, "/plain"), fields).await;
            match expected {
                "" => answer.assert_status(200),
                said => answer.assert_status(403).assert_contains(said).assert_contains("Csrf::trust"),
            };
        }
        // What changes nothing passes.
        for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 200), ("TRACE", 405)] {
            with(client.request(method, "/plain"), fields).await.assert_status(status);
        }
    }
    // With one body as with another.
    for request in [
        client.post("/plain").form("a", 1),
        client.post("/plain").json(&1),
        client.post("/stream").body("text"),
    ] {
        request.header("sec-fetch-site", "cross-site").await.assert_status(403);
    }
    client.post("/nowhere").header("sec-fetch-site", "cross-site").await.assert_status(404);
}

#[tokio::test]
async fn two_sources_or_one_that_is_no_text_are_another_sites() {
    let client = client(Csrf::new());
    for fields in [
        "Origin: http://h\r\nOrigin: http://h",
        "Origin: \u{e4}",
        "Sec-Fetch-Site: \u{e4}",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site",
        "Referer: http://h/\u{e4}",
        "Referer: http://h/\r\nReferer: http://evil.example/",
    ] {
        let request = format!(
            "POST /plain HTTP/1.1\r\nHost: h\r\n{fields}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let bytes: Vec<u8> = request.chars().map(|char| char as u8).collect();
        let answer = client.raw(bytes).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{fields}: {answer}");
    }
}

#[tokio::test]
async fn exempt_paths_are_not_judged() {
    let client = client(Csrf::new().exempt("/hooks/**").tokens());
    for (path, status) in [
        ("/hooks/pay", 200),
        ("/hooks/../hooks/%70ay", 200),
        ("/hooks", 200),
        ("/plain", 403),
        ("/hooks/../plain", 403),
    ] {
        client.post(path).header("sec-fetch-site", "cross-site").await.assert_status(status);
    }
}

/// The cookie that an answer sets, and the token in its body.
fn issued(answer: &Answer) -> (String, String) {
    answer.assert_status(200);
    let cookie = answer.header("set-cookie").expect("a cookie is set");
    let value =
        cookie.strip_prefix("csrf=").and_then(|rest| rest.strip_suffix("; Path=/; SameSite=Lax; HttpOnly"));
    let value = value.unwrap_or_else(|| panic!("another cookie: {cookie}"));
    (value.to_owned(), answer.text().split(' ').next().expect("a token").to_owned())
}

/// A form in parts, with a file in one of them.
fn in_parts(request: RequestBuilder, token: &str) -> RequestBuilder {
    let parts = [
        ("name=\"_csrf\"", token),
        ("name=\"file\"; filename=\"a.txt\"\r\ncontent-type: text/plain", "text"),
    ];
    let parts = parts
        .map(|(head, body)| format!("--cut\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}\r\n"));
    request.header("content-type", "multipart/form-data; boundary=cut").body(parts.concat() + "--cut--\r\n")
}

#[tokio::test]
async fn a_form_brings_its_token() {
    let client = client(Csrf::new().tokens());
    let page = client.get("/form").await;
    let (cookie, token) = issued(&page);
    page.assert_contains(&format!("<input type=\"hidden\" name=\"_csrf\" value=\"{token}\">"));
    page.assert_header("cache-control", "private").assert_header("vary", "Cookie");
    let (other_cookie, other_token) = issued(&client.get("/form").await);
    assert!(cookie != other_cookie && token != other_token && cookie.len() == 43);
    let again = client.get("/form").cookie("csrf", &cookie).await;
    again.assert_no_header("set-cookie").assert_header("vary", "Cookie");
    let masked = again.text().split(' ').next().expect("a token").to_owned();
    assert_ne!(masked, token, "a token shows the secret the same way twice");

    let post = || client.post("/form");
    let missing = "There is no token: it must come in the form's field `_csrf`, or in the field `x-csrf-token` of the head";
    let foreign = "The token is not one of this browser's";
    let flipped = format!("{}{}", if token.starts_with('A') { 'B' } else { 'A' }, &token[1..]);
    let table = [
        (post().form("to", "ann").form("_csrf", &token).cookie("csrf", &cookie), ""),
        (post().form("_csrf", &masked).cookie("csrf", &cookie), ""),
        (post().json(&1).header("X-CSRF-Token", &*token).cookie("csrf", &cookie), ""),
        (post().header("x-csrf-token", &*token).cookie("csrf", &cookie), ""),
        (in_parts(post(), &token).cookie("csrf", &cookie), ""),
        (in_parts(post(), &other_token).cookie("csrf", &cookie), foreign),
        (in_parts(post(), &token), "no cookie `csrf`"),
        (post().form("to", "ann").cookie("csrf", &cookie), missing),
        (post().cookie("csrf", &cookie), missing),
        // In an address it would end up in logs and in what links tell.
        (post().query("_csrf", &token).cookie("csrf", &cookie), missing),
        (post().json(&serde_json::json!({ "_csrf": token })).cookie("csrf", &cookie), missing),
        (post().form("_csrf", &token), "no cookie `csrf`"),
        (post().form("_csrf", &token).cookie("csrf", "x"), "no cookie `csrf`"),
        (post().form("_csrf", &token).cookie("__Host-csrf", &cookie), "no cookie `csrf`"),
        (post().form("_csrf", &other_token).cookie("csrf", &cookie), foreign),
        (post().form("_csrf", &token).cookie("csrf", &other_cookie), foreign),
        (post().form("_csrf", &cookie).cookie("csrf", &cookie), foreign),
        (post().form("_csrf", &flipped).cookie("csrf", &cookie), foreign),
        (post().form("_csrf", "").cookie("csrf", &cookie), foreign),
        (post().form("_csrf", format!("{token}A")).cookie("csrf", &cookie), foreign),
        (post().form("_csrf", "x".repeat(10_000)).cookie("csrf", &cookie), foreign),
        (post().form("_csrf", "\u{e4}".repeat(43)).cookie("csrf", &cookie), foreign),
        // The right token does not help a page of another site.
        (
            post().form("_csrf", &token).cookie("csrf", &cookie).header("sec-fetch-site", "cross-site"),
            "Sec-Fetch-Site",
        ),
        (post().form("_csrf", &token).cookie("csrf", &cookie).header("sec-fetch-site", "same-origin"), ""),
    ];
    for (index, (request, expected)) in table.into_iter().enumerate() {
        let answer = request.await;
        match expected {
            "" => assert_eq!(answer.status(), 200, "row {index}: {answer}"),
            said => {
                assert_eq!(answer.status(), 403, "row {index}: {answer}");
                answer.assert_contains(said);
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_streamed_needs_its_token_in_the_head() {
    let client = client(Csrf::new().tokens());
    let (cookie, token) = issued(&client.get("/form").await);
    let post = || client.post("/stream").cookie("csrf", &cookie);
    post().form("_csrf", &token).await.assert_status(403).assert_contains("`x-csrf-token`");
    post().body("text").header("x-csrf-token", &*token).await.assert_status(200).assert_text("text");
}

#[tokio::test]
async fn a_trusted_origin_needs_no_token() {
    let client = client(Csrf::new().trust("https://login.example").tokens());
    client.post("/plain").header("origin", "https://login.example").await.assert_status(200);
    client.post("/plain").await.assert_status(403);
}

#[tokio::test]
async fn no_cookie_is_set_unless_a_page_takes_a_token() {
    let client = client(Csrf::new().tokens());
    for request in [client.get("/plain"), client.post("/plain"), client.get("/nowhere")] {
        let answer = request.await;
        answer.assert_no_header("set-cookie").assert_no_header("cache-control");
        // An error page has a form for each who asks.
        let expected = if answer.status() == 200 { None } else { Some("Accept") };
        assert_eq!(answer.header("vary"), expected, "{answer}");
    }
    let answer = client.get("/twice").await;
    let (cookie, one) = issued(&answer);
    let other = answer.text().split_once(' ').expect("two tokens").1;
    assert_eq!(answer.headers().get_all("set-cookie").count(), 1);
    for token in [&*one, other] {
        client.post("/form").form("_csrf", token).cookie("csrf", &cookie).await.assert_status(200);
    }
    client.get("/cached").await.assert_status(200).assert_header("cache-control", "no-store");
    let failed = client.get("/fails").await;
    failed.assert_status(422).assert_header("cache-control", "private");
    assert!(failed.header("set-cookie").is_some(), "the page of an error may show a form too: {failed}");
}

#[tokio::test]
async fn field_and_header_have_the_names_they_are_given() {
    let client = client(Csrf::new().field("authenticity_token").header("x-xsrf-token"));
    let page = client.get("/form").await;
    let (cookie, token) = issued(&page);
    page.assert_contains("name=\"authenticity_token\"");
    let table = [
        (client.post("/form").form("authenticity_token", &token), 200),
        (client.post("/form").form("_csrf", &token), 403),
        (client.post("/form").header("X-XSRF-Token", &*token), 200),
        (client.post("/form").header("X-CSRF-Token", &*token), 403),
    ];
    for (request, status) in table {
        request.cookie("csrf", &cookie).await.assert_status(status);
    }
}

#[tokio::test]
async fn a_token_nobody_checks_is_an_error_that_says_what_to_write() {
    let answer = client(Csrf::new()).get("/form").await;
    answer.assert_status(500).assert_contains("Csrf::new().tokens()");
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let table = [
        (
            Csrf::new().trust("https://login.example/"),
            "`.trust(…)`: `https://login.example/` is not an origin",
        ),
        (Csrf::new().trust("*"), "write scheme and host"),
        (Csrf::new().exempt("/a/*/b"), "`.exempt(\"/a/*/b\")`: "),
        (Csrf::new().exempt(format!("/{}/:id", "hooks")), "write \"/hooks/{id}\""),
        (Csrf::new().field(""), "`.field(\"\")` names no form field"),
        (Csrf::new().header("a b"), "`.header(\"a b\")` names no field of a head"),
    ];
    for (csrf, expected) in table {
        let error = App::from_registry(Config::new().app("csrf").filter("/**", csrf)).expect_err(expected);
        let text = format!("{error:?}");
        assert!(
            text.contains(expected) && text.contains("Csrf` at tests/csrf.rs:"),
            "{text}\n--- should say {expected}"
        );
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
