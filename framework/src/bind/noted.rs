//! What types complained about while they were made: serde tells a type's own words to an error only, which an enum throws
//! away.

use std::cell::RefCell;

use serde::de::{Expected, Unexpected};

use super::look::Look;

/// A value that was not what a type expected.
pub(super) struct Mismatch {
    pub(super) was: Was,
    pub(super) expected: String,
}

pub(super) enum Was {
    /// The text that lies there.
    Text {
        address: usize,
        length: usize,
    },
    /// What a text was taken for.
    Taken(Look),
    List,
    Map,
}

thread_local! {
    /// The mismatches since [`watched`] began; `None` outside of it.
    static SEEN: RefCell<Option<Vec<Mismatch>>> = const { RefCell::new(None) };
}

/// Takes note of a value that is not what a type expects.
#[cold]
pub(super) fn note(unexpected: &Unexpected<'_>, expected: &dyn Expected) {
    let was = match *unexpected {
        Unexpected::Str(text) => Was::Text { address: text.as_ptr().addr(), length: text.len() },
        Unexpected::Unsigned(number) => Was::Taken(Look::Unsigned(number)),
        Unexpected::Signed(number) => Was::Taken(Look::Signed(number)),
        Unexpected::Float(number) => Was::Taken(Look::Float(number)),
        Unexpected::Bool(value) => Was::Taken(Look::Bool(value)),
        Unexpected::Seq => Was::List,
        Unexpected::Map => Was::Map,
        _ => return,
    };
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen.as_mut().filter(|seen| seen.len() < MOST_SEEN) {
            seen.push(Mismatch { was, expected: expected.to_string() });
        }
    });
}

const MOST_SEEN: usize = 10_000;

/// Makes something, and hands out what was noted meanwhile.
pub(super) fn watched<T>(make: impl FnOnce() -> T) -> (T, Vec<Mismatch>) {
    let outer = SEEN.replace(Some(Vec::new()));
    let made = make();
    (made, SEEN.replace(outer).unwrap_or_default())
}
