//! What an application asks of its mappings as a whole, at start.

use super::Router;
#[cfg(feature = "openapi")]
use crate::base::Location;
use crate::chain::AnyFilter;
use crate::matching::matcher::Matcher;
use crate::matching::pattern::Pattern;
use crate::proto::Limits;
use crate::route::Route;
#[cfg(feature = "openapi")]
use crate::routing::entry::Entry;

/// A mapping under one of its paths, as others are told of it.
pub(crate) struct Contents<'r> {
    pub(crate) route: &'static Route,
    pub(crate) pattern: &'static str,
    #[cfg_attr(not(feature = "actuator"), allow(dead_code, reason = "the actuator tells it"))]
    pub(crate) limits: Option<&'r Limits>,
    /// Each with whether it always runs.
    pub(crate) filters: Vec<(AnyFilter, bool)>,
}

impl Router {
    /// Filters that can never run, since they match the path of no mapping and of none of the other patterns. Only when that
    /// is certain.
    pub(crate) fn unmatched_filters<'p>(&self, others: impl Iterator<Item = &'p Pattern>) -> Vec<AnyFilter> {
        let others: Vec<_> = others.map(|pattern| Matcher::Path(pattern.clone())).collect();
        self.filters.idle(self.entries.iter().map(|entry| &entry.matcher).chain(&others))
    }

    /// The limits that mappings set, each mapping once.
    pub(crate) fn limits(&self) -> impl Iterator<Item = (&'static Route, &Limits)> {
        let mut told = Vec::new();
        self.entries.iter().filter_map(move |entry| {
            let limits = entry.limits.as_ref().filter(|_| !told.contains(&entry.route.at))?;
            told.push(entry.route.at);
            Some((entry.route, limits))
        })
    }

    /// The routes of all mappings.
    pub(crate) fn routes(&self) -> impl Iterator<Item = &'static Route> {
        self.entries.iter().map(|entry| entry.route)
    }

    /// The filters that run for a mapping at this place under this pattern, each with whether they always do. The place of functions
    /// that share a path is that of one of them; what runs is a matter of the pattern.
    #[cfg(feature = "openapi")]
    pub(crate) fn filters_of(&self, at: &Location, pattern: &str) -> Vec<(AnyFilter, bool)> {
        let mut of_pattern = self.entries.iter().filter(|entry| entry.matcher.source() == pattern);
        let is_it = |entry: &&Entry| entry.route.at == *at;
        let entry = of_pattern.clone().find(is_it).or_else(|| of_pattern.next());
        entry.into_iter().flat_map(|entry| self.filters.candidates(&entry.plan)).collect()
    }

    /// What there is, in the order of preference.
    pub(crate) fn contents(&self) -> impl Iterator<Item = Contents<'_>> {
        self.entries.iter().map(|entry| Contents {
            route: entry.route,
            pattern: entry.matcher.source(),
            limits: entry.limits.as_ref(),
            filters: self.filters.candidates(&entry.plan).collect(),
        })
    }

    /// The filters that run for every path of a pattern.
    #[cfg(feature = "actuator")]
    pub(crate) fn filters_always_run_for(&self, pattern: &str) -> Vec<AnyFilter> {
        let Ok(matcher) = Matcher::of_path(crate::matching::kept(pattern.to_owned())) else {
            return Vec::new();
        };
        let plan = self.filters.plan(&matcher);
        self.filters.candidates(&plan).filter(|(_, always)| *always).map(|(filter, _)| filter).collect()
    }

    /// All filters.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &AnyFilter> {
        self.filters.all()
    }

    /// The patterns of the mappings, in the order of their numbers.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.matcher.source())
    }

    /// Numbers the mappings from another number than one on.
    pub(crate) fn number_after(&mut self, last: usize) {
        let last = u32::try_from(last).expect("fewer mappings than 2³², which fit no binary");
        self.entries.iter_mut().for_each(|entry| entry.number += last);
    }

    /// How many mappings there are, each path of a mapping counted.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
