//! Named by `mod.rs`.

use vernal::request_map;

#[request_map("/doors", app = "scanned")]
fn doors() -> &'static str {
    "doors"
}
