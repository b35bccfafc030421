//! One event function: which event it is for, what is bound, and how it is called.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::super::adapter::{Adapter, Callee};
use super::super::binding::{self, Source, bound_local};
use super::super::tokens::{at, check, local, private};
use crate::check::{Pattern, Regexp};
use crate::errors::{Errors, did_you_mean};
use crate::handler::{Argument, HandlerFn};

/// What an event function is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The whole session, with the socket.
    Stream,
    Handshake,
    Open,
    /// Messages of these kinds.
    Message(&'static [&'static str]),
    Fragment,
    Close,
}

impl Kind {
    pub(super) fn kinds(self) -> &'static [&'static str] {
        match self {
            Kind::Message(kinds) => kinds,
            _ => &[],
        }
    }

    pub(super) fn takes(self, kind: &str) -> bool {
        self.kinds().contains(&kind)
    }
}

/// An event function: what is bound, and what it gets from its event.
pub(super) struct Event<'f> {
    pub(super) function: &'f HandlerFn,
    pub(super) bound: &'f [Argument],
    /// The message, or whether a frame is the last and its payload.
    pub(super) message: &'f [Argument],
    pub(super) kind: Kind,
}

impl<'f> Event<'f> {
    pub(super) fn adapter(&self) -> Adapter<'f> {
        let callee = if self.is_method() { Callee::Method { object: None } } else { Callee::Function };
        Adapter {
            function: self.function,
            arguments: self.bound,
            callee,
            source: Source::Event,
            status: None,
            invalid: None,
        }
    }

    /// Binds all arguments but the message.
    pub(super) fn bindings(&self) -> TokenStream {
        self.adapter().bindings(false)
    }

    /// The same before the session is open, where a peer is told of all that is wrong.
    pub(super) fn probe(&self) -> TokenStream {
        self.adapter().bindings(true)
    }

    /// The same without the arguments that an event before it has, too: those in `bound`, by name and type.
    pub(super) fn probe_of_others(&self, bound: &mut Vec<(String, String)>) -> TokenStream {
        let adapter = self.adapter();
        let mut is_new = |argument: &Argument| {
            let Argument { name, ty, options, .. } = argument;
            if options.is_bound_otherwise() || !options.constraints.is_empty() {
                return true;
            }
            let key = (name.clone(), ty.to_string());
            let is_new = !bound.contains(&key);
            bound.push(key);
            is_new
        };
        let arguments: Vec<_> = adapter.bound().filter(|(_, argument)| is_new(argument)).collect();
        adapter.binder().all(&arguments)
    }

    /// Calls the function, on an object if there is one; gives the `Result` of its kind.
    pub(super) fn call(&self, object: Option<TokenStream>) -> TokenStream {
        let (_, _, message, is_final) = names();
        let name = &self.function.sig.ident;
        let is_method = object.is_some() || self.is_method();
        let mut passed: Vec<TokenStream> = object.into_iter().collect();
        passed.extend(self.bound.iter().enumerate().map(|(index, argument)| {
            let bound = bound_local(index, argument);
            quote!(#bound)
        }));
        match self.message {
            [taken] => passed.push(self.take(taken, &message)),
            [flag, taken] => {
                let place = at(flag.ty_span);
                let is_final = local_at(&is_final, flag.ty_span);
                passed.push(quote_spanned!(place=> #is_final));
                passed.push(self.take(taken, &message));
            }
            _ => {}
        }
        let place = at(self.function.sig.ident.span());
        let wait = self.function.is_async().then(|| quote_spanned!(place=> .await));
        let callee = if is_method { quote!(<__VernalSelf>::#name) } else { quote!(#name) };
        let result = local("__result", self.function.answer_span());
        let place = at(self.function.answer_span());
        let convert = match self.kind {
            Kind::Handshake => quote_spanned!(place=> __vernal::into_accept(#result)),
            Kind::Fragment => quote_spanned!(place=> __vernal::kept(#result)),
            _ => quote_spanned!(place=> __vernal::event_done(#result)),
        };
        quote!(match #callee(#(#passed),*)#wait { #result => #convert })
    }

    /// The message as the type of its argument.
    fn take(&self, argument: &Argument, message: &Ident) -> TokenStream {
        binding::message(argument, &local_at(message, argument.ty_span), self.adapter().binder())
    }

    pub(super) fn is_method(&self) -> bool {
        self.function.sig.receiver().is_some()
    }

    /// What can only be checked when types are known.
    pub(super) fn checks(
        &self,
        patterns: &[Pattern],
        regexp: Option<&Regexp>,
        errors: &mut Errors,
    ) -> TokenStream {
        let adapter = self.adapter();
        let profiles = adapter.profiles();
        if profiles.is_empty() {
            return TokenStream::new();
        }
        let (p, count) = (private(), profiles.len());
        let of_route = adapter.checks(patterns, regexp, errors);
        let (is_stream, is_close) = (self.kind == Kind::Stream, self.kind == Kind::Close);
        let of_event = self.bound.iter().enumerate().map(|(index, argument)| {
            check(argument.ty_span, quote!(check_event(__PROFILES[#index], #is_stream, #is_close)))
        });
        let of_end = self.bound.iter().enumerate().filter(|(_, argument)| {
            let is_in_path = patterns.iter().any(|pattern| pattern.variables.contains(&argument.name));
            is_close && !is_in_path && argument.options.name.is_none() && ENDS.contains(&&*argument.name)
        });
        let of_end =
            of_end.map(|(index, argument)| check(argument.ty_span, quote!(check_close(__PROFILES[#index]))));
        let of_stream =
            is_stream.then(|| check(self.function.sig.ident.span(), quote!(check_socket(&__PROFILES))));
        quote! {
            const _: () = {
                const __PROFILES: [#p::Profile; #count] = [#(#profiles),*];
                #of_route
                #(#of_event)*
                #(#of_end)*
                #of_stream
            };
        }
    }

    /// `fn __check(…)`
    pub(super) fn check_function(&self) -> TokenStream {
        let p = private();
        let (cx, ..) = names();
        let bindings = self.probe();
        quote! {
            #[allow(unused_variables)]
            fn __check<'e>(#cx: #p::EventContext<'e>) -> #p::BoxFuture<'e, #p::Result> {
                ::std::boxed::Box::pin(async move {
                    #bindings
                    ::core::result::Result::Ok(())
                })
            }
        }
    }

    /// `fn __call(…)`
    pub(super) fn call_function(&self) -> TokenStream {
        let p = private();
        let (cx, _, message, is_final) = names();
        let (bindings, call) = (self.bindings(), self.call(None));
        let (more, output) = match self.kind {
            Kind::Message(_) => (quote!(, #message: &'e #p::Message), quote!(())),
            Kind::Fragment => (quote!(, #is_final: bool, #message: &'e #p::Message), quote!(bool)),
            Kind::Handshake => (TokenStream::new(), quote!(#p::Accept)),
            _ => (TokenStream::new(), quote!(())),
        };
        quote! {
            fn __call<'e>(#cx: #p::EventContext<'e> #more) -> #p::BoxFuture<'e, #p::Result<#output>> {
                ::std::boxed::Box::pin(async move {
                    #bindings
                    #call
                })
            }
        }
    }

    /// `EventFunction::…(__call)`
    pub(super) fn registered(&self) -> TokenStream {
        let p = private();
        match self.kind {
            Kind::Handshake => quote!(#p::EventFunction::Handshake(__call)),
            Kind::Message(kinds) => {
                let kinds = kinds.iter().map(|kind| Ident::new(kind, Span::call_site()));
                quote!(#p::EventFunction::Message(&[#(#p::On::#kinds),*], __call))
            }
            Kind::Fragment => quote!(#p::EventFunction::Fragment(__call)),
            Kind::Close => quote!(#p::EventFunction::Close(__call)),
            Kind::Open | Kind::Stream => quote!(#p::EventFunction::Open(__call)),
        }
    }
}

/// What a method is for, by its name; `None` for helpers.
pub(super) fn kind_of(function: &HandlerFn, errors: &mut Errors) -> Option<Kind> {
    let name = function.name();
    Some(match name.as_str() {
        "on_handshake" => Kind::Handshake,
        "on_open" => Kind::Open,
        "on_message" => Kind::Message(&["Text", "Binary"]),
        "on_text_message" => Kind::Message(&["Text"]),
        "on_binary_message" => Kind::Message(&["Binary"]),
        "on_binary_frame" => Kind::Fragment,
        "on_ping" => Kind::Message(&["Ping"]),
        "on_pong" => Kind::Message(&["Pong"]),
        "on_close" => Kind::Close,
        other => {
            // As Starlette, kui and others call them.
            let elsewhere = match other {
                "on_connect" | "on_connected" | "on_start" => Some("on_open"),
                "on_receive" | "on_frame" => Some("on_message"),
                "on_text" => Some("on_text_message"),
                "on_binary" => Some("on_binary_message"),
                "on_disconnect" | "on_disconnected" | "on_stop" => Some("on_close"),
                _ => None,
            };
            let meant = elsewhere.or_else(|| did_you_mean(other, EVENTS));
            if other.starts_with("on_") || meant.is_some() {
                let hint = match meant {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if other == "on_error" => {
                        "an error ends the session: take `reason: &CloseReason` in `on_close`".to_owned()
                    }
                    None => format!("the events are {}; a helper is called otherwise", listed(&EVENTS)),
                };
                errors.at(function.sig.ident.span(), format!("there is no event `{other}`: {hint}"));
            }
            return None;
        }
    })
}

/// The arguments that are bound, and those that the event gives.
pub(super) fn split<'a>(
    function: &HandlerFn,
    arguments: &'a [Argument],
    kind: Kind,
    errors: &mut Errors,
) -> (&'a [Argument], &'a [Argument]) {
    let count = match kind {
        Kind::Message(_) => 1,
        Kind::Fragment => 2,
        _ => return (arguments, &[]),
    };
    let Some(end) = arguments.len().checked_sub(count) else {
        let wanted = if count == 1 {
            "ends with the message: add `message: &str` for text, `&[u8]` for bytes, `Json<T>` or `Message`"
        } else {
            "ends with two arguments: add `fin: bool, payload: &[u8]`"
        };
        errors.at(function.sig.ident.span(), format!("`{}` {wanted}", function.name()));
        return (arguments, &[]);
    };
    let (bound, message) = arguments.split_at(end);
    for (index, argument) in message.iter().enumerate() {
        let is_message = index + 1 == message.len();
        let Argument { options, span, .. } = argument;
        if options.is_bound_otherwise() || !is_message && !options.constraints.is_empty() {
            errors.at(
                *span,
                "the message is not bound from the request: of `#[arg(…)]` it takes what a value must be, like `valid` or `length = 1..=40`",
            );
        }
    }
    (bound, message)
}

/// The names of what generated functions get.
pub(super) fn names() -> (Ident, Ident, Ident, Ident) {
    let [cx, on, message, is_final] =
        ["__cx", "__on", "__message", "__is_final"].map(|name| local(name, Span::call_site()));
    (cx, on, message, is_final)
}

pub(super) fn local_at(name: &Ident, place: Span) -> Ident {
    local(&name.to_string(), place)
}

pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let (last, first) = quoted.split_last().expect("a list of names");
    format!("{} or {last}", first.join(", "))
}

/// How somebody calls what a `CloseReason` tells.
const ENDS: [&str; 5] = ["code", "close_code", "status_code", "reason", "close_reason"];

pub(super) const EVENTS: [&str; 9] = [
    "on_handshake",
    "on_open",
    "on_message",
    "on_text_message",
    "on_binary_message",
    "on_binary_frame",
    "on_ping",
    "on_pong",
    "on_close",
];

pub(super) const EVENT_ATTRIBUTES: [&str; 4] =
    ["websocket_handshake", "websocket_open", "websocket_message", "websocket_close"];
