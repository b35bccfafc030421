//! What those who grade sites make of the security fields, over TLS: the rules of MDN's HTTP Observatory (version 1.4.8), as far as
//! fields of one answer decide. It has itself given the same points to the same answers, with a port beside that redirects.

mod authority;

use vernal::Headers;
use vernal::request_map;
use vernal::security::{CspNonce, SecurityHeaders};
use vernal::tls::Tls;

use crate::authority::{Authority, Running, builder, connect, get};

#[request_map("/", app = "grades")]
fn index() -> &'static str {
    "<!doctype html><html><script src=\"/app.js\"></script></html>"
}

#[request_map("/nonce", app = "grades")]
fn with_nonce(nonce: CspNonce<'_>) -> String {
    format!("<!doctype html><html><script nonce=\"{nonce}\">start()</script></html>")
}

/// Points of one rule, above or below a hundred; those above count from 90 on.
fn points(headers: &Headers) -> Vec<(&'static str, i32)> {
    let value = |name| headers.get(name).unwrap_or_default().to_ascii_lowercase();
    let policy = headers.get("content-security-policy");
    let directive = |name: &str| -> Option<Vec<String>> {
        let mut words = policy?.split(';').map(str::split_whitespace).map(Vec::from_iter);
        let found = words.find(|words| words.first().is_some_and(|first| *first == name))?;
        Some(found[1..].iter().map(|word| (*word).to_owned()).collect())
    };
    let max_age = value("strict-transport-security")
        .split(';')
        .find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok());
    let resources = value("cross-origin-resource-policy");
    vec![
        ("content security policy", policy.map_or(-25, |_| points_of_policy(&directive))),
        ("strict transport security", if max_age.is_some_and(|age| age >= 15_552_000) { 0 } else { -20 }),
        ("content type options", if value("x-content-type-options") == "nosniff" { 0 } else { -5 }),
        (
            "frames",
            match value("x-frame-options").as_str() {
                _ if directive("frame-ancestors").is_some() => 5,
                "deny" | "sameorigin" => 0,
                _ => -20,
            },
        ),
        (
            "referrers",
            match value("referrer-policy").as_str() {
                "" => 0,
                "no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin" => 5,
                _ => -5,
            },
        ),
        ("resources", if ["same-origin", "same-site"].contains(&&*resources) { 10 } else { 0 }),
    ]
}

fn points_of_policy(directive: &dyn Fn(&str) -> Option<Vec<String>>) -> i32 {
    let of = |name: &str| {
        let found = directive(name).or_else(|| directive("default-src"));
        found.unwrap_or_else(|| vec!["*".to_owned()])
    };
    let is_broad = |source: &String| ["*", "http:", "https:", "ftp:"].contains(&source.as_str());
    let is_unsafe =
        |source: &String| is_broad(source) || ["'unsafe-inline'", "data:"].contains(&source.as_str());
    if of("script-src").iter().any(is_unsafe) || of("object-src").iter().any(is_broad) {
        return -20;
    }
    if [of("script-src"), of("style-src")].concat().iter().any(|source| source == "'unsafe-eval'") {
        return -10;
    }
    if of("style-src").iter().any(is_unsafe) {
        return 0;
    }
    if directive("default-src").is_some_and(|sources| sources == ["'none'"]) { 10 } else { 5 }
}

fn grade(headers: &Headers) -> (i32, &'static str) {
    let points = points(headers);
    let lost: i32 = points.iter().map(|(_, points)| *points.min(&0)).sum();
    let all: i32 = points.iter().map(|(_, points)| *points).sum();
    let score = 100 + if 100 + lost >= 90 { all } else { lost };
    let grades = [
        (100, "A+"),
        (90, "A"),
        (85, "A-"),
        (80, "B+"),
        (70, "B"),
        (65, "B-"),
        (60, "C+"),
        (50, "C"),
        (45, "C-"),
        (40, "D+"),
        (30, "D"),
        (25, "D-"),
    ];
    (score, grades.iter().find(|(least, _)| score >= *least).map_or("F", |(_, grade)| *grade))
}

#[tokio::test]
async fn the_forms_get_the_grades_that_the_book_says() {
    let documented = "default-src 'self'; script-src 'nonce-{nonce}'; base-uri 'none'";
    let table = [
        ("none", None, "/", (30, "D")),
        ("the defaults", Some(SecurityHeaders::new()), "/", (75, "B")),
        ("a policy", Some(SecurityHeaders::new().content_security_policy(documented)), "/nonce", (120, "A+")),
        ("strict", Some(SecurityHeaders::new().strict()), "/", (130, "A+")),
        ("strict, with a nonce", Some(SecurityHeaders::new().strict()), "/nonce", (130, "A+")),
    ];
    let authority = Authority::new();
    for (name, headers, path, expected) in table {
        let (cert, key) = authority.write("server");
        let server = builder("grades").tls(Tls::from_pem(cert, key).expect("a certificate"));
        let server = match headers {
            Some(headers) => server.filter("/**", headers),
            None => server,
        };
        let running = Running::start(server).await;
        let mut stream =
            connect(running.address, "localhost", authority.plain_client()).await.expect("a handshake");
        let answer = get(&mut stream, path).await.expect("an answer");
        let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
        let headers: Headers = head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
        assert_eq!(grade(&headers), expected, "{name}: {:?} in {head}", points(&headers));
        running.handle.stop();
        running.stopped().await;
    }
}

#[test]
fn the_rules_are_those_that_are_published() {
    let of = |policy: &str| {
        let headers = Headers::from([("content-security-policy", policy)]);
        points(&headers)[0].1
    };
    let table = [
        ("default-src 'none'", 10),
        ("default-src 'self'", 5),
        ("default-src 'self'; style-src 'self' 'unsafe-inline'", 0),
        ("default-src 'self'; script-src 'unsafe-eval'", -10),
        ("default-src 'self'; script-src 'unsafe-inline'", -20),
        ("script-src 'self'", -20),
        ("frame-ancestors 'none'; base-uri 'none'", -20),
        ("default-src https:", -20),
    ];
    for (policy, expected) in table {
        assert_eq!(of(policy), expected, "{policy}");
    }
    assert_eq!(points(&Headers::new())[0].1, -25);
}
