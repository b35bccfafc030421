//! One HTTP/1.1 connection: read, dispatch, write, as often as the peer likes.
//!
//! An idle connection owns no buffers (it takes an [`Exchange`] with the first byte), and its future is small: what
//! is rare is boxed. Requests that wait in the inbox together are answered together, with one write.

mod beginning;
mod body;
mod running;
mod telling;
mod waiting;

use std::future::poll_fn;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use ::http::Method;

use super::arrived::Arrived;
use super::receiver::Receiver;
use super::sender::{Rest, Sender};
use super::upgraded;
use super::wire::{Farewell, Gone, Wire};
use super::{Counted, lingering};
use crate::app::{Exchange, Inner, Target};
use crate::http::{BoxFuture, Error, Request};
use crate::io::{Deadline, Stream, clock};
use crate::proto::Refusal;
use crate::proto::h1::{Framing, Glimpse, Next};
use crate::proto::ws::handshake;
use crate::websocket::handshake::Handover;

/// Where the WebSocket session runs that a connection may become.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionTask {
    /// In a task of its own, which is smaller than this one that could answer further requests.
    Own,
    /// In the connection's own task, which then lasts as long as the session.
    Same,
}

/// Serves one connection until it ends.
// Not an `async fn`: its arguments would lie in the future twice. And not generic: what one function calls is inlined.
pub(crate) fn serve(
    stream: Stream,
    counted: Counted,
    task: SessionTask,
) -> impl Future<Output = ()> + Send + 'static {
    let deadline = Deadline::new(clock::after(counted.shared().app.0.limits.first_byte()));
    let mut wire = Wire::new(stream, deadline);
    // One future for all that is waited for often: one within another would keep what both of them know twice.
    async move {
        let mut connection =
            Connection { wire: &mut wire, counted: &counted, arrived: Arrived::NOTHING, offered: None };
        loop {
            let Some(mut exchange) = poll_fn(|cx| connection.poll_first_bytes(cx)).await else { break };
            let mut is_in_head = false;
            // Reading the clock costs as much as parsing a head, so one reading serves until something has been waited for.
            let mut has_waited = false;
            let mut step = connection.begin(&mut exchange);
            let goes_on = loop {
                let progress = match step {
                    Step::Answered(next) => {
                        is_in_head = false;
                        let goes_on = match next {
                            Next::Keep if !exchange.outbox.must_be_flushed() => true,
                            Next::Keep => match connection.flush(&mut exchange).await {
                                Ok(waited) => {
                                    has_waited |= waited;
                                    true
                                }
                                Err(Gone) => false,
                            },
                            _ => {
                                has_waited = true;
                                rarely(connection.end_or_drain(&mut exchange)).await
                            }
                        };
                        if goes_on { Ok(connection.step(&mut exchange)) } else { Err(Gone) }
                    }
                    Step::Waits => {
                        has_waited = true;
                        #[cfg(feature = "metrics")]
                        connection.count_in_flight(&mut exchange);
                        let progress = if connection.arrived.is_rare() || connection.offered.is_some() {
                            rarely(connection.serve_rare(&mut exchange)).await
                        } else {
                            connection.run(&mut exchange).await
                        };
                        exchange.now = clock::now();
                        progress
                    }
                    Step::Ran => Ok(connection.send(&mut exchange)),
                    Step::NeedsMore => {
                        if !exchange.outbox.is_empty() {
                            match connection.flush(&mut exchange).await {
                                Ok(waited) => has_waited |= waited,
                                Err(Gone) => break false,
                            }
                        }
                        if has_waited {
                            exchange.now = clock::now();
                        }
                        if exchange.inbox.is_empty() {
                            connection.idles(exchange.now);
                            break true;
                        }
                        if !is_in_head {
                            is_in_head = true;
                            connection.waits_for_head(&mut exchange);
                        }
                        has_waited = true;
                        poll_fn(|cx| connection.poll_more_of_head(&mut exchange, cx)).await
                    }
                    Step::MoreCame => Ok(connection.step(&mut exchange)),
                };
                match progress {
                    Ok(next) => step = next,
                    Err(Gone) => break false,
                }
            };
            if !goes_on {
                connection.tell_of_last(&exchange);
                exchange.abandon();
                exchange.give_back();
                if connection.wire.farewell != Farewell::None {
                    rarely(lingering::take_leave(connection.wire, counted.shared())).await;
                }
                break;
            }
            exchange.give_back();
        }
        if let Some(begun) = connection.take_preface() {
            return begun.go_on(counted, task).await;
        }
        if let Some(session) = connection.offered.take().and_then(|offered| offered.0.take_session()) {
            counted.unwatch();
            let session = upgraded::drive(session.core, session.handler, counted);
            match task {
                SessionTask::Own => drop(tokio::spawn(session)),
                SessionTask::Same => Box::pin(session).await,
            }
        }
    }
}

/// The handover of a request that asks for WebSocket. Dropped when that is answered otherwise, or cannot be any more.
struct Offered(Arc<Handover>);

impl Drop for Offered {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A connection at work.
struct Connection<'c> {
    wire: &'c mut Wire,
    counted: &'c Counted,
    /// The request that is being waited for. It lies here since a future keeps what its functions pass on.
    arrived: Arrived<'c>,
    /// Where the handler of a request that asks for WebSocket meets its connection.
    offered: Option<Offered>,
}

/// How far a request came without a wait.
#[derive(Clone, Copy)]
enum Step {
    /// The head has not ended, or has not begun.
    NeedsMore,
    /// The answer is in the outbox.
    Answered(Next),
    /// Something has to be waited for; [`Connection::arrived`] says what.
    Waits,
    /// The handler has run to its end.
    Ran,
    /// More of the head has come.
    MoreCame,
}

impl<'c> Connection<'c> {
    /// Writes what is in the outbox. Tells whether that had to wait.
    fn flush<'x>(
        &'x mut self,
        exchange: &'x mut Exchange,
    ) -> impl Future<Output = Result<bool, Gone>> + use<'x, 'c> {
        let mut has_waited = false;
        poll_fn(move |cx| {
            let flushed = self.wire.poll_flush(&mut exchange.outbox, &self.app().limits, cx);
            has_waited |= flushed.is_pending();
            flushed.map_ok(|()| has_waited)
        })
    }

    /// Takes the next request from the inbox and answers it, if that needs no wait: a plain `fn` without body, filters
    /// or an error.
    #[inline]
    fn step(&mut self, exchange: &mut Exchange) -> Step {
        if exchange.inbox.is_empty() {
            return Step::NeedsMore;
        }
        let app = self.app();
        let Request { headers, path, .. } = &mut exchange.request;
        let received =
            self.wire.h1.receive_head(exchange.inbox.bytes(), &app.limits, headers, &mut path.target);
        let mut head = match received {
            Ok(Some(head)) => head,
            Ok(None) => return Step::NeedsMore,
            Err(refusal) => return self.waits_refused(&exchange.inbox, refusal),
        };
        exchange.inbox.consume(head.length);
        if let Err(refusal) = exchange.request.take_head(&mut head) {
            return self.waits(Arrived::Malformed(refusal));
        }
        if head.upgrade {
            self.offer(&mut exchange.request);
        }
        let target = if self.wire.h1.body_is_complete() {
            let target = app.target(&mut exchange.request, false).unwrap_or(Target::NOT_FOUND);
            if (head.framing != Framing::None || exchange.request.method != Method::GET)
                && let Err(refusal) = app.check_empty_form(&target, &exchange.request)
            {
                return self.waits(Arrived::Malformed(refusal));
            }
            target
        } else {
            match self.body_at_hand(exchange, head.framing) {
                Arrived::At(target) => target,
                arrived => return self.waits(arrived),
            }
        };
        // What answers at once owns nothing, and a drop would be looked for all the same.
        let target = ManuallyDrop::new(target);
        let shared = self.counted.shared();
        match shared.within(|| app.answer_at_once(&target, &mut exchange.request, &mut exchange.response)) {
            Some(Ok(())) if exchange.response.is_plain() && exchange.request.kept().is_none() => {}
            Some(result) => return self.waits(Arrived::Ran(result)),
            None => return self.waits_for(exchange, ManuallyDrop::into_inner(target)),
        }
        self.send(exchange)
    }

    /// Puts the answer into the outbox, as far as it is in memory.
    #[inline(always)]
    fn send(&mut self, exchange: &mut Exchange) -> Step {
        let second = exchange.now.second;
        let Exchange { request, response, outbox, .. } = &mut *exchange;
        if !response.is_committed() {
            Sender::settle_trailers(response, &self.wire.h1);
            self.app().finish(request, response);
            if let Some(rest) = self.sender(second).put(response, &mut self.wire.h1, outbox) {
                if !request.body.is_empty() || request.is_held() {
                    // Nobody looks at it any more, and the rest of the answer may take long.
                    request.drop_body();
                }
                return self.waits(Arrived::Answered(rest));
            }
        }
        Step::Answered(self.conclude(exchange))
    }

    #[cold]
    fn waits_for(&mut self, exchange: &mut Exchange, target: Target<'c>) -> Step {
        self.waits(Connection::held(&mut exchange.request, target))
    }

    #[cold]
    fn waits(&mut self, arrived: Arrived<'c>) -> Step {
        self.arrived = arrived;
        Step::Waits
    }

    /// What happens so seldom that its future is boxed.
    async fn serve_rare(&mut self, exchange: &mut Exchange) -> Result<Step, Gone> {
        match std::mem::replace(&mut self.arrived, Arrived::NOTHING) {
            Arrived::Unfinished(unfinished) => {
                let arrived = self.rest_of_body(exchange, unfinished).await?;
                Ok(self.waits(arrived))
            }
            Arrived::Uploading(uploading) => {
                let shared = self.counted.shared();
                let arrived = Box::pin(uploading.receive(self.wire, exchange, shared)).await?;
                Ok(self.waits(arrived))
            }
            Arrived::Refused(refusal) => {
                let rest = self.refuse(exchange, refusal).await;
                self.send_rest(exchange, rest).await?;
                Ok(Step::Answered(Next::Close))
            }
            #[cfg(feature = "http2")]
            preface @ Arrived::Preface(_) => {
                self.arrived = preface;
                Err(Gone)
            }
            Arrived::Answered(rest) => {
                self.wire.give_up_reading();
                self.send_rest(exchange, Some(rest)).await?;
                Ok(Step::Answered(self.conclude(exchange)))
            }
            arrived => {
                self.arrived = arrived;
                match self.offered.as_ref().map(|offered| Arc::clone(&offered.0)) {
                    Some(offered) => self.run_offered(exchange, offered).await,
                    None => Ok(Step::Waits),
                }
            }
        }
    }

    async fn send_rest(&mut self, exchange: &mut Exchange, rest: Option<Rest>) -> Result<(), Gone> {
        let Exchange { inbox, outbox, request, .. } = exchange;
        match rest {
            Some(rest) => {
                let shared = self.counted.shared();
                shared.run(rest.send(request, self.wire, inbox, outbox, &shared.app.0.limits)).await
            }
            None => Ok(()),
        }
    }

    /// The end of a request: its line in the log, and what comes next.
    #[inline]
    fn conclude(&mut self, exchange: &mut Exchange) -> Next {
        if self.app().is_observed() {
            self.tell(exchange);
        }
        exchange.clear();
        let next = self.wire.h1.finish();
        if self.offered.is_some() && next != Next::Upgraded {
            self.offered = None;
        }
        next
    }

    /// Lets the handler of a request ask for the connection, if the request asks for WebSocket.
    #[cold]
    fn offer(&mut self, request: &mut Request) {
        if request.method == Method::GET && handshake::is_wanted(&request.headers) {
            let handover = Handover::new(self.counted.shared().lifecycle.is_stopping());
            request.extensions.insert(Arc::clone(&handover));
            self.offered = Some(Offered(handover));
        }
    }

    #[inline]
    fn app(&self) -> &'c Inner {
        &self.counted.shared().app.0
    }

    #[inline]
    fn sender(&self, second: u64) -> Sender<'c> {
        Sender { second, shared: self.counted.shared() }
    }

    /// Answers a peer that broke the protocol or a limit of it; the connection closes then.
    async fn refuse(&mut self, exchange: &mut Exchange, refusal: Refusal) -> Option<Rest> {
        let glimpse = Glimpse::of(exchange.inbox.bytes());
        exchange.clear();
        exchange.request.forget_head();
        self.wire.h1.refuse_head(exchange.inbox.bytes());
        self.wire.is_refused = true;
        let Exchange { request, response, outbox, .. } = exchange;
        // Nothing pumps here, so a page that writes piece by piece gets an error instead of waiting for ever.
        let outgoing = response.outgoing.take();
        let shared = self.counted.shared();
        let error = Error::from_refusal(refusal);
        shared.run(shared.app.0.refuse(error, &glimpse, request, response)).await;
        if response.marks.is_sniffed {
            self.app().answers.judge_sniffed(request, response);
        }
        response.outgoing = outgoing;
        Sender::settle_trailers(response, &self.wire.h1);
        let rest = self.sender(clock::now().second).put(response, &mut self.wire.h1, outbox);
        self.tell_of_refused(exchange);
        rest
    }

    /// After an answer that is not simply followed by the next request: throws the rest of the body away if that keeps
    /// the connection, else ends it. Tells whether it goes on.
    async fn end_or_drain(&mut self, exchange: &mut Exchange) -> bool {
        let limits = &self.app().limits;
        self.wire.give_up_reading();
        if self.flush(exchange).await.is_err() {
            self.offered = None;
            return false;
        }
        if let Some(core) = self.offered.as_ref().and_then(|offered| offered.0.core()) {
            self.wire.hand_over(&core, exchange.inbox.bytes());
            return false;
        }
        if self.wire.h1.finish() == Next::Drain {
            let Exchange { inbox, outbox, .. } = &mut *exchange;
            let bounded = limits.clone().body_size(limits.drain_size);
            let mut receiver = Receiver::new(&bounded, bounded.body_bound());
            if let Ok(Ok(())) = receiver.discard(self.wire, inbox, outbox).await
                && self.wire.h1.finish() == Next::Keep
            {
                return true;
            }
        }
        self.wire.stream.bound_farewell(limits.write_timeout);
        self.wire.settle_farewell(&exchange.inbox);
        false
    }
}

/// Boxes what happens so seldom that it shall neither take room in every connection's future nor be inlined into the way of
/// ordinary requests.
fn rarely<'f, T>(work: impl Future<Output = T> + Send + 'f) -> BoxFuture<'f, T> {
    Box::pin(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an idle connection costs beside its socket; a server may have 50,000 of them.
    #[test]
    fn an_idle_connection_is_small() {
        let size = size_of_output(serve);
        // With the 104 bytes that tokio keeps of a task it fills a block of 512, which are aligned to 128.
        assert!(size <= 408, "{size} bytes");
    }

    fn size_of_output<F>(_: fn(Stream, Counted, SessionTask) -> F) -> usize {
        size_of::<F>()
    }
}
