//! The statuses of answers: what the description says of them, and that what is sent is held against it.

#![expect(
    clippy::type_complexity,
    clippy::result_large_err,
    reason = "what can be answered is to be tried as it is written"
)]

mod both;
mod said;

use said::Said;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use vernal::contract::Guards;
use vernal::security::{Csrf, Identity};
use vernal::test::Client;
use vernal::websocket::WebSocketRequest;
use vernal::{
    App, Arg, BoxFuture, Config, Error, Filter, FilterContext, FromRequest, Headers, Html, Json, Next,
    OpenApi, OrStatus, Redirect, Request, Response, Result, SafePath, Session, SetCookie, StaticFile,
    StatusCode, error_message, request_filter, request_map,
};

#[derive(Serialize, JsonSchema)]
struct Article {
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Conflict {
    with: u32,
}

fn article() -> Json<Article> {
    Json(Article { name: "tea".into() })
}

fn conflict() -> Json<Conflict> {
    Json(Conflict { with: 1 })
}

/// Answers of which a status is known at run time only.
macro_rules! answering {
    ($($name:ident: $path:literal, $answer:ty = $value:expr;)*) => { $(
        #[request_map($path, method = "GET", app = "answering")]
        fn $name() -> $answer {
            $value
        }
    )* };
}

type Refused = (u16, Json<Conflict>);
type Eight = (u16, Headers, Headers, Vec<SetCookie>, Headers, Headers, Headers, Json<Article>);

answering! {
    plain: "/plain", (u16, Json<Article>) = (201, article());
    both: "/both", Result<Json<Article>, (u16, Json<Conflict>)> = Err((409, conflict()));
    alias: "/alias", Result<Json<Article>, Refused> = Err((409, conflict()));
    code: "/code", Result<(StatusCode, Json<Article>), (StatusCode, Json<Conflict>)> = Ok((StatusCode::CREATED, article()));
    fields: "/fields", Result<(Headers, Json<Article>), (u16, Headers, Json<Conflict>)> = Err((409, Headers::new(), conflict()));
    nested: "/nested", Result<Json<Article>, ((u16, Headers), Json<Conflict>)> = Err(((409, Headers::new()), conflict()));
    eighth: "/eighth", Result<Eight, Refused> = Ok((201, Headers::new(), Headers::new(), Vec::new(), Headers::new(), Headers::new(), Headers::new(), article()));
    alone: "/alone", Result<Json<Article>, (Json<Conflict>,)> = Err((conflict(),));
    bare: "/bare", Result<Json<Article>, Json<Conflict>> = Err(conflict());
    mere: "/mere", Result<Json<Article>, StatusCode> = Err(StatusCode::CONFLICT);
    perhaps: "/perhaps", Option<(u16, Json<Article>)> = None;
    inside: "/inside", Result<Option<(u16, Json<Vec<Article>>)>> = Ok(None);
    part: "/part", (Headers, Option<Json<Article>>) = (Headers::new(), None);
    absent: "/absent", Result<Json<Article>, Option<Json<Conflict>>> = Err(None);
    elsewhere: "/elsewhere", Result<Json<Article>, Redirect> = Err(Redirect::to("/plain"));
    whole: "/whole", Response = Response::default();
    refused_whole: "/refused_whole", Result<Json<Article>, Response> = Err(Response::default());
    words: "/words", Result<Json<Article>, String> = Err("no".into());
}

/// `409 application/json Conflict`, for each answer.
fn told(document: &Value, path: &str) -> Vec<String> {
    let responses = document["paths"][path]["get"]["responses"].as_object().expect("responses");
    let last = |reference: &Value| reference.as_str().and_then(|it| it.rsplit('/').next()).map(str::to_owned);
    let tell = |(status, response): (&String, &Value)| {
        if let Some(name) = last(&response["$ref"]) {
            return format!("{status} {name}");
        }
        let content = response["content"].as_object().into_iter().flatten().map(|(media_type, content)| {
            let schema = &content["schema"];
            let name = last(&schema["$ref"])
                .or_else(|| last(&schema["items"]["$ref"]).map(|name| format!("[{name}]")));
            format!(" {media_type} {}", name.unwrap_or_else(|| schema.to_string()))
        });
        format!("{status}{}", content.collect::<String>())
    };
    responses.iter().map(tell).collect()
}

#[test]
fn a_status_known_at_run_time_is_one_of_its_kind() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.clone());
    let config = Config::new().app("answering").openapi(OpenApi::new("Shop", "1"));
    let document = App::from_registry(config).expect("an application").openapi().into_value();
    let (article, conflict) = ("200 application/json Article", "application/json Conflict");
    let either = [article, "4XX application/json Conflict", "5XX application/json Conflict"];
    let created = [either[1], either[2]];
    let broken = format!("500 {conflict}");
    let any = r#"*/* {"format":"binary","type":"string"}"#;
    let table: [(&str, &[&str]); 18] = [
        ("/plain", &["2XX application/json Article", "4XX ClientError"]),
        ("/both", &either),
        ("/alias", &either),
        ("/code", &["2XX application/json Article", created[0], created[1]]),
        ("/fields", &either),
        ("/nested", &either),
        ("/eighth", &["2XX application/json Article", created[0], created[1]]),
        ("/alone", &[article, "4XX ClientError", &broken]),
        ("/bare", &[article, "4XX ClientError", &broken]),
        ("/mere", &[article, "4XX", "5XX"]),
        ("/perhaps", &["2XX application/json Article", "404 NotFound"]),
        ("/inside", &["2XX application/json [Article]", "404 NotFound", "default Failure"]),
        ("/part", &[article, "404 NotFound"]),
        ("/absent", &[article, "404 NotFound", &broken]),
        ("/elsewhere", &[article, "3XX", "4XX ClientError"]),
        ("/whole", &[&format!("4XX {any}"), &format!("default {any}")]),
        ("/refused_whole", &[article, &format!("4XX {any}"), &format!("default {any}")]),
        ("/words", &[article, "4XX ClientError", "default Failure"]),
    ];
    for (path, expected) in table {
        assert_eq!(told(&document, path), expected, "{path}");
    }
    assert_eq!(said.with("has no schema"), Vec::<String>::new(), "all of them derive one");
}

#[derive(Clone)]
struct User {
    _number: u64,
}

struct Guard;

impl Filter for Guard {
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            cx.request.existing_session().await?.or_status(401)?;
            next.run(cx).await;
            Ok(())
        })
    }

    fn describe(&self, guards: &mut Guards) {
        guards.session();
    }
}

/// By a key, which others may be without.
#[request_filter("/keys/**", app = "guarded", security(header = "X-Api-Key", optional))]
fn keys(cx: &mut FilterContext<'_>) {
    if let Some(number) = cx.request.header("x-api-key").and_then(|key| key.parse().ok()) {
        cx.request.extensions.insert(User { _number: number });
    }
}

#[request_filter("/cookies", app = "guarded", security(cookie = "key"))]
fn cookies() {}

#[request_filter("/pages", app = "guarded", security(session), responses(303 = "Sign in first."))]
fn pages() {}

#[request_filter("/tokens", app = "guarded", security(bearer))]
fn tokens() {}

#[request_filter("/names", app = "guarded", security(basic))]
fn names() {}

/// Nothing is said of how this one knows.
#[request_filter("/me", app = "guarded")]
async fn known(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    let number = cx.request.existing_session().await?.and_then(|session| session.get("user"));
    if let Some(number) = number {
        cx.request.extensions.insert(User { _number: number });
    }
    next.run(cx).await;
    Ok(())
}

macro_rules! guarded {
    ($($name:ident: $path:literal, ($($argument:ident: $kind:ty),*);)*) => { $(
        #[request_map($path, method = "GET", app = "guarded")]
        async fn $name($($argument: $kind),*) -> String {
            $( let _ = $argument; )*
            std::future::ready(String::new()).await
        }
    )* };
}

guarded! {
    me: "/me", (_user: Identity<&User>);
    me_and_mine: "/me/mine", (_user: Identity<&User>, _session: Session);
    perhaps_me: "/me/perhaps", (_user: Option<Identity<&User>>);
    mine: "/mine", (_session: Session);
    value: "/value", ();
    value_and_mine: "/value/mine", (_session: Session);
    key: "/keys/a", ();
    keyed: "/keys/b", (_user: Identity<&User>);
    cookie: "/cookies", ();
    page: "/pages", ();
    token: "/tokens", ();
    name: "/names", ();
    nobody: "/nobody", ();
}

#[test]
fn what_a_guard_asks_for_is_a_scheme() {
    let config = Config::new().app("guarded").filter("/value/**", Guard).openapi(OpenApi::new("Shop", "1"));
    let document = App::from_registry(config).expect("an application").openapi().into_value();
    let (ok, refused) = (
        r#"200 text/html {"type":"string"} text/plain {"type":"string"} text/xml {"type":"string"}"#,
        "401 Unauthorized",
    );
    let table: [(&str, Value, &[&str]); 13] = [
        ("/me", json!([{ "session": [] }]), &[ok, refused]),
        ("/me/mine", json!([{ "session": [] }]), &[ok, refused]),
        ("/me/perhaps", json!(null), &[ok, "4XX ClientError"]),
        ("/mine", json!([{ "session": [] }, {}]), &[ok, "4XX ClientError"]),
        ("/value", json!([{ "session": [] }]), &[ok, refused]),
        ("/value/mine", json!([{ "session": [] }]), &[ok, refused]),
        ("/keys/a", json!([{ "X-Api-Key": [] }, {}]), &[ok, "4XX ClientError"]),
        ("/keys/b", json!([{ "X-Api-Key": [] }]), &[ok, refused]),
        ("/cookies", json!([{ "cookie.key": [] }]), &[ok, refused]),
        ("/pages", json!([{ "session": [] }]), &[ok, "303", "4XX ClientError"]),
        ("/tokens", json!([{ "bearer": [] }]), &[ok, refused]),
        ("/names", json!([{ "basic": [] }]), &[ok, refused]),
        ("/nobody", json!(null), &[ok, "4XX ClientError"]),
    ];
    for (path, expected, answers) in table {
        assert_eq!(document["paths"][path]["get"]["security"], expected, "{path}");
        assert_eq!(told(&document, path), answers, "{path}");
    }
    assert_eq!(
        document["components"]["securitySchemes"],
        json!({
            "X-Api-Key": { "type": "apiKey", "in": "header", "name": "X-Api-Key" },
            "basic": { "type": "http", "scheme": "basic" },
            "bearer": { "type": "http", "scheme": "bearer" },
            "cookie.key": { "type": "apiKey", "in": "cookie", "name": "key" },
            "session": { "type": "apiKey", "in": "cookie", "name": "vernal_session" },
        })
    );
}

/// Refuses by itself, and does not say so.
#[request_filter("/held/silent", app = "held")]
fn silent() -> Result {
    Err(Error::forbidden("not you"))
}

#[request_filter("/held/open", app = "held", responses(403 = "Not you."))]
fn open() -> Result {
    Err(Error::forbidden("not you"))
}

struct Wanted(u16);

impl<'r> FromRequest<'r> for Wanted {
    fn from_request(req: &'r Request, _: &Arg) -> Result<Wanted> {
        Ok(Wanted(req.header("x-wanted").and_then(|text| text.parse().ok()).unwrap_or(200)))
    }
}

fn answer(Wanted(status): Wanted) -> Result<(u16, &'static str)> {
    if status >= 400 { Err(Error::new(status, "no")) } else { Ok((status, "yes")) }
}

macro_rules! held {
    ($($name:ident: ($($options:tt)*) -> $answer:ty = |$wanted:ident| $value:expr;)*) => { $(
        #[request_map($($options)*, method = "GET", app = "held")]
        fn $name($wanted: Wanted) -> $answer {
            $value
        }
    )* };
}

held! {
    usual: ("/held/usual") -> (u16, &'static str) = |wanted| (wanted.0, "yes");
    listed: ("/held/listed", responses(404 = "No such thing.", 202 = "Later.")) -> Result<(u16, &'static str)> = |wanted| answer(wanted);
    any: ("/held/any") -> Result<Html<String>> = |wanted| answer(wanted).map(|_| Html(String::new()));
    anything: ("/held/whole") -> Response = |wanted| Response::new(StatusCode::from_u16(wanted.0).expect("a status"));
    lost: ("/held/lost") -> Option<u16> = |wanted| Some(wanted.0);
    one: ("/held/one", status = 201) -> String = |wanted| wanted.0.to_string();
    secret: ("/held/secret", hidden) -> u16 = |wanted| wanted.0;
    silenced: ("/held/silent") -> u16 = |wanted| wanted.0;
    opened: ("/held/open") -> u16 = |wanted| wanted.0;
}

/// What is no handshake is refused before it runs.
#[request_map("/held/socket", method = "GET", app = "held")]
fn socket(asked: WebSocketRequest) -> u16 {
    drop(asked);
    204
}

#[request_map("/held/set", method = "GET", app = "held")]
fn set(wanted: Wanted, res: &mut Response) -> &'static str {
    res.set_status(wanted.0);
    "set"
}

#[tokio::test]
async fn what_is_sent_is_held_against_the_description() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.clone());
    let client = || Client::builder().app("held");
    let described = client().openapi(OpenApi::new("Shop", "1")).build();
    let table: [(&str, u16, bool); 27] = [
        ("/held/usual", 200, false),
        ("/held/usual", 204, false),
        ("/held/usual", 404, true),
        ("/held/usual", 302, true),
        ("/held/usual", 304, false),
        ("/held/usual", 500, false),
        ("/held/usual", 502, true),
        ("/held/listed", 200, false),
        ("/held/listed", 202, false),
        ("/held/listed", 404, false),
        ("/held/listed", 409, true),
        ("/held/listed", 502, false),
        ("/held/any", 200, false),
        ("/held/any", 418, false),
        ("/held/any", 502, false),
        ("/held/whole", 302, false),
        ("/held/whole", 418, false),
        ("/held/lost", 404, false),
        ("/held/lost", 409, true),
        ("/held/one", 200, false),
        ("/held/secret", 418, false),
        ("/held/silent", 200, true),
        ("/held/open", 200, false),
        ("/held/set", 200, false),
        ("/held/set", 202, true),
        ("/held/socket", 200, false),
        ("/nowhere", 200, false),
    ];
    for (path, wanted, is_told) in table {
        let mut told = Vec::new();
        for _ in 0..3 {
            let answer = described.get(path).header("x-wanted", wanted.to_string()).await;
            let status = answer.status().as_u16();
            told.extend(
                said.take().into_iter().map(|line| line.text).filter(|text| text.contains("description")),
            );
            for text in &told {
                let expected = format!("GET {path} has answered {status}, which the description of `");
                assert!(text.starts_with(&expected) && text.contains("tests/statuses.rs:"), "{text}");
                assert!(text.contains(&format!("write `responses({status} = \"…\")`")), "{text}");
            }
        }
        assert_eq!(told.len(), usize::from(is_told), "{path} {wanted}: {told:?}");
    }
    let undescribed = client().build();
    undescribed.get("/held/usual").header("x-wanted", "404").await;
    assert_eq!(said.take_if(|line| line.text.contains("description")).len(), 0, "nobody asked for one");
}

#[request_map("/files/**", method = "GET", app = "filed")]
fn filed(path: SafePath<'_>) -> StaticFile {
    StaticFile::within("tests/embedded", path)
}

#[request_map("/changed", method = ["GET", "POST"], app = "filed")]
fn changed() -> u16 {
    204
}

#[cfg(feature = "config")]
#[request_map("/sized", method = "POST", app = "sized")]
fn sized(
    most: vernal::Size,
    wait: Option<std::time::Duration>,
    key: vernal::Secret<String>,
    Json(all): Json<Vec<vernal::Size>>,
) -> u16 {
    let _ = (most, wait, key, all);
    204
}

/// Types of ours describe themselves: nobody is told to derive a schema for them.
#[cfg(feature = "config")]
#[test]
fn types_of_ours_have_schemas() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.clone());
    let config = Config::new().app("sized").openapi(OpenApi::new("Shop", "1"));
    let document = App::from_registry(config).expect("an application").openapi().into_value();
    assert_eq!(said.with("has no schema"), Vec::<String>::new());
    let operation = &document["paths"]["/sized"]["post"];
    let shown = operation["parameters"].as_array().expect("parameters").iter().map(|parameter| {
        let (name, kind) = (&parameter["name"], &parameter["schema"]["type"]);
        format!("{} {} {}", name, kind, parameter["required"] == true)
    });
    let expected = ["\"most\" \"string\" true", "\"wait\" \"string\" false", "\"key\" \"string\" true"];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["items"]["anyOf"][1], json!({ "type": "integer", "minimum": 0 }), "{body}");
}

/// Leaves some errors to what is said without a page.
#[error_message("404", app = "filed")]
fn unfound(req: &Request) -> Option<Json<Article>> {
    req.path().starts_with("/articles").then(article)
}

/// What the framework's own types and filters answer is described, where it can come, and nobody is told to describe it.
#[tokio::test]
async fn what_files_and_filters_of_ours_answer_is_described_where_it_can_come() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.clone());
    let config = || Config::new().app("filed").filter("/**", Csrf::new()).openapi(OpenApi::new("Shop", "1"));
    let document = App::from_registry(config()).expect("an application").openapi().into_value();
    let statuses = |path: &str, method: &str| {
        let responses = document["paths"][path][method]["responses"].as_object().expect("responses");
        responses.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(statuses("/files/{path}", "get"), "200 206 304 404 412 416");
    let lost = &document["paths"]["/files/{path}"]["get"]["responses"]["404"]["content"];
    let kinds: Vec<_> = lost.as_object().expect("what it is answered with").keys().collect();
    assert_eq!(kinds, ["application/json", "application/problem+json", "text/html"]);
    assert!(lost["application/json"]["schema"].to_string().contains("Article"), "{lost}");
    assert!(!statuses("/changed", "get").contains("403"));
    assert!(statuses("/changed", "post").contains("403"));

    let client = Client::builder().config(config()).build();
    let file = || client.get("/files/index.html");
    let mark = file().await.header("etag").expect("a mark").to_owned();
    file().header("if-none-match", &mark).await.assert_status(304);
    file().header("if-match", "\"other\"").await.assert_status(412);
    file().header("range", "bytes=999999-").await.assert_status(416);
    client.get("/files/a%2Fb").await.assert_status(404);
    client.post("/changed").header("sec-fetch-site", "cross-site").await.assert_status(403);
    assert_eq!(said.with("description"), Vec::<String>::new());
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
