//! HTTP/2 (RFC 9113), by the crate `h2`: each stream becomes the same request as one of HTTP/1.1, and its answer goes out again.
//!
//! What differs between the versions is settled in here, in both directions, so that no application sees it. A connection is one task,
//! which answers at once what a plain `fn` answers; what has to be waited for is a task for itself.

mod answer;
mod connection;
mod draining;
mod incoming;
pub(crate) mod preface;
mod pump;
mod request;
mod sending;
mod session;
mod stream;
mod streams;
mod times;
mod transport;
mod tunnel;

pub(super) use self::preface::is_preface;
use super::Counted;
use crate::http::BoxFuture;
use crate::io::Stream;

/// Serves one connection until it ends. `leftover` has been read of it already.
pub(super) fn serve(stream: Stream, leftover: Vec<u8>, counted: Counted) -> BoxFuture<'static, ()> {
    Box::pin(connection::serve(stream, leftover, counted))
}
