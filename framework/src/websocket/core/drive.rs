//! Driving: one task moves the bytes of a session, beside the handler or alone.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::keepalive::Due;
use super::parts::Core;
use super::wire::Wire;
use super::words::{Phase, Pump};
use crate::io::clock;
use crate::proto::ws::{CloseCode, CloseReason, OpCode, Role};

impl Core {
    /// Moves bytes: reads if the handler has not, writes what waits, looks at the clock. The task that calls this is the
    /// driver; it calls this each time its handler has run.
    #[inline]
    fn pump(&self, cx: &mut Context<'_>) -> Pump {
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
            if wire.phase == Phase::Open && !has_looked {
                self.read_ahead(wire, cx);
            }
            if wire.waiting.is_some() {
                self.settle(wire, false);
            }
            if wire.is_ended && !was_ended {
                wire.wake_receiver();
            }
            if wire.is_dropped && !wire.is_concluded && self.reason.get().is_none() {
                self.close(CloseReason::normal());
            }
            let flushed = self.poll_flush(wire, cx);
            if wire.waiting.is_some() && flushed.is_ready() {
                self.settle(wire, true);
            }
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

    /// Moves the bytes of the session to its end, and before each turn what runs `beside` it, which tells whether it is over.
    #[inline]
    pub(crate) fn poll_driven(
        &self,
        cx: &mut Context<'_>,
        mut beside: impl FnMut(&mut Context<'_>) -> bool,
    ) -> Poll<()> {
        loop {
            let is_over = beside(cx);
            match self.pump(cx) {
                Pump::Again => {}
                Pump::Done if is_over => return Poll::Ready(()),
                Pump::Waits | Pump::Done => return Poll::Pending,
            }
        }
    }

    /// Writes what waits. Ready when nothing does.
    #[inline]
    pub(super) fn poll_flush(&self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<()> {
        let mut progress = false;
        let mut has_taken_over = false;
        loop {
            let Some(stream) = &mut wire.stream else { return Poll::Ready(()) };
            match wire.writing.poll_write(stream, &mut progress, cx) {
                Poll::Ready(Ok(())) => {
                    wire.keepalive.is_alive |= std::mem::take(&mut wire.is_stuck);
                    if wire.due.is_some() && wire.phase == Phase::Open && !wire.is_ended {
                        self.all_is_out(wire, progress);
                    }
                    if wire.keepalive.written(&self.config) {
                        wire.set_deadline();
                    }
                    // Whoever has sent more since then wakes this task.
                    if has_taken_over
                        || !self.outbox().hand_over(&mut wire.writing, self.folded.role, cx.waker())
                    {
                        return Poll::Ready(());
                    }
                    has_taken_over = true;
                }
                Poll::Ready(Err(_)) => {
                    self.lose(wire, "The connection was reset");
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    self.is_held_up(wire, progress);
                    return Poll::Pending;
                }
            }
        }
    }

    /// The socket has taken all that was written to it, after it had refused some, or while the session closes.
    #[cold]
    fn all_is_out(&self, wire: &mut Wire, progress: bool) {
        if self.reason.get().is_none() {
            wire.due = None;
        } else if progress {
            wire.due = Some(clock::after(self.config.close_timeout).into());
            wire.set_deadline();
        }
    }

    /// The socket takes no more now.
    #[cold]
    fn is_held_up(&self, wire: &mut Wire, progress: bool) {
        // What it had refused before and takes now has moved because the peer reads.
        wire.keepalive.is_alive |= progress && wire.is_stuck;
        // A task that has done much is held up to let others run, and not by its peer.
        if tokio::task::coop::has_budget_remaining() {
            wire.is_stuck = true;
            self.outbox().is_refused = true;
        }
        if wire.due.is_none() || progress {
            wire.due = Some(clock::after(self.config.write_timeout).into());
            wire.set_deadline();
        }
    }

    /// Looks at the clock. Ready when that changed something.
    #[inline]
    fn poll_time(&self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<()> {
        if self.reason.get().is_some() && wire.phase == Phase::Open && wire.due.is_none() {
            wire.keepalive.received = 0;
            wire.due = Some(clock::after(self.config.close_timeout).into());
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
        if wire.due.is_some_and(|due| now >= due.into()) {
            // Who still sends, the answers to pings for instance, has not read the close frame yet.
            let is_moving =
                wire.phase == Phase::Open && self.reason.get().is_some() && wire.keepalive.received > 0;
            if is_moving && wire.patience > 0 {
                wire.patience -= 1;
                wire.keepalive.received = 0;
                wire.due = Some(clock::later(now, self.config.close_timeout).into());
                wire.set_deadline();
                return false;
            }
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
        if wire.is_working
            && wire.waiting.as_ref().and_then(|waiting| waiting.due()).is_some_and(|due| now >= due)
        {
            // The handler has had its time to answer what came before the end.
            wire.is_working = false;
            has_changed = true;
        }
        if self.reason.get().is_some() {
            wire.keepalive.stop();
        } else if wire.phase == Phase::Open {
            let in_frame =
                wire.protocol.is_in_frame(wire.inbox.as_ref().is_none_or(|inbox| inbox.is_empty()));
            let is_held_up = !wire.has_room(self.config.inbox_size);
            match wire.keepalive.look(&self.config, now, is_held_up, in_frame) {
                Due::Nothing => {}
                Due::Ping(number) => {
                    self.outbox().push_control(self.folded.role, OpCode::Ping, number.to_string().as_bytes());
                    wire.keepalive.queued();
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
            wire.due = Some(clock::after(LINGER).into());
            wire.set_deadline();
        }
        let Some(stream) = &mut wire.stream else { return Poll::Ready(()) };
        let ended = ready!(stream.poll_shutdown(cx));
        if ended.is_err() || !wire.has_unread && self.folded.role == Role::Server {
            return Poll::Ready(());
        }
        for _ in 0..LINGERED {
            wire.clear_inbox();
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
