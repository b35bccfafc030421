//! What stands behind the last filter.

use ::http::StatusCode;

use crate::base::shown;
use crate::http::{Error, Request, Response, Result};
use crate::resources::Found;
use crate::route::Route;
use crate::websocket::handshake::refusal;

/// What a chain of filters ends in.
pub(crate) enum End {
    /// A handler, and the number of its mapping.
    Route(&'static Route, u32),
    /// Resources may have it. If they do not, the path may be one of WebSocket handlers, for these subprotocols if any.
    Resource(Found, Option<Vec<&'static str>>),
    Unmapped(Unmapped),
}

/// Why nobody answers but the application itself.
pub(crate) enum Unmapped {
    /// The path is known, the method is not; `Allow` lists those that are.
    MethodNotAllowed(String),
    /// OPTIONS that nobody mapped.
    Options(String),
    /// Nothing is mapped to this path.
    NotFound,
    /// Nothing here takes the request but a WebSocket handler, for these subprotocols if any, and it asks for none, or wrongly.
    WebSocketOnly(Vec<&'static str>),
    /// The same, and the request asks for one, but came over nothing that could become one.
    NoConnection,
    /// It was refused before its target mattered.
    Refused(Error),
}

/// What is answered when no mapping does.
pub(crate) fn end_without_handler(unmapped: &Unmapped, request: &Request, response: &mut Response) -> Result {
    match unmapped {
        Unmapped::Options(allow) => {
            response.set_status(StatusCode::NO_CONTENT);
            response.headers.insert("allow", allow);
            Ok(())
        }
        Unmapped::MethodNotAllowed(allow) => Err(Error::status_only(StatusCode::METHOD_NOT_ALLOWED)
            .explain(format!("This path does not take {}; it takes {allow}.", shown(request.method.as_str())))
            .header("allow", allow)),
        Unmapped::WebSocketOnly(protocols) => Err(refusal::explain(request, protocols)),
        Unmapped::NoConnection => Err(Error::status_only(StatusCode::NOT_IMPLEMENTED).explain(
            "This path speaks WebSocket, and the server around this application cannot hand the connection over.",
        )),
        Unmapped::NotFound | Unmapped::Refused(_) => {
            Err(Error::status_only(StatusCode::NOT_FOUND).explain(format!(
                "Nothing is mapped to {} {}.",
                shown(request.method.as_str()),
                shown(request.path())
            )))
        }
    }
}
