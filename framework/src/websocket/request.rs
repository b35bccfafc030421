//! From a request that asks for WebSocket to a session: who may connect, what is agreed on, and how the connection is
//! handed over.
//!
//! Nothing is sent before a handler accepts, so it may still give any other answer.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::config::{Overflow, Settings, WebSocketConfig};
use super::core::{Agreed, Core};
use super::events::Upgrade;
use super::refusal;
use super::session::WebSocketSession;
use super::socket::WebSocket;
use crate::base::{Headers, IntoHeaderValue, say, shown};
use crate::bind::{Arg, FromRequest, Profile};
use crate::http::{Error, Guard, IntoStatus, Outgoing, Request, Responder, Response, Result};
use crate::io::watch::{self, Runner};
use crate::proto::ws::{Extensions, Role, handshake};
use crate::registry::{Route, WebSocketHandler};
use crate::session;

/// A request that asks for WebSocket, as an argument of any `async` handler: accept it, or answer something else.
///
/// A plain request is answered with 400; with `Option<WebSocketRequest>` the same handler serves both. The connection is
/// driven beside the handler, so the session lasts while the handler runs, or while the [`WebSocket`] lives elsewhere. What
/// filters do after `next` comes when it is over; `#[websocket_handler]` ends the chain with the handshake instead, and
/// costs less while idle.
///
/// ```
/// use vernal::websocket::WebSocketRequest;
/// use vernal::{Result, request_map};
///
/// #[request_map("/news", method = "GET")]
/// async fn news(ws: Option<WebSocketRequest>, user: Option<&str>) -> Result<&'static str> {
///     let Some(ws) = ws else { return Ok("connect with a WebSocket client") };
///     if user.is_none() {
///         return Err(ws.reject(401));
///     }
///     let ws = ws.accept().await?;
///     ws.send("nothing new").await?;
///     Ok("")
/// }
/// ```
#[doc(alias = "WebSocketUpgrade")]
pub struct WebSocketRequest {
    request: Box<Request>,
    handover: Arc<Handover>,
    /// Where the handler's session lies, if it has one.
    outgoing: Option<Arc<Outgoing>>,
}

impl WebSocketRequest {
    /// Accepts: the connection is a WebSocket from now on.
    ///
    /// # Errors
    /// The connection was lost, or the handler has answered otherwise already.
    pub async fn accept(self) -> Result<WebSocket> {
        self.accept_with(Accept::new()).await
    }

    /// Accepts with a subprotocol, header fields or bounds of its own.
    ///
    /// # Errors
    /// As [`WebSocketRequest::accept`]; and a subprotocol that was not offered is a 400, a header field that cannot be sent a
    /// 500.
    pub async fn accept_with(self, mut accept: Accept) -> Result<WebSocket> {
        let WebSocketRequest { request, handover, outgoing } = self;
        if let Some(kept) = outgoing.as_ref().and_then(|outgoing| outgoing.kept.get()) {
            request.set_kept(Arc::clone(kept));
        }
        drop(outgoing);
        let config = match accept.config.take() {
            Some(config) => Arc::from(config),
            None => config_of_server(&request),
        };
        let core = Arc::new(Core::new(Role::Server, config, *request));
        let mut headers = agree(&core, accept, None)?;
        session::announce(&core.request, &mut headers).await?;
        core.request.set_head_is_out();
        handover.ask(Opening { core: Arc::clone(&core), headers })?;
        core.opened().await?;
        Ok(WebSocket::new(core))
    }

    /// An error of this status to return from the handler. Any other answer is fine as well; a handler that neither accepts nor
    /// answers is a 500.
    ///
    /// # Panics
    /// The number is no status: below 100 or above 999.
    #[track_caller]
    pub fn reject(self, status: impl IntoStatus) -> Error {
        Error::status_only(status)
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The subprotocols that the peer offers, in its order.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.request.headers.elements(SUBPROTOCOL)
    }
}

impl fmt::Debug for WebSocketRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocketRequest").field(&self.request).finish()
    }
}

impl<'r> FromRequest<'r> for WebSocketRequest {
    const PROFILE: Profile = Profile { handshake: true, ..Profile::PART };

    fn from_request(req: &'r Request, arg: &Arg) -> Result<WebSocketRequest> {
        let asked = Self::optional(req, arg)?;
        asked.ok_or_else(|| refusal::not_asked_for(req))
    }

    fn optional(req: &'r Request, _: &Arg) -> Result<Option<WebSocketRequest>> {
        let Some(handover) = handover_of(req) else { return Ok(None) };
        judge(req, &handover, &config_of_server(req))?;
        handover.state().is_taken = true;
        let request = Box::new(detached(req));
        Ok(Some(WebSocketRequest { request, handover, outgoing: req.outgoing.clone() }))
    }
}

/// What a handler answers to the opening handshake: subprotocol, header fields, or a refusal.
///
/// ```
/// use vernal::websocket::Accept;
/// use vernal::{Request, Response, websocket_handshake};
///
/// #[websocket_handshake("/chat/{room}")]
/// fn enter(req: &Request, room: &str) -> Accept {
///     if room == "closed" {
///         return Accept::refuse(Response::new(403).body("this room is closed"));
///     }
///     Accept::new().subprotocols(["chat.v2", "chat.v1"]).header("x-room", room)
/// }
/// ```
#[derive(Debug, Default)]
#[must_use = "this is the answer to the handshake"]
pub struct Accept {
    /// In the order of preference.
    subprotocols: Vec<String>,
    /// The subprotocol must be one of these.
    is_strict: bool,
    headers: Headers,
    config: Option<Box<WebSocketConfig>>,
    pub(crate) refusal: Option<Box<Response>>,
}

impl Accept {
    /// Accepts, without a subprotocol.
    pub fn new() -> Accept {
        Accept::default()
    }

    /// Refuses with any answer.
    pub fn refuse(response: Response) -> Accept {
        Accept { refusal: Some(Box::new(response)), ..Accept::default() }
    }

    /// Asks for a subprotocol. A peer that does not offer it is told so with 400; to go on without it,
    /// use [`Accept::subprotocols`].
    pub fn subprotocol(mut self, name: impl Into<String>) -> Accept {
        self.subprotocols = vec![name.into()];
        self.is_strict = true;
        self
    }

    /// Chooses the first of these subprotocols that the peer offers; none if it offers none of them.
    pub fn subprotocols<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Accept {
        self.subprotocols = names.into_iter().map(Into::into).collect();
        self.is_strict = false;
        self
    }

    /// Adds a header field to the answer.
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> Accept {
        self.headers.append(name, value);
        self
    }

    /// Sets bounds and times of this session, for [`WebSocketRequest::accept_with`]; elsewhere `config = …` says so.
    pub fn config(mut self, config: WebSocketConfig) -> Accept {
        self.config = Some(Box::new(config));
        self
    }
}

/// The bounds and times of sessions whose handler has none of its own.
fn config_of_server(request: &Request) -> Arc<WebSocketConfig> {
    request.state::<Settings>().map(|settings| Arc::clone(&settings.config)).unwrap_or_default()
}

/// Judges a request that asks for WebSocket.
fn judge(request: &Request, handover: &Handover, config: &WebSocketConfig) -> Result {
    if handover.is_stopping {
        return Err(Error::unavailable("the server is stopping").header("retry-after", "1"));
    }
    handshake::key(&request.headers).map_err(refusal::of_key)?;
    check_origin(request, config)
}

/// Whether the page that a browser connects from may: see [`WebSocketConfig::origins`](super::WebSocketConfig). The
/// handshake asks this by itself; it is here for handlers with rules of their own.
///
/// # Errors
/// It may not: 403.
pub fn check_origin(request: &Request, config: &WebSocketConfig) -> Result {
    let Some(origin) = request.headers.only("origin") else { return Ok(()) };
    let host = request.host();
    if config.origins.allow(origin, host, request.is_secure()) {
        return Ok(());
    }
    let explain = format!(
        "pages of the origin {} may not connect to the host {} (WebSocketConfig::origins){}",
        shown(origin),
        shown(host.unwrap_or("?")),
        if came_through_proxy(request) { BEHIND_PROXY } else { "" }
    );
    if is_new(request, origin) {
        say!(warn, "{}: {explain}", shown(request.path()));
    }
    Err(Error::forbidden(explain))
}

/// Whether a proxy has left its traces: it may have written its own host into the request.
fn came_through_proxy(request: &Request) -> bool {
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host"]
        .iter()
        .any(|name| request.headers.contains(name))
}

const BEHIND_PROXY: &str = ". The request came through a proxy: let it pass the client's Host on (nginx: `proxy_set_header Host \
     $http_host`), or say X-Forwarded-Host and be one of `trusted_proxies`";

/// Whether this origin was not refused before. Not all are remembered: whoever connects may name any.
fn is_new(request: &Request, origin: &str) -> bool {
    let Some(settings) = request.state::<Settings>() else { return true };
    let mut refused = settings.refused.lock().unwrap_or_else(PoisonError::into_inner);
    refused.len() < REMEMBERED && origin.len() <= 256 && refused.insert(origin.to_owned())
}

/// How many refused origins are told of.
const REMEMBERED: usize = 64;

/// Chooses subprotocol and extensions; returns the fields of the 101.
fn agree(core: &Core, accept: Accept, protocol: Option<&str>) -> Result<Headers> {
    let request = &core.request;
    let key = handshake::key(&request.headers).map_err(Error::from_refusal)?;
    let mut headers = Headers::from([("upgrade", "websocket")]);
    headers.append("sec-websocket-accept", handshake::accept_of(key));
    let mut agreed = Agreed::default();
    let Accept { mut subprotocols, mut is_strict, headers: own, .. } = accept;
    if let (Some(protocol), true) = (protocol, subprotocols.is_empty()) {
        (subprotocols, is_strict) = (vec![protocol.to_owned()], false);
    }
    let is_offered = |name: &String| request.headers.elements(SUBPROTOCOL).any(|offered| offered == name);
    match subprotocols.iter().find(|name| is_offered(name)) {
        Some(name) => {
            headers.append(SUBPROTOCOL, name);
            agreed.subprotocol = Some(name.clone());
        }
        None if is_strict => {
            return Err(refusal::without_protocol(&request.headers, &subprotocols));
        }
        None => {}
    }
    if let Some(settings) = request.state::<Settings>()
        && settings.has_extensions(&core.config)
    {
        let offers = handshake::extensions(&request.headers).map_err(Error::from_refusal)?;
        let (mut extensions, answer) = Extensions::negotiate(settings.install(&core.config), &offers);
        if core.config.overflow == Overflow::DropOldest
            && let Some(deflate) = extensions.deflate()
        {
            deflate.keep_no_context();
        }
        if !answer.is_empty() {
            headers.append("sec-websocket-extensions", &answer);
        }
        if !extensions.is_empty() {
            agreed.extensions = Some(Mutex::new(extensions));
        }
    }
    headers.extend(&own);
    if let Some(refused) = headers.refused() {
        return Err(Error::internal(refused.to_string()));
    }
    if agreed.subprotocol.is_some() || agreed.extensions.is_some() {
        let _ = core.agreed.set(Box::new(agreed));
    }
    Ok(headers)
}

/// Answers a request for a WebSocket route: with 101, if its handler accepts. The session waits in the handover then.
pub(crate) async fn begin(
    route: &'static Route,
    handler: WebSocketHandler,
    request: &mut Request,
    response: &mut Response,
) -> Result {
    let Some(handover) = handover_of(request) else {
        return Err(refusal::not_asked_for(request));
    };
    let config = request.state::<Settings>().map(|settings| settings.config_of(route)).unwrap_or_default();
    judge(request, &handover, &config)?;
    let core = Arc::new(Core::new(Role::Server, config, detached(request)));
    let mut session = Guard((handler.serve)(Upgrade::new(WebSocketSession(Arc::clone(&core)), route)));
    let mut poll_session =
        |cx: &mut Context<'_>| watch::marked(Runner::at(&route.at), || Pin::new(&mut session).poll(cx));
    let answer = poll_fn(|cx| match poll_session(cx) {
        Poll::Ready(result) => Poll::Ready(Err(result)),
        Poll::Pending => core.take_accept().map_or(Poll::Pending, |accept| Poll::Ready(Ok(accept))),
    });
    match answer.await {
        Err(result) => result.and_then(|()| Err(Error::internal("the handler ended before it accepted"))),
        Ok(mut accept) => {
            if let Some(refusal) = accept.refusal.take() {
                return refusal.respond(response);
            }
            let headers = agree(&core, *accept, route.mapping.protocol)?;
            session::join(request, &core.request);
            core.request.set_head_is_out();
            response.set_status(::http::StatusCode::SWITCHING_PROTOCOLS);
            response.headers.extend(&headers);
            handover.keep(Session { core, handler: session });
            Ok(())
        }
    }
}

/// The request as the session keeps it: with what filters left in its extensions, but without the way back to the connection.
fn detached(request: &Request) -> Request {
    let mut detached = request.detached();
    session::join(request, &detached);
    if request.extensions.len() > 1 {
        detached.extensions.clone_from(&request.extensions);
        detached.extensions.remove::<Arc<Handover>>();
    }
    detached
}

/// An accepted session before it is driven.
pub(crate) struct Session {
    pub(crate) core: Arc<Core>,
    pub(crate) handler: Guard<'static>,
}

/// What a handler that accepts by hand asks of its connection.
pub(crate) struct Opening {
    pub(crate) core: Arc<Core>,
    pub(crate) headers: Headers,
}

/// Where a connection and the handler of a request that asks for WebSocket meet. Lies in the request's extensions.
pub(crate) struct Handover {
    is_stopping: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    opening: Option<Opening>,
    /// The session that was opened by hand.
    opened: Option<Arc<Core>>,
    /// A handler has it as `WebSocketRequest`.
    is_taken: bool,
    /// The request has been answered, or its connection is lost.
    is_over: bool,
    connection: Option<Waker>,
}

impl Handover {
    pub(crate) fn new(is_stopping: bool) -> Arc<Handover> {
        Arc::new(Handover { is_stopping, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, session: Session) {
        self.state().session = Some(session);
    }

    /// The session that was accepted, for the connection to drive.
    pub(crate) fn take_session(&self) -> Option<Session> {
        self.state().session.take()
    }

    /// The accepted session.
    pub(crate) fn core(&self) -> Option<Arc<Core>> {
        self.state().session.as_ref().map(|session| Arc::clone(&session.core))
    }

    fn ask(&self, opening: Opening) -> Result {
        let mut state = self.state();
        if state.is_over || state.opened.is_some() {
            return Err(Error::internal(
                "the request has been answered already, so it cannot be accepted any more",
            ));
        }
        state.opened = Some(Arc::clone(&opening.core));
        state.opening = Some(opening);
        if let Some(connection) = state.connection.take() {
            connection.wake();
        }
        Ok(())
    }

    /// What the handler asks for; the connection waits for it.
    pub(crate) fn poll_opening(&self, cx: &mut Context<'_>) -> Poll<Opening> {
        let mut state = self.state();
        match state.opening.take() {
            Some(opening) => Poll::Ready(opening),
            None => {
                state.connection = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Judges a handler that has ended without an answer of its own.
    ///
    /// # Errors
    /// It took the request as `WebSocketRequest`, and neither accepted it nor answered otherwise.
    pub(crate) fn conclude(&self) -> Result {
        let state = self.state();
        if !state.is_taken || state.opened.is_some() {
            return Ok(());
        }
        Err(Error::internal(
            "the handler took a `WebSocketRequest` and neither accepted nor rejected it: write `ws.accept().await?`, or \
             return `Err(ws.reject(403))` or any answer",
        ))
    }

    /// The request is answered, or its connection is lost.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.is_over = true;
        state.session = None;
        let opening = state.opening.take();
        drop(state);
        if let Some(opening) = opening {
            opening.core.abort();
        }
    }

    /// The session that a handler opened by hand, if it did.
    fn opened(&self) -> Option<Arc<Core>> {
        self.state().opened.clone()
    }
}

/// That of a request; `None` for plain ones.
fn handover_of(request: &Request) -> Option<Arc<Handover>> {
    request.extensions.get::<Arc<Handover>>().cloned()
}

/// Whether the connection of this request has become a WebSocket in its handler's hands, so that there is nothing to answer any
/// more.
pub(crate) fn is_open(request: &Request) -> bool {
    !request.extensions.is_empty() && handover_of(request).is_some_and(|handover| handover.opened().is_some())
}

/// Closes that WebSocket if its handler failed.
pub(crate) fn conclude(request: &Request, result: &Result) {
    if let Err(error) = result
        && let Some(core) = handover_of(request).and_then(|handover| handover.opened())
    {
        core.close(core.reason_of(error));
    }
}

/// Whether these are the extensions of a request that asks for WebSocket.
pub(crate) fn is_asked_for(extensions: &::http::Extensions) -> bool {
    extensions.get::<Arc<Handover>>().is_some()
}

const SUBPROTOCOL: &str = "sec-websocket-protocol";
