//! Two servers, one store: a browser's session is in Redis, so any of them can answer, and one that dies takes nothing
//! along.
//!
//! ```text
//! $ VERNAL_PORT=9090 cargo run --features redis --example redis_session
//! $ VERNAL_PORT=9091 cargo run --features redis --example redis_session
//! $ curl -c jar -b jar localhost:9090/count
//! 1, counted at port 9090
//! $ curl -c jar -b jar localhost:9091/count
//! 2, counted at port 9091
//! ```
//!
//! `REDIS_URL` says where Redis is; without it, on this machine.

use std::env;

use vernal::{RedisStore, Result, Session, State, request_map, server};

/// What tells the servers apart.
struct Node(String);

#[request_map("/count")]
async fn count(session: Session, State(node): State<&Node>) -> Result<String> {
    let n = session
        .update("n", |n: &mut u64| {
            *n += 1;
            *n
        })
        .await?;
    Ok(format!("{n}, counted at {}\n", node.0))
}

/// Needs no session, so it answers though Redis be away.
#[request_map("/")]
fn about() -> &'static str {
    "GET /count\n"
}

#[tokio::main]
async fn main() -> vernal::Result {
    let url = env::var("REDIS_URL").unwrap_or_else(|_| "redis://localhost:6379/".to_owned());
    let node = format!("port {}", env::var("VERNAL_PORT").unwrap_or_else(|_| "9090".to_owned()));
    server::new().state(Node(node)).sessions(RedisStore::connect(&url).await?).start_async().await
}
