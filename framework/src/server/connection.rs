//! One HTTP/1.1 connection: read, dispatch, write, as often as the peer likes.
//!
//! An idle connection owns no buffers (it takes an [`Exchange`] with the first byte), and its future is small: what
//! is rare is boxed. Requests that wait in the inbox together are answered together, with one write.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::StatusCode;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::Counted;
use super::lifecycle::Lifecycle;
use super::pump::{Incoming, Pump};
use super::receiver::Receiver;
use super::sender::{Rest, Sender};
use super::wire::{Gone, Wire};
use crate::app::{Exchange, Inner, Target, shown};
use crate::http;
use crate::http::{BodyReader, Request};
use crate::io::{Deadline, Pipe, Stream, clock};
use crate::proto::Refusal;
use crate::proto::h1::{Framing, H1, Next};

/// Serves one connection until it ends.
pub(crate) async fn serve(stream: Stream, peer: Option<SocketAddr>, counted: Counted) {
    let shared = counted.shared();
    let app = &*shared.app.0;
    let mut stop = pin!(shared.lifecycle.stop_notice());
    let mut connection = Connection {
        wire: Wire {
            stream,
            h1: H1::new(),
            deadline: Deadline::new(clock::now().instant + app.limits.header_timeout),
            is_half_closed: false,
            is_refused: false,
        },
        app,
        lifecycle: &shared.lifecycle,
        peer,
    };
    while let Some(mut exchange) = poll_fn(|cx| connection.poll_first_bytes(stop.as_mut(), cx)).await {
        if !connection.serve_batch(&mut exchange).await {
            exchange.abandon();
            exchange.give_back();
            break;
        }
        exchange.give_back();
    }
}

/// What a connection holds while it idles.
struct Connection<'c> {
    wire: Wire,
    app: &'c Inner,
    lifecycle: &'c Lifecycle,
    peer: Option<SocketAddr>,
}

/// How far a request came without a wait.
enum Step<'c> {
    /// The head has not ended, or has not begun.
    NeedsMore,
    /// The answer is in the outbox.
    Answered(Next),
    Waits(Arrived<'c>),
    /// The body is still to be received.
    HasBody(Framing),
    /// The peer broke the protocol or a limit of it.
    Refused(Refusal),
}

/// A request that something has to be waited for.
enum Arrived<'c> {
    At(Target<'c>),
    /// Its path or its parameters cannot be read; its framing can.
    Malformed(Refusal),
    /// Its handler has run, and failed or named a file.
    Ran(http::Result),
    /// Its answer is in the outbox up to this.
    Answered(Rest),
}

impl<'c> Connection<'c> {
    /// Waits for the first byte of a request without holding a buffer. `None`: the connection is over.
    fn poll_first_bytes(
        &mut self,
        stop: Pin<&mut Notified<'_>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Box<Exchange>>> {
        let mut exchange = Exchange::take(&self.app.context, self.peer);
        match self.wire.poll_fill(&mut exchange.inbox, 0, cx) {
            Poll::Ready(Ok(true)) => return Poll::Ready(Some(exchange)),
            Poll::Ready(_) => {
                exchange.put_back();
                return Poll::Ready(None);
            }
            Poll::Pending => exchange.put_back(),
        }
        let was_armed = self.wire.deadline.is_armed_for(cx);
        let is_over = self.wire.deadline.poll(cx).is_ready();
        if is_over || (!was_armed && stop.poll(cx).is_ready()) || self.lifecycle.is_stopping() {
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    /// Answers the requests that have come. Tells whether to wait for more.
    async fn serve_batch(&mut self, exchange: &mut Exchange) -> bool {
        let limits = &self.app.limits;
        let mut now = clock::now();
        let mut is_in_head = false;
        // Reading the clock costs as much as parsing a head, so one reading serves until something has been waited for.
        let mut has_waited = false;
        loop {
            let next = match self.step(exchange, now.second) {
                Step::Answered(next) => Ok(next),
                Step::Waits(arrived) => {
                    has_waited = true;
                    self.serve_request(exchange, arrived, None, now.second).await
                }
                Step::HasBody(framing) => {
                    has_waited = true;
                    self.serve_with_body(exchange, framing, now.second).await
                }
                Step::Refused(refusal) => Box::pin(self.refuse(exchange, refusal)).await,
                Step::NeedsMore => {
                    if !exchange.outbox.is_empty()
                        && self.wire.flush(&mut exchange.outbox, limits).await.is_err()
                    {
                        return false;
                    }
                    if has_waited {
                        now = clock::now();
                    }
                    if exchange.inbox.is_empty() {
                        self.wire.deadline.set(now.instant + limits.idle_time);
                        return true;
                    }
                    if !is_in_head {
                        is_in_head = true;
                        self.wire.deadline.set(now.instant + limits.header_timeout);
                    }
                    has_waited = true;
                    match self.more_of_head(exchange).await {
                        Ok(true) => continue,
                        Ok(false) => return false,
                        Err(refusal) => Box::pin(self.refuse(exchange, refusal)).await,
                    }
                }
            };
            is_in_head = false;
            match next {
                Ok(Next::Keep) if !exchange.outbox.must_be_flushed() => {}
                Ok(Next::Keep) => {
                    if self.wire.flush(&mut exchange.outbox, limits).await.is_err() {
                        return false;
                    }
                }
                Ok(_) => {
                    if !Box::pin(self.end_or_drain(exchange)).await {
                        return false;
                    }
                }
                Err(Gone) => return false,
            }
        }
    }

    /// Takes the next request from the inbox and answers it, if that needs no wait: a plain `fn` without body, filters
    /// or an error.
    #[inline]
    fn step(&mut self, exchange: &mut Exchange, second: u64) -> Step<'c> {
        let app = self.app;
        if exchange.inbox.is_empty() {
            return Step::NeedsMore;
        }
        let Request { headers, path, .. } = &mut exchange.request;
        let received =
            self.wire.h1.receive_head(exchange.inbox.bytes(), &app.limits, headers, &mut path.target);
        let mut head = match received {
            Ok(Some(head)) => head,
            Ok(None) => return Step::NeedsMore,
            Err(refusal) => return Step::Refused(refusal),
        };
        exchange.inbox.consume(head.length);
        if let Err(refusal) = exchange.request.take_head(&mut head) {
            return Step::Waits(Arrived::Malformed(refusal));
        }
        if !self.wire.h1.body_is_complete() {
            return Step::HasBody(head.framing);
        }
        let target = app.target(&mut exchange.request, false).unwrap_or(Target::NotFound);
        match app.answer_at_once(&target, &exchange.request, &mut exchange.response) {
            Some(Ok(())) if exchange.response.is_plain() => {}
            Some(result) => return Step::Waits(Arrived::Ran(result)),
            None => return Step::Waits(Arrived::At(target)),
        }
        let rest = self.sender(second).put(&mut exchange.response, &mut self.wire.h1, &mut exchange.outbox);
        match rest {
            Some(rest) => Step::Waits(Arrived::Answered(rest)),
            None => Step::Answered(self.conclude(exchange)),
        }
    }

    /// What is left of a request that could not be answered at once.
    async fn serve_request(
        &mut self,
        exchange: &mut Exchange,
        arrived: Arrived<'c>,
        incoming: Option<Incoming<'c>>,
        second: u64,
    ) -> Result<Next, Gone> {
        let app = self.app;
        let sender = self.sender(second);
        let Exchange { request, response, inbox, outbox, outgoing } = &mut *exchange;
        let answering = match arrived {
            Arrived::At(target) => app.answer(target, request, response),
            Arrived::Malformed(refusal) => app.refuse(refusal, request, response),
            Arrived::Ran(result) => app.conclude(result, request, response),
            Arrived::Answered(rest) => {
                Box::pin(rest.send(&mut self.wire, inbox, outbox, sender.limits)).await?;
                return Ok(self.conclude(exchange));
            }
        };
        if answering.is_done() {
            drop(answering);
        } else {
            let mut pump = Pump::new(&mut self.wire, inbox, outbox, sender, outgoing, incoming);
            if let Some(result) = pump.drive(answering).await? {
                let page = app.conclude(result, request, response);
                pump.drive(page).await?;
            }
            if response.is_committed() {
                pump.finish().await?;
            }
        }
        if !response.is_committed()
            && let Some(rest) = sender.put(response, &mut self.wire.h1, outbox)
        {
            Box::pin(rest.send(&mut self.wire, inbox, outbox, sender.limits)).await?;
        }
        Ok(self.conclude(exchange))
    }

    /// A request with a body: receives as much of it as its handler wants beforehand.
    async fn serve_with_body(
        &mut self,
        exchange: &mut Exchange,
        framing: Framing,
        second: u64,
    ) -> Result<Next, Gone> {
        let mut incoming = None;
        let arrived = match self.receive_body(exchange, framing, &mut incoming).await? {
            Ok(target) => Arrived::At(target),
            Err(refusal) => Arrived::Malformed(refusal),
        };
        self.serve_request(exchange, arrived, incoming, second).await
    }

    /// The end of a request: its line in the log, and what comes next.
    #[inline]
    fn conclude(&mut self, exchange: &mut Exchange) -> Next {
        let Exchange { request, response, .. } = exchange;
        tracing::info!(
            target: "vernal::access",
            "\"{} {} {:?}\" {} -",
            request.method, shown(request.target()), request.version(), response.status.as_u16()
        );
        exchange.clear();
        self.wire.h1.finish()
    }

    #[inline]
    fn sender(&self, second: u64) -> Sender<'c> {
        let Inner { server_line, limits, .. } = self.app;
        Sender { second, server_line, limits, lifecycle: self.lifecycle }
    }

    /// Finds the target of a request with a body, and receives the body if the target wants it whole. What nobody wants is
    /// left for later.
    async fn receive_body(
        &mut self,
        exchange: &mut Exchange,
        framing: Framing,
        incoming: &mut Option<Incoming<'c>>,
    ) -> Result<Result<Target<'c>, Refusal>, Gone> {
        let app = self.app;
        let Exchange { request, inbox, outbox, .. } = exchange;
        let target = app.target(request, request.is_form());
        let limits = target.as_ref().map_or(&app.limits, |target| app.limits_of(target));
        let mut receiver = Receiver::new(limits, clock::now().instant);
        if target.as_ref().is_some_and(|target| !target.has_handler()) {
            return Ok(Ok(target.unwrap_or(Target::NotFound)));
        }
        if let Err(refusal) = receiver.check_declared(framing) {
            return Ok(Err(refusal));
        }
        if target.as_ref().is_some_and(Target::streams_body) {
            let pipe = Arc::new(Pipe::default());
            request.set_reader(BodyReader::piped(Arc::clone(&pipe)));
            *incoming = Some(Incoming { pipe, receiver });
            return Ok(Ok(target.unwrap_or(Target::NotFound)));
        }
        let body = &mut request.body;
        let received = match receiver.receive_now(&mut self.wire, inbox, |data| body.extend_from_slice(data))
        {
            Ok(true) => Ok(()),
            Ok(false) => Box::pin(receiver.receive(&mut self.wire, inbox, outbox, body)).await?,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = received {
            self.wire.h1.refuse();
            return Ok(Err(refusal));
        }
        if let Err(refusal) = request.decode_form() {
            return Ok(Err(refusal));
        }
        // The limits of a mapping that is only found now were not known while the body came; they hold all the same.
        let target = target.or_else(|| app.target(request, false)).unwrap_or(Target::NotFound);
        let found = Receiver::new(app.limits_of(&target), clock::now().instant);
        Ok(found.check_size(request.body.len() as u64).map(|()| target))
    }

    /// Waits for more bytes of a head. `Ok(false)`: the peer is gone.
    ///
    /// # Errors
    /// The head is too slow: 408.
    async fn more_of_head(&mut self, exchange: &mut Exchange) -> Result<bool, Refusal> {
        let limits = &self.app.limits;
        poll_fn(|cx| {
            match self.wire.poll_fill(&mut exchange.inbox, limits.head_size.saturating_add(HEAD_MARGIN), cx) {
                Poll::Ready(Ok(is_there)) => return Poll::Ready(Ok(is_there)),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(false)),
                Poll::Pending => {}
            }
            if self.wire.deadline.poll(cx).is_ready() {
                let explain =
                    format!("the head took longer than {:?} (Limits::header_timeout)", limits.header_timeout);
                return Poll::Ready(Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, explain)));
            }
            Poll::Pending
        })
        .await
    }

    /// Answers a peer that broke the protocol or a limit of it; the connection closes then.
    async fn refuse(&mut self, exchange: &mut Exchange, refusal: Refusal) -> Result<Next, Gone> {
        let app = self.app;
        exchange.clear();
        exchange.request.forget_head();
        self.wire.h1.refuse();
        self.wire.is_refused = true;
        let Exchange { request, response, inbox, outbox, .. } = &mut *exchange;
        let status = refusal.status.as_u16();
        app.refuse(refusal, request, response).await;
        let sender = self.sender(clock::now().second);
        if let Some(rest) = sender.put(response, &mut self.wire.h1, outbox) {
            rest.send(&mut self.wire, inbox, outbox, &app.limits).await?;
        }
        tracing::info!(target: "vernal::access", "\"-\" {status} -");
        Ok(Next::Close)
    }

    /// After an answer that is not simply followed by the next request: throws the rest of the body away if that keeps
    /// the connection, else ends it. Tells whether it goes on.
    async fn end_or_drain(&mut self, exchange: &mut Exchange) -> bool {
        let limits = &self.app.limits;
        if self.wire.flush(&mut exchange.outbox, limits).await.is_err() {
            return false;
        }
        if self.wire.h1.finish() == Next::Drain {
            let Exchange { inbox, outbox, .. } = &mut *exchange;
            let bounded = limits.clone().body_size(limits.drain_size);
            let mut receiver = Receiver::new(&bounded, clock::now().instant);
            if let Ok(Ok(())) = receiver.discard(&mut self.wire, inbox, outbox).await
                && self.wire.h1.finish() == Next::Keep
            {
                return true;
            }
        }
        self.linger(exchange).await;
        false
    }

    /// Closes so that the peer can read the answer: a socket closed with unread bytes in it is reset, and the answer is
    /// lost (RFC 9112, section 9.6).
    async fn linger(&mut self, exchange: &mut Exchange) {
        let has_unread =
            self.wire.is_refused || !self.wire.h1.body_is_complete() || !exchange.inbox.is_empty();
        let closes_by_drop = matches!(self.wire.stream, Stream::Tcp(_));
        if closes_by_drop && !has_unread {
            return;
        }
        if poll_fn(|cx| self.wire.stream.poll_shutdown(cx)).await.is_err() || !has_unread {
            return;
        }
        let mut left = LINGERED;
        self.wire.deadline.set(Instant::now() + LINGER_TIME);
        poll_fn(|cx| {
            loop {
                let before = exchange.inbox.bytes().len();
                exchange.inbox.consume(before);
                match self.wire.poll_fill(&mut exchange.inbox, 0, cx) {
                    Poll::Ready(Ok(true)) => {
                        left = left.saturating_sub(exchange.inbox.bytes().len());
                        if left == 0 {
                            return Poll::Ready(());
                        }
                    }
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return self.wire.deadline.poll(cx),
                }
            }
        })
        .await;
    }
}

/// What an inbox may hold beyond a head, so that the head's own limit is what speaks.
const HEAD_MARGIN: usize = 1 << 10;

/// How much of what a peer goes on sending is thrown away after the last answer, and for how long.
const LINGERED: usize = 1 << 20;
const LINGER_TIME: Duration = Duration::from_secs(2);
