//! The port of the actuator, beside those of the application.

use std::sync::Arc;

use super::counted::Shared;
use super::listening::Place;
use super::socket;
use crate::http::{Error, Result};
use crate::operations::Actuator;

/// Binds the actuator's own port, if it is to have one.
///
/// # Errors
/// The port is taken; the text names it.
pub(super) fn bind(actuator: Option<&Actuator>, places: &[Place]) -> Result<Option<Place>> {
    let Some(actuator) = actuator else { return Ok(None) };
    let Some(port) = actuator.port else { return Ok(None) };
    let host = actuator.host.clone().unwrap_or_else(|| {
        let first = places.iter().find_map(|place| place.address.tcp());
        first.map_or_else(String::new, |address| address.ip().to_string())
    });
    let sockets = socket::bind(&host, port, 1).map_err(|unbound| {
        let what = unbound.what;
        Error::internal(format!(
            "{what}: it is that of the actuator, so choose another one by `Actuator::port`"
        ))
    })?;
    Place::bound(sockets).map(Some)
}

/// What answers there.
///
/// # Errors
/// None that a caller can make.
pub(super) fn actuator(shared: &Shared) -> Result<Arc<Shared>> {
    let app = shared.app.actuator_alone()?;
    Ok(Arc::new(Shared::alone(app, Arc::clone(&shared.lifecycle))))
}
