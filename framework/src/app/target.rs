//! Who answers a request, as routing decided.

use crate::bind::BodyUse;
use crate::http::Error;
use crate::resources::Found;
use crate::routing::Entry;

/// What routing decided about a request.
pub(crate) enum Target<'a> {
    /// A mapping answers.
    Entry(&'a Entry),
    /// The path is known, the method is not; `Allow` lists those that are.
    MethodNotAllowed(String),
    /// OPTIONS that nobody mapped.
    Options(String),
    /// Resources may have it.
    Resource(Found),
    /// Nothing is mapped to this path.
    NotFound,
    /// Nothing here takes the request but a WebSocket handler, for these subprotocols if any, and it asks for none, or wrongly.
    WebSocketOnly(Vec<&'static str>),
    /// The same, and the request asks for one, but came over nothing that could become one.
    NoConnection,
    /// It was refused before its target mattered.
    Refused(Error),
}

impl Target<'_> {
    /// How the handler uses the body.
    pub(super) fn body_use(&self) -> BodyUse {
        match self {
            Target::Entry(entry) => entry.route.needs.body,
            _ => BodyUse::None,
        }
    }
}
