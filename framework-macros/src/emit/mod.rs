//! From values to tokens. What the user wrote comes back untouched; beside it stands one `const _` that registers
//! it. Generated code is thin: anything longer than a call is a function in `vernal::__private`,
//! which it calls `__vernal`.

mod adapter;
mod controller;
mod error_page;
mod filter;
mod instance;
mod model;
mod route;
mod verb;
mod websocket;

pub(crate) use self::verb::verb;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, LitStr, Token};

use crate::attr::{Framework, Mentions, Written, is_mention};
use crate::block::Block;
use crate::errors::Errors;
use crate::handler::HandlerFn;

/// Expands `#[name(arguments)] item`.
pub(crate) fn attribute(name: &'static str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if is_mention(&arguments) {
        return TokenStream::new();
    }
    let written = Written::expanding(name, arguments);
    match parse_item(item.clone()) {
        Ok(Item::Function(function)) => match name {
            "request_map" | "route" => route::function(written, *function),
            "request_filter" => filter::function(written, *function),
            "error_message" => error_page::function(written, *function),
            "model_binding" => model::binding(written, *function),
            "default_model_binding" => model::default_binding(written, *function),
            "websocket_handler" => websocket::stream(written, *function),
            "websocket_handshake" | "websocket_open" | "websocket_message" | "websocket_close" => {
                websocket::event(written, *function)
            }
            _ => refuse(
                item,
                Span::call_site(),
                &format!("`#[{name}]` goes on an impl block: write it above `impl … {{ … }}`"),
            ),
        },
        Ok(Item::Block(block)) => match name {
            "request_map" | "route" | "controller" | "endpoint" => controller::block(written, *block),
            "websocket_handler" => websocket::block(written, *block),
            _ => refuse(
                item,
                Span::call_site(),
                &format!("`#[{name}]` goes on a function: write it above `fn …`"),
            ),
        },
        Ok(Item::Other(span)) => {
            let places = match name {
                "request_map" | "route" | "websocket_handler" => "a function or an impl block",
                "controller" | "endpoint" => "an impl block",
                _ => "a function",
            };
            refuse(item, span, &format!("`#[{name}]` goes on {places}"))
        }
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#item #error)
        }
    }
}

enum Item {
    Function(Box<HandlerFn>),
    Block(Box<Block>),
    Other(Span),
}

fn parse_item(item: TokenStream) -> syn::Result<Item> {
    let parser = |input: ParseStream<'_>| {
        if HandlerFn::is_next(input) {
            return Ok(Item::Function(Box::new(input.parse()?)));
        }
        let ahead = input.fork();
        let _ = ahead.call(Attribute::parse_outer)?;
        let _ = ahead.parse::<Option<Token![unsafe]>>();
        if ahead.peek(Token![impl]) {
            return Ok(Item::Block(Box::new(input.parse()?)));
        }
        let _ = ahead.parse::<syn::Visibility>();
        let span = ahead.span();
        input.parse::<TokenStream>()?;
        Ok(Item::Other(span))
    };
    parser.parse2(item)
}

fn refuse(item: TokenStream, span: Span, text: &str) -> TokenStream {
    let error = syn::Error::new(span, text).to_compile_error();
    quote!(#item #error)
}

/// The only door of the framework for generated code, by the name that [`registered`] gives it.
fn private() -> Ident {
    Ident::new("__vernal", Span::mixed_site())
}

/// A span that shows errors at `place`, but belongs to the expansion, so that lints know who wrote the code.
fn at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// A local variable that the user's expressions cannot see.
fn local(name: &str, place: Span) -> Ident {
    Ident::new(name, at(place))
}

/// Everything generated stands in here, under the user's conditions.
fn registered(cfgs: &[Attribute], framework: &Framework, inside: &TokenStream) -> TokenStream {
    let (place, door) = framework.door();
    let private = Ident::new(&private().to_string(), place);
    const_block(cfgs, &quote!(#[allow(unused_imports)] use #door as #private; #inside))
}

/// Items that nobody names, under conditions.
fn const_block(cfgs: &[Attribute], inside: &TokenStream) -> TokenStream {
    quote! {
        #(#cfgs)*
        #[allow(deprecated, non_local_definitions)]
        const _: () = { #inside };
    }
}

/// Where an item stands, which is the line of its name: `place` is a span of the user's own, since inside an expansion
/// `line!()` is the attribute's line, the same for all methods of a block.
fn location(name: &str, place: Span) -> TokenStream {
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

fn optional_text(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

/// A constant with the states among these `Option<StateNeed>`, and a reference to it.
fn states(needed: &[TokenStream]) -> (TokenStream, TokenStream) {
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
fn check(place: Span, call: TokenStream) -> TokenStream {
    let place = at(place);
    quote_spanned!(place=> const _: () = __vernal::#call;)
}

/// The whole expansion: the item, and either what was generated or what is wrong.
fn finished(
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
fn reemit(function: &HandlerFn) -> impl FnOnce(bool) -> TokenStream + '_ {
    |with_errors| if with_errors { function.reemitted_unused() } else { function.reemitted() }
}
