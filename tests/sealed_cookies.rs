//! Signed and private cookies: what comes back as it was sent is believed, all else is absent.

mod both;

use vernal::test::{Answer, Client};
use vernal::{
    App, Config, CookieKey, FilterContext, PrivateCookies, SetCookie, SignedCookies, request_filter,
    request_map,
};

#[request_map("/sign", app = "sealed")]
fn sign(cookies: SignedCookies<'_>, name: &str, value: &str) -> SetCookie {
    cookies.seal(name, value).path("/")
}

#[request_map("/signed", app = "sealed")]
fn signed(cookies: SignedCookies<'_>, name: &str) -> String {
    cookies.get(name).unwrap_or("absent".to_owned())
}

#[request_map("/encrypt", app = "sealed")]
async fn encrypt(cookies: PrivateCookies<'_>, name: &str, value: &str) -> SetCookie {
    cookies.seal(name, value)
}

#[request_map("/private", app = "sealed")]
async fn private(cookies: PrivateCookies<'_>, name: &str) -> String {
    cookies.get(name).unwrap_or("absent".to_owned())
}

#[request_filter("/**", app = "sealed")]
fn seen(cx: &mut FilterContext<'_>) {
    let user = SignedCookies::of(cx.request).ok().and_then(|cookies| cookies.get("user"));
    cx.response.headers.insert("x-user", user.unwrap_or_default());
}

#[test]
fn a_key_that_is_missing_is_told_by_the_name_that_is_typed() {
    let error = App::from_registry(Config::new().app("sealed")).expect_err("there is no key").to_string();
    assert!(error.contains("asks for `State<&vernal::CookieKey>`"), "{error}");
    assert!(error.contains("a value of type `vernal::CookieKey`"), "{error}");
}

fn client(key: CookieKey) -> Client {
    Client::builder().app("sealed").state(key).build()
}

fn key(byte: u8) -> CookieKey {
    CookieKey::from_bytes(&[byte; 64]).expect("64 bytes")
}

/// The value of the cookie that an answer sets.
fn value_of(answer: &Answer, name: &str) -> String {
    let cookie = answer.header("set-cookie").expect("a cookie is set");
    let rest = cookie.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).expect("of this name");
    rest.split(';').next().unwrap_or(rest).to_owned()
}

const KINDS: [(&str, &str); 2] = [("/sign", "/signed"), ("/encrypt", "/private")];

#[tokio::test]
async fn what_was_sealed_is_believed_and_all_else_is_absent() {
    let (client, other) = (client(key(1)), self::client(key(2)));
    for (seal, open) in KINDS {
        for value in ["ann", "", "a=b&c", "%20"] {
            let sealed =
                value_of(&client.get(seal).query("name", "user").query("value", value).await, "user");
            let ask = |client: &Client, name: &str, text: &str| {
                client.get(open).query("name", name).cookie(name, text)
            };
            ask(&client, "user", &sealed).await.assert_text(value);
            ask(&other, "user", &sealed).await.assert_text("absent");
            // A value that is good under one name is worth nothing under another.
            ask(&client, "role", &sealed).await.assert_text("absent");
            for at in 0..sealed.len() {
                let mut changed = sealed.clone().into_bytes();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(changed).expect("still ASCII");
                ask(&client, "user", &changed).await.assert_text("absent");
                ask(&client, "user", &sealed[..at]).await.assert_text("absent");
            }
            ask(&client, "user", &format!("{sealed}x")).await.assert_text("absent");
            ask(&client, "user", "plain").cookie("user", &sealed).await.assert_text(value);
        }
        client.get(open).query("name", "user").await.assert_text("absent");
        for text in ["x", "é", &"é".repeat(40), &"a".repeat(6_000)] {
            client
                .get(open)
                .query("name", "user")
                .header("cookie", format!("user={text}"))
                .await
                .assert_text("absent");
        }
    }
}

#[tokio::test]
async fn signed_ones_are_readable_and_private_ones_are_not() {
    let client = client(key(1));
    let seal = async |path: &str| {
        value_of(&client.get(path).query("name", "u").query("value", "a-secret").await, "u")
    };
    assert!(seal("/sign").await.ends_with("a-secret"));
    let (one, other) = (seal("/encrypt").await, seal("/encrypt").await);
    assert!(!one.contains("secret"));
    assert_ne!(one, other, "not even that two are the same can be seen");
}

#[tokio::test]
async fn filters_read_them_too() {
    let client = client(CookieKey::derive_from(&[3; 32]).expect("32 bytes"));
    let sealed = value_of(&client.get("/sign").query("name", "user").query("value", "ann").await, "user");
    client.get("/signed?name=x").cookie("user", &sealed).await.assert_header("x-user", "ann");
    client.get("/signed?name=x").cookie("user", "ann").await.assert_header("x-user", "");
}

#[test]
fn a_missing_or_weak_key_is_an_error_at_start() {
    let error = vernal::App::from_registry(vernal::Config::new().app("sealed")).expect_err("there is no key");
    assert!(
        error.explain_text().contains("CookieKey") && error.explain_text().contains("sealed_cookies.rs"),
        "{error}"
    );
    assert!(CookieKey::from_bytes(&[1; 63]).is_err() && CookieKey::from_bytes(&[1; 65]).is_ok());
    assert!(CookieKey::derive_from(&[1; 31]).is_err() && CookieKey::derive_from(&[1; 32]).is_ok());
    assert!(CookieKey::random().is_ok());
    assert_eq!(format!("{:?}", key(1)), "CookieKey");
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
