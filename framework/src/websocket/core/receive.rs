//! Receiving: from bytes to what the handler gets, with everything answered that the protocol answers by itself.

use std::task::{Context, Poll, Waker};

use super::message::Message;
use super::parts::Core;
use super::waiting::End;
use super::wire::Wire;
use super::words::{Incoming, Phase};
use crate::base::say;
use crate::io::clock;
use crate::proto::ws::{CloseReason, Frame, OpCode, Received, Wants};

impl Core {
    /// Every frame as it is: no pings are answered, no messages made.
    pub(crate) fn want_frames(&self) {
        let mut wire = self.wire();
        wire.protocol.wants = Wants { fragments: false, frames: true };
        if let Some(waiting) = &mut wire.waiting {
            waiting.turn_into_frames();
        }
        if let Some((opcode, bytes)) = wire.protocol.take_begun() {
            let frame = Frame { is_final: false, ..Frame::new(opcode, bytes) };
            wire.waiting.get_or_insert_default().push(Incoming::Frame(frame));
        }
    }

    /// What comes next; `None` when nothing does any more.
    #[inline]
    pub(crate) fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let mut wire = self.wire();
        wire.is_working = false;
        if wire.waiting.is_some()
            && let Some(incoming) = self.take_waiting(&mut wire, Some(cx.waker()))
        {
            wire.is_working = true;
            return Poll::Ready(Some(incoming));
        }
        if wire.phase == Phase::Open
            && wire.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker()))
        {
            let received = self.poll_incoming(&mut wire, cx);
            wire.has_looked = received.is_pending();
            wire.is_working = !wire.has_looked;
            return received;
        }
        if wire.phase >= Phase::Closed || wire.is_ended {
            return Poll::Ready(None);
        }
        wire.wait(cx);
        Poll::Pending
    }

    /// What has come already, without a look at the connection.
    pub(crate) fn try_receive(&self) -> Option<Incoming> {
        let mut wire = self.wire();
        let incoming = match self.take_waiting(&mut wire, None) {
            None => self.next_received(&mut wire),
            waiting => waiting,
        };
        wire.is_working = incoming.is_some();
        incoming
    }

    /// Whether something is there that could be received without a wait.
    pub(crate) fn has_ready(&self) -> bool {
        let mut wire = self.wire();
        wire.has_waiting() || self.look_for_more(&mut wire)
    }

    /// How many messages could be received without a wait.
    pub(crate) fn count_waiting(&self) -> usize {
        let mut wire = self.wire();
        while wire.has_room(self.config.inbox_size) && self.look_for_more(&mut wire) {}
        wire.waiting.as_ref().map_or(0, |waiting| waiting.count())
    }

    /// Takes one more out of what has been read.
    fn look_for_more(&self, wire: &mut Wire) -> bool {
        let Some(incoming) = self.next_received(wire) else { return false };
        wire.waiting.get_or_insert_default().push(incoming);
        true
    }

    /// Takes what waits, or the end behind it. The driver goes on reading, woken if it is not the task that asks.
    #[cold]
    fn take_waiting(&self, wire: &mut Wire, asking: Option<&Waker>) -> Option<Incoming> {
        let waiting = wire.waiting.as_mut()?;
        let incoming = waiting.pop();
        self.outbox().has_sent = false;
        if let Some(driver) = &wire.driver
            && !asking.is_some_and(|asking| driver.will_wake(asking))
        {
            driver.wake_by_ref();
        }
        if incoming.is_none() {
            self.settle(wire, false);
        } else if waiting.is_empty() && !waiting.is_at_end() {
            wire.waiting = None;
        }
        incoming
    }

    /// Reads on while nobody receives, as far as there is room: what the protocol answers by itself is not held back by
    /// messages that wait.
    #[inline]
    pub(super) fn read_ahead(&self, wire: &mut Wire, cx: &mut Context<'_>) {
        let is_closing = self.reason.get().is_some();
        // What still waits when the session closes must not hide the peer's close frame.
        while (is_closing || wire.has_room(self.config.inbox_size))
            && let Poll::Ready(Some(incoming)) = self.poll_incoming(wire, cx)
        {
            if wire.has_room(self.config.inbox_size) {
                wire.waiting.get_or_insert_default().push(incoming);
                wire.wake_receiver();
            }
        }
    }

    /// The peer has ended: now, or when the messages before that have been taken and answered.
    #[cold]
    fn end(&self, wire: &mut Wire, end: End) {
        if self.reason.get().is_none() && (wire.has_waiting() || wire.is_working || matches!(end, End::Left))
        {
            self.outbox().has_sent = false;
            let due = clock::after(self.config.close_timeout);
            wire.waiting.get_or_insert_default().end_with(end, due);
            wire.set_deadline();
            return;
        }
        self.end_now(wire, end);
    }

    fn end_now(&self, wire: &mut Wire, end: End) {
        match end {
            End::Closed(reason) => self.closed_by_peer(wire, reason),
            End::Broke(reason) => self.fail(wire, reason),
            End::Left => self.lose(wire, "The peer went away without a close frame"),
        }
    }

    /// Deals with the end of what the peer sent once nothing stands before it: no message that waits, and none that the handler is
    /// still at. It is done with one when it asks for the next or has ended, and is taken to be when it has sent something, or after
    /// `close_timeout`. `is_written`: nothing waits to be sent.
    #[cold]
    pub(super) fn settle(&self, wire: &mut Wire, is_written: bool) {
        let is_closing = self.reason.get().is_some();
        let is_working = wire.is_working && !wire.is_concluded && !wire.is_dropped;
        let may_answer = is_working && !(is_written && self.outbox().has_sent);
        let Some(waiting) = wire.waiting.as_mut().filter(|waiting| is_closing || waiting.is_empty()) else {
            return;
        };
        if may_answer && !is_closing {
            return;
        }
        let Some(end) = waiting.take_end_if(|end| is_closing || is_written || !matches!(end, End::Left))
        else {
            return;
        };
        if waiting.is_empty() {
            wire.waiting = None;
        }
        self.end_now(wire, end);
    }

    /// Reads until something has come for the handler.
    #[inline]
    pub(super) fn poll_incoming(&self, wire: &mut Wire, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        if wire.is_ended {
            return Poll::Ready(None);
        }
        loop {
            let received = self.next_received(wire);
            if received.is_some() || wire.is_ended {
                return Poll::Ready(received);
            }
            if wire.is_at_end() {
                return Poll::Pending;
            }
            match wire.poll_fill(cx) {
                Poll::Ready(Ok(0)) => self.end(wire, End::Left),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => {
                    self.lose(wire, "The connection was reset");
                    return Poll::Ready(None);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The next in the inbox that is for the handler.
    #[inline]
    fn next_received(&self, wire: &mut Wire) -> Option<Incoming> {
        while !wire.is_ended
            && !wire.is_at_end()
            && let Some(inbox) = wire.inbox.as_mut().filter(|inbox| !inbox.is_empty())
        {
            match wire.protocol.receive(inbox, self.config.bounds(), self.extensions()) {
                Ok(Some(received)) => {
                    let incoming = self.take(wire, received);
                    #[cfg(feature = "metrics")]
                    if let Some(Incoming::Message(_) | Incoming::Fragment { is_final: true, .. }) = &incoming
                    {
                        self.count(crate::http::Tally::received);
                    }
                    if incoming.is_some() {
                        return incoming;
                    }
                }
                Ok(None) => return None,
                Err(reason) => self.end(wire, End::Broke(reason)),
            }
        }
        None
    }

    /// Answers what the protocol answers by itself; the rest is for the handler.
    #[inline]
    fn take(&self, wire: &mut Wire, received: Received) -> Option<Incoming> {
        let is_closing = self.reason.get().is_some();
        wire.keepalive.is_alive = true;
        match received {
            Received::Message { is_text, payload } => {
                wire.keepalive.is_active = true;
                (!is_closing).then(|| Incoming::Message(Message::received(is_text, payload)))
            }
            Received::Fragment { is_final, payload } => {
                wire.keepalive.is_active = true;
                (!is_closing).then_some(Incoming::Fragment { is_final, payload })
            }
            Received::Ping(payload) => {
                if wire.wants.pings && !is_closing {
                    return Some(Incoming::Ping(payload));
                }
                self.pong(&payload);
                None
            }
            Received::Pong(payload) => {
                wire.keepalive.pong(&payload);
                (wire.wants.pongs && !is_closing).then_some(Incoming::Pong(payload))
            }
            Received::Close(reason) => {
                self.end(wire, End::Closed(reason));
                None
            }
            Received::Frame(frame) => {
                wire.keepalive.is_active = true;
                match frame.opcode {
                    OpCode::Pong => wire.keepalive.pong(&frame.payload),
                    OpCode::Close => match CloseReason::parse(&frame.payload) {
                        Ok(reason) => self.closed_by_peer(wire, reason),
                        Err(reason) => self.fail(wire, reason),
                    },
                    _ => {}
                }
                Some(Incoming::Frame(frame))
            }
        }
    }

    /// What a ping is owed. A peer that asks faster than it reads gets an answer to the last of its pings (RFC 6455,
    /// section 5.5.3).
    fn pong(&self, payload: &[u8]) {
        let mut outbox = self.outbox();
        if outbox.size() <= self.config.outbox_size {
            outbox.push_control(self.folded.role, OpCode::Pong, payload);
        } else {
            outbox.owe_pong(payload);
        }
    }

    #[cold]
    fn closed_by_peer(&self, wire: &mut Wire, reason: CloseReason) {
        wire.is_ended = true;
        let _ = self.reason.set(Box::new(reason.clone()));
        self.outbox().push_control(self.folded.role, OpCode::Close, &reason.payload());
        self.outbox().wake_waiting();
    }

    /// The peer broke a rule.
    #[cold]
    fn fail(&self, wire: &mut Wire, reason: CloseReason) {
        wire.is_ended = true;
        wire.has_unread = true;
        self.outbox().push_control(self.folded.role, OpCode::Close, &reason.payload());
        self.outbox().wake_waiting();
        say!(debug, "a WebSocket peer broke a rule: {reason}");
        let _ = self.reason.set(Box::new(reason));
    }

    /// The peer is gone.
    #[cold]
    pub(super) fn lose(&self, wire: &mut Wire, text: &'static str) {
        wire.is_ended = true;
        wire.writing.clear();
        wire.clear_inbox();
        let _ = self.reason.set(Box::new(CloseReason::lost(text)));
        self.outbox().lose();
        wire.phase = wire.phase.max(Phase::Closed);
        wire.wake_receiver();
    }
}
