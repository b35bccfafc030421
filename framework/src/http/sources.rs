//! The errors that an error was made of, and how one of a type is found among them.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use super::Error;

type Source = dyn StdError + 'static;

impl Error {
    /// The error of this type that this was made of: the one that `?` took, else the first along its sources.
    ///
    /// ```
    /// use vernal::{Error, OrStatus};
    ///
    /// let error = "x".parse::<u8>().or_400("no number").unwrap_err();
    /// assert!(error.source_as::<std::num::ParseIntError>().is_some());
    /// ```
    pub fn source_as<E: StdError + 'static>(&self) -> Option<&E> {
        self.sources().find_map(|source| source.downcast_ref())
    }

    /// The one that `?` took, and its sources, as far as anybody would write them.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        successors(self.source().map(|source| source as &Source), |source: &&Source| next(*source)).take(MOST)
    }
}

/// The source of an error. That of an I/O error is not told by itself, but by what is in it.
fn next(source: &Source) -> Option<&Source> {
    match source.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => source.source(),
    }
}

/// How far the sources of an error are followed; one that is its own source has no end.
const MOST: usize = 32;
