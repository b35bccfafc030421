//! From the tokens of an attribute to values that cannot be wrong; every error is collected on the way.

mod arg;
mod constraint;
mod contract;
mod conversation;
mod elsewhere;
mod error_message;
mod filter;
mod framework;
mod instance;
mod mapping;
mod options;
mod security;
mod websocket;

pub(crate) use arg::ArgOptions;
pub(crate) use constraint::{Bounds, Constraints};
#[cfg(feature = "openapi")]
pub(crate) use contract::Response;
pub(crate) use contract::{Contract, What};
pub(crate) use conversation::Conversation;
pub(crate) use error_message::ErrorMessage;
pub(crate) use filter::RequestFilter;
pub(crate) use framework::Framework;
pub(crate) use instance::{Instance, New};
pub(crate) use mapping::{Expressions, Mapping, Place};
pub(crate) use options::Options;
#[cfg(feature = "openapi")]
pub(crate) use security::{Scheme, Security};
pub(crate) use websocket::{On, WebSocketRoute};

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

use crate::errors::Errors;

/// One attribute as it stands on an item.
pub(crate) struct Written {
    /// Its last path segment: `request_map`.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) span: Span,
    /// What is between its parentheses.
    pub(crate) tokens: TokenStream,
    /// The predicate of the `cfg_attr` around it.
    pub(crate) condition: Option<TokenStream>,
    /// Its whole path; `None` for the attribute that is being expanded.
    path: Option<syn::Path>,
}

impl Written {
    /// The attribute that is being expanded.
    pub(crate) fn expanding(name: &str, tokens: TokenStream) -> Written {
        Written { name: name.to_owned(), span: Span::call_site(), tokens, condition: None, path: None }
    }
}

/// Attributes that were taken, named once more on items that vanish: the compiler, which never sees the attributes
/// themselves, would think that their imports are unused.
#[derive(Default)]
pub(crate) struct Mentions {
    seen: Vec<String>,
    pub(crate) items: TokenStream,
}

impl Mentions {
    pub(crate) fn add(&mut self, written: &[Written]) {
        for Written { path, condition, .. } in written {
            let Some(path) = path else { continue };
            let cfg = condition.as_ref().map(|condition| quote!(#[cfg(#condition)]));
            let mention = Ident::new(MENTION, Span::mixed_site());
            let item = quote!(#cfg #[#path(#mention)] const _: () = (););
            if !self.seen.contains(&item.to_string()) {
                self.seen.push(item.to_string());
                self.items.extend(item);
            }
        }
    }
}

/// Whether an attribute stands on an item that only mentions it.
pub(crate) fn is_mention(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    matches!((tokens.next(), tokens.next()), (Some(TokenTree::Ident(word)), None) if word == MENTION)
}

const MENTION: &str = "__vernal_mention";

/// Takes our attributes of these names out of `attrs`, those inside a `cfg_attr` included, so that the order in
/// which attributes are stacked does not matter: whichever expands first reads the others.
pub(crate) fn take_siblings(attrs: &mut Vec<Attribute>, names: &[&str], errors: &mut Errors) -> Vec<Written> {
    let mut taken = Vec::new();
    let mut kept = Vec::new();
    for attr in attrs.drain(..) {
        if attr.path().is_ident("cfg_attr")
            && let Some(kept_part) = take_conditional(&attr, names, &mut taken, errors)
        {
            kept.extend(kept_part);
            continue;
        }
        match name_among(&attr.meta, names) {
            Some(name) => taken.extend(written(name, &attr.meta, None, errors)),
            None => kept.push(attr),
        }
    }
    *attrs = kept;
    taken
}

/// Takes our attributes out of a `cfg_attr`; `Some` is what is left of it. `None` when none of ours is inside.
fn take_conditional(
    attr: &Attribute,
    names: &[&str],
    taken: &mut Vec<Written>,
    errors: &mut Errors,
) -> Option<Option<Attribute>> {
    let Meta::List(list) = &attr.meta else { return None };
    let parts = |input: syn::parse::ParseStream<'_>| {
        let predicate: Meta = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok((predicate, input.parse_terminated(Meta::parse, Token![,])?))
    };
    let (predicate, metas) = parts.parse2(list.tokens.clone()).ok()?;
    let (ours, others): (Vec<Meta>, Vec<Meta>) =
        metas.into_iter().partition(|meta| name_among(meta, names).is_some());
    if ours.is_empty() {
        return None;
    }
    for meta in &ours {
        let name = name_among(meta, names).expect("it was chosen by its name");
        taken.extend(written(name, meta, Some(predicate.to_token_stream()), errors));
    }
    if others.is_empty() {
        return Some(None);
    }
    let mut attr = attr.clone();
    if let Meta::List(list) = &mut attr.meta {
        list.tokens = quote!(#predicate, #(#others),*);
    }
    Some(Some(attr))
}

fn name_among(meta: &Meta, names: &[&str]) -> Option<String> {
    let name = meta.path().segments.last()?.ident.to_string();
    names.contains(&name.as_str()).then_some(name)
}

fn written(
    name: String,
    meta: &Meta,
    condition: Option<TokenStream>,
    errors: &mut Errors,
) -> Option<Written> {
    let span = meta.path().segments.last().map_or_else(|| meta.span(), |segment| segment.ident.span());
    let tokens = match meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(pair) => {
            errors.under(pair, format!("write `#[{name}(…)]`, with parentheses"));
            return None;
        }
    };
    Some(Written { name, span, tokens, condition, path: Some(meta.path().clone()) })
}

/// The text of doc comments, without the blank that begins their lines.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter(|attr| attr.path().is_ident("doc")).filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let lines = lines.flat_map(|text| {
        text.split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()).collect::<Vec<_>>()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// `#[cfg(…)]` attributes, which generated code must carry too.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_taken_and_others_stay() {
        let mut attrs = Attribute::parse_outer
            .parse2(quote! {
                #[doc = "x"]
                #[request_map("/a")]
                #[vernal::route]
                #[cfg_attr(unix, inline, request_map("/b"))]
                #[cfg_attr(unix, request_map("/c"))]
                #[cfg_attr(unix, inline)]
            })
            .expect("attributes");
        let mut errors = Errors::new();
        let taken = take_siblings(&mut attrs, &["request_map", "route"], &mut errors);
        assert!(errors.texts().is_empty());
        let shown: Vec<_> = taken
            .iter()
            .map(|written| {
                format!(
                    "{}|{}|{}",
                    written.name,
                    written.tokens,
                    written.condition.clone().unwrap_or_default()
                )
            })
            .collect();
        assert_eq!(
            shown,
            ["request_map|\"/a\"|", "route||", "request_map|\"/b\"|unix", "request_map|\"/c\"|unix"]
        );
        let left: Vec<_> = attrs.iter().map(|attr| attr.to_token_stream().to_string()).collect();
        assert_eq!(left, ["# [doc = \"x\"]", "# [cfg_attr (unix , inline)]", "# [cfg_attr (unix , inline)]"]);
    }
}
