//! The router: built once, refuses what is ambiguous, then finds the entry of each request.
//!
//! Order of preference: one exact path, patterns by specificity, regular expressions; among equals those that
//! name methods before those that take any, narrowed ones before others, then `order`, then the place in the
//! source. Never the order of linking. A candidate that does not take the request leaves the less specific
//! ones in the race, unless it belongs to an endpoint: its path answers no method but its own.

mod contents;

use std::borrow::Cow;
use std::ops::Range;

use http::Method;

use super::condition::Conditions;
use super::draft::{Draft, drafts, duplicates};
use super::filters::{FilterPlan, Filters};
use super::methods::MethodSet;
use super::table::Table;
use super::tree::{Tree, Visitor};
use crate::base::{Headers, say};
use crate::chain::AnyFilter;
use crate::http::path::PathValues;
use crate::http::{Decompression, Params};
use crate::matching::Mapping;
use crate::matching::matcher::{Class, Matcher};
use crate::matching::segment::Name;
use crate::proto::Limits;
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

/// A mapping's route under one of its paths.
pub(crate) struct Entry {
    /// The route.
    pub(crate) route: &'static Route,
    /// The limits it sets, evaluated once.
    pub(crate) limits: Option<Limits>,
    /// The codings it takes, likewise.
    pub(crate) decompression: Option<Decompression>,
    methods: MethodSet,
    narrowing: Option<Box<Narrowing>>,
    matcher: Matcher,
    /// The names of the variables, where another mapping's stand in the tree.
    names: Option<Box<[Name]>>,
    plan: FilterPlan,
    /// Where the entries that are less specific than this one start.
    group_end: u32,
}

/// What mappings may ask of a request.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'q> {
    /// The method.
    pub(crate) method: &'q Method,
    /// The path in its matched form.
    pub(crate) path: &'q str,
    /// The header fields.
    pub(crate) headers: &'q Headers,
    /// The parameters of the query.
    pub(crate) query: &'q Params,
    /// The fields of the form, if it was read.
    pub(crate) form: &'q Params,
    /// Whether there is a form that was not read yet.
    pub(crate) form_pending: bool,
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

/// The conditions of a mapping.
#[derive(Clone, PartialEq)]
pub(super) struct Narrowing {
    params: Conditions,
    headers: Conditions,
    /// A WebSocket subprotocol that must be offered.
    protocol: Option<&'static str>,
}

impl Router {
    /// Builds it from the items of one application.
    ///
    /// # Errors
    /// Every mistake, each naming the places it is made at.
    pub(crate) fn build(routes: &[&'static Route], filters: &[AnyFilter]) -> Result<Router, Vec<String>> {
        let mut problems = Vec::new();
        let mut drafts = drafts(routes, &mut problems);
        drafts.sort_by(Draft::compare);
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

impl Entry {
    #[inline]
    fn fit(&self, facts: &Facts<'_>, method: &Method) -> Fit {
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
enum Fit {
    Takes,
    Not,
    /// Not known until the form is read.
    NeedsForm,
    /// Nothing less specific may have it.
    Blocks,
}

impl Narrowing {
    /// Those of a mapping, if it has any.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn parse(mapping: &Mapping) -> Result<Option<Box<Narrowing>>, String> {
        let params =
            Conditions::parse(&mapping.params).map_err(|problem| format!("in `params`, {problem}"))?;
        let headers =
            Conditions::parse(&mapping.headers).map_err(|problem| format!("in `headers`, {problem}"))?;
        let protocol = mapping.protocol;
        let is_empty = params.is_empty() && headers.is_empty() && protocol.is_none();
        Ok((!is_empty).then(|| Box::new(Narrowing { params, headers, protocol })))
    }

    /// The more conditions, the greater.
    pub(super) fn weight(&self) -> usize {
        self.params.weight() + self.headers.weight() + usize::from(self.protocol.is_some())
    }

    /// `None` if the form has to be read first.
    #[cold]
    fn holds(&self, facts: &Facts<'_>) -> Option<bool> {
        if !self.headers.hold(|name| facts.headers.get_all_bytes(name)) {
            return Some(false);
        }
        let offered = || facts.headers.elements("sec-websocket-protocol");
        if self.protocol.is_some_and(|protocol| offered().all(|offered| offered != protocol)) {
            return Some(false);
        }
        if self.params.is_empty() {
            return Some(true);
        }
        if facts.form_pending {
            return None;
        }
        Some(self.params.hold(|name| facts.form.all(name).chain(facts.query.all(name)).map(str::as_bytes)))
    }
}

/// Looks for the best entry that takes a request.
struct Search<'s> {
    entries: &'s [Entry],
    facts: &'s Facts<'s>,
    method: &'s Method,
    /// Whether any entry has the path.
    has_met: bool,
    best: u32,
    /// Whether the best one cannot be judged before the form is read.
    needs_form: bool,
    /// Entries from here on are kept away by an endpoint.
    ceiling: u32,
}

/// No entry.
const NONE: u32 = u32::MAX;

impl<'s> Search<'s> {
    fn entry(&self) -> Option<&'s Entry> {
        self.entries.get(self.best as usize)
    }

    /// Whether this search, for GET, found the one that answers HEAD: a more specific one, or an equally
    /// specific one where the other does not name HEAD but takes any method.
    fn outdoes(&self, head: &Search<'_>) -> bool {
        match (self.entry(), head.entry()) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(get), Some(head)) => {
                (get.group_end, get.methods.is_any()) < (head.group_end, head.methods.is_any())
            }
        }
    }
}

impl Visitor for Search<'_> {
    #[inline]
    fn bound(&self) -> u32 {
        self.best.min(self.ceiling)
    }

    fn wants(&self, entry: u32) -> bool {
        let entry = &self.entries[entry as usize];
        entry.route.endpoint || entry.methods.contains(self.method)
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        for index in entries {
            self.has_met = true;
            if index >= self.bound() {
                return;
            }
            let entry = &self.entries[index as usize];
            match entry.fit(self.facts, self.method) {
                Fit::Takes => (self.best, self.needs_form) = (index, false),
                Fit::NeedsForm => (self.best, self.needs_form) = (index, true),
                Fit::Blocks => self.ceiling = self.ceiling.min(entry.group_end),
                Fit::Not => {}
            }
        }
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

/// Collects the methods of a path.
struct Union<'r> {
    entries: &'r [Entry],
    ceiling: u32,
    found: Option<MethodSet>,
}

impl Visitor for Union<'_> {
    fn bound(&self) -> u32 {
        self.ceiling
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        for index in entries.take_while(|index| *index < self.ceiling) {
            self.found.get_or_insert_default().merge(&self.entries[index as usize].methods);
        }
    }
}

/// Gathers all mappings of a path.
struct All<'r> {
    entries: &'r [Entry],
    found: Vec<&'r Entry>,
}

impl Visitor for All<'_> {
    fn bound(&self) -> u32 {
        NONE
    }

    fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
        self.found.extend(entries.map(|index| &self.entries[index as usize]));
    }
}

#[cfg(test)]
impl Entry {
    /// What its pattern or expression finds in the path by itself.
    pub(super) fn captured(&self, path: &str) -> PathValues {
        let mut values = PathValues::default();
        self.matcher.capture(path, &mut values);
        values
    }
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
