//! What a node does for those who are on it.

use std::sync::Arc;

use bytes::Bytes;

/// What tells a member from all others.
pub(crate) type MemberId = [u8; 16];

/// What is done for the members of this node.
pub(crate) trait Local: Send + Sync + 'static {
    /// Gives a message of another node to those who are in its room.
    fn deliver(&self, room: &str, message: Delivered);

    /// All rooms, and who is in.
    fn members(&self) -> Vec<(Arc<str>, Vec<MemberId>)>;

    /// Messages of other nodes may have been missed.
    fn gap(self: Arc<Self>);
}

/// A message of another node. Text is UTF-8.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) is_text: bool,
    pub(crate) payload: Bytes,
}
