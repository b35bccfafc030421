//! What an application keeps for the sessions of its WebSocket routes.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use crate::http::Request;
use crate::proto::ws::{Extension, PerMessageDeflate, Role};
use crate::route::Route;
use crate::websocket::core::config::{Compressed, Factory, WebSocketConfig, conflict, install};

/// What an application knows of its sessions. Kept as a state of a type that nobody else can name, since the messages of HTTP
/// know no WebSockets.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) config: Arc<WebSocketConfig>,
    /// Configurations of handlers, by the address of their route.
    pub(crate) of_routes: HashMap<usize, Arc<WebSocketConfig>>,
    pub(crate) extensions: Vec<Factory>,
    /// The origins that were refused, each told once.
    pub(crate) refused: Mutex<HashSet<String>>,
}

impl Settings {
    /// A fresh set of the extensions of a session with this configuration.
    pub(crate) fn install(&self, config: &WebSocketConfig) -> Vec<Box<dyn Extension>> {
        let mut installed = install(&self.extensions, Role::Server);
        if config.deflate == Compressed::AsInstalled {
            return installed;
        }
        let place =
            installed.iter().position(|extension| (&**extension as &dyn Any).is::<PerMessageDeflate>());
        let at = place.unwrap_or(installed.len());
        if place.is_some() {
            installed.remove(at);
        }
        if let Compressed::By(deflate) = &config.deflate {
            installed.insert(at, deflate.extension(Role::Server));
        }
        installed
    }

    /// Whether a session with this configuration may have extensions.
    pub(crate) fn has_extensions(&self, config: &WebSocketConfig) -> bool {
        !self.extensions.is_empty() || matches!(config.deflate, Compressed::By(_))
    }

    /// What is wrong with the settings and the extensions, if anything is.
    pub(crate) fn problem(&self) -> Option<String> {
        let mut configs = std::iter::once(&self.config).chain(self.of_routes.values());
        configs.find_map(|config| config.problem().or_else(|| conflict(&self.install(config))))
    }

    pub(crate) fn config_of(&self, route: &'static Route) -> Arc<WebSocketConfig> {
        Arc::clone(self.of_routes.get(&address(route)).unwrap_or(&self.config))
    }
}

/// What routes are known by here.
pub(crate) fn address(route: &'static Route) -> usize {
    std::ptr::from_ref(route) as usize
}

/// The bounds and times of sessions whose handler has none of its own.
pub(super) fn config_of_server(request: &Request) -> Arc<WebSocketConfig> {
    request.state::<Settings>().map(|settings| Arc::clone(&settings.config)).unwrap_or_default()
}
