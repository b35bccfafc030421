//! From a request for a WebSocket route to a session that waits to be driven.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::agreement::{agree, judge};
use super::handover::{Session, folded, handover_of};
use super::refusal;
use super::settings::{Settings, address};
use super::spanned::Spanned;
use crate::http::{Error, Guard, Request, Responder, Response, Result};
use crate::io::watch::{self, Runner};
use crate::proto::ws::Role;
use crate::route::{Route, WebSocketHandler};
use crate::session;
use crate::websocket::core::Core;
use crate::websocket::handles::{Upgrade, WebSocketSession};

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
    request.keep_id();
    let core = Arc::new(Core::new(Role::Server, config, folded(request)));
    let session = (handler.serve)(Upgrade::new(WebSocketSession(Arc::clone(&core)), address(route)));
    let mut session = Guard(match request.has_span() {
        true => Box::pin(Spanned { session, core: Arc::clone(&core), span: None }),
        false => session,
    });
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
            let headers = agree(&core, request, *accept, route.mapping.protocol)?;
            if let Some(looked_at) = core.folded.made() {
                session::join(request, looked_at);
            }
            core.folded.set_head_is_out();
            response.set_status(::http::StatusCode::SWITCHING_PROTOCOLS);
            response.headers.extend(&headers);
            handover.keep(Session { core, handler: session });
            Ok(())
        }
    }
}
