//! Where resources are: patterns with one star, and what part of a path is looked for below their directory.
//!
//! `/public/**` is `/public` and everything below, `/public/*` (or `/public/`) only what is directly there; of both the rest
//! of the path is looked for. `**.css` is every path that ends so, `*.css` only those of one segment, and `/robots.txt` the
//! one path; of these the whole path is looked for.

use crate::base::Span;
use crate::matching::Pattern;

/// The paths of one mount.
pub(super) struct Place {
    pattern: Pattern,
    form: Form,
}

enum Form {
    /// What is below a directory: the pattern's `**`, but for what lies deeper where it is not deep.
    Below { is_deep: bool },
    /// Paths that the pattern matches, whole.
    Whole,
}

/// What of a path is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Without the slashes around it; empty is the directory itself.
    pub(super) path: Span,
    /// What may be there.
    pub(super) takes: Takes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A file or a directory.
    Anything,
    /// A file, or the directory itself.
    FilesOfRoot,
    Files,
}

impl Place {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub(super) fn parse(source: &'static str) -> Result<Place, String> {
        let pattern = Pattern::parse(source)?;
        let text = source.strip_prefix('/').unwrap_or(source);
        let wrong = || {
            format!(
                "the path `{source}` is none for resources: write a prefix such as `/public/**`, a suffix such as `**.css`, \
                 or one path without a star"
            )
        };
        if text.contains('{') {
            return Err(wrong());
        }
        let Some(star) = text.find('*') else {
            return Ok(match text.is_empty() || text.ends_with('/') {
                true => Place { pattern: pattern.with_rest(), form: Form::Below { is_deep: false } },
                false => Place { pattern, form: Form::Whole },
            });
        };
        let (before, after) = text.split_at(star);
        match after.trim_start_matches('*') {
            "" if before.is_empty() || before.ends_with('/') => {
                let form = Form::Below { is_deep: after.len() == 2 };
                Ok(Place { pattern: pattern.with_rest(), form })
            }
            suffix if before.is_empty() && !suffix.contains('/') => Ok(Place { pattern, form: Form::Whole }),
            _ => Err(wrong()),
        }
    }

    /// The pattern, which takes all these paths, for those that ask which filters can run.
    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Equal for two of the same paths.
    pub(super) fn shape(&self) -> (String, bool) {
        (self.pattern.shape(), matches!(self.form, Form::Below { is_deep: false }))
    }

    /// What is looked for, if the path (in its matched form) is one of these.
    pub(super) fn part_of(&self, path: &str) -> Option<Part> {
        let mut rest = Span::default();
        if !self.pattern.capture(path, &mut |_, span| rest = span) {
            return None;
        }
        let Form::Below { is_deep } = self.form else {
            return Some(Part { path: Span::new(1.min(path.len()), path.len()), takes: Takes::Files });
        };
        let text = rest.text(path);
        if !is_deep && text.contains('/') {
            return None;
        }
        let start = rest.start as usize;
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        let takes = if is_deep { Takes::Anything } else { Takes::FilesOfRoot };
        Some(Part { path: Span::new(start, start + trimmed.len()), takes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_take_the_rest_and_suffixes_the_whole() {
        let table = [
            ("/public/**", "/public/a.txt", Some("a.txt")),
            ("public/**", "/public/a/b.txt", Some("a/b.txt")),
            ("/public/**", "/public/a/", Some("a")),
            ("/public/**", "/public/", Some("")),
            ("/public/**", "/public", Some("")),
            ("/public/**", "/publicx", None),
            ("/public/**", "/other", None),
            ("/public/*", "/public/a.txt", Some("a.txt")),
            ("/public/*", "/public/a/b.txt", None),
            ("/public/*", "/public/a/", None),
            ("/public/*", "/public/", Some("")),
            ("/public/", "/public/a.txt", Some("a.txt")),
            ("/public/", "/public/a/b.txt", None),
            ("/a%20b/中/**", "/a b/中/c", Some("c")),
            ("/", "/a.txt", Some("a.txt")),
            ("/", "/a/b.txt", None),
            ("/", "/", Some("")),
            ("/*", "/a.txt", Some("a.txt")),
            ("*", "/a.txt", Some("a.txt")),
            ("/*", "/a/b.txt", None),
            ("/**", "/a/b.txt", Some("a/b.txt")),
            ("**", "/a/b.txt", Some("a/b.txt")),
            ("/**", "/", Some("")),
            ("/**", "/a\0b", Some("a\0b")),
            ("*.txt", "/b.txt", Some("b.txt")),
            ("*.txt", "/inner/b.txt", None),
            ("**.txt", "/inner/b.txt", Some("inner/b.txt")),
            ("**.txt", "/b.css", None),
            ("/**-min.js", "/x/a-min.js", Some("x/a-min.js")),
            ("/robots.txt", "/robots.txt", Some("robots.txt")),
            ("/robots.txt", "/robots", None),
        ];
        for (source, path, expected) in table {
            let place = Place::parse(source).expect(source);
            let part = place.part_of(path);
            assert_eq!(part.map(|part| part.path.text(path)), expected, "{source} of {path}");
        }
    }

    #[test]
    fn other_patterns_are_refused() {
        let table = [
            ("/a/*/b", "star in the middle"),
            ("*/b.txt", "write a prefix such as"),
            ("**/b.txt", "write a prefix such as"),
            ("/img*", "write a prefix such as"),
            ("/{name}/**", "write a prefix such as"),
            ("/{name}", "write a prefix such as"),
            ("/a/../**", "segment `..`"),
            ("//**", "empty segment"),
        ];
        for (source, expected) in table {
            let problem = Place::parse(source).err().expect(source);
            assert!(problem.contains(expected), "{source}: {problem}");
        }
    }
}
