//! What the answers of an application are made with, whoever gives them: handlers are called, errors become pages, what is unfinished
//! is finished.

use std::sync::Arc;

use ::http::StatusCode;
use tracing::Span;

use super::end::{End, Unmapped, end_without_handler};
use super::failed::{error_of, tell_doubled};
use super::pages::ErrorPages;
use super::unfinished::finish_body;
use crate::base::Location;
use crate::http::{Context, Request, Response, Result, TEXT, Watched, guarded, is_echo, watched};
use crate::io::{blocking, stop};
use crate::resources::{Found, Mounts};
use crate::route::Handler;
use crate::websocket::handshake;

/// See the head of this file.
pub(crate) struct Answers {
    pub(crate) context: Arc<Context>,
    pub(crate) pages: ErrorPages,
    /// What is looked through where no mapping has the path.
    pub(crate) resources: Mounts,
    /// Whether texts are sent as what they look like.
    pub(crate) sniffs: bool,
}

impl Answers {
    /// The end of a chain: the handler, or what is said when there is none.
    pub(super) async fn finish(&self, end: End, request: &mut Request, response: &mut Response) {
        let result = match end {
            End::Route(route, number) => {
                // A filter that was to answer by itself may have left it to the handler.
                request.mapping = number;
                match route.handler {
                    Handler::Now(call) => watched(&route.at, || call(request, response)),
                    Handler::Async(call) => Watched::new(&route.at, call(request, response)).await,
                    Handler::Blocking(call) => run_blocking(call, request, response).await,
                    Handler::WebSocket(handler) => handshake::begin(route, handler, request, response).await,
                }
            }
            End::Resource(found, protocols) => {
                self.answer_resource(found, protocols, request, response).await
            }
            End::Unmapped(Unmapped::Refused(error)) => {
                // The log has it already.
                if let Some(page) = self.pages.render(error, None, request, response) {
                    page.await;
                }
                return;
            }
            End::Unmapped(unmapped) => end_without_handler(&unmapped, request, response),
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

    /// Texts that only look like markup because the request does are plain text; all are if nothing is to be sniffed.
    #[cold]
    pub(crate) fn judge_sniffed(&self, request: &Request, response: &mut Response) {
        if !self.sniffs || is_echo(response.body_bytes(), request) {
            response.content_type = Some(TEXT);
        }
        response.marks.is_sniffed = false;
    }

    /// Answers from resources.
    async fn answer_resource(
        &self,
        found: Found,
        protocols: Option<Vec<&'static str>>,
        request: &mut Request,
        response: &mut Response,
    ) -> Result {
        let result = match self.resources.answer_at_once(found, request, response) {
            Some(result) => result,
            None => self.resources.answer(found, request, response).await,
        };
        or_socket(result, |_| protocols, request, response)
    }

    /// Answers from resources when memory has been asked already. `protocols` tells of a path whether WebSocket handlers have it, and for
    /// which subprotocols.
    pub(crate) async fn look_on_disk(
        &self,
        found: Found,
        protocols: impl FnOnce(&str) -> Option<Vec<&'static str>>,
        request: &mut Request,
        response: &mut Response,
    ) -> Result {
        let result = self.resources.answer(found, request, response).await;
        or_socket(result, protocols, request, response)
    }
}

/// Where there is no file, WebSocket handlers may have the path.
fn or_socket(
    result: Result,
    protocols: impl FnOnce(&str) -> Option<Vec<&'static str>>,
    request: &Request,
    response: &mut Response,
) -> Result {
    match result {
        Err(error) if error.status() == StatusCode::NOT_FOUND => match protocols(request.path.matched()) {
            Some(protocols) => end_without_handler(&Unmapped::WebSocketOnly(protocols), request, response),
            None => Err(error),
        },
        result => result,
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
    let (here, span) = (stop::Mark::here(), Span::current());
    let ran = blocking(move || {
        let result = span.in_scope(|| here.within(|| guarded(|| call(&moved, &mut answer))));
        (moved, answer, result)
    });
    let (moved, answer, result) = ran.await?;
    *request = moved;
    *response = answer;
    result
}
