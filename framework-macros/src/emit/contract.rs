//! What the description of the API is made of, beside each registration: docs, arguments, answers. Types describe themselves, so
//! here are only questions to them; nobody asks before the document is wanted.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ReturnType, Stmt};

use super::adapter::{Adapter, Callee};
use super::constraint::described;
use super::conversation;
use super::tokens::{at, optional_text, private};
use crate::attr::{self, Mapping, RequestFilter, Response, Scheme, Security, What};
use crate::handler::{Argument, HandlerFn, SelfBy};
use crate::lifetimes::erased;

/// The impl block that a method stands in.
pub(super) struct Owner<'b> {
    pub(super) name: &'b str,
    pub(super) docs: &'b str,
}

/// What all operations of a function share: `__ARGUMENTS`, `__answers` and `__schemas`.
pub(super) fn function(adapter: &Adapter<'_>) -> TokenStream {
    let p = private();
    let arguments = arguments(adapter);
    let answered = answered(adapter.function, &adapter.callee, adapter.arguments);
    quote! {
        const __ARGUMENTS: &[#p::DescribedArgument] = &[#(#arguments),*];
        #answered
    }
}

/// An error page: what it answers.
pub(super) fn page(function: &HandlerFn, arguments: &[Argument], at: &TokenStream) -> TokenStream {
    let p = private();
    let answered = answered(function, &Callee::Function, arguments);
    quote! {
        #answered
        #p::inventory::submit! {
            #p::DescribedPage { at: #at, answers: __answers, schemas: __schemas }
        }
    }
}

/// `__answers` and `__schemas`, of what a function returns.
fn answered(function: &HandlerFn, callee: &Callee, arguments: &[Argument]) -> TokenStream {
    let p = private();
    let probe = returned(function, callee, arguments);
    quote! {
        #[allow(unused_imports)]
        use #p::describing::*;
        fn __answers(__answers: &mut #p::Answers) {
            let __probe = #probe;
            (&&&&__probe).describe(__answers)
        }
        fn __schemas(__found: &mut #p::Found) {
            let __probe = #probe;
            #p::probe_answer!(__probe, __found)
        }
    }
}

/// The operation of one mapping; nothing if it is hidden.
pub(super) fn operation(
    adapter: &Adapter<'_>,
    mapping: &Mapping,
    owner: Option<&Owner<'_>>,
    (mapping_value, at): (&TokenStream, &TokenStream),
) -> TokenStream {
    let contract = &mapping.contract;
    if contract.is_hidden {
        return TokenStream::new();
    }
    let p = private();
    let docs = attr::docs(&adapter.function.attrs);
    let is_deprecated = adapter.function.attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
    let owner = self::owner(owner);
    let status = match adapter.status {
        Some(status) => quote!(::core::option::Option::Some(#status)),
        None => quote!(::core::option::Option::None),
    };
    let invalid = match adapter.invalid {
        Some(status) => quote!(::core::option::Option::Some(#status)),
        None => quote!(::core::option::Option::None),
    };
    let tag = optional_text(contract.tag.as_ref());
    let responses = responses(&contract.responses, |ty| adapter.outside(ty));
    let said = conversation::described(&contract.conversation, |ty| adapter.outside(ty));
    quote! {
        #p::inventory::submit! {
            #p::Operation {
                mapping: #mapping_value,
                at: #at,
                docs: #docs,
                is_deprecated: #is_deprecated,
                owner: #owner,
                arguments: __ARGUMENTS,
                answers: __answers,
                schemas: __schemas,
                status: #status,
                invalid: #invalid,
                responses: #responses,
                #said,
                tag: #tag,
            }
        }
    }
}

/// `&[DescribedResponse { … }, …]`
fn responses(all: &[Response], outside: impl Fn(TokenStream) -> TokenStream) -> TokenStream {
    let p = private();
    let all = all.iter().map(|Response { status, what }| match what {
        What::Meaning(meaning) => quote! {
            #p::DescribedResponse { status: #status, what: #p::DescribedAs::Meaning(#meaning) }
        },
        What::Type(ty) => {
            let ty = outside(ty.to_token_stream());
            quote! {
                #p::DescribedResponse {
                    status: #status,
                    what: #p::DescribedAs::Type(
                        |__answers| (&&&&#p::Alone::<#ty>::new()).describe(__answers),
                        |__found| #p::probe_answer!(#p::Alone::<#ty>::new(), __found),
                    ),
                }
            }
        }
    });
    quote!(&[#(#all),*])
}

/// What a filter asks of requests, and may answer by itself; nothing if it does not say.
pub(super) fn filter(filter: &RequestFilter, which: &TokenStream) -> TokenStream {
    if filter.responses.is_empty() && filter.security.is_none() {
        return TokenStream::new();
    }
    let p = private();
    let responses = responses(&filter.responses, |ty| ty);
    let guards = security(filter.security.as_ref());
    quote! {
        const _: () = {
            #[allow(unused_imports)]
            use #p::describing::*;
            #p::inventory::submit! {
                #p::DescribedFilter { #which, responses: #responses, guards: #guards }
            }
        };
    }
}

/// `|guards| …`
fn security(said: Option<&Security>) -> TokenStream {
    let Some(Security { scheme, is_optional }) = said else { return quote!(|_| {}) };
    let says = match scheme {
        Scheme::Session => quote!(session()),
        Scheme::Basic => quote!(basic(false)),
        Scheme::Bearer => quote!(bearer(false)),
        Scheme::Header(name) => quote!(key_in_header(#name)),
        Scheme::Cookie(name) => quote!(key_in_cookie(#name)),
    };
    if *is_optional {
        return quote!(|__guards| __guards.optional(|__guards| __guards.#says));
    }
    quote!(|__guards| __guards.#says)
}

/// `Option<Owner>`
pub(super) fn owner(owner: Option<&Owner<'_>>) -> TokenStream {
    let p = private();
    match owner {
        Some(Owner { name, docs }) => {
            quote!(::core::option::Option::Some(#p::DescribedOwner { name: #name, docs: #docs }))
        }
        None => quote!(::core::option::Option::None),
    }
}

/// `DescribedArgument { … }` for each that is bound.
pub(super) fn arguments(adapter: &Adapter<'_>) -> Vec<TokenStream> {
    adapter.bound().map(|(_, argument)| self::argument(adapter, argument)).collect()
}

fn argument(adapter: &Adapter<'_>, argument: &Argument) -> TokenStream {
    let (p, place) = (private(), at(argument.ty_span));
    let Argument { name, ty, docs, options, .. } = argument;
    let is_renamed = options.name.is_some();
    let group = options.group.map_or(1, |(group, _)| group);
    let has_default = options.default.is_some();
    let default = match &options.default {
        Some(default) if default.as_ref().is_none_or(is_constant) => {
            let call = adapter.default_call(place, default.as_ref());
            quote_spanned! {place=> ::core::option::Option::Some(|| {
                let __default: #ty = (&&__vernal::DefaultOf::<#ty>::new()).kind().#call;
                (&&&__vernal::DefaultValue(&__default)).json()
            }) }
        }
        _ => quote!(::core::option::Option::None),
    };
    let constrain = described(&options.constraints, ty, |written| adapter.outside(written));
    let kind = adapter.source.kind(place, quote_spanned!(place=> __vernal::Bind::<#ty>::new()));
    quote_spanned! {place=>
        #p::DescribedArgument {
            name: #name,
            is_renamed: #is_renamed,
            group: #group,
            docs: #docs,
            has_default: #has_default,
            default: #default,
            constrain: #constrain,
            describe: |__inputs| #kind.describe::<#ty>(__inputs),
            schemas: |__found| __vernal::probe_argument!(#ty, __found),
        }
    }
}

/// Whether an expression has the same value whenever it is looked at, as far as that can be seen.
fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Unary(unary) => is_constant(&unary.expr),
        Expr::Binary(binary) => is_constant(&binary.left) && is_constant(&binary.right),
        Expr::Paren(inner) => is_constant(&inner.expr),
        Expr::Group(inner) => is_constant(&inner.expr),
        Expr::Cast(cast) => is_constant(&cast.expr),
        Expr::Reference(reference) => is_constant(&reference.expr),
        Expr::Array(array) => array.elems.iter().all(is_constant),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_constant),
        Expr::Macro(call) => call.mac.path.is_ident("vec"),
        Expr::Block(block) => {
            matches!(&block.block.stmts[..], [Stmt::Expr(value, None)] if is_constant(value))
        }
        _ => false,
    }
}

/// An `Alone` of what the function returns.
fn returned(function: &HandlerFn, callee: &Callee, arguments: &[Argument]) -> TokenStream {
    let p = private();
    let lifetimes: Vec<String> =
        function.sig.generics.lifetimes().map(|lifetime| lifetime.lifetime.ident.to_string()).collect();
    let written = match &function.sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => erased(ty.to_token_stream(), &lifetimes),
    };
    if !names_no_type(written.clone()) {
        return quote!(#p::Alone::<#written>::new());
    }
    // Only the function knows its type.
    let name = &function.sig.ident;
    let mut passed = Vec::new();
    let callee = match callee {
        Callee::Function => quote!(#name),
        Callee::Method { .. } => {
            let alias = proc_macro2::Ident::new(crate::lifetimes::SELF_ALIAS, Span::call_site());
            match function.sig.receiver().map(|_| function.self_by_syntax()) {
                Some(SelfBy::Reference) => passed.push(quote!(#p::unreached::<&#alias>())),
                Some(SelfBy::MutableReference) => passed.push(quote!(#p::unreached::<&mut #alias>())),
                Some(SelfBy::Value) => passed.push(quote!(#p::unreached::<#alias>())),
                None => {}
            }
            quote!(<#alias>::#name)
        }
    };
    passed.extend(arguments.iter().map(|argument| {
        let ty = &argument.ty;
        quote!(#p::unreached::<#ty>())
    }));
    if function.is_async() {
        return quote!(#p::probe_of_future(|| #callee(#(#passed),*)));
    }
    quote!(#p::probe_of(|| #callee(#(#passed),*)))
}

/// Whether a type cannot be written where it is not returned: it holds an `impl Trait`.
fn names_no_type(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Group(group) => names_no_type(group.stream()),
        proc_macro2::TokenTree::Ident(ident) => ident == "impl",
        _ => false,
    })
}
