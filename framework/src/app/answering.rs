//! From a target to an answer. Plain `fn` handlers without filters run to their end in [`Inner::answer`] and cost no future.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use ::http::StatusCode;

use super::application::Inner;
use super::failed::{error_of, tell_doubled};
use super::target::Target;
use crate::base::{Location, shown};
use crate::http::{Body, BodyKind, BoxFuture, Error, Request, Response, Result, Watched, guarded, watched};
use crate::io::stop;
use crate::registry::AnyFilter;
use crate::resources::open_file;
use crate::route::Handler;
use crate::websocket::handshake::{self, refusal};

/// How far [`Inner::answer`] came.
pub(crate) enum Answering<'r> {
    /// The answer is ready.
    Done,
    /// A handler without filters: its error is still to be rendered.
    Handler(Watched<'r>),
    /// A chain, which ends with an answer whatever happens.
    Chain(BoxFuture<'r, ()>),
}

impl Answering<'_> {
    /// Whether there is nothing to wait for.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Answering::Done)
    }
}

/// The wait for an answer. `Some` is the result of a handler without filters, still to be concluded.
impl Future for Answering<'_> {
    type Output = Option<Result>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Result>> {
        match &mut *self {
            Answering::Done => Poll::Ready(None),
            Answering::Handler(handler) => Pin::new(handler).poll(cx).map(Some),
            Answering::Chain(chain) => chain.as_mut().poll(cx).map(|()| None),
        }
    }
}

impl Inner {
    /// Calls the handler if it is a plain `fn` without filters; `None` if it is not. What it returns may need
    /// [`Inner::conclude`].
    #[inline]
    pub(crate) fn answer_at_once(
        &self,
        target: &Target<'_>,
        request: &Request,
        response: &mut Response,
    ) -> Option<Result> {
        let entry = match target {
            Target::Entry(entry) => entry,
            Target::Resource(found) if self.filters_of(target, request).is_empty() => {
                return self.resources.answer_at_once(*found, request, response);
            }
            _ => return None,
        };
        let Handler::Now(call) = entry.route.handler else { return None };
        if request.is_in_session() || !self.filters_of(target, request).is_empty() {
            return None;
        }
        Some(watched(&entry.route.at, || call(request, response)))
    }

    /// Makes the answer, or returns what there is to wait for.
    #[inline]
    pub(crate) fn answer<'r>(
        &'r self,
        target: Target<'r>,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        let filters = self.filters_of(&target, request);
        if !filters.is_empty() {
            return Answering::Chain(Box::pin(self.run_chain(filters, target, request, response)));
        }
        let result = match &target {
            Target::Entry(entry) => match entry.route.handler {
                Handler::Now(call) => watched(&entry.route.at, || call(request, response)),
                Handler::Async(call) => {
                    return Answering::Handler(Watched::new(&entry.route.at, call(request, response)));
                }
                Handler::Blocking(_) | Handler::WebSocket(_) => {
                    return Answering::Chain(Box::pin(self.run_chain(filters, target, request, response)));
                }
            },
            Target::Resource(found) => return self.look_for_resource(*found, request, response),
            target => end_without_handler(target, request, response),
        };
        self.conclude(result, request, response)
    }

    /// The filters that run for this request, in order.
    #[inline(always)]
    pub(super) fn filters_of<'a>(&'a self, target: &Target<'a>, request: &Request) -> Cow<'a, [AnyFilter]> {
        match target {
            Target::Entry(entry) => {
                let is_socket = matches!(entry.route.handler, Handler::WebSocket(_));
                let router = if is_socket { &self.sockets } else { &self.router };
                router.filters_for(entry, request.path.matched())
            }
            other => self.filters_without_mapping(other, request),
        }
    }

    #[cold]
    fn filters_without_mapping(&self, target: &Target<'_>, request: &Request) -> Cow<'_, [AnyFilter]> {
        if let Target::Resource(found) = target {
            return self.filters_of_resource(*found, request);
        }
        self.router.filters_for_path(request.path.matched(), !matches!(target, Target::NotFound))
    }

    /// What is left to do after a handler without filters.
    pub(crate) fn conclude<'r>(
        &'r self,
        result: Result,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        if result.is_ok() && response.is_plain() && !request.is_in_session() {
            return Answering::Done;
        }
        if handshake::is_open(request) {
            handshake::conclude(request, &result);
            return Answering::Done;
        }
        if response.marks.is_doubled {
            tell_doubled(response, request.handler);
        }
        if response.is_unfinished() || request.is_in_session() {
            return Answering::Chain(Box::pin(self.settle_and_keep(result, request, response)));
        }
        let Some(error) = error_of(&self.pages, result, request, response, request.handler) else {
            return Answering::Done;
        };
        match self.pages.render(error, request.handler, request, response) {
            Some(page) => Answering::Chain(page),
            None => Answering::Done,
        }
    }

    /// The end of a chain: the handler, or what is said when there is none.
    pub(crate) async fn finish_chain(
        &self,
        target: Target<'_>,
        request: &mut Request,
        response: &mut Response,
    ) {
        let result = match target {
            Target::Entry(entry) => match entry.route.handler {
                Handler::Now(call) => watched(&entry.route.at, || call(request, response)),
                Handler::Async(call) => Watched::new(&entry.route.at, call(request, response)).await,
                Handler::Blocking(call) => run_blocking(call, request, response).await,
                Handler::WebSocket(handler) => {
                    handshake::begin(entry.route, handler, request, response).await
                }
            },
            Target::Resource(found) => self.answer_resource(found, request, response).await,
            Target::Refused(error) => {
                // The log has it already.
                if let Some(page) = self.pages.render(error, None, request, response) {
                    page.await;
                }
                return;
            }
            target => end_without_handler(&target, request, response),
        };
        response.is_answered = true;
        self.settle(result, request, response).await;
    }

    /// Makes sure that there is an answer which can be sent: errors become pages, files are opened, views are rendered,
    /// header fields that were refused become a 500.
    pub(crate) async fn settle(&self, result: Result, request: &mut Request, response: &mut Response) {
        let handler = request.handler;
        self.settle_for(handler, result, request, response).await;
    }

    /// The same after somebody else than the handler, whose error it then is.
    pub(crate) async fn settle_for(
        &self,
        at: Option<&Location>,
        mut result: Result,
        request: &mut Request,
        response: &mut Response,
    ) {
        if handshake::is_open(request) {
            return handshake::conclude(request, &result);
        }
        if response.marks.is_doubled {
            tell_doubled(response, at);
        }
        if result.is_ok() && response.is_unfinished() {
            result = finish_body(request, response).await;
        }
        if let Some(error) = error_of(&self.pages, result, request, response, at)
            && let Some(page) = self.pages.render(error, at, request, response)
        {
            page.await;
        }
        // Whoever stands further out in the chain may put another answer in its place.
        response.marks.is_whole = false;
    }
}

/// What is answered when no mapping does.
pub(super) fn end_without_handler(target: &Target<'_>, request: &Request, response: &mut Response) -> Result {
    match target {
        Target::Options(allow) => {
            response.set_status(StatusCode::NO_CONTENT);
            response.headers.insert("allow", allow);
            Ok(())
        }
        Target::MethodNotAllowed(allow) => Err(Error::status_only(StatusCode::METHOD_NOT_ALLOWED)
            .explain(format!("This path does not take {}; it takes {allow}.", shown(request.method.as_str())))
            .header("allow", allow)),
        Target::WebSocketOnly(protocols) => Err(refusal::explain(request, protocols)),
        Target::NoConnection => Err(Error::status_only(StatusCode::NOT_IMPLEMENTED).explain(
            "This path speaks WebSocket, and the server around this application cannot hand the connection over.",
        )),
        Target::Entry(_) | Target::Resource(_) | Target::NotFound | Target::Refused(_) => {
            Err(Error::status_only(StatusCode::NOT_FOUND).explain(format!(
                "Nothing is mapped to {} {}.",
                shown(request.method.as_str()),
                shown(request.path())
            )))
        }
    }
}

/// Runs a blocking handler on the blocking pool: request and answer move there and back.
async fn run_blocking(
    call: for<'r> fn(&'r Request, &'r mut Response) -> Result,
    request: &mut Request,
    response: &mut Response,
) -> Result {
    let context = Arc::clone(&request.context);
    let moved = std::mem::replace(request, Request::new(context));
    let mut answer = std::mem::take(response);
    let here = stop::Mark::here();
    let ran = tokio::task::spawn_blocking(move || {
        let result = here.within(|| guarded(|| call(&moved, &mut answer)));
        (moved, answer, result)
    });
    let (moved, answer, result) = ran.await?;
    *request = moved;
    *response = answer;
    result
}

/// Makes the body of what an answer only names: opens a file, renders a view.
pub(super) async fn finish_body(request: &Request, response: &mut Response) -> Result {
    match std::mem::take(&mut response.body).0 {
        BodyKind::File(path) => open_file(path, request, response).await?,
        #[cfg(feature = "templates")]
        BodyKind::View(view) => response.body = crate::view::render(*view, &request.context)?,
        other => response.body = Body(other),
    }
    Ok(())
}
