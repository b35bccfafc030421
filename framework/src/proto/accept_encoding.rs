//! Accept-Encoding (RFC 9110, section 12.5.3): which content codings a peer can decode, and which it likes best.
//!
//! Qualities are thousandths, 0 to 1000; 0 is "not acceptable". An element that cannot be read counts as not written; of one
//! that is written twice the lower quality counts, so that nobody is sent what it has refused. A peer that sends no such
//! field accepts anything by the letter of the RFC, but is sent no coding: it may well not know any.

use super::weighted::Weighted;

/// A content coding that answers may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// None.
    Identity,
    /// RFC 1952; `x-gzip` is the same.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// Its name in Content-Encoding.
    pub(crate) const fn token(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// The coding of that name, in any case.
    pub(crate) fn named(token: &[u8]) -> Option<Coding> {
        let all = [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Identity];
        let is_named = |coding: &Coding| coding.token().as_bytes().eq_ignore_ascii_case(token);
        all.into_iter()
            .find(is_named)
            .or_else(|| token.eq_ignore_ascii_case(b"x-gzip").then_some(Coding::Gzip))
    }
}

/// What a peer says about content codings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AcceptEncoding {
    /// By [`Coding`], where it is named.
    named: [Option<u16>; 4],
    /// What `*` says of those that are not named.
    others: Option<u16>,
}

impl AcceptEncoding {
    /// Reads the values of all fields of that name; none at all is a peer that is sent no coding.
    pub(crate) fn parse<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> AcceptEncoding {
        let mut accepted = AcceptEncoding::default();
        for element in values.into_iter().flat_map(|value| value.split(|byte| *byte == b',')) {
            let Some(Weighted { token, quality }) = Weighted::parse(element) else { continue };
            let place = match Coding::named(token) {
                Some(coding) => &mut accepted.named[coding as usize],
                None if token == b"*" => &mut accepted.others,
                None => continue,
            };
            *place = Some(place.map_or(quality, |before| before.min(quality)));
        }
        accepted
    }

    /// How much the peer likes a coding, from 0 (not acceptable) to 1000. Identity is acceptable unless that is denied.
    pub(crate) fn quality(&self, coding: Coding) -> u16 {
        let unnamed = if coding == Coding::Identity { 1000 } else { 0 };
        self.named[coding as usize].or(self.others).unwrap_or(unnamed)
    }

    /// The coding to answer with: of those offered the one that the peer likes best, the first among equals; identity if it
    /// likes none of them, or likes identity better by naming it. `None`: not even identity is acceptable.
    pub(crate) fn best(&self, offered: &[Coding]) -> Option<Coding> {
        let identity = self.quality(Coding::Identity);
        let named = self.named[Coding::Identity as usize].unwrap_or(0);
        let (mut best, mut quality) = ((identity > 0).then_some(Coding::Identity), named.saturating_sub(1));
        for coding in offered {
            if self.quality(*coding) > quality {
                (best, quality) = (Some(*coding), self.quality(*coding));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> AcceptEncoding {
        AcceptEncoding::parse([value.as_bytes()])
    }

    #[test]
    fn qualities_are_those_that_are_written() {
        // gzip, br, zstd, identity.
        let table = [
            ("", [0, 0, 0, 1000]),
            ("gzip", [1000, 0, 0, 1000]),
            ("GZIP", [1000, 0, 0, 1000]),
            ("x-gzip", [1000, 0, 0, 1000]),
            ("gzip ,deflate", [1000, 0, 0, 1000]),
            ("gzip;q=0", [0, 0, 0, 1000]),
            ("gzip; q=0.000", [0, 0, 0, 1000]),
            ("gzip;Q=0.5\t,\tbr ; q=0.25", [500, 250, 0, 1000]),
            ("gzip;q=0.001, br;q=1.000", [1, 1000, 0, 1000]),
            ("*", [1000, 1000, 1000, 1000]),
            ("*;q=0", [0, 0, 0, 0]),
            ("*;q=0, gzip", [1000, 0, 0, 0]),
            ("*;q=0, identity;q=0.5", [0, 0, 0, 500]),
            ("gzip;q=0, *;q=0.3", [0, 300, 300, 300]),
            ("identity;q=0, zstd", [0, 0, 1000, 0]),
            ("gzip;q=0.5, gzip", [500, 0, 0, 1000]),
            ("gzip, x-gzip;q=0", [0, 0, 0, 1000]),
            ("gzip;q=2", [0, 0, 0, 1000]),
            ("gzip;q=1.001, br", [0, 1000, 0, 1000]),
            ("gzip;q=0.1234", [0, 0, 0, 1000]),
            ("gzip;q=-1", [0, 0, 0, 1000]),
            ("gzip;q=", [0, 0, 0, 1000]),
            ("gzip;q", [0, 0, 0, 1000]),
            ("gzip;level=1;q=0.4", [400, 0, 0, 1000]),
            (",,,gzip,,", [1000, 0, 0, 1000]),
            (";q=1, br", [0, 1000, 0, 1000]),
            ("gzipped, brx", [0, 0, 0, 1000]),
            ("gz\u{e9}ip", [0, 0, 0, 1000]),
        ];
        for (value, expected) in table {
            let accepted = read(value);
            let codings = [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Identity];
            assert_eq!(codings.map(|coding| accepted.quality(coding)), expected, "{value:?}");
        }
    }

    #[test]
    fn several_fields_are_one_list() {
        assert_eq!(AcceptEncoding::parse([&b"br;q=0.5"[..], b"gzip"]), read("br;q=0.5, gzip"));
        assert_eq!(AcceptEncoding::parse([]), read(""));
    }

    #[test]
    fn the_best_is_what_the_peer_likes_best() {
        const ALL: &[Coding] = &[Coding::Brotli, Coding::Zstd, Coding::Gzip];
        let table = [
            ("", ALL, Some(Coding::Identity)),
            ("gzip", ALL, Some(Coding::Gzip)),
            ("gzip, br", ALL, Some(Coding::Brotli)),
            ("gzip, br;q=0.9", ALL, Some(Coding::Gzip)),
            ("*", ALL, Some(Coding::Brotli)),
            ("*;q=0.1", ALL, Some(Coding::Brotli)),
            ("br;q=0, *", ALL, Some(Coding::Zstd)),
            ("gzip, br", &[Coding::Gzip], Some(Coding::Gzip)),
            ("br", &[Coding::Gzip], Some(Coding::Identity)),
            ("gzip;q=0.001", ALL, Some(Coding::Gzip)),
            ("gzip;q=0.5, identity", ALL, Some(Coding::Identity)),
            ("gzip, identity", ALL, Some(Coding::Gzip)),
            ("gzip;q=0.5, identity;q=0.5", ALL, Some(Coding::Gzip)),
            ("gzip;q=0.5, identity;q=0.4", ALL, Some(Coding::Gzip)),
            ("identity;q=0", ALL, None),
            ("identity;q=0, gzip", ALL, Some(Coding::Gzip)),
            ("identity;q=0, gzip", &[], None),
            ("*;q=0", ALL, None),
            ("*;q=0, gzip;q=0.2", ALL, Some(Coding::Gzip)),
        ];
        for (value, offered, expected) in table {
            assert_eq!(read(value).best(offered), expected, "{value:?} of {offered:?}");
        }
    }

    #[test]
    fn names_are_read_and_written_alike() {
        for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd] {
            assert_eq!(Coding::named(coding.token().as_bytes()), Some(coding));
        }
        assert_eq!(Coding::named(b"deflate"), None);
    }
}
