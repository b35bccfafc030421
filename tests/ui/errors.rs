use std::error::Error;

use vernal::websocket::WebSocket;
use vernal::{FilterContext, Request, Result, model_binding, request_filter, request_map, websocket_handler};

#[request_map("/a")]
fn boxed() -> std::result::Result<String, Box<dyn Error>> {
    Ok(String::new())
}

#[request_filter("/b")]
fn boxed_in_a_filter(_cx: &mut FilterContext<'_>) -> std::result::Result<(), Box<dyn Error>> {
    Ok(())
}

struct User;

#[model_binding]
fn boxed_in_a_binding(_req: &Request) -> std::result::Result<User, Box<dyn Error>> {
    Ok(User)
}

#[websocket_handler("/c")]
async fn boxed_in_a_socket(_ws: WebSocket) -> std::result::Result<(), Box<dyn Error>> {
    Ok(())
}

struct Failed;

#[request_map("/d")]
fn no_error() -> std::result::Result<String, Failed> {
    Err(Failed)
}

fn text() -> std::result::Result<u8, String> {
    Err("no".to_owned())
}

fn literal() -> std::result::Result<u8, &'static str> {
    Err("no")
}

fn not_send() -> std::result::Result<u8, Box<dyn Error>> {
    Err("no".into())
}

fn boxed_whole() -> std::result::Result<u8, Box<dyn Error + Send + Sync>> {
    Err("no".into())
}

#[request_map("/e")]
fn question_marks() -> Result<String> {
    let sum = text()? + literal()? + not_send()? + boxed_whole()?;
    Ok(sum.to_string())
}

fn main() {}
