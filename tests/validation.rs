//! What arguments must be once they are bound: constraints of single values, and what is said of values that break them.

mod both;

use serde_json::Value;
use vernal::test::{Answer, Client};
use vernal::{Cookie, Header, PathValue, Result, Text, request_map};

fn said(answer: &Answer) -> String {
    match answer.status().as_u16() {
        200 => answer.text().to_owned(),
        _ => answer.json::<Value>()["explain"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Sends each request and compares what comes back; a refusal by its explanation.
async fn check(table: &[(&str, u16, &str)]) {
    let client = Client::new();
    for (target, status, expected) in table {
        let answer = client.get(target).await;
        assert_eq!(answer.status(), *status, "{target}: {}", answer.text());
        assert_eq!(said(&answer), *expected, "{target}");
    }
}

#[request_map("/page")]
fn page(#[arg(range = 1..=100, default = 1)] page: u32, #[arg(range = -1.5..)] price: Option<f64>) -> String {
    format!("{page} {price:?}")
}

#[tokio::test]
async fn numbers_are_in_their_range() {
    check(&[
        ("/page", 200, "1 None"),
        ("/page?page=1&price=-1.5", 200, "1 Some(-1.5)"),
        ("/page?page=100", 200, "100 None"),
        ("/page?page=101", 400, "Parameter[page] should be 1 to 100, not `101`."),
        ("/page?page=0", 400, "Parameter[page] should be 1 to 100, not `0`."),
        ("/page?price=-2", 400, "Parameter[price] should be at least -1.5, not `-2`."),
        ("/page?page=x", 400, "Parameter[page] should be an integer from 0 to 4294967295, not `x`."),
    ])
    .await;
}

#[request_map("/name/{name}")]
fn name(#[arg(length = 2..=4, pattern = "^[a-zé]+$")] name: &str) -> &str {
    name
}

#[request_map("/names")]
fn names(#[arg(items = 2..=3, length = ..=3, default)] name: Vec<String>) -> String {
    name.join(" ")
}

#[tokio::test]
async fn texts_have_their_length_and_pattern_and_lists_their_number_of_items() {
    check(&[
        ("/name/%C3%A9%C3%A9%C3%A9%C3%A9", 200, "éééé"),
        ("/name/abcde", 404, "PathValue[name] should be 2 to 4 characters long, not `abcde`."),
        ("/name/AB", 404, "PathValue[name] should be a text that matches `^[a-zé]+$`, not `AB`."),
        ("/names", 200, ""),
        ("/names?name=a&name=b", 200, "a b"),
        ("/names?name=a", 400, "Parameter[name] should be a list of 2 to 3 items, not `1 item`."),
        (
            "/names?name=a&name=b&name=c&name=d",
            400,
            "Parameter[name] should be a list of 2 to 3 items, not `4 items`.",
        ),
        ("/names?name=a&name=abcd", 400, "Parameter[name] should be at most 3 characters long, not `abcd`."),
        (
            "/names?name=a&name=%00%0A%3Cb%3E",
            400,
            "Parameter[name] should be at most 3 characters long, not `\\0\\n<b>`.",
        ),
    ])
    .await;
}

const MOST: u64 = 9;

struct Shop;

impl Shop {
    const LEAST: u64 = 2;
}

#[request_map("/shop")]
impl Shop {
    #[request_map("/{id}", method = "POST")]
    fn buy(
        #[arg(range = Self::LEAST..=MOST)] id: PathValue<u64>,
        #[arg(range = ..=5)] x_count: Header<Vec<u8>>,
        #[arg(length = 3..)] token: Cookie<Result<&str>>,
        #[arg(length = 1..=5)] Text(text): Text<&str>,
    ) -> String {
        let token = token.into_inner();
        format!(
            "{id} {:?} {text} {}",
            x_count.0,
            token.map_or_else(|error| error.status().to_string(), str::to_owned)
        )
    }
}

#[tokio::test]
async fn they_work_inside_of_wrappers_and_name_their_source() {
    let client = Client::new();
    let table = [
        ("/shop/2", "5", "abc", "hello", 200, "2 [1, 5] hello abc"),
        ("/shop/2", "5", "ab", "hello", 200, "2 [1, 5] hello 400 Bad Request"),
        ("/shop/1", "5", "abc", "hello", 404, "PathValue[id] should be 2 to 9, not `1`."),
        ("/shop/2", "6", "abc", "hello", 400, "Header[x_count] should be at most 5, not `6`."),
        (
            "/shop/2",
            "5",
            "abc",
            "toolong",
            400,
            "Body[text] should be 1 to 5 characters long, not `toolong`.",
        ),
        ("/shop/2", "5", "abc", "", 400, "Body[text] should be 1 to 5 characters long, not ``."),
    ];
    for (path, count, token, body, status, expected) in table {
        let request = client.post(path).header("x-count", "1").header("x-count", count);
        let answer = request.header("cookie", format!("token={token}")).body(body).await;
        assert_eq!(
            (answer.status().as_u16(), &*said(&answer)),
            (status, expected),
            "{path} {count} {token} {body}"
        );
    }
}

#[request_map("/nasty", method = "POST")]
fn nasty(#[arg(pattern = "^([a-z]+)*(a|b)+$", length = ..=1_048_576)] Text(text): Text<&str>) -> String {
    text.len().to_string()
}

/// A pattern takes time linear in a text as long as a body may be, and little of the text is told.
#[tokio::test]
async fn a_long_text_is_matched_as_a_short_one() {
    let client = Client::new();
    let mut text = "a".repeat(1 << 20);
    client.post("/nasty").body(text.clone()).await.assert_text("1048576");
    text.pop();
    let answer = client.post("/nasty").body(text + "!").await;
    let expected =
        format!("Body[text] should be a text that matches `^([a-z]+)*(a|b)+$`, not `{}…`.", "a".repeat(64));
    assert_eq!((answer.status().as_u16(), said(&answer)), (400, expected));
    client.post("/nasty").body("a".repeat((1 << 20) + 1)).await.assert_status(400);
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
