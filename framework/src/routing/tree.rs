//! A tree of segments: finds the patterns that match a path in a number of steps that does not grow with
//! their number.
//!
//! Patterns that begin with `**` are kept in a second tree of the same kind, read from the path's end. Leaves
//! hold numbers of entries in order of preference; a walk visits every leaf that could still beat the best
//! entry so far, so the outcome does not depend on the order of the walk.

use super::pattern::Pattern;
use super::segment::Segment;
use super::table::Table;

/// Patterns, each with the numbers of its entries.
#[derive(Debug, Default)]
pub(super) struct Tree {
    from_start: Node,
    from_end: Node,
}

/// Looks at the entries whose pattern matches.
pub(super) trait Visitor {
    /// Entries from this number on are of no interest any more.
    fn bound(&self) -> u32;

    /// Whether this entry is worth a look; asked before a costly comparison.
    fn wants(&self, _entry: u32) -> bool {
        true
    }

    /// The entries of one pattern that matches, in ascending order.
    fn leaf(&mut self, entries: impl Iterator<Item = u32>);
}

#[derive(Debug)]
struct Node {
    /// The lowest number below this node.
    first: u32,
    texts: Table<Node>,
    mixed: Vec<(Segment, Node)>,
    any: Option<Box<Node>>,
    /// Patterns that take the rest of the path, each with the text beside its star.
    rests: Vec<(Box<str>, Vec<u32>)>,
    /// Patterns that end here.
    entries: Vec<u32>,
}

impl Tree {
    /// Adds a pattern. Numbers of one pattern must come in ascending order.
    pub(super) fn insert(&mut self, pattern: &Pattern, entry: u32) {
        let root = if pattern.is_from_end() { &mut self.from_end } else { &mut self.from_start };
        root.insert(&mut *pattern.segments(pattern.is_from_end()), entry);
    }

    /// Visits the patterns that match the path.
    pub(super) fn walk(&self, path: &str, visitor: &mut impl Visitor) {
        let path = path.strip_prefix('/').unwrap_or(path);
        self.from_start.walk::<false>(Some(path), visitor);
        self.from_end.walk::<true>(Some(path), visitor);
    }
}

impl Node {
    fn insert(&mut self, segments: &mut dyn Iterator<Item = &Segment>, entry: u32) {
        self.first = self.first.min(entry);
        let Some(segment) = segments.next() else {
            self.entries.push(entry);
            return;
        };
        let next = match segment {
            Segment::Text(text) => self.texts.get_or_insert_with(text, Node::default),
            Segment::Any(_) => &mut **self.any.get_or_insert_default(),
            Segment::Mixed(_) => {
                let known = self.mixed.iter().position(|(other, _)| other.same_shape(segment));
                let index = known.unwrap_or_else(|| {
                    self.mixed.push((segment.clone(), Node::default()));
                    self.mixed.len() - 1
                });
                &mut self.mixed[index].1
            }
            Segment::Rest(text) => {
                match self.rests.iter_mut().find(|(other, _)| other == text) {
                    Some((_, entries)) => entries.push(entry),
                    None => self.rests.push((text.clone(), vec![entry])),
                }
                return;
            }
        };
        next.insert(segments, entry);
    }

    /// `left` is the part of the path not yet walked; `None` once it is over.
    fn walk<const FROM_END: bool>(&self, left: Option<&str>, visitor: &mut impl Visitor) {
        if self.first >= visitor.bound() {
            return;
        }
        let Some(left) = left else {
            visitor.leaf(self.entries.iter().copied());
            return;
        };
        // Segments are short: a plain loop is over before a wide search has begun.
        let slash = if FROM_END {
            left.bytes().rposition(|byte| byte == b'/')
        } else {
            left.bytes().position(|byte| byte == b'/')
        };
        let (segment, rest) = match slash {
            None => (left, None),
            Some(at) if FROM_END => (&left[at + 1..], Some(&left[..at])),
            Some(at) => (&left[..at], Some(&left[at + 1..])),
        };
        if let Some(node) = self.texts.get(segment) {
            node.walk::<FROM_END>(rest, visitor);
        }
        for (mixed, node) in &self.mixed {
            if mixed.fits(segment, 0, &mut |_, _| {}) {
                node.walk::<FROM_END>(rest, visitor);
            }
        }
        if let (Some(node), false) = (&self.any, segment.is_empty()) {
            node.walk::<FROM_END>(rest, visitor);
        }
        for (text, entries) in &self.rests {
            let is_beside = if FROM_END { left.ends_with(&**text) } else { left.starts_with(&**text) };
            if is_beside && left.len() > text.len() {
                visitor.leaf(entries.iter().copied());
            }
        }
    }
}

impl Default for Node {
    fn default() -> Node {
        Node {
            first: u32::MAX,
            texts: Table::default(),
            mixed: Vec::new(),
            any: None,
            rests: Vec::new(),
            entries: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Collects what matches; `bound` as given.
    struct Matching {
        bound: u32,
        found: Vec<u32>,
    }

    impl Visitor for Matching {
        fn bound(&self) -> u32 {
            self.bound
        }

        fn leaf(&mut self, entries: impl Iterator<Item = u32>) {
            self.found.extend(entries.filter(|entry| *entry < self.bound));
        }
    }

    fn tree(patterns: &[Pattern]) -> Tree {
        let mut tree = Tree::default();
        for (pattern, entry) in patterns.iter().zip(0..) {
            tree.insert(pattern, entry);
        }
        tree
    }

    fn found(tree: &Tree, path: &str, bound: u32) -> Vec<u32> {
        let mut matching = Matching { bound, found: Vec::new() };
        tree.walk(path, &mut matching);
        matching.found.sort_unstable();
        matching.found
    }

    #[test]
    fn all_that_match_are_visited_below_the_bound() {
        let sources = [
            "/a/{x}",
            "/{x}/b",
            "/a/*",
            "/a/b",
            "**/b",
            "/**",
            "/a/{x}-{y}",
            "**b",
            "/a**",
            "/a/b/",
            "/a/b/{x}",
        ];
        let patterns = sources.map(|source| Pattern::parse(source).expect(source));
        let tree = tree(&patterns);
        assert_eq!(found(&tree, "/a/b", u32::MAX), [0, 1, 2, 3, 4, 5, 7, 8]);
        assert_eq!(found(&tree, "/a/b", 3), [0, 1, 2]);
        assert!(found(&tree, "/a/b", 0).is_empty());
        assert_eq!(found(&tree, "/a/b/", u32::MAX), [5, 8, 9]);
        assert!(found(&tree, "/", u32::MAX).is_empty());
        assert_eq!(found(&tree, "/x-y", u32::MAX), [5]);
    }

    /// The same pattern as a regular expression, which shares no code with the matcher.
    fn as_expression(source: &str) -> String {
        let path =
            source.replace("**", "\u{1}").replace(['*'], "{}").replace('.', "\\.").replace("{a}", "{}");
        let path = path.replace("{b}", "{}").replace("{}", "([^/]+)").replace('\u{1}', "(.+)");
        format!("^/{}$", path.trim_start_matches('/'))
    }

    fn segment() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["a", "b", "ab", "{a}", "x{a}", "{a}-{b}", "{a}.{b}x", "a-", ".b"])
            .prop_map(str::to_owned)
    }

    fn pattern() -> impl Strategy<Value = String> {
        let segments = prop::collection::vec(segment(), 0..4);
        let ends = prop::sample::select(vec!["", "", "/", "/*", "/**", "**", "*"]);
        let starts = prop::sample::select(vec!["/", "/", "/", "*/", "**/", "**", "*"]);
        (starts, segments, ends)
            .prop_map(|(start, segments, end)| format!("{start}{}{end}", segments.join("/")))
    }

    fn path() -> impl Strategy<Value = String> {
        let segment = prop::sample::select(vec![
            "a", "b", "ab", "x", "xa", "a-b", "-", "a--b", "a.bx", "a-", "c.b", "é-\0",
        ]);
        let end = prop::sample::select(vec!["", "", "", "/"]);
        (prop::collection::vec(segment, 0..5), end).prop_map(|(segments, end)| match segments.len() {
            0 => "/".to_owned(),
            _ => format!("/{}{end}", segments.join("/")),
        })
    }

    proptest! {
        #[test]
        fn tree_pattern_and_expression_agree(
            sources in prop::collection::vec(pattern(), 1..12),
            paths in prop::collection::vec(path(), 1..12),
        ) {
            let patterns: Vec<Pattern> = sources
                .into_iter()
                .filter_map(|source| Pattern::parse(Box::leak(source.into_boxed_str())).ok())
                .collect();
            let tree = tree(&patterns);
            for path in &paths {
                let mut expected = Vec::new();
                for (index, pattern) in patterns.iter().enumerate() {
                    let expression = as_expression(pattern.source());
                    let regex = regex_lite::Regex::new(&expression).expect("well formed");
                    let captures = regex.captures(path);
                    let mut values = Vec::new();
                    let matches = pattern.capture(path, &mut |_, span| values.push(span.text(path)));
                    prop_assert_eq!(matches, captures.is_some(), "{} on {}", pattern.source(), path);
                    if let Some(captures) = captures {
                        let groups = captures.iter().skip(1).map(|group| group.expect("took part").as_str());
                        let groups: Vec<&str> = groups.collect();
                        prop_assert_eq!(values, groups, "{} on {}", pattern.source(), path);
                        expected.push(index as u32);
                    }
                }
                prop_assert_eq!(found(&tree, path, u32::MAX), expected, "{}", path);
            }
        }

        #[test]
        fn coverage_never_contradicts_a_match(
            one in pattern(),
            other in pattern(),
            paths in prop::collection::vec(path(), 20),
        ) {
            use crate::routing::coverage::Coverage;
            let leak = |source: String| Pattern::parse(Box::leak(source.into_boxed_str()));
            let (Ok(one), Ok(other)) = (leak(one), leak(other)) else {
                return Ok(());
            };
            for path in paths.iter().filter(|path| other.matches(path)) {
                let allowed = match one.coverage_of(&other) {
                    Coverage::Always => one.matches(path),
                    Coverage::Never => !one.matches(path),
                    Coverage::Sometimes => true,
                };
                prop_assert!(allowed, "{} of {} on {}", one.source(), other.source(), path);
            }
        }
    }
}
