//! An answer that its handler writes while it runs, and what follows the body of any.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::body::Kind;
use super::outgoing::{Outgoing, SentHead};
use super::sniff::OCTETS;
use super::trailing::Trailing;
use super::{Body, Error, Responder, Response, Result, Trailers, add_private_cookie};
use crate::base::say;
use crate::proto::Refusal;

impl Response {
    /// Writes a piece of the body at once, after the head if it is the first. The answer is then sent in pieces:
    /// chunked, or to the end of the connection for HTTP/1.0. Waits while the peer is slow. Needs an `async fn`.
    ///
    /// What is set on the answer after the first piece is not sent, and neither is what the handler returns.
    ///
    /// A peer that goes away ends the handler where it waits, and so does one that gets none of this, since it asked by HEAD or the
    /// status has no content: when the head is out, the handler is dropped.
    ///
    /// # Errors
    /// This is not the answer given as `res: &mut Response`, it has a body already or was closed, or a header field was
    /// refused.
    #[doc(alias = "write", alias = "write_text")]
    pub async fn write_bytes(&mut self, bytes: impl AsRef<[u8]>) -> Result {
        if !self.is_committed()
            && let Some(kept) = self.outgoing.as_ref().and_then(|outgoing| outgoing.kept.get())
        {
            kept.keep().await?;
        }
        let outgoing = self.commit()?;
        if outgoing.pipe.is_ended() {
            return Err(Error::internal("the answer is closed, so nothing can be written to it any more"));
        }
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            let room = std::future::poll_fn(|cx| outgoing.pipe.poll_room(cx)).await;
            let (now, later) = rest.split_at(rest.len().min(room));
            // Nobody counts what goes out.
            let _ = outgoing.pipe.push(now);
            rest = later;
        }
        Ok(())
    }

    /// Ends an answer begun with [`Response::write_bytes`]. The end of the handler does so too.
    ///
    /// # Errors
    /// As [`Response::write_bytes`].
    pub fn close(&mut self) -> Result {
        self.commit()?.pipe.end(Ok(()));
        Ok(())
    }

    /// Takes the head for the connection to send, once.
    fn commit(&mut self) -> Result<Arc<Outgoing>> {
        let Some(outgoing) = self.outgoing.clone() else {
            return Err(Error::internal(
                "only the answer given as `res: &mut Response` can be written piece by piece",
            ));
        };
        if self.is_committed() {
            return Ok(outgoing);
        }
        if self.body.is_some() {
            return Err(Error::internal(
                "the answer has a body already, so it cannot be written piece by piece",
            ));
        }
        if let Some(cookie) = outgoing.kept.get().and_then(|kept| kept.announce()) {
            add_private_cookie(&mut self.headers, cookie);
        }
        self.announce_trailers();
        if let Some(refused) = self.headers.refused() {
            return Err(Error::internal(refused.to_string()));
        }
        outgoing.is_committed.store(true, Ordering::Release);
        outgoing.pipe.open();
        let trailers = self.trailing.take().and_then(|trailing| trailing.into_known());
        if let Some(trailers) = trailers.map(Trailers::sound) {
            outgoing.pipe.set_trailers(trailers?);
        }
        *outgoing.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(SentHead {
            status: self.status,
            reason: self.reason.take(),
            headers: std::mem::take(&mut self.headers),
            content_type: self.content_type.or(Some(OCTETS)),
        });
        self.is_answered = true;
        self.body = Body(Kind::Written);
        Ok(outgoing)
    }

    /// Cuts an answer that is being written: its handler failed.
    pub(crate) fn cut_written(&self) {
        if let Some(outgoing) = &self.outgoing {
            outgoing.pipe.end(Err(Refusal::new(self.status, "the handler failed")));
        }
    }

    /// Sets what follows an answer that is being written.
    pub(super) fn trail_written(&mut self, trailers: Trailers) {
        let Some(outgoing) = &self.outgoing else { return };
        match trailers.sound() {
            Ok(fields) => outgoing.pipe.set_trailers(fields),
            Err(error) => {
                say!(error, "an answer that was being written is cut: {}", error.with_causes());
                self.cut_written();
            }
        }
    }

    /// Sets fields to be sent after the body, in place of any set before, to clients that say `TE: trailers`. They may still be set while
    /// the answer is written piece by piece, until it is closed; what is set before its first piece is announced in its head.
    ///
    /// ```
    /// use vernal::{Response, Result, Trailers, request_map};
    ///
    /// #[request_map("/numbers")]
    /// async fn numbers(res: &mut Response) -> Result {
    ///     let mut sum = 0_u64;
    ///     for number in 0..1_000 {
    ///         sum += number;
    ///         res.write_bytes(format!("{number}\n")).await?;
    ///     }
    ///     res.set_trailers(Trailers::from([("x-sum", sum)]));
    ///     Ok(())
    /// }
    /// ```
    pub fn set_trailers(&mut self, trailers: Trailers) {
        if self.is_committed() {
            return self.trail_written(trailers);
        }
        self.headers.refuse_as(&trailers);
        self.trailing = Some(Box::new(Trailing::known(trailers)));
    }

    /// Announces what follows the body, unless the answer says so itself.
    pub(crate) fn announce_trailers(&mut self) {
        if let Some(trailing) = &self.trailing
            && !trailing.announced().is_empty()
            && !self.headers.contains("trailer")
        {
            self.headers.append("trailer", trailing.announced());
        }
    }
}

/// Sent after the body, to those who take them.
impl Responder for Trailers {
    fn respond(self, res: &mut Response) -> Result {
        res.set_trailers(self);
        res.is_answered = true;
        Ok(())
    }
}
