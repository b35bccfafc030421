//! Keeps what went wrong first while a value is read.
//!
//! On its way out an error passes a boundary of `erased_serde` for each level that the value is nested, and each time the form puts it
//! into words of its own. Some forms quote them, so that the text would double with each level. Here the words of the innermost are put
//! aside, and what goes on is an error without any.

use std::cell::OnceCell;

use serde::de::{Deserialize, Deserializer, Error};

use crate::base::{Look, Through};

/// Reads a value.
///
/// # Errors
/// The words of the innermost error.
pub(super) fn read<'de, T: Deserialize<'de>>(from: impl Deserializer<'de>) -> Result<T, String> {
    let words = OnceCell::new();
    let read = T::deserialize(Through(from, Innermost(&words)));
    read.map_err(|error| words.into_inner().unwrap_or_else(|| error.to_string()))
}

/// Where the words are put.
#[derive(Clone, Copy)]
struct Innermost<'w>(&'w OnceCell<String>);

impl Look for Innermost<'_> {
    fn outcome<R, E: Error>(self, result: Result<R, E>) -> Result<R, E> {
        result.map_err(|error| {
            self.0.get_or_init(|| error.to_string());
            E::custom("")
        })
    }
}
