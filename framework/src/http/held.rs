//! The body that a request holds, what came after it, and what that takes of memory, counted with what all others hold.

use std::future::poll_fn;
use std::sync::PoisonError;

use bytes::Bytes;

use super::{Body, BodyReader, Params, Received, Request, Trailers};
use crate::base::Headers;
use crate::io::Share;
use crate::proto::Refusal;

impl Request {
    /// The fields that came after the body, once that has been read whole: for filters, and handlers that take the body so. None where the
    /// handler reads it itself; then [`BodyReader::trailers`](crate::BodyReader::trailers) has them.
    pub fn trailers(&self) -> &Trailers {
        static NONE: Trailers = Trailers::new();
        self.rare.get().and_then(|rare| rare.trailers.get()).unwrap_or(&NONE)
    }

    /// Takes over those that came after the body.
    #[cold]
    pub(crate) fn set_trailers(&mut self, fields: Headers) {
        let _ = self.rare().trailers.set(Trailers::received(fields));
    }

    /// Takes the body out, for filters that hand the request on to somebody else: whoever comes later finds none.
    ///
    /// What has been read lies in memory; where a handler or a filter reads the body as it comes, this is that stream.
    pub fn take_body(&mut self) -> Body {
        match self.reader.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            Some(reader) => Body::from(reader.noted(self.note_beginnings())),
            None if !self.trailers().is_empty() => {
                let reader = self.lend_reader();
                self.body.clear();
                Body::from(reader)
            }
            None => Body::from(std::mem::take(&mut self.body)),
        }
    }

    /// The body as it comes, for whoever asks first; else what has been read of it.
    pub(crate) fn lend_reader(&self) -> BodyReader {
        match self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(reader) => reader.noted(self.note_beginnings()),
            None => BodyReader::in_memory(Bytes::copy_from_slice(&self.body)).trailed(self.trailers()),
        }
    }

    /// Lets a handler read the body as it comes.
    pub(crate) fn set_reader(&mut self, reader: BodyReader) {
        *self.reader.get_mut().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(reader));
    }

    /// Counts so many bytes as held in memory for this request, until it is forgotten.
    ///
    /// # Errors
    /// All requests together hold too much: 503.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.share.get_or_insert_with(|| Share::of(&self.context.bodies)).set(bytes)
    }

    /// Counts what it holds of its body, and of a form what that was decoded to.
    ///
    /// # Errors
    /// As [`Request::hold`].
    #[cold]
    pub(crate) fn hold_body(&mut self) -> Result<(), Refusal> {
        self.hold(self.body.len() + self.form.text_length())
    }

    /// Adds bytes to the body, and counts them.
    ///
    /// # Errors
    /// As [`Request::hold`].
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.hold(self.body.len() + bytes.len())?;
        self.body.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes over what a form was counted with.
    pub(super) fn set_share(&mut self, share: Share) {
        self.share = Some(share);
    }

    /// Whether what it holds is counted.
    #[inline]
    pub(crate) fn is_held(&self) -> bool {
        self.share.is_some()
    }

    /// Forgets the body and gives its memory back: it was refused, or is answered.
    #[cold]
    pub(crate) fn drop_body(&mut self) {
        self.body = Vec::new();
        self.form = Params::default();
        self.files = None;
        self.share = None;
    }

    /// Makes all of it the body. One piece that nobody else holds is not copied.
    ///
    /// # Errors
    /// As [`Received::poll_next`], or all requests hold too much together: 503.
    pub(crate) async fn receive_all(&mut self, mut received: Received) -> Result<(), Refusal> {
        self.body.clear();
        while let Some(piece) = poll_fn(|cx| received.poll_next(cx)).await? {
            if self.body.is_empty() {
                self.hold(piece.len())?;
                self.body = Vec::from(piece);
            } else {
                self.receive(&piece)?;
            }
        }
        if let Some(trailers) = received.take_trailers() {
            self.set_trailers(trailers);
        }
        Ok(())
    }
}
