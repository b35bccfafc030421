//! The answer to the opening handshake.

use super::config::WebSocketConfig;
use crate::base::{Headers, IntoHeaderValue};
use crate::http::Response;

/// What a handler answers to the opening handshake: subprotocol, header fields, or a refusal.
///
/// ```
/// use vernal::websocket::Accept;
/// use vernal::{Request, Response, websocket_handshake};
///
/// #[websocket_handshake("/chat/{room}")]
/// fn enter(req: &Request, room: &str) -> Accept {
///     if room == "closed" {
///         return Accept::refuse(Response::new(403).body("this room is closed"));
///     }
///     Accept::new().subprotocols(["chat.v2", "chat.v1"]).header("x-room", room)
/// }
/// ```
#[derive(Debug, Default)]
#[must_use = "this is the answer to the handshake"]
pub struct Accept {
    /// In the order of preference.
    pub(crate) subprotocols: Vec<String>,
    /// The subprotocol must be one of these.
    pub(crate) is_strict: bool,
    pub(crate) headers: Headers,
    pub(crate) config: Option<Box<WebSocketConfig>>,
    pub(crate) refusal: Option<Box<Response>>,
}

impl Accept {
    /// Accepts, without a subprotocol.
    pub fn new() -> Accept {
        Accept::default()
    }

    /// Refuses with any answer.
    pub fn refuse(response: Response) -> Accept {
        Accept { refusal: Some(Box::new(response)), ..Accept::default() }
    }

    /// Asks for a subprotocol. A peer that does not offer it is told so with 400; to go on without it,
    /// use [`Accept::subprotocols`].
    pub fn subprotocol(mut self, name: impl Into<String>) -> Accept {
        self.subprotocols = vec![name.into()];
        self.is_strict = true;
        self
    }

    /// Chooses the first of these subprotocols that the peer offers; none if it offers none of them.
    pub fn subprotocols<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Accept {
        self.subprotocols = names.into_iter().map(Into::into).collect();
        self.is_strict = false;
        self
    }

    /// Adds a header field to the answer.
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> Accept {
        self.headers.append(name, value);
        self
    }

    /// Sets bounds and times of this session, for [`WebSocketRequest::accept_with`](crate::websocket::WebSocketRequest::accept_with); elsewhere `config = …` says so.
    pub fn config(mut self, config: WebSocketConfig) -> Accept {
        self.config = Some(Box::new(config));
        self
    }
}
