//! A request and its answer with their buffers: lent to a stream, given back when it has been answered.

use std::sync::Arc;

use crate::http::{Context, Outgoing, Request, Response};
use crate::io::Pool;

/// See the head of this file.
pub(crate) struct Talk {
    pub(crate) request: Request,
    pub(crate) response: Response,
    /// Through this a handler writes its answer piece by piece; the response has the other end.
    pub(crate) outgoing: Arc<Outgoing>,
}

thread_local! {
    static POOL: Pool<Talk> = const { Pool::new() };
}

impl Talk {
    /// Lends one for a stream of this application.
    pub(crate) fn take(context: &Arc<Context>) -> Box<Talk> {
        let mut talk = POOL.with(Pool::take).unwrap_or_else(|| Talk::make(context));
        if !Arc::ptr_eq(&talk.request.context, context) {
            talk.request.context = Arc::clone(context);
        }
        talk
    }

    /// Frees those of this thread, which hold the states of the application they were last used by.
    pub(super) fn free_all() {
        POOL.with(Pool::empty);
    }

    /// Forgets request and answer, and gives their memory back.
    pub(crate) fn give_back(mut self: Box<Talk>) {
        if self.response.is_committed() || self.request.owns_outgoing() {
            self.outgoing = Arc::default();
            self.response.outgoing = Some(Arc::clone(&self.outgoing));
            self.request.outgoing = Some(Arc::clone(&self.outgoing));
        }
        self.request.clear();
        self.response.clear();
        self.request.trim(KEPT);
        self.response.trim(KEPT);
        POOL.with(|pool| pool.give(self));
    }

    #[cold]
    fn make(context: &Arc<Context>) -> Box<Talk> {
        let outgoing = Arc::<Outgoing>::default();
        let mut request = Request::new(Arc::clone(context));
        request.outgoing = Some(Arc::clone(&outgoing));
        let response = Response { outgoing: Some(Arc::clone(&outgoing)), ..Response::default() };
        Box::new(Talk { request, response, outgoing })
    }
}

/// Buffers above this size are let go.
const KEPT: usize = 16 << 10;
