//! Fields that make browsers careful: which are sent, on which answers, and whose value counts.

mod both;

use std::time::Duration;

use vernal::security::{CspNonce, SecurityHeaders};
use vernal::test::{Answer, Client};
use vernal::{App, Config, Headers, Response, Result, request_map};

#[request_map("/", app = "fields")]
fn index() -> &'static str {
    "<html>"
}

#[request_map("/panics", app = "fields")]
fn panics() {
    panic!("on purpose")
}

#[request_map("/written", app = "fields")]
async fn written(res: &mut Response) -> Result {
    res.write_bytes("piece").await
}

#[request_map("/own", app = "fields")]
fn own() -> Headers {
    Headers::from([("x-frame-options", "SAMEORIGIN")])
}

#[request_map("/own/response", app = "fields")]
fn own_response() -> Response {
    Response::new(200).header("X-Frame-Options", "SAMEORIGIN")
}

#[request_map("/own/inserted", app = "fields")]
fn own_inserted(res: &mut Response) {
    res.headers.insert("x-frame-options", "SAMEORIGIN");
}

#[request_map("/own/removed", app = "fields")]
fn own_removed(res: &mut Response) {
    res.headers.remove("x-frame-options");
}

#[request_map("/own/written", app = "fields")]
async fn own_written(res: &mut Response) -> Result {
    res.headers.insert("x-frame-options", "SAMEORIGIN");
    res.write_bytes("piece").await
}

#[request_map("/nonce", app = "fields")]
fn nonce(nonce: CspNonce<'_>) -> String {
    nonce.to_string()
}

fn client(headers: SecurityHeaders) -> Client {
    Client::builder().app("fields").filter("/**", headers).show_errors(true).build()
}

const FIELDS: [&str; 10] = [
    "x-content-type-options",
    "referrer-policy",
    "x-frame-options",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cross-origin-embedder-policy",
    "content-security-policy",
    "content-security-policy-report-only",
    "permissions-policy",
    "strict-transport-security",
];

fn said(answer: &Answer) -> Vec<(&'static str, Vec<&str>)> {
    let values = FIELDS.iter().map(|name| (*name, answer.headers().get_all(name).collect::<Vec<_>>()));
    values.filter(|(_, values)| !values.is_empty()).collect()
}

const DEFAULTS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[tokio::test]
async fn the_defaults_are_on_every_answer() {
    let client = client(SecurityHeaders::new());
    let expected: Vec<_> = DEFAULTS.iter().map(|(name, value)| (*name, vec![*value])).collect();
    for (path, status) in [("/", 200), ("/panics", 500), ("/nowhere", 404), ("/written", 200)] {
        let answer = client.get(path).await;
        answer.assert_status(status);
        assert_eq!(said(&answer), expected, "{path}");
    }
    assert_eq!(said(&client.options("/").await), expected);
}

#[tokio::test]
async fn each_is_set_and_left_out() {
    let new = SecurityHeaders::new;
    let table = [
        (new().referrer_policy("no-referrer"), "referrer-policy", Some("no-referrer")),
        (new().frame_options("SAMEORIGIN"), "x-frame-options", Some("SAMEORIGIN")),
        (new().opener_policy("unsafe-none"), "cross-origin-opener-policy", Some("unsafe-none")),
        (new().resource_policy("cross-origin"), "cross-origin-resource-policy", Some("cross-origin")),
        (new().embedder_policy("require-corp"), "cross-origin-embedder-policy", Some("require-corp")),
        (
            new().content_security_policy("default-src 'self'"),
            "content-security-policy",
            Some("default-src 'self'"),
        ),
        (
            new().content_security_policy_report_only("img-src *"),
            "content-security-policy-report-only",
            Some("img-src *"),
        ),
        (new().permissions_policy("camera=()"), "permissions-policy", Some("camera=()")),
        (new().without("X-Content-Type-Options"), "x-content-type-options", None),
        (new().without("referrer-policy"), "referrer-policy", None),
        (new().without("x-frame-options"), "x-frame-options", None),
        (new().without("cross-origin-opener-policy"), "cross-origin-opener-policy", None),
        (new().without("cross-origin-resource-policy"), "cross-origin-resource-policy", None),
        (new().without("x-frame-options").frame_options("DENY"), "x-frame-options", Some("DENY")),
        (new(), "strict-transport-security", None),
    ];
    for (headers, name, expected) in table {
        let answer = client(headers).get("/").await;
        assert_eq!(answer.headers().get_all(name).collect::<Vec<_>>(), Vec::from_iter(expected), "{name}");
        for (other, value) in DEFAULTS.iter().filter(|(other, _)| *other != name) {
            answer.assert_header(other, value);
        }
    }
}

#[tokio::test]
async fn what_a_handler_sets_itself_counts() {
    let client = client(SecurityHeaders::new());
    let table: [(&str, &[&str]); 5] = [
        ("/own", &["SAMEORIGIN"]),
        ("/own/response", &["SAMEORIGIN"]),
        ("/own/inserted", &["SAMEORIGIN"]),
        ("/own/removed", &[]),
        ("/own/written", &["SAMEORIGIN"]),
    ];
    for (path, expected) in table {
        let answer = client.get(path).await;
        assert_eq!(answer.headers().get_all("x-frame-options").collect::<Vec<_>>(), expected, "{path}");
        answer.assert_header("x-content-type-options", "nosniff");
    }
}

#[tokio::test]
async fn the_nonce_of_page_and_policy_is_one_and_fresh() {
    let policy = "script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'";
    let builder =
        Client::builder().app("fields").filter("/**", SecurityHeaders::new().content_security_policy(policy));
    let report = SecurityHeaders::new().content_security_policy_report_only("script-src 'nonce-{nonce}'");
    let client = builder.filter("/**", report).build();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = client.get("/nonce").await;
        let nonce = answer.text().to_owned();
        assert_eq!(nonce.len(), 22, "128 bits in Base64");
        answer.assert_header("content-security-policy", &policy.replace("{nonce}", &nonce));
        answer.assert_header("content-security-policy-report-only", &format!("script-src 'nonce-{nonce}'"));
        assert!(!seen.contains(&nonce), "{nonce} came twice");
        seen.push(nonce);
    }
}

#[tokio::test]
async fn the_strict_form_starts_from_nothing() {
    let client = client(SecurityHeaders::new().strict());
    let answer = client.get("/nonce").await;
    let nonce = answer.text();
    let policy = answer.header("content-security-policy").expect("one").replace(nonce, "N");
    for part in [
        "default-src 'none'; ",
        "script-src 'self' 'nonce-N'; ",
        "style-src 'self' 'nonce-N'; ",
        "base-uri 'none'; ",
        "form-action 'self'; ",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("data:"), "{policy}");
    answer.assert_header("referrer-policy", "same-origin").assert_header("x-frame-options", "DENY");
    answer.assert_header("cross-origin-resource-policy", "same-origin");
    assert!(answer.header("permissions-policy").is_some_and(|policy| policy.contains("camera=()")));
    // What comes after it counts, what comes before does not.
    let own = SecurityHeaders::new().referrer_policy("origin").strict().content_security_policy("img-src *");
    let answer = self::client(own).get("/").await;
    answer
        .assert_header("content-security-policy", "img-src *")
        .assert_header("referrer-policy", "same-origin");
}

#[tokio::test]
async fn a_nonce_nobody_asked_for_is_an_error_that_says_what_to_write() {
    for headers in
        [SecurityHeaders::new(), SecurityHeaders::new().content_security_policy("default-src 'self'")]
    {
        let answer = client(headers).get("/nonce").await;
        answer.assert_status(500).assert_contains("content_security_policy");
        answer.assert_header("x-content-type-options", "nosniff");
    }
}

#[test]
fn what_makes_no_sense_is_an_error_at_start() {
    let new = SecurityHeaders::new;
    let day = Duration::from_secs(86_400);
    let table = [
        (
            new().without("x-frame-option"),
            "`.without(\"x-frame-option\")` names no field that is set; set are x-content-type-options,",
        ),
        (new().without("x-frame-options").without("x-frame-options"), "names no field that is set"),
        (new().without("content-security-policy"), "strict-transport-security"),
        (
            new().content_security_policy("default-src\n'self'"),
            "`content-security-policy` is empty or holds a control character",
        ),
        (new().permissions_policy(" "), "`permissions-policy` is empty"),
        (new().preload(), "`.preload()` needs `.hsts_with_subdomains(…)`"),
        (new().hsts(day).preload(), "`.preload()` needs `.hsts_with_subdomains(…)`"),
    ];
    for (headers, expected) in table {
        let error =
            App::from_registry(Config::new().app("fields").filter("/**", headers)).expect_err(expected);
        let text = format!("{error:?}");
        assert!(text.contains(expected), "{text}\n--- should say {expected}");
        assert!(text.contains("SecurityHeaders` at tests/security_headers.rs:"), "{text}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
