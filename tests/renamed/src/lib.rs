//! Every attribute and macro in a crate that knows vernal by another name, which its manifest gives it.

web::scan!("src/controllers");

use web::prelude::*;
use web::websocket::{Accept, CloseReason};
use web::{Arg, Embedded};

/// What the model binding makes.
struct Name(String);

#[model_binding]
fn name(req: &Request, arg: &Arg) -> Result<Name> {
    Ok(Name(req.parameter(arg.name).or_status(400)?.to_owned()))
}

/// What a model binding that waits makes.
struct Later(String);

#[model_binding]
async fn later(req: &Request, arg: &Arg) -> Result<Later> {
    Ok(Later(req.parameter(arg.name).or_status(400)?.to_owned()))
}

#[request_map("/models", app = "renamed")]
async fn models(one: Name, two: Later) -> String {
    format!("{} {}", one.0, two.0)
}

#[request_map("/plain/{name}", app = "renamed")]
#[request_map("/plain", app = "renamed")]
fn plain(
    #[arg(default = "nobody")] name: &str,
    #[arg(default = 1)] times: usize,
    res: &mut Response,
) -> String {
    res.headers.insert("x-plain", "1");
    name.repeat(times)
}

#[request_map(regexp = "^/reg/([a-z]+)$", app = "renamed")]
fn by_regexp(name: RegGroup<&str>) -> &str {
    name.0
}

#[request_map("/fails", app = "renamed")]
fn fails() -> Result {
    Err(Error::new(418, "a teapot"))
}

#[error_message("418", app = "renamed")]
fn teapot(message: &str) -> String {
    format!("page: {message}")
}

#[request_filter("/plain/**", app = "renamed")]
async fn filter(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    next.run(cx).await;
    cx.response.headers.insert("x-filter", "1");
    Ok(())
}

#[derive(Default)]
struct Shop;

#[controller("/shop", app = "renamed")]
impl Shop {
    #[request_map("/buy/{what}")]
    fn buy(&self, what: &str) -> String {
        format!("{what} is yours")
    }
}

/// A new one for each request.
#[derive(Default)]
struct Fresh;

#[request_map("/fresh", app = "renamed")]
impl Fresh {
    #[request_map("/here")]
    async fn here(&mut self) -> &'static str {
        "fresh"
    }
}

#[derive(Default)]
struct Users;

#[endpoint("/users/{id}", app = "renamed")]
impl Users {
    fn get(&self, id: u32) -> String {
        format!("user {id}")
    }
}

#[websocket_handler("/ws/loop", app = "renamed")]
async fn echo(mut ws: WebSocket) -> Result {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Upper;

#[websocket_handler("/ws/object", app = "renamed")]
impl Upper {
    async fn on_message(&self, session: &WebSocketSession, message: &str) -> Result {
        session.send(message.to_uppercase()).await
    }
}

#[websocket_handshake("/ws/functions", app = "renamed")]
fn enter() -> Accept {
    Accept::new()
}

#[websocket_open("/ws/functions", app = "renamed")]
async fn open(session: &WebSocketSession) -> Result {
    session.send("open").await
}

#[websocket_message("/ws/functions", app = "renamed")]
async fn message(session: &WebSocketSession, message: &str) -> Result {
    session.send(message).await
}

#[websocket_close("/ws/functions", app = "renamed")]
fn close(_: &CloseReason) {}

/// A file in the binary.
pub fn files() -> Embedded {
    web::embed!("files")
}
