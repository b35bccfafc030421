//! What the description of what is said in sessions is made of, beside each registration: see `emit/contract.rs`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Attribute;

use super::super::constraint;
use super::super::contract::{self, Owner};
use super::super::conversation;
use super::super::tokens::{location, optional_text, private};
use super::event::{Event, Kind};
use crate::attr::{self, WebSocketRoute};
use crate::lifetimes::erased;

/// A function or an impl block.
pub(super) struct Subject<'s> {
    pub(super) attrs: &'s [Attribute],
    /// That of an impl block.
    pub(super) type_name: Option<&'s str>,
    /// One of several functions that share a path, none of which speaks for the whole.
    pub(super) is_part: bool,
}

/// `__EVENTS`, of all routes; nothing if all are hidden.
pub(super) fn events(routes: &[WebSocketRoute], events: &[&Event<'_>], subject: &Subject<'_>) -> TokenStream {
    if routes.iter().all(|route| route.is_hidden) {
        return TokenStream::new();
    }
    let p = private();
    let events = events.iter().map(|event| self::event(event, subject));
    quote! {
        #[allow(unused_imports)]
        use #p::describing::*;
        const __EVENTS: &[#p::DescribedEvent] = &[#(#events),*];
    }
}

fn event(event: &Event<'_>, subject: &Subject<'_>) -> TokenStream {
    let p = private();
    let name = match subject.type_name {
        Some(type_name) => format!("{type_name}::{}", event.function.name()),
        None => event.function.name(),
    };
    let at = location(&name, event.function.sig.ident.span());
    let (docs, is_deprecated) = (attr::docs(&event.function.attrs), is_deprecated(&event.function.attrs));
    let frames: &[&str] = match event.kind {
        Kind::Stream => &["Text", "Binary"],
        Kind::Handshake | Kind::Open => &[],
        Kind::Message(kinds) => kinds,
        Kind::Fragment => &["Binary"],
        Kind::Close => &["Close"],
    };
    let frames = frames.iter().map(|frame| Ident::new(frame, Span::call_site()));
    let message = match event.message.last() {
        Some(taken) => {
            let adapter = event.adapter();
            let constraints = &taken.options.constraints;
            let constrain = constraint::described(constraints, &taken.ty, |written| adapter.outside(written));
            let message = conversation::message(&taken.ty, &taken.docs, &quote!(received), &constrain);
            quote!(::core::option::Option::Some(#message))
        }
        None => quote!(::core::option::Option::None),
    };
    let arguments = contract::arguments(&event.adapter());
    quote! {
        #p::DescribedEvent {
            at: #at,
            docs: #docs,
            is_deprecated: #is_deprecated,
            frames: &[#(#p::DescribedFrame::#frames),*],
            message: #message,
            arguments: &[#(#arguments),*],
        }
    }
}

/// The channel of one route; nothing if it is hidden.
pub(super) fn channel(
    route: &WebSocketRoute,
    subject: &Subject<'_>,
    (mapping, at): (&TokenStream, &TokenStream),
) -> TokenStream {
    if route.is_hidden {
        return TokenStream::new();
    }
    let p = private();
    let docs = attr::docs(subject.attrs);
    let owner = subject.type_name.map(|name| Owner { name, docs: &docs });
    let owner = contract::owner(owner.as_ref());
    let docs = if subject.is_part { "" } else { &docs };
    let is_deprecated = is_deprecated(subject.attrs);
    let tag = optional_text(route.tag.as_ref());
    let said = conversation::described(&route.conversation, |ty| {
        if subject.type_name.is_some() { erased(ty.to_token_stream(), &[]) } else { ty }
    });
    quote! {
        #p::inventory::submit! {
            #p::Channel {
                mapping: #mapping,
                at: #at,
                docs: #docs,
                is_deprecated: #is_deprecated,
                owner: #owner,
                events: __EVENTS,
                #said,
                tag: #tag,
            }
        }
    }
}

fn is_deprecated(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("deprecated"))
}
