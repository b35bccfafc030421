//! Requests that are refused before any filter runs: they are malformed, too large or too slow. Only filters that have a say in
//! every answer run around the refusal, so that a browser lets its page read it.

use super::answering::Answering;
use super::application::Inner;
use crate::chain::{FilterContext, Unmapped, log_refused};
use crate::http::path::matched_form;
use crate::http::{Error, Failed, Request, Response};
use crate::proto::h1::Glimpse;

impl Inner {
    /// Answers a request whose head could be read with an error of its path, its parameters or its body.
    pub(crate) fn reject<'r>(
        &'r self,
        error: Error,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        match error.is_private() {
            true => Failed { error: &error, request, at: None }.log(),
            false => log_refused(&error),
        }
        let path = match request.path.matched() {
            "" => matched_form(request.target().split('?').next().unwrap_or_default().as_bytes()),
            known => known.to_owned(),
        };
        self.refuse_at(&path, error, request, response)
    }

    /// Answers a request whose head is refused, of which nothing is known but what a glimpse has shown.
    pub(crate) fn refuse<'r>(
        &'r self,
        error: Error,
        glimpse: &Glimpse,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        log_refused(&error);
        if let Some(origin) = &glimpse.origin {
            request.headers.append("origin", origin);
        }
        self.refuse_at(&matched_form(&glimpse.path), error, request, response)
    }

    fn refuse_at<'r>(
        &'r self,
        path: &str,
        error: Error,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        let filters = self.router.filters_for_refusal(path);
        if filters.is_empty() {
            return self
                .answers
                .pages
                .render(error, None, request, response)
                .map_or(Answering::Done, Answering::Chain);
        }
        Answering::Chain(Box::pin(async move {
            let next = self.next(&filters, Unmapped::Refused(error).into(), request);
            next.run(&mut FilterContext { request, response }).await;
        }))
    }
}
