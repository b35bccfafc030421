//! An application that is one filter and has no mappings: it answers whatever is asked.

use std::sync::{Arc, Mutex, Weak};

use super::application::{App, Inner};
use crate::chain::{Answers, AnyFilter, ErrorPages, Filter, GivenFilter};
use crate::http::{Context, Decompression, Error, Result};
use crate::resources::Mounts;
use crate::routing::Router;

impl App {
    /// The filter must be one for paths that nothing else matches. Limits and the server's name are those of this application.
    ///
    /// # Errors
    /// None that a caller can make.
    pub(crate) fn beside(&self, filter: impl Filter) -> Result<App> {
        let filters = [AnyFilter::Given(Arc::new(GivenFilter::new("/**", filter)))];
        let router = |filters| Router::build(&[], filters).map_err(|found| Error::internal(found.join("; ")));
        let mut context = Context::default();
        context.show_errors = self.0.answers.context.show_errors;
        context.parameters = self.0.answers.context.parameters;
        context.trusted_proxies = self.0.answers.context.trusted_proxies.clone();
        context.proxy_fields = self.0.answers.context.proxy_fields;
        Ok(App(Arc::new(Inner {
            answers: Answers {
                context: Arc::new(context),
                pages: ErrorPages::none(),
                resources: Mounts::default(),
                sniffs: true,
            },
            limits: self.0.limits.clone(),
            server_line: self.0.server_line.clone(),
            router: router(&filters)?,
            sockets: router(&[])?,
            compression: None,
            #[cfg(feature = "actuator")]
            actuating: None,
            #[cfg(feature = "openapi")]
            openapi: None,
            #[cfg(feature = "openapi")]
            asyncapi: None,
            life: None,
            #[cfg(all(debug_assertions, feature = "openapi"))]
            held: None,
            #[cfg(feature = "openapi")]
            warned_of_openapi: Default::default(),
            #[cfg(feature = "openapi")]
            warned_of_asyncapi: Default::default(),
            decompression: Decompression::none(),
            observers: crate::operations::Observers::default(),
            name: None,
            answering: Box::default(),
            embedding: Mutex::new(Weak::<()>::new()),
        })))
    }
}
