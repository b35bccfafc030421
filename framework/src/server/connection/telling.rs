//! What is told of a request at its end, to those who want to know.

use tokio::time::Instant;

use super::Connection;
use crate::app::{Exchange, Inner};
use crate::http::{Error, Request};
use crate::operations::{Answered, End};
use crate::server::wire::Wire;

impl Connection<'_> {
    /// Tells of the request that has just been answered.
    #[cold]
    #[inline(never)]
    pub(super) fn tell(&self, exchange: &mut Exchange) {
        exchange.began = self.tell_of(exchange, End::Answered);
        exchange.told = self.wire.h1.served();
    }

    /// The request waits for something.
    #[cfg(feature = "metrics")]
    #[inline]
    pub(super) fn count_in_flight(&self, exchange: &mut Exchange) {
        if let Some(measures) = &self.app().observers.measures
            && exchange.in_flight.is_none()
        {
            exchange.in_flight = Some(measures.begin(&exchange.request));
        }
    }

    /// Tells of a head that was refused before anybody could understand it.
    pub(super) fn tell_of_refused(&self, exchange: &Exchange) {
        if self.app().is_observed() {
            let _ = self.tell_of(exchange, End::Refused);
        }
    }

    /// Tells of a request whose connection ended before its answer did.
    #[cold]
    pub(super) fn tell_of_last(&self, exchange: &Exchange) {
        if self.app().is_observed() && self.wire.h1.served() != exchange.told {
            let _ = self.tell_of(exchange, End::Cut);
        }
    }

    /// Returns when that was, which is when a request begins that had come by then.
    fn tell_of(&self, exchange: &Exchange, end: End) -> Instant {
        let now = Instant::now();
        let took = now - exchange.began;
        let status = self.wire.h1.sent_status().unwrap_or(CLIENT_CLOSED_REQUEST);
        let bytes = Some(exchange.outbox.body_size);
        let limit = exchange.response.error().and_then(Error::limit);
        self.app().tell(&Answered { request: &exchange.request, status, bytes, took, limit, end });
        now
    }
}

/// What there is to tell of a request whose handler goes on as that of its WebSocket.
pub(super) struct Telling<'x> {
    pub(super) began: Instant,
    pub(super) told: &'x mut u32,
}

impl Telling<'_> {
    /// Tells of it once its 101 is out; `request` is what the session keeps of it.
    pub(super) fn tell_of_opened(self, request: &Request, wire: &Wire, app: &Inner) {
        *self.told = wire.h1.served();
        if app.is_observed() {
            app.tell(&Answered::opened(request, Instant::now() - self.began));
        }
    }
}

/// No status of HTTP: what nginx calls requests whose client left before there was an answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;
