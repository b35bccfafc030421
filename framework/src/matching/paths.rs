//! A set of path patterns outside the router, for settings that leave paths out.

use super::matcher::Matcher;

/// Patterns as mappings and filters have them.
#[derive(Debug, Default)]
pub(crate) struct Paths(Vec<Matcher>);

impl Paths {
    /// Adds a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn add(&mut self, pattern: &'static str) -> Result<(), String> {
        let matcher = Matcher::of_path(pattern).map_err(|problems| problems.join("; "))?;
        self.0.push(matcher);
        Ok(())
    }

    /// Whether one of them is for this path, which is in its matched form.
    pub(crate) fn contain(&self, path: &str) -> bool {
        self.0.iter().any(|matcher| matcher.matches(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_in_the_set_when_a_pattern_is_for_it() {
        let mut paths = Paths::default();
        assert!(!paths.contain("/"));
        paths.add("/hooks/**").expect("well formed");
        paths.add("/in/{id}").expect("well formed");
        let table = [
            ("/hooks/a/b", true),
            ("/hooks", true),
            ("/hooks/", true),
            ("/hooksx", false),
            ("/in/7", true),
            ("/in/7/x", false),
            ("/", false),
        ];
        for (path, expected) in table {
            assert_eq!(paths.contain(path), expected, "{path}");
        }
        assert!(paths.add("/a/*/b").expect_err("malformed").contains("star in the middle"));
        paths.add("/**").expect("well formed");
        assert!(paths.contain("/"));
    }
}
