//! Sending: through the extensions into the outbox, by any task, whole messages at a time.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{MutexGuard, TryLockError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::task::coop::unconstrained;

use super::config::{Overflow, WebSocketConfig};
use super::message::{Outgoing, Payload};
use super::outbox::{Caller, Held, Outbox, Pushed};
use super::parts::{Core, release};
use super::words::opcode as opcode_of;
use crate::http::{Error, Result};
use crate::proto::ws::{CloseCode, CloseReason, Extensions, Frame, OpCode, Rsv};

impl Core {
    /// Sends a message, or waits for room.
    pub(crate) fn poll_send(&self, message: &Outgoing<'_>, cx: &mut Context<'_>) -> Poll<Result> {
        let pushed = self.push(message, Caller::Waits, Some(cx.waker()));
        self.sent(pushed)
    }

    /// What became of a message that may wait.
    #[inline]
    fn sent(&self, pushed: Pushed) -> Poll<Result> {
        match pushed {
            Pushed::Done | Pushed::Dropped => Poll::Ready(Ok(())),
            Pushed::Full => Poll::Pending,
            Pushed::Overflows => Poll::Ready(Err(self.overflow())),
            Pushed::Closed => Poll::Ready(Err(self.closed_error())),
        }
    }

    /// Sends a message now or not at all; tells whether it is on its way.
    pub(crate) fn try_send(&self, message: &Outgoing<'_>) -> Result<bool> {
        match self.push(message, Caller::Tries, None) {
            Pushed::Done => Ok(true),
            Pushed::Dropped | Pushed::Full => Ok(false),
            Pushed::Overflows => Err(self.overflow()),
            Pushed::Closed => Err(self.closed_error()),
        }
    }

    /// Sends a message of a broadcast; tells whether it is on its way.
    pub(crate) fn push_shared(&self, message: &Frame) -> bool {
        let mut extensions = self.lock_extensions();
        let (mut frame, size) = (message.clone(), message.payload.len());
        let (mut outbox, admitted) = self.admit(size, Caller::Shares);
        match admitted {
            Pushed::Done if outbox.is_streaming => outbox.hold(Held::Message(frame), size),
            Pushed::Done => {
                if let Err(reason) = self.push_whole(&mut outbox, extensions.as_deref_mut(), &mut frame) {
                    drop((outbox, extensions));
                    self.close(reason);
                    return false;
                }
            }
            Pushed::Overflows => {
                drop((outbox, extensions));
                self.overflow();
                return false;
            }
            Pushed::Full | Pushed::Dropped | Pushed::Closed => return false,
        }
        release(outbox, None);
        true
    }

    /// Lets a whole message through the extensions into the outbox, which has room for it.
    fn push_whole(
        &self,
        outbox: &mut Outbox,
        extensions: Option<&mut Extensions>,
        frame: &mut Frame,
    ) -> Result<(), CloseReason> {
        extensions.map_or(Ok(()), |extensions| extensions.encode(frame))?;
        self.push_frame(outbox, frame.head(), &frame.payload, Some(&frame.payload));
        Ok(())
    }

    /// Whether a message may be pushed now. An outbox is full only if the socket has refused bytes: until then what waits is
    /// written, from whatever task this is.
    #[inline]
    fn admit(&self, size: usize, caller: Caller) -> (MutexGuard<'_, Outbox>, Pushed) {
        let WebSocketConfig { outbox_size, overflow, .. } = *self.config;
        let waits = overflow == Overflow::Wait && caller == Caller::Waits;
        let (mut outbox, is_written) =
            self.outbox_with_room(|outbox| waits || !outbox.waits_for_nobody(size, outbox_size));
        let limit = if is_written { outbox_size } else { outbox_size.saturating_mul(BUSY) };
        let pushed = outbox.admit(size, limit, overflow, caller);
        #[cfg(feature = "metrics")]
        if matches!(pushed, Pushed::Done) {
            self.count(crate::http::Tally::sent);
        }
        (outbox, pushed)
    }

    /// The outbox; what waits in it is written before, unless it is good as it is. `false`: its driver is at that just now.
    #[inline]
    fn outbox_with_room(&self, is_good: impl FnOnce(&Outbox) -> bool) -> (MutexGuard<'_, Outbox>, bool) {
        let outbox = self.outbox();
        if is_good(&outbox) {
            return (outbox, true);
        }
        drop(outbox);
        let is_written = self.write_first();
        (self.outbox(), is_written)
    }

    /// Writes what waits, as the driver would. `false`: that is at it just now.
    #[cold]
    fn write_first(&self) -> bool {
        // Not a wait: a driver that holds its wire may want the extensions that this task holds.
        let mut wire = match self.wire.try_lock() {
            Ok(wire) => wire,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let Some(driver) = wire.driver.clone() else { return true };
        let wire = &mut *wire;
        // The budget is that of the task that sends, and its end would look like a socket that takes no more.
        let writing = unconstrained(poll_fn(|cx| self.poll_flush(wire, cx)));
        let flushed = pin!(writing).poll(&mut Context::from_waker(&driver));
        if flushed.is_pending() || wire.is_ended {
            // The times of the session have changed, and only its driver looks at the clock.
            driver.wake();
        }
        true
    }

    #[inline]
    fn push(&self, message: &Outgoing<'_>, caller: Caller, asking: Option<&Waker>) -> Pushed {
        let opcode = opcode_of(message.is_text);
        self.push_pieces(message.payload.bytes().len(), caller, asking, |push| match &message.payload {
            Payload::Borrowed(bytes) => push(true, opcode, bytes, None),
            Payload::Shared(bytes) => push(true, opcode, bytes, Some(bytes)),
        })
    }

    /// Sends a message in frames of `size` bytes, with nothing between them.
    pub(crate) fn poll_send_chunked(
        &self,
        message: &Outgoing<'_>,
        size: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result> {
        let bytes = message.payload.bytes();
        let first = opcode_of(message.is_text);
        let pushed = self.push_pieces(bytes.len(), Caller::Waits, Some(cx.waker()), |push| {
            let mut pieces = bytes.chunks(size.max(1)).peekable();
            if bytes.is_empty() {
                return push(true, first, bytes, None);
            }
            let mut opcode = first;
            while let Some(piece) = pieces.next() {
                push(pieces.peek().is_none(), opcode, piece, None)?;
                opcode = OpCode::Continuation;
            }
            Ok(())
        });
        self.sent(pushed)
    }

    /// Lets the frames of one message through the extensions, in order and without others between, if there is room.
    #[inline]
    fn push_pieces(
        &self,
        size: usize,
        caller: Caller,
        asking: Option<&Waker>,
        pieces: impl FnOnce(
            &mut dyn FnMut(bool, OpCode, &[u8], Option<&Bytes>) -> Result<(), CloseReason>,
        ) -> Result<(), CloseReason>,
    ) -> Pushed {
        // Whoever holds the extensions decides the order of messages.
        let mut extensions = self.lock_extensions();
        let (mut outbox, admitted) = self.admit(size, caller);
        if admitted != Pushed::Done {
            if admitted == Pushed::Full
                && let Some(asking) = asking
            {
                outbox.wait(asking);
            }
            return admitted;
        }
        let Some(extensions) = &mut extensions else {
            let _ = pieces(&mut |is_final, opcode, payload, shared| {
                self.push_frame(&mut outbox, (is_final, Rsv::NONE, opcode), payload, shared);
                Ok(())
            });
            release(outbox, asking);
            return Pushed::Done;
        };
        // Encoding may take long, and the driver wants the outbox.
        drop(outbox);
        let (mut first, mut others) = (None, Vec::new());
        let encoded = pieces(&mut |is_final, opcode, payload, shared| {
            let payload = shared.map_or_else(|| Bytes::copy_from_slice(payload), Bytes::clone);
            let mut frame = Frame { is_final, ..Frame::new(opcode, payload) };
            extensions.encode(&mut frame)?;
            match first {
                None => first = Some(frame),
                Some(_) => others.push(frame),
            }
            Ok(())
        });
        if let Err(reason) = encoded {
            self.close(reason);
            return Pushed::Closed;
        }
        let mut outbox = self.outbox();
        if outbox.is_closing {
            return Pushed::Closed;
        }
        for frame in first.iter().chain(&others) {
            self.push_frame(&mut outbox, frame.head(), &frame.payload, Some(&frame.payload));
        }
        release(outbox, asking);
        Pushed::Done
    }

    /// Puts a piece of a message into the outbox. A piece is never dropped, so the policy is not asked.
    fn push_piece(&self, outbox: &mut Outbox, head: (bool, Rsv, OpCode), payload: &Bytes) {
        let size = self.config.frame_payload.max(1);
        if payload.len() <= size {
            outbox.push(self.folded.role, head, payload, Some(payload), Overflow::Wait);
        } else {
            outbox.push_split(self.folded.role, head, payload, size, Overflow::Wait);
        }
    }

    /// Puts a frame of a message into the outbox, which has room for it, in as many as its size asks for.
    #[inline]
    fn push_frame(
        &self,
        outbox: &mut Outbox,
        head: (bool, Rsv, OpCode),
        payload: &[u8],
        shared: Option<&Bytes>,
    ) {
        let WebSocketConfig { frame_payload, overflow, .. } = *self.config;
        if payload.len() <= frame_payload {
            outbox.push(self.folded.role, head, payload, shared, overflow);
        } else {
            outbox.push_split(self.folded.role, head, payload, frame_payload.max(1), overflow);
        }
    }

    /// Begins a message in pieces: nobody else's messages come between. Waits until there is no other.
    pub(crate) fn poll_begin_stream(&self, cx: &mut Context<'_>) -> Poll<Result> {
        // Not while another message is being encoded.
        let _extensions = self.lock_extensions();
        let mut outbox = self.outbox();
        if outbox.is_closing {
            return Poll::Ready(Err(self.closed_error()));
        }
        if outbox.is_streaming {
            outbox.wait(cx.waker());
            return Poll::Pending;
        }
        outbox.is_streaming = true;
        Poll::Ready(Ok(()))
    }

    /// Sends a piece of a message that was begun, or waits for room.
    pub(crate) fn poll_stream(
        &self,
        opcode: OpCode,
        is_final: bool,
        piece: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<Result> {
        let mut extensions = self.lock_extensions();
        let mut outbox = self.outbox();
        if outbox.is_closing {
            return Poll::Ready(Err(self.closed_error()));
        }
        if !outbox.has_room(piece.len(), self.config.outbox_size) {
            outbox.wait(cx.waker());
            return Poll::Pending;
        }
        let mut frame = Frame { is_final, ..Frame::new(opcode, Bytes::copy_from_slice(piece)) };
        let encoded = extensions.as_mut().map_or(Ok(()), |extensions| extensions.encode(&mut frame));
        if let Err(reason) = encoded {
            drop((outbox, extensions));
            self.close(reason);
            return Poll::Ready(Err(self.closed_error()));
        }
        self.push_piece(&mut outbox, (is_final, frame.rsv, opcode), &frame.payload);
        let held = if is_final { outbox.end_stream() } else { Vec::new() };
        let pushed = held.into_iter().try_for_each(|message| match message {
            Held::Ready(frames) => {
                outbox.push_ready(&frames, self.config.overflow);
                Ok(())
            }
            Held::Message(mut frame) => self.push_whole(&mut outbox, extensions.as_deref_mut(), &mut frame),
        });
        if let Err(reason) = pushed {
            drop((outbox, extensions));
            self.close(reason);
            return Poll::Ready(Err(self.closed_error()));
        }
        release(outbox, Some(cx.waker()));
        Poll::Ready(Ok(()))
    }

    /// Waits until all that was sent is written, or never will be.
    pub(crate) fn poll_written(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut outbox = self.outbox();
        if outbox.is_written() {
            return Poll::Ready(());
        }
        outbox.wait(cx.waker());
        drop(outbox);
        // The driver tells when it finds nothing more to write, so it has to look.
        let driver = self.wire().driver.clone();
        if let Some(driver) = driver.filter(|driver| !driver.will_wake(cx.waker())) {
            driver.wake();
        }
        Poll::Pending
    }

    /// Sends a frame as it is, or waits for room.
    pub(crate) fn poll_send_frame(&self, frame: &Frame, cx: &mut Context<'_>) -> Poll<Result> {
        let mut outbox = self.outbox();
        if outbox.is_closing {
            return Poll::Ready(Err(self.closed_error()));
        }
        if !outbox.has_room(frame.payload.len(), self.config.outbox_size) {
            outbox.wait(cx.waker());
            return Poll::Pending;
        }
        outbox.push(self.folded.role, frame.head(), &frame.payload, Some(&frame.payload), Overflow::Wait);
        release(outbox, Some(cx.waker()));
        Poll::Ready(Ok(()))
    }

    /// Sends a message that is framed for servers without extensions; tells whether it is on its way.
    pub(crate) fn push_ready(&self, frames: &Bytes) -> bool {
        let (mut outbox, admitted) = self.admit(frames.len(), Caller::Shares);
        match admitted {
            Pushed::Done => {
                outbox.push_ready(frames, self.config.overflow);
                release(outbox, None);
                true
            }
            Pushed::Overflows => {
                drop(outbox);
                self.overflow();
                false
            }
            Pushed::Dropped | Pushed::Full | Pushed::Closed => false,
        }
    }

    /// Sends a ping or a pong.
    pub(crate) fn send_control(&self, opcode: OpCode, payload: &[u8]) -> Result {
        if payload.len() > 125 {
            return Err(Error::internal(format!(
                "the payload of a ping or pong has at most 125 bytes; this one has {}",
                payload.len()
            )));
        }
        let room = self.config.outbox_size;
        let (mut outbox, _) = self.outbox_with_room(|outbox| outbox.size() <= room || outbox.is_refused);
        if outbox.is_closing {
            return Err(self.closed_error());
        }
        if outbox.size() <= room {
            outbox.push_control(self.folded.role, opcode, payload);
            release(outbox, None);
        } else if opcode == OpCode::Pong {
            outbox.owe_pong(payload);
        } else {
            return Err(Error::internal("there is no room for a ping"));
        }
        Ok(())
    }

    /// The session reads too slowly.
    #[cold]
    fn overflow(&self) -> Error {
        self.close(CloseReason::shortened(CloseCode::TRY_AGAIN_LATER, "The outbox is full"));
        Error::internal(format!(
            "the peer reads too slowly: more than {} bytes wait for it (WebSocketConfig::outbox_size), and the session is closed (WebSocketConfig::overflow)",
            self.config.outbox_size
        ))
    }
}

/// How many times its bound may wait in an outbox while its driver is running, and so about to take it.
const BUSY: usize = 4;
