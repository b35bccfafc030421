//! In no `mod` line.

use web::request_map;

#[request_map("/found", app = "renamed")]
fn found() -> &'static str {
    "found"
}
