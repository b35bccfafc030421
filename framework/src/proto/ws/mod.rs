//! RFC 6455 and RFC 7692 without I/O: the same code serves both sides of a connection.
//!
//! Frames come in through [`Protocol`], which unmasks them where they lie in the inbox; they go out through
//! [`write_frame`]. What a peer does wrong is a [`CloseReason`] to close with.

mod close;
mod connection;
mod deflate;
mod extension;
mod extensions;
mod frame;
pub(crate) mod handshake;
pub(crate) mod mask;
mod utf8;

pub use close::{CloseCode, CloseReason, CloseReasonError, ClosedBy};
pub(crate) use connection::{Bounds, Protocol, Received, Wants};
pub use deflate::Deflate;
pub(crate) use deflate::PerMessageDeflate;
pub use extension::{Extension, ExtensionOffer, ExtensionResponse};
pub(crate) use extensions::Extensions;
pub use frame::{Frame, OpCode, Rsv};
#[cfg(fuzzing)]
pub(crate) use frame::{FrameHeader, MAX_HEADER};
pub(crate) use frame::{write_frame, write_header};
pub(crate) use utf8::Utf8;

/// Which side of a connection this is: clients mask what they send, servers must not (RFC 6455, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

impl Role {
    /// Whether this side must get masked frames.
    #[inline]
    pub(crate) fn expects_masks(self) -> bool {
        self == Role::Server
    }
}
