//! Items for tests, as macros would submit them.

use crate::base::Location;
use crate::bind::BodyUse;
use crate::chain::{AnyFilter, DeclaredFilter, FilterFunction};
use crate::matching::{Expression, Mapping};
use crate::proto::Limits;
use crate::route::{Handler, Needs, Route};

/// A route with a name; change its fields and [`leak`] it.
pub(super) fn route(name: &'static str, mapping: Mapping) -> Route {
    Route {
        mapping,
        handler: Handler::Now(|_, _| Ok(())),
        needs: Needs { body: BodyUse::None, states: &[] },
        limits: None::<fn() -> Limits>,
        decompress: None,
        endpoint: false,
        at: at(name),
    }
}

/// A filter with a name; a path that starts with `^` is a regular expression.
pub(super) fn filter(name: &'static str, paths: &[&'static str], order: i32) -> AnyFilter {
    filter_that(name, paths, order, false)
}

/// The same, which also runs for paths that nothing else matches.
pub(super) fn unmatched_filter(name: &'static str, paths: &[&'static str], order: i32) -> AnyFilter {
    filter_that(name, paths, order, true)
}

fn filter_that(name: &'static str, paths: &[&'static str], order: i32, unmatched: bool) -> AnyFilter {
    let regexp = paths.iter().find(|path| path.starts_with('^')).map(|path| Expression::new(path));
    let paths: &'static [&'static str] = if regexp.is_some() { &[] } else { leak(paths.to_vec()) };
    AnyFilter::Declared(leak(DeclaredFilter {
        mapping: Mapping { paths, regexp, order, ..Mapping::ANY },
        unmatched,
        function: leak(FilterFunction { states: &[], call: |_, _| Box::pin(async { Ok(()) }), at: at(name) }),
    }))
}

/// The same function by one more attribute.
pub(super) fn again(filter: &AnyFilter, paths: &[&'static str], order: i32) -> AnyFilter {
    let AnyFilter::Declared(filter) = filter else { panic!("a filter of an attribute") };
    let mapping = Mapping { paths: leak(paths.to_vec()), order, ..Mapping::ANY };
    AnyFilter::Declared(leak(DeclaredFilter { mapping, unmatched: false, function: filter.function }))
}

/// As if it had been a constant.
pub(super) fn leak<T>(item: T) -> &'static T {
    Box::leak(Box::new(item))
}

/// Items of tests stand in the order of their names.
fn at(name: &'static str) -> Location {
    Location { file: name, line: 1, column: 1, module: "tests", name }
}
