//! The handler of a session in the span of that session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tracing::Span;

use crate::http::{BoxFuture, Result};
use crate::websocket::core::Core;

/// Runs in what is current until its handshake is answered, then in the session's own span.
pub(super) struct Spanned {
    pub(super) session: BoxFuture<'static, Result>,
    pub(super) core: Arc<Core>,
    pub(super) span: Option<Span>,
}

impl Future for Spanned {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        let Spanned { session, core, span } = &mut *self;
        if span.is_none() && core.folded.head_is_out() {
            *span = Some(core.request().session_span());
        }
        match span {
            Some(span) => span.in_scope(|| session.as_mut().poll(cx)),
            None => session.as_mut().poll(cx),
        }
    }
}
