//! Frames on their way to the peer: filled by any task, drained by the task that drives the connection.
//!
//! Small frames are put together in one buffer, so that many go out with one write; large ones and shared ones are sent
//! from where they lie. Idle, it owns nothing.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};

use super::config::Overflow;
use crate::io::{Stream, buffers};
use crate::proto::ws::{Frame, OpCode, Role, Rsv, write_frame};

/// Frames in order.
#[derive(Default)]
pub(crate) struct Queue {
    bytes: Vec<u8>,
    /// How much of `bytes` is written.
    written: usize,
    /// What comes after `bytes`; seldom anything, and never while idle.
    #[expect(clippy::box_collection, reason = "two of these are in every idle session, and empty")]
    rest: Option<Box<VecDeque<Segment>>>,
    /// Bytes in all that are not written.
    size: usize,
}

struct Segment {
    bytes: Bytes,
    /// A whole message that may be dropped to make room.
    is_message: bool,
}

impl Queue {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Appends a frame.
    #[inline]
    fn push_frame(&mut self, head: (bool, Rsv, OpCode), payload: &[u8], key: Option<[u8; 4]>) {
        self.append(|out| write_frame(out, head, payload, key));
    }

    /// Appends a frame whose payload is sent from where it lies.
    fn push_large(&mut self, head: (bool, Rsv, OpCode), payload: Bytes) {
        let length = payload.len() as u64;
        self.append(|out| crate::proto::ws::write_header(out, head, length));
        self.push_shared(payload, false);
    }

    /// Appends whole frames that are ready.
    fn push_ready(&mut self, frames: &Bytes) {
        if frames.len() <= COPIED {
            self.append(|out| out.extend_from_slice(frames));
        } else {
            self.push_shared(frames.clone(), false);
        }
    }

    fn push_shared(&mut self, bytes: Bytes, is_message: bool) {
        self.size += bytes.len();
        self.rest.get_or_insert_default().push_back(Segment { bytes, is_message });
    }

    #[inline]
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.rest.is_some() {
            let mut bytes = Vec::new();
            write(&mut bytes);
            return self.push_shared(bytes.into(), false);
        }
        if self.bytes.capacity() == 0 {
            self.bytes = buffers::lend_for_writing();
        }
        let before = self.bytes.len();
        write(&mut self.bytes);
        self.size += self.bytes.len() - before;
    }

    /// Drops the oldest message that may be dropped.
    fn drop_oldest(&mut self) -> bool {
        let Some(rest) = &mut self.rest else { return false };
        let oldest = rest.iter().position(|segment| segment.is_message).and_then(|index| rest.remove(index));
        self.size -= oldest.as_ref().map_or(0, |segment| segment.bytes.len());
        oldest.is_some()
    }

    /// Writes until nothing is left. `progress` tells whether at least something went out.
    #[inline]
    pub(crate) fn poll_write(
        &mut self,
        stream: &mut Stream,
        progress: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.size > 0 {
            let waiting = &self.bytes[self.written..];
            let mut count = if let Some(rest) = &self.rest {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let pieces = std::iter::once(waiting).chain(rest.iter().map(|segment| &segment.bytes[..]));
                let mut used = 0;
                for (slice, piece) in slices.iter_mut().zip(pieces.filter(|piece| !piece.is_empty())) {
                    *slice = IoSlice::new(piece);
                    used += 1;
                }
                ready!(stream.poll_write_vectored(cx, &slices[..used]))?
            } else {
                ready!(stream.poll_write(cx, waiting))?
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *progress = true;
            self.size -= count;
            let of_bytes = count.min(waiting.len());
            self.written += of_bytes;
            count -= of_bytes;
            while let Some(rest) = &mut self.rest
                && let Some(first) = rest.front_mut()
                && (count > 0 || first.bytes.is_empty())
            {
                let of_first = count.min(first.bytes.len());
                first.bytes.advance(of_first);
                count -= of_first;
                if first.bytes.is_empty() {
                    rest.pop_front();
                }
            }
        }
        self.clear();
        stream.poll_flush(cx)
    }

    /// Gives the memory back.
    pub(crate) fn clear(&mut self) {
        self.written = 0;
        self.size = 0;
        buffers::return_from_writing(std::mem::take(&mut self.bytes));
        self.rest = None;
    }
}

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
    /// Broadcasts that came in between, and their size.
    held: Option<Box<(Vec<Held>, usize)>>,
    /// The payload of a pong for which there was no room.
    owed_pong: Option<Box<[u8]>>,
    /// The task that drains it sleeps, and is to be woken.
    is_asleep: bool,
    driver: Option<Waker>,
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
            held: None,
            owed_pong: None,
            is_asleep: false,
            driver: None,
            waiting: Vec::new(),
        }
    }

    /// Whether there is no room for a message, though the socket has not refused what waits.
    #[inline]
    pub(crate) fn waits_for_nobody(&self, size: usize, limit: usize) -> bool {
        !self.is_refused && !self.is_closing && !self.is_streaming && !fits(self.queue.size, size, limit)
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
        let held = self.held.as_ref().map_or(0, |held| held.1);
        let waiting = self.queue.size + held;
        if fits(waiting, size, limit) {
            self.has_sent = true;
            return Pushed::Done;
        }
        match overflow {
            Overflow::Wait if caller != Caller::Shares => Pushed::Full,
            Overflow::Wait | Overflow::Close => Pushed::Overflows,
            Overflow::DropNewest => Pushed::Dropped,
            Overflow::DropOldest => {
                while self.queue.size > 0 && self.queue.size + held + size > limit && self.queue.drop_oldest()
                {
                }
                // Frames that are not whole messages cannot be dropped.
                let waiting = self.queue.size + held;
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
        let (held, size) = &mut **self.held.get_or_insert_default();
        *size += length;
        held.push(message);
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
        self.owed_pong = Some(payload.into());
    }

    /// Bytes that wait in it.
    pub(crate) fn size(&self) -> usize {
        self.queue.size
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
        self.held.take().map(|held| held.0).unwrap_or_default()
    }

    /// Whether all that was pushed is written, or never will be.
    pub(crate) fn is_written(&self) -> bool {
        self.queue.is_empty() && !self.is_writing && self.held.is_none()
    }

    /// Wakes this task when there is room again, or no more.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        if !self.waiting.iter().any(|known| known.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
    }

    pub(crate) fn wake_waiting(&mut self) {
        if !self.waiting.is_empty() {
            std::mem::take(&mut self.waiting).into_iter().for_each(Waker::wake);
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
        if let Some(payload) = self.owed_pong.take() {
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
        self.held = None;
        self.is_writing = false;
        self.is_closing = true;
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

/// Payloads up to this size are copied behind their header: cheaper than a slice more for the kernel.
const COPIED: usize = 8 << 10;

/// How many pieces go into one write.
const SLICES: usize = 16;
