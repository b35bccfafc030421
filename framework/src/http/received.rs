//! The body of a request that did not come over a connection of ours: within its size, and not too slowly all the same.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::{Body, Result};
use crate::base::Headers;
use crate::io::{Deadline, Pace};
use crate::proto::{Limits, Refusal, SizeBound};

/// A body that is counted while it comes.
pub(crate) struct Received {
    body: Pin<Box<Body>>,
    limits: Limits,
    bound: SizeBound,
    received: u64,
    trailers: Option<Headers>,
    pace: Pace,
    /// Made when the body keeps somebody waiting.
    deadline: Option<Deadline>,
}

impl Received {
    /// # Errors
    /// The size is known and over the bound: 413.
    pub(crate) fn new(body: Body, limits: &Limits, bound: SizeBound) -> Result<Received, Refusal> {
        bound.check(body.size().unwrap_or(0))?;
        Ok(Received {
            bound,
            body: Box::pin(body),
            limits: limits.clone(),
            received: 0,
            trailers: None,
            pace: Pace::default(),
            deadline: None,
        })
    }

    /// The fields after the body, once; known at its end.
    pub(crate) fn take_trailers(&mut self) -> Option<Headers> {
        self.trailers.take()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// The body is too large (413), too slow (408) or cut off (400, unless its own error has a status).
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Refusal>> {
        let next = match self.body.as_mut().poll_next(cx) {
            Poll::Ready(None) => self.body.poll_trailers(cx).map(|trailers| match trailers {
                Ok(trailers) => {
                    self.trailers = trailers.or(self.trailers.take());
                    None
                }
                Err(error) => Some(Err(error)),
            }),
            next => next,
        };
        let refusal = match next {
            Poll::Ready(None) => return Poll::Ready(Ok(None)),
            Poll::Ready(Some(Ok(piece))) => {
                self.pace.moved();
                self.received += piece.len() as u64;
                return Poll::Ready(self.bound.check(self.received).map(|()| Some(piece)));
            }
            Poll::Ready(Some(Err(error))) if error.is_private() => {
                Refusal::bad_request(format!("the body was cut off: {}", error.words()))
            }
            Poll::Ready(Some(Err(error))) => Refusal::new(error.status(), error.words().to_owned()),
            Poll::Pending => {
                let tempo = self.limits.body_tempo();
                loop {
                    let due = self.pace.due(tempo, self.received);
                    let deadline = self.deadline.get_or_insert_with(|| Deadline::new(due));
                    deadline.set(due);
                    ready!(deadline.poll(cx));
                    if !self.body.is_blocked() {
                        break;
                    }
                    self.pace.forgive();
                }
                self.limits.body_is_late(self.pace.is_slow(tempo, self.received))
            }
        };
        Poll::Ready(Err(refusal))
    }
}
