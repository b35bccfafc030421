//! Whether an application is well: indicators that are asked, all at once and each for a bounded time.

#[cfg(unix)]
mod disk_space;
mod given;
mod indicator;
mod indicators;
mod report;
#[cfg(feature = "redis")]
mod rooms;
mod store;
#[cfg(unix)]
mod turns;

#[cfg(unix)]
pub use disk_space::DiskSpace;
pub(crate) use given::GivenIndicator;
pub use indicator::{HealthIndicator, Indicator};
pub(crate) use indicators::Indicators;
pub(crate) use report::Report;
pub(crate) use store::StoreHealth;
