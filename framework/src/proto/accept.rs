//! Accept (RFC 9110, section 12.5.1): which of several media types a peer likes best.
//!
//! The most specific range that fits a type tells its quality. Parameters other than the weight are passed over. A peer that sends
//! no such field, or none that can be read, accepts anything.

use super::weighted::Weighted;

/// The place of the media type that is liked best, be they written in lower case; of those that are liked alike, the one that is
/// named more exactly, then the one that the peer names first, then the one that stands first here. `None` if none is accepted.
pub(crate) fn best<'h>(offers: &[&str], elements: impl Iterator<Item = &'h [u8]>) -> Option<usize> {
    let ranges: Vec<_> = elements.filter_map(Weighted::parse).collect();
    if ranges.is_empty() {
        return (!offers.is_empty()).then_some(0);
    }
    let liked = offers.iter().enumerate().filter_map(|(place, offer)| {
        let fitting = ranges.iter().enumerate().filter_map(|(at, range)| {
            Some((exactness(range.token, offer.as_bytes())?, std::cmp::Reverse(at), range.quality))
        });
        let (exactness, at, quality) = fitting.max_by_key(|(exactness, at, _)| (*exactness, *at))?;
        (quality > 0).then_some((quality, exactness, at, std::cmp::Reverse(place)))
    });
    liked.max().map(|(.., std::cmp::Reverse(place))| place)
}

/// How exactly a range names a media type; `None` if it does not.
fn exactness(range: &[u8], offer: &[u8]) -> Option<u8> {
    if range == b"*/*" {
        return Some(0);
    }
    if range.eq_ignore_ascii_case(offer) {
        return Some(2);
    }
    let of_type = range.strip_suffix(b"*").filter(|of_type| of_type.ends_with(b"/"))?;
    let start = offer.get(..of_type.len())?;
    of_type.eq_ignore_ascii_case(start).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_range_tells_how_much_a_type_is_liked() {
        let offers = ["application/json", "application/cbor", "text/csv"];
        let table: [(&[&str], Option<usize>); 18] = [
            (&[], Some(0)),
            (&["*/*"], Some(0)),
            (&["APPLICATION/CBOR"], Some(1)),
            (&["application/cbor;q=0.9", "application/json;q=0.8"], Some(1)),
            (&["application/*", "text/csv;q=0.1"], Some(0)),
            (&["application/*;q=0.1", "text/csv"], Some(2)),
            (&["application/json;q=0", "*/*"], Some(1)),
            (&["application/*;q=0", "*/*;q=0.1"], Some(2)),
            (&["application/json;q=0", "application/*"], Some(1)),
            (&["*/*", "application/cbor"], Some(1)),
            (&["text/csv", "application/cbor"], Some(2)),
            (&["application/cbor", "text/csv"], Some(1)),
            (&["text/csv;header=present;q=0.5", "application/cbor;q=0.4"], Some(2)),
            (&["image/png"], None),
            (&["*/*;q=0"], None),
            (&["text/*;q=0"], None),
            (&["application/cbor;q=2"], Some(0)),
            (&["application", "*", "/*", "a*/*"], None),
        ];
        for (elements, expected) in table {
            let found = best(&offers, elements.iter().map(|element| element.as_bytes()));
            assert_eq!(found, expected, "{elements:?}");
        }
        assert_eq!(best(&[], std::iter::empty()), None);
    }
}
