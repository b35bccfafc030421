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
