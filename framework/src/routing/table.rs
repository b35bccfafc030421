//! A table of texts: built while the application starts, then only read.
//!
//! Open addressing over a hash that takes eight bytes a step. The hash needs no secret: a peer cannot put
//! anything into a frozen table. A lookup compares texts once, which is what makes it cheaper than a map that
//! must also shrink.

/// Values under texts.
#[derive(Debug)]
pub(super) struct Table<T> {
    /// A power of two of places, at most half of them taken.
    places: Vec<Place>,
    items: Vec<(Box<str>, T)>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// The upper half of the hash; the lower half chooses the place.
    tag: u32,
    /// Index of the item, or [`FREE`].
    item: u32,
}

const FREE: u32 = u32::MAX;

impl<T> Table<T> {
    /// The value under `text`.
    // Every request looks its path up, and there are few callers: in line it needs no frame of its own.
    #[inline(always)]
    pub(super) fn get(&self, text: &str) -> Option<&T> {
        let (_, value) = self.items.get(self.find(text)?)?;
        Some(value)
    }

    /// The value under `text`, which is made if there is none.
    pub(super) fn get_or_insert_with(&mut self, text: &str, value: impl FnOnce() -> T) -> &mut T {
        let index = self.find(text).unwrap_or_else(|| self.insert(text, value()));
        &mut self.items[index].1
    }

    #[inline(always)]
    fn find(&self, text: &str) -> Option<usize> {
        let mask = self.places.len().checked_sub(1)?;
        let hash = hash(text.as_bytes());
        let mut at = hash as usize & mask;
        loop {
            let place = self.places[at];
            let index = place.item as usize;
            // There is no item with the index of a free place.
            let (key, _) = self.items.get(index)?;
            if place.tag == tag(hash) && **key == *text {
                return Some(index);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, text: &str, value: T) -> usize {
        self.items.push((text.into(), value));
        if self.items.len() * 2 > self.places.len() {
            self.places = vec![Place { tag: 0, item: FREE }; (self.items.len() * 2).next_power_of_two()];
            (0..self.items.len()).for_each(|item| self.place(item));
        } else {
            self.place(self.items.len() - 1);
        }
        self.items.len() - 1
    }

    fn place(&mut self, item: usize) {
        let hash = hash(self.items[item].0.as_bytes());
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while self.places[at].item != FREE {
            at = (at + 1) & mask;
        }
        let item = u32::try_from(item).expect("fewer texts than 2³², which fit no binary");
        self.places[at] = Place { tag: tag(hash), item };
    }
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { places: Vec::new(), items: Vec::new() }
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Texts up to sixteen bytes, which most paths and segments are, cost two loads and one multiplication.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let mut state = bytes.len() as u64 ^ SEED;
    if let (Some((first, mut rest)), Some(last)) = (bytes.split_first_chunk(), bytes.last_chunk()) {
        while let Some((word, after)) = rest.split_first_chunk()
            && !after.is_empty()
        {
            state = mix(state ^ u64::from_le_bytes(*word), FACTOR);
            rest = after;
        }
        return mix(state ^ u64::from_le_bytes(*first), FACTOR ^ u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return mix(
            state ^ u64::from(u32::from_le_bytes(*first)),
            FACTOR ^ u64::from(u32::from_le_bytes(*last)),
        );
    }
    mix(state ^ bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), FACTOR)
}

/// A product of which both halves count.
#[inline]
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

    #[test]
    fn every_text_is_found_again() {
        let mut table = Table::default();
        assert_eq!(table.get(""), None);
        for number in 0..2_000 {
            let text = format!("/{}", number * number);
            assert_eq!(table.get(&text), None, "{text}");
            *table.get_or_insert_with(&text, || 0) += number;
        }
        *table.get_or_insert_with("/0", || 99) += 7;
        for number in 1..2_000 {
            assert_eq!(table.get(&format!("/{}", number * number)), Some(&number));
        }
        assert_eq!((table.get("/0"), table.get("/2"), table.get("")), (Some(&7), None, None));
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
