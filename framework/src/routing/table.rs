//! A table of texts: built while the application starts, then only read.
//!
//! Open addressing over a hash that takes eight bytes a step. The hash needs no secret: a peer cannot put
//! anything into a frozen table. A lookup compares texts at most once, and short ones as two words, which is
//! what makes it cheaper than a map that must also shrink.

/// Values under texts, which are given as bytes.
#[derive(Debug)]
pub(super) struct Table<T> {
    /// A power of two of places, at most a quarter of them taken.
    places: Vec<Place>,
    items: Vec<Item<T>>,
    /// The lengths of the texts, as [`length_bit`]s: many a text is told not to be here by its length.
    lengths: u64,
}

#[derive(Debug)]
struct Item<T> {
    digest: Digest,
    text: Box<[u8]>,
    value: T,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// The upper half of the hash; the lower half chooses the place.
    tag: u32,
    /// Index of the item, or [`FREE`].
    item: u32,
}

/// The length of a text, and its beginning and end, which overlap where it is short. Texts up to [`WHOLE`] bytes
/// are equal if these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digest {
    length: usize,
    first: u64,
    last: u64,
}

const FREE: u32 = u32::MAX;

/// So many bytes are in two words.
const WHOLE: usize = 16;

impl<T> Table<T> {
    /// The value under `text`.
    // Every request looks its path up, and there are few callers: in line it needs no frame of its own.
    #[inline(always)]
    pub(super) fn get(&self, text: &[u8]) -> Option<&T> {
        Some(&self.find(text)?.1.value)
    }

    /// The value under `text`, which is made if there is none.
    pub(super) fn get_or_insert_with(&mut self, text: &[u8], value: impl FnOnce() -> T) -> &mut T {
        let known = self.find(text).map(|(index, _)| index);
        let index = known.unwrap_or_else(|| self.insert(text, value()));
        &mut self.items[index].value
    }

    #[inline(always)]
    fn find(&self, text: &[u8]) -> Option<(usize, &Item<T>)> {
        if self.lengths & length_bit(text) == 0 {
            return None;
        }
        let mask = self.places.len().checked_sub(1)?;
        let digest = Digest::of(text);
        let hash = digest.hash(text);
        let mut at = hash as usize & mask;
        loop {
            let place = self.places[at];
            let index = place.item as usize;
            // There is no item with the index of a free place.
            let item = self.items.get(index)?;
            if place.tag == tag(hash) && item.digest == digest && (text.len() <= WHOLE || *item.text == *text)
            {
                return Some((index, item));
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, text: &[u8], value: T) -> usize {
        self.lengths |= length_bit(text);
        self.items.push(Item { digest: Digest::of(text), text: text.into(), value });
        if self.items.len() * 4 > self.places.len() {
            self.places = vec![Place { tag: 0, item: FREE }; (self.items.len() * 4).next_power_of_two()];
            (0..self.items.len()).for_each(|item| self.place(item));
        } else {
            self.place(self.items.len() - 1);
        }
        self.items.len() - 1
    }

    fn place(&mut self, index: usize) {
        let item = &self.items[index];
        let hash = item.digest.hash(&item.text);
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while self.places[at].item != FREE {
            at = (at + 1) & mask;
        }
        let item = u32::try_from(index).expect("fewer texts than 2³², which fit no binary");
        self.places[at] = Place { tag: tag(hash), item };
    }
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { places: Vec::new(), items: Vec::new(), lengths: 0 }
    }
}

impl Digest {
    #[inline(always)]
    fn of(text: &[u8]) -> Digest {
        let length = text.len();
        let (first, last) = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (text.first_chunk(), text.last_chunk()) {
                (Some(first), Some(last)) => {
                    (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into())
                }
                _ => (text.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0),
            },
        };
        Digest { length, first, last }
    }

    #[inline(always)]
    fn hash(self, text: &[u8]) -> u64 {
        let mut state = self.length as u64 ^ SEED;
        if text.len() > WHOLE {
            // What is left after the last whole word is a part of `last`.
            let (words, _) = text[8..text.len() - 1].as_chunks();
            state = words.iter().fold(state, |state, word| mix(state ^ u64::from_le_bytes(*word), FACTOR));
        }
        mix(state ^ self.first, FACTOR ^ self.last)
    }
}

/// A bit for a length, modulo 64.
#[inline(always)]
fn length_bit(text: &[u8]) -> u64 {
    1_u64.wrapping_shl(text.len() as u32)
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// A product of which both halves count.
#[inline(always)]
fn mix(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

/// Digits of pi, so that short texts do not start from zero.
const SEED: u64 = 0x243f_6a88_85a3_08d3;
/// An odd number with its bits well spread: 2⁶⁴ divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn hash(text: &[u8]) -> u64 {
        Digest::of(text).hash(text)
    }

    #[test]
    fn every_text_is_found_again() {
        let mut table = Table::default();
        assert_eq!(table.get(b""), None);
        for number in 0..2_000 {
            let text = format!("/{}", number * number);
            assert_eq!(table.get(text.as_bytes()), None, "{text}");
            *table.get_or_insert_with(text.as_bytes(), || 0) += number;
        }
        *table.get_or_insert_with(b"/0", || 99) += 7;
        for number in 1..2_000 {
            assert_eq!(table.get(format!("/{}", number * number).as_bytes()), Some(&number));
        }
        assert_eq!((table.get(b"/0"), table.get(b"/2"), table.get(b"")), (Some(&7), None, None));
    }

    #[test]
    fn lengths_that_share_a_bit_are_told_apart() {
        let mut table = Table::default();
        for length in [0, 1, 16, 17, 63] {
            table.get_or_insert_with(&vec![b'a'; length], || length);
        }
        for length in 0..200 {
            let expected = [0, 1, 16, 17, 63].contains(&length).then_some(&length);
            assert_eq!(table.get(&vec![b'a'; length]), expected);
        }
    }

    #[test]
    fn every_byte_counts_at_every_length() {
        for length in 1..40 {
            let text = "a".repeat(length);
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..=at, "b");
                assert_ne!(hash(text.as_bytes()), hash(other.as_bytes()), "{other}");
            }
            assert_ne!(hash(text.as_bytes()), hash(&text.as_bytes()[1..]));
        }
    }

    #[test]
    fn similar_paths_are_spread() {
        let hashes: Vec<u64> = (0..1_024).map(|number| hash(format!("/route/{number}").as_bytes())).collect();
        let mut shared = HashMap::<u64, usize>::new();
        hashes.iter().for_each(|hash| *shared.entry(hash & 2_047).or_default() += 1);
        assert!(shared.values().all(|count| *count < 8), "the low bits choose the place");
        assert_eq!(hashes.iter().map(|&hash| tag(hash)).collect::<HashSet<_>>().len(), 1_024);
    }
}
