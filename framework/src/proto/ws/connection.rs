//! The receiving side of a connection as a state machine: which bytes are frames, which frames are messages.
//!
//! The driver owns the inbox: it appends what it has read and calls [`Protocol::receive`] until that gives `Ok(None)`.
//! Payloads are unmasked, and text is judged, where they lie and as they come; then they are split off without
//! a copy. What the peer is owed for a ping or a close is the driver's to pay.

use std::sync::{Mutex, PoisonError};

use bytes::{Buf, Bytes, BytesMut};

use super::Role;
use super::close::{CloseCode, CloseReason};
use super::extensions::Extensions;
use super::frame::{Frame, FrameHeader, OpCode, Rsv};
use super::mask;
use super::utf8::{Invalid, Utf8};

/// How much a peer may send. See [`WebSocketConfig`](crate::websocket::WebSocketConfig) for the defaults.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of a message, decoded.
    pub(crate) message_size: usize,
    /// Bytes of a frame's payload as it is sent.
    pub(crate) frame_size: usize,
    /// Frames of a message.
    pub(crate) fragments: usize,
}

/// What is wanted beside whole messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// The frames of a binary message in pieces, one by one, instead of the message.
    pub(crate) fragments: bool,
    /// Every frame as it is, and no message.
    pub(crate) frames: bool,
}

/// What has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A whole message; text has been checked.
    Message {
        is_text: bool,
        payload: Bytes,
    },
    /// A frame of a binary message in pieces, if these are wanted.
    Fragment {
        is_final: bool,
        payload: Bytes,
    },
    Ping(Bytes),
    Pong(Bytes),
    Close(CloseReason),
    /// Any frame, if these are wanted.
    Frame(Frame),
}

/// See the head of this file.
pub(crate) struct Protocol {
    role: Role,
    pub(crate) wants: Wants,
    claimed: Rsv,
    /// The frame whose payload is at the beginning of the inbox.
    header: Option<FrameHeader>,
    /// How much of that payload has been unmasked and judged.
    seen: usize,
    /// Of the text of the current message.
    utf8: Utf8,
    /// The message in pieces that has begun.
    message: Option<Box<Message>>,
}

/// A message of which some frames have come.
struct Message {
    opcode: OpCode,
    /// Bits of its first frame.
    rsv: Rsv,
    frames: usize,
    /// Bytes of the frames that have come, as they were sent.
    size: u64,
    bytes: Vec<u8>,
}

impl Protocol {
    pub(crate) fn new(role: Role) -> Protocol {
        Protocol {
            role,
            wants: Wants::default(),
            claimed: Rsv::NONE,
            header: None,
            seen: 0,
            utf8: Utf8::default(),
            message: None,
        }
    }

    /// Says which reserved bits extensions have claimed.
    pub(crate) fn claim(&mut self, rsv: Rsv) {
        self.claimed = rsv;
    }

    /// Opcode and bytes of the message of which some frames have come. They are given, and kept no longer.
    pub(crate) fn take_begun(&mut self) -> Option<(OpCode, Vec<u8>)> {
        self.message.as_mut().map(|message| (message.opcode, std::mem::take(&mut message.bytes)))
    }

    /// How many bytes of the current frame are still to come; 0 if that is not known.
    #[inline]
    pub(crate) fn missing(&self, inbox: &BytesMut) -> usize {
        self.header.map_or(0, |header| header.length as usize - inbox.len().min(header.length as usize))
    }

    /// Whether a frame has begun to come.
    pub(crate) fn is_in_frame(&self, inbox_is_empty: bool) -> bool {
        self.header.is_some() || !inbox_is_empty
    }

    /// The next that has come whole. `Ok(None)`: not yet.
    ///
    /// # Errors
    /// The peer broke a rule or a bound. Nothing more can be received.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        inbox: &mut BytesMut,
        bounds: Bounds,
        extensions: Option<&Mutex<Extensions>>,
    ) -> Result<Option<Received>, CloseReason> {
        loop {
            let header = match self.header {
                Some(header) => header,
                None => {
                    let parsed = FrameHeader::parse(inbox, |header| self.check(header))?;
                    let Some((header, length)) = parsed else { return Ok(None) };
                    self.check_size(&header, bounds)?;
                    inbox.advance(length);
                    self.header = Some(header);
                    self.seen = 0;
                    header
                }
            };
            let length = header.length as usize;
            let here = inbox.len().min(length);
            if here > self.seen {
                let fresh = &mut inbox[self.seen..here];
                if let Some(key) = header.mask {
                    mask::apply(fresh, key, self.seen);
                }
                if self.is_plain_text(&header, extensions) {
                    self.utf8.push(fresh).map_err(not_utf8)?;
                }
                self.seen = here;
            }
            if here < length {
                return Ok(None);
            }
            self.header = None;
            let payload = inbox.split_to(length).freeze();
            if let Some(received) = self.take(header, payload, bounds, extensions)? {
                return Ok(Some(received));
            }
        }
    }

    /// What the first two bytes of a frame tell.
    #[inline]
    fn check(&self, header: &FrameHeader) -> Result<(), CloseReason> {
        if header.mask.is_some() != self.role.expects_masks() {
            return Err(CloseReason::protocol_error(match self.role {
                Role::Server => "A client masks its frames",
                Role::Client => "A server does not mask its frames",
            }));
        }
        if !self.claimed.contains(header.rsv) || header.opcode.is_control() && !header.rsv.is_empty() {
            return Err(CloseReason::protocol_error("A reserved bit is set that no extension has claimed"));
        }
        match (header.opcode, &self.message) {
            (OpCode::Continuation, None) => {
                Err(CloseReason::protocol_error("A message cannot begin with a continuation frame"))
            }
            (OpCode::Text | OpCode::Binary, Some(_)) => {
                Err(CloseReason::protocol_error("The message before has not ended"))
            }
            _ => Ok(()),
        }
    }

    /// What the whole header tells, before anything of the payload is read.
    #[inline]
    fn check_size(&self, header: &FrameHeader, bounds: Bounds) -> Result<(), CloseReason> {
        if header.opcode.is_control() {
            return Ok(());
        }
        let Bounds { message_size, frame_size, fragments } = bounds;
        if header.length > frame_size as u64 {
            return Err(CloseReason::shortened(
                CloseCode::TOO_BIG,
                format!(
                    "Frame is too big: {}. Max size is {frame_size} (WebSocketConfig::frame_size)",
                    header.length
                ),
            ));
        }
        let (so_far, frames, sent) = self
            .message
            .as_ref()
            .map_or((0, 0, 0), |message| (message.bytes.len(), message.frames, message.size));
        let total = header.length + so_far as u64;
        // What extensions have changed is judged when they have undone it.
        let is_plain = self.of_message(header).1.is_empty();
        if total > message_size as u64 && is_plain && !self.wants.frames && !self.is_fragment(header) {
            return Err(CloseReason::shortened(
                CloseCode::TOO_BIG,
                format!(
                    "Message is too big: {total}. Max size is {message_size} (WebSocketConfig::message_size)"
                ),
            ));
        }
        let excused =
            usize::try_from(sent.saturating_add(header.length) / BYTES_PER_FRAME).unwrap_or(usize::MAX);
        if frames >= fragments.saturating_add(excused) {
            return Err(CloseReason::shortened(
                CloseCode::POLICY,
                format!(
                    "Message has more than {fragments} frames and one for each {BYTES_PER_FRAME} bytes (WebSocketConfig::fragments)"
                ),
            ));
        }
        Ok(())
    }

    /// Whether the payload of a frame is text that can be judged as it comes.
    #[inline]
    fn is_plain_text(&self, header: &FrameHeader, extensions: Option<&Mutex<Extensions>>) -> bool {
        let (opcode, rsv) = self.of_message(header);
        let is_text = opcode == OpCode::Text && !header.opcode.is_control() && !self.wants.frames;
        is_text && extensions.is_none_or(|extensions| lock(extensions).leave_alone(rsv))
    }

    /// Whether a frame is given by itself, as a piece of its message.
    #[inline]
    fn is_fragment(&self, header: &FrameHeader) -> bool {
        let is_whole = header.is_final && header.opcode != OpCode::Continuation;
        self.wants.fragments && !is_whole && self.of_message(header).0 == OpCode::Binary
    }

    /// Opcode and bits of the message that a frame belongs to.
    #[inline]
    fn of_message(&self, header: &FrameHeader) -> (OpCode, Rsv) {
        match &self.message {
            Some(message) if !header.opcode.is_control() => (message.opcode, message.rsv),
            _ => (header.opcode, header.rsv),
        }
    }

    /// Takes a frame that has come whole; `None` if that completes nothing.
    #[inline]
    fn take(
        &mut self,
        header: FrameHeader,
        payload: Bytes,
        bounds: Bounds,
        extensions: Option<&Mutex<Extensions>>,
    ) -> Result<Option<Received>, CloseReason> {
        let FrameHeader { is_final, opcode, rsv, .. } = header;
        if opcode.is_control() {
            let frame = Frame { is_final, rsv, opcode, payload, room: usize::MAX };
            if let Some(extensions) = extensions {
                lock(extensions).control(&frame)?;
            }
            if self.wants.frames {
                return Ok(Some(Received::Frame(frame)));
            }
            let payload = frame.payload;
            return Ok(Some(match opcode {
                OpCode::Ping => Received::Ping(payload),
                OpCode::Pong => Received::Pong(payload),
                _ => Received::Close(CloseReason::parse(&payload)?),
            }));
        }
        if extensions.is_none() && is_final && self.message.is_none() && !self.wants.frames {
            let is_text = opcode == OpCode::Text;
            if is_text {
                self.utf8.finish().map_err(not_utf8)?;
            }
            return Ok(Some(Received::Message { is_text, payload }));
        }
        self.take_piece(header, payload, bounds.message_size, extensions)
    }

    /// Takes a frame that is not a message by itself, or that extensions look at.
    fn take_piece(
        &mut self,
        header: FrameHeader,
        mut payload: Bytes,
        message_size: usize,
        extensions: Option<&Mutex<Extensions>>,
    ) -> Result<Option<Received>, CloseReason> {
        let FrameHeader { is_final, opcode, mut rsv, .. } = header;
        let (kind, first_rsv) = self.of_message(&header);
        let is_fragment = self.is_fragment(&header);
        if let Some(extensions) = extensions {
            let mut extensions = lock(extensions);
            let so_far = self.message.as_ref().map_or(0, |message| message.bytes.len());
            // Nothing is kept of a message that is taken in pieces.
            let room = message_size.saturating_sub(so_far);
            let mut frame = Frame { is_final, rsv, opcode, payload, room };
            extensions.decode(&mut frame)?;
            (payload, rsv) = (frame.payload, frame.rsv);
            if kind == OpCode::Text && !self.wants.frames && !extensions.leave_alone(first_rsv) {
                self.utf8.push(&payload).map_err(not_utf8)?;
            }
        }
        if !is_final || self.message.is_some() {
            self.count(kind, first_rsv, header);
        }
        if self.wants.frames {
            return Ok(Some(Received::Frame(Frame { is_final, rsv, opcode, payload, room: usize::MAX })));
        }
        let is_text = kind == OpCode::Text;
        if is_text && is_final {
            self.utf8.finish().map_err(not_utf8)?;
        }
        if is_fragment {
            return Ok(Some(Received::Fragment { is_final, payload }));
        }
        if opcode != OpCode::Continuation && is_final {
            return Ok(Some(Received::Message { is_text, payload }));
        }
        // `count` has ended the message if this was its last frame, but left its bytes here.
        let Some(mut message) = self.message.take() else { return Ok(None) };
        message.bytes.extend_from_slice(&payload);
        if is_final {
            return Ok(Some(Received::Message { is_text, payload: message.bytes.into() }));
        }
        self.message = Some(message);
        Ok(None)
    }

    /// Counts a frame of a message in pieces. Where its bytes are not kept the message ends here.
    fn count(&mut self, opcode: OpCode, rsv: Rsv, header: FrameHeader) {
        let message = self
            .message
            .get_or_insert_with(|| Box::new(Message { opcode, rsv, frames: 0, size: 0, bytes: Vec::new() }));
        message.frames += 1;
        message.size += header.length;
        let gives_pieces = self.wants.frames || self.wants.fragments && opcode == OpCode::Binary;
        if header.is_final && gives_pieces {
            self.message = None;
        }
    }
}

/// So many bytes of a message excuse a frame.
const BYTES_PER_FRAME: u64 = 64;

fn lock(extensions: &Mutex<Extensions>) -> std::sync::MutexGuard<'_, Extensions> {
    extensions.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cold]
fn not_utf8(Invalid: Invalid) -> CloseReason {
    CloseReason::corrupt("The text is not UTF-8")
}

#[cfg(test)]
mod tests;
