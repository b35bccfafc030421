//! A struct that is read from a section of the settings.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, Item, ItemStruct, LitStr};

use super::tokens::{at, location, optional_text, private, registered};
use crate::attr::{Framework, Options, Written};
use crate::errors::Errors;

/// Expands `#[config("section")]`.
pub(super) fn on_item(mut written: Written, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let framework = Framework::take(std::slice::from_mut(&mut written), &mut errors);
    let span = written.span;
    let mut options = Options::parse(written.tokens, &mut errors);
    let section = section(&options.texts, span, &mut errors);
    let app = options.take_text("app", &mut errors);
    options.finish("config", &mut errors);
    let generated = match syn::parse2(item.clone()) {
        Ok(Item::Struct(structure)) => {
            check(&structure, &mut errors);
            section.map(|section| submit(&structure, &section, app.as_ref(), &framework))
        }
        Ok(other) => {
            let place = match &other {
                Item::Enum(item) => item.enum_token.span,
                Item::Union(item) => item.union_token.span,
                other => other.span(),
            };
            errors.at(place, "`#[config]` goes on a struct, whose fields are the settings of its section");
            None
        }
        Err(error) => {
            errors.add(error);
            None
        }
    };
    let is_good = errors.is_empty();
    let errors = errors.finish();
    let generated = generated.filter(|_| is_good);
    quote!(#item #errors #generated)
}

fn section(texts: &[LitStr], span: Span, errors: &mut Errors) -> Option<LitStr> {
    let [section] = texts else {
        match texts.get(1) {
            None => errors.at(span, "which section is it? Write its name: `#[config(\"shop\")]`"),
            Some(second) => errors.under(second, "a struct is read from one section: keep one name"),
        }
        return None;
    };
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
    };
    if !section.value().split('.').all(is_part) || section.value().contains("__") {
        errors.under(
            section,
            "a section's name is made of lower-case letters, digits and single `_`, and dots between those of sections in \
             sections, like \"shop.cart\"",
        );
    }
    Some(section.clone())
}

fn check(structure: &ItemStruct, errors: &mut Errors) {
    if !structure.generics.params.is_empty() {
        errors.under(
            &structure.generics,
            "a section is read into one type, which owns what it holds: leave generics and lifetimes out",
        );
    }
    if !matches!(structure.fields, Fields::Named(_)) {
        errors.under(
            &structure.ident,
            "a section is a table of names and values: give the struct fields with names",
        );
    }
}

fn submit(
    structure: &ItemStruct,
    section: &LitStr,
    app: Option<&LitStr>,
    framework: &Framework,
) -> TokenStream {
    let (p, name) = (private(), &structure.ident);
    let (app, place) = (optional_text(app), location(&name.to_string(), name.span()));
    let under = at(name.span());
    let read = quote_spanned!(under=> __vernal::read_config::<#name>);
    let cfgs: Vec<_> = structure.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect();
    let generated = quote! {
        #p::inventory::submit! {
            #p::ConfigStruct {
                section: #section,
                app: #app,
                state: #p::StateNeed::of::<#name>(),
                read: #read,
                at: #place,
            }
        }
    };
    registered(&cfgs, framework, &generated)
}
