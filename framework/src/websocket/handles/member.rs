//! Who is in a room, wherever that is.

use super::session::{SessionId, WebSocketSession};

/// Who is in a room. What [`Rooms::members`](crate::websocket::Rooms::members) gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    id: SessionId,
    here: Option<WebSocketSession>,
}

impl Member {
    /// A session of this node.
    pub(super) fn here(session: WebSocketSession) -> Member {
        Member { id: session.id(), here: Some(session) }
    }

    /// A session of another node.
    #[cfg(feature = "redis")]
    pub(super) fn elsewhere(id: SessionId) -> Member {
        Member { id, here: None }
    }

    /// What tells its session from all others.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Its session, if that is one of this node: always, where rooms are not shared.
    pub fn session(&self) -> Option<&WebSocketSession> {
        self.here.as_ref()
    }
}
