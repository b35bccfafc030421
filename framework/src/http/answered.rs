//! Chooses, while compiling, how what a handler returned becomes its answer: from what it can do, never from how it is spelled.
//!
//! Tagged autoref dispatch, as for arguments: method lookup on `&&&Answered<R>` tries the impl with the most references
//! first. A `Result` whose error can answer for itself does; every other answer is a [`Responder`]. All of it is for
//! generated code.

use std::borrow::Cow;
use std::marker::PhantomData;

use ::http::StatusCode;

use super::{Responder, Response, Result};

/// Asks how an `R` is answered with: `(&&&answered(&answer)).kind()`.
pub struct Answered<R>(PhantomData<fn() -> R>);

/// The question.
#[inline]
pub fn answered<R>(_: &R) -> Answered<R> {
    Answered(PhantomData)
}

/// By its own [`Responder`].
#[derive(Clone, Copy)]
pub struct Plain;

/// A `Result` of two answers.
#[derive(Clone, Copy)]
pub struct Either;

/// A text as an error is one for the log, though a text can be an answer.
pub trait Words {}

impl Words for String {}
impl Words for &str {}
impl Words for Cow<'_, str> {}

/// First choice.
pub trait WordsKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Plain {
        Plain
    }
}

impl<T, E: Words> WordsKind for &&Answered<std::result::Result<T, E>> {}

/// Second choice.
pub trait EitherKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Either {
        Either
    }
}

impl<T, E: Responder> EitherKind for &Answered<std::result::Result<T, E>> {}

/// What is left.
pub trait PlainKind {
    /// The tag.
    #[inline]
    fn kind(&self) -> Plain {
        Plain
    }
}

impl<R> PlainKind for Answered<R> {}

impl Plain {
    /// Lets the answer write itself.
    ///
    /// # Errors
    /// The answer is an error, or cannot be written.
    #[inline]
    pub fn respond<R: Responder>(self, answer: R, response: &mut Response) -> Result {
        answer.respond(response)
    }

    /// The same for an answer that borrows from nothing.
    ///
    /// # Errors
    /// As [`Plain::respond`].
    #[inline]
    pub fn respond_static<R: Responder + 'static>(self, answer: R, response: &mut Response) -> Result {
        answer.respond_static(response)
    }
}

impl Either {
    /// Lets the answer or the error write itself.
    ///
    /// # Errors
    /// It cannot be written.
    #[inline]
    pub fn respond<T: Responder, E: Responder>(
        self,
        answer: std::result::Result<T, E>,
        response: &mut Response,
    ) -> Result {
        match answer {
            Ok(answer) => answer.respond(response),
            Err(error) => {
                error.respond(response)?;
                say_failed(response);
                Ok(())
            }
        }
    }

    /// The same for an answer that borrows from nothing.
    ///
    /// # Errors
    /// As [`Either::respond`].
    #[inline]
    pub fn respond_static<T: Responder + 'static, E: Responder + 'static>(
        self,
        answer: std::result::Result<T, E>,
        response: &mut Response,
    ) -> Result {
        match answer {
            Ok(answer) => answer.respond_static(response),
            Err(error) => {
                error.respond_static(response)?;
                say_failed(response);
                Ok(())
            }
        }
    }
}

/// The answer of a mapping with a status of its own, which an answer that says another does not get.
///
/// # Errors
/// There is no answer.
#[inline]
pub fn with_status(answered: Result, response: &mut Response, status: u16) -> Result {
    answered?;
    response.status_unless_said(status);
    Ok(())
}

/// An error that says no status has none that is good.
fn say_failed(response: &mut Response) {
    if !response.is_status_said() {
        response.status = StatusCode::INTERNAL_SERVER_ERROR;
    }
}
