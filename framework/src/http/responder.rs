//! What a handler may return: anything that can write itself onto the answer.
//!
//! Parts of a tuple are equal and come in any order: the first status counts, the first body counts, header
//! fields and cookies are all added.

use std::borrow::Cow;
use std::sync::Arc;

use ::http::StatusCode;
use bytes::Bytes;
use serde_json::Value;

use super::response::COPIED;
use super::sniff::{JSON, OCTETS, markup};
use super::{Body, Error, Failure, Response, Result, SetCookie};
use crate::base::Headers;
use crate::contract::{Answers, Schema, Statuses};

/// An answer, or a part of one.
///
/// ```
/// use vernal::{Responder, Response, Result, request_map};
///
/// struct Tea;
///
/// impl Responder for Tea {
///     fn respond(self, res: &mut Response) -> Result {
///         (418, "short and stout").respond(res)
///     }
/// }
///
/// #[request_map("/tea")]
/// fn tea() -> (Tea, vernal::Headers) {
///     (Tea, vernal::Headers::from([("x-pot", "1")]))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a response",
    label = "vernal does not know how to answer with this",
    note = "answer with text, bytes, `Json<T>`, `serde_json::Value`, a status, `Headers`, `Redirect`, `StaticFile`, \
            `Response`, a tuple of these, or a `Result` of one",
    note = "to send `{Self}` as JSON return `Json(…)`, for which a type of yours derives `serde::Serialize`; to send it as text return \
            `value.to_string()`; else implement `vernal::Responder`"
)]
pub trait Responder {
    /// Writes this onto the answer.
    ///
    /// # Errors
    /// There is no answer; the error becomes one at the nearest link of the filter chain.
    fn respond(self, res: &mut Response) -> Result;

    /// The same for an answer that borrows from nothing, so that texts and bytes that live for ever are sent from where they
    /// lie: handlers that return `&'static` data are answered through this. A type that passes on an answer inside of it may
    /// pass this on as well; else what is large is copied once.
    ///
    /// # Errors
    /// As [`Responder::respond`].
    #[inline]
    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: Sized + 'static,
    {
        self.respond(res)
    }

    /// Says what this becomes, for the description of the API that the feature `openapi` makes. Default: nothing, which is an
    /// answer of any content.
    fn describe(answers: &mut Answers)
    where
        Self: Sized,
    {
        let _ = answers;
    }
}

impl Responder for () {
    #[inline]
    fn respond(self, res: &mut Response) -> Result {
        res.is_answered = true;
        Ok(())
    }
}

impl Responder for &str {
    #[inline]
    fn respond(self, res: &mut Response) -> Result {
        res.offer_text(self);
        Ok(())
    }

    #[inline]
    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        if self.len() <= COPIED {
            return self.respond(res);
        }
        res.offer_large_text(Bytes::from_static(self.as_bytes()), markup(self));
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(TEXTS, Schema::text());
    }
}

impl Responder for String {
    fn respond(self, res: &mut Response) -> Result {
        if self.len() <= COPIED {
            return self.as_str().respond(res);
        }
        let markup = markup(&self);
        res.offer_large_text(held(self.into_bytes()), markup);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(TEXTS, Schema::text());
    }
}

impl Responder for Box<str> {
    fn respond(self, res: &mut Response) -> Result {
        String::from(self).respond(res)
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(TEXTS, Schema::text());
    }
}

impl Responder for Arc<str> {
    fn respond(self, res: &mut Response) -> Result {
        if self.len() <= COPIED {
            return (&*self).respond(res);
        }
        let markup = markup(&self);
        res.offer_large_text(Bytes::from_owner(Shared(self)), markup);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(TEXTS, Schema::text());
    }
}

/// A text that an answer shares with others.
struct Shared(Arc<str>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Responder for Cow<'_, str> {
    fn respond(self, res: &mut Response) -> Result {
        match self {
            Cow::Borrowed(text) => text.respond(res),
            Cow::Owned(text) => text.respond(res),
        }
    }

    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        match self {
            Cow::Borrowed(text) => text.respond_static(res),
            Cow::Owned(text) => text.respond(res),
        }
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(TEXTS, Schema::text());
    }
}

impl Responder for &String {
    fn respond(self, res: &mut Response) -> Result {
        self.as_str().respond(res)
    }

    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        self.as_str().respond_static(res)
    }

    fn describe(answers: &mut Answers) {
        answers.bodies(TEXTS, Schema::text());
    }
}

impl Responder for Bytes {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_bytes(self, OCTETS);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.body(OCTETS, Schema::binary());
    }
}

impl Responder for Vec<u8> {
    fn respond(self, res: &mut Response) -> Result {
        if self.len() <= COPIED {
            return self.as_slice().respond(res);
        }
        res.offer_bytes(held(self), OCTETS);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.body(OCTETS, Schema::binary());
    }
}

impl Responder for &[u8] {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_slice(self, OCTETS);
        Ok(())
    }

    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        res.offer_bytes(Bytes::from_static(self), OCTETS);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.body(OCTETS, Schema::binary());
    }
}

impl<const LENGTH: usize> Responder for &[u8; LENGTH] {
    fn respond(self, res: &mut Response) -> Result {
        self.as_slice().respond(res)
    }

    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        self.as_slice().respond_static(res)
    }

    fn describe(answers: &mut Answers) {
        answers.body(OCTETS, Schema::binary());
    }
}

/// A status from 200 to 599; any other number is a 500.
impl Responder for u16 {
    fn respond(self, res: &mut Response) -> Result {
        if !(200..600).contains(&self) {
            return Err(Error::internal(format!("{self} is no status to answer with: use 200 to 599")));
        }
        StatusCode::from_u16(self)?.respond(res)
    }

    fn describe(answers: &mut Answers) {
        answers.statuses(Statuses::Class(2));
    }
}

impl Responder for StatusCode {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_status(self);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.statuses(Statuses::Class(2));
    }
}

impl Responder for Value {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_json(&self)
    }

    fn describe(answers: &mut Answers) {
        answers.body(JSON, Schema::any());
    }
}

impl Responder for &Value {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_json(&self)
    }

    fn describe(answers: &mut Answers) {
        answers.body(JSON, Schema::any());
    }
}

/// An answer may be returned whole; cookies and fields are added to those that filters have set.
impl Responder for Response {
    fn respond(self, res: &mut Response) -> Result {
        if res.is_whole() {
            return Ok(());
        }
        res.offer_status(self.status);
        res.headers.extend(&self.headers);
        if res.reason.is_none() {
            res.reason = self.reason;
        }
        if self.body.is_some() && !res.is_taken() {
            res.content_type = self.content_type;
            res.body = self.body;
            res.buffer = self.buffer;
            res.trailing = self.trailing.or(res.trailing.take());
            res.marks.is_sniffed = self.marks.is_sniffed;
        }
        res.marks.is_whole |= self.marks.is_whole;
        match self.pending_error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn describe(answers: &mut Answers) {
        answers.statuses(Statuses::Any);
        answers.body("*/*", Schema::binary());
    }
}

impl Responder for Headers {
    fn respond(self, res: &mut Response) -> Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let is_first = self.iter().take(index).all(|(before, _)| !before.eq_ignore_ascii_case(name));
            if is_first && !name.eq_ignore_ascii_case("set-cookie") {
                res.headers.remove(name);
            }
            res.headers.append(name, value);
        }
        res.headers.refuse_as(&self);
        res.is_answered = true;
        Ok(())
    }
}

impl Responder for SetCookie {
    fn respond(self, res: &mut Response) -> Result {
        res.add_cookie(self);
        res.is_answered = true;
        Ok(())
    }
}

impl Responder for Vec<SetCookie> {
    fn respond(self, res: &mut Response) -> Result {
        self.into_iter().try_for_each(|cookie| cookie.respond(res))
    }
}

impl Responder for Body {
    fn respond(self, res: &mut Response) -> Result {
        res.offer_body(self, OCTETS);
        Ok(())
    }

    fn describe(answers: &mut Answers) {
        answers.body("*/*", Schema::binary());
    }
}

/// `None` is a 404; of an error page it is the answer that there is without one.
impl<T: Responder> Responder for Option<T> {
    fn respond(self, res: &mut Response) -> Result {
        match self {
            Some(answer) => answer.respond(res),
            None => Err(Error::of_nothing()),
        }
    }

    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        match self {
            Some(answer) => answer.respond_static(res),
            None => None::<T>.respond(res),
        }
    }

    fn describe(answers: &mut Answers) {
        T::describe(answers);
        answers.error(404, "There is no such thing.");
    }
}

/// An `Err` becomes an error page. [`Error`] keeps its status; any other error is a 500 that is logged and not sent, unless a
/// page is for errors of its type: see [`error_message`](macro@crate::error_message).
///
/// Where a handler returns a `Result` whose error is a [`Responder`], and no mere text, the error answers for itself. One
/// that says no status is a 500.
///
/// ```
/// use vernal::{Json, Responder, Response, Result, request_map};
///
/// enum Refused {
///     SoldOut,
/// }
///
/// impl Responder for Refused {
///     fn respond(self, res: &mut Response) -> Result {
///         match self {
///             Refused::SoldOut => (409, "sold out").respond(res),
///         }
///     }
/// }
///
/// #[request_map("/buy", method = "POST")]
/// fn buy(pieces: u32) -> Result<Json<u32>, Refused> {
///     if pieces > 3 { Err(Refused::SoldOut) } else { Ok(Json(3 - pieces)) }
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let client = vernal::test::Client::new();
/// # client.post("/buy?pieces=4").await.assert_status(409).assert_text("sold out");
/// # client.post("/buy?pieces=1").await.assert_status(200).assert_text("2");
/// # }
/// ```
impl<T: Responder, E: Failure> Responder for Result<T, E> {
    #[inline]
    fn respond(self, res: &mut Response) -> Result {
        match self {
            Ok(answer) => answer.respond(res),
            Err(error) => Err(error.into_error()),
        }
    }

    #[inline]
    fn respond_static(self, res: &mut Response) -> Result
    where
        Self: 'static,
    {
        match self {
            Ok(answer) => answer.respond_static(res),
            Err(error) => Err(error.into_error()),
        }
    }

    fn describe(answers: &mut Answers) {
        T::describe(answers);
        answers.fails();
    }
}

/// What a text is sent as: its first characters decide.
const TEXTS: &[&str] = &["text/plain", "text/html", "text/xml"];

/// Bytes for an answer that holds them until they are sent, without room that nothing is in.
pub(crate) fn held(mut bytes: Vec<u8>) -> Bytes {
    if bytes.capacity() - bytes.len() > bytes.len() / 8 {
        bytes.shrink_to_fit();
    }
    Bytes::from(bytes)
}

macro_rules! tuples {
    ($( ($($part:ident)+) )*) => { $(
        impl<$($part: Responder),+> Responder for ($($part,)+) {
            #[inline]
            fn respond(self, res: &mut Response) -> Result {
                #[expect(non_snake_case, reason = "a part is named as its type")]
                let ($($part,)+) = self;
                $( $part.respond(res)?; )+
                Ok(())
            }

            #[inline]
            fn respond_static(self, res: &mut Response) -> Result
            where
                Self: 'static,
            {
                #[expect(non_snake_case, reason = "a part is named as its type")]
                let ($($part,)+) = self;
                $( $part.respond_static(res)?; )+
                Ok(())
            }

            fn describe(answers: &mut Answers) {
                $( $part::describe(answers); )+
            }
        }
    )* };
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
}
