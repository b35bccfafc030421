//! The way of a request to files: what no mapping has is looked for among the resources.

use std::borrow::Cow;

use ::http::Method;

use super::answering::Answering;
use super::application::Inner;
use super::reading::READ;
use super::target::Target;
use crate::chain::{AnyFilter, Unmapped};
use crate::http::{Request, Response};
use crate::resources::Found;
use crate::routing::Facts;
use crate::websocket::handshake::refusal::is_meant;

impl Inner {
    /// Who answers where no mapping does.
    #[inline(never)]
    pub(super) fn target_beyond(&self, request: &mut Request) -> Target<'_> {
        let found = self.answers.resources.find(request.path.matched());
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        if !(found.is_some() && is_read) && self.sockets.knows(request.path.matched()) {
            return Unmapped::WebSocketOnly(self.sockets.protocols_of(request.path.matched())).into();
        }
        let Some(found) = found else { return Target::NOT_FOUND };
        self.answers.resources.mark(found, request);
        match request.method {
            Method::GET | Method::HEAD => Target::Resource(found),
            Method::OPTIONS => Unmapped::Options(READ.to_owned()).into(),
            _ => Unmapped::MethodNotAllowed(READ.to_owned()).into(),
        }
    }

    /// Who answers where a mapping has the path and not the method: a WebSocket handler has to say what is wrong with a request that
    /// means it.
    #[cold]
    pub(super) fn target_of_others(&self, facts: &Facts<'_>, allow: String) -> Target<'_> {
        if is_meant(facts.headers) && self.sockets.knows(facts.path) {
            return Unmapped::WebSocketOnly(self.sockets.protocols_of(facts.path)).into();
        }
        Unmapped::MethodNotAllowed(allow).into()
    }

    /// The filters that run for a resource; those of an index file run for its directory too.
    pub(super) fn filters_of_resource(&self, found: Found, request: &Request) -> Cow<'_, [AnyFilter]> {
        let path = request.path.matched();
        self.router.filters_for_known(path, || self.answers.resources.index_of(found, path))
    }

    /// Answers from resources when memory has been asked already.
    pub(super) fn look_for_resource<'r>(
        &'r self,
        found: Found,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        Answering::Chain(Box::pin(async move {
            let protocols = |path: &str| self.protocols_beside(path);
            let result = self.answers.look_on_disk(found, protocols, request, response).await;
            self.answers.settle(result, request, response).await;
        }))
    }

    /// The subprotocols of the WebSocket handlers that have this path too, if there are any handlers.
    pub(super) fn protocols_beside(&self, path: &str) -> Option<Vec<&'static str>> {
        let is_known = self.sockets.len() > 0 && self.sockets.knows(path);
        is_known.then(|| self.sockets.protocols_of(path))
    }
}
