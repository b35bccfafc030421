//! The port of the actuator, beside those of the application.

use std::sync::Arc;

use super::counted::Shared;
use super::listener::Listener;
use super::listening::Place;
use super::socket;
use crate::http::{Error, Result};

/// Binds the actuator's own port, if it is to have one.
///
/// # Errors
/// The port is taken; the text names it.
pub(super) fn actuator(shared: &Shared, places: &[Place]) -> Result<Option<(Place, Arc<Shared>)>> {
    let Some((host, port)) = shared.app.actuator_place() else { return Ok(None) };
    let host = host.unwrap_or_else(|| {
        let first = places.iter().find_map(|place| place.address.tcp());
        first.map_or_else(String::new, |address| address.ip().to_string())
    });
    let sockets = socket::bind(&host, port, 1).map_err(|unbound| {
        let what = unbound.what;
        Error::internal(format!(
            "{what}: it is that of the actuator, so choose another one by `Actuator::port`"
        ))
    })?;
    let place = Place::new(sockets.into_iter().map(Listener::Tcp).collect())?;
    let app = shared.app.actuator_alone()?;
    Ok(Some((place, Arc::new(Shared::alone(app, Arc::clone(&shared.lifecycle))))))
}
