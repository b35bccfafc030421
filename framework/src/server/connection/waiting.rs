//! Waiting for the next request, and for what is missing of its head.

use std::task::{Context, Poll};

use ::http::StatusCode;

use super::{Connection, Step};
use crate::app::Exchange;
use crate::base::counted;
use crate::io::clock::{self, Now};
use crate::proto::{Limit, Refusal};
use crate::server::arrived::Arrived;
use crate::server::wire::Gone;

impl Connection<'_> {
    /// Waits for the first byte of a request without holding a buffer. `None`: the connection is over.
    pub(super) fn poll_first_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Box<Exchange>>> {
        let mut exchange = Exchange::take(&self.app().answers.context);
        match self.wire.poll_fill(&mut exchange.inbox, 0, cx) {
            Poll::Ready(Ok(true)) => {
                self.counted.introduce(&mut exchange.request);
                return Poll::Ready(Some(exchange));
            }
            Poll::Ready(ended) => {
                exchange.put_back();
                if ended.is_ok() {
                    self.take_leave(cx);
                }
                return Poll::Ready(None);
            }
            Poll::Pending => exchange.put_back(),
        }
        if !self.wire.deadline.is_armed_for(cx) || !self.counted.is_watching() {
            self.counted.watch(cx.waker());
        }
        let is_stopping = self.counted.shared().lifecycle.is_stopping();
        // A request that has come by now is answered; closing would reset the connection under it.
        if self.wire.deadline.poll(cx).is_ready() || is_stopping && !self.wire.stream.has_unread() {
            self.take_leave(cx);
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    /// Takes up what has come: one request at least, or a part of it.
    #[inline(always)]
    pub(super) fn begin(&mut self, exchange: &mut Exchange) -> Step {
        exchange.now = clock::now();
        (exchange.began, exchange.told) = (exchange.now.instant, self.wire.h1.served());
        self.step(exchange)
    }

    /// Nothing has come of the next request.
    #[inline(always)]
    pub(super) fn idles(&mut self, now: Now) {
        self.wire.deadline.set(clock::later(now.instant, self.app().limits.idle_time));
    }

    /// A part of its head has come.
    pub(super) fn waits_for_head(&mut self, exchange: &mut Exchange) {
        exchange.began = exchange.now.instant;
        self.wire.deadline.set(clock::later(exchange.began, self.app().limits.header_timeout));
    }

    /// Waits for more bytes of a head, but not for ever: 408.
    pub(super) fn poll_more_of_head(
        &mut self,
        exchange: &mut Exchange,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Step, Gone>> {
        let limits = &self.app().limits;
        match self.wire.poll_fill(&mut exchange.inbox, limits.head_size.saturating_add(HEAD_MARGIN), cx) {
            Poll::Ready(Ok(true)) => return Poll::Ready(Ok(Step::MoreCame)),
            Poll::Ready(Ok(false)) => return Poll::Ready(self.head_ended(exchange)),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Gone)),
            Poll::Pending => {}
        }
        if self.wire.deadline.poll(cx).is_ready() {
            let what = format_args!("the head took longer than {:?}", limits.header_timeout);
            let refusal = Refusal::beyond(Limit::header_timeout, StatusCode::REQUEST_TIMEOUT, what);
            return Poll::Ready(Ok(self.waits(Arrived::Refused(refusal))));
        }
        Poll::Pending
    }

    /// The peer has ended its side within a head: 400. Ends of lines alone begin none.
    #[cold]
    fn head_ended(&mut self, exchange: &Exchange) -> Result<Step, Gone> {
        let came = exchange.inbox.bytes();
        if came.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return Err(Gone);
        }
        let came = counted(came.len() as u64, "byte");
        let text = format!("the request ended within its head, after {came}: an empty line ends it");
        Ok(self.waits_refused(&exchange.inbox, Refusal::bad_request(text)))
    }

    #[cold]
    fn take_leave(&mut self, cx: &mut Context<'_>) {
        self.wire.take_leave(cx, self.app().limits.write_timeout);
    }
}

/// What an inbox may hold beyond a head, so that the head's own limit is what speaks.
const HEAD_MARGIN: usize = 1 << 10;
