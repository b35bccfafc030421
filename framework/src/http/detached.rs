//! Requests beside those that come in: what a WebSocket session keeps of the one that opened it, and those of our own.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{Error, Request, Result};
use crate::base::{Headers, Span};

impl Request {
    /// A copy of all but the body and the extensions, in buffers of its own that are no larger than they must be: what a WebSocket session
    /// keeps of the request that opened it.
    pub(crate) fn detached(&self) -> Request {
        let (headers, authority) = self.headers.compact(self.authority);
        let detached = Request {
            method: self.method.clone(),
            headers,
            version: self.version,
            raw_query: self.raw_query,
            authority,
            form_of_target: self.form_of_target,
            path: self.path.clone(),
            path_values: self.path_values.clone(),
            query: self.query.clone(),
            peer: self.peer.clone(),
            is_secure: self.is_secure,
            handler: self.handler,
            mapping: self.mapping,
            #[cfg(feature = "tls")]
            client_certificates: self.client_certificates.clone(),
            ..Request::new(Arc::clone(&self.context))
        };
        if let Some(rare) = self.rare.get() {
            if let Some(id) = rare.id.get() {
                let _ = detached.rare().id.set(id.clone());
            }
            if let Some(trace) = rare.trace.get() {
                detached.set_own_trace(trace.clone());
            }
        }
        detached
    }

    /// A request of our own, as a client's session shows it.
    pub(crate) fn sent(target: &str, headers: Headers, peer: Option<SocketAddr>) -> Result<Request> {
        let mut request = Request::new(Arc::default());
        request.authority = headers.values_of("host").next().unwrap_or_default();
        request.headers = headers;
        request.peer = peer.into();
        request.path.target = target.to_owned();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        request.raw_query = Span::new(target.len() - query.len(), target.len());
        request.path.set(path.as_bytes()).map_err(Error::from_refusal)?;
        request.query.parse(query.as_bytes(), usize::MAX).map_err(Error::from_refusal)?;
        Ok(request)
    }
}
