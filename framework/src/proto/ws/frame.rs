//! One frame (RFC 6455, section 5.2): its header, read and written.
//!
//! What a header says is judged as early as it is known: the first two bytes tell everything but long lengths.

use std::fmt;
use std::ops::BitOr;

use bytes::Bytes;

use super::close::CloseReason;
use super::mask;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OpCode {
    /// Goes on with the message of the frame before.
    Continuation = 0,
    /// Begins a message of text.
    Text = 1,
    /// Begins a message of bytes.
    Binary = 2,
    /// Closes the connection.
    Close = 8,
    /// Asks for a pong.
    Ping = 9,
    /// Answers a ping, or says by itself that the peer lives.
    Pong = 10,
}

impl OpCode {
    pub(super) fn parse(nibble: u8) -> Option<OpCode> {
        Some(match nibble {
            0 => OpCode::Continuation,
            1 => OpCode::Text,
            2 => OpCode::Binary,
            8 => OpCode::Close,
            9 => OpCode::Ping,
            10 => OpCode::Pong,
            _ => return None,
        })
    }

    /// Whether it is close, ping or pong, which may stand between the frames of a message.
    #[inline]
    pub fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// Reserved bits of a frame: what extensions claim, and what a frame carries (RFC 6455, section 5.2).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rsv(u8);

impl Rsv {
    /// None of them.
    pub const NONE: Rsv = Rsv(0);
    /// The first, which permessage-deflate claims.
    pub const RSV1: Rsv = Rsv(0x40);
    /// The second.
    pub const RSV2: Rsv = Rsv(0x20);
    /// The third.
    pub const RSV3: Rsv = Rsv(0x10);

    /// Whether all bits of `other` are among these.
    #[inline]
    pub fn contains(self, other: Rsv) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a bit of `other` is among these.
    pub fn intersects(self, other: Rsv) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These without those of `other`.
    #[must_use]
    pub fn without(self, other: Rsv) -> Rsv {
        Rsv(self.0 & !other.0)
    }
}

impl BitOr for Rsv {
    type Output = Rsv;

    fn bitor(self, other: Rsv) -> Rsv {
        Rsv(self.0 | other.0)
    }
}

impl fmt::Debug for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(Rsv::RSV1, "RSV1"), (Rsv::RSV2, "RSV2"), (Rsv::RSV3, "RSV3")];
        let mut set = names.into_iter().filter(|(bit, _)| self.contains(*bit)).map(|(_, name)| name);
        f.write_str(set.next().unwrap_or("NONE"))?;
        set.try_for_each(|name| write!(f, " | {name}"))
    }
}

/// A frame as extensions, and those who want raw frames, see it: unmasked.
///
/// ```
/// use vernal::websocket::{Frame, OpCode, Rsv};
///
/// let frame = Frame::new(OpCode::Text, "hello");
/// assert!(frame.is_final && frame.rsv == Rsv::NONE);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Whether its message ends with it.
    pub is_final: bool,
    /// Its reserved bits.
    pub rsv: Rsv,
    /// What it is.
    pub opcode: OpCode,
    /// Its payload.
    pub payload: Bytes,
    /// How many bytes the payload may have after it was decoded.
    pub(crate) room: usize,
}

impl Frame {
    /// A whole message, or a control frame.
    pub fn new(opcode: OpCode, payload: impl Into<Bytes>) -> Frame {
        Frame { is_final: true, rsv: Rsv::NONE, opcode, payload: payload.into(), room: usize::MAX }
    }

    /// All of its header that is not its length.
    pub(crate) fn head(&self) -> (bool, Rsv, OpCode) {
        (self.is_final, self.rsv, self.opcode)
    }

    /// How many bytes an incoming payload may have when it is decoded, so that the message stays within
    /// its limit. What is larger must be refused with [`CloseReason::too_big`](super::CloseReason::too_big).
    pub fn room(&self) -> usize {
        self.room
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("is_final", &self.is_final)
            .field("rsv", &self.rsv)
            .field("opcode", &self.opcode)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// All of a frame but its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) is_final: bool,
    pub(crate) rsv: Rsv,
    pub(crate) opcode: OpCode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) length: u64,
}

impl FrameHeader {
    /// The header at the beginning of `bytes`, and its own length. `check` sees what the first two bytes say, before
    /// the rest has come; the length is only right then if it is below 126. `Ok(None)`: not yet.
    ///
    /// # Errors
    /// A rule of section 5.2 or 5.5 is broken, or `check` refuses: the code is 1002 where the check says nothing else.
    #[inline]
    pub(crate) fn parse(
        bytes: &[u8],
        check: impl FnOnce(&FrameHeader) -> Result<(), CloseReason>,
    ) -> Result<Option<(FrameHeader, usize)>, CloseReason> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let Some(opcode) = OpCode::parse(first & 0x0f) else {
            return Err(CloseReason::protocol_error(format!("Unknown opcode {}", first & 0x0f)));
        };
        let short = second & 0x7f;
        let is_masked = second & 0x80 != 0;
        let mut header = FrameHeader {
            is_final: first & 0x80 != 0,
            rsv: Rsv(first & 0x70),
            opcode,
            mask: is_masked.then_some([0; 4]),
            length: short.into(),
        };
        if opcode.is_control() {
            if !header.is_final {
                return Err(CloseReason::protocol_error("Control frames cannot be fragmented"));
            }
            if short > 125 {
                return Err(CloseReason::protocol_error("Control frames cannot be larger than 125 bytes"));
            }
        }
        check(&header)?;
        let (length, rest) = match short {
            126 => {
                let Some((length, rest)) = rest.split_first_chunk::<2>() else { return Ok(None) };
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let Some((length, rest)) = rest.split_first_chunk::<8>() else { return Ok(None) };
                (u64::from_be_bytes(*length), rest)
            }
            short => (short.into(), rest),
        };
        if short == 126 && length < 126 || short == 127 && length <= u64::from(u16::MAX) {
            return Err(CloseReason::protocol_error(
                "The length of a frame is not written in its shortest form",
            ));
        }
        if length >> 63 != 0 {
            return Err(CloseReason::protocol_error("The length of a frame has its highest bit set"));
        }
        header.length = length;
        let mut rest = rest;
        if is_masked {
            let Some((key, after)) = rest.split_first_chunk::<4>() else { return Ok(None) };
            header.mask = Some(*key);
            rest = after;
        }
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Appends the header.
    #[inline]
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut bytes = [0; MAX_HEADER];
        bytes[0] = u8::from(self.is_final) << 7 | self.rsv.0 | self.opcode as u8;
        let masked = u8::from(self.mask.is_some()) << 7;
        let mut end = match self.length {
            length @ 0..126 => {
                bytes[1] = masked | length as u8;
                2
            }
            length @ 126..0x1_0000 => {
                bytes[1] = masked | 126;
                bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                4
            }
            length => {
                bytes[1] = masked | 127;
                bytes[2..10].copy_from_slice(&length.to_be_bytes());
                10
            }
        };
        if let Some(key) = self.mask {
            bytes[end..end + 4].copy_from_slice(&key);
            end += 4;
        }
        out.extend_from_slice(&bytes[..end]);
    }
}

/// Appends a whole frame, masked with `key` if there is one.
#[inline]
pub(crate) fn write_frame(
    out: &mut Vec<u8>,
    (is_final, rsv, opcode): (bool, Rsv, OpCode),
    payload: &[u8],
    key: Option<[u8; 4]>,
) {
    let header = FrameHeader { is_final, rsv, opcode, mask: key, length: payload.len() as u64 };
    out.reserve(MAX_HEADER + payload.len());
    header.write(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = key {
        mask::apply(&mut out[start..], key, 0);
    }
}

/// Appends the header of a frame whose payload follows by itself.
pub(crate) fn write_header(out: &mut Vec<u8>, (is_final, rsv, opcode): (bool, Rsv, OpCode), length: u64) {
    FrameHeader { is_final, rsv, opcode, mask: None, length }.write(out);
}

/// The longest header: two bytes, eight of length, four of key.
pub(crate) const MAX_HEADER: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Option<(FrameHeader, usize)>, CloseReason> {
        FrameHeader::parse(bytes, |_| Ok(()))
    }

    #[test]
    fn headers_are_the_same_both_ways() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 40, u64::MAX >> 1] {
            for mask in [None, Some([1, 2, 3, 4])] {
                for (is_final, rsv, opcode) in [
                    (true, Rsv::NONE, OpCode::Text),
                    (false, Rsv::RSV1 | Rsv::RSV3, OpCode::Binary),
                    (false, Rsv::RSV2, OpCode::Continuation),
                ] {
                    let header = FrameHeader { is_final, rsv, opcode, mask, length };
                    let mut bytes = Vec::new();
                    header.write(&mut bytes);
                    for end in 0..bytes.len() {
                        assert_eq!(parse(&bytes[..end]), Ok(None), "{header:?} up to {end}");
                    }
                    assert_eq!(parse(&bytes), Ok(Some((header, bytes.len()))));
                    bytes.push(7);
                    assert_eq!(parse(&bytes), Ok(Some((header, bytes.len() - 1))));
                }
            }
        }
    }

    #[test]
    fn broken_rules_are_told_as_soon_as_they_are_known() {
        let table: [(&str, &[u8], usize); 11] = [
            ("opcode 3", &[0x83, 0], 2),
            ("opcode 7", &[0x87, 0], 2),
            ("opcode 11", &[0x8b, 0], 2),
            ("opcode 15", &[0x8f, 0], 2),
            ("a ping in pieces", &[0x09, 0], 2),
            ("a long ping", &[0x89, 126, 0, 126], 2),
            ("a very long close", &[0x88, 127, 0], 2),
            ("125 in two bytes", &[0x82, 126, 0, 125], 4),
            ("0 in eight bytes", &[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0], 10),
            ("65535 in eight bytes", &[0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255], 10),
            ("the highest bit", &[0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0], 10),
        ];
        for (name, bytes, known_at) in table {
            for end in 0..known_at {
                assert_eq!(parse(&bytes[..end]), Ok(None), "{name} up to {end}");
            }
            assert_eq!(parse(&bytes[..known_at]).expect_err(name).code().value(), 1002, "{name}");
        }
    }

    #[test]
    fn bits_are_shown_by_their_names() {
        let table = [(Rsv::NONE, "NONE"), (Rsv::RSV2, "RSV2"), (Rsv::RSV3 | Rsv::RSV1, "RSV1 | RSV3")];
        for (rsv, expected) in table {
            assert_eq!(format!("{rsv:?}"), expected);
        }
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let mut out = Vec::new();
        write_frame(&mut out, (true, Rsv::NONE, OpCode::Text), b"Hello", None);
        assert_eq!(out, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        out.clear();
        write_frame(&mut out, (true, Rsv::NONE, OpCode::Text), b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]));
        assert_eq!(out, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }
}
