//! What an application tells of itself, to those who use it and to those who run it.

use super::Config;
use crate::operations::{AccessLog, Tracing};

impl Config {
    /// Writes a line for each request, in one of the usual forms: see [`AccessLog`]. Default: none; the events of `tracing` with the
    /// target `vernal::access` come all the same.
    #[must_use]
    pub fn access_log(mut self, log: AccessLog) -> Config {
        self.access_log = Some(log);
        self
    }

    /// Makes a span of `tracing` for each request, and says whose `traceparent` is believed: see [`Tracing`]. Default: no spans, and that of
    /// trusted proxies.
    #[must_use]
    pub fn tracing(mut self, tracing: Tracing) -> Config {
        self.tracing = Some(tracing);
        self
    }

    /// Shows how the application is, for those who run it: health, routes, numbers. See [`Actuator`](crate::Actuator).
    ///
    /// # Errors
    /// At start: it stands on the port of the application, and no filter that authenticates is over its paths.
    #[cfg(feature = "actuator")]
    #[must_use]
    pub fn actuator(mut self, actuator: crate::operations::Actuator) -> Config {
        self.actuator = Some(actuator);
        self
    }

    /// Measures requests, connections and WebSockets: see [`Metrics`](crate::Metrics). The actuator shows it at `/actuator/metrics`.
    ///
    /// # Errors
    /// At start: there is no actuator, or metrics of your own have names that are none, or are there twice.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn metrics(mut self, metrics: crate::operations::Metrics) -> Config {
        self.metrics = Some(metrics);
        self
    }

    /// Says of which name and version the description of the application is, and where it is served: see
    /// [`App::openapi`](crate::App::openapi). A document is made when it is first asked for.
    #[cfg(feature = "openapi")]
    #[must_use]
    #[track_caller]
    pub fn openapi(mut self, document: crate::openapi::OpenApi) -> Config {
        self.filters.extend(super::super::description::filters(&document, &self.described));
        if self.openapi.replace(document).is_some() {
            self.problems.push("`openapi(…)` is given twice: keep one of them".to_owned());
        }
        self
    }

    /// Says where the description of what WebSocket handlers receive and send is served, as in `.asyncapi("/asyncapi.json")`, and what it
    /// says that [`Config::openapi`] does not: see [`App::asyncapi`](crate::App::asyncapi). It is made when it is first asked for.
    #[cfg(feature = "openapi")]
    #[must_use]
    #[track_caller]
    pub fn asyncapi(mut self, document: impl Into<crate::openapi::AsyncApi>) -> Config {
        let document = document.into();
        self.filters.extend(super::super::description::channels(&document, &self.described));
        if self.asyncapi.replace(document).is_some() {
            self.problems.push("`asyncapi(…)` is given twice: keep one of them".to_owned());
        }
        self
    }
}
