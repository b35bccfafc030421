//! What a mapping or filter compares paths with: a pattern or a regular expression.

use super::coverage::Coverage;
use super::mapping::Mapping;
use super::pattern::{Pattern, Specificity};
use super::regexp::Regexp;
use crate::http::path::PathValues;

/// One path pattern, or a regular expression.
#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    Path(Pattern),
    Regexp(Regexp),
}

/// The classes of mappings, most specific first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// One path; two of these never meet unless they are equal.
    Exact(String),
    Pattern(Specificity),
    Regexp,
}

impl Matcher {
    /// Those of a mapping.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(crate) fn parse(mapping: &Mapping) -> Result<Vec<Matcher>, Vec<String>> {
        match (mapping.paths, mapping.regexp) {
            ([], None) => Err(vec!["it has neither a path nor a `regexp`: give it one".to_owned()]),
            ([], Some(regexp)) => match regexp.compile() {
                Ok(regexp) => Ok(vec![Matcher::Regexp(regexp)]),
                Err(problem) => Err(vec![problem]),
            },
            (_, Some(_)) => Err(vec!["it has both paths and a `regexp`: write two mappings".to_owned()]),
            (paths, None) => {
                let mut matchers = Vec::with_capacity(paths.len());
                let mut problems = Vec::new();
                for path in paths {
                    match Pattern::parse(path) {
                        Ok(pattern) => matchers.push(Matcher::Path(pattern)),
                        Err(problem) => problems.push(problem),
                    }
                }
                if problems.is_empty() { Ok(matchers) } else { Err(problems) }
            }
        }
    }

    /// That of one path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of_path(path: &'static str) -> Result<Matcher, Vec<String>> {
        Pattern::parse(path).map(Matcher::Path).map_err(|problem| vec![problem])
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &'static str {
        match self {
            Matcher::Path(pattern) => pattern.source(),
            Matcher::Regexp(regexp) => regexp.source(),
        }
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Matcher::Path(pattern) => pattern.matches(path),
            Matcher::Regexp(regexp) => regexp.matches(path),
        }
    }

    /// Fills in what is found in a path that matches; `values` is empty before.
    pub(crate) fn capture(&self, path: &str, values: &mut PathValues) {
        match self {
            Matcher::Path(pattern) => {
                pattern.capture(path, &mut |name, span| match name {
                    Some(name) => values.named.push((name, span)),
                    None => values.wildcard = Some(span),
                });
            }
            Matcher::Regexp(regexp) => {
                regexp.capture(path, &mut values.groups);
            }
        }
    }

    /// Whether this matches the paths that `other` matches.
    pub(crate) fn coverage_of(&self, other: &Matcher) -> Coverage {
        match (self, other) {
            (Matcher::Path(ours), Matcher::Path(theirs)) => ours.coverage_of(theirs),
            (Matcher::Regexp(ours), Matcher::Path(theirs)) => match theirs.exact() {
                Some(path) => ours.matches(&path).into(),
                None => Coverage::Sometimes,
            },
            (Matcher::Regexp(ours), Matcher::Regexp(theirs)) if ours.source() == theirs.source() => {
                Coverage::Always
            }
            (Matcher::Path(ours), Matcher::Regexp(_)) if ours.is_everything() => Coverage::Always,
            (_, Matcher::Regexp(_)) => Coverage::Sometimes,
        }
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            Matcher::Regexp(_) => Class::Regexp,
            Matcher::Path(pattern) => match pattern.exact() {
                Some(path) => Class::Exact(path),
                None => Class::Pattern(pattern.specificity()),
            },
        }
    }

    /// Equal for two that match the same paths by being written the same, names of variables aside.
    pub(crate) fn shape(&self) -> String {
        match self {
            Matcher::Path(pattern) => pattern.shape(),
            Matcher::Regexp(regexp) => format!("regexp {}", regexp.source()),
        }
    }
}
