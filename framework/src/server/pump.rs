//! Moving bytes beside a running handler: a streamed request body in, an answer written piece by piece out, and a
//! look at whether the peer is still there.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use super::Shared;
use super::receiver::Receiver;
use super::sender::Sender;
use super::wire::{Gone, Wire};
use crate::app::{Answering, Asked, Pieces};
use crate::http::{BoxFuture, Outgoing, SentHead};
use crate::io::{Inbox, Outbox, Pipe, clock};
use crate::proto::Refusal;
use crate::proto::h1::{BodyMode, encode};

/// See the head of this file.
pub(crate) struct Pump<'p> {
    pub(crate) wire: &'p mut Wire,
    pub(crate) inbox: &'p mut Inbox,
    pub(crate) outbox: &'p mut Outbox,
    pub(crate) shared: &'p Shared,
    pub(crate) outgoing: &'p Outgoing,
    /// The body that the handler reads as it comes.
    pub(crate) incoming: Option<Box<Incoming<'p>>>,
    /// How the body of a written answer goes out, once its head has.
    pub(crate) mode: Option<BodyMode>,
    /// The end of a written answer is in the outbox.
    pub(crate) is_done: bool,
    /// Fields may follow a written answer.
    takes_trailers: bool,
    /// What the request says of its answer's coding.
    asked: Option<Asked>,
    /// What a written answer's pieces go through. Boxed twice: the future of every connection has room for this.
    compressing: Option<Box<Box<dyn Pieces>>>,
}

/// The wait for the end of an answer that its handler wrote piece by piece.
struct Finishing<'p> {
    pump: Pump<'p>,
    work: Answering<'p>,
}

/// An error: the peer is gone, or the answer was cut.
impl Future for Finishing<'_> {
    type Output = Result<(), Gone>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let Finishing { pump, work } = &mut *self;
        if !work.is_done() {
            match pump.shared.within(|| pump.poll_drive(work, cx)) {
                Poll::Ready(ended) => ended.map(|_| *work = Answering::Done)?,
                Poll::Pending => return Poll::Pending,
            }
        }
        pump.poll_finish(cx)
    }
}

/// A streamed body and the pipe it goes into.
pub(crate) struct Incoming<'l> {
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) receiver: Receiver<'l>,
}

impl<'p> Pump<'p> {
    pub(crate) fn new(
        wire: &'p mut Wire,
        inbox: &'p mut Inbox,
        outbox: &'p mut Outbox,
        shared: &'p Shared,
        outgoing: &'p Outgoing,
        incoming: Option<Box<Incoming<'p>>>,
    ) -> Pump<'p> {
        Pump {
            wire,
            inbox,
            outbox,
            shared,
            outgoing,
            incoming,
            mode: None,
            is_done: false,
            takes_trailers: false,
            asked: None,
            compressing: None,
        }
    }

    /// Remembers what the request says of its answer's coding, while the handler has the request.
    pub(crate) fn asked(mut self, asked: Option<Asked>) -> Pump<'p> {
        self.asked = asked;
        self
    }

    /// Runs `work` to its end with bytes moving beside it.
    ///
    /// # Errors
    /// The peer is gone; the work is dropped where it is.
    // A poll function and no `async fn`, since it is a part of every connection's future.
    pub(crate) fn poll_drive<W: Future + Unpin>(
        &mut self,
        work: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<Result<W::Output, Gone>> {
        loop {
            if let Poll::Ready(output) = Pin::new(&mut *work).poll(cx) {
                return Poll::Ready(Ok(output));
            }
            match self.turn(cx) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                Err(gone) => return Poll::Ready(Err(gone)),
            }
        }
    }

    /// [`Pump::poll_drive`] for a handler. It is dropped when the head of its answer is out and nothing more will be sent, as for
    /// HEAD: it might write on for ever.
    pub(crate) fn poll_answer(
        &mut self,
        answering: &mut Answering<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<crate::http::Result>, Gone>> {
        loop {
            if let Poll::Ready(result) = self.shared.within(|| Pin::new(&mut *answering).poll(cx)) {
                return Poll::Ready(Ok(result));
            }
            let has_moved = match self.turn(cx) {
                Ok(has_moved) => has_moved,
                Err(gone) => return Poll::Ready(Err(gone)),
            };
            if self.mode == Some(BodyMode::Skip) && self.outbox.is_empty() {
                *answering = Answering::Done;
            } else if !has_moved {
                return Poll::Pending;
            }
        }
    }

    /// Runs what is left to do when the handler has ended, then sends what is left of the answer that it wrote. Boxed, to
    /// take no room in every connection's future.
    pub(crate) fn finish_after(self, work: Answering<'p>) -> BoxFuture<'p, Result<(), Gone>> {
        Box::pin(Finishing { pump: self, work })
    }

    /// Sends what is left of an answer that its handler wrote piece by piece.
    ///
    /// # Errors
    /// The peer is gone, or the answer was cut.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        self.outgoing.pipe.end(Ok(()));
        match self.turn_outgoing(cx) {
            Ok(_) if self.is_done && self.outbox.is_empty() => Poll::Ready(Ok(())),
            Ok(_) => Poll::Pending,
            Err(gone) => Poll::Ready(Err(gone)),
        }
    }

    /// Moves what can be moved; tells whether the work has something new to look at.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let came = self.turn_incoming(cx)?;
        let went = self.turn_outgoing(cx)?;
        let limits = &self.shared.app.0.limits;
        let looked = match &self.incoming {
            None => self.wire.poll_peer(self.inbox, self.outbox, limits, cx),
            // Of a body that its handler does not ask for nothing is read.
            Some(incoming) if !came && self.outbox.is_empty() && incoming.pipe.is_full() => {
                self.wire.poll_presence(cx)
            }
            Some(_) => Poll::Pending,
        };
        if self.wire.is_half_closed {
            self.outgoing.is_for_nobody();
        }
        match looked {
            Poll::Ready(Err(gone)) => Err(gone),
            _ => Ok(came || went),
        }
    }

    /// Puts the head of an answer that is written, or of a protocol that is changed to.
    pub(crate) fn put_head(&mut self, head: &SentHead) -> BodyMode {
        let sender = Sender { second: clock::now().second, shared: self.shared };
        sender.put_written(head, &mut self.wire.h1, self.outbox)
    }

    fn turn_incoming(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let Some(incoming) = &mut self.incoming else { return Ok(false) };
        let Incoming { pipe, receiver } = &mut **incoming;
        if pipe.poll_room(cx).is_pending() {
            return Ok(false);
        }
        let mut has_moved = false;
        let received = receiver.receive_now(self.wire, self.inbox, |data| {
            has_moved = true;
            pipe.push(data)
        });
        let end = match received {
            Ok(true) => {
                if let Some(fields) = receiver.take_trailers() {
                    pipe.set_trailers(fields);
                }
                Ok(())
            }
            Ok(false) if has_moved => return Ok(true),
            Ok(false) => match receiver.poll_more(self.wire, self.inbox, self.outbox, Some(pipe), cx) {
                Poll::Ready(more) => match more? {
                    Ok(()) => return Ok(true),
                    Err(refusal) => Err(refusal),
                },
                Poll::Pending => return Ok(false),
            },
            Err(refusal) => Err(refusal),
        };
        if end.is_err() {
            self.wire.h1.refuse();
        }
        pipe.end(end);
        self.incoming = None;
        Ok(true)
    }

    fn turn_outgoing(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        if self.mode.is_none() {
            let head = self.outgoing.head.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(mut head) = head {
                self.takes_trailers = self.wire.h1.takes_trailers(head.status);
                if !self.takes_trailers {
                    head.headers.remove("trailer");
                }
                self.compressing = self.shared.app.0.begin_written(self.asked, &mut head).map(Box::new);
                self.mode = Some(self.put_head(&head));
            }
        }
        let mut has_moved = false;
        loop {
            let took = self.take_piece(cx)?;
            has_moved |= took;
            if self.outbox.is_empty() {
                // A piece that is not sent, as for HEAD, makes room for the next one.
                if took {
                    continue;
                }
                return Ok(has_moved);
            }
            match self.wire.poll_flush(self.outbox, &self.shared.app.0.limits, cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(gone)) => return Err(gone),
                Poll::Pending => return Ok(has_moved),
            }
        }
    }

    /// Frames the next piece of a written answer, if one has come and there is room for it.
    fn take_piece(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        let Some(mode) = self.mode else { return Ok(false) };
        if self.is_done || !self.outbox.is_empty() {
            return Ok(false);
        }
        match self.outgoing.pipe.poll_take(cx) {
            Poll::Ready(Ok(Some(piece))) => {
                let piece = match &mut self.compressing {
                    Some(compressing) => compressing.piece(&piece).map_err(|_| Gone)?,
                    None => &piece,
                };
                put_piece(mode, piece, self.outbox);
                Ok(true)
            }
            Poll::Ready(Ok(None)) => {
                if let Some(compressing) = &mut self.compressing {
                    put_piece(mode, compressing.end().map_err(|_| Gone)?, self.outbox);
                }
                if mode == BodyMode::Chunked {
                    match self.outgoing.pipe.take_trailers().filter(|_| self.takes_trailers) {
                        Some(fields) => encode::trailers(&mut self.outbox.bytes, &fields),
                        None => encode::last_chunk(&mut self.outbox.bytes),
                    }
                }
                self.is_done = true;
                Ok(true)
            }
            Poll::Ready(Err(_)) => Err(Gone),
            Poll::Pending => Ok(false),
        }
    }
}

fn put_piece(mode: BodyMode, piece: &[u8], outbox: &mut Outbox) {
    if mode != BodyMode::Skip {
        outbox.body_size += piece.len() as u64;
    }
    match mode {
        BodyMode::Chunked => encode::chunk(&mut outbox.bytes, piece),
        BodyMode::Plain => outbox.bytes.extend_from_slice(piece),
        BodyMode::Skip => {}
    }
}

/// A reader that outlives its handler learns that nothing more will come.
impl Drop for Pump<'_> {
    fn drop(&mut self) {
        if let Some(incoming) = &self.incoming {
            incoming.pipe.end(Err(Refusal::bad_request("the request was answered before its body was read")));
        }
    }
}
