//! A server that speaks TLS, and the port beside it that redirects to it.

use std::sync::Arc;

use super::counted::Shared;
use super::listening::Place;
use super::socket;
use crate::http::{Error, Result};
use crate::tls::Acceptor;
use crate::tls::redirect::ToHttps;

/// Binds the port that redirects to the first of `places`.
///
/// # Errors
/// The port is taken, the text names it; or there is nothing to redirect to.
pub(super) fn bind(from: u16, places: &[Place]) -> Result<Place> {
    let to = first(places)?;
    let sockets = socket::bind(&to.ip().to_string(), from, 1).map_err(|unbound| {
        let what = unbound.what;
        Error::internal(format!(
            "{what}: it is the one that redirects to HTTPS, so choose another one by `Tls::redirect_http`"
        ))
    })?;
    Place::bound(sockets)
}

/// What answers there.
///
/// # Errors
/// None that a caller can make.
pub(super) fn redirecting(
    shared: &Shared,
    acceptor: &Arc<Acceptor>,
    places: &[Place],
) -> Result<Arc<Shared>> {
    let app = shared.app.beside(ToHttps::new(Arc::clone(acceptor), first(places)?.port()))?;
    let mut redirecting = Shared::alone(app, Arc::clone(&shared.lifecycle));
    redirecting.expects_proxy_header = shared.expects_proxy_header;
    Ok(Arc::new(redirecting))
}

fn first(places: &[Place]) -> Result<std::net::SocketAddr> {
    places.iter().find_map(|place| place.address.tcp()).ok_or_else(|| {
        Error::internal(
            "there is no port to redirect to, since the server listens on Unix sockets alone: name one with \
             `server::new().port(…)`",
        )
    })
}
