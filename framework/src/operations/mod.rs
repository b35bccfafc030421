//! What is told of an application while it runs, for those who run it: a line for each request, whether it is well, what it is made of.

mod access;
#[cfg(feature = "actuator")]
mod actuating;
#[cfg(feature = "actuator")]
mod actuator;
#[cfg(feature = "actuator")]
mod health;
#[cfg(feature = "actuator")]
mod life;
mod method;
#[cfg(feature = "metrics")]
mod metrics;
mod observers;
mod traces;

pub use access::AccessLog;
pub(crate) use access::{Answered, End, is_wanted};
#[cfg(feature = "actuator")]
pub(crate) use actuating::Actuating;
#[cfg(feature = "actuator")]
pub use actuator::Actuator;
#[cfg(all(feature = "actuator", unix))]
pub use health::DiskSpace;
#[cfg(feature = "actuator")]
pub use health::HealthIndicator;
#[cfg(feature = "actuator")]
pub(crate) use health::Report;
#[cfg(feature = "actuator")]
pub(crate) use life::Life;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
#[cfg(feature = "metrics")]
pub(crate) use metrics::{InFlight, Measures, Vitals};
pub(crate) use observers::Observers;
pub use traces::Tracing;
