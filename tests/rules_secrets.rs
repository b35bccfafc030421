//! Rules of types that hold a secret. Apart from the other rules, since where a secret is read nothing of what is bound meanwhile is quoted.

mod both;

use garde::Validate;
use serde::Deserialize;
use serde_json::Value;
use vernal::test::{Client, RequestBuilder};
use vernal::websocket::WebSocketSession;
use vernal::{Form, Json, Param, Result, Secret, request_map, websocket_message};

/// A word that is in no list of bad ones.
#[derive(Deserialize, Validate)]
struct Login {
    #[garde(length(min = 3))]
    user: String,
    #[garde(custom(long_enough))]
    password: Secret<String>,
    #[garde(skip)]
    #[serde(default)]
    pin: Option<Secret<u32>>,
}

fn long_enough(password: &Secret<String>, (): &()) -> garde::Result {
    if password.reveal().len() < 8 { Err(garde::Error::new("too short")) } else { Ok(()) }
}

#[request_map("/login", method = "POST")]
fn login(first: Option<u8>, #[arg(valid)] Json(login): Json<Login>) -> String {
    format!("{:?} {} {}", first, login.user, login.pin.is_some())
}

#[request_map("/login/form", method = "POST")]
fn login_by_form(#[arg(valid)] Form(login): Form<Login>) -> String {
    login.user
}

#[request_map("/login/query")]
fn login_by_query(#[arg(valid)] login: Param<Json<Login>>) -> String {
    login.0.0.user
}

#[websocket_message("/login/socket")]
async fn login_by_message(session: &WebSocketSession, #[arg(valid)] Json(login): Json<Login>) -> Result {
    session.send(login.user).await
}

/// Wherever what holds one is refused: by a rule, by its type, or since it is no JSON at all.
#[tokio::test]
async fn a_secret_is_quoted_nowhere() {
    let client = Client::new();
    let bodies = [
        r#"{"user":"a","password":"hunter2"}"#,
        r#"{"user":"ann","password":"hunter2"}"#,
        r#"{"password":"hunter2"}"#,
        r#"{"user":1,"password":"hunter2"}"#,
        r#"{"user":"ann","password":["hunter2"]}"#,
        r#"{"user":"ann","password":"long enough","pin":"hunter2"}"#,
        r#"{"password":"hunter2","#,
        r#"{user:1,"password":"hunter2"}"#,
        "hunter2",
    ];
    let mut told = Vec::new();
    for accept in ["application/json", "application/problem+json", "text/html"] {
        for body in bodies {
            let json =
                |request: RequestBuilder| request.header("content-type", "application/json").body(body);
            told.push(json(client.post("/login")).header("accept", accept).await);
            told.push(json(client.post("/login?first=x")).header("accept", accept).await);
            told.push(client.get("/login/query").query("login", body).header("accept", accept).await);
        }
        for user in ["a", "ann"] {
            let form = client.post("/login/form").form("user", user).form("password", "hunter2");
            told.push(form.header("accept", accept).await);
        }
    }
    for answer in told {
        answer.assert_status(400);
        assert!(!answer.text().contains("hunter2"), "{answer}");
    }
    for body in bodies {
        let mut socket = client.websocket("/login/socket").await;
        socket.send(body).await.expect("open");
        let reason = socket.expect_close(1003).await;
        assert!(!reason.text().contains("hunter2"), "{}", reason.text());
    }
    let answer = client.post("/login").header("content-type", "application/json").body(bodies[0]).await;
    let body: Value = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let mut told: Vec<_> = errors.iter().map(|it| (it["pointer"].as_str(), it["got"].as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [(Some("/password"), Some("***")), (Some("/user"), Some("***"))]);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
