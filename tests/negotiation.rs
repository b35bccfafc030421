//! Content goes out in the form that a peer prefers, and comes in in the form that it names.

mod both;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vernal::test::Client;
use vernal::{App, Cbor, Config, Content, ContentFormat, Json, Result, request_map};

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Order {
    item: String,
    count: u32,
}

#[request_map("/orders/{count}")]
fn order(count: u32) -> Option<Content<Order>> {
    (count > 0).then(|| Content(Order { item: "tea".into(), count }))
}

#[request_map("/double", method = "POST")]
fn double(Content(order): Content<Order>) -> (u16, Content<Order>) {
    (201, Content(Order { count: order.count * 2, ..order }))
}

#[request_map("/perhaps", method = "POST")]
fn perhaps(order: Option<Content<Order>>) -> String {
    format!("{order:?}")
}

#[request_map("/any", method = "POST")]
fn any(Content(value): Content<Value>) -> Content<Value> {
    Content(value)
}

fn client() -> Client {
    Client::builder().content(Cbor).build()
}

fn cbor(value: &impl Serialize) -> Vec<u8> {
    cbor4ii::serde::to_vec(Vec::new(), value).expect("CBOR")
}

#[tokio::test]
async fn an_answer_goes_out_as_it_is_liked_best() {
    let client = client();
    let table = [
        (None, 200, "application/json"),
        (Some("*/*"), 200, "application/json"),
        (Some("application/cbor"), 200, "application/cbor"),
        (Some("application/json;q=0.5, application/cbor;q=0.6"), 200, "application/cbor"),
        (Some("application/cbor;q=0, */*"), 200, "application/json"),
        (Some("application/*"), 200, "application/json"),
        (Some("application/json;q=0, application/*;q=0.1"), 200, "application/cbor"),
        (Some("Application/CBOR; charset=x; Q=1.000"), 200, "application/cbor"),
        (Some("text/html"), 406, "text/html; charset=utf-8"),
        (Some("application/json;q=0"), 406, "application/json"),
        (Some("nonsense, ;q=1"), 406, "application/json"),
    ];
    for (accept, status, content_type) in table {
        let mut request = client.get("/orders/2");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let answer = request.await;
        assert_eq!(answer.status(), status, "{accept:?}");
        answer.assert_header("content-type", content_type).assert_header("vary", "Accept");
        if content_type == "application/cbor" {
            let order: Order = cbor4ii::serde::from_slice(answer.bytes()).expect("CBOR");
            assert_eq!(order, Order { item: "tea".into(), count: 2 });
        }
        if status == 406 {
            let said =
                "This is sent as application/json or application/cbor, and `Accept` takes none of these.";
            assert!(answer.text().contains(said), "{}", answer.text());
        }
    }
    let head = client.head("/orders/2").header("accept", "application/cbor").await;
    head.assert_status(200).assert_header("content-type", "application/cbor").assert_text("");
    client.get("/orders/0").header("accept", "application/cbor").await.assert_status(404);
}

#[tokio::test]
async fn a_body_comes_in_as_it_says() {
    let client = client();
    let order = Order { item: "tea".into(), count: 2 };
    let json = serde_json::to_vec(&order).expect("JSON");
    let cut = cbor(&order).split_last().map(|(_, start)| start.to_vec()).expect("not empty");
    let more = [cbor(&order), vec![0]].concat();
    let no_cbor = "the body is not the application/cbor it should be: ";
    let table: [(&str, Vec<u8>, u16, &str); 21] = [
        ("application/json", json.clone(), 201, ""),
        ("application/vnd.shop+json; charset=utf-8", json.clone(), 201, ""),
        ("application/cbor", cbor(&order), 201, ""),
        ("Application/CBOR; x=y", cbor(&order), 201, ""),
        ("application/cbor", [vec![0xd9, 0xd9, 0xf7], cbor(&order)].concat(), 201, ""),
        ("application/json", br#"{"item":"tea","count":2.0}"#.to_vec(), 201, ""),
        (
            "application/json",
            br#"{"item":"tea","count":2.5}"#.to_vec(),
            400,
            "number `2.5`, expected an integer from 0 to 4294967295",
        ),
        (
            "application/cbor",
            json.clone(),
            400,
            &format!("{no_cbor}invalid type: a text, expected an object"),
        ),
        ("application/cbor", cut, 400, &format!("{no_cbor}it ends too early")),
        ("application/cbor", more, 400, &format!("{no_cbor}something follows the value")),
        (
            "application/cbor",
            cbor(&json!({ "item": "tea" })),
            400,
            &format!("{no_cbor}missing field `count`"),
        ),
        (
            "application/cbor",
            cbor(&json!({ "item": 1, "count": 1 })),
            400,
            &format!("{no_cbor}invalid type: an integer, expected a text"),
        ),
        (
            "application/cbor",
            cbor(&json!({ "item": "", "count": "x" })),
            400,
            &format!("{no_cbor}invalid type: a text, expected an integer from 0 to 4294967295"),
        ),
        (
            "application/cbor",
            cbor(&json!({ "item": "", "count": -1 })),
            400,
            &format!("{no_cbor}invalid value: number `-1`, expected an integer from 0 to 4294967295"),
        ),
        (
            "application/cbor",
            cbor(&json!([])),
            400,
            &format!("{no_cbor}invalid type: an array, expected an object"),
        ),
        ("application/cbor", b"\xa1\x61\xff\x00".to_vec(), 400, &format!("{no_cbor}a text is not UTF-8")),
        (
            "application/cbor",
            vec![0xff],
            400,
            &format!("{no_cbor}invalid type: the end of something, expected an object"),
        ),
        ("application/json", b"{".to_vec(), 400, "the body is not the JSON it should be"),
        (
            "text/csv",
            json.clone(),
            415,
            "must be \"application/json\" or \"application/cbor\", not `text/csv`.",
        ),
        (
            "",
            json.clone(),
            400,
            "send it with `Content-Type: application/json` or `Content-Type: application/cbor`.",
        ),
        ("application/cbor", Vec::new(), 400, "Body[order] is required: content in the body."),
    ];
    for (content_type, body, status, said) in table {
        let mut request = client.post("/double").body(body);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let answer = request.await;
        assert_eq!(answer.status(), status, "{content_type}: {}", answer.text());
        assert!(
            status == 201 || answer.json::<Value>()["explain"].as_str().is_some_and(|it| it.contains(said)),
            "{}",
            answer.text()
        );
        // It may hold what is secret, and is for machines.
        if said.starts_with(no_cbor) {
            let told: Value = answer.json();
            let got = told["errors"][0]["got"].as_str().unwrap_or_default();
            let kinds = ["a text", "an integer", "a negative integer", "an array", "the end of something"];
            let is_kind = kinds.contains(&got) || ["an object without it", "number `-1`"].contains(&got);
            assert!(is_kind || got.ends_with(" bytes") || got == "1 byte", "{told}");
        }
        assert_eq!(answer.header("accept"), (status == 415).then_some("application/json, application/cbor"));
    }
    client.post("/perhaps").await.assert_text("None");
    client
        .post("/perhaps")
        .header("content-type", "application/cbor")
        .body(cbor(&order))
        .await
        .assert_status(200);
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Numbers {
    small: u8,
    signed: i64,
    unsigned: u64,
    wide: i128,
    huge: u128,
    single: f32,
    double: f64,
    maybe: Option<u8>,
}

#[request_map("/numbers", method = "POST")]
fn numbers(Content(numbers): Content<Numbers>) -> String {
    format!("{numbers:?}")
}

#[request_map("/numbers/json", method = "POST")]
fn numbers_of_json(Json(numbers): Json<Numbers>) -> String {
    format!("{numbers:?}")
}

/// Of what is one number for JSON each form takes one; what its type has no room for, none does.
#[tokio::test]
async fn numbers_are_taken_alike_in_all_forms() {
    let client = client();
    let double = |number: f64| [&[0xfb][..], &number.to_be_bytes()].concat();
    let single = |number: f32| [&[0xfa][..], &number.to_be_bytes()].concat();
    let integer = |number: i128| cbor(&number);
    let range = "expected a number from -3.4028235e38 to 3.4028235e38";
    let table: [(&str, &str, Vec<u8>, &str); 35] = [
        ("small", "2", integer(2), "small: 2,"),
        ("small", "2.0", double(2.0), "small: 2,"),
        ("small", "2.0", single(2.0), "small: 2,"),
        ("small", "2.0", vec![0xf9, 0x40, 0x00], "small: 2,"),
        ("small", "-0.0", double(-0.0), "small: 0,"),
        ("maybe", "2.0", double(2.0), "maybe: Some(2)"),
        ("small", "2.5", double(2.5), "400 expected an integer from 0 to 255"),
        ("small", "-2.0", double(-2.0), "400 expected an integer from 0 to 255"),
        ("small", "256.0", double(256.0), "400 expected an integer from 0 to 255"),
        ("small", "1e300", double(1e300), "400 expected an integer from 0 to 255"),
        ("small", "\"2\"", cbor(&"2"), "400 expected an integer from 0 to 255"),
        (
            "signed",
            "-9223372036854775808.0",
            double(-9_223_372_036_854_775_808.0),
            "signed: -9223372036854775808,",
        ),
        (
            "signed",
            "9223372036854775808.0",
            double(9_223_372_036_854_775_808.0),
            "400 expected an integer from -9223372036854775808 to",
        ),
        (
            "unsigned",
            "9223372036854775808.0",
            double(9_223_372_036_854_775_808.0),
            "unsigned: 9223372036854775808,",
        ),
        (
            "unsigned",
            "18446744073709551616.0",
            double(18_446_744_073_709_551_616.0),
            "400 expected an integer from 0 to",
        ),
        (
            "wide",
            "170141183460469231731687303715884105727",
            integer(i128::MAX),
            "wide: 170141183460469231731687303715884105727,",
        ),
        (
            "wide",
            "-170141183460469231731687303715884105728",
            integer(i128::MIN),
            "wide: -170141183460469231731687303715884105728,",
        ),
        (
            "huge",
            "340282366920938463463374607431768211455",
            cbor(&u128::MAX),
            "huge: 340282366920938463463374607431768211455,",
        ),
        ("huge", "7", integer(7), "huge: 7,"),
        ("wide", "-7", integer(-7), "wide: -7,"),
        ("single", "2", integer(2), "single: 2.0,"),
        ("single", "1.5", double(1.5), "single: 1.5,"),
        ("single", "-0.0", double(-0.0), "single: -0.0,"),
        ("single", "3.4028235e38", double(f64::from(f32::MAX)), "single: 3.4028235e38,"),
        ("single", "1e39", double(1e39), &format!("400 {range}")),
        ("single", "-1e39", double(-1e39), &format!("400 {range}")),
        ("double", "2", integer(2), "double: 2.0,"),
        ("double", "1.5", single(1.5), "double: 1.5,"),
        ("double", "1e39", double(1e39), "double: 1e39,"),
        ("double", "-0.0", double(-0.0), "double: -0.0,"),
        ("wide", "-2.0", double(-2.0), "wide: -2,"),
        (
            "huge",
            "1267650600228229401496703205376.0",
            double(1_267_650_600_228_229_401_496_703_205_376.0),
            "huge: 1267650600228229401496703205376,",
        ),
        ("double", "18446744073709551616", integer(1 << 64), "double: 1.8446744073709552e19,"),
        ("single", "-18446744073709551617", integer(-(1 << 64) - 1), "single: -1.8446744e19,"),
        ("signed", "7", vec![0xc2, 0x41, 0x07], "signed: 7,"),
    ];
    for (field, json, cbor_value, expected) in table {
        let as_json = format!("{{\"{field}\": {json}}}").into_bytes();
        // Another field has to be read a second time, and no number changes by that.
        let with_other = format!("{{\"{field}\": {json}, \"maybe\": 1.0}}").into_bytes();
        let as_cbor = [&[0xa1][..], &cbor(&field), &cbor_value].concat();
        let mut ways = vec![
            ("/numbers", "application/json", as_json.clone()),
            ("/numbers/json", "application/json", as_json),
            ("/numbers", "application/cbor", as_cbor),
        ];
        // Of two that JSON has to write otherwise, the sign of a zero counts for less.
        if field != "maybe" && !(field == "small" && json == "-0.0") {
            ways.push(("/numbers/json", "application/json", with_other));
        }
        for (path, content_type, body) in ways {
            let answer = client.post(path).header("content-type", content_type).body(body).await;
            let row = format!("{path} {content_type} {field} {json}: {answer}");
            match expected.strip_prefix("400 ") {
                None => assert!(answer.status() == 200 && answer.text().contains(expected), "{row}"),
                Some(expected) => {
                    let told: Value = answer.assert_status(400).json();
                    assert!(
                        told["explain"]
                            .as_str()
                            .is_some_and(|it| it.contains(expected.get(..22).unwrap_or(expected))),
                        "{row}"
                    );
                    assert_eq!(told["errors"][0]["pointer"], format!("/{field}"), "{row}");
                    let wanted = expected.strip_prefix("expected ").unwrap_or(expected);
                    assert!(
                        told["errors"][0]["expected"].as_str().is_some_and(|it| it.starts_with(wanted)),
                        "{row}"
                    );
                }
            }
        }
    }
    let too_large =
        client.post("/numbers").header("content-type", "application/json").body("{\"double\": 1e400}").await;
    let told: Value = too_large.assert_status(400).json();
    assert_eq!(told["errors"][0]["pointer"], "/double");
    assert_eq!(
        told["errors"][0]["expected"],
        "a number from -1.7976931348623157e308 to 1.7976931348623157e308"
    );
}

/// With the number and its bounds, in all forms.
#[tokio::test]
async fn a_number_that_does_not_fit_is_told_alike() {
    let client = client();
    let double = |number: f64| [&[0xfb][..], &number.to_be_bytes()].concat();
    let integer = |number: i128| cbor(&number);
    let of_8 = "an integer from 0 to 255";
    let of_64 = "an integer from 0 to 18446744073709551615";
    let signed = "an integer from -9223372036854775808 to 9223372036854775807";
    let wide =
        "an integer from -170141183460469231731687303715884105728 to 170141183460469231731687303715884105727";
    let huge = "an integer from 0 to 340282366920938463463374607431768211455";
    // JSON is shown as it was sent, CBOR as what it is.
    let table: [(&str, &str, Vec<u8>, &str, &str); 13] = [
        ("small", "300", integer(300), "300", of_8),
        ("small", "-1", integer(-1), "-1", of_8),
        ("small", "256.0", double(256.0), "256", of_8),
        ("small", "2.5", double(2.5), "2.5", of_8),
        ("small", "1e300", double(1e300), "1e300", of_8),
        ("signed", "9223372036854775808", integer(1 << 63), "9223372036854775808", signed),
        ("signed", "-9223372036854775808.5", double(-1e30), "-1e30", signed),
        ("unsigned", "18446744073709551616", integer(1 << 64), "18446744073709551616", of_64),
        ("unsigned", "-7", integer(-7), "-7", of_64),
        (
            "wide",
            "170141183460469231731687303715884105728",
            cbor(&(1_u128 << 127)),
            "170141183460469231731687303715884105728",
            wide,
        ),
        ("huge", "-1", integer(-1), "-1", huge),
        ("huge", "-18446744073709551617", integer(-(1 << 64) - 1), "-18446744073709551617", huge),
        ("single", "1e39", double(1e39), "1e39", "a number from -3.4028235e38 to 3.4028235e38"),
    ];
    for (field, json, cbor_value, shown, expected) in table {
        let as_json = format!("{{\"{field}\": {json}}}").into_bytes();
        let as_cbor = [&[0xa1][..], &cbor(&field), &cbor_value].concat();
        for (content_type, body, shown) in
            [("application/json", as_json, json), ("application/cbor", as_cbor, shown)]
        {
            let answer = client.post("/numbers").header("content-type", content_type).body(body).await;
            let told: Value = answer.assert_status(400).json();
            let words = format!(": number `{shown}`, expected {expected}");
            assert!(told["explain"].as_str().is_some_and(|it| it.contains(&words)), "{words}: {told}");
            let error = &told["errors"][0];
            assert_eq!(error["expected"], expected, "{told}");
            assert_eq!(error["got"], format!("number `{shown}`"), "{told}");
            assert_eq!(error["pointer"], format!("/{field}"), "{told}");
        }
    }
    // A number that is taken is no mistake where something else is one.
    let two = [&[0xa2][..], &cbor(&"maybe"), &double(2.0), &cbor(&"small"), &cbor(&"x")].concat();
    let more = [&[0xa1][..], &cbor(&"maybe"), &double(2.0), &[0]].concat();
    for (body, expected) in
        [(two, "string \"x\", expected an integer from 0 to 255 at /small"), (more, "follows the value")]
    {
        let answer = client.post("/numbers").header("content-type", "application/cbor").body(body).await;
        let told: Value = answer.assert_status(400).json();
        assert!(told["explain"].as_str().is_some_and(|it| it.ends_with(expected)), "{expected}: {told}");
    }
}

#[derive(Debug, Deserialize)]
struct Cart {
    lines: Vec<Line>,
    #[serde(default)]
    notes: std::collections::BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Deserialize)]
struct Line {
    #[expect(dead_code, reason = "it is only read")]
    item: String,
    #[expect(dead_code, reason = "it is only read")]
    count: u32,
    #[expect(dead_code, reason = "it is only read")]
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is only read")]
enum Kind {
    Plain,
    Wrapped { size: u8 },
    Pair(u8, u8),
}

#[request_map("/cart", method = "POST")]
fn cart(Content(cart): Content<Cart>) -> String {
    format!("{} {}", cart.lines.len(), cart.notes.len())
}

/// By a JSON Pointer (RFC 6901), in all forms the same.
#[tokio::test]
async fn a_mistake_is_told_with_its_place_in_all_forms() {
    let client = client();
    let line = |line: Value| json!({ "lines": [{ "item": "tea", "count": 1 }, line] });
    let table = [
        (json!({ "lines": [] }), None),
        (line(json!({ "item": "tea", "count": "x" })), Some("/lines/1/count")),
        (line(json!({ "item": 3, "count": 1 })), Some("/lines/1/item")),
        (line(json!({ "item": "tea", "count": 2.5 })), Some("/lines/1/count")),
        (line(json!(7)), Some("/lines/1")),
        (json!({ "lines": 7 }), Some("/lines")),
        (json!(7), Some("")),
        (json!({ "lines": [], "notes": { "a/b~": [1, 2, 300] } }), Some("/notes/a~1b~0/2")),
        (json!({ "lines": [], "notes": { "a": 1, "b": [] } }), Some("/notes/a")),
        (
            line(json!({ "item": "tea", "count": 1, "kind": { "Wrapped": { "size": -1 } } })),
            Some("/lines/1/kind/Wrapped/size"),
        ),
        (
            line(json!({ "item": "tea", "count": 1, "kind": { "Pair": [1, "x"] } })),
            Some("/lines/1/kind/Pair/1"),
        ),
        (line(json!({ "item": "tea", "count": 1, "kind": "Plain" })), None),
        (line(json!({ "item": "tea" })), Some("/lines/1")),
        (json!({}), Some("")),
    ];
    for (value, expected) in table {
        for (content_type, body) in [
            ("application/json", serde_json::to_vec(&value).expect("JSON")),
            ("application/cbor", cbor(&value)),
        ] {
            let answer = client.post("/cart").header("content-type", content_type).body(body).await;
            let Some(expected) = expected else {
                answer.assert_status(200);
                continue;
            };
            let told: Value = answer.assert_status(400).json();
            let pointer = told["errors"][0]["pointer"].as_str().unwrap_or_default();
            assert_eq!(pointer, expected, "{content_type} {value}: {told}");
            let is_said = told["explain"].as_str().is_some_and(|it| it.ends_with(&format!(" at {expected}")));
            assert!(is_said || expected.is_empty() || content_type != "application/cbor", "{told}");
        }
    }
}

#[tokio::test]
async fn what_is_hostile_is_refused() {
    let client = client();
    let send = |body: Vec<u8>| client.post("/any").header("content-type", "application/cbor").body(body);
    let deep = |depth: usize| [vec![0x81; depth], vec![0]].concat();
    for body in [
        deep(1_000_000),
        vec![0x9f; 1_000_000],
        vec![0xbf; 100_000],
        vec![0xa1; 100_000],
        vec![0xc1; 100_000],
        // Lengths that nothing comes of.
        vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x61, 0x61],
        vec![0xff],
        vec![0x61, 0xff],
    ] {
        let start = body.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>();
        let answer = send(body).await;
        assert_eq!(answer.status(), 400, "{start}: {}", answer.text());
        assert!(answer.text().len() < 1024, "{start}: {}", answer.text().len());
    }
}

/// Of types that say what they are, an element needs one level, and of those that take anything, two.
#[derive(Deserialize, Serialize)]
struct Nest(Vec<Nest>);

#[request_map("/nests", method = "POST")]
fn nest(Content(nest): Content<Nest>) -> Content<Nest> {
    Content(nest)
}

/// On a stack as small as those of servers' threads are. The words of what is wrong inside are not repeated level by level.
#[test]
fn nested_deeply_it_needs_no_large_stack() {
    on_a_small_stack(async {
        let client = client();
        let nested = |path: &str, depth: usize, inside: &[u8]| {
            let body = [&vec![0x81; depth], inside].concat();
            client
                .post(path)
                .header("content-type", "application/cbor")
                .header("accept", "application/cbor")
                .body(body)
        };
        let table: [(&str, usize, &[u8], u16, &str); 10] = [
            ("/nests", 255, &[0x80], 200, ""),
            ("/nests", 256, &[0x80], 400, "it is nested too deeply"),
            ("/nests", 100_000, &[0x80], 400, "it is nested too deeply"),
            ("/nests", 200, &[0x61, b'"'], 400, "invalid type: a text, expected an array"),
            ("/nests", 200, &[], 400, "it ends too early"),
            ("/any", 127, &[0x00], 200, ""),
            ("/any", 128, &[0x00], 400, "it is nested too deeply"),
            ("/any", 100_000, &[0x00], 400, "it is nested too deeply"),
            ("/any", 127, &[0xff], 400, ""),
            ("/any", 127, &[], 400, "it ends too early"),
        ];
        for (path, depth, inside, status, said) in table {
            let answer = nested(path, depth, inside).await;
            let text = String::from_utf8_lossy(answer.bytes());
            assert_eq!(answer.status(), status, "{path} {depth} {inside:?}: {text}");
            assert!(text.contains(said) && text.len() < 1024, "{path} {depth} {inside:?}: {text}");
        }
    });
}

fn on_a_small_stack(test: impl Future<Output = ()> + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(test);
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    thread.join().expect("no failure");
}

/// As some text.
struct Shown(&'static str);

impl ContentFormat for Shown {
    fn media_type(&self) -> &'static str {
        self.0
    }

    fn write(&self, value: &dyn erased_serde::Serialize, to: &mut Vec<u8>) -> Result {
        let mut serializer = serde_json::Serializer::pretty(to);
        value.erased_serialize(&mut <dyn erased_serde::Serializer>::erase(&mut serializer))?;
        Ok(())
    }

    fn read<'r>(
        &self,
        body: &'r [u8],
        make: &mut dyn FnMut(&mut dyn erased_serde::Deserializer<'r>) -> Result<(), erased_serde::Error>,
    ) -> Result {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        Ok(make(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut deserializer))?)
    }
}

#[tokio::test]
async fn a_form_of_ones_own_is_one_of_them() {
    let client = Client::builder().content(Shown("text/shown")).content(Cbor).build();
    let answer = client.get("/orders/1").header("accept", "text/*").await;
    answer
        .assert_header("content-type", "text/shown")
        .assert_text("{\n  \"item\": \"tea\",\n  \"count\": 1\n}");
    let answer =
        client.post("/double").header("content-type", "text/shown").body(r#"{"item":"a","count":1}"#).await;
    answer.assert_status(201).assert_json(json!({ "item": "a", "count": 2 }));
}

/// `Shown` takes what follows the value, and JSON of other names does not.
#[tokio::test]
async fn a_form_of_ones_own_may_be_one_of_json() {
    let client = Client::builder().content(Shown("application/vnd.shown+json")).build();
    let body = r#"{"item":"a","count":1} {}"#;
    for (content_type, status) in [
        ("application/vnd.shown+json", 201),
        ("Application/Vnd.Shown+JSON; charset=utf-8", 201),
        ("application/vnd.other+json", 400),
        ("application/json", 400),
    ] {
        client.post("/double").header("content-type", content_type).body(body).await.assert_status(status);
    }
}

#[test]
fn forms_that_make_no_sense_are_told_at_start() {
    let table = [
        (Config::new().content(Shown("shown")), "`shown` is no media type"),
        (Config::new().content(Shown("Text/Shown")), "write it in lower case"),
        (Config::new().content(Shown("text/shown; charset=utf-8")), "without parameters"),
        (Config::new().content(Cbor).content(Cbor), "there are two forms of `application/cbor`"),
        (Config::new().content(Shown("application/json")), "there are two forms of `application/json`"),
    ];
    for (config, expected) in table {
        let text = App::from_registry(config).expect_err(expected).to_string();
        assert!(text.contains(expected), "{text}");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
