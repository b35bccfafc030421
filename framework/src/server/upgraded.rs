//! A connection that has become a WebSocket: its bytes move beside its handler, in the same task.

use std::borrow::Borrow;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::listener::Counted;
use crate::app::Answering;
use crate::http::Result;
use crate::proto::ws::{CloseCode, CloseReason};
use crate::websocket::core::{Core, Pump};
use crate::websocket::rooms::leave_all;

/// Drives a session until its handler has ended and both sides have closed. When the server stops it is closed with 1001;
/// when the server is at its end, or cuts what is left, it is dropped where it is.
pub(crate) fn drive<C: Borrow<Counted>, H: Future<Output = Result> + Unpin>(
    core: Arc<Core>,
    handler: H,
    counted: C,
) -> impl Future<Output = ()> {
    let mut handler = Some(handler);
    poll_fn(move |cx| {
        let counted: &Counted = counted.borrow();
        let lifecycle = &counted.shared().lifecycle;
        if !counted.is_watching() {
            counted.watch(cx.waker());
        }
        if lifecycle.is_stopping() {
            // Once more, for the cut.
            counted.watch(cx.waker());
            if lifecycle.is_cut() {
                leave_all(&core);
                return Poll::Ready(());
            }
            core.close(CloseReason::shortened(CloseCode::GOING_AWAY, "The server is going down"));
        }
        loop {
            core.begin_round(cx);
            if let Some(running) = &mut handler
                && let Poll::Ready(result) = Pin::new(running).poll(cx)
            {
                handler = None;
                core.conclude(result);
            }
            match core.pump(cx) {
                Pump::Again => {}
                Pump::Done if handler.is_none() => {
                    leave_all(&core);
                    return Poll::Ready(());
                }
                Pump::Waits | Pump::Done => return Poll::Pending,
            }
        }
    })
}

/// The rest of a handler that accepted by hand, as the handler of its session.
pub(crate) struct ByHand<'a, 'r>(pub(crate) &'a mut Answering<'r>);

impl Future for ByHand<'_, '_> {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        // A chain with filters has told its session already what it failed with.
        Pin::new(&mut *self.0).poll(cx).map(|result| result.unwrap_or(Ok(())))
    }
}
