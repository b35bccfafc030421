//! What all generated code is made with: its one door, its spans, its frame.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, LitStr};

use crate::attr::{Framework, Mentions};
use crate::check::Regexp;
use crate::errors::Errors;
use crate::handler::HandlerFn;

/// The only door of the framework for generated code, by the name that [`registered`] gives it.
pub(super) fn private() -> Ident {
    Ident::new("__vernal", Span::mixed_site())
}

/// A span that shows errors at `place`, but belongs to the expansion, so that lints know who wrote the code.
pub(super) fn at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// A local variable that the user's expressions cannot see.
pub(super) fn local(name: &str, place: Span) -> Ident {
    Ident::new(name, at(place))
}

/// Everything generated stands in here, under the user's conditions.
pub(super) fn registered(cfgs: &[Attribute], framework: &Framework, inside: &TokenStream) -> TokenStream {
    let (place, door) = framework.door();
    let private = Ident::new(&private().to_string(), place);
    const_block(cfgs, &quote!(#[allow(unused_imports)] use #door as #private; #inside))
}

/// Items that nobody names, under conditions.
pub(super) fn const_block(cfgs: &[Attribute], inside: &TokenStream) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[allow(deprecated, non_local_definitions)]
        const _: () = { #inside };
    }
}

/// Where an item stands, which is the line of its name: `place` is a span of the user's own, since inside an expansion
/// `line!()` is the attribute's line, the same for all methods of a block.
pub(super) fn location(name: &str, place: Span) -> TokenStream {
    let p = private();
    let (line, column) = (quote_spanned!(place=> ::core::line!()), quote_spanned!(place=> ::core::column!()));
    quote! {
        #p::Location {
            file: ::core::file!(),
            line: #line,
            column: #column,
            module: ::core::module_path!(),
            name: #name,
        }
    }
}

pub(super) fn optional_text(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

/// `Option<Expression>`
pub(super) fn optional_expression(regexp: Option<&Regexp>) -> TokenStream {
    match regexp {
        Some(Regexp { text, .. }) => {
            let p = private();
            quote!(::core::option::Option::Some(#p::Expression::new(#text)))
        }
        None => quote!(::core::option::Option::None),
    }
}

/// A constant with the states among these `Option<StateNeed>`, and a reference to it.
pub(super) fn states(needed: &[TokenStream]) -> (TokenStream, TokenStream) {
    if needed.is_empty() {
        return (TokenStream::new(), quote!(&[]));
    }
    let (p, count) = (private(), needed.len());
    let constant = quote! {
        const __NEEDED: [::core::option::Option<#p::StateNeed>; #count] = [#(#needed),*];
        const __STATES: [#p::StateNeed; #p::count_states(&__NEEDED)] = #p::collect_states(&__NEEDED);
    };
    (constant, quote!(&__STATES))
}

/// A check made while compiling, shown at `place`.
pub(super) fn check(place: Span, call: TokenStream) -> TokenStream {
    let place = at(place);
    quote_spanned!(place=> const _: () = __vernal::#call;)
}

/// The whole expansion: the item, and either what was generated or what is wrong.
pub(super) fn finished(
    errors: Errors,
    mentions: Mentions,
    item: impl FnOnce(bool) -> TokenStream,
    generated: TokenStream,
) -> TokenStream {
    let with_errors = !errors.is_empty();
    let (item, mentions, errors) = (item(with_errors), mentions.items, errors.finish());
    if with_errors { quote!(#item #mentions #errors) } else { quote!(#item #mentions #generated) }
}

/// The item of a function with or without errors.
pub(super) fn reemit(function: &HandlerFn) -> impl FnOnce(bool) -> TokenStream + '_ {
    |with_errors| if with_errors { function.reemitted_unused() } else { function.reemitted() }
}
