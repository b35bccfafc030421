//! Regular expressions instead of path patterns.
//!
//! Anchored at the start only, as the original's are. Tried on the decoded path as it is, then without its
//! leading slash. Groups become spans of the path.
//!
//! Only an [`Expression`] leads to the code that compiles and matches, so that a program without any does not have it.

use std::fmt;
use std::sync::Arc;

use regex_lite::Regex;

use crate::base::Span;

/// A regular expression as it was written.
#[derive(Clone, Copy)]
pub struct Expression {
    source: &'static str,
    compile: fn(&'static str) -> Result<Regexp, String>,
}

impl Expression {
    /// One that has not been looked at yet.
    pub const fn new(source: &'static str) -> Expression {
        Expression { source, compile: Regexp::parse }
    }

    /// As it was written.
    #[cfg(feature = "openapi")]
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn compile(&self) -> Result<Regexp, String> {
        (self.compile)(self.source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// A compiled regular expression of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Regexp {
    source: &'static str,
    compiled: Arc<dyn Compiled>,
}

/// What a compiled expression can do.
trait Compiled: fmt::Debug + Send + Sync {
    fn matches(&self, path: &str) -> bool;

    /// Adds where the groups are in a path, moved by so many bytes; tells whether it matches at all.
    fn capture(&self, path: &str, offset: usize, groups: &mut Vec<Option<Span>>) -> bool;
}

impl Compiled for Regex {
    fn matches(&self, path: &str) -> bool {
        self.is_match(path)
    }

    fn capture(&self, path: &str, offset: usize, groups: &mut Vec<Option<Span>>) -> bool {
        let Some(captures) = self.captures(path) else { return false };
        let spans = captures
            .iter()
            .map(|group| group.map(|group| Span::new(group.start(), group.end()).moved(offset)));
        groups.extend(spans);
        true
    }
}

impl Regexp {
    /// Compiles it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(source: &'static str) -> Result<Regexp, String> {
        // First by itself: a stray parenthesis could pair with those of the anchor.
        Regex::new(source)
            .and_then(|_| Regex::new(&format!("^(?:{source})")))
            .map(|regex| Regexp { source, compiled: Arc::new(regex) })
            .map_err(|error| format!("the regular expression `{source}` is not well formed: {error}"))
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// Whether it matches the path, with or without the leading slash.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.compiled.matches(path) || path.strip_prefix('/').is_some_and(|path| self.compiled.matches(path))
    }

    /// Fills in where the groups are in the path, the whole match first; tells whether it matches at all.
    pub(crate) fn capture(&self, path: &str, groups: &mut Vec<Option<Span>>) -> bool {
        groups.clear();
        self.compiled.capture(path, 0, groups)
            || path.strip_prefix('/').is_some_and(|path| self.compiled.capture(path, 1, groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchored_at_the_start_tried_with_and_without_slash() {
        type Groups = &'static [Option<&'static str>];
        let table: [(&'static str, &str, Option<Groups>); 12] = [
            ("^/reg/([a-z]+)$", "/reg/abc", Some(&[Some("/reg/abc"), Some("abc")])),
            ("^(reg/(.+))$", "/reg/a/b", Some(&[Some("reg/a/b"), Some("reg/a/b"), Some("a/b")])),
            ("^rr2/([a-z]+)", "/rr2/abc/def", Some(&[Some("rr2/abc"), Some("abc")])),
            ("reg", "/a/reg", None),
            ("a|/b", "/b", Some(&[Some("/b")])),
            ("b|a", "/a", Some(&[Some("a")])),
            ("/x(y)?(z)", "/xz", Some(&[Some("/xz"), None, Some("z")])),
            ("/(?P<word>\\w+)", "/word", Some(&[Some("/word"), Some("word")])),
            ("(?i)/ABC", "/abc", Some(&[Some("/abc")])),
            ("/([^/]+)/c", "/a\0b/c", Some(&[Some("/a\0b/c"), Some("a\0b")])),
            ("/(.+)", "/中文", Some(&[Some("/中文"), Some("中文")])),
            ("$", "/", Some(&[Some("")])),
        ];
        for (source, path, expected) in table {
            let regexp = Regexp::parse(source).expect(source);
            let mut groups = vec![Some(Span::new(0, 0))];
            let matches = regexp.capture(path, &mut groups);
            let found: Vec<_> = groups.iter().map(|group| group.map(|span| span.text(path))).collect();
            assert_eq!(matches.then_some(found.as_slice()), expected, "{source} on {path}");
            assert_eq!(regexp.matches(path), expected.is_some(), "{source} on {path}");
        }
    }

    #[test]
    fn malformed_ones_are_errors() {
        for source in ["(", "a)(?:b", "[", "*", "(?<n>a)(?<n>b)"] {
            let error = Regexp::parse(source).expect_err(source);
            assert!(error.contains(source), "{error}");
        }
    }
}
