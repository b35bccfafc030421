//! A web framework in the style of Spring MVC: annotate plain functions and impl blocks, call [`server::start`], and
//! have a web service.
//!
//! ```no_run
//! use vernal::{request_map, server};
//!
//! #[request_map("/hello/{name}")]
//! fn hello(name: &str, #[arg(default = 1)] times: usize) -> String {
//!     format!("Hello, {name}! ").repeat(times)
//! }
//!
//! fn main() -> vernal::Result {
//!     server::start()
//! }
//! ```
//!
//! Take the names that are typed most by `use vernal::prelude::*;`, see [`prelude`].
//!
//! | to | use |
//! |---|---|
//! | answer a path | [`request_map`], [`controller`], [`endpoint`] |
//! | read a request | arguments by name, [`Json`], [`Form`], [`Header`], [`Cookie`], [`State`], [`BodyReader`], [`MultipartFile`], [`Request`] |
//! | answer | text, [`Html`], [`Json`], a status, tuples, [`Redirect`], [`StaticFile`], [`Sse`], [`Response`], [`Result`] |
//! | make states of states, and put them in order | [`component`], [`on_start`], [`on_stop`] |
//! | read settings | `Settings`, `#[config]`, `server::configured` (feature `config`) |
//! | remember who asks | [`Session`], [`SessionStore`] |
//! | say what went wrong | [`Error`], [`OrStatus`], [`error_message`] |
//! | look at all requests | [`request_filter`], [`Filter`] |
//! | keep out what does not belong | [`security`] |
//! | talk over WebSockets | [`websocket_handler`], [`websocket`] |
//! | bind types of your own | [`FromValue`], [`FromRequest`], [`ModelBinding`], [`model_binding`] |
//! | start and stop | [`server`] |
//! | speak HTTPS and WSS | `tls::Tls`, with the feature `tls` |
//! | serve it elsewhere | [`App::handle`], [`App::serve_connection`], `App::service` (feature `tower`) |
//! | make pages of templates | `View`, `Templates` (feature `templates`) |
//! | test | [`test::Client`] |

#![deny(missing_docs)]
#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod __bench;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod __fuzz;
#[doc(hidden)]
pub mod __private;
mod app;
mod base;
mod bind;
#[cfg(all(
    doctest,
    feature = "tls",
    feature = "templates",
    feature = "tower",
    feature = "redis",
    feature = "openapi",
    feature = "config",
    feature = "cbor",
    feature = "validation",
    feature = "metrics",
    feature = "http2"
))]
mod book;
mod chain;
mod components;
#[cfg(feature = "negotiation")]
mod content;
pub mod contract;
mod http;
mod io;
mod macros;
mod matching;
#[cfg(feature = "redis")]
mod nodes;
#[cfg(feature = "openapi")]
mod openapi;
mod operations;
pub mod prelude;
mod proto;
mod registry;
mod resources;
mod route;
mod routing;
pub mod security;
pub mod server;
mod session;
#[cfg(feature = "config")]
mod settings;
pub mod test;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "templates")]
mod view;
pub mod websocket;

pub use app::{App, Compression, Config};
pub use base::{HeaderError, Headers, IntoHeaderValue};
pub mod constraint {
    //! What `#[arg(range = …)]`, `length`, `pattern` and `items` can be asked of: traits for types of your own.
    pub use crate::bind::constraint::{Items, Numbers, Texts};
}
/// The client of Redis, for what is named in its own words: `RedisStore::of(client)`. Another major version of it is another one of ours.
#[cfg(feature = "redis")]
pub use ::redis;
pub use bind::{
    Arg, BodyUse, ConnectionInfo, Cookie, Form, FromContext, FromRequest, FromValue, FromValues, Header,
    Json, Model, ModelBinding, ModelDict, Param, PathValue, Profile, RegGroup, RegGroups, State, StateNeed,
    Text,
};
pub use chain::{ErrorContext, ErrorPageArgument, Filter, FilterArgument, FilterContext, Next};
#[cfg(feature = "cbor")]
pub use content::Cbor;
#[cfg(feature = "negotiation")]
pub use content::{Content, ContentFormat};
pub use http::{
    BindingError, Body, BodyReader, BoxFuture, Cookies, Decompression, Error, Event, FileReader, Html,
    HttpError, IntoStatus, Multipart, MultipartFile, OrStatus, Params, Part, Progress, Redirect, Request,
    RequestBuilder, Responder, Response, Result, SafePath, SameSite, Sender, SetCookie, Source, Sse,
    StaticFile, Trace, Tracer, Trailers, ok,
};
#[cfg(feature = "signed-cookies")]
pub use http::{CookieKey, PrivateCookies, SignedCookies};
#[cfg(feature = "redis")]
pub use nodes::RedisAddress;
#[cfg(feature = "openapi")]
pub use openapi::{AsyncApi, AsyncApiVersion, Document, OpenApi, OpenApiVersion};
#[cfg(all(feature = "actuator", unix))]
pub use operations::DiskSpace;
#[cfg(feature = "metrics")]
pub use operations::Metrics;
pub use operations::{AccessLog, Tracing};
#[cfg(feature = "actuator")]
pub use operations::{Actuator, HealthIndicator};
pub use proto::{Limits, TraceContext};
pub use resources::{Embedded, Resources};
#[cfg(feature = "redis")]
pub use session::RedisStore;
pub use session::{
    MemoryStore, Saved, Session, SessionChanges, SessionConfig, SessionId, SessionRecord, SessionStore,
};
#[cfg(feature = "config")]
pub use settings::{Secret, Settings, Size};
#[cfg(feature = "config")]
pub use vernal_macros::config;
pub use vernal_macros::{
    component, controller, default_model_binding, endpoint, error_message, model_binding, on_start, on_stop,
    request_filter, request_map, route, websocket_close, websocket_handler, websocket_handshake,
    websocket_message, websocket_open,
};
#[cfg(feature = "templates")]
pub use view::{Templates, View};

/// Attributes of other frameworks, each an error that says what to write here.
#[doc(hidden)]
pub use vernal_macros::{delete, get, head, options, patch, post, put, websocket};

/// Makes text safe inside HTML, attributes included: for pages that are put together by hand.
///
/// ```
/// assert_eq!(vernal::escape_html("<b>\"x\" & 'y'</b>"), "&lt;b&gt;&quot;x&quot; &amp; &#39;y&#39;&lt;/b&gt;");
/// ```
pub fn escape_html(text: &str) -> String {
    base::escape_html(text)
}

/// The template engine behind [`View`], for its `context!` and the types of an environment.
#[cfg(feature = "templates")]
pub use minijinja;

/// The crate behind [`Metrics`], for metrics of your own.
#[cfg(feature = "metrics")]
pub use prometheus_client;

/// Bytes that are shared, of the `bytes` crate.
pub use ::bytes::Bytes;

/// Methods, statuses and versions are those of the `http` crate.
pub use ::http::{Method, StatusCode, Version};
