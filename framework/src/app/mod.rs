//! An application: the frozen registry with its settings, and the way of a request through it.
//!
//! `start` reads the registry and the settings. Then, for each request, routing picks a target; filters and the handler make the
//! answer; errors become pages at the nearest link.

#[cfg(feature = "actuator")]
mod actuator;
#[cfg(any(feature = "actuator", feature = "tls"))]
mod alone;
mod answering;
mod application;
mod bodies;
mod compress;
mod config;
mod decompress;
#[cfg(any(feature = "actuator", feature = "openapi"))]
mod described;
#[cfg(feature = "openapi")]
mod description;
mod exchange;
mod handle;
mod mapped;
mod observing;
mod reading;
mod refused;
mod resources;
#[cfg(feature = "config")]
mod sections;
mod sessions;
mod setters;
#[cfg(feature = "config")]
mod settings;
mod start;
#[cfg(feature = "http2")]
mod talk;
mod target;
mod watched;

pub(crate) use answering::Answering;
pub use application::App;
pub(crate) use application::Inner;
pub(crate) use bodies::{BodyPlan, BodyWay};
pub use compress::Compression;
pub(crate) use compress::{Asked, Pieces};
pub use config::Config;
pub(crate) use exchange::Exchange;
#[cfg(feature = "tower")]
pub(crate) use handle::{Outcome, Run, complete, written};
pub(crate) use mapped::{MAPPED, SHOWN};
#[cfg(all(feature = "config", feature = "tls"))]
pub(crate) use sections::TlsSection;
#[cfg(feature = "config")]
pub use sections::keys as settings_keys;
pub(crate) use setters::config_setters;
#[cfg(feature = "http2")]
pub(crate) use talk::Talk;
pub(crate) use target::Target;
pub(crate) use watched::MayHold;
