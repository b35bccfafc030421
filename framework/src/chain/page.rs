//! Error pages: functions, what they see and what they take.

use std::error::Error as StdError;

use ::http::StatusCode;

use crate::base::Location;
use crate::bind::{FromContext, State, StateNeed, StateReference};
use crate::http::{BoxFuture, Context, Error, ErrorType, Request, Response, Result};

/// What an error page sees.
pub struct ErrorContext<'e> {
    /// The request, as far as it could be read.
    pub request: &'e Request,
    /// The error.
    pub error: &'e Error,
}

impl ErrorContext<'_> {
    /// The explanation as it may be shown: that of an unknown error only when the server shows errors. It may quote what the
    /// client sent, so a page that is HTML escapes it: [`escape_html`](crate::escape_html), or a template.
    pub fn explain(&self) -> &str {
        self.error.public_explain(self.request.context.show_errors)
    }
}

/// How an error page's adapter is called.
#[derive(Clone, Copy)]
pub enum Page {
    /// A plain `fn`.
    Now(for<'r> fn(&'r ErrorContext<'r>, &'r mut Response) -> Result),
    /// An `async fn`.
    Async(for<'r> fn(&'r ErrorContext<'r>, &'r mut Response) -> BoxFuture<'r, Result>),
}

/// A page for error statuses.
pub struct ErrorPage {
    /// `404`, `50x`; empty is every status. The macro has checked them.
    pub codes: &'static [&'static str],
    /// The application this belongs to.
    pub app: Option<&'static str>,
    /// The type of errors it is for, whatever their status.
    pub error: Option<ErrorType>,
    /// States it asks for.
    pub states: &'static [StateNeed],
    /// Its adapter.
    pub page: Page,
    /// Where it stands.
    pub at: Location,
}

/// An argument of an error page.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of an error page",
    label = "vernal does not know how to fill this argument",
    note = "an error page takes `code: u16`, `message: &str`, `explain: &str`, `req: &Request`, `error: &Error` and `State<&T>`",
    note = "for errors of a type of your own it takes `error: &E`, where `E` implements `std::error::Error`"
)]
pub trait ErrorPageArgument<'e>: Sized {
    /// Whether this is a text, so that its name must be `message` or `explain`.
    const TEXT: bool = false;
    /// The state this needs.
    const STATE: Option<StateNeed> = None;
    /// The type of errors that the page is for, if this is one of them.
    const ERROR: Option<ErrorType> = None;

    /// Makes the argument.
    ///
    /// # Errors
    /// There is no such state.
    fn take(cx: &'e ErrorContext<'e>, name: &'static str) -> Result<Self>;
}

/// An error of one's own: the page is for errors of its type.
#[diagnostic::do_not_recommend]
impl<'e, E: StdError + 'static> ErrorPageArgument<'e> for &'e E {
    const ERROR: Option<ErrorType> = Some(ErrorType::of::<E>());

    fn take(cx: &'e ErrorContext<'e>, _: &'static str) -> Result<&'e E> {
        cx.error.source_as().ok_or_else(|| Error::internal("the page is for errors of another type"))
    }
}

impl<'e> ErrorPageArgument<'e> for u16 {
    fn take(cx: &'e ErrorContext<'e>, _: &'static str) -> Result<u16> {
        Ok(cx.error.status().as_u16())
    }
}

impl<'e> ErrorPageArgument<'e> for StatusCode {
    fn take(cx: &'e ErrorContext<'e>, _: &'static str) -> Result<StatusCode> {
        Ok(cx.error.status())
    }
}

impl<'e> ErrorPageArgument<'e> for &'e str {
    const TEXT: bool = true;

    fn take(cx: &'e ErrorContext<'e>, name: &'static str) -> Result<&'e str> {
        Ok(if name == "message" { cx.error.message_text() } else { cx.explain() })
    }
}

impl<'e> ErrorPageArgument<'e> for String {
    const TEXT: bool = true;

    fn take(cx: &'e ErrorContext<'e>, name: &'static str) -> Result<String> {
        <&str>::take(cx, name).map(str::to_owned)
    }
}

impl<'e> ErrorPageArgument<'e> for &'e Request {
    fn take(cx: &'e ErrorContext<'e>, _: &'static str) -> Result<&'e Request> {
        Ok(cx.request)
    }
}

impl<'e> ErrorPageArgument<'e> for &'e Error {
    fn take(cx: &'e ErrorContext<'e>, _: &'static str) -> Result<&'e Error> {
        Ok(cx.error)
    }
}

impl<'e, T: StateReference<'e>> ErrorPageArgument<'e> for State<T> {
    const STATE: Option<StateNeed> = Some(T::NEED);

    fn take(cx: &'e ErrorContext<'e>, _: &'static str) -> Result<State<T>> {
        let context: &'e Context = cx.request.context();
        State::from_context(context)
    }
}
