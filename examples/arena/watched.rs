//! What of operations its command line turns on.

use vernal::{AccessLog, Result, server::Server};
#[cfg(feature = "metrics")]
use vernal::{Actuator, Metrics};

use super::option;

pub(super) fn watched(server: Server) -> Result<Server> {
    let server = match option("--access-log") {
        Some(file) => server.access_log(AccessLog::combined().file(file)),
        None => server,
    };
    match option("--metrics") {
        #[cfg(feature = "metrics")]
        Some(port) => Ok(server.actuator(Actuator::new().port(port.parse()?)).metrics(Metrics::new())),
        #[cfg(not(feature = "metrics"))]
        Some(_) => Err("build it with the feature `metrics`".into()),
        None => Ok(server),
    }
}
