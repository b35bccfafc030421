//! Frames on their way to the peer: filled by any task, drained by the task that drives the connection.
//!
//! Idle, it owns nothing.

use std::task::Waker;

use bytes::Bytes;

use super::config::Overflow;
use super::queue::{COPIED, Queue};
use crate::proto::ws::{Frame, OpCode, Role, Rsv, write_frame};

/// See the head of this file.
pub(crate) struct Outbox {
    queue: Queue,
    /// A close frame is in the queue, or was: nothing comes after it.
    pub(crate) is_closing: bool,
    /// The socket has taken no more since this was handed over last.
    pub(crate) is_refused: bool,
    /// A message has been let in since this was set back.
    pub(crate) has_sent: bool,
    /// What was handed over may still be on its way to the socket.
    pub(crate) is_writing: bool,
    /// A message is being sent in pieces: others wait, or are held back.
    pub(crate) is_streaming: bool,
    /// The task that drains it sleeps, and is to be woken.
    is_asleep: bool,
    driver: Option<Waker>,
    aside: Option<Box<Aside>>,
}

/// What an outbox seldom has.
#[derive(Default)]
struct Aside {
    /// Broadcasts that came between the pieces of a message, and their size.
    held: Vec<Held>,
    held_size: usize,
    /// The payload of a pong for which there was no room.
    owed_pong: Option<Box<[u8]>>,
    /// Those who wait for room, or for the end.
    waiting: Vec<Waker>,
}

/// A broadcast that waits for the end of a message in pieces.
pub(crate) enum Held {
    /// Framed already.
    Ready(Bytes),
    /// Still to pass the extensions.
    Message(Frame),
}

/// Who has a message to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// It waits for room if the policy says so.
    Waits,
    /// It takes no for an answer.
    Tries,
    /// A broadcast: it does neither.
    Shares,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is on its way.
    Done,
    /// There is no room now.
    Full,
    /// There is no room, and the policy drops it.
    Dropped,
    /// The session is to be closed for it.
    Overflows,
    /// Nothing is sent any more.
    Closed,
}

/// Whether `size` bytes may be added to those that wait; what is larger than the limit goes out alone.
fn fits(waiting: usize, size: usize, limit: usize) -> bool {
    waiting == 0 || waiting + size <= limit
}

impl Outbox {
    pub(crate) fn new() -> Outbox {
        Outbox {
            queue: Queue::default(),
            is_closing: false,
            is_refused: false,
            has_sent: false,
            is_writing: false,
            is_streaming: false,
            is_asleep: false,
            driver: None,
            aside: None,
        }
    }

    /// Whether there is no room for a message, though the socket has not refused what waits.
    #[inline]
    pub(crate) fn waits_for_nobody(&self, size: usize, limit: usize) -> bool {
        !self.is_refused && !self.is_closing && !self.is_streaming && !fits(self.queue.size(), size, limit)
    }

    /// Whether a message of `size` bytes may be pushed now, given the policy; makes room for it where the policy says so.
    #[inline]
    pub(crate) fn admit(&mut self, size: usize, limit: usize, overflow: Overflow, caller: Caller) -> Pushed {
        if self.is_closing {
            return Pushed::Closed;
        }
        if self.is_streaming && caller != Caller::Shares {
            return Pushed::Full;
        }
        let held = self.aside.as_ref().map_or(0, |aside| aside.held_size);
        let waiting = self.queue.size() + held;
        if fits(waiting, size, limit) {
            self.has_sent = true;
            return Pushed::Done;
        }
        match overflow {
            Overflow::Wait if caller != Caller::Shares => Pushed::Full,
            Overflow::Wait | Overflow::Close => Pushed::Overflows,
            Overflow::DropNewest => Pushed::Dropped,
            Overflow::DropOldest => {
                while !self.queue.is_empty()
                    && self.queue.size() + held + size > limit
                    && self.queue.drop_oldest()
                {}
                // Frames that are not whole messages cannot be dropped.
                let waiting = self.queue.size() + held;
                match caller {
                    _ if fits(waiting, size, limit) => {
                        self.has_sent = true;
                        Pushed::Done
                    }
                    Caller::Waits => Pushed::Full,
                    Caller::Tries | Caller::Shares => Pushed::Dropped,
                }
            }
        }
    }

    /// Pushes a frame of a message.
    #[inline]
    pub(crate) fn push(
        &mut self,
        role: Role,
        head: (bool, Rsv, OpCode),
        payload: &[u8],
        shared: Option<&Bytes>,
        overflow: Overflow,
    ) {
        let key = key_of(role);
        if overflow == Overflow::DropOldest {
            let mut bytes = Vec::new();
            write_frame(&mut bytes, head, payload, key);
            return self.queue.push_shared(bytes.into(), head.0 && head.2 != OpCode::Continuation);
        }
        match shared {
            Some(shared) if key.is_none() && shared.len() > COPIED => {
                self.queue.push_large(head, shared.clone())
            }
            _ => self.queue.push_frame(head, payload, key),
        }
    }

    /// Pushes a frame of a message as several, each with at most `size` bytes.
    pub(crate) fn push_split(
        &mut self,
        role: Role,
        (is_final, rsv, opcode): (bool, Rsv, OpCode),
        payload: &[u8],
        size: usize,
        overflow: Overflow,
    ) {
        let count = payload.len().div_ceil(size);
        let frames = payload.chunks(size).enumerate().map(|(index, piece)| {
            let (rsv, opcode) = if index == 0 { (rsv, opcode) } else { (Rsv::NONE, OpCode::Continuation) };
            ((is_final && index + 1 == count, rsv, opcode), piece)
        });
        if overflow != Overflow::DropOldest {
            return frames.for_each(|(head, piece)| self.push(role, head, piece, None, overflow));
        }
        // They are dropped together.
        let mut bytes = Vec::new();
        for (head, piece) in frames {
            write_frame(&mut bytes, head, piece, key_of(role));
        }
        self.queue.push_shared(bytes.into(), is_final && opcode != OpCode::Continuation);
    }

    /// Pushes a whole message that is framed already.
    #[inline]
    pub(crate) fn push_ready(&mut self, frames: &Bytes, overflow: Overflow) {
        if self.is_streaming {
            self.hold(Held::Ready(frames.clone()), frames.len());
        } else if overflow == Overflow::DropOldest {
            self.queue.push_shared(frames.clone(), true);
        } else {
            self.queue.push_ready(frames);
        }
    }

    /// Holds a broadcast back until the message that is being sent in pieces has ended.
    pub(crate) fn hold(&mut self, message: Held, length: usize) {
        let aside = self.aside.get_or_insert_default();
        aside.held_size += length;
        aside.held.push(message);
    }

    /// Pushes a control frame, which may stand between the frames of a message.
    pub(crate) fn push_control(&mut self, role: Role, opcode: OpCode, payload: &[u8]) {
        if !self.is_closing {
            self.push(role, (true, Rsv::NONE, opcode), payload, None, Overflow::Wait);
            self.is_closing = opcode == OpCode::Close;
        }
    }

    /// Remembers to answer a ping when there is room, in place of one before.
    pub(crate) fn owe_pong(&mut self, payload: &[u8]) {
        self.aside.get_or_insert_default().owed_pong = Some(payload.into());
    }

    /// Bytes that wait in it.
    pub(crate) fn size(&self) -> usize {
        self.queue.size()
    }

    /// Whether so much more may wait. Broadcasts that are held back do not count: they wait for the very message whose pieces
    /// ask this.
    pub(crate) fn has_room(&self, size: usize, limit: usize) -> bool {
        fits(self.size(), size, limit)
    }

    /// The message that was sent in pieces has ended. Gives the broadcasts that came in between, to be pushed now.
    pub(crate) fn end_stream(&mut self) -> Vec<Held> {
        self.is_streaming = false;
        self.has_sent = true;
        self.wake_waiting();
        let Some(aside) = &mut self.aside else { return Vec::new() };
        aside.held_size = 0;
        std::mem::take(&mut aside.held)
    }

    /// Whether all that was pushed is written, or never will be.
    pub(crate) fn is_written(&self) -> bool {
        self.queue.is_empty()
            && !self.is_writing
            && self.aside.as_ref().is_none_or(|aside| aside.held.is_empty())
    }

    /// Wakes this task when there is room again, or no more.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        let waiting = &mut self.aside.get_or_insert_default().waiting;
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    pub(crate) fn wake_waiting(&mut self) {
        let Some(aside) = &mut self.aside else { return };
        aside.waiting.drain(..).for_each(Waker::wake);
        if aside.held.is_empty() && aside.owed_pong.is_none() {
            self.aside = None;
        }
    }

    /// The driver, to be woken after the lock is let go, if it sleeps. The task that asks need not wake itself: it drives when
    /// its handler waits.
    #[inline]
    pub(crate) fn sleeper(&mut self, asking: Option<&Waker>) -> Option<Waker> {
        let driver = self.driver.as_ref().filter(|_| self.is_asleep)?;
        if asking.is_some_and(|asking| asking.will_wake(driver)) {
            return None;
        }
        self.is_asleep = false;
        self.driver.clone()
    }

    /// Hands the queue over to be written, and lets those go on who wait for room. From now on the driver is woken by what is
    /// sent. `false`: there is nothing.
    #[inline]
    pub(crate) fn hand_over(&mut self, writing: &mut Queue, role: Role, driver: &Waker) -> bool {
        if let Some(payload) = self.aside.as_mut().and_then(|aside| aside.owed_pong.take()) {
            self.push_control(role, OpCode::Pong, &payload);
        }
        self.is_asleep = true;
        self.is_refused = false;
        if !self.driver.as_ref().is_some_and(|known| known.will_wake(driver)) {
            self.driver = Some(driver.clone());
        }
        if self.queue.is_empty() {
            // Once: whoever waits for the end is in the list as well.
            if std::mem::take(&mut self.is_writing) {
                self.wake_waiting();
            }
            return false;
        }
        self.is_writing = true;
        std::mem::swap(&mut self.queue, writing);
        self.wake_waiting();
        true
    }

    /// The connection is over: whoever keeps the session shall not keep its task.
    pub(crate) fn retire(&mut self) {
        self.driver = None;
        self.wake_waiting();
    }

    /// Nothing is sent any more; what waits is lost.
    pub(crate) fn lose(&mut self) {
        self.queue.clear();
        self.is_writing = false;
        self.is_closing = true;
        if let Some(aside) = &mut self.aside {
            (aside.held, aside.held_size, aside.owed_pong) = Default::default();
        }
        self.wake_waiting();
    }
}

#[inline]
fn key_of(role: Role) -> Option<[u8; 4]> {
    match role {
        Role::Server => None,
        Role::Client => Some(super::random::mask_key()),
    }
}
