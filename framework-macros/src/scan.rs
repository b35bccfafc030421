//! `scan!(crate_a, crate_b)`: names crates, so that the linker keeps what they register.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

use crate::errors::Errors;

/// Expands to a `use …` for every crate.
pub(crate) fn crates(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let mut names = Vec::new();
    let parser = |input: ParseStream<'_>| {
        if input.is_empty() {
            return Err(syn::Error::new(
                Span::call_site(),
                "name the crates whose routes are to be served: `vernal::scan!(my_controllers);`",
            ));
        }
        while !input.is_empty() {
            if let Some(folder) = input.parse::<Option<LitStr>>()? {
                errors.under(
                    &folder,
                    "`scan!` takes crates, not folders: for files of this crate write `mod` lines, like `mod controllers;`",
                );
            } else {
                names.push(input.call(Ident::parse_any)?);
                if input.peek(Token![-]) {
                    return Err(input.error("in Rust code the crate `my-crate` is called `my_crate`"));
                }
                if input.peek(Token![::]) {
                    return Err(input.error("name the crate alone: all its modules are linked with it"));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(input) {
        errors.add(error);
    }
    if !errors.is_empty() {
        return errors.finish();
    }
    let used = names.iter().map(|name| {
        quote_spanned! {name.span()=>
            #[allow(unused_imports)]
            use ::#name as _;
        }
    });
    let used = used.collect();
    errors.finish();
    used
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn crates_are_used() {
        let used = crates(quote!(a, b_c,)).to_string();
        assert_eq!(
            used,
            quote!(
                #[allow(unused_imports)]
                use ::a as _;
                #[allow(unused_imports)]
                use ::b_c as _;
            )
            .to_string()
        );
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            (quote!(), "name the crates"),
            (quote!("src/controllers"), "write `mod` lines"),
            (quote!(my - crate), "`my_crate`"),
            (quote!(a::b), "the crate alone"),
        ];
        for (source, part) in table {
            let error = crates(source).to_string();
            assert!(error.contains("compile_error") && error.contains(part), "{error}");
        }
    }
}
