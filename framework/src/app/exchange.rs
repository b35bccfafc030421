//! One request and its answer with all their buffers: lent to a connection while it works.
//!
//! An idle connection owns none. The first byte takes one from the thread's pool, and when nothing is pending it
//! goes back, cleared and trimmed.

use std::sync::Arc;

use tokio::time::Instant;

use crate::http::{Context, Outgoing, Request, Response};
use crate::io::clock::{self, Now};
use crate::io::{Inbox, Outbox, Pool};

/// See the head of this file.
pub(crate) struct Exchange {
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    pub(crate) request: Request,
    pub(crate) response: Response,
    /// Through this a handler writes its answer piece by piece; the response has the other end.
    pub(crate) outgoing: Arc<Outgoing>,
    /// When the first byte of the request came, or of those that came with it.
    pub(crate) began: Instant,
    /// When the clock was read last.
    pub(crate) now: Now,
    /// How many requests of the connection have been told of.
    pub(crate) told: u32,
    /// The request waits for something, and is counted.
    #[cfg(feature = "metrics")]
    pub(crate) in_flight: Option<crate::operations::InFlight>,
}

thread_local! {
    static POOL: Pool<Exchange> = const { Pool::new() };
}

impl Exchange {
    /// Lends an exchange for a connection of this application.
    #[inline]
    pub(crate) fn take(context: &Arc<Context>) -> Box<Exchange> {
        let mut exchange = match POOL.with(Pool::take) {
            Some(exchange) => exchange,
            None => Exchange::make(context),
        };
        if !Arc::ptr_eq(&exchange.request.context, context) {
            exchange.request.context = Arc::clone(context);
        }
        exchange
    }

    /// Frees those of this thread, and the talks, which hold the states of the application they were last used by.
    pub(crate) fn free_all() {
        POOL.with(Pool::empty);
        #[cfg(feature = "http2")]
        super::talk::Talk::free_all();
    }

    /// Gives an exchange back that was not used.
    #[inline]
    pub(crate) fn put_back(self: Box<Exchange>) {
        POOL.with(|pool| pool.give(self));
    }

    /// Forgets request and answer, for the next ones.
    #[inline]
    pub(crate) fn clear(&mut self) {
        if self.response.is_committed() || self.request.owns_outgoing() {
            self.outgoing = Arc::default();
            self.response.outgoing = Some(Arc::clone(&self.outgoing));
            self.request.outgoing = Some(Arc::clone(&self.outgoing));
        }
        #[cfg(feature = "metrics")]
        if self.in_flight.is_some() {
            self.in_flight = None;
        }
        self.request.clear();
        self.response.clear();
        self.outbox.begin();
    }

    /// Forgets everything, what is on its way in and out too: the connection has ended.
    pub(crate) fn abandon(&mut self) {
        self.clear();
        self.inbox.clear();
        self.outbox.clear();
    }

    /// Gives a cleared exchange back, with nothing in it that is large.
    #[inline]
    pub(crate) fn give_back(mut self: Box<Exchange>) {
        self.inbox.trim();
        self.outbox.trim(KEPT);
        self.request.trim(KEPT);
        self.response.trim(KEPT);
        POOL.with(|pool| pool.give(self));
    }

    #[cold]
    fn make(context: &Arc<Context>) -> Box<Exchange> {
        let (now, outgoing) = (clock::now(), Arc::<Outgoing>::default());
        let mut request = Request::new(Arc::clone(context));
        request.outgoing = Some(Arc::clone(&outgoing));
        Box::new(Exchange {
            inbox: Inbox::new(),
            outbox: Outbox::default(),
            request,
            response: Response { outgoing: Some(Arc::clone(&outgoing)), ..Response::default() },
            outgoing,
            began: now.instant,
            now,
            told: 0,
            #[cfg(feature = "metrics")]
            in_flight: None,
        })
    }
}

/// Buffers above this size are let go when an exchange goes back.
const KEPT: usize = 64 << 10;
