//! An extension of the protocol (RFC 6455, section 9): what it is told, what it says of itself, and what it may change.

use std::any::Any;
use std::fmt;

use super::close::CloseReason;
use super::frame::{Frame, Rsv};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_written() {
        let answer = ExtensionResponse::new("x").flag("f").parameter("n", 3);
        assert_eq!(answer.text(), Some("x; f; n=3"));
        assert_eq!(ExtensionResponse::silent().flag("f").text(), None);
    }
}
