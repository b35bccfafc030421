//! Settings: what an operator decides stands in a file, in the environment or in an argument.
//!
//! ```console
//! $ cargo run --example settings --features config
//! $ curl localhost:9090/
//! Corner shop, at most 3 articles of 10 MiB in 30s
//! $ curl -d 'more than 16 bytes of text' localhost:9090/note
//! ...
//! ```
//!
//! The file is `examples/settings/vernal.toml`. Try others beside it:
//!
//! - `VERNAL__SHOP__NAME="Other shop"` in the environment, or `-- --shop.most=5` behind the command;
//! - `VERNAL_PROFILE=prod`, which needs a `vernal.prod.toml`, and says so;
//! - a mistake in the file: all of them are told at once, each with line and column.

use std::time::Duration;

use vernal::{Secret, Settings, Size, State, Text, config, request_map, server};

#[config("shop")]
#[derive(serde::Deserialize)]
struct Shop {
    name: String,
    #[serde(default = "few")]
    most: u32,
    picture: Size,
    patience: Duration,
    /// Never printed, whatever prints the struct.
    #[serde(default)]
    api_key: Secret<String>,
}

fn few() -> u32 {
    1
}

#[request_map("/")]
fn index(State(shop): State<&Shop>) -> String {
    let Shop { name, most, picture, patience, .. } = shop;
    format!("{name}, at most {most} articles of {picture} in {patience:?}\n")
}

#[request_map("/key")]
fn key(State(shop): State<&Shop>) -> String {
    let is_known = !shop.api_key.reveal().is_empty();
    format!("the key is {}: {}\n", shop.api_key, if is_known { "known" } else { "empty" })
}

#[request_map("/note", method = "POST")]
fn note(text: Text<String>) -> String {
    format!("{} bytes noted\n", text.len())
}

fn main() -> vernal::Result {
    // `server::configured()` looks for `vernal.toml` where the program is started.
    let settings = Settings::new().directory("examples/settings").arguments(std::env::args_os());
    server::new().settings(settings).start()
}
