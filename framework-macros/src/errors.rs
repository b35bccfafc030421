//! Collects what is wrong with an item, so that one build names every mistake.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

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

/// The known word that was probably meant.
pub(crate) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|&(distance, candidate)| distance <= if candidate.chars().count() < 5 { 1 } else { 2 })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
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

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_suggested_by_distance() {
        let known = ["method", "params", "headers", "order", "app"];
        let table = [
            ("methods", Some("method")),
            ("mehtod", Some("method")),
            ("param", Some("params")),
            ("header", Some("headers")),
            ("apps", Some("app")),
            ("colour", None),
            ("xyz", None),
        ];
        for (word, meant) in table {
            assert_eq!(did_you_mean(word, known), meant, "{word}");
        }
        assert_eq!(suggestion("zzzz", &["one", "two", "three"]), "write `one`, `two` or `three`");
        assert_eq!(suggestion("oen", &["one"]), "did you mean `one`?");
    }
}
