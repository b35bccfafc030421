//! Regular expressions instead of path patterns.
//!
//! Anchored at the start only, as the original's are. Tried on the decoded path as it is, then without its
//! leading slash. Groups become spans of the path.

use regex_lite::Regex;

use crate::base::Span;

/// A compiled regular expression of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Regexp {
    source: &'static str,
    regex: Regex,
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
            .map(|regex| Regexp { source, regex })
            .map_err(|error| format!("the regular expression `{source}` is not well formed: {error}"))
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// Whether it matches the path, with or without the leading slash.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path) || path.strip_prefix('/').is_some_and(|path| self.regex.is_match(path))
    }

    /// Fills in where the groups are in the path, the whole match first; tells whether it matches at all.
    pub(crate) fn capture(&self, path: &str, groups: &mut Vec<Option<Span>>) -> bool {
        groups.clear();
        let with_slash = self.regex.captures(path).map(|captures| (captures, 0));
        let found = with_slash.or_else(|| {
            let path = path.strip_prefix('/')?;
            self.regex.captures(path).map(|captures| (captures, 1))
        });
        let Some((captures, offset)) = found else {
            return false;
        };
        let spans = captures
            .iter()
            .map(|group| group.map(|group| Span::new(group.start(), group.end()).moved(offset)));
        groups.extend(spans);
        true
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
