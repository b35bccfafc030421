//! Receiving a request's body: within its size, and not too slowly.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::wire::{Gone, Wire};
use crate::app::{Inner, Target};
use crate::base::Headers;
use crate::http::{BodyReader, Request};
use crate::io::{Inbox, Outbox, Pace, Pipe, STRIDE, Share};
use crate::proto::h1::{Framing, Progress};
use crate::proto::{Limits, Refusal, SizeBound, trailer_fields};

/// Counts a body while it comes.
pub(crate) struct Receiver<'l> {
    limits: &'l Limits,
    bound: SizeBound,
    received: u64,
    pace: Pace,
    /// The lines after the body, as they came.
    #[expect(clippy::box_collection, reason = "few bodies have them")]
    trailers: Option<Box<Vec<u8>>>,
}

impl<'l> Receiver<'l> {
    pub(crate) fn new(limits: &'l Limits, bound: SizeBound) -> Receiver<'l> {
        Receiver { limits, bound, received: 0, pace: Pace::default(), trailers: None }
    }

    pub(crate) fn limits(&self) -> &'l Limits {
        self.limits
    }

    /// What reads a body out of a pipe as it comes, its codings undone.
    ///
    /// # Errors
    /// There is no memory for that: 503.
    pub(crate) fn reader(
        &self,
        app: &Inner,
        request: &mut Request,
        target: Option<&Target<'_>>,
        pipe: Arc<Pipe>,
    ) -> Result<BodyReader, Refusal> {
        let bodies = &app.answers.context.bodies;
        pipe.count(Share::of(bodies));
        let decoding = app.take_codings(request, target, self.bound)?;
        BodyReader::piped(pipe, self.limits).decoded(decoding, bodies)
    }

    /// Judges the declared length before anything is read.
    ///
    /// # Errors
    /// As [`Receiver::check_size`].
    pub(crate) fn check_declared(&self, framing: Framing) -> Result<(), Refusal> {
        match framing {
            Framing::Length(length) => self.check_size(length),
            _ => Ok(()),
        }
    }

    /// Judges the size of a body.
    ///
    /// # Errors
    /// It is over [`Limits::body_size`], or for a form in parts [`Limits::upload_size`]: 413.
    pub(crate) fn check_size(&self, size: u64) -> Result<(), Refusal> {
        self.bound.check(size)
    }

    /// Takes what is in the inbox already. Tells whether the body is complete.
    ///
    /// # Errors
    /// The body is malformed or too large.
    #[inline]
    pub(crate) fn receive_now(
        &mut self,
        wire: &mut Wire,
        inbox: &mut Inbox,
        mut sink: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<bool, Refusal> {
        loop {
            match wire.h1.receive_body(inbox.bytes(), self.limits)? {
                Progress::Data { consumed, data } => {
                    self.received += data.len() as u64;
                    self.check_size(self.received)?;
                    sink(data)?;
                    inbox.consume(consumed);
                }
                Progress::Trailers { consumed, lines } => {
                    self.trailers.get_or_insert_default().extend_from_slice(lines);
                    inbox.consume(consumed);
                }
                Progress::NeedMore { consumed } => {
                    inbox.consume(consumed);
                    return Ok(false);
                }
                Progress::End { consumed } => {
                    inbox.consume(consumed);
                    return Ok(true);
                }
            }
        }
    }

    /// The fields after the body, once; known when it is complete.
    #[inline]
    pub(crate) fn take_trailers(&mut self) -> Option<Headers> {
        self.trailers.take().map(|lines| trailer_fields(&lines))
    }

    /// Waits for more bytes to come into the inbox, or into the pipe that the body goes into where much of it lies ahead; asks the peer
    /// to go on if it waits for that.
    pub(crate) fn poll_more(
        &mut self,
        wire: &mut Wire,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
        pipe: Option<&Pipe>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Result<(), Refusal>, Gone>> {
        if wire.h1.take_continue() {
            outbox.bytes.extend_from_slice(crate::proto::h1::encode::CONTINUE);
        }
        if !outbox.is_empty()
            && let Poll::Ready(Err(gone)) = wire.poll_flush(outbox, self.limits, cx)
        {
            return Poll::Ready(Err(gone));
        }
        let filled = match pipe {
            Some(pipe) if inbox.is_empty() && wire.h1.data_ahead() >= STRIDE as u64 => {
                self.poll_fill_pipe(wire, pipe, cx)
            }
            _ => wire.poll_fill(inbox, 0, cx).map_ok(Ok),
        };
        match filled {
            Poll::Ready(Ok(Ok(true))) => {
                self.pace.moved();
                return Poll::Ready(Ok(Ok(())));
            }
            Poll::Ready(Ok(Ok(false))) => {
                return Poll::Ready(Ok(Err(Refusal::bad_request("the connection ended inside the body"))));
            }
            Poll::Ready(Ok(Err(refusal))) => return Poll::Ready(Ok(Err(refusal))),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Gone)),
            Poll::Pending => {}
        }
        if outbox.is_empty() {
            let tempo = self.limits.body_tempo();
            wire.deadline.set(self.pace.due(tempo, self.received));
            if wire.deadline.poll(cx).is_ready() {
                let is_slow = self.pace.is_slow(tempo, self.received);
                return Poll::Ready(Ok(Err(self.limits.body_is_late(is_slow))));
            }
        }
        Poll::Pending
    }

    /// Reads data of the body once, to where it is wanted. `Ok(Ok(false))`: the peer has ended its side.
    fn poll_fill_pipe(
        &mut self,
        wire: &mut Wire,
        pipe: &Pipe,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Result<bool, Refusal>>> {
        if wire.is_half_closed {
            return Poll::Ready(Ok(Ok(false)));
        }
        let received = self.received;
        let judge = |count| self.bound.check(received + count as u64);
        let filled = ready!(pipe.poll_fill(&mut wire.stream, wire.h1.data_ahead(), judge, cx))?;
        Poll::Ready(Ok(filled.map(|count| {
            wire.is_half_closed = count == 0;
            wire.h1.pass_data(count as u64);
            self.received += count as u64;
            count > 0
        })))
    }

    /// Receives the rest of the body.
    ///
    /// # Errors
    /// Outside: the peer is gone. Inside: what to answer.
    pub(crate) async fn receive(
        &mut self,
        wire: &mut Wire,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
        request: &mut Request,
    ) -> Result<Result<(), Refusal>, Gone> {
        let received = self.receive_into(wire, inbox, outbox, |data| request.receive(data)).await?;
        if let Some(trailers) = self.take_trailers() {
            request.set_trailers(trailers);
        }
        Ok(received)
    }

    /// Throws the rest of the body away.
    ///
    /// # Errors
    /// As [`Receiver::receive`].
    pub(crate) async fn discard(
        &mut self,
        wire: &mut Wire,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
    ) -> Result<Result<(), Refusal>, Gone> {
        self.receive_into(wire, inbox, outbox, |_| Ok(())).await
    }

    async fn receive_into(
        &mut self,
        wire: &mut Wire,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
        mut sink: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<Result<(), Refusal>, Gone> {
        loop {
            match self.receive_now(wire, inbox, &mut sink) {
                Ok(false) => {}
                Ok(true) => return Ok(Ok(())),
                Err(refusal) => return Ok(Err(refusal)),
            }
            if let Err(refusal) =
                std::future::poll_fn(|cx| self.poll_more(wire, inbox, outbox, None, cx)).await?
            {
                return Ok(Err(refusal));
            }
        }
    }
}
