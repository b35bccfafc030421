//! The styles that handlers are written in, but for the loop of one's own: events as methods of an impl block, and as functions
//! that share a path.

mod event;
mod events;
mod functions;
mod returned;

pub use event::{EventFunction, On, WebSocketEvent};
pub use events::{Events, Wants, serve, unhandled};
pub(crate) use functions::FunctionsOfRoutes;
pub use functions::serve_functions;
pub use returned::{IntoAccept, event_done, into_accept, kept};
