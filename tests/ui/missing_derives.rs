//! Types that serde has not been told of.

use vernal::websocket::WebSocket;
use vernal::{Form, Json, Model, Session, request_map, websocket_handler, websocket_message};

struct Order {
    pieces: u32,
}

#[request_map("/taken", method = "POST")]
fn taken(Json(order): Json<Order>) -> String {
    order.pieces.to_string()
}

#[request_map("/list", method = "POST")]
async fn list(orders: Option<Json<Vec<Order>>>) -> String {
    orders.map_or(0, |orders| orders.0.len()).to_string()
}

#[request_map("/form", method = "POST")]
fn form(Form(order): Form<Order>) -> String {
    order.pieces.to_string()
}

#[request_map("/model")]
fn model(Model(order): Model<Order>) -> String {
    order.pieces.to_string()
}

#[request_map("/given")]
fn given() -> Json<Order> {
    Json(Order { pieces: 1 })
}

#[request_map("/given/or/not")]
async fn given_or_not() -> vernal::Result<Json<Vec<Order>>> {
    Ok(Json(vec![Order { pieces: 1 }]))
}

#[request_map("/remembered")]
async fn remembered(session: Session) -> vernal::Result {
    session.set("order", Order { pieces: 1 })?;
    let _: Option<Order> = session.get("order");
    Ok(())
}

#[websocket_message("/orders")]
fn message(Json(order): Json<Order>) {
    drop(order);
}

#[websocket_handler("/sent")]
async fn sent(ws: WebSocket) -> vernal::Result {
    ws.send(Json(Order { pieces: 1 })).await
}

fn main() {}
