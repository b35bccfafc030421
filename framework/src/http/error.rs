//! The one error type: a status, words for the peer, and a source for the log.
//!
//! `Error` is not a `std::error::Error`, so that `?` takes every type that is. A failed binding is the value
//! [`BindingError`] inside; error pages see it through [`Error::binding`].

mod bindings;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use ::http::StatusCode;

use super::binding_error::BindingError;
use super::into_status::IntoStatus;
use super::send_sync_error::SendSyncError;
use crate::base::{HeaderError, Headers, IntoHeaderValue};
use crate::proto::ws::{CloseCode, CloseReason};
use crate::proto::{Limit, Refusal};

/// `Result<T, vernal::Error>`; without `T` it is what `main` and handlers return.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// `Ok(value)` of a [`Result`] of ours: for blocks that nothing else tells their error, in spawned tasks for instance.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let task = tokio::spawn(async {
///     let port: u16 = "9090".parse()?;
///     vernal::ok(port)
/// });
/// assert_eq!(task.await.unwrap().unwrap(), 9090);
/// # }
/// ```
///
/// # Errors
/// Never.
#[doc(alias = "Ok")]
#[inline]
pub fn ok<T>(value: T) -> Result<T> {
    Ok(value)
}

/// The name under which the Python original knows [`Error`].
pub type HttpError = Error;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// An error with a status: what the peer is told, and what only the log sees.
///
/// `?` converts every [`std::error::Error`] into it, as a 500 whose text is logged and not sent. To choose the
/// status, write [`Error::new`], one of the words such as [`Error::not_found`], or
/// [`or_status`](crate::OrStatus::or_status).
///
/// ```
/// use vernal::{Error, Result};
///
/// fn age(text: &str) -> Result<u8> {
///     text.parse().map_err(|_| Error::new(422, "Bad Age").explain("an age is a number up to 255"))
/// }
/// assert_eq!(age("x").unwrap_err().status(), 422);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    status: StatusCode,
    message: Option<Cow<'static, str>>,
    explain: Option<Cow<'static, str>>,
    /// Whether `explain` is text of an unknown error, which only the log sees.
    private: bool,
    source: Option<BoxError>,
    /// What is wrong with the request; the first one decides.
    bindings: Vec<BindingError>,
    /// How many more there were than are told.
    untold: usize,
    /// Whether somebody chose the status of what is invalid.
    is_status_chosen: bool,
    headers: Headers,
    /// What a WebSocket session is closed with.
    close_code: Option<CloseCode>,
    /// The limit that it is a refusal of.
    limit: Option<&'static str>,
    /// Whether it is of a `None` that was to be an answer.
    is_of_nothing: bool,
    /// Whether whoever prints it on the console finds it there already.
    is_told: bool,
}

impl Error {
    /// An error with a status from 100 to 999 and a message, the reason phrase of the status line.
    ///
    /// # Panics
    /// The number is no status: below 100 or above 999.
    #[track_caller]
    pub fn new(status: impl IntoStatus, message: impl Into<Cow<'static, str>>) -> Error {
        let mut error = Error::of(status.into_status());
        error.0.message = Some(message.into());
        error
    }

    /// An error that has the standard words of its status.
    #[track_caller]
    pub fn status_only(status: impl IntoStatus) -> Error {
        Error::of(status.into_status())
    }

    fn of(status: StatusCode) -> Error {
        Error(Box::new(Inner {
            status,
            message: None,
            explain: None,
            private: false,
            source: None,
            bindings: Vec::new(),
            untold: 0,
            is_status_chosen: false,
            headers: Headers::new(),
            close_code: None,
            limit: None,
            is_of_nothing: false,
            is_told: false,
        }))
    }

    /// 400 with this explanation.
    pub fn bad_request(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::BAD_REQUEST).explain(explain)
    }

    /// 401 with this explanation.
    pub fn unauthorized(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::UNAUTHORIZED).explain(explain)
    }

    /// 403 with this explanation.
    pub fn forbidden(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::FORBIDDEN).explain(explain)
    }

    /// 404 with this explanation.
    pub fn not_found(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::NOT_FOUND).explain(explain)
    }

    /// 409 with this explanation.
    pub fn conflict(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::CONFLICT).explain(explain)
    }

    /// 422 with this explanation.
    pub fn unprocessable(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::UNPROCESSABLE_ENTITY).explain(explain)
    }

    /// 500 whose text is logged and, unless the server shows errors, not sent.
    pub fn internal(explain: impl Into<Cow<'static, str>>) -> Error {
        let mut error = Error::of(StatusCode::INTERNAL_SERVER_ERROR).explain(explain);
        error.0.private = true;
        error
    }

    /// 503 with this explanation.
    pub fn unavailable(explain: impl Into<Cow<'static, str>>) -> Error {
        Error::of(StatusCode::SERVICE_UNAVAILABLE).explain(explain)
    }

    /// Sets the explanation, a sentence for whoever sent the request, be the error one that was not to be told before.
    #[must_use]
    pub fn explain(mut self, explain: impl Into<Cow<'static, str>>) -> Error {
        self.0.explain = Some(explain.into());
        self.0.private = false;
        self
    }

    /// Sets the reason phrase and the `message` of the error body.
    #[must_use]
    pub fn message(mut self, message: impl Into<Cow<'static, str>>) -> Error {
        self.0.message = Some(message.into());
        self
    }

    /// Gives the error another status.
    ///
    /// # Panics
    /// The number is no status: below 100 or above 999.
    #[must_use]
    #[track_caller]
    pub fn with_status(mut self, status: impl IntoStatus) -> Error {
        self.0.status = status.into_status();
        self
    }

    /// Adds a header field to the answer this error becomes, `Allow` or `Retry-After` for instance.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> Error {
        self.0.headers.append(name, value);
        self
    }

    /// Says what a WebSocket session is closed with when its handler returns this error; the text is the explanation, unless that is
    /// for the log only ([`Error::is_private`]). Without it the code is 1013 for a 503, else 1011.
    ///
    /// # Panics
    /// The code may not be sent: use 1000 to 1003, 1007 to 1014, or 3000 to 4999.
    #[must_use]
    #[track_caller]
    pub fn with_close_code(mut self, code: impl Into<CloseCode>) -> Error {
        let code = code.into();
        assert!(
            code.is_sendable(),
            "{code} is no close code to send: use 1000 to 1003, 1007 to 1014, or 3000 to 4999"
        );
        self.0.close_code = Some(code);
        self
    }

    /// What a WebSocket session is closed with, if that was said.
    pub fn close_code(&self) -> Option<CloseCode> {
        self.0.close_code
    }

    /// Keeps what caused it, which is for the log alone.
    #[cfg(feature = "redis")]
    pub(crate) fn caused_by(mut self, cause: impl Into<BoxError>) -> Error {
        self.0.source = Some(cause.into());
        self
    }

    /// What a session that has ended gives to whoever goes on with it.
    pub(crate) fn of_session(explain: String, reason: CloseReason) -> Error {
        let mut error = Error::bad_request(explain);
        error.0.source = Some(Box::new(reason));
        error
    }

    /// How the WebSocket session ended that could not be read from, or written to, any more: which side, code and reason.
    ///
    /// ```
    /// use vernal::websocket::WebSocket;
    /// use vernal::{Result, websocket_handler};
    ///
    /// #[websocket_handler("/clock")]
    /// async fn clock(ws: WebSocket) -> Result {
    ///     if let Err(error) = ws.send("tick").await
    ///         && let Some(reason) = error.close_reason()
    ///     {
    ///         println!("{:?} ended it with {}: {}", reason.by(), reason.code(), reason.text());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn close_reason(&self) -> Option<&CloseReason> {
        self.0.source.as_deref()?.downcast_ref()
    }

    /// Says which limit it is a refusal of, for those who count them.
    pub(crate) fn beyond(mut self, limit: &'static str) -> Error {
        self.0.limit = Some(limit);
        self
    }

    /// 404, for an answer that is `None`.
    pub(crate) fn of_nothing() -> Error {
        let mut error = Error::not_found("There is no such thing.");
        error.0.is_of_nothing = true;
        error
    }

    /// Whether it is of a `None` that was to be an answer.
    pub(crate) fn is_of_nothing(&self) -> bool {
        self.0.is_of_nothing
    }

    /// Says that the console has it already.
    pub(crate) fn told(mut self) -> Error {
        self.0.is_told = true;
        self
    }

    /// The limit that it is a refusal of.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        self.0.limit
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The reason phrase, if one was given.
    pub(crate) fn reason(&self) -> Option<&Cow<'static, str>> {
        self.0.message.as_ref()
    }

    /// The message: the one given, else the standard phrase of the status.
    pub fn message_text(&self) -> &str {
        match &self.0.message {
            Some(message) => message,
            None => self.0.status.canonical_reason().unwrap_or("Error"),
        }
    }

    /// The explanation; empty if none was given. For unknown errors it is what the log shows; the peer sees it only when the
    /// server runs with `show_errors`.
    pub fn explain_text(&self) -> &str {
        self.0.explain.as_deref().unwrap_or_default()
    }

    /// Whether the explanation is for the log only: an error nobody gave a status to.
    pub fn is_private(&self) -> bool {
        self.0.private
    }

    /// What an error page or a default body may show of the explanation: in place of one for the log only, a sentence that says
    /// no more than a 5xx status does.
    pub fn public_explain(&self, show_errors: bool) -> &str {
        match self.0.private && !show_errors {
            true if self.0.status.is_server_error() => "The server failed to answer this request.",
            true => "",
            false => self.explain_text(),
        }
    }

    /// The explanation, else the message: where there is room for one text only.
    pub(crate) fn words(&self) -> &str {
        Some(self.explain_text()).filter(|words| !words.is_empty()).unwrap_or(self.message_text())
    }

    /// The error this was made from, if any.
    pub fn source(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Header fields to add to the answer.
    pub fn headers(&self) -> &Headers {
        &self.0.headers
    }

    /// Takes an error of any boxed kind; one that came from an [`Error`] keeps its status.
    pub(crate) fn from_boxed(source: BoxError) -> Error {
        match source.downcast::<Carrier>() {
            Ok(carrier) => carrier.0,
            Err(source) => {
                let mut error = Error::of(StatusCode::INTERNAL_SERVER_ERROR);
                error.0.private = true;
                error.0.explain = Some(source.to_string().into());
                error.0.source = Some(source);
                error
            }
        }
    }

    /// What a caught panic becomes: a 500 that only the log explains.
    pub(crate) fn from_panic(payload: &(dyn Any + Send)) -> Error {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Error::internal(format!("the handler panicked: {}", text.unwrap_or("(no text)")))
    }
}

/// Carries an [`Error`] through a boxed std error and back.
struct Carrier(Error);

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Carrier {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.0.source.as_deref().map(|source| source as _)
    }
}

impl<E: SendSyncError> From<E> for Error {
    fn from(error: E) -> Error {
        if let Some(refused) = (&error as &dyn Any).downcast_ref::<HeaderError>() {
            return Error::internal(refused.to_string());
        }
        Error::from_boxed(Box::new(error))
    }
}

impl From<Error> for BoxError {
    fn from(error: Error) -> BoxError {
        Box::new(Carrier(error))
    }
}

impl From<Error> for Box<dyn StdError> {
    fn from(error: Error) -> Box<dyn StdError> {
        Box::new(Carrier(error))
    }
}

impl Error {
    /// The peer broke the protocol: no `From`, since `Refusal` would then be one more way to write an error.
    pub(crate) fn from_refusal(refusal: Refusal) -> Error {
        let mut error = Error::of(refusal.status).explain(refusal.explain);
        error.0.limit = refusal.limit.map(Limit::name);
        // What is used up by others is given back soon.
        if refusal.status == StatusCode::SERVICE_UNAVAILABLE {
            error.header("retry-after", "1")
        } else {
            error
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.close_reason().is_some() {
            // There is no answer that a status could be of.
            return f.write_str(self.explain_text());
        }
        write!(f, "{} {}", self.0.status.as_u16(), self.message_text())?;
        match self.explain_text() {
            "" => Ok(()),
            explain => write!(f, ": {explain}"),
        }
    }
}

/// The human text, so that a `main` which returns `vernal::Result` ends with a readable line.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_told {
            return f.write_str("the server did not start, as is said above");
        }
        if self.0.private {
            return f.write_str(self.explain_text());
        }
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::OrStatus;
    use super::*;

    fn parse(text: &str) -> Result<u8> {
        Ok(text.parse::<u8>()?)
    }

    #[test]
    fn every_std_error_is_a_private_500() {
        let error = parse("x").unwrap_err();
        assert_eq!(error.status(), 500);
        assert!(error.is_private());
        assert!(error.explain_text().contains("invalid digit"));
        assert!(!error.public_explain(false).contains("digit"));
        assert!(error.public_explain(true).contains("digit"));
    }

    #[test]
    fn a_status_survives_the_way_through_a_box() {
        let boxed: BoxError = Error::new(418, "Teapot").explain("short and stout").into();
        let error = Error::from_boxed(boxed);
        assert_eq!((error.status().as_u16(), error.message_text()), (418, "Teapot"));
        let text: BoxError = "plain".into();
        assert_eq!(Error::from_boxed(text).status(), 500);
    }

    #[test]
    fn an_error_without_an_explanation_has_none() {
        let table = [
            (Error::status_only(404), "404 Not Found"),
            (Error::new(404, "page not found"), "404 page not found"),
            (Error::new(404, "page not found").explain("why"), "404 page not found: why"),
            ("x".parse::<u8>().or_status(404).unwrap_err(), "404 Not Found: invalid digit found in string"),
        ];
        for (error, shown) in table {
            assert_eq!(error.to_string(), shown);
            assert!(["", "why"].contains(&error.public_explain(false)), "{shown}");
        }
    }
}
