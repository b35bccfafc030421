//! Path patterns: `/a/{x}/b`, `/{a}-{b}`, `/star/*`, `**/star`, `**.css`.
//!
//! A variable is one or more of anything but a slash, and so is `*`. `**` is any number of segments, none among
//! them: `/a/**` is `/a` and `/a/` too, with nothing in the star, and `/**` is every path. Next to text `**` is one
//! or more of anything. A star stands at the start or at the end of a pattern. Case counts, a trailing slash
//! counts elsewhere. Patterns are compared with the decoded path, so one that is written percent-encoded is
//! decoded first, and an encoded slash stays text of its segment. Whatever takes a pattern takes this one.

#[cfg(test)]
mod tests;

use std::fmt;

use super::foreign::spelled_elsewhere;
use super::segment::{Name, Piece, Rank, Segment};
use crate::base::Span;

/// A path pattern of a mapping or filter.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: &'static str,
    segments: Box<[Segment]>,
    /// `**` comes first and something after it: such a pattern is matched from the path's end.
    from_end: bool,
}

/// How specific a pattern is; less is more specific. Made of the ranks of its segments, so it says nothing
/// about whether two patterns match the same path.
pub(crate) type Specificity = Vec<Rank>;

impl Pattern {
    /// Reads a pattern. The slash it starts with may be left out.
    ///
    /// # Errors
    /// What is wrong and what to write.
    pub(crate) fn parse(source: &'static str) -> Result<Pattern, String> {
        if let Some(problem) = spelled_elsewhere(source) {
            return Err(format!("the path `{source}` is spelled as elsewhere: {problem}"));
        }
        parse(source).map_err(|problem| format!("the path `{source}` {problem}"))
    }

    /// As it was written.
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// The one path it matches, if it has no variable and no star.
    pub(crate) fn exact(&self) -> Option<String> {
        let mut path = String::new();
        for segment in &self.segments {
            let Segment::Text(text) = segment else {
                return None;
            };
            path.push('/');
            path.push_str(text);
        }
        Some(path)
    }

    /// Whether it matches the path (in its matched form).
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.capture(path, &mut |_, _| {})
    }

    /// Whether it matches the path. Each variable is reported with its span in `path`, in order, stars
    /// without a name. When this is false, what was reported means nothing.
    pub(crate) fn capture(&self, path: &str, found: &mut impl FnMut(Name, Span)) -> bool {
        let start = usize::from(path.starts_with('/'));
        if self.from_end {
            return self.capture_from_end(path, start, found);
        }
        capture_segments(&self.segments, path, Some(start), found)
    }

    fn capture_from_end(&self, path: &str, start: usize, found: &mut impl FnMut(Name, Span)) -> bool {
        let [Segment::Rest(text), after @ ..] = &*self.segments else {
            return false;
        };
        let end = match after.len() {
            0 => Some(path.len()),
            count => memchr::memrchr_iter(b'/', path.as_bytes()).nth(count - 1),
        };
        let Some(end) = end else {
            return false;
        };
        // Where the slash is the path's first, there is nothing before the segments.
        let before = path.get(start..end).unwrap_or_default();
        let Some(rest) = before.strip_suffix(&**text).filter(|rest| text.is_empty() || !rest.is_empty())
        else {
            return false;
        };
        found(None, Span::new(start, start + rest.len()));
        after.is_empty() || capture_segments(after, path, Some(end + 1), found)
    }

    /// The same with `**` in place of its last segment.
    pub(crate) fn with_rest(mut self) -> Pattern {
        if let Some(last) = self.segments.last_mut() {
            *last = Segment::Rest("".into());
        }
        self
    }

    /// Whether it is `/**`, which every path fits.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(&*self.segments, [Segment::Rest(text)] if text.is_empty())
    }

    /// Whether it is to be matched from the path's end.
    pub(crate) fn is_from_end(&self) -> bool {
        self.from_end
    }

    /// The segments in order, or from the last to the first.
    pub(crate) fn segments(&self, from_end: bool) -> Box<dyn Iterator<Item = &Segment> + '_> {
        if from_end { Box::new(self.segments.iter().rev()) } else { Box::new(self.segments.iter()) }
    }

    pub(crate) fn specificity(&self) -> Specificity {
        let from_end = self.from_end.then_some(Rank::FromEnd);
        let ranks = self.segments(self.from_end).map(Segment::rank);
        from_end.into_iter().chain(ranks).chain([Rank::End]).collect()
    }

    /// The pattern without the names of its variables: two of one shape match the same paths.
    pub(crate) fn shape(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Rest(_) if self.from_end => write!(f, "/**{segment}"),
            Segment::Rest(_) => write!(f, "/{segment}**"),
            segment => write!(f, "/{segment}"),
        })
    }
}

/// Matches segment by segment; `at` is where the next one starts, `None` once the path is over.
#[inline]
fn capture_segments(
    segments: &[Segment],
    path: &str,
    mut at: Option<usize>,
    found: &mut impl FnMut(Name, Span),
) -> bool {
    for segment in segments {
        if let Segment::Rest(text) = segment {
            let left = path.get(at.unwrap_or(path.len())..).unwrap_or_default();
            let Some(rest) = left.strip_prefix(&**text).filter(|rest| text.is_empty() || !rest.is_empty())
            else {
                return false;
            };
            found(None, Span::new(path.len() - rest.len(), path.len()));
            return true;
        }
        let Some(start) = at else {
            return false;
        };
        let left = path.get(start..).unwrap_or_default();
        let slash = left.bytes().position(|byte| byte == b'/');
        if !segment.fits(&left.as_bytes()[..slash.unwrap_or(left.len())], start, found) {
            return false;
        }
        at = slash.map(|slash| start + slash + 1);
    }
    at.is_none()
}

fn parse(source: &'static str) -> Result<Pattern, String> {
    if source.contains(['?', '#']) {
        return Err(
            "holds a `?` or `#`: a path has no query or fragment. Narrow with `params = \"a=b\"`, or write \
                    the sign as `%3F` or `%23`"
                .to_owned(),
        );
    }
    if source.contains('\0') {
        return Err(HOLDS_NUL.to_owned());
    }
    let text = source.strip_prefix('/').unwrap_or(source);
    let count = text.split('/').count();
    let mut segments = Vec::with_capacity(count);
    let mut names = Vec::new();
    let mut stars = 0;
    for (index, text) in text.split('/').enumerate() {
        let (is_first, is_last) = (index == 0, index + 1 == count);
        match text {
            "" if !is_last => {
                return Err("has an empty segment, and no path ever has: write one `/`".to_owned());
            }
            "." | ".." => return Err(format!("has a segment `{text}`, and no path ever has: leave it out")),
            _ => {}
        }
        let tokens = tokens(text)?;
        for (place, token) in tokens.iter().enumerate() {
            match token {
                Token::Name(name) if names.contains(name) => {
                    return Err(format!("has two variables `{name}`: give one of them another name"));
                }
                Token::Name(name) => names.push(name),
                Token::Star | Token::Stars => {
                    stars += 1;
                    let at_start = is_first && place == 0;
                    let at_end = is_last && place + 1 == tokens.len();
                    if !at_start && !at_end {
                        return Err(
                            "has a star in the middle: `*` and `**` stand at the start or at the end. \
                                    Write `{name}` for a segment in between"
                                .to_owned(),
                        );
                    }
                }
                Token::Text(_) => {}
            }
        }
        segments.push(segment(tokens)?);
    }
    if stars > 1 {
        return Err("has a star at both ends: keep one, and write `{name}` for a segment".to_owned());
    }
    let is_glued = |text: &str| segments.len() > 1 || !text.is_empty();
    let from_end = text.starts_with("**") && matches!(&segments[0], Segment::Rest(text) if is_glued(text));
    Ok(Pattern { source, segments: segments.into(), from_end })
}

enum Token {
    Text(String),
    Name(&'static str),
    Star,
    Stars,
}

fn tokens(text: &'static str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let token = match first {
            '{' => {
                let Some((name, after)) = rest[1..].split_once('}') else {
                    return Err(format!("has a `{{` without `}}` in `{text}`"));
                };
                rest = after;
                Token::Name(variable_name(name)?)
            }
            '}' => return Err(format!("has a `}}` without `{{` in `{text}`")),
            '*' => {
                let after = rest.trim_start_matches('*');
                let count = rest.len() - after.len();
                rest = after;
                match count {
                    1 => Token::Star,
                    2 => Token::Stars,
                    _ => {
                        return Err(format!(
                            "has {count} stars: write `*` for one segment, `**` for any number"
                        ));
                    }
                }
            }
            _ => {
                let (plain, after) = rest.split_at(rest.find(['{', '}', '*']).unwrap_or(rest.len()));
                rest = after;
                Token::Text(decoded(plain)?)
            }
        };
        tokens.push(token);
    }
    Ok(tokens)
}

fn variable_name(name: &'static str) -> Result<&'static str, String> {
    if name.is_empty() {
        return Err("has a variable without a name: write `{name}`".to_owned());
    }
    if !name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.')) {
        return Err(format!(
            "has a variable `{{{name}}}`, whose name is not made of letters, digits and `_`; for an expression \
             use `regexp = \"…\"`"
        ));
    }
    Ok(name)
}

fn segment(tokens: Vec<Token>) -> Result<Segment, String> {
    match &tokens[..] {
        [] => return Ok(Segment::Text("".into())),
        [Token::Stars] => return Ok(Segment::Rest("".into())),
        [Token::Stars, Token::Text(text)] | [Token::Text(text), Token::Stars] => {
            return Ok(Segment::Rest(text.as_str().into()));
        }
        _ => {}
    }
    let mut pieces = Vec::with_capacity(tokens.len());
    for token in tokens {
        let piece = match token {
            Token::Text(text) => Piece::Text(text.into()),
            Token::Name(name) => Piece::Any(Some(name)),
            Token::Star => Piece::Any(None),
            Token::Stars => return Err("has a `**` beside a variable: put a `/` between them".to_owned()),
        };
        if let (Some(Piece::Any(_)), Piece::Any(_)) = (pieces.last(), &piece) {
            return Err(
                "has two variables with nothing between them: put text between them, such as `{a}-{b}`"
                    .to_owned(),
            );
        }
        pieces.push(piece);
    }
    Ok(match pieces.as_mut_slice() {
        [Piece::Text(text)] => Segment::Text(std::mem::take(text)),
        [Piece::Any(name)] => Segment::Any(*name),
        _ => Segment::Mixed(pieces.into()),
    })
}

/// Decodes as the path of a request is decoded: an encoded slash becomes NUL.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digit = |at: usize| rest.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(format!(
                "has a `%` without two hexadecimal digits in `{text}`: write `%25` for the sign"
            ));
        };
        rest = rest.get(2..).unwrap_or_default();
        bytes.push(match (high * 16 + low) as u8 {
            0 => return Err(HOLDS_NUL.to_owned()),
            b'/' => 0,
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| format!("is not UTF-8 where it is percent-encoded: `{text}`"))
}

const HOLDS_NUL: &str = "holds a NUL, and no path ever does: leave it out";
