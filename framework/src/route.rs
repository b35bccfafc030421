//! A mapped function: which requests it answers, how it is called, what it needs. Const data, as the macros emit it.

use crate::base::Location;
use crate::bind::{BodyUse, StateNeed};
use crate::http::{BoxFuture, Decompression, Request, Response, Result};
use crate::matching::Mapping;
use crate::proto::Limits;
use crate::websocket::core::config::WebSocketConfig;
use crate::websocket::handles::Upgrade;

/// How an adapter is called.
#[derive(Clone, Copy)]
pub enum Handler {
    /// A plain `fn`: binds, calls, responds, without a future.
    Now(for<'r> fn(&'r Request, &'r mut Response) -> Result),
    /// A `fn` marked `blocking`: the same, on the blocking pool.
    Blocking(for<'r> fn(&'r Request, &'r mut Response) -> Result),
    /// An `async fn`: one box a call.
    Async(for<'r> fn(&'r Request, &'r mut Response) -> BoxFuture<'r, Result>),
    /// A WebSocket handler: one box a session.
    WebSocket(WebSocketHandler),
}

/// What serves the sessions of a WebSocket route.
#[derive(Clone, Copy)]
pub struct WebSocketHandler {
    /// Runs a session, from its handshake on.
    pub serve: fn(Upgrade) -> BoxFuture<'static, Result>,
    /// Bounds and times of its own, evaluated once at start.
    pub config: Option<fn() -> WebSocketConfig>,
}

/// What the arguments of a handler need, found by the compiler from their types.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// How they use the body: whether it is read before binding, and whether a form in parts is taken apart.
    pub body: BodyUse,
    /// States the handler asks for; each must have been given to the server.
    pub states: &'static [StateNeed],
}

/// A mapped function.
pub struct Route {
    /// Which requests it answers.
    pub mapping: Mapping,
    /// Its adapter.
    pub handler: Handler,
    /// What its arguments need.
    pub needs: Needs,
    /// Limits of its own, evaluated once at start.
    pub limits: Option<fn() -> Limits>,
    /// Codings of its bodies, evaluated once at start.
    pub decompress: Option<fn() -> Decompression>,
    /// An endpoint's route: another method of the path is 405 even where a less specific mapping would take it.
    pub endpoint: bool,
    /// Where it stands.
    pub at: Location,
}
