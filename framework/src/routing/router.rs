//! The router: built once, refuses what is ambiguous, then finds the entry of each request.
//!
//! Order of preference: one exact path, patterns by specificity, regular expressions; among equals those that
//! name methods before those that take any, narrowed ones before others, then `order`, then the place in the
//! source. Never the order of linking. A candidate that does not take the request leaves the less specific
//! ones in the race, unless it belongs to an endpoint: its path answers no method but its own.

mod contents;

pub(crate) use contents::Contents;

use std::borrow::Cow;
use std::ops::Range;

use http::Method;

use super::draft::{Draft, drafts, duplicates};
use super::entry::{Entry, Fit};
use super::facts::Facts;
use super::filters::Filters;
use super::methods::MethodSet;
use super::search::{All, NONE, Search, Union};
use super::table::Table;
use super::tree::{Tree, Visitor};
use crate::base::{say, sorted};
use crate::chain::AnyFilter;
use crate::http::path::PathValues;
use crate::matching::matcher::{Class, Matcher};
use crate::matching::segment::Name;
use crate::route::Route;

/// All mappings and filters of an application.
pub(crate) struct Router {
    /// In order of preference.
    pub(super) entries: Vec<Entry>,
    /// Where the entries of one exact path are.
    pub(super) exact: Table<Range<usize>>,
    tree: Tree,
    /// Where the entries of regular expressions are.
    regexps: Range<usize>,
    filters: Filters,
}

/// What a request found.
#[expect(clippy::enum_variant_names, reason = "`NotFound` is what HTTP calls it")]
pub(crate) enum Found<'r> {
    /// Its mapping. A HEAD request finds the one for GET unless HEAD is mapped; its answer goes without the
    /// body.
    Route(&'r Entry),
    /// The path takes other methods: 405 with this value of `Allow`.
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: String,
    },
    /// OPTIONS, which nothing is mapped for: to be answered with this value of `Allow`.
    Options {
        /// The value of `Allow`.
        allow: String,
    },
    /// Parameters decide, and the form was not read: read it and ask again.
    NeedsForm,
    /// Nothing is mapped to the path, or only what is narrowed to other requests: 404.
    NotFound,
}

impl Router {
    /// Builds it from the items of one application.
    ///
    /// # Errors
    /// Every mistake, each naming the places it is made at.
    pub(crate) fn build(routes: &[&'static Route], filters: &[AnyFilter]) -> Result<Router, Vec<String>> {
        let mut problems = Vec::new();
        let mut drafts = drafts(routes, &mut problems);
        sorted::sort_by(&mut drafts, Draft::compare);
        problems.extend(duplicates(&drafts));
        let filters = Filters::build(filters, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut router = Router {
            entries: Vec::with_capacity(drafts.len()),
            exact: Table::default(),
            tree: Tree::default(),
            regexps: 0..0,
            filters,
        };
        for group in drafts.chunk_by(|one, other| one.class == other.class) {
            router.add(group);
        }
        Ok(router)
    }

    /// Adds the drafts of one class, which are next in order.
    fn add(&mut self, group: &[Draft]) {
        let range = self.entries.len()..self.entries.len() + group.len();
        let group_end = u32::try_from(range.end).expect("fewer mappings than 2³², which fit no binary");
        for (draft, entry) in group.iter().zip(group_end - group.len() as u32..) {
            let mut names = None;
            if let (Class::Pattern(_), Matcher::Path(pattern)) = (&draft.class, &draft.matcher) {
                names = self.tree.insert(pattern, entry);
            }
            say!(debug, "{} {} is mapped by {}", draft.methods, draft.matcher.source(), draft.route.at);
            self.entries.push(Entry {
                route: draft.route,
                number: entry + 1,
                limits: draft.limits.clone(),
                decompression: draft.decompression.clone(),
                methods: draft.methods.clone(),
                narrowing: draft.narrowing.clone(),
                matcher: draft.matcher.clone(),
                names,
                plan: self.filters.plan(&draft.matcher),
                group_end,
            });
        }
        match group.first().map(|draft| &draft.class) {
            Some(Class::Exact(path)) => {
                self.exact.get_or_insert_with(path.as_bytes(), || range);
            }
            Some(Class::Regexp) => self.regexps = range,
            _ => {}
        }
    }

    /// The entry for a request. Fills in what its own pattern finds in the path.
    #[inline]
    pub(crate) fn find<'r>(&'r self, facts: &Facts<'_>, values: &mut PathValues) -> Found<'r> {
        values.clear();
        let exact = self.exact.get(facts.path.as_bytes());
        // HEAD may belong to the mapping of GET, wherever that is.
        if *facts.method != Method::HEAD {
            let found = match exact {
                Some(range) => self.first_that_takes(range.clone(), facts),
                None => self.find_straight(facts, values),
            };
            if let Some(entry) = found {
                return Found::Route(entry);
            }
        }
        self.find_in_all(facts, exact, values)
    }

    /// The entry of a pattern that nothing can come before.
    #[inline(always)]
    fn find_straight(&self, facts: &Facts<'_>, values: &mut PathValues) -> Option<&Entry> {
        let entries = self.tree.straight(facts.path, &mut values.named)?;
        let entry = self.first_that_takes(entries.iter().map(|index| *index as usize), facts)?;
        if let Some(names) = &entry.names {
            rename(values, names);
        }
        Some(entry)
    }

    /// The first of the entries of one path or pattern that takes the request, if nothing has to be known before.
    #[inline(always)]
    fn first_that_takes(
        &self,
        entries: impl IntoIterator<Item = usize>,
        facts: &Facts<'_>,
    ) -> Option<&Entry> {
        for entry in entries.into_iter().map_while(|index| self.entries.get(index)) {
            match entry.fit(facts, facts.method) {
                Fit::Takes => return Some(entry),
                Fit::Not => {}
                Fit::NeedsForm | Fit::Blocks => return None,
            }
        }
        None
    }

    /// The same where more than one path or pattern has to be looked at.
    #[inline(never)]
    fn find_in_all<'r>(
        &'r self,
        facts: &Facts<'_>,
        exact: Option<&Range<usize>>,
        values: &mut PathValues,
    ) -> Found<'r> {
        values.clear();
        let mut search = self.search(facts, exact, facts.method);
        if *facts.method == Method::HEAD {
            let for_get = self.search(facts, exact, &Method::GET);
            if for_get.outdoes(&search) {
                search = for_get;
            }
        }
        if search.needs_form {
            return Found::NeedsForm;
        }
        let Some(entry) = self.entries.get(search.best as usize) else {
            // A regular expression that does not take the method was not looked at.
            if !search.has_met && self.regexps.is_empty() {
                return Found::NotFound;
            }
            return self.refusal(facts, search.ceiling);
        };
        entry.matcher.capture(facts.path, values);
        Found::Route(entry)
    }

    fn search<'s>(
        &'s self,
        facts: &'s Facts<'s>,
        exact: Option<&Range<usize>>,
        method: &'s Method,
    ) -> Search<'s> {
        let mut search = Search {
            entries: &self.entries,
            facts,
            method,
            has_met: false,
            best: NONE,
            needs_form: false,
            ceiling: NONE,
        };
        self.visit(facts.path, exact, &mut search);
        if search.best >= search.ceiling {
            (search.best, search.needs_form) = (NONE, false);
        }
        search
    }

    /// Why nothing takes the request.
    #[cold]
    fn refusal(&self, facts: &Facts<'_>, ceiling: u32) -> Found<'_> {
        let Some(methods) = self.methods_of(facts.path, ceiling) else {
            return Found::NotFound;
        };
        let is_head_of_get = *facts.method == Method::HEAD && methods.contains(&Method::GET);
        if *facts.method == Method::OPTIONS {
            return Found::Options { allow: methods.allow() };
        }
        if is_head_of_get || methods.contains(facts.method) {
            return Found::NotFound;
        }
        Found::MethodNotAllowed { allow: methods.allow() }
    }

    /// The methods that a path takes from entries below `ceiling`, conditions aside; `None` if it has no
    /// entry.
    fn methods_of(&self, path: &str, ceiling: u32) -> Option<MethodSet> {
        let mut union = Union { entries: &self.entries, ceiling, found: None };
        self.visit(path, self.exact.get(path.as_bytes()), &mut union);
        union.found
    }

    /// Visits the entries that match the path; `exact` are those of this one path.
    pub(super) fn visit(&self, path: &str, exact: Option<&Range<usize>>, visitor: &mut impl Visitor) {
        if let Some(range) = exact {
            visitor.leaf(range.start as u32..range.end as u32);
        }
        self.tree.walk(path, visitor);
        for index in self.regexps.start as u32..self.regexps.end as u32 {
            if index >= visitor.bound() {
                return;
            }
            if visitor.wants(index) && self.entries[index as usize].matcher.matches(path) {
                visitor.leaf(index..index + 1);
            }
        }
    }

    /// The filters that run around an entry, in order.
    #[inline]
    pub(crate) fn filters_for<'r>(&'r self, entry: &'r Entry, path: &str) -> Cow<'r, [AnyFilter]> {
        self.filters.of_plan(&entry.plan, path)
    }

    /// The filters that run where no entry was found, in order: all that match if a mapping has the path,
    /// even one that is narrowed to other requests, or if `path_known` says that something else has it; else
    /// those that are `unmatched`.
    #[cold]
    pub(crate) fn filters_for_path(&self, path: &str, path_known: bool) -> Cow<'_, [AnyFilter]> {
        self.filters.of_path(path, path_known || self.knows(path))
    }

    /// The filters that run around a refusal for which no other filter runs, in order.
    #[cold]
    pub(crate) fn filters_for_refusal(&self, path: &str) -> Vec<AnyFilter> {
        self.filters.of_refusal(path)
    }

    /// Whether some entry has this path, whatever else it asks for.
    #[cold]
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.methods_of(path, NONE).is_some()
    }

    /// The filters that run for a path which something else has, in order; `also` is another name of it, whose filters run
    /// too.
    pub(crate) fn filters_for_known(
        &self,
        path: &str,
        also: impl FnOnce() -> Option<String>,
    ) -> Cow<'_, [AnyFilter]> {
        self.filters.of_paths(path, also)
    }

    /// The mappings of this path, whatever else they ask for: those that a form is needed to choose between.
    #[cold]
    pub(crate) fn candidates(&self, path: &str) -> Vec<&Entry> {
        let mut all = All { entries: &self.entries, found: Vec::new() };
        self.visit(path, self.exact.get(path.as_bytes()), &mut all);
        all.found
    }
}

/// Gives variables the names of another mapping that shares the way; what has no name is the star.
fn rename(values: &mut PathValues, names: &[Name]) {
    let PathValues { named, wildcard, .. } = values;
    let mut names = names.iter().copied();
    named.retain_mut(|(name, span)| match names.next().flatten() {
        Some(own) => {
            *name = own;
            true
        }
        None => {
            *wildcard = Some(*span);
            false
        }
    });
}

#[cfg(test)]
impl Router {
    /// What [`Router::find`] should find, by the plainest means: one entry after the other, group by group.
    /// `Ok` with the route's name or `Err` with the refusal. `has_p` says whether there is a parameter `p`,
    /// the only condition known here.
    pub(super) fn walk_all(&self, method: &Method, path: &str, has_p: bool) -> Result<&'static str, String> {
        let mut methods = None;
        let mut rest = &self.entries[..];
        while let Some(first) = rest.first() {
            let (group, after) =
                rest.split_at(rest.iter().take_while(|entry| entry.group_end == first.group_end).count());
            rest = after;
            let group: Vec<_> = group.iter().filter(|entry| entry.matcher.matches(path)).collect();
            let open: Vec<_> = group.iter().filter(|entry| has_p || entry.narrowing.is_none()).collect();
            let named = |method: &Method, any: bool| {
                open.iter().find(|entry| entry.methods.contains(method) && (any || !entry.methods.is_any()))
            };
            let found = match *method {
                Method::HEAD => named(method, false)
                    .or_else(|| named(&Method::GET, false))
                    .or_else(|| named(method, true)),
                _ => named(method, true),
            };
            if let Some(entry) = found {
                return Ok(entry.route.at.name);
            }
            for entry in &group {
                methods.get_or_insert_with(MethodSet::default).merge(&entry.methods);
            }
            if open.iter().any(|entry| entry.route.endpoint) {
                break;
            }
        }
        let methods = methods.ok_or("404")?;
        let fits = methods.contains(method) || *method == Method::HEAD && methods.contains(&Method::GET);
        Err(match *method {
            Method::OPTIONS => format!("options {}", methods.allow()),
            _ if fits => "404".to_owned(),
            _ => format!("405 {}", methods.allow()),
        })
    }
}
