//! The attributes of the vernal web framework. Use them through the `vernal` crate.
//!
//! Every attribute leaves its item as it was written, so a handler stays a function that tests can call, and adds
//! one `const _` that registers it. Attributes may be stacked in any order. All mistakes of an item are told at once.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod attr;
mod block;
mod check;
mod embed;
mod emit;
mod errors;
mod foreign;
mod handler;
mod lifetimes;
mod manifest;
mod meant;
mod scan;

use proc_macro::TokenStream;

#[doc = include_str!("docs/request_map.md")]
#[proc_macro_attribute]
pub fn request_map(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("request_map", arguments.into(), item.into()).into()
}

/// Another name for [`macro@request_map`].
#[proc_macro_attribute]
pub fn route(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("route", arguments.into(), item.into()).into()
}

#[doc = include_str!("docs/component.md")]
#[proc_macro_attribute]
pub fn component(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("component", arguments.into(), item.into()).into()
}

#[doc = include_str!("docs/on_start.md")]
#[proc_macro_attribute]
pub fn on_start(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("on_start", arguments.into(), item.into()).into()
}

#[doc = include_str!("docs/on_stop.md")]
#[proc_macro_attribute]
pub fn on_stop(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("on_stop", arguments.into(), item.into()).into()
}

#[doc = include_str!("docs/config.md")]
#[proc_macro_attribute]
pub fn config(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("config", arguments.into(), item.into()).into()
}

/// Makes one object of the impl block's type, shared by all requests to its mapped methods.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use vernal::{controller, request_map};
///
/// #[derive(Default)]
/// struct Shop {
///     hits: AtomicU64,
/// }
///
/// #[controller]
/// #[request_map("/shop", method = "GET")]
/// impl Shop {
///     #[request_map]
///     fn hits(&self) -> String {
///         self.hits.fetch_add(1, Ordering::Relaxed).to_string()
///     }
///
///     #[request_map("/buy", method = "POST")]
///     async fn buy(&self, article: u64) -> String {
///         format!("{article} is yours")
///     }
/// }
/// ```
///
/// | | |
/// |---|---|
/// | `"/shop"` | the prefix, if there is no `#[request_map]` above the block |
/// | `new = Shop::new` | a function or closure that makes the object; its arguments are states: `fn new(State(pool): State<&Pool>) -> Shop` |
/// | `new = Shop::open("db")?` | a value; `?` makes the start fail |
/// | `per_request` | a new object for each request; its methods may take `&mut self` and `self` |
/// | `app = "admin"` | the application it belongs to |
/// | `crate = my_facade::vernal` | where the framework is found, as for [`macro@request_map`] |
///
/// Without `new` the type's `Default` makes the object.
#[proc_macro_attribute]
pub fn controller(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("controller", arguments.into(), item.into()).into()
}

/// Maps one path to the methods of an impl block that are named after HTTP methods.
///
/// ```
/// use vernal::endpoint;
///
/// #[derive(Default)]
/// struct Users;
///
/// #[endpoint("/users/{id}")]
/// impl Users {
///     async fn get(&self, id: u64) -> String {
///         format!("user {id}")
///     }
///
///     fn delete(&self, id: u64) -> u16 {
///         self.log(id);
///         204
///     }
///
///     fn log(&self, _: u64) {}
/// }
/// ```
///
/// The names are `get`, `post`, `put`, `delete`, `patch`, `head`, `options`, `trace`, `connect` and `query`; others
/// are helpers. Any other method is answered with 405 and an `Allow` field; HEAD comes from `get`, OPTIONS answers
/// `Allow`. The options are those of [`macro@request_map`], but `method` and `regexp`, and `new` and `per_request`
/// of [`macro@controller`]. One object serves all requests unless `per_request`.
#[proc_macro_attribute]
pub fn endpoint(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("endpoint", arguments.into(), item.into()).into()
}

/// Runs a function before, or around, the handlers of some paths.
///
/// ```
/// use vernal::{FilterContext, Next, Result, request_filter};
///
/// #[request_filter("/admin/**", order = 10)]
/// async fn signed_in(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
///     if cx.request.header("authorization").is_none() {
///         cx.response.redirect("/login");
///         return Ok(());
///     }
///     next.run(cx).await;
///     cx.response.headers.insert("cache-control", "private");
///     Ok(())
/// }
///
/// #[request_filter("/**", order = 5)]
/// fn count(cx: &mut FilterContext<'_>) {
///     cx.response.headers.insert("x-counted", "1");
/// }
/// ```
///
/// `/admin/**` is `/admin` and `/admin/` too, and `/**` is every path: a guard has no hole.
///
/// With `next: Next<'_>` the filter runs the rest of the chain itself, or answers instead. Without it the chain goes
/// on by itself, unless the filter has answered or failed. `State<&T>` may be taken too. The attribute takes paths or
/// a `regexp` as [`macro@request_map`] does, `order` (lower runs first), `app`, `crate`, and `unmatched`: also for paths that
/// nothing is mapped to. `security(session)` says how it knows whom a request is from (or `basic`, `bearer`, `header = "X-Api-Key"`, `cookie = "key"`,
/// each with `, optional` where requests without it get through as nobody), and `responses(401 = "Who are you?")` what it may answer by itself, both for the
/// description of the API. A function with several of these attributes is one filter: where more than one matches, it runs once,
/// by the lowest of their orders.
#[proc_macro_attribute]
pub fn request_filter(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("request_filter", arguments.into(), item.into()).into()
}

/// Makes a function the page for errors of some statuses, or of a type.
///
/// ```
/// use vernal::{Html, Request, error_message, escape_html};
///
/// #[error_message("403", "404")]
/// fn not_found(message: &str, explain: &str) -> Html<String> {
///     Html(format!("<h1>{}</h1><p>{}</p>", escape_html(message), escape_html(explain)))
/// }
///
/// #[error_message("50x")]
/// fn broken(code: u16, req: &Request) -> String {
///     format!("{code} at {}", req.path())
/// }
/// ```
///
/// A status comes before a range, a range before a page for all, which has no codes. A page may take the status as
/// `u16`, the texts `message` and `explain` (these two go by their names), `&Request`, `&Error` and `State<&T>`.
/// The status stays the error's. `app = "…"` names the application it belongs to, `crate = …` is that of [`macro@request_map`].
///
/// # Errors of one's own types
///
/// A page that takes `&E`, where `E` is an error of any type, is for errors of that type: whatever `?` carried them through,
/// in handlers, filters and model bindings, and whatever status they got. It comes before all pages by statuses, takes no codes
/// itself, and chooses the status: the one that it answers with, else the error's, which is 500 unless `or_status` or its like
/// gave it another.
///
/// ```
/// use std::fmt;
/// use vernal::{Json, Result, error_message, request_map};
///
/// #[derive(Debug)]
/// enum ShopError {
///     SoldOut,
/// }
///
/// impl fmt::Display for ShopError {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("sold out")
///     }
/// }
///
/// impl std::error::Error for ShopError {}
///
/// #[request_map("/buy", method = "POST")]
/// fn buy() -> Result<&'static str> {
///     Err(ShopError::SoldOut)?
/// }
///
/// #[error_message]
/// fn shop(error: &ShopError) -> (u16, Json<String>) {
///     match error {
///         ShopError::SoldOut => (409, Json(error.to_string())),
///     }
/// }
/// # fn main() {}
/// ```
///
/// The error itself is looked at first, then what is behind it (`source`, and what an `io::Error` holds), so that one that wraps
/// others answers by its own page if there is one. `anyhow` and its like hide the type of what they carry when they become an
/// answer: return the error itself, a `Box<dyn Error + Send + Sync>` or [`vernal::Error`](../vernal/struct.Error.html). Two pages
/// for one type are an error at start.
#[proc_macro_attribute]
pub fn error_message(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("error_message", arguments.into(), item.into()).into()
}

/// Makes a function the way its type is bound: it writes `FromRequest` for the `T` of its `Result<T>`, or
/// `ModelBinding` if it is an `async fn`.
///
/// ```
/// use vernal::{Arg, OrStatus, Request, Result, model_binding, request_map};
///
/// struct Person {
///     name: String,
/// }
///
/// #[model_binding]
/// fn person(req: &Request, arg: &Arg) -> Result<Person> {
///     let name = req.parameter(arg.name).or_status(400)?;
///     Ok(Person { name: name.to_owned() })
/// }
///
/// #[request_map("/greet")]
/// fn greet(ann: Person) -> String {
///     ann.name
/// }
/// ```
///
/// With `Option<Person>` or a default, an error with a 4xx status means that nothing came, as without a name above. It is sent
/// all the same where something has the argument's name, or where the error was made from another one: then what came is
/// bad. What std's `parse` or serde_json fails with, and `?` passes on, is a 400.
///
/// The arguments may be `&Request`, `&Arg` and `State<&T>`. The return type is written out, as `Result<…>`.
#[proc_macro_attribute]
pub fn model_binding(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("model_binding", arguments.into(), item.into()).into()
}

/// Makes a function the source of all types that have no binding of their own: they are deserialized from the value
/// it returns.
///
/// ```
/// use vernal::{Arg, Request, Result, default_model_binding};
///
/// #[default_model_binding]
/// fn from_header(req: &Request, arg: &Arg) -> Result<serde_json::Value> {
///     Ok(serde_json::from_str(req.header(arg.name).unwrap_or("null"))?)
/// }
/// ```
///
/// `app = "…"` names the application it belongs to, `crate = …` is that of [`macro@request_map`].
#[proc_macro_attribute]
pub fn default_model_binding(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("default_model_binding", arguments.into(), item.into()).into()
}

/// Makes a function, or the methods of an impl block, the handler of WebSocket sessions.
///
/// On an `async fn` that takes the `WebSocket`: the loop is yours. When the function ends, the
/// session is closed: with 1000, or with 1011 if it failed.
///
/// ```
/// use vernal::websocket::WebSocket;
/// use vernal::{Result, websocket_handler};
///
/// #[websocket_handler("/echo")]
/// async fn echo(mut ws: WebSocket) -> Result {
///     while let Some(message) = ws.next().await {
///         ws.send(message).await?;
///     }
///     Ok(())
/// }
/// ```
///
/// On an impl block: methods are called by the names of events. One object serves all sessions; with `per_session` each
/// has its own, and events may take `&mut self`. How it is made `new = …` says, as for [`macro@controller`].
///
/// ```
/// use vernal::websocket::{Accept, CloseReason, Rooms, WebSocketSession};
/// use vernal::{Json, Result, websocket_handler};
///
/// #[derive(serde::Deserialize)]
/// struct Say<'a> {
///     text: &'a str,
/// }
///
/// #[derive(Default)]
/// struct Chat {
///     rooms: Rooms,
/// }
///
/// #[websocket_handler("/chat/{room}")]
/// impl Chat {
///     fn on_handshake(&self, room: &str) -> Accept {
///         Accept::new().header("x-room", room)
///     }
///
///     fn on_open(&self, session: &WebSocketSession, room: &str) -> Result {
///         self.rooms.join(room, session)
///     }
///
///     async fn on_message(&self, room: &str, Json(say): Json<Say<'_>>) -> Result {
///         self.rooms.to(room).send(say.text).await?;
///         Ok(())
///     }
///
///     fn on_close(&self, session: &WebSocketSession, reason: &CloseReason) {
///         println!("{} left: {reason}", session.id());
///     }
/// }
/// ```
///
/// | event | when | ends with |
/// |---|---|---|
/// | `on_handshake` | before the 101; it may refuse | |
/// | `on_open` | after it | |
/// | `on_message` | a whole message | the message: `&str`, `&[u8]`, `Json<T>`, `Message`, any `FromMessage` |
/// | `on_text_message`, `on_binary_message` | one of this kind | the message |
/// | `on_binary_frame` | a frame of a binary message in pieces; `true` keeps it for the whole | `fin: bool, payload: &[u8]` |
/// | `on_ping` | a ping, which is not answered by itself then | the payload |
/// | `on_pong` | a pong | the payload |
/// | `on_close` | once, at the end, whatever ended it | |
///
/// All other arguments are `&WebSocketSession`, `&CloseReason` (in `on_close`), `State<&T>`, or bound by their names from the
/// request that opened the session, as in [`macro@request_map`]. What is wrong with them is told before the 101. Events may be `fn` or
/// `async fn`. Filters run on the request that opens the session, and see the 101.
///
/// The attribute takes paths or a `regexp`, `params`, `headers`, `order`, `app` and `crate` as [`macro@request_map`] does, and
/// `protocol = "chat"` (a subprotocol that must be offered, and is chosen) and `config = …`, a
/// `WebSocketConfig`. An HTTP mapping may have the same path.
///
/// For the description of the API it takes `sends(Json<Said>, String)`, the types of messages that are sent; on a function also
/// `receives(Json<Say>)`, since there no argument says it; `tag = "…"` and `hidden`.
#[proc_macro_attribute]
pub fn websocket_handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("websocket_handler", arguments.into(), item.into()).into()
}

/// Makes a function the answer to the handshake of WebSocket sessions of a path. Functions for other events of the same path join
/// it: [`macro@websocket_open`], [`macro@websocket_message`], [`macro@websocket_close`].
///
/// ```
/// use vernal::websocket::Accept;
/// use vernal::{Error, Result, websocket_handshake};
///
/// #[websocket_handshake("/news/{topic}")]
/// fn enter(topic: &str) -> Result<Accept> {
///     if topic == "secret" { Err(Error::forbidden("not for you")) } else { Ok(Accept::new()) }
/// }
/// ```
///
/// It returns nothing, an `Accept`, a `Response` to refuse with, or a `Result` of these. Arguments and options are those of
/// [`macro@websocket_handler`].
#[proc_macro_attribute]
pub fn websocket_handshake(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("websocket_handshake", arguments.into(), item.into()).into()
}

/// Calls a function when a WebSocket session of a path is open. See [`macro@websocket_handler`] for its arguments.
///
/// ```
/// use vernal::websocket::WebSocketSession;
/// use vernal::{Result, websocket_open};
///
/// #[websocket_open("/news/{topic}")]
/// async fn welcome(session: &WebSocketSession, topic: &str) -> Result {
///     session.send(format!("news of {topic}")).await
/// }
/// ```
#[proc_macro_attribute]
pub fn websocket_open(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("websocket_open", arguments.into(), item.into()).into()
}

/// Calls a function for each message of WebSocket sessions of a path. Its last argument is the message.
///
/// ```
/// use vernal::websocket::WebSocketSession;
/// use vernal::{Result, websocket_message};
///
/// #[websocket_message("/upper")]
/// async fn upper(session: &WebSocketSession, message: &str) -> Result {
///     session.send(message.to_uppercase()).await
/// }
///
/// #[websocket_message("/upper", on = "ping")]
/// fn ping(session: &WebSocketSession, payload: &[u8]) -> Result {
///     session.pong(payload)
/// }
/// ```
///
/// `on` is `"text"`, `"binary"`, `"binary_frame"`, `"ping"` or `"pong"`; without it, text and bytes.
#[proc_macro_attribute]
pub fn websocket_message(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("websocket_message", arguments.into(), item.into()).into()
}

/// Calls a function once when a WebSocket session of a path has ended, whatever ended it.
///
/// ```
/// use vernal::websocket::{CloseReason, WebSocketSession};
/// use vernal::websocket_close;
///
/// #[websocket_close("/news/{topic}")]
/// fn left(session: &WebSocketSession, reason: &CloseReason) {
///     println!("{}: {reason}", session.id());
/// }
/// ```
#[proc_macro_attribute]
pub fn websocket_close(arguments: TokenStream, item: TokenStream) -> TokenStream {
    emit::attribute("websocket_close", arguments.into(), item.into()).into()
}

/// What stands behind `vernal::scan!`, which says where the framework is: `{ $crate }`.
#[doc(hidden)]
#[proc_macro]
pub fn scan(input: TokenStream) -> TokenStream {
    scan::scan(input.into()).into()
}

/// What stands behind `vernal::embed!`, which says where the framework is: `{ $crate }`.
#[doc(hidden)]
#[proc_macro]
pub fn embed(input: TokenStream) -> TokenStream {
    embed::files(input.into()).into()
}

/// Attributes named after methods, as other frameworks have them: each says what to write here.
macro_rules! verbs {
    ($($name:ident)*) => {
        $(
            #[doc(hidden)]
            #[proc_macro_attribute]
            pub fn $name(arguments: TokenStream, item: TokenStream) -> TokenStream {
                emit::verb(stringify!($name), &arguments.into(), &item.into()).into()
            }
        )*
    };
}

verbs! { get head post put delete patch options websocket }
