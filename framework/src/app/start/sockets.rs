//! The WebSocket routes of an application: handlers of their own, and event functions that share a path.

use std::collections::HashMap;
use std::sync::Arc;

use crate::route::{Handler, Route};
use crate::websocket::core::config::{Factory, WebSocketConfig};
use crate::websocket::handshake::{Settings, address};
use crate::websocket::styles::{FunctionsOfRoutes, WebSocketEvent};

/// What sessions are told, without routes yet.
pub(super) fn settings(config: WebSocketConfig, extensions: Vec<Factory>) -> Settings {
    Settings { config: Arc::new(config), extensions, ..Settings::default() }
}

/// The WebSocket routes of an application.
pub(super) struct Sockets {
    /// One for each handler.
    pub(super) routes: Vec<&'static Route>,
    /// All whose states must be there: each function of a handler of several too.
    pub(super) needing: Vec<&'static Route>,
    /// The functions of handlers that have several.
    pub(super) functions: FunctionsOfRoutes,
}

/// Takes the WebSocket routes out of the others, and joins event functions that share a path. Their configurations are evaluated
/// into `settings`; `problems` gets what is wrong.
pub(super) fn take(
    routes: &mut Vec<&'static Route>,
    events: Vec<&'static WebSocketEvent>,
    settings: &mut Settings,
    problems: &mut Vec<String>,
) -> Sockets {
    let is_socket = |route: &&'static Route| matches!(route.handler, Handler::WebSocket(_));
    let mut sockets: Vec<_> = routes.iter().copied().filter(is_socket).collect();
    let mut needing = sockets.clone();
    routes.retain(|route| !is_socket(route));
    let mut functions = FunctionsOfRoutes::default();
    let mut shared: HashMap<String, &'static Route> = HashMap::new();
    for event in events {
        let route = *shared.entry(event.route.mapping.shape()).or_insert_with(|| {
            sockets.push(&event.route);
            &event.route
        });
        if let Err(other) = functions.0.entry(address(route)).or_default().add(event) {
            problems.push(format!(
                "two functions are for the same event of one path: {} and {}; keep one of them",
                other.route.at, event.route.at
            ));
        }
        if event.route.mapping.paths != route.mapping.paths {
            problems.push(format!(
                "two functions share a path, but call its variables otherwise: {} (`{}`) and {} (`{}`); give them the same names",
                route.at,
                route.mapping.paths.join("`, `"),
                event.route.at,
                event.route.mapping.paths.join("`, `")
            ));
        }
        needing.push(&event.route);
        configure(&event.route, route, settings);
    }
    for route in &sockets {
        configure(route, route, settings);
    }
    Sockets { routes: sockets, needing, functions }
}

fn configure(from: &Route, route: &'static Route, settings: &mut Settings) {
    if let Handler::WebSocket(handler) = from.handler
        && let Some(config) = handler.config
    {
        settings.of_routes.entry(address(route)).or_insert_with(|| Arc::new(config()));
    }
}
