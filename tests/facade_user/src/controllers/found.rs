//! In no `mod` line.

use facade::vernal::request_map;

#[request_map("/found", app = "facade", crate = ::facade::vernal)]
fn found() -> &'static str {
    "found"
}
