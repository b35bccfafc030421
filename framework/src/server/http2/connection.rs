//! One connection of HTTP/2: it takes requests in, answers at once what can be, and looks after the times of all.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::{Builder, Connection as Driver, SendResponse};
use h2::{Reason, RecvStream};
use http::Method;

use super::answer::Parts;
use super::draining::Draining;
use super::incoming::Incoming;
use super::request::{asks_for_websocket, take_head};
use super::sending::{Gone, Sending};
use super::session;
use super::stream::{self, Work};
use super::streams::Streams;
use super::times::Times;
use super::transport::{Known, Transport};
use crate::app::{Talk, Target};
use crate::base::say;
use crate::http::{Body, BodyKind, BoxFuture};
use crate::io::clock::Now;
use crate::io::{Stream, clock};
use crate::operations::End;
use crate::proto::Limits;
use crate::server::wire::Farewell;
use crate::server::{Counted, lingering};

/// Serves one connection until it ends.
pub(super) async fn serve(stream: Stream, leftover: Vec<u8>, counted: Counted) {
    // In a box, so that an open connection does not keep the room of what opened it.
    let opening: BoxFuture<'static, Option<Box<Connection>>> = Box::pin(open(stream, leftover, counted));
    let Some(mut connection) = opening.await else { return };
    let farewell = poll_fn(|cx| connection.poll(cx)).await;
    let (known, streams) = (Arc::clone(&connection.known), Arc::clone(&connection.streams));
    // Nothing is held while the peer may be sending on.
    drop(connection);
    if let Some(left) = known.take_left() {
        let leaving: BoxFuture<'_, ()> =
            Box::pin(lingering::take_leave_of(*left, farewell, streams.counted.shared()));
        leaving.await;
    }
}

/// Waits for the preface of a connection.
async fn open(stream: Stream, leftover: Vec<u8>, counted: Counted) -> Option<Box<Connection>> {
    let streams = Streams::new(counted);
    let limits = &streams.counted.shared().app.0.limits;
    let known = Arc::<Known>::default();
    let transport = Transport::new(stream, leftover, Arc::clone(&known), limits.answer_tempo());
    let mut opening = pin!(tokio::time::timeout(limits.first_byte(), builder(limits).handshake(transport)));
    let opened = poll_fn(|cx| {
        if let Poll::Ready(opened) = opening.as_mut().poll(cx) {
            return Poll::Ready(Some(opened));
        }
        streams.counted.watch(cx.waker());
        if streams.counted.shared().lifecycle.is_stopping() { Poll::Ready(None) } else { Poll::Pending }
    });
    let mut driver = match opened.await? {
        Ok(Ok(driver)) => driver,
        Ok(Err(error)) => {
            say!(debug, "no HTTP/2 with a peer: {error}");
            return None;
        }
        Err(_) => {
            let limit = limits.first_byte();
            say!(
                debug,
                "no HTTP/2 with a peer: its preface took longer than {limit:?} (Limits::header_timeout, Limits::idle_time)"
            );
            return None;
        }
    };
    let times = Times::new(Arc::clone(&known), driver.ping_pong(), limits);
    let draining = Draining::default();
    Some(Box::new(Connection {
        driver,
        known,
        streams: Arc::clone(&streams),
        draining,
        times,
        served: 0,
        late: 0,
        is_cut: false,
    }))
}

/// What the peer is told at first, and what is borne of it.
fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .initial_window_size(limits.http2_window)
        .initial_connection_window_size(limits.http2_connection_window)
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(limits.http2_header_list)
        .max_pending_accept_reset_streams(limits.http2_resets)
        .max_send_buffer_size(SEND_BUFFER)
        .enable_connect_protocol();
    builder
}

struct Connection {
    driver: Driver<Transport, Bytes>,
    known: Arc<Known>,
    streams: Arc<Streams>,
    draining: Draining,
    times: Times,
    /// How many requests have come, and how many of them after the peer was told of the end.
    served: u32,
    late: u32,
    /// It ends without regard to open streams.
    is_cut: bool,
}

impl Connection {
    /// Ready at its end, with how to take leave.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Farewell> {
        self.streams.wait(cx);
        let streams = Arc::clone(&self.streams);
        let limits = &streams.counted.shared().app.0.limits;
        loop {
            match self.accept(&streams, cx) {
                Poll::Ready(Err(error)) => {
                    say!(debug, "a connection of HTTP/2 ended: {error}");
                    return Poll::Ready(Farewell::Linger);
                }
                // It may have been ended by us.
                Poll::Ready(Ok(())) if streams.resets() > limits.http2_resets => {
                    return Poll::Ready(Farewell::Linger);
                }
                Poll::Ready(Ok(())) => return Poll::Ready(Farewell::Close),
                Poll::Pending => {}
            }
            self.draining.poll(&streams, limits, cx);
            if streams.resets() > limits.http2_resets && !self.is_cut {
                say!(
                    debug,
                    "ended a connection of HTTP/2 whose peer reset more than {} streams before they were answered \
                     (Limits::http2_resets)",
                    limits.http2_resets
                );
                self.cut(Reason::ENHANCE_YOUR_CALM);
                continue;
            }
            // A peer may open as many again before it hears that it is not to.
            if self.late > 2 * limits.http2_streams && !self.is_cut {
                say!(
                    debug,
                    "ended a connection of HTTP/2 whose peer opened more than {} streams after it had been told of the end                      (twice Limits::http2_streams)",
                    2 * limits.http2_streams
                );
                self.cut(Reason::ENHANCE_YOUR_CALM);
                continue;
            }
            if self.served >= limits.requests_per_connection && !self.times.is_ending() {
                self.times.end();
                self.driver.graceful_shutdown();
                continue;
            }
            let has_streams = streams.open() > 0 || self.driver.has_streams();
            match self.times.poll(&mut self.driver, &streams.counted, has_streams, self.draining.end(), cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(Farewell::None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn cut(&mut self, reason: Reason) {
        self.is_cut = true;
        self.times.end();
        self.driver.abrupt_shutdown(reason);
    }

    /// Takes in what has come. Each look for a request writes what is there to write, so that answers wait until all have been looked for,
    /// and go out together.
    fn accept(&mut self, streams: &Arc<Streams>, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        let mut arrived = ARRIVED.take();
        let ended = loop {
            let next = self.driver.poll_accept(cx);
            let ended = match next {
                Poll::Ready(Some(Ok(request))) => {
                    arrived.push(request);
                    if arrived.len() < TOGETHER {
                        continue;
                    }
                    None
                }
                Poll::Pending if arrived.is_empty() => break Poll::Pending,
                Poll::Pending => None,
                Poll::Ready(Some(Err(error))) => Some(Err(error)),
                Poll::Ready(None) => Some(Ok(())),
            };
            let now = clock::now();
            for (request, respond) in arrived.drain(..) {
                self.times.is_busy();
                self.served = self.served.saturating_add(1);
                self.late += u32::from(self.times.is_ending());
                self.begin(request, respond, streams, &now, cx);
            }
            if let Some(ended) = ended {
                break Poll::Ready(ended);
            }
        };
        ARRIVED.set(arrived);
        ended
    }

    /// Begins to answer a request, and ends it if that needs no wait.
    fn begin(
        &mut self,
        request: http::Request<RecvStream>,
        respond: SendResponse<Bytes>,
        streams: &Arc<Streams>,
        now: &Now,
        cx: &mut Context<'_>,
    ) {
        let shared = streams.counted.shared();
        let app = &*shared.app.0;
        let mut talk = Talk::take(&app.answers.context);
        streams.counted.introduce(&mut talk.request);
        let began = now.instant;
        let (parts, body) = request.into_parts();
        let mut sending = Sending::new(respond, parts.method.clone());
        let is_websocket = asks_for_websocket(&parts);
        let mut taken = take_head(&mut talk.request, parts, &app.limits);
        if taken.is_ok() && is_websocket {
            match streams.counted.session() {
                Ok(counted) => return session::begin(streams.enter(), counted, talk, sending, body, began),
                Err(refusal) => taken = Err(refusal),
            }
        }
        let work = match taken {
            Ok(_) if body.is_end_stream() => match self.at_once(&mut talk, &mut sending, streams, now) {
                AtOnce::Answered => {
                    streams.answered();
                    if app.is_observed() {
                        stream::tell(&talk, &sending, began, End::Answered, app);
                    }
                    return talk.give_back();
                }
                AtOnce::Gone => {
                    streams.was_reset();
                    if app.is_observed() {
                        stream::tell(&talk, &sending, began, End::Cut, app);
                    }
                    return talk.give_back();
                }
                AtOnce::Waits(work) => work,
            },
            Ok(is_waiting) => {
                let length = talk.request.content_length();
                let wanted = Arc::<AtomicBool>::default();
                if is_waiting {
                    sending.asks_when(&wanted);
                }
                Work::Taken(Ok(Incoming::body(body, length, streams, wanted)))
            }
            Err(refusal) => {
                if !body.is_end_stream() {
                    streams.leave_unread(body);
                }
                Work::Taken(Err(refusal))
            }
        };
        let mut serving = Box::pin(stream::serve(streams.enter(), talk, work, sending, began));
        // Many need not be waited for, and a task costs more than a look.
        if serving.as_mut().poll(cx).is_pending() {
            drop(tokio::spawn(serving as BoxFuture<'static, ()>));
        }
    }

    /// Answers a request without a body if that needs no wait: a plain `fn` without filters or an error, as for HTTP/1.1.
    fn at_once(&self, talk: &mut Talk, sending: &mut Sending, streams: &Streams, now: &Now) -> AtOnce {
        let shared = streams.counted.shared();
        let app = &*shared.app.0;
        let Talk { request, response, .. } = talk;
        let target = app.target(request, false).unwrap_or(Target::NOT_FOUND);
        if (request.method != Method::GET || request.headers.contains("content-length"))
            && let Err(refusal) = app.check_empty_form(&target, request)
        {
            return AtOnce::Waits(Work::Taken(Err(refusal)));
        }
        let answered = shared.within(|| app.answer_at_once(&target, request, response));
        match answered {
            Some(Ok(()))
                if response.is_plain() && request.kept().is_none() && response.trailing.is_none() => {}
            Some(result) => return AtOnce::Waits(Work::Ran(result)),
            None => return AtOnce::Waits(Work::Taken(Ok(Body::empty()))),
        }
        app.finish(request, response);
        let body = match &response.body.0 {
            BodyKind::Empty => Bytes::new(),
            BodyKind::Buffer => Bytes::copy_from_slice(&response.buffer),
            BodyKind::Bytes(bytes) => bytes.clone(),
            _ => return AtOnce::Waits(Work::Made),
        };
        let parts = Parts { second: Some(now.second), ..Parts::of(response, Some(body.len() as u64)) };
        match sending.head(&parts, shared) {
            Ok(true) => sending.put(body, true),
            Ok(false) => return AtOnce::Answered,
            Err(Gone) => return AtOnce::Gone,
        }
        match sending.send_now() {
            Ok(true) => AtOnce::Answered,
            Ok(false) => AtOnce::Waits(Work::Begun),
            Err(Gone) => AtOnce::Gone,
        }
    }
}

/// How far an answer came without a wait.
enum AtOnce {
    Answered,
    Waits(Work),
    /// Nobody wants it any more.
    Gone,
}

type Arrived = Vec<(http::Request<RecvStream>, SendResponse<Bytes>)>;

thread_local! {
    /// Room for what a connection takes in together; empty between two of them.
    static ARRIVED: Cell<Arrived> = const { Cell::new(Vec::new()) };
}

/// So many requests are taken in before the first of them is answered.
const TOGETHER: usize = 64;

/// What a stream may hold of its answer beside what its peer has made room for.
const SEND_BUFFER: usize = 64 << 10;
