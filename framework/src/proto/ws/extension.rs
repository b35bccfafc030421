//! Extensions (RFC 6455, section 9): what they are told, what they may change, and the ledger of the bits they claim.
//!
//! Outgoing frames pass them in the order of installation, incoming ones in the reverse order. Only data frames do; control frames
//! that come are shown to them.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::close::{CloseCode, CloseReason};
use super::frame::{Frame, OpCode, Rsv};
use super::{PerMessageDeflate, Role};

/// An extension of the protocol: one object for each session, the same for servers and clients.
///
/// Install it with `server::new().websocket_extension(|| …)`, or for a client with
/// [`Connect::extension`](crate::websocket::Connect::extension).
///
/// ```
/// use vernal::websocket::{CloseReason, Extension, ExtensionOffer, ExtensionResponse, Frame};
///
/// /// Counts frames, and tells nobody.
/// #[derive(Default)]
/// struct Count(u64);
///
/// impl Extension for Count {
///     fn name(&self) -> &str {
///         "x-count"
///     }
///
///     fn negotiate(&mut self, _: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
///         Some(ExtensionResponse::silent())
///     }
///
///     fn decode(&mut self, _: &mut Frame) -> Result<(), CloseReason> {
///         self.0 += 1;
///         Ok(())
///     }
/// }
/// ```
pub trait Extension: Any + Send {
    /// Its name in Sec-WebSocket-Extensions.
    fn name(&self) -> &str;

    /// The reserved bits it claims. Two extensions that claim the same are an error at start.
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    /// The server's side: takes part or not, given all that the client offers. Default: if its name is among the
    /// offers, without parameters.
    fn negotiate(&mut self, offers: &[ExtensionOffer<'_>]) -> Option<ExtensionResponse> {
        let is_offered = offers.iter().any(|offer| offer.name == self.name());
        is_offered.then(|| ExtensionResponse::new(self.name()))
    }

    /// The client's side: what is offered. Default: its name without parameters; [`ExtensionResponse::silent`] takes part
    /// without an offer.
    fn offer(&self) -> ExtensionResponse {
        ExtensionResponse::new(self.name())
    }

    /// The client's side: whether it agrees with the server's answer. An answer that it does not agree with ends the
    /// connection. Default: yes.
    fn agree(&mut self, answer: &ExtensionOffer<'_>) -> bool {
        let _ = answer;
        true
    }

    /// Looks at, or changes, an incoming data frame. It takes its own bits off [`Frame::rsv`], and keeps the payload within
    /// [`Frame::room`].
    ///
    /// # Errors
    /// The frame cannot be decoded; the connection is closed with that reason.
    fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        let _ = frame;
        Ok(())
    }

    /// Is shown each control frame that comes, in its order among the data frames: pings, pongs and close frames, which are answered all the
    /// same. Default: does nothing.
    fn control(&mut self, frame: &Frame) {
        let _ = frame;
    }

    /// Looks at, or changes, an outgoing data frame.
    ///
    /// # Errors
    /// The frame cannot be encoded; the connection is closed with that reason.
    fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        let _ = frame;
        Ok(())
    }
}

/// An extension as a peer names it, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionOffer<'h> {
    pub(crate) name: &'h str,
    pub(crate) parameters: Vec<(&'h str, Option<&'h str>)>,
}

impl<'h> ExtensionOffer<'h> {
    /// Its name.
    pub fn name(&self) -> &'h str {
        self.name
    }

    /// All parameters in order; one without a value has `None`.
    pub fn parameters(&self) -> impl Iterator<Item = (&'h str, Option<&'h str>)> {
        self.parameters.iter().copied()
    }

    /// The value of a parameter: `Some(None)` if it stands there without one.
    pub fn parameter(&self, name: &str) -> Option<Option<&'h str>> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// As it stands in the header field.
impl fmt::Display for ExtensionOffer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (name, value) in &self.parameters {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// What this side says of an extension: an answer of a server, or an offer of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionResponse {
    text: Option<String>,
}

impl ExtensionResponse {
    /// Its name, without parameters yet.
    pub fn new(name: &str) -> ExtensionResponse {
        ExtensionResponse { text: Some(name.to_owned()) }
    }

    /// It takes part, and the peer is told nothing of it: for extensions that only look.
    pub fn silent() -> ExtensionResponse {
        ExtensionResponse { text: None }
    }

    /// Adds a parameter without a value.
    #[must_use]
    pub fn flag(mut self, name: &str) -> ExtensionResponse {
        if let Some(text) = &mut self.text {
            text.push_str("; ");
            text.push_str(name);
        }
        self
    }

    /// Adds a parameter; its value is a token.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl fmt::Display) -> ExtensionResponse {
        if let Some(text) = &mut self.text {
            text.push_str(&format!("; {name}={value}"));
        }
        self
    }

    /// As it stands in the header field; `None` for a silent one.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// The extensions that take part in one session, in the order of installation.
#[derive(Default)]
pub(crate) struct Extensions {
    list: Vec<Box<dyn Extension>>,
    claimed: Rsv,
    /// Whether there is nothing but permessage-deflate, which leaves messages without RSV1 alone.
    is_deflate_alone: bool,
}

impl Extensions {
    pub(crate) fn new(list: Vec<Box<dyn Extension>>) -> Extensions {
        let claimed = list.iter().fold(Rsv::NONE, |claimed, extension| claimed | extension.rsv());
        let is_deflate_alone = matches!(&list[..], [only] if (&**only as &dyn Any).is::<PerMessageDeflate>());
        Extensions { list, claimed, is_deflate_alone }
    }

    /// What two extensions claim both, if there are such.
    pub(crate) fn conflict(list: &[Box<dyn Extension>]) -> Option<(&str, &str)> {
        list.iter().enumerate().find_map(|(index, extension)| {
            let other = list[..index].iter().find(|other| other.rsv().intersects(extension.rsv()))?;
            Some((other.name(), extension.name()))
        })
    }

    /// The server's choice among what a client offers: those that take part, and the value of the answer's field.
    pub(crate) fn negotiate(
        installed: Vec<Box<dyn Extension>>,
        offers: &[ExtensionOffer<'_>],
    ) -> (Extensions, String) {
        let mut answer = String::new();
        let mut taking_part = Vec::new();
        for mut extension in installed {
            let Some(response) = extension.negotiate(offers) else { continue };
            if let Some(text) = response.text() {
                if !answer.is_empty() {
                    answer.push_str(", ");
                }
                answer.push_str(text);
            }
            taking_part.push(extension);
        }
        (Extensions::new(taking_part), answer)
    }

    /// What a client's extensions become by the server's answer.
    ///
    /// # Errors
    /// The answer names what was not offered, or in a way that an extension does not agree with.
    pub(crate) fn agree(
        offered: Vec<Box<dyn Extension>>,
        answers: &[ExtensionOffer<'_>],
    ) -> Result<Extensions, String> {
        let mut taking_part = Vec::new();
        let mut taken = vec![false; answers.len()];
        for mut extension in offered {
            let answer = answers.iter().position(|answer| answer.name == extension.name());
            match answer {
                None if extension.offer().text().is_none() => taking_part.push(extension),
                None => {}
                Some(index) if taken[index] || !extension.agree(&answers[index]) => {
                    return Err(format!("the server's answer `{}` is not what was offered", answers[index]));
                }
                Some(index) => {
                    taken[index] = true;
                    taking_part.push(extension);
                }
            }
        }
        match taken.iter().position(|taken| !taken) {
            Some(index) => Err(format!("the server answers `{}`, which was not offered", answers[index])),
            None => Ok(Extensions::new(taking_part)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn claimed(&self) -> Rsv {
        self.claimed
    }

    /// Whether the frames of a message that begins with these bits pass through unchanged.
    #[inline]
    pub(crate) fn leave_alone(&self, rsv: Rsv) -> bool {
        self.is_deflate_alone && rsv.is_empty()
    }

    /// The permessage-deflate of this session, if it is the only extension: broadcasts may share compressed frames then.
    pub(crate) fn deflate_alone(&mut self) -> Option<&mut PerMessageDeflate> {
        match &mut self.list[..] {
            [only] => (&mut **only as &mut dyn Any).downcast_mut(),
            _ => None,
        }
    }

    /// The permessage-deflate of this session.
    pub(crate) fn deflate(&mut self) -> Option<&mut PerMessageDeflate> {
        self.position::<PerMessageDeflate>().map(|index| self.at_mut(index))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Extension> {
        self.list.iter().map(|extension| &**extension)
    }

    /// The place of the extension of a type.
    pub(crate) fn position<X: Extension>(&self) -> Option<usize> {
        self.list.iter().position(|extension| (&**extension as &dyn Any).is::<X>())
    }

    /// The same to change.
    pub(crate) fn at_mut<X: Extension>(&mut self, index: usize) -> &mut X {
        (&mut *self.list[index] as &mut dyn Any).downcast_mut().expect("the position of this type")
    }

    /// Undoes what the peer's extensions did to a data frame.
    pub(crate) fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        for extension in self.list.iter_mut().rev() {
            guarded(|| extension.decode(frame))?;
        }
        if frame.payload.len() > frame.room {
            return Err(CloseReason::too_big(frame.room));
        }
        Ok(())
    }

    /// Shows the extensions a control frame that came.
    pub(crate) fn control(&mut self, frame: &Frame) -> Result<(), CloseReason> {
        self.list.iter_mut().rev().try_for_each(|extension| {
            guarded(|| {
                extension.control(frame);
                Ok(())
            })
        })
    }

    /// Lets the extensions have an outgoing data frame.
    pub(crate) fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
        debug_assert!(!matches!(frame.opcode, OpCode::Close | OpCode::Ping | OpCode::Pong));
        self.list.iter_mut().try_for_each(|extension| guarded(|| extension.encode(frame)))
    }
}

/// An extension that panics fails its session, not the task that drives the connection.
fn guarded(call: impl FnOnce() -> Result<(), CloseReason>) -> Result<(), CloseReason> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(CloseReason::shortened(CloseCode::INTERNAL_ERROR, "An extension failed")))
}

impl Role {
    /// Whether this side must get masked frames.
    #[inline]
    pub(crate) fn expects_masks(self) -> bool {
        self == Role::Server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts its letter behind the payload, and takes it off again.
    struct Tag(&'static str, Rsv);

    impl Extension for Tag {
        fn name(&self) -> &str {
            self.0
        }

        fn rsv(&self) -> Rsv {
            self.1
        }

        fn decode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
            let Some(rest) = frame.payload.strip_suffix(self.0.as_bytes()) else {
                return Err(CloseReason::corrupt("no tag"));
            };
            frame.payload = frame.payload.slice(..rest.len());
            Ok(())
        }

        fn encode(&mut self, frame: &mut Frame) -> Result<(), CloseReason> {
            frame.payload = [&frame.payload[..], self.0.as_bytes()].concat().into();
            Ok(())
        }
    }

    fn tags() -> Vec<Box<dyn Extension>> {
        vec![Box::new(Tag("a", Rsv::RSV2)), Box::new(Tag("b", Rsv::RSV3))]
    }

    #[test]
    fn frames_pass_in_order_and_back() {
        let mut extensions = Extensions::new(tags());
        let mut frame = Frame::new(OpCode::Text, "x");
        extensions.encode(&mut frame).expect("encoded");
        assert_eq!(frame.payload, "xab");
        extensions.decode(&mut frame).expect("decoded");
        assert_eq!(frame.payload, "x");
        assert!(
            extensions.claimed().contains(Rsv::RSV2 | Rsv::RSV3) && !extensions.claimed().contains(Rsv::RSV1)
        );
        assert!(extensions.decode(&mut frame).is_err());
    }

    #[test]
    fn conflicts_are_found() {
        let mut list = tags();
        assert_eq!(Extensions::conflict(&list), None);
        list.push(Box::new(Tag("c", Rsv::RSV1 | Rsv::RSV2)));
        assert_eq!(Extensions::conflict(&list), Some(("a", "c")));
    }

    #[test]
    fn both_sides_agree_on_what_was_offered() {
        let offer = |name| ExtensionOffer { name, parameters: vec![] };
        let (taking_part, answer) = Extensions::negotiate(tags(), &[offer("b"), offer("z")]);
        assert_eq!((taking_part.iter().count(), answer.as_str()), (1, "b"));
        assert_eq!(Extensions::agree(tags(), &[offer("b")]).map(|it| it.list.len()), Ok(1));
        assert!(Extensions::agree(tags(), &[offer("z")]).is_err());
        assert!(Extensions::agree(tags(), &[offer("b"), offer("b")]).is_err());
    }

    #[test]
    fn answers_are_written() {
        let answer = ExtensionResponse::new("x").flag("f").parameter("n", 3);
        assert_eq!(answer.text(), Some("x; f; n=3"));
        assert_eq!(ExtensionResponse::silent().flag("f").text(), None);
    }
}
