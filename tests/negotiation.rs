//! Content goes out in the form that a peer prefers, and comes in in the form that it names.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vernal::test::Client;
use vernal::{App, Cbor, Config, Content, ContentFormat, Result, request_map};

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
            &format!("{no_cbor}invalid type: a negative integer, expected an integer from 0 to 4294967295"),
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
        ("", json.clone(), 400, "must be \"application/json\" or \"application/cbor\", not none."),
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
            assert!(
                told["errors"][0]["got"]
                    .as_str()
                    .is_some_and(|got| got.ends_with(" bytes") || got == "1 byte"),
                "{told}"
            );
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
