//! What has come and the handler has not taken: so that pings behind a message are answered while it waits.
//!
//! The end of what a peer sends is part of the order: messages before it are taken first, and can still be answered.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::words::{Incoming, opcode};
use crate::proto::ws::{CloseReason, Frame};

/// See the head of this file. A session that waits for its peer has none.
#[derive(Default)]
pub(super) struct Waiting {
    list: VecDeque<Incoming>,
    /// Of all in the list.
    size: usize,
    /// Nothing comes behind them, and when that is dealt with though the handler has not answered.
    end: Option<(End, Instant)>,
}

/// How a peer ended.
pub(super) enum End {
    /// It closed.
    Closed(CloseReason),
    /// It broke a rule.
    Broke(CloseReason),
    /// It went away without a word.
    Left,
}

impl Waiting {
    /// Whether more may come, of a peer for which so many bytes may wait.
    pub(super) fn has_room(&self, limit: usize) -> bool {
        self.end.is_none() && (self.size < limit || self.list.is_empty())
    }

    /// How many messages wait.
    pub(super) fn count(&self) -> usize {
        self.list.iter().filter(|incoming| matches!(incoming, Incoming::Message(_))).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether nothing comes any more.
    pub(super) fn is_at_end(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn push(&mut self, incoming: Incoming) {
        self.size += size_of(&incoming);
        self.list.push_back(incoming);
    }

    pub(super) fn pop(&mut self) -> Option<Incoming> {
        let first = self.list.pop_front()?;
        self.size -= size_of(&first);
        Some(first)
    }

    pub(super) fn end_with(&mut self, end: End, due: Instant) {
        self.end.get_or_insert((end, due));
    }

    /// When the end is dealt with at the latest, if nothing waits before it.
    pub(super) fn due(&self) -> Option<Instant> {
        self.end.as_ref().filter(|_| self.list.is_empty()).map(|(_, due)| *due)
    }

    pub(super) fn take_end_if(&mut self, is_due: impl FnOnce(&End) -> bool) -> Option<End> {
        self.end.take_if(|(end, _)| is_due(end)).map(|(end, _)| end)
    }

    /// Makes frames of the messages that wait.
    pub(super) fn turn_into_frames(&mut self) {
        for incoming in &mut self.list {
            if let Incoming::Message(message) = incoming {
                let frame = Frame::new(opcode(message.is_text()), message.clone().into_bytes());
                *incoming = Incoming::Frame(frame);
            }
        }
    }
}

/// What one costs, itself included: empty messages are not free.
fn size_of(incoming: &Incoming) -> usize {
    let payload = match incoming {
        Incoming::Message(message) => message.len(),
        Incoming::Fragment { payload, .. } | Incoming::Ping(payload) | Incoming::Pong(payload) => {
            payload.len()
        }
        Incoming::Frame(frame) => frame.payload.len(),
    };
    payload + std::mem::size_of::<Incoming>()
}
