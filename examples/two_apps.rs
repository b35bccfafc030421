//! Two applications in one process, each with mappings and a port of its own.
//!
//! `VERNAL_PORT` and `ADMIN_PORT` choose the ports.
//!
//! ```console
//! $ cargo run --example two_apps
//! $ curl localhost:9090/
//! Welcome.
//! $ curl localhost:9091/
//! 1 visit so far.
//! $ curl localhost:9090/stop
//! {"code":404,"message":"Not Found","explain":"Nothing is mapped to GET /stop."}
//! $ curl localhost:9091/nope
//! No such page for admins.
//! $ curl -X POST localhost:9091/stop
//! Good night.
//! ```

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vernal::{Result, State, error_message, request_map, server};

type Visits = Arc<AtomicU64>;

#[request_map("/", method = "GET")]
fn welcome(State(visits): State<&Visits>) -> &'static str {
    visits.fetch_add(1, Ordering::Relaxed);
    "Welcome."
}

#[request_map("/", method = "GET", app = "admin")]
fn count(State(visits): State<&Visits>) -> String {
    format!("{} visit so far.", visits.load(Ordering::Relaxed))
}

/// Stops both servers; this answer still goes out.
#[request_map("/stop", method = "POST", app = "admin")]
fn stop() -> &'static str {
    server::stop();
    "Good night."
}

/// Filters and error pages belong to an application too.
#[error_message("404", app = "admin")]
fn not_found() -> &'static str {
    "No such page for admins."
}

#[tokio::main]
async fn main() -> Result {
    let visits = Visits::default();
    let public = server::new().state(Arc::clone(&visits));
    let admin_port = env::var("ADMIN_PORT").map_or(Ok(9091), |text| text.parse())?;
    let admin = server::new().app("admin").host("127.0.0.1").port(admin_port).state(visits);
    tokio::try_join!(public.start_async(), admin.start_async())?;
    Ok(())
}
