//! The end of a connection whose peer may still be sending (RFC 9112, section 9.6).
//!
//! A socket that is closed with unread bytes in it, or to which more come, is reset, and a peer that reads nothing before
//! it has sent everything loses the answer. So what comes is thrown away until the peer has ended its side, is silent, or
//! has had its time. Nothing is held meanwhile but the connection itself, and only a share of them may be at it.

use std::future::poll_fn;
use std::task::Poll;

use tokio::time::Instant;

use super::counted::Shared;
use super::wire::{Farewell, Wire};
use crate::io::{Deadline, Stream, clock};

/// Takes leave of a peer as it must be.
pub(super) async fn take_leave(wire: &mut Wire, shared: &Shared) {
    let limits = &shared.app.0.limits;
    if wire.farewell == Farewell::None || wire.farewell == Farewell::Close && wire.stream.closes_by_drop() {
        return;
    }
    let end = clock::after(limits.linger_time);
    wire.deadline.set(end);
    // TLS has an alert to write before.
    let has_closed = poll_fn(|cx| match wire.stream.poll_shutdown(cx) {
        Poll::Ready(closed) => Poll::Ready(closed.is_ok()),
        Poll::Pending => wire.deadline.poll(cx).map(|()| false),
    });
    if !has_closed.await || wire.farewell == Farewell::Close {
        return;
    }
    let Some(_place) = shared.departing.enter(limits.connections / SHARE) else { return };
    wire.deadline.set(end.min(clock::after(limits.linger_idle)));
    poll_fn(|cx| {
        let mut has_read = false;
        if wire.poll_throw_away(&mut has_read, cx).is_ready() {
            return Poll::Ready(());
        }
        if has_read {
            wire.deadline.set(end.min(clock::after(limits.linger_idle)));
        }
        wire.deadline.poll(cx)
    })
    .await;
}

/// Parts from a peer that was answered by hand and may be sending.
pub(super) async fn part(stream: Stream, shared: &Shared) {
    take_leave_of(stream, Farewell::Linger, shared).await;
}

/// Takes leave of a peer that others spoke with.
pub(super) async fn take_leave_of(stream: Stream, farewell: Farewell, shared: &Shared) {
    let mut wire = Wire::new(stream, Deadline::new(Instant::now()));
    wire.farewell = farewell;
    wire.stream.bound_farewell(shared.app.0.limits.write_timeout);
    take_leave(&mut wire, shared).await;
}

/// One of so many connections may linger, as the docs of `Limits::linger_time` say.
const SHARE: usize = 4;
