//! A mapping's route under one of its paths.

use http::Method;

use super::facts::Facts;
use super::filters::FilterPlan;
use super::methods::MethodSet;
use super::narrowing::Narrowing;
use crate::http::Decompression;
use crate::matching::matcher::Matcher;
use crate::matching::segment::Name;
use crate::proto::Limits;
use crate::route::Route;

/// See the head of this file.
pub(crate) struct Entry {
    /// The route.
    pub(crate) route: &'static Route,
    /// Its number in the application, from one.
    pub(crate) number: u32,
    /// The limits it sets, evaluated once.
    pub(crate) limits: Option<Limits>,
    /// The codings it takes, likewise.
    pub(crate) decompression: Option<Decompression>,
    pub(super) methods: MethodSet,
    pub(super) narrowing: Option<Box<Narrowing>>,
    pub(super) matcher: Matcher,
    /// The names of the variables, where another mapping's stand in the tree.
    pub(super) names: Option<Box<[Name]>>,
    pub(super) plan: FilterPlan,
    /// Where the entries that are less specific than this one start.
    pub(super) group_end: u32,
}

impl Entry {
    #[inline]
    pub(super) fn fit(&self, facts: &Facts<'_>, method: &Method) -> Fit {
        let takes = self.methods.contains(method);
        if takes && self.narrowing.is_none() {
            return Fit::Takes;
        }
        if !takes && !self.route.endpoint {
            return Fit::Not;
        }
        if let Some(narrowing) = &self.narrowing {
            match narrowing.holds(facts) {
                Some(true) => {}
                Some(false) => return Fit::Not,
                None => return Fit::NeedsForm,
            }
        }
        if takes { Fit::Takes } else { Fit::Blocks }
    }
}

/// What an entry whose path matches says to a request.
pub(super) enum Fit {
    Takes,
    Not,
    /// Not known until the form is read.
    NeedsForm,
    /// Nothing less specific may have it.
    Blocks,
}

#[cfg(test)]
impl Entry {
    /// What its pattern or expression finds in the path by itself.
    pub(super) fn captured(&self, path: &str) -> crate::http::path::PathValues {
        let mut values = crate::http::path::PathValues::default();
        self.matcher.capture(path, &mut values);
        values
    }
}
