//! A connection that has become a WebSocket: its bytes move beside its handler, in the same task.

use std::borrow::Borrow;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::{Sleep, sleep};

use super::Counted;
use crate::app::Answering;
use crate::http::Result;
use crate::io::watch::{self, Runner};
use crate::proto::ws::CloseReason;
use crate::websocket::core::Core;

/// Drives a session until its handler has ended and both sides have closed. When the server stops it is closed, as that
/// takes leave;
/// when the server is at its end, or cuts what is left, it is dropped where it is.
pub(crate) fn drive<C: Borrow<Counted>, H: Future<Output = Result> + Unpin>(
    core: Arc<Core>,
    handler: H,
    counted: C,
) -> impl Future<Output = ()> {
    let mut handler = Some(handler);
    let mut moment: Option<Pin<Box<Sleep>>> = None;
    #[cfg(feature = "metrics")]
    core.count(crate::http::Tally::opened);
    let driven = Driven(core);
    poll_fn(move |cx| {
        let core = &driven.0;
        let counted: &Counted = counted.borrow();
        let lifecycle = &counted.shared().lifecycle;
        if !counted.is_watching() {
            counted.watch(cx.waker());
        }
        if lifecycle.is_stopping() {
            // Once more, for the cut.
            counted.watch(cx.waker());
            if lifecycle.is_cut() {
                return Poll::Ready(());
            }
            let parting = lifecycle.parting();
            if parting.websocket_spread.is_zero() || {
                let moment = moment.get_or_insert_with(|| Box::pin(sleep(parting.websocket_moment())));
                moment.is_elapsed() || moment.as_mut().poll(cx).is_ready()
            } {
                core.close(CloseReason::shortened(parting.websocket_code, "The server is going down"));
            }
        }
        core.poll_driven(cx, |cx| {
            if let Some(running) = &mut handler
                && let Poll::Ready(result) = counted.shared().within(|| {
                    watch::marked(core.folded.handler.map_or(Runner::Unknown, Runner::at), || {
                        Pin::new(running).poll(cx)
                    })
                })
            {
                handler = None;
                core.conclude(result);
            }
            handler.is_none()
        })
    })
}

/// A session whose connection is driven as long as this is there.
struct Driven(Arc<Core>);

impl Drop for Driven {
    fn drop(&mut self) {
        #[cfg(feature = "metrics")]
        self.0.count(crate::http::Tally::closed);
        self.0.cut();
        self.0.leave_all();
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Folded, Guard};

    /// What an idle WebSocket session costs beside its socket, its request and the future of its handler.
    #[test]
    fn an_idle_session_is_small() {
        let driving = size_of_output(drive::<Counted, Guard<'static>>);
        for (name, size, most) in [
            ("driving it", driving, 80),
            ("its core", size_of::<Core>(), 344),
            ("its request", size_of::<Folded>(), 88),
        ] {
            assert!(size <= most, "{name}: {size} bytes");
        }
    }

    fn size_of_output<H, F>(_: fn(Arc<Core>, H, Counted) -> F) -> usize {
        size_of::<F>()
    }
}
