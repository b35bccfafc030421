use garde::Validate;
use serde::Deserialize;
use vernal::{Json, Model, request_map, websocket_handler};

#[derive(Deserialize)]
struct Order {
    count: u8,
}

#[request_map("/a", method = "POST")]
fn no_rules(#[arg(valid)] Json(order): Json<Order>) -> String {
    order.count.to_string()
}

#[request_map("/b")]
fn no_rules_in_an_option(#[arg(valid)] order: Option<Model<Order>>) -> String {
    order.is_some().to_string()
}

#[request_map("/c")]
fn a_text(#[arg(valid)] name: String) -> String {
    name
}

#[derive(Default)]
struct Chat;

#[websocket_handler("/d")]
impl Chat {
    fn on_message(&self, #[arg(valid)] order: Json<Order>) {
        println!("{}", order.count);
    }
}

#[derive(Deserialize, Validate)]
#[garde(context(Most))]
struct Bounded {
    #[garde(range(max = ctx.0))]
    count: u8,
}

struct Most(u8);

#[request_map("/e", method = "POST")]
fn a_context_without_default(#[arg(valid)] Json(bounded): Json<Bounded>) -> String {
    bounded.count.to_string()
}

#[derive(Deserialize, Validate)]
struct Ruled {
    #[garde(range(min = 1))]
    count: u8,
}

#[request_map("/f", method = "POST")]
fn a_value(#[arg(valid = true)] Json(ruled): Json<Ruled>) -> String {
    ruled.count.to_string()
}

fn main() {}
