//! A tree of segments: finds the patterns that match a path in a number of steps that does not grow with
//! their number.
//!
//! The text before a pattern's first variable or star is looked up as a whole; the tree begins behind it.
//! Patterns that begin with `**` are kept in a second tree of the same kind, read from the path's end. Leaves
//! hold numbers of entries in order of preference; a walk visits every leaf that could still beat the best
//! entry so far, so the outcome does not depend on the order of the walk. Most requests need none: their way
//! through the tree is straight.

use super::table::Table;
use crate::base::Span;
use crate::matching::pattern::Pattern;
use crate::matching::segment::{Name, Segment};

/// Patterns that have a variable or star, each with the numbers of its entries.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// What follows the text that patterns start with, under this text.
    starts: Table<Node>,
    /// The length of the longest such text.
    longest_start: usize,
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
    /// The name of the variable that leads here, as the first pattern has it.
    name: &'static str,
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
    /// Adds a pattern. Numbers of one pattern must come in ascending order. The names of its variables are given
    /// back if those that [`Tree::straight`] finds are others.
    pub(super) fn insert(&mut self, pattern: &Pattern, entry: u32) -> Option<Box<[Name]>> {
        if pattern.is_from_end() {
            self.from_end.insert(&mut *pattern.segments(true), entry);
            return None;
        }
        let mut segments = pattern.segments(false).peekable();
        let mut start = String::new();
        while let Some(Segment::Text(text)) = segments.next_if(|next| matches!(next, Segment::Text(_))) {
            start.push('/');
            start.push_str(text);
        }
        self.longest_start = self.longest_start.max(start.len());
        if let (Some(Segment::Rest(text)), Some(slash)) = (segments.peek(), start.rfind('/'))
            && text.is_empty()
        {
            // The start itself is a path of this pattern: a straight way must not take its last segment for a variable.
            let (before, last) = start.split_at(slash);
            let node = self.starts.get_or_insert_with(before.as_bytes(), Node::default);
            node.texts.get_or_insert_with(&last.as_bytes()[1..], Node::default);
        }
        let node = self.starts.get_or_insert_with(start.as_bytes(), Node::default);
        let names_are_found = node.insert(&mut segments, entry);
        let names = pattern.segments(false).filter_map(|segment| match segment {
            Segment::Any(name) => Some(*name),
            _ => None,
        });
        (!names_are_found).then(|| names.collect())
    }

    /// The entries of the most specific pattern that matches, if the way to it is straight. Its variables and stars
    /// are added to `found` under the names that the first pattern of the way has for them; what is added means
    /// nothing if this is `None`.
    ///
    /// Text is more specific than anything else that a segment may be, and an earlier segment counts more than all
    /// later ones. So the longest start, then text wherever it fits, is the way to the most specific pattern; if it
    /// leads nowhere, or to an entry that does not take the request, [`Tree::walk`] has to look at all ways.
    // Most paths have their only variable at the end: in line that needs no frame of its own.
    #[inline(always)]
    pub(super) fn straight(&self, path: &str, found: &mut Vec<(&'static str, Span)>) -> Option<&[u32]> {
        let path = path.as_bytes();
        let slash = last_slash(path)?;
        let start = self.starts.get(&path[..slash]);
        let node = start.or_else(|| self.straight_to(&path[..slash], STRAIGHT_SEGMENTS - 1, found))?;
        Some(&node.next(path, slash + 1, found)?.entries)
    }

    /// The node that the beginning of a path leads to, by at most so many segments behind its start.
    fn straight_to(
        &self,
        path: &[u8],
        segments: usize,
        found: &mut Vec<(&'static str, Span)>,
    ) -> Option<&Node> {
        let segments = segments.checked_sub(1)?;
        let slash = last_slash(path)?;
        let start = self.starts.get(&path[..slash]);
        let node = start.or_else(|| self.straight_to(&path[..slash], segments, found))?;
        node.next(path, slash + 1, found)
    }

    /// Visits the patterns that match the path, in no order.
    pub(super) fn walk(&self, path: &str, visitor: &mut impl Visitor) {
        let path = path.as_bytes();
        if path.len() <= self.longest_start
            && let Some(node) = self.starts.get(path)
        {
            node.walk::<false>(None, visitor);
        }
        let mut end = path.len().min(self.longest_start + 1);
        while let Some(slash) = last_slash(&path[..end]) {
            if let Some(node) = self.starts.get(&path[..slash]) {
                node.walk::<false>(Some(&path[slash + 1..]), visitor);
            }
            end = slash;
        }
        self.from_end.walk::<true>(Some(path.strip_prefix(b"/").unwrap_or(path)), visitor);
    }
}

impl Node {
    /// Tells whether the variables have the names that are on the way already.
    fn insert(&mut self, segments: &mut dyn Iterator<Item = &Segment>, entry: u32) -> bool {
        self.first = self.first.min(entry);
        let Some(segment) = segments.next() else {
            self.entries.push(entry);
            return true;
        };
        let next = match segment {
            Segment::Text(text) => self.texts.get_or_insert_with(text.as_bytes(), Node::default),
            Segment::Any(name) => {
                let next = self.any.get_or_insert_with(|| {
                    Box::new(Node { name: name.unwrap_or_default(), ..Node::default() })
                });
                let is_named_so = *name == Some(next.name);
                return next.insert(segments, entry) && is_named_so;
            }
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
                return true;
            }
        };
        next.insert(segments, entry)
    }

    /// Where the last segment of the path leads, which starts at `start`.
    #[inline(always)]
    fn next(&self, path: &[u8], start: usize, found: &mut Vec<(&'static str, Span)>) -> Option<&Node> {
        let segment = &path[start..];
        if let Some(next) = self.texts.get(segment) {
            return Some(next);
        }
        if segment.is_empty() || !self.mixed.is_empty() {
            return None;
        }
        let next = self.any.as_deref()?;
        found.push((next.name, Span::new(start, path.len())));
        Some(next)
    }

    /// `left` is the part of the path not yet walked; `None` once it is over.
    fn walk<const FROM_END: bool>(&self, left: Option<&[u8]>, visitor: &mut impl Visitor) {
        if self.first >= visitor.bound() {
            return;
        }
        let Some(left) = left else {
            visitor.leaf(self.entries.iter().copied());
            return self.rest::<FROM_END>(b"", visitor);
        };
        // Segments are short: a plain loop is over before a wide search has begun.
        let slash = if FROM_END {
            left.iter().rposition(|byte| *byte == b'/')
        } else {
            left.iter().position(|byte| *byte == b'/')
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
        self.rest::<FROM_END>(left, visitor);
    }

    /// Visits the patterns that take all that is left.
    fn rest<const FROM_END: bool>(&self, left: &[u8], visitor: &mut impl Visitor) {
        for (text, entries) in &self.rests {
            let is_beside =
                if FROM_END { left.ends_with(text.as_bytes()) } else { left.starts_with(text.as_bytes()) };
            if is_beside && (text.is_empty() || left.len() > text.len()) {
                visitor.leaf(entries.iter().copied());
            }
        }
    }
}

/// So many segments may follow the start of a straight way: the search for a start must end, whatever a peer sends.
const STRAIGHT_SEGMENTS: usize = 8;

/// Where the last slash is; most often among the last eight bytes, which are looked at as one word.
#[inline(always)]
fn last_slash(path: &[u8]) -> Option<usize> {
    let mut left = path;
    while let Some((before, word)) = left.split_last_chunk() {
        let slashes = slashes(u64::from_le_bytes(*word));
        if slashes != 0 {
            return Some(left.len() - 1 - slashes.leading_zeros() as usize / 8);
        }
        left = before;
    }
    left.iter().rposition(|byte| *byte == b'/')
}

/// The highest bit of each byte that is a slash.
#[inline(always)]
fn slashes(word: u64) -> u64 {
    let other = word ^ u64::from_le_bytes([b'/'; 8]);
    let low = u64::from_le_bytes([0x7f; 8]);
    !(((other & low) + low) | other | low)
}

impl Default for Node {
    fn default() -> Node {
        Node {
            name: "",
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
            "/b/{x}",
            "**/b",
            "/**",
            "/a/{x}-{y}",
            "**b",
            "/a**",
            "/a/{x}/",
            "/a/b/{x}",
            "/a/b/**",
        ];
        let patterns = sources.map(|source| Pattern::parse(source).expect(source));
        let tree = tree(&patterns);
        assert_eq!(found(&tree, "/a/b", u32::MAX), [0, 1, 2, 4, 5, 7, 8, 11]);
        assert_eq!(found(&tree, "/a/b", 3), [0, 1, 2]);
        assert!(found(&tree, "/a/b", 0).is_empty());
        assert_eq!(found(&tree, "/a/b/", u32::MAX), [5, 8, 9, 11]);
        assert_eq!(found(&tree, "/", u32::MAX), [5]);
        assert_eq!(found(&tree, "/b", u32::MAX), [4, 5]);
        assert_eq!(found(&tree, "/x-y", u32::MAX), [5]);
    }

    #[test]
    fn the_last_slash_is_found_wherever_it_is() {
        // Neighbours of the slash in value and in its low bits.
        for other in [b'.', b'0', b'o', 0xaf, 0, 0xff] {
            for length in 0..20 {
                let mut path = vec![other; length];
                assert_eq!(last_slash(&path), None);
                for at in 0..length {
                    path[at] = b'/';
                    assert_eq!(last_slash(&path), Some(at), "{path:?}");
                }
            }
        }
    }

    /// The same pattern as a regular expression, which shares no code with the matcher.
    fn as_expression(source: &str) -> String {
        let path =
            source.replace("**", "\u{1}").replace(['*'], "{}").replace('.', "\\.").replace("{a}", "{}");
        let path = format!("/{}", path.replace("{b}", "{}").replace("{}", "([^/]+)").trim_start_matches('/'));
        let path = match path.strip_prefix("/\u{1}/") {
            Some(rest) => format!("/(?:(.+)/)?{rest}"),
            None if path == "/\u{1}" => "/(.*)".to_owned(),
            None => match path.strip_suffix("/\u{1}") {
                Some(before) => format!("{before}(?:/(.*))?"),
                None => path.replace('\u{1}', "(.+)"),
            },
        };
        format!("^{path}$")
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
            let mut patterns: Vec<Pattern> = sources
                .into_iter()
                .filter_map(|source| Pattern::parse(Box::leak(source.into_boxed_str())).ok())
                .filter(|pattern| pattern.exact().is_none())
                .collect();
            patterns.sort_by_key(Pattern::specificity);
            let tree = tree(&patterns);
            for path in &paths {
                let mut expected = Vec::new();
                let mut straight = Vec::new();
                let best = tree.straight(path, &mut straight).and_then(|entries| entries.first());
                for (index, pattern) in patterns.iter().enumerate() {
                    let expression = as_expression(pattern.source());
                    let regex = regex_lite::Regex::new(&expression).expect("well formed");
                    let captures = regex.captures(path);
                    let mut values = Vec::new();
                    let matches = pattern.capture(path, &mut |_, span| values.push(span.text(path)));
                    prop_assert_eq!(matches, captures.is_some(), "{} on {}", pattern.source(), path);
                    if let Some(captures) = captures {
                        let groups = captures.iter().skip(1).map(|group| group.map_or("", |group| group.as_str()));
                        let groups: Vec<&str> = groups.collect();
                        prop_assert_eq!(&values, &groups, "{} on {}", pattern.source(), path);
                        if best == Some(&(index as u32)) {
                            let straight: Vec<&str> = straight.iter().map(|(_, span)| span.text(path)).collect();
                            prop_assert_eq!(&straight, &values, "straight to {} on {}", pattern.source(), path);
                        }
                        expected.push(index as u32);
                    }
                }
                prop_assert!(best.is_none() || best == expected.first(), "straight on {}", path);
                prop_assert_eq!(found(&tree, path, u32::MAX), expected, "{}", path);
            }
        }

        #[test]
        fn coverage_never_contradicts_a_match(
            one in pattern(),
            other in pattern(),
            paths in prop::collection::vec(path(), 20),
        ) {
            use crate::matching::coverage::Coverage;
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
