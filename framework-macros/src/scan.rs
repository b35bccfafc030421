//! `scan!(crate_a, crate_b)` names crates, so that the linker keeps what they register; `scan!("src/controllers")` names
//! the files of a folder, so that they are compiled.

mod folder;
mod pattern;

use std::path::PathBuf;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

use self::folder::Folder;
use crate::attr::Framework;
use crate::errors::Errors;

/// Expands to a `use …` for every crate, or to the modules of a folder.
pub(crate) fn scan(input: TokenStream) -> TokenStream {
    let (framework, input) = Framework::passed(input);
    let mut errors = Errors::new();
    let mut texts = Vec::new();
    let mut names = Vec::new();
    let parser = |input: ParseStream<'_>| {
        if input.is_empty() {
            return Err(syn::Error::new(
                Span::call_site(),
                "say what is to be served: the crates, `vernal::scan!(my_controllers);`, or a folder of this crate, \
                 `vernal::scan!(\"src/controllers\");`",
            ));
        }
        while !input.is_empty() {
            if let Some(text) = input.parse::<Option<LitStr>>()? {
                texts.push(text);
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
    if !texts.is_empty() && !names.is_empty() {
        errors.under(&names[0], "a folder or crates, not both: write a `scan!` for each");
    }
    if let Some(more) = texts.get(2) {
        errors.under(more, "one folder and one pattern of its files: write a `scan!` for each folder");
    }
    if !errors.is_empty() {
        return errors.finish();
    }
    let tokens = match &texts[..] {
        [] => crates(&names),
        [folder, pattern @ ..] => {
            // Cargo sets it; without Cargo paths are relative to the compiler's folder.
            let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
            Folder::read(&root, folder, pattern.first(), &mut errors).map(|folder| folder.tokens(&framework))
        }
        .unwrap_or_default(),
    };
    let mut all = errors.finish();
    all.extend(tokens);
    all
}

fn crates(names: &[Ident]) -> TokenStream {
    let used = names.iter().map(|name| {
        quote_spanned! {name.span()=>
            #[allow(unused_imports)]
            use ::#name as _;
        }
    });
    used.collect()
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn crates_are_used() {
        let used = scan(quote!(a, b_c,)).to_string();
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
            (quote!(), "say what is to be served"),
            (quote!(my - crate), "`my_crate`"),
            (quote!(a::b), "the crate alone"),
            (quote!("src/controllers", a), "a folder or crates, not both"),
            (quote!("src/a", "*.rs", "src/b"), "write a `scan!` for each folder"),
            (quote!("src/no_such_folder"), "there is no folder `src/no_such_folder` beside Cargo.toml"),
        ];
        for (source, part) in table {
            let error = scan(source).to_string();
            assert!(error.contains("compile_error") && error.contains(part), "{error}");
        }
    }
}
