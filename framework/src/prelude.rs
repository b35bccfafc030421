//! The names that are typed most, for `use vernal::prelude::*;`.
//!
//! ```
//! use vernal::prelude::*;
//!
//! #[request_map("/hello/{name}")]
//! fn hello(name: &str) -> Result<Html<String>> {
//!     if name == "nobody" {
//!         return Err(Error::not_found("there is nobody here"));
//!     }
//!     Ok(Html(format!("<h1>Hello, {name}!</h1>")))
//! }
//!
//! fn main() -> Result {
//! #   if false {
//!     server::start()
//! #   } else { Ok(()) }
//! }
//! ```
//!
//! Whatever a file imports or defines by name comes before what it imports by a star, so that nothing here is in the way
//! of a name of your own. Of the names that Rust itself gives to every file one stands here too: [`Result`] is std's, but
//! for its defaults, so that `Result<T, E>` stays what it was. All else, such as what settings are made of, is taken from
//! [`vernal`](crate) by name.

pub use crate::base::Headers;
pub use crate::bind::{
    ConnectionInfo, Cookie, Form, FromRequest, FromValue, Header, Json, Model, Param, PathValue, RegGroup,
    State, Text,
};
pub use crate::http::{
    BodyReader, Error, Html, Multipart, MultipartFile, OrStatus, Redirect, Request, Responder, Response,
    Result, Sse, StaticFile,
};
pub use crate::server;
pub use crate::session::Session;
#[cfg(feature = "templates")]
pub use crate::view::{Templates, View};
pub use crate::websocket::{WebSocket, WebSocketSession};
pub use crate::{
    FilterContext, Next, StatusCode, component, controller, default_model_binding, endpoint, error_message,
    model_binding, on_start, on_stop, request_filter, request_map, route, websocket_close, websocket_handler,
    websocket_handshake, websocket_message, websocket_open,
};
#[cfg(feature = "config")]
pub use vernal_macros::config;

/// Attributes of other frameworks, each an error that says what to write here.
#[doc(hidden)]
pub use vernal_macros::{delete, get, head, options, patch, post, put, websocket};
