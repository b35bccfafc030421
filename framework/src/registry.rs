//! What the attributes submit: plain const data, function pointers, no trait objects.
//!
//! Every item knows where it stands in the source. The registry has no order (inventory promises none), so
//! nothing may depend on one: routes sort by specificity, then `order`, then [`Location`].

use crate::base::Location;
use crate::bind::Arg;
#[cfg(feature = "config")]
use crate::bind::StateNeed;
use crate::chain::{DeclaredFilter, ErrorPage};
use crate::components::{Component, LifeFunction};
use crate::http::{Context, Instance, Request, Result};
use crate::route::Route;
use crate::websocket::styles::WebSocketEvent;

pub use inventory;

/// A shared controller: built once for each application at start.
pub struct Controller {
    /// Where its instance is kept in the application.
    pub instance: &'static Instance,
    /// Builds it; its arguments come from state.
    pub build: fn(&Context) -> Result<Box<dyn std::any::Any + Send + Sync>>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// The function behind `#[default_model_binding]`.
pub struct DefaultBinding {
    /// Its adapter.
    pub call: for<'r> fn(&'r Request, &Arg) -> Result<serde_json::Value>,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// Where it stands.
    pub at: Location,
}

/// A struct that is read from the settings.
#[cfg(feature = "config")]
pub struct ConfigStruct {
    /// The name of its section, with dots between those of sections in sections.
    pub section: &'static str,
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// The state it is.
    pub state: StateNeed,
    /// Reads it from all settings; the names are those of other sections within its own.
    pub read: ReadConfig,
    /// Where it stands.
    pub at: Location,
}

/// Reads a struct: all settings, the path of its section, and those of other structs within it.
#[cfg(feature = "config")]
pub type ReadConfig =
    fn(&crate::settings::Table, &str, &[&str]) -> Result<Box<dyn std::any::Any + Send + Sync>, Vec<String>>;

/// A folder whose files `scan!` has made modules. Only in debug builds.
#[derive(Debug)]
pub struct Scanned {
    /// The folder, wherever the program runs.
    pub folder: &'static str,
    /// As it stands in the source.
    pub written: &'static str,
    /// Which files are wanted, by their paths inside the folder.
    pub regexp: &'static str,
    /// Those that there were while compiling.
    pub files: &'static [&'static str],
    /// What is to be said of it: only a program that scans has this code.
    pub look: fn(&Scanned) -> Vec<String>,
}

inventory::collect!(Route);
inventory::collect!(DeclaredFilter);
inventory::collect!(ErrorPage);
inventory::collect!(Controller);
inventory::collect!(DefaultBinding);
inventory::collect!(Component);
inventory::collect!(LifeFunction);
inventory::collect!(WebSocketEvent);
#[cfg(feature = "config")]
inventory::collect!(ConfigStruct);
inventory::collect!(Scanned);
