//! A server that speaks TLS, and the port beside it that redirects to it.

use std::sync::Arc;

use super::counted::Shared;
use super::listener::Listener;
use super::listening::Place;
use super::socket::{self, Unbound};
use crate::http::{Error, Result};
use crate::tls::Acceptor;
use crate::tls::redirect::ToHttps;

/// Makes connections speak TLS first, and binds the port `from` that redirects to the first of `places`, if there is to be one.
pub(super) fn secure(
    shared: &mut Shared,
    acceptor: Arc<Acceptor>,
    from: Option<u16>,
    places: &[Place],
) -> Result<Option<(Place, Arc<Shared>)>> {
    let redirecting = match from {
        Some(from) => {
            let to = places.iter().find_map(|place| place.address.tcp()).ok_or_else(|| {
                Error::internal(
                    "there is no port to redirect to, since the server listens on Unix sockets alone: name one with \
                     `server::new().port(…)`",
                )
            })?;
            let app = shared.app.beside(ToHttps::new(Arc::clone(&acceptor), to.port()))?;
            let mut redirecting = Shared::alone(app, Arc::clone(&shared.lifecycle));
            redirecting.expects_proxy_header = shared.expects_proxy_header;
            let sockets = socket::bind(&to.ip().to_string(), from, 1).map_err(Unbound::into_error)?;
            let place = Place::new(sockets.into_iter().map(Listener::Tcp).collect())?;
            Some((place, Arc::new(redirecting)))
        }
        None => None,
    };
    shared.tls = Some(acceptor);
    Ok(redirecting)
}
