//! From a target to an answer. Plain `fn` handlers without filters run to their end in [`Inner::answer`] and cost no future.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{self, Poll};

use super::application::Inner;
use super::target::Target;
use crate::chain::{
    AnyFilter, End, FilterContext, Next, Unmapped, end_without_handler, error_of, tell_doubled,
};
use crate::http::{BoxFuture, Request, Response, Result, Watched, watched};
use crate::route::Handler;
use crate::websocket::handshake;

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
    // Into what serves either version: neither shall pay for a call.
    #[inline(always)]
    pub(crate) fn answer_at_once(
        &self,
        target: &Target<'_>,
        request: &mut Request,
        response: &mut Response,
    ) -> Option<Result> {
        let entry = match target {
            Target::Entry(entry) => entry,
            Target::Resource(found) if self.filters_of(target, request).is_empty() => {
                let result = self.answers.resources.answer_at_once(*found, request, response)?;
                // Where there is no file, it is to be seen who else has the path.
                let is_other = result.is_err() && self.sockets.knows(request.path.matched());
                return (!is_other).then_some(result);
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
            Target::Unmapped(unmapped) => end_without_handler(unmapped, request, response),
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
        self.router
            .filters_for_path(request.path.matched(), !matches!(target, Target::Unmapped(Unmapped::NotFound)))
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
        let Some(error) = error_of(&self.answers.pages, result, request, response, request.handler) else {
            return Answering::Done;
        };
        match self.answers.pages.render(error, request.handler, request, response) {
            Some(page) => Answering::Chain(page),
            None => Answering::Done,
        }
    }

    /// Runs filters, then the handler.
    pub(super) async fn run_chain(
        &self,
        filters: Cow<'_, [AnyFilter]>,
        target: Target<'_>,
        request: &mut Request,
        response: &mut Response,
    ) {
        if !self.answering.is_empty() {
            self.mark_answering(&filters, request);
        }
        let next = self.next(&filters, target, request);
        next.run(&mut FilterContext { request: &mut *request, response: &mut *response }).await;
        self.settle_and_keep(Ok(()), request, response).await;
    }

    /// Has a request known by the pattern of the filter among these that answers, if one does.
    #[cold]
    fn mark_answering(&self, filters: &[AnyFilter], request: &mut Request) {
        let place = |filter: &AnyFilter| self.answering.iter().position(|own| own.is_same(filter));
        if let Some(place) = filters.iter().find_map(place) {
            request.mapping = u32::try_from(self.route_count() + place + 1).unwrap_or_default();
        }
    }

    /// The chain of these filters before a target.
    pub(super) fn next<'n>(
        &'n self,
        filters: &'n [AnyFilter],
        target: Target<'n>,
        request: &Request,
    ) -> Next<'n> {
        Next {
            answers: &self.answers,
            filters,
            #[cfg(feature = "tower")]
            limits: self.limits_of(&target),
            end: match target {
                Target::Entry(entry) => End::Route(entry.route, entry.number),
                Target::Resource(found) => {
                    End::Resource(found, self.protocols_beside(request.path.matched()))
                }
                Target::Unmapped(unmapped) => End::Unmapped(unmapped),
            },
        }
    }
}
