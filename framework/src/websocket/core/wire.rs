//! The connection of a session: its stream, what has been read of it, what is being written, and its times.

use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use tokio::io::AsyncReadExt;

use super::accept::Accept;
use super::config::WebSocketConfig;
use super::keepalive::Keepalive;
use super::queue::Queue;
use super::waiting::Waiting;
use super::words::{Events, Phase};
use crate::io::clock::{self, Moment};
use crate::io::{Deadline, Stream, buffers};
use crate::proto::ws::{Protocol, Role};

/// The connection itself.
pub(super) struct Wire {
    pub(super) stream: Option<Stream>,
    pub(super) phase: Phase,
    /// Lent by the thread, as long as something comes.
    pub(super) inbox: Option<Box<BytesMut>>,
    pub(super) protocol: Protocol,
    pub(super) wants: Events,
    /// What has come while nobody was receiving.
    pub(super) waiting: Option<Box<Waiting>>,
    /// The handler has taken a message and not asked for the next.
    pub(super) is_working: bool,
    /// The handler has looked for more in this round, so the driver need not.
    pub(super) has_looked: bool,
    /// No frame is expected any more: the peer has closed, broke a rule, or is gone.
    pub(super) is_ended: bool,
    /// The peer may have sent what will not be read: closing at once would reset the connection under the close frame.
    pub(super) has_unread: bool,
    /// The handler has run to its end.
    pub(super) is_concluded: bool,
    /// The `WebSocket` is gone.
    pub(super) is_dropped: bool,
    pub(super) writing: Queue,
    /// The peer has not taken all that was written.
    pub(super) is_stuck: bool,
    /// How often a peer that still moves may take its time to answer a close frame.
    pub(super) patience: u8,
    pub(super) deadline: Deadline,
    pub(super) keepalive: Keepalive,
    /// When the peer must have taken something of what is written, or answered a close frame, or ended its side.
    pub(super) due: Option<Moment>,
    pub(super) driver: Option<Waker>,
    /// A task other than the driver's that waits to receive, or for the opening.
    pub(super) receiver: Option<Waker>,
    pub(super) accept: Option<Box<Accept>>,
}

impl Wire {
    pub(super) fn new(role: Role, config: &WebSocketConfig) -> Wire {
        let now = clock::now().instant;
        Wire {
            stream: None,
            phase: Phase::Connecting,
            inbox: None,
            protocol: Protocol::new(role),
            wants: Events::default(),
            waiting: None,
            is_working: false,
            has_looked: false,
            is_ended: false,
            has_unread: false,
            is_concluded: false,
            is_dropped: false,
            writing: Queue::default(),
            is_stuck: false,
            patience: PATIENCE,
            deadline: Deadline::new(now),
            keepalive: Keepalive::new(config, now),
            due: None,
            driver: None,
            receiver: None,
            accept: None,
        }
    }

    /// Reads once into the inbox, which has room for what is missing of the frame, up to a bound.
    #[inline]
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(0)) };
        let inbox = self.inbox.get_or_insert_with(buffers::lend_for_reading);
        let held = inbox.len();
        // A peer only says how much it will send; room grows with what it has sent. A read that does not fill its room tells
        // that there is no more, so there is always some to spare.
        let room = self.protocol.missing(inbox).min(held.max(LARGE)) + ROOM;
        if inbox.capacity() - held < room {
            // What was received may still be on its way out: the buffer is whole again when it has been sent.
            if held == 0 && !inbox.try_reclaim(room) && stream.poll_read_ready(cx).is_pending() {
                return Poll::Pending;
            }
            inbox.reserve(room);
        }
        let filled = {
            let reading = stream.read_buf(&mut **inbox);
            std::pin::pin!(reading).poll(cx)
        };
        if let Poll::Ready(Ok(count)) = &filled {
            self.keepalive.received =
                self.keepalive.received.saturating_add(u32::try_from(*count).unwrap_or(u32::MAX));
        }
        filled
    }

    /// Nothing moves now: what is empty is given back. Not before what was received has been sent on, for then a part of the
    /// inbox may still be held.
    #[inline]
    pub(super) fn rest(&mut self) {
        if let Some(inbox) = self.inbox.take_if(|inbox| inbox.is_empty()) {
            buffers::return_from_reading(inbox);
        }
    }

    /// What has been read is of no interest.
    pub(super) fn clear_inbox(&mut self) {
        if let Some(inbox) = &mut self.inbox {
            inbox.clear();
        }
    }

    /// Whether messages wait for the handler.
    pub(super) fn has_waiting(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| !waiting.is_empty())
    }

    /// Whether the peer has ended, and only messages before that are still to be taken.
    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.is_at_end())
    }

    /// Whether more may be read while so many bytes may wait for the handler.
    #[inline]
    pub(super) fn has_room(&self, limit: usize) -> bool {
        self.waiting.as_ref().is_none_or(|waiting| waiting.has_room(limit))
    }

    /// Waits for what the driver does.
    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        if !self.receiver.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            self.receiver = Some(cx.waker().clone());
        }
    }

    pub(super) fn wake_receiver(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            receiver.wake();
        }
    }

    pub(super) fn set_deadline(&mut self) {
        let keepalive = if self.phase == Phase::Open { self.keepalive.next() } else { None };
        let end = self.waiting.as_ref().filter(|_| self.is_working).and_then(|waiting| waiting.due());
        let next = [self.due.map(Into::into), keepalive, end].into_iter().flatten().min();
        self.deadline.set(next.unwrap_or_else(|| clock::after(clock::FOR_EVER)));
    }

    /// The connection is over.
    pub(super) fn finish(&mut self) {
        self.phase = Phase::Done;
        self.stream = None;
        self.driver = None;
        self.inbox = None;
        self.wake_receiver();
    }
}

/// The room a read has beside what is missing of a frame.
const ROOM: usize = 2 << 10;

/// Room that is made for a large frame at first.
const LARGE: usize = 128 << 10;

/// A peer that moves, but never closes, is cut after so many times `close_timeout`.
const PATIENCE: u8 = 20;
