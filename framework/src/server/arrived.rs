//! A request that could not be answered at once, and what it waits for.

use super::pump::Incoming;
use super::receiver::Receiver;
use super::sender::Rest;
use crate::app::{Answering, Inner, Target};
use crate::http::{Error, Request, Response, Result};
use crate::proto::Refusal;

/// A request that something has to be waited for.
pub(super) enum Arrived<'c> {
    At(Target<'c>),
    /// The rest of its body is to be waited for.
    Unfinished(Box<Unfinished<'c>>),
    /// Its handler reads the body as it comes.
    Streaming(Target<'c>, Box<Incoming<'c>>),
    /// Its body is a form in parts, to be taken apart as it comes.
    Uploading(Box<Uploading<'c>>),
    /// Its path, its parameters or its body cannot be read; its head can.
    Malformed(Refusal),
    /// The same, said by the application.
    Rejected(Error),
    /// It broke the protocol or a limit of it, so that nothing of it is known.
    Refused(Refusal),
    /// Its handler has run, and failed or named a file.
    Ran(Result),
    /// Its answer is in the outbox up to this.
    Answered(Rest),
    /// It is none: the connection begins as those of HTTP/2 do, with these bytes.
    #[cfg(feature = "http2")]
    Preface(Vec<u8>),
}

impl<'c> Arrived<'c> {
    /// Whether it is waited for so seldom that the wait is boxed.
    pub(super) fn is_rare(&self) -> bool {
        matches!(
            self,
            Arrived::Unfinished(_) | Arrived::Uploading(_) | Arrived::Refused(_) | Arrived::Answered(_)
        ) || self.is_preface()
    }

    /// Whether the connection goes on as one of HTTP/2.
    pub(super) fn is_preface(&self) -> bool {
        #[cfg(feature = "http2")]
        return matches!(self, Arrived::Preface(_));
        #[cfg(not(feature = "http2"))]
        false
    }

    pub(super) const NOTHING: Arrived<'static> = Arrived::Ran(Ok(()));

    /// Begins to answer; with it comes the body that the handler reads as it comes.
    pub(super) fn begin<'r>(
        self,
        app: &'r Inner,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> (Answering<'r>, Option<Box<Incoming<'c>>>)
    where
        'c: 'r,
    {
        match self {
            Arrived::At(target) => (app.answer(target, request, response), None),
            Arrived::Streaming(target, body) => (app.answer(target, request, response), Some(body)),
            Arrived::Malformed(refusal) => {
                (app.reject(Error::from_refusal(refusal), request, response), None)
            }
            Arrived::Rejected(error) => (app.reject(error, request, response), None),
            Arrived::Ran(result) => (app.conclude(result, request, response), None),
            Arrived::Unfinished(_) | Arrived::Uploading(_) | Arrived::Refused(_) | Arrived::Answered(_) => {
                (Answering::Done, None)
            }
            #[cfg(feature = "http2")]
            Arrived::Preface(_) => (Answering::Done, None),
        }
    }
}

/// A request with a part of its body. Without a target, one is found when the form is there.
pub(super) struct Unfinished<'c> {
    pub(super) target: Option<Target<'c>>,
    pub(super) receiver: Receiver<'c>,
}

/// A request whose body is a form in parts. Without a target, one is found when the form is there.
pub(super) struct Uploading<'c> {
    pub(super) target: Option<Target<'c>>,
    pub(super) receiver: Receiver<'c>,
}
