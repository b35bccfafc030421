//! Which numbers of a JSON text have no fraction, seen in the text itself.

use std::collections::HashMap;

use super::numbers::{Integer, floating, integer, numbers};

/// The integers of a text that are read as floating point, by what is read.
pub(super) struct Integers(HashMap<u64, Integer>);

impl Integers {
    pub(super) fn of(text: &[u8]) -> Integers {
        let mut integers = HashMap::new();
        let mut others = Vec::new();
        for (_, number) in numbers(text) {
            let Some(read) = floating(number) else { continue };
            match integer(number) {
                Some(integer) if integers.insert(read.to_bits(), integer).is_none_or(|it| it == integer) => {}
                // Several are read as this number.
                _ => others.push(read.to_bits()),
            }
        }
        for other in others {
            integers.remove(&other);
        }
        Integers(integers)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, read: f64) -> Option<Integer> {
        self.0.get(&read.to_bits()).copied()
    }
}
