//! Whether a regular expression is well formed, and stands in place of paths.

use proc_macro2::Span;
use syn::LitStr;

use crate::errors::Errors;

/// A regular expression that compiles.
#[derive(Clone)]
pub(crate) struct Regexp {
    pub(crate) text: LitStr,
    /// The number of its parentheses that capture.
    pub(crate) groups: usize,
}

impl Regexp {
    pub(crate) fn parse(text: &LitStr, errors: &mut Errors) -> Option<Regexp> {
        match regex_lite::Regex::new(&text.value()) {
            Ok(regex) => Some(Regexp { text: text.clone(), groups: regex.captures_len() - 1 }),
            Err(error) => {
                errors.under(text, format!("this regular expression does not compile: {error}"));
                None
            }
        }
    }
}

/// Either paths or a regular expression.
pub(crate) fn paths_or_regexp(
    span: Span,
    attribute: &str,
    has_paths: bool,
    regexp: Option<&LitStr>,
    errors: &mut Errors,
) {
    match (has_paths, regexp) {
        (false, None) => {
            let example = if attribute == "request_filter" { "/admin/**" } else { "/hello" };
            errors.at(
                span,
                format!("write a path, like `#[{attribute}(\"{example}\")]`, or `regexp = \"^…$\"`"),
            );
        }
        (true, Some(regexp)) => errors.under(
            regexp,
            "a path and a regular expression exclude each other: keep one, or write two attributes",
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_expressions_count_their_groups() {
        let mut errors = Errors::new();
        let literal = |text| LitStr::new(text, Span::call_site());
        assert_eq!(Regexp::parse(&literal("^(reg/(.+))$"), &mut errors).map(|regexp| regexp.groups), Some(2));
        assert_eq!(
            Regexp::parse(&literal("^(?:a)(?P<n>b)"), &mut errors).map(|regexp| regexp.groups),
            Some(1)
        );
        assert!(Regexp::parse(&literal("^(a"), &mut errors).is_none());
        assert!(errors.texts()[0].starts_with("this regular expression does not compile: "));
    }
}
