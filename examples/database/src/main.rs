//! A pool of connections to a database is a component: made from the settings at the start, closed at the end. The same for SQLite, which
//! needs no server, and for PostgreSQL.
//!
//! ```text
//! $ cd examples/database && cargo run
//! $ curl -d 'item=tea&pieces=3' localhost:9090/orders
//! ordered
//! $ curl localhost:9090/orders
//! [{"item":"tea","pieces":3}]
//! ```
//!
//! `VERNAL__DATABASE__URL=postgres://localhost/shop cargo run` is the same shop with PostgreSQL.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use vernal::{
    Actuator, Json, Result, Secret, State, component, config, on_start, on_stop, request_map, server,
};

/// `[database]` of `vernal.toml`.
#[config("database")]
#[derive(Deserialize)]
struct Database {
    url: Secret<String>,
    #[serde(default = "four")]
    connections: u32,
}

fn four() -> u32 {
    4
}

#[component]
async fn pool(State(database): State<&Database>) -> Result<AnyPool> {
    sqlx::any::install_default_drivers();
    // One that is not there is an error soon, and not after half a minute.
    let patience = Duration::from_secs(5);
    let options = AnyPoolOptions::new().max_connections(database.connections).acquire_timeout(patience);
    Ok(options.connect(database.url.reveal()).await?)
}

/// Asked when somebody asks for the health: `curl localhost:9091/actuator/health`.
async fn answers(State(pool): State<&AnyPool>) -> Result {
    sqlx::query("SELECT 1").execute(pool).await?;
    Ok(())
}

#[on_start]
async fn make_tables(State(pool): State<&AnyPool>) -> Result {
    let table = "CREATE TABLE IF NOT EXISTS orders (item TEXT NOT NULL, pieces BIGINT NOT NULL)";
    sqlx::query(table).execute(pool).await?;
    Ok(())
}

#[on_stop]
async fn close(State(pool): State<&AnyPool>) {
    pool.close().await;
}

#[derive(Serialize, sqlx::FromRow)]
struct Order {
    item: String,
    pieces: i64,
}

#[request_map("/orders", method = "POST")]
async fn order(
    item: &str,
    #[arg(range = 1..=100)] pieces: i64,
    State(pool): State<&AnyPool>,
) -> Result<(u16, &'static str)> {
    let insert = sqlx::query("INSERT INTO orders (item, pieces) VALUES ($1, $2)");
    insert.bind(item).bind(pieces).execute(pool).await?;
    Ok((201, "ordered"))
}

#[request_map("/orders", method = "GET")]
async fn orders(State(pool): State<&AnyPool>) -> Result<Json<Vec<Order>>> {
    let orders = sqlx::query_as("SELECT item, pieces FROM orders ORDER BY item");
    Ok(Json(orders.fetch_all(pool).await?))
}

fn main() -> Result {
    server::configured().actuator(Actuator::new().indicator("database", answers)).start()
}
