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
use super::sender::Sender;
use super::wire::{Gone, Wire};
use crate::app::{Exchange, Inner, Target, shown};
use crate::http::BodyReader;
use crate::io::{Deadline, Pipe, Stream, clock};
use crate::proto::Refusal;
use crate::proto::h1::{H1, Head, Next};

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
        let goes_on = connection.serve_batch(&mut exchange).await;
        exchange.give_back();
        if !goes_on {
            break;
        }
    }
}

/// What a connection holds while it idles.
struct Connection<'c> {
    wire: Wire,
    app: &'c Inner,
    lifecycle: &'c Lifecycle,
    peer: Option<SocketAddr>,
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
        loop {
            let next = match self.wire.h1.receive_head(
                exchange.inbox.bytes(),
                limits,
                &mut exchange.request.headers,
            ) {
                Ok(Some(head)) => {
                    is_in_head = false;
                    exchange.inbox.consume(head.length);
                    self.serve_request(exchange, head, now.second).await
                }
                Ok(None) => {
                    if !exchange.outbox.is_empty()
                        && self.wire.flush(&mut exchange.outbox, limits).await.is_err()
                    {
                        return false;
                    }
                    now = clock::now();
                    if exchange.inbox.is_empty() {
                        self.wire.deadline.set(now.instant + limits.idle_time);
                        return true;
                    }
                    if !is_in_head {
                        is_in_head = true;
                        self.wire.deadline.set(now.instant + limits.header_timeout);
                    }
                    match self.more_of_head(exchange).await {
                        Ok(true) => Ok(Next::Keep),
                        Ok(false) => return false,
                        Err(refusal) => Box::pin(self.refuse(exchange, refusal)).await,
                    }
                }
                Err(refusal) => Box::pin(self.refuse(exchange, refusal)).await,
            };
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

    /// One request, from its head to its answer in the outbox.
    async fn serve_request(
        &mut self,
        exchange: &mut Exchange,
        mut head: Head,
        second: u64,
    ) -> Result<Next, Gone> {
        let app = self.app;
        let sender =
            Sender { second, server_line: &app.server_line, limits: &app.limits, lifecycle: self.lifecycle };
        let mut incoming = None;
        let target = match exchange.request.take_head(&mut head) {
            Ok(()) if self.wire.h1.body_is_complete() => {
                Ok(app.target(&mut exchange.request, false).unwrap_or(Target::NotFound))
            }
            Ok(()) => self.receive_body(exchange, &head, &mut incoming).await?,
            Err(refusal) => Err(refusal),
        };
        let Exchange { request, response, inbox, outbox, outgoing } = &mut *exchange;
        let answering = match target {
            Ok(target) => app.answer(target, request, response),
            Err(refusal) => app.refuse(refusal, request, response),
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
        tracing::info!(
            target: "vernal::access",
            "\"{} {} {:?}\" {} -",
            request.method, shown(request.target()), request.version(), response.status.as_u16()
        );
        exchange.clear();
        Ok(self.wire.h1.finish())
    }

    /// Finds the target of a request with a body, and receives the body if the target wants it whole. What nobody wants is
    /// left for later.
    async fn receive_body(
        &mut self,
        exchange: &mut Exchange,
        head: &Head,
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
        if let Err(refusal) = receiver.check_declared(head.framing) {
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
        let second = clock::now().second;
        let sender =
            Sender { second, server_line: &app.server_line, limits: &app.limits, lifecycle: self.lifecycle };
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
