//! `crate = my_facade::vernal`: where generated code finds the framework. It is one for an item, whichever of the
//! attributes stacked on it says so; without it the framework has the name that Cargo's manifest gives it.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Path, PathArguments};

use super::Written;
use crate::errors::Errors;
use crate::manifest;

/// The path of the framework, as generated code writes it.
pub(crate) struct Framework(TokenStream);

impl Framework {
    /// Takes `crate = …` out of the attributes of one item, so that what reads them need not know of it.
    pub(crate) fn take(written: &mut [Written], errors: &mut Errors) -> Framework {
        let mut given: Option<String> = None;
        let mut path = None;
        // Those under a condition last, for they may only repeat what the others say.
        let (always, conditional): (Vec<_>, Vec<_>) =
            written.iter_mut().partition(|written| written.condition.is_none());
        for written in always {
            let Some((place, read)) = take(written, errors) else { continue };
            if given.is_some() {
                errors.at(place, "`crate` is one for all attributes of an item: keep one of them");
                continue;
            }
            given = Some(shown(read.as_ref()));
            path = read;
        }
        for written in conditional {
            let Some((place, read)) = take(written, errors) else { continue };
            if given.as_ref() != Some(&shown(read.as_ref())) {
                errors.at(
                    place,
                    "`crate` is one for all attributes of an item: say the same in one that depends on no `cfg_attr`",
                );
            }
        }
        Framework(path.map_or_else(by_manifest, ToTokens::into_token_stream))
    }

    /// Refuses `crate = …` on a method, whose block says it.
    pub(crate) fn refuse(written: &mut [Written], errors: &mut Errors) {
        for written in written {
            let name = written.name.clone();
            if let Some((place, _)) = take(written, errors) {
                errors.at(
                    place,
                    format!("`crate` goes on the impl block, once for all its methods: take it out of this `{name}`"),
                );
            }
        }
    }

    /// What a macro of the framework's own passes on, as `{ $crate }`, before its arguments.
    pub(crate) fn passed(arguments: TokenStream) -> (Framework, TokenStream) {
        let mut arguments = arguments.into_iter();
        match arguments.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                (Framework(group.stream()), arguments.collect())
            }
            first => (Framework(by_manifest()), first.into_iter().chain(arguments).collect()),
        }
    }

    /// The path of what only generated code uses, and its place: the last name, under which it is told that the framework is
    /// not there.
    pub(crate) fn door(&self) -> (Span, TokenStream) {
        let place = self.0.clone().into_iter().last().map_or_else(Span::call_site, |name| name.span());
        let name = Ident::new("__private", place);
        (place, quote!(#self::#name))
    }
}

impl ToTokens for Framework {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.clone());
    }
}

fn by_manifest() -> TokenStream {
    let name = manifest::name_of_framework();
    quote!(::#name)
}

fn shown(path: Option<&Path>) -> String {
    path.map(|path| path.to_token_stream().to_string()).unwrap_or_default()
}

/// Takes the option out of one attribute: where it stands, and its path if that is one. Others are read later.
fn take(written: &mut Written, errors: &mut Errors) -> Option<(Span, Option<Path>)> {
    let mut kept: Vec<Vec<TokenTree>> = Vec::new();
    let mut found: Option<(Span, Option<Path>)> = None;
    for argument in arguments(written.tokens.clone()) {
        let Some(key) = key(&argument) else {
            kept.push(argument);
            continue;
        };
        if found.is_some() {
            errors.at(key, "`crate` is given twice: keep one of them");
            continue;
        }
        found = Some((key, read(key, &argument[1..], errors)));
    }
    if found.is_some() {
        let kept = kept.into_iter().map(TokenStream::from_iter);
        written.tokens = quote!(#(#kept),*);
    }
    found
}

/// What stands between commas. A comma inside `<…>` parts an argument too, which does no harm: each part is kept.
fn arguments(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut arguments = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => arguments.push(Vec::new()),
            _ => arguments.last_mut().expect("there is one from the start").push(token),
        }
    }
    arguments
}

/// Where `crate` stands as an option, which it is not at the start of a path.
fn key(argument: &[TokenTree]) -> Option<Span> {
    match argument {
        [TokenTree::Ident(word), rest @ ..] if word == "crate" => match rest {
            [TokenTree::Punct(next), ..] if next.as_char() == ':' => None,
            _ => Some(word.span()),
        },
        _ => None,
    }
}

/// The path after `crate`.
fn read(key: Span, rest: &[TokenTree], errors: &mut Errors) -> Option<Path> {
    match rest {
        [] => errors.at(key, format!("`crate` wants a value: write `crate = {EXAMPLE}`")),
        [TokenTree::Punct(sign), value @ ..] if sign.as_char() == '=' => {
            let value = TokenStream::from_iter(value.iter().cloned());
            if let Some(path) = path(value.clone()) {
                return Some(path);
            }
            match syn::parse2::<syn::LitStr>(value.clone()) {
                Ok(text) if syn::parse_str::<Path>(&text.value()).is_ok() => {
                    errors.under(
                        &text,
                        format!("write the path itself, without quotes: `crate = {}`", text.value()),
                    );
                }
                _ if value.is_empty() => {
                    errors.at(sign.span(), format!("`crate` wants a value: write `crate = {EXAMPLE}`"));
                }
                _ => errors.under(
                    value,
                    format!("this must be where the framework is found, as in `crate = {EXAMPLE}`"),
                ),
            }
        }
        _ => errors.under(
            TokenStream::from_iter(rest.iter().cloned()),
            format!("write `crate = …`, as in `crate = {EXAMPLE}`"),
        ),
    }
    None
}

/// A path of names alone.
fn path(tokens: TokenStream) -> Option<Path> {
    let path: Path = syn::parse2(tokens).ok()?;
    path.segments.iter().all(|segment| matches!(segment.arguments, PathArguments::None)).then_some(path)
}

const EXAMPLE: &str = "my_facade::vernal";

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(attributes: &[(TokenStream, bool)]) -> (String, Vec<String>, Vec<String>) {
        let mut errors = Errors::new();
        let mut written: Vec<Written> = attributes
            .iter()
            .map(|(tokens, is_conditional)| Written {
                condition: is_conditional.then(|| quote!(unix)),
                ..Written::expanding("request_map", tokens.clone())
            })
            .collect();
        let Framework(path) = Framework::take(&mut written, &mut errors);
        let left = written.iter().map(|written| written.tokens.to_string()).collect();
        (path.to_string().replace(' ', ""), left, errors.texts())
    }

    #[test]
    fn the_path_is_taken_wherever_it_stands() {
        let table = [
            (quote!("/a"), "::vernal", "\"/a\""),
            (quote!(), "::vernal", ""),
            (quote!("/a", crate = facade::vernal), "facade::vernal", "\"/a\""),
            (quote!(crate = ::facade::web, "/a", order = 1), "::facade::web", "\"/a\" , order = 1"),
            (quote!("/a", crate = crate::web,), "crate::web", "\"/a\" ,"),
            (
                quote!("/a", limits = f::<A, crate::B>(), crate = web),
                "web",
                "\"/a\" , limits = f :: < A , crate :: B > ()",
            ),
            (quote!("/a", limits = g::<crate::B>()), "::vernal", "\"/a\" , limits = g :: < crate :: B > ()"),
        ];
        for (tokens, path, left) in table {
            let shown = tokens.to_string();
            assert_eq!(
                taken(&[(tokens, false)]),
                (path.to_owned(), vec![left.to_owned()], vec![]),
                "{shown}"
            );
        }
        let (path, _, errors) =
            taken(&[(quote!("/a", crate = web), true), (quote!("/b"), false), (quote!(crate = web), false)]);
        assert_eq!((&*path, errors), ("web", vec![]));
    }

    #[test]
    fn mistakes_are_told() {
        let table: [(&[(TokenStream, bool)], &str); 10] = [
            (&[(quote!(crate = "a::b"), false)], "write the path itself, without quotes: `crate = a::b`"),
            (
                &[(quote!(crate = "my-facade"), false)],
                "this must be where the framework is found, as in `crate = my_facade::vernal`",
            ),
            (
                &[(quote!(crate = a::<b>), false)],
                "this must be where the framework is found, as in `crate = my_facade::vernal`",
            ),
            (&[(quote!(crate), false)], "`crate` wants a value: write `crate = my_facade::vernal`"),
            (&[(quote!(crate =), false)], "`crate` wants a value: write `crate = my_facade::vernal`"),
            (&[(quote!(crate(a)), false)], "write `crate = …`, as in `crate = my_facade::vernal`"),
            (&[(quote!(crate = a, crate = a), false)], "`crate` is given twice: keep one of them"),
            (
                &[(quote!(crate = a), false), (quote!(crate = a), false)],
                "`crate` is one for all attributes of an item: keep one of them",
            ),
            (
                &[(quote!(), false), (quote!(crate = a), true)],
                "`crate` is one for all attributes of an item: say the same in one that depends on no `cfg_attr`",
            ),
            (
                &[(quote!(crate = b), false), (quote!(crate = a), true)],
                "`crate` is one for all attributes of an item: say the same in one that depends on no `cfg_attr`",
            ),
        ];
        for (attributes, expected) in table {
            assert_eq!(taken(attributes).2, [expected]);
        }
    }
}
