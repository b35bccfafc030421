//! `#[websocket_handler("/chat/{room}", …)]` and the attributes of event functions, which take the same.

use proc_macro2::Span;
use syn::{Expr, LitStr};

use super::contract::take_tag;
use super::{Conversation, Expressions, Instance, Options, Written};
use crate::check::{self, Pattern, Regexp};
use crate::errors::{Errors, suggestion};

/// Which requests a WebSocket handler is for, and how its sessions are served.
pub(crate) struct WebSocketRoute {
    pub(crate) condition: Option<proc_macro2::TokenStream>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) regexp: Option<Regexp>,
    pub(crate) params: Expressions,
    pub(crate) headers: Expressions,
    pub(crate) protocol: Option<LitStr>,
    pub(crate) config: Option<Expr>,
    pub(crate) order: Option<i32>,
    pub(crate) app: Option<LitStr>,
    pub(crate) conversation: Conversation,
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
    pub(crate) tag: Option<LitStr>,
    #[cfg_attr(not(feature = "openapi"), expect(dead_code, reason = "only told there"))]
    pub(crate) is_hidden: bool,
    /// Of an impl block.
    pub(crate) instance: Instance,
    /// Where `new` or `per_session` stands, which only impl blocks may have.
    pub(crate) of_instance: Option<Span>,
    /// Which messages an event function is for; `None` is text and bytes.
    pub(crate) on: Option<On>,
}

/// What a `#[websocket_message]` function takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum On {
    Text,
    Binary,
    BinaryFrame,
    Ping,
    Pong,
}

impl WebSocketRoute {
    pub(crate) fn read(written: Written, errors: &mut Errors) -> WebSocketRoute {
        let name = written.name.clone();
        let mut options = Options::parse(written.tokens, errors);
        let patterns =
            options.texts.iter().filter_map(|text| Pattern::parse(text, &text.value(), errors)).collect();
        let regexp = options.take_text("regexp", errors);
        check::paths_or_regexp(written.span, &name, options.has_texts, regexp.as_ref(), errors);
        let params = Expressions::read(options.take_texts("params", true, errors), false, errors);
        let headers = Expressions::read(options.take_texts("headers", true, errors), true, errors);
        let protocol = options.take_text("protocol", errors).filter(|protocol| {
            let is_token = check::is_token(&protocol.value());
            if !is_token {
                errors.under(
                    protocol,
                    "a subprotocol is a token, like \"chat.v1\": no blanks, commas or quotes",
                );
            }
            is_token
        });
        let config =
            options.take_expression("config", "WebSocketConfig::new().message_size(1 << 20)", errors);
        let order = options.take_order(errors);
        let app = options.take_text("app", errors);
        let conversation = Conversation::take(&mut options, errors);
        let tag = take_tag(&mut options, errors);
        let is_hidden = options.take_word("hidden", errors).is_some();
        let (mut instance, mut of_instance) = (Instance::default(), None);
        if name == "websocket_handler" {
            (instance, of_instance) = Instance::take_of_session(&mut options, errors);
            instance.app.clone_from(&app);
        }
        let on = if name == "websocket_message" { take_on(&mut options, errors) } else { None };
        options.finish(&name, errors);
        WebSocketRoute {
            condition: written.condition,
            patterns,
            regexp: regexp.and_then(|text| Regexp::parse(&text, errors)),
            params,
            headers,
            protocol,
            config,
            order,
            app,
            conversation,
            tag,
            is_hidden,
            instance,
            of_instance,
            on,
        }
    }
}

fn take_on(options: &mut Options, errors: &mut Errors) -> Option<On> {
    let text = options.take_text("on", errors)?;
    let on = match text.value().as_str() {
        "text" => On::Text,
        "binary" => On::Binary,
        "binary_frame" => On::BinaryFrame,
        "ping" => On::Ping,
        "pong" => On::Pong,
        other => {
            let known = ["text", "binary", "binary_frame", "ping", "pong"];
            errors.under(
                &text,
                format!("there is no message `{other}`: {}", suggestion(other, &known).replace('`', "\"")),
            );
            return None;
        }
    };
    Some(on)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn read(name: &str, tokens: proc_macro2::TokenStream) -> (WebSocketRoute, Vec<String>) {
        let mut errors = Errors::new();
        let route = WebSocketRoute::read(Written::expanding(name, tokens), &mut errors);
        (route, errors.texts())
    }

    #[test]
    fn options_are_read() {
        let (route, errors) = read(
            "websocket_handler",
            quote!("/a/{x}", "/b", protocol = "chat", per_session, config = c(), params = "a=b"),
        );
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(route.patterns.len(), 2);
        assert_eq!(route.protocol.map(|text| text.value()).as_deref(), Some("chat"));
        assert!(
            route.instance.per_request.is_some() && route.config.is_some() && route.of_instance.is_some()
        );
        assert_eq!(read("websocket_message", quote!("/a", on = "ping")).0.on, Some(On::Ping));
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            (
                "websocket_handler",
                quote!(),
                "write a path, like `#[websocket_handler(\"/hello\")]`, or `regexp = \"^…$\"`",
            ),
            (
                "websocket_handler",
                quote!("/a", protocol = "a b"),
                "a subprotocol is a token, like \"chat.v1\": no blanks, commas or quotes",
            ),
            (
                "websocket_message",
                quote!("/a", on = "txt"),
                "there is no message `txt`: did you mean \"text\"?",
            ),
            (
                "websocket_open",
                quote!("/a", on = "text"),
                "`websocket_open` has no option `on`: write `regexp`, `params`, `headers`, `protocol`, `config`, `order`, `app`, `receives`, `sends`, `tag` or `hidden`",
            ),
            (
                "websocket_open",
                quote!("/a", per_session),
                "`websocket_open` has no option `per_session`: write `regexp`, `params`, `headers`, `protocol`, `config`, `order`, `app`, `receives`, `sends`, `tag` or `hidden`",
            ),
        ];
        for (name, tokens, expected) in table {
            assert_eq!(read(name, tokens).1, [expected]);
        }
    }
}
