//! A name that is a keyword.

use vernal::request_map;

#[request_map("/type", app = "scanned")]
fn kind() -> &'static str {
    "type"
}
