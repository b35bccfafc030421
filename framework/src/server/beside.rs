//! The port of the actuator, beside those of the application.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::counted::Shared;
use super::listening::Place;
use super::socket;
use crate::base::Places;
use crate::http::{Error, Result};
use crate::operations::Actuator;

/// Binds the actuator's own port, if it is to have one.
///
/// # Errors
/// The port is taken; the text names it.
pub(super) fn bind(actuator: Option<&Actuator>, places: &[Place], said: &Places) -> Result<Option<Place>> {
    let Some(actuator) = actuator else { return Ok(None) };
    let Some(port) = actuator.port else { return Ok(None) };
    let host = actuator.host.clone().unwrap_or_else(|| {
        let first = places.iter().find_map(|place| place.address.tcp());
        first.map_or_else(String::new, |address| address.ip().to_string())
    });
    let before = said.before("actuator.port");
    let how = if before.is_empty() { "by `Actuator::port`" } else { "there" };
    // The system says so only when both are to listen.
    if port != 0 && places.iter().filter_map(|place| place.address.tcp()).any(|own| is_at(own, &host, port)) {
        return Err(Error::internal(format!(
            "{before}the server and its actuator both want the port {port} (`server.port` and `actuator.port`): give the actuator another \
             one {how}"
        )));
    }
    let sockets = socket::bind(&host, port, 1).map_err(|unbound| {
        let what = unbound.what;
        Error::internal(format!("{before}{what}: it is that of the actuator, so choose another one {how}"))
    })?;
    Place::bound(sockets).map(Some)
}

/// Whether a host and a port are this address.
fn is_at(own: SocketAddr, host: &str, port: u16) -> bool {
    let is_here = |ip: IpAddr| ip.is_unspecified() || ip == own.ip();
    let is_of_host = host.is_empty() || own.ip().is_unspecified() || host.parse().is_ok_and(is_here);
    own.port() == port && is_of_host
}

/// What answers there.
///
/// # Errors
/// None that a caller can make.
pub(super) fn actuator(shared: &Shared) -> Result<Arc<Shared>> {
    let app = shared.app.actuator_alone()?;
    Ok(Arc::new(Shared::alone(app, Arc::clone(&shared.lifecycle))))
}
