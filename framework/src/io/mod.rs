//! Streams, buffers, clocks and pipes: tokio and bytes, no HTTP.

mod blocking;
pub(crate) mod buffers;
pub(crate) mod clock;
mod deadline;
mod inbox;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
mod medium;
mod named_pipe;
mod outbox;
mod pace;
mod pipe;
mod pool;
pub(crate) mod queue;
mod share;
pub(crate) mod spool;
pub(crate) mod stop;
mod stream;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
mod transfer;
pub(crate) mod watch;

pub(crate) use blocking::{Blocking, blocking};
pub(crate) use deadline::Deadline;
pub(crate) use inbox::Inbox;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
pub(crate) use medium::Medium;
pub(crate) use named_pipe::is_named_pipe;
pub(crate) use outbox::Outbox;
pub(crate) use pace::Pace;
pub(crate) use pipe::{Pipe, STRIDE};
pub(crate) use pool::Pool;
pub(crate) use share::{BodyMemory, Share};
pub(crate) use stream::Stream;
#[cfg(feature = "tls")]
pub(crate) use stream::Transport;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
pub(crate) use transfer::{Transfer, can_transfer, is_of_peer};
