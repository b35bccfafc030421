//! The shop of the examples, as others see it: its description is read, asked, called and shown by programs that others wrote.

mod installed;
#[path = "contract/judges.rs"]
mod judges;
#[path = "contract/neighbours.rs"]
mod neighbours;
mod running;
mod scratch;
#[path = "../examples/shop/main.rs"]
#[expect(dead_code, reason = "its main function is not called")]
mod shop;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use tokio::task::spawn_blocking;
use vernal::Config;
use vernal::test::Client;

use crate::running::Running;
use crate::scratch::Scratch;

/// The folder that keeps what is installed.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/contract");
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[tokio::test]
async fn validators_of_others_find_no_error() {
    let folder = folder();
    for (name, config) in [("shop", shop::config()), ("neighbours", neighbours::config())] {
        let file = folder.join(name).with_extension("json");
        let client = Client::builder().config(config).build();
        fs::write(&file, client.get("/openapi.json").await.bytes()).expect("written");
        judges::pass(Command::new(judges::python(&folder)).args(["-m", "openapi_spec_validator"]).arg(&file));
        judges::pass(
            Command::new(judges::redocly(&folder))
                .current_dir(&folder)
                .args(["lint", "--extends=recommended"])
                .arg(&file),
        );
    }
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
        let mut command = Command::new(judges::schemathesis(&folder()));
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
