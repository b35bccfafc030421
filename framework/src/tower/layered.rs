//! A tower layer as a filter: the rest of the chain is the service inside it.
//!
//! A layer's service must own what it is given and may outlive it, while the rest of a chain is borrowed and runs once. So
//! the service inside holds only a place where requests are handed over: when the layer calls it, the request goes back to
//! the filter, which runs the rest of the chain beside the layer's own future and hands the answer over in turn.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};

use ::http::StatusCode;
use tokio::sync::oneshot;
use tower_layer::Layer;
use tower_service::Service;

use super::BoxError;
use super::body::taken;
use super::convert::{merge, request_back, request_out, response_in};
use super::mounted::{answer_of, write};
use super::seam::{Call, Seam};
use crate::app::{complete, written};
use crate::base::say;
use crate::chain::{Filter, FilterContext, Next};
use crate::http::{Body, BoxFuture, Outgoing, Request, Response, Result};

/// A layer around what is mapped. A filter: given to [`Config::filter`](crate::Config::filter).
///
/// The layer sees the request as it was routed: what it changes of method, fields, body and extensions is what handlers see;
/// its path, query and form fields stay those that chose the handler. It sees the answer as the handler gave it, error pages
/// included, and pieces of it as they are written. A layer that answers by itself, or fails, ends the handler where it
/// waits. It can run the rest of the chain once: a second try is answered with a 500.
///
/// ```
/// use http::{HeaderName, HeaderValue};
/// use tower_http::set_header::SetResponseHeaderLayer;
/// use vernal::server;
/// use vernal::tower::Layered;
///
/// let name = HeaderName::from_static("x-frame-options");
/// let layer = SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static("DENY"));
/// let server = server::new().filter("/**", Layered::new(layer));
/// # let _ = server;
/// ```
pub struct Layered<S> {
    service: S,
    is_unmatched: bool,
}

impl<S> Layered<S> {
    /// Puts a layer around the rest of the chain.
    pub fn new<L: Layer<NextService, Service = S>>(layer: L) -> Layered<S> {
        Layered { service: layer.layer(NextService(())), is_unmatched: false }
    }

    /// Also runs for paths that nothing else matches.
    #[must_use]
    pub fn unmatched(mut self) -> Layered<S> {
        self.is_unmatched = true;
        self
    }
}

impl<S, B> Filter for Layered<S>
where
    S: Service<::http::Request<Body>, Response = ::http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, next: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let method = cx.request.method.clone();
            let is_streamed = cx.request.is_streamed();
            let body = cx.request.take_body();
            let mut request = request_out(cx.request, body);
            let (seam, called) = Seam::new();
            request.extensions_mut().insert(seam);
            let mut layered = pin!(answer_of(self.service.clone(), request));

            let Call { request: called, answer } = *match either(layered.as_mut(), called).await {
                Either::Called(call) => call,
                Either::Answered(answer) => {
                    merge(answer?, &method, cx.response);
                    return Ok(());
                }
            };

            let FilterContext { request, response } = cx;
            let before = response.headers.clone();
            let outgoing = Arc::<Outgoing>::default();
            let to_peer = response.outgoing.take();
            let mut inner = std::mem::take(*response);
            (inner.outgoing, response.outgoing) = (Some(Arc::clone(&outgoing)), to_peer);
            let mut running = Some(Box::pin(run_inside(next, request, (called, is_streamed), inner)));
            let mut answer = Some(answer);
            let mut words = Words::default();
            let answered = poll_fn(|cx| {
                if let Some(run) = &mut running
                    && let Poll::Ready(mut ended) = run.as_mut().poll(cx)
                {
                    running = None;
                    outgoing.pipe.end(Ok(()));
                    words = Words { error: ended.error.take(), reason: ended.reason.take() };
                    if !ended.is_committed()
                        && let Some(answer) = answer.take()
                    {
                        // A layer that has gone on without the answer does not miss it; so below.
                        let _ = answer.send(complete(ended, false).into());
                    }
                }
                let head = outgoing.head.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(head) = head
                    && let Some(answer) = answer.take()
                {
                    let pieces = written(head, None, &outgoing);
                    let _ = answer.send(complete(pieces, false).into());
                }
                layered.as_mut().poll(cx)
            })
            .await;
            let is_answer_of_chain = answer.is_none();
            if !is_answer_of_chain {
                drop(running);
                response.headers = before;
                merge(answered?, &method, response);
                return Ok(());
            }
            match answered {
                Ok(answered) => response_in(answered, &method, response),
                Err(error) => {
                    response.headers = before;
                    return Err(error);
                }
            }
            if let Some(error) = words.error.filter(|error| error.status() == response.status) {
                response.reason = words.reason;
                response.error = Some(error);
            }
            match running {
                Some(running) => write_beside(running, &outgoing, response).await,
                None => Ok(()),
            }
        })
    }

    fn unmatched(&self) -> bool {
        self.is_unmatched
    }
}

impl<S> fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").field("unmatched", &self.is_unmatched).finish()
    }
}

/// What an answer says of itself beside what the `http` crate has room for.
#[derive(Default)]
struct Words {
    error: Option<crate::http::Error>,
    reason: Option<std::borrow::Cow<'static, str>>,
}

enum Either<A> {
    Called(Box<Call>),
    Answered(A),
}

/// Waits until the layer calls what is inside it, or answers without.
async fn either<F: Future>(
    mut layered: Pin<&mut F>,
    mut called: oneshot::Receiver<Box<Call>>,
) -> Either<F::Output> {
    let mut is_open = true;
    poll_fn(|cx| {
        if let Poll::Ready(answer) = layered.as_mut().poll(cx) {
            return Poll::Ready(Either::Answered(answer));
        }
        if is_open {
            match Pin::new(&mut called).poll(cx) {
                Poll::Ready(Ok(call)) => return Poll::Ready(Either::Called(call)),
                // The layer has thrown the request away, and will answer by itself.
                Poll::Ready(Err(_)) => is_open = false,
                Poll::Pending => {}
            }
        }
        Poll::Pending
    })
    .await
}

/// Runs the rest of the chain for a request that came back from the layer.
async fn run_inside(
    next: Next<'_>,
    request: &mut Request,
    (called, is_streamed): (::http::Request<Body>, bool),
    mut response: Response,
) -> Response {
    let back = request_back(request, called, is_streamed, next.limits).await;
    let answers = next.answers;
    let mut cx = FilterContext { request: &mut *request, response: &mut response };
    match back {
        Ok(()) => next.run(&mut cx).await,
        Err(error) => next.fail(error, &mut cx).await,
    }
    // The layer gets the content type as a field, so nobody asks later.
    if response.marks.is_sniffed {
        answers.judge_sniffed(request, &mut response);
    }
    response
}

/// Sends an answer whose handler still writes it, and runs that handler.
async fn write_beside(
    mut running: Pin<Box<impl Future<Output = Response>>>,
    outgoing: &Outgoing,
    response: &mut Response,
) -> Result {
    let body = response.take_body();
    let mut writing = pin!(write(body, response));
    let (mut is_running, mut is_writing) = (true, true);
    poll_fn(|cx| {
        loop {
            if is_running && running.as_mut().poll(cx).is_ready() {
                is_running = false;
                outgoing.pipe.end(Ok(()));
            }
            if is_writing && let Poll::Ready(result) = writing.as_mut().poll(cx) {
                is_writing = false;
                result?;
            }
            if !is_running && !is_writing {
                return Poll::Ready(Ok(()));
            }
            // What the layer has cut off is not sent, but its handler runs to its end.
            if is_writing || !matches!(outgoing.pipe.poll_take(cx), Poll::Ready(Ok(Some(_)))) {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// The rest of a chain as a service: what a layer given to [`Layered`] wraps.
#[derive(Clone, Debug)]
pub struct NextService(());

impl<B> Service<::http::Request<B>> for NextService
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = ::http::Response<Body>;
    type Error = Infallible;
    type Future = NextFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: ::http::Request<B>) -> NextFuture {
        let (answer, waiting) = oneshot::channel();
        let request = request.map(taken);
        let seam = request.extensions().get::<Seam>().cloned();
        match seam {
            Some(seam) if seam.call(Box::new(Call { request, answer })) => {}
            Some(_) => {
                say!(error, "a layer called what is inside it twice; a chain runs once")
            }
            None => {
                say!(error, "a layer did not pass on the extensions of its request")
            }
        }
        NextFuture(waiting)
    }
}

/// The wait for the answer of a [`NextService`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct NextFuture(oneshot::Receiver<::http::Response<Body>>);

impl Future for NextFuture {
    type Output = Result<::http::Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.0).poll(cx));
        Poll::Ready(Ok(answer.unwrap_or_else(|_| {
            let mut failed = ::http::Response::new(Body::empty());
            *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            failed
        })))
    }
}
