//! Why a connection is closed: codes (RFC 6455, section 7.4) and texts.

use std::borrow::Cow;
use std::fmt;

use crate::base::cut;

/// A close code. Any number can come in here; those that may be sent are 1000 to 1003, 1007 to 1014 and 3000 to 4999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident = $number:literal; )*) => {
        impl CloseCode {
            $( $(#[$doc])* pub const $name: CloseCode = CloseCode($number); )*
        }
    };
}

codes! {
    /// 1000: done.
    NORMAL = 1000;
    /// 1001: the server stops, or the page was left.
    GOING_AWAY = 1001;
    /// 1002: a frame broke the protocol.
    PROTOCOL_ERROR = 1002;
    /// 1003: a message of a kind, or of a form, that is not taken.
    UNACCEPTABLE = 1003;
    /// 1005, never sent: the peer closed without a code.
    NO_STATUS = 1005;
    /// 1006, never sent: the connection was lost without a close frame.
    ABNORMAL = 1006;
    /// 1007: text that is not UTF-8, or data that is corrupt.
    INVALID_DATA = 1007;
    /// 1008: against the rules of this server.
    POLICY = 1008;
    /// 1009: a message larger than what is taken.
    TOO_BIG = 1009;
    /// 1010: the client needs an extension that the server has not.
    MISSING_EXTENSION = 1010;
    /// 1011: the server failed.
    INTERNAL_ERROR = 1011;
    /// 1012: the server restarts.
    SERVICE_RESTART = 1012;
    /// 1013: the server is overloaded, or the peer reads too slowly.
    TRY_AGAIN_LATER = 1013;
}

impl CloseCode {
    /// The code of this number.
    pub const fn new(number: u16) -> CloseCode {
        CloseCode(number)
    }

    /// The number.
    pub const fn value(self) -> u16 {
        self.0
    }

    /// The number: another name of [`CloseCode::value`], as `StatusCode` has it.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether it may stand in a close frame (RFC 6455, section 7.4, and the registry it founds).
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl From<u16> for CloseCode {
    fn from(number: u16) -> CloseCode {
        CloseCode(number)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.0
    }
}

impl PartialEq<u16> for CloseCode {
    fn eq(&self, number: &u16) -> bool {
        self.0 == *number
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosedBy {
    /// The peer, with a close frame.
    Peer,
    /// This side, with a close frame: because it was done, stopped, failed, or because the peer broke a rule.
    Us,
    /// Nobody: the connection was lost.
    Nobody,
}

/// How a connection ended: code, text, and who ended it.
///
/// ```
/// use vernal::websocket::{CloseCode, CloseReason};
///
/// let reason = CloseReason::new(4001, "signed out")?;
/// assert_eq!((reason.code(), reason.text()), (CloseCode::new(4001), "signed out"));
/// assert!(CloseReason::new(1006, "").is_err());
/// # Ok::<(), vernal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    code: CloseCode,
    text: Cow<'static, str>,
    by: ClosedBy,
}

/// Why a [`CloseReason`] cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReasonError(String);

impl fmt::Display for CloseReasonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CloseReasonError {}

impl std::error::Error for CloseReason {}

impl CloseReason {
    /// A reason to close with.
    ///
    /// # Errors
    /// The code may not be sent, or the text has more than 123 bytes (RFC 6455, section 5.5).
    pub fn new(
        code: impl Into<CloseCode>,
        text: impl Into<Cow<'static, str>>,
    ) -> Result<CloseReason, CloseReasonError> {
        let (code, text) = (code.into(), text.into());
        if !code.is_sendable() {
            return Err(CloseReasonError(format!(
                "{code} is no close code to send: use 1000 to 1003, 1007 to 1014, or 3000 to 4999 for codes of your own"
            )));
        }
        if text.len() > MAX_TEXT {
            return Err(CloseReasonError(format!(
                "the text of a close frame has at most {MAX_TEXT} bytes; this one has {}",
                text.len()
            )));
        }
        Ok(CloseReason { code, text, by: ClosedBy::Us })
    }

    /// 1000, without a text.
    pub const fn normal() -> CloseReason {
        CloseReason { code: CloseCode::NORMAL, text: Cow::Borrowed(""), by: ClosedBy::Us }
    }

    /// 1009: what came is larger than `limit` bytes. For extensions that decode.
    pub fn too_big(limit: usize) -> CloseReason {
        let text = format!("The message is larger than {limit} bytes (WebSocketConfig::message_size)");
        CloseReason::shortened(CloseCode::TOO_BIG, text)
    }

    /// 1007: what came cannot be decoded. For extensions.
    pub fn corrupt(text: impl Into<Cow<'static, str>>) -> CloseReason {
        CloseReason::shortened(CloseCode::INVALID_DATA, text)
    }

    /// The code: 1005 where the peer gave none, 1006 where the connection was lost.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// The text; often empty.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Who ended the connection.
    pub fn by(&self) -> ClosedBy {
        self.by
    }

    /// Whether it ended as connections should: 1000, 1001 or without a code.
    pub fn is_normal(&self) -> bool {
        matches!(self.code, CloseCode::NORMAL | CloseCode::GOING_AWAY | CloseCode::NO_STATUS)
    }

    /// A reason of our own whose text is cut to what fits.
    pub(crate) fn shortened(code: CloseCode, text: impl Into<Cow<'static, str>>) -> CloseReason {
        CloseReason { code, text: cut(text.into(), MAX_TEXT), by: ClosedBy::Us }
    }

    pub(crate) fn protocol_error(text: impl Into<Cow<'static, str>>) -> CloseReason {
        CloseReason::shortened(CloseCode::PROTOCOL_ERROR, text)
    }

    /// The connection was lost.
    pub(crate) fn lost(text: &'static str) -> CloseReason {
        CloseReason { code: CloseCode::ABNORMAL, text: text.into(), by: ClosedBy::Nobody }
    }

    /// What a close frame of the peer says.
    ///
    /// # Errors
    /// Its payload breaks section 5.5.1 or 7.4: 1002; its text is not UTF-8: 1007.
    pub(crate) fn parse(payload: &[u8]) -> Result<CloseReason, CloseReason> {
        let (code, text) = match payload {
            [] => (CloseCode::NO_STATUS, &[][..]),
            [_] => return Err(CloseReason::protocol_error("A close frame has one byte of payload")),
            [high, low, text @ ..] => (CloseCode(u16::from_be_bytes([*high, *low])), text),
        };
        if code != CloseCode::NO_STATUS && !code.is_sendable()
            || payload.len() >= 2 && code == CloseCode::NO_STATUS
        {
            return Err(CloseReason::protocol_error(format!("The close code {code} may not be sent")));
        }
        match std::str::from_utf8(text) {
            Ok(text) => Ok(CloseReason { code, text: text.to_owned().into(), by: ClosedBy::Peer }),
            Err(_) => Err(CloseReason::corrupt("The text of the close frame is not UTF-8")),
        }
    }

    /// The payload of the close frame that says this, or that answers it: one without a code is answered with 1000.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let code = if self.code.is_sendable() { self.code } else { CloseCode::NORMAL };
        [&code.value().to_be_bytes(), self.text.as_bytes()].concat()
    }
}

/// A sentence for logs: who ended the connection, the code, the text.
impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.by {
            ClosedBy::Peer => "the peer closed the connection",
            ClosedBy::Us => "this side closed the connection",
            ClosedBy::Nobody => "the connection was lost",
        })?;
        write!(f, " ({}", self.code)?;
        if !self.text.is_empty() {
            write!(f, ": {}", crate::base::Logged(&self.text))?;
        }
        f.write_str(")")
    }
}

/// What of a control frame is left beside the code.
const MAX_TEXT: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_close_frames() {
        type Row<'t> = (&'t [u8], Result<(u16, &'t str), u16>);
        let table: [Row<'_>; 15] = [
            (b"", Ok((1005, ""))),
            (b"\x03", Err(1002)),
            (b"\x03\xe8", Ok((1000, ""))),
            (b"\x03\xe9bye", Ok((1001, "bye"))),
            (b"\x03\xeb", Ok((1003, ""))),
            (b"\x03\xec", Err(1002)),
            (b"\x03\xed", Err(1002)),
            (b"\x03\xee", Err(1002)),
            (b"\x03\xef", Ok((1007, ""))),
            (b"\x03\xf6", Ok((1014, ""))),
            (b"\x03\xf7", Err(1002)),
            (b"\x0b\xb7", Err(1002)),
            (b"\x0b\xb8", Ok((3000, ""))),
            (b"\x13\x88", Err(1002)),
            (b"\x03\xe8\xce\xba\xe1", Err(1007)),
        ];
        for (payload, expected) in table {
            let parsed = CloseReason::parse(payload);
            let found = parsed.as_ref().map(|reason| (reason.code().value(), reason.text()));
            assert_eq!(found.map_err(|reason| reason.code().as_u16()), expected, "{payload:x?}");
        }
    }

    #[test]
    fn what_is_parsed_is_written_again() {
        for payload in [&b"\x03\xe8"[..], b"\x03\xe9bye", "\u{f}\u{a0}ü".as_bytes()] {
            if let Ok(reason) = CloseReason::parse(payload) {
                assert_eq!(reason.payload(), payload);
            }
        }
        assert_eq!(CloseReason::parse(b"").expect("empty").payload(), b"\x03\xe8");
    }

    #[test]
    fn what_is_said_in_logs_is_whole_and_on_one_line() {
        let payload = |text: &str| [&1000_u16.to_be_bytes(), text.as_bytes()].concat();
        let long = "x".repeat(123);
        for (text, expected) in [("a\r\nb <&\"'", "a\\r\\nb <&\"'"), (&long, &long)] {
            let reason = CloseReason::parse(&payload(text)).expect("a close frame").to_string();
            assert!(reason.ends_with(&format!(": {expected})")), "{reason}");
        }
    }

    #[test]
    fn texts_fit_their_frame() {
        assert!(CloseReason::new(1000, "a".repeat(123)).is_ok());
        assert!(CloseReason::new(1000, "a".repeat(124)).is_err());
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
            assert!(CloseReason::new(code, "").is_err(), "{code}");
        }
        let long = CloseReason::shortened(CloseCode::INTERNAL_ERROR, "ü".repeat(100));
        assert_eq!(long.text(), "ü".repeat(60) + "…");
    }
}
