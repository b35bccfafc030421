//! The shop of the examples, as others see it: its description is read, asked, called and shown by programs that others wrote.

mod installed;
#[path = "contract/judges.rs"]
mod judges;
#[path = "../examples/shop/main.rs"]
#[expect(dead_code, reason = "its main function is not called")]
mod shop;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use vernal::test::Client;

/// The folder that keeps what is installed.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/contract");
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The document, as the shop sends it.
fn document() -> Value {
    let client = Client::builder().config(shop::config()).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { client.get("/openapi.json").await.json() })
}

#[test]
fn validators_of_others_find_no_error() {
    let folder = folder();
    let file = folder.join("shop.json");
    fs::write(&file, document().to_string()).expect("written");
    judges::pass(Command::new(judges::python(&folder)).args(["-m", "openapi_spec_validator"]).arg(&file));
    judges::pass(
        Command::new(judges::redocly(&folder))
            .current_dir(&folder)
            .args(["lint", "--extends=recommended"])
            .arg(&file),
    );
}
