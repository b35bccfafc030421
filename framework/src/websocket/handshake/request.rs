//! A request that asks for WebSocket, in the hands of a handler.

use std::fmt;
use std::sync::Arc;

use super::agreement::{SUBPROTOCOL, agree, judge};
use super::handover::{Handover, Opening, detached, handover_of};
use super::refusal;
use super::settings::config_of_server;
use crate::bind::{Arg, FromRequest, Profile};
use crate::contract::Inputs;
use crate::http::{Error, Folded, IntoStatus, Outgoing, Request, Result};
use crate::proto::ws::Role;
use crate::session;
use crate::websocket::core::Core;
use crate::websocket::core::accept::Accept;
use crate::websocket::handles::WebSocket;

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
        let core = Arc::new(Core::new(Role::Server, config, Box::new(Folded::whole(request))));
        let mut headers = agree(&core, core.request(), accept, None)?;
        session::announce(core.request(), &mut headers).await?;
        core.folded.set_head_is_out();
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
        req.keep_id();
        let request = Box::new(detached(req));
        Ok(Some(WebSocketRequest { request, handover, outgoing: req.outgoing.clone() }))
    }

    fn describe(inputs: &mut Inputs) {
        inputs.upgrades = true;
    }
}
