//! This folder names its modules itself.

mod doors;

use vernal::request_map;

#[request_map("/admin", app = "scanned")]
fn admin() -> &'static str {
    "admin"
}
