//! Rooms that other nodes share.

use super::indicator::HealthIndicator;
use crate::http::{BoxFuture, Result};
use crate::websocket::handles::Rooms;

/// Is well while other nodes can be reached.
///
/// ```
/// use vernal::Actuator;
/// use vernal::websocket::Rooms;
///
/// let rooms = Rooms::new();
/// let actuator = Actuator::new().indicator("rooms", rooms.clone());
/// # let _ = actuator;
/// ```
impl HealthIndicator for Rooms {
    fn check(&self) -> BoxFuture<'_, Result> {
        Box::pin(Rooms::check(self))
    }
}
