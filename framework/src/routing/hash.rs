//! The hash of paths and segments: eight bytes a step, one multiplication each.
//!
//! It needs no secret: the tables it serves are filled while the application is built and only read afterwards, so
//! a peer cannot put anything into them.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds [`PathHasher`]s for a `HashMap` with text keys.
pub(super) type BuildPathHasher = BuildHasherDefault<PathHasher>;

/// State of the hash.
#[derive(Default)]
pub(super) struct PathHasher(u64);

impl Hasher for PathHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut state = self.0 ^ bytes.len() as u64;
        let mut rest = bytes;
        while let Some((word, after)) = rest.split_first_chunk() {
            state = mix(state, u64::from_le_bytes(*word));
            rest = after;
        }
        if !rest.is_empty() {
            state = mix(state, last_word(bytes, rest));
        }
        self.0 = state;
    }

    /// `str` ends its bytes with one more so that tuples of texts differ; keys here are single texts.
    #[inline]
    fn write_u8(&mut self, _: u8) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The one to seven bytes left, read in one or two overlapping loads.
#[inline]
fn last_word(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(word) = bytes.last_chunk() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[inline]
fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word ^ SEED) * u128::from(FACTOR);
    product as u64 ^ (product >> 64) as u64
}

/// Digits of pi, so that short texts do not start from zero.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
/// An odd number with its bits well spread: 2⁶⁴ divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::{BuildHasher, Hash};

    use super::*;

    fn hash(text: &str) -> u64 {
        BuildPathHasher::default().hash_one(text)
    }

    #[test]
    fn every_byte_counts_at_every_length() {
        for length in 1..40 {
            let text = "a".repeat(length);
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert_ne!(hash(&text), hash(&other), "{other}");
            }
            assert_ne!(hash(&text), hash(&text[1..]));
        }
    }

    #[test]
    fn similar_paths_spread_over_low_and_high_bits() {
        let hashes: Vec<u64> = (0..1_024).map(|number| hash(&format!("/route/{number}"))).collect();
        let distinct =
            |part: fn(u64) -> u64| hashes.iter().map(|&hash| part(hash)).collect::<HashSet<_>>().len();
        assert_eq!(distinct(|hash| hash), 1_024);
        assert!(distinct(|hash| hash & 1_023) > 550, "low bits choose the bucket");
        assert!(distinct(|hash| hash >> 57) > 120, "the top seven bits are the bucket's tag");
    }

    #[test]
    fn the_end_marker_of_texts_is_ignored() {
        let mut hasher = PathHasher::default();
        "abc".hash(&mut hasher);
        let mut plain = PathHasher::default();
        plain.write(b"abc");
        assert_eq!(hasher.finish(), plain.finish());
    }
}
