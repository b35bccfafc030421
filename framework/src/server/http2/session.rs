//! A stream that asks for WebSocket (RFC 8441): from its CONNECT to the end of the session, or to another answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use h2::RecvStream;
use http::StatusCode;
use tokio::time::Instant;

use super::pump::{Pump, State};
use super::sending::{Gone, Sending};
use super::stream::{Work, run, send, tell};
use super::streams::Place;
use super::tunnel::Tunnel;
use crate::app::{Inner, Talk};
use crate::base::Headers;
use crate::http::{Body, BoxFuture, Error, Request, Result};
use crate::io::{Deadline, Stream};
use crate::operations::{Answered, End};
use crate::server::Counted;
use crate::server::upgraded;
use crate::websocket::core::Core;
use crate::websocket::handshake::{Handover, Opening};

/// The handover of the request. Dropped when that is answered otherwise, or cannot be any more.
struct Offered(Arc<Handover>);

impl Drop for Offered {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What a handler has done when it is looked at.
enum Driven {
    Ended,
    /// It wants the stream as a WebSocket.
    Asks(Box<Opening>),
}

/// Answers the request, and serves the session it may become, which is `counted` already and told of a stop by itself.
pub(super) fn begin(
    place: Place,
    counted: Counted,
    talk: Box<Talk>,
    sending: Sending,
    receiving: RecvStream,
    began: Instant,
) {
    let serving = serve(place, counted, talk, sending, receiving, began);
    drop(tokio::spawn(Box::pin(serving) as BoxFuture<'static, ()>));
}

async fn serve(
    mut place: Place,
    counted: Counted,
    mut talk: Box<Talk>,
    mut sending: Sending,
    receiving: RecvStream,
    began: Instant,
) {
    let streams = Arc::clone(&place.streams);
    let shared = streams.counted.shared();
    let app = &*shared.app.0;
    let offered = Offered(Handover::new(shared.lifecycle.is_stopping()));
    let Talk { request, response, outgoing } = &mut *talk;
    let asked = app.asked(&request.method, &request.headers);
    let (sent, state) = (&mut sending, State::Unbegun);
    let mut pump =
        Pump { sending: sent, outgoing, shared, asked, takes_trailers: false, opens_websocket: true, state };
    let work = Work::Taken(Ok(Body::empty()));
    let mut working = Box::pin(run(app, work, request, response, Some(Arc::clone(&offered.0))));
    let driven = poll_fn(|cx| match pump.poll_beside(working.as_mut(), cx) {
        Poll::Ready(ended) => Poll::Ready(ended.map(|()| Driven::Ended)),
        Poll::Pending => offered.0.poll_opening(cx).map(|opening| Ok(Driven::Asks(Box::new(opening)))),
    });
    let answered = match driven.await {
        Ok(Driven::Asks(opening)) => {
            let Opening { core, headers } = *opening;
            drop(pump);
            if open(&core, &headers, sending, receiving, place).is_ok() {
                tell_of_opened(core.request(), began, app);
                upgraded::drive(core, ByHand(working), counted).await;
            }
            return;
        }
        Ok(Driven::Ended) => {
            drop(working);
            Ok(())
        }
        Err(gone) => {
            drop(working);
            Err(gone)
        }
    };
    if answered.is_ok()
        && response.status == StatusCode::SWITCHING_PROTOCOLS
        && let Some(session) = offered.0.take_session()
    {
        let headers = std::mem::take(&mut response.headers);
        let opened = open(&session.core, &headers, sending, receiving, place);
        if opened.is_ok() {
            tell_of_opened(&talk.request, began, app);
        }
        talk.give_back();
        if opened.is_ok() {
            upgraded::drive(session.core, session.handler, counted).await;
        }
        return;
    }
    let written = match &mut pump.state {
        State::Refused(headers) => Some(std::mem::take(headers)),
        _ => None,
    };
    let is_refused = written.is_some();
    let answered = match answered {
        Ok(()) if response.is_committed() && !is_refused => poll_fn(|cx| pump.poll_finish(cx)).await,
        Ok(()) => {
            if let Some(headers) = written {
                (response.headers, response.body) = (headers, Body::empty());
            }
            let concluded = if response.is_bare() { offered.0.conclude() } else { Ok(()) };
            let concluded = concluded.and_then(|()| match response.status.is_success() {
                true => {
                    for name in OF_CONTENT {
                        response.headers.remove(name);
                    }
                    Err(Error::status_only(404).explain("Nobody here speaks WebSocket."))
                }
                false => Ok(()),
            });
            if concluded.is_err() {
                app.conclude(concluded, request, response).await;
            }
            shared.run(send(request, response, &mut sending, shared)).await
        }
        Err(gone) => Err(gone),
    };
    streams.leave_unread(receiving);
    place.is_settled = sending.settles(answered);
    if app.is_observed() {
        tell(&talk, &sending, began, if answered.is_ok() { End::Answered } else { End::Cut }, app);
    }
    // What was written before that lies in its pipe.
    if !is_refused {
        talk.give_back();
    }
}

/// Opens the session.
///
/// # Errors
/// The stream is of no more use.
fn open(
    core: &Core,
    headers: &Headers,
    sending: Sending,
    receiving: RecvStream,
    place: Place,
) -> std::result::Result<(), Gone> {
    match sending.tunnel(headers, place.streams.counted.shared()) {
        Ok(stream) => {
            let tunnel = Stream::over(Tunnel::new(receiving, stream, place));
            core.open(tunnel, Deadline::new(Instant::now()), &[]);
            Ok(())
        }
        Err(gone) => {
            core.abort();
            Err(gone)
        }
    }
}

fn tell_of_opened(request: &Request, began: Instant, app: &Inner) {
    if app.is_observed() {
        app.tell(&Answered { status: 200, ..Answered::opened(request, began.elapsed()) });
    }
}

/// The rest of a handler that accepted by hand, as the handler of its session.
struct ByHand<W>(W);

impl<W: Future<Output = ()> + Unpin> Future for ByHand<W> {
    type Output = Result;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result> {
        // Its session has been told already what it failed with.
        Pin::new(&mut self.0).poll(cx).map(Ok)
    }
}

/// Fields that tell of the content of a success, and not of the error that is sent in its place.
const OF_CONTENT: &[&str] = &[
    "accept-ranges",
    "cache-control",
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "etag",
    "expires",
    "last-modified",
    "repr-digest",
    "trailer",
];
