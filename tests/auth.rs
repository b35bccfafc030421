//! Basic and bearer authentication: who is let in, what the others are told, and how handlers learn who it is.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vernal::security::{BasicAuth, BearerAuth, Identity, UserName, constant_time_eq};
use vernal::test::Client;
use vernal::{App, Config, Error, Result, request_map, server};

#[derive(Clone)]
struct Account {
    id: u64,
}

#[request_map("/basic/name", app = "auth")]
fn name(Identity(name): Identity<&UserName>) -> String {
    name.to_string()
}

#[request_map("/basic/any", app = "auth")]
fn any(user: Option<Identity<&UserName>>) -> String {
    user.map_or("nobody".to_owned(), |Identity(name)| name.to_string())
}

#[request_map("/bearer/id", app = "auth")]
fn id(Identity(account): Identity<&Account>) -> String {
    account.id.to_string()
}

fn basic() -> BasicAuth {
    BasicAuth::new("the \"realm\"", |user, password| async move {
        user == "ann" && constant_time_eq(password, "pass:wörd")
    })
}

async fn account_of(token: String) -> Result<Option<Account>> {
    match &*token {
        "good" => Ok(Some(Account { id: 7 })),
        "offline" => Err(Error::unavailable("The directory is down.")),
        "broken" => Err(std::io::Error::other("secret detail").into()),
        _ => Ok(None),
    }
}

fn encoded(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[tokio::test]
async fn name_and_password_let_in() {
    let client = Client::builder().app("auth").filter("/basic/**", basic()).build();
    let good = encoded("ann:pass:wörd");
    let huge = encoded(vec![b'a'; 4 << 10]);
    let table: [(&[&str], u16, &str); 12] = [
        (&[&good], 200, "ann"),
        (&[good.trim_end_matches('=')], 200, "ann"),
        (&[&good.replace("Basic", "bAsIc ")], 200, "ann"),
        (&[], 401, "Name and password are needed here."),
        (&["Bearer good"], 401, "Name and password are needed here."),
        (&[&encoded("ann:other")], 401, "Name or password is wrong."),
        (&[&encoded("bob:pass:wörd")], 401, "Name or password is wrong."),
        (&[&encoded("ann")], 401, "There is no colon"),
        (&[&encoded(b"ann:\xff")], 401, "not UTF-8"),
        (&[&encoded("ann:a\nb")], 401, "control character"),
        (&["Basic %%%"], 401, "not Base64"),
        (&[&huge], 401, "longer than is taken here"),
    ];
    for (fields, status, text) in table {
        let mut request = client.get("/basic/name");
        for field in fields {
            request = request.header("authorization", *field);
        }
        let answer = request.await;
        answer.assert_status(status).assert_contains(text);
        let challenge = (status == 401).then_some(r#"Basic realm="the \"realm\"", charset="UTF-8""#);
        assert_eq!(answer.header("www-authenticate"), challenge, "{fields:?}");
    }
    let twice = client.get("/basic/name").header("authorization", &*good).header("authorization", &*good);
    twice.await.assert_status(401).assert_contains("more than one");
    client.get("/basic/nowhere").await.assert_status(401);
    client.get("/basic/nowhere").header("authorization", &*good).await.assert_status(404);
}

#[tokio::test]
async fn who_may_be_nobody_is_asked_by_the_handler() {
    let client = Client::builder().app("auth").filter("/basic/**", basic().optional()).build();
    client.get("/basic/any").await.assert_text("nobody");
    let ann = encoded("ann:pass:wörd");
    client.get("/basic/any").header("authorization", &*ann).await.assert_text("ann");
    client.get("/basic/any").header("authorization", encoded("ann:x")).await.assert_status(401);
    let refused = client.get("/basic/name").await;
    refused.assert_status(401);
    assert!(refused.header("www-authenticate").is_some_and(|it| it.starts_with("Basic realm=")), "{refused}");
}

#[tokio::test]
async fn tokens_let_in() {
    let client = Client::builder()
        .app("auth")
        .show_errors(false)
        .filter("/bearer/**", BearerAuth::new(account_of).realm("api"))
        .build();
    let long = format!("Bearer {}", "a".repeat((8 << 10) + 1));
    let table = [
        (Some("Bearer good"), 200, "7", None),
        (Some("bearer  good"), 200, "7", None),
        (None, 401, "", Some(r#"Bearer realm="api""#)),
        (Some("Basic good"), 401, "", Some(r#"Bearer realm="api""#)),
        (Some("Bearer bad"), 401, "", Some("invalid_token")),
        (Some("Bearer"), 400, "", Some("invalid_request")),
        (Some("Bearer a b"), 400, "", Some("invalid_request")),
        (Some(&*long), 400, "", Some("invalid_request")),
        (Some("Bearer offline"), 503, "The directory is down.", None),
        (Some("Bearer broken"), 500, "", None),
        (Some("Bearer ä"), 400, "", Some("invalid_request")),
    ];
    for (field, status, text, challenge) in table {
        let mut request = client.get("/bearer/id");
        if let Some(field) = field {
            request = request.header("authorization", field);
        }
        let answer = request.await;
        let told = field.map(|field| &field[..field.len().min(20)]);
        assert_eq!(answer.status().as_u16(), status, "{told:?}: {answer}");
        assert!(
            answer.text().contains(text) && !answer.text().contains("secret detail"),
            "{told:?}: {answer}"
        );
        let said = answer.header("www-authenticate");
        assert_eq!(said.is_some(), challenge.is_some(), "{told:?}: {answer}");
        assert!(said.unwrap_or("").contains(challenge.unwrap_or("")), "{told:?}: {answer}");
    }
}

#[request_map("/bearer/write", app = "auth")]
fn write() -> Result {
    Err(BearerAuth::insufficient_scope("jobs:write"))
}

#[tokio::test]
async fn a_token_may_be_too_small_and_too_long() {
    let client =
        Client::builder().app("auth").filter("/bearer/**", BearerAuth::new(account_of).token_size(4));
    let client = client.build();
    let answer = client.get("/bearer/write").header("authorization", "Bearer good").await;
    answer.assert_status(403);
    answer.assert_header("www-authenticate", r#"Bearer error="insufficient_scope", scope="jobs:write""#);
    let longer = client.get("/bearer/write").header("authorization", "Bearer good5").await;
    longer.assert_status(400).assert_contains("longer than is taken here");
}

#[tokio::test]
async fn an_identity_nobody_asked_for_is_a_401() {
    let client = Client::builder().app("auth").build();
    client.get("/bearer/id").await.assert_status(401);
    client.get("/basic/any").await.assert_text("nobody");
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let hook = |_: String, _: String| async { true };
    let table = [
        (Config::new().filter("/**", BasicAuth::new("", hook)), "the realm \"\""),
        (Config::new().filter("/**", BasicAuth::new("a\nb", hook)), "the realm \"a\\nb\""),
        (Config::new().filter("/**", BearerAuth::new(account_of).realm("")), "a `BearerAuth` is empty"),
    ];
    for (config, part) in table {
        let text = format!("{:?}", App::from_registry(config.app("auth")).expect_err(part));
        assert!(text.contains(part) && text.contains("tests/auth.rs:"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_signs_in() {
    let bound = server::new()
        .app("auth")
        .host("127.0.0.1")
        .port(0)
        .handle_signals(false)
        .filter("/basic/**", basic())
        .bind()
        .expect("a free port");
    let (url, handle) = (format!("http://{}/basic/name", bound.local_addr()), bound.handle());
    let serving = tokio::spawn(bound.serve());
    let (good, bad) = tokio::task::spawn_blocking(move || (curl(&url, "ann:pass:wörd"), curl(&url, "ann:x")))
        .await
        .expect("curl runs");
    assert_eq!((&*good, &*bad), ("ann 200", "401"));
    handle.stop();
    serving.await.expect("no panic").expect("it stops");
}

/// The last line of the answer with its status, asked with these credentials, which go in through standard input.
fn curl(url: &str, user: &str) -> String {
    let mut child = Command::new("curl")
        .args(["-sS", "-f", "-K", "-", "-w", " %{http_code}", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("curl is there");
    let mut input = child.stdin.take().expect("piped");
    writeln!(input, "user = \"{user}\"").expect("curl reads");
    drop(input);
    let output = child.wait_with_output().expect("curl ends");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
