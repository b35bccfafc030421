//! The times of a connection: how long it may be idle, when its peer is asked whether it is there, and how it ends.
//!
//! A peer is told of the end (GOAWAY) when it has no stream open, where that can be had: many lose a request that is in flight then.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::Connection as Driver;
use h2::{Ping, PingPong};
use tokio::time::Instant;

use super::transport::{Known, Transport};
use crate::base::say;
use crate::io::{Deadline, clock};
use crate::proto::Limits;
use crate::server::Counted;

/// See the head of this file.
pub(super) struct Times {
    deadline: Deadline,
    /// Since when there has been no stream.
    idle_since: Option<Instant>,
    /// It tells how often something was heard of the peer, which is compared with the last look.
    known: Arc<Known>,
    seen: u64,
    /// When that is too long ago.
    look: Instant,
    pinging: Option<PingPong>,
    /// The peer has been asked, and not heard since.
    is_asked: bool,
    /// The last stream ended, or will, while the server stops.
    was_busy: bool,
    /// It has been asked since the last of them ended, and by when it counts as having answered.
    settling: Option<Instant>,
    /// By when half of the grace period is over, once the server stops.
    half: Option<Instant>,
    /// The peer has been told, and until when it may take its time to close if no stream is open.
    end: Option<Instant>,
    idle_time: Duration,
    ping_interval: Duration,
    ping_timeout: Duration,
    leaving: Duration,
}

impl Times {
    pub(super) fn new(known: Arc<Known>, pinging: Option<PingPong>, limits: &Limits) -> Times {
        let now = Instant::now();
        let look = clock::later(now, limits.http2_ping_interval);
        Times {
            deadline: Deadline::new(look),
            idle_since: Some(now),
            known,
            seen: 0,
            look,
            pinging,
            is_asked: false,
            was_busy: false,
            settling: None,
            half: None,
            end: None,
            idle_time: limits.http2_idle_time,
            ping_interval: limits.http2_ping_interval,
            ping_timeout: limits.http2_ping_timeout,
            leaving: limits.linger_idle,
        }
    }

    /// Whether the peer has been told of the end.
    pub(super) fn is_ending(&self) -> bool {
        self.end.is_some()
    }

    /// The peer has been told of the end.
    pub(super) fn end(&mut self) {
        self.end = Some(clock::after(self.leaving));
    }

    /// A request has come, be it one that is answered by now.
    pub(super) fn is_busy(&mut self) {
        self.idle_since = None;
    }

    /// Waits for the next moment at which something is to be done, `other` among them. `true`: it has been done, and the connection is to be
    /// driven again. `false`: the connection is over.
    pub(super) fn poll(
        &mut self,
        driver: &mut Driver<Transport, Bytes>,
        counted: &Counted,
        has_streams: bool,
        other: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        if !self.deadline.is_armed_for(cx) || !counted.is_watching() {
            counted.watch(cx.waker());
        }
        if let Some(pinging) = &mut self.pinging {
            // Otherwise it is all there is to know that it is heard of.
            while let Poll::Ready(Ok(_)) = pinging.poll_pong(cx) {
                self.settling = self.settling.map(|_| Instant::now());
            }
        }
        let now = Instant::now();
        let heard = self.known.heard();
        if heard != self.seen {
            (self.seen, self.is_asked) = (heard, false);
            self.look = clock::later(now, self.ping_interval);
        }
        let was_busy = self.idle_since.is_none();
        match has_streams {
            true => self.idle_since = None,
            false => drop(self.idle_since.get_or_insert(now)),
        }
        let lifecycle = &counted.shared().lifecycle;
        if lifecycle.is_stopping() {
            // Once more, for the cut.
            counted.watch(cx.waker());
            if lifecycle.is_cut() {
                return Poll::Ready(false);
            }
            let half = *self.half.get_or_insert_with(|| lifecycle.half_of_grace());
            self.was_busy |= was_busy;
            if has_streams {
                self.settling = None;
            } else if self.end.is_none() && self.was_busy && self.settling.is_none() {
                self.settle(now);
                return Poll::Ready(true);
            }
            let is_settled = !self.was_busy || self.settling.is_some_and(|end| end <= now);
            if self.end.is_none() && (!has_streams && is_settled || half <= now) {
                return self.tell(driver);
            }
        }
        if has_streams && self.end.is_some() {
            // It is in the midst of something; the time begins when that is over.
            self.end = Some(clock::later(now, self.leaving));
        }
        let idle_end = self.idle_since.map(|since| clock::later(since, self.idle_time));
        match self.end {
            None if idle_end.is_some_and(|end| end <= now) => return self.tell(driver),
            // It was told, and answers nothing.
            Some(end) if end <= now && !has_streams => return Poll::Ready(false),
            _ => {}
        }
        if self.look <= now && !self.look(now) {
            return Poll::Ready(false);
        }
        let half = self.half.filter(|_| self.end.is_none());
        let end = if self.end.is_some() { self.end.filter(|_| !has_streams) } else { idle_end };
        let settled = self.settling.filter(|_| self.end.is_none());
        let next =
            [Some(self.look), half, end, settled, other].into_iter().flatten().min().unwrap_or(self.look);
        self.deadline.set(next);
        self.deadline.poll(cx).map(|()| true)
    }

    /// Asks a peer that has just been answered. There are some that lose an answer if they read it together with what tells of the end, so that
    /// is not said before they have seen it.
    fn settle(&mut self, now: Instant) {
        if let Some(pinging) = &mut self.pinging {
            // One may be on its way already.
            let _ = pinging.send_ping(Ping::opaque());
        }
        self.settling = Some(clock::later(now, SETTLING));
    }

    /// Tells the peer that no more streams are taken; those that are open go on.
    fn tell(&mut self, driver: &mut Driver<Transport, Bytes>) -> Poll<bool> {
        self.end();
        driver.graceful_shutdown();
        Poll::Ready(true)
    }

    /// Nothing was heard of the peer for its time: asks it. `false`: it was asked in vain.
    fn look(&mut self, now: Instant) -> bool {
        if self.is_asked {
            say!(
                debug,
                "cut a connection of HTTP/2 of whose peer nothing was heard for {:?} after a PING (Limits::http2_ping_timeout)",
                self.ping_timeout
            );
            return false;
        }
        self.is_asked = true;
        if let Some(pinging) = &mut self.pinging {
            // One may be on its way already.
            let _ = pinging.send_ping(Ping::opaque());
        }
        self.look = clock::later(now, self.ping_timeout);
        true
    }
}

/// Time for a peer to say that it has seen its answers, when the server stops. Some only look when they ask the next time.
const SETTLING: Duration = Duration::from_secs(1);
