//! Running what a request waits for: its handler, the filters, the error page.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::StatusCode;

use super::telling::Telling;
use super::{Connection, Step, rarely};
use crate::app::{Answering, Exchange, Inner};
use crate::http::{BoxFuture, Request, Response, SentHead};
use crate::server::arrived::Arrived;
use crate::server::counted::Counted;
use crate::server::pump::Pump;
use crate::server::upgraded::{self, ByHand};
use crate::server::wire::Gone;
use crate::websocket::handshake::{Handover, Opening};

/// What a handler has done when it is looked at.
enum Driven {
    Ended(Option<crate::http::Result>),
    /// It wants the connection as a WebSocket.
    Asks(Box<Opening>),
}

impl<'c> Connection<'c> {
    /// Runs it to its end.
    pub(super) fn run<'x>(
        &'x mut self,
        exchange: &'x mut Exchange,
    ) -> impl Future<Output = Result<Step, Gone>> + use<'x, 'c> {
        self.run_unless(exchange, |_| Poll::Pending)
    }

    /// The same for a request that asks for WebSocket: its handler may ask for the connection.
    pub(super) async fn run_offered(
        &mut self,
        exchange: &mut Exchange,
        offered: Arc<Handover>,
    ) -> Result<Step, Gone> {
        self.run_unless(exchange, move |cx| offered.poll_opening(cx)).await
    }

    /// Runs it to its end, unless it `asks` for the connection.
    #[expect(clippy::manual_async_fn, reason = "an async fn would be larger")]
    fn run_unless<'x, A: FnMut(&mut Context<'_>) -> Poll<Opening>>(
        &'x mut self,
        exchange: &'x mut Exchange,
        mut asks: A,
    ) -> impl Future<Output = Result<Step, Gone>> + use<'x, 'c, A> {
        async move {
            let shared = self.counted.shared();
            let arrived = std::mem::replace(&mut self.arrived, Arrived::NOTHING);
            let asked = self.app().asked(&exchange.request.method, &exchange.request.headers);
            let (mut answering, incoming) =
                shared.within(|| arrived.begin(self.app(), &mut exchange.request, &mut exchange.response));
            if answering.is_done() {
                return Ok(Step::Ran);
            }
            let mut pump = Pump::new(
                self.wire,
                &mut exchange.inbox,
                &mut exchange.outbox,
                shared,
                &exchange.outgoing,
                incoming,
            )
            .asked(asked);
            let (pumping, running) = (&mut pump, &mut answering);
            let driven = poll_fn(move |cx| match pumping.poll_answer(running, cx) {
                Poll::Ready(ended) => Poll::Ready(ended.map(Driven::Ended)),
                Poll::Pending => asks(cx).map(|opening| Ok(Driven::Asks(Box::new(opening)))),
            });
            let last: BoxFuture<'_, Result<(), Gone>> = match driven.await? {
                Driven::Asks(opening) => {
                    let telling = Telling { began: exchange.began, told: &mut exchange.told };
                    #[cfg(feature = "metrics")]
                    {
                        exchange.in_flight = None;
                    }
                    rarely(serve_by_hand(opening, pump, answering, (self.counted, telling)))
                }
                Driven::Ended(result) => {
                    drop(answering);
                    let result = match (result, &self.offered) {
                        (Some(Ok(())), Some(offered)) if exchange.response.is_bare() => {
                            Some(offered.0.conclude())
                        }
                        (result, _) => result,
                    };
                    let app = &pump.shared.app.0;
                    match step_after(
                        &mut self.arrived,
                        result,
                        app,
                        &mut exchange.request,
                        &mut exchange.response,
                    ) {
                        Ok(step) => return Ok(step),
                        Err(late) => pump.finish_after(late),
                    }
                }
            };
            last.await.map(|()| Step::Ran)
        }
    }
}

/// What follows a handler that has run to its end; if its head is out, `Err` with what is left to do before the answer
/// ends: the changes to a session.
fn step_after<'r>(
    arrived: &mut Arrived<'_>,
    result: Option<crate::http::Result>,
    app: &'r Inner,
    request: &'r mut Request,
    response: &'r mut Response,
) -> Result<Step, Answering<'r>> {
    if response.is_committed() {
        // What it may have failed with is logged, and the answer cut then.
        return Err(app.conclude(result.unwrap_or(Ok(())), request, response));
    }
    Ok(match result {
        Some(Ok(())) if response.is_plain() && !request.is_in_session() => Step::Ran,
        Some(result) => {
            *arrived = Arrived::Ran(result);
            Step::Waits
        }
        None => Step::Ran,
    })
}

/// Serves a session whose handler accepted it by hand, to its end.
async fn serve_by_hand(
    opening: Box<Opening>,
    mut pump: Pump<'_>,
    mut answering: Answering<'_>,
    (counted, telling): (&Counted, Telling<'_>),
) -> Result<(), Gone> {
    let Opening { core, headers } = *opening;
    let head =
        SentHead { status: StatusCode::SWITCHING_PROTOCOLS, reason: None, headers, content_type: None };
    pump.put_head(&head);
    let flushed = pump.wire.flush(pump.outbox, &counted.shared().app.0.limits).await;
    if let Err(gone) = flushed {
        core.abort();
        return Err(gone);
    }
    telling.tell_of_opened(core.request(), pump.wire, &counted.shared().app.0);
    pump.wire.hand_over(&core, pump.inbox.bytes());
    pump.inbox.close();
    upgraded::drive(core, ByHand(&mut answering), counted).await;
    Err(Gone)
}
