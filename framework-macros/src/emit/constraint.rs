//! From the constraints of an argument to the calls that check it, around the call that binds it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::tokens::at;
use crate::attr::{Bounds, Constraints};

/// Wraps what binds a `ty` in its checks. `outside` makes of an expression of the user's one that stands outside his impl
/// block; `place` is what is told of the value: where it came from, and its `Arg`.
pub(super) fn checked(
    bound: TokenStream,
    constraints: &Constraints,
    ty: &TokenStream,
    place: &TokenStream,
    outside: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let end = |end: &Option<Expr>| match end {
        Some(end) => {
            let end = outside(end.to_token_stream());
            quote!(::core::option::Option::Some(#end))
        }
        None => quote!(::core::option::Option::None),
    };
    let mut bound = bound;
    let mut check = |name: &str, ty: &TokenStream, bounds: &Option<Bounds>| {
        let Some(Bounds { low, high, span }) = bounds else { return };
        let (low, high) = (end(low), end(high));
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
    bound
}
