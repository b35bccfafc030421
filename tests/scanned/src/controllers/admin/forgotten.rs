//! Named by nobody: a server that starts says so.

use vernal::request_map;

#[request_map("/forgotten", app = "scanned")]
fn forgotten() -> &'static str {
    "forgotten"
}
