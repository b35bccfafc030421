//! Messages: what comes in, what goes out, and what both can be turned into.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::{JsonMistake, from_json, shown};
use crate::bind::Json;
use crate::contract::{Messages, Schema};
use crate::http::{Error, Result};

/// A whole message. It owns its payload, which is a slice of what was received: cloning is cheap, and keeping one keeps the
/// buffer it came in.
///
/// ```
/// use vernal::websocket::Message;
///
/// let message = Message::text("hello");
/// assert_eq!((message.as_text(), message.as_bytes()), (Some("hello"), &b"hello"[..]));
/// assert!(Message::binary(vec![1, 2]).as_text().is_none());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Message {
    is_text: bool,
    payload: Bytes,
}

impl Message {
    /// A message of text.
    pub fn text(text: impl Into<String>) -> Message {
        Message { is_text: true, payload: text.into().into() }
    }

    /// A message of bytes.
    pub fn binary(bytes: impl Into<Bytes>) -> Message {
        Message { is_text: false, payload: bytes.into() }
    }

    /// A value as JSON, in a message of text.
    ///
    /// # Errors
    /// The value cannot be written as JSON: 500.
    pub fn json(value: &impl Serialize) -> Result<Message> {
        Ok(Message { is_text: true, payload: serde_json::to_vec(value)?.into() })
    }

    /// One that was received, or sent by this side; text is UTF-8.
    #[inline]
    pub(crate) fn received(is_text: bool, payload: Bytes) -> Message {
        Message { is_text, payload }
    }

    /// Whether it is text; else it is bytes.
    #[inline]
    pub fn is_text(&self) -> bool {
        self.is_text
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        // It has been checked, but only `unsafe` could say so; looking again costs about as much as reading it.
        if self.is_text { simdutf8::basic::from_utf8(&self.payload).ok() } else { None }
    }

    /// The payload, whatever it is.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, whatever it is.
    pub fn into_bytes(self) -> Bytes {
        self.payload
    }

    /// How many bytes it has.
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_text() {
            Some(text) => f.debug_tuple("Text").field(&text).finish(),
            None => f.debug_tuple("Binary").field(&self.payload).finish(),
        }
    }
}

/// What a message can be taken as. The type says which kind is taken: `&str` text, `&[u8]` binary, `Json<T>` JSON in either,
/// `Message` both. The wrong kind closes the session with 1003, unless a `Result<T>` is taken, which holds what is wrong.
///
/// ```
/// use vernal::websocket::{FromMessage, Message};
/// use vernal::{Error, Result};
///
/// struct Move(i8, i8);
///
/// impl FromMessage<'_> for Move {
///     fn from_message(message: &Message) -> Result<Self> {
///         match message.as_bytes() {
///             [x, y] => Ok(Move(*x as i8, *y as i8)),
///             _ => Err(Error::bad_request("a move has two bytes")),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a message cannot be taken as `{Self}`",
    label = "the last argument of this event is the message",
    note = "all other arguments stand before it: the session, states, and what is bound from the request by name",
    note = "take `&str` for text, `&[u8]` for bytes, `Json<T>` for JSON, `Message` for anything, or implement `vernal::websocket::FromMessage`"
)]
pub trait FromMessage<'m>: Sized {
    /// Takes it.
    ///
    /// # Errors
    /// It is of another kind, or of no good form: the session is closed with 1003 and the error's explanation.
    fn from_message(message: &'m Message) -> Result<Self>;

    /// Says what it takes, for the description of the API that the feature `openapi` makes. Default: anything.
    fn describe(messages: &mut Messages) {
        let _ = messages;
    }
}

impl<'m> FromMessage<'m> for &'m str {
    #[inline]
    fn from_message(message: &'m Message) -> Result<&'m str> {
        message.as_text().ok_or_else(|| Error::bad_request("Expected text, but got bytes"))
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl<'m> FromMessage<'m> for &'m [u8] {
    #[inline]
    fn from_message(message: &'m Message) -> Result<&'m [u8]> {
        if message.is_text {
            Err(Error::bad_request("Expected bytes, but got text"))
        } else {
            Ok(&message.payload)
        }
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

impl FromMessage<'_> for String {
    fn from_message(message: &Message) -> Result<String> {
        <&str>::from_message(message).map(str::to_owned)
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl<'m> FromMessage<'m> for Cow<'m, str> {
    fn from_message(message: &'m Message) -> Result<Cow<'m, str>> {
        <&str>::from_message(message).map(Cow::Borrowed)
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl FromMessage<'_> for Vec<u8> {
    fn from_message(message: &Message) -> Result<Vec<u8>> {
        <&[u8]>::from_message(message).map(<[u8]>::to_vec)
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

/// Without a copy.
impl FromMessage<'_> for Bytes {
    fn from_message(message: &Message) -> Result<Bytes> {
        <&[u8]>::from_message(message)?;
        Ok(message.payload.clone())
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

impl FromMessage<'_> for Message {
    #[inline]
    fn from_message(message: &Message) -> Result<Message> {
        Ok(message.clone())
    }
}

impl<'m> FromMessage<'m> for &'m Message {
    #[inline]
    fn from_message(message: &'m Message) -> Result<&'m Message> {
        Ok(message)
    }
}

/// Whatever is wrong with the message is the handler's to answer, and the session goes on.
impl<'m, T: FromMessage<'m>> FromMessage<'m> for Result<T> {
    fn from_message(message: &'m Message) -> Result<Result<T>> {
        Ok(T::from_message(message))
    }

    fn describe(messages: &mut Messages) {
        T::describe(messages);
    }
}

/// In text or in bytes.
impl<'m, T: Deserialize<'m>> FromMessage<'m> for Json<T> {
    fn from_message(message: &'m Message) -> Result<Json<T>> {
        match from_json(&message.payload) {
            Ok(value) => Ok(Json(value)),
            Err(error) => {
                let mistake = JsonMistake::new(&error, &message.payload);
                let what = if mistake.misfit.is_some() { "The JSON does not fit" } else { "Malformed JSON" };
                Err(Error::bad_request(format!("{what}: {}", shown(&mistake.text))))
            }
        }
    }

    fn describe(messages: &mut Messages) {
        messages.json(Schema::of::<T>());
    }
}

/// What can be sent as a message: texts, bytes, [`Json`], a [`Message`].
///
/// ```
/// use vernal::websocket::{IntoMessage, Outgoing};
///
/// struct Tick(u64);
///
/// impl IntoMessage<'static> for Tick {
///     fn into_message(self) -> vernal::Result<Outgoing<'static>> {
///         format!("tick {}", self.0).into_message()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a message",
    label = "vernal does not know how to send this",
    note = "send a text, bytes, `Json(value)` or a `Message`",
    note = "a type of your own says how it is sent: implement `vernal::websocket::IntoMessage` for it"
)]
pub trait IntoMessage<'m> {
    /// Makes the message.
    ///
    /// # Errors
    /// It cannot be made: a value that is no JSON.
    fn into_message(self) -> Result<Outgoing<'m>>;

    /// Says what it is sent as, for the description of the API that the feature `openapi` makes. Default: anything.
    fn describe(messages: &mut Messages) {
        let _ = messages;
    }
}

/// A message on its way out: borrowed or shared.
#[derive(Clone, Debug)]
pub struct Outgoing<'m> {
    pub(crate) is_text: bool,
    pub(crate) payload: Payload<'m>,
}

/// Where the bytes lie.
#[derive(Clone, Debug)]
pub(crate) enum Payload<'m> {
    Borrowed(&'m [u8]),
    Shared(Bytes),
}

impl Payload<'_> {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Payload::Borrowed(bytes) => bytes,
            Payload::Shared(bytes) => bytes,
        }
    }

    /// Without a copy where they are shared already.
    pub(crate) fn to_bytes(&self) -> Bytes {
        match self {
            Payload::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
            Payload::Shared(bytes) => bytes.clone(),
        }
    }
}

impl<'m> Outgoing<'m> {
    /// A text.
    #[inline]
    pub fn text(text: &'m str) -> Outgoing<'m> {
        Outgoing { is_text: true, payload: Payload::Borrowed(text.as_bytes()) }
    }

    /// Bytes.
    #[inline]
    pub fn binary(bytes: &'m [u8]) -> Outgoing<'m> {
        Outgoing { is_text: false, payload: Payload::Borrowed(bytes) }
    }
}

impl<'m> IntoMessage<'m> for Outgoing<'m> {
    fn into_message(self) -> Result<Outgoing<'m>> {
        Ok(self)
    }
}

impl IntoMessage<'static> for Message {
    #[inline]
    fn into_message(self) -> Result<Outgoing<'static>> {
        Ok(Outgoing { is_text: self.is_text, payload: Payload::Shared(self.payload) })
    }
}

impl IntoMessage<'static> for &Message {
    fn into_message(self) -> Result<Outgoing<'static>> {
        self.clone().into_message()
    }
}

impl<'m> IntoMessage<'m> for &'m str {
    #[inline]
    fn into_message(self) -> Result<Outgoing<'m>> {
        Ok(Outgoing::text(self))
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl<'m> IntoMessage<'m> for &'m String {
    fn into_message(self) -> Result<Outgoing<'m>> {
        Ok(Outgoing::text(self))
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl IntoMessage<'static> for String {
    fn into_message(self) -> Result<Outgoing<'static>> {
        Message::text(self).into_message()
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl<'m> IntoMessage<'m> for Cow<'m, str> {
    fn into_message(self) -> Result<Outgoing<'m>> {
        match self {
            Cow::Borrowed(text) => text.into_message(),
            Cow::Owned(text) => text.into_message(),
        }
    }

    fn describe(messages: &mut Messages) {
        messages.text(Schema::text());
    }
}

impl<'m> IntoMessage<'m> for &'m [u8] {
    fn into_message(self) -> Result<Outgoing<'m>> {
        Ok(Outgoing::binary(self))
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

impl<'m, const LENGTH: usize> IntoMessage<'m> for &'m [u8; LENGTH] {
    fn into_message(self) -> Result<Outgoing<'m>> {
        Ok(Outgoing::binary(self))
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

impl<'m> IntoMessage<'m> for &'m Vec<u8> {
    fn into_message(self) -> Result<Outgoing<'m>> {
        Ok(Outgoing::binary(self))
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

impl IntoMessage<'static> for Vec<u8> {
    fn into_message(self) -> Result<Outgoing<'static>> {
        Message::binary(self).into_message()
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

impl IntoMessage<'static> for Bytes {
    fn into_message(self) -> Result<Outgoing<'static>> {
        Message::binary(self).into_message()
    }

    fn describe(messages: &mut Messages) {
        messages.binary();
    }
}

/// As text.
impl<T: Serialize> IntoMessage<'static> for Json<T> {
    fn into_message(self) -> Result<Outgoing<'static>> {
        Message::json(&self.0)?.into_message()
    }

    fn describe(messages: &mut Messages) {
        messages.json(Schema::of::<T>());
    }
}

impl IntoMessage<'static> for serde_json::Value {
    fn into_message(self) -> Result<Outgoing<'static>> {
        Json(self).into_message()
    }

    fn describe(messages: &mut Messages) {
        messages.json(Schema::any());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_says_which_kind_is_taken() {
        let (text, bytes) = (Message::text("7"), Message::binary(&b"7"[..]));
        assert_eq!(<&str>::from_message(&text).ok(), Some("7"));
        assert_eq!(String::from_message(&text).ok().as_deref(), Some("7"));
        assert!(<&str>::from_message(&bytes).is_err() && String::from_message(&bytes).is_err());
        assert_eq!(<&[u8]>::from_message(&bytes).ok(), Some(&b"7"[..]));
        assert!(<&[u8]>::from_message(&text).is_err() && Bytes::from_message(&text).is_err());
        for message in [&text, &bytes] {
            assert_eq!(Json::<u8>::from_message(message).ok().map(Json::into_inner), Some(7));
            assert_eq!(Message::from_message(message).ok().as_ref(), Some(message));
        }
        assert!(Json::<u8>::from_message(&Message::text("{")).is_err());
    }

    #[test]
    fn what_is_sent_has_its_kind() {
        fn kind<'m>(message: impl IntoMessage<'m>) -> (bool, Vec<u8>) {
            let outgoing = message.into_message().expect("a message");
            (outgoing.is_text, outgoing.payload.bytes().to_vec())
        }
        let text = (true, b"7".to_vec());
        assert_eq!(kind("7"), text);
        assert_eq!(kind("7".to_owned()), text);
        let owned = "7".to_owned();
        assert_eq!(kind(&owned), text);
        assert_eq!(kind(Json(7)), text);
        assert_eq!(kind(Message::text("7")), text);
        let bytes = (false, b"7".to_vec());
        assert_eq!(kind(b"7"), bytes);
        assert_eq!(kind(b"7".to_vec()), bytes);
        assert_eq!(kind(Bytes::from_static(b"7")), bytes);
        let message = Message::binary(&b"7"[..]);
        assert_eq!(kind(&message), bytes);
    }
}
