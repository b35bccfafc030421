//! `#[arg(name = "…", default, default = EXPR, group = n, …)]` on an argument, its constraints among it.

use proc_macro2::Span;
use syn::{Attribute, Expr, LitStr};

use super::{Constraints, Options, take_siblings};
use crate::errors::Errors;

/// What `#[arg(…)]` says of an argument.
#[derive(Default)]
pub(crate) struct ArgOptions {
    /// The name it is bound by instead of its own.
    pub(crate) name: Option<LitStr>,
    /// `Some(None)` for a bare `default`.
    pub(crate) default: Option<Option<Expr>>,
    /// The group of the regular expression.
    pub(crate) group: Option<(usize, Span)>,
    /// What the value must be.
    pub(crate) constraints: Constraints,
}

impl ArgOptions {
    /// Whether the argument is to be bound in some way of its own.
    pub(crate) fn is_bound_otherwise(&self) -> bool {
        self.name.is_some() || self.default.is_some() || self.group.is_some()
    }

    /// Reads the attribute and takes it out of `attrs`.
    pub(crate) fn take(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> ArgOptions {
        let mut read = ArgOptions::default();
        for (index, written) in take_siblings(attrs, &["arg"], errors).into_iter().enumerate() {
            if index > 0 {
                errors.at(
                    written.span,
                    "an argument takes one `#[arg(…)]`: join the two, with a comma between",
                );
                continue;
            }
            if written.condition.is_some() {
                errors.at(
                    written.span,
                    "`#[arg(…)]` cannot depend on a `cfg_attr`: put `#[cfg(…)]` on two functions",
                );
                continue;
            }
            let mut options = Options::parse(written.tokens, errors);
            for text in &options.texts {
                errors.under(text, format!("write `name = {text}`", text = text.token()));
            }
            read.name = options.take_text("name", errors).filter(|name| {
                if name.value().is_empty() {
                    errors.under(name, "an argument cannot be bound by an empty name");
                }
                !name.value().is_empty()
            });
            read.default = options.take_optional("default").map(|(_, value)| value);
            read.group = options.take_integer("group", errors).and_then(|group| {
                let number = group.base10_parse();
                if number.is_err() {
                    errors
                        .under(&group, "a group counts from 0, the whole match; 1 is the first parenthesis");
                }
                Some((number.ok()?, group.span()))
            });
            let default = read.default.as_ref().and_then(Option::as_ref);
            read.constraints = Constraints::take(&mut options, default, errors);
            options.finish("arg", errors);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse::Parser;

    use super::*;

    fn read(tokens: proc_macro2::TokenStream) -> (ArgOptions, usize, Vec<String>) {
        let mut attrs = Attribute::parse_outer.parse2(tokens).expect("attributes");
        let mut errors = Errors::new();
        let read = ArgOptions::take(&mut attrs, &mut errors);
        (read, attrs.len(), errors.texts())
    }

    #[test]
    fn arguments_are_read_and_stripped() {
        let (read, left, errors) =
            read(quote!(#[allow(unused)] #[arg(name = "X-Token", default, group = 2)]));
        assert_eq!((left, errors), (1, vec![]));
        assert_eq!(read.name.map(|name| name.value()).as_deref(), Some("X-Token"));
        assert!(matches!(read.default, Some(None)));
        assert_eq!(read.group.map(|(group, _)| group), Some(2));
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            (quote!(#[arg(defualt = 3)]), "`arg` has no option `defualt`: did you mean `default`?"),
            (quote!(#[arg("x")]), "write `name = \"x\"`"),
            (
                quote!(#[arg(group = -1)]),
                "a group counts from 0, the whole match; 1 is the first parenthesis",
            ),
            (quote!(#[arg(name = "")]), "an argument cannot be bound by an empty name"),
            (quote!(#[arg] #[arg]), "an argument takes one `#[arg(…)]`: join the two, with a comma between"),
        ];
        for (tokens, expected) in table {
            assert_eq!(read(tokens).2, [expected]);
        }
    }
}
