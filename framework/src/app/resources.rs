//! The way of a request to files: what no mapping has is looked for among the resources.

use std::borrow::Cow;

use ::http::{Method, StatusCode};

use super::answering::{Answering, end_without_handler};
use super::application::Inner;
use super::target::Target;
use crate::http::{Request, Response, Result};
use crate::registry::AnyFilter;
use crate::resources::Found;
use crate::routing::Facts;
use crate::websocket::handshake::refusal::is_meant;

impl Inner {
    /// Who answers where no mapping does.
    #[inline(never)]
    pub(super) fn target_beyond(&self, path: &str, method: &Method) -> Target<'_> {
        match self.resources.find(path) {
            Some(found) if matches!(*method, Method::GET | Method::HEAD) => Target::Resource(found),
            _ if self.sockets.knows(path) => Target::WebSocketOnly(self.sockets.protocols_of(path)),
            Some(_) if *method == Method::OPTIONS => Target::Options(OF_RESOURCES.to_owned()),
            Some(_) => Target::MethodNotAllowed(OF_RESOURCES.to_owned()),
            None => Target::NotFound,
        }
    }

    /// Who answers where a mapping has the path and not the method: a WebSocket handler has to say what is wrong with a request that
    /// means it.
    #[cold]
    pub(super) fn target_of_others(&self, facts: &Facts<'_>, allow: String) -> Target<'_> {
        if is_meant(facts.headers) && self.sockets.knows(facts.path) {
            return Target::WebSocketOnly(self.sockets.protocols_of(facts.path));
        }
        Target::MethodNotAllowed(allow)
    }

    /// The filters that run for a resource; those of an index file run for its directory too.
    pub(super) fn filters_of_resource(&self, found: Found, request: &Request) -> Cow<'_, [AnyFilter]> {
        let path = request.path.matched();
        self.router.filters_for_known(path, || self.resources.index_of(found, path))
    }

    /// Answers from resources when memory has been asked already.
    pub(super) fn look_for_resource<'r>(
        &'r self,
        found: Found,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        Answering::Chain(Box::pin(async move {
            let result = self.look_on_disk(found, request, response).await;
            self.settle(result, request, response).await;
        }))
    }

    /// Answers from resources.
    pub(super) async fn answer_resource(
        &self,
        found: Found,
        request: &Request,
        response: &mut Response,
    ) -> Result {
        match self.resources.answer_at_once(found, request, response) {
            Some(result) => result,
            None => self.look_on_disk(found, request, response).await,
        }
    }

    async fn look_on_disk(&self, found: Found, request: &Request, response: &mut Response) -> Result {
        match self.resources.answer(found, request, response).await {
            Err(error)
                if error.status() == StatusCode::NOT_FOUND && self.sockets.knows(request.path.matched()) =>
            {
                let protocols = self.sockets.protocols_of(request.path.matched());
                end_without_handler(&Target::WebSocketOnly(protocols), request, response)
            }
            result => result,
        }
    }
}

/// What resources take, as a value of `Allow`.
const OF_RESOURCES: &str = "GET, HEAD, OPTIONS";
