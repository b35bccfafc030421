//! Numbers for Prometheus and what reads its pages: how many requests, how long they took, what is open.
//!
//! Names are those of OpenTelemetry's semantic conventions for HTTP servers, as Prometheus spells them. What labels can say is bounded:
//! routes by their pattern, methods that are registered, statuses.

mod labels;
mod measures;
mod page;
mod settings;
mod sift;
mod vitals;

pub(crate) use measures::{InFlight, Measures};
pub use settings::Metrics;
pub(crate) use vitals::Vitals;
