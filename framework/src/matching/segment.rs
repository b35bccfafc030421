//! One segment of a pattern: what stands between two slashes.
//!
//! A variable or star takes at least one character. Where several variables share a segment, the leftmost
//! takes as much as it can, as a regular expression would have it.

use std::cmp::Reverse;
use std::fmt;

use crate::base::Span;

/// What one segment of a path may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Exactly this, decoded; an encoded slash is NUL. Empty after a trailing slash.
    Text(Box<str>),
    /// Text with variables or a star in it; two of these never touch.
    Mixed(Box<[Piece]>),
    /// Anything but nothing.
    Any(Name),
    /// `**`: whatever is left of the path, slashes too, next to this text of its own segment. Nothing may be left
    /// only where there is no text.
    Rest(Box<str>),
}

/// A part of a mixed segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(Box<str>),
    Any(Name),
}

/// The name of a variable; a star has none.
pub(crate) type Name = Option<&'static str>;

/// How specific a segment is; less is more specific.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Text,
    /// The more of it is text, the more specific; then the fewer its variables.
    Mixed(Reverse<usize>, usize),
    Any,
    /// `**` next to text.
    RestWithText(Reverse<usize>),
    /// The pattern begins with `**`; its other segments follow from the end.
    FromEnd,
    /// The pattern is over: longer ones are more specific, unless all they have more is a `**`.
    End,
    Rest,
}

impl Segment {
    /// Whether the text of a whole segment fits. Each variable or star is reported with its span, moved by
    /// `offset`. When this is false, what was reported means nothing.
    #[inline]
    pub(crate) fn fits(&self, text: &[u8], offset: usize, found: &mut impl FnMut(Name, Span)) -> bool {
        match self {
            Segment::Text(wanted) => *wanted.as_bytes() == *text,
            Segment::Any(name) if !text.is_empty() => {
                found(*name, Span::new(offset, offset + text.len()));
                true
            }
            Segment::Mixed(pieces) => pieces_fit(pieces, text, offset, found),
            Segment::Any(_) | Segment::Rest(_) => false,
        }
    }

    pub(crate) fn rank(&self) -> Rank {
        match self {
            Segment::Text(_) => Rank::Text,
            Segment::Mixed(pieces) => {
                let literal = pieces.iter().map(Piece::literal).sum();
                Rank::Mixed(Reverse(literal), pieces.iter().filter(|piece| piece.literal() == 0).count())
            }
            Segment::Any(_) => Rank::Any,
            Segment::Rest(text) if text.is_empty() => Rank::Rest,
            Segment::Rest(text) => Rank::RestWithText(Reverse(text.len())),
        }
    }

    /// Whether both take the same texts because they are written the same, names aside.
    pub(crate) fn same_shape(&self, other: &Segment) -> bool {
        match (self, other) {
            (Segment::Any(_), Segment::Any(_)) => true,
            (Segment::Mixed(ours), Segment::Mixed(theirs)) => {
                let same = |(ours, theirs): (&Piece, &Piece)| match (ours, theirs) {
                    (Piece::Any(_), Piece::Any(_)) => true,
                    (ours, theirs) => ours == theirs,
                };
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
            }
            (ours, theirs) => ours == theirs,
        }
    }
}

impl Piece {
    fn literal(&self) -> usize {
        match self {
            Piece::Text(text) => text.len(),
            Piece::Any(_) => 0,
        }
    }
}

/// Matches from the right, each text as far right as it goes: that leaves the most to the variables on the
/// left, so if there is a way at all this finds one. Bytes will do: UTF-8 is only ever found at the bounds of
/// characters.
fn pieces_fit(pieces: &[Piece], text: &[u8], offset: usize, found: &mut impl FnMut(Name, Span)) -> bool {
    match pieces {
        [] => text.is_empty(),
        [before @ .., Piece::Text(last)] => {
            text.strip_suffix(last.as_bytes()).is_some_and(|text| pieces_fit(before, text, offset, found))
        }
        [before @ .., Piece::Any(name)] => {
            let start = match before {
                [] => Some(0),
                [Piece::Text(first)] => text.starts_with(first.as_bytes()).then_some(first.len()),
                [.., Piece::Text(between)] => text
                    .split_last()
                    .and_then(|(_, text)| memchr::memmem::rfind(text, between.as_bytes()))
                    .map(|at| at + between.len()),
                [.., Piece::Any(_)] => None,
            };
            let Some(start) = start.filter(|start| *start < text.len()) else {
                return false;
            };
            if !pieces_fit(before, &text[..start], offset, found) {
                return false;
            }
            found(*name, Span::new(offset + start, offset + text.len()));
            true
        }
    }
}

/// As written, with `{}` for variables and stars, and text escaped where it could be taken for these.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Text(text) => write_text(text, f),
            Segment::Mixed(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => write_text(text, f),
                Piece::Any(_) => f.write_str("{}"),
            }),
            Segment::Any(_) => f.write_str("{}"),
            Segment::Rest(text) => write_text(text, f),
        }
    }
}

fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|char| match char {
        '\0' => f.write_str("%2F"),
        '{' | '}' | '*' | '%' => write!(f, "%{:02X}", u32::from(char)),
        char => write!(f, "{char}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(parts: &[&'static str]) -> Segment {
        let piece = |part: &&'static str| match part.strip_prefix('{') {
            Some(name) => Piece::Any(Some(name)),
            None => Piece::Text((*part).into()),
        };
        Segment::Mixed(parts.iter().map(piece).collect())
    }

    #[test]
    fn variables_share_a_segment_as_in_a_greedy_expression() {
        type Values = &'static [&'static str];
        let table: [(&[&'static str], &str, Option<Values>); 22] = [
            (&["{a", "-", "{b"], "x-y", Some(&["x", "y"])),
            (&["{a", "-", "{b"], "x-y-z", Some(&["x-y", "z"])),
            (&["{a", "-", "{b"], "x--", Some(&["x", "-"])),
            (&["{a", "-", "{b"], "--y", Some(&["-", "y"])),
            (&["{a", "-", "{b"], "-y", None),
            (&["{a", "-", "{b"], "x-", None),
            (&["{a", "-", "{b"], "-", None),
            (&["{a", "-", "{b"], "xy", None),
            (&["{a", "-", "{b"], "", None),
            (&["v", "{a"], "v1", Some(&["1"])),
            (&["v", "{a"], "v", None),
            (&["v", "{a"], "xv1", None),
            (&["v", "{a"], "vvv", Some(&["vv"])),
            (&["{a", ".js"], "a.js.js", Some(&["a.js"])),
            (&["{a", ".js"], ".js", None),
            (&["v", "{a", ".", "{b"], "v1.2.3", Some(&["1.2", "3"])),
            (&["v", "{a", ".", "{b", "!"], "v1.2!", Some(&["1", "2"])),
            (&["v", "{a", "v", "{b"], "vvv", None),
            (&["v", "{a", "v", "{b"], "vvvv", Some(&["v", "v"])),
            (&["{a", "aa", "{b"], "aaaa", Some(&["a", "a"])),
            (&["{a", "-", "{b", "-", "{c"], "1-2-3-4", Some(&["1-2", "3", "4"])),
            (&["{a", "中", "{b"], "é中中文", Some(&["é中", "文"])),
        ];
        for (parts, text, expected) in table {
            let path = format!("/{text}");
            let mut values = Vec::new();
            let fits = mixed(parts).fits(text.as_bytes(), 1, &mut |_, span| values.push(span.text(&path)));
            assert_eq!(fits.then_some(values.as_slice()), expected, "{parts:?} on {text}");
        }
    }

    #[test]
    fn whole_segments() {
        let nothing = &mut |_: Name, _: Span| {};
        assert!(Segment::Text("a".into()).fits(b"a", 0, nothing));
        assert!(!Segment::Text("a".into()).fits(b"A", 0, nothing));
        assert!(Segment::Text("".into()).fits(b"", 0, nothing));
        assert!(Segment::Any(None).fits(b"\0", 0, nothing));
        assert!(!Segment::Any(None).fits(b"", 0, nothing));
    }

    #[test]
    fn ranks_go_from_text_to_everything() {
        let ordered = [
            Segment::Text("".into()),
            mixed(&["{a", ".json"]),
            mixed(&["{a", "-"]),
            mixed(&["{a", "-", "{b"]),
            Segment::Any(None),
            Segment::Rest("ab".into()),
            Segment::Rest("a".into()),
            Segment::Rest("".into()),
        ];
        assert!(ordered.is_sorted_by(|one, other| one.rank() < other.rank()));
        assert!(
            Rank::FromEnd < Rank::Rest
                && Rank::RestWithText(Reverse(1)) < Rank::FromEnd
                && Rank::Any < Rank::End
                && Rank::End < Rank::Rest
        );
    }
}
