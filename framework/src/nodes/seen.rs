//! What has been heard of each sender, so that nothing that is repeated is heard twice.

use std::collections::HashMap;

use super::envelope::Sender;

/// The last number of each sender. The numbers of one sender only grow, on their way and when they are repeated.
#[derive(Default)]
pub(super) struct Seen {
    last: HashMap<Sender, (u64, u64)>,
    /// Counts what was asked, so that those who have been silent for longest are forgotten first.
    asked: u64,
}

impl Seen {
    /// Whether this is new.
    pub(super) fn is_new(&mut self, sender: Sender, number: u64) -> bool {
        self.asked += 1;
        if let Some((last, asked)) = self.last.get_mut(&sender) {
            let is_new = number > *last;
            *last = number.max(*last);
            *asked = self.asked;
            return is_new;
        }
        if self.last.len() >= MOST {
            let mut ages: Vec<_> = self.last.values().map(|(_, asked)| *asked).collect();
            let (_, middle, _) = ages.select_nth_unstable(MOST / 2);
            let middle = *middle;
            self.last.retain(|_, (_, asked)| *asked > middle);
        }
        self.last.insert(sender, (number, self.asked));
        true
    }
}

/// How many senders are remembered. Each start of a process is one.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_not_new() {
        let mut seen = Seen::default();
        let (ann, bob) = ([1; 16], [2; 16]);
        for (sender, number, expected) in [
            (ann, 1, true),
            (ann, 1, false),
            (bob, 1, true),
            (ann, 5, true),
            (ann, 4, false),
            (ann, 5, false),
            (ann, 6, true),
        ] {
            assert_eq!(seen.is_new(sender, number), expected, "{sender:?} {number}");
        }
    }

    #[test]
    fn memory_is_bounded_and_those_who_speak_are_remembered() {
        let mut seen = Seen::default();
        for number in 1..=10_000_u64 {
            let mut other = [0; 16];
            other[..8].copy_from_slice(&number.to_be_bytes());
            assert!(seen.is_new(other, 7));
            assert!(seen.is_new([9; 16], number), "{number}");
            assert!(!seen.is_new([9; 16], number), "{number}");
            assert!(seen.last.len() <= MOST);
        }
    }
}
