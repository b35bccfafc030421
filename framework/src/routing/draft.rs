//! Entries before the router has them: read from the routes, put in order, held against each other.
//!
//! Every mistake becomes a message that names the places it is made at; they come in the order of the source, never
//! in that of linking.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::methods::MethodSet;
use super::narrowing::Narrowing;
use crate::base::{Location, sorted};
use crate::http::Decompression;
use crate::matching::matcher::{Class, Matcher};
use crate::proto::Limits;
use crate::route::{Handler, Route};

/// An entry in the making.
pub(super) struct Draft {
    pub(super) route: &'static Route,
    pub(super) limits: Option<Limits>,
    pub(super) decompression: Option<Decompression>,
    pub(super) methods: MethodSet,
    pub(super) narrowing: Option<Box<Narrowing>>,
    pub(super) matcher: Matcher,
    pub(super) class: Class,
    /// Which of the mapping's paths it is.
    place: usize,
}

impl Draft {
    /// The order of preference.
    pub(super) fn compare(&self, other: &Draft) -> std::cmp::Ordering {
        self.class.cmp(&other.class).then_with(|| self.preference().cmp(&other.preference()))
    }

    /// Order among the equally specific.
    fn preference(&self) -> (bool, Reverse<usize>, i32, Location, usize) {
        let weight = self.narrowing.as_ref().map_or(0, |narrowing| narrowing.weight());
        (self.methods.is_any(), Reverse(weight), self.route.mapping.order, self.route.at, self.place)
    }

    /// Whether it is for the same requests as another one of the same shape, with nothing to choose between
    /// them.
    fn duplicates(&self, other: &Draft) -> bool {
        self.methods.is_any() == other.methods.is_any()
            && self.methods.overlaps(&other.methods)
            && self.narrowing == other.narrowing
            && self.route.mapping.order == other.route.mapping.order
    }
}

/// Those of all routes, in the order of the source; adds to `problems` what is wrong.
pub(super) fn drafts(routes: &[&'static Route], problems: &mut Vec<String>) -> Vec<Draft> {
    let mut routes = routes.to_vec();
    sorted::sort_by_key(&mut routes, |route| route.at);
    let mut drafts = Vec::with_capacity(routes.len());
    for route in routes {
        match drafts_of(route) {
            Ok(of_route) => drafts.extend(of_route),
            Err(found) => problems.extend(found.iter().map(|problem| format!("{}: {problem}", route.at))),
        }
    }
    drafts
}

fn drafts_of(route: &'static Route) -> Result<Vec<Draft>, Vec<String>> {
    let matchers = Matcher::parse(&route.mapping)?;
    let methods = MethodSet::parse(route.mapping.methods).map_err(|problem| vec![problem])?;
    let narrowing = Narrowing::parse(&route.mapping).map_err(|problem| vec![problem])?;
    let limits = route.limits.map(|limits| limits());
    let decompression = route.decompress.map(|decompression| decompression());
    let draft = |(place, matcher): (usize, Matcher)| Draft {
        route,
        limits: limits.clone(),
        decompression: decompression.clone(),
        methods: methods.clone(),
        narrowing: narrowing.clone(),
        class: matcher.class(),
        matcher,
        place,
    };
    Ok(matchers.into_iter().enumerate().map(draft).collect())
}

/// A message for each pair that is mapped twice, in the order of the drafts.
pub(super) fn duplicates(drafts: &[Draft]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut shapes: HashMap<String, Vec<&Draft>> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        let known = shapes.entry(draft.matcher.shape()).or_default();
        if let Some(earlier) = known.iter().find(|earlier| draft.duplicates(earlier)) {
            problems.push(duplicate(earlier, draft));
        }
        known.push(draft);
    }
    problems
}

fn duplicate(earlier: &Draft, later: &Draft) -> String {
    let path = earlier.matcher.source();
    if std::ptr::eq(earlier.route, later.route) {
        return format!(
            "{}: `{path}` is mapped twice, also as `{}`: keep one",
            earlier.route.at,
            later.matcher.source()
        );
    }
    let methods = match later.methods.is_any() {
        true => "every method".to_owned(),
        false => format!("{} and {}", earlier.methods, later.methods),
    };
    let both = [earlier, later].iter().all(|draft| matches!(draft.route.handler, Handler::WebSocket(_)));
    let hint = match both {
        true => {
            ". A `#[websocket_handshake]` belongs to `#[websocket_open]`, `#[websocket_message]` and \
                 `#[websocket_close]` functions of its path, not to a `#[websocket_handler]`: this one takes the handshake \
                 as `WebSocketRequest` of a `#[request_map]`, with `accept_with(…)`"
        }
        false => "",
    };
    format!(
        "`{path}` is mapped twice ({methods}): by {} and by {}. Give one of them another path, \
         method or condition, or an `order` if the one with the lower number shall answer{hint}",
        earlier.route.at, later.route.at
    )
}
