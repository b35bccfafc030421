//! WebSocket handlers: an `async fn` with the socket, an impl block of events, and event functions that share a path.
//!
//! The loop that calls events is `vernal::websocket`'s; what is written here binds arguments and calls.

#[cfg(feature = "openapi")]
mod described;
#[cfg(not(feature = "openapi"))]
#[path = "undescribed.rs"]
mod described;
mod event;
mod variables;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;
use syn::spanned::Spanned;

use self::described::Subject;
use self::event::{EVENT_ATTRIBUTES, EVENTS, Event, Kind, kind_of, listed, names, split};
use super::controller::NO_CONTROLLER;
use super::route::{MAPPING, expressions, under_condition};
use super::tokens::{
    finished, local, location, optional_expression, optional_text, private, reemit, registered, states,
};
use super::{conversation, instance};
use crate::attr::{Framework, Mentions, On, WebSocketRoute, Written, take_siblings};
use crate::block::{Block, has_attribute};
use crate::check::Pattern;
use crate::errors::Errors;
use crate::handler::{Argument, HandlerFn, SelfBy};
use crate::lifetimes::{SELF_ALIAS, erased};

/// Expands `#[websocket_handler]` on a function, with all others of its kind below it.
pub(super) fn stream(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let mut all = vec![written];
    all.extend(take_siblings(&mut function.attrs, &["websocket_handler"], &mut errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    let arguments = function.take_arguments(&[], &mut errors);
    if !function.is_async() {
        errors.under(function.sig.fn_token, "a WebSocket handler waits for messages: write `async fn`");
    }
    if let Some(receiver) = function.sig.receiver() {
        errors.under(receiver, "a method alone does not know its type: write `#[websocket_handler(\"/path\")]` above the impl block, and name the method after an event, like `on_message`");
    }
    refuse_responses(&arguments, &mut errors);
    if arguments.is_empty() && errors.is_empty() {
        errors.at(
            function.sig.ident.span(),
            "a WebSocket handler waits for messages: take `mut ws: WebSocket`, and write the loop, `while let Some(message) = \
             ws.next().await { … }`",
        );
    }
    let event = Event { function: &function, bound: &arguments, message: &[], kind: Kind::Stream };
    let routes: Vec<WebSocketRoute> =
        all.into_iter().map(|written| WebSocketRoute::read(written, &mut errors)).collect();
    let (needed, states) = states(&state_needs(&[&event]));
    let mut checks = TokenStream::new();
    for route in &routes {
        if let Some(place) = route.of_instance {
            errors.at(place, "`new` and `per_session` are for impl blocks: a function has no object");
        }
        checks.extend(event.checks(&route.patterns, route.regexp.as_ref(), &mut errors));
        checks.extend(variables::checks(&route.patterns, &[&event], true, &mut errors));
        checks.extend(conversation::checks(&route.conversation, |ty| ty));
    }
    let p = private();
    let subject = Subject { attrs: &function.attrs, type_name: None, is_part: false };
    let described = described::events(&routes, &[&event], &subject);
    let [upgrade, socket, cx] = ["__upgrade", "__socket", "__cx"].map(|name| local(name, Span::call_site()));
    let bindings = event.probe();
    let call = event.call(None);
    let submitted: Vec<_> = routes
        .iter()
        .map(|route| {
            let at = location(&function.name(), function.sig.ident.span());
            let mapping = mapping_value(route, None);
            let channel = described::channel(route, &subject, (&mapping, &at));
            let value = route_value(route, &mapping, &quote!(__serve), &states, &at);
            under_condition(route.condition.as_ref(), quote!(#p::inventory::submit! { #value } #channel))
        })
        .collect();
    let inside = quote! {
        #[allow(unused_imports)]
        use #p::{binding::*, event_binding::*};
        #needed
        #checks
        #described
        fn __serve(#upgrade: #p::Upgrade) -> #p::BoxFuture<'static, #p::Result> {
            ::std::boxed::Box::pin(async move {
                let #socket = #upgrade.socket();
                let #cx = #p::EventContext::of(#upgrade.session()).with_socket(&#socket);
                #bindings
                #upgrade.accept().await?;
                #call
            })
        }
        #(#submitted)*
    };
    let generated = registered(&function.cfgs(), &framework, &inside);
    finished(errors, mentions, reemit(&function), generated)
}

/// Expands `#[websocket_message]` and the like on a function.
pub(super) fn event(written: Written, mut function: HandlerFn) -> TokenStream {
    let mut errors = Errors::new();
    let name = written.name.clone();
    let mut all = vec![written];
    all.extend(take_siblings(&mut function.attrs, &EVENT_ATTRIBUTES, &mut errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    for other in all.iter().filter(|other| other.name != name) {
        errors.at(other.span, format!("a function is for one event: keep `{name}` or `{}`", other.name));
    }
    if let Some(receiver) = function.sig.receiver() {
        errors.under(receiver, "an event function is a function of its own: for methods write `#[websocket_handler(\"/path\")]` above the impl block");
    }
    let arguments = function.take_arguments(&[], &mut errors);
    refuse_responses(&arguments, &mut errors);
    let routes: Vec<WebSocketRoute> =
        all.into_iter().map(|written| WebSocketRoute::read(written, &mut errors)).collect();
    let on = routes.first().and_then(|route| route.on);
    if let Some(other) = routes.iter().find(|route| route.on != on) {
        errors.at(
            other.patterns.first().map_or_else(Span::call_site, |pattern| pattern.span),
            "a function is for one kind of messages: write the same `on` in all its attributes",
        );
    }
    let kind = match (name.as_str(), on) {
        ("websocket_handshake", _) => Kind::Handshake,
        ("websocket_open", _) => Kind::Open,
        ("websocket_close", _) => Kind::Close,
        (_, None) => Kind::Message(&["Text", "Binary"]),
        (_, Some(On::Text)) => Kind::Message(&["Text"]),
        (_, Some(On::Binary)) => Kind::Message(&["Binary"]),
        (_, Some(On::Ping)) => Kind::Message(&["Ping"]),
        (_, Some(On::Pong)) => Kind::Message(&["Pong"]),
        (_, Some(On::BinaryFrame)) => Kind::Fragment,
    };
    let (bound, message) = split(&function, &arguments, kind, &mut errors);
    let event = Event { function: &function, bound, message, kind };
    let (needed, states) = states(&state_needs(&[&event]));
    let mut checks = TokenStream::new();
    for route in &routes {
        refuse_receives(route, &mut errors);
        checks.extend(event.checks(&route.patterns, route.regexp.as_ref(), &mut errors));
        checks.extend(variables::checks(&route.patterns, &[&event], false, &mut errors));
        checks.extend(conversation::checks(&route.conversation, |ty| ty));
    }
    let p = private();
    let subject = Subject { attrs: &function.attrs, type_name: None, is_part: true };
    let described = described::events(&routes, &[&event], &subject);
    let submitted: Vec<_> = routes
        .iter()
        .flat_map(|route| {
            // Functions are joined path by path, so each path is submitted by itself.
            let each: Vec<Option<&Pattern>> =
                if route.regexp.is_some() { vec![None] } else { route.patterns.iter().map(Some).collect() };
            each.into_iter().map(move |pattern| (route, pattern))
        })
        .map(|(route, pattern)| {
            let at = location(&function.name(), function.sig.ident.span());
            let mapping = mapping_value(route, pattern);
            let channel = described::channel(route, &subject, (&mapping, &at));
            let value = route_value(route, &mapping, &quote!(#p::serve_functions), &states, &at);
            let function = event.registered();
            let submitted = quote! {
                #p::inventory::submit! {
                    #p::WebSocketEvent { route: #value, check: __check, function: #function }
                }
                #channel
            };
            under_condition(route.condition.as_ref(), submitted)
        })
        .collect();
    let (check, call) = (event.check_function(), event.call_function());
    let inside = quote! {
        #[allow(unused_imports)]
        use #p::{binding::*, event_binding::*};
        #needed
        #checks
        #described
        #check
        #call
        #(#submitted)*
    };
    let generated = registered(&function.cfgs(), &framework, &inside);
    finished(errors, mentions, reemit(&function), generated)
}

/// Expands `#[websocket_handler]` on an impl block.
pub(super) fn block(written: Written, mut block: Block) -> TokenStream {
    let mut errors = Errors::new();
    let mut all = vec![written];
    all.extend(take_siblings(&mut block.attrs, &["websocket_handler"], &mut errors));
    let mut mentions = Mentions::default();
    mentions.add(&all);
    let framework = Framework::take(&mut all, &mut errors);
    block.check_shape(&mut errors);
    if !block.functions_ref().any(|function| has_attribute(&function.attrs, &MAPPING)) {
        for other in take_siblings(&mut block.attrs, &["controller"], &mut errors) {
            errors.at(other.span, NO_CONTROLLER);
        }
    }
    let mut routes: Vec<WebSocketRoute> =
        all.into_iter().map(|written| WebSocketRoute::read(written, &mut errors)).collect();
    for route in &mut routes {
        instance::name_self(&mut route.instance, &block.self_ty);
        route.config =
            route.config.take().map(|config| Expr::Verbatim(erased(config.to_token_stream(), &[])));
    }
    let is_shared = routes.iter().all(|route| route.instance.per_request.is_none());
    let type_name = block.type_name();
    let self_ty = block.self_ty.clone();
    let mut taken: Vec<(Ident, Kind, Vec<Argument>, Option<SelfBy>)> = Vec::new();
    for function in block.functions() {
        let Some(kind) = kind_of(function, &mut errors) else { continue };
        if function.sig.receiver().is_none() {
            let name = function.name();
            errors.at(
                function.sig.ident.span(),
                format!("`{name}` is called on the object of its session: write `fn {name}(&self, …)`"),
            );
        }
        let arguments = function.take_arguments(&[], &mut errors);
        refuse_responses(&arguments, &mut errors);
        let by = function.self_by(&mut errors);
        if is_shared && by.is_some_and(|by| by != SelfBy::Reference) {
            errors.under(
                function.sig.receiver(),
                "all sessions share this object, so its events take `&self`: for a new object for each session write `per_session`",
            );
        }
        if by == Some(SelfBy::Value) {
            errors.under(
                function.sig.receiver(),
                "the object stays for the next event: take `&self` or `&mut self`",
            );
        }
        taken.push((function.sig.ident.clone(), kind, arguments, by));
    }
    let functions: Vec<&HandlerFn> = block.functions_ref().collect();
    let mut parts: Vec<(Event<'_>, Option<SelfBy>)> = Vec::new();
    for (ident, kind, arguments, by) in &taken {
        let function = functions.iter().find(|function| function.sig.ident == *ident);
        let Some(function) = function else { continue };
        let (bound, message) = split(function, arguments, *kind, &mut errors);
        parts.push((Event { function, bound, message, kind: *kind }, *by));
    }
    if parts.is_empty() && errors.is_empty() {
        errors.under(
            &self_ty,
            format!("no method of this impl block is an event: name one of them {}", listed(&EVENTS)),
        );
    }
    let p = private();
    let events: Vec<&Event<'_>> = parts.iter().map(|(event, _)| event).collect();
    let (needed, states) = states(&state_needs(&events));
    let mut checks = TokenStream::new();
    for route in &routes {
        refuse_receives(route, &mut errors);
        for event in &events {
            checks.extend(event.checks(&route.patterns, route.regexp.as_ref(), &mut errors));
        }
        checks.extend(variables::checks(&route.patterns, &events, true, &mut errors));
        checks.extend(conversation::checks(&route.conversation, |ty| erased(ty, &[])));
    }
    let subject = Subject { attrs: &block.attrs, type_name: Some(&type_name), is_part: false };
    let described = described::events(&routes, &events, &subject);
    let implementation = implementation(&parts, is_shared);
    let alias = Ident::new(SELF_ALIAS, Span::call_site());
    let [upgrade, session] = ["__upgrade", "__session"].map(|name| local(name, Span::call_site()));
    let (shared, object) = match routes.first() {
        Some(route) if is_shared => (
            Some(instance::submit(&route.instance, &type_name, self_ty.span())),
            quote!(#session.context().instance::<#alias>(&__INSTANCE)),
        ),
        Some(route) => (None, instance::make(&route.instance, &quote!(#session.context()))),
        None => (None, TokenStream::new()),
    };
    let submitted = routes.iter().map(|route| {
        let at = location(&type_name, self_ty.span());
        let mapping = mapping_value(route, None);
        let channel = described::channel(route, &subject, (&mapping, &at));
        let value = route_value(route, &mapping, &quote!(__serve), &states, &at);
        under_condition(route.condition.as_ref(), quote!(#p::inventory::submit! { #value } #channel))
    });
    let inside = quote! {
        type #alias = #self_ty;
        #[allow(unused_imports)]
        use #p::{binding::*, event_binding::*};
        #needed
        #checks
        #described
        #shared
        #implementation
        fn __serve(#upgrade: #p::Upgrade) -> #p::BoxFuture<'static, #p::Result> {
            ::std::boxed::Box::pin(async move {
                let #session = ::core::clone::Clone::clone(#upgrade.session());
                let __events = __Events(#object);
                #p::serve_events(#upgrade, __events).await
            })
        }
        #(#submitted)*
    };
    let generated = registered(&block.cfgs(), &framework, &inside);
    finished(errors, mentions, |with_errors| block.reemitted(with_errors), generated)
}

/// `impl Events for __Events`
fn implementation(parts: &[(Event<'_>, Option<SelfBy>)], is_shared: bool) -> TokenStream {
    let p = private();
    let alias = Ident::new(SELF_ALIAS, Span::call_site());
    let (cx, on, message, is_final) = names();
    let object = |by: Option<SelfBy>| {
        by.map(|by| match (is_shared, by) {
            (true, _) => quote!(self.0),
            (false, SelfBy::MutableReference) => quote!(&mut self.0),
            (false, _) => quote!(&self.0),
        })
    };
    let find = |wanted: fn(Kind) -> bool| parts.iter().find(|(event, _)| wanted(event.kind));
    let has = |kind: &str| parts.iter().any(|(event, _)| event.kind.takes(kind));
    let has_fragments = find(|kind| kind == Kind::Fragment).is_some();
    let (messages, pings, pongs) = (has("Text") || has("Binary"), has("Ping"), has("Pong"));
    // What several events take is bound once before the 101, and what the handshake takes when its event is called.
    let mut bound = Vec::new();
    let probes = parts.iter().filter(|(event, _)| event.kind != Kind::Handshake).map(|(event, _)| {
        let bindings = event.probe_of_others(&mut bound);
        quote!({ #bindings })
    });
    let probes: Vec<_> = probes.collect();
    let simple = |name: &str, wanted: fn(Kind) -> bool| {
        find(wanted).map(|(event, by)| {
            let bindings = if event.kind == Kind::Handshake { event.probe() } else { event.bindings() };
            let (name, call) = (Ident::new(name, Span::call_site()), event.call(object(*by)));
            let output = if event.kind == Kind::Handshake { quote!(#p::Accept) } else { quote!(()) };
            quote! {
                async fn #name<'e>(&'e mut self, #cx: #p::EventContext<'e>) -> #p::Result<#output> {
                    #bindings
                    #call
                }
            }
        })
    };
    let handshake = simple("handshake", |kind| kind == Kind::Handshake);
    let open = simple("open", |kind| kind == Kind::Open);
    let close = simple("close", |kind| kind == Kind::Close);
    // The more specific event comes first: `on_text_message` before `on_message`.
    let mut arms = Vec::new();
    let mut sorted: Vec<_> =
        parts.iter().filter(|(event, _)| matches!(event.kind, Kind::Message(_))).collect();
    sorted.sort_by_key(|(event, _)| event.kind.kinds().len());
    for (event, by) in sorted {
        let kinds = event.kind.kinds().iter().map(|kind| Ident::new(kind, Span::call_site()));
        let (bindings, call) = (event.bindings(), event.call(object(*by)));
        arms.push(quote!(#(#p::On::#kinds)|* => { #bindings #call }));
    }
    // A message in one piece is its own last piece.
    let whole = (has_fragments && !has("Binary"))
        .then(|| quote!(#p::On::Binary => self.fragment(#cx, true, #message).await.map(|_| ()),));
    let fragment = find(|kind| kind == Kind::Fragment).map(|(event, by)| {
        let (bindings, call) = (event.bindings(), event.call(object(*by)));
        let keeps = has("Binary");
        quote! {
            async fn fragment<'e>(
                &'e mut self,
                #cx: #p::EventContext<'e>,
                #is_final: bool,
                #message: &'e #p::Message,
            ) -> #p::Result<bool> {
                #bindings
                let __kept: #p::Result<bool> = #call;
                __kept.map(|__kept| __kept && #keeps)
            }
        }
    });
    let events = if is_shared {
        quote!(struct __Events<'o>(&'o #alias); impl #p::Events for __Events<'_>)
    } else {
        quote!(struct __Events(#alias); impl #p::Events for __Events)
    };
    quote! {
        const __WANTS: #p::Wants =
            #p::Wants { messages: #messages, fragments: #has_fragments, pings: #pings, pongs: #pongs };
        #events {
            fn wants(&self) -> #p::Wants {
                __WANTS
            }

            #[allow(unused_variables)]
            async fn check<'e>(&'e mut self, #cx: #p::EventContext<'e>) -> #p::Result {
                #(#probes)*
                ::core::result::Result::Ok(())
            }

            #handshake
            #open

            #[allow(unreachable_patterns)]
            async fn message<'e>(
                &'e mut self,
                #cx: #p::EventContext<'e>,
                #on: #p::On,
                #message: &'e #p::Message,
            ) -> #p::Result {
                match #on {
                    #(#arms)*
                    #whole
                    _ => #p::unhandled(#on, __WANTS),
                }
            }

            #fragment
            #close
        }
    }
}

/// `Option<StateNeed>` of every argument.
fn state_needs(events: &[&Event<'_>]) -> Vec<TokenStream> {
    let profiles = events.iter().flat_map(|event| event.adapter().profiles());
    profiles.map(|profile| quote!(#profile.state)).collect()
}

/// `Mapping { … }`, for one pattern or for all of them.
fn mapping_value(route: &WebSocketRoute, pattern: Option<&Pattern>) -> TokenStream {
    let p = private();
    let paths: Vec<_> = match pattern {
        Some(pattern) => vec![&pattern.text],
        None => route.patterns.iter().map(|pattern| &pattern.text).collect(),
    };
    let regexp = optional_expression(route.regexp.as_ref());
    let (params, headers) = (expressions(&route.params), expressions(&route.headers));
    let (order, app) = (route.order.unwrap_or(0), optional_text(route.app.as_ref()));
    let protocol = optional_text(route.protocol.as_ref());
    quote! {
        #p::Mapping {
            paths: &[#(#paths),*],
            regexp: #regexp,
            methods: &["GET"],
            params: #params,
            headers: #headers,
            order: #order,
            app: #app,
            protocol: #protocol,
        }
    }
}

/// `Route { … }`
fn route_value(
    route: &WebSocketRoute,
    mapping: &TokenStream,
    serve: &TokenStream,
    states: &TokenStream,
    at: &TokenStream,
) -> TokenStream {
    let p = private();
    let config = match &route.config {
        Some(config) => quote!(::core::option::Option::Some(|| #config)),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        #p::Route {
            mapping: #mapping,
            handler: #p::Handler::WebSocket(#p::WebSocketHandler { serve: #serve, config: #config }),
            needs: #p::Needs { body: #p::BodyUse::None, states: #states },
            limits: ::core::option::Option::None,
            decompress: ::core::option::Option::None,
            endpoint: false,
            at: #at,
        }
    }
}

/// Events say by their arguments what they take.
fn refuse_receives(route: &WebSocketRoute, errors: &mut Errors) {
    if let Some(place) = route.conversation.receives_at {
        errors.at(
            place,
            "`receives` is for handlers that wait for messages themselves: here the last argument of an event says it, like `Json<Say>`",
        );
    }
}

fn refuse_responses(arguments: &[Argument], errors: &mut Errors) {
    for argument in arguments.iter().filter(|argument| argument.mutable.is_some()) {
        errors.at(
            argument.ty_span,
            "a WebSocket handler has no response, and is lent nothing by `&mut`: answer the handshake in `on_handshake`, send \
             messages through the session, and take the socket by value, as in `mut ws: WebSocket`",
        );
    }
}
