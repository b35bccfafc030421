//! The shop of the examples, as others see it: its description is read, asked, called and shown by programs that others wrote.

mod both;

#[path = "contract/asking.rs"]
mod asking;
mod installed;
#[path = "contract/judges.rs"]
mod judges;
#[path = "contract/neighbours.rs"]
mod neighbours;
#[path = "contract/parser.rs"]
mod parser;
#[path = "contract/requests.rs"]
mod requests;
mod running;
mod scratch;
#[path = "../examples/shop/main.rs"]
#[expect(dead_code, reason = "its main function is not called")]
mod shop;
#[expect(dead_code, reason = "other tests fill in forms and open windows")]
mod webdriver;

use std::env;
use std::process::Command;

use serde_json::Value;
use tokio::task::spawn_blocking;
use vernal::test::Client;
use vernal::{App, Config};

use crate::requests::Maker;
use crate::running::Running;
use crate::scratch::Scratch;
use crate::webdriver::Browser;

#[tokio::test]
async fn validators_of_others_find_no_error() {
    let scratch = Scratch::new();
    for (name, config) in [("shop", shop::config()), ("neighbours", neighbours::config())] {
        let client = Client::builder().config(config).build();
        let file = scratch.write(&format!("{name}.json"), client.get("/openapi.json").await.bytes());
        judges::pass(Command::new(judges::python()).args(["-m", "openapi_spec_validator"]).arg(&file));
        judges::pass(
            Command::new(judges::redocly())
                .current_dir(scratch.path())
                .args(["lint", "--extends=recommended"])
                .arg(&file),
        );
    }
}

/// Strangers are told that they are, whatever else is wrong with what they send.
#[tokio::test]
async fn who_asks_is_judged_first() {
    let client = Client::builder().config(shop::config()).build();
    let bad = "{";
    for (method, path) in [
        ("POST", "/articles"),
        ("PUT", "/articles/1"),
        ("PUT", "/articles/none"),
        ("DELETE", "/articles/none"),
        ("PUT", "/articles/1/picture"),
    ] {
        let request = client.request(method, path).header("content-type", "application/json").body(bad);
        request.await.assert_status(401);
    }
    let known = client.post("/articles").header("authorization", "Bearer t0ken");
    known.header("content-type", "application/json").body(bad).await.assert_status(400);
}

#[tokio::test]
async fn what_is_said_over_its_websocket_is_described() {
    let app = App::from_registry(shop::config()).expect("a shop");
    parser::parse(&[("shop", app.asyncapi())]);
    let client = Client::builder().config(shop::config()).build();
    let document: Value = client.get("/asyncapi.json").await.json();
    assert_eq!(document, app.asyncapi().into_value());
    assert_eq!(document["channels"].as_object().expect("channels").len(), 1, "{document:#}");
}

/// All checks of schemathesis, with requests that fit the description and such that do not. `VERNAL_CASES` is how many it makes up for each
/// operation beside those that it always asks, and for each way through several of them.
async fn schemathesis(config: Config, settings: &'static str) {
    let cases = env::var("VERNAL_CASES").unwrap_or_else(|_| "5".to_owned());
    let running = Running::start(running::builder().config(config)).await;
    let url = format!("http://{}/openapi.json", running.address);
    spawn_blocking(move || {
        // It keeps what it has found where it runs, and asks that first the next time.
        let scratch = Scratch::new();
        scratch.write("schemathesis.toml", settings);
        let mut command = Command::new(judges::schemathesis());
        command.current_dir(scratch.path()).args(["run", &url, "--seed", "1", "-n", &cases]);
        judges::pass(command.args(["--header", "Authorization: Bearer t0ken"]));
    })
    .await
    .expect("it is content");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_answers_as_it_says() {
    schemathesis(shop::config(), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_neighbours_answer_as_they_say() {
    // No server refuses header fields that it does not know, and nothing here makes what something else shows.
    schemathesis(
        neighbours::config(),
        "[generation]\nallow-extra-parameters = false\n[phases.stateful]\nenabled = false\n",
    )
    .await;
}

/// Each operation, as `get /articles`, with what is said of it.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("operations");
            item.iter().map(move |(method, operation)| (&**method, &**path, operation))
        })
        .collect()
}

#[tokio::test]
async fn what_a_description_asks_for_is_bound_and_what_it_requires_is_needed() {
    for config in [shop::config(), neighbours::config()] {
        let client = Client::builder().config(config).build();
        let document: Value = client.get("/openapi.json").await.json();
        let mut maker = Maker::new(&document);
        for (method, path, operation) in operations(&document) {
            let mut sent = 0;
            for _ in 0..64 {
                let made = maker.request(operation);
                let Some(answer) = asking::ask(&client, method, path, &made).await else { continue };
                sent += 1;
                let status = answer.status().as_u16();
                assert!(
                    status < 400 || matches!(status, 404 | 409),
                    "{method} {path} {made:#?}\n{status} {}",
                    answer.text()
                );
                if status == 404 && operation["x-vernal-conditions"].is_array() {
                    // No mapping's conditions hold.
                    continue;
                }
                for (name, less) in made.without(operation, &document) {
                    let Some(answer) = asking::ask(&client, method, path, &less).await else { continue };
                    let status = answer.status();
                    assert_eq!(status, 400, "{method} {path} without {name}: {}", answer.text());
                }
            }
            assert!(sent > 8, "{method} {path} was asked {sent} times only");
        }
    }
}

/// A client made by openapi-typescript and openapi-fetch, compiled by the strict rules of TypeScript.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typed_client_calls_every_operation() {
    let running = Running::start(running::builder().config(shop::config())).await;
    let url = format!("http://{}", running.address);
    let client = Client::builder().config(shop::config()).build();
    let document: Value = client.get("/openapi.json").await.json();
    let called = {
        let document = document.clone();
        spawn_blocking(move || {
            let packages = judges::typescript();
            // Below the packages, where they are looked for.
            let scratch = Scratch::below(&packages);
            let program = |name: &str| {
                let mut command = Command::new(packages.join("node_modules/.bin").join(name));
                command.current_dir(scratch.path());
                command
            };
            scratch.write("package.json", r#"{"type":"module"}"#);
            scratch.write("shop.json", document.to_string());
            scratch.write("client.ts", include_str!("contract/client.ts"));
            judges::pass(program("openapi-typescript").args(["shop.json", "-o", "shop.d.ts"]));
            let rules =
                ["--strict", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022"];
            judges::pass(program("tsc").args(rules).arg("client.ts"));
            let node = Command::new("node").current_dir(scratch.path()).args(["client.js", &url]).output();
            let output = node.expect("node runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("text")
        })
        .await
        .expect("it is content")
    };
    running.stop().await;
    let mut all: Vec<_> =
        operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    all.sort();
    assert_eq!(called.lines().collect::<Vec<_>>(), all);
}

/// The pages that show the description, under the policy of the shop's security headers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_the_operations_and_tries_one() {
    let running = Running::start(running::builder().config(shop::config())).await;
    let url = format!("http://{}/docs", running.address);
    spawn_blocking(move || {
        let browser = Browser::start();
        let window = browser.window();
        window.open(&url);
        window.expect("//*[contains(@class, 'title')][contains(., 'Shop')]");
        window.expect("//*[@data-path='/news']");
        assert_eq!(window.count("//*[@data-path]"), 12, "every operation is listed");
        let list = "//*[contains(@class, 'opblock-get')][.//*[@data-path='/articles']]";
        window.click(&format!("{list}//button[contains(@class, 'opblock-summary-control')]"));
        window.click(&format!("{list}//button[contains(@class, 'try-out__btn')]"));
        window.click(&format!("{list}//button[contains(@class, 'execute')]"));
        window.expect(&format!(
            "{list}//*[contains(@class, 'live-responses-table')]//td[starts-with(normalize-space(.), '200')]"
        ));
        window.expect(&format!(
            "{list}//*[contains(@class, 'live-responses-table')]//*[contains(text(), 'green tea')]"
        ));
    })
    .await
    .expect("it shows them");
    running.stop().await;
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    // These speak the version of clients that others wrote.
    both::again(&[
        "a_browser_shows_the_operations_and_tries_one",
        "a_typed_client_calls_every_operation",
        "its_neighbours_answer_as_they_say",
        "the_shop_answers_as_it_says",
    ]);
}
