//! Collects what is wrong with an item, so that one build names every mistake.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

pub(crate) use crate::meant::did_you_mean;

/// The errors of one item. Must be finished: dropping it unread would lose them.
pub(crate) struct Errors {
    combined: Option<syn::Error>,
    finished: bool,
}

impl Errors {
    pub(crate) fn new() -> Errors {
        Errors { combined: None, finished: false }
    }

    /// An error at a place.
    pub(crate) fn at(&mut self, span: Span, text: impl std::fmt::Display) {
        self.add(syn::Error::new(span, text));
    }

    /// An error under the whole of some tokens.
    pub(crate) fn under(&mut self, tokens: impl ToTokens, text: impl std::fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, text));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.combined {
            Some(errors) => errors.combine(error),
            None => self.combined = Some(error),
        }
    }

    /// The value, or `None` with its error kept.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.combined.is_none()
    }

    /// One `compile_error!` for each error; nothing when there is none.
    pub(crate) fn finish(mut self) -> TokenStream {
        self.finished = true;
        self.combined.take().map(|errors| errors.to_compile_error()).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn texts(mut self) -> Vec<String> {
        self.finished = true;
        self.combined.take().into_iter().flatten().map(|error| error.to_string()).collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "errors of an attribute were dropped unread");
    }
}

/// `: did you mean …?`, or what can be written instead.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    if let Some(meant) = did_you_mean(word, known.iter().copied()) {
        return format!("did you mean `{meant}`?");
    }
    match known {
        [] => "there is nothing to write here".to_owned(),
        [only] => format!("write `{only}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("write {} or `{last}`", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_written_is_told() {
        assert_eq!(suggestion("zzzz", &["one", "two", "three"]), "write `one`, `two` or `three`");
        assert_eq!(suggestion("oen", &["one"]), "did you mean `one`?");
    }
}
