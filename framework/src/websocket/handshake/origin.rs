//! Which pages may connect (RFC 6455, section 10.2).

use std::sync::PoisonError;

use super::settings::Settings;
use crate::base::{say, shown};
use crate::http::{Error, Request, Result};
use crate::websocket::core::config::WebSocketConfig;

/// Whether the page that a browser connects from may: see [`WebSocketConfig::origins`](WebSocketConfig::origins). The
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
