//! Who may connect, and what both sides agree on.

use std::sync::Mutex;

use super::handover::Handover;
use super::origin::check_origin;
use super::refusal;
use super::settings::Settings;
use crate::base::Headers;
use crate::http::{Error, Request, Result};
use crate::proto::ws::{Extensions, handshake};
use crate::websocket::core::accept::Accept;
use crate::websocket::core::config::{Overflow, WebSocketConfig};
use crate::websocket::core::{Agreed, Core};

/// Judges a request that asks for WebSocket.
pub(super) fn judge(request: &Request, handover: &Handover, config: &WebSocketConfig) -> Result {
    if handover.is_stopping {
        return Err(Error::unavailable("the server is stopping").header("retry-after", "1"));
    }
    if handshake::needs_key(request.version(), &request.headers) {
        handshake::key(&request.headers).map_err(refusal::of_key)?;
    } else {
        handshake::check_version(&request.headers).map_err(refusal::of_key)?;
    }
    handshake::check_subprotocols(&request.headers).map_err(Error::from_refusal)?;
    check_origin(request, config)
}

/// Chooses subprotocol and extensions; returns the fields of the 101.
pub(super) fn agree(
    core: &Core,
    request: &Request,
    accept: Accept,
    protocol: Option<&str>,
) -> Result<Headers> {
    let mut headers = Headers::from([("upgrade", "websocket")]);
    if handshake::needs_key(request.version(), &request.headers) {
        let key = handshake::key(&request.headers).map_err(Error::from_refusal)?;
        headers.append("sec-websocket-accept", handshake::accept_of(key));
    }
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
        core.set_agreed(agreed);
    }
    Ok(headers)
}

/// The field that offers subprotocols and names the one that was chosen.
pub(super) const SUBPROTOCOL: &str = "sec-websocket-protocol";
