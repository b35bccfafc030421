//! Conditional requests (RFC 9110, section 13): whether a request still wants what there is now.
//!
//! The order in which conditions are judged is that of section 13.2.2. A date that cannot be read is no condition, and
//! neither is one beside an entity tag that speaks of the same.

use std::time::UNIX_EPOCH;

use crate::base::Headers;

/// What is known of the current representation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validators<'v> {
    /// A strong entity tag with its quotes.
    pub(crate) etag: Option<&'v str>,
    /// When it was last changed, in seconds since 1970.
    pub(crate) modified: Option<u64>,
}

/// What the conditions of a GET or HEAD request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is answered. Its Range counts, unless it is for another representation than this one.
    Holds { range_counts: bool },
    /// The peer has it already: 304.
    NotModified,
    /// The peer wants another one: 412.
    Fails,
}

/// The fields that [`judge`] looks at, and those that choose among what a resource has.
pub(crate) const FIELDS: [&str; 7] = [
    "if-match",
    "if-unmodified-since",
    "if-none-match",
    "if-modified-since",
    "if-range",
    "range",
    "accept-encoding",
];

/// Judges the conditions of a GET or HEAD request. `second` tells the seconds since 1970.
pub(crate) fn judge(headers: &Headers, now: Validators<'_>, second: impl FnOnce() -> u64) -> Verdict {
    // Most requests have none; one look over the fields is cheaper than seven.
    if !headers.fields().any(|(name, _)| matches!(name, [b'i' | b'I', b'f' | b'F', b'-', ..])) {
        return Verdict::Holds { range_counts: true };
    }
    if headers.contains("if-match") {
        if !headers.get_all_bytes("if-match").any(|list| names(list, now.etag, true)) {
            return Verdict::Fails;
        }
    } else if let (Some(date), Some(modified)) = (date(headers, "if-unmodified-since"), now.modified)
        && modified > date
    {
        return Verdict::Fails;
    }
    if headers.contains("if-none-match") {
        if headers.get_all_bytes("if-none-match").any(|list| names(list, now.etag, false)) {
            return Verdict::NotModified;
        }
    } else if let (Some(date), Some(modified)) = (date(headers, "if-modified-since"), now.modified)
        && modified <= date
    {
        return Verdict::NotModified;
    }
    let range_counts = match only(headers, "if-range") {
        None => !headers.contains("if-range"),
        Some(tag) if tag.contains(&b'"') => now.etag.is_some_and(|etag| tag == etag.as_bytes()),
        // Until its second is over, it may be the date of another content as well (section 8.8.2.2).
        Some(date) => {
            now.modified.is_some_and(|modified| seconds(date) == Some(modified) && modified < second())
        }
    };
    Verdict::Holds { range_counts }
}

/// Whether a list of entity tags, or `*`, names this one, if there is one. Weak tags never match when `strongly` (section 8.8.3.2).
///
/// Tags may hold bytes that are no text (section 8.8.3): those of others do, and ours stands beside them.
fn names(list: &[u8], etag: Option<&str>, strongly: bool) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    let Some(etag) = etag else { return false };
    loop {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let (is_weak, tag) = match rest.strip_prefix(b"W/") {
            Some(tag) => (true, tag),
            None => (false, rest),
        };
        let opaque = tag.strip_prefix(b"\"");
        let Some(end) = opaque.and_then(|opaque| opaque.iter().position(|byte| *byte == b'"')) else {
            return false;
        };
        let (tag, after) = tag.split_at(end + 2);
        if tag == etag.as_bytes() && !(strongly && is_weak) {
            return true;
        }
        rest = after;
    }
}

fn date(headers: &Headers, name: &str) -> Option<u64> {
    only(headers, name).and_then(seconds)
}

/// The value of a field that stands once; one that says two things says nothing (section 13.1.3).
fn only<'h>(headers: &'h Headers, name: &'h str) -> Option<&'h [u8]> {
    let mut values = headers.get_all_bytes(name);
    values.next().filter(|_| values.next().is_none()).map(<[u8]>::trim_ascii)
}

/// The seconds since 1970 of an HTTP date in any of its three forms.
fn seconds(date: &[u8]) -> Option<u64> {
    let date = std::str::from_utf8(date).ok()?;
    httpdate::parse_http_date(date.trim()).ok()?.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const NOW: u64 = 784_111_777 + 3600;
    const WHOLE: Verdict = Verdict::Holds { range_counts: false };
    const HOLDS: Verdict = Verdict::Holds { range_counts: true };

    #[test]
    fn conditions_are_judged_in_their_order() {
        use Verdict::{Fails, NotModified};
        let table: [(&[(&str, &str)], Verdict); 42] = [
            (&[], HOLDS),
            (&[("if-match", "\"a\"")], HOLDS),
            (&[("If-Match", "\"x\", \"a\"")], HOLDS),
            (&[("if-match", "*")], HOLDS),
            (&[("if-match", "\"x\""), ("if-match", "\"a\"")], HOLDS),
            (&[("if-match", "\"x\"")], Fails),
            (&[("if-match", "W/\"a\"")], Fails),
            (&[("if-match", "a")], Fails),
            (&[("if-match", "")], Fails),
            (&[("if-match", "\"x\""), ("if-unmodified-since", AFTER)], Fails),
            (&[("if-match", "\"a\""), ("if-unmodified-since", BEFORE)], HOLDS),
            (&[("if-unmodified-since", BEFORE)], Fails),
            (&[("if-unmodified-since", SAME)], HOLDS),
            (&[("if-unmodified-since", "yesterday")], HOLDS),
            (&[("if-none-match", "\"a\"")], NotModified),
            (&[("if-none-match", "W/\"a\"")], NotModified),
            (&[("if-none-match", "\"x\",W/\"y\" , \"a\"")], NotModified),
            (&[("if-none-match", "\"a,b\", \"a\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"x\"")], HOLDS),
            (&[("if-none-match", "a")], HOLDS),
            (&[("if-none-match", "\"a")], HOLDS),
            (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)], HOLDS),
            (&[("if-none-match", "\"a\""), ("if-modified-since", BEFORE)], NotModified),
            (&[("if-modified-since", BEFORE)], HOLDS),
            (&[("if-modified-since", SAME)], NotModified),
            (&[("if-modified-since", AFTER)], NotModified),
            (&[("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")], NotModified),
            (&[("if-modified-since", "Sun Nov  6 08:49:37 1994")], NotModified),
            (&[("if-modified-since", "0")], HOLDS),
            (&[("if-match", "\"a\""), ("if-none-match", "\"a\"")], NotModified),
            (&[("if-match", "\"x\""), ("if-none-match", "\"a\"")], Fails),
            (&[("if-range", "\"a\"")], HOLDS),
            (&[("if-range", "W/\"a\"")], WHOLE),
            (&[("if-range", "\"x\"")], WHOLE),
            (&[("if-range", SAME)], HOLDS),
            (&[("if-range", AFTER)], WHOLE),
            (&[("if-range", "soon")], WHOLE),
            // What may stand once and stands twice says nothing.
            (&[("if-modified-since", AFTER), ("if-modified-since", AFTER)], HOLDS),
            (&[("if-unmodified-since", BEFORE), ("if-unmodified-since", BEFORE)], HOLDS),
            (&[("if-range", "\"a\""), ("if-range", "\"a\"")], WHOLE),
            (&[("if-range", SAME), ("if-range", SAME)], WHOLE),
        ];
        for (fields, expected) in table {
            let headers: Headers = fields.iter().copied().collect();
            let now = Validators { etag: Some("\"a\""), modified: Some(784_111_777) };
            assert_eq!(judge(&headers, now, || NOW), expected, "{fields:?}");
        }
    }

    #[test]
    fn without_a_date_only_tags_count() {
        let now = Validators { etag: Some("\"a\""), modified: None };
        let table = [
            ("if-unmodified-since", BEFORE, HOLDS),
            ("if-modified-since", AFTER, HOLDS),
            ("if-range", SAME, WHOLE),
            ("if-range", "soon", WHOLE),
            ("if-none-match", "\"a\"", Verdict::NotModified),
        ];
        for (name, value, expected) in table {
            assert_eq!(judge(&Headers::from([(name, value)]), now, || NOW), expected, "{name}: {value}");
        }
    }

    #[test]
    fn tags_that_are_no_text_hide_nothing_beside_them() {
        let now = Validators { etag: Some("\"a\""), modified: None };
        let table: [(&str, &[u8], Verdict); 6] = [
            ("if-match", b"\"\xff\", \"a\"", HOLDS),
            ("if-match", b"\"\xff\"", Verdict::Fails),
            ("if-none-match", b"\"\xff\", W/\"a\"", Verdict::NotModified),
            ("if-none-match", b"\"\xff\"", HOLDS),
            ("if-range", b"\"\xff\"", WHOLE),
            ("if-modified-since", b"\xff", HOLDS),
        ];
        for (name, value, expected) in table {
            assert_eq!(judge(&Headers::from([(name, value)]), now, || NOW), expected, "{name}");
        }
    }

    #[test]
    fn a_date_is_strong_when_its_second_is_over() {
        let validators = Validators { etag: None, modified: Some(784_111_777) };
        let headers = Headers::from([("if-range", SAME)]);
        for (second, expected) in
            [(784_111_776, WHOLE), (784_111_777, WHOLE), (784_111_778, HOLDS), (NOW, HOLDS)]
        {
            assert_eq!(judge(&headers, validators, || second), expected, "{second}");
        }
        // For other conditions it need not be.
        let headers = Headers::from([("if-modified-since", SAME)]);
        assert_eq!(judge(&headers, validators, || 784_111_777), Verdict::NotModified);
    }

    #[test]
    fn without_a_tag_none_is_named() {
        let now = Validators { etag: None, modified: None };
        let table = [
            ("if-match", "*", HOLDS),
            ("if-match", "\"a\"", Verdict::Fails),
            ("if-none-match", "*", Verdict::NotModified),
            ("if-none-match", "\"a\"", HOLDS),
            ("if-none-match", "\"\"", HOLDS),
            ("if-range", "\"a\"", WHOLE),
        ];
        for (name, value, expected) in table {
            assert_eq!(judge(&Headers::from([(name, value)]), now, || NOW), expected, "{name}: {value}");
        }
    }
}
