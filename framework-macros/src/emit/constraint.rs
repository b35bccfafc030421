//! From the constraints of an argument to the calls that check it, around the call that binds it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::tokens::at;
use crate::attr::{Bounds, Constraints};

/// Wraps what binds a `ty` in its checks. `outside` makes of an expression of the user's one that stands outside his impl
/// block; `place` is what is told of the value: where it came from, and its `Arg`; `asked` how it is held against rules of its own.
pub(super) fn checked(
    bound: TokenStream,
    constraints: &Constraints,
    ty: &TokenStream,
    place: &TokenStream,
    asked: &TokenStream,
    outside: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let mut bound = bound;
    let mut check = |name: &str, ty: &TokenStream, bounds: &Option<Bounds>| {
        let Some(Bounds { low, high, span }) = bounds else { return };
        let (low, high) = (end(low.as_ref(), &outside), end(high.as_ref(), &outside));
        let name = syn::Ident::new(name, at(*span));
        let span = at(*span);
        bound = quote_spanned! {span=>
            __vernal::constraint::#name::<#ty>(#bound, #low, #high, #place)
        };
    };
    check("has_items", ty, &constraints.items);
    check("in_range", &quote!(#ty, _), &constraints.range);
    check("has_length", ty, &constraints.length);
    if let Some(pattern) = &constraints.pattern {
        let span = at(pattern.span());
        bound = quote_spanned! {span=>
            __vernal::constraint::matches::<#ty>(
                #bound,
                {
                    static __PATTERN: __vernal::constraint::Pattern =
                        __vernal::constraint::Pattern::new(#pattern);
                    &__PATTERN
                },
                #place
            )
        };
    }
    if let Some(place_of_word) = constraints.valid {
        let span = at(place_of_word);
        bound = quote_spanned! {span=>
            __vernal::rules::valid::<#ty, _>(#asked, #bound, #place)
        };
    }
    bound
}

/// How a `ty` is held against its rules; nothing if it is not.
pub(super) fn rules(constraints: &Constraints, ty: &TokenStream) -> Option<TokenStream> {
    let span = at(constraints.valid?);
    Some(quote_spanned! {span=>
        {
            #[allow(unused_imports)]
            use __vernal::rules::asking::*;
            (&&&__vernal::rules::Rules::<#ty>::new()).kind()
        }
    })
}

/// A function that tells a schema of them.
#[cfg(feature = "openapi")]
pub(super) fn described(
    constraints: &Constraints,
    ty: &TokenStream,
    outside: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let all = [
        ("range", quote!(::<#ty, _>), &constraints.range),
        ("length", TokenStream::new(), &constraints.length),
        ("items", TokenStream::new(), &constraints.items),
    ];
    let bounds = all.into_iter().filter_map(|(name, of, bounds)| {
        let Bounds { low, high, span } = bounds.as_ref()?;
        let name = syn::Ident::new(name, at(*span));
        let (low, high) = (end(low.as_ref(), &outside), end(high.as_ref(), &outside));
        Some(quote!(__constraints.#name #of(#low, #high);))
    });
    let pattern = constraints.pattern.iter().map(|pattern| quote!(__constraints.pattern(#pattern);));
    let told: TokenStream = bounds.chain(pattern).collect();
    if told.is_empty() { quote!(|_| {}) } else { quote!(|__constraints| { #told }) }
}

/// One end of a range.
fn end(end: Option<&Expr>, outside: impl Fn(TokenStream) -> TokenStream) -> TokenStream {
    match end {
        Some(end) => {
            let end = outside(end.to_token_stream());
            quote!(::core::option::Option::Some(#end))
        }
        None => quote!(::core::option::Option::None),
    }
}
