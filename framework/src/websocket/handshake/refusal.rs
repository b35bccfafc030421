//! What is wrong with a request that means to open a WebSocket and cannot: said in the answer, since the peer's own tools show
//! little more than a status.
//!
//! A proxy that passes no upgrade on is what this is mostly about, so its traces are looked for.

use ::http::{Method, StatusCode, Version};

use crate::base::{Headers, shown};
use crate::http::{Error, Request};
use crate::proto::Refusal;
use crate::proto::ws::handshake;

/// Whether a request means to open a WebSocket, be it well formed or not.
pub(crate) fn is_meant(headers: &Headers) -> bool {
    handshake::is_wanted(headers)
        || headers.contains("sec-websocket-key")
        || headers.contains("sec-websocket-version")
}

/// Why a request does not become a WebSocket where only those are spoken: by handlers for these subprotocols alone, if there are
/// any.
#[cold]
pub(crate) fn explain(request: &Request, protocols: &[&str]) -> Error {
    if !is_meant(&request.headers) {
        let path = shown(request.path());
        return Error::status_only(StatusCode::NOT_FOUND)
            .explain(format!("{path} speaks WebSocket: connect to it with `ws://` or `wss://`."));
    }
    if let Some(fault) = fault_of_offer(request) {
        return Error::bad_request(fault);
    }
    if let Err(refusal) = handshake::key(&request.headers) {
        return of_key(refusal);
    }
    if let Err(refusal) = handshake::check_subprotocols(&request.headers) {
        return Error::from_refusal(refusal);
    }
    if !protocols.is_empty() {
        return without_protocol(&request.headers, protocols);
    }
    Error::status_only(StatusCode::NOT_FOUND).explain(format!(
        "No WebSocket handler of {} takes a request with these parameters and header fields.",
        shown(request.path())
    ))
}

/// Why a request is none for a WebSocket, to a handler that needs one.
#[cold]
pub(super) fn not_asked_for(request: &Request) -> Error {
    let fault = is_meant(&request.headers).then(|| fault_of_offer(request)).flatten();
    Error::bad_request(
        fault.unwrap_or_else(|| {
            "This path speaks WebSocket: connect to it with `ws://` or `wss://`.".to_owned()
        }),
    )
}

/// What makes the offer one that does not count (RFC 6455, section 4.2.1; RFC 9110, section 7.8).
fn fault_of_offer(request: &Request) -> Option<String> {
    let headers = &request.headers;
    if request.method != Method::GET {
        return Some(format!(
            "A WebSocket is asked for with GET, not with {}.",
            shown(request.method.as_str())
        ));
    }
    if request.version() < Version::HTTP_11 {
        return Some(format!(
            "A WebSocket needs HTTP/1.1, and this request is {:?}. A proxy in front may speak that; nginx needs \
             `proxy_http_version 1.1`.",
            request.version()
        ));
    }
    if !handshake::is_wanted(headers) {
        return Some(match headers.get("upgrade") {
            Some(other) => format!("The field Upgrade does not say `websocket`, but `{}`.", shown(other)),
            None => "The field Upgrade is missing. A proxy in front may have dropped it with Connection, as all do that are not \
                     told to pass upgrades on."
                .to_owned(),
        });
    }
    if !headers.elements("connection").any(|option| option.eq_ignore_ascii_case("upgrade")) {
        return Some(match headers.get("connection") {
            Some(other) => format!(
                "The field Connection does not say `upgrade`, but `{}`, so the field Upgrade does not count. A proxy in front \
                 may have changed it.",
                shown(other)
            ),
            None => "The field Connection is missing: it has to say `upgrade`, or the field Upgrade does not count. A proxy in \
                     front may have dropped it."
                .to_owned(),
        });
    }
    let has_body =
        headers.contains("transfer-encoding") || request.content_length().is_some_and(|length| length > 0);
    has_body.then(|| {
        "A request that asks for a WebSocket has no body: it would lie before the first frame.".to_owned()
    })
}

/// The error of a version other than ours, which is told, or of a bad key.
pub(super) fn of_key(refusal: Refusal) -> Error {
    let error = Error::from_refusal(refusal);
    if error.status() == StatusCode::UPGRADE_REQUIRED {
        return error.header("sec-websocket-version", "13").header("upgrade", "websocket");
    }
    error
}

/// None of these subprotocols is offered, and there is no handler without.
pub(super) fn without_protocol<T: AsRef<str>>(headers: &Headers, protocols: &[T]) -> Error {
    let spoken: Vec<_> = protocols.iter().map(|protocol| format!("`{}`", protocol.as_ref())).collect();
    let offered: Vec<_> =
        headers.elements("sec-websocket-protocol").map(|protocol| format!("`{}`", shown(protocol))).collect();
    Error::bad_request(format!(
        "This WebSocket speaks the subprotocol {}, and the request offers {} (Sec-WebSocket-Protocol).",
        spoken.join(" or "),
        if offered.is_empty() { "none".to_owned() } else { offered.join(", ") }
    ))
}
