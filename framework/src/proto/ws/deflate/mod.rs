//! permessage-deflate (RFC 7692) over flate2, as an extension like any other.
//!
//! By default this side keeps no context between messages, nor does a client that offered to keep none: such a session holds
//! nothing while idle. Compressors and decompressors are lent by the thread for one message; of a peer that keeps its context the
//! last bytes are kept, as many as its window has. Frames are inflated as they come, within the message's bound.

mod codec;
mod parameters;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Decompress;

use self::codec::{Compressor, Decompressors, TAIL, Window, inflate};
use self::parameters::{Direction, Parameters};
use super::Role;
use super::close::CloseReason;
use super::extension::{Extension, ExtensionOffer, ExtensionResponse};
use super::frame::{Frame, OpCode, Rsv};
use crate::base::FlawedSetting;

/// Compression of messages: how it is negotiated and when it is used.
///
/// ```
/// use vernal::websocket::Deflate;
///
/// let deflate = Deflate::default().level(3).compress_if_bigger_than(1024);
/// let server = vernal::server::new().websocket_deflate(deflate);
/// # let _ = server;
/// ```
#[derive(Clone)]
pub struct Deflate {
    level: u32,
    keeps_context: bool,
    server_window: u8,
    /// `None`: as small as a client lets it be, or as large as there is where the context is kept for its own sake.
    client_window: Option<u8>,
    bigger_than: usize,
    conditions: Vec<Condition>,
    problem: FlawedSetting,
    code: &'static Code,
}

/// What compresses messages. Only these settings lead to it, so that a program without them has no compressors.
struct Code {
    extension: fn(&Deflate, Role) -> Box<dyn Extension>,
    alone: CompressAlone,
}

type CompressAlone = fn((u32, u8), &[u8]) -> Result<Bytes, CloseReason>;

static CODE: Code = Code {
    extension: |settings, role| Box::new(PerMessageDeflate::new(settings, role)),
    alone: codec::compress_alone,
};

type Condition = Arc<dyn Fn(&Frame) -> bool + Send + Sync>;

impl Default for Deflate {
    fn default() -> Deflate {
        Deflate {
            level: 6,
            keeps_context: false,
            server_window: 15,
            client_window: None,
            bigger_than: 128,
            conditions: Vec::new(),
            problem: FlawedSetting::default(),
            code: &CODE,
        }
    }
}

impl Deflate {
    /// How much work is put into compressing: 0 (none) to 9. Default 6. Any other number is an error at
    /// start, or when a client connects.
    #[must_use]
    #[track_caller]
    pub fn level(mut self, level: u32) -> Deflate {
        self.level = level;
        self.judged("level", level, 0..=9)
    }

    /// Keeps both windows from message to message, unless the peer objects: messages that are alike become smaller, and each
    /// session costs up to 300 KiB. Default: no, so the answer says `server_no_context_takeover`, which RFC 7692 allows
    /// unasked, and `client_no_context_takeover` to those who offered it.
    ///
    /// What a session holds between two messages, beside the 300 KiB of a compressor that keeps its context:
    ///
    /// | the client offered | default | `keep_context()` |
    /// |---|---|---|
    /// | `client_no_context_takeover` (gorilla, nhooyr, soketto) | nothing | nothing |
    /// | `client_max_window_bits` (browsers of Chromium, npm `ws`, most libraries) | 512 bytes | 32 KiB |
    /// | `client_max_window_bits=N` | 512 bytes | two to the power of N bytes |
    /// | neither (Firefox, Mojolicious) | 32 KiB | 32 KiB |
    ///
    /// The bytes are held once so many have come. [`Deflate::client_max_window_bits`] sets the bound of the second and third row.
    #[must_use]
    pub fn keep_context(mut self) -> Deflate {
        self.keeps_context = true;
        self
    }

    /// The largest window of the server's compressor, 9 to 15 as the power of two of its bytes. A client that offers less gets less.
    /// Default 15. Any other number is an error at start, or when a client connects. (zlib has no raw window of 256 bytes, so 8
    /// is declined.)
    #[must_use]
    #[track_caller]
    pub fn server_max_window_bits(mut self, bits: u8) -> Deflate {
        self.server_window = bits;
        self.judged("server_max_window_bits", bits.into(), 9..=15)
    }

    /// The largest window of the client's compressor, 9 to 15 as the power of two of its bytes: what a session keeps of a
    /// client that keeps its context. Asked only of clients that offer `client_max_window_bits`. Default 9, with which messages
    /// of 10 KB became 6 to 18 in 100 larger than with 15 and a fresh context for each, and short ones a third smaller; 15 with
    /// [`Deflate::keep_context`], and for clients of ours. Any other number is an error at start, or when a client connects.
    #[must_use]
    #[track_caller]
    pub fn client_max_window_bits(mut self, bits: u8) -> Deflate {
        self.client_window = Some(bits);
        self.judged("client_max_window_bits", bits.into(), 9..=15)
    }

    /// Compresses only messages with more bytes. Default 128: smaller ones rarely get smaller.
    #[must_use]
    pub fn compress_if_bigger_than(mut self, bytes: usize) -> Deflate {
        self.bigger_than = bytes;
        self
    }

    /// Compresses only messages whose first frame meets the condition. Several conditions must all hold.
    #[must_use]
    pub fn compress_if(mut self, condition: impl Fn(&Frame) -> bool + Send + Sync + 'static) -> Deflate {
        self.conditions.push(Arc::new(condition));
        self
    }

    #[track_caller]
    fn judged(mut self, setting: &str, number: u32, range: RangeInclusive<u32>) -> Deflate {
        self.problem.judge(number, range, |at, least, most| {
            format!("`Deflate::{setting}({number})` at {at}: write a number from {least} to {most}")
        });
        self
    }

    /// What is wrong with the settings.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.text()
    }

    /// The extension of one session.
    pub(crate) fn extension(&self, role: Role) -> Box<dyn Extension> {
        (self.code.extension)(self, role)
    }

    fn window_of(&self, role: Role) -> u8 {
        match role {
            Role::Server => self.server_window,
            Role::Client => self.client_window.unwrap_or(15),
        }
    }

    /// What a client that can bound its window is asked for.
    fn asked_window(&self) -> u8 {
        self.client_window.unwrap_or(if self.keeps_context { 15 } else { SMALLEST })
    }

    fn is_worth_it(&self, frame: &Frame) -> bool {
        self.level > 0
            && (frame.payload.len() > self.bigger_than || !frame.is_final)
            && self.conditions.iter().all(|condition| condition(frame))
    }
}

/// Conditions are the same only where one is a clone of the other.
impl PartialEq for Deflate {
    fn eq(&self, other: &Deflate) -> bool {
        let numbers = |of: &Deflate| {
            (
                of.level,
                of.keeps_context,
                of.server_window,
                of.client_window,
                of.bigger_than,
                of.conditions.len(),
            )
        };
        let mut conditions = self.conditions.iter().zip(&other.conditions);
        numbers(self) == numbers(other) && conditions.all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate")
            .field("level", &self.level)
            .field("keep_context", &self.keeps_context)
            .field("server_max_window_bits", &self.server_window)
            .field("client_max_window_bits", &self.asked_window())
            .field("compress_if_bigger_than", &self.bigger_than)
            .finish_non_exhaustive()
    }
}

impl Role {
    fn other(self) -> Role {
        match self {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        }
    }
}

/// permessage-deflate in one session. What it is there for is [`Deflate`].
pub(crate) struct PerMessageDeflate {
    settings: Deflate,
    out: Direction,
    inward: Direction,
    /// Held inside a message, and between messages where the context is kept.
    compressor: Option<Box<Compressor>>,
    /// Held inside a message in pieces.
    decompressor: Option<Box<Decompress>>,
    /// What the next frame may refer to, where there is such.
    window: Window,
    /// The outgoing message is a compressed one that has not ended.
    is_compressing: bool,
    /// The peer's context is another one than the compressor's by the next message.
    is_stale: bool,
    /// The incoming message is a compressed one that has not ended.
    is_inflating: bool,
}

impl Extension for PerMessageDeflate {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn negotiate(&mut self, offers: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        offers
            .iter()
            .filter(|offer| offer.name == NAME)
            .find_map(|offer| self.accept(Parameters::parse(offer)?))
    }

    fn offer(&self) -> ExtensionResponse {
        let mut offer = ExtensionResponse::new(NAME);
        if !self.settings.keeps_context {
            offer = offer.flag("server_no_context_takeover").flag("client_no_context_takeover");
        }
        if self.settings.server_window < 15 {
            offer = offer.parameter("server_max_window_bits", self.settings.server_window);
        }
        match self.settings.window_of(Role::Client) {
            15 => offer.flag("client_max_window_bits"),
            bits => offer.parameter("client_max_window_bits", bits),
        }
    }

    fn agree(&mut self, answer: &ExtensionOffer<'_>) -> bool {
        let Some(answer) = Parameters::parse(answer) else { return false };
        let client_window = match answer.client_max_window_bits {
            None => self.settings.window_of(Role::Client),
            // zlib has no raw window of 256 bytes to compress with.
            Some(Some(bits)) if bits >= SMALLEST => bits.min(self.settings.window_of(Role::Client)),
            Some(_) => return false,
        };
        let server_window = answer.server_max_window_bits.unwrap_or(15);
        if server_window > self.settings.server_window {
            return false;
        }
        let keeps = self.settings.keeps_context;
        if !keeps && !answer.server_no_context_takeover {
            return false;
        }
        self.out =
            Direction { window: client_window, keeps_context: keeps && !answer.client_no_context_takeover };
        self.inward = Direction {
            window: server_window.max(SMALLEST),
            keeps_context: !answer.server_no_context_takeover,
        };
        true
    }

    fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        if frame.opcode != OpCode::Continuation {
            self.is_inflating = frame.rsv.contains(Rsv::RSV1);
        } else if frame.rsv.contains(Rsv::RSV1) {
            return Err(CloseReason::protocol_error(
                "Only the first frame of a message says that it is compressed",
            ));
        }
        if !self.is_inflating {
            return Ok(());
        }
        frame.rsv = frame.rsv.without(Rsv::RSV1);
        let mut decompressor = match self.decompressor.take() {
            Some(decompressor) => decompressor,
            None => Decompressors::lend(&self.window)?,
        };
        let mut out = Vec::new();
        let mut inflated = inflate(&mut decompressor, &self.window, &frame.payload, &mut out, frame.room);
        if frame.is_final && inflated.is_ok() {
            inflated = inflate(&mut decompressor, &self.window, &TAIL, &mut out, frame.room);
        }
        let Direction { window, keeps_context } = self.inward;
        if frame.is_final || inflated.is_err() {
            self.is_inflating = false;
            Decompressors::take_back(decompressor);
        } else {
            self.decompressor = Some(decompressor);
        }
        if keeps_context || !frame.is_final {
            self.window.push(&out, window);
        } else {
            self.window.clear();
        }
        inflated?;
        frame.payload = out.into();
        Ok(())
    }

    fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        if frame.opcode != OpCode::Continuation {
            if std::mem::take(&mut self.is_stale)
                && let Some(compressor) = &mut self.compressor
            {
                compressor.state.reset();
            }
            self.is_compressing = self.settings.is_worth_it(frame);
            if self.is_compressing {
                frame.rsv = frame.rsv | Rsv::RSV1;
            }
        }
        if !self.is_compressing {
            return Ok(());
        }
        let (level, window) = (self.settings.level, self.out.window);
        let compressor = self.compressor.get_or_insert_with(|| Compressor::lend(level, window));
        frame.payload = compressor.compress(&frame.payload, frame.is_final)?;
        if frame.is_final {
            self.is_compressing = false;
            if !self.out.keeps_context
                && let Some(compressor) = self.compressor.take()
            {
                compressor.take_back();
            }
        }
        Ok(())
    }
}

impl PerMessageDeflate {
    fn new(settings: &Deflate, role: Role) -> PerMessageDeflate {
        let keeps_context = settings.keeps_context;
        PerMessageDeflate {
            settings: settings.clone(),
            out: Direction { window: settings.window_of(role), keeps_context },
            inward: Direction { window: settings.window_of(role.other()), keeps_context },
            compressor: None,
            decompressor: None,
            window: Window::default(),
            is_compressing: false,
            is_stale: false,
            is_inflating: false,
        }
    }

    /// Takes an offer up; `None`: it cannot be met.
    fn accept(&mut self, offer: Parameters) -> Option<ExtensionResponse> {
        let server_window = match offer.server_max_window_bits {
            // zlib has no raw window of 256 bytes.
            Some(8) => return None,
            Some(bits) => bits.min(self.settings.server_window),
            None => self.settings.server_window,
        };
        let client_window = match offer.client_max_window_bits {
            None => 15,
            // Who keeps no context needs no smaller window.
            Some(bits) if offer.client_no_context_takeover => {
                bits.unwrap_or(15).min(self.settings.window_of(Role::Client))
            }
            Some(bits) => bits.unwrap_or(15).min(self.settings.asked_window()),
        };
        let keeps = self.settings.keeps_context;
        self.out =
            Direction { window: server_window, keeps_context: keeps && !offer.server_no_context_takeover };
        // Who did not offer to keep no context may go on keeping it whatever the answer says, as Tornado and Mojolicious do.
        self.inward = Direction {
            window: client_window.max(SMALLEST),
            keeps_context: !offer.client_no_context_takeover,
        };
        let mut answer = ExtensionResponse::new(NAME);
        if !self.out.keeps_context {
            answer = answer.flag("server_no_context_takeover");
        }
        if !self.inward.keeps_context {
            answer = answer.flag("client_no_context_takeover");
        }
        if offer.server_max_window_bits.is_some() || server_window < 15 {
            answer = answer.parameter("server_max_window_bits", server_window);
        }
        if offer.client_max_window_bits.is_some() && client_window < 15 {
            answer = answer.parameter("client_max_window_bits", client_window);
        }
        Some(answer)
    }

    /// Whether a message is to be compressed.
    pub(crate) fn compresses(&self, frame: &Frame) -> bool {
        self.settings.is_worth_it(frame)
    }

    /// Level and window: sessions that agree in these may share a frame that was compressed with a fresh context.
    pub(crate) fn form(&self) -> (u32, u8) {
        (self.settings.level, self.out.window)
    }

    /// Compresses a whole message with a fresh context of this form.
    ///
    /// # Errors
    /// The compressor refuses to go on.
    pub(crate) fn compress_alone(&self, payload: &[u8]) -> Result<Bytes, CloseReason> {
        (self.settings.code.alone)(self.form(), payload)
    }

    /// Messages may be dropped after they were compressed: none may need one before it.
    pub(crate) fn keep_no_context(&mut self) {
        self.out.keeps_context = false;
    }

    /// A frame was sent that this compressor has not seen: its context is not the peer's any more.
    pub(crate) fn forget_context(&mut self) {
        // Now, or behind the message in pieces that is being sent: before the next message anyhow.
        self.is_stale = true;
    }
}

const NAME: &str = "permessage-deflate";

/// The smallest window that zlib has, as the power of two of its bytes.
const SMALLEST: u8 = 9;

#[cfg(test)]
mod tests;
