//! An application without a connection: a request in, an answer out.
//!
//! Everything between is the same: limits, forms, filters, error pages. A handler that writes its answer piece by piece goes
//! on running inside that answer's body, and ends when the body is dropped.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use ::http::{Method, StatusCode};
use bytes::Bytes;
use futures_core::Stream;

use super::application::{App, Inner};
use super::bodies::{BodyPlan, BodyWay};
use super::compress::Asked;
use super::target::Target;
use crate::chain::Unmapped;
use crate::http::{
    Body, BodyKind, BodyReader, BoxFuture, Error, Outgoing, Received, Request, RequestBuilder, Response,
    Result, SentHead, Trailers, guessed_type,
};
use crate::operations::{Answered, End};
use crate::proto::Refusal;
use crate::proto::h1::TargetForm;
use crate::proto::ws::handshake;
#[cfg(feature = "tower")]
use crate::websocket::handshake::Opening;
use crate::websocket::handshake::{Handover, is_open};

impl App {
    /// Answers a request that came over no connection: another server's, a test's, a message queue's.
    ///
    /// Filters, forms, limits and error pages work as they do behind a port; `Date` and `Server` are left to whoever sends
    /// the answer. The answer to HEAD has no body and says its length. A path that speaks WebSocket answers 501 to a
    /// request that asks for it; `serve_connection`, and the service of the feature `tower`, serve those too.
    ///
    /// The request is one that [`Request::get`] and its like begin, or an [`http::Request`](::http::Request) with a
    /// [`Body`]. The runtime must be tokio's, with its timer enabled.
    ///
    /// ```
    /// use vernal::{App, Body, Config, Request, Text, request_map};
    ///
    /// #[request_map("/upper", method = "POST")]
    /// fn upper(Text(text): Text<&str>) -> String {
    ///     text.to_uppercase()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> vernal::Result {
    /// let app = App::from_registry(Config::new())?;
    /// let answer = app.handle(Request::post("/upper").header("content-type", "text/plain").body("tea")).await;
    /// assert_eq!(answer.headers.get("content-type"), Some("text/plain; charset=utf-8"));
    /// assert_eq!(answer.into_bytes(64).await?, "TEA");
    ///
    /// let answer = app.handle(http::Request::delete("/upper").body(Body::empty())?).await;
    /// assert_eq!((answer.status.as_u16(), answer.headers.get("allow")), (405, Some("POST, OPTIONS")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn handle<R: Into<RequestBuilder>>(
        &self,
        request: R,
    ) -> impl Future<Output = Response> + Send + use<R> {
        let mut run = Run::new(self, request.into(), None);
        poll_fn(move |cx| run.poll_answer(cx))
    }
}

/// A request that is being answered without a connection.
pub(crate) struct Run {
    /// `None` once it has ended.
    work: Option<BoxFuture<'static, Response>>,
    /// What the handler writes piece by piece.
    outgoing: Arc<Outgoing>,
    /// Where a request that asks for WebSocket meets whoever can hand its connection over.
    #[cfg(feature = "tower")]
    handover: Option<Arc<Handover>>,
    is_head: bool,
    app: App,
    /// What the request says of its answer's coding.
    asked: Option<Asked>,
    #[cfg(feature = "tower")]
    began: Instant,
}

/// What came of a request.
#[cfg(feature = "tower")]
pub(crate) enum Outcome {
    Answer(Response),
    /// The handler goes on with the connection as a WebSocket.
    Opening(Opening),
}

impl Run {
    pub(crate) fn new(app: &App, request: RequestBuilder, handover: Option<Arc<Handover>>) -> Run {
        let began = Instant::now();
        let outgoing = Arc::<Outgoing>::default();
        let is_head = request.method == Method::HEAD;
        let asked = app.0.asked(&request.method, &request.headers);
        #[cfg(feature = "tower")]
        let kept = handover.clone();
        Run {
            work: Some(Box::pin(exchange(app.clone(), (request, began), Arc::clone(&outgoing), handover))),
            outgoing,
            #[cfg(feature = "tower")]
            handover: kept,
            is_head,
            app: app.clone(),
            asked,
            #[cfg(feature = "tower")]
            began,
        }
    }

    /// Waits for an answer, or for a handler that asks for the connection.
    #[cfg(feature = "tower")]
    pub(crate) fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        if let Poll::Ready(response) = self.poll_answer(cx) {
            return Poll::Ready(Outcome::Answer(response));
        }
        match &self.handover {
            Some(handover) => handover.poll_opening(cx).map(|opening| {
                let app = &*self.app.0;
                if app.is_observed() {
                    app.tell(&Answered::opened(opening.core.request(), self.began.elapsed()));
                }
                Outcome::Opening(opening)
            }),
            None => Poll::Pending,
        }
    }

    /// Runs to the end of the handler, after its answer.
    #[cfg(feature = "tower")]
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(work) = &mut self.work
            && work.as_mut().poll(cx).is_pending()
        {
            return Poll::Pending;
        }
        self.work = None;
        Poll::Ready(())
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        let ended = match &mut self.work {
            Some(work) => work.as_mut().poll(cx),
            None => Poll::Pending,
        };
        if ended.is_ready() {
            self.work = None;
            self.outgoing.pipe.end(Ok(()));
        }
        // A handler that writes has given its head before anything else.
        let head = self.outgoing.head.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(head) = head else { return ended };
        // As on a connection: for HEAD the head is all that is sent, so the handler is dropped.
        let work = self.work.take().filter(|_| !self.is_head);
        let mut response = written(head, work, &self.outgoing);
        self.app.0.finish_written(self.asked, &mut response);
        Poll::Ready(complete(response, self.is_head))
    }
}

/// The answer of a handler that writes it while it runs: in `work`, or elsewhere.
pub(crate) fn written(
    head: SentHead,
    work: Option<BoxFuture<'static, Response>>,
    outgoing: &Arc<Outgoing>,
) -> Response {
    let SentHead { status, reason, headers, content_type } = head;
    let pieces = Written { work, outgoing: Arc::clone(outgoing), is_over: false };
    let after = Arc::clone(outgoing);
    let trailers = async move { Ok(after.pipe.take_trailers().map(Trailers::received).unwrap_or_default()) };
    let body = Body(BodyKind::Stream(Box::pin(pieces))).with_trailers(&[], trailers);
    Response { status, reason, headers, content_type, body, is_answered: true, ..Response::default() }
}

/// From the request to a complete answer.
async fn exchange(
    app: App,
    (built, began): (RequestBuilder, Instant),
    outgoing: Arc<Outgoing>,
    handover: Option<Arc<Handover>>,
) -> Response {
    let app = &*app.0;
    let is_head = built.method == Method::HEAD;
    let mut request = Request::new(Arc::clone(&app.answers.context));
    request.outgoing = Some(Arc::clone(&outgoing));
    let mut response = Response { outgoing: Some(outgoing), ..Response::default() };
    let taken = request.take_built(built, &app.limits);
    app.respond(&mut request, &mut response, taken, handover).await;
    app.finish(&request, &mut response);
    let response = complete(response, is_head);
    // What has become a WebSocket was told of when it did.
    if app.is_observed() && !is_open(&request) {
        let (status, bytes, took) = (response.status.as_u16(), response.body.size(), began.elapsed());
        let limit = response.error().and_then(Error::limit);
        app.tell(&Answered { request: &request, status, bytes, took, limit, end: End::Answered });
    }
    response
}

impl Inner {
    /// Makes the answer to a request whose head has been `taken` in, with its body, or refused. What it needs before it is sent is
    /// [`Inner::finish`].
    pub(crate) async fn respond(
        &self,
        request: &mut Request,
        response: &mut Response,
        taken: std::result::Result<Body, Refusal>,
        handover: Option<Arc<Handover>>,
    ) {
        let result = match arrive(self, request, taken, handover).await {
            Ok(target) => self.answer(target, request, response).await,
            Err(error) => self.reject(error, request, response).await,
        };
        if let Some(result) = result {
            self.conclude(result, request, response).await;
        }
    }
}

/// Takes in as much of the body as the target of a request wants, and finds that target.
async fn arrive<'a>(
    app: &'a Inner,
    request: &mut Request,
    taken: std::result::Result<Body, Refusal>,
    handover: Option<Arc<Handover>>,
) -> Result<Target<'a>> {
    let body = taken.map_err(Error::from_refusal)?;
    let can_upgrade = handover.is_some();
    if let Some(handover) = handover {
        request.extensions.insert(handover);
    }
    if let Some(size) = body.size().filter(|&size| size > 0)
        && !request.headers.contains("content-length")
    {
        request.headers.append("content-length", size);
    }
    let target = match body.is_empty() {
        true => {
            let target = app.target(request, false).unwrap_or(Target::NOT_FOUND);
            app.check_empty_form(&target, request).map_err(Error::from_refusal)?;
            target
        }
        false => take_in(app, request, body).await?,
    };
    let speaks_websocket = match target {
        Target::Unmapped(Unmapped::WebSocketOnly(_)) => true,
        Target::Resource(_) => app.sockets.knows(request.path.matched()),
        _ => false,
    };
    let asks_in_vain = speaks_websocket && !can_upgrade;
    if asks_in_vain && request.form_of_target == TargetForm::Origin && handshake::is_wanted(&request.headers)
    {
        return Ok(Unmapped::NoConnection.into());
    }
    Ok(target)
}

/// Takes a body in as its target wants it, and finds that target.
async fn take_in<'a>(app: &'a Inner, request: &mut Request, body: Body) -> Result<Target<'a>> {
    let BodyPlan { target, way, form, limits, bound } = app.plan_body(request);
    if way == BodyWay::Left {
        return Ok(target.unwrap_or(Target::NOT_FOUND));
    }
    let received = Received::new(body, limits, bound).map_err(Error::from_refusal)?;
    app.check_codings(request, target.as_ref())?;
    let mut size = 0;
    if way == BodyWay::Whole {
        request.receive_all(received).await.map_err(Error::from_refusal)?;
        app.decode_body(request, target.as_ref()).map_err(Error::from_refusal)?;
        size = request.body.len() as u64;
        request.decode_form().and_then(|()| request.hold_body()).map_err(Error::from_refusal)?;
    } else {
        let decoding = app.take_codings(request, target.as_ref(), bound).map_err(Error::from_refusal)?;
        let reader = BodyReader::received(received, limits).decoded(decoding, &app.answers.context.bodies);
        let reader = reader.map_err(Error::from_refusal)?;
        match way {
            BodyWay::InParts => size = request.receive_form(reader, limits).await?,
            _ => request.set_reader(reader),
        }
    }
    match (target, form) {
        (Some(target), _) => Ok(target),
        (None, Some(form)) => app.target_by_form(request, form, size),
        (None, None) => Ok(Target::NOT_FOUND),
    }
}

/// Makes an answer one that stands for itself: the guessed content type is a field, the body needs no buffer, and fields
/// that belong to the connection are gone.
pub(crate) fn complete(mut response: Response, is_head: bool) -> Response {
    if let Some(content_type) = guessed_type(response.status, response.content_type.take())
        && !response.headers.contains("content-type")
    {
        response.headers.append("content-type", content_type);
    }
    // 101 and 426 name the protocols to change to, which only counts together with `Connection: upgrade`.
    let offers_upgrade =
        matches!(response.status, StatusCode::SWITCHING_PROTOCOLS | StatusCode::UPGRADE_REQUIRED);
    let is_close = response.headers.get("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
    for name in ["connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"] {
        response.headers.remove(name);
    }
    if offers_upgrade {
        response.headers.append("connection", "upgrade");
    } else {
        response.headers.remove("upgrade");
    }
    if is_close {
        response.headers.append("connection", "close");
    }
    let has_none = response.status.is_informational()
        || matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    response.announce_trailers();
    response.body = response.take_body();
    if is_head
        && !has_none
        && let Some(size) = response.body.size()
    {
        response.headers.append("content-length", size);
    }
    if is_head || has_none {
        response.body = Body::empty();
    }
    response.outgoing = None;
    response
}

/// The body of an answer that its handler writes: reading it runs the handler.
struct Written {
    work: Option<BoxFuture<'static, Response>>,
    outgoing: Arc<Outgoing>,
    is_over: bool,
}

impl Stream for Written {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Some(work) = &mut self.work
            && work.as_mut().poll(cx).is_ready()
        {
            self.work = None;
            self.outgoing.pipe.end(Ok(()));
        }
        match self.outgoing.pipe.poll_take(cx) {
            Poll::Ready(Ok(Some(piece))) => Poll::Ready(Some(Ok(piece))),
            // The handler has closed the answer, and may have more to do.
            Poll::Ready(Ok(None)) if self.work.is_some() => Poll::Pending,
            Poll::Ready(end) => {
                self.is_over = true;
                Poll::Ready(end.err().map(|refusal| Err(Error::from_refusal(refusal))))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
