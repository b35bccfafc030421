//! A file of a folder in a folder.

use vernal::request_map;

pub(crate) fn shown(name: &'static str) -> &'static str {
    name
}

#[request_map("/keys", app = "scanned")]
fn keys() -> &'static str {
    "keys"
}
