//! An application among tower's: as a service inside hyper or an axum router, and with tower's layers and services inside
//! it. Needs the feature `tower`.
//!
//! ```
//! use vernal::{App, Config, request_map};
//!
//! #[request_map("/hello/{name}")]
//! fn hello(name: &str) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! # fn main() -> vernal::Result {
//! let app = App::from_registry(Config::new())?;
//! let router: axum::Router = axum::Router::new()
//!     .route("/health", axum::routing::get(|| async { "fine" }))
//!     .fallback_service(app.service());
//! # let _ = router;
//! # Ok(())
//! # }
//! ```
//!
//! The other way there is one seam, [`Config::filter`](crate::Config::filter): [`Layered`] puts a layer around what is mapped,
//! [`Mounted`] lets a service answer a part of the paths.

mod body;
mod convert;
mod layered;
mod mounted;
mod seam;
mod service;
mod upgrade;

pub use layered::{Layered, NextFuture, NextService};
pub use mounted::Mounted;
pub use service::{ServiceFuture, VernalService};

/// An error of any service.
type BoxError = Box<dyn std::error::Error + Send + Sync>;
