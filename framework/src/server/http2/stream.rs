//! One stream that has to be waited for: from its request to the end of its answer, in a task of its own.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};

use futures_core::Stream;
use h2::Reason;
use http::StatusCode;
use tokio::time::Instant;

use super::answer::{Parts, takes_trailers};
use super::pump::{Pump, State};
use super::sending::{Gone, Sending};
use super::streams::Place;
use crate::app::{Inner, Talk};
use crate::base::say;
use crate::http::{Body, BodyKind, Error, Request, Response, Result};
use crate::operations::{Answered, End};
use crate::proto::{Limits, Refusal};
use crate::server::Shared;
use crate::websocket::handshake::Handover;

/// What is left to do for an answer.
pub(super) enum Work {
    /// All: the head of the request has been taken in, or refused.
    Taken(std::result::Result<Body, Refusal>),
    /// Its handler has run, and failed or named a file.
    Ran(Result),
    /// It is to be sent.
    Made,
    /// Its head is out, and what is left of the body waits.
    Begun,
}

/// Answers a request.
pub(super) async fn serve(
    mut place: Place,
    mut talk: Box<Talk>,
    work: Work,
    mut sending: Sending,
    began: Instant,
) {
    let streams = Arc::clone(&place.streams);
    let shared = streams.counted.shared();
    #[cfg(feature = "metrics")]
    let _in_flight = shared.app.0.observers.measures.as_ref().map(|measures| measures.begin(&talk.request));
    let answered = answer(&mut talk, work, &mut sending, shared).await;
    place.is_settled = sending.settles(answered);
    if shared.app.0.is_observed() {
        let end = if answered.is_ok() { End::Answered } else { End::Cut };
        tell(&talk, &sending, began, end, &shared.app.0);
    }
    talk.give_back();
}

/// Tells of a request at its end.
#[cold]
pub(super) fn tell(talk: &Talk, sending: &Sending, began: Instant, end: End, app: &Inner) {
    let status = if sending.status == 0 { CLIENT_CLOSED_REQUEST } else { sending.status };
    let limit = talk.response.error().and_then(Error::limit);
    let (request, bytes, took) = (&talk.request, Some(sending.sent), began.elapsed());
    app.tell(&Answered { request, status, bytes, took, limit, end });
}

async fn answer(
    talk: &mut Talk,
    work: Work,
    sending: &mut Sending,
    shared: &Shared,
) -> std::result::Result<(), Gone> {
    if let Work::Begun = work {
        return finish(sending, &shared.app.0.limits).await;
    }
    let Talk { request, response, outgoing } = talk;
    let app = &*shared.app.0;
    let asked = app.asked(&request.method, &request.headers);
    let takes_trailers = takes_trailers(request, StatusCode::OK);
    let (sent, state) = (&mut *sending, State::Unbegun);
    let mut pump =
        Pump { sending: sent, outgoing, shared, asked, takes_trailers, opens_websocket: false, state };
    {
        let mut working = pin!(run(app, work, request, response, None));
        poll_fn(|cx| pump.poll_beside(working.as_mut(), cx)).await?;
    }
    if response.is_committed() {
        return poll_fn(|cx| pump.poll_finish(cx)).await;
    }
    if !request.body.is_empty() || request.is_held() {
        // Nobody looks at it any more, and the answer may take long.
        request.drop_body();
    }
    shared.run(send(request, response, sending, shared)).await
}

/// Makes the answer.
pub(super) async fn run(
    app: &Inner,
    work: Work,
    request: &mut Request,
    response: &mut Response,
    handover: Option<Arc<Handover>>,
) {
    match work {
        Work::Taken(taken) => app.respond(request, response, taken, handover).await,
        Work::Ran(result) => drop(app.conclude(result, request, response).await),
        Work::Made | Work::Begun => return,
    }
    if response.is_committed() {
        return;
    }
    if response.trailing.is_some() {
        settle_trailers(request, response);
    }
    app.finish(request, response);
}

/// Leaves out what is to follow the body where that cannot be sent; announces it where it can. Before the answer is finished, since what is
/// announced may forbid to compress it.
#[cold]
fn settle_trailers(request: &Request, response: &mut Response) {
    if takes_trailers(request, response.status) {
        return response.announce_trailers();
    }
    response.trailing = None;
    response.headers.remove("trailer");
}

/// Sends a whole answer, piece by piece; the next piece is asked for when the peer has made room for it.
///
/// # Errors
/// The stream is of no more use, or the body ended before its time: the stream is reset, so that nobody takes a part for the whole.
pub(super) async fn send(
    request: &Request,
    response: &mut Response,
    sending: &mut Sending,
    shared: &Shared,
) -> std::result::Result<(), Gone> {
    let limits = &shared.app.0.limits;
    let mut body = response.take_content();
    let length = match body.0 {
        BodyKind::Stream(_) => None,
        // There are clients that look no further than to the length.
        _ if response.trailing.as_ref().is_some_and(|trailing| !trailing.is_doubtful()) => None,
        _ => Some(body.size().unwrap_or(0)),
    };
    if !sending.head(&Parts::of(response, length), shared)? {
        return Ok(());
    }
    let mut trailing = response.trailing.take();
    if trailing.is_none()
        && let Body(BodyKind::Bytes(bytes)) = body
    {
        sending.put(bytes, true);
        return finish(sending, limits).await;
    }
    let mut has_ended = false;
    poll_fn(|cx| {
        loop {
            if let Poll::Ready(gone) = sending.poll_reset(cx) {
                return Poll::Ready(Err(gone));
            }
            match sending.poll_send(limits, cx) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            let next = if has_ended { Poll::Ready(None) } else { Pin::new(&mut body).poll_next(cx) };
            match next {
                Poll::Ready(Some(Ok(piece))) => sending.put(piece, false),
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Err(sending.failed_with(&error, request)));
                }
                Poll::Ready(None) => {
                    has_ended = true;
                    let Some(trailing) = &mut trailing else { return Poll::Ready(sending.end()) };
                    return Poll::Ready(match ready!(trailing.poll(cx)) {
                        Ok(fields) => sending.end_with(&fields),
                        Err(error) => Err(sending.failed_with(&error, request)),
                    });
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

impl Sending {
    /// The answer failed in its midst.
    fn failed_with(&mut self, error: &Error, request: &Request) -> Gone {
        say!(
            error,
            "a streamed answer failed and was cut: {} {}: {}",
            request.method,
            request.path(),
            error.with_causes()
        );
        self.cut(Reason::INTERNAL_ERROR);
        Gone
    }
}

/// Sends what waits.
async fn finish(sending: &mut Sending, limits: &Limits) -> std::result::Result<(), Gone> {
    poll_fn(|cx| match sending.poll_send(limits, cx) {
        Poll::Pending => sending.poll_reset(cx).map(Err),
        sent => sent,
    })
    .await
}

/// No status of HTTP: what nginx calls requests whose client left before there was an answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;
