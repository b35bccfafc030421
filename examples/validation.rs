//! What arguments must be is said where they are bound, and every mistake of a request is told at once.
//!
//! ```console
//! $ cargo run --example validation --features cbor,validation
//! $ curl 'localhost:9090/articles?q=tea&tag=green'
//! page 1 of tea [green]
//! $ curl 'localhost:9090/articles?q=t&page=0'
//! {"code":400,"message":"Bad Request","explain":"Parameter[q] should be 2 to 40 characters long, not `t`. Parameter[page] should be 1 to 100, not `0`.","errors":[{"detail":"Parameter[q] should be 2 to 40 characters long, not `t`.","expected":"2 to 40 characters long","got":"t","parameter":"q","source":"Parameter"},{"detail":"Parameter[page] should be 1 to 100, not `0`.","expected":"1 to 100","got":"0","parameter":"page","source":"Parameter"}]}
//! $ curl localhost:9090/orders --json '{"customer":"ann","items":[{"name":"cup","count":2}]}'
//! {"customer":"ann","items":[{"name":"cup","count":2}]}
//! $ curl localhost:9090/orders --json '{"customer":"ann","items":[{"name":"cup","count":0}]}'
//! {"code":422,"message":"Unprocessable Entity","explain":"Body[order] at /items/0/count: lower than 1.","errors":[{"detail":"Body[order] at /items/0/count: lower than 1.","expected":"a value that keeps its rules","got":"0","parameter":"order","pointer":"/items/0/count","source":"Body"}]}
//! $ curl localhost:9090/orders -H 'Accept: text/csv' --json '{"customer":"ann","items":[]}'
//! {"code":406,"message":"Not Acceptable","explain":"This is sent as application/json or application/cbor, and `Accept` takes none of these."}
//! ```

use garde::Validate;
use serde::{Deserialize, Serialize};
use vernal::{Cbor, Content, Result, request_map, server};

#[request_map("/articles")]
fn articles(
    #[arg(length = 2..=40)] q: &str,
    #[arg(range = 1..=100, default = 1)] page: u32,
    #[arg(pattern = "^[a-z]+$", items = ..=3, default)] tag: Vec<&str>,
) -> String {
    format!("page {page} of {q} [{}]", tag.join(" "))
}

#[derive(Deserialize, Serialize, Validate)]
struct Order {
    #[garde(length(chars, min = 3))]
    customer: String,
    #[garde(length(max = 50), dive)]
    items: Vec<Item>,
}

#[derive(Deserialize, Serialize, Validate)]
struct Item {
    #[garde(skip)]
    name: String,
    #[garde(range(min = 1, max = 9))]
    count: u8,
}

/// As JSON or as CBOR, in and out.
#[request_map("/orders", method = "POST", invalid = 422)]
fn order(#[arg(valid)] order: Content<Order>) -> Content<Order> {
    order
}

fn main() -> Result {
    server::new().content(Cbor).start()
}
