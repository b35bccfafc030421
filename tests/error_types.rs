//! Errors of one's own types: the page that is for them, whatever carried them, and those that answer for themselves.

mod both;

use std::error::Error as StdError;
use std::{fmt, io};

use serde_json::{Value, json};
use vernal::test::Client;
use vernal::{
    App, Config, Error, FilterContext, FromValue, Headers, Json, Next, OrStatus, Redirect, Request,
    Responder, Response, Result, State, StaticFile, controller, endpoint, error_message, model_binding,
    request_filter, request_map,
};

type BoxError = Box<dyn StdError + Send + Sync>;

#[derive(Debug)]
enum ShopError {
    SoldOut(u32),
    Closed,
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shop failed")
    }
}

impl StdError for ShopError {}

/// An error around another.
#[derive(Debug)]
struct Around<const KIND: usize>(BoxError);

impl<const KIND: usize> fmt::Display for Around<KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "around: {}", self.0)
    }
}

impl<const KIND: usize> StdError for Around<KIND> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

type Plain = Around<0>;
type Known = Around<1>;

fn sell() -> Result<u32, ShopError> {
    Err(ShopError::SoldOut(3))
}

fn boxed() -> BoxError {
    Box::new(ShopError::SoldOut(3))
}

struct Bought;

impl FromValue<'_> for Bought {
    fn from_value(_: &str) -> Result<Bought> {
        sell()?;
        Ok(Bought)
    }
}

struct Basket;

#[model_binding]
async fn basket(_: &Request) -> Result<Basket> {
    sell()?;
    Ok(Basket)
}

#[request_map("/buy/{how}", app = "shop")]
fn buy(how: &str, res: &mut Response) -> Result<String> {
    Ok(match how {
        "mark" => sell()?.to_string(),
        "status" => sell().or_status(404)?.to_string(),
        "text" => sell().or_404("no such thing")?.to_string(),
        "source" => Err(Plain::from_box(boxed()))?,
        "sources" => Err(Plain::from_box(Box::new(Plain::from_box(boxed()))))?,
        "known" => Err(Known::from_box(boxed()))?,
        "known inside" => Err(Plain::from_box(Box::new(Known::from_box(boxed()))))?,
        "io" => Err(io::Error::other(ShopError::SoldOut(3)))?,
        "io inside" => Err(Plain::from_box(Box::new(io::Error::other(boxed()))))?,
        "ours" => Err(Plain::from_box(Error::from(ShopError::SoldOut(3)).into()))?,
        "sent" => {
            res.send_error(ShopError::SoldOut(3).into());
            String::new()
        }
        "closed" => Err(ShopError::Closed)?,
        "other" => "x".parse::<u8>()?.to_string(),
        "missing" => Err(Error::not_found("nothing"))?,
        _ => "sold".to_owned(),
    })
}

impl<const KIND: usize> Around<KIND> {
    fn from_box(source: BoxError) -> Around<KIND> {
        Around(source)
    }
}

#[request_map("/own", app = "shop")]
fn own() -> Result<&'static str, ShopError> {
    sell()?;
    Ok("sold")
}

#[request_map("/own/boxed", app = "shop")]
async fn own_boxed() -> Result<&'static str, BoxError> {
    tokio::task::yield_now().await;
    Err(boxed())
}

#[request_map("/async", app = "shop")]
async fn later() -> Result<&'static str> {
    tokio::task::yield_now().await;
    sell()?;
    Ok("sold")
}

#[request_map("/blocking", app = "shop", blocking)]
fn elsewhere() -> Result<&'static str> {
    sell()?;
    Ok("sold")
}

#[request_map("/value", app = "shop")]
fn by_value(thing: Bought) -> &'static str {
    let Bought = thing;
    "sold"
}

#[request_map("/model", app = "shop")]
async fn by_model(_basket: Basket) -> &'static str {
    "sold"
}

#[request_map("/filtered", app = "shop")]
fn filtered() {}

#[request_filter("/filtered", app = "shop")]
fn closes(_: &mut FilterContext<'_>) -> Result {
    sell()?;
    Ok(())
}

#[derive(Default)]
struct Shop;

#[controller(app = "shop")]
#[request_map("/shop")]
impl Shop {
    #[request_map("/buy")]
    async fn buy(&self) -> Result<String> {
        Ok(sell()?.to_string())
    }

    #[request_map("/own")]
    fn own(&self) -> Result<String, ShopError> {
        Ok(sell()?.to_string())
    }
}

#[derive(Default)]
struct Things;

#[endpoint("/things", app = "shop")]
impl Things {
    fn get(&self) -> Result<String> {
        Ok(sell()?.to_string())
    }
}

#[error_message(app = "shop")]
fn shop(error: &ShopError, req: &Request, State(name): State<&&'static str>) -> (u16, Headers, Json<Value>) {
    let status = match error {
        ShopError::SoldOut(3) => 409,
        ShopError::SoldOut(_) => 500,
        ShopError::Closed => 503,
    };
    let problem = json!({ "shop": name, "path": req.path(), "error": format!("{error:?}") });
    (status, Headers::from([("x-shop", "1")]), Json(problem))
}

#[error_message(app = "shop")]
async fn known(error: &Known, explain: &str) -> String {
    tokio::task::yield_now().await;
    format!("known: {error}; {explain}")
}

#[error_message("409", "50x", app = "shop")]
fn by_status(code: u16) -> String {
    format!("page {code}")
}

/// What filters see of the error.
#[request_filter("/**", app = "shop", order = -1)]
async fn see(cx: &mut FilterContext<'_>, next: Next<'_>) {
    next.run(cx).await;
    let seen = cx.error().map_or(0, |error| error.status().as_u16());
    cx.response.headers.insert("x-seen", seen);
}

#[tokio::test]
async fn a_page_for_a_type_answers_whatever_carried_the_error() {
    let client = Client::builder().app("shop").state("tea").show_errors(false).build();
    let carried = [
        "/buy/mark",
        "/buy/status",
        "/buy/text",
        "/buy/source",
        "/buy/sources",
        "/buy/io",
        "/buy/io%20inside",
        "/buy/ours",
        "/buy/sent",
        "/own",
        "/own/boxed",
        "/async",
        "/blocking",
        "/value?thing=1",
        "/model",
        "/filtered",
        "/shop/buy",
        "/shop/own",
        "/things",
    ];
    for path in carried {
        let answer = client.get(path).await;
        answer.assert_status(409).assert_header("x-shop", "1").assert_header("x-seen", "409");
        let bare = path.split('?').next().expect("a path").replace("%20", " ");
        answer.assert_json(json!({ "shop": "tea", "path": bare, "error": "SoldOut(3)" }));
        answer.assert_reason("Conflict");
    }
    let table = [
        ("/buy/closed", 503, r#"{"error":"Closed","path":"/buy/closed","shop":"tea"}"#, "503"),
        // The outermost type that has a page; this one says no status.
        (
            "/buy/known",
            500,
            "known: around: the shop failed; The server failed to answer this request.",
            "500",
        ),
        (
            "/buy/known%20inside",
            500,
            "known: around: the shop failed; The server failed to answer this request.",
            "500",
        ),
        ("/buy/other", 500, "page 500", "500"),
        ("/buy/missing", 404, r#"{"code":404,"message":"Not Found","explain":"nothing"}"#, "404"),
        ("/buy/gladly", 200, "sold", "0"),
    ];
    for (path, status, text, seen) in table {
        client.get(path).await.assert_status(status).assert_text(text).assert_header("x-seen", seen);
    }
}

#[derive(Debug)]
struct Numbered(u16);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {}", self.0)
    }
}

impl StdError for Numbered {}

#[request_map("/", app = "numbered")]
fn number(number: u16, status: Option<u16>) -> Result {
    let failed: Result<(), _> = Err(Numbered(number));
    match status {
        Some(status) => failed.or_status(status),
        None => Ok(failed?),
    }
}

#[error_message(app = "numbered")]
fn numbered(error: &Numbered, res: &mut Response) -> Result {
    match error.0 {
        0 => res.set_body("no status"),
        1 => res.set_status(200),
        2 => res.status = vernal::StatusCode::GONE,
        3 => return StaticFile::new("there/is/no/such/file").respond(res),
        4 => panic!("a page that panics"),
        5 => res.headers.insert("x-a", "a\r\nb"),
        6 => res.redirect("/elsewhere"),
        _ => return Err(Error::new(404, "Other")),
    }
    res.set_body("page");
    Ok(())
}

#[tokio::test]
async fn the_status_is_what_the_page_says_or_the_errors() {
    let client = Client::builder().app("numbered").show_errors(false).build();
    let failed = r#"{"code":500,"message":"Internal Server Error","explain":"The server failed to answer this request."}"#;
    let table = [
        ("/?number=0", 500),
        ("/?number=0&status=422", 422),
        ("/?number=1", 200),
        ("/?number=2", 410),
        ("/?number=2&status=422", 410),
        ("/?number=3", 500),
        ("/?number=4", 500),
        ("/?number=5", 500),
        ("/?number=6", 302),
        ("/?number=7", 500),
    ];
    for (path, status) in table {
        let answer = client.get(path).await;
        answer.assert_status(status);
        assert_eq!(
            answer.text(),
            if path.ends_with(['3', '4', '5', '7']) { failed } else { answer.text() },
            "{path}"
        );
    }
}

#[request_map("/", app = "types twice")]
fn index() {}

#[error_message(app = "types twice")]
fn one(_error: &ShopError) -> u16 {
    409
}

#[error_message(app = "types twice")]
fn another(_error: &ShopError) -> u16 {
    410
}

#[error_message(app = "types twice")]
fn all() -> &'static str {
    "all"
}

#[test]
fn two_pages_for_one_type_are_refused_with_both_places() {
    let error = App::from_registry(Config::new().app("types twice")).expect_err("pages are there twice");
    let text = format!("{error:?}");
    for part in ["two error pages for errors of type `error_types::ShopError`", "`one` at", "`another` at"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(text.matches("tests/error_types.rs:").count(), 2, "{text}");
}

/// Answers for itself, though `?` would take it as well.
#[derive(Debug)]
enum Refused {
    SoldOut,
    Moved,
    Silent,
    Broken,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl StdError for Refused {}

impl Responder for Refused {
    fn respond(self, res: &mut Response) -> Result {
        match self {
            Refused::SoldOut => (409, Json("sold out")).respond(res),
            Refused::Moved => Redirect::see_other("/other").respond(res),
            Refused::Silent => "no status".respond(res),
            Refused::Broken => Err(Error::unavailable("broken")),
        }
    }
}

fn refuse(how: &str) -> Result<(), Refused> {
    Err(match how {
        "sold" => Refused::SoldOut,
        "moved" => Refused::Moved,
        "silent" => Refused::Silent,
        "broken" => Refused::Broken,
        _ => return Ok(()),
    })
}

#[request_map("/plain", app = "responders")]
fn plain(how: &str) -> Result<&str, Refused> {
    refuse(how)?;
    Ok(how)
}

#[request_map("/static", app = "responders")]
fn for_ever(how: &str) -> Result<(u16, &'static str), Refused> {
    refuse(how)?;
    Ok((201, "good"))
}

#[request_map("/async", app = "responders")]
async fn waits(how: String) -> Result<String, Refused> {
    tokio::task::yield_now().await;
    refuse(&how)?;
    Ok(how)
}

#[request_map("/tuple", app = "responders")]
fn tuple(how: &str) -> Result<&str, (u16, Json<&str>)> {
    if how == "good" { Ok(how) } else { Err((418, Json(how))) }
}

#[request_map("/redirect", app = "responders")]
fn redirects(how: &str) -> Result<&str, Redirect> {
    if how == "good" { Ok(how) } else { Err(Redirect::to("/login")) }
}

#[request_map("/status", app = "responders")]
fn statuses(how: &str) -> std::result::Result<&str, vernal::StatusCode> {
    if how == "good" { Ok(how) } else { Err(vernal::StatusCode::GONE) }
}

#[request_map("/carried", app = "responders")]
fn carried(how: &str) -> Result<&str> {
    refuse(how)?;
    Ok(how)
}

#[request_map("/words", app = "responders")]
fn words(how: &str) -> Result<&str, String> {
    Err(format!("secret {how}"))
}

#[request_map("/slice", app = "responders")]
fn slice(how: &str) -> Result<&str, &'static str> {
    if how == "good" { Ok(how) } else { Err("secret") }
}

#[derive(Default)]
struct Counter;

#[controller(app = "responders")]
#[request_map("/counter")]
impl Counter {
    #[request_map]
    fn get(&self, how: &str) -> Result<String, Refused> {
        refuse(how)?;
        Ok(how.to_owned())
    }
}

#[tokio::test]
async fn an_error_that_is_an_answer_answers() {
    let client = Client::builder().app("responders").show_errors(false).build();
    let secret = r#"{"code":500,"message":"Internal Server Error","explain":"The server failed to answer this request."}"#;
    let broken = r#"{"code":503,"message":"Service Unavailable","explain":"broken"}"#;
    let table = [
        ("/plain?how=good", 200, "good"),
        ("/plain?how=sold", 409, "\"sold out\""),
        ("/plain?how=moved", 303, ""),
        // Nothing that is an error is good.
        ("/plain?how=silent", 500, "no status"),
        ("/plain?how=broken", 503, broken),
        ("/static?how=good", 201, "good"),
        ("/static?how=sold", 409, "\"sold out\""),
        ("/static?how=silent", 500, "no status"),
        ("/async?how=good", 200, "good"),
        ("/async?how=sold", 409, "\"sold out\""),
        ("/counter?how=good", 200, "good"),
        ("/counter?how=sold", 409, "\"sold out\""),
        ("/tuple?how=good", 200, "good"),
        ("/tuple?how=bad", 418, "\"bad\""),
        ("/redirect?how=good", 200, "good"),
        ("/redirect?how=bad", 302, ""),
        ("/status?how=bad", 410, ""),
        // Behind `?` it is an error like others, and so are texts.
        ("/carried?how=sold", 500, secret),
        ("/words?how=bad", 500, secret),
        ("/slice?how=good", 200, "good"),
        ("/slice?how=bad", 500, secret),
    ];
    for (path, status, text) in table {
        client.get(path).await.assert_status(status).assert_text(text);
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
