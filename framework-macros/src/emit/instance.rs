//! The object behind an impl block: how it is made, and where a shared one is kept.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{at, local, location, optional_text, private};
use crate::attr::{Instance, New};
use crate::handler::SELF_ALIAS;

/// An expression that makes the object; it may end with an error by `?`.
pub(super) fn make(instance: &Instance, context: &TokenStream) -> TokenStream {
    let alias = Ident::new(SELF_ALIAS, Span::call_site());
    match &instance.new {
        New::Default => quote!(::vernal::__private::default_instance::<#alias>()),
        New::Function(function) => {
            let place = at(function.span());
            quote_spanned!(place=> ::vernal::__private::construct::<#alias, _, _>(#function, #context)?)
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
