//! What the attributes submit: plain const data, function pointers, no trait objects.
//!
//! Every item knows where it stands in the source. The registry has no order (inventory promises none), so
//! nothing may depend on one: routes sort by specificity, then `order`, then [`Location`].

use std::panic;
use std::sync::Arc;

use crate::app::{self, ErrorContext, FilterContext, Next};
use crate::bind::{Arg, BodyUse, StateNeed};
use crate::http::{Context, Decompression, ErrorType, Instance, Request, Response, Result};
use crate::proto::Limits;
use crate::websocket::bind::EventContext;
use crate::websocket::events::Upgrade;
use crate::websocket::{Accept, Message, WebSocketConfig};

pub use inventory;

pub use crate::base::Location;

pub use crate::http::BoxFuture;

pub use crate::matching::{Expressions, Mapping};

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

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
}

/// A function for one event of WebSocket sessions. Those that share a path make one handler.
pub struct WebSocketEvent {
    /// The route it would have alone; that of the first in the source is the handler's.
    pub route: Route,
    /// Binds its arguments, to tell what is wrong with the request before the 101.
    pub check: for<'e> fn(EventContext<'e>) -> BoxFuture<'e, Result>,
    /// What it is for, and its adapter.
    pub function: EventFunction,
}

/// An event of a session as a whole.
pub type EventCall<T> = for<'e> fn(EventContext<'e>) -> BoxFuture<'e, Result<T>>;
/// A message, ping or pong.
pub type MessageCall = for<'e> fn(EventContext<'e>, &'e Message) -> BoxFuture<'e, Result>;
/// A frame of a binary message in pieces, and whether it is the last.
pub type FragmentCall = for<'e> fn(EventContext<'e>, bool, &'e Message) -> BoxFuture<'e, Result<bool>>;

/// How an event's adapter is called.
#[derive(Clone, Copy)]
pub enum EventFunction {
    /// `#[websocket_handshake]`
    Handshake(EventCall<Accept>),
    /// `#[websocket_open]`
    Open(EventCall<()>),
    /// `#[websocket_message]`, for these kinds of messages.
    Message(&'static [On], MessageCall),
    /// `#[websocket_message(on = "binary_frame")]`
    Fragment(FragmentCall),
    /// `#[websocket_close]`
    Close(EventCall<()>),
}

impl EventFunction {
    /// Whether both are for the same event.
    pub(crate) fn overlaps(&self, other: &EventFunction) -> bool {
        match (self, other) {
            (EventFunction::Message(ours, _), EventFunction::Message(theirs, _)) => {
                ours.iter().any(|on| theirs.contains(on))
            }
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
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

/// An attribute of a request filter. A function may have several, and is one filter all the same.
pub struct Filter {
    /// Which paths it filters; methods and conditions are not used.
    pub mapping: Mapping,
    /// Also runs for paths that nothing else matches.
    pub unmatched: bool,
    /// The function, the same one for all its attributes.
    pub function: &'static FilterFunction,
}

/// The function of a request filter.
pub struct FilterFunction {
    /// States it asks for.
    pub states: &'static [StateNeed],
    /// Its adapter.
    pub call: for<'c> fn(&'c mut FilterContext<'_>, Next<'c>) -> BoxFuture<'c, Result>,
    /// Where it stands.
    pub at: Location,
}

/// A filter that was given to the server as a value.
pub(crate) struct GivenFilter {
    /// The pattern of its paths.
    pub(crate) path: &'static str,
    pub(crate) filter: Box<dyn app::Filter>,
    pub(crate) at: Location,
}

impl GivenFilter {
    /// One that is given by the caller of the function this is called in.
    #[track_caller]
    pub(crate) fn new<F: app::Filter>(path: &'static str, filter: F) -> GivenFilter {
        let at = panic::Location::caller();
        let name = std::any::type_name::<F>();
        let at = Location { file: at.file(), line: at.line(), column: at.column(), module: "", name };
        GivenFilter { path, filter: Box::new(filter), at }
    }

    /// What is wrong with its settings.
    pub(crate) fn problem(&self) -> Option<String> {
        self.filter.check().err().map(|problem| format!("the filter {}: {problem}", self.at))
    }
}

/// A filter of an application.
#[derive(Clone)]
pub(crate) enum AnyFilter {
    /// Written with an attribute.
    Declared(&'static Filter),
    /// Given to the server; these run first, in the order they were given in.
    Given(Arc<GivenFilter>),
}

impl AnyFilter {
    pub(crate) fn at(&self) -> &Location {
        match self {
            AnyFilter::Declared(filter) => &filter.function.at,
            AnyFilter::Given(filter) => &filter.at,
        }
    }

    /// Whether it also runs for paths that nothing else matches.
    pub(crate) fn is_unmatched(&self) -> bool {
        match self {
            AnyFilter::Declared(filter) => filter.unmatched,
            AnyFilter::Given(filter) => {
                filter.filter.unmatched() || filter.filter.answers() || filter.filter.every_answer()
            }
        }
    }

    /// Whether it has a say in every answer of its pattern.
    pub(crate) fn is_on_every_answer(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => false,
            AnyFilter::Given(filter) => filter.filter.every_answer(),
        }
    }

    /// Whether it answers all requests of its pattern by itself, and reads their bodies as they come.
    pub(crate) fn answers(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => false,
            AnyFilter::Given(filter) => filter.filter.answers(),
        }
    }

    /// Whether it may look at the body of a request.
    pub(crate) fn reads_body(&self) -> bool {
        match self {
            AnyFilter::Declared(_) => true,
            AnyFilter::Given(filter) => filter.filter.reads_body(),
        }
    }

    pub(crate) fn is_same(&self, other: &AnyFilter) -> bool {
        match (self, other) {
            (AnyFilter::Declared(one), AnyFilter::Declared(other)) => std::ptr::eq(*one, *other),
            (AnyFilter::Given(one), AnyFilter::Given(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Whether both are one function, by two of its attributes.
    pub(crate) fn is_same_function(&self, other: &AnyFilter) -> bool {
        match (self, other) {
            (AnyFilter::Declared(one), AnyFilter::Declared(other)) => {
                std::ptr::eq(one.function, other.function)
            }
            (one, other) => one.is_same(other),
        }
    }

    pub(crate) fn call<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        match self {
            AnyFilter::Declared(filter) => (filter.function.call)(cx, next),
            AnyFilter::Given(filter) => filter.filter.filter(cx, next),
        }
    }
}

/// How an error page's adapter is called.
#[derive(Clone, Copy)]
pub enum Page {
    /// A plain `fn`.
    Now(for<'r> fn(&'r ErrorContext<'r>, &'r mut Response) -> Result),
    /// An `async fn`.
    Async(for<'r> fn(&'r ErrorContext<'r>, &'r mut Response) -> BoxFuture<'r, Result>),
}

/// A page for error statuses.
pub struct ErrorPage {
    /// `404`, `50x`; empty is every status. The macro has checked them.
    pub codes: &'static [&'static str],
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// The type of errors it is for, whatever their status.
    pub error: Option<ErrorType>,
    /// States it asks for.
    pub states: &'static [StateNeed],
    /// Its adapter.
    pub page: Page,
    /// Where it stands.
    pub at: Location,
}

/// A shared controller: built once for each application at start.
pub struct Controller {
    /// Where its instance is kept in the application.
    pub instance: &'static Instance,
    /// Builds it; its arguments come from state.
    pub build: fn(&Context) -> Result<Box<dyn std::any::Any + Send + Sync>>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// The function behind `#[default_model_binding]`.
pub struct DefaultBinding {
    /// Its adapter.
    pub call: for<'r> fn(&'r Request, &Arg) -> Result<serde_json::Value>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// A folder whose files `scan!` has made modules. Only in debug builds.
#[derive(Debug)]
pub struct Scanned {
    /// The folder, wherever the program runs.
    pub folder: &'static str,
    /// As it stands in the source.
    pub written: &'static str,
    /// Which files are wanted, by their paths inside the folder.
    pub regexp: &'static str,
    /// Those that there were while compiling.
    pub files: &'static [&'static str],
}

inventory::collect!(Route);
inventory::collect!(Filter);
inventory::collect!(ErrorPage);
inventory::collect!(Controller);
inventory::collect!(DefaultBinding);
inventory::collect!(WebSocketEvent);
inventory::collect!(Scanned);
