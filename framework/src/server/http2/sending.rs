//! The sending side of a stream: an answer's head, and its body as fast as the peer makes room for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{Method, StatusCode};
use tokio::time::Instant;

use super::answer::{Parts, map_of};
use crate::base::{Headers, say};
use crate::io::{Deadline, Pace};
use crate::proto::Limits;
use crate::server::Shared;

/// See the head of this file.
pub(super) struct Sending {
    respond: SendResponse<Bytes>,
    /// Once the head is out, if a body follows.
    stream: Option<SendStream<Bytes>>,
    method: Method,
    /// The peer waits until somebody wants the body of its request.
    wanted: Option<Arc<AtomicBool>>,
    /// The status that went out; 0 before that.
    pub(super) status: u16,
    /// Bytes of the body that went out.
    pub(super) sent: u64,
    /// What the peer has no room for yet.
    waiting: Bytes,
    /// Nothing follows that.
    is_last: bool,
    /// We have reset the stream.
    pub(super) is_cut: bool,
    slowness: Option<Box<(Pace, Deadline)>>,
}

/// The stream is of no more use: the peer has reset it, took nothing for too long, or is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone;

impl Sending {
    pub(super) fn new(respond: SendResponse<Bytes>, method: Method) -> Sending {
        Sending {
            respond,
            stream: None,
            method,
            wanted: None,
            status: 0,
            sent: 0,
            waiting: Bytes::new(),
            is_last: false,
            is_cut: false,
            slowness: None,
        }
    }

    /// The peer waits with the body of its request until somebody wants that (RFC 9110, section 10.1.1).
    pub(super) fn asks_when(&mut self, wanted: &Arc<AtomicBool>) {
        self.wanted = Some(Arc::clone(wanted));
    }

    /// Sends the head; tells whether a body is to follow.
    ///
    /// # Errors
    /// The stream is of no more use.
    pub(super) fn head(&mut self, parts: &Parts<'_>, shared: &Shared) -> Result<bool, Gone> {
        let (head, has_body) = parts.fields(&self.method, shared);
        self.begin(head, has_body)?;
        Ok(has_body)
    }

    fn begin(&mut self, head: http::Response<()>, has_body: bool) -> Result<(), Gone> {
        let status = head.status().as_u16();
        let stream = self.respond.send_response(head, !has_body).map_err(|_| Gone)?;
        self.status = status;
        self.stream = has_body.then_some(stream);
        Ok(())
    }

    /// Opens the tunnel that a CONNECT asks for.
    ///
    /// # Errors
    /// The stream is of no more use.
    pub(super) fn tunnel(mut self, headers: &Headers, shared: &Shared) -> Result<SendStream<Bytes>, Gone> {
        let (content_type, length, has_trailers, second) = (None, None, false, None);
        let opened = Parts { status: StatusCode::OK, headers, content_type, length, has_trailers, second };
        let (head, _) = opened.fields(&Method::GET, shared);
        self.begin(head, true)?;
        self.stream.take().ok_or(Gone)
    }

    /// Sends as much as there is room for now; tells whether that was all.
    ///
    /// # Errors
    /// The stream is of no more use.
    pub(super) fn send_now(&mut self) -> Result<bool, Gone> {
        let Some(stream) = &mut self.stream else { return Ok(true) };
        stream.reserve_capacity(self.waiting.len());
        while !self.waiting.is_empty() {
            let room = stream.capacity().min(self.waiting.len());
            if room == 0 {
                return Ok(false);
            }
            let piece = self.waiting.split_to(room);
            let is_end = self.is_last && self.waiting.is_empty();
            self.sent += piece.len() as u64;
            stream.send_data(piece, is_end).map_err(|_| Gone)?;
        }
        Ok(true)
    }

    /// Puts a piece of the body where it waits; there must be none.
    pub(super) fn put(&mut self, piece: Bytes, is_last: bool) {
        debug_assert!(self.waiting.is_empty(), "a piece waits already");
        (self.waiting, self.is_last) = (piece, is_last);
    }

    /// Ends the body.
    ///
    /// # Errors
    /// The stream is of no more use.
    pub(super) fn end(&mut self) -> Result<(), Gone> {
        match &mut self.stream {
            Some(stream) => stream.send_data(Bytes::new(), true).map_err(|_| Gone),
            None => Ok(()),
        }
    }

    /// Ends the body with fields behind it, if there are any.
    ///
    /// # Errors
    /// The stream is of no more use.
    pub(super) fn end_with(&mut self, trailers: &Headers) -> Result<(), Gone> {
        match &mut self.stream {
            Some(stream) if !trailers.is_empty() => stream.send_trailers(map_of(trailers)).map_err(|_| Gone),
            _ => self.end(),
        }
    }

    /// Ends the stream in its midst: the answer failed.
    pub(super) fn cut(&mut self, reason: Reason) {
        self.is_cut = true;
        match &mut self.stream {
            Some(stream) => stream.send_reset(reason),
            None => self.respond.send_reset(reason),
        }
    }

    /// Sends what waits, as the peer makes room.
    pub(super) fn poll_send(&mut self, limits: &Limits, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while !self.waiting.is_empty() {
            let Some(stream) = &mut self.stream else {
                self.waiting = Bytes::new();
                break;
            };
            stream.reserve_capacity(self.waiting.len().min(AT_ONCE));
            if stream.capacity() == 0 {
                match stream.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(_) => return Poll::Ready(Err(Gone)),
                    Poll::Pending => return self.poll_patience(limits, cx).map(Err),
                }
            }
            let room = stream.capacity().min(self.waiting.len());
            if room == 0 {
                continue;
            }
            let piece = self.waiting.split_to(room);
            let is_end = self.is_last && self.waiting.is_empty();
            self.sent += room as u64;
            if stream.send_data(piece, is_end).is_err() {
                return Poll::Ready(Err(Gone));
            }
            if let Some(slowness) = &mut self.slowness {
                slowness.0.moved();
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The peer has no room: how long that may last.
    #[cold]
    fn poll_patience(&mut self, limits: &Limits, cx: &mut Context<'_>) -> Poll<Gone> {
        let (pace, deadline) = &mut **self
            .slowness
            .get_or_insert_with(|| Box::new((Pace::default(), Deadline::new(Instant::now()))));
        deadline.set(pace.due(limits.answer_tempo(), self.sent));
        if deadline.poll(cx).is_pending() {
            return Poll::Pending;
        }
        say!(
            debug,
            "reset a stream whose peer took nothing for {:?} or less than {} bytes a second \
             (Limits::write_timeout, Limits::answer_rate)",
            limits.write_timeout,
            limits.answer_rate
        );
        self.cut(Reason::CANCEL);
        Poll::Ready(Gone)
    }

    /// Whether the peer has had its answer, or we did not want it to. Who leaves one in its midst, as those who listen to events do, has had it.
    pub(super) fn settles(&self, answered: Result<(), Gone>) -> bool {
        answered.is_ok() || self.is_cut || self.sent > 0
    }

    /// Ready when the peer has reset the stream, or the connection is gone.
    pub(super) fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<Gone> {
        let reset = match &mut self.stream {
            Some(stream) => stream.poll_reset(cx),
            None if self.status == 0 => self.respond.poll_reset(cx),
            None => return Poll::Pending,
        };
        reset.map(|_| Gone)
    }

    /// Asks the peer for the body of its request, if it waits for that and somebody wants it (RFC 9110, section 10.1.1).
    pub(super) fn ask_for_body(&mut self) {
        if self.status == 0
            && let Some(wanted) = &self.wanted
            && wanted.load(Ordering::Relaxed)
        {
            self.wanted = None;
            let mut asking = http::Response::new(());
            *asking.status_mut() = StatusCode::CONTINUE;
            let _ = self.respond.send_informational(asking);
        }
    }
}

/// How much room is asked for at once, so that one stream does not take that of all others.
const AT_ONCE: usize = 64 << 10;
