//! Which filters run for which path, decided at start as far as patterns tell. A function that several of its attributes
//! match runs once, in the first of its places.
//!
//! For most mappings a filter matches always or never; then the list is ready. What has to be tested against
//! the path of a request only chooses among lists that are ready as well.

use std::borrow::Cow;

use crate::base::sorted;
use crate::chain::AnyFilter;
use crate::matching::coverage::Coverage;
use crate::matching::matcher::Matcher;

/// The filters of an application in the order they run: those given to the server, then by `order`, then by place in the source.
/// Given ones that answer by themselves come last, as handlers do; those with a say in every answer come first.
#[derive(Default)]
pub(super) struct Filters(Vec<Rule>);

/// A filter with what it compares paths with.
struct Rule {
    filter: AnyFilter,
    matchers: Vec<Matcher>,
}

/// The filters of one mapping.
#[derive(Default)]
pub(super) struct FilterPlan {
    candidates: Vec<Candidate>,
    /// The filters that run for each outcome of the tests, the first test being the lowest bit of the index.
    /// Empty if there are more than [`PREPARED_TESTS`].
    lists: Vec<Box<[AnyFilter]>>,
}

struct Candidate {
    /// Index in [`Filters`].
    rule: usize,
    /// Whether the path has to be tested.
    is_tested: bool,
}

/// So many tests need 2⁴ lists; mappings with more allocate a list for each request.
const PREPARED_TESTS: usize = 4;

impl Filters {
    pub(super) fn all(&self) -> impl Iterator<Item = &AnyFilter> {
        self.0.iter().map(|rule| &rule.filter)
    }

    /// Sorts them; adds to `problems` what is wrong.
    pub(super) fn build(filters: &[AnyFilter], problems: &mut Vec<String>) -> Filters {
        let mut filters = filters.to_vec();
        sorted::sort_by_key(&mut filters, |filter| match filter {
            AnyFilter::Given(_) if filter.answers() => (3, None),
            AnyFilter::Given(_) if filter.is_on_every_answer() => (0, None),
            AnyFilter::Given(_) => (1, None),
            AnyFilter::Declared(filter) => (2, Some((filter.mapping.order, filter.function.at))),
        });
        let mut rules = Vec::with_capacity(filters.len());
        for filter in filters {
            let matchers = match &filter {
                AnyFilter::Declared(filter) => Matcher::parse(&filter.mapping),
                AnyFilter::Given(filter) => Matcher::of_path(filter.path).map(|matcher| vec![matcher]),
            };
            match matchers {
                Ok(matchers) => rules.push(Rule { filter, matchers }),
                Err(found) => {
                    problems.extend(found.iter().map(|problem| format!("filter {}: {problem}", filter.at())))
                }
            }
        }
        Filters(rules)
    }

    /// The filters of a mapping.
    pub(super) fn plan(&self, target: &Matcher) -> FilterPlan {
        let mut candidates: Vec<Candidate> = Vec::new();
        for candidate in self.0.iter().enumerate().filter_map(|(rule, it)| it.candidate(rule, target)) {
            let filter = |candidate: &Candidate| &self.0[candidate.rule].filter;
            // One that certainly runs needs no test of its other attributes.
            let mut certain = candidates.iter().filter(|earlier| !earlier.is_tested);
            if !certain.any(|earlier| filter(earlier).is_same_function(filter(&candidate))) {
                candidates.push(candidate);
            }
        }
        let tests = candidates.iter().filter(|candidate| candidate.is_tested).count();
        let outcomes = if tests > PREPARED_TESTS { 0 } else { 1 << tests };
        let lists = (0..outcomes).map(|outcome: usize| {
            let mut test = 0;
            self.list(&candidates, |_| {
                test += 1;
                outcome >> (test - 1) & 1 == 1
            })
        });
        FilterPlan { lists: lists.map(Vec::into_boxed_slice).collect(), candidates }
    }

    /// The filters that run for a request to that mapping.
    #[inline]
    pub(super) fn of_plan<'f>(&'f self, plan: &'f FilterPlan, path: &str) -> Cow<'f, [AnyFilter]> {
        match &plan.lists[..] {
            [list] => Cow::Borrowed(list),
            lists => self.of_tested_plan(plan, lists, path),
        }
    }

    fn of_tested_plan<'f>(
        &self,
        plan: &'f FilterPlan,
        lists: &'f [Box<[AnyFilter]>],
        path: &str,
    ) -> Cow<'f, [AnyFilter]> {
        if lists.is_empty() {
            return Cow::Owned(self.list(&plan.candidates, |rule| rule.matches(path)));
        }
        let tested = plan.candidates.iter().filter(|candidate| candidate.is_tested);
        let outcome = tested.enumerate().fold(0, |outcome, (test, candidate)| {
            outcome | usize::from(self.0[candidate.rule].matches(path)) << test
        });
        Cow::Borrowed(&lists[outcome])
    }

    /// The filters of a mapping, each with whether it runs for every request to it.
    pub(super) fn candidates(&self, plan: &FilterPlan) -> impl Iterator<Item = (AnyFilter, bool)> {
        plan.candidates.iter().map(|candidate| (self.0[candidate.rule].filter.clone(), !candidate.is_tested))
    }

    /// The filters that run for a path no mapping was chosen for. If nothing at all knows the path, only
    /// those that are `unmatched` run. One that answers by itself knows its paths.
    pub(super) fn of_path(&self, path: &str, is_known: bool) -> Cow<'_, [AnyFilter]> {
        let is_known = is_known || self.0.iter().any(|rule| rule.filter.answers() && rule.matches(path));
        let running =
            self.0.iter().filter(|rule| (is_known || rule.filter.is_unmatched()) && rule.matches(path));
        Cow::Owned(each_once(running))
    }

    /// The filters that run around a refusal for which no other filter runs.
    pub(super) fn of_refusal(&self, path: &str) -> Vec<AnyFilter> {
        let running = self.0.iter().filter(|rule| rule.filter.is_on_every_answer() && rule.matches(path));
        running.map(|rule| rule.filter.clone()).collect()
    }

    /// The filters that run for a path which something other than a mapping has, under one of its names.
    pub(super) fn of_paths(&self, path: &str, also: impl FnOnce() -> Option<String>) -> Cow<'_, [AnyFilter]> {
        if self.0.is_empty() {
            return Cow::Borrowed(&[]);
        }
        let also = also();
        let runs =
            |rule: &&Rule| rule.matches(path) || also.as_deref().is_some_and(|also| rule.matches(also));
        Cow::Owned(each_once(self.0.iter().filter(runs)))
    }

    /// The filters that certainly never run, whichever of the targets is asked for.
    pub(super) fn idle<'t>(&'t self, targets: impl Iterator<Item = &'t Matcher> + Clone) -> Vec<AnyFilter> {
        // They may run around those that answer by themselves, too.
        let answering = self.0.iter().filter(|rule| rule.filter.answers()).flat_map(|rule| &rule.matchers);
        let is_idle = |rule: &&Rule| {
            !rule.filter.is_for_others()
                && targets
                    .clone()
                    .chain(answering.clone())
                    .all(|target| rule.coverage_of(target) == Coverage::Never)
        };
        self.0.iter().filter(is_idle).map(|rule| rule.filter.clone()).collect()
    }

    fn list(&self, candidates: &[Candidate], mut test: impl FnMut(&Rule) -> bool) -> Vec<AnyFilter> {
        let rules = candidates.iter().map(|candidate| (&self.0[candidate.rule], candidate.is_tested));
        each_once(rules.filter(|(rule, is_tested)| !is_tested || test(rule)).map(|(rule, _)| rule))
    }
}

/// The filters of rules that match; what two of them are for runs by the first.
fn each_once<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<AnyFilter> {
    let mut filters: Vec<AnyFilter> = Vec::new();
    for rule in rules {
        if !filters.iter().any(|filter| filter.is_same_function(&rule.filter)) {
            filters.push(rule.filter.clone());
        }
    }
    filters
}

impl Rule {
    fn candidate(&self, rule: usize, target: &Matcher) -> Option<Candidate> {
        match self.coverage_of(target) {
            Coverage::Always => Some(Candidate { rule, is_tested: false }),
            Coverage::Sometimes => Some(Candidate { rule, is_tested: true }),
            Coverage::Never => None,
        }
    }

    fn coverage_of(&self, target: &Matcher) -> Coverage {
        self.matchers.iter().fold(Coverage::Never, |so_far, matcher| so_far.or(matcher.coverage_of(target)))
    }

    fn matches(&self, path: &str) -> bool {
        self.matchers.iter().any(|matcher| matcher.matches(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Expression, Mapping};
    use crate::routing::testing::{again, filter, unmatched_filter};

    fn target(path: &'static str) -> Matcher {
        let mapping = match path.strip_prefix('^') {
            Some(_) => Mapping { regexp: Some(Expression::new(path)), ..Mapping::ANY },
            None => Mapping { paths: Box::leak(Box::new([path])), ..Mapping::ANY },
        };
        Matcher::parse(&mapping).expect(path).remove(0)
    }

    fn filters() -> Filters {
        let mut problems = Vec::new();
        let filters = Filters::build(
            &[
                filter("f-star", &["/f/**"], 0),
                filter("all", &["/**"], 5),
                filter("exact", &["/f"], 0),
                filter("twice", &["/f/*", "/f/{x}", "/g/{x}"], 0),
                filter("first", &["/f/a"], -1),
                filter("expression", &["^/[fg]"], 0),
                filter("css", &["**.css"], 0),
            ],
            &mut problems,
        );
        assert!(problems.is_empty(), "{problems:?}");
        filters
    }

    fn names(filters: &[AnyFilter]) -> String {
        filters.iter().map(|filter| filter.at().name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_once_in_order_and_only_where_it_matches() {
        let filters = filters();
        let table = [
            ("/f", "/f", "exact expression f-star all"),
            ("/f/", "/f/", "expression f-star all"),
            ("/{x}", "/f", "exact expression f-star all"),
            ("/{x}/**", "/f/", "expression f-star all"),
            ("/f/a", "/f/a", "first expression f-star twice all"),
            ("/f/{x}", "/f/a", "first expression f-star twice all"),
            ("/f/{x}", "/f/b", "expression f-star twice all"),
            ("/f/{x}/{y}", "/f/b/c", "expression f-star all"),
            ("/f/{x}/{y}", "/f/b/c.css", "css expression f-star all"),
            ("/g/*", "/g/a", "expression twice all"),
            ("/", "/", "all"),
            ("/**", "/f/a", "first expression f-star twice all"),
            ("/**", "/x", "all"),
            ("^/f", "/f/a.css", "css expression f-star twice all"),
            ("^/f", "/f", "exact expression f-star all"),
        ];
        for (mapping, path, expected) in table {
            let plan = filters.plan(&target(mapping));
            assert_eq!(names(&filters.of_plan(&plan, path)), expected, "{mapping} asked for {path}");
            assert_eq!(names(&filters.of_path(path, true)), expected, "{path}");
        }
    }

    #[test]
    fn one_function_runs_once_in_the_first_of_its_places() {
        let twice = filter("twice", &["/f/a"], 5);
        let all = [
            twice.clone(),
            again(&twice, &["/f/*"], -5),
            again(&twice, &["/f/**"], 9),
            filter("between", &["/f/**"], 0),
            filter("between too", &["/f/**"], 0),
        ];
        let filters = Filters::build(&all, &mut Vec::new());
        let table = [
            ("/f/a", "/f/a", "twice between between too", 1),
            ("/f/b", "/f/b", "twice between between too", 1),
            ("/f/{x}/{y}", "/f/a/b", "between between too twice", 1),
            ("/{x}/{y}", "/f/a", "twice between between too", 0),
            ("/{x}/a", "/f/a", "twice between between too", 0),
            ("/{x}/{y}", "/g/a", "", 0),
        ];
        for (mapping, path, expected, lists) in table {
            let plan = filters.plan(&target(mapping));
            assert_eq!(names(&filters.of_plan(&plan, path)), expected, "{mapping} asked for {path}");
            assert_eq!(names(&filters.of_path(path, true)), expected, "{path}");
            assert_eq!(names(&filters.of_paths(path, || None)), expected, "{path}");
            assert_eq!(names(&filters.of_paths("/z", || Some(path.to_owned()))), expected, "{path}");
            assert_eq!(plan.lists.len(), lists, "{mapping}: what is certain is not tested");
        }
    }

    #[test]
    fn lists_are_ready_unless_too_much_is_open() {
        let filters = filters();
        let table = [("/f/a", 1), ("/h/{x}", 4), ("/f/{x}", 8), ("/g/*", 4), ("/**", 0)];
        for (mapping, lists) in table {
            let plan = filters.plan(&target(mapping));
            assert_eq!(plan.lists.len(), lists, "{mapping}");
            let running = filters.of_plan(&plan, "/f/a");
            assert_eq!(matches!(running, Cow::Borrowed(_)), lists > 0, "{mapping}");
        }
    }

    #[test]
    fn unknown_paths_only_meet_filters_that_ask_for_them() {
        let unmatched = unmatched_filter("unmatched", &["/**"], 0);
        let filters = Filters::build(&[filter("plain", &["/**"], 0), unmatched], &mut Vec::new());
        assert_eq!(names(&filters.of_path("/x", false)), "unmatched");
        assert_eq!(names(&filters.of_path("/x", true)), "plain unmatched");
        assert_eq!(names(&filters.idle(std::iter::empty())), "plain");
    }

    #[test]
    fn idle_filters_are_named_when_certain() {
        let filters = filters();
        let targets = [target("/f/{x}"), target("/x.css")];
        assert_eq!(names(&filters.idle(targets.iter())), "exact");
        let targets = [target("/f/{x}"), target("^/")];
        assert_eq!(names(&filters.idle(targets.iter())), "");
    }

    #[test]
    fn wrong_filters_are_named() {
        let mut problems = Vec::new();
        Filters::build(&[filter("broken", &["/a/*/b", "/{"], 0)], &mut problems);
        assert_eq!(problems.len(), 2);
        assert!(
            problems[0].starts_with("filter `broken` at ") && problems[0].contains("star in the middle"),
            "{problems:?}"
        );
    }
}
