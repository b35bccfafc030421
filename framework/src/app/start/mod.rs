//! How an application begins: the registry is read, held against the settings and frozen. Every mistake is told at once, with its
//! place; what is only doubtful goes to the log.

#[cfg(feature = "openapi")]
mod described;
mod filters;
mod items;
mod limits;
#[cfg(feature = "metrics")]
mod measures;
mod proxies;
mod sockets;
mod states;
mod uploads;

use std::any::TypeId;
use std::sync::{Arc, Mutex, Weak};

use self::items::Items;
use self::proxies::believe;
use super::application::{App, Inner};
use super::compress::Compression;
use super::config::{Config, START_TIMEOUT};
use crate::base::date::ServerLine;
use crate::base::{Places, all_of, is_value};
use crate::bind::DefaultBindingCall;
use crate::chain::{Answers, AnyFilter, ErrorPages, GivenFilter};
use crate::components::Making;
use crate::http::{Context, Error, Result};
use crate::io::BodyMemory;
use crate::matching::Pattern;
#[cfg(feature = "actuator")]
use crate::operations::Actuating;
use crate::operations::{AccessLog, Observers};
use crate::registry::Controller;
use crate::resources::Mounts;
use crate::routing::Router;
use crate::session::Sessions;
#[cfg(feature = "templates")]
use crate::view::Templates;
use crate::websocket::handshake::Settings;
use crate::websocket::styles::FunctionsOfRoutes;

impl Config {
    /// Why there is no port, and before it what the settings have wrong: they may have meant another one.
    pub(crate) fn also_wrong(&mut self, unbound: Error) -> Error {
        if self.problems.is_empty() {
            return unbound;
        }
        self.problems.push(unbound.words().to_owned());
        Error::internal(all_of(std::mem::take(&mut self.problems)))
    }
}

impl App {
    /// Freezes what the attributes registered.
    ///
    /// # Errors
    /// A component cannot be made or is not done in time, an `#[on_start]` fails, nothing is registered, two mappings are for the same requests, a state is missing or given twice, a mapping is
    /// malformed. The text names all problems with the places of both sides, and what to do.
    pub fn from_registry(
        #[allow(unused_mut, reason = "settings fill it")] mut config: Config,
    ) -> Result<App> {
        #[cfg(feature = "config")]
        config.complete();
        let name = config.app.clone();
        let limits = config.limits.unwrap_or_default();
        let items = Items::of(name.as_deref());
        let Items { mut routes, filters, pages, controllers, bindings, events, .. } = items;
        let mut settings = sockets::settings(config.websocket.unwrap_or_default(), config.extensions);
        let mut problems = config.problems;
        let tracing = config.tracing.unwrap_or_default();
        if let Some(spans) = tracing.filter() {
            config.filters.insert(0, spans);
        }
        #[cfg(feature = "actuator")]
        if let Some(actuator) = &config.actuator {
            problems.extend(actuator.problems(&config.places));
            if actuator.port.is_none() {
                config.filters.push(super::actuator::filter(actuator, &config.described));
            }
        }
        problems.extend(config.filters.iter().filter_map(GivenFilter::problem));
        problems.extend(limits.problems());
        problems.extend(limits::problems(&routes));
        problems.extend(config.compression.as_ref().and_then(Compression::problem));
        #[cfg(feature = "openapi")]
        problems.extend(described::problems(config.openapi.as_ref(), config.asyncapi.as_ref(), &routes));
        let sockets = sockets::take(&mut routes, events, &mut settings, &mut problems);
        let has_answering_filters = config.filters.iter().any(|given| given.filter.answers());
        let has_others = has_answering_filters || !config.resources.is_empty();
        if routes.is_empty() && sockets.routes.is_empty() && !has_others {
            problems.push(nothing_registered(name.as_deref(), &config.places));
            return Err(Error::internal(all_of(problems)));
        }
        let mut context = Context::default();
        context.show_errors = config.show_errors.unwrap_or(cfg!(debug_assertions));
        context.has_access_log = config.access_log.is_some();
        context.invalid_status = config.invalid_status;
        context.traces = tracing.into_traces();
        context.parameters = limits.parameters;
        context.bodies = Arc::new(BodyMemory::new(limits.buffered_bodies));
        let (trusted, fields) = (&config.trusted_proxies, config.proxy_fields.as_deref());
        problems.extend(believe(trusted, fields, &config.places, &mut context));
        let (upload_directory, problem) = uploads::directory(config.upload_directory, &config.places);
        context.upload_directory = upload_directory;
        problems.extend(problem);
        states::give(config.states, &mut context, &mut problems);
        #[cfg(feature = "templates")]
        {
            let templates = config.templates.unwrap_or_else(Templates::usual);
            let problem = templates.problem();
            problems
                .extend(problem.map(|it| config.places.tell("templates.directory", "Templates::dir", &it)));
            if context.add_state(TypeId::of::<Templates>(), Box::new(templates)).is_err() {
                problems.push("`Templates` are given by `templates(…)`, not as a state".to_owned());
            }
        }
        #[cfg(feature = "config")]
        let mut there = config.unread;
        #[cfg(not(feature = "config"))]
        let mut there = Vec::new();
        #[cfg(feature = "negotiation")]
        match crate::content::Formats::new(config.formats) {
            Ok(formats) => {
                drop(context.add_state(TypeId::of::<crate::content::Formats>(), Box::new(formats)))
            }
            Err(found) => problems.extend(found),
        }
        let plan = Making::order(items.components, items.life, &context, &mut problems);
        there.extend(plan.made());
        let mut need = |needs, at| problems.extend(states::missing(&context, &there, needs, at));
        routes.iter().for_each(|route| need(route.needs.states, &route.at));
        sockets.needing.iter().for_each(|route| need(route.needs.states, &route.at));
        filters.iter().for_each(|filter| need(filter.function.states, &filter.function.at));
        let given = config.filters.into_iter().map(|filter| AnyFilter::Given(Arc::new(filter)));
        let filters: Vec<_> = given.chain(filters.into_iter().map(AnyFilter::Declared)).collect();
        let answering: Box<[_]> = filters.iter().filter(|filter| filter.answers()).cloned().collect();
        pages.iter().for_each(|page| need(page.states, &page.at));
        plan.needs().for_each(|(needs, at)| need(needs, at));
        #[cfg(feature = "actuator")]
        if let Some(actuator) = &config.actuator {
            actuator.indicators.iter().for_each(|indicator| need(&indicator.states, &indicator.at));
        }
        if let [first, second, ..] = bindings[..] {
            problems.push(format!("two default model bindings: {} and {}", first.at, second.at));
        }
        problems.extend(settings.problem());
        problems.extend(Sessions::install(config.sessions, config.session_config, &mut context).err());
        let _ = context.add_state(TypeId::of::<Settings>(), Box::new(settings));
        let _ = context.add_state(TypeId::of::<FunctionsOfRoutes>(), Box::new(sockets.functions));
        context.default_binding = bindings.first().map(|binding| DefaultBindingCall(binding.call).boxed());
        // Where nothing has to be made first, what is wrong with controllers is told with all else.
        let has_no_components = plan.is_empty();
        if has_no_components {
            problems.extend(build(&controllers, &mut context));
        }
        let mut observers = Observers::default();
        match config.access_log.as_ref().map(AccessLog::open).transpose() {
            Ok(lines) => observers.lines = lines,
            Err(problem) => {
                problems.push(config.places.tell("access_log.file", "Config::access_log", &problem));
            }
        }
        #[cfg(feature = "actuator")]
        let actuating = config.actuator.map(|actuator| Actuating::new(actuator, &context));
        #[cfg(feature = "metrics")]
        {
            let mappings = [&routes, &sockets.routes]
                .into_iter()
                .flatten()
                .map(|route| route.mapping.paths.len().max(1))
                .sum::<usize>();
            // Those of filters that answer, and of resources, are numbered after them.
            let mappings = mappings + answering.len() + config.resources.len() + 1;
            observers.measures =
                measures::build(config.metrics, actuating.as_ref(), &mut context, mappings, &mut problems);
        }
        let resources = Mounts::build(config.resources, config.favicon.unwrap_or(true), &mut problems);
        let pages = ErrorPages::build(&pages).unwrap_or_else(|found| {
            problems.extend(found);
            ErrorPages::none()
        });
        let mapped: Vec<_> = routes.iter().chain(&sockets.routes).copied().collect();
        let (router, mut sockets) =
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
        sockets.number_after(router.len());
        let of_filters = answering.iter().flat_map(AnyFilter::paths).copied();
        let of_resources = resources.patterns().map(Pattern::source);
        context.patterns =
            router.patterns().chain(sockets.patterns()).chain(of_filters).chain(of_resources).collect();
        #[cfg(feature = "actuator")]
        if let Some(problem) = actuating.as_ref().and_then(|it| it.unguarded(&router)) {
            return Err(Error::internal(problem));
        }
        limits::warn_of_those_that_never_fit(&routes, &limits);
        let paths: Vec<_> = mapped.iter().flat_map(|route| route.mapping.paths).copied().collect();
        let idle = sockets.unmatched_filters(resources.patterns());
        let is_idle = |filter: &AnyFilter| idle.iter().any(|idle| idle.is_same(filter));
        let idle: Vec<_> =
            router.unmatched_filters(resources.patterns()).into_iter().filter(is_idle).collect();
        filters::warn_of_idle(&idle, &paths);
        filters::warn_of_near_misses(&filters, &paths);
        filters::tell_of_doubts(&filters);
        router.limits().for_each(|(route, own)| limits::tell_of_idle_limits(route, own, &limits));
        let server_line = match config.server_name {
            None => b"server: vernal\r\n".to_vec(),
            Some(None) => Vec::new(),
            Some(Some(name)) if is_value(name.as_bytes()) => format!("server: {name}\r\n").into_bytes(),
            Some(Some(name)) => {
                return Err(Error::internal(format!("the server name {name:?} holds a control character")));
            }
        };
        let limit = config.start_timeout.unwrap_or(START_TIMEOUT);
        let (started, mut context) = Making::build(plan, context, limit).map_err(Error::internal)?;
        if !has_no_components {
            problems.extend(build(&controllers, &mut context));
        }
        if !problems.is_empty() {
            if let Some(started) = started {
                started.give_up(context);
            }
            return Err(Error::internal(all_of(problems)));
        }
        let context = Arc::new(context);
        let life = started.map(|started| started.begin(&context)).transpose().map_err(Error::internal)?;
        let app = App(Arc::new(Inner {
            answers: Answers { context, pages, resources, sniffs: config.sniffing.unwrap_or(true) },
            limits,
            server_line: ServerLine::new(server_line),
            router,
            sockets,
            name,
            answering,
            embedding: Mutex::new(Weak::<()>::new()),
            compression: config.compression,
            decompression: config.decompression.unwrap_or_default(),
            observers,
            #[cfg(feature = "actuator")]
            actuating,
            #[cfg(all(debug_assertions, feature = "openapi"))]
            held: config.openapi.as_ref().map(|_| Default::default()),
            #[cfg(feature = "openapi")]
            openapi: config.openapi,
            #[cfg(feature = "openapi")]
            asyncapi: config.asyncapi,
            life,
            #[cfg(feature = "openapi")]
            warned_of_openapi: Default::default(),
            #[cfg(feature = "openapi")]
            warned_of_asyncapi: Default::default(),
        }));
        #[cfg(any(feature = "actuator", feature = "openapi"))]
        config.described.is(&app);
        #[cfg(feature = "openapi")]
        app.warn_of_unknown_types();
        Ok(app)
    }
}

/// Builds the shared controllers, and returns what is wrong.
fn build(controllers: &[&Controller], context: &mut Context) -> Vec<String> {
    let mut problems = Vec::new();
    for Controller { build, instance, at, .. } in controllers {
        match build(context) {
            Ok(object) => context.set_instance(instance, object),
            Err(error) => {
                problems.push(format!("the controller {at} cannot be built: {}", error.words()));
            }
        }
    }
    problems
}

fn nothing_registered(name: Option<&str>, places: &Places) -> String {
    let before = places.before("server.app");
    match name {
        Some(name) => format!("{before}nothing is mapped with `app = \"{name}\"`: check the name, and that the crate is linked (`use my_crate as _;`)"),
        None => "nothing is mapped. Put `#[request_map(\"/…\")]` on a function, or give the server resources: `.resources(\"/**\", \"directory\")`. If your mappings are in another crate, link it: \
                 write `use my_crate as _;` or `vernal::scan!(my_crate);` in the crate with `main`".to_owned(),
    }
}
