//! Basic and bearer authentication: which credentials are taken, what refusals say, and who handlers see.

mod both;

use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vernal::security::{BasicAuth, BearerAuth, Identity, UserName, constant_time_eq};
use vernal::test::Client;
use vernal::websocket::WebSocket;
use vernal::{App, Config, Error, Result, request_map, server, websocket_handler};

/// Long enough for a busy machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
struct Account {
    id: u32,
}

#[request_map("/name", app = "auth")]
fn name(Identity(user): Identity<&UserName>) -> String {
    format!("I am {user}")
}

#[request_map("/account", app = "auth")]
async fn account(account: Identity<&Account>) -> String {
    account.id.to_string()
}

#[request_map("/perhaps", app = "auth")]
fn perhaps(user: Option<Identity<&UserName>>) -> String {
    user.map_or("nobody".to_owned(), |user| user.to_string())
}

#[request_map("/perhaps/account", app = "auth")]
fn perhaps_account(account: Option<Identity<&Account>>) -> String {
    format!("{:?}", account.map(|account| account.id))
}

#[request_map("/scope", app = "auth")]
fn scope() -> Result {
    Err(BearerAuth::insufficient_scope("a \"b\""))
}

#[websocket_handler("/socket", app = "auth")]
async fn socket(ws: WebSocket, Identity(user): Identity<&UserName>) -> Result {
    ws.send(format!("I am {user}")).await
}

fn basic() -> BasicAuth {
    BasicAuth::new("the \"house\"", |user, password| async move {
        user == "\u{e4}nn" && constant_time_eq(password, "s:\u{e9}\u{4e2d}")
    })
}

fn encoded(pair: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

const CHALLENGE: &str = "Basic realm=\"the \\\"house\\\"\", charset=\"UTF-8\"";
/// `änn:s:é中`
const RIGHT: &str = "w6RubjpzOsOp5Lit";

#[tokio::test]
async fn basic_credentials_are_asked_for_and_taken() {
    let client = Client::builder().app("auth").filter("/**", basic()).build();
    let scheme = |scheme: &str| format!("{scheme} {RIGHT}");
    let long = format!("Basic {}", "A".repeat(4 << 10));
    let longer = format!("Basic {}", "A".repeat((4 << 10) + 4));
    // The field, and what the 401 says; an empty text is for those that pass.
    let table = [
        (Some(scheme("Basic")), ""),
        (Some(scheme("basic")), ""),
        (Some(scheme("BASIC  ")), ""),
        (None, "Name and password are needed here."),
        (Some("".to_owned()), "Name and password are needed here."),
        (Some(scheme("Bearer")), "Name and password are needed here."),
        (Some("Basic".to_owned()), "nothing after the scheme"),
        (Some(format!("Basic{RIGHT}")), "Name and password are needed here."),
        (Some("Basic YW5uOng=".to_owned()), "Name or password is wrong."),
        (Some("Basic YW5uOng".to_owned()), "Name or password is wrong."),
        (
            Some(encoded("\u{e4}nn:s:\u{e9}\u{4e2d}!").trim_end_matches('=').to_owned()),
            "Name or password is wrong.",
        ),
        (Some(encoded(b"ann:\xff")), "not UTF-8"),
        (Some(encoded("ann:a\nb")), "control character"),
        (Some("Basic Og==".to_owned()), "Name or password is wrong."),
        (Some("Basic YW5u".to_owned()), "no colon"),
        (Some("Basic !!!".to_owned()), "not Base64"),
        (Some(format!("Basic {RIGHT} {RIGHT}")), "not Base64"),
        (Some("Basic /////w==".to_owned()), "not UTF-8"),
        (Some("Basic AGE6Yg==".to_owned()), "control character"),
        (Some(long), "control character"),
        (Some(longer), "longer than is taken here"),
    ];
    for (field, expected) in table {
        let mut request = client.get("/name");
        if let Some(field) = &field {
            request = request.header("authorization", &**field);
        }
        let answer = request.await;
        if expected.is_empty() {
            answer.assert_status(200).assert_text("I am \u{e4}nn").assert_no_header("www-authenticate");
        } else {
            answer.assert_status(401).assert_contains(expected).assert_header("www-authenticate", CHALLENGE);
        }
    }
    let twice = format!("Authorization: Basic {RIGHT}\r\n").repeat(2);
    let answer =
        client.raw(format!("GET /name HTTP/1.1\r\nHost: h\r\n{twice}Connection: close\r\n\r\n")).await;
    assert!(
        answer.starts_with("HTTP/1.1 401 ") && answer.contains("more than one `Authorization`"),
        "{answer}"
    );
    // What is not there is not told to strangers.
    client.get("/nowhere").await.assert_status(401);
    client.get("/nowhere").header("authorization", scheme("Basic")).await.assert_status(404);
}

#[tokio::test]
async fn the_hook_says_who_it_is_or_what_went_wrong() {
    async fn account_of(user: String, password: String) -> Result<Option<Account>> {
        match &*user {
            "down" => Err(Error::unavailable("The directory is down.")),
            "broken" => Ok(Some(Account { id: password.parse()? })),
            "panic" => panic!("on purpose"),
            user => Ok((user == password).then_some(Account { id: 7 })),
        }
    }
    let client = Client::builder()
        .app("auth")
        .filter("/**", BasicAuth::new("r", account_of))
        .show_errors(false)
        .build();
    let table = [
        // ann:ann, ann:bob, down:x, broken:x, panic:x
        ("YW5uOmFubg==", 200, "7"),
        ("YW5uOmJvYg==", 401, "Name or password is wrong."),
        ("ZG93bjp4", 503, "The directory is down."),
        ("YnJva2VuOng=", 500, "\"explain\":\""),
        ("cGFuaWM6eA==", 500, ""),
    ];
    for (credentials, status, expected) in table {
        let answer = client.get("/account").header("authorization", format!("Basic {credentials}")).await;
        answer.assert_status(status).assert_contains(expected);
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{answer}");
        assert!(
            !answer.text().contains("invalid digit") && !answer.text().contains("on purpose"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn credentials_may_be_left_to_the_handler() {
    let client = Client::builder().app("auth").filter("/**", basic().optional()).build();
    let right = format!("Basic {RIGHT}");
    client.get("/perhaps").await.assert_status(200).assert_text("nobody");
    client.get("/perhaps").header("authorization", &*right).await.assert_text("\u{e4}nn");
    client.get("/perhaps").header("authorization", "Basic YW5uOng=").await.assert_status(401);
    // A handler that wants somebody asks by the same challenge.
    client.get("/name").await.assert_status(401).assert_header("www-authenticate", CHALLENGE);
    client.get("/name").header("authorization", &*right).await.assert_status(200);
    let bearer = BearerAuth::new(|_| async { None::<Account> }).optional();
    let client = Client::builder().app("auth").filter("/**", bearer).build();
    client.get("/account").await.assert_status(401).assert_header("www-authenticate", "Bearer");
}

#[tokio::test]
async fn without_a_filter_nobody_is_known() {
    let client = Client::builder().app("auth").build();
    let right = format!("Basic {RIGHT}");
    let answer = client.get("/name").header("authorization", right).await;
    answer
        .assert_status(401)
        .assert_contains("does not say who it is from")
        .assert_no_header("www-authenticate");
    client.get("/perhaps").await.assert_status(200).assert_text("nobody");
    // One type is not another.
    let client = Client::builder().app("auth").filter("/**", basic()).build();
    client.get("/account").header("authorization", format!("Basic {RIGHT}")).await.assert_status(401);
}

#[tokio::test]
async fn tokens_are_asked_for_and_taken() {
    async fn account_of(token: String) -> Result<Option<Account>> {
        match &*token {
            "down" => Err(Error::unavailable("The directory is down.")),
            "scopeless" => Err(BearerAuth::insufficient_scope("read")),
            token => Ok(token.strip_prefix("t0ken-").map(|_| Account { id: 7 })),
        }
    }
    let bearer = || BearerAuth::new(account_of).realm("api").token_size(16);
    let client = Client::builder().app("auth").filter("/**", bearer()).build();
    let challenge = |error: &str| match error {
        "" => Some("Bearer realm=\"api\"".to_owned()),
        error => Some(format!("Bearer realm=\"api\", error=\"{error}\"")),
    };
    let table = [
        ("Bearer t0ken-", 200, None),
        ("bearer t0ken-._~+/==", 200, None),
        ("", 401, challenge("")),
        ("Basic t0ken-", 401, challenge("")),
        ("Bearer unknown", 401, challenge("invalid_token")),
        ("Bearer", 400, challenge("invalid_request")),
        ("Bearer t0ken- t0ken-", 400, challenge("invalid_request")),
        ("Bearer t0ken-\"", 400, challenge("invalid_request")),
        ("Bearer ==", 400, challenge("invalid_request")),
        ("Bearer t0ken-0123456789", 200, None),
        ("Bearer t0ken-0123456789a", 400, challenge("invalid_request")),
        ("Bearer down", 503, None),
        ("Bearer scopeless", 403, Some("Bearer error=\"insufficient_scope\", scope=\"read\"".to_owned())),
    ];
    for (field, status, expected) in table {
        let answer = client.get("/account").header("authorization", field).await;
        answer.assert_status(status);
        assert_eq!(answer.header("www-authenticate"), expected.as_deref(), "{field}");
    }
    let scope = client.get("/scope").header("authorization", "Bearer t0ken-").await;
    scope.assert_status(403).assert_contains("lacks the scope");
    scope.assert_header("www-authenticate", "Bearer error=\"insufficient_scope\", scope=\"a \\\"b\\\"\"");
    // In a query or a form it is not looked for.
    client.get("/account?access_token=t0ken-").await.assert_status(401);
    client.post("/account").form("access_token", "t0ken-").await.assert_status(401);
    let plain = Client::builder().app("auth").filter("/**", BearerAuth::new(account_of)).build();
    plain.get("/account").await.assert_header("www-authenticate", "Bearer");
    plain
        .get("/account")
        .header("authorization", "Bearer x")
        .await
        .assert_header("www-authenticate", "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn nothing_of_one_request_is_known_in_the_next() {
    let client = Client::builder().app("auth").filter("/**", basic().optional()).build();
    let request = |fields: &str| format!("GET /perhaps HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    let answers = client.raw(request(&format!("Authorization: Basic {RIGHT}\r\n")) + &request("")).await;
    assert!(answers.contains("\u{e4}nn") && answers.ends_with("nobody"), "{answers}");
}

#[tokio::test]
async fn sessions_of_websockets_know_who_opened_them() {
    let client = Client::builder().app("auth").filter("/**", basic()).build();
    client.websocket("/socket").expect_refusal(401).await;
    let ws = client.websocket("/socket").header("authorization", format!("Basic {RIGHT}"));
    ws.await.expect_text("I am \u{e4}nn").await;
}

#[tokio::test]
async fn curl_signs_in() {
    let server = server::new().host("127.0.0.1").port(0).threads(1).handle_signals(false).app("auth");
    let token = BearerAuth::new(|token| async move { (token == "t0ken").then_some(Account { id: 9 }) });
    let bound = server.filter("/name", basic()).filter("/account", token).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    let serving = tokio::spawn(bound.serve());
    handle.ready().await;
    let table: [(&[&str], &str, &str); 5] = [
        (&["-u", "\u{e4}nn:s:\u{e9}\u{4e2d}"], "name", "200 I am \u{e4}nn"),
        (&["-u", "\u{e4}nn:wrong"], "name", "401"),
        (&["--anyauth", "-u", "\u{e4}nn:s:\u{e9}\u{4e2d}"], "name", "200 I am \u{e4}nn"),
        (&["--oauth2-bearer", "t0ken"], "account", "200 9"),
        (&["--oauth2-bearer", "other"], "account", "401"),
    ];
    for (arguments, path, expected) in table {
        let url = format!("http://{address}/{path}");
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "-", "-w", "\n%{http_code}", "-m", &PATIENCE.as_secs().to_string()])
            .args(arguments)
            .arg(url);
        let output = tokio::task::spawn_blocking(move || curl.output()).await.expect("no panic");
        let output = output.expect("curl runs: apt-get install -y curl");
        let text = String::from_utf8(output.stdout).expect("text");
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
        assert!(format!("{status} {body}").starts_with(expected), "{arguments:?}: {text}");
    }
    handle.stop();
    serving.await.expect("no panic").expect("a good end");
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let basic = |realm: &str| BasicAuth::new(realm, |_, _| async { true });
    let bearer = || BearerAuth::new(|_| async { Some(Account { id: 1 }) });
    let app = |config: Config| {
        format!("{:?}", App::from_registry(config.app("auth")).expect_err("it makes no sense"))
    };
    let table = [
        (
            app(Config::new().filter("/**", basic(""))),
            "the realm \"\" is empty",
            "BasicAuth` at tests/auth.rs:",
        ),
        (
            app(Config::new().filter("/**", basic(" "))),
            "is empty: write what browsers are to show",
            "BasicAuth`",
        ),
        (app(Config::new().filter("/**", basic("a\nb"))), "holds a control character", "BasicAuth`"),
        (app(Config::new().filter("/**", basic("h\u{e4}us"))), "non-ASCII text", "BasicAuth`"),
        (
            app(Config::new().filter("/**", bearer().realm(""))),
            "the realm of a `BearerAuth` is empty",
            "BearerAuth` at tests/auth.rs:",
        ),
        (app(Config::new().filter("/**", bearer().token_size(0))), "takes no token at all", "BearerAuth`"),
    ];
    for (text, expected, place) in table {
        assert!(text.contains(expected) && text.contains(place), "{text}\n--- should say {expected}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
