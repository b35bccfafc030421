//! Moving an answer that its handler writes piece by piece, beside that handler; and looking whether the peer still wants it.

use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::Reason;

use super::answer::Parts;
use super::sending::{Gone, Sending};
use crate::app::{Asked, Pieces};
use crate::base::Headers;
use crate::http::Outgoing;
use crate::server::Shared;

/// See the head of this file.
pub(super) struct Pump<'p> {
    pub(super) sending: &'p mut Sending,
    pub(super) outgoing: &'p Outgoing,
    pub(super) shared: &'p Shared,
    /// What the request says of its answer's coding.
    pub(super) asked: Option<Asked>,
    /// Fields may follow the body.
    pub(super) takes_trailers: bool,
    /// For its peer a success is an open WebSocket, so that none is sent.
    pub(super) opens_websocket: bool,
    pub(super) state: State,
}

/// How far a written answer is.
pub(super) enum State {
    /// Its head is not out.
    Unbegun,
    /// Pieces follow, and go through this.
    Begun(Option<Box<dyn Pieces>>),
    /// What waits is the last of it, and these fields follow.
    Ending(Headers),
    /// Nothing more is sent, though the handler may go on.
    Ended,
    /// Nothing but the head was to be sent.
    Headed,
    /// It was a success where that would have opened a WebSocket. Nothing was sent; these are the fields that it had.
    Refused(Headers),
}

impl Pump<'_> {
    /// Runs a handler to its end, or until nobody wants more of it.
    ///
    /// # Errors
    /// The stream is of no more use; the handler is to be dropped where it is.
    pub(super) fn poll_beside<W: Future<Output = ()>>(
        &mut self,
        mut work: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Gone>> {
        loop {
            let ended = self.shared.within(|| work.as_mut().poll(cx));
            self.sending.ask_for_body();
            let has_moved = self.turn(cx)?;
            if ended.is_ready() || matches!(self.state, State::Headed | State::Refused(_)) {
                return Poll::Ready(Ok(()));
            }
            if let Poll::Ready(gone) = self.sending.poll_reset(cx) {
                return Poll::Ready(Err(gone));
            }
            if !has_moved {
                return Poll::Pending;
            }
        }
    }

    /// Sends what is left when the handler has ended.
    ///
    /// # Errors
    /// The stream is of no more use, or the answer was cut.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        self.outgoing.pipe.end(Ok(()));
        self.turn(cx)?;
        match self.state {
            State::Begun(_) | State::Ending(_) => self.sending.poll_reset(cx).map(Err),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Moves what can be moved; tells whether the handler has something new to look at.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<bool, Gone> {
        if let State::Unbegun = self.state {
            let head = self.outgoing.head.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(mut head) = head else { return Ok(false) };
            if self.opens_websocket && head.status.is_success() {
                self.state = State::Refused(head.headers);
                return Ok(false);
            }
            if !self.takes_trailers {
                head.headers.remove("trailer");
            }
            let compressing = self.shared.app.0.begin_written(self.asked, &mut head);
            let has_body = self.sending.head(&Parts::of_written(&head), self.shared)?;
            self.state = if has_body { State::Begun(compressing) } else { State::Headed };
        }
        let mut has_moved = false;
        while let State::Begun(compressing) = &mut self.state {
            match self.sending.poll_send(&self.shared.app.0.limits, cx) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => break,
            }
            match self.outgoing.pipe.poll_take(cx) {
                Poll::Ready(Ok(Some(piece))) => {
                    has_moved = true;
                    let piece = match compressing {
                        Some(compressing) => Bytes::copy_from_slice(
                            compressing.piece(&piece).map_err(|_| self.sending.failed())?,
                        ),
                        None => piece,
                    };
                    self.sending.put(piece, false);
                }
                Poll::Ready(Ok(None)) => {
                    if let Some(compressing) = compressing {
                        let rest = compressing.end().map_err(|_| self.sending.failed())?;
                        self.sending.put(Bytes::copy_from_slice(rest), false);
                    }
                    let trailers = self.outgoing.pipe.take_trailers().filter(|_| self.takes_trailers);
                    self.state = State::Ending(trailers.unwrap_or_default());
                }
                Poll::Ready(Err(_)) => return Err(self.sending.failed()),
                Poll::Pending => break,
            }
        }
        if let State::Ending(trailers) = &self.state
            && let Poll::Ready(()) = self.sending.poll_send(&self.shared.app.0.limits, cx)?
        {
            self.sending.end_with(trailers)?;
            self.state = State::Ended;
        }
        Ok(has_moved)
    }
}

impl Sending {
    /// The answer failed in its midst.
    fn failed(&mut self) -> Gone {
        self.cut(Reason::INTERNAL_ERROR);
        Gone
    }
}
