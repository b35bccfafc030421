//! What all requests of an application share, and who answers each of them.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use super::compress::Compression;
use super::target::Target;
use crate::base::date::ServerLine;
use crate::chain::{Answers, AnyFilter, Unmapped};
use crate::components::Living;
use crate::http::{Decompression, Request};
use crate::proto::Limits;
use crate::proto::h1::TargetForm;
use crate::routing::{Facts, Found, Router};
use crate::websocket::handshake;

/// An application: everything that the attributes of all linked crates registered, frozen.
///
/// `server::start()` makes one for you; make one yourself to serve it elsewhere or several times.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

/// What all connections of an application share.
pub(crate) struct Inner {
    pub(crate) answers: Answers,
    pub(crate) limits: Limits,
    pub(crate) server_line: ServerLine,
    pub(super) router: Router,
    /// The routes of requests that ask for WebSocket; they may share paths with others.
    pub(super) sockets: Router,
    pub(super) name: Option<String>,
    /// Filters that answer by themselves, which makes their paths and bodies their own. Their patterns are numbered after those of
    /// mappings.
    pub(super) answering: Box<[AnyFilter]>,
    /// What the connections share that [`App::serve_connection`] serves, as long as there are any.
    pub(crate) embedding: Mutex<Weak<dyn Any + Send + Sync>>,
    pub(super) compression: Option<Compression>,
    pub(super) decompression: Decompression,
    pub(crate) observers: crate::operations::Observers,
    #[cfg(feature = "actuator")]
    pub(crate) actuating: Option<crate::operations::Actuating>,
    #[cfg(feature = "openapi")]
    pub(super) openapi: Option<crate::openapi::OpenApi>,
    #[cfg(feature = "openapi")]
    pub(super) asyncapi: Option<crate::openapi::AsyncApi>,
    /// `None`: there is no description to hold answers against.
    #[cfg(all(debug_assertions, feature = "openapi"))]
    pub(super) held: Option<super::description::Held>,
    #[cfg(feature = "openapi")]
    pub(super) warned_of_openapi: crate::openapi::Warned,
    #[cfg(feature = "openapi")]
    pub(super) warned_of_asyncapi: crate::openapi::Warned,
    /// `None`: nothing lives. Goes last, after what is held of it.
    pub(crate) life: Option<Arc<dyn Living>>,
}

impl App {
    /// Calls the functions with [`#[on_stop]`](macro@crate::on_stop), once, and waits for so long at most; what is not done then is cut and
    /// named in the log. Servers do this themselves after their last request. Who serves connections of his own calls it after the
    /// last one; if nobody does, they are called when the application is dropped.
    pub async fn stop(&self, grace: Duration) {
        self.is_over();
        if let Some(life) = &self.0.life {
            Arc::clone(life).stop(grace).await;
        }
    }

    /// [`App::stop`] where a thread may wait.
    pub(crate) fn stop_now(&self, grace: Duration) {
        self.is_over();
        if let Some(life) = &self.0.life {
            life.stop_now(grace);
        }
    }

    /// It is not to be given requests any more.
    fn is_over(&self) {
        #[cfg(feature = "actuator")]
        if let Some(actuating) = &self.0.actuating {
            actuating.lives.end();
        }
    }

    /// What its mappings call it.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// How many mappings the application has.
    pub fn route_count(&self) -> usize {
        self.0.route_count()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.0.name).field("routes", &self.route_count()).finish()
    }
}

impl Inner {
    pub(super) fn route_count(&self) -> usize {
        self.router.len() + self.sockets.len()
    }

    /// Finds who answers. `None`: a candidate narrows by parameters and the form is still to be read; read it and ask
    /// again with `form_pending` false.
    #[inline]
    pub(crate) fn target(&self, request: &mut Request, form_pending: bool) -> Option<Target<'_>> {
        if request.form_of_target == TargetForm::Asterisk {
            return Some(Unmapped::Options("GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS".to_owned()).into());
        }
        let facts = Facts {
            method: &request.method,
            path: request.path.matched(),
            headers: &request.headers,
            query: &request.query,
            form: &request.form,
            form_pending,
        };
        if !request.extensions.is_empty()
            && handshake::is_asked_for(&request.extensions)
            && let Found::Route(entry) = self.sockets.find(&facts, &mut request.path_values)
        {
            request.handler = Some(&entry.route.at);
            request.mapping = entry.number;
            return Some(Target::Entry(entry));
        }
        Some(match self.router.find(&facts, &mut request.path_values) {
            Found::Route(entry) => {
                request.handler = Some(&entry.route.at);
                request.mapping = entry.number;
                Target::Entry(entry)
            }
            Found::MethodNotAllowed { allow } => self.target_of_others(&facts, allow),
            Found::Options { allow } => Unmapped::Options(allow).into(),
            Found::NeedsForm => return None,
            Found::NotFound => self.target_beyond(request),
        })
    }
}
