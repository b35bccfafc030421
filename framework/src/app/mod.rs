//! An application: the frozen registry with its settings, and the way of a request through it.
//!
//! Routing picks a target; filters and the handler make the answer; errors become pages at the nearest link. Plain
//! `fn` handlers without filters run to their end in [`Inner::answer`] and cost no future.

#[cfg(feature = "tls")]
mod alone;
mod bodies;
mod compress;
mod config;
mod decompress;
mod error_page;
mod exchange;
mod failed;
mod filter;
mod filter_function;
mod handle;
mod refused;
mod resources;
mod sessions;
mod sockets;
mod uploads;
mod watched;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{self, Poll};

use ::http::StatusCode;

pub(crate) use bodies::{BodyPlan, BodyWay};
pub use compress::Compression;
pub(crate) use compress::{Asked, Compressing};
pub use config::Config;
use config::believe;
pub(crate) use config::config_setters;
pub use decompress::Decompression;
pub(crate) use error_page::escape_html;
pub use error_page::{ErrorContext, ErrorPageArgument};
pub(crate) use exchange::Exchange;
pub use filter::{Filter, FilterArgument, FilterContext, Next, context_of, go_on};
pub use filter_function::{context_argument, filter_done};

#[cfg(feature = "tower")]
pub(crate) use handle::{Outcome, Run, complete, written};

use self::error_page::ErrorPages;
pub(crate) use self::failed::Failed;
use self::failed::{error_of, tell_doubled};
pub(crate) use self::watched::MayHold;
use crate::base::date::ServerLine;
use crate::base::{Location, say, shown};
use crate::bind::{BodyUse, StateNeed};
use crate::http::{Body, BodyKind, Context, Error, Request, Response, Result, Watched, guarded, watched};
use crate::io::{BodyMemory, stop};
use crate::proto::Limits;
use crate::proto::h1::TargetForm;
use crate::registry::{self, AnyFilter, BoxFuture, GivenFilter, Handler};
use crate::resources::{Found as FoundResource, Mounts, open_file};
use crate::routing::{Entry, Facts, Found, Router};
use crate::session::Sessions;
#[cfg(feature = "templates")]
use crate::view::Templates;
use crate::websocket::config::Settings;
use crate::websocket::refusal;
use crate::websocket::request as upgrade;

/// An application: everything that the attributes of all linked crates registered, frozen.
///
/// `server::start()` makes one for you; make one yourself to serve it elsewhere or several times.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

/// What all connections of an application share.
pub(crate) struct Inner {
    pub(crate) context: Arc<Context>,
    pub(crate) limits: Limits,
    pub(crate) server_line: ServerLine,
    router: Router,
    /// The routes of requests that ask for WebSocket; they may share paths with others.
    sockets: Router,
    /// What is looked through where no mapping has the path.
    resources: Mounts,
    pages: ErrorPages,
    name: Option<String>,
    /// Whether a filter answers by itself, which makes its paths and their bodies its own.
    has_answering_filters: bool,
    /// What the connections share that [`App::serve_connection`] serves, as long as there are any.
    pub(crate) embedding: Mutex<Weak<dyn Any + Send + Sync>>,
    compression: Option<Compression>,
    decompression: Decompression,
    /// Whether texts are sent as what they look like.
    sniffs: bool,
}

/// What routing decided about a request.
pub(crate) enum Target<'a> {
    /// A mapping answers.
    Entry(&'a Entry),
    /// The path is known, the method is not; `Allow` lists those that are.
    MethodNotAllowed(String),
    /// OPTIONS that nobody mapped.
    Options(String),
    /// Resources may have it.
    Resource(FoundResource),
    /// Nothing is mapped to this path.
    NotFound,
    /// Nothing here takes the request but a WebSocket handler, for these subprotocols if any, and it asks for none, or wrongly.
    WebSocketOnly(Vec<&'static str>),
    /// The same, and the request asks for one, but came over nothing that could become one.
    NoConnection,
    /// It was refused before its target mattered.
    Refused(Error),
}

/// How far [`Inner::answer`] came.
pub(crate) enum Answering<'r> {
    /// The answer is ready.
    Done,
    /// A handler without filters: its error is still to be rendered.
    Handler(Watched<'r>),
    /// A chain, which ends with an answer whatever happens.
    Chain(BoxFuture<'r, ()>),
}

impl Answering<'_> {
    /// Whether there is nothing to wait for.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Answering::Done)
    }
}

/// The wait for an answer. `Some` is the result of a handler without filters, still to be concluded.
impl Future for Answering<'_> {
    type Output = Option<Result>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Result>> {
        match &mut *self {
            Answering::Done => Poll::Ready(None),
            Answering::Handler(handler) => Pin::new(handler).poll(cx).map(Some),
            Answering::Chain(chain) => chain.as_mut().poll(cx).map(|()| None),
        }
    }
}

impl Target<'_> {
    /// How the handler uses the body.
    fn body_use(&self) -> BodyUse {
        match self {
            Target::Entry(entry) => entry.route.needs.body,
            _ => BodyUse::None,
        }
    }
}

impl App {
    /// Freezes what the attributes registered.
    ///
    /// # Errors
    /// Nothing is registered, two mappings are for the same requests, a state is missing or given twice, a mapping is
    /// malformed. The text names all problems with the places of both sides, and what to do.
    pub fn from_registry(config: Config) -> Result<App> {
        let name = config.app.clone();
        let belongs = |app: Option<&str>| app == name.as_deref();
        let mut routes: Vec<_> = inventory::iter::<registry::Route>
            .into_iter()
            .filter(|route| belongs(route.mapping.app))
            .collect();
        let mut filters: Vec<_> = inventory::iter::<registry::Filter>
            .into_iter()
            .filter(|filter| belongs(filter.mapping.app))
            .collect();
        let mut pages: Vec<_> =
            inventory::iter::<registry::ErrorPage>.into_iter().filter(|page| belongs(page.app)).collect();
        let mut controllers: Vec<_> =
            inventory::iter::<registry::Controller>.into_iter().filter(|it| belongs(it.app)).collect();
        // What is said must not depend on the order of linking either.
        routes.sort_unstable_by_key(|route| route.at);
        filters.sort_unstable_by_key(|filter| filter.function.at);
        pages.sort_unstable_by_key(|page| page.at);
        controllers.sort_unstable_by_key(|controller| controller.at);
        let mut bindings: Vec<_> =
            inventory::iter::<registry::DefaultBinding>.into_iter().filter(|it| belongs(it.app)).collect();
        bindings.sort_unstable_by_key(|binding| binding.at);

        let mut settings = sockets::settings(config.websocket, config.extensions);
        let mut problems = config.problems;
        problems.extend(config.filters.iter().filter_map(GivenFilter::problem));
        problems.extend(config.limits.problems());
        problems.extend(config.compression.as_ref().and_then(Compression::problem));
        let sockets = sockets::take(&mut routes, &mut settings, belongs, &mut problems);
        let has_answering_filters = config.filters.iter().any(|given| given.filter.answers());
        let has_others = has_answering_filters || !config.resources.is_empty();
        if routes.is_empty() && sockets.routes.is_empty() && !has_others {
            return Err(Error::internal(nothing_registered(name.as_deref())));
        }
        let mut context = Context::default();
        context.show_errors = config.show_errors.unwrap_or(cfg!(debug_assertions));
        context.parameters = config.limits.parameters;
        context.bodies = Arc::new(BodyMemory::new(config.limits.buffered_bodies));
        problems.extend(believe(&config.trusted_proxies, config.proxy_fields.as_deref(), &mut context));
        let (upload_directory, problem) = uploads::directory(config.upload_directory);
        context.upload_directory = upload_directory;
        problems.extend(problem);
        for state in config.states {
            if context.add_state(state.type_id, state.value).is_err() {
                problems.push(format!(
                    "the state `{}` was given twice; wrap one of them in a type of its own",
                    state.type_name
                ));
            }
        }
        #[cfg(feature = "templates")]
        {
            let templates = config.templates.unwrap_or_else(Templates::usual);
            problems.extend(templates.problem());
            if context.add_state(TypeId::of::<Templates>(), Box::new(templates)).is_err() {
                problems.push("`Templates` are given by `templates(…)`, not as a state".to_owned());
            }
        }
        let mut need = |states: &[StateNeed], at: &Location| {
            for need in states {
                if !context.has_state((need.type_id)()) {
                    let type_name = (need.type_name)();
                    problems.push(format!(
                        "{at} asks for `State<&{type_name}>`, and no state of that type was given: write \
                         `server::new().state(…)` with a value of type `{type_name}`"
                    ));
                }
            }
        };
        routes.iter().for_each(|route| need(route.needs.states, &route.at));
        sockets.needing.iter().for_each(|route| need(route.needs.states, &route.at));
        filters.iter().for_each(|filter| need(filter.function.states, &filter.function.at));
        let given = config.filters.into_iter().map(|filter| AnyFilter::Given(Arc::new(filter)));
        let filters: Vec<_> = given.chain(filters.into_iter().map(AnyFilter::Declared)).collect();
        pages.iter().for_each(|page| need(page.states, &page.at));
        if let [first, second, ..] = bindings[..] {
            problems.push(format!("two default model bindings: {} and {}", first.at, second.at));
        }
        problems.extend(settings.problem());
        problems.extend(Sessions::install(config.sessions, config.session_config, &mut context).err());
        let _ = context.add_state(TypeId::of::<Settings>(), Box::new(settings));
        context.default_binding = bindings.first().map(|binding| binding.call);
        for controller in controllers {
            match (controller.build)(&context) {
                Ok(object) => context.set_instance(controller.instance, object),
                Err(error) => problems.push(format!(
                    "the controller {} cannot be built: {}",
                    controller.at,
                    error.words()
                )),
            }
        }
        let resources = Mounts::build(config.resources, config.favicon.unwrap_or(true), &mut problems);
        let pages = ErrorPages::build(&pages).unwrap_or_else(|found| {
            problems.extend(found);
            ErrorPages::none()
        });
        let (router, sockets) =
            match (Router::build(&routes, &filters), Router::build(&sockets.routes, &filters)) {
                (Ok(router), Ok(sockets)) if problems.is_empty() => (router, sockets),
                (router, sockets) => {
                    // What is wrong with filters, both have found.
                    for problem in router.err().into_iter().chain(sockets.err()).flatten() {
                        if !problems.contains(&problem) {
                            problems.push(problem);
                        }
                    }
                    return Err(Error::internal(all_of(problems)));
                }
            };
        bodies::warn_of_those_that_never_fit(&routes, &config.limits);
        let idle = sockets.unmatched_filters(resources.patterns());
        let is_idle = |filter: &AnyFilter| idle.iter().any(|idle| idle.is_same(filter));
        for filter in router.unmatched_filters(resources.patterns()).into_iter().filter(is_idle) {
            say!(warn, "the filter {} matches none of the mappings", filter.at());
        }
        router
            .limits()
            .for_each(|(route, limits)| bodies::tell_of_idle_limits(route, limits, &config.limits));
        let server_line = match config.server_name {
            None => b"server: vernal\r\n".to_vec(),
            Some(None) => Vec::new(),
            Some(Some(name)) if crate::base::is_value(name.as_bytes()) => {
                format!("server: {name}\r\n").into_bytes()
            }
            Some(Some(name)) => {
                return Err(Error::internal(format!("the server name {name:?} holds a control character")));
            }
        };
        Ok(App(Arc::new(Inner {
            context: Arc::new(context),
            limits: config.limits,
            server_line: ServerLine::new(server_line),
            router,
            sockets,
            resources,
            pages,
            name,
            has_answering_filters,
            embedding: Mutex::new(Weak::<()>::new()),
            compression: config.compression,
            decompression: config.decompression,
            sniffs: config.sniffing.unwrap_or(true),
        })))
    }

    /// How many mappings the application has.
    pub fn route_count(&self) -> usize {
        self.0.router.len() + self.0.sockets.len()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("name", &self.0.name).field("routes", &self.route_count()).finish()
    }
}

impl Inner {
    pub(crate) fn context_ref(&self) -> &Context {
        &self.context
    }

    /// Finds who answers. `None`: a candidate narrows by parameters and the form is still to be read; read it and ask
    /// again with `form_pending` false.
    #[inline]
    pub(crate) fn target(&self, request: &mut Request, form_pending: bool) -> Option<Target<'_>> {
        if request.form_of_target == TargetForm::Asterisk {
            return Some(Target::Options("GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS".to_owned()));
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
            && upgrade::is_asked_for(&request.extensions)
            && let Found::Route(entry) = self.sockets.find(&facts, &mut request.path_values)
        {
            request.handler = Some(&entry.route.at);
            return Some(Target::Entry(entry));
        }
        Some(match self.router.find(&facts, &mut request.path_values) {
            Found::Route(entry) => {
                request.handler = Some(&entry.route.at);
                Target::Entry(entry)
            }
            Found::MethodNotAllowed { allow } => self.target_of_others(&facts, allow),
            Found::Options { allow } => Target::Options(allow),
            Found::NeedsForm => return None,
            Found::NotFound => self.target_beyond(facts.path, facts.method),
        })
    }

    /// Calls the handler if it is a plain `fn` without filters; `None` if it is not. What it returns may need
    /// [`Inner::conclude`].
    #[inline]
    pub(crate) fn answer_at_once(
        &self,
        target: &Target<'_>,
        request: &Request,
        response: &mut Response,
    ) -> Option<Result> {
        let entry = match target {
            Target::Entry(entry) => entry,
            Target::Resource(found) if self.filters_of(target, request).is_empty() => {
                return self.resources.answer_at_once(*found, request, response);
            }
            _ => return None,
        };
        let Handler::Now(call) = entry.route.handler else { return None };
        if request.is_in_session() || !self.filters_of(target, request).is_empty() {
            return None;
        }
        Some(watched(&entry.route.at, || call(request, response)))
    }

    /// Makes the answer, or returns what there is to wait for.
    #[inline]
    pub(crate) fn answer<'r>(
        &'r self,
        target: Target<'r>,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        let filters = self.filters_of(&target, request);
        if !filters.is_empty() {
            return Answering::Chain(Box::pin(self.run_chain(filters, target, request, response)));
        }
        let result = match &target {
            Target::Entry(entry) => match entry.route.handler {
                Handler::Now(call) => watched(&entry.route.at, || call(request, response)),
                Handler::Async(call) => {
                    return Answering::Handler(Watched::new(&entry.route.at, call(request, response)));
                }
                Handler::Blocking(_) | Handler::WebSocket(_) => {
                    return Answering::Chain(Box::pin(self.run_chain(filters, target, request, response)));
                }
            },
            Target::Resource(found) => return self.look_for_resource(*found, request, response),
            target => end_without_handler(target, request, response),
        };
        self.conclude(result, request, response)
    }

    /// The filters that run for this request, in order.
    #[inline(always)]
    fn filters_of<'a>(&'a self, target: &Target<'a>, request: &Request) -> Cow<'a, [AnyFilter]> {
        match target {
            Target::Entry(entry) => {
                let is_socket = matches!(entry.route.handler, Handler::WebSocket(_));
                let router = if is_socket { &self.sockets } else { &self.router };
                router.filters_for(entry, request.path.matched())
            }
            other => self.filters_without_mapping(other, request),
        }
    }

    #[cold]
    fn filters_without_mapping(&self, target: &Target<'_>, request: &Request) -> Cow<'_, [AnyFilter]> {
        if let Target::Resource(found) = target {
            return self.filters_of_resource(*found, request);
        }
        self.router.filters_for_path(request.path.matched(), !matches!(target, Target::NotFound))
    }

    /// What is left to do after a handler without filters.
    pub(crate) fn conclude<'r>(
        &'r self,
        result: Result,
        request: &'r mut Request,
        response: &'r mut Response,
    ) -> Answering<'r> {
        if result.is_ok() && response.is_plain() && !request.is_in_session() {
            return Answering::Done;
        }
        if upgrade::is_open(request) {
            upgrade::conclude(request, &result);
            return Answering::Done;
        }
        if response.marks.is_doubled {
            tell_doubled(response, request.handler);
        }
        if response.is_unfinished() || request.is_in_session() {
            return Answering::Chain(Box::pin(self.settle_and_keep(result, request, response)));
        }
        let Some(error) = error_of(&self.pages, result, request, response, request.handler) else {
            return Answering::Done;
        };
        match self.pages.render(error, request.handler, request, response) {
            Some(page) => Answering::Chain(page),
            None => Answering::Done,
        }
    }

    /// The end of a chain: the handler, or what is said when there is none.
    pub(crate) async fn finish_chain(
        &self,
        target: Target<'_>,
        request: &mut Request,
        response: &mut Response,
    ) {
        let result = match target {
            Target::Entry(entry) => match entry.route.handler {
                Handler::Now(call) => watched(&entry.route.at, || call(request, response)),
                Handler::Async(call) => Watched::new(&entry.route.at, call(request, response)).await,
                Handler::Blocking(call) => run_blocking(call, request, response).await,
                Handler::WebSocket(handler) => upgrade::begin(entry.route, handler, request, response).await,
            },
            Target::Resource(found) => self.answer_resource(found, request, response).await,
            Target::Refused(error) => {
                // The log has it already.
                if let Some(page) = self.pages.render(error, None, request, response) {
                    page.await;
                }
                return;
            }
            target => end_without_handler(&target, request, response),
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
        if upgrade::is_open(request) {
            return upgrade::conclude(request, &result);
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
}

/// What is answered when no mapping does.
fn end_without_handler(target: &Target<'_>, request: &Request, response: &mut Response) -> Result {
    match target {
        Target::Options(allow) => {
            response.set_status(StatusCode::NO_CONTENT);
            response.headers.insert("allow", allow);
            Ok(())
        }
        Target::MethodNotAllowed(allow) => Err(Error::status_only(StatusCode::METHOD_NOT_ALLOWED)
            .explain(format!("This path does not take {}; it takes {allow}.", shown(request.method.as_str())))
            .header("allow", allow)),
        Target::WebSocketOnly(protocols) => Err(refusal::explain(request, protocols)),
        Target::NoConnection => Err(Error::status_only(StatusCode::NOT_IMPLEMENTED).explain(
            "This path speaks WebSocket, and the server around this application cannot hand the connection over.",
        )),
        Target::Entry(_) | Target::Resource(_) | Target::NotFound | Target::Refused(_) => {
            Err(Error::status_only(StatusCode::NOT_FOUND).explain(format!(
                "Nothing is mapped to {} {}.",
                shown(request.method.as_str()),
                shown(request.path())
            )))
        }
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
    let here = stop::Mark::here();
    let ran = tokio::task::spawn_blocking(move || {
        let result = here.within(|| guarded(|| call(&moved, &mut answer)));
        (moved, answer, result)
    });
    let (moved, answer, result) = ran.await?;
    *request = moved;
    *response = answer;
    result
}

/// Makes the body of what an answer only names: opens a file, renders a view.
async fn finish_body(request: &Request, response: &mut Response) -> Result {
    match std::mem::take(&mut response.body).0 {
        BodyKind::File(path) => open_file(path, request, response).await?,
        #[cfg(feature = "templates")]
        BodyKind::View(view) => response.body = crate::view::render(*view, &request.context)?,
        other => response.body = Body(other),
    }
    Ok(())
}

fn nothing_registered(name: Option<&str>) -> String {
    match name {
        Some(name) => format!("nothing is mapped with `app = \"{name}\"`: check the name, and that the crate is linked (`use my_crate as _;`)"),
        None => "nothing is mapped. Put `#[request_map(\"/…\")]` on a function, or give the server resources: `.resources(\"/**\", \"directory\")`. If your mappings are in another crate, link it: \
                 write `use my_crate as _;` or `vernal::scan!(my_crate);` in the crate with `main`".to_owned(),
    }
}

fn all_of(problems: Vec<String>) -> String {
    match &problems[..] {
        [problem] => problem.clone(),
        problems => format!("{} problems:\n  - {}", problems.len(), problems.join("\n  - ")),
    }
}
