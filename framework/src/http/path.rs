//! The path of a request in the form that is matched, and the values that matching found in it.
//!
//! Decoded once (RFC 3986, section 2.1) and normalised: empty and `.` segments vanish, `..` takes one back and
//! never above the root. An encoded slash is text of its segment, never a separator: while matching it stands as
//! NUL, which no path may hold otherwise, and in everything lent to users it is a slash again.

use crate::base::{Span, shown_bytes};
use crate::proto::Refusal;

/// The request target, and the decoded, normalised path in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    /// The whole target, as it was sent.
    pub(crate) target: String,
    /// Where the path is.
    place: Place,
    /// Its forms where they differ from the target's.
    decoded: Option<Box<Decoded>>,
}

/// A path that had to be decoded or normalised.
#[derive(Clone, Debug, Default)]
struct Decoded {
    /// The form that is matched: encoded slashes are NUL.
    matched: String,
    /// The form that is lent, of the same length; only written when there are encoded slashes.
    lent: String,
}

/// Which text the path is in.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    /// In the target, which has it in its normal form already: the common case.
    Target(Span),
    /// In `matched`, for both forms.
    #[default]
    Decoded,
    /// In `matched` and `lent`.
    Both,
}

/// What matching found, as spans of the path.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathValues {
    /// Variables in the order of the pattern.
    pub(crate) named: Vec<(&'static str, Span)>,
    /// The text matched by a pattern's star.
    pub(crate) wildcard: Option<Span>,
    /// Groups of a regular expression, the whole match first; `None` for groups that took no part.
    pub(crate) groups: Vec<Option<Span>>,
}

impl Path {
    /// The path is that of the target, which needs no decoding.
    #[inline]
    pub(crate) fn set_plain(&mut self, place: Span) {
        self.place = Place::Target(place);
    }

    /// Takes over a target that is nothing but a path, which needs no decoding.
    pub(super) fn set_plain_target(&mut self, target: String) {
        self.place = Place::Target(Span::new(0, target.len()));
        self.target = target;
    }

    /// Whether the target is nothing but a path, which needs no decoding.
    pub(super) fn is_plain_target(&self) -> bool {
        matches!(self.place, Place::Target(place) if place == Span::new(0, self.target.len()))
    }

    /// Takes over a raw path.
    ///
    /// # Errors
    /// A percent sign without two hexadecimal digits, bytes that are not UTF-8, a NUL, a way above the root: 400.
    #[cold]
    pub(crate) fn set(&mut self, raw: &[u8]) -> Result<(), Refusal> {
        let Decoded { matched, lent } = &mut **self.decoded.get_or_insert_default();
        matched.clear();
        lent.clear();
        self.place = Place::Decoded;
        let shown = || shown_bytes(raw);
        let mut decoded = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let [byte, after @ ..] = rest {
            rest = after;
            if *byte == 0 {
                return Err(Refusal::bad_request(format!("the path `{}` holds a NUL", shown())));
            }
            if *byte != b'%' {
                decoded.push(*byte);
                continue;
            }
            let digit = |at: usize| rest.get(at).and_then(|&byte| (byte as char).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                return Err(Refusal::bad_request(format!(
                    "the path `{}` has a `%` without two hexadecimal digits",
                    shown()
                )));
            };
            rest = &rest[2..];
            match (high * 16 + low) as u8 {
                0 => return Err(Refusal::bad_request(format!("the path `{}` holds a NUL", shown()))),
                b'/' => {
                    self.place = Place::Both;
                    decoded.push(0);
                }
                byte => decoded.push(byte),
            }
        }
        let Ok(decoded) = String::from_utf8(decoded) else {
            return Err(Refusal::bad_request(format!("the path `{}` is not UTF-8", shown())));
        };
        let trailing = decoded.ends_with('/') || decoded.ends_with("/.") || decoded.ends_with("/..");
        for segment in decoded.split('/') {
            match segment {
                "" | "." => {}
                ".." => match matched.rfind('/') {
                    Some(parent) => matched.truncate(parent),
                    None => {
                        return Err(Refusal::bad_request(format!(
                            "the path `{}` goes above the root",
                            shown()
                        )));
                    }
                },
                segment => {
                    matched.push('/');
                    matched.push_str(segment);
                }
            }
        }
        if trailing || matched.is_empty() {
            matched.push('/');
        }
        if let Place::Both = self.place {
            lent.extend(matched.chars().map(|char| if char == '\0' { '/' } else { char }));
        }
        Ok(())
    }

    /// The form that patterns and regular expressions are matched against.
    #[inline]
    pub(crate) fn matched(&self) -> &str {
        match self.place {
            Place::Target(place) => place.text(&self.target),
            Place::Decoded | Place::Both => self.decoded.as_ref().map_or("", |decoded| &decoded.matched),
        }
    }

    /// The form that is lent to users. Spans of the matched form are right in it too.
    #[inline]
    pub(crate) fn lent(&self) -> &str {
        match self.place {
            Place::Both => self.decoded.as_ref().map_or("", |decoded| &decoded.lent),
            Place::Target(_) | Place::Decoded => self.matched(),
        }
    }

    /// Gives back what is held beyond `keep` bytes.
    #[inline]
    pub(crate) fn trim(&mut self, keep: usize) {
        let held = self
            .decoded
            .as_ref()
            .map_or(0, |decoded| decoded.matched.capacity().max(decoded.lent.capacity()));
        if self.target.capacity().max(held) > keep {
            *self = Path::default();
        }
    }
}

/// What patterns are compared with; of a path that is malformed, the text as it came.
#[cold]
pub(crate) fn matched_form(raw: &[u8]) -> String {
    let mut path = Path::default();
    match path.set(raw) {
        Ok(()) => path.matched().to_owned(),
        Err(_) => String::from_utf8_lossy(raw).into_owned(),
    }
}

impl PathValues {
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.wildcard.is_none() && self.groups.is_empty()
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.named.clear();
        self.wildcard = None;
        self.groups.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_and_normalised() {
        let table = [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("//a", "/a"),
            ("/a//b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/.", "/a/"),
            ("/a/../b", "/b"),
            ("/a/..", "/"),
            ("/a/b/%2e%2E/c", "/a/c"),
            ("/.hidden", "/.hidden"),
            ("/a.b", "/a.b"),
            ("/%E4%B8%AD", "/中"),
            ("/a%20b+c", "/a b+c"),
            ("/%252F", "/%2F"),
            ("a", "/a"),
            ("", "/"),
        ];
        for (raw, expected) in table {
            let mut path = Path::default();
            path.set(raw.as_bytes()).expect(raw);
            assert_eq!((path.matched(), path.lent()), (expected, expected), "{raw}");
        }
    }

    #[test]
    fn an_encoded_slash_separates_nothing() {
        let mut path = Path::default();
        path.set(b"/a%2Fb/c").expect("well formed");
        assert_eq!(path.matched(), "/a\0b/c");
        assert_eq!(path.lent(), "/a/b/c");
        path.set(b"/x").expect("well formed");
        assert_eq!(path.lent(), "/x");
        path.set(b"/..%2f..%2fetc").expect("text, not a way up");
        assert_eq!(path.matched(), "/..\0..\0etc");
    }

    #[test]
    fn bad_paths_are_refused() {
        for raw in ["/%", "/%4", "/%zz", "/%+1", "/%00", "/%ff", "/..", "/a/../../b", "/%2e%2e/x", "/\0"] {
            let refusal = Path::default().set(raw.as_bytes());
            assert_eq!(refusal.expect_err(raw).status, 400, "{raw}");
        }
    }
}
