//! Which beginnings of pages were in a body, found while it comes.

use std::sync::atomic::{AtomicU8, Ordering};

use super::sniff::{LONGEST_BEGINNING, Markup, beginning};

/// Which beginnings were in a body that was read as it came; a bit for each kind.
#[derive(Debug, Default)]
pub(crate) struct Beginnings(AtomicU8);

impl Beginnings {
    pub(super) fn hold(&self, markup: Markup) -> bool {
        self.0.load(Ordering::Relaxed) & bit(markup) != 0
    }

    /// Notes the beginnings that stand whole in there.
    pub(super) fn look(&self, bytes: &[u8]) {
        for at in memchr::memchr_iter(b'<', bytes) {
            if let Some((markup, _)) = beginning(&bytes[at..]) {
                self.0.fetch_or(bit(markup), Ordering::Relaxed);
            }
        }
    }
}

fn bit(markup: Markup) -> u8 {
    match markup {
        Markup::Html => 1,
        Markup::Xml => 2,
    }
}

/// Watches one part, or one body, as it comes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginning {
    /// The last bytes: what one piece begins the next may end.
    last: [u8; LONGEST_BEGINNING - 1],
    kept: usize,
}

impl Beginning {
    /// Takes the next piece, and notes which beginnings are in the whole.
    pub(crate) fn watch(&mut self, piece: &[u8], beginnings: &Beginnings) {
        beginnings.look(piece);
        let mut seam = [0; 2 * (LONGEST_BEGINNING - 1)];
        let next = piece.len().min(self.last.len());
        let end = self.kept + next;
        seam[..self.kept].copy_from_slice(&self.last[..self.kept]);
        seam[self.kept..end].copy_from_slice(&piece[..next]);
        beginnings.look(&seam[..end]);
        let held = if piece.len() < self.last.len() { &seam[..end] } else { piece };
        self.kept = held.len().min(self.last.len());
        self.last[..self.kept].copy_from_slice(&held[held.len() - self.kept..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_known_however_it_comes() {
        let table = [
            ("<html><script>", Some(Markup::Html)),
            (" \r\n<!DOCTYPE HTML>", Some(Markup::Html)),
            ("<?xml?>", Some(Markup::Xml)),
            ("x<html>", Some(Markup::Html)),
            ("\u{a0}<html>", Some(Markup::Html)),
            ("a, <p>, and many others\t<!doctype html", Some(Markup::Html)),
            ("<<<<<<<<<<<<<<<<<<html", Some(Markup::Html)),
            ("<!doctype htm", None),
            ("<p>", None),
            ("", None),
        ];
        for (text, expected) in table {
            for size in [1, 3, 5, 13, 14, 100] {
                let (beginnings, mut begin) = (Beginnings::default(), Beginning::default());
                text.as_bytes().chunks(size).for_each(|piece| begin.watch(piece, &beginnings));
                for markup in [Markup::Html, Markup::Xml] {
                    assert_eq!(beginnings.hold(markup), expected == Some(markup), "{text:?} by {size}");
                }
            }
        }
    }
}
