//! Found by its name.

use vernal::request_map;

#[request_map("/cart", app = "scanned")]
fn cart() -> &'static str {
    "cart"
}
