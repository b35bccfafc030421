//! One HTTP/1.1 connection as a state machine (RFC 9112, section 9): which bytes are head, body or the next protocol's,
//! what an answer's head must say, and whether another request may follow.
//!
//! `H1` keeps no bytes. The driver owns the inbox: it shows what has been received, drops what was consumed, and asks in
//! this order, once for each request:
//!
//! 1. [`H1::receive_head`] until there is a head;
//! 2. [`H1::receive_body`] as often as the handler wants more of the body, and [`H1::take_continue`] before waiting for it;
//! 3. [`H1::send_head`], then the body as the returned [`BodyMode`] says;
//! 4. [`H1::finish`], which says what comes next.

use ::http::{Method, StatusCode, Version};

use super::super::{Limits, Refusal};
use super::body::{BodyDecoder, Progress};
use super::encode::{self, BodyLength, ConnectionOption, HeadParts};
use super::head::{self, Framing, Head};
use super::malformed;
use super::scan::HeadScan;
use crate::base::Headers;

/// The state of one connection.
#[derive(Debug)]
pub(crate) struct H1 {
    body: BodyDecoder,
    scan: HeadScan,
    /// Requests begun on this connection.
    served: u32,
    /// The status in the head of the answer; 0 before that is written.
    status: u16,
    phase: Phase,
    is_1_1: bool,
    method: Kind,
    /// The peer and we let the connection go on after this answer.
    keep_alive: bool,
    /// The peer waits for `100 Continue`, and has not got it.
    owes_continue: bool,
    /// The peer offered to change the protocol.
    upgrade: bool,
    /// The peer takes fields after the body of the answer.
    takes_trailers: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between requests, or in the middle of a head.
    Idle,
    /// A head has come, or was refused; its answer has not begun.
    Received,
    /// The head of the answer is written.
    Answered,
    /// The 101 is written.
    Upgraded,
}

/// Methods that change what an answer's head means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Head,
    Connect,
    Other,
}

/// What is to be answered.
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) reason: Option<&'a str>,
    pub(crate) headers: &'a Headers,
    /// Sent if `headers` have none.
    pub(crate) content_type: Option<&'a str>,
    /// Bytes of the body; `None` if only its end will tell. For HEAD what GET would have.
    pub(crate) length: Option<u64>,
    /// Ready lines of the server's own.
    pub(crate) fixed: &'a [u8],
    /// The connection is to close after this answer, for the server stops.
    pub(crate) is_last: bool,
}

/// What the driver does with the body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyMode {
    /// Send none of it.
    Skip,
    /// Send its bytes as they are: exactly as many as were announced, or all of them and then close.
    Plain,
    /// Send it through [`encode::chunk`], and [`encode::last_chunk`] at its end.
    Chunked,
}

/// What follows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another request.
    Keep,
    /// The rest of this request's body: read it with [`H1::receive_body`] and throw it away, at most
    /// [`Limits::drain_size`] bytes, then call [`H1::finish`] again; beyond that, close.
    Drain,
    Close,
    /// Another protocol. What is left in the inbox is its beginning.
    Upgraded,
}

impl H1 {
    /// A fresh connection.
    pub(crate) const fn new() -> H1 {
        H1 {
            body: BodyDecoder::new(Framing::None),
            scan: HeadScan::new(),
            served: 0,
            status: 0,
            phase: Phase::Idle,
            is_1_1: true,
            method: Kind::Other,
            keep_alive: true,
            owes_continue: false,
            upgrade: false,
            takes_trailers: false,
        }
    }

    /// The next head, parsed into `headers` and `target`; drop its `length` from the inbox. `Ok(None)`: not yet. Legal between
    /// requests. A head that comes in pieces must be shown from its beginning each time.
    ///
    /// # Errors
    /// The head breaks a rule. The refusal is to be answered with [`H1::send_head`], and the connection closes.
    #[inline]
    pub(crate) fn receive_head(
        &mut self,
        inbox: &[u8],
        limits: &Limits,
        headers: &mut Headers,
        target: &mut String,
    ) -> Result<Option<Head>, Refusal> {
        debug_assert_eq!(self.phase, Phase::Idle, "the last request has not been finished");
        let is_fresh = self.scan.is_fresh();
        let mut received = if is_fresh {
            head::parse(inbox, limits, headers, target)
        } else {
            self.resume_head(inbox, limits, headers, target)
        };
        if is_fresh && matches!(received, Ok(None)) {
            received = self.scan.advance(inbox, limits).map(|_| None);
        }
        match &received {
            Ok(Some(head)) => self.begin(head),
            Ok(None) => {}
            Err(_) => self.refuse_head(inbox),
        }
        received
    }

    fn resume_head(
        &mut self,
        inbox: &[u8],
        limits: &Limits,
        headers: &mut Headers,
        target: &mut String,
    ) -> Result<Option<Head>, Refusal> {
        match self.scan.advance(inbox, limits)? {
            true => head::parse(inbox, limits, headers, target),
            false => Ok(None),
        }
    }

    #[inline]
    fn begin(&mut self, head: &Head) {
        self.body = BodyDecoder::new(head.framing);
        self.scan = HeadScan::new();
        self.served = self.served.saturating_add(1);
        self.status = 0;
        self.phase = Phase::Received;
        self.is_1_1 = head.version == Version::HTTP_11;
        self.method = match head.method {
            Method::HEAD => Kind::Head,
            Method::CONNECT => Kind::Connect,
            _ => Kind::Other,
        };
        self.keep_alive = head.keep_alive;
        self.owes_continue = head.expects_continue;
        self.upgrade = head.upgrade;
        self.takes_trailers = head.takes_trailers;
    }

    /// The next piece of the body at the beginning of the inbox; drop what it consumed. Legal after a head, before and
    /// after the answer.
    ///
    /// # Errors
    /// The body's framing is malformed. Answer the refusal if the answer has not begun; the connection closes.
    #[inline]
    pub(crate) fn receive_body<'b>(
        &mut self,
        inbox: &'b [u8],
        limits: &Limits,
    ) -> Result<Progress<'b>, Refusal> {
        let progress = self.body.decode(inbox, limits);
        if progress.is_err() {
            self.refuse();
        }
        self.owes_continue &= inbox.is_empty();
        progress
    }

    /// How many bytes come next that are data of the body and nothing else.
    pub(crate) fn data_ahead(&self) -> u64 {
        self.body.data_ahead()
    }

    /// So many of them have been received without being shown to [`H1::receive_body`]: at least one.
    pub(crate) fn pass_data(&mut self, count: u64) {
        self.body.pass_data(count);
        self.owes_continue = false;
    }

    /// Whether all of the body has been received.
    #[inline]
    pub(crate) fn body_is_complete(&self) -> bool {
        self.body.is_done()
    }

    /// Whether [`encode::CONTINUE`] must be written before more of the body is awaited; that pays the debt. Ask when the
    /// body is wanted and [`H1::receive_body`] has been shown all there is. Nothing is owed once bytes of the body
    /// have come, or the answer has begun (RFC 9110, section 10.1.1).
    #[inline]
    pub(crate) fn take_continue(&mut self) -> bool {
        let is_owed = self.owes_continue && self.phase == Phase::Received;
        self.owes_continue &= !is_owed;
        is_owed
    }

    /// Writes the head of the answer, and says what to do with its body. Once for each request, and once after a
    /// refusal; also legal before any head, to refuse a peer for being late.
    ///
    /// The connection closes after it if the peer asked so, if this was the last request it may carry, if framing is in
    /// doubt, or if more of the request's body is left than is worth reading: more than [`Limits::drain_size`], or an
    /// unknown part of it, because the peer has waited for `100 Continue` in vain and may send it or not.
    #[inline]
    pub(crate) fn send_head(&mut self, out: &mut Vec<u8>, answer: &Answer<'_>, limits: &Limits) -> BodyMode {
        debug_assert!(matches!(self.phase, Phase::Idle | Phase::Received), "there is an answer already");
        if self.phase == Phase::Idle {
            self.refuse();
        }
        let is_spent = self.served >= limits.requests_per_connection;
        let is_worth_draining = self.body.remaining().is_none_or(|rest| rest <= limits.drain_size);
        self.keep_alive &= !answer.is_last && !is_spent && !self.owes_continue && is_worth_draining;
        self.phase = Phase::Answered;

        let mut status = answer.status;
        let mut reason = answer.reason;
        if status.is_informational() {
            if status == StatusCode::SWITCHING_PROTOCOLS && self.upgrade {
                self.phase = Phase::Upgraded;
            } else {
                // The peer would take it for an interim answer, or change a protocol that we do not.
                (status, reason) = (StatusCode::INTERNAL_SERVER_ERROR, None);
            }
        }
        self.status = status.as_u16();
        let (length, mode) = self.delimit(status, answer.length);
        let connection = match (self.keep_alive, self.is_1_1) {
            _ if self.phase == Phase::Upgraded => ConnectionOption::None,
            (false, _) => ConnectionOption::Close,
            (true, true) => ConnectionOption::None,
            (true, false) => ConnectionOption::KeepAlive,
        };
        let Answer { headers, content_type, fixed, .. } = *answer;
        encode::head(out, &HeadParts { status, reason, headers, content_type, length, connection, fixed });
        mode
    }

    /// RFC 9112, section 6.3, from the side that sends.
    #[inline]
    fn delimit(&mut self, status: StatusCode, length: Option<u64>) -> (BodyLength, BodyMode) {
        if matches!(
            status,
            StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        ) {
            return (BodyLength::None, BodyMode::Skip);
        }
        if status == StatusCode::RESET_CONTENT {
            // It has no content, and says so by its length (RFC 9110, section 15.3.6).
            return (BodyLength::Known(0), BodyMode::Skip);
        }
        if self.method == Kind::Connect && status.is_success() {
            // The peer takes what follows for the tunnel, and there is none.
            self.keep_alive = false;
            return (BodyLength::None, BodyMode::Skip);
        }
        let is_head = self.method == Kind::Head;
        let (length, mode) = match length {
            Some(length) => (BodyLength::Known(length), BodyMode::Plain),
            None if self.is_1_1 => (BodyLength::Chunked, BodyMode::Chunked),
            None => {
                self.keep_alive &= is_head;
                (BodyLength::UntilClose, BodyMode::Plain)
            }
        };
        (length, if is_head { BodyMode::Skip } else { mode })
    }

    /// Whether fields may follow the body of an answer of this status: its peer takes them, and there is a body to follow. Ask
    /// before [`H1::send_head`], and announce no length then.
    pub(crate) fn takes_trailers(&self, status: StatusCode) -> bool {
        let has_none = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
        let is_final = !status.is_informational() && !has_none.contains(&status);
        self.takes_trailers && self.method == Kind::Other && is_final
    }

    /// What comes next, to be asked when the answer has been written to its end.
    #[inline]
    pub(crate) fn finish(&mut self) -> Next {
        match self.phase {
            Phase::Upgraded => Next::Upgraded,
            Phase::Answered if self.keep_alive && self.body.is_done() => {
                self.phase = Phase::Idle;
                Next::Keep
            }
            Phase::Answered if self.keep_alive => Next::Drain,
            Phase::Idle | Phase::Received | Phase::Answered => Next::Close,
        }
    }

    /// How many requests have begun.
    pub(crate) fn served(&self) -> u32 {
        self.served
    }

    /// The status of the answer to the request that began last, once its head is written.
    pub(crate) fn sent_status(&self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// [`H1::refuse`] for a head, as far as it has come. An answer to HEAD has no content, be it that of a refusal (RFC 9110,
    /// section 9.3.2).
    pub(crate) fn refuse_head(&mut self, inbox: &[u8]) {
        self.refuse();
        self.method = if malformed::asks_for_head(inbox) { Kind::Head } else { Kind::Other };
    }

    /// Whether the connection closes after the answer that has begun.
    pub(crate) fn is_at_its_end(&self) -> bool {
        self.phase == Phase::Answered && !self.keep_alive
    }

    /// Framing is in doubt, or the peer is given up: whatever is answered next is the last.
    pub(crate) fn refuse(&mut self) {
        self.keep_alive = false;
        self.owes_continue = false;
        self.upgrade = false;
        self.takes_trailers = false;
        if self.phase == Phase::Idle {
            self.phase = Phase::Received;
            self.body = BodyDecoder::new(Framing::None);
            self.is_1_1 = true;
            self.method = Kind::Other;
        }
    }
}
