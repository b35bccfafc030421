//! From values to tokens. What the user wrote comes back untouched; beside it stands one `const _` that registers
//! it. Generated code is thin: anything longer than a call is a function in `vernal::__private`,
//! which it calls `__vernal`.

mod adapter;
mod binding;
mod component;
mod config;
mod constraint;
#[cfg(feature = "openapi")]
mod contract;
mod controller;
mod conversation;
mod error_page;
mod filter;
mod instance;
mod model;
mod route;
mod tokens;
mod verb;
mod websocket;

pub(crate) use self::verb::verb;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Token};

use crate::attr::{Written, is_mention};
use crate::block::Block;
use crate::handler::HandlerFn;

/// Expands `#[name(arguments)] item`.
pub(crate) fn attribute(name: &'static str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    if is_mention(&arguments) {
        return TokenStream::new();
    }
    let written = Written::expanding(name, arguments);
    if name == "config" {
        return config::on_item(written, item);
    }
    match parse_item(item.clone()) {
        Ok(Item::Function(function)) => match name {
            "request_map" | "route" => route::function(written, *function),
            "request_filter" => filter::function(written, *function),
            "error_message" => error_page::function(written, *function),
            "model_binding" => model::binding(written, *function),
            "default_model_binding" => model::default_binding(written, *function),
            "component" => component::component(written, *function),
            "on_start" | "on_stop" => component::life_function(written, *function),
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

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// What is only for the description leaves no trace where that is off. Where it is on, each makes a difference.
    #[test]
    fn a_description_that_is_off_emits_nothing() {
        let handler = quote! {
            async fn show(id: u32, #[arg(default = 1, range = 1..=9)] page: u32, Json(order): Json<Order>) -> Result<Json<Order>, Refused> {}
        };
        let told = quote! {
            async fn show(
                #[doc = "Its number."] id: u32,
                #[doc = "Which page."] #[arg(default = 1, range = 1..=9)] page: u32,
                Json(order): Json<Order>,
            ) -> Result<Json<Order>, Refused> {}
        };
        let filter = quote!(
            async fn known(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {}
        );
        let block = quote!(impl Shop { #[request_map("/a")] fn all(&self) -> Json<u8> {} });
        let socket = quote!(impl Chat { async fn on_message(&self, said: Json<Said>) {} });
        let (plain, docs) = (quote!("/a"), quote!("/a"));
        let table = [
            (
                "request_map",
                plain.clone(),
                quote!("/a", responses(404 = "none", 409 = Json<Conflict>)),
                handler.clone(),
                handler.clone(),
            ),
            ("request_map", plain.clone(), quote!("/a", tag = "orders"), handler.clone(), handler.clone()),
            ("request_map", plain.clone(), quote!("/a", hidden), handler.clone(), handler.clone()),
            ("request_map", plain.clone(), docs, handler, told),
            (
                "request_filter",
                plain.clone(),
                quote!("/a", security(session)),
                filter.clone(),
                filter.clone(),
            ),
            ("request_filter", plain.clone(), quote!("/a", responses(401 = "who?")), filter.clone(), filter),
            ("request_map", plain.clone(), quote!("/a", tag = "shop"), block.clone(), block),
            ("websocket_handler", plain, quote!("/a", sends(Json<Said>)), socket.clone(), socket),
        ];
        let is_on = cfg!(feature = "openapi");
        for (name, less, more, item, told) in table {
            let (less, more) =
                (attribute(name, less, item).to_string(), attribute(name, more, told).to_string());
            assert!(!less.contains("compile_error") && !more.contains("compile_error"), "{name}: {more}");
            assert_eq!(less != more, is_on, "{name}\n{less}\n{more}");
            for word in ["Described", "Operation", "Channel", "__answers", "__schemas", "Inputs"] {
                assert!(is_on || !more.contains(word), "{name} has `{word}`: {more}");
            }
        }
    }
}
