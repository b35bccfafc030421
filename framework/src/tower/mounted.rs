//! A tower service that answers a part of the paths: an axum router, a proxy, a file server.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::http::Uri;
use ::http::uri::PathAndQuery;
use bytes::Bytes;
use futures_core::Stream;
use tower_service::Service;

use super::BoxError;
use super::convert::{merge, request_out};
use crate::chain::{Filter, FilterContext, Next};
use crate::http::{Body, BoxFuture, Error, Response, Result, Trailers};

/// A service that answers all requests of its pattern, whether anything is mapped there or not. A filter: given to
/// [`Config::filter`](crate::Config::filter).
///
/// As everywhere, `/api/**` is `/api` and `/api/` too. All filters run around it. It gets the body as it comes, bounded by the
/// [`Limits`](crate::Limits) of the server. Its error is a 500, unless it is an [`Error`](crate::Error) in a box. A WebSocket of the service's own cannot be opened, since
/// the connection is not hyper's.
///
/// ```
/// use vernal::server;
/// use vernal::tower::Mounted;
///
/// let api: axum::Router = axum::Router::new().route("/users", axum::routing::get(|| async { "ann, bob" }));
/// let server = server::new().filter("/api/**", Mounted::new(api).strip_prefix("/api"));
/// # let _ = server;
/// ```
pub struct Mounted<S> {
    service: S,
    prefix: &'static str,
}

impl<S> Mounted<S> {
    /// Mounts a service. Each request gets a clone of it.
    pub fn new(service: S) -> Mounted<S> {
        Mounted { service, prefix: "" }
    }

    /// Takes this off the beginning of each path before the service sees it; paths that do not begin with it stay.
    #[must_use]
    pub fn strip_prefix(mut self, prefix: &'static str) -> Mounted<S> {
        self.prefix = prefix.trim_end_matches('/');
        self
    }
}

impl<S, B> Filter for Mounted<S>
where
    S: Service<::http::Request<Body>, Response = ::http::Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn filter<'c>(&'c self, cx: &'c mut FilterContext<'_>, _: Next<'c>) -> BoxFuture<'c, Result> {
        Box::pin(async move {
            let (body, reading) = watched(cx.request.take_body());
            let mut request = request_out(cx.request, body);
            if let Some(uri) = stripped(request.uri(), self.prefix) {
                *request.uri_mut() = uri;
            }
            let answer = answer_of(self.service.clone(), request).await?;
            merge(answer, &cx.request.method, cx.response);
            if !cx.response.body.is_in_memory() && reading.is_going_on() {
                // The rest of the request comes only while a filter runs, and the answer may be made of it.
                let body = cx.response.take_body();
                return write(body, cx.response).await;
            }
            Ok(())
        })
    }

    fn answers(&self) -> bool {
        true
    }
}

impl<S> fmt::Debug for Mounted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted").field("prefix", &self.prefix).finish()
    }
}

/// Sends a body piece by piece while the filter runs.
///
/// # Errors
/// The body fails before its end.
pub(super) async fn write(body: Body, response: &mut Response) -> Result {
    let (body, trailing) = body.split();
    let mut body = pin!(body);
    while let Some(piece) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        response.write_bytes(piece?).await?;
    }
    if let Some(mut trailing) = trailing {
        let fields = poll_fn(|cx| trailing.poll(cx)).await?;
        response.set_trailers(Trailers::received(fields));
    }
    response.close()
}

/// Whether somebody still reads a body.
struct Reading(Option<Arc<()>>);

impl Reading {
    fn is_going_on(&self) -> bool {
        self.0.as_ref().is_some_and(|reading| Arc::strong_count(reading) > 1)
    }
}

/// A body whose reading can be watched; there is nothing to watch of one in memory.
fn watched(body: Body) -> (Body, Reading) {
    if body.is_in_memory() {
        return (body, Reading(None));
    }
    let reading = Arc::new(());
    let (body, trailing) = body.split();
    let size = body.size();
    let pieces = Watched { body: Some((Box::pin(body), Arc::clone(&reading))) };
    let body = match size {
        Some(size) => Body::sized(size, pieces),
        None => Body::stream(pieces),
    };
    (body.followed_by(trailing), Reading(Some(reading)))
}

struct Watched {
    /// Gone at the end.
    body: Option<(Pin<Box<Body>>, Arc<()>)>,
}

impl Stream for Watched {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Some((body, _)) = &mut self.body else { return Poll::Ready(None) };
        let next = ready!(body.as_mut().poll_next(cx));
        if !matches!(next, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(next)
    }
}

/// Waits until a service is ready, and for its answer.
///
/// # Errors
/// That of the service.
pub(super) async fn answer_of<S, R>(mut service: S, request: R) -> Result<S::Response>
where
    S: Service<R>,
    S::Error: Into<BoxError>,
{
    let failed = |error: S::Error| Error::from_boxed(error.into());
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(failed)?;
    service.call(request).await.map_err(failed)
}

/// The URI without a prefix of its path that ends where a segment does.
fn stripped(uri: &Uri, prefix: &str) -> Option<Uri> {
    let rest = uri.path().strip_prefix(prefix).filter(|_| !prefix.is_empty())?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    let slash = if rest.is_empty() { "/" } else { "" };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{slash}{rest}{query}").parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_where_segments_do() {
        let table = [
            ("/api/users?a=b", "/api", Some("/users?a=b")),
            ("/api", "/api", Some("/")),
            ("/api/", "/api", Some("/")),
            ("/api?a", "/api", Some("/?a")),
            ("/apis", "/api", None),
            ("/other", "/api", None),
            ("/other", "", None),
            ("http://h/api/x", "/api", Some("http://h/x")),
        ];
        for (uri, prefix, expected) in table {
            let uri: Uri = uri.parse().expect("a URI");
            assert_eq!(stripped(&uri, prefix).map(|uri| uri.to_string()).as_deref(), expected, "{uri}");
        }
    }
}
