//! What is wrong or doubtful about the limits of mappings.

use crate::base::say;
use crate::bind::BodyUse;
use crate::proto::Limits;
use crate::route::Route;

/// What is wrong with the limits of mappings.
pub(super) fn problems(routes: &[&Route]) -> Vec<String> {
    let mut problems = Vec::new();
    for route in routes {
        let Some(limits) = route.limits else { continue };
        problems.extend(limits().problems_of_mapping().map(|problem| format!("{}: {problem}", route.at)));
    }
    problems
}

/// Says which limits of a mapping are never looked at, since it is not known yet when they hold.
pub(super) fn tell_of_idle_limits(route: &Route, limits: &Limits, server: &Limits) {
    for name in limits.idle_in_mappings(server) {
        say!(
            warn,
            "the mapping {} sets `Limits::{name}`, which holds for all requests before their mapping is known: set it for the whole \
             server by `server::new().limits(…)`",
            route.at
        );
    }
}

/// Tells of mappings whose largest bodies are more than all requests may hold in memory together.
pub(super) fn warn_of_those_that_never_fit(routes: &[&Route], limits: &Limits) {
    let all = limits.buffered_bodies;
    let mut is_told = false;
    for route in routes {
        let own = route.limits.map(|limits| limits().body_size);
        let size = own.unwrap_or(limits.body_size);
        let is_whole = !matches!(route.needs.body, BodyUse::None | BodyUse::Streamed | BodyUse::Parts);
        if is_whole && size > all && !(own.is_none() && is_told) {
            is_told |= own.is_none();
            say!(
                warn,
                "the mapping {} takes bodies of up to {size} bytes whole, and all requests together may hold {all} \
                 (Limits::buffered_bodies): larger ones will be refused with 503; raise that, lower `body_size`, or take a `BodyReader`",
                route.at
            );
        }
    }
}
