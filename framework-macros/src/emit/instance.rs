//! The object behind an impl block: how it is made, and where a shared one is kept.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, PathArguments, Type};

use super::tokens::{at, local, location, optional_text, private};
use crate::attr::{Instance, New};
use crate::lifetimes::{SELF_ALIAS, erased};

/// Writes out `Self` in what makes the object, for it is called from outside the impl block.
pub(super) fn name_self(instance: &mut Instance, self_ty: &Type) {
    if let New::Function(expression) | New::Value(expression) = &mut instance.new {
        let whole = value_named(expression.to_token_stream(), self_ty);
        *expression = Expr::Verbatim(erased(whole, &[]));
    }
}

/// An alias of a type is no value of it: `Self` alone and `Self(…)` are called as the type is.
fn value_named(tokens: TokenStream, self_ty: &Type) -> TokenStream {
    let mut named = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), value_named(group.stream(), self_ty));
                inner.set_span(group.span());
                named.extend([TokenTree::Group(inner)]);
            }
            TokenTree::Ident(ident) if ident == "Self" => {
                let is_value = match tokens.peek() {
                    None => true,
                    Some(TokenTree::Group(next)) => next.delimiter() == Delimiter::Parenthesis,
                    Some(_) => false,
                };
                match self_ty {
                    Type::Path(path) if is_value => {
                        let mut path = path.path.clone();
                        if let Some(last) = path.segments.last_mut() {
                            last.arguments = PathArguments::None;
                        }
                        named.extend(path.into_token_stream());
                    }
                    _ => named.extend([TokenTree::Ident(ident)]),
                }
            }
            other => named.extend([other]),
        }
    }
    named
}

/// An expression that makes the object; it may end with an error by `?`.
pub(super) fn make(instance: &Instance, context: &TokenStream) -> TokenStream {
    let alias = Ident::new(SELF_ALIAS, Span::call_site());
    match &instance.new {
        New::Default => quote!(__vernal::default_instance::<#alias>()),
        New::Function(function) => {
            let place = at(function.span());
            quote_spanned!(place=> __vernal::construct::<#alias, _, _>(#function, #context)?)
        }
        New::Value(value) => {
            let place = at(value.span());
            quote_spanned!(place=> ::core::convert::identity::<#alias>(#value))
        }
    }
}

/// The place of a shared object, and its registration.
pub(super) fn submit(instance: &Instance, type_name: &str, self_span: Span) -> TokenStream {
    let p = private();
    let alias = Ident::new(SELF_ALIAS, self_span);
    let context = local("__context", Span::call_site());
    let make = make(instance, &context.to_token_stream());
    let app = optional_text(instance.app.as_ref());
    let place = location(type_name, self_span);
    let shared = format_ident!("shared_instance", span = at(self_span));
    quote! {
        static __INSTANCE: #p::Instance = #p::Instance::new();
        #p::inventory::submit! {
            #p::Controller {
                instance: &__INSTANCE,
                build: |#context| {
                    let _ = #context;
                    #p::#shared::<#alias>(#make)
                },
                app: #app,
                at: #place,
            }
        }
    }
}
