//! Which kind each type is bound by, in both speeds, with and without a default.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::bind::defaults::{DefaultOf, PlainKind, WrappedKind};
use crate::bind::requests::{at, get, post, with};
use crate::bind::{
    BodyUse, Cookie, DefaultBindingCall, FromValue, Header, Json, Model, ModelDict, Param, PathValue,
    Profile, State,
};
use crate::http::{Context, Error, Request, Source};

/// What an adapter does in a `fn`.
macro_rules! now {
    ($ty:ty, $name:literal, $req:expr) => {{
        static ARG: Arg = Arg::named($name);
        (&&&&Bind::<$ty>::new()).kind().bind::<$ty>($req, &ARG).now::<$ty>()
    }};
}

macro_rules! awaited {
    ($bind:expr) => {
        match $bind.at_once() {
            Ok(bound) => bound,
            Err(later) => later.await,
        }
    };
}

/// What an adapter does in an `async fn`.
macro_rules! waiting {
    ($ty:ty, $name:literal, $req:expr) => {{
        static ARG: Arg = Arg::named($name);
        awaited!((&&&&Bind::<$ty>::new()).kind().bind::<$ty>($req, &ARG))
    }};
}

/// The same for an argument with a default.
macro_rules! optional {
    (waits, $ty:ty, $name:literal, $req:expr) => {{
        static ARG: Arg = Arg::named($name);
        awaited!((&&&&Bind::<$ty>::new()).kind().optional::<$ty>($req, &ARG))
    }};
    ($ty:ty, $name:literal, $req:expr) => {{
        static ARG: Arg = Arg::named($name);
        (&&&&Bind::<$ty>::new()).kind().optional::<$ty>($req, &ARG).now::<$ty>()
    }};
}

macro_rules! default {
    ($ty:ty, $value:expr) => {
        (&&DefaultOf::<$ty>::new()).kind().of($value)
    };
}

macro_rules! bare_default {
    ($ty:ty) => {
        (&&DefaultOf::<$ty>::new()).kind().empty()
    };
}

macro_rules! profile_of {
    ($ty:ty) => {{
        const PROFILE: Profile = profile::<$ty, _>(|bind| (&&&&bind).kind());
        PROFILE
    }};
}

#[derive(Debug, PartialEq)]
enum Color {
    Red,
}

impl FromValue<'_> for Color {
    fn from_value(raw: &str) -> Result<Color> {
        if raw == "red" { Ok(Color::Red) } else { Err(Error::bad_request("no such colour")) }
    }
}

#[derive(Debug, PartialEq)]
struct Agent<'a>(&'a str);

impl<'r> FromRequest<'r> for Agent<'r> {
    fn from_request(req: &'r Request, _: &Arg) -> Result<Agent<'r>> {
        Ok(Agent(req.header("user-agent").unwrap_or("")))
    }
}

#[derive(Debug, PartialEq)]
struct User(u64);

impl ModelBinding<'_> for User {
    async fn bind(req: &Request, arg: &Arg) -> Result<User> {
        tokio::task::yield_now().await;
        let id =
            req.parameter(arg.name).ok_or_else(|| Error::missing(arg.name, Source::Parameter, "an id"))?;
        Ok(User(id.parse()?))
    }
}

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
struct Search<'a> {
    q: &'a str,
    page: Option<u32>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct UserId(u64);

#[test]
fn each_type_is_bound_by_what_it_can_do() {
    let req = &with(get("a=1&b=x&b=y&c=red&ip=::1&q=text&page=2&t"), "User-Agent", "cli");
    assert_eq!(now!(&str, "a", req).expect("there"), "1");
    assert_eq!(now!(String, "a", req).expect("there"), "1");
    assert_eq!(now!(u32, "a", req).expect("there"), 1);
    assert!(now!(bool, "a", req).expect("there"));
    assert!(!now!(bool, "t", req).expect("there"));
    assert_eq!(now!(char, "a", req).expect("there"), '1');
    assert_eq!(now!(IpAddr, "ip", req).expect("there"), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(now!(Option<&str>, "zzz", req).expect("optional"), None);
    assert_eq!(now!(Option<u8>, "a", req).expect("there"), Some(1));
    assert_eq!(now!(Vec<&str>, "b", req).expect("there"), ["x", "y"]);
    assert_eq!(now!(Option<Vec<u8>>, "zzz", req).expect("optional"), None);
    assert_eq!(now!(Color, "c", req).expect("there"), Color::Red);
    assert_eq!(now!(Vec<Color>, "c", req).expect("there"), [Color::Red]);
    assert_eq!(now!(Param<Color>, "c", req).expect("there").0, Color::Red);
    assert_eq!(now!(Header<&str>, "user_agent", req).expect("there").0, "cli");
    assert_eq!(now!(Option<Header<&str>>, "x_none", req).expect("optional"), None);
    assert_eq!(now!(Header<Option<&str>>, "x_none", req).expect("optional").0, None);
    assert!(now!(Result<Header<&str>>, "x_none", req).expect("seen by the handler").is_err());
    assert_eq!(now!(Agent<'_>, "_", req).expect("always"), Agent("cli"));
    assert_eq!(now!(&Request, "_", req).expect("always").header("user-agent"), Some("cli"));
    assert_eq!(now!(Search<'_>, "search", req).expect("there"), Search { q: "text", page: Some(2) });
    assert_eq!(now!(Model<Search<'_>>, "search", req).expect("there").page, Some(2));
    assert_eq!(now!(UserId, "a", req).expect("there"), UserId(1));
    assert_eq!(now!(Option<UserId>, "zzz", req).expect("optional"), None);
    assert_eq!(now!(HashMap<String, Value>, "all", req).expect("all")["b"], json!(["x", "y"]));
    assert_eq!(now!(ModelDict, "all", req).expect("all")["q"], json!("text"));
}

#[tokio::test]
async fn the_same_in_an_async_fn_and_types_that_wait() {
    let req = &get("a=1&q=text");
    assert_eq!(waiting!(&str, "a", req).expect("there"), "1");
    assert_eq!(waiting!(Agent<'_>, "_", req).expect("always"), Agent(""));
    assert_eq!(waiting!(Search<'_>, "search", req).expect("there").q, "text");
    assert_eq!(waiting!(User, "a", req).expect("there"), User(1));
    assert_eq!(waiting!(Option<User>, "b", req).expect("optional"), None);
    assert!(waiting!(Result<User>, "b", req).expect("seen by the handler").is_err());
    assert!(waiting!(User, "b", req).expect_err("missing").is_missing());
    assert_eq!(optional!(waits, User, "b", req).expect("nothing"), None);
    assert_eq!(optional!(waits, &str, "b", req).expect("nothing"), None);
}

#[test]
fn a_future_that_binds_can_be_sent() {
    fn assert_send<T: Send>(_: T) {}
    let req = get("a=1");
    let req = &req;
    assert_send(async move {
        let name = waiting!(&str, "a", req)?;
        let user = waiting!(User, "a", req)?;
        tokio::task::yield_now().await;
        Ok::<_, Error>((name, user))
    });
}

#[test]
fn lifetimes_are_those_of_the_request() {
    fn adapter<'r>(req: &'r Request) -> Result<(&'r str, Json<Search<'r>>, PathValue<&'r str>)> {
        Ok((now!(&'_ str, "a", req)?, now!(Json<Search<'_>>, "j", req)?, now!(PathValue<&'_ str>, "p", req)?))
    }
    let req = at(post("application/json", r#"{"q":"x"}"#), "/p/one", &[("p", "one"), ("a", "p")]);
    let (a, json, path) = adapter(&req).expect("all there");
    assert_eq!((a, json.q, *path), ("p", "x", "one"));
}

#[test]
fn the_path_has_precedence_and_is_not_found() {
    let req = &at(get("id=2&n=x"), "/users/7/y", &[("id", "7"), ("n", "y")]);
    assert_eq!(now!(u32, "id", req).expect("there"), 7);
    assert_eq!(now!(Param<u32>, "id", req).expect("there").0, 2);
    assert_eq!(now!(u32, "n", req).expect_err("bad").status(), 404);
    assert_eq!(now!(Option<u32>, "n", req).expect_err("bad").status(), 404);
    assert_eq!(now!(Param<u32>, "n", req).expect_err("bad").status(), 400);
    assert_eq!(now!(u32, "none", req).expect_err("missing").status(), 400);
    assert_eq!(now!(UserId, "id", req).expect("there"), UserId(7));
}

#[test]
fn values_of_the_form_come_first() {
    let mut req = post("application/x-www-form-urlencoded", "a=0&c=%zz");
    req.query.parse(b"a=1&b=2", 10).expect("few");
    let req = &req;
    assert_eq!(now!(&str, "a", req).expect("there"), "0");
    assert_eq!(now!(Vec<u8>, "a", req).expect("there"), [0, 1]);
    assert_eq!(now!(u8, "b", req).expect("there"), 2);
    let error = now!(&str, "c", req).expect_err("flawed");
    assert_eq!(error.status(), 400);
    assert!(error.explain_text().starts_with("Parameter[c] has a `%`"), "{}", error.explain_text());
    assert_eq!(now!(Option<&str>, "c", req).expect_err("flawed").status(), 400);
    assert!(now!(Result<&str>, "c", req).expect("seen by the handler").is_err());
}

#[test]
fn the_default_binding_replaces_the_source() {
    fn from_header(req: &Request, arg: &Arg) -> Result<Value> {
        match req.header("x-model") {
            Some(model) => Ok(serde_json::from_str(model)?),
            None => Err(Error::missing(arg.name, Source::Header, "a model")),
        }
    }
    #[derive(Debug, serde::Deserialize)]
    struct Dog {
        name: String,
    }
    let mut context = Context::default();
    context.default_binding = Some(DefaultBindingCall(from_header).boxed());
    let mut req = with(get("name=bob"), "X-Model", r#"{"name":"rex"}"#);
    req.context = Arc::new(context);
    assert_eq!(now!(Dog, "dog", &req).expect("there").name, "rex");
    assert_eq!(now!(Model<Dog>, "dog", &req).expect("there").name, "bob");
    assert_eq!(now!(&str, "name", &req).expect("there"), "bob");
    req.headers.insert("X-Model", "{}");
    let error = now!(Dog, "dog", &req).expect_err("no name");
    assert_eq!((error.status().as_u16(), error.is_missing()), (400, false));
    req.headers.remove("X-Model");
    assert!(now!(Dog, "dog", &req).expect_err("nothing").is_missing());
}

#[test]
fn with_a_default_nothing_is_none() {
    let req = &get("a=x&b=1&b=2");
    assert_eq!(optional!(u8, "none", req).expect("nothing"), None);
    assert_eq!(optional!(u8, "b", req).expect("there"), Some(1));
    assert_eq!(optional!(Vec<u8>, "b", req).expect("there"), Some(vec![1, 2]));
    assert_eq!(optional!(Vec<u8>, "none", req).expect("nothing"), None);
    assert_eq!(optional!(Header<u8>, "none", req).expect("nothing"), None);
    assert_eq!(optional!(Cookie<u8>, "none", req).expect("nothing"), None);
    assert_eq!(optional!(Param<u8>, "b", req).expect("there").map(Param::into_inner), Some(1));
    assert_eq!(optional!(Json<Value>, "none", req).expect("nothing"), None);
    assert_eq!(optional!(Search<'_>, "none", req).expect("q is missing"), None);
    for error in [
        optional!(u8, "a", req).expect_err("bad"),
        optional!(Param<u8>, "a", req).expect_err("bad"),
        optional!(UserId, "a", req).map(|_| ()).expect_err("bad"),
    ] {
        assert_eq!((error.status().as_u16(), error.is_missing()), (400, false));
    }
}

#[test]
fn defaults_are_typed() {
    assert_eq!(default!(u8, 16), 16);
    assert_eq!(default!(f32, 1.5), 1.5);
    assert_eq!(default!(Header<u32>, 7).0, 7);
    assert_eq!(default!(String, Into::into("guest")), "guest");
    assert_eq!(default!(&str, Into::into("guest")), "guest");
    assert_eq!(default!(std::borrow::Cow<'_, str>, Into::into("guest")), "guest");
    assert_eq!(default!(Header<&str>, Into::into("guest")).0, "guest");
    assert_eq!(default!(Header<String>, Into::into("guest")).0, "guest");
    assert_eq!(default!(Cookie<Vec<u8>>, vec![1]).0, [1]);
    assert_eq!(default!(Vec<&str>, vec!["a"]), ["a"]);
    assert_eq!(default!(Color, Color::Red), Color::Red);
    assert_eq!(default!(Json<Search<'_>>, Search { q: "x", page: None }).0.q, "x");
    assert!(bare_default!(Vec<&str>).is_empty());
    assert_eq!(bare_default!(Header<u8>).0, 0);
    assert_eq!(bare_default!(Model<Search<'_>>).0, Search::default());
}

#[test]
fn the_compiler_knows_the_profile() {
    let state = profile_of!(State<&'static u8>);
    assert!(state.state.is_some() && !state.sees_request);
    assert!(profile_of!(Option<State<&'static u8>>).state.is_some());
    assert_eq!(profile_of!(Json<Search<'static>>).body, BodyUse::Buffered);
    assert_eq!(profile_of!(Option<Json<Search<'static>>>).body, BodyUse::Buffered);
    assert_eq!(profile_of!(bytes::Bytes).body, BodyUse::Buffered);
    assert_eq!(profile_of!(crate::http::BodyReader).body, BodyUse::Streamed);
    assert!(profile_of!(PathValue<&'static str>).path_value);
    assert!(profile_of!(crate::bind::RegGroup<u8>).group);
    let sees = [
        (profile_of!(&'static Request).sees_request, true),
        (profile_of!(Agent<'static>).sees_request, true),
        (profile_of!(User).sees_request, true),
        (profile_of!(Search<'static>).sees_request, true),
        (profile_of!(Model<Search<'static>>).sees_request, true),
        (profile_of!(&'static str).sees_request, false),
        (profile_of!(Option<u8>).sees_request, false),
        (profile_of!(Vec<Color>).sees_request, false),
        (profile_of!(Header<&'static str>).sees_request, false),
    ];
    for (index, (sees, expected)) in sees.into_iter().enumerate() {
        assert_eq!(sees, expected, "{index}");
    }
}
