//! The application as a service: what hyper, axum and everything else made of tower can call.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::{Extensions, Method};
use hyper::upgrade::OnUpgrade;
use tower_service::Service;

use super::BoxError;
use super::convert::request_in;
use super::upgrade::Upgrade;
use crate::app::{App, Outcome, Run};
use crate::http::ConnectionInfo;
use crate::http::{Body, Response};
use crate::server::Shared;

impl App {
    /// The application as a [`tower_service::Service`] of [`http::Request`](::http::Request)s, for hyper, axum and their
    /// like. Bodies stream both ways. It may be cloned and called from anywhere; the runtime must be tokio's.
    ///
    /// WebSocket works where the server around it is hyper (axum is) and serves with upgrades. What the server knows of the
    /// connection it leaves as a [`ConnectionInfo`] in the request's extensions, or see [`VernalService::connection_by`].
    pub fn service(&self) -> VernalService {
        VernalService { shared: Shared::in_memory(self.clone()), connection: None }
    }
}

/// An application as a tower service. Made by [`App::service`].
#[derive(Clone)]
pub struct VernalService {
    shared: Arc<Shared>,
    connection: Option<Arc<LookUp>>,
}

type LookUp = dyn Fn(&Extensions) -> Option<ConnectionInfo> + Send + Sync;

impl VernalService {
    /// Says how to find out what is known of a connection, from what the server around leaves in the extensions of its
    /// requests.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use axum::extract::ConnectInfo;
    /// use vernal::{App, Config, ConnectionInfo};
    ///
    /// # #[vernal::request_map("/")] fn index() {}
    /// # fn main() -> vernal::Result {
    /// let service = App::from_registry(Config::new())?.service().connection_by(|extensions| {
    ///     let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    ///     Some(ConnectionInfo::new(Some(*peer), false))
    /// });
    /// let router: axum::Router = axum::Router::new().fallback_service(service);
    /// let served = router.into_make_service_with_connect_info::<SocketAddr>();
    /// # let _ = served;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn connection_by(
        mut self,
        find: impl Fn(&Extensions) -> Option<ConnectionInfo> + Send + Sync + 'static,
    ) -> VernalService {
        self.connection = Some(Arc::new(find));
        self
    }
}

impl<B> Service<::http::Request<B>> for VernalService
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = ::http::Response<Body>;
    type Error = Infallible;
    type Future = ServiceFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: ::http::Request<B>) -> ServiceFuture {
        if let Some(info) = self.connection.as_ref().and_then(|find| find(request.extensions())) {
            request.extensions_mut().insert(info);
        }
        // It stays there for services that are mounted inside the application.
        let on_upgrade = request.extensions().get::<OnUpgrade>().cloned();
        let on_upgrade = on_upgrade.filter(|_| *request.method() == Method::GET);
        let request = request_in(request);
        let upgrade = on_upgrade.and_then(|on| Upgrade::offer(on, &request.headers, &self.shared));
        let handover = upgrade.as_ref().map(Upgrade::handover);
        ServiceFuture { run: Some(Run::new(&self.shared.app, request, handover)), upgrade }
    }
}

impl fmt::Debug for VernalService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VernalService").field(&self.shared.app).finish()
    }
}

/// The wait for an answer of a [`VernalService`].
#[must_use = "futures do nothing unless polled"]
pub struct ServiceFuture {
    /// `None` once it has answered.
    run: Option<Run>,
    upgrade: Option<Upgrade>,
}

impl Future for ServiceFuture {
    type Output = Result<::http::Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(run) = &mut this.run else { return Poll::Pending };
        let outcome = std::task::ready!(run.poll_outcome(cx));
        let run = this.run.take();
        let response = match (outcome, this.upgrade.take(), run) {
            (Outcome::Answer(response), upgrade, _) => {
                if let Some(upgrade) = upgrade {
                    upgrade.conclude(&response);
                }
                response
            }
            (Outcome::Opening(opening), Some(upgrade), Some(run)) => upgrade.open(opening, run),
            // A handler asks only where it was offered something.
            (Outcome::Opening(_), ..) => Response::new(500),
        };
        Poll::Ready(Ok(response.into()))
    }
}

impl fmt::Debug for ServiceFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceFuture")
    }
}
