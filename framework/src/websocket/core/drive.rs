//! Driving: one task moves the bytes of a session, beside the handler or alone.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::super::keepalive::Due;
use super::wire::Wire;
use super::{Core, Phase, Pump};
use crate::proto::ws::{CloseCode, CloseReason, OpCode, Role};

impl Core {
    /// Moves bytes: reads if the handler has not, writes what waits, looks at the clock. The task that calls this is the
    /// driver; it calls this each time its handler has run.
    #[inline]
    pub(crate) fn pump(&self, cx: &mut Context<'_>) -> Pump {
        let mut wire = self.wire();
        let wire = &mut *wire;
        let before = wire.phase;
        let has_looked = std::mem::take(&mut wire.has_looked);
        if !wire.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            wire.driver = Some(cx.waker().clone());
        }
        loop {
            if wire.phase == Phase::Done {
                if before == Phase::Done {
                    return Pump::Done;
                }
                self.outbox().retire();
                // A handler of this task that waits to receive is woken by nobody else.
                return Pump::Again;
            }
            let was_ended = wire.is_ended;
            if wire.phase == Phase::Open
                && !has_looked
                // What still waits when the session closes must not hide the peer's close frame.
                && (wire.ready.is_none() || self.reason.get().is_some())
                && let Poll::Ready(Some(incoming)) = self.poll_incoming(wire, cx)
            {
                wire.ready.get_or_insert_with(|| Box::new(incoming));
                wire.wake_receiver();
            }
            if wire.is_ended && !was_ended {
                wire.wake_receiver();
            }
            if wire.is_dropped && !wire.is_concluded && self.reason.get().is_none() {
                self.close(CloseReason::normal());
            }
            let flushed = self.poll_flush(wire, cx);
            if wire.phase == Phase::Open && wire.is_ended && flushed.is_ready() {
                wire.phase = Phase::Closed;
                wire.due = None;
                wire.wake_receiver();
                self.outbox().wake_waiting();
                return Pump::Again;
            }
            if wire.phase == Phase::Closed && self.poll_linger(wire, cx).is_ready() {
                wire.finish();
                continue;
            }
            if self.poll_time(wire, cx).is_pending() {
                wire.rest();
                return if wire.is_ended && !was_ended { Pump::Again } else { Pump::Waits };
            }
        }
    }

    /// Writes what waits. Ready when nothing does.
    #[inline]
    fn poll_flush(&self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<()> {
        let Some(stream) = &mut wire.stream else { return Poll::Ready(()) };
        let mut progress = false;
        let mut has_taken_over = false;
        loop {
            match wire.writing.poll_write(stream, &mut progress, cx) {
                Poll::Ready(Ok(())) => {
                    wire.is_stuck = false;
                    if wire.due.is_some()
                        && wire.phase == Phase::Open
                        && !wire.is_ended
                        && self.reason.get().is_none()
                    {
                        wire.due = None;
                    }
                    // Whoever has sent more since then wakes this task.
                    if has_taken_over || !self.outbox().hand_over(&mut wire.writing, self.role, cx.waker()) {
                        return Poll::Ready(());
                    }
                    has_taken_over = true;
                }
                Poll::Ready(Err(_)) => {
                    self.lose(wire, "The connection was reset");
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    wire.is_stuck = true;
                    if wire.due.is_none() || progress {
                        wire.due = Some(Instant::now() + self.config.write_timeout);
                        wire.set_deadline();
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Looks at the clock. Ready when that changed something.
    #[inline]
    fn poll_time(&self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<()> {
        if self.reason.get().is_some() && wire.phase == Phase::Open && wire.due.is_none() {
            wire.due = Some(Instant::now() + self.config.close_timeout);
            wire.set_deadline();
        }
        loop {
            if wire.deadline.poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.look(wire, Instant::now()) {
                return Poll::Ready(());
            }
        }
    }

    #[cold]
    fn look(&self, wire: &mut Wire, now: Instant) -> bool {
        if wire.due.is_some_and(|due| now >= due) {
            let text = match wire.phase {
                Phase::Open if self.reason.get().is_some() => "The peer did not answer the close frame",
                _ => "The peer took nothing for too long",
            };
            let phase = wire.phase;
            if let Some(stream) = wire.stream.as_ref().filter(|_| wire.is_stuck) {
                stream.abort_on_drop();
            }
            self.lose(wire, text);
            wire.due = None;
            if phase == Phase::Closed {
                wire.finish();
            }
            return true;
        }
        let mut has_changed = false;
        if self.reason.get().is_some() {
            wire.keepalive.stop();
        } else if wire.phase == Phase::Open {
            let in_frame = wire.protocol.is_in_frame(&wire.inbox);
            match wire.keepalive.look(&self.config, now, wire.ready.is_some(), in_frame) {
                Due::Nothing => {}
                Due::Ping(payload) => {
                    self.outbox().push_control(self.role, OpCode::Ping, &payload);
                    has_changed = true;
                }
                Due::Close(reason) => {
                    let is_ping_timeout = reason.code() == CloseCode::INTERNAL_ERROR;
                    self.close(reason);
                    wire.keepalive.stop();
                    // Whoever does not answer pings will not answer the close frame either.
                    wire.is_ended |= is_ping_timeout;
                    wire.has_unread |= is_ping_timeout;
                    has_changed = true;
                }
            }
        }
        wire.set_deadline();
        has_changed
    }

    /// Closes so that the peer can read the close frame: a socket closed with unread bytes in it is reset.
    fn poll_linger(&self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<()> {
        let is_lost = self.reason.get().is_none_or(|reason| reason.code() == CloseCode::ABNORMAL);
        if is_lost {
            return Poll::Ready(());
        }
        if wire.due.is_none() {
            wire.due = Some(Instant::now() + LINGER);
            wire.set_deadline();
        }
        let Some(stream) = &mut wire.stream else { return Poll::Ready(()) };
        let ended = ready!(stream.poll_shutdown(cx));
        if ended.is_err() || !wire.has_unread && self.role == Role::Server {
            return Poll::Ready(());
        }
        for _ in 0..LINGERED {
            wire.inbox.clear();
            match wire.poll_fill(cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }
}

/// How long, and how many reads, what a peer still sends is thrown away.
const LINGER: Duration = Duration::from_secs(1);
const LINGERED: usize = 256;
