//! Which of the paths of one pattern another one matches: all, none, or some.
//!
//! Computed at start, so that filters need no test while a request waits. `Always` and `Never` are certain;
//! what is too tangled to decide is `Sometimes`.

use super::pattern::Pattern;
use super::segment::Segment;

/// How many of the paths it is about are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    Always,
    Sometimes,
    Never,
}

impl Coverage {
    /// Of alternatives: one that always matches is enough.
    pub(crate) fn or(self, other: Coverage) -> Coverage {
        match (self, other) {
            (Coverage::Always, _) | (_, Coverage::Always) => Coverage::Always,
            (Coverage::Never, Coverage::Never) => Coverage::Never,
            _ => Coverage::Sometimes,
        }
    }
}

impl From<bool> for Coverage {
    fn from(matches: bool) -> Coverage {
        if matches { Coverage::Always } else { Coverage::Never }
    }
}

impl Pattern {
    /// Whether this pattern matches the paths that `other` matches.
    pub(crate) fn coverage_of(&self, other: &Pattern) -> Coverage {
        if let Some(path) = other.exact() {
            return self.matches(&path).into();
        }
        if self.is_everything() {
            return Coverage::Always;
        }
        if let Some(path) = self.exact() {
            return if other.matches(&path) { Coverage::Sometimes } else { Coverage::Never };
        }
        let from_end = self.is_from_end();
        let mut ours = self.segments(from_end);
        let mut theirs = other.segments(from_end).peekable();
        let mut so_far = Coverage::Always;
        loop {
            let next = match (ours.next(), theirs.next()) {
                (None, None) => return so_far,
                (Some(Segment::Rest(ours)), Some(Segment::Rest(theirs))) => {
                    let same_side = ours.is_empty() || other.is_from_end() == from_end;
                    let coverage =
                        if same_side { rest_of_rest(ours, theirs, from_end) } else { Coverage::Sometimes };
                    return and(so_far, coverage);
                }
                (Some(Segment::Rest(ours)), Some(next)) => {
                    // What may be nothing is not certain to follow.
                    let more = theirs.peek().is_some_and(|next| !may_be_nothing(next));
                    return and(so_far, rest(ours, next, more, from_end));
                }
                (Some(ours), None) if may_be_nothing(ours) => return so_far,
                (None, Some(theirs)) if may_be_nothing(theirs) => return and(so_far, Coverage::Sometimes),
                // Theirs goes on in ways unknown, or is longer than ours ever is.
                (Some(_), Some(Segment::Rest(_))) => return and(so_far, Coverage::Sometimes),
                (None, Some(_)) | (Some(_), None) => return Coverage::Never,
                (Some(ours), Some(theirs)) => segment(ours, theirs),
            };
            so_far = and(so_far, next);
            if so_far == Coverage::Never {
                return Coverage::Never;
            }
        }
    }
}

/// Of parts: each must match.
fn and(one: Coverage, other: Coverage) -> Coverage {
    match (one, other) {
        (Coverage::Never, _) | (_, Coverage::Never) => Coverage::Never,
        (Coverage::Always, Coverage::Always) => Coverage::Always,
        _ => Coverage::Sometimes,
    }
}

/// Our `**` with its text against their `**` with theirs.
fn rest_of_rest(ours: &str, theirs: &str, from_end: bool) -> Coverage {
    if is_beside(theirs, ours, from_end) {
        return Coverage::Always;
    }
    if is_beside(ours, theirs, from_end) { Coverage::Sometimes } else { Coverage::Never }
}

/// Our `**` with its text against their next segment and whether more certainly follow it.
fn rest(ours: &str, theirs: &Segment, more: bool, from_end: bool) -> Coverage {
    match theirs {
        _ if ours.is_empty() => Coverage::Always,
        Segment::Text(text) if !is_beside(text, ours, from_end) => Coverage::Never,
        Segment::Text(text) if more || text.len() > ours.len() => Coverage::Always,
        _ => Coverage::Sometimes,
    }
}

/// Whether it is a `**` that takes no segment where there is none.
fn may_be_nothing(segment: &Segment) -> bool {
    matches!(segment, Segment::Rest(text) if text.is_empty())
}

fn segment(ours: &Segment, theirs: &Segment) -> Coverage {
    match (ours, theirs) {
        (ours, Segment::Text(text)) => ours.fits(text.as_bytes(), 0, &mut |_, _| {}).into(),
        (Segment::Any(_), _) => Coverage::Always,
        (Segment::Text(text), theirs) => {
            if theirs.fits(text.as_bytes(), 0, &mut |_, _| {}) {
                Coverage::Sometimes
            } else {
                Coverage::Never
            }
        }
        (ours, theirs) if ours.same_shape(theirs) => Coverage::Always,
        _ => Coverage::Sometimes,
    }
}

fn is_beside(whole: &str, part: &str, from_end: bool) -> bool {
    if from_end { whole.ends_with(part) } else { whole.starts_with(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_against_routes() {
        use Coverage::{Always, Never, Sometimes};
        let table = [
            ("/a", "/a", Always),
            ("/a", "/b", Never),
            ("/a", "/{x}", Sometimes),
            ("/a/b", "/{x}", Never),
            ("/f/**", "/f", Always),
            ("/f/**", "/f/", Always),
            ("/f/**", "/fx", Never),
            ("/f/**", "/", Never),
            ("/**", "/", Always),
            ("/f", "/f/**", Sometimes),
            ("/f/", "/f/**", Sometimes),
            ("/fx", "/f/**", Never),
            ("/{x}", "/{y}/**", Sometimes),
            ("/{x}/", "/{y}/**", Sometimes),
            ("/{x}/**", "/{y}", Always),
            ("/{x}/**", "/{y}/", Always),
            ("/{x}/**", "/", Never),
            ("/f/{x}/**", "/{y}/{z}", Sometimes),
            ("/{x}/{y}", "/{z}/**", Sometimes),
            ("**/a", "/a", Always),
            ("**/a", "**/a/", Never),
            ("**/{x}", "/{y}", Always),
            ("/{y}", "**/{x}", Sometimes),
            ("/f**", "/f/**", Sometimes),
            ("/f**", "/fo/**", Always),
            ("**.css", "**/.css", Sometimes),
            ("**.css", "**/a.css", Always),
            ("/f/**", "/f/a", Always),
            ("/f/**", "/f/{x}", Always),
            ("/f/**", "/f/{x}/", Always),
            ("/f/**", "/f/{x}/b", Always),
            ("/f/**", "/f/**", Always),
            ("/f/**", "/f/g/**", Always),
            ("/f/**", "/f/g**", Always),
            ("/f/g/**", "/f/**", Sometimes),
            ("/f/g/**", "/f/g**", Sometimes),
            ("/f/**", "/g/{x}", Never),
            ("/f/**", "/{x}/a", Sometimes),
            ("/f/**", "/{x}", Sometimes),
            ("/f/**", "/{x}/", Sometimes),
            ("/f/**", "**/a", Sometimes),
            ("/f/**", "/**", Sometimes),
            ("/f**", "/foo/{x}", Always),
            ("/f**", "/f/{x}", Always),
            ("/f**", "/{x}", Sometimes),
            ("/f**", "/g{x}", Sometimes),
            ("/f**", "/g/{x}", Never),
            ("/f**", "/foo**", Always),
            ("/foo**", "/f**", Sometimes),
            ("/foo**", "/bar**", Never),
            ("/**", "/{x}", Always),
            ("/**", "**/a", Always),
            ("/**", "/**", Always),
            ("/*", "/{x}", Always),
            ("/*", "/{x}/{y}", Never),
            ("/*", "/{x}/", Never),
            ("/{a}/b", "/{x}/{y}", Sometimes),
            ("/{a}/b", "/{x}/c", Never),
            ("/{a}/b", "/x/b", Always),
            ("/{a}.json", "/{b}.json", Always),
            ("/{a}.json", "/{b}", Sometimes),
            ("/a.json", "/{b}.json", Sometimes),
            ("/a.xml", "/{b}.json", Never),
            ("**.css", "/a/b.css", Always),
            ("**.css", "/a/{x}.css", Sometimes),
            ("**.css", "/{x}/b.css", Always),
            ("**.css", "/{x}/b.js", Never),
            ("**.css", "/a/**", Sometimes),
            ("**.css", "/a**", Sometimes),
            ("**.css", "**.min.css", Always),
            ("**.min.css", "**.css", Sometimes),
            ("**/a", "/{x}/a", Always),
            ("**/a", "/{x}/{y}", Sometimes),
            ("**/a", "/{x}/b", Never),
            ("**/a", "/{x}", Sometimes),
            ("**/a/b", "/{x}", Never),
            ("**/a", "**/b/a", Always),
            ("**/b/a", "**/a", Sometimes),
            ("**/a", "**.b", Sometimes),
            ("/{x}/{y}", "/a/**", Sometimes),
            ("/{x}", "/a/{y}/**", Never),
        ];
        for (ours, theirs, expected) in table {
            let [one, other] = [ours, theirs].map(|source| Pattern::parse(source).expect(source));
            assert_eq!(one.coverage_of(&other), expected, "{ours} of {theirs}");
        }
    }

    #[test]
    fn alternatives() {
        use Coverage::{Always, Never, Sometimes};
        let table = [
            (Never, Never, Never),
            (Never, Always, Always),
            (Sometimes, Never, Sometimes),
            (Sometimes, Always, Always),
        ];
        for (one, other, expected) in table {
            assert_eq!((one.or(other), other.or(one)), (expected, expected));
        }
    }
}
